"""The period operator for sixteen draws at once in single precision (see `servanda.kernels.sixteen`).

Logit play only; with extreme-value ("taste") values, and where several actors move at once, a stage is computed by the
double-precision kernels for any number of draws. Arrays are float32: values[state, actor * 16 + draw],
odds[option, draw], mass[state, column * 16 + draw]. The order in which nature lets the sides move is carried as in
`Period`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium.period import Period, Slot
from servanda.game import Game, Numbers
from servanda.game.game import flow_payoffs
from servanda.kernels import stage as kernel
from servanda.kernels.lanes import LANES, aligned
from servanda.kernels.sixteen import (
    accrue,
    backward_sixteen,
    expect_sixteen,
    forward_marked_sixteen,
    forward_sixteen,
)

Singles = NDArray[np.float32]
Observer = Callable[[Slot, Singles], None]


class SixteenPeriod(Period):
    """The period operator of a game for sixteen draws.

    Raises
    ------
    ValueError
        If the numbers hold another number of draws, or play is not logit play.

    >>> from servanda.game import game_from_tables
    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> period = SixteenPeriod(game, numbers.repeated(16))
    >>> values, odds = period.zeros(1), period.space()
    >>> _ = period.backward(values, 0, odds)
    >>> round(float(values[0, 3]), 4), round(float(odds[1, 3]), 4)
    (0.7311, 0.7311)
    """

    number = np.float32

    def __init__(self, game: Game, numbers: Numbers) -> None:
        if numbers.draws != LANES:
            raise ValueError(f"sixteen draws run together, not {numbers.draws}")
        super().__init__(game, numbers, threads=False)
        if self.mode not in (kernel.LOGIT, kernel.TASTE):
            raise ValueError("only logit play runs on sixteen draws")
        self._operator = backward_sixteen(game.actors)
        self._rate = aligned((numbers.discount.size,))
        self._rate[:] = numbers.discount.reshape(-1)
        self._precision = aligned((numbers.precision.size,))
        self._precision[:] = numbers.precision.reshape(-1)
        self._single: tuple[int, Singles] = (-2, aligned((0,)))
        self._paid: tuple[int, Singles] = (-2, aligned((0,)))
        self._scratch = aligned((0,))
        self._unwanted = self.space()

    def zeros(self, columns: int) -> Singles:
        """Room for something of every state: [state, column * 16 + draw]."""
        room = aligned((self.game.states, columns * LANES))
        room[:] = 0.0
        return room

    def space(self) -> Singles:
        """Room for the odds of a period, [option, draw]."""
        room = aligned((self.options, LANES))
        room[:] = 0.0
        return room

    def _table(self, period: int) -> Singles:
        if self._single[0] != period:
            table = aligned((self.numbers.coefficient.size,))
            table[:] = self.table(period).reshape(-1)
            self._single = (period, table)
        return self._single[1]

    def _points(self, period: int) -> Singles:
        """What the classes of states pay in a period, flat."""
        key = period if len(self.numbers.dated) else 0
        if self._paid[0] != key:
            points = self.flow(period)
            paid = aligned((points.size,))
            paid[:] = points.reshape(-1)
            self._paid = (key, paid)
        return self._paid[1]

    def give(self, lane: int, other: Numbers, draw: int) -> None:
        """Let a lane go on with another draw, in an average period beyond the calendar.

        After that the operator knows no other period, and `numbers` are no longer what it computes with.
        """
        one = other.draw(draw)
        self._table(-1)[lane::LANES] = one.at(len(one.dated_value) - 1)[:, 0]
        points = flow_payoffs(self.game, one.at(len(one.dated_value) - 1)) * self.game.period_years
        self._points(-1)[lane::LANES] = points.reshape(-1)
        self._rate[lane::LANES] = one.discount[:, 0]
        self._precision[lane::LANES] = one.precision[:, 0]

    def _room(self, columns: int) -> Singles:
        size = self.game.largest_stage * columns * LANES
        if len(self._scratch) < size:
            self._scratch = aligned((size,))
        return self._scratch

    def backward(self, values: Singles, period: int, odds: Singles | None = None) -> Singles:  # type: ignore[override]
        """Values at the start of the period from those at the start of the next, in place; writes the odds of play."""
        if odds is None:
            odds = self._unwanted
        table, flat = self._table(period), values.reshape(-1)
        accrue(flat, self.game.payoff_class, self._points(period), self._rate)
        scratch = self._room(self.game.actors)

        def sweep(array: Singles, slots: list[Slot]) -> None:
            for slot in reversed(slots):
                weight, stage = self.weight(slot, period), self.game.stages[slot.stage]
                if slot.stage in self._seats:
                    self._decided(array, slot, period, odds)
                elif self.mode == kernel.TASTE and weight != 0.0 and stage.rows:
                    self._tasted(array, slot, period, weight, odds)
                elif weight != 0.0 and stage.rows:
                    self._operator(
                        *stage.structure, stage.cuts, table, self._precision, weight, array.reshape(-1), scratch,
                        odds[slot.options].reshape(-1),
                    )  # fmt: skip

        return self._through(values, sweep)

    def _decided(self, values: Singles, slot: Slot, period: int, odds: Singles) -> None:
        """Let a group of stages move at once; such groups are small, so that double precision costs nothing."""
        if slot.stage not in self.game.together or not self.game.stages[slot.stage].rows:
            return
        wide = values.astype(np.float64)
        found, _ = self.decide(wide, *self._doubles(period), slot.stage, self.mode)
        values[:] = wide
        odds[slot.options.stop - len(found) : slot.options.stop] = found

    def _tasted(self, values: Singles, slot: Slot, period: int, weight: float, odds: Singles) -> None:
        """One stage under extreme-value values."""
        stage = self.game.stages[slot.stage]
        wide = values.astype(np.float64)
        table, precision = self._doubles(period)
        scratch, behind = self._space()
        part, found = behind[: stage.options], np.empty((stage.options, LANES))
        kernel.backward(*stage.structure, table, precision, weight, self.mode, 0, wide, scratch, part)
        kernel.choose(stage.mover, stage.option_start, part, precision, self.mode, found)
        values[:] = wide
        odds[slot.options] = found

    def _doubles(self, period: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients and precisions of the draws that the lanes hold, in double precision."""
        table = self._table(period).reshape(-1, LANES).astype(np.float64)
        return table, self._precision.reshape(-1, LANES).astype(np.float64)

    def expect(self, values: Singles, period: int, odds: Singles, before: Observer) -> Singles:
        """Expectations of columns under given odds, in place.

        `before(slot, values)` is told, on the way back, what the columns are worth after a stage, and may change it.
        """
        table, columns = self._table(period), values.shape[1] // LANES
        scratch = self._room(columns)

        def sweep(array: Singles, slots: list[Slot]) -> None:
            for slot in reversed(slots):
                weight, stage = self.weight(slot, period), self.game.stages[slot.stage]
                if weight != 0.0 and stage.rows:
                    before(slot, array)
                    expect_sixteen(
                        *stage.structure, table, odds[slot.options].reshape(-1), weight, columns, array.reshape(-1),
                        scratch,
                    )  # fmt: skip

        return self._through(values, sweep)

    def _through(self, values: Singles, sweep: Callable[[Singles, list[Slot]], None]) -> Singles:
        sweep(values, self._closing)
        if self._full:
            values[:] = self._drawn(values, sweep)  # type: ignore[arg-type]
        sweep(values, self._opening)
        return values

    def push(self, mass: Singles, period: int, odds: Singles, after: Observer | None = None) -> Singles:
        """Push mass through the period under `odds` and return it (the argument is overwritten).

        `after` is told the mass that leaves a stage and may take from it.
        """
        alive = self.alive(mass)

        def step(slot: Slot, weight: float, array: Singles) -> None:
            self.pass_stage(array, slot, period, weight, odds[slot.options], alive)
            if after is not None:
                after(slot, array)

        return self.carry(mass, period, step)  # type: ignore[arg-type,return-value]

    def copied(self, values: Singles) -> Singles:  # type: ignore[override]
        """A copy that begins where a line of the cache begins."""
        copy = aligned(values.shape)
        copy[:] = values
        return copy

    def alive(self, mass: Singles) -> NDArray[np.uint8]:
        """The states in which any column has mass, for `pass_stage`."""
        return np.asarray(mass.any(axis=1), dtype=np.uint8)

    def pass_stage(
        self,
        mass: Singles,
        slot: Slot,
        period: int,
        weight: float,
        odds: Singles,
        alive: NDArray[np.uint8],
        which: NDArray[np.int32] | None = None,
    ) -> None:
        """Push mass through one stage in place under the odds of its options.

        odds[option, draw]; or odds[set, option, draw] with `which[column]`, the set under which a column goes.
        `alive` has a 1 for every state with mass and is kept up to date.
        """
        columns = mass.shape[1] // LANES
        forward_sixteen(
            *self.game.stages[slot.stage].structure, self._table(period), odds.reshape(-1),
            np.zeros(columns, dtype=np.int32) if which is None else which, weight, mass.reshape(-1),
            self._room(columns), alive,
        )  # fmt: skip

    def pass_marked(
        self,
        mass: Singles,
        slot: Slot,
        period: int,
        weight: float,
        odds: Singles,
        marks: tuple[NDArray[np.int32], NDArray[np.int32]],
        caught: NDArray[np.float64],
    ) -> None:
        """Push mass[state, draw] through one stage in place and add what takes marked outcomes to caught[mark, draw].

        `marks` are the mark and the absorption of the stage's outcomes.
        """
        forward_marked_sixteen(
            *self.game.stages[slot.stage].structure, self._table(period), odds.reshape(-1), weight, *marks,
            mass.reshape(-1), self._room(1), caught,
        )  # fmt: skip
