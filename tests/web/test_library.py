"""The library: shipped cases in groups, with what each expects and how it came out."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from servanda.case.loading import load, shipped
from servanda.store import Store
from servanda.web.rooms import library


def listed(client: TestClient) -> dict[str, dict[str, Any]]:
    body = client.get("/api/library").json()
    return {case["name"]: {**case, "group": group["name"]} for group in body["groups"] for case in group["cases"]}


def test_every_shipped_case_stands_in_one_group(client: TestClient) -> None:
    body = client.get("/api/library").json()
    assert [group["name"] for group in body["groups"]] == ["founding", "historic", "theory"]
    names = [case["name"] for group in body["groups"] for case in group["cases"]]
    assert sorted(names) == sorted(shipped())
    assert names[0] == "us-iran"
    historic = [case["as_of"] for case in body["groups"][1]["cases"]]
    assert historic == sorted(historic)
    assert all(case["as_of"] is None for case in body["groups"][2]["cases"])


def test_what_a_case_expects_is_what_its_file_says(client: TestClient) -> None:
    found = listed(client)
    case = load(shipped()["theory/pledge"]).require()
    told = found["theory/pledge"]
    assert [(each["quantity"], float(each["low"]), float(each["high"])) for each in told["expected"]] == [
        (each.quantity, each.low, each.high) for each in case.expect
    ]
    assert told["numbers"] == len(case.parameters)
    assert told["claims"] == len(case.claims)


def test_fates_are_those_of_the_scored_library(client: TestClient) -> None:
    found = listed(client)
    assert found["minsk-2"]["fate"]["happened"] == "Russia left"
    assert found["minsk-2"]["fate"]["horizons"]["10 years"].endswith("ended")
    assert found["libya-2003"]["fate"]["horizons"]["1 year"] == "<0.1 %: alive"
    assert found["theory/pledge"]["fate"] is None
    assert "Brier score" in client.get("/api/library").json()["score"]


def test_a_package_without_the_scored_page_says_nothing(client: TestClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(library, "_SCORES", "docs/none.md")
    library._scores.cache_clear()
    try:
        body = client.get("/api/library").json()
    finally:
        library._scores.cache_clear()
    assert (body["score"], body["made"]) == ("", "")
    assert all(case["fate"] is None for group in body["groups"] for case in group["cases"])


def test_copies_are_found_by_what_the_text_calls_itself(client: TestClient, kept: Store) -> None:
    text = shipped()["theory/pledge"].read_text(encoding="utf-8")
    kept.create_case("my-pledge", text, "Mine")
    assert listed(client)["theory/pledge"]["copies"] == ["my-pledge"]


def test_a_shipped_case_can_be_opened_by_either_name(client: TestClient) -> None:
    for name in ("theory/pledge", "pledge"):
        found = client.get(f"/library/{name}")
        assert found.status_code == 200
        assert "The pledge that keeps a contract" in found.text
        assert 'data-name="theory/pledge"' in found.text
    assert client.get("/library").status_code == 200


def test_other_names_lead_nowhere(client: TestClient) -> None:
    for name in ("nothing", "../../pyproject.toml", "theory", "%2e%2e/%2e%2e/etc/passwd", "theory%2f..%2fus-iran"):
        assert client.get(f"/library/{name}").status_code in (400, 404)
