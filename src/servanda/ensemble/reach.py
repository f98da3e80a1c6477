"""Answers to dated questions as functions of the state: backward expectation of "will it be so" under play.

For every question the probability of yes from each state at the date of information, so that any distribution over
states (before the evidence, after it, without one piece of it) is answered by a sum. Dates inside a period are
interpolated linearly between its two ends, events are caught after every stage, as in `servanda.forecast.propagation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.compile import Compiled
from servanda.compile.evaluation import is_dated
from servanda.equilibrium.period import Slot
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.kernels.lanes import LANES
from servanda.kernels.sixteen import assign

Singles = NDArray[np.float32]
States = NDArray[np.int32]


@dataclass(frozen=True)
class Event:
    """A condition in the calendar: the states where it holds, period by period, and the stages that bring it about."""

    compiled: Compiled
    node: syntax.Node
    dated: bool
    _known: dict[int, tuple[NDArray[np.bool_], States, frozenset[int]]]

    @classmethod
    def of(cls, compiled: Compiled, node: syntax.Node) -> Event:
        """The event of a condition."""
        return cls(compiled, node, is_dated(node, compiled.case.drafts), {})

    def at(self, period: int) -> tuple[NDArray[np.bool_], States, frozenset[int]]:
        """States of the event as a mask and as indices, and the stages that lead into it, in one period."""
        key = period if self.dated else 0
        if key not in self._known:
            inside = self.compiled.truth(self.node, period) != 0.0
            causes = frozenset(
                index
                for index, stage in enumerate(self.compiled.game.stages)
                if (inside[stage.outcome_state] & ~inside[stage.source_of_outcome]).any()
            )
            self._known[key] = inside, np.flatnonzero(inside).astype(np.int32), causes
        return self._known[key]


@dataclass(frozen=True)
class Asked:
    """A question in the calendar: it looks at the start of period `stop`, and a share `part` on to the next start."""

    name: str
    event: Event
    timing: Literal["at", "by"]
    stop: int
    part: float

    @classmethod
    def of(
        cls, compiled: Compiled, name: str, node: syntax.Node, timing: Literal["at", "by"], day: date, informed: int
    ) -> Asked:
        """A question placed in the calendar; what lies outside it is asked of its nearest end."""
        days = [d.toordinal() for d in compiled.dates[: compiled.case.periods + 1]]
        stop = int(np.searchsorted(days, day.toordinal(), side="right")) - 1
        part = 0.0
        if informed <= stop < compiled.case.periods:
            part = (day.toordinal() - days[stop]) / (days[stop + 1] - days[stop])
        return cls(name, Event.of(compiled, node), timing, min(max(stop, informed), compiled.case.periods), part)

    @property
    def last(self) -> int:
        """The last start that is looked at."""
        return self.stop + (self.part > 0.0)

    def reward(self, boundary: int) -> float:
        """What being caught (or holding) at the start of a period is worth."""
        if self.timing == "at":
            return (1.0 - self.part) if boundary == self.stop else self.part if boundary == self.stop + 1 else 0.0
        return 1.0 if boundary <= self.stop else self.part if boundary == self.stop + 1 else 0.0


def reached(period: SixteenPeriod, odds: Sequence[Singles], questions: Sequence[Asked], informed: int) -> Singles:
    """Probability of yes [state, question, draw] from every state at the start of period `informed`."""
    states = period.game.states
    order = sorted(range(len(questions)), key=lambda q: -questions[q].last)
    values = np.zeros((states, 0), dtype=np.float32)
    active: list[int] = []
    for t in range(max((q.last for q in questions), default=informed), informed - 1, -1):
        fresh = [q for q in order if questions[q].last == t]
        if fresh:
            grown = np.zeros((states, (len(active) + len(fresh)) * LANES), dtype=np.float32)
            grown[:, : values.shape[1]] = values
            values, active = grown, [*active, *fresh]
        _look(values, [questions[q] for q in active], t)
        if t > informed and active:
            values = _back(period, values, t - 1, odds[t - 1], [questions[q] for q in active])
    found = np.zeros((states, len(questions), LANES), dtype=np.float32)
    found[:, active] = values.reshape(states, len(active), LANES)
    return found


def _look(values: Singles, active: Sequence[Asked], boundary: int) -> None:
    for column, question in enumerate(active):
        reward = question.reward(boundary)
        inside, states, _ = question.event.at(boundary)
        if question.timing == "by":
            assign(values.reshape(-1), states, column, len(active), reward)
        elif reward > 0.0:
            values[inside, column * LANES : (column + 1) * LANES] += np.float32(reward)


def _back(period: SixteenPeriod, values: Singles, t: int, odds: Singles, active: Sequence[Asked]) -> Singles:
    """Through period t, whose events are worth a whole if they fall before `stop`, and a part inside it."""
    by = [(column, q, q.event.at(t)) for column, q in enumerate(active) if q.timing == "by"]

    def before(slot: Slot, array: Singles) -> None:
        for column, question, (_, states, causes) in by:
            if slot.stage in causes:
                assign(
                    array.reshape(-1), states, column, len(active), 1.0 if t < question.stop else question.part
                )  # fmt: skip

    return period.expect(values, t, odds, before)
