"""Where choices are made: the decision points of a compiled case by name, and the log odds of their options in play.

This is the one module that knows how a decision is laid out in the game. A *site* is a decision of one mover in one
state, one period and one context (who of the drawn sides has moved already). Where several choose at the same time a
site is one mover's part of it: what the others have chosen is hidden from it, so that of the states which differ in
hidden digits only, any one will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.compile.layout import DealLevel
from servanda.equilibrium import Slot
from servanda.equilibrium.period import slots_of
from servanda.game import Numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DecisionPoints:
    """The decision points of a compiled case.

    `stages` maps the name of a decision to its stage; `slots` are those of a period, in order.
    """

    compiled: Compiled

    @cached_property
    def stages(self) -> dict[str, int]:
        """Stage of every decision, moves of the protocol included; where it is only carried out later, that in which it
        is taken.
        """
        found: dict[str, int] = {}
        for i, stage in enumerate(self.compiled.game.stages):
            if stage.rows and (stage.mover >= 0).any():
                found.setdefault(stage.name, i)
        return found

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots of a period."""
        return slots_of(self.compiled.game)[0]

    @cached_property
    def slot_of(self) -> dict[tuple[int, int], int]:
        """Position in `slots` of a stage in a context: (stage, blocks still to move)."""
        return {(slot.stage, slot.remaining): i for i, slot in enumerate(self.slots)}

    @cached_property
    def block_of(self) -> dict[int, int]:
        """The drawn block of a stage, for stages that are in one."""
        return {stage: b for b, stages in enumerate(self.compiled.game.schedule.blocks) for stage in stages}

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """Digits of a state that are no variable and not the deal."""
        layout = self.compiled.layout
        return tuple(name for name in layout.names if name != "deal" and name not in layout.variables)

    @cached_property
    def deal_labels(self) -> tuple[str, ...]:
        """The words for every position of the deal, as panels write them."""
        return tuple(deal_label(self.compiled, level) for level in self.compiled.layout.levels)

    def states(self, levels: Mapping[str, Sequence[int] | Ints]) -> Ints:
        """State index of each row of `levels[variable or deal]`, -1 where play never gets there."""
        layout, codes = self.compiled.layout, self.compiled.codes
        shape = len(next(iter(levels.values())))
        wanted = np.zeros(shape, dtype=np.int64)
        for name, digits in levels.items():
            wanted += np.asarray(digits, dtype=np.int64) * layout.stride[name]
        at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
        return np.where(codes[at] == wanted, at, -1)

    def row(self, stage: int, state: int) -> int:
        """The row of a stage at which a decision is taken in a state, -1 where it is not open."""
        rows = self._rows[stage]
        found = rows.get(int(self._visible[state]), -1) if state >= 0 else -1
        return found if found < 0 or self.compiled.game.stages[stage].mover[found] >= 0 else -1

    def options(self, stage: int, row: int) -> tuple[str, ...]:
        """Names of the options at a row, in their order."""
        here = self.compiled.game.stages[stage]
        first, last = here.option_start[row], here.option_start[row + 1]
        return tuple(self.compiled.game.labels.options[int(k)] for k in here.label[first:last])

    def mover(self, stage: int, row: int) -> str:
        """Name of the actor who moves at a row."""
        return self.compiled.game.labels.actors[int(self.compiled.game.stages[stage].mover[row])]

    @cached_property
    def _visible(self) -> Ints:
        """Every state's code without its hidden digits."""
        layout, codes = self.compiled.layout, self.compiled.codes
        shown = codes.copy()
        for name in self.hidden:
            shown -= layout.digit(codes, name) * layout.stride[name]
        return shown

    @cached_property
    def _rows(self) -> tuple[dict[int, int], ...]:
        """Of every stage: visible code of a state to the first row that shows it."""
        found = []
        for stage in self.compiled.game.stages:
            shown = self._visible[stage.state] if stage.rows else np.zeros(0, dtype=np.int64)
            codes, first = np.unique(shown, return_index=True)
            found.append(dict(zip(codes.tolist(), first.tolist(), strict=True)))
        return tuple(found)


def deal_label(compiled: Compiled, level: DealLevel) -> str:
    """A position of the deal in words: its stage, then draft, phase, ratifier and side where it has them.

    >>> from servanda.case import read
    >>> from servanda.compile import compile_case
    >>> compiled = compile_case(read("theory/commitment-war"))
    >>> [deal_label(compiled, level) for level in compiled.layout.levels]
    ['none']
    """
    case = compiled.case
    words = [level.stage]
    if level.draft >= 0:
        draft = case.drafts[level.draft]
        words.append(draft.name)
        if level.phase >= 0:
            words.append(draft.phases[level.phase].name)
        if level.ratifier >= 0:
            words.append(str(level.ratifier + 1))
    if level.side >= 0:
        words.append(case.sides[level.side].name)
    return " ".join(words)


@dataclass(frozen=True)
class Sites:
    """Distinct sites in the order of their periods: period[site], slot[site] (position in `DecisionPoints.slots`),
    mover[site] (actor index), start[site + 1] of their options in one flat list, option[k] their place among all
    options of a period, as `Solution.advantage` has them.
    """

    period: Ints
    slot: Ints
    mover: Ints
    start: Ints
    option: Ints

    @classmethod
    def of(cls, points: DecisionPoints, keys: Sequence[tuple[int, int, int]]) -> Sites:
        """The sites of (period, slot, row) keys, which are distinct."""
        period, slot, mover, width, option = [], [], [], [0], []
        for t, at, row in keys:
            stage = points.compiled.game.stages[points.slots[at].stage]
            first, last = int(stage.option_start[row]), int(stage.option_start[row + 1])
            period.append(t)
            slot.append(at)
            mover.append(int(stage.mover[row]))
            width.append(last - first)
            option.append(np.arange(first, last) + points.slots[at].options.start)
        flat = np.concatenate(option) if option else np.zeros(0, dtype=np.int64)
        return cls(np.array(period), np.array(slot), np.array(mover), np.cumsum(width), flat)

    @property
    def count(self) -> int:
        """Number of sites."""
        return len(self.period)

    @cached_property
    def site_of(self) -> Ints:
        """Site of every option of the flat list."""
        return np.repeat(np.arange(self.count), np.diff(self.start))

    def log_odds(self, numbers: Numbers, advantage: Sequence[Floats]) -> Floats:
        """Log odds of every option of every site, [option of the flat list, draw].

        Taken from the shortfalls behind the mover's best, so that they stay finite where the odds themselves would
        be too small for a number.
        """
        behind = np.empty((len(self.option), numbers.draws))
        for t in np.unique(self.period):
            mine = np.flatnonzero(self.period[self.site_of] == t)
            behind[mine] = advantage[t][self.option[mine]]
        logits = behind * numbers.precision[self.mover[self.site_of]]
        total = np.log(np.add.reduceat(np.exp(logits), self.start[:-1], axis=0))
        return np.asarray(logits - total[self.site_of])
