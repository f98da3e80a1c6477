"""One period of a game as an operator: backward on values, forward on probability mass.

With blocks whose order nature draws, a period is a small lattice: at a node with the set R of blocks still to move,
each block of R comes next with odds 1/|R|. Values and mass are carried over all subsets, so three blocks cost twelve
block passes instead of the eighteen of all six orders. A *slot* is a stage in one such context; odds differ by slot,
because a mover knows who has moved already.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servanda.game import Game, Numbers
from servanda.game.game import flow_payoffs
from servanda.kernels import stage as kernel
from servanda.kernels.fourfold import LANES, backward_four, evaluate_four
from servanda.kernels.single import backward_single, evaluate_single
from servanda.kernels.together import decide

Floats = NDArray[np.float64]
Observer = Callable[["Slot", Floats], None]
_WORTH_A_THREAD = 200_000


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="servanda-block")


@dataclass(frozen=True, slots=True)
class Slot:
    """A stage in one context: `options` is its slice of the period's policy arrays; `remaining` the drawn blocks
    (bit mask) that have not finished when it comes, its own included; 0 for opening and closing stages.
    """

    stage: int
    remaining: int
    block: int
    options: slice


class Period:
    """The period operator of a game for given numbers; `number` is the type of its values.

    Block passes of the same size of R are independent and run in threads (kernels release the lock) where cores are
    free.

    >>> from servanda.game import game_from_tables
    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> values = np.zeros((1, 1))
    >>> _ = Period(game, numbers).backward(values, 0)
    >>> round(float(values[0, 0]), 4)
    0.7311
    """

    number: type[np.floating[Any]] = np.float64

    def __init__(self, game: Game, numbers: Numbers, *, threads: bool = True) -> None:
        self.game = game
        self.numbers = numbers
        self.draws = numbers.draws
        self.width = game.actors * self.draws
        work = self.width * sum(s.rows for s in game.stages)
        self._threaded = threads and work >= _WORTH_A_THREAD and (os.cpu_count() or 1) > 1
        self.mode = kernel.SHARP if numbers.sharp else kernel.TASTE if numbers.taste else kernel.LOGIT
        self.slots, self.options = slots_of(game)
        self._opening = [s for s in self.slots if s.block == -1]
        self._closing = [s for s in self.slots if s.block == -2]
        self._blocks: dict[tuple[int, int], list[Slot]] = {}
        for s in self.slots:
            if s.block >= 0:
                self._blocks.setdefault((s.remaining, s.block), []).append(s)
        self._local = threading.local()
        self._discount = numbers.discount.reshape(1, -1)
        self._payoffs: dict[int, Floats] = {}
        self._full = (1 << len(game.schedule.blocks)) - 1
        self._seats = frozenset(stage for group in game.simultaneous for stage in group)
        self._applies: list[list[float]] = game.schedule.applies.tolist()
        self._tail: list[float] = game.schedule.tail.tolist()

    def table(self, period: int) -> Floats:
        """Coefficients in a period; -1 means an average period beyond the calendar."""
        if period < 0:
            return self.numbers.at(len(self.numbers.dated_value) - 1)
        return self.numbers.at(period)

    def weight(self, slot: Slot, period: int) -> float:
        """Share with which a stage acts in a period (1, or 0 for a dated event on other dates)."""
        return self._tail[slot.stage] if period < 0 else self._applies[period][slot.stage]

    def flow(self, period: int) -> Floats:
        """Flow payoffs of one period, u[class, actor * draws + draw], in points of that period."""
        key = period if len(self.numbers.dated) else 0
        if key not in self._payoffs:
            if len(self._payoffs) > 2:
                self._payoffs.clear()
            points = flow_payoffs(self.game, self.table(period)) * self.game.period_years
            self._payoffs[key] = points.reshape(len(points), self.width)
        return self._payoffs[key]

    def backward(
        self,
        values: Floats,
        period: int,
        advantage: Floats | None = None,
        mode: int | None = None,
        objective: int = 0,
        *,
        as_odds: bool = False,
    ) -> Floats:
        """Values at the start of the period from `values[state, actor * draws + draw]` at the start of the next (in
        place).

        `advantage[option, draw]` (length `options`) receives each option's shortfall behind its mover's best, or with
        `as_odds` (logit play of `LANES` draws only) its odds.
        """
        chosen = self.mode if mode is None else mode
        table = self.table(period)
        kernel.accrue(values, self.game.payoff_class, self.flow(period), self._discount)

        def sweep(array: Floats, slots: list[Slot]) -> None:
            self._sweep(array, slots, period, table, advantage, chosen, objective, as_odds)

        sweep(values, self._closing)
        if self._full:
            values[:] = self._drawn(values, sweep)
        sweep(values, self._opening)
        return values

    def copied(self, values: Floats) -> Floats:
        """A copy of values or mass."""
        return values.copy()

    def _drawn(self, after: Floats, sweep: Callable[[Floats, list[Slot]], None]) -> Floats:
        """Values before the drawn blocks from those after them: the mean over all orders, set by set."""
        worth: dict[int, Floats] = {0: after}
        blocks = range(len(self.game.schedule.blocks))

        def passed(task: tuple[int, int, bool]) -> Floats:
            remaining, block, last = task
            values = worth[remaining ^ (1 << block)]
            # the last to read a set's values may change them in place; side by side there is no last
            values = values if last and not self._threaded else self.copied(values)
            sweep(values, self._blocks.get((remaining, block), []))
            return values

        masks = range(1, self._full + 1)
        for size in range(1, len(blocks) + 1):
            pairs = [(r, b) for r in masks if r.bit_count() == size for b in blocks if r >> b & 1]
            after_which = [r ^ (1 << b) for r, b in pairs]
            tasks = [
                (r, b, w not in after_which[i + 1 :])
                for i, ((r, b), w) in enumerate(zip(pairs, after_which, strict=True))
            ]
            for (remaining, _, _), values in zip(tasks, self._map(passed, tasks), strict=True):
                if remaining in worth:
                    worth[remaining] += values
                else:
                    worth[remaining] = values
            if size > 1:
                for r in masks:
                    if r.bit_count() == size:
                        worth[r] /= size
        return worth[self._full]

    def _map(
        self, function: Callable[[tuple[int, int, bool]], Floats], tasks: list[tuple[int, int, bool]]
    ) -> Iterable[Floats]:
        if len(tasks) < 2 or not self._threaded:
            return map(function, tasks)
        return _threads().map(function, tasks)

    def _space(self) -> tuple[Floats, Floats]:
        """Scratch of the calling thread."""
        if not hasattr(self._local, "scratch"):
            self._local.scratch = np.empty((self.game.largest_stage, self.width))
            self._local.unused = np.empty((self.game.largest_option_count, self.draws))
        return self._local.scratch, self._local.unused

    def _sweep(
        self,
        values: Floats,
        slots: list[Slot],
        period: int,
        table: Floats,
        advantage: Floats | None,
        mode: int,
        objective: int,
        as_odds: bool,
    ) -> None:
        scratch, unused = self._space()
        actors = self.game.actors
        logit = mode == kernel.LOGIT
        if as_odds and not (logit and self.draws == LANES):
            raise ValueError(f"odds are written by logit play of {LANES} draws only")
        for slot in reversed(slots):
            weight = self.weight(slot, period)
            stage = self.game.stages[slot.stage]
            if weight == 0.0 or stage.rows == 0:
                continue
            if slot.stage in self._seats:
                if slot.stage in self.game.together:
                    odds, behind = self.decide(values, table, self.numbers.precision, slot.stage, mode, objective)
                    if advantage is not None:
                        part = slice(slot.options.stop - len(odds), slot.options.stop)
                        advantage[part] = odds if as_odds else behind
                continue
            out = unused[: stage.options] if advantage is None else advantage[slot.options]
            precision = self.numbers.precision
            if self.draws == 1 and mode in (kernel.LOGIT, kernel.SHARP):
                step = backward_single(actors, sharp=mode == kernel.SHARP)
                step(*stage.structure, table, precision, weight, values, scratch, out)
            elif self.draws == LANES and logit:
                backward_four(actors)(*stage.structure, table, precision, weight, values, scratch, out, as_odds)
            else:
                kernel.backward(*stage.structure, table, precision, weight, mode, objective, values, scratch, out)

    def decide(
        self, values: Floats, table: Floats, precision: Floats, last: int, mode: int, objective: int = 0
    ) -> tuple[Floats, Floats]:
        """Let a group of stages move at once: values before it from those after it (in place), odds and shortfalls.

        `last` is the group's last stage; options count through all its stages: odds[option, draw].
        """
        group = self.game.together[last]
        odds, behind = np.empty((2, group.options, self.draws))
        gain = np.empty((*group.mover.shape, self.draws))
        decide(*group.structure, table, precision, mode, objective, values, behind, odds, gain)
        scratch, _ = self._space()
        end = group.options
        for index in reversed(group.stages):
            stage = self.game.stages[index]
            part = odds[end - stage.options : end]
            kernel.evaluate(*stage.structure, table, part, 1.0, values, scratch)
            end -= stage.options
        if mode == kernel.TASTE:
            for seat in range(group.mover.shape[1]):
                here = np.flatnonzero(group.mover[:, seat] >= 0)
                columns = group.mover[here, seat, None] * self.draws + np.arange(self.draws)
                values[group.state[here, None], columns] += gain[here, seat]
        return odds, behind

    def odds(self, advantage: Floats) -> Floats:
        """Odds of every option of the period from the shortfalls of `backward`."""
        odds = np.empty_like(advantage)
        for slot in self.slots:
            stage = self.game.stages[slot.stage]
            kernel.choose(
                stage.mover, stage.option_start, advantage[slot.options], self.numbers.precision, self.mode,
                odds[slot.options],
            )  # fmt: skip
        return odds

    def evaluate(self, values: Floats, period: int, odds: Floats) -> Floats:
        """Like `backward` but under given odds (in place)."""
        table = self.table(period)
        kernel.accrue(values, self.game.payoff_class, self.flow(period), self._discount)

        known = {1: evaluate_single, LANES: evaluate_four}
        step = known[self.draws](self.game.actors) if self.draws in known else kernel.evaluate

        def sweep(array: Floats, slots: list[Slot]) -> None:
            scratch, _ = self._space()
            for slot in reversed(slots):
                stage = self.game.stages[slot.stage]
                weight = self.weight(slot, period)
                if weight != 0.0 and stage.rows:
                    step(*stage.structure, table, odds[slot.options], weight, array, scratch)

        sweep(values, self._closing)
        if self._full:
            values[:] = self._drawn(values, sweep)
        sweep(values, self._opening)
        return values

    def forward(
        self, mass: Floats, period: int, odds: Floats, before: Observer | None = None, after: Observer | None = None
    ) -> Floats:
        """Push `mass[state, column]` through the period under `odds` and return it (the argument is overwritten).

        `before(slot, mass)` is called with the mass about to enter a stage, `after(slot, mass)` with what leaves it;
        both may change it (to catch or absorb).
        """
        table = self.table(period)
        scratch = np.empty((self.game.largest_stage, mass.shape[1]))

        def step(slot: Slot, weight: float, array: Floats) -> None:
            if before is not None:
                before(slot, array)
            kernel.forward(*self.game.stages[slot.stage].structure, table, odds[slot.options], weight, array, scratch)
            if after is not None:
                after(slot, array)

        return self.carry(mass, period, step)

    def carry(self, mass: Floats, period: int, step: Callable[[Slot, float, Floats], None]) -> Floats:
        """Take `mass[state, column]` through the stages of a period in all drawn orders, and return it.

        `step(slot, weight, mass)` moves it through one stage in place; stages that do not act in the period are left
        out.
        """

        def push(array: Floats, slots: list[Slot]) -> Floats:
            for slot in slots:
                weight = self.weight(slot, period)
                if weight != 0.0 and self.game.stages[slot.stage].rows:
                    step(slot, weight, array)
            return array

        mass = push(mass, self._opening)
        if self._full:
            at: dict[int, Floats] = {self._full: mass}
            for remaining in sorted(range(1, self._full + 1), key=int.bit_count, reverse=True):
                here = at.pop(remaining)
                here /= remaining.bit_count()
                for block in range(len(self.game.schedule.blocks)):
                    if remaining >> block & 1:
                        moved = push(self.copied(here), self._blocks.get((remaining, block), []))
                        rest = remaining ^ (1 << block)
                        at[rest] = at[rest] + moved if rest in at else moved
            mass = at[0]
        return push(mass, self._closing)


def slots_of(game: Game) -> tuple[tuple[Slot, ...], int]:
    """The slots of a period in order, and the number of options in all of them."""
    slots: list[Slot] = []
    offset = 0

    def add(stage: int, remaining: int, block: int) -> None:
        nonlocal offset
        width = game.stages[stage].options
        slots.append(Slot(stage, remaining, block, slice(offset, offset + width)))
        offset += width

    schedule = game.schedule
    for stage in schedule.opening:
        add(stage, 0, -1)
    full = (1 << len(schedule.blocks)) - 1
    for remaining in sorted(range(1, full + 1), key=int.bit_count, reverse=True):
        for block, stages in enumerate(schedule.blocks):
            if remaining >> block & 1:
                for stage in stages:
                    add(stage, remaining, block)
    for stage in schedule.closing:
        add(stage, 0, -2)
    return tuple(slots), offset
