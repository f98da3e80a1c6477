"""Draws that take a lane one after the other: each ends where it ends alone, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from servanda.case import read
from servanda.compile import compile_case
from servanda.ensemble.frame import SETTINGS
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.equilibrium.solve import continuation, with_terminal
from servanda.equilibrium.streams import closed, streamed
from servanda.game import Game, Numbers
from servanda.kernels.lanes import LANES
from servanda.uncertainty.draws import draws_of


@pytest.fixture(scope="module")
def drawn() -> tuple[Game, Numbers]:
    case = read("theory/two-level-ratification")
    compiled = compile_case(case)
    rng = np.random.default_rng(5)
    central = compiled.central
    names = [p.name for p in case.parameters]
    values = [{n: central[n] * rng.uniform(0.7, 1.2) for n in names} for _ in range(5 * LANES)]
    values = list(draws_of(case, 5 * LANES).mappings()) or values
    return compiled.game, compiled.numbers(values)


def some(numbers: Numbers, draws: list[int]) -> Numbers:
    return numbers.picked(np.array(draws))


def test_as_in_a_continuation_of_sixteen(drawn: tuple[Game, Numbers]) -> None:
    game, numbers = drawn
    found = streamed(game, numbers, SETTINGS)
    for first in range(0, numbers.draws, LANES):
        alone = continuation(
            SixteenPeriod(game, some(numbers, list(range(first, first + LANES)))), SETTINGS, values_only=True
        )
        np.testing.assert_array_equal(found.lanes(first), alone.values)
        np.testing.assert_array_equal(found.settled[first : first + LANES], alone.settled)
    assert found.settled.all()


def test_the_order_of_the_draws_changes_nothing(drawn: tuple[Game, Numbers]) -> None:
    game, numbers = drawn
    order = np.random.default_rng(0).permutation(numbers.draws)
    found, moved = streamed(game, numbers, SETTINGS), streamed(game, some(numbers, order.tolist()), SETTINGS)
    np.testing.assert_array_equal(found.values[order], moved.values)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_draw_that_is_no_number_leaves_its_lane_clean(drawn: tuple[Game, Numbers], bad: float) -> None:
    game, numbers = drawn
    broken = replace(numbers, coefficient=numbers.coefficient.copy())
    broken.coefficient[:, 3] = bad
    sound = [k for k in range(numbers.draws) if k != 3]
    with np.errstate(invalid="ignore", over="ignore"):
        found = streamed(game, broken, SETTINGS)
    assert not found.settled[3]
    assert found.settled[sound].all()
    np.testing.assert_array_equal(found.values[sound], streamed(game, numbers, SETTINGS).values[sound])


def test_draws_that_run_out_of_steps_are_told(drawn: tuple[Game, Numbers]) -> None:
    game, numbers = drawn
    found = streamed(game, numbers, replace(SETTINGS, tail_tolerance=0.0, tail_steps=12))
    assert not found.settled.any()
    assert found.steps == 12 * numbers.draws // LANES


def test_a_world_in_which_every_state_lasts(drawn: tuple[Game, Numbers]) -> None:
    game, numbers = drawn
    found = closed(game, numbers, with_terminal(SETTINGS, "settled"))
    alone = continuation(
        SixteenPeriod(game, some(numbers, list(range(16, 32)))), with_terminal(SETTINGS, "settled"), values_only=True
    )
    np.testing.assert_array_equal(found.lanes(16), alone.values)


def test_what_cannot_be_streamed_is_refused(drawn: tuple[Game, Numbers]) -> None:
    game, numbers = drawn
    with pytest.raises(ValueError, match="15 draws do not fill 16 lanes"):
        streamed(game, numbers.repeated(15), SETTINGS)
    with pytest.raises(ValueError, match="17 draws are no multiple of 16"):
        closed(game, numbers.repeated(17), SETTINGS)
    with pytest.raises(ValueError, match="no values for a terminal of kind best"):
        closed(game, numbers, with_terminal(SETTINGS, "best"))
