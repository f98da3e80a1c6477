"""The founding case as it stood on the days on which its questions were asked."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from servanda.case import read
from servanda.case.resolved import ResolvedCase
from servanda.ensemble import Ensemble
from servanda.errors import CaseError
from servanda.kernels.lanes import LANES
from tests.ensemble.border import border

EARLIER = "date: 2022-08-01, decision: arming, option: build, reliability: 0.8"
BETWEEN = "date: 2022-10-20, variable: tension, level: crisis, reliability: 0.75"


def days(case: ResolvedCase) -> list[date]:
    return sorted({q.asked for q in (case.history or case).questions if q.asked is not None})


def solved_on(day: date, *, paths: bool) -> None:
    """Sixteen draws are solved, and asked what was asked on the day."""
    case = read("us-iran")
    study = Ensemble.of(case, day=day, paths=paths)
    rows, frame = study.solve(0, LANES), study.frame
    assert set(rows["failure"].tolist()) == {""}
    assert rows["settled"].all()
    asked = [q for q in (case.history or case).questions if q.asked == day and not q.outside]
    assert {n for n in rows if n.startswith("question.")} == {f"question.{q.name}" for q in asked}
    assert frame.case.as_of == frame.dates[0] == day
    for name, column in rows.items():
        if name.startswith(("question.", "outcome.", "path.", "event.")):
            assert np.isfinite(column).all(), name
            assert ((column >= 0.0) & (column <= 1.0 + 1e-5)).all(), name
    for item in frame.seen:
        assert item.evidence.date <= day
    for q in asked:
        assert np.ptp(rows[f"question.{q.name}"]) > 0.0


def test_a_day_of_the_past() -> None:
    solved_on(days(read("us-iran"))[1], paths=True)


@pytest.mark.verify
@pytest.mark.parametrize("at", range(6))
def test_every_day_on_which_something_was_asked(at: int) -> None:
    found = days(read("us-iran"))
    assert len(found) == 6
    solved_on(found[at], paths=False)


def test_the_day_of_a_case_sets_what_is_known_and_where_play_begins() -> None:
    case = border(EARLIER, BETWEEN, modelling="terminal: settled")
    now = Ensemble.of(case)
    assert (now.day, now.learn_from) == (case.as_of, case.start)
    assert now.frame.informed == 2
    assert len(now.frame.seen) == 2
    then = Ensemble.of(case, day=date(2022, 7, 1), learn_from=date(2022, 1, 1))
    assert then.frame.informed == 1
    assert then.frame.seen == ()
    fresh = Ensemble.of(case, day=date(2022, 11, 1))
    assert (fresh.learn_from, fresh.frame.informed) == (fresh.day, 0)
    assert fresh.frame.seen == ()
    state = {v.name: v.start for v in fresh.frame.case.variables}
    assert state["tension"] == "crisis"


def test_nothing_is_learnt_from_after_the_day() -> None:
    case = border(EARLIER, BETWEEN)
    study = Ensemble.of(case, day=date(2022, 7, 1), learn_from=date(2022, 12, 1))
    assert study.learn_from == study.day
    with pytest.raises(CaseError, match="cannot be frozen on 2023-03-01: it knows 2022-01-01 to 2023-02-10"):
        Ensemble.of(case, day=date(2023, 3, 1)).solve(0, LANES)
