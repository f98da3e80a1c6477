"""Iterating to a fixed point with Anderson mixing (Walker and Ni 2011), every draw with weights and a pace of its own.

In logit play early images are too far from linear for mixing, so that a draw takes plain steps first, and again for a
while when mixing has stopped helping it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servanda.kernels.lanes import LANES, aligned
from servanda.kernels.mixing import combine, combine_sixteen, dots, dots_sixteen, spread

Floats = NDArray[np.float64]
# of either precision
Values = NDArray[Any]
_MIXED_STATES = 1000
# mixing that has not brought the change down by a third within so many steps is given up for a while
_PATIENCE, _REST = 12, 10
# steps before mixing begins in a continuation that starts cold
PLAIN_STEPS = 10


@dataclass(frozen=True)
class Iterated:
    """Where an iteration ended: x[state, column * draws + draw], steps, and the relative change and verdict per draw.

    `settled[draw]`: its change fell to the tolerance, and `values` hold its first image at which it did, so that a
    draw's answer does not depend on the draws iterated beside it. `cycling`: the worst draw stopped making progress
    (its best change in the second half of the steps is no better than half of that in the first).
    """

    values: Floats
    steps: int
    change: Floats
    settled: NDArray[np.bool_]
    cycling: bool


def fixed_point(
    step: Callable[[Floats], Floats],
    start: Floats,
    tolerance: float,
    limit: int,
    *,
    draws: int = 1,
    plain_steps: int = 0,
    mixing: bool = True,
) -> Iterated:
    """Iterate x = step(x) with Anderson mixing.

    Parameters
    ----------
    step : may overwrite its argument
    start : x[state, column * draws + draw]; every draw is mixed with its own weights, columns scaled by their range
    plain_steps : steps before mixing begins; in logit play early images are too far from linear for it
    mixing : False iterates plainly
    """
    columns = start.shape[1] // draws
    early, late = np.inf, np.inf
    settled = np.zeros(draws, dtype=bool)
    change = np.full(draws, np.inf)
    found = start.copy()
    x = start.copy()
    mixer = Mixer(start, draws, (4 if start.size > 4_000_000 else 7) if mixing else 0)
    pace = Pace(draws, plain_steps)
    high, low, largest = (np.empty(start.shape[1]) for _ in range(3))
    for count in range(1, limit + 1):
        image = mixer.slot()
        image[:] = x
        after = step(image)
        if after is not image:
            image[:] = after
        spread(image, x, high, low, largest)
        scale = scale_of(high, low, draws)
        relative = (largest.reshape(columns, draws) / scale.max(axis=0)).max(axis=0)
        fresh = ~settled & ((relative <= tolerance) | ~np.isfinite(relative))
        change[~settled] = relative[~settled]
        if fresh.any() or count == limit:
            arrived = np.tile(fresh if count < limit else ~settled, columns)
            found[:, arrived] = image[:, arrived]
            settled |= fresh
        if settled.all():
            return Iterated(found, count, change, change <= tolerance, cycling=False)
        worst = float(relative[~settled].max())
        if count <= limit // 2:
            early = min(early, worst)
        else:
            late = min(late, worst)
        plain = pace.plain(relative)
        if not mixing or plain.all():
            mixer.forget()
            x[:] = image
        else:
            mixer.mix(x, scale.reshape(-1), plain)
    return Iterated(found, limit, change, change <= tolerance, cycling=limit > 20 and late > 0.5 * early)


def scale_of(high: Floats, low: Floats, draws: int) -> Floats:
    """Size of every column from its largest and least value, [column, draw].

    A column may hardly vary over states (one state, an actor without stakes): its draw's size then sets the scale.
    """
    shape = (len(high) // draws, draws)
    size = np.maximum(high, -low).reshape(shape).max(axis=0)
    return np.asarray(np.maximum((high - low).reshape(shape), 1e-3 * np.maximum(size, 1e-100)))


class Pace:
    """Which draws take a plain step: at first, and again, twice as long each time, when mixing has stopped helping."""

    def __init__(self, draws: int, plain_steps: int) -> None:
        self._left = np.full(draws, plain_steps)
        self._rest = np.full(draws, _REST)
        self._best = np.full(draws, np.inf)
        self._wait = np.zeros(draws, dtype=int)

    def begin(self, draw: int, plain_steps: int) -> None:
        """Another draw takes this one's place."""
        self._left[draw], self._rest[draw], self._best[draw], self._wait[draw] = plain_steps, _REST, np.inf, 0

    def plain(self, relative: Floats) -> NDArray[np.bool_]:
        """Told the relative change of every draw, say which of them iterate plainly from here to the next image."""
        better = relative < 0.7 * self._best
        self._best[better] = relative[better]
        self._wait = np.where(better | (self._left > 0), 0, self._wait + 1)
        stuck = self._wait >= _PATIENCE
        self._left[stuck], self._wait[stuck] = self._rest[stuck], 0
        self._rest[stuck] *= 2
        self._best[stuck] = np.inf
        now = self._left > 0
        self._left[now] -= 1
        return now


class Mixer:
    """Anderson mixing on differences of successive steps (type II), with separate weights for every draw.

    The next iterate is a weighted sum of the last images, whose weights solve a least-squares problem of a handful of
    unknowns; a thousand states, picked once and for all, fix them as well as all states do. A draw that has taken plain
    steps begins anew: `_span[draw]` counts the images since.
    """

    def __init__(self, start: Values, draws: int, memory: int) -> None:
        every = np.random.default_rng(0).permutation(len(start))
        self._rows = np.sort(every[:_MIXED_STATES])
        self._draws = draws
        self._memory = memory
        shape = (memory + 1, *start.shape)
        self._images = aligned(shape) if start.dtype == np.float32 else np.empty(shape)
        self._at = 0
        self._scale: Floats | None = None
        self._span = np.zeros(draws, dtype=int)
        self.forget()

    def forget(self) -> None:
        """Begin anew, for all draws."""
        self._order: list[int] = []
        self._last: Floats | None = None
        self._steps: list[Floats] = []
        self._grams: list[list[Floats]] = []
        self._span[:] = 0

    def slot(self) -> Values:
        """Where the next image is to be written."""
        kept = set(self._order)
        self._at = next(i for i in range(self._memory + 1) if i not in kept)
        slot: Values = self._images[self._at]
        return slot

    def clear(self, draw: int) -> None:
        """Drop what is kept of a draw that was no number, which no weight of zero makes harmless."""
        self._images[..., draw :: self._draws] = 0.0
        for kept in (self._last, *self._steps):
            if kept is not None:
                kept[:, draw :: self._draws] = 0.0
        for row in self._grams:
            for gram in row:
                gram[draw] = 0.0

    def _dot(self, a: Floats, b: Floats) -> Floats:
        total = np.empty(self._draws)
        if self._draws == LANES:
            dots_sixteen(a, b, total)
        else:
            dots(a, b, self._draws, total)
        return total

    def mix(self, x: Values, scale: Floats, plain: NDArray[np.bool_], fresh: NDArray[np.bool_] | None = None) -> None:
        """Overwrite the iterate whose image is in the slot by the next one.

        scale[column]: size of each column, by which residuals are measured from the first call on, or for the draws in
        `fresh` from this one on; plain[draw]: the next iterate is the image.
        """
        if self._scale is None:
            self._scale = scale.copy()
        elif fresh is not None and fresh.any():
            again = np.tile(fresh, len(scale) // self._draws)
            self._scale[again] = scale[again]
        image = self._images[self._at]
        scaled = (image[self._rows] - x[self._rows]) / self._scale
        if self._last is not None:
            self._steps.append(scaled - self._last)
            self._grams.append([self._dot(self._steps[-1], other) for other in self._steps])
        self._last = scaled
        self._order.append(self._at)
        self._span[plain] = -1
        share, order = self._weights(scaled), np.array(self._order)
        if x.dtype == np.float32 and self._draws == LANES:
            flat = share.astype(np.float32).reshape(-1)
            combine_sixteen(self._images.reshape(-1), x.size, order, flat, x.reshape(-1))
        else:
            combine(self._images, order, np.tile(share, x.shape[1] // self._draws).astype(x.dtype, copy=False), x)
        self._span += 1
        if len(self._order) > self._memory:
            self._order.pop(0)
            self._steps = self._steps[1:]
            self._grams = [row[1:] for row in self._grams[1:]]

    def _weights(self, scaled: Floats) -> Floats:
        """Weights of the kept images, oldest first, and of the present one, [image, draw]."""
        size = len(self._steps)
        share = np.zeros((size + 1, self._draws))
        share[size] = 1.0
        if size:
            right = np.stack([self._dot(x, scaled) for x in self._steps])
            gram = np.zeros((size, size, self._draws))
            for i, row in enumerate(self._grams):
                for j, value in enumerate(row):
                    gram[i, j] = gram[j, i] = value
            spans = np.minimum(size, self._span)
            for used in np.unique(spans[spans > 0]).tolist():
                # draws with the same span are solved in one call, each as it would be alone
                these = np.flatnonzero(spans == used)
                system = np.ascontiguousarray(gram[-used:, -used:, these].transpose(2, 0, 1))
                trace = np.trace(system, axis1=1, axis2=2)
                system[:, np.arange(used), np.arange(used)] += (1e-13 * trace + 1e-300)[:, None]
                w = np.linalg.solve(system, right[-used:, these].T[:, :, None])[:, :, 0].T
                # subtracting w[k] times the difference of images k + 1 and k, sorted by image
                share[-used:, these] -= w
                share[-used - 1 : -1, these] += w
        return share
