"""The stationary continuation written out: what the calendar engine finds solves the stationary engine's equations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.case import load_text
from servanda.compile import compile_case
from servanda.equilibrium import Period, Settings, solve
from servanda.equilibrium.continuation import principal_branch
from servanda.equilibrium.stationary_system import System
from servanda.equilibrium.unrolled import TooLargeError, Unrolled, unroll
from servanda.game import Game, Numbers, game_from_tables
from tests.sketches import Sketch
from tests.strategies import Shape, random_game

SIMULTANEOUS = Path(__file__).resolve().parents[2] / "spec" / "valid" / "simultaneous.yaml"
TIGHT = Settings(tail_tolerance=1e-12, tail_steps=5000)


def check(game: Game, numbers: Numbers, accuracy: float = 1e-8, draw: int = 0, *, reached: bool = False) -> Unrolled:
    """Solve by the calendar engine, and compare values, residual and the principal branch."""
    solution = solve(game, numbers, TIGHT)
    assert solution.tail_advantage is not None
    unrolled = unroll(game, numbers, draw, reached=reached)
    odds = unrolled.odds(Period(game, numbers).odds(solution.tail_advantage)[:, draw])
    system = System(unrolled.game, unrolled.precision, taste=unrolled.taste)
    x = system.unknowns(odds)
    terminal = solution.terminal[:, np.arange(game.actors) * numbers.draws + draw]
    size = np.abs(terminal).max()
    begins = unrolled.first >= 0
    assert begins.all() or reached
    assert system.values(x)[unrolled.first[begins]] == pytest.approx(terminal[begins], abs=accuracy * size)
    assert system.residual(x, 1.0) == pytest.approx(np.zeros(system.size), abs=accuracy * size)
    branch = principal_branch(unrolled.game, unrolled.precision, taste=unrolled.taste)
    assert branch.arrived
    assert branch.equilibrium.odds == pytest.approx(odds, abs=accuracy)
    return unrolled


@given(st.integers(0, 2**32 - 1), st.sampled_from([(), (1,), (1, 1), (2, 1), (1, 1, 1)]))
@settings(max_examples=12, deadline=None)
def test_random_games(seed: int, blocks: tuple[int, ...]) -> None:
    shape = Shape(states=4, actors=2, draws=2, opening=1, blocks=blocks, closing=1, periods=2, dated=True)
    check(*random_game(np.random.default_rng(seed), shape), draw=1)


@pytest.mark.parametrize(
    "sketch",
    [Sketch(order="fixed", office=False), Sketch(levels=2), Sketch(levels=2, values="taste")],
    ids=["fixed order", "drawn order", "taste"],
)
def test_cases(sketch: Sketch) -> None:
    compiled = compile_case(sketch.case)
    unrolled = check(compiled.game, compiled.numbers(), accuracy=1e-9)
    assert unrolled.taste is (sketch.values == "taste")
    assert unrolled.game.actor_labels == compiled.game.labels.actors


@pytest.mark.parametrize("taste", [False, True])
def test_stages_that_move_at_once(taste: bool) -> None:
    compiled = compile_case(load_text(SIMULTANEOUS.read_text(encoding="utf-8"), "simultaneous.yaml").require())
    # less precise than written, so that no odds vanish
    numbers = compiled.numbers()
    numbers = replace(numbers, taste=taste, precision=numbers.precision / 20.0)
    unrolled = check(compiled.game, numbers, reached=True)
    assert compiled.game.simultaneous
    assert set(np.diff(unrolled.game.seat_start).tolist()) == {0, 2}


def test_nodes_are_named_and_counted() -> None:
    """Order drawn: the draw itself, each side's decision in each context, and an end for every state."""
    compiled = compile_case(Sketch(levels=2, drafts=0, office=False, lottery=False).case)
    game, numbers = compiled.game, compiled.numbers()
    unrolled = unroll(game, numbers)
    names = [unrolled.game.state_label(n).split(":")[0] for n in range(unrolled.game.states)]
    assert names.count("the end of a period") == game.states
    assert set(names) <= {s.name for s in game.stages} | {"the end of a period", "whose turn comes next"}
    assert (unrolled.game.discount[[n == "the end of a period" for n in names]] < 1.0).all()
    assert (unrolled.game.discount[[n != "the end of a period" for n in names]] == 1.0).all()
    assert unrolled.game.option_label(0) in game.labels.options


def test_states_in_which_no_period_begins_can_be_left_out() -> None:
    game, numbers = game_from_tables(
        [0, 0, 0], [[0], [0], [0]], [[[1]], [[1]], [[2]]], [[[1.0]]] * 3, [[[1.0]]] * 3, discount=[0.5], precision=[1.0]
    )
    assert unroll(game, numbers).first.tolist() == [0, 1, 2]
    reached = unroll(game, numbers, reached=True)
    assert (reached.first[2], reached.game.states) == (-1, 3)


def test_too_many_nodes_are_refused() -> None:
    compiled = compile_case(Sketch().case)
    with pytest.raises(TooLargeError, match="more than 100 nodes"):
        unroll(compiled.game, compiled.numbers(), limit=100)
