"""How an agreement flows from place to place: exact propagation of the solved odds, with what has passed counted apart.

How often a step is taken on average is no probability, since talks can break down and start again. So the probability
that a passage from one place to another is taken at all is propagated beside it: in a column of mass for every passage,
from which what passes is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from servanda.diagnosis.places import ENDED, Ground, Index, StageSteps
from servanda.diagnosis.play import Floats, Play, propagate
from servanda.diagnosis.weighing import Weighing
from servanda.equilibrium import Slot


@dataclass(frozen=True)
class _Columns:
    """Cells of the mass (state times width plus column) at the outcomes of a stage that change the place.

    What passes at outcome hit[j] is taken from the column of its passage or of the place reached: it comes from cell
    source[j] and arrives in target[j]. What ends, at outcome ends[j], arrives in cell whole[j] and belongs in cause[j].
    """

    hit: Index
    source: Index
    target: Index
    ends: Index
    whole: Index
    cause: Index


class Flow:
    """One propagation through the calendar.

    taken[step, t] counts how often a step is taken, at[place, t] is the probability of standing in a place at the start
    of period t; passages, `pairs` of places, are in the order in which steps first lead along them.

    Columns of mass: all of it, then by cause of the end; what has not taken each passage (those out of an end have no
    column); and, for every place that more than one passage leads to, what has not been there.
    """

    def __init__(self, play: Play, ground: Ground) -> None:
        self.play, self.ground = play, ground
        self.pairs = {pair: p for p, pair in enumerate(dict.fromkeys((s.source, s.target) for s in ground.steps))}
        self.causes = len(ground.causes)
        into = [[p for (_, target), p in self.pairs.items() if target == k] for k in range(len(ground.places))]
        out_of_end = {p for (source, _), p in self.pairs.items() if source in ground.causes}
        # a place with one way in has been stood in as soon as that has been taken
        self.only = {k: found[0] for k, found in enumerate(into) if len(found) == 1 and found[0] not in out_of_end}
        followed = [p for p in self.pairs.values() if p not in out_of_end]
        watched = [k for k in range(len(into)) if k not in self.only]
        first = 1 + self.causes
        self.passage = np.full(len(self.pairs), -1)
        self.passage[followed] = first + np.arange(len(followed))
        self.place = np.full(len(into), -1)
        self.place[watched] = first + len(followed) + np.arange(len(watched))
        self.width = first + len(followed) + len(watched)
        self.pair_of_step = np.array([self.pairs[s.source, s.target] for s in ground.steps], dtype=np.int64)
        self.over = play.compiled.deal_stage == ENDED
        self.open = np.flatnonzero(~self.over)
        self.taken = np.zeros((len(ground.steps), play.periods))
        self.at = np.zeros((len(ground.places), play.periods + 1))
        self.weighing = Weighing(play, ground)
        self.pending: list[tuple[Index, Floats]] = []
        self.begun: Floats = np.zeros(len(into))
        self.left: Floats = np.zeros(self.width)
        self.columns = [self._columns(s) for s in ground.stages]

    def _columns(self, steps: StageSteps) -> _Columns:
        target = np.array([s.target for s in self.ground.steps], dtype=np.int64)
        hits, cells = [], []
        for column in (self.passage[self.pair_of_step[steps.step]], self.place[target[steps.step]]):
            hits.append(np.flatnonzero(column >= 0))
            cells.append(column[hits[-1]])
        hit, column = np.concatenate(hits), np.concatenate(cells)
        ends = np.flatnonzero(steps.cause >= 0)
        return _Columns(
            hit,
            steps.state[hit] * self.width + column,
            steps.target[hit] * self.width + column,
            ends,
            steps.target[ends] * self.width,
            steps.target[ends] * self.width + 1 + steps.cause[ends],
        )

    def follow(self, start: Floats) -> None:
        """Propagate from a distribution of states."""
        mass = np.repeat(start[:, None], self.width, axis=1)
        mass[:, 1 : 1 + self.causes] = 0.0
        known = self.ground.place[self.open]
        begun = np.bincount(known, start[self.open], minlength=len(self.begun))
        self.begun = np.asarray(begun, dtype=np.float64)
        if (start[self.over] > 0.0).any():
            before = next(k for k, c in enumerate(self.ground.causes) if self.ground.places[c].cause == "before")
            mass[self.over, 1 + before] = start[self.over]
            mass[self.over, 0] = 0.0
            self.begun[self.ground.causes[before]] = start[self.over].sum()
        for k in np.flatnonzero((self.begun > 0.0) & (self.place >= 0)):
            ended = k in self.ground.causes
            mass[self.over if ended else self.ground.place == k, self.place[k]] = 0.0
        end = propagate(self.play, mass, before=self._before, after=self._after, at_start=self._at_start)
        self.left = end.sum(axis=0)

    def _at_start(self, t: int, array: Floats) -> None:
        known = self.ground.place[self.open]
        self.at[:, t] += np.bincount(known, array[self.open, 0], minlength=len(self.ground.places))
        for k, place in enumerate(self.ground.causes):
            self.at[place, t] += array[:, 1 + k].sum()

    def _before(self, t: int, slot: Slot, array: Floats) -> None:
        steps = self.ground.stages[slot.stage]
        self.pending = []
        if len(steps.outcome):
            chance = self._chance(t, slot, steps.outcome, steps.option)
            passing = array[steps.state, 0] * chance
            self.taken[:, t] += np.bincount(steps.step, passing, minlength=len(self.ground.steps))
            self.weighing.add(t, slot, array[:, 0])
            if passing.any():
                cells = self.columns[slot.stage]
                out = array.reshape(-1)[cells.source] * chance[cells.hit]
                self.pending.append((cells.target, -out))
                if len(cells.ends):
                    self.pending.append((cells.whole, -passing[cells.ends]))
                    self.pending.append((cells.cause, passing[cells.ends]))
        if steps.leaving:
            option = self.play.compiled.game.stages[slot.stage].option_of_outcome[steps.ended].astype(np.int64)
            state = self.play.compiled.game.stages[slot.stage].source_of_outcome[steps.ended]
            chance = self._chance(t, slot, steps.ended, option)
            target = self.play.compiled.game.stages[slot.stage].outcome_state[steps.ended].astype(np.int64)
            entered = self.place[self.ground.place[target]]
            if (entered >= 0).all():
                self.pending.append((target * self.width + entered, -array[state, entered] * chance))
            for k, step in enumerate(steps.leaving):
                self.taken[step, t] += float(array[state, 1 + k] @ chance)
                self.weighing.add_end(t, step, float(array[self.over, 1 + k].sum()))

    def _after(self, _t: int, slot: Slot, array: Floats) -> None:
        flat = array.reshape(-1)
        for cell, amount in self.pending:
            np.add.at(flat, cell, amount)
        if self.ground.stages[slot.stage].leaving:
            back = slice(1, 1 + self.causes)
            array[self.open, 0] += array[self.open, back].sum(axis=1)
            array[self.open, back] = 0.0

    def _chance(self, t: int, slot: Slot, outcome: Index, option: Index) -> Floats:
        stage = self.play.compiled.game.stages[slot.stage]
        table = self.play.period.table(t)[stage.outcome_coefficient[outcome], 0]
        happens = np.where(stage.mover[stage.row_of_option[option]] < 0, self.play.period.weight(slot, t), 1.0)
        return np.asarray(self.play.odds[t][slot.options][option, 0] * table * happens)

    @property
    def gone(self) -> list[float | None]:
        """Probability of taking each passage at least once; None for those out of an end."""
        return [None if c < 0 else min(1.0, max(0.0, 1.0 - float(self.left[c]))) for c in self.passage]

    @property
    def ever(self) -> list[float]:
        """Probability of standing in each place at any time."""
        gone = self.gone
        found = []
        for k, column in enumerate(self.place):
            reached = gone[self.only[k]] if column < 0 else 1.0 - float(self.left[column])
            found.append(min(1.0, max(0.0, float(self.begun[k]), reached or 0.0)))
        return found
