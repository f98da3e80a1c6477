"""Every history of play written out: an independent account of the filter and of questions, in plain Python.

Odds come from a solve in double precision. A history is a sequence of orders, outcomes and options; its probability is
a product. Reports multiply it by the odds of what they say. Shares no code with the filter or the questions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.equilibrium import Period, Settings, Solution, Terminal, solve
from servanda.game import Numbers
from tests import dense

Floats = NDArray[np.float64]
Levels = Mapping[str, str]
Where = tuple[int, int, int]
EXACT = Settings(tail_tolerance=1e-10, tail_steps=2000)


@dataclass(frozen=True)
class Told:
    """A report: `true` reads the state at the start of period `at`, or `option` was taken at `decision` during it."""

    at: int
    reliability: float
    true: Callable[[Levels], bool] | None = None
    decision: str = ""
    option: str = ""

    def odds(self, correct: bool) -> float:
        """The odds of the report where it is correct, and where it is not."""
        return self.reliability if correct else 1.0 - self.reliability


@dataclass(frozen=True)
class Move:
    """What may happen at one place of a period: its probability, the option (of a decision), the state it leads to."""

    odds: float
    option: str
    to: int


@dataclass(frozen=True)
class Tree:
    """Play of one draw."""

    compiled: Compiled
    values: Mapping[str, float]
    numbers: Numbers
    solution: Solution

    @classmethod
    def of(cls, compiled: Compiled, values: Mapping[str, float], terminal: str = "settled") -> Tree:
        numbers = compiled.numbers([values])
        solution = solve(compiled.game, numbers, replace(EXACT, terminal=Terminal(terminal)))
        return cls(compiled, values, numbers, solution)

    @property
    def start(self) -> int:
        return int(np.flatnonzero(self.compiled.game.start)[0])

    def odds(self, t: int) -> Floats:
        """Odds of every option of a period, as the solver lays them out."""
        return Period(self.compiled.game, self.numbers).odds(self.solution.advantage[t])[:, 0]

    @cached_property
    def orders(self) -> list[list[Where]]:
        return dense.orders(self.compiled.game)

    @cached_property
    def _policy(self) -> list[dense.Policy]:
        period = Period(self.compiled.game, self.numbers)
        game = self.compiled.game
        return [dense.policy_of(game, self.numbers, period.odds(a), 0) for a in self.solution.advantage]

    @cached_property
    def _tables(self) -> list[Floats]:
        return [dense.table_at(self.numbers, t, 0) for t in range(len(self.solution.advantage))]

    @cached_property
    def _row(self) -> list[dict[int, int]]:
        return [{int(s): r for r, s in enumerate(stage.state)} for stage in self.compiled.game.stages]

    @cached_property
    def _known(self) -> dict[tuple[int, Where, int], list[Move]]:
        return {}

    def levels(self, state: int) -> dict[str, str]:
        """The state in words."""
        layout, code = self.compiled.layout, self.compiled.codes[[state]]
        case = self.compiled.case
        found = {v.name: v.levels[int(layout.digit(code, v.name)[0])] for v in case.variables}
        deal = layout.levels[int(layout.digit(code, "deal")[0])]
        return {**found, "deal": deal.stage, "draft": case.drafts[deal.draft].name if deal.draft >= 0 else ""}

    def moves(self, t: int, where: Where, state: int) -> list[Move]:
        key = (t, where, state)
        if key not in self._known:
            self._known[key] = self._moves(t, where, state)
        return self._known[key]

    def _moves(self, t: int, where: Where, state: int) -> list[Move]:
        game = self.compiled.game
        stage, row = game.stages[where[0]], self._row[where[0]].get(state)
        if row is None or game.schedule.applies[t, where[0]] == 0.0:
            return [Move(1.0, "", state)]
        found = []
        for o in range(stage.option_start[row], stage.option_start[row + 1]):
            for k in range(stage.outcome_start[o], stage.outcome_start[o + 1]):
                odds = float(self._policy[t][where][o] * self._tables[t][stage.outcome_coefficient[k]])
                if odds > 0.0:
                    found.append(Move(odds, game.labels.options[stage.label[o]], int(stage.outcome_state[k])))
        return found

    def filtered(self, reports: Sequence[Told], informed: int) -> tuple[Floats, dict[int, Floats]]:
        """Likelihood [variant], and the share [variant] of every state at the start of period `informed`.

        Variants: every report, none, and each report left out.
        """
        uses = np.ones((len(reports), 2 + len(reports)), dtype=bool)
        uses[:, 1] = False
        for k in range(len(reports)):
            uses[k, 2 + k] = False
        mass: dict[int, Floats] = {self.start: np.ones(uses.shape[1])}
        for t in range(informed + 1):
            for k, told in enumerate(reports):
                if told.true is not None and told.at == t:
                    mass = {
                        s: np.where(uses[k], told.odds(told.true(self.levels(s))), 1.0) * m for s, m in mass.items()
                    }
            if t == informed:
                break
            after: dict[int, Floats] = defaultdict(lambda: np.zeros(uses.shape[1]))
            for state, m in mass.items():
                for order in self.orders:
                    self._histories(t, order, state, m / len(self.orders), reports, uses, after)
            mass = after
        total = np.sum(list(mass.values()), axis=0)
        return total, {s: m / np.where(total > 0.0, total, np.nan) for s, m in mass.items()}

    def _histories(
        self, t: int, left: Sequence[Where], state: int, weight: Floats, reports: Sequence[Told],
        uses: NDArray[np.bool_], ends: dict[int, Floats],
    ) -> None:  # fmt: skip
        if not left:
            ends[state] = ends[state] + weight
            return
        name = self.compiled.game.stages[left[0][0]].name
        for move in self.moves(t, left[0], state):
            here = weight * move.odds
            for k, told in enumerate(reports):
                if told.decision == name and told.at == t:
                    here = np.where(uses[k], told.odds(told.option == move.option), 1.0) * here
            self._histories(t, left[1:], move.to, here, reports, uses, ends)

    def at(self, holds: Callable[[Levels, float], bool], mass: Mapping[int, float], first: int) -> list[float]:
        """Probability that a condition holds at the start of every period from `first` on; it may read the date."""
        found = []
        for t in range(first, self.periods + 1):
            found.append(sum(p for s, p in mass.items() if holds(self.levels(s), self.compiled.middles[t])))
            if t < self.periods:
                mass, _ = self._pushed(t, mass, None)
        return found

    def by(self, holds: Callable[[Levels, float], bool], mass: Mapping[int, float], first: int) -> list[float]:
        """Probability that a condition has held by the start of every period from `first` on, at any moment."""
        found, caught = [], 0.0
        for t in range(first, self.periods + 1):
            day = self.compiled.middles[t]
            event = {s for s in range(self.compiled.game.states) if holds(self.levels(s), day)}
            caught += sum(p for s, p in mass.items() if s in event)
            found.append(caught)
            if t < self.periods:
                mass, more = self._pushed(t, {s: p for s, p in mass.items() if s not in event}, event)
                caught += more
        return found

    @property
    def periods(self) -> int:
        return len(self.solution.advantage)

    def _pushed(self, t: int, mass: Mapping[int, float], event: set[int] | None) -> tuple[dict[int, float], float]:
        ends: dict[int, float] = defaultdict(float)
        caught = 0.0
        for order in self.orders:
            here = {s: p / len(self.orders) for s, p in mass.items()}
            for where in order:
                after: dict[int, float] = defaultdict(float)
                for state, p in here.items():
                    for move in self.moves(t, where, state):
                        if event is not None and move.to in event:
                            caught += p * move.odds
                        else:
                            after[move.to] += p * move.odds
                here = after
            for state, p in here.items():
                ends[state] += p
        return ends, caught
