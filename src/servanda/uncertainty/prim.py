"""Patient rule induction on weighted draws: peeling, pasting, and which parameters deserve a limit.

The moves of PRIM (Friedman and Fisher 1999) for numeric parameters, whole numbers and choices. A slice is a twentieth
of the mass inside (at least one value), or one choice. Peeling takes the slice whose loss raises the share that holds
most for the mass it costs; pasting gives slices back as long as that share does not fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from servanda.uncertainty.factors import Factor, Floats

Truths = NDArray[np.bool_]

SLICE = 0.05
SIGNIFICANT = 0.05
MOST_DRAWS = 2_500
CANDIDATES = 8
ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Allowed values: closed intervals for all columns, and values taken out of columns with choices."""

    low: Floats
    high: Floats
    without: tuple[frozenset[float], ...]

    def inside(self, x: Floats, columns: Sequence[int]) -> Truths:
        """Whether each draw lies within the limits of these columns."""
        found = np.ones(len(x), dtype=bool)
        for c in columns:
            found &= (x[:, c] >= self.low[c]) & (x[:, c] <= self.high[c])
            for value in self.without[c]:
                found &= x[:, c] != value
        return found

    def restricted(self, least: Floats, most: Floats) -> list[int]:
        """Columns that have a limit within the range drawn."""
        return [
            c for c in range(len(least)) if self.low[c] > least[c] or self.high[c] < most[c] or bool(self.without[c])
        ]


@dataclass(frozen=True, eq=False)
class Search:
    """The draws, and the moves of patient rule induction on them.

    `x` [draw, factor], `truth` [draw] 1 where the condition holds, `w` weights adding up to one, `base` the share that
    holds, `effective` the effective sample size, `least_mass` the least share of the draws inside.
    """

    x: Floats
    truth: Floats
    w: Floats
    base: float
    effective: float
    least_mass: float
    factors: tuple[Factor, ...]

    @property
    def least(self) -> Floats:
        """Least value drawn of every column."""
        return np.asarray(self.x.min(axis=0))

    @property
    def most(self) -> Floats:
        """Greatest value drawn of every column."""
        return np.asarray(self.x.max(axis=0))

    def whole(self) -> Limits:
        """The box of everything drawn."""
        return Limits(self.least, self.most, (frozenset(),) * self.x.shape[1])

    def mass_and_density(self, limits: Limits, columns: Sequence[int]) -> tuple[float, float]:
        """Share of the draws inside, and the share of those that hold."""
        inside = limits.inside(self.x, columns)
        mass = float(self.w[inside].sum())
        return mass, float(self.w[inside] @ self.truth[inside]) / mass if mass > 0.0 else 0.0

    def peel(self, columns: Sequence[int]) -> list[Limits]:
        """Boxes from the whole range inwards, each by one slice smaller."""
        limits, passed = self.whole(), []
        rows = np.arange(len(self.x))
        while True:
            passed.append(limits)
            x, w, truth = self.x[rows], self.w[rows], self.truth[rows]
            mass = float(w.sum())
            share = float(w @ truth) / mass
            if share >= 1.0:
                return passed
            best: tuple[float, Limits | None] = (0.0, None)
            for c, side, cut, gone, gone_truth in _slices(x, w, truth, columns, self.factors):
                left = mass - gone
                if left < self.least_mass:
                    continue
                rise = ((share * mass - gone_truth) / left - share) / gone
                if rise > best[0] * (1.0 + 1e-12) and rise > 1e-12:
                    best = (rise, _cut(limits, c, side, cut))
            if best[1] is None:
                return passed
            limits = best[1]
            rows = np.flatnonzero(limits.inside(self.x, limits.restricted(self.least, self.most)))

    def worth(self, limits: Limits, density: float | None) -> float:
        """What makes one box better than another."""
        mass, share = self.mass_and_density(limits, limits.restricted(self.least, self.most))
        if density is None:
            return mass * (share - self.base)
        # below the share asked for, the densest box is nearest to it
        return mass * share if share >= density else share - 1.0

    def best(self, passed: Sequence[Limits], density: float | None) -> Limits:
        """The best of the boxes passed."""
        return max(passed, key=lambda limits: self.worth(limits, density))

    def paste(self, limits: Limits, columns: Sequence[int]) -> Limits:
        """Widen limits by slices as long as the share that holds does not fall."""
        widened = True
        while widened:
            widened = False
            restricted = limits.restricted(self.least, self.most)
            mass, share = self.mass_and_density(limits, restricted)
            for c in [c for c in columns if c in restricted]:
                others = limits.inside(self.x, [o for o in restricted if o != c])
                for wider in self._wider(limits, c, others, SLICE * mass):
                    grown, dense = self.mass_and_density(wider, restricted)
                    if grown > mass and dense >= share:
                        limits, mass, share, widened = wider, grown, dense, True
                        break
        return limits

    def _wider(self, limits: Limits, c: int, others: Truths, slab: float) -> list[Limits]:
        found = [
            Limits(limits.low, limits.high, _replaced(limits.without, c, limits.without[c] - {value}))
            for value in sorted(limits.without[c])
        ]
        values, weights = self.x[others, c], self.w[others]
        for side in (-1, 1):
            end = limits.low[c] if side < 0 else limits.high[c]
            beyond = side * (values - end) > 0.0
            if beyond.any():
                order = np.argsort(side * values[beyond], kind="stable")
                reached = np.searchsorted(np.cumsum(weights[beyond][order]), slab)
                edge = float(values[beyond][order][min(int(reached), len(order) - 1)])
                found.append(_cut(limits, c, -side, edge))
        return found

    def trimmed(self, limits: Limits) -> Limits:
        """Move each end that is a limit to where the box is worth most, one after the other, as long as it pays.

        Peeling cuts by twentieths; this finds the edge between two draws. No side without a limit gets one.
        """
        least, most = self.least, self.most
        excess = self.w * (self.truth - self.base)
        for _ in range(ROUNDS):
            worth = self.worth(limits, None)
            restricted = limits.restricted(least, most)
            for c in restricted:
                for side in (-1, 1):
                    end = limits.low[c] if side < 0 else limits.high[c]
                    if end == (least[c] if side < 0 else most[c]):
                        continue
                    free = _cut(limits, c, side, float(least[c] if side < 0 else most[c]))
                    rows = np.flatnonzero(free.inside(self.x, restricted))
                    rows = rows[np.argsort(-side * self.x[rows, c], kind="stable")]
                    values, gains = self.x[rows, c], np.cumsum(excess[rows][::-1])[::-1]
                    # the box from this draw on; equal values go together
                    starts = np.flatnonzero(np.diff(values, prepend=np.nan) != 0.0)
                    starts = starts[np.cumsum(self.w[rows][::-1])[::-1][starts] >= self.least_mass]
                    limits = _cut(limits, c, side, float(values[starts[int(np.argmax(gains[starts]))]]))
            if self.worth(limits, None) <= worth + 1e-12:
                break
        return limits

    def p_value(self, limits: Limits, column: int, restricted: Sequence[int]) -> float:
        """Chance that the box without this limit would give as many holding draws by luck (one-sided, binomial)."""
        _, without = self.mass_and_density(limits, [c for c in restricted if c != column])
        mass, share = self.mass_and_density(limits, restricted)
        draws = mass * self.effective
        hits = share * draws
        return float(betainc(hits, draws - hits + 1.0, without)) if hits > 0.0 else 1.0

    def thinned(self) -> Search:
        """The first 2,500 draws only, where there are more."""
        if len(self.x) <= MOST_DRAWS:
            return self
        w = self.w[:MOST_DRAWS] / self.w[:MOST_DRAWS].sum()
        truth = self.truth[:MOST_DRAWS]
        base, effective = float(w @ truth), 1.0 / float(w @ w)
        return Search(self.x[:MOST_DRAWS], truth, w, base, effective, self.least_mass, self.factors)

    def refined(self, columns: list[int], density: float | None, most_limits: int) -> tuple[Limits, list[Limits]]:
        """Peel and paste over a few columns, less those whose limits chance explains; the box and those on the way."""
        while columns:
            passed = self.peel(columns)
            limits = self.paste(self.best(passed, density), columns)
            if density is None:
                limits = self.trimmed(limits)
            kept = self.telling(limits, most_limits)
            if set(kept) == set(limits.restricted(self.least, self.most)):
                return limits, passed
            columns = kept
        return self.whole(), [self.whole()]

    def grown(self, start: Sequence[int], density: float | None, most_limits: int) -> list[int]:
        """Columns added one at a time, each time the one that makes the best box, as long as chance does not do it."""
        candidates = sorted({*start, *self._alone()})
        chosen: list[int] = []
        while len(chosen) < most_limits:
            tried = []
            for c in candidates:
                if c not in chosen:
                    limits = self.best(self.peel([*chosen, c]), density)
                    tried.append((-self.worth(limits, density), c, limits))
            if not tried:
                break
            _, best, limits = min(tried, key=lambda entry: entry[:2])
            if best not in self.telling(limits, most_limits):
                break
            chosen.append(best)
        return chosen

    def _alone(self) -> list[int]:
        """Columns of which one limit alone makes the best boxes."""
        scores = np.zeros(self.x.shape[1])
        order = np.argsort(self.x, axis=0, kind="stable")
        sums = np.cumsum((self.w * (self.truth - self.base))[order], axis=0)
        values = np.take_along_axis(self.x, order, axis=0)
        # a cut lies between different values only
        ends = values[1:] != values[:-1]
        for c in range(len(scores)):
            scores[c] = np.abs(sums[:-1, c][ends[:, c]]).max(initial=0.0)
        return [int(c) for c in np.argsort(-scores, kind="stable")[:CANDIDATES]]

    def strongest(self, limits: Limits, most_limits: int) -> list[int]:
        """Columns with limits, at most so many: the one whose limit does least is dropped, and so on."""
        restricted = limits.restricted(self.least, self.most)
        while len(restricted) > most_limits:
            losses = {c: self.loss(limits, c, restricted) for c in restricted}
            restricted.remove(min(restricted, key=losses.__getitem__))
        return restricted

    def telling(self, limits: Limits, most_limits: int) -> list[int]:
        """Columns whose limits chance does not explain, at most so many.

        Every limit was the best of two sides of all parameters, so a p-value counts that many times.
        """
        restricted = self.strongest(limits, most_limits)
        tries = 2.0 * self.x.shape[1]
        while restricted:
            values = {c: self.p_value(limits, c, restricted) for c in restricted}
            doubtful = max(restricted, key=values.__getitem__)
            if values[doubtful] * tries <= SIGNIFICANT:
                break
            restricted.remove(doubtful)
        return restricted

    def loss(self, limits: Limits, column: int, restricted: Sequence[int]) -> float:
        """How much the share that holds falls without a limit."""
        _, share = self.mass_and_density(limits, restricted)
        _, without = self.mass_and_density(limits, [c for c in restricted if c != column])
        return share - without


def _cut(limits: Limits, c: int, side: int, cut: float) -> Limits:
    """Limits with one end moved (side -1 the lower one, 1 the upper one) or, with side 0, one value taken out."""
    if side == 0:
        return Limits(limits.low, limits.high, _replaced(limits.without, c, limits.without[c] | {cut}))
    low, high = limits.low.copy(), limits.high.copy()
    (low if side < 0 else high)[c] = cut
    return Limits(low, high, limits.without)


def _replaced(sets: tuple[frozenset[float], ...], c: int, new: frozenset[float]) -> tuple[frozenset[float], ...]:
    return (*sets[:c], new, *sets[c + 1 :])


def _slices(
    x: Floats, w: Floats, truth: Floats, columns: Sequence[int], factors: Sequence[Factor]
) -> list[tuple[int, int, float, float, float]]:
    """What can be peeled: (column, side, new end or value gone, mass gone, holding mass gone)."""
    found: list[tuple[int, int, float, float, float]] = []
    numeric = [c for c in columns if not factors[c].choices]
    slab = SLICE * float(w.sum())
    if numeric:
        table = x[:, numeric]
        order = np.argsort(table, axis=0)
        values = np.take_along_axis(table, order, axis=0)
        mass = np.cumsum(w[order], axis=0)
        hits = np.cumsum((w * truth)[order], axis=0)
        total, all_hits = mass[-1], hits[-1]
        for k, c in enumerate(numeric):
            column, upto = values[:, k], mass[:, k]
            if column[0] == column[-1]:
                continue
            # whole runs of equal values go together, and at least one run
            first = column[min(int(np.searchsorted(upto, slab * (1.0 - 1e-9))), len(column) - 1)]
            below = int(np.searchsorted(column, first, side="right"))
            if below < len(column):
                found.append((c, -1, float(column[below]), float(upto[below - 1]), float(hits[below - 1, k])))
            last = column[max(int(np.searchsorted(upto, (total[k] - slab) * (1.0 + 1e-12), side="right")), 0)]
            kept = int(np.searchsorted(column, last, side="left"))
            if kept > 0:
                gone, gone_hits = float(total[k] - upto[kept - 1]), float(all_hits[k] - hits[kept - 1, k])
                found.append((c, 1, float(column[kept - 1]), gone, gone_hits))
    for c in columns:
        if factors[c].choices:
            values_drawn = np.unique(x[:, c])
            for value in values_drawn if len(values_drawn) > 1 else ():
                at = x[:, c] == value
                found.append((c, 0, float(value), float(w[at].sum()), float(w[at] @ truth[at])))
    return found
