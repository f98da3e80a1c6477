"""Simultaneous decision points, from the case file to the solution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.case import dump, load_text
from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.equilibrium import Period, Settings, solve
from servanda.equilibrium.certificate import certify
from servanda.equilibrium.sixteen import SixteenPeriod

TEXT = """\
case: race
title: A race
start: 2000-01-01
period: half-year
horizon: 3 years
values: {values}
sides:
  north: {{party: yes, led_by: cabinet}}
  south: {{party: yes, led_by: s}}
actors:
  dove: {{side: north, decisiveness: 10, source: judgement}}
  hawk: {{side: north, decisiveness: 6, source: judgement}}
  s: {{side: south, decisiveness: 8, discount: 0.1, source: judgement}}
variables:
  cabinet: {{kind: office, side: north, holders: [dove, hawk], start: dove}}
  tension: {{kind: stock, levels: [low, middle, high], start: low}}
chance:
  election: {{variable: cabinet, rate: 0.5, holders: {{dove: 0.5, hawk: 0.5}}, source: judgement}}
decisions:
  arming:
    by: cabinet
    options: {{rest: {{}}, arm: {{price: {{north: 2}}, effects: {{tension: up}}, source: judgement}}}}
  answering:
    by: s
    when: not tension is high
    options: {{rest: {{}}, arm: {{price: {{s: 2}}, effects: {{tension: up}}, hidden: yes, source: judgement}}}}
{simultaneous}
protocol:
  forms: {{plain: {{title: Plain, exit_price: {{north: 3, s: 3}}, source: judgement}}}}
  start: {{deal: in_force, draft: pact}}
drafts:
  pact:
    title: Arms pact
    form: plain
    verification: {{detection: 0.5, source: judgement}}
    phases: [{{name: full, owes: {{north: {{arming: {{must: [rest]}}}}, south: {{answering: {{must: [rest]}}}}}}}}]
    breach: {{north: {{price: {{north: 5}}, source: judgement}}, south: {{price: {{south: 5}}, source: judgement}}}}
payoffs:
  dove: {{peace: {{worth: 20, when: tension is low, source: judgement}}}}
  hawk: {{strength: {{worth: 6, per: tension, source: judgement}}}}
  s: {{peace: {{worth: 20, when: tension is low, source: judgement}}}}
parameters: {{edge: {{value: 2 to 12, central: 6, source: judgement}}}}
outcomes: {{war: tension is high}}
"""
AT_ONCE = """\
simultaneous:
  race:
    decisions: [arming, answering]
    profiles:
      - chosen: {arming: rest, answering: rest}
        outcomes: [{odds: 0.5, effects: {tension: down}}, {effects: {}}]
        source: judgement
      - {chosen: {arming: arm, answering: rest}, price: {north: {edge: -edge}, s: {edge: edge}}, source: judgement}
      - {chosen: {answering: arm}, when: tension is middle, price: {s: {edge: -edge}}, source: judgement}
"""


def race(values: str = "expected", simultaneous: str = AT_ONCE) -> ResolvedCase:
    return load_text(TEXT.format(values=values, simultaneous=simultaneous), "race.yaml").require()


def seats(compiled: Compiled) -> tuple[int, ...]:
    return compiled.game.simultaneous[0]


def test_a_resolved_case_is_written_and_read_again_with_its_simultaneous_point() -> None:
    case = race()
    assert load_text(dump(case), "again.yaml").require().simultaneous[0].profiles[2].chosen == (
        ("answering", ("arm",)),
    )
    assert dump(load_text(dump(case), "again.yaml").require()) == dump(case)


@pytest.mark.parametrize("values", ["expected", "taste"])
def test_the_certificate_agrees_and_odds_do_not_depend_on_what_is_not_seen(values: str) -> None:
    compiled = compile_case(race(values))
    solution = solve(compiled.game, compiled.numbers(), Settings(tail_tolerance=1e-11))
    found = certify(solution)
    assert found.value_error < 1e-7
    assert found.choice_error < 1e-8
    period = Period(compiled.game, solution.numbers)
    odds = period.odds(solution.advantage[0])
    first, second = (compiled.game.stages[i] for i in seats(compiled))
    slot = next(s for s in period.slots if s.stage == seats(compiled)[1])
    of_second = odds[slot.options, 0]
    for row in range(first.rows):
        after = first.outcome_state[first.outcome_start[first.option_start[row] : first.option_start[row + 1]]]
        rows = np.searchsorted(second.state, after)
        menus = [of_second[second.option_start[r] : second.option_start[r + 1]] for r in rows]
        assert all(np.array_equal(menu, menus[0]) for menu in menus)


def test_an_actor_who_does_not_move_leaves_the_choice_to_the_others() -> None:
    compiled = compile_case(race())
    stage = compiled.game.stages[seats(compiled)[1]]
    absent = np.flatnonzero(stage.mover < 0)
    level = compiled.layout.digit(compiled.codes[stage.state[absent]], "tension")
    assert len(absent)
    assert set(level.tolist()) == {2}
    assert (np.diff(stage.option_start)[absent] == 1).all()


@pytest.mark.parametrize("values", ["expected", "taste"])
def test_one_four_and_sixteen_draws_agree(values: str) -> None:
    compiled = compile_case(race(values))
    draws = [{"edge": 2.0 + 0.5 * k} for k in range(16)]
    alone = [solve(compiled.game, compiled.numbers([d]), Settings(tail_tolerance=1e-10)) for d in draws[:4]]
    four = solve(compiled.game, compiled.numbers(draws[:4]), Settings(tail_tolerance=1e-10))
    for k, one in enumerate(alone):
        np.testing.assert_allclose(four.draw(k).values, one.values, atol=1e-6)
    numbers = compiled.numbers(draws)
    sixteen = SixteenPeriod(compiled.game, numbers)
    narrow, odds = sixteen.zeros(compiled.game.actors), sixteen.space()
    plain = Period(compiled.game, numbers)
    wide, shortfall = np.zeros((compiled.game.states, plain.width)), np.zeros((plain.options, 16))
    for _ in range(3):
        sixteen.backward(narrow, 0, odds)
        plain.backward(wide, 0, shortfall)
    np.testing.assert_allclose(narrow, wide, atol=2e-3)
    np.testing.assert_allclose(odds, plain.odds(shortfall), atol=1e-4)


def test_who_ends_a_deal_is_told_and_the_first_in_order_is_blamed_where_both_do() -> None:
    compiled = compile_case(race())
    play = Play(compiled, solve(compiled.game, compiled.numbers()))
    found = survival_of(play, 0)
    breaches = [e for e in found.endings if e.kind == "breach"]
    assert {e.actor for e in breaches} == {"dove", "hawk", "s"}
    assert found.alive[-1] + sum(e.probability for e in found.endings) == pytest.approx(1.0, abs=1e-12)


def test_with_one_mover_left_a_point_is_an_ordinary_decision() -> None:
    """Where the second never moves, playing at once is playing alone."""
    text = TEXT.format(values="expected", simultaneous=AT_ONCE.partition("    profiles")[0])
    never = text.replace("when: not tension is high", "when: tension is high and tension is low")
    alone = TEXT.format(values="expected", simultaneous="").replace(
        "when: not tension is high", "when: tension is high and tension is low"
    )
    fixed = "protocol:\n  order: fixed\n"
    found = []
    for each in (never, alone):
        told = each.replace("protocol:\n", fixed).replace(", south: {answering: {must: [rest]}}", "")
        compiled = compile_case(load_text(told, "race.yaml").require())
        solution = solve(compiled.game, compiled.numbers(), Settings(tail_tolerance=1e-11))
        found.append(solution.values[compiled.states_with(compiled.layout.start)])
    np.testing.assert_allclose(found[0], found[1], atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(st.floats(2.0, 12.0), st.floats(0.2, 5.0))
def test_rescaling_points_and_decisiveness_changes_no_odds(edge: float, scale: float) -> None:
    compiled = compile_case(race())
    numbers = compiled.numbers([{"edge": edge}])
    period = Period(compiled.game, numbers)
    values = np.zeros((compiled.game.states, period.width))
    shortfall = np.zeros((period.options, 1))
    period.backward(values, 0, shortfall)
    larger, behind = np.zeros_like(values), np.zeros_like(shortfall)
    points = sorted(
        {int(c) for s in compiled.game.stages for c in s.price_coefficient} | set(compiled.game.class_coefficient)
    )
    table = numbers.coefficient.copy()
    table[points] *= scale
    Period(compiled.game, replace(numbers, coefficient=table, precision=numbers.precision / scale)).backward(
        larger, 0, behind
    )
    np.testing.assert_allclose(larger, values * scale, rtol=1e-7, atol=1e-7)
