"""Four draws side by side play as each of them alone does, in one period and beyond the horizon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from servanda.equilibrium import Period, Settings, Status, certify, solve
from servanda.equilibrium.solve import continuation
from servanda.game import Game, Numbers
from servanda.kernels.fourfold import LANES
from tests.strategies import Floats, Shape, few, random_game, seeds, shapes

ROUGH = Settings(tail_tolerance=1e-4, tail_steps=100, polish=False)


@st.composite
def fours(draw: st.DrawFn) -> tuple[Game, Numbers]:
    """A random game with four draws, of one actor or three (each number has an operator of its own)."""
    shape = draw(shapes())
    return random_game(
        np.random.default_rng(draw(seeds)), replace(shape, actors=1 if shape.actors == 1 else 3, draws=LANES)
    )


def lane(values: Floats, draw: int) -> Floats:
    """Values of one draw, [state, actor]."""
    return values.reshape(len(values), -1, LANES)[:, :, draw]


def repeated(numbers: Numbers, draw: int) -> Numbers:
    """Four times the same draw."""
    one = numbers.draw(draw)
    return replace(
        one,
        coefficient=np.repeat(one.coefficient, LANES, axis=1),
        dated_value=np.repeat(one.dated_value, LANES, axis=2),
        discount=np.repeat(one.discount, LANES, axis=1),
        precision=np.repeat(one.precision, LANES, axis=1),
    )


@given(made=fours(), t=st.integers(-1, 0), seed=seeds)
@few(40)
def test_a_period_backward_is_that_of_every_draw_alone(made: tuple[Game, Numbers], t: int, seed: int) -> None:
    game, numbers = made
    period = Period(game, numbers)
    after = np.random.default_rng(seed).normal(0.0, 10.0, (game.states, period.width))
    shortfall, odds = np.zeros((2, period.options, LANES))
    values = period.backward(after.copy(), t, shortfall)
    again = period.backward(after.copy(), t, odds, as_odds=True)
    np.testing.assert_array_equal(again, values)
    for draw in range(LANES):
        alone = Period(game, numbers.draw(draw))
        behind = np.zeros((alone.options, 1))
        expected = alone.backward(np.ascontiguousarray(lane(after, draw)), t, behind)
        np.testing.assert_allclose(lane(values, draw), expected, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(shortfall[:, [draw]], behind, rtol=1e-10, atol=1e-10)
        acting = np.zeros(alone.options, dtype=bool)
        for slot in alone.slots:
            acting[slot.options] = alone.weight(slot, t) > 0.0
        np.testing.assert_allclose(odds[acting, draw], alone.odds(behind)[acting, 0], rtol=1e-10, atol=1e-10)


@given(made=fours(), t=st.integers(-1, 0), seed=seeds)
@few(20)
def test_a_period_under_given_odds_is_that_of_every_draw_alone(made: tuple[Game, Numbers], t: int, seed: int) -> None:
    game, numbers = made
    random = np.random.default_rng(seed)
    period = Period(game, numbers)
    after, mass = random.normal(0.0, 10.0, (game.states, period.width)), random.random((game.states, LANES))
    odds = period.odds(-random.random((period.options, LANES)))
    values, moved = period.evaluate(after.copy(), t, odds), period.forward(mass.copy(), t, odds)
    for draw in range(LANES):
        alone, mine = Period(game, numbers.draw(draw)), np.ascontiguousarray(odds[:, [draw]])
        expected = alone.evaluate(np.ascontiguousarray(lane(after, draw)), t, mine)
        np.testing.assert_allclose(lane(values, draw), expected, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(moved[:, [draw]], alone.forward(mass[:, [draw]].copy(), t, mine), rtol=1e-10)


def example(draws: int, **changes: object) -> tuple[Game, Numbers]:
    return random_game(
        np.random.default_rng(5),
        replace(Shape(states=5, actors=3, draws=draws, opening=1, closing=1), **changes),
    )


@pytest.mark.parametrize("draws", [1, 2, 3, 5, 8])
def test_odds_are_not_written_for_another_number_of_draws(draws: int) -> None:
    period = Period(*example(draws))
    with pytest.raises(ValueError, match=r"^odds are written by logit play of 4 draws only$"):
        period.backward(np.zeros((5, period.width)), 0, np.zeros((period.options, draws)), as_odds=True)


@pytest.mark.parametrize("changes", [{"sharp": True}, {"taste": True}])
def test_odds_are_not_written_by_other_play(changes: dict[str, bool]) -> None:
    game, numbers = example(LANES)
    period = Period(game, replace(numbers, **changes))
    with pytest.raises(ValueError, match=r"^odds are written by logit play of 4 draws only$"):
        period.backward(np.zeros((5, period.width)), 0, np.zeros((period.options, LANES)), as_odds=True)


@given(made=fours(), limit=st.integers(3, 40))
@few(20)
def test_every_draw_has_its_own_continuation(made: tuple[Game, Numbers], limit: int) -> None:
    """Bit for bit what four times the same draw gives, settled or not."""
    game, numbers = made
    how = replace(ROUGH, tail_steps=limit)
    found = continuation(Period(game, numbers), how)
    assert found.settled.shape == (LANES,)
    for draw in range(LANES):
        beside = continuation(Period(game, repeated(numbers, draw)), how)
        assert found.settled[draw] == beside.settled.all() == beside.settled.any()
        np.testing.assert_array_equal(lane(found.values, draw), lane(beside.values, draw))
    assert (found.status is Status.SOLVED) == found.settled.all()


@given(fours())
@few(10)
def test_polished_continuations_are_those_of_every_draw_alone(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    how = Settings(tail_tolerance=1e-10)
    found = continuation(Period(game, numbers), how)
    assert found.advantage is not None
    for draw in range(LANES):
        alone = continuation(Period(game, numbers.draw(draw)), how)
        assert found.settled[draw] == alone.settled[0]
        assume(alone.settled[0])
        np.testing.assert_allclose(lane(found.values, draw), alone.values, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(found.advantage[:, [draw]], alone.advantage, rtol=1e-6, atol=1e-7)


@given(fours())
@few(20)
def test_a_draw_settles_when_it_would_alone(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    alone = [continuation(Period(game, numbers.draw(d)), ROUGH) for d in range(LANES)]
    steps = np.array([c.steps for c in alone])
    assume(len(set(steps)) > 1)
    limit = int(np.sort(steps)[1])
    found = continuation(Period(game, numbers), replace(ROUGH, tail_steps=limit))
    assert found.settled.tolist() == (steps <= limit).tolist()
    assert found.steps == limit
    for draw in np.flatnonzero(found.settled):
        np.testing.assert_allclose(lane(found.values, draw), alone[draw].values, rtol=1e-6, atol=1e-6)
        assert alone[draw].change <= ROUGH.tail_tolerance
    if not found.settled.all():
        assert found.change > ROUGH.tail_tolerance
        assert found.status in {Status.STEP_LIMIT, Status.STALLED}


def test_a_warm_start_is_that_of_one_draw_or_of_all() -> None:
    game, numbers = example(LANES)
    period = Period(game, numbers)
    one = continuation(Period(game, numbers.draw(1)), ROUGH).values
    wide = np.repeat(one, LANES, axis=1)
    np.testing.assert_array_equal(lane(wide, 3), one)
    narrow, widened = continuation(period, ROUGH, one), continuation(period, ROUGH, wide)
    np.testing.assert_array_equal(narrow.values, widened.values)
    exact = replace(ROUGH, tail_tolerance=1e-11, tail_steps=500)
    cold, warm = continuation(period, exact), continuation(period, exact, one)
    np.testing.assert_allclose(warm.values, cold.values, rtol=1e-8, atol=1e-8)
    again = continuation(period, exact, cold.values)
    assert again.settled.all()
    assert again.steps == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_draw_that_is_no_number_spoils_no_other(bad: float) -> None:
    game, numbers = example(LANES)
    table = numbers.coefficient.copy()
    table[int(game.class_coefficient[0]), 2] = bad
    with np.errstate(invalid="ignore", over="ignore"):
        found = continuation(Period(game, replace(numbers, coefficient=table)), ROUGH)
    honest = continuation(Period(game, numbers), ROUGH)
    assert found.settled.tolist() == [True, True, False, True]
    for draw in (0, 1, 3):
        np.testing.assert_array_equal(lane(found.values, draw), lane(honest.values, draw))


@pytest.mark.parametrize("draws", [5, 8, 11])
@pytest.mark.parametrize("given", ["nothing", "warm", "warm for each", "terminal"])
def test_many_draws_are_solved_four_at_a_time(draws: int, given: str) -> None:
    """And each as it is alone, whatever stands in the room that the last four leave."""
    game, numbers = example(draws)
    start = np.random.default_rng(1).normal(0.0, 5.0, (game.states, game.actors * draws))
    warm = {"warm": np.ascontiguousarray(start[:, ::draws]), "warm for each": start}.get(given)
    terminal = start if given == "terminal" else None
    how = Settings(tail_tolerance=1e-10)
    found = solve(game, numbers, how, warm, terminal)
    assert found.numbers is numbers
    assert (found.status, len(found.advantage)) == (Status.SOLVED, found.periods)
    assert found.values.shape == found.terminal.shape == start.shape
    bare = solve(game, numbers, replace(how, keep_policy=False), warm, terminal)
    assert bare.advantage == ()
    assert (bare.tail_advantage is None) == (given == "terminal")
    np.testing.assert_array_equal(bare.values, found.values)
    for draw in range(draws):
        one = found.draw(draw)
        alone = solve(
            game, numbers.draw(draw), how, warm if given == "warm" else None,
            None if terminal is None else np.ascontiguousarray(terminal[:, draw::draws]),
        )  # fmt: skip
        np.testing.assert_allclose(one.values, alone.values, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(one.terminal, alone.terminal, rtol=1e-8, atol=1e-8)
        for mine, expected in zip(one.advantage, alone.advantage, strict=True):
            np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=1e-6)
        assert (one.tail_advantage is None) == (alone.tail_advantage is None) == (given == "terminal")
        if one.tail_advantage is not None:
            np.testing.assert_allclose(one.tail_advantage, alone.tail_advantage, rtol=1e-6, atol=1e-6)
        certificate = certify(one)
        assert certificate.value_error < 1e-8


def test_one_draw_that_is_no_number_shows_in_the_status_and_nowhere_else() -> None:
    game, numbers = example(9)
    table = numbers.coefficient.copy()
    table[:, 6] = np.nan
    found = solve(game, replace(numbers, coefficient=table))
    assert found.status is Status.NOT_FINITE
    ends = np.isfinite(found.values.reshape(game.states, game.actors, 9)).all(axis=(0, 1))
    assert ends.tolist() == [draw != 6 for draw in range(9)]
    assert solve(game, numbers, Settings(tail_steps=2)).status in (Status.STEP_LIMIT, Status.STALLED)
