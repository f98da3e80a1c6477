"""Two scenarios over HTTP: the numbers of each side are its own, and what differs in the input is listed."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.case import parse_text
from servanda.contrasts import chance
from servanda.differences import case_differences
from servanda.store import Store
from servanda.web.rooms.compare import LONGEST, packed, says, shown, unpacked
from tests.web import small as small_case
from tests.web.inline import InlineSolvers


def compared(client: TestClient, name: str, **asked: Any) -> dict[str, Any]:
    answer = client.post(f"/api/cases/{name}/compare", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(client: TestClient, name: str, **asked: Any) -> tuple[int, str, str]:
    answer = client.post(f"/api/cases/{name}/compare", json=asked)
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def numbers(found: dict[str, Any]) -> list[dict[str, Any]]:
    in_drafts = [n for draft in found["drafts"] for n in draft["numbers"]]
    return [*in_drafts, *found["outcomes"], *found["questions"]]


def test_a_scenario_beside_itself_differs_in_nothing(client: TestClient, small: str) -> None:
    found = compared(client, small, set={"slight": 4.0})
    assert found["says"].startswith("No difference: ")
    assert found["headline"]["difference"] == 0.0
    assert {n["difference"] for n in numbers(found)} == {0.0}
    assert (found["input"], found["wording"], found["left"], found["listed"]) == ([], 0, 0, True)
    assert found["a"] == found["b"]


def test_each_side_has_its_own_numbers(client: TestClient, small: str) -> None:
    saved = {"case": small}
    found = compared(client, small, a=saved, set={"slight": 8.0}, off=["weak form"])
    alone = compared(client, small, set={"slight": 8.0}, off=["weak form"])
    plain = compared(client, small)
    by_name = {n["what"]: n for n in numbers(found)}
    for n in numbers(plain):
        assert by_name[n["what"]]["a"] == n["a"]
    for n in numbers(alone):
        assert by_name[n["what"]]["b"] == n["b"]
    for n in by_name.values():
        assert n["difference"] == pytest.approx(n["b"] - n["a"])
    assert found["headline"]["b"] == alone["b"]["probability"]
    assert found["a"]["label"] == "as saved"
    assert "at 8" in found["b"]["label"]
    assert "without" in found["b"]["label"]
    assert {n["what"].rsplit(".", 1)[-1] for n in found["drafts"][0]["numbers"]} == {
        "sign", "ratify", "keep", "holds", "life",
    }  # fmt: skip
    sizes = [abs(next(n for n in d["numbers"] if n["what"].endswith("holds"))["difference"]) for d in found["drafts"]]
    assert sizes == sorted(sizes, reverse=True)


def test_what_differs_in_the_input_is_what_the_record_says(client: TestClient, small: str) -> None:
    found = compared(client, small, a={"case": small}, set={"slight": 8.0})
    case = parse_text(small_case.text(), "small")
    wanted = [d for d in case_differences(case, case, {}, {"slight": 8.0}) if not d.wording]
    assert found["input"] == [{"what": d.what, "a": d.a, "b": d.b} for d in wanted]
    assert [d["what"] for d in found["input"]] == ["parameters.slight"]


def test_a_friction_switched_off_is_named(client: TestClient, small: str) -> None:
    found = compared(client, small, a={"case": small, "off": ["weak form"]})
    assert {"what": "frictions.weak form", "a": "off", "b": "at work"} in found["input"]


def test_versions_differ_where_they_were_changed(client: TestClient, small: str, kept: Store) -> None:
    longer = small_case.text().replace("detection: 0.9", "detection: 0.25").replace("# small:", "# A small case:")
    kept.save_case(small, longer, "A small dispute", seen=1)
    for a, b in ((1, 2), (2, 1)):
        found = compared(client, small, a={"case": small, "version": a}, b={"case": small, "version": b})
        assert (found["a"]["version"], found["b"]["version"]) == (a, b)
        sides = {1: "0.9", 2: "0.25"}
        where = "drafts.inspected.verification.detection"
        assert found["input"] == [{"what": where, "a": sides[a], "b": sides[b]}]


def test_titles_and_notes_are_counted_not_listed(client: TestClient, small: str, kept: Store) -> None:
    other = small_case.text().replace("title: The agreement with inspectors everywhere", "title: Inspectors everywhere")
    kept.save_case(small, other, "A small dispute", seen=1)
    found = compared(client, small, a={"case": small, "version": 1})
    assert found["input"] == []
    assert found["wording"] == 1


def test_a_draft_of_one_side_only_has_no_difference(client: TestClient, small: str, kept: Store) -> None:
    text = small_case.text()
    start, end = text.index("  inspected:\n"), text.index("# ----", text.index("  inspected:\n"))
    kept.create_case("lone", text[:start] + text[end:], "One draft")
    found = compared(client, small, b={"case": "lone"})
    assert [(d["draft_a"], d["draft_b"]) for d in found["drafts"]] == [("agreement", "agreement"), ("inspected", "")]
    missing = found["drafts"][-1]["numbers"]
    assert {n["b"] for n in missing} == {None}
    assert {n["change"] for n in missing} == {"–"}
    assert found["drafts"][-1]["title"] == "The agreement with inspectors everywhere"
    assert any(d["what"].startswith("drafts.inspected") for d in found["input"])


def test_an_error_says_on_which_side(client: TestClient, small: str, kept: Store) -> None:
    kept.create_case("broken", "case: x\n", "Broken")
    status, code, said = refused(client, small, b={"case": small, "set": {"hope": 1.0}})
    assert (status, code) == (422, "unknown-parameter")
    assert said.startswith("B: ")
    status, code, said = refused(client, small, a={"case": "broken"})
    assert (status, code) == (422, "case-error")
    assert said.startswith("A: ")
    assert refused(client, small, b={"case": "nowhere"})[:2] == (404, "not-found")
    assert refused(client, small, b={"case": small, "version": 7})[:2] == (404, "not-found")
    assert refused(client, small, b={"case": small, "mood": "good"})[:2] == (422, "bad-request")
    assert refused(client, small, off=["hope"])[:2] == (422, "unknown-friction")


def test_two_texts_too_long_for_one_question_are_not_listed(
    client: TestClient, small: str, kept: Store, solvers: InlineSolvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servanda.web.rooms.compare.LONGEST_QUESTION", 500)
    kept.save_case(small, small_case.text() + "# more\n", "A small dispute", seen=1)
    found = compared(client, small, a={"case": small, "version": 1})
    assert not found["listed"]
    assert found["input"] == []
    assert "servanda.web.rooms.compare:differences" not in solvers.asked


def test_long_texts_are_clipped(client: TestClient, small: str, kept: Store) -> None:
    found = compared(client, small, a={"case": small}, b={"case": small, "set": {"slight": 8.0}})
    assert all(len(d["a"]) <= LONGEST and len(d["b"]) <= LONGEST for d in found["input"])


def test_texts_travel_unchanged() -> None:
    text = small_case.text() + "é ✓ 中\n"
    assert unpacked(packed(text)) == text
    assert len(packed(text)) < len(text) / 2


def test_verdicts_on_different_things_have_no_difference() -> None:
    assert says(None) == "The two verdicts speak of different things."
    told = says(chance("headline", "", 0.5, 0.1))
    assert told.startswith("B is less likely than A by 40.0 percentage points: very unlikely (10\xa0%) against")
    side = {
        "case": "x", "title": "X", "version": 1, "label": "as saved", "headline": "h", "probability": 0.5, "words": "w",
        "settled": True, "horizon": "2030-01-01", "subject": "war", "drafts": [], "questions": [],
        "outcomes": dict.fromkeys(("deal", "war", "none", "ever_deal", "ever_war"), 0.5),
    }  # fmt: skip
    found = shown(side, {**side, "subject": "drafts"}, {"input": [], "left": 0, "wording": 0, "listed": True})
    assert found["headline"] is None


def test_the_page_offers_versions_and_other_cases(client: TestClient, small: str, kept: Store) -> None:
    kept.save_case(small, small_case.text() + "# more\n", "A small dispute", seen=1)
    kept.create_case("other", small_case.text(), "Another dispute")
    page = client.get(f"/cases/{small}/compare")
    assert page.status_code == 200
    assert f'<option value="{small}@1">' in page.text
    assert f'<option value="{small}@2">' not in page.text
    assert '<option value="other">Another dispute</option>' in page.text
    assert client.get("/cases/nowhere/compare").status_code == 404
