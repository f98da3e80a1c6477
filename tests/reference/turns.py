"""Theory games written move by move: named states, one mover each, solved by the engine in sharp play.

Each move takes one period of the game, so a round of m moves under the discount factor δ has δ^(1/m) per move; every
way through a round has m moves and pays at the same one of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from servanda.equilibrium import Period, Settings, Solution, Status, Terminal, solve
from servanda.game import Game, Numbers, game_from_tables

CHANCE = -1
END = "end"
Name = Hashable


@dataclass(frozen=True)
class Option:
    """What a mover may take: points for every actor and the odds of what comes next."""

    label: str
    to: Sequence[tuple[float, Name]]
    points: Sequence[float] = ()


def then(label: str, to: Name, *points: float) -> Option:
    """An option that leads to one state for sure."""
    return Option(label, ((1.0, to),), points)


class Turns:
    """A game under construction; the state `END` pays nothing for ever."""

    def __init__(self, actors: int) -> None:
        self.actors = actors
        self.movers: dict[Name, int] = {}
        self.options: dict[Name, tuple[Option, ...]] = {}
        self.at(END, CHANCE, then("stay", END))

    def at(self, state: Name, mover: int, *options: Option) -> None:
        """Say who moves in a state and what can be done there; of equally good options the first is taken."""
        self.movers[state] = mover
        self.options[state] = options

    def tables(self, start: Name, discount: Sequence[float], periods: int) -> tuple[Game, Numbers, dict[Name, int]]:
        """The game as the engine takes it, and the index of every state."""
        index = {name: i for i, name in enumerate(self.movers)}
        rest = (0.0,) * self.actors
        first = np.zeros(len(index))
        first[index[start]] = 1.0
        game, numbers = game_from_tables(
            list(self.movers.values()),
            [list(range(len(options))) for options in self.options.values()],
            [[[index[name] for _, name in o.to] for o in options] for options in self.options.values()],
            [[[p for p, _ in o.to] for o in options] for options in self.options.values()],
            [[o.points or rest for o in options] for options in self.options.values()],
            discount=discount,
            precision=[1.0] * self.actors,
            periods=periods,
            start=first,
            sharp=True,
        )
        return game, numbers, index

    def over_calendar(self, start: Name, discount: Sequence[float], periods: int, *, keep: bool = True) -> Play:
        """Backward induction over a calendar after which nothing is paid: unique up to ties."""
        game, numbers, index = self.tables(start, discount, periods)
        settings = Settings(terminal=Terminal("settled"), keep_policy=keep)
        return Play(self, start, index, solve(game, numbers, settings))

    def for_ever(
        self, start: Name, discount: Sequence[float], steps: int = 40_000,
        hoped: Mapping[Name, Sequence[float]] | None = None,
    ) -> Play:  # fmt: skip
        """The engine's stationary continuation, which must have come to rest; begun from values hoped for, if given."""
        game, numbers, index = self.tables(start, discount, 1)
        warm = None
        if hoped is not None:
            warm = np.zeros((len(index), self.actors))
            for name, values in hoped.items():
                warm[index[name]] = values
        solution = solve(game, numbers, Settings(tail_tolerance=1e-11, tail_steps=steps), warm=warm)
        assert solution.status is Status.SOLVED, solution.status.value
        return Play(self, start, index, solution)


@dataclass(frozen=True)
class Play:
    """A solved game of turns."""

    turns: Turns
    start: Name
    index: dict[Name, int]
    solution: Solution

    def value(self, state: Name, actor: int) -> float:
        """Present value at the first move."""
        return float(self.solution.values[self.index[state], actor])

    def choice(self, state: Name, move: int = 0) -> Option:
        """The option taken in a state at a move of the calendar."""
        stage = self.solution.game.stages[0]
        odds = Period(self.solution.game, self.solution.numbers).odds(self.solution.advantage[move])[:, 0]
        row = self.index[state]
        first, last = stage.option_start[row], stage.option_start[row + 1]
        return self.turns.options[state][int(np.argmax(odds[first:last]))]

    def path(self, moves: int) -> list[tuple[Name, str]]:
        """States and labels along the path from the start, as long as nothing is left to chance."""
        state, found = self.start, []
        for move in range(moves):
            option = self.choice(state, move)
            found.append((state, option.label))
            if len(option.to) > 1 or state == END:
                break
            state = option.to[0][1]
        return found
