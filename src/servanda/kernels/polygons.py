"""Convex polygons in the plane as arrays of vertices, and one step of the self-generation operator on them.

A polygon is vertex[k, 2], counter-clockwise from its leftmost (then lowest) vertex; a point has one vertex, a segment
two, the empty set none. Sizes are passed beside the arrays, which may be longer.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from servanda.kernels.plain import Floats, Ints

_ROUNDS = 4
_ROUNDING = 1e-15


@nb.njit(cache=True, nogil=True, error_model="numpy")
def hull(points: Floats, count: int, out: Floats) -> int:
    """Convex hull of points[: count] (monotone chain, Andrew 1979); returns its number of vertices.

    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5], [1.0, 1.0], [0.0, 1.0], [0.5, 0.0]])
    >>> corners = np.empty((12, 2))
    >>> hull(square, 6, corners)
    4
    """
    if count == 0:
        return 0
    by_y = np.argsort(points[:count, 1], kind="mergesort")
    order = by_y[np.argsort(points[:count, 0][by_y], kind="mergesort")]
    n = 0
    for turn in range(2):
        floor = n if turn == 0 else n - 1
        base = floor
        for step in range(count):
            p = points[order[step]] if turn == 0 else points[order[count - 1 - step]]
            if turn == 1 and step == 0:
                continue
            while n - base >= 2:
                ax, ay = out[n - 1, 0] - out[n - 2, 0], out[n - 1, 1] - out[n - 2, 1]
                bx, by = p[0] - out[n - 1, 0], p[1] - out[n - 1, 1]
                # no tolerance here: among points of nearly one abscissa it would take away corners
                if ax * by - ay * bx > 0.0:
                    break
                n -= 1
            if n > 0 and out[n - 1, 0] == p[0] and out[n - 1, 1] == p[1]:
                continue
            out[n] = p
            n += 1
    # the upper chain ends where the lower began
    if n > 1 and out[n - 1, 0] == out[0, 0] and out[n - 1, 1] == out[0, 1]:
        n -= 1
    return n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def add(a: Floats, na: int, b: Floats, nb_: int, scale: float, out: Floats) -> int:
    """Minkowski sum of `a` and `scale` times `b`: edges merged by angle, parallel ones joined; returns its size.

    Both must come from `hull`. The sum may not: rounding turns its shortest edges, and merged by such an angle another
    sum would lose whole corners.
    """
    if na == 0 or nb_ == 0:
        return 0
    if nb_ == 1:
        for i in range(na):
            out[i, 0] = a[i, 0] + scale * b[0, 0]
            out[i, 1] = a[i, 1] + scale * b[0, 1]
        return na
    if na == 1:
        for i in range(nb_):
            out[i, 0] = a[0, 0] + scale * b[i, 0]
            out[i, 1] = a[0, 1] + scale * b[i, 1]
        return nb_
    i = j = n = 0
    while i < na or j < nb_:
        p, q = i % na, j % nb_
        out[n, 0] = a[p, 0] + scale * b[q, 0]
        out[n, 1] = a[p, 1] + scale * b[q, 1]
        n += 1
        if i >= na:
            j += 1
            continue
        if j >= nb_:
            i += 1
            continue
        r, s = (i + 1) % na, (j + 1) % nb_
        ux, uy = a[r, 0] - a[p, 0], a[r, 1] - a[p, 1]
        vx, vy = scale * (b[s, 0] - b[q, 0]), scale * (b[s, 1] - b[q, 1])
        cross = ux * vy - uy * vx
        size = np.sqrt((ux * ux + uy * uy) * (vx * vx + vy * vy))
        if abs(cross) <= 1e-15 * size and ux * vx + uy * vy > 0.0:
            i += 1
            j += 1
        elif _before(ux, uy, vx, vy, cross):
            i += 1
        else:
            j += 1
    return n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _before(ux: float, uy: float, vx: float, vy: float, cross: float) -> bool:
    """Whether edge u comes before edge v on the way round, which ends with straight down."""
    right_u = ux > 0.0 or (ux == 0.0 and uy > 0.0)
    right_v = vx > 0.0 or (vx == 0.0 and vy > 0.0)
    if right_u != right_v:
        return right_u
    return cross > 0.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def clip(a: Floats, na: int, axis: int, floor: float, out: Floats) -> int:
    """The part of a polygon whose coordinate `axis` is at least `floor` (Sutherland and Hodgman 1974)."""
    n = 0
    for i in range(na):
        j = (i + 1) % na
        here, there = a[i, axis] - floor, a[j, axis] - floor
        if here >= 0.0:
            out[n] = a[i]
            n += 1
        if na > 1 and ((here > 0.0 and there < 0.0) or (here < 0.0 and there > 0.0)):
            share = here / (here - there)
            out[n, 0] = a[i, 0] + share * (a[j, 0] - a[i, 0])
            out[n, 1] = a[i, 1] + share * (a[j, 1] - a[i, 1])
            out[n, axis] = floor
            n += 1
    return n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def distance(x: float, y: float, a: Floats, na: int) -> float:
    """Distance of a point from a polygon (0 inside, infinite from the empty set)."""
    if na == 0:
        return np.inf
    best = np.inf
    inside = na > 2
    for i in range(na):
        j = (i + 1) % na
        ex, ey = a[j, 0] - a[i, 0], a[j, 1] - a[i, 1]
        px, py = x - a[i, 0], y - a[i, 1]
        if ex * py - ey * px < 0.0:
            inside = False
        length = ex * ex + ey * ey
        share = min(1.0, max(0.0, (px * ex + py * ey) / length)) if length > 0.0 else 0.0
        dx, dy = px - share * ex, py - share * ey
        best = min(best, dx * dx + dy * dy)
    return 0.0 if inside else np.sqrt(best)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def widen(a: Floats, na: int, tolerance: float) -> int:
    """Put a slightly larger polygon with fewer vertices in place of one, in place; returns its size.

    An edge gives way to the crossing of its neighbours if that lies within a quarter of `tolerance`; four rounds, no
    two adjacent edges in one, so that no point is further than `tolerance` from the polygon. The first vertex stays.
    Corners that stand out from their chord by rounding alone are dropped.
    """
    for _ in range(_ROUNDS):
        n, i = 1, 1
        while i < na:
            u0, u1 = a[i, 0] - a[n - 1, 0], a[i, 1] - a[n - 1, 1]
            j, k = (i + 1) % na, (i + 2) % na
            v0, v1 = a[j, 0] - a[i, 0], a[j, 1] - a[i, 1]
            lu, lv = np.sqrt(u0 * u0 + u1 * u1), np.sqrt(v0 * v0 + v1 * v1)
            turn = u0 * v1 - u1 * v0
            flat = u0 * v0 + u1 * v1 > 0.0 and abs(turn) <= _ROUNDING * (lu + lv)
            if lu <= _ROUNDING or (lv <= _ROUNDING and j == 0) or (flat and n + na - i > 2):
                i += 1
                continue
            if i + 1 < na:
                w0, w1 = a[k, 0] - a[j, 0], a[k, 1] - a[j, 1]
                lw = np.sqrt(w0 * w0 + w1 * w1)
                next_turn, both = v0 * w1 - v1 * w0, u0 * w1 - u1 * w0
                # the height of the triangle over the edge is next_turn / both * turn / lv
                if both > 1e-14 * lu * lw and turn > 0.0 and next_turn > 0.0:
                    share = next_turn / both
                    if share * turn <= 0.25 * tolerance * lv:
                        x = max(a[0, 0], a[i, 0] + share * u0)
                        a[n, 0], a[n, 1] = x, a[i, 1] + share * u1
                        n += 1
                        i += 2
                        continue
            a[n, 0], a[n, 1] = a[i, 0], a[i, 1]
            n += 1
            i += 1
        fewer = min(n, na)
        if fewer == na:
            break
        na = fewer
    return na


@nb.njit(cache=True, nogil=True, error_model="numpy")
def generate(
    profile_start: Ints, reward: Floats, outcome_start: Ints, outcome_state: Ints, outcome_odds: Floats,
    deviation_start: Ints, deviation_profile: Ints, alive: Ints, discount: Floats, slack: float, sets: Floats,
    sizes: Ints, threats: Floats, tolerance: float, new_sets: Floats, new_sizes: Ints, killed: Ints,
) -> int:  # fmt: skip
    """One step of the operator: the set of every state from the sets of all; returns how many vertices the fullest
    state wanted (more than there is room for: nothing of that state was written, and the step must be taken again).

    A payoff is reward[profile, player] plus discount[state, player] times that of the next state; deviation_profile[j]
    for j from deviation_start[2 * profile + player]: profiles reached by the player's own other choices.
    `alive[profile]` turns to 0 and `killed[profile]` to 1 + the player whose floor no continuation meets (3: a
    successor has nothing). Each new set is an outer bound: it may be larger than the image by `tolerance`.
    """
    states = len(profile_start) - 1
    room = sets.shape[1]
    wanted = 0
    candidates = np.empty((64, 2))
    q, other = np.empty((64, 2)), np.empty((64, 2))
    for s in range(states):
        count = 0
        for p in range(profile_start[s], profile_start[s + 1]):
            if not alive[p]:
                continue
            total, empty = 0, False
            for k in range(outcome_start[p], outcome_start[p + 1]):
                size = sizes[outcome_state[k]]
                total += size
                empty = empty or size == 0
            if empty:
                alive[p], killed[p] = 0, 3
                continue
            if 2 * total + 8 > len(q):
                q, other = np.empty((4 * total + 8, 2)), np.empty((4 * total + 8, 2))
            q[0, 0] = q[0, 1] = 0.0
            n = 1
            for k in range(outcome_start[p], outcome_start[p + 1]):
                t = outcome_state[k]
                if k > outcome_start[p]:
                    n = hull(q, n, other)
                    q, other = other, q
                n = add(q, n, sets[t], sizes[t], outcome_odds[k], other)
                q, other = other, q
            for player in range(2):
                floor = -np.inf
                for j in range(deviation_start[2 * p + player], deviation_start[2 * p + player + 1]):
                    d = deviation_profile[j]
                    worth = (reward[d, player] - reward[p, player]) / discount[s, player]
                    for k in range(outcome_start[d], outcome_start[d + 1]):
                        worth += outcome_odds[k] * threats[outcome_state[k], player]
                    floor = max(floor, worth)
                if floor > -np.inf:
                    n = clip(q, n, player, floor - slack, other)
                    q, other = other, q
                if n == 0:
                    alive[p], killed[p] = 0, 1 + player
                    break
            if n == 0:
                continue
            if count + n > len(candidates):
                larger = np.empty((2 * (count + n), 2))
                larger[:count] = candidates[:count]
                candidates = larger
            for i in range(n):
                candidates[count, 0] = reward[p, 0] + discount[s, 0] * q[i, 0]
                candidates[count, 1] = reward[p, 1] + discount[s, 1] * q[i, 1]
                count += 1
        corners = np.empty((2 * count + 2, 2))
        # a hull again: the crossings are rounded, and sums take convex sets only
        rounded = np.empty((2 * count + 2, 2))
        size = hull(corners, widen(corners, hull(candidates, count, corners), tolerance), rounded)
        wanted = max(wanted, size)
        if size <= room:
            new_sets[s, :size] = rounded[:size]
            new_sizes[s] = size
    return wanted


@nb.njit(cache=True, nogil=True, error_model="numpy")
def moved(sets: Floats, sizes: Ints, others: Floats, other_sizes: Ints) -> float:
    """Largest distance of a vertex of `sets` from the polygon of the same state in `others`, over all states."""
    worst = 0.0
    for s in range(len(sizes)):
        for i in range(sizes[s]):
            worst = max(worst, distance(sets[s, i, 0], sets[s, i, 1], others[s], other_sizes[s]))
    return worst
