"""Gates of a draft alone on the table, sixteen draws at a time in single precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from servanda.diagnosis.headlines import Headlines
from servanda.diagnosis.trials import MarkedFlow, Trials
from servanda.equilibrium import Period, Slot
from servanda.equilibrium.period import slots_of
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.equilibrium.streams import closed
from servanda.kernels.lanes import LANES, aligned

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class SixteenTrials(Trials):
    """Trials as `servanda.diagnosis.trials` runs them, coarser and three times faster."""

    lanes: ClassVar[int] = LANES

    @cached_property
    def _room(self) -> list[Singles]:
        """Room for the odds of the whole calendar, used again for every sixteen draws."""
        options = slots_of(self.compiled.game)[1]
        return [aligned((options, LANES)) for _ in range(self.compiled.case.periods)]

    def headlines(self, values: Sequence[Mapping[str, float]]) -> Headlines:
        """Headline numbers of draws, in their order; as many as fill whole sets of sixteen.

        Raises
        ------
        CaseError
            Where a draw's numbers make no sense.
        ValueError
            If they are not a multiple of sixteen.
        """
        game = self.compiled.game
        beyond = closed(game, self.compiled.numbers(values), self.settings)
        rows = []
        for first in range(0, len(values), LANES):
            period = SixteenPeriod(game, self.compiled.numbers(values[first : first + LANES]))
            worth = beyond.lanes(first)
            odds = self._room
            for t in reversed(range(len(odds))):
                self.settings.check()
                period.backward(worth, t, odds[t])
            settled = beyond.settled[first : first + LANES]
            rows.append(self._numbers(period, odds, worth, settled).rows())  # type: ignore[arg-type]
        return Headlines.of_rows(np.concatenate(rows), game.actors, len(self.compiled.case.sides))

    def _push(
        self, period: Period, odds: Sequence[Floats], mass: Floats, flow: MarkedFlow
    ) -> tuple[Floats, Floats, Floats]:
        assert isinstance(period, SixteenPeriod)
        caught = np.zeros((flow.kinds, LANES))
        curve = np.zeros((len(odds) + 1, LANES))
        single = mass.astype(np.float32)
        for t, chosen in enumerate(odds):
            curve[t] = single.sum(axis=0, dtype=np.float64)

            def step(slot: Slot, weight: float, array: Singles, t: int = t, chosen: Floats = chosen) -> None:
                marks = flow.mark[slot.stage], flow.absorb[slot.stage]
                period.pass_marked(array, slot, t, weight, chosen[slot.options], marks, caught)  # type: ignore[arg-type]

            single = period.carry(single, t, step)  # type: ignore[arg-type,assignment]
        curve[-1] = single.sum(axis=0, dtype=np.float64)
        return caught, single.astype(np.float64), curve
