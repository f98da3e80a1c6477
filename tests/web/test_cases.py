"""Cases over HTTP: made, read, saved on top of what was seen, checked, put aside."""

from __future__ import annotations

from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from servanda.case.loading import shipped
from servanda.store import Store
from tests.web import small as small_case


def create(client: TestClient, **body: object) -> tuple[int, dict]:  # type: ignore[type-arg]
    answer = client.post("/api/cases", json=body)
    return answer.status_code, answer.json()


def test_a_text_becomes_a_case_with_its_title(client: TestClient, kept: Store) -> None:
    status, made = create(client, name="mine", text=small_case.text(), note="from a talk")
    assert status == 201
    assert (made["name"], made["version"], made["title"], made["note"]) == ("mine", 1, "A small dispute", "from a talk")
    assert made["digest"] == sha256(small_case.text().encode()).hexdigest()
    assert kept.case("mine").text == small_case.text()
    listed = client.get("/api/cases").json()["cases"]
    assert [(case["name"], case["version"]) for case in listed] == [("mine", 1)]
    assert "text" not in listed[0]


def test_a_shipped_case_becomes_ones_own(client: TestClient) -> None:
    status, made = create(client, name="iran", shipped="us-iran")
    assert (status, made["text"]) == (201, shipped()["us-iran"].read_text(encoding="utf-8"))
    status, made = create(client, name="pledge", shipped="pledge")
    assert (status, made["title"]) == (201, "The pledge that keeps a contract")


def test_a_beginning_becomes_a_case_that_can_be_played(client: TestClient) -> None:
    beginning = {"side_a": "Ruritania", "side_b": "Freedonia: the south", "ratifier": "", "start": "2024-03-01"}
    status, made = create(client, name="border", beginning=beginning, title="  The border  ")
    assert (status, made["title"]) == (201, "The border")
    assert "Ruritania" in made["text"]
    assert "case: border" in made["text"]
    assert client.post("/api/check", json={"text": made["text"]}).json()["ok"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "a", "text": "x", "shipped": "us-iran"}, 422, "bad-request"),
        ({"name": "a"}, 422, "bad-request"),
        ({"name": "A", "text": "x"}, 422, "bad-request"),
        ({"name": "-a", "text": "x"}, 422, "bad-request"),
        ({"name": "a" * 65, "text": "x"}, 422, "bad-request"),
        ({"name": "../a", "text": "x"}, 422, "bad-request"),
        ({"name": "a", "text": "x", "more": 1}, 422, "bad-request"),
        ({"name": "a", "beginning": {"title": "two\nlines"}}, 422, "bad-request"),
        ({"name": "a", "beginning": {"start": "9950-01-01"}}, 422, "bad-request"),
        ({"name": "a", "shipped": "../../pyproject"}, 404, "unknown-shipped-case"),
        ({"name": "a", "text": "case: x"}, 422, "case-error"),
        ({"name": "a", "text": "[" * 5_000}, 422, "case-error"),
    ],
)
def test_what_is_no_case_is_not_saved(
    client: TestClient, kept: Store, body: dict[str, object], status: int, code: str
) -> None:
    answer = client.post("/api/cases", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert kept.cases() == ()


def test_errors_come_with_their_lines_and_unfinished_work_can_be_kept(client: TestClient) -> None:
    text = "case: mine\ntitle: Mine\nstart: soon\n"
    status, told = create(client, name="mine", text=text)
    assert status == 422
    assert ("bad-date", 3) in [(issue["code"], issue["line"]) for issue in told["error"]["issues"]]
    status, made = create(client, name="mine", text=text, unfinished=True)
    assert (status, made["title"]) == (201, "mine")


def test_a_name_is_taken_once(client: TestClient) -> None:
    assert create(client, name="mine", shipped="pledge")[0] == 201
    status, told = create(client, name="mine", shipped="pledge")
    assert (status, told["error"]["code"]) == (409, "name-taken")


def test_the_second_of_two_editors_is_told(client: TestClient, small: str, kept: Store) -> None:
    text = small_case.text()
    first = client.put(f"/api/cases/{small}", json={"text": text + "# mine\n", "seen": 1, "note": "mine"})
    assert (first.status_code, first.json()["version"]) == (200, 2)
    second = client.put(f"/api/cases/{small}", json={"text": text + "# yours\n", "seen": 1})
    assert (second.status_code, second.json()["error"]["code"]) == (409, "stale-version")
    assert kept.case(small).text.endswith("# mine\n")
    third = client.put(f"/api/cases/{small}", json={"text": text + "# yours\n", "seen": 2})
    assert third.json()["version"] == 3
    versions = client.get(f"/api/cases/{small}/versions").json()["versions"]
    assert [(version["version"], version["note"]) for version in versions] == [(3, ""), (2, "mine"), (1, "")]
    assert client.get(f"/api/cases/{small}?version=2").json()["text"].endswith("# mine\n")


def test_what_is_not_there_is_not_found(client: TestClient, small: str) -> None:
    for path in ("/api/cases/none", "/api/cases/none/versions", f"/api/cases/{small}?version=9"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found"), path
    for path in (f"/api/cases/{small}?version=0", f"/api/cases/{small}?version={2**70}", "/api/cases/NO"):
        assert client.get(path).json()["error"]["code"] == "bad-request", path


def test_a_case_is_put_aside_and_brought_back(client: TestClient, small: str) -> None:
    assert client.post(f"/api/cases/{small}/archive", json={}).status_code == 200
    assert client.get("/api/cases").json()["cases"] == []
    assert [case["name"] for case in client.get("/api/cases?archived=true").json()["cases"]] == [small]
    assert client.get(f"/api/cases/{small}").status_code == 200
    client.post(f"/api/cases/{small}/archive", json={"archived": False})
    assert [case["name"] for case in client.get("/api/cases").json()["cases"]] == [small]


def test_checking_says_all_that_is_wrong_and_saves_nothing(client: TestClient, kept: Store) -> None:
    good = client.post("/api/check", json={"text": small_case.text()}).json()
    assert (good["ok"], good["name"], good["title"], good["issues"]) == (True, "small", "A small dispute", [])
    bad = client.post("/api/check", json={"text": small_case.text().replace("period: half-year", "period: fortnite")})
    assert bad.json()["ok"] is False
    assert [issue["code"] for issue in bad.json()["issues"]] == ["bad-period"]
    assert bad.json()["issues"][0]["shown"] == "period: fortnite"
    assert kept.cases() == ()


def test_the_schema_is_that_of_a_case(client: TestClient) -> None:
    assert client.get("/api/schema").json()["title"] == "Servanda case"


def test_shipped_cases_come_in_groups(client: TestClient) -> None:
    listed = client.get("/api/shipped").json()["cases"]
    assert listed[0]["name"] == "us-iran"
    assert {case["name"] for case in listed} == set(shipped())
    groups = [case["group"] for case in listed]
    assert groups == sorted(groups, key=("founding", "historic", "theory").index)
    dates = [case["as_of"] for case in listed if case["group"] == "historic"]
    assert dates == sorted(dates)
    one = client.get("/api/shipped/theory/pledge").json()
    assert (one["name"], one["group"]) == ("theory/pledge", "theory")
    assert one["text"] == shipped()["theory/pledge"].read_text(encoding="utf-8")
    assert client.get("/api/shipped/pledge").json() == one
