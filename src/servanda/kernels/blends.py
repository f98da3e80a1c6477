"""Families of convex polygons between two: mixtures, what both contain, directions of their edges, fewer corners."""

from __future__ import annotations

import numba as nb
import numpy as np

from servanda.kernels.plain import Floats, Ints
from servanda.kernels.polygons import add, hull


@nb.njit(cache=True, nogil=True, error_model="numpy")
def blend(a: Floats, a_sizes: Ints, b: Floats, b_sizes: Ints, weight: float, out: Floats, sizes: Ints) -> None:
    """Minkowski mixtures (1 - weight) a + weight b of each state; `out` has room for the corners of both.

    >>> square = np.array([[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]])
    >>> point, out, size = np.array([[[1.0, 1.0]]]), np.zeros((1, 8, 2)), np.zeros(1, np.int32)
    >>> blend(point, np.array([1], np.int32), square, np.array([4], np.int32), 0.5, out, size)
    >>> out[0, : size[0]].tolist()
    [[0.5, 0.5], [1.5, 0.5], [1.5, 1.5], [0.5, 1.5]]
    """
    room = out.shape[1]
    total, corners, scaled = np.empty((room + 8, 2)), np.empty((2 * room + 8, 2)), np.empty((2 * room + 8, 2))
    for s in range(len(a_sizes)):
        sizes[s] = 0
        if a_sizes[s] == 0 or b_sizes[s] == 0:
            continue
        n = hull((1.0 - weight) * a[s, : a_sizes[s]], a_sizes[s], scaled)
        n = add(scaled, n, b[s], b_sizes[s], weight, total)
        n = hull(total, n, corners)
        out[s, :n] = corners[:n]
        sizes[s] = n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _cut(a: Floats, na: int, x: float, y: float, reach: float, out: Floats) -> int:
    """The part of a polygon that reaches at most `reach` in a direction (Sutherland and Hodgman 1974)."""
    n = 0
    for k in range(na):
        following = k + 1 if k + 1 < na else 0
        inside = reach - x * a[k, 0] - y * a[k, 1]
        after = reach - x * a[following, 0] - y * a[following, 1]
        if inside >= 0.0:
            out[n, 0], out[n, 1] = a[k, 0], a[k, 1]
            n += 1
        if (inside > 0.0 and after < 0.0) or (inside < 0.0 and after > 0.0):
            share = inside / (inside - after)
            out[n, 0] = a[k, 0] + share * (a[following, 0] - a[k, 0])
            out[n, 1] = a[k, 1] + share * (a[following, 1] - a[k, 1])
            n += 1
    return n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def crop(a: Floats, a_sizes: Ints, b: Floats, b_sizes: Ints, out: Floats, sizes: Ints) -> bool:
    """What both sets of each state contain; whether there is something of every `a`.

    Points and segments of `b` cut nothing: what is left of `a` may then lie outside.
    """
    room = out.shape[1]
    here, there = np.empty((room + 8, 2)), np.empty((room + 8, 2))
    corners = np.empty((2 * room + 20, 2))
    for s in range(len(a_sizes)):
        n = a_sizes[s]
        here[:n] = a[s, :n]
        for i in range(b_sizes[s] if b_sizes[s] > 2 else 0):
            j = i + 1 if i + 1 < b_sizes[s] else 0
            x, y = b[s, j, 1] - b[s, i, 1], b[s, i, 0] - b[s, j, 0]
            n = _cut(here, n, x, y, x * b[s, i, 0] + y * b[s, i, 1], there)
            here, there = there, here
        if n == 0 and a_sizes[s] > 0:
            return False
        n = hull(here, n, corners)
        out[s, :n] = corners[:n]
        sizes[s] = n
    return True


@nb.njit(cache=True, nogil=True, error_model="numpy")
def edge_ways(a: Floats, na: int, out: Floats) -> int:
    """Unit normals of the edges of a polygon, outward; of a segment those of its ends too, of a point the four axes."""
    count = 0
    for i in range(na if na > 1 else 0):
        j = i + 1 if i + 1 < na else 0
        x, y = a[j, 1] - a[i, 1], a[i, 0] - a[j, 0]
        length = np.sqrt(x * x + y * y)
        if length > 0.0:
            out[count, 0], out[count, 1] = x / length, y / length
            count += 1
            if na == 2:
                out[count, 0], out[count, 1] = -y / length, x / length
                count += 1
    for turn in range(4 if na == 1 else 0):
        out[count, 0], out[count, 1] = (1.0, 0.0, -1.0, 0.0)[turn], (0.0, 1.0, 0.0, -1.0)[turn]
        count += 1
    return count


@nb.njit(cache=True, nogil=True, error_model="numpy")
def thin(a: Floats, na: int, within: float) -> int:
    """Leave out, in place, corners that stand out from the chord of their neighbours by less than `within`.

    Least first, and not two neighbours in one round; the ring stays one, of two corners at least if it has two.
    """
    for _ in range(64):
        if na <= 2:
            return na
        out = np.empty(na)
        for i in range(na):
            h, j = (i - 1) % na, (i + 1) % na
            x, y = a[j, 0] - a[h, 0], a[j, 1] - a[h, 1]
            length = np.sqrt(x * x + y * y)
            u, v = a[i, 0] - a[h, 0], a[i, 1] - a[h, 1]
            share = min(1.0, max(0.0, (u * x + v * y) / (length * length))) if length > 0.0 else 0.0
            out[i] = np.sqrt((u - share * x) ** 2 + (v - share * y) ** 2)
        gone = np.zeros(na, dtype=np.bool_)
        left = na
        for i in np.argsort(out):
            if out[i] > within or left <= 2:
                break
            if not gone[(i - 1) % na] and not gone[(i + 1) % na]:
                gone[i] = True
                left -= 1
        if left == na:
            return na
        n = 0
        for i in range(na):
            if not gone[i]:
                a[n, 0], a[n, 1] = a[i, 0], a[i, 1]
                n += 1
        na = n
    return na


@nb.njit(cache=True, nogil=True, error_model="numpy")
def shrink(
    a: Floats, a_sizes: Ints, before: Floats, before_sizes: Ints, factor: float, out: Floats, sizes: Ints
) -> bool:
    """Each set with its edges moved in by `factor` times what they came in since `before`; whether all are left.

    Points stay; of segments the ends move too.
    """
    room = out.shape[1]
    here, there = np.empty((room + 8, 2)), np.empty((room + 8, 2))
    corners, ways = np.empty((2 * room + 20, 2)), np.empty((2 * room + 8, 2))
    for s in range(len(a_sizes)):
        n = a_sizes[s]
        here[:n] = a[s, :n]
        for w in range(edge_ways(a[s], n, ways) if n > 1 else 0):
            x, y = ways[w, 0], ways[w, 1]
            reach, was = -np.inf, -np.inf
            for i in range(a_sizes[s]):
                reach = max(reach, x * a[s, i, 0] + y * a[s, i, 1])
            for i in range(before_sizes[s]):
                was = max(was, x * before[s, i, 0] + y * before[s, i, 1])
            if was - reach <= 1e-15:
                continue
            n = _cut(here, n, x, y, reach - factor * (was - reach), there)
            here, there = there, here
        if n == 0 and a_sizes[s] > 0:
            return False
        n = hull(here, n, corners)
        out[s, :n] = corners[:n]
        sizes[s] = n
    return True
