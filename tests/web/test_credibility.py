"""Credibility over HTTP: the same temptations and endings as a run finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.analysis import Settings, run
from servanda.case import parse_text
from servanda.diagnosis.findings import CredibilityGap
from servanda.equilibrium import Settings as Solver
from servanda.web.problems import Problem
from servanda.web.rooms.credibility import MOST_ENDINGS, draft_index, sentences
from tests.web import small as small_case

DATES = (date(2024, 1, 1), date(2024, 7, 1))


def asked(client: TestClient, name: str, **scenario: Any) -> dict[str, Any]:
    answer = client.post(f"/api/cases/{name}/credibility", json=scenario)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_temptations_are_those_of_a_run(client: TestClient, small: str) -> None:
    found = asked(client, small, draft="inspected")
    how = Settings(select=False, frictions=False, diagnosis=(), solver=Solver(tail_tolerance=1e-6))
    judged = next(d for d in run(parse_text(small_case.text()), how).drafts if d.draft == "inspected")
    assert found["title"] == judged.title
    assert found["keep"] == pytest.approx(judged.gates[2].probability, abs=1e-4)
    assert [h["title"] for h in found["holders"]] == [gap.actor_title for gap in judged.credibility]
    for holder, gap in zip(found["holders"], judged.credibility, strict=True):
        assert holder["gap"] == [None if g is None else pytest.approx(g, abs=1e-2) for g in gap.gap]
        assert holder["weight"] == pytest.approx(gap.weight, abs=1e-4)
    assert len(found["dates"]) == len(found["alive"]) == len(found["holders"][0]["gap"]) + 1


def test_endings_and_survival_fill_the_whole_at_every_date(client: TestClient, small: str) -> None:
    found = asked(client, small)
    assert len(found["endings"]) <= MOST_ENDINGS + 1
    for t in range(len(found["dates"]) - 1):
        ended = sum(ending["by_date"][t] for ending in found["endings"])
        assert ended + found["alive"][t + 1] == pytest.approx(1.0, abs=1e-9)
    likeliest = [e["probability"] for e in found["endings"] if e["kind"] != "other"]
    assert likeliest == sorted(likeliest, reverse=True)


def test_the_first_draft_is_shown_where_none_is_named(client: TestClient, small: str) -> None:
    assert asked(client, small) == asked(client, small, draft="agreement")


def test_an_unknown_draft_is_told_with_those_there_are(client: TestClient, small: str) -> None:
    answer = client.post(f"/api/cases/{small}/credibility", json={"draft": "peace"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "unknown-draft")
    assert error["hint"] == "drafts: agreement, inspected"


def test_a_case_without_drafts_has_nobody_to_tempt() -> None:
    case = replace(parse_text(small_case.text()), drafts=())
    with pytest.raises(Problem) as refused:
        draft_index(case, "")
    assert (refused.value.code, refused.value.message) == ("unknown-draft", "no draft is on the table")


def gap(*values: float | None, weight: float = 0.5) -> CredibilityGap:
    shares = tuple(0.0 if v is None else weight for v in values)
    return CredibilityGap("a", "Leader", "s", values, shares, shares, ("leave",) * len(values))


def test_a_sentence_names_the_most_tempted_moment() -> None:
    said, detail = sentences("Pact", [gap(-1.0, 2.5)], DATES)
    assert said == "Tempted most: Leader, in Jul 2024."
    assert detail.startswith("“leave” is then better than keeping by 2.5 points")
    assert "50 %" in detail


def test_a_sentence_says_that_nobody_is_tempted() -> None:
    said, detail = sentences("Pact", [gap(-1.0, -0.5)], DATES)
    assert said == "Nobody in office is tempted, on average."
    assert detail.startswith("Nearest to it is Leader in Jul 2024: keeping is better than “leave” by 0.5 points.")


def test_rare_moments_do_not_count() -> None:
    said, detail = sentences("Pact", [gap(9.0, weight=0.01), gap(None, None)], DATES)
    assert said == "Nobody who can break or leave “Pact” is likely to decide while it runs."
    assert detail == ""
