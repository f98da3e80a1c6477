"""The editor's routes: its page, suggestions, the verdict of a text that is not saved."""

from __future__ import annotations

from fastapi.testclient import TestClient

from servanda.case.completion import complete
from servanda.store import Store
from tests.web.small import text as small_text


def test_the_page_shows_every_version(client: TestClient, kept: Store, small: str) -> None:
    text = kept.case(small).text
    kept.save_case(small, text + "# more\n", "A small dispute", seen=1, note="added a remark")
    found = client.get(f"/cases/{small}/edit")
    assert found.status_code == 200
    assert "added a remark" in found.text
    assert "Save as version 3" in found.text
    assert '<textarea name="text"' not in found.text
    assert client.get("/cases/nothing/edit").status_code == 404


def test_suggestions_are_those_of_the_language(client: TestClient) -> None:
    text = small_text() + "levers:\n  x: {se"
    found = client.post("/api/edit/complete", json={"text": text, "offset": len(text)})
    assert found.status_code == 200
    body = found.json()
    assert [each["shown"] for each in body["suggestions"]] == ["sets"]
    assert body["path"] == ["levers", "x"]
    assert text[body["start"] : body["end"]] == "se"
    expected = complete(text, len(text))
    assert body["suggestions"][0]["about"] == expected.suggestions[0].about


def test_no_more_suggestions_than_asked_for(client: TestClient) -> None:
    found = client.post("/api/edit/complete", json={"text": "", "offset": 0, "most": 3}).json()
    assert [each["shown"] for each in found["suggestions"]] == ["case", "title", "start"]
    assert found["suggestions"][0]["insert"] == "case: "


def test_a_text_that_is_no_case_is_completed(client: TestClient) -> None:
    text = 'title: "open\nactors: [}\nval'
    found = client.post("/api/edit/complete", json={"text": text, "offset": len(text)}).json()
    assert [each["shown"] for each in found["suggestions"]] == ["values"]


def test_bounds_of_what_may_be_asked(client: TestClient) -> None:
    for body in (
        {"text": "x"},
        {"text": "x", "offset": -1},
        {"text": "x", "offset": 0, "most": 101},
        {"text": "x", "offset": 0, "y": 1},
    ):
        found = client.post("/api/edit/complete", json=body)
        assert found.status_code == 422
        assert found.json()["error"]["code"] == "bad-request"


def test_the_verdict_of_a_text(client: TestClient, kept: Store) -> None:
    found = client.post("/api/edit/try", json={"text": small_text()})
    assert found.status_code == 200
    body = found.json()
    assert [draft["draft"] for draft in body["drafts"]] == ["agreement", "inspected"]
    for draft in body["drafts"]:
        assert draft["holds"] == min(draft["holds"], draft["sign"])
    assert body["sentence"]
    assert kept.cases() == ()


def test_a_text_with_errors_has_no_verdict(client: TestClient) -> None:
    found = client.post("/api/edit/try", json={"text": "case: x\nstart: soon\n"})
    assert found.status_code == 422
    error = found.json()["error"]
    assert error["code"] == "case-error"
    assert ("bad-date", 2) in {(issue["code"], issue["line"]) for issue in error["issues"]}
