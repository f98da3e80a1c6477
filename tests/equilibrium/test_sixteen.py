"""The period operator for sixteen draws in single precision against that of every draw alone in double precision.

Values of these games are of size 100 at most and precisions at most 1, so that an odd is off by about 1e-5 of itself
and a value by 1e-4 after a period; the bounds below leave a factor of a few.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from servanda.equilibrium import Period, Settings, Slot
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.equilibrium.solve import continuation
from servanda.game import Game, Numbers
from servanda.kernels.lanes import LANES
from tests import dense
from tests.strategies import Shape, few, random_game, seeds, shapes

Singles = NDArray[np.float32]
ROUGH = Settings(tail_tolerance=3e-4, tail_steps=400, polish=False)


@st.composite
def sixteens(draw: st.DrawFn) -> tuple[Game, Numbers]:
    """A random game with sixteen draws, of one actor or three (each number has an operator of its own)."""
    shape = draw(shapes())
    return random_game(
        np.random.default_rng(draw(seeds)), replace(shape, actors=1 if shape.actors == 1 else 3, draws=LANES)
    )


def lane(values: Singles, draw: int) -> NDArray[np.float64]:
    """One draw of values[state, column * 16 + draw], contiguous and in double precision."""
    return np.ascontiguousarray(values.reshape(len(values), -1, LANES)[:, :, draw], dtype=np.float64)


def acting(period: Period, t: int) -> NDArray[np.bool_]:
    """Options of the stages that act in a period."""
    found = np.zeros(period.options, dtype=bool)
    for slot in period.slots:
        found[slot.options] = period.weight(slot, t) > 0.0
    return found


@given(made=sixteens(), t=st.integers(-1, 1), seed=seeds)
@few(25)
def test_a_period_is_that_of_every_draw_alone(made: tuple[Game, Numbers], t: int, seed: int) -> None:
    game, numbers = made
    t = min(t, game.schedule.periods - 1)
    random = np.random.default_rng(seed)
    period = SixteenPeriod(game, numbers)
    after = random.normal(0.0, 10.0, (game.states, period.width)).astype(np.float32)
    start = random.dirichlet(np.ones(game.states), 2 * LANES).T.astype(np.float32)
    odds = period.space()
    values = period.backward(after.copy(), t, odds)
    moved = period.push(start.copy(), t, odds)
    assert values.dtype == moved.dtype == odds.dtype == np.float32
    np.testing.assert_allclose(moved.sum(axis=0), 1.0, atol=3e-6)
    for draw in (0, 5, 15):
        alone = Period(game, numbers.draw(draw))
        behind = np.zeros((alone.options, 1))
        expected = alone.backward(lane(after, draw), t, behind)
        np.testing.assert_allclose(lane(values, draw), expected, rtol=1e-5, atol=1e-3)
        chosen, used = alone.odds(behind), acting(alone, t)
        np.testing.assert_allclose(odds[used, draw], chosen[used, 0], rtol=5e-5, atol=1e-6)
        np.testing.assert_allclose(lane(moved, draw), alone.forward(lane(start, draw), t, chosen), atol=1e-4)


@given(made=sixteens(), seed=seeds)
@few(25)
def test_expectations_are_those_of_dense_matrices(made: tuple[Game, Numbers], seed: int) -> None:
    """Without anybody watching, a column is worth its mean over the states that play leads to, order by order."""
    game, numbers = made
    random = np.random.default_rng(seed)
    period = SixteenPeriod(game, numbers)
    odds = period.space()
    period.backward(random.normal(0.0, 10.0, (game.states, period.width)).astype(np.float32), 0, odds)
    columns = random.random((game.states, 3 * LANES)).astype(np.float32)
    told: list[Slot] = []
    found = period.expect(columns.copy(), 0, odds, lambda slot, _: told.append(slot))
    assert [s for s in period.slots if period.weight(s, 0) > 0.0] == sorted(told, key=period.slots.index)
    for draw in (1, 8):
        policy = dense.policy_of(game, numbers.draw(draw), odds[:, [draw]].astype(np.float64), 0)
        move = dense.period_step(game, numbers, 0, policy, draw).move
        np.testing.assert_allclose(lane(found, draw), move @ lane(columns, draw), atol=1e-5)


@given(made=sixteens(), seed=seeds)
@few(25)
def test_what_is_caught_on_the_way_was_expected(made: tuple[Game, Numbers], seed: int) -> None:
    """Mass taken out after the stages equals, forwards, the odds of it, backwards."""
    game, numbers = made
    random = np.random.default_rng(seed)
    period = SixteenPeriod(game, numbers)
    odds = period.space()
    period.backward(random.normal(0.0, 10.0, (game.states, period.width)).astype(np.float32), 0, odds)
    inside = random.random(game.states) < 0.4
    start = random.dirichlet(np.ones(game.states), LANES).T.astype(np.float32)
    caught = np.zeros(LANES)

    def after(_: Slot, mass: Singles) -> None:
        caught[:] += mass[inside].sum(axis=0)
        mass[inside] = 0.0

    def before(_: Slot, values: Singles) -> None:
        values[inside] = 1.0

    left = period.push(start.copy(), 0, odds, after)
    reward = random.random((game.states, LANES)).astype(np.float32)
    expected = period.expect(reward.copy(), 0, odds, before)
    np.testing.assert_allclose((start * expected).sum(axis=0), caught + (left * reward).sum(axis=0), atol=1e-5)


@given(made=sixteens(), seed=seeds)
@few(10)
def test_every_draw_has_its_own_continuation(made: tuple[Game, Numbers], seed: int) -> None:
    """Bit for bit the same in another lane beside other draws, settled or not; near that of the draw alone."""
    game, numbers = made
    found = continuation(SixteenPeriod(game, numbers), ROUGH, values_only=True)
    assert found.values.dtype == np.float32
    order = np.random.default_rng(seed).integers(LANES, size=LANES)
    mixed = replace(
        numbers,
        coefficient=np.ascontiguousarray(numbers.coefficient[:, order]),
        dated_value=np.ascontiguousarray(numbers.dated_value[:, :, order]),
        discount=np.ascontiguousarray(numbers.discount[:, order]),
        precision=np.ascontiguousarray(numbers.precision[:, order]),
    )
    beside = continuation(SixteenPeriod(game, mixed), ROUGH, values_only=True)
    assert beside.settled.tolist() == found.settled[order].tolist()
    for place, draw in enumerate(order):
        np.testing.assert_array_equal(lane(beside.values, place), lane(found.values, int(draw)))
    for draw in (0, 9):
        alone = continuation(Period(game, numbers.draw(draw)), replace(ROUGH, tail_tolerance=1e-9))
        if found.settled[draw] and alone.settled[0]:
            gap = np.abs(lane(found.values, draw) - alone.values).max()
            assert gap <= 0.02 * max(np.ptp(alone.values), 1.0)


def example(draws: int) -> tuple[Game, Numbers]:
    return random_game(np.random.default_rng(5), Shape(states=5, actors=3, draws=draws, blocks=(1, 2, 1), dated=True))


def test_a_dated_stage_rests_on_other_dates() -> None:
    game, numbers = example(LANES)
    assert 0.0 in game.schedule.applies[:, 0]
    period = SixteenPeriod(game, numbers)
    values = np.random.default_rng(0).normal(0.0, 10.0, (game.states, period.width)).astype(np.float32)
    for t in range(game.schedule.periods):
        odds = np.full((period.options, LANES), np.nan, dtype=np.float32)
        assert np.isfinite(period.backward(values.copy(), t, odds)).all()
        np.testing.assert_array_equal(~np.isnan(odds).any(axis=1), acting(period, t))


def test_odds_need_not_be_kept() -> None:
    game, numbers = example(LANES)
    period = SixteenPeriod(game, numbers)
    values = period.zeros(game.actors)
    np.testing.assert_array_equal(
        period.backward(values.copy(), 0), period.backward(values.copy(), 0, period.space())
    )  # fmt: skip


@pytest.mark.parametrize("draws", [1, 4, 15, 17])
def test_another_number_of_draws_is_refused(draws: int) -> None:
    with pytest.raises(ValueError, match=rf"^sixteen draws run together, not {draws}$"):
        SixteenPeriod(*example(draws))


def test_sharp_play_is_refused() -> None:
    game, numbers = example(LANES)
    with pytest.raises(ValueError, match=r"^only logit play runs on sixteen draws$"):
        SixteenPeriod(game, replace(numbers, sharp=True))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_draw_that_is_no_number_spoils_no_other(bad: float) -> None:
    game, numbers = example(LANES)
    table = numbers.coefficient.copy()
    table[int(game.class_coefficient[-1]), 3] = bad
    with np.errstate(invalid="ignore", over="ignore"):
        found = continuation(SixteenPeriod(game, replace(numbers, coefficient=table)), ROUGH, values_only=True)
    honest = continuation(SixteenPeriod(game, numbers), ROUGH, values_only=True)
    assert not found.settled[3]
    for draw in [d for d in range(LANES) if d != 3]:
        assert found.settled[draw] == honest.settled[draw]
        np.testing.assert_array_equal(lane(found.values, draw), lane(honest.values, draw))
