"""Read the prose of the project: the texts for readers, with their file and line."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.paths import ROOT

_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`[^`\n]*`")
_URL = re.compile(r"https?://\S+|\]\([^)]*\)")
_OPENAPI_TEXTS = ("description", "summary", "title")


class Passage(NamedTuple):
    """One text of a file. `kind` is heading, docstring, comment, string, name, markdown, html, openapi or text."""

    path: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {' '.join(self.text.split())}"


def passages() -> Iterator[Passage]:
    """Yield every text of the project."""
    for path in python_files():
        yield from _of_python(path)
    for path in markdown_files():
        yield from _of_markdown(path)
    for path in sorted(ROOT.glob("chalicelib/web/*.html")):
        yield from _of_html(path)
    yield from _of_openapi(ROOT / "docs" / "openapi.json")
    for path in [*_web_files(), ROOT / "resources.yaml", ROOT / "Makefile"]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield Passage(path, number, "text", line)


def python_files() -> list[Path]:
    """Return every Python file of the project."""
    folders = ("chalicelib", "local", "release", "tests", "bench")
    return [ROOT / "app.py", *(path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))]


def markdown_files() -> list[Path]:
    """Return every Markdown document of the project."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / ".github").rglob("*.md")),
    ]


def _web_files() -> Iterator[Path]:
    """Yield the scripts and style files of the web page, except its texts, which speak to users."""
    for path in sorted((ROOT / "chalicelib" / "web").rglob("*.[jc]s*")):
        if path.parent.name != "texts":
            yield path


def prose_of(path: Path) -> str:
    """Return a Markdown document without code blocks, code spans and addresses. Lines keep their numbers."""
    text = _FENCED.sub(lambda block: "\n" * block[0].count("\n"), path.read_text(encoding="utf-8"))
    return _URL.sub("]", _CODE_SPAN.sub("`code`", text))


def _of_markdown(path: Path) -> Iterator[Passage]:
    for number, line in enumerate(prose_of(path).splitlines(), 1):
        if line.startswith("#"):
            yield Passage(path, number, "heading", line.lstrip("# "))
        elif line.strip():
            yield Passage(path, number, "markdown", line)


def _of_python(path: Path) -> Iterator[Passage]:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstrings = set(_docstrings(tree))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Passage(path, token.start[0], "comment", token.string.lstrip("# "))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            kind = "docstring" if node in docstrings else "string"
            yield Passage(path, node.lineno, kind, _CODE_SPAN.sub("`code`", node.value))
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield Passage(path, node.lineno, "name", node.name.replace("_", " "))


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield the docstrings of modules, classes, functions, fields and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def _of_html(path: Path) -> Iterator[Passage]:
    reader = _Html()
    reader.feed(path.read_text(encoding="utf-8"))
    for line, text in reader.texts:
        yield Passage(path, line, "html", text)


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[int, str]] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [(self.getpos()[0], value) for _, value in attrs if value and " " in value]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.getpos()[0], data.strip()))


def _of_openapi(path: Path) -> Iterator[Passage]:
    document = json.loads(path.read_text(encoding="utf-8"))
    for text in _texts(document):
        yield Passage(path, 1, "openapi", _CODE_SPAN.sub("`code`", text))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _OPENAPI_TEXTS and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
