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
