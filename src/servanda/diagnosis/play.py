"""A solved case with its odds at hand, and the flows that cross between sets of states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.compile.evaluation import STAGES
from servanda.equilibrium import Period, Slot, Solution

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
# stages of a deal that has begun and not ended
ALIVE = ("phase", "in_force", "suspended", "expiring")


@dataclass(frozen=True)
class Play:
    """A compiled case and the solution of one draw (one set of parameters, one menu of drafts)."""

    compiled: Compiled
    solution: Solution

    @cached_property
    def period(self) -> Period:
        """The period operator."""
        return Period(self.compiled.game, self.solution.numbers)

    @cached_property
    def odds(self) -> tuple[Floats, ...]:
        """Odds of every option, by period: odds[t][option, 0]."""
        return tuple(self.period.odds(a) for a in self.solution.advantage)

    @property
    def periods(self) -> int:
        """Number of periods solved."""
        return len(self.solution.advantage)

    def stage_mask(self, *stages: str, draft: int | None = None) -> Mask:
        """States whose deal is at one of these stages (of one draft, if given)."""
        found = np.isin(self.compiled.deal_stage, [STAGES.index(s) for s in stages])
        return found if draft is None else found & (self.compiled.draft == draft)


@dataclass(frozen=True)
class Crossing:
    """Outcomes, stage by stage, that lead from one set of states into another."""

    outcomes: tuple[NDArray[np.int64], ...]

    @classmethod
    def between(cls, compiled: Compiled, source: Mask, target: Mask) -> Crossing:
        """All outcomes from states of `source` to states of `target`."""
        found = []
        for stage in compiled.game.stages:
            rows = stage.row_of_option[stage.option_of_outcome]
            found.append(np.flatnonzero(source[stage.state[rows]] & target[stage.outcome_state]))
        return cls(tuple(found))

    def flow(self, play: Play, slot: Slot, t: int, mass: Floats, odds: Floats) -> Floats:
        """Probability about to flow through each crossing outcome of a stage, [outcome, column]."""
        stage = play.compiled.game.stages[slot.stage]
        index = self.outcomes[slot.stage]
        options = stage.option_of_outcome[index]
        states = stage.state[stage.row_of_option[options]]
        chance = play.period.table(t)[stage.outcome_coefficient[index]]
        weight = play.period.weight(slot, t)
        share = np.where(stage.mover[stage.row_of_option[options]] < 0, weight, 1.0)[:, None]
        return np.asarray(mass[states] * odds[slot.options][options] * chance * share)


def propagate(
    play: Play,
    mass: Floats,
    *,
    before: Callable[[int, Slot, Floats], None] | None = None,
    after: Callable[[int, Slot, Floats], None] | None = None,
    at_start: Callable[[int, Floats], None] | None = None,
) -> Floats:
    """Push mass[state, column] through the whole calendar; callbacks see it before and after every stage."""
    for t in range(play.periods):
        if at_start is not None:
            at_start(t, mass)

        def see(slot: Slot, array: Floats, t: int = t) -> None:
            assert before is not None
            before(t, slot, array)

        def saw(slot: Slot, array: Floats, t: int = t) -> None:
            assert after is not None
            after(t, slot, array)

        mass = play.period.forward(mass, t, play.odds[t], see if before else None, saw if after else None)
    if at_start is not None:
        at_start(play.periods, mass)
    return mass
