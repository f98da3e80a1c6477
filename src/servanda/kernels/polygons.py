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
    return int(chain(points[order], count, out))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def chain(points: Floats, count: int, out: Floats) -> int:
    """Hull of points that come in order of abscissa, then ordinate; returns its number of vertices."""
    if count == 0:
        return 0
    n = 0
    for turn in range(2):
        floor = n if turn == 0 else n - 1
        base = floor
        for step in range(count):
            at = step if turn == 0 else count - 1 - step
            if turn == 1 and step == 0:
                continue
            x, y = points[at, 0], points[at, 1]
            while n - base >= 2:
                ax, ay = out[n - 1, 0] - out[n - 2, 0], out[n - 1, 1] - out[n - 2, 1]
                bx, by = x - out[n - 1, 0], y - out[n - 1, 1]
                # no tolerance here: among points of nearly one abscissa it would take away corners
                if ax * by - ay * bx > 0.0:
                    break
                n -= 1
            if n > 0 and out[n - 1, 0] == x and out[n - 1, 1] == y:
                continue
            out[n, 0], out[n, 1] = x, y
            n += 1
    # the upper chain ends where the lower began
    if n > 1 and out[n - 1, 0] == out[0, 0] and out[n - 1, 1] == out[0, 1]:
        n -= 1
    return n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sort_ring(ring: Floats, count: int, out: Floats) -> None:
    """The points of a ring in order of abscissa, then ordinate: two runs of a polygon, merged.

    Right for any ring; quick where it is convex but for rounding.
    """
    first = last = 0
    for i in range(1, count):
        if _less(ring, i, ring, first):
            first = i
        if _less(ring, last, ring, i):
            last = i
    below = last - first + 1
    if below <= 0:
        below += count
    if count == 0:
        below = 0
    halves = np.empty((count, 2))
    for k in range(count):
        # forward along the lower side, then backward along the upper, each from the left
        at = first + k if k < below else first - 1 - (k - below)
        if at >= count:
            at -= count
        elif at < 0:
            at += count
        floor = 0 if k < below else below
        x, y = ring[at, 0], ring[at, 1]
        j = k
        while j > floor and (halves[j - 1, 0] > x or (halves[j - 1, 0] == x and halves[j - 1, 1] > y)):
            halves[j, 0], halves[j, 1] = halves[j - 1, 0], halves[j - 1, 1]
            j -= 1
        halves[j, 0], halves[j, 1] = x, y
    merge(halves[:below], below, halves[below:], count - below, out)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def merge(a: Floats, na: int, b: Floats, nb_: int, out: Floats) -> None:
    """Two lists of points in order made one."""
    i = j = 0
    for n in range(na + nb_):
        if j >= nb_ or (i < na and not _less(b, j, a, i)):
            out[n, 0], out[n, 1] = a[i, 0], a[i, 1]
            i += 1
        else:
            out[n, 0], out[n, 1] = b[j, 0], b[j, 1]
            j += 1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _less(a: Floats, i: int, b: Floats, j: int) -> bool:
    """Whether a[i] comes before b[j]."""
    return bool(a[i, 0] < b[j, 0] or (a[i, 0] == b[j, 0] and a[i, 1] < b[j, 1]))


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
        p, q = (i if i < na else 0), (j if j < nb_ else 0)
        out[n, 0] = a[p, 0] + scale * b[q, 0]
        out[n, 1] = a[p, 1] + scale * b[q, 1]
        n += 1
        if i >= na:
            j += 1
            continue
        if j >= nb_:
            i += 1
            continue
        r, s = (i + 1 if i + 1 < na else 0), (j + 1 if j + 1 < nb_ else 0)
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
        j = i + 1 if i + 1 < na else 0
        here, there = a[i, axis] - floor, a[j, axis] - floor
        if here >= 0.0:
            out[n, 0], out[n, 1] = a[i, 0], a[i, 1]
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
        best = min(best, _from_edge(x, y, a, na, i))
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
    sizes: Ints, threats: Floats, tolerance: float, new_sets: Floats, new_sizes: Ints, killed: Ints, todo: Ints,
) -> int:  # fmt: skip
    """One step of the operator: the sets of the states `todo` from the sets of all; returns how many vertices the
    fullest state wanted (more than there is room for: nothing of it was written, and the step must be taken again).

    A payoff is reward[profile, player] plus discount[state, player] times that of the next state; deviation_profile[j]
    for j from deviation_start[2 * profile + player]: profiles reached by the player's own other choices.
    `alive[profile]` turns to 0 and `killed[profile]` to 1 + the player whose floor no continuation meets (3: a
    successor has nothing). Floors are lowered by `slack`, in payoffs. Each new set is an outer bound: it may be larger
    than the image by `tolerance`.
    """
    room = sets.shape[1]
    wanted = 0
    candidates, more, joined = np.empty((64, 2)), np.empty((64, 2)), np.empty((64, 2))
    q, other = np.empty((64, 2)), np.empty((64, 2))
    for s in todo:
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
                if n > 1:
                    sort_ring(q, n, other)
                    n = chain(other, n, q)
                n = add(q, n, sets[t], sizes[t], outcome_odds[k], other)
                q, other = other, q
            for i in range(n):
                q[i, 0] = reward[p, 0] + discount[s, 0] * q[i, 0]
                q[i, 1] = reward[p, 1] + discount[s, 1] * q[i, 1]
            for player in range(2):
                floor = -np.inf
                for j in range(deviation_start[2 * p + player], deviation_start[2 * p + player + 1]):
                    d = deviation_profile[j]
                    worth = 0.0
                    for k in range(outcome_start[d], outcome_start[d + 1]):
                        worth += outcome_odds[k] * threats[outcome_state[k], player]
                    floor = max(floor, reward[d, player] + discount[s, player] * worth)
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
                candidates, more, joined = larger, np.empty_like(larger), np.empty_like(larger)
            sort_ring(q, n, more)
            merge(candidates, count, more, n, joined)
            candidates, joined = joined, candidates
            count += n
        if 2 * count + 2 > len(q):
            q, other = np.empty((4 * count + 2, 2)), np.empty((4 * count + 2, 2))
        size = widen(q, chain(candidates, count, q), tolerance)
        # a hull again: the crossings are rounded, and sums take convex sets only
        sort_ring(q, size, other)
        size = chain(other, size, q)
        wanted = max(wanted, size)
        if size <= room:
            new_sets[s, :size] = q[:size]
            new_sizes[s] = size
    return wanted


@nb.njit(cache=True, nogil=True, error_model="numpy")
def moved(sets: Floats, sizes: Ints, others: Floats, other_sizes: Ints) -> float:
    """Largest distance of a vertex of `sets` from the polygon of the same state in `others`, over all states.

    The nearest edge to one vertex is near that of the last. The way there bounds the distance from above; only where
    it exceeds the largest so far is the distance taken.
    """
    worst = 0.0
    for s in range(len(sizes)):
        size = other_sizes[s]
        if size == 0:
            worst = np.inf if sizes[s] > 0 else worst
            continue
        edge = 0
        for i in range(sizes[s]):
            x, y = sets[s, i, 0], sets[s, i, 1]
            near = _from_edge(x, y, others[s], size, edge)
            for way in (1, -1):
                while near > 0.0:
                    following = (edge + way) % size
                    there = _from_edge(x, y, others[s], size, following)
                    if there >= near:
                        break
                    edge, near = following, there
            if np.sqrt(near) > worst:
                worst = max(worst, distance(x, y, others[s], size))
    return worst


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _from_edge(x: float, y: float, a: Floats, na: int, i: int) -> float:
    """Squared distance of a point from edge `i` of a polygon."""
    j = i + 1 if i + 1 < na else 0
    ex, ey = a[j, 0] - a[i, 0], a[j, 1] - a[i, 1]
    px, py = x - a[i, 0], y - a[i, 1]
    length = ex * ex + ey * ey
    share = min(1.0, max(0.0, (px * ex + py * ey) / length)) if length > 0.0 else 0.0
    return float((px - share * ex) ** 2 + (py - share * ey) ** 2)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def lowest(sets: Floats, sizes: Ints, out: Floats) -> None:
    """Least coordinates of each polygon, out[state, axis]; those of an empty one are left."""
    for s in range(len(sizes)):
        for i in range(sizes[s]):
            for axis in range(2):
                if i == 0 or sets[s, i, axis] < out[s, axis]:
                    out[s, axis] = sets[s, i, axis]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def bargain(sets: Floats, sizes: Ints, floors: Floats, weight: float, out: Floats) -> None:
    """The point of each polygon with the largest (x - floor)^weight (y - floor)^(1 - weight), out[state, axis].

    Where no point is above both floors, the one with the largest sum; that of an empty polygon is left.
    """
    for s in range(len(sizes)):
        n = sizes[s]
        best, most = -np.inf, -np.inf
        for i in range(n):
            j = (i + 1) % n
            ax, ay = sets[s, i, 0] - floors[s, 0], sets[s, i, 1] - floors[s, 1]
            dx, dy = sets[s, j, 0] - sets[s, i, 0], sets[s, j, 1] - sets[s, i, 1]
            # the vertex, then the inner point of the edge at which the logarithm's slope is zero
            for part in range(2):
                t = 0.0
                if part == 1:
                    if not dx * dy < 0.0:
                        continue
                    t = -(weight * dx * ay + (1.0 - weight) * dy * ax) / (dx * dy)
                    if not 0.0 < t < 1.0:
                        continue
                x, y = ax + t * dx, ay + t * dy
                worth = weight * np.log(x) + (1.0 - weight) * np.log(y) if x > 0.0 and y > 0.0 else -np.inf
                if worth > best or (worth == best and x + y > most):
                    best, most = worth, x + y
                    out[s, 0], out[s, 1] = x + floors[s, 0], y + floors[s, 1]
