"""The numbers of a case: listed, changed in the text, saved as a new version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.case.loading import load_text, shipped
from servanda.store import Store

RANKED = Path(__file__).resolve().parents[2] / "spec" / "valid" / "rankings.yaml"


@pytest.fixture
def founding(kept: Store) -> str:
    text = shipped()["us-iran"].read_text(encoding="utf-8")
    return kept.create_case("us-iran", text, "US-Iran").name


def by_name(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in body["numbers"]}


def test_every_number_with_its_source(client: TestClient, founding: str) -> None:
    body = client.get(f"/api/parameters/{founding}").json()
    found = by_name(body)
    toll = found["us_turnover"]
    assert (toll["central"], toll["low"], toll["high"], toll["grade"]) == (0.58, 0.47, 0.76, "M")
    assert toll["sources"][0]["name"] == "MEM"
    assert not toll["judgement"]
    assert len(toll["used"]) == 2
    assert sum(item["section"] == "parameters" for item in body["numbers"]) == 68
    assert found["dash_success"]["judgement"]
    assert found["dash_success"]["grade_title"] == "J: judgement"
    linked = [source for item in body["numbers"] for source in item["sources"] if source["url"]]
    assert linked
    assert all(source["url"].startswith("http") for source in linked)
    assert (body["version"], body["newest"], body["unread"]) == (1, 1, "")


def test_rankings_say_what_a_place_says(client: TestClient, kept: Store) -> None:
    kept.create_case("ranked", RANKED.read_text(encoding="utf-8"), "Ranked")
    body = client.get("/api/parameters/ranked").json()
    ranking, other = body["rankings"]
    assert (other["title"], other["low"], other["high"]) == ("What relief is worth to the south", 10.0, 40.0)
    assert (ranking["low"], ranking["high"], ranking["trouble"]) == (0.0, 100.0, "")
    means = [place["mean"] for place in ranking["places"]]
    assert means == sorted(means)
    assert {place["name"]: place["mean"] for place in ranking["places"] if place["fixed"]} == {
        "war": 0.0,
        "calm": 100.0,
    }


def test_a_ranking_that_cannot_be_says_why(client: TestClient, kept: Store) -> None:
    text = RANKED.read_text(encoding="utf-8").replace("scale:", "scale: [5, 1]\n    note:")
    kept.create_case("odd", text.replace("fixed: {", "fixed: {nobody: 3, "), "Odd")
    body = client.get("/api/parameters/odd").json()
    assert body["rankings"][0]["trouble"]
    assert body["rankings"][0]["places"] == []


def test_a_text_that_cannot_be_read_says_so(client: TestClient, kept: Store) -> None:
    kept.create_case("torn", "case: [x", "Torn")
    body = client.get("/api/parameters/torn").json()
    assert body["numbers"] == []
    assert "not YAML" in body["unread"]


def test_a_change_is_checked_and_shown_before_it_is_saved(client: TestClient, kept: Store, founding: str) -> None:
    change = {"path": ["parameters", "us_turnover", "value"], "value": "0.5 to 0.8"}
    found = client.post(f"/api/parameters/{founding}/amend", json={"version": 1, "changes": [change]})
    assert found.status_code == 200
    body = found.json()
    assert (body["ok"], body["saved"], body["version"]) == (True, False, 1)
    (line,) = body["lines"]
    assert (line["before"], line["after"]) == ("    value: 0.47 to 0.76", "    value: 0.5 to 0.8")
    assert kept.case(founding).version == 1


def test_a_saved_change_keeps_everything_else(client: TestClient, kept: Store, founding: str) -> None:
    before = kept.case(founding).text
    changes = [
        {"path": ["parameters", "us_turnover", "value"], "value": "0.5 to 0.8"},
        {"path": ["parameters", "us_turnover", "central"], "value": "0.6"},
    ]
    request = {"version": 1, "changes": changes, "save": True}
    body = client.post(f"/api/parameters/{founding}/amend", json=request).json()
    assert (body["saved"], body["version"]) == (True, 2)
    saved = kept.case(founding)
    assert (saved.version, saved.note) == (2, "us_turnover 0.5 to 0.8, us_turnover central 0.6")
    assert saved.text == before.replace("value: 0.47 to 0.76\n    central: 0.58", "value: 0.5 to 0.8\n    central: 0.6")
    case = load_text(saved.text).case
    assert case is not None
    assert by_name(client.get(f"/api/parameters/{founding}").json())["us_turnover"]["central"] == 0.6
    assert by_name(client.get(f"/api/parameters/{founding}?version=1").json())["us_turnover"]["central"] == 0.58


def test_a_change_that_breaks_the_case_is_not_saved(client: TestClient, kept: Store, small: str) -> None:
    name = client.get(f"/api/parameters/{small}").json()["numbers"][0]
    request = {"version": 1, "changes": [{"path": name["path"], "value": "5 to 2"}], "save": True}
    body = client.post(f"/api/parameters/{small}/amend", json=request).json()
    assert (body["ok"], body["saved"]) == (False, False)
    assert any(issue["line"] == name["line"] for issue in body["issues"])
    assert kept.case(small).version == 1


def test_somebody_was_faster(client: TestClient, kept: Store, founding: str) -> None:
    kept.save_case(founding, kept.case(founding).text + "# theirs\n", "US-Iran", seen=1)
    change = {"path": ["parameters", "us_turnover", "value"], "value": "0.5 to 0.8"}
    request = {"version": 1, "changes": [change], "save": True}
    found = client.post(f"/api/parameters/{founding}/amend", json=request)
    assert found.status_code == 409
    assert found.json()["error"]["code"] == "stale-version"
    assert kept.case(founding).text.endswith("# theirs\n")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"path": ["parameters", "nobody", "value"], "value": "1"}, "case-error"),
        ({"path": ["drafts"], "value": "1"}, "case-error"),
        ({"path": [], "value": "1"}, "bad-request"),
        ({"path": ["parameters"], "value": "x" * 2_001}, "bad-request"),
        ({"path": [-1], "value": "x"}, "bad-request"),
    ],
)
def test_what_cannot_be_changed(client: TestClient, small: str, change: dict[str, Any], code: str) -> None:
    found = client.post(f"/api/parameters/{small}/amend", json={"version": 1, "changes": [change]})
    assert found.status_code == 422
    assert found.json()["error"]["code"] == code


def test_unknown_cases_and_versions(client: TestClient, small: str) -> None:
    assert client.get("/api/parameters/nothing").status_code == 404
    assert client.get(f"/api/parameters/{small}?version=9").status_code == 404
    assert client.get("/cases/nothing/parameters").status_code == 404
    assert client.get(f"/cases/{small}/parameters").status_code == 200
