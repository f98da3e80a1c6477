"""The verdict over HTTP: the same numbers as a run, refreshed for a scenario, and asked ahead for the next stop."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.analysis import Settings, run
from servanda.case import parse_text
from servanda.equilibrium import Settings as Solver
from servanda.store import Store
from tests.web import small as small_case
from tests.web.inline import InlineSolvers


def asked(client: TestClient, name: str, **scenario: Any) -> dict[str, Any]:
    answer = client.post(f"/api/cases/{name}/verdict", json=scenario)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def slider(client: TestClient, name: str, parameter: str) -> list[float]:
    from servanda.web.controls import controls

    del client, name
    found = controls(parse_text(small_case.text()))["parameters"]
    return next(list(entry["stops"]) for entry in found if entry["name"] == parameter)


def parameters() -> list[str]:
    from servanda.web.controls import controls

    return [entry["name"] for entry in controls(parse_text(small_case.text()))["parameters"]]


def test_the_verdict_says_what_a_run_says(client: TestClient, small: str) -> None:
    found = asked(client, small)
    how = Settings(select=False, frictions=False, diagnosis=(), solver=Solver(tail_tolerance=1e-6))
    whole = run(parse_text(small_case.text()), how)
    assert found["sentence"] == whole.verdict.headline
    for shown, judged in zip(found["drafts"], whole.drafts, strict=True):
        assert (shown["draft"], shown["title"]) == (judged.draft, judged.title)
        for key, gate in zip(("sign", "ratify", "keep"), judged.gates, strict=True):
            assert shown[key] == pytest.approx(gate.probability, abs=2e-3)
        assert shown["alive"] == pytest.approx(judged.survival.alive, abs=2e-3)
        assert sum(end["probability"] for end in shown["ended_by"]) + shown["alive"][-1] == pytest.approx(1.0, abs=1e-6)
    path = whole.forecast.outcomes
    assert found["outcomes"]["deal"] == pytest.approx(path.deal, abs=2e-3)
    assert found["dates"] == [day.isoformat() for day in path.dates]
    for shown, answer in zip(found["questions"], whole.forecast.answers, strict=True):
        assert shown["text"] == answer.text
        assert shown["probability"] == pytest.approx(answer.probability, abs=2e-3)
    assert [(e["date"], e["label"]) for e in found["events"]] == [
        (e.date.isoformat(), e.label) for e in whole.forecast.calendar
    ]


def test_a_slider_moves_the_verdict_and_back_again(client: TestClient, small: str) -> None:
    before = asked(client, small)
    name = parameters()[0]
    high = slider(client, small, name)[-1]
    moved = asked(client, small, set={name: high})
    assert [d["holds"] for d in moved["drafts"]] != [d["holds"] for d in before["drafts"]]
    assert asked(client, small, set={}) == before


def test_a_draft_that_nobody_ratifies_says_so(client: TestClient, small: str) -> None:
    assert [draft["waived"] for draft in asked(client, small)["drafts"]] == [True, True]


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ({"set": {"nothing": 1.0}}, 422, "unknown-parameter"),
        ({"off": ["nothing"]}, 422, "unknown-friction"),
        ({"version": 9}, 404, "not-found"),
        ({"set": {"x": "much"}}, 422, "bad-request"),
        ({"else": 1}, 422, "bad-request"),
    ],
)
def test_what_cannot_be_asked_is_said(
    client: TestClient, small: str, scenario: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post(f"/api/cases/{small}/verdict", json=scenario)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_case_with_errors_has_no_verdict_but_its_issues(client: TestClient, kept: Store) -> None:
    kept.create_case("broken", "case: broken\ntitle: Broken\nstart: never\n", "Broken")
    error = client.post("/api/cases/broken/verdict", json={}).json()["error"]
    assert error["code"] == "case-error"
    assert 3 in [issue["line"] for issue in error["issues"]]


def test_neighbouring_stops_are_answered_ahead(client: TestClient, small: str, solvers: InlineSolvers) -> None:
    name = parameters()[0]
    stops = slider(client, small, name)
    body = {"set": {name: stops[0]}, "page": "verdict", "parameter": name}
    answer = client.post(f"/api/cases/{small}/prefetch", json=body)
    assert answer.json() == {"answered": 1}
    body |= {"set": {name: stops[2]}}
    assert client.post(f"/api/cases/{small}/prefetch", json=body).json() == {"answered": 2}
    assert solvers.asked.count("servanda.web.rooms.verdict:answer") == 3


def test_what_is_asked_ahead_is_what_the_page_asks_next(
    client: TestClient, small: str, solvers: InlineSolvers, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    ask = solvers.ask

    async def noting(text: str, function: str, payload: Any, **more: Any) -> dict[str, Any]:
        if function.endswith("credibility:answer"):
            seen.append(dict(payload))
        return await ask(text, function, payload, **more)

    monkeypatch.setattr(solvers, "ask", noting)
    from servanda.web.controls import controls

    entry = controls(parse_text(small_case.text()))["parameters"][0]
    at = entry["stops"].index(entry["central"])
    body = {"set": {entry["name"]: entry["stops"][at + 1]}, "draft": "agreement", "parameter": entry["name"]}
    client.post(f"/api/cases/{small}/prefetch", json={**body, "page": "credibility"})
    # a page at the central value sets nothing
    assert {"set": {}, "off": [], "draft": "agreement"} in seen
    assert {"set": {entry["name"]: entry["stops"][at + 2]}, "off": [], "draft": "agreement"} in seen


def test_only_a_slider_has_neighbours(client: TestClient, small: str) -> None:
    answer = client.post(f"/api/cases/{small}/prefetch", json={"parameter": "nothing"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown-parameter")


def test_what_a_switch_would_do_is_answered_ahead(client: TestClient, small: str, solvers: InlineSolvers) -> None:
    described = client.post(f"/api/cases/{small}/prefetch", json={"friction": "nothing"})
    assert (described.status_code, described.json()["error"]["code"]) == (422, "unknown-friction")
    both = client.post(f"/api/cases/{small}/prefetch", json={"friction": "a", "parameter": "b"})
    assert both.status_code == 422
    friction = parse_text(small_case.text()).frictions[0].name
    for off in ([], [friction]):
        asked = {"off": off, "friction": friction}
        assert client.post(f"/api/cases/{small}/prefetch", json=asked).json() == {"answered": 1}
    before = solvers.asked.count("servanda.web.rooms.verdict:answer")
    assert before == 2
