"""Shares of gains in a set of payoffs: how much of the best that both could have together a set reaches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def largest(gains: Floats) -> tuple[float, float] | None:
    """Largest gain of each player among points of a polygon that leave neither worse off; None if there is none.

    >>> largest(np.array([[-1.0, 0.0], [3.0, -2.0], [0.0, 4.0]]))
    (2.0, 4.0)
    """
    edges = _edges(gains)
    points = list(gains)
    for axis in range(2):
        points += [p for a, b in edges if (p := _crossing(a, b, np.eye(2)[axis])) is not None]
    scale = 1e-12 * max(1.0, float(np.abs(gains).max(initial=0.0)))
    inside = [p for p in points if p.min() >= -scale]
    if not inside:
        return None
    best = np.max(inside, axis=0)
    return float(best[0]), float(best[1])


def even(gains: Floats, unit: tuple[float, float]) -> tuple[float, Floats] | None:
    """The point of a polygon with the largest least share, gains being counted in `unit`, and that share.

    None for the empty set. The least of two linear functions is largest at a corner or where an edge crosses the line
    on which the two are equal.

    >>> share, point = even(np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]), (4.0, 4.0))
    >>> share, point.tolist()
    (0.5, [2.0, 2.0])
    """
    shares = gains / np.array(unit)
    if len(shares) == 0:
        return None
    points = list(shares)
    points += [p for a, b in _edges(shares) if (p := _crossing(a, b, np.array([1.0, -1.0]))) is not None]
    best = max(points, key=lambda p: float(p.min()))
    return float(best.min()), np.asarray(best * np.array(unit))


def _edges(polygon: Floats) -> list[tuple[Floats, Floats]]:
    return list(zip(polygon, np.roll(polygon, -1, axis=0), strict=True)) if len(polygon) > 1 else []


def _crossing(a: Floats, b: Floats, normal: Floats) -> Floats | None:
    """Where the edge from a to b crosses the line through the origin with this normal."""
    here, there = float(a @ normal), float(b @ normal)
    return None if here * there >= 0.0 else np.asarray(a + here / (here - there) * (b - a))
