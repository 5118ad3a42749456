"""Check each request and response of the tests against the OpenAPI document."""

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
"""Headers that a response must have if, and only if, the document lists them."""
Schema = dict[str, Any]


class OffContract(AssertionError):
    """The service does not match the OpenAPI document."""


class Exchange(NamedTuple):
    """A request and its response."""

    method: str
    target: str
    sent: bytes
    status: int
    headers: Mapping[str, Any]
    body: str


def check(exchange: Exchange) -> None:
    """Check a response, and the request if the service accepted it.

    Raises:
        OffContract: the response is not documented, or the document forbids the accepted request.
    """
    # The document contains no preflight requests, and HEAD has the same responses as GET.
    if exchange.method in ("OPTIONS", "HEAD"):
        return
    path, _, query = exchange.target.partition("?")
    operation = find_operation(exchange.method, path)
    documented = resolve(operation["responses"].get(str(exchange.status))) if operation else error_response()
    if documented is None:
        raise OffContract(f"{exchange.method} {path}: {exchange.status} is not documented: {exchange.body[:300]}")
    for problem in _response_problems(documented, exchange):
        raise OffContract(f"{exchange.method} {path}: {exchange.status}: {problem}: {exchange.body[:300]}")
    if operation and exchange.status < 300:
        for problem in _request_problems(operation, {name for name, _ in parse_qsl(query)}, exchange.sent):
            raise OffContract(f"{exchange.method} {path}: accepted, but the document forbids it: {problem}")


def _response_problems(response: Schema, exchange: Exchange) -> list[str]:
    """Return the differences between a response and its documentation."""
    documented = {name.lower() for name in response.get("headers", {})}
    sent = {name.lower() for name in exchange.headers} & HEADERS
    if documented != sent:
        return [f"documented headers: {documented}, sent headers: {sent}"]
    content = response.get("content", {})
    if not content:
        return ["a body that is not documented"] if exchange.body else []
    kind = exchange.headers["Content-Type"]
    if kind not in content:
        return [f"{kind} is not documented"]
    if kind != "application/json":
        return []
    return _errors(content[kind]["schema"], json.loads(exchange.body), strict=True)


def _request_problems(operation: Schema, names: set[str], sent: bytes) -> list[str]:
    """Return the reasons for which the service should have refused a request."""
    parameters = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    # The web page ignores unknown parameters.
    is_strict = "UnknownParameter" in str(operation["responses"].get("400"))
    unknown = [f"{name} is not a parameter" for name in names - parameters if is_strict]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return unknown + (_errors(schema, json.loads(sent), strict=False) if schema and sent else [])


def _errors(schema: Schema, value: Any, *, strict: bool) -> list[str]:
    return [error.message for error in build_validator(json.dumps(schema), strict).iter_errors(value)]


@cache
def document() -> Schema:
    """Return the generated OpenAPI document."""
    return openapi.build_document(service.app.routes)


@cache
def build_validator(schema: str, strict: bool) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema once. If `strict`, refuse properties that are not documented."""
    components = document()["components"]
    if strict:
        schemas = {name: {"additionalProperties": False} | value for name, value in components["schemas"].items()}
        components = components | {"schemas": schemas}
    complete = json.loads(schema) | {"components": components}
    return jsonschema_rs.Draft202012Validator(complete, validate_formats=True)


@cache
def find_operation(method: str, path: str) -> Schema | None:
    """Return the documented operation for a request, or None if the document does not contain it."""
    requested = path.rstrip("/") or "/"
    for template, methods in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), requested) and method.lower() in methods:
            operation: Schema = methods[method.lower()]
            return operation
    return None


@cache
def error_response() -> Schema:
    """Return the documentation of the response to a request that matches no route."""
    return {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


def resolve(response: Schema | None) -> Schema | None:
    """Follow the reference if `response` is one."""
    if response is None or "$ref" not in response:
        return response
    resolved: Schema = document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return resolved
