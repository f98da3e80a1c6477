"""Forecasts against brute force: matrix products for the path of the state, absorbing states for events by a date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given

from servanda.compile import Compiled, compile_case
from servanda.equilibrium import Period, Solution, solve
from servanda.forecast.propagation import forecast, interpolate
from tests import dense
from tests.sketches import Sketch, sketches
from tests.strategies import Floats, few


def solved(sketch: Sketch) -> tuple[Compiled, Solution]:
    compiled = compile_case(sketch.case)
    return compiled, solve(compiled.game, compiled.numbers())


def policies(compiled: Compiled, solution: Solution) -> list[dense.Policy]:
    period = Period(compiled.game, solution.numbers)
    return [dense.policy_of(compiled.game, solution.numbers, period.odds(a), 0) for a in solution.advantage]


def paths(compiled: Compiled, solution: Solution) -> list[Floats]:
    """Distribution over states at every period start, by matrix products."""
    mass = [compiled.game.start.copy()]
    for t, policy in enumerate(policies(compiled, solution)):
        mass.append(dense.push(compiled.game, solution.numbers, t, policy, mass[-1]))
    return mass


def ever(compiled: Compiled, solution: Solution, event: Floats) -> list[float]:
    """Probability that an event has happened, its states made absorbing."""
    inside = event.astype(bool)
    mass = compiled.game.start.copy()
    found = [float(mass[inside].sum())]
    for t, policy in enumerate(policies(compiled, solution)):
        mass = dense.push(compiled.game, solution.numbers, t, policy, mass, inside)
        found.append(float(mass[inside].sum()))
    return found


@given(sketches())
@few(8)
def test_outcomes_are_those_of_matrix_products(sketch: Sketch) -> None:
    compiled, solution = solved(sketch)
    found = forecast(compiled, solution).outcomes
    top = compiled.layout.digit(compiled.codes, "arms") == sketch.levels - 1
    war = top & (compiled.layout.digit(compiled.codes, "sanctions") == 1)
    deal = compiled.live & ~war
    expected = paths(compiled, solution)
    assert found.deal == pytest.approx([m[deal].sum() for m in expected], abs=1e-10)
    assert found.war == pytest.approx([m[war].sum() for m in expected], abs=1e-10)
    for d, (name, series) in enumerate(found.drafts):
        assert name == f"draft{d}"
        assert series == pytest.approx([m[deal & (compiled.draft == d)].sum() for m in expected], abs=1e-10)
    assert found.ever_deal == pytest.approx(ever(compiled, solution, deal), abs=1e-10)
    assert found.ever_war == pytest.approx(ever(compiled, solution, war), abs=1e-10)


@given(sketches())
@few(20)
def test_outcomes_exclude_each_other_and_leave_nothing_out(sketch: Sketch) -> None:
    compiled, solution = solved(sketch)
    path = forecast(compiled, solution).outcomes
    for series in (path.none, path.deal, path.war, path.ever_deal, path.ever_war):
        assert len(series) == compiled.case.periods + 1
        assert min(series) >= 0.0
        assert max(series) <= 1.0 + 1e-12
    np.testing.assert_allclose(np.sum([path.none, path.deal, path.war], axis=0), 1.0, atol=1e-12)
    np.testing.assert_allclose(np.sum([s for _, s in path.drafts], axis=0), path.deal, atol=1e-12)
    for now, so_far in ((path.deal, path.ever_deal), (path.war, path.ever_war)):
        assert (np.diff(so_far) >= -1e-12).all()
        assert (np.array(so_far) >= np.array(now) - 1e-12).all()


@given(sketches())
@few(20)
def test_answers_by_a_date_never_fall_with_the_date(sketch: Sketch) -> None:
    compiled, solution = solved(replace(sketch, years=3))
    answers = {a.question: a for a in forecast(compiled, solution).answers}
    by = [answers[f"by_{k}"] for k in range(5)]
    at = [answers[f"at_{k}"] for k in range(5)]
    assert [a.timing for a in (by[0], at[0])] == ["by", "at"]
    assert all(0.0 <= a.probability <= 1.0 for a in answers.values())
    chances = [a.probability for a in by]
    assert (np.diff(chances) >= -1e-12).all()
    for ever_, now in zip(by, at, strict=True):
        assert ever_.date == now.date
        assert ever_.probability >= now.probability - 1e-10
    brief = forecast(compiled, solution, details=False)
    assert brief.answers == tuple(answers.values())
    assert (brief.indicators, brief.variables, brief.calendar) == ((), (), ())


def test_answers_are_interpolated_between_period_starts() -> None:
    compiled, solution = solved(Sketch())
    path = forecast(compiled, solution)
    answer = next(a for a in path.answers if a.question == "at_0")
    assert answer.date == date(2022, 7, 15)
    share = 14 / 184  # of the days from July 2022 to January 2023
    expected = (1 - share) * path.outcomes.deal[1] + share * path.outcomes.deal[2]
    live = [m[compiled.live].sum() for m in paths(compiled, solution)]
    assert answer.probability == pytest.approx((1 - share) * live[1] + share * live[2], abs=1e-12)
    assert expected <= answer.probability + 1e-12
    assert interpolate(compiled, np.array([0.0, 1.0, 1.0]), date(2022, 1, 1)) == 0.0
    assert interpolate(compiled, np.array([0.0, 1.0, 0.5]), date(2031, 1, 1)) == 0.5


@given(sketches())
@few(10)
def test_indicators_and_variables_agree(sketch: Sketch) -> None:
    compiled, solution = solved(sketch)
    found = forecast(compiled, solution)
    arms = next(v for v in found.variables if v.variable == "arms")
    share = np.array(arms.probability)
    np.testing.assert_allclose(share.sum(axis=0), 1.0, atol=1e-12)
    fan = found.indicators[0]
    np.testing.assert_allclose(fan.mean, np.arange(sketch.levels) @ share, atol=1e-12)
    for low, middle, high in zip(fan.q10, fan.q50, fan.q90, strict=True):
        assert 0.0 <= low <= middle <= high <= sketch.levels - 1
    assert (fan.mean[0], fan.q10[0], fan.q90[0]) == (1.0, 1.0, 1.0)


def test_the_calendar_lists_dated_events_within_the_horizon() -> None:
    compiled, solution = solved(
        Sketch(years=3, sunset="2023-03-01", shock="ended", shock_timing="dates: [2022-02-01, 2040-01-01]")
    )
    events = [(e.date.isoformat(), e.label) for e in forecast(compiled, solution).calendar]
    assert events == [
        ("2022-02-01", "shock"),
        ("2022-11-08", "election"),
        ("2023-03-01", "sunset of draft0"),
        ("2024-11-08", "election"),
    ]
