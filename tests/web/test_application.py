"""The application: rooms that are there, errors of one shape, a description that is complete and kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from servanda.errors import CaseError, Issue, Location, ServandaError
from servanda.store import (
    BadNameError,
    BrokenBlobError,
    NameTakenError,
    NotFoundError,
    StaleVersionError,
    UnreachableStoreError,
)
from servanda.web import application as applications
from servanda.web.application import problem_of, rooms
from servanda.web.problems import CODES, Problem, declare, responses

ROOT = Path(__file__).parents[2]
PAGES = (
    "cases", "compare", "credibility", "designs", "edit", "forecast", "frictions", "home", "jobs", "library", "map",
    "parameters", "runs", "sensitivity", "threats", "verdict", "why",
)  # fmt: skip
METHODS = ("get", "put", "post", "delete", "patch")


def test_every_room_is_there() -> None:
    assert tuple(name for name, _ in rooms()) == PAGES


def test_a_room_that_cannot_be_imported_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "servanda.web.rooms.cases", None)
    with pytest.raises(ImportError):
        list(rooms())
    monkeypatch.setitem(sys.modules, "servanda.web.rooms.cases", ModuleType("empty"))
    with pytest.raises(TypeError, match="the room `cases` has no router"):
        list(rooms())


def test_no_two_rooms_answer_at_one_address() -> None:
    seen: dict[tuple[str, str], str] = {}
    for name, router in rooms():
        for route in router.routes:
            for method in getattr(route, "methods", ()):
                key = (method, getattr(route, "path", ""))
                assert key not in seen, f"{key} in {name} and {seen[key]}"
                seen[key] = name


# -------------------------------------------------------------------------------------------------------- description


def test_the_description_is_the_one_that_is_kept(app: FastAPI) -> None:
    kept = json.loads((ROOT / "spec" / "openapi.json").read_text(encoding="utf-8"))
    assert app.openapi() == kept, "write it anew: python -m servanda.web.description > spec/openapi.json"


def test_the_description_is_complete(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    for path, operations in described["paths"].items():
        assert path.startswith("/api/"), path
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                where = f"{method} {path}"
                assert operation.get("summary"), where
                assert {"403", "422", "500", "503"} <= set(operation["responses"]), where
                for status, answer in operation["responses"].items():
                    if not status.startswith("2"):
                        assert answer["content"]["application/json"]["schema"]["$ref"].endswith("ProblemBody"), where
                names = [parameter["name"] for parameter in operation.get("parameters", [])]
                assert ("X-Servanda" in names) == (method != "get"), where
                assert len(names) == len(set(names)), where


def test_every_text_and_list_that_may_be_sent_has_a_bound(client: TestClient) -> None:
    """What is not bounded here could be as long as a whole body."""
    described = client.get("/api/openapi.json").json()
    loose: list[str] = []
    for path, operations in described["paths"].items():
        for method in METHODS:
            for parameter in operations.get(method, {}).get("parameters", []):
                loose += unbounded(parameter["schema"], f"{method} {path}: {parameter['name']}", described)
            body = operations.get(method, {}).get("requestBody")
            if body:
                schema = body["content"]["application/json"]["schema"]
                loose += unbounded(schema, f"{method} {path}", described)
    assert not loose, "\n".join(loose)


def unbounded(schema: dict, where: str, described: dict) -> list[str]:  # type: ignore[type-arg]
    if "$ref" in schema:
        return unbounded(described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], where, described)
    found = [line for each in schema.get("anyOf", []) for line in unbounded(each, where, described)]
    kind = schema.get("type")
    fixed = {"enum", "const", "format"} & set(schema)
    if kind == "string" and not fixed and "maxLength" not in schema and "{0," not in schema.get("pattern", ""):
        found.append(f"{where}: a text without a longest length")
    if kind == "array":
        found += [] if "maxItems" in schema else [f"{where}: a list without a most"]
        found += unbounded(schema.get("items", {}), f"{where}[]", described)
    for name, inner in schema.get("properties", {}).items():
        found += unbounded(inner, f"{where}.{name}", described)
    return found


# ------------------------------------------------------------------------------------------------------------- errors


def test_the_codes_are_the_ones_that_are_documented() -> None:
    list(rooms())
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    codes = page.partition("| code | status | meaning |")[2]
    rows = [line for line in codes.splitlines() if line.startswith("| `")]
    table = {row.split("`")[1]: [cell.strip() for cell in row.split("|")[2:4]] for row in rows}
    assert table == {name: [str(code.status), code.meaning] for name, code in CODES.items()}, (
        "write it anew: python -m servanda.web.description codes"
    )


def test_an_undocumented_code_cannot_be_used() -> None:
    with pytest.raises(ValueError, match="not documented"):
        Problem(400, "no-such-code", "x")
    with pytest.raises(ValueError, match="documented with status 404"):
        Problem(500, "not-found", "x")
    with pytest.raises(ValueError, match="something else"):
        declare("not-found", 410, "gone")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFoundError("x"), 404, "not-found"),
        (NameTakenError("x"), 409, "name-taken"),
        (StaleVersionError("x"), 409, "stale-version"),
        (BadNameError("x"), 422, "bad-name"),
        (UnreachableStoreError("x"), 503, "store-unreachable"),
        (BrokenBlobError("x"), 500, "broken-content"),
        (ServandaError("x"), 422, "failed"),
        (CaseError("x"), 422, "case-error"),
    ],
)
def test_errors_of_the_program_have_a_code(error: ServandaError, status: int, code: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code, problem.message) == (status, code, "x")


def test_issues_of_a_case_come_with_their_place(client: TestClient, app: FastAPI) -> None:
    room = APIRouter()
    issue = Issue("error", "bad-date", "no date", "write one", Location("case", 3, 8), "start", "start: soon")

    @room.get("/api/broken")
    def broken() -> None:
        raise CaseError("1 error", issues=(issue,))

    app.include_router(room)
    answer = client.get("/api/broken")
    assert answer.status_code == 422
    assert answer.json()["error"]["issues"] == [
        {
            "severity": "error", "code": "bad-date", "message": "no date", "hint": "write one", "file": "case",
            "line": 3, "column": 8, "path": "start", "shown": "start: soon",
        }
    ]  # fmt: skip


def test_a_wrong_request_says_where(client: TestClient) -> None:
    error = client.post("/api/check", json={"txt": 1}).json()["error"]
    assert error["code"] == "bad-request"
    assert {issue["path"] for issue in error["issues"]} == {"body.text", "body.txt"}


def test_wrong_methods_and_addresses_are_told_in_the_same_shape(client: TestClient) -> None:
    answer = client.delete("/api/cases")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "wrong-method")
    assert "GET" in answer.headers["allow"]
    answer = client.get("/api/nowhere")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def test_answers_of_a_route_name_their_codes() -> None:
    found = responses("not-found", "case-error", "bad-name")
    assert list(found) == [404, 422]
    assert found[422]["description"] == "Unprocessable Entity: `case-error`, `bad-name`"


# -------------------------------------------------------------------------------------------------------------- files


def test_files_are_asked_for_anew_only_when_they_changed(client: TestClient) -> None:
    first = client.get("/static/style.css")
    assert first.headers["content-type"] == "text/css; charset=utf-8"
    again = client.get("/static/style.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_the_chart_script_comes_from_the_package(client: TestClient) -> None:
    script = client.get("/static/vega.js")
    assert script.status_code == 200
    assert "servandaEmbed" in script.text[-200:]


def test_only_pages_files_are_listed() -> None:
    names = applications.statics.Listing.of_package().files
    assert {"style.css", "api.js"} <= set(names)
    assert all(name.endswith((".css", ".js", ".svg")) for name in names)
