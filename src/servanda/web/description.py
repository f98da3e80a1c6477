"""The OpenAPI description: what the routes say, and what the door adds to every one of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from servanda.web.problems import CODES, described

ABOUT = """What the pages of the workbench use, and programs may use too.

Every answer that is no success has the body `{"error": {"code", "message", "hint", "issues"}}`. Requests that change
something carry the header `X-Servanda: 1` and, with a body, `Content-Type: application/json`. Where the server asks for
a token, send `Authorization: Bearer TOKEN`.
"""
# What the door may answer whatever the route.
_ALWAYS = (
    "bad-address", "wrong-host", "foreign-request", "token-needed", "too-many-attempts", "wrong-method", "too-slow",
    "busy", "store-unreachable", "internal", "bad-request",
)  # fmt: skip
_CHANGING = ("bad-json", "slow-request", "too-much", "wrong-type")
_METHODS = ("get", "put", "post", "delete", "patch")
_BODY = {"application/json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
_OWN = {
    "name": "X-Servanda", "in": "header", "required": True, "schema": {"type": "string", "enum": ["1"]},
    "description": "No other site can make a browser send it.",
}  # fmt: skip


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of an application, computed once."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
        for path in found["paths"].values():
            for method in _METHODS:
                if method in path:
                    _complete(path[method], changing=method != "get")
        parts = found.setdefault("components", {})
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for unused in ("HTTPValidationError", "ValidationError"):
            parts.get("schemas", {}).pop(unused, None)
        found["security"] = [{}, {"token": []}]
        app.openapi_schema = found
    return app.openapi_schema


def _complete(operation: dict[str, Any], *, changing: bool) -> None:
    answers = operation.setdefault("responses", {})
    if str(answers.get("422", {}).get("description", "")) == "Validation Error":
        del answers["422"]
    told: dict[int, list[str]] = {}
    for code in (*_ALWAYS, *(_CHANGING if changing else ())):
        told.setdefault(CODES[code].status, []).append(code)
    for status, codes in told.items():
        answer = answers.setdefault(str(status), {"description": "", "content": _BODY})
        already = [name for name in answer["description"].split("`")[1::2] if name in CODES]
        answer["description"] = described(status, [*already, *(code for code in codes if code not in already)])
    operation["responses"] = dict(sorted(answers.items()))
    if changing:
        operation["parameters"] = [*operation.get("parameters", []), _OWN]


def text() -> str:
    """The description as the text of `spec/openapi.json`."""
    from servanda.web.application import application
    from servanda.web.state import State

    nothing = cast("State", None)
    return json.dumps(application(nothing).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def table() -> str:
    """The codes of problems as the table of `docs/reference/api.md`."""
    rows = [f"| `{name}` | {code.status} | {code.meaning} |" for name, code in sorted(CODES.items())]
    return "\n".join(["| code | status | meaning |", "| --- | --- | --- |", *rows]) + "\n"


def main(words: Sequence[str]) -> None:
    """Print the description, or the table of codes if `codes` is asked for."""
    described = text()
    sys.stdout.write(table() if "codes" in words else described)


if __name__ == "__main__":
    main(sys.argv[1:])
