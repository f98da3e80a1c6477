"""Chances by the date of beginning: the gates as known at the first date, brute force at later ones, closing dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from threading import Event

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import find, load, load_text
from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.answers import Design
from servanda.diagnosis.beginnings import Beginnings, gates_by_date, standing
from servanda.diagnosis.drafts import judge_drafts
from servanda.diagnosis.gates import SIGNED, signing_of, voting_of
from servanda.diagnosis.play import ALIVE, Play
from servanda.diagnosis.survival import survival_of
from servanda.diagnosis.windows import beginnings, windows, world_without_deal
from servanda.equilibrium import Settings, solve
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.errors import CaseError
from tests import dense
from tests.compile.test_reachability import walk
from tests.sketches import Sketch, sketches
from tests.strategies import few

# One side changes hands for good in the fifth year; the newcomer leaves every deal at once and signs none.
TEXT = """\
case: change-of-government
title: A change of government
start: 2000-01-01
period: year
horizon: 8 years
sides:
  north: {party: yes, led_by: palace, title: The North}
  south: {party: yes, led_by: council}
actors:
  friend: {side: north, title: The friend, discount: 0.25, decisiveness: 0.1, source: judgement}
  foe: {side: north, title: The foe, discount: 0.25, decisiveness: 0.1, source: judgement}
  council: {side: south, discount: 0.25, decisiveness: 0.1, source: judgement}
variables:
  palace: {kind: office, title: The palace, side: north, holders: [friend, foe], start: friend}
chance:
  change: {dates: [2004-01-01], variable: palace, holders: {friend: 1 - change, foe: change}}
parameters:
  change: {value: 1, source: judgement}
  dislike: {value: 5, source: judgement}
decisions:
  conduct: {by: south, options: {comply: {}, defy: {price: {south: 1}, source: judgement}}}
protocol: {order: fixed, cooling_off: 1 year, forms: {accord: {}}}
drafts:
  accord:
    title: The accord
    form: accord
    phases: [{name: in_force, owes: {south: {conduct: {must: [comply]}}}}]
    source: judgement
payoffs:
  friend:
    a deal: {worth: 5, when: deal is live, source: judgement}
    out of office: {worth: -3, when: palace is foe, source: judgement}
  foe: {a deal: {worth: -dislike, when: deal is live}}
  council: {a deal: {worth: 5, when: deal is live, source: judgement}}
"""


@pytest.fixture(scope="module")
def change() -> ResolvedCase:
    return load_text(TEXT, "change.yaml").require()


def alone(sketch: Sketch, draft: int) -> Play:
    compiled = compile_case(sketch.case, menu=[f"draft{draft}"])
    return Play(compiled, solve(compiled.game, compiled.numbers()))


@given(sketches())
@few(12)
def test_the_first_date_has_the_gates_of_the_draft(sketch: Sketch) -> None:
    for d in range(sketch.drafts):
        play = alone(sketch, d)
        for window in (1, play.periods):
            when = Beginnings((0,), window, play.periods)
            found = gates_by_date(play, d, play.compiled.game.start[:, None], when)
            votes = voting_of(play, d)
            assert found.sign[0] == pytest.approx(signing_of(play, d, window).caught[:window, d].sum(), abs=1e-12)
            assert found.keep[0] == pytest.approx(survival_of(play, d).kept, abs=1e-12)
            assert found.able[0] == 1.0
            if sketch.ratifiers == 0:
                assert found.ratify[0] == 1.0
            else:
                expected = votes.approved / votes.decided if votes.decided > 0.0 else 0.0
                assert found.ratify[0] == pytest.approx(expected, abs=1e-9)


@given(sketches())
@few(6)
def test_windows_begin_with_the_verdict_on_each_draft(sketch: Sketch) -> None:
    case = sketch.case
    found = windows(case, [d.name for d in case.drafts], keep_years=sketch.years)
    assert found.dates == (date(2022, 1, 1),)
    compiled = compile_case(case)
    play = Play(compiled, solve(compiled.game, compiled.numbers()))
    judged = judge_drafts(play, {}, Settings(), sketch.years * 2)
    for window, (verdict, _) in zip(found.windows, judged, strict=True):
        gates = (window.sign[0], window.ratify[0], window.keep[0])
        assert gates == pytest.approx([g.probability for g in verdict.gates], abs=1e-4)
        assert (window.draft, window.label) == (verdict.draft, verdict.title)


@given(sketch=sketches(), window=st.integers(1, 2))
@few(8)
def test_later_dates_are_counted_by_brute_force(sketch: Sketch, window: int) -> None:
    """A world drawn at random is pushed on, order by order; votes and lawful ends are left to the first date."""
    sketch = replace(sketch, sunset="", renewal=False, ratifiers=0, drafts=1)
    play = alone(sketch, 0)
    compiled, game, numbers = play.compiled, play.compiled.game, play.solution.numbers
    idle = standing(compiled, 0) & (compiled.draft < 0)
    worlds = np.zeros((game.states, 2))
    worlds[idle] = np.random.default_rng(3).dirichlet(np.ones(idle.sum()), 2).T
    found = gates_by_date(play, 0, worlds, Beginnings((0, 1), window, window))
    signed, alive = play.stage_mask(*SIGNED), play.stage_mask(*ALIVE)
    first = compiled.layout.levels[int(compiled.deal_level[compiled.start_with_deal(0)])]
    for j in (0, 1):
        seeking, holding = worlds[:, j].copy(), np.zeros(game.states)
        for state in np.flatnonzero(idle):
            code = int(compiled.layout.with_deal(compiled.codes[[state]], first)[0])
            if code in compiled.codes and standing(compiled, 0)[compiled.states_with(code)]:
                holding[compiled.states_with(code)] += worlds[state, j]
        assert found.able[j] == pytest.approx(holding.sum(), abs=1e-12)
        holding /= holding.sum()
        for t in range(j, j + window):
            policy = dense.policy_of(game, numbers, play.odds[t], 0)
            seeking = dense.push(game, numbers, t, policy, seeking, signed)
            holding = dense.push(game, numbers, t, policy, holding, ~alive)
        assert found.sign[j] == pytest.approx(seeking[signed].sum(), abs=1e-10)
        assert found.keep[j] == pytest.approx(holding[alive].sum(), abs=1e-10)


@given(sketches())
@few(8)
def test_states_at_the_start_of_a_period_are_those_that_a_walk_meets_there(sketch: Sketch) -> None:
    compiled = compile_case(replace(sketch, drafts=1).case)
    assert set(compiled.codes[standing(compiled, 0)].tolist()) == started(compiled)


def started(compiled: Compiled) -> set[int]:
    """Period by period, every state by itself, through every order of the stages."""
    _, before = walk(compiled)
    first = compiled.game.schedule.opening[0]
    return before[first]


def test_where_a_draft_cannot_stand_it_is_not_put_in_force() -> None:
    """The deal falls as soon as arms are at their height, before a period begins."""
    sketch = Sketch(linkage="collapse")
    play = alone(sketch, 0)
    compiled = play.compiled
    arms = compiled.layout.digit(compiled.codes, "arms")
    idle = standing(compiled, 0) & (compiled.draft < 0)
    worlds = np.zeros((compiled.game.states, 2))
    worlds[idle & (arms == 2), 0] = 0.75 / (idle & (arms == 2)).sum()
    worlds[idle & (arms < 2), 0] = 0.25 / (idle & (arms < 2)).sum()
    worlds[idle & (arms == 2), 1] = 1.0 / (idle & (arms == 2)).sum()
    found = gates_by_date(play, 0, worlds, Beginnings((0, 1), 1, 1))
    assert found.able == pytest.approx([0.25, 0.0])
    assert 0.0 < found.keep[0] <= 1.0
    assert found.keep[1] == 0.0


def test_a_world_that_the_game_does_not_know_is_refused() -> None:
    play = alone(Sketch(linkage="collapse"), 0)
    moment = np.flatnonzero(~standing(play.compiled, 0))[:1]
    worlds = np.zeros((play.compiled.game.states, 1))
    worlds[moment] = 1.0
    with pytest.raises(LookupError, match="a world without a deal that the game with the draft does not know"):
        gates_by_date(play, 0, worlds, Beginnings((0,), 1, 1))


def test_a_window_closes_when_the_friend_has_too_little_time_left(change: ResolvedCase) -> None:
    found = windows(change, ["accord"], sign_years=2, keep_years=2)
    assert [d.year for d in found.dates] == list(range(2000, 2007))
    assert (found.sign_years, found.keep_years) == (2.0, 2.0)
    (window,) = found.windows
    assert window.sign == pytest.approx([1, 1, 1, 1, 0, 0, 0], abs=1e-6)
    assert window.keep == pytest.approx([1, 1, 1, 0, 0, 0, 0], abs=1e-6)
    assert window.ratify == (1.0,) * 7
    assert (found.closes, found.never) == (date(2003, 1, 1), False)
    assert found.sentence == (
        "The window closes: from January 2003 on nothing shown passes all gates any more. Best is “The accord” sought "
        "in January 2000 (100 %)."
    )


def test_offices_and_values_without_a_deal_follow_the_calendar(change: ResolvedCase) -> None:
    """The friend loses three points in every year from the fifth on, at a discount factor of 0.8."""
    found = windows(change, ["accord"], sign_years=2, keep_years=2)
    assert [o[:2] for o in found.offices] == [("The palace", "The friend"), ("The palace", "The foe")]
    assert found.offices[0][2] == pytest.approx([1, 1, 1, 1, 1, 0, 0], abs=1e-12)
    assert found.offices[1][2] == pytest.approx([0, 0, 0, 0, 0, 1, 1], abs=1e-12)
    assert found.sides == ("north", "south")
    assert found.no_deal[0] == pytest.approx([-15 * 0.8 ** max(4 - j, 0) for j in range(7)], abs=1e-6)
    assert found.no_deal[1] == pytest.approx([0.0] * 7, abs=1e-6)


def test_a_design_counts_from_its_date_on_and_can_keep_a_window_open(change: ResolvedCase) -> None:
    design = Design(
        "accord", "The accord", (("Dislike", "none"),), (("dislike", -5.0),), 1.0, 1.0, 1.0, (0.0, 0.0), 8.0, 0.0,
        "keep", True, moved=(("Dislike", "none"),),
    )  # fmt: skip
    found = windows(change, ["accord"], designs=[design], sign_years=2, keep_years=2)
    assert [w.label for w in found.windows] == ["The accord", "The accord: Dislike none"]
    assert found.windows[1].holds == pytest.approx([1.0] * 7, abs=1e-6)
    assert found.windows[0] == windows(change, ["accord"], sign_years=2, keep_years=2).windows[0]
    assert (found.closes, found.never) == (None, False)
    assert "still open in January 2006" in found.sentence


def test_a_case_can_have_no_window_at_all(change: ResolvedCase) -> None:
    hostile = {"change": 0.5, "dislike": 500.0}
    found = windows(change, ["accord"], overrides=hostile, sign_years=2, keep_years=5, threshold=1.1)
    assert (found.closes, found.never) == (None, True)
    assert [d.year for d in found.dates] == [2000, 2001, 2002, 2003]
    assert found.sentence.startswith(
        "Nothing shown passes all gates if it is sought at any date from January 2000 to January 2003: “The accord”"
    )


def test_a_window_can_open_late(change: ResolvedCase) -> None:
    """The foe holds office first, and the friend comes for good."""
    palace = replace(change.variables[0], start="foe")
    case = replace(change, variables=(palace,))
    found = windows(case, ["accord"], overrides={"change": 0.0}, sign_years=1, keep_years=2)
    assert found.windows[0].keep == pytest.approx([0, 0, 0, 0, 1, 1, 1], abs=1e-6)
    assert found.closes is None
    assert "It opens in January 2004." in found.sentence


def test_a_fixed_sunset_is_named_where_it_shortens_what_must_be_kept(change: ResolvedCase) -> None:
    warning = "Its text ends in January 2005 whenever it begins: the later it is sought, the less there is to keep."
    (draft,) = change.drafts
    for years, expected in ((5, True), (12, False)):
        case = replace(change, drafts=(replace(draft, sunset_date=date(2000 + years, 1, 1)),))
        found = windows(case, ["accord"], overrides={"change": 0.0}, sign_years=2, keep_years=2)
        assert found.windows[0].keep == pytest.approx([1.0] * 7, abs=1e-6)
        assert found.sentence.endswith(warning) == expected


@given(periods=st.integers(1, 80), months=st.sampled_from([1, 3, 6, 12, 24]), sign=st.floats(0.1, 30))
@few(60)
def test_dates_are_few_even_and_leave_room_for_both_windows(periods: int, months: int, sign: float) -> None:
    case = replace(load(find("theory/two-level-ratification")).require(), periods=periods, period_months=months)
    for keep in (None, 0.1, 7.0):
        when = beginnings(case, sign, keep)
        assert when.periods[0] == 0
        assert 1 <= when.sign <= periods
        assert 1 <= when.keep <= periods
        assert when.periods[-1] + when.reach <= periods
        assert len(when.periods) <= 14
        steps = set(np.diff(when.periods).tolist())
        assert len(steps) <= 1
        for step in steps:
            assert step % max(1, 12 // months) == 0
            # a further date would not fit
            assert when.periods[-1] + step + when.reach > periods
    assert beginnings(case, 0.01, None).keep == (periods + 1) // 2


def test_worlds_without_a_deal_hold_no_deal_and_all_mass() -> None:
    case = Sketch(years=4, drafts=2, spoiler="ended").case
    found = world_without_deal(case, (0, 2, 5), {}, Settings())
    assert found.worlds.sum(axis=0) == pytest.approx([1.0] * 3, abs=1e-12)
    assert (found.compiled.draft == -1).all()
    assert found.worlds[:, 0] == pytest.approx(found.compiled.game.start)
    for title in ("presidency",):
        odds = np.array([o[2] for o in found.offices if o[0] == title])
        assert odds.sum(axis=0) == pytest.approx([1.0] * 3, abs=1e-12)
    # the first value is that of the world without a deal at the start
    compiled = compile_case(case, menu=())
    solution = solve(compiled.game, compiled.numbers())
    start = int(compiled.game.start.argmax())
    names = [a.name for a in case.actors]
    expected = [solution.values[start, names.index(a)] for a in ("dove", "council")]
    assert [v[0] for v in found.values] == pytest.approx(expected, rel=1e-9)


def test_progress_mistakes_and_interruptions(change: ResolvedCase) -> None:
    seen: list[tuple[int, int]] = []
    windows(change, ["accord"], progress=lambda *x: seen.append(x))
    assert seen == [(1, 1)]
    with pytest.raises(CaseError, match="no draft is called pact"):
        windows(change, ["pact"])
    with pytest.raises(CaseError, match="unknown parameter: nothing"):
        windows(change, ["accord"], overrides={"nothing": 1.0})
    stop = Event()
    stop.set()
    with pytest.raises(InterruptedSolveError):
        windows(change, ["accord"], settings=Settings(stop=stop))
