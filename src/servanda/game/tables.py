"""Games from plain tables: for theory games, reference games of other programs and random tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servanda.game.game import Game, Labels, Numbers, Schedule, Stage, Term


def game_from_tables(
    mover: Sequence[int],
    options: Sequence[Sequence[int]],
    successors: Sequence[Sequence[Sequence[int]]],
    odds: Sequence[Sequence[Sequence[float]]],
    payoff: Sequence[Sequence[Sequence[float]]],
    *,
    discount: Sequence[float],
    precision: Sequence[float],
    periods: int = 1,
    start: ArrayLike | None = None,
    taste: bool = False,
    sharp: bool = False,
) -> tuple[Game, Numbers]:
    """A turn-taking game in which each period one actor moves once.

    Parameters
    ----------
    mover : mover[state], actor index, or -1 for chance (then exactly one option)
    options : options[state] lists option numbers (labels) available there, at least one
    successors, odds : successors[state][option][k] with probabilities odds[state][option][k]
    payoff : payoff[state][option][actor], received when the option is taken
    discount : discount[actor] per period, in [0, 1)
    precision : precision[actor], logit λ per unit of payoff

    Raises
    ------
    ValueError
        If odds do not add up to one.

    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> game.states, game.stages[0].options
    (1, 2)
    """
    states, actors = len(mover), len(discount)
    numbers: dict[float, int] = {0.0: 0}

    def index(value: float) -> int:
        return numbers.setdefault(float(value), len(numbers))

    option_start, label, price_start, outcome_start = [0], [], [0], [0]
    price_actor: list[int] = []
    price_coefficient: list[int] = []
    outcome_state: list[int] = []
    outcome_coefficient: list[int] = []
    for s in range(states):
        for i, name in enumerate(options[s]):
            if abs(sum(odds[s][i]) - 1.0) > 1e-9:
                raise ValueError(f"odds of option {name} in state {s} add up to {sum(odds[s][i])}, not 1")
            label.append(name)
            for a, points in enumerate(payoff[s][i]):
                if points != 0.0:
                    price_actor.append(a)
                    price_coefficient.append(index(-points))
            price_start.append(len(price_actor))
            for t, p in zip(successors[s][i], odds[s][i], strict=True):
                outcome_state.append(t)
                outcome_coefficient.append(index(p))
            outcome_start.append(len(outcome_state))
        option_start.append(len(label))

    def ints(values: Sequence[int]) -> NDArray[np.int32]:
        return np.array(values, dtype=np.int32)

    stage = Stage(
        "move", np.arange(states, dtype=np.int32), ints(list(mover)), ints(option_start), ints(label),
        ints(price_start), ints(price_actor), ints(price_actor), ints(price_coefficient),
        ints(outcome_start), ints(outcome_state),
        ints(outcome_coefficient),
    )  # fmt: skip
    first = np.zeros(states) if start is None else np.asarray(start, dtype=np.float64)
    if start is None:
        first[0] = 1.0
    game = Game(
        states=states,
        stages=(stage,),
        schedule=Schedule((), (), (0,), np.ones((periods + 1, 1)), np.ones(1)),
        start=first,
        payoff_class=np.zeros(states, dtype=np.int32),
        class_start=np.zeros(2, dtype=np.int32),
        class_term=np.zeros(0, dtype=np.int32),
        class_coefficient=np.zeros(0, dtype=np.int32),
        terms=tuple(Term(a, "payoff") for a in range(actors)),
        labels=Labels(
            tuple(f"actor {a}" for a in range(actors)),
            tuple(f"option {k}" for k in range(1 + max((max(o) for o in options), default=0))),
        ),
        period_years=1.0,
    )
    table = Numbers(
        coefficient=np.array(list(numbers))[:, None].copy(),
        dated=np.zeros(0, dtype=np.int32),
        dated_value=np.zeros((periods + 2, 0, 1)),
        discount=np.asarray(discount, dtype=np.float64)[:, None].copy(),
        precision=np.asarray(precision, dtype=np.float64)[:, None].copy(),
        taste=taste,
        sharp=sharp,
    )
    return game, table
