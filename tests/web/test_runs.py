"""The API and pages of kept runs."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from servanda.store import NewRun, SavedRun, Store
from tests.store.kept import new_run

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


@pytest.fixture
def run(kept: Store) -> SavedRun:
    kept.create_case("pledge", "case: pledge\n", "A pledge")
    scenario: dict[str, Any] = {"set": {"a": 0.1}, "off": ["waiver_volatility"]}
    return kept.add_run(new_run(version=1, scenario=scenario, options={"by": "job", "diagnosis": False}))


def test_runs_are_listed_the_newest_first(client: TestClient, kept: Store, run: SavedRun) -> None:
    other = kept.add_run(new_run("forecast", "other"))
    found = client.get("/api/runs").json()["runs"]
    assert [one["id"] for one in found] == [other.id, run.id]
    assert found[1] == {
        "id": run.id, "kind": "run", "case": "pledge", "title": "A pledge", "version": 1,
        "scenario": {"set": {"a": 0.1}, "off": ["waiver_volatility"]}, "digest": run.digest, "written": run.written,
        "created": found[1]["created"], "seconds": 1.25, "headline": "It holds.",
    }  # fmt: skip
    assert [one["id"] for one in client.get("/api/runs?case=pledge&kind=run").json()["runs"]] == [run.id]
    assert client.get("/api/runs?case=nobody").json() == {"runs": []}
    assert len(client.get(f"/api/runs?digest={run.digest}&limit=1").json()["runs"]) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "kind=" + "k" * 65])
def test_what_cannot_be_asked(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/runs?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad-request")


def test_one_run_with_everything(client: TestClient, run: SavedRun) -> None:
    found = client.get(f"/api/runs/{run.id[:6]}").json()
    assert found["result"] == new_run().result
    assert found["provenance"]["settings"] == {"draws": "64"}
    assert found["provenance"]["versions"]["servanda"] == dict(run.provenance.versions)["servanda"]
    assert sorted(found["files"]) == ["case.yaml", "report.html", "resolved.yaml", "result.json"]
    assert found["options"] == {"by": "job", "diagnosis": False}


@pytest.mark.parametrize("path", ["", "/tables", "/report", "/archive", "/files/case.yaml", "/differences?other=abcd"])
def test_a_run_that_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/runs/ffffffffffff{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")


def test_its_files_are_downloads(client: TestClient, run: SavedRun) -> None:
    case = client.get(f"/api/runs/{run.id}/files/case.yaml")
    assert (case.text, case.headers["content-type"]) == ("case: pledge\n", "application/octet-stream")
    assert case.headers["content-disposition"] == f'attachment; filename="{run.id}-case.yaml"'
    page = client.get(f"/api/runs/{run.id}/files/report.html")
    assert page.headers["content-type"] == "application/octet-stream"
    table = client.get(f"/api/runs/{run.id}/files/tables/names.csv")
    assert table.text == '"position","value"\n0,"é"\n1,"a"\n'
    for name in ("nothing.txt", "../case.yaml", "..%2f..%2fetc%2fpasswd", "tables/"):
        assert client.get(f"/api/runs/{run.id}/files/{name}").status_code in (400, 404), name


def test_the_report_runs_apart_from_the_pages(client: TestClient, kept: Store, run: SavedRun) -> None:
    report = client.get(f"/api/runs/{run.id}/report")
    assert report.text.startswith("<!DOCTYPE html>")
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    bare = kept.add_run(new_run(files={}))
    answer = client.get(f"/api/runs/{bare.id}/report")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        404, "no report was written when this run was made",
    )  # fmt: skip


def test_everything_as_one_archive(client: TestClient, run: SavedRun) -> None:
    first, second = (client.get(f"/api/runs/{run.id}/archive").content for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        names = {name.removeprefix(f"run-{run.id}/") for name in archive.namelist()}
        assert names >= {"README.md", "case.yaml", "provenance.json", "result.json", "tables/names.parquet"}
        how = json.loads(archive.read(f"run-{run.id}/provenance.json"))
    assert how["scenario"] == {"off": ["waiver_volatility"], "set": {"a": 0.1}}


def test_its_tables(client: TestClient, kept: Store, run: SavedRun) -> None:
    found = {table["name"]: table for table in client.get(f"/api/runs/{run.id}/tables").json()["tables"]}
    assert found["names"]["rows"] == [[0, "é"], [1, "a"]]
    long = kept.add_run(new_run(result={"rows": [{"n": n, "x": "inf"} for n in range(500)]}))
    (table,) = client.get(f"/api/runs/{long.id}/tables").json()["tables"]
    assert (table["count"], len(table["rows"]), table["rows"][399], table["columns"]) == (
        500, 400, [399, "inf"], ["n", "x"],
    )  # fmt: skip


def test_what_differs_between_two_runs(client: TestClient, kept: Store, run: SavedRun) -> None:
    same = kept.add_run(new_run(version=1, scenario=run.scenario, options=run.options))
    found = client.get(f"/api/runs/{run.id}/differences?other={same.id}").json()
    assert (found["same"], found["count"], found["numbers"], found["differences"], found["scenario"]) == (
        True, 0, 1, [], [],
    )  # fmt: skip
    other = kept.add_run(new_run(result={"verdict": {"probability": 0.3}, "names": ["é", "a"], "none": None}))
    found = client.get(f"/api/runs/{run.id}/differences?other={other.id}").json()
    assert found["same"] is False
    assert found["differences"] == [
        {"path": "verdict.probability", "before": "0.30000000000000004", "after": "0.3"}
    ]  # fmt: skip
    assert {"path": "set.a", "before": "0.1", "after": "nothing"} in found["scenario"]


def test_a_broken_content_is_told_and_not_given(client: TestClient, kept: Store, run: SavedRun) -> None:
    with kept._writing() as connection:
        connection.execute(text("DROP TRIGGER blob_no_update"))
        connection.execute(text("UPDATE blob SET packed = x'00'"))
    for path in ("", "/report", "/archive", "/files/case.yaml", "/tables"):
        answer = client.get(f"/api/runs/{run.id}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "broken-content"), path


def test_the_pages_say_what_there_is(client: TestClient, kept: Store, run: SavedRun) -> None:
    page = client.get("/runs").text
    assert '<option value="pledge">pledge</option>' in page
    shown = client.get(f"/runs/{run.id}").text
    assert "It holds." in shown
    assert 'href="/cases/pledge/verdict?version=1&amp;set=a:0.1&amp;off=waiver_volatility"' in shown
    assert f"servanda rerun {run.id}" in shown
    # only what a job may be asked, and as text of an attribute
    asked = html.unescape(re.search(r'data-asked="([^"]*)"', shown)[1])  # type: ignore[index]
    assert json.loads(asked) == {
        "kind": "run", "case": "pledge", "version": 1, "set": {"a": 0.1}, "off": ["waiver_volatility"],
        "options": {"diagnosis": False},
    }  # fmt: skip
    by_command = kept.add_run(new_run(options={"by": "command"}, headline="<script>alert(1)</script>"))
    shown = client.get(f"/runs/{by_command.id}").text
    assert 'id="again"' not in shown
    assert "<script>alert(1)" not in shown
    assert client.get("/runs/ffffffffffff").status_code == 404


def test_a_run_of_a_case_that_is_not_saved_has_no_page_of_a_case(client: TestClient, kept: Store) -> None:
    gone = kept.add_run(NewRun("run", "gone", "x", "x", "H", {}, new_run().provenance, 1.0, version=2))
    assert "/cases/gone/" not in client.get(f"/runs/{gone.id}").text
