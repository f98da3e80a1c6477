"""A bench against the full analysis: every headline number, whatever was asked before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from servanda.analysis import Settings, run
from servanda.case import read
from servanda.case.resolved import ResolvedCase
from servanda.errors import CaseError
from servanda.live import Bench, Live
from servanda.runs import Run
from tests.sketches import Sketch, sketches
from tests.strategies import few

BARE = Settings(select=False, frictions=False, diagnosis=())


def full(case: ResolvedCase, **values: float) -> Run:
    return run(case, replace(BARE, overrides=values))


def agrees(found: Live, exact: Run, within: float) -> None:
    """Every headline number of a run, to within a probability."""
    assert found.verdict.probability == pytest.approx(exact.verdict.probability, abs=within)
    for mine, theirs in zip(found.drafts, exact.drafts, strict=True):
        assert mine.draft == theirs.draft
        gates = [g.probability for g in theirs.gates]
        assert [mine.sign, mine.ratify, mine.keep] == pytest.approx(gates, abs=within)
        assert mine.mean_life == pytest.approx(theirs.survival.mean_life_years, abs=20 * within)
        assert list(mine.survival) == pytest.approx(list(theirs.survival.alive), abs=within)
        assert sum(p for _, p in mine.ended_by) + mine.survival[-1] == pytest.approx(1.0, abs=1e-4)
        ends = sum(e.probability for e in theirs.survival.endings if e.kind == "expiry")
        assert dict(mine.ended_by).get("its own end", 0.0) == pytest.approx(ends, abs=within)
    paths, expected = found.forecast.outcomes, exact.forecast.outcomes
    assert paths.dates == expected.dates
    for name in ("none", "deal", "war", "ever_deal", "ever_war"):
        assert list(getattr(paths, name)) == pytest.approx(list(getattr(expected, name)), abs=within)
    for (one, share), (other, theirs_share) in zip(paths.drafts, expected.drafts, strict=True):
        assert one == other
        assert list(share) == pytest.approx(list(theirs_share), abs=within)
    answers = {a.question: a.probability for a in exact.forecast.answers}
    assert {a.question: a.probability for a in found.forecast.answers} == pytest.approx(answers, abs=within)


@given(sketch=sketches())
@few(12)
def test_every_headline_number_is_that_of_a_run(sketch: Sketch) -> None:
    case = sketch.case
    exact = full(case)
    found = Bench.of(case).answer({})
    if exact.status.name == "SOLVED" and found.settled:
        agrees(found, exact, 2e-3)


@pytest.mark.parametrize(
    ("name", "within"),
    [
        # play so steep that the last digit of a value moves odds by a hundredth of themselves
        ("theory/two-level-ratification", 1e-2),
        ("theory/holdup-bond", 3e-3),
        ("cuba-opening", 3e-3),
        ("budapest-1994", 3e-3),
    ],
)
def test_moved_parameters_move_the_answer_as_in_a_run(name: str, within: float) -> None:
    case = read(name)
    bench = Bench.of(case)
    uncertain = [p for p in case.parameters if p.number.central]
    for parameter in uncertain[:3]:
        values = {parameter.name: parameter.number.central * 0.9}
        agrees(bench.answer(values), full(case, **values), within)


def test_an_answer_does_not_hang_on_what_was_asked_before() -> None:
    case = read("cuba-opening")
    names = [p.name for p in case.parameters if p.number.central][:2]
    central = {p.name: p.number.central for p in case.parameters}
    far, near = {names[0]: central[names[0]] * 1.3}, {names[1]: central[names[1]] * 0.8}
    one, other = Bench.of(case, threads=1), Bench.of(case)
    one.answer(far)
    first = one.answer(near)
    second = other.answer(near)
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)
    assert replace(one.answer(near), seconds=0.0) == replace(first, seconds=0.0)
    assert first.verdict.probability != one.answer(far).verdict.probability


@pytest.mark.parametrize("sketch", [Sketch(values="taste"), Sketch(drafts=2, ratifiers=1)])
def test_games_that_cannot_be_wound_up_are_solved_in_full(sketch: Sketch) -> None:
    case = sketch.case
    bench = Bench.of(case)
    if sketch.values == "taste":
        assert not bench.wound
    else:
        bench.__dict__["wound"] = False
    agrees(bench.answer({}), full(case), 1e-4)


def test_exact_plays_are_kept_and_unknown_names_refused() -> None:
    case = read("theory/two-level-ratification")
    bench = Bench.of(case)
    name = case.drafts[0].name
    assert bench.alone(name, {}) is bench.alone(name, {})
    assert bench.play({}) is not bench.alone(name, {})
    with pytest.raises(KeyError):
        bench.alone("nothing", {})
    with pytest.raises(CaseError, match="unknown parameter"):
        bench.answer({"no_such_thing": 1.0})
