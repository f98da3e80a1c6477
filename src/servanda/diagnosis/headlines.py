"""Headline numbers of many trials in one record of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Headlines:
    """Headline numbers of trials; the last axis of every array runs over trials.

    sign, ratify, keep: probabilities of the three gates; running: a deal is live at the horizon in play; ever_war: war
    at any time in play; mean_life: years, up to the horizon, of the draft put in force at the start;
    value[actor, trial] at the start in points of present value; value_in_force[actor, trial] with the draft in force at
    the start (nan without a draft); ended_by[side, trial]: probability that somebody of that side ends the draft in
    force at the start, by breach, exit or as a third party; settled: play beyond the horizon became stationary.
    """

    sign: Floats
    ratify: Floats
    keep: Floats
    running: Floats
    ever_war: Floats
    mean_life: Floats
    value: Floats
    value_in_force: Floats
    ended_by: Floats
    settled: NDArray[np.bool_]

    @property
    def holds(self) -> Floats:
        """Probability that the draft is signed, ratified and kept."""
        return self.sign * self.ratify * self.keep

    def pick(self, index: Sequence[int] | NDArray[np.int64]) -> Headlines:
        """The numbers of some trials, in the order given."""
        return Headlines(*(np.ascontiguousarray(getattr(self, f.name)[..., index]) for f in fields(self)))

    def rows(self) -> Floats:
        """Everything as numbers, [trial, column]."""
        return np.concatenate([np.atleast_2d(getattr(self, f.name)).astype(float) for f in fields(self)]).T.copy()

    @staticmethod
    def of_rows(rows: Floats, actors: int, sides: int) -> Headlines:
        """The numbers back from `rows`."""
        widths = {"value": actors, "value_in_force": actors, "ended_by": sides}
        parts: list[NDArray[np.generic]] = []
        at = 0
        for f in fields(Headlines):
            width = widths.get(f.name, 1)
            block = rows[:, at : at + width].T
            at += width
            part = block if f.name in widths else block[0]
            parts.append(part != 0.0 if f.name == "settled" else np.ascontiguousarray(part))
        return Headlines(*parts)  # type: ignore[arg-type]

    @staticmethod
    def joined(parts: Sequence[Headlines]) -> Headlines:
        """Trials of several batches in one record."""
        return Headlines(*(np.concatenate([getattr(p, f.name) for p in parts], axis=-1) for f in fields(Headlines)))
