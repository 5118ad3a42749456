"""Expand the template of the package as AWS does, into `out/translated.json`: `python -m release.translate`."""

import json
from typing import Any

from chalice.package import YAMLTemplateSerializer
from samtranslator.translator.transform import transform

from release.report import OUT


class _NoPolicies:
    """An empty list of AWS managed policies, because the template names none."""

    def load(self) -> dict[str, str]:
        return {}


def main() -> None:
    """Translate the template of the package."""
    template = YAMLTemplateSerializer().load_template((OUT / "sam.yaml").read_text())
    (OUT / "translated.json").write_text(json.dumps(translate(template)))


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template with plain resources instead of functions and APIs of SAM."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "packages", "Key": "deployment.zip"}
    return dict(transform(template, {}, _NoPolicies()))


if __name__ == "__main__":
    main()
