"""Write the OpenAPI document to docs/openapi.json: `python -m local.openapi`, which `make openapi` calls."""

import json
from pathlib import Path

import app
from chalicelib.http import openapi

FILE = Path(__file__).parent.parent / "docs" / "openapi.json"


def render_file() -> str:
    """Return the OpenAPI document as the text of the file."""
    return json.dumps(openapi.build_document(app.app.routes), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render_file(), encoding="utf-8")
