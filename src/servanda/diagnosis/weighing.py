"""What stands against each step of a course: how often it is open, how often it is taken, and what it is worth there.

A *choice* is one option of one actor (or one event) in one place; its margin at a node is its worth over the best
alternative of the mover there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from servanda.diagnosis.places import Ground, Index, StageSteps
from servanda.diagnosis.play import Floats, Play
from servanda.equilibrium import Slot

# a period counts as one in which a move is made if it has this share of the heaviest one
LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Weighed:
    """Mean odds and margin of a step over a course, and the period in which it is most in the balance."""

    breaks: bool
    odds: float
    margin: float | None
    period: int
    closest: float | None
    closest_odds: float


@dataclass(frozen=True)
class _Choices:
    """The choices of one stage: option[j], its state and choice, and the options of the rows in which they stand.

    `seat` gives the place of option[j] among the options of all those rows, of which row k begins at first[k];
    `row` is the row of each. No margins where nobody moves.
    """

    option: Index
    state: Index
    choice: Index
    beside: Index
    seat: Index
    first: Index
    row: Index


class Weighing:
    """Gathers, period by period, the mass that has each choice and what the choice is worth."""

    def __init__(self, play: Play, ground: Ground) -> None:
        self.play, self.ground = play, ground
        keys = [(s.source, s.stage, s.mover, s.label) for s in ground.steps]
        number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        self.choice_of_step = np.array([number[key] for key in keys], dtype=np.int64)
        shape = (len(number), play.periods)
        self.open, self.chosen, self.weighed, self.gain = (np.zeros(shape) for _ in range(4))
        self.breaks = np.zeros(len(number), dtype=bool)
        self.stages = [self._choices(index, steps) for index, steps in enumerate(ground.stages)]

    def _choices(self, index: int, steps: StageSteps) -> _Choices:
        stage = self.play.compiled.game.stages[index]
        option, at = np.unique(steps.option, return_index=True)
        choice = self.choice_of_step[steps.step[at]]
        self.breaks[choice] |= self.play.compiled.breaks[index][option]
        rows = np.unique(stage.row_of_option[option]).astype(np.int64)
        rows = rows[stage.mover[rows] >= 0]
        widths = stage.option_start[rows + 1] - stage.option_start[rows]
        first = np.concatenate(([0], np.cumsum(widths)[:-1])).astype(np.int64)
        row = np.repeat(np.arange(len(rows)), widths)
        beside = stage.option_start[rows][row] + np.arange(len(row)) - first[row]
        return _Choices(
            option, steps.state[at], choice, beside.astype(np.int64), np.searchsorted(beside, option), first, row
        )

    def add(self, t: int, slot: Slot, mass: Floats) -> None:
        """Count the mass[state] about to enter a stage."""
        here, odds = self.stages[slot.stage], self.play.odds[t][slot.options]
        weight = mass[here.state]
        if not weight.any():
            return
        if not len(here.row):
            weight = weight * self.play.period.weight(slot, t)
        self.open[:, t] += np.bincount(here.choice, weight, minlength=len(self.open))
        self.chosen[:, t] += np.bincount(here.choice, weight * odds[here.option, 0], minlength=len(self.open))
        if not len(here.row):
            return
        worth = self.play.solution.advantage[t][slot.options][here.beside, 0]
        best = np.maximum.reduceat(worth, here.first)
        leads = worth == best[here.row]
        leader = np.full(len(here.first), -1)
        leader[here.row[leads]] = np.flatnonzero(leads)
        second = worth.copy()
        second[leader] = -np.inf
        rival = np.maximum.reduceat(second, here.first)
        margin = (worth - np.where(np.arange(len(worth)) == leader[here.row], rival[here.row], best[here.row]))[
            here.seat
        ]
        against = np.isfinite(margin)
        self.weighed[:, t] += np.bincount(here.choice[against], weight[against], minlength=len(self.open))
        self.gain[:, t] += np.bincount(
            here.choice[against], weight[against] * margin[against], minlength=len(self.open)
        )

    def add_end(self, t: int, step: int, mass: float) -> None:
        """Count mass that has ended and may leave its end by a step."""
        self.open[self.choice_of_step[step], t] += mass

    def of(self, step: int, taken: Floats) -> Weighed:
        """What was gathered on a step that was taken[t] times."""
        choice = int(self.choice_of_step[step])
        there, weighed, gain = self.open[choice], self.weighed[choice], self.gain[choice]
        events = self.ground.steps[step].mover < 0
        total = float(there.sum())
        odds = float((taken if events else self.chosen[choice]).sum()) / total if total > 0.0 else 0.0
        breaks = bool(self.breaks[choice])
        heavy = np.flatnonzero(weighed >= LEAST_SHARE * weighed.max(initial=0.0)) if weighed.any() else np.zeros(0, int)
        if not len(heavy):
            return Weighed(breaks, odds, None, 0, None, 0.0)
        means = gain[heavy] / weighed[heavy]
        period = int(heavy[means.argmax() if self._away(step) else means.argmin()])
        return Weighed(
            breaks, odds, float(gain.sum() / weighed.sum()), period, float(gain[period] / weighed[period]),
            float(self.chosen[choice, period] / there[period]),
        )  # fmt: skip

    def _away(self, index: int) -> bool:
        """Whether a step leads away from an agreement."""
        step, places = self.ground.steps[index], self.ground.places
        return places[step.target].stage == "ended" or places[step.target].rank < places[step.source].rank
