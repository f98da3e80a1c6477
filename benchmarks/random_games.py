"""Games made at random, in the layouts that the engines, the peers and the kernels take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servanda.game import Game, Labels, Numbers, Schedule, Stage, Term
from servanda.game.markov import MarkovGame, simultaneous_game, turn_taking_game

Arrays = dict[str, NDArray[Any]]
_POOL, _POINTS = 64, 256


def simultaneous_arrays(states: int, seed: int = 1, choices: int = 2) -> Arrays:
    """Two players move at once: u[s, player, a, b] between 0 and 1, phi[s, a, b, s'] from any state to every other."""
    random = np.random.default_rng(seed)
    odds = random.exponential(size=(states, choices, choices, states))
    return {
        "u": random.random((states, 2, choices, choices)),
        "phi": odds / odds.sum(axis=-1, keepdims=True),
        "delta": np.full(2, 0.95),
    }


def turn_arrays(states: int, seed: int = 1, options: int = 3, successors: int = 4) -> Arrays:
    """Two players move in turn: mover[s], idx[s, option, k] with odds p, u[s, option, player] between 0 and 1."""
    random = np.random.default_rng(seed)
    return {
        "mover": np.arange(states) % 2,
        "idx": random.integers(0, states, (states, options, successors)),
        "p": random.dirichlet(np.ones(successors), (states, options)),
        "u": random.random((states, options, 2)),
        "delta": np.full(2, 0.95),
    }


def markov_game(arrays: Arrays) -> MarkovGame:
    """The game of such arrays for the stationary engine."""
    if "phi" in arrays:
        return simultaneous_game(arrays["u"], arrays["phi"], arrays["delta"])
    return turn_taking_game(arrays["mover"], arrays["idx"], arrays["p"], arrays["u"], arrays["delta"])


def seated_game(arrays: Arrays, precision: float) -> tuple[Game, Numbers]:
    """The game of two who move at once, as a case with `simultaneous:` is compiled.

    State s is noted as (s, a) by the first seat and as (s, a, b) by the second; what a profile pays and where it leads
    comes after both. The first `len(u)` states are those of the arrays.
    """
    u, phi = arrays["u"], arrays["phi"]
    states, _, rows, columns = u.shape
    first, second = states + np.arange(states * rows), states * (1 + rows) + np.arange(states * rows * columns)
    profiles = len(second)

    def ints(values: NDArray[Any]) -> NDArray[np.int32]:
        return np.ascontiguousarray(values.ravel(), dtype=np.int32)

    def stage(
        name: str, at: NDArray[Any], mover: int, choices: int, to: NDArray[Any], number: NDArray[Any], *, paid: bool
    ) -> Stage:
        options = len(at) * choices
        count = 2 * options if paid else 0
        return Stage(
            name, ints(at), np.full(len(at), mover, dtype=np.int32), ints(np.arange(len(at) + 1) * choices),
            ints(np.tile(np.arange(choices), len(at))), ints(np.arange(options + 1) * (2 if paid else 0)),
            ints(np.arange(count) % 2), ints(np.arange(count) % 2), ints(1 + np.arange(count)),
            ints(np.arange(options + 1) * (to.size // options)), ints(to), ints(number),
        )  # fmt: skip

    sure = np.zeros(max(len(first), profiles), dtype=int)
    odds_at = 1 + 2 * profiles + np.arange(profiles * states)
    stages = (
        stage("first", np.arange(states), 0, rows, first, sure[: len(first)], paid=False),
        stage("second", first, 1, columns, second, sure[:profiles], paid=False),
        stage("after", second, -1, 1, np.tile(np.arange(states), profiles), odds_at, paid=True),
    )
    pays = -np.moveaxis(u, 1, -1).reshape(-1)
    game = Game(
        states=states + len(first) + profiles,
        stages=stages,
        schedule=Schedule((), (), (0, 1, 2), np.ones((2, 3)), np.ones(3)),
        start=np.eye(1, states + len(first) + profiles).ravel(),
        payoff_class=np.zeros(states + len(first) + profiles, dtype=np.int32),
        class_start=np.zeros(2, dtype=np.int32),
        class_term=np.zeros(0, dtype=np.int32),
        class_coefficient=np.zeros(0, dtype=np.int32),
        terms=(Term(0, "payoff"), Term(1, "payoff")),
        labels=Labels(("actor 0", "actor 1"), tuple(f"option {k}" for k in range(max(rows, columns)))),
        period_years=1.0,
        simultaneous=((0, 1),),
    )
    numbers = Numbers(
        coefficient=np.concatenate(([1.0], pays, phi.reshape(-1)))[:, None].copy(),
        dated=np.zeros(0, dtype=np.int32),
        dated_value=np.zeros((3, 0, 1)),
        discount=np.asarray(arrays["delta"], dtype=np.float64)[:, None].copy(),
        precision=np.full((2, 1), precision),
    )
    return game, numbers


@dataclass(frozen=True)
class Shape:
    """How large a game is; `near`: successors lie within 64 places of their state, as in a compiled case."""

    states: int
    options: int = 3
    successors: int = 6
    actors: int = 2
    draws: int = 1
    near: bool = True


def staged_game(
    shape: Shape, seed: int = 1, *, precision: float = 5.0, discount: float = 0.95, sharp: bool = False,
    periods: int = 1,
) -> tuple[Game, Numbers]:  # fmt: skip
    """A game of one stage in the compiled layout: numbers from small tables, indices into them, one mover a state.

    Options pay every actor between 0 and 1; odds are those of 64 rows drawn once.
    """
    random = np.random.default_rng(seed)
    states, options, successors, actors = shape.states, shape.options, shape.successors, shape.actors
    count = states * options
    if shape.near:
        step = random.integers(-64, 65, (states, options * successors))
        to = (np.arange(states)[:, None] + step) % states
    else:
        to = random.integers(0, states, (states, options * successors))
    odds = random.dirichlet(np.ones(successors), _POOL)
    points = -random.random(_POINTS)
    row = random.integers(0, _POOL, count)

    def ints(values: NDArray[Any]) -> NDArray[np.int32]:
        return np.ascontiguousarray(values.ravel(), dtype=np.int32)

    everyone = ints(np.arange(states))
    stage = Stage(
        "move", everyone, ints(np.arange(states) % actors), ints(np.arange(states + 1) * options),
        ints(np.tile(np.arange(options), states)), ints(np.arange(count + 1) * actors),
        ints(np.tile(np.arange(actors), count)), ints(np.tile(np.arange(actors), count)),
        ints(_POOL * successors + random.integers(0, _POINTS, count * actors)), ints(np.arange(count + 1) * successors),
        ints(to), ints(row[:, None] * successors + np.arange(successors)),
    )  # fmt: skip
    game = Game(
        states=states,
        stages=(stage,),
        schedule=Schedule((), (), (0,), np.ones((periods + 1, 1)), np.ones(1)),
        start=np.eye(1, states).ravel(),
        payoff_class=np.zeros(states, dtype=np.int32),
        class_start=np.zeros(2, dtype=np.int32),
        class_term=np.zeros(0, dtype=np.int32),
        class_coefficient=np.zeros(0, dtype=np.int32),
        terms=tuple(Term(a, "payoff") for a in range(actors)),
        labels=Labels(tuple(f"actor {a}" for a in range(actors)), tuple(f"option {k}" for k in range(options))),
        period_years=1.0,
    )
    numbers = Numbers(
        coefficient=np.repeat(np.concatenate((odds.ravel(), points))[:, None], shape.draws, axis=1),
        dated=np.zeros(0, dtype=np.int32),
        dated_value=np.zeros((periods + 2, 0, shape.draws)),
        discount=np.full((actors, shape.draws), discount),
        precision=np.full((actors, shape.draws), precision),
        sharp=sharp,
    )
    return game, numbers
