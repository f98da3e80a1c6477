"""The certificate agrees with honest solutions and catches others; every way a solve ends has its status."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from servanda.equilibrium import Period, Settings, Solution, Status, Terminal, certify, solve
from servanda.equilibrium.iteration import fixed_point
from servanda.game import Game, Numbers, game_from_tables
from tests.strategies import Shape, few, games, random_game

EXACT = Settings(tail_tolerance=1e-12, tail_steps=2000)


def example(**changes: object) -> tuple[Game, Numbers]:
    return random_game(np.random.default_rng(3), replace(Shape(states=6, actors=2, opening=1, closing=1), **changes))


@given(made=games(draws=3), taste=st.booleans())
@few(40)
def test_an_honest_solution_is_certified(made: tuple[Game, Numbers], taste: bool) -> None:
    game, numbers = made
    solution = solve(game, replace(numbers, taste=taste), EXACT)
    for draw in range(numbers.draws):
        found = certify(solution, draw)
        assert found.value_error < 1e-9
        assert found.choice_error < 1e-7
        assert found.tail_change < 1e-9
        assert found.regret >= 0.0


@given(made=games(), data=st.data())
@few(30)
def test_a_tampered_choice_is_caught(made: tuple[Game, Numbers], data: st.DataObject) -> None:
    game, numbers = made
    solution = solve(game, numbers, EXACT)
    period = Period(game, numbers)
    t = data.draw(st.integers(0, solution.periods - 1))
    open_ = []
    for slot in period.slots:
        stage = game.stages[slot.stage]
        several = (np.diff(stage.option_start)[stage.row_of_option] > 1) & (period.weight(slot, t) > 0.0)
        open_ += [slot.options.start + int(o) for o in np.flatnonzero(several)]
    assume(open_)
    option = data.draw(st.sampled_from(open_))
    advantage = [a.copy() for a in solution.advantage]
    advantage[t][option] -= 0.5 / numbers.precision.min()
    honest = period.odds(solution.advantage[t])[option, 0]
    assume(0.05 < honest < 0.95)
    found = certify(replace(solution, advantage=tuple(advantage)))
    assert found.choice_error > 0.005


def test_tampered_values_are_caught() -> None:
    solution = solve(*example())
    values = solution.values.copy()
    values[2, 1] += 0.25
    assert abs(certify(replace(solution, values=values)).value_error - 0.25) < 1e-9


def test_a_tampered_continuation_is_caught() -> None:
    solution = solve(*example())
    moved = certify(replace(solution, terminal=solution.terminal + 1.0))
    assert moved.tail_change > 1e-3
    assert certify(solution).tail_change < 1e-9


def test_regret_is_the_price_of_noise() -> None:
    """Two options one point apart at λ = 1: the second is taken with odds 1/(1+e) and costs a point."""
    tables = ([0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]])
    noisy = certify(solve(*game_from_tables(*tables, discount=[0.5], precision=[1.0])))
    assert abs(noisy.regret - 1.0 / (1.0 + np.e)) < 1e-9
    assert noisy.regret_actor == "actor 0"
    assert noisy.regret_place == "move: 0"
    sharp = certify(solve(*game_from_tables(*tables, discount=[0.5], precision=[1.0], sharp=True)))
    assert sharp.regret == 0.0


def test_an_easy_game_is_solved() -> None:
    for tolerance in (Settings().tail_tolerance, 1e-8, 1e-12):
        solution = solve(*example(), Settings(tail_tolerance=tolerance))
        assert solution.status is Status.SOLVED
        assert 1 < solution.tail_steps < 400
        assert solution.tail_change <= tolerance


def test_too_few_steps_say_so() -> None:
    first = solve(*example(), Settings(tail_steps=1))
    assert first.status is Status.STEP_LIMIT
    assert first.tail_steps == 1
    assert first.tail_change > first.settings.tail_tolerance
    steps = solve(*example()).tail_steps - 1
    last = solve(*example(), Settings(tail_steps=steps))
    assert last.status is Status.STEP_LIMIT
    assert last.tail_steps == steps
    assert "steps ran out" in last.status.value


def test_slow_progress_is_a_step_limit_and_no_progress_is_stalling() -> None:
    """Matching pennies in turns settles slowly; a map that flips its argument never does."""
    solution = solve(*_pennies(), Settings(tail_steps=50))
    assert solution.status is Status.STEP_LIMIT
    assert solution.tail_steps == 50
    assert solve(*_pennies()).status is Status.SOLVED
    start = np.array([[1.0], [3.0]])
    never = fixed_point(lambda x: 4.0 - x, start, 1e-9, 60, mixing=False)
    assert (never.steps, never.cycling, never.settled.tolist()) == (60, True, [False])
    assert never.change == pytest.approx(1.0)
    shift = np.array([[0.0], [5.0]])
    soon = fixed_point(lambda x: 0.5 * x + shift, start, 1e-9, 60, mixing=False)
    assert (soon.steps < 60, soon.cycling, soon.settled.tolist()) == (True, False, [True])
    assert soon.values == pytest.approx(np.array([[0.0], [10.0]]), abs=1e-7)


def test_a_draw_ends_where_it_settles_whatever_is_iterated_beside_it() -> None:
    """Two draws side by side, one that settles at once and one that takes long, against each alone."""
    shares, shift = np.array([0.1, 0.9]), np.array([[0.0, 0.0], [5.0, 5.0]])
    start = np.array([[1.0, 1.0], [3.0, 3.0]])
    both = fixed_point(lambda x: shares * x + shift, start, 1e-9, 300, draws=2, plain_steps=2)
    for draw in (0, 1):
        one = slice(draw, draw + 1)

        def step(x: np.ndarray, one: slice = one) -> np.ndarray:
            return shares[one] * x + shift[:, one]

        alone = fixed_point(step, start[:, one], 1e-9, 300, plain_steps=2)
        np.testing.assert_array_equal(both.values[:, one], alone.values)


def _pennies() -> tuple[Game, Numbers]:
    win, lose = [1.0, -1.0], [-1.0, 1.0]
    return game_from_tables(
        [0, 1, 0, 1], [[0, 1]] * 4, [[[1], [3]], [[0], [2]], [[1], [3]], [[0], [2]]], [[[1.0], [1.0]]] * 4,
        [[win, lose], [lose, win], [lose, win], [win, lose]],
        discount=[0.9, 0.9], precision=[1.0, 1.0], sharp=True,
    )  # fmt: skip


def test_numbers_that_are_not_finite_are_named() -> None:
    game, numbers = example()
    for bad in (np.nan, np.inf):
        table = numbers.coefficient.copy()
        table[int(game.class_coefficient[0])] = bad
        solution = solve(game, replace(numbers, coefficient=table), Settings(tail_steps=5))
        assert solution.status is Status.NOT_FINITE


def test_dated_numbers_that_are_not_finite_are_named() -> None:
    game, numbers = example(dated=True)
    values = numbers.dated_value.copy()
    values[0, 0] = np.inf
    assert solve(game, replace(numbers, dated_value=values)).status is Status.NOT_FINITE


def test_the_settlement_lasts_for_ever() -> None:
    game, numbers = example()
    solution = solve(game, numbers, Settings(terminal=Terminal("settled")))
    flow = Period(game, numbers).flow(-1)[game.payoff_class]
    np.testing.assert_allclose(solution.terminal, flow / (1.0 - numbers.discount.reshape(1, -1)))
    assert solution.tail_advantage is None
    assert certify(solution).value_error < 1e-9
    assert certify(solution).rule == "terminal values: settled"


def test_a_warm_start_finds_the_same_play_sooner() -> None:
    game, numbers = example()
    cold = solve(game, numbers, EXACT)
    warm: Solution = solve(game, numbers, EXACT, warm=cold.terminal)
    np.testing.assert_allclose(warm.values, cold.values, atol=1e-9)
    assert warm.tail_steps < cold.tail_steps


def test_one_period_more_is_one_step_more() -> None:
    """With an extra period the values at the second period's start are those of the shorter calendar's start."""
    game, numbers = example()
    game = replace(game, schedule=replace(game.schedule, applies=np.ones_like(game.schedule.applies)))
    shorter, longer = solve(game, numbers), solve(game, numbers, Settings(extra_periods=1))
    assert longer.periods == shorter.periods + 1
    for early, late in zip(shorter.advantage, longer.advantage[1:], strict=True):
        np.testing.assert_allclose(late, early, atol=1e-12)
