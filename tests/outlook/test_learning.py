"""Frozen frames one after the other: what each has learnt, and that none knows what came later."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servanda.case.resolved import ResolvedCase
from servanda.ensemble import Ensemble
from servanda.errors import CaseError
from servanda.outlook.forecasting import Settings, look
from servanda.outlook.learning import Step, steps
from servanda.uncertainty.weights import weigh
from tests.outlook.quarrel import quarrel

FIRST, SECOND, THIRD = date(2022, 1, 1), date(2022, 7, 1), date(2023, 1, 1)
REPORTS = (
    "date: 2022-01-01, variable: arms, level: middle, reliability: 0.99",
    "date: 2022-03-01, decision: signalling, option: reach_out, reliability: 0.9",
    "date: 2022-07-01, variable: arms, level: low, reliability: 0.9",
    "date: 2022-09-01, decision: signalling, option: reach_out, reliability: 0.8",
    "date: 2023-01-01, indicator: burden, value: [0, 2], reliability: 0.9",
)
AS_OF = "2023-07-01"
QUESTIONS = """\
questions:
  first: {text: Deal?, holds: deal is live, at: 2024-01-01, asked: 2022-01-01, outcome: no}
  second: {text: Deal?, holds: deal is live, at: 2024-01-01, asked: 2022-07-01, outcome: no}
  third: {text: Deal?, holds: deal is live, at: 2024-01-01, asked: 2023-01-01, outcome: no}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweeps")


def history(*reports: str, **how: Any) -> ResolvedCase:
    return quarrel(*reports, as_of=AS_OF, questions=QUESTIONS, **how)


def learnt(case: ResolvedCase, days: list[date], folder: Path, **how: Any) -> tuple[Step, ...]:
    return steps(case, days, Settings(draws=16, workers=1, folder=folder, **how))


def test_what_was_seen_adds_up_over_the_stretches(folder: Path) -> None:
    found = learnt(history(*REPORTS), [FIRST, SECOND, THIRD], folder)
    assert [s.day for s in found] == [FIRST, SECOND, THIRD]
    assert [s.study.learn_from for s in found] == [FIRST, FIRST, SECOND]
    assert [[str(o.evidence.date) for o in s.study.frame.seen] for s in found] == [
        ["2022-01-01"], ["2022-03-01", "2022-07-01"], ["2022-09-01", "2023-01-01"],
    ]  # fmt: skip
    assert [s.pieces for s in found] == [1, 3, 5]
    total = np.zeros(16)
    for step in found:
        total = total + Ensemble.of(
            history(*REPORTS), day=step.day, learn_from=step.study.learn_from, paths=False, leave_out=False
        ).solve(0, 16)["likelihood"]  # fmt: skip
        np.testing.assert_array_equal(step.likelihood, total)
        weights, weighing = weigh(total)
        np.testing.assert_array_equal(step.weights, weights)
        assert step.weighing.effective == weighing.effective
    # what is seen of the state one starts in weighs all draws alike
    assert np.ptp(found[0].likelihood) < 1e-6
    assert np.ptp(found[1].likelihood) > 0.1


def test_days_are_taken_in_order_and_once(folder: Path) -> None:
    case = history(*REPORTS)
    straight = learnt(case, [FIRST, SECOND, THIRD], folder)
    mixed = learnt(case, [THIRD, FIRST, SECOND, FIRST], folder)
    assert [s.day for s in mixed] == [s.day for s in straight]
    for one, other in zip(straight, mixed, strict=True):
        np.testing.assert_array_equal(one.likelihood, other.likelihood)


def test_the_first_day_learns_nothing(folder: Path) -> None:
    """However much had been seen before it, it tells where things stand and not which draws are right."""
    (only,) = learnt(history(*REPORTS), [SECOND], folder)
    assert only.study.frame.informed == 0
    assert dict(only.state)["Arms"] == "low"
    assert only.weighing.effective == pytest.approx(16.0)
    (start,) = learnt(history(*REPORTS[1:]), [FIRST], folder)
    assert start.pieces == 0
    np.testing.assert_array_equal(start.likelihood, np.zeros(16))


def test_on_its_own_day_a_case_learns_what_it_says(folder: Path) -> None:
    """The forecast that a backtest scores is the one that an outlook shows."""
    case = history(*REPORTS[1:])
    (only,) = learnt(case, [case.as_of], folder)
    assert (only.study.learn_from, only.pieces) == (case.learn_from, 4)
    shown = look(case, Settings(draws=16, workers=1, folder=folder, gates=()))
    assert shown.weighing.effective == only.weighing.effective


@pytest.mark.parametrize("later", [
    ("option: reach_out, reliability: 0.8", "option: stall, reliability: 0.99"),
    ("value: [0, 2]", "value: [3, 3]"),
    ("at: 2024-01-01, asked: 2023-01-01, outcome: no", "at: 2023-09-01, asked: 2023-01-01, outcome: yes"),
    ("date: 2022-09-01, decision", "date: 2022-07-02, decision"),
])  # fmt: skip
def test_nothing_later_is_visible(later: tuple[str, str], folder: Path) -> None:
    plain = learnt(history(*REPORTS), [FIRST, SECOND], folder)
    changed = learnt(history(*REPORTS, more=[later]), [FIRST, SECOND], folder)
    for one, other in zip(plain, changed, strict=True):
        assert one.study.digest != other.study.digest
        assert (one.state, one.assumed, one.pieces) == (other.state, other.assumed, other.pieces)
        np.testing.assert_array_equal(one.likelihood, other.likelihood)
        assert list(one.swept) == list(other.swept)
        for name in one.swept:
            np.testing.assert_array_equal(one.swept[name], other.swept[name], err_msg=name)


def test_a_draft_of_later_is_not_in_a_frame(folder: Path) -> None:
    first, second, third = learnt(history(*REPORTS, on_table="from: 2022-10-01"), [FIRST, SECOND, THIRD], folder)
    assert [[d.name for d in s.case.drafts] for s in (first, second, third)] == [[], [], ["swap"]]
    # with no draft there is no deal to be had
    assert (first.swept["question.first"] == 0.0).all()
    assert (third.swept["question.third"] > 0.0).all()


def test_a_draw_that_failed_once_stays_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its likelihood is not known, so it may not count as if all it saw had been certain."""
    solve = Ensemble.solve

    def failing(self: Ensemble, first: int, count: int) -> Any:
        rows = {name: column.copy() for name, column in solve(self, first, count).items()}
        if self.day == SECOND:
            rows["failure"] = np.where(np.arange(first, first + count) == 3, "lost", rows["failure"])
            rows["likelihood"][3] = np.nan
        return rows

    monkeypatch.setattr(Ensemble, "solve", failing)
    found = steps(history(*REPORTS), [FIRST, SECOND, THIRD], Settings(draws=16, workers=1, folder=folder / "lost"))
    assert [s.weighing.failed for s in found] == [0, 1, 1]
    assert [s.weights[3] > 0.0 for s in found] == [True, False, False]
    assert np.isnan(found[2].likelihood[3])


def test_evidence_that_cannot_be_leaves_the_answers_before_it(folder: Path) -> None:
    """Nobody can have dismantled two levels within the half-year."""
    jump = (
        "date: 2022-01-01, variable: arms, level: high, reliability: 1",
        "date: 2022-07-01, variable: arms, level: low, reliability: 1",
    )
    first, second = learnt(history(*jump, more=[("start: middle", "start: high")]), [FIRST, SECOND], folder)
    assert (first.weighing.tempering, second.weighing.tempering) == (1.0, 0.0)
    assert np.isneginf(second.likelihood).all()
    assert np.isnan(second.swept["question.second"]).all()
    np.testing.assert_array_equal(second.column("question.second"), second.swept["before.question.second"])
    np.testing.assert_array_equal(first.column("question.first"), first.swept["question.first"])


def test_a_day_that_the_case_does_not_know(folder: Path) -> None:
    with pytest.raises(CaseError, match="cannot be frozen on 2021-01-01") as told:
        learnt(history(), [date(2021, 1, 1)], folder)
    assert [i.code for i in told.value.issues] == ["day-not-known"]
