"""Borgonovo's moment-independent measure from given draws, and the classes of a parameter that it compares.

Delta is half the mean distance (integral of the absolute difference of densities) between the distribution of a
quantity given a parameter and its distribution over all draws: 0 if they are independent, towards 1 if the parameter
settles it (Borgonovo 2007). The estimator sorts draws into classes of the parameter, takes kernel densities within
them, and takes off the bias that the bootstrap shows (Plischke, Borgonovo and Smith 2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import ndtri

from servanda.uncertainty.answers import Interval
from servanda.uncertainty.factors import Block, Floats, midranks
from servanda.uncertainty.surrogate import Surrogate

Integers = NDArray[np.intp]

_CELLS = 100
_MOST_CLASSES = 32
_SHUFFLES = 20
NARROWED = 0.6


def block_score(block: Block, x: Floats, surrogate: Surrogate) -> Floats:
    """One number a draw by which a block is sorted: the parameter, or a group's own effect as the stand-in sees it."""
    if len(block.columns) == 1:
        return x[:, block.columns[0]]
    own = [k for k in range(len(surrogate.terms)) if set(surrogate.columns_of(k)) <= set(block.columns)]
    return np.asarray(surrogate.design[:, own] @ surrogate.coefficients[own])


def class_count(weights: Floats) -> int:
    """Classes for conditional means: the square root of the effective sample size, with sixteen draws in each or more.

    At least three, at most 32.
    """
    effective = 1.0 / float(weights @ weights)
    return min(max(round(min(math.sqrt(effective), effective / 16.0)), 3), _MOST_CLASSES)


def delta_class_count(weights: Floats) -> int:
    """Classes for conditional distributions, as Plischke, Borgonovo and Smith (2013) recommend: fewer, at most 48."""
    effective = 1.0 / float(weights @ weights)
    exponent = 2.0 / (7.0 + math.tanh((1500.0 - effective) / 500.0))
    return max(min(math.ceil(math.pow(effective, exponent)), 48), 2)


def classes_of(score: Floats, weights: Floats, count: int) -> Integers:
    """Number of the class of each draw: equal shares of the weight, or single values where there are few.

    >>> classes_of(np.array([3.0, 1.0, 2.0, 9.0]), np.full(4, 0.25), 2).tolist()
    [1, 0, 0, 1]
    """
    values, inverse = np.unique(score, return_inverse=True)
    if len(values) <= count:
        return np.asarray(inverse, dtype=np.intp)
    ranks = midranks(score[:, None], weights)[:, 0]
    return np.minimum((ranks * count).astype(np.intp), count - 1)


def deltas(
    classes: Sequence[Integers],
    y: Floats,
    replicates: Floats,
    seed: int = 0,
    idle: Sequence[bool] | None = None,
) -> list[Interval]:
    """Delta of every classification of the draws, each with its 95 % interval.

    The measure does not change when the quantity is transformed monotonically, so densities are estimated for its
    normal scores, which have no bounds and few spikes. Finite samples show a distance even where there is none; how
    much is learnt from shuffled draws. Where no more is found (by three standard deviations), the interval starts at 0.

    Parameters
    ----------
    classes
        Class of each draw, one array a parameter.
    y
        The quantity, [draw].
    replicates
        Weights [draw, replicate]: as they are in the first column, of the bootstrap in the others.
    seed
        Of the shuffles.
    idle
        Parameters known to do nothing. Theirs is 0: low-discrepancy points in many dimensions are uneven in pairs, so
        that an idle parameter can seem to matter through another one.
    """
    weights = replicates[:, 0]
    scores = ndtri(midranks(y[:, None], weights)[:, 0])
    low, high = float(scores.min()) - 0.5, float(scores.max()) + 0.5
    width = (high - low) / _CELLS
    cell = np.minimum(((scores - low) / width).astype(np.intp), _CELLS - 1)
    rng = np.random.default_rng([seed, 1])
    shuffled = [cell[rng.permutation(len(cell))] for _ in range(_SHUFFLES)]
    middles = width * np.arange(_CELLS, dtype=np.float64)
    distance: Floats = middles[:, None] - middles
    everywhere = _table(np.zeros_like(cell), cell, 1, replicates)[0]
    null_everywhere = _tables(shuffled, weights, _CELLS)
    effective = 1.0 / float(weights @ weights)
    found = []
    for of, still in zip(classes, idle or [False] * len(classes), strict=True):
        count = int(of.max()) + 1
        mass = _table(of, cell, count, replicates)
        null = _tables([of * _CELLS + c for c in shuffled], weights, count * _CELLS).reshape(count, _CELLS, -1)
        kernels = _kernels(of, scores, weights, effective, distance, width)
        apart = _apart(mass, everywhere, kernels)
        chance = _apart(null, null_everywhere, kernels)
        floor = max(float(chance.mean()), float(apart[0]) if still else 0.0)
        found.append(_judged(apart, floor, float(chance.std())))
    return found


def _table(of: Integers, cell: Integers, count: int, replicates: Floats) -> Floats:
    """Weight by class, cell and replicate."""
    rows = of * _CELLS + cell
    members = csr_matrix((np.ones(len(of)), (rows, np.arange(len(of)))), shape=(count * _CELLS, len(of)))
    return np.asarray(members @ replicates).reshape(count, _CELLS, -1)


def _tables(places: Sequence[Integers], weights: Floats, count: int) -> Floats:
    """Weight by place, one column for every assignment of draws to places."""
    return np.stack([np.bincount(at, weights, count).astype(np.float64) for at in places], axis=1)


def _kernels(
    of: Integers, scores: Floats, weights: Floats, effective: float, distance: Floats, width: float
) -> list[Floats]:
    """Gaussian smoothing [cell, cell] for every class, its bandwidth a part of Silverman's rule.

    Blur makes distributions look alike and cannot be undone; noise makes them look apart and is taken off later.
    """
    made = []
    for k in range(int(of.max()) + 1):
        inside = weights * (of == k)
        share = float(inside.sum())
        centre = float(inside @ scores) / share
        spread = math.sqrt(float(inside @ (scores - centre) ** 2) / share)
        bandwidth = max(NARROWED * spread * (0.75 * effective * share) ** -0.2, 0.5 * width)
        kernel = np.exp(-0.5 * (distance / bandwidth) ** 2)
        made.append(kernel / kernel.sum(axis=0))
    return made


def _apart(mass: Floats, everywhere: Floats, kernels: Sequence[Floats]) -> Floats:
    shares = mass.sum(axis=1)
    total = np.zeros(mass.shape[2])
    for k, kernel in enumerate(kernels):
        gap = kernel @ (mass[k] / np.maximum(shares[k], 1e-300) - everywhere)
        total += 0.5 * shares[k] * np.abs(gap).sum(axis=0)
    return total


def _judged(apart: Floats, floor: float, noise: float) -> Interval:
    """The distance found, less its bias, given the distance `floor` that samples show where there is none."""
    error = 1.96 * float(apart[1:].std())
    found = float(apart[0])
    if found <= floor + 3.0 * noise:
        value = max(found - floor, 0.0)
        return Interval(value, 0.0, min(value + error, 1.0))
    # noise adds to a true distance roughly as a second dimension does
    value = min(2.0 * found - float(apart[1:].mean()), math.sqrt(found**2 - floor**2))
    value = min(max(value, 0.0), 1.0)
    return Interval(value, max(value - error, 0.0), min(value + error, 1.0))
