"""Values, odds and mass against linear algebra that shares no code with the solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from servanda.equilibrium import Period, Settings, Solution, Status, Terminal, solve
from servanda.equilibrium.solve import settlement
from servanda.game import Game, Numbers, Schedule, game_from_tables
from tests import dense
from tests.strategies import Floats, Shape, few, games, random_game

EXACT = Settings(tail_tolerance=1e-12, tail_steps=2000)


def odds_of(solution: Solution, period: int) -> Floats:
    """Odds[option, draw] of one period; -1 is the stationary continuation."""
    advantage = solution.tail_advantage if period < 0 else solution.advantage[period]
    assert advantage is not None
    return Period(solution.game, solution.numbers).odds(advantage)


def column(game: Game, numbers: Numbers, values: Floats, draw: int) -> Floats:
    return values.reshape(game.states, game.actors, numbers.draws)[:, :, draw]


@given(games(draws=3))
def test_probabilities_add_up(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    solution = solve(game, numbers)
    period = Period(game, numbers)
    for t in (-1, *range(solution.periods)):
        odds = odds_of(solution, t)
        assert odds.min() >= 0.0
        for slot in period.slots:
            stage = game.stages[slot.stage]
            total = np.add.reduceat(odds[slot.options], stage.option_start[:-1].astype(int))
            np.testing.assert_allclose(total, 1.0, atol=1e-12)
        mass = np.repeat(game.start[:, None], numbers.draws, axis=1)
        moved = period.forward(mass, t, odds)
        assert moved.min() >= 0.0
        np.testing.assert_allclose(moved.sum(axis=0), 1.0, atol=1e-12)


@given(games(draws=3))
def test_the_continuation_solves_its_linear_equations(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    solution = solve(game, numbers, EXACT)
    odds = odds_of(solution, -1)
    for draw in range(numbers.draws):
        policy = dense.policy_of(game, numbers, odds, draw)
        expected = dense.stationary_values(game, numbers, policy, draw)
        np.testing.assert_allclose(column(game, numbers, solution.terminal, draw), expected, rtol=1e-8, atol=1e-8)


@given(games(draws=2))
def test_backward_induction_is_logit_choice_at_every_node(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    solution = solve(game, numbers, EXACT)
    for draw in range(numbers.draws):
        values = column(game, numbers, solution.terminal, draw)
        again, _ = dense.logit_policy(game, numbers, -1, values, draw)
        odds = dense.policy_of(game, numbers, odds_of(solution, -1), draw)
        assert max(float(np.abs(again[k] - odds[k]).max()) for k in odds) < 1e-7
        for t in reversed(range(solution.periods)):
            policy, values = dense.logit_policy(game, numbers, t, values, draw)
            used = dense.policy_of(game, numbers, odds_of(solution, t), draw)
            for k, expected in policy.items():
                if dense.share_of(game, k[0], t):
                    np.testing.assert_allclose(used[k], expected, atol=1e-9)
        np.testing.assert_allclose(column(game, numbers, solution.values, draw), values, rtol=1e-9, atol=1e-9)


@given(games())
def test_mass_moves_as_the_transposed_matrix(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    solution = solve(game, numbers)
    period = Period(game, numbers)
    mass, expected = game.start[:, None].copy(), game.start.copy()
    for t in range(solution.periods):
        odds = odds_of(solution, t)
        expected = expected @ dense.period_step(game, numbers, t, dense.policy_of(game, numbers, odds, 0)).move
        mass = period.forward(mass, t, odds)
    np.testing.assert_allclose(mass[:, 0], expected, atol=1e-12)


@given(games(draws=4))
@few(25)
def test_a_draw_in_a_batch_is_solved_as_if_alone(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    batch = solve(game, numbers, EXACT)
    for draw in range(numbers.draws):
        alone = solve(game, numbers.draw(draw), EXACT)
        np.testing.assert_allclose(column(game, numbers, batch.values, draw), alone.values, rtol=1e-7, atol=1e-7)
        for t in range(batch.periods):
            np.testing.assert_allclose(batch.advantage[t][:, draw], alone.advantage[t][:, 0], rtol=1e-7, atol=1e-7)


@given(games())
@few(25)
def test_best_and_worst_continuations_enclose_play(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    played = solve(game, numbers, EXACT).terminal
    # the bounding continuations are iterated roughly: their error stays below a tenth of what is at stake
    slack = 0.1 * max(float(np.ptp(played)), float(np.ptp(settlement(Period(game, numbers)))), 1e-6)
    for actor in range(game.actors):
        best = solve(game, numbers, Settings(terminal=Terminal("best", actor))).terminal
        worst = solve(game, numbers, Settings(terminal=Terminal("worst", actor))).terminal
        assert (best[:, actor] >= played[:, actor] - slack).all()
        assert (worst[:, actor] <= played[:, actor] + slack).all()


def test_drawn_order_is_the_average_of_the_fixed_orders() -> None:
    game, numbers = random_game(
        np.random.default_rng(7), Shape(states=5, actors=2, opening=1, blocks=(1, 1), closing=1)
    )
    solution = solve(game, numbers)
    drawn = Period(game, numbers)
    odds = odds_of(solution, 0)
    policy = dense.policy_of(game, numbers, odds, 0)
    moved = drawn.forward(game.start[:, None].copy(), 0, odds)
    parts = []
    schedule = game.schedule
    for sequence in dense.orders(game):
        closing = tuple(stage for stage, _, _ in sequence[len(schedule.opening) :])
        fixed = replace(game, schedule=Schedule(schedule.opening, (), closing, schedule.applies, schedule.tail))
        period = Period(fixed, numbers)
        chosen = np.concatenate([policy[where] for where in sequence])[:, None].copy()
        parts.append(period.forward(game.start[:, None].copy(), 0, chosen))
    assert len(parts) == 2
    assert np.abs(parts[0] - parts[1]).max() > 1e-3
    np.testing.assert_allclose(moved, (parts[0] + parts[1]) / 2, atol=1e-13)


def test_the_second_mover_knows_who_has_moved() -> None:
    game, numbers = random_game(
        np.random.default_rng(7), Shape(states=5, actors=2, opening=0, blocks=(1, 1), closing=1)
    )
    policy = dense.policy_of(game, numbers, odds_of(solve(game, numbers), 0), 0)
    assert np.abs(policy[0, 3, 0] - policy[0, 1, 0]).max() > 1e-3


@pytest.mark.parametrize("options", [1, 2, 5])
@pytest.mark.parametrize("precision", [0.5, 4.0])
def test_taste_values_pay_for_options_and_expected_values_do_not(options: int, precision: float) -> None:
    """n equal options are worth log(n)/λ per move under taste (Emax), nothing under expected values."""
    discount = 0.8
    tables = ([0], [list(range(options))], [[[0]] * options], [[[1.0]] * options], [[[1.0]] * options])
    taste = solve(*game_from_tables(*tables, discount=[discount], precision=[precision], taste=True), EXACT)
    plain = solve(*game_from_tables(*tables, discount=[discount], precision=[precision]), EXACT)
    assert plain.values[0, 0] == pytest.approx(1.0 / (1.0 - discount), rel=1e-10)
    paid = np.log(options) / precision
    assert taste.values[0, 0] == pytest.approx((1.0 + paid) / (1.0 - discount), rel=1e-10)
    assert taste.status is Status.SOLVED


def test_a_dated_point_counts_in_its_own_period() -> None:
    """A point paid in the last of three periods only is discounted twice, and weighted by the odds of being there."""
    shape = Shape(states=4, actors=1, periods=3, dated=True, opening=0, blocks=(), closing=1)
    game, numbers = random_game(np.random.default_rng(2), shape)
    table = np.zeros_like(numbers.coefficient)
    chances = game.stages[0].outcome_coefficient
    table[chances] = numbers.coefficient[chances]
    dated = np.zeros_like(numbers.dated_value)
    dated[2] = 1.0
    poor = replace(numbers, coefficient=table, dated_value=dated)
    solution = solve(game, poor)
    assert np.abs(solution.terminal).max() == 0.0
    moves = [
        dense.period_step(game, poor, t, dense.policy_of(game, poor, odds_of(solution, t), 0)).move for t in range(3)
    ]
    there = np.linalg.multi_dot(moves) @ (game.payoff_class == 0)
    expected = poor.discount[0, 0] ** 2 * there * 2.0 * game.period_years
    assert 0.0 < there.min() < there.max()
    np.testing.assert_allclose(solution.values[:, 0], expected, atol=1e-12)
