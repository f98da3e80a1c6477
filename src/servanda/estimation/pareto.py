"""Pareto smoothing of importance weights (Vehtari, Simpson, Gelman, Yao and Gabry 2024)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Floats = NDArray[np.float64]

# above this the mean under such weights cannot be trusted, whatever the number of draws
UNRELIABLE = 0.7


def smoothed(log_weights: Floats) -> tuple[Floats, float]:
    """Weights that add up to one, their largest ones replaced by quantiles of the Pareto tail fitted to them, and the
    shape k of that tail (minus infinity where the tail is too short to fit).

    >>> weights, tail = smoothed(np.log(np.full(50, 0.02)))
    >>> round(float(weights.max()), 6), tail
    (0.02, -inf)
    """
    given = np.asarray(log_weights, dtype=np.float64) - float(np.max(log_weights))
    count = len(given)
    size = math.ceil(min(0.2 * count, 3.0 * math.sqrt(count)))
    shape = -math.inf
    if size >= 5:
        order = np.argsort(given, kind="stable")
        tail, cut = order[-size:], float(given[order[-size - 1]])
        beyond = np.exp(given[tail]) - math.exp(cut)
        if beyond[0] > 0.0 and np.ptp(beyond) > 1e-12 * beyond[-1]:
            shape, scale = pareto_fit(beyond)
            if math.isfinite(shape):
                levels = (np.arange(size) + 0.5) / size
                quantile = (
                    -scale * np.log1p(-levels)
                    if abs(shape) < 1e-12
                    else scale / shape * np.expm1(-shape * np.log1p(-levels))
                )
                given[tail] = np.minimum(np.log(quantile + math.exp(cut)), 0.0)
    return np.exp(given - logsumexp(given)), shape


def pareto_fit(beyond: Floats) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution from sorted excesses (Zhang and Stephens 2009), the shape
    drawn a little towards one half.

    >>> levels = (np.arange(2000) + 0.5) / 2000
    >>> shape, scale = pareto_fit(2.0 * np.expm1(-0.5 * np.log1p(-levels)) / 0.5)
    >>> abs(shape - 0.5) < 0.02, abs(scale - 2.0) < 0.05
    (True, True)
    """
    count = len(beyond)
    tries = 30 + int(math.sqrt(count))
    grid = 1.0 - np.sqrt(tries / (np.arange(1, tries + 1) - 0.5))
    grid /= 3.0 * beyond[int(count / 4 + 0.5) - 1]
    grid += 1.0 / beyond[-1]
    shapes = np.log1p(-grid[:, None] * beyond).mean(axis=1)
    likely = count * (np.log(-grid / shapes) - shapes - 1.0)
    weights = 1.0 / np.exp(likely - likely[:, None]).sum(axis=1)
    weights /= weights.sum()
    at = float(grid @ weights)
    shape = float(np.log1p(-at * beyond).mean())
    scale = -shape / at
    return shape * count / (count + 10.0) + 0.5 * 10.0 / (count + 10.0), scale
