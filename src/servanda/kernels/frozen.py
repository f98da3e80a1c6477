"""What makes each corner of a set of payoffs, frozen, and how far what each profile supports reaches.

A corner of the image of sets under the self-generation operator comes from a profile and either corners of the
successors' sets, or a floor that binds on an edge of their sum, or both floors. With the profile, the corners, the
edge's slope and the deviation behind each floor held fixed, the corner is a linear function of all corners: one step
of Newton's method solves these equations together (`freeze`). `supports` is one step of the operator, profile by
profile, as support functions in given directions.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from servanda.kernels.plain import Floats, Ints
from servanda.kernels.polygons import add, chain, clip, sort_ring


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _deviation(
    profile: int, player: int, state: int, reward: Floats, outcome_start: Ints, outcome_state: Ints,
    outcome_odds: Floats, deviation_start: Ints, deviation_profile: Ints, discount: Floats, threats: Floats,
) -> tuple[float, int]:  # fmt: skip
    """What the best deviation from a profile yields, and the profile it makes (-1: there is none)."""
    best, chosen = -np.inf, -1
    for j in range(deviation_start[2 * profile + player], deviation_start[2 * profile + player + 1]):
        d = deviation_profile[j]
        worth = 0.0
        for k in range(outcome_start[d], outcome_start[d + 1]):
            worth += outcome_odds[k] * threats[outcome_state[k], player]
        worth = reward[d, player] + discount[state, player] * worth
        if worth > best:
            best, chosen = worth, d
    return best, chosen


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _yields(
    profile: int, state: int, reward: Floats, outcome_start: Ints, outcome_state: Ints, outcome_odds: Floats,
    discount: Floats, sets: Floats, sizes: Ints, floors: Floats, q: Floats, other: Floats,
) -> tuple[int, Floats, Floats]:  # fmt: skip
    """The payoffs of a profile that are above both floors: how many corners, where they stand, and other room."""
    total = 0
    for k in range(outcome_start[profile], outcome_start[profile + 1]):
        size = sizes[outcome_state[k]]
        if size == 0:
            return 0, q, other
        total += size
    if 2 * total + 8 > len(q):
        q, other = np.empty((4 * total + 8, 2)), np.empty((4 * total + 8, 2))
    q[0, 0] = q[0, 1] = 0.0
    m = 1
    for k in range(outcome_start[profile], outcome_start[profile + 1]):
        t = outcome_state[k]
        if m > 1:
            sort_ring(q, m, other)
            m = chain(other, m, q)
        m = add(q, m, sets[t], sizes[t], outcome_odds[k], other)
        q, other = other, q
    for i in range(m):
        q[i, 0] = reward[profile, 0] + discount[state, 0] * q[i, 0]
        q[i, 1] = reward[profile, 1] + discount[state, 1] * q[i, 1]
    for player in range(2):
        if floors[player] > -np.inf:
            m = clip(q, m, player, floors[player], other)
            q, other = other, q
    return m, q, other


@nb.njit(cache=True, nogil=True, error_model="numpy")
def supports(
    profile_start: Ints, reward: Floats, outcome_start: Ints, outcome_state: Ints, outcome_odds: Floats,
    deviation_start: Ints, deviation_profile: Ints, alive: Ints, discount: Floats, slack: float, sets: Floats,
    sizes: Ints, threats: Floats, ways: Floats, way_start: Ints, out: Floats, out_start: Ints,
) -> None:  # fmt: skip
    """How far what each profile supports reaches in each direction ways[way_start[state] ...] of its state.

    out[out_start[profile] + direction]; minus infinity for a profile that supports nothing.
    """
    q, other = np.empty((64, 2)), np.empty((64, 2))
    floors = np.empty(2)
    for s in range(len(profile_start) - 1):
        begin, end = way_start[s], way_start[s + 1]
        for p in range(profile_start[s], profile_start[s + 1]):
            m = 0
            if alive[p] and begin < end:
                for player in range(2):
                    floors[player], _ = _deviation(
                        p, player, s, reward, outcome_start, outcome_state, outcome_odds, deviation_start,
                        deviation_profile, discount, threats,
                    )  # fmt: skip
                    floors[player] -= slack
                m, q, other = _yields(
                    p, s, reward, outcome_start, outcome_state, outcome_odds, discount, sets, sizes, floors, q, other
                )
            for k in range(begin, end):
                best = -np.inf
                for j in range(m):
                    best = max(best, ways[k, 0] * q[j, 0] + ways[k, 1] * q[j, 1])
                out[out_start[p] + k - begin] = best


@nb.njit(cache=True, nogil=True, error_model="numpy")
def outward(a: Floats, na: int, k: int) -> tuple[float, float]:
    """A direction in which a polygon reaches farthest at vertex `k`: between the normals of its two edges."""
    if na == 1:
        return 1.0, 1.0
    before, after = (k - 1) % na, (k + 1) % na
    ux, uy = a[k, 0] - a[before, 0], a[k, 1] - a[before, 1]
    vx, vy = a[after, 0] - a[k, 0], a[after, 1] - a[k, 1]
    lu, lv = np.sqrt(ux * ux + uy * uy), np.sqrt(vx * vx + vy * vy)
    if na == 2:
        return ux / lu, uy / lu
    return uy / lu + vy / lv, -(ux / lu) - vx / lv


@nb.njit(cache=True, nogil=True, error_model="numpy")
def freeze(
    profile_start: Ints, reward: Floats, outcome_start: Ints, outcome_state: Ints, outcome_odds: Floats,
    deviation_start: Ints, deviation_profile: Ints, alive: Ints, discount: Floats, slack: float, sets: Floats,
    sizes: Ints, threats: Floats, given: bool, first: Ints, rows: Ints, columns: Ints, entries: Floats,
    constant: Floats,
) -> int:  # fmt: skip
    """Equations of the corners: x = constant + A x, unknown 2 (first[state] + corner) + player.

    Entries of A go to `rows`, `columns`, `entries`; returns how many there are (those that do not fit are left out).
    Threats are the coordinates of the corners that give them, or numbers that are `given`.
    """
    states = len(profile_start) - 1
    count = 0
    worst = np.full((states, 2), -1, dtype=np.int64)
    for s in range(states):
        for i in range(0 if given else sizes[s]):
            for axis in range(2):
                if i == 0 or sets[s, i, axis] < sets[s, worst[s, axis], axis]:
                    worst[s, axis] = i
    q, other = np.empty((64, 2)), np.empty((64, 2))
    floors, deviating = np.empty(2), np.empty(2, dtype=np.int64)
    for s in range(states):
        n = sizes[s]
        best = np.full(n, -np.inf)
        chosen = np.full(n, -1, dtype=np.int64)
        bound = np.zeros(n, dtype=np.int64)
        way = np.empty((n, 2))
        for i in range(n):
            way[i] = outward(sets[s], n, i)
        for p in range(profile_start[s], profile_start[s + 1]):
            if not alive[p] or n == 0:
                continue
            for player in range(2):
                floors[player], _ = _deviation(
                    p, player, s, reward, outcome_start, outcome_state, outcome_odds, deviation_start,
                    deviation_profile, discount, threats,
                )  # fmt: skip
                floors[player] -= slack
            m, q, other = _yields(
                p, s, reward, outcome_start, outcome_state, outcome_odds, discount, sets, sizes, floors, q, other
            )
            for i in range(n):
                for j in range(m):
                    reach = way[i, 0] * q[j, 0] + way[i, 1] * q[j, 1]
                    if reach > best[i]:
                        best[i], chosen[i] = reach, p
                        # what lies at a floor was put there, so that equality is exact
                        bound[i] = (q[j, 0] == floors[0]) + 2 * (q[j, 1] == floors[1])
        for i in range(n):
            row = 2 * (first[s] + i)
            p = chosen[i]
            if p < 0:
                # nothing supports it: it stays
                constant[row], constant[row + 1] = sets[s, i, 0], sets[s, i, 1]
                continue
            for player in range(2):
                floors[player], deviating[player] = _deviation(
                    p, player, s, reward, outcome_start, outcome_state, outcome_odds, deviation_start,
                    deviation_profile, discount, threats,
                )  # fmt: skip
                floors[player] -= slack
                if bound[i] & (1 << player):
                    count = _at_floor(
                        row + player, 1.0, player, deviating[player], s, slack, reward, outcome_start, outcome_state,
                        outcome_odds, discount, threats, first, worst, rows, columns, entries, constant, count,
                    )  # fmt: skip
            if bound[i] != 3:
                count = _free(
                    row, p, s, way[i, 0], way[i, 1], bound[i] - 1, floors, deviating, slack, reward, outcome_start,
                    outcome_state, outcome_odds, discount, sets, sizes, threats, first, worst, rows, columns, entries,
                    constant, count,
                )  # fmt: skip
    return count


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _enter(row: int, column: int, value: float, rows: Ints, columns: Ints, entries: Floats, count: int) -> int:
    if count < len(entries):
        rows[count], columns[count], entries[count] = row, column, value
    return count + 1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _at_floor(
    row: int, factor: float, player: int, d: int, s: int, slack: float, reward: Floats, outcome_start: Ints,
    outcome_state: Ints, outcome_odds: Floats, discount: Floats, threats: Floats, first: Ints, worst: Ints, rows: Ints,
    columns: Ints, entries: Floats, constant: Floats, count: int,
) -> int:  # fmt: skip
    """Add `factor` times the floor that deviation `d` makes to an equation."""
    constant[row] += factor * (reward[d, player] - slack)
    for k in range(outcome_start[d], outcome_start[d + 1]):
        t = outcome_state[k]
        weight = factor * discount[s, player] * outcome_odds[k]
        if worst[t, player] < 0:
            constant[row] += weight * threats[t, player]
        else:
            column = 2 * (first[t] + worst[t, player]) + player
            count = _enter(row, column, weight, rows, columns, entries, count)
    return count


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _farthest(a: Floats, na: int, x: float, y: float) -> int:
    """The vertex of a polygon that lies farthest in a direction; of several the first."""
    best = 0
    for i in range(1, na):
        if (a[i, 0] - a[best, 0]) * x + (a[i, 1] - a[best, 1]) * y > 0.0:
            best = i
    return best


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _free(
    row: int, p: int, s: int, x: float, y: float, bound: int, floors: Floats, deviating: Ints, slack: float,
    reward: Floats, outcome_start: Ints, outcome_state: Ints, outcome_odds: Floats, discount: Floats, sets: Floats,
    sizes: Ints, threats: Floats, first: Ints, worst: Ints, rows: Ints, columns: Ints, entries: Floats,
    constant: Floats, count: int,
) -> int:  # fmt: skip
    """Equations of what no floor fixes: both coordinates (`bound` -1), or the one that is not at its floor.

    The sum of the successors' sets is walked round from its farthest point in the direction (x, y) towards more of the
    bound coordinate, edge by edge, until that is at its floor; `share` of the last edge is used, and its `slope` says
    what the free coordinate loses when the floor rises.
    """
    begin, end = outcome_start[p], outcome_start[p + 1]
    at = np.empty(end - begin, dtype=np.int64)
    for k in range(begin, end):
        t = outcome_state[k]
        at[k - begin] = _farthest(sets[t], sizes[t], x * discount[s, 0], y * discount[s, 1])
    edge, share, slope, turn = -1, 0.0, 0.0, 0
    if bound >= 0:
        here = reward[p, bound]
        for k in range(begin, end):
            here += discount[s, bound] * outcome_odds[k] * sets[outcome_state[k], at[k - begin], bound]
        upward = (x if bound == 1 else y) >= 0.0
        round_ = 1 if upward == (bound == 1) else -1
        while here < floors[bound]:
            edge, best = -1, 0.0
            for k in range(begin, end):
                t = outcome_state[k]
                i, j = at[k - begin], (at[k - begin] + round_) % sizes[t]
                gain = discount[s, bound] * (sets[t, j, bound] - sets[t, i, bound])
                if gain <= 0.0:
                    continue
                tilt = discount[s, 1 - bound] * (sets[t, j, 1 - bound] - sets[t, i, 1 - bound]) / gain
                # the edge that gives up least of the free coordinate comes first
                worth = tilt if upward else -tilt
                if edge < 0 or worth > best:
                    edge, best, slope = k - begin, worth, tilt
            if edge < 0:
                slope = 0.0
                break
            t = outcome_state[begin + edge]
            j = (at[edge] + round_) % sizes[t]
            more = discount[s, bound] * outcome_odds[begin + edge] * (sets[t, j, bound] - sets[t, at[edge], bound])
            if here + more >= floors[bound]:
                share, turn = (floors[bound] - here) / more, round_
                break
            here += more
            at[edge] = j
    for player in range(2):
        if player == bound:
            continue
        constant[row + player] += reward[p, player]
        if bound >= 0:
            constant[row + player] -= slope * reward[p, bound]
            count = _at_floor(
                row + player, slope, bound, deviating[bound], s, slack, reward, outcome_start, outcome_state,
                outcome_odds, discount, threats, first, worst, rows, columns, entries, constant, count,
            )  # fmt: skip
        for k in range(begin, end):
            t = outcome_state[k]
            split = k - begin == edge and turn != 0
            for part in range(2 if split else 1):
                weight, corner = outcome_odds[k], at[k - begin]
                if split:
                    weight *= share if part == 1 else 1.0 - share
                    corner = (corner + part * turn) % sizes[t]
                column = 2 * (first[t] + corner)
                ahead = discount[s, player] * weight
                count = _enter(row + player, column + player, ahead, rows, columns, entries, count)
                if bound >= 0:
                    lost = -slope * discount[s, bound] * weight
                    count = _enter(row + player, column + bound, lost, rows, columns, entries, count)
    return count
