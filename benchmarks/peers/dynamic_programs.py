"""One player beside quantecon's sparse dynamic programming: what the engine costs where a game is no game."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.environment import Patience, Peers
from benchmarks.random_games import Shape, staged_game
from benchmarks.tables import Table, error, processor_time, seconds, times
from servanda.equilibrium import Period
from servanda.equilibrium.iteration import fixed_point
from servanda.game import Game, Numbers

PERIODS, ACCURACY, NEARLY = 60, 1e-8, 1e7
QUESTIONS = (
    ("calendar, best option", "backward induction"),
    ("calendar, logit of λ = 10⁷", "backward induction"),
    ("stationary, best option", "value_iteration"),
    ("stationary, best option", "modified_policy_iteration"),
)
COLUMNS = ("problem", "states", "servanda", "quantecon", "its method", "ratio", "values differ by")
SAYS = (
    "One player, 3 options with 6 successors each, discount factor 0.95, payoffs between 0 and 1; our operator in its "
    "sharp form (the best option is taken), and in its logit form, which the product runs, with hardly any noise. A "
    f"calendar of {PERIODS} periods is the same backward induction in both. Without a calendar ours iterates values "
    f"until they are within {ACCURACY:g}; theirs by value iteration and by modified policy iteration, which has no "
    "counterpart for several players."
)


def measure_programs(
    peers: Peers | None, sizes: tuple[int, ...] = (1_000, 10_000, 100_000), limit: float = 60.0
) -> Table:
    """Times and distances of values at growing numbers of states."""
    patience, rows = Patience(peers, limit), []
    for states in sizes:
        game, numbers = staged_game(Shape(states, actors=1), sharp=True)
        period = Period(game, numbers, threads=False)
        question = asked(game, numbers)

        def calendar(period: Period = period) -> NDArray[np.float64]:
            values = np.zeros((period.game.states, 1))
            for _ in range(PERIODS):
                period.backward(values, 0)
            return values[:, 0]

        def for_ever(period: Period = period) -> NDArray[np.float64]:
            # successive values within x of each other are within x δ / (1 - δ) of the answer
            start = np.zeros((period.game.states, 1))
            within = ACCURACY * (1 - 0.95) / 0.95
            found = fixed_point(lambda v: period.backward(v, -1), start, within / 10, 5000, draws=1, mixing=False)
            return found.values[:, 0]

        near = Period(*staged_game(Shape(states, actors=1), precision=NEARLY), threads=False)
        calendar(near)
        own = processor_time(calendar), processor_time(partial(calendar, near)), processor_time(for_ever)
        answer = patience.ask("dynamic_program", question)
        for k, (title, method) in enumerate(QUESTIONS):
            taken, values = own[min(k, 2)]
            row = (title, f"{states:,}", seconds(taken))
            if isinstance(answer, str):
                rows.append((*row, answer, method.replace("_", " "), "", ""))
                continue
            key = "calendar" if k < 2 else method
            theirs = float(answer[f"{key}_seconds"])
            apart = float(np.abs(answer[f"{key}_values"] - values).max())
            rows.append((*row, seconds(theirs), method.replace("_", " "), times(theirs, taken), error(apart)))
    return Table("One player beside quantecon", SAYS, COLUMNS, tuple(rows))


def asked(game: Game, numbers: Numbers) -> dict[str, NDArray[Any] | float]:
    """The same problem as arrays [state, option, successor]."""
    stage = game.stages[0]
    options = stage.options // game.states
    table = numbers.coefficient[:, 0]
    return {
        "idx": stage.outcome_state.reshape(game.states, options, -1),
        "p": table[stage.outcome_coefficient].reshape(game.states, options, -1),
        "u": -table[stage.price_coefficient].reshape(game.states, options),
        "discount": float(numbers.discount[0, 0]),
        "periods": PERIODS,
        "epsilon": ACCURACY,
    }
