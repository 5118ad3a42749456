"""Every exchange of the tests with the service, held against the OpenAPI document."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import jsonschema_rs

import app as service
from chalicelib.http import openapi

HEADERS = {"etag", "location", "retry-after"}
"""What an answer may have only where the document says so."""
Schema = dict[str, Any]


class OffContract(AssertionError):
    """The service did what its document does not say."""


class Exchange(NamedTuple):
    """A request and its answer."""

    method: str
    target: str
    sent: bytes
    status: int
    headers: Mapping[str, Any]
    body: str


def check(exchange: Exchange) -> None:
    """Raise where the answer is not as documented, or a request was accepted that the document forbids."""
    # Preflights are not in the document, and HEAD is what GET is.
    if exchange.method in ("OPTIONS", "HEAD"):
        return
    path, _, query = exchange.target.partition("?")
    known = operation(exchange.method, path)
    answered = resolved(known["responses"].get(str(exchange.status))) if known else refusal()
    if answered is None:
        raise OffContract(f"{exchange.method} {path}: {exchange.status} is not documented: {exchange.body[:300]}")
    for problem in _problems(answered, exchange):
        raise OffContract(f"{exchange.method} {path}: {exchange.status}: {problem}: {exchange.body[:300]}")
    if known and exchange.status < 300:
        for problem in _accepted(known, {name for name, _ in parse_qsl(query)}, exchange.sent):
            raise OffContract(f"{exchange.method} {path}: accepted, and should not have been: {problem}")


def _problems(answered: Schema, exchange: Exchange) -> list[str]:
    """What is wrong with an answer."""
    documented = {name.lower() for name in answered.get("headers", {})}
    sent = {name.lower() for name in exchange.headers} & HEADERS
    if documented != sent:
        return [f"documented are the headers {documented}, sent are {sent}"]
    content = answered.get("content", {})
    if not content:
        return ["a body where none is documented"] if exchange.body else []
    kind = exchange.headers["Content-Type"]
    if kind not in content:
        return [f"{kind} is not documented"]
    if kind != "application/json":
        return []
    return _errors(content[kind]["schema"], json.loads(exchange.body), strict=True)


def _accepted(known: Schema, names: set[str], sent: bytes) -> list[str]:
    """What is wrong with a request that was accepted."""
    parameters = {each["name"] for each in known.get("parameters", []) if each["in"] == "query"}
    stray = [f"{name} is no parameter" for name in names - parameters]
    schema = known.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return stray + (_errors(schema, json.loads(sent), strict=False) if schema and sent else [])


def _errors(schema: Schema, value: Any, *, strict: bool) -> list[str]:
    return [error.message for error in validator(json.dumps(schema), strict).iter_errors(value)]


@cache
def document() -> Schema:
    """The document, as it is made."""
    return openapi.document(service.app.routes)


@cache
def validator(schema: str, strict: bool) -> jsonschema_rs.Draft202012Validator:
    """Compiled once. `strict`: no object has a property that is not documented."""
    components = document()["components"]
    if strict:
        closed = {name: {"additionalProperties": False} | each for name, each in components["schemas"].items()}
        components = components | {"schemas": closed}
    whole = json.loads(schema) | {"components": components}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def operation(method: str, path: str) -> Schema | None:
    """What the document says of a request; None where it does not know it."""
    parts = path.rstrip("/") or "/"
    for template, methods in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), parts) and method.lower() in methods:
            found: Schema = methods[method.lower()]
            return found
    return None


@cache
def refusal() -> Schema:
    """The answer to a request that no route takes."""
    return {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


def resolved(answered: Schema | None) -> Schema | None:
    """The response itself, where this is a reference to it."""
    if answered is None or "$ref" not in answered:
        return answered
    found: Schema = document()["components"]["responses"][answered["$ref"].rpartition("/")[2]]
    return found
