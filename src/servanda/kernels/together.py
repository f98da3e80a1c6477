r"""Odds at simultaneous decision points: logit equilibria of small games in normal form, node by node.

At a node, seat j's option o is worth the mean of what its profiles are worth under the odds of the other seats, less
the option's own price. In equilibrium the log-odds of seat j are λ_j times its options' advantages (quantal response,
McKelvey and Palfrey 1995). The equilibrium taken is the one on the principal branch: precision is raised from 0, where
play is at even odds and unique, to λ, with Newton's method on log-odds and steps as long as the branch allows; a step
that lands where the determinant of the equations has another sign has left the branch and is taken shorter. Where it
turns back, it is followed by its length (pseudo-arclength, Turocy 2005) until it reaches λ. Should that fail,
smoothed best responses (logit dynamics) lead on from where it was left. Stopping rule: log-odds right to 1e-11
relative; a node that does not get there keeps its last odds, and the certificate of the solution shows it.

Sharp play takes the first profile, in the order of options, from which nobody gains by deviating; where there is none
(only mixed equilibria), the one with the least gain, which the certificate reports as regret.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from servanda.kernels.plain import Floats, Ints

_I1 = nb.int32[::1]
_I2 = nb.int32[:, ::1]
_F2 = nb.float64[:, ::1]
_NEWTON, _LENGTHS, _DYNAMICS = 12, 2000, 4000


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _odds_of(z: Floats, start: Ints, seats: int, odds: Floats) -> None:
    """Odds of every option from log-odds against the seat's first option."""
    for j in range(seats):
        first, last = start[j], start[j + 1]
        top = z[first]
        for o in range(first, last):
            top = max(top, z[o])
        total = 0.0
        for o in range(first, last):
            odds[o] = np.exp(z[o] - top)
            total += odds[o]
        for o in range(first, last):
            odds[o] /= total


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _expected(
    worth: Floats, choice: Ints, odds: Floats, start: Ints, seats: int, profiles: int, own: Floats
) -> None:  # fmt: skip
    """What each option is worth to its seat under the odds of the others; worth[seat, profile]."""
    own[: start[seats]] = 0.0
    for p in range(profiles):
        for j in range(seats):
            reach = 1.0
            for k in range(seats):
                if k != j:
                    reach *= odds[choice[p, k]]
            own[choice[p, j]] += reach * worth[j, p]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _slope(
    worth: Floats, choice: Ints, odds: Floats, start: Ints, seats: int, profiles: int, lam: Floats, slope: Floats
) -> None:  # fmt: skip
    """Derivative of the wanted log-odds z by the present ones: slope[option, option']."""
    size = start[seats]
    by_odds = np.zeros((size, size))
    for p in range(profiles):
        for j in range(seats):
            for k in range(seats):
                if k == j:
                    continue
                reach = 1.0
                for m in range(seats):
                    if m != j and m != k:
                        reach *= odds[choice[p, m]]
                by_odds[choice[p, j], choice[p, k]] += reach * worth[j, p]
    slope[:size, :size] = 0.0
    for j in range(seats):
        for o in range(start[j] + 1, start[j + 1]):
            for k in range(seats):
                if k == j:
                    continue
                mean = 0.0
                for q in range(start[k], start[k + 1]):
                    mean += odds[q] * (by_odds[o, q] - by_odds[start[j], q])
                for q in range(start[k] + 1, start[k + 1]):
                    slope[o, q] = lam[j] * odds[q] * ((by_odds[o, q] - by_odds[start[j], q]) - mean)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _newton(
    z: Floats, worth: Floats, choice: Ints, start: Ints, seats: int, profiles: int, lam: Floats, odds: Floats,
    own: Floats, slope: Floats,
) -> bool:  # fmt: skip
    """Newton's method on log-odds in place; whether it arrived."""
    size = start[seats]
    fault = np.zeros(size)
    for _ in range(_NEWTON):
        _odds_of(z, start, seats, odds)
        _expected(worth, choice, odds, start, seats, profiles, own)
        worst, largest = 0.0, 1.0
        for j in range(seats):
            fault[start[j]] = 0.0
            for o in range(start[j] + 1, start[j + 1]):
                wanted = lam[j] * (own[o] - own[start[j]])
                fault[o] = wanted - z[o]
                worst = max(worst, abs(fault[o]))
                largest = max(largest, abs(wanted))
        if worst <= 1e-11 * largest:
            return True
        if not worst < 1e12:
            return False
        _slope(worth, choice, odds, start, seats, profiles, lam, slope)
        matrix = -slope[:size, :size].copy()
        for o in range(size):
            matrix[o, o] += 1.0
        step = np.linalg.solve(matrix, fault)
        for o in range(size):
            if not np.isfinite(step[o]):
                return False
            z[o] += step[o]
    return False


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _bent(
    z: Floats, share: float, worth: Floats, choice: Ints, start: Ints, seats: int, profiles: int, lam: Floats,
    odds: Floats, own: Floats, slope: Floats, fault: Floats, matrix: Floats,
) -> None:  # fmt: skip
    """Fault of log-odds at a share of the precisions and, in the first rows of `matrix`, its derivative by both."""
    size = start[seats]
    _odds_of(z, start, seats, odds)
    _expected(worth, choice, odds, start, seats, profiles, own)
    _slope(worth, choice, odds, start, seats, profiles, lam, slope)
    for j in range(seats):
        for o in range(start[j], start[j + 1]):
            wanted = lam[j] * (own[o] - own[start[j]])
            fault[o] = share * wanted - z[o]
            matrix[o, size] = wanted
            for q in range(size):
                matrix[o, q] = share * slope[o, q]
            matrix[o, o] -= 1.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _around(
    z: Floats, share: float, worth: Floats, choice: Ints, start: Ints, seats: int, profiles: int, lam: Floats,
    odds: Floats, own: Floats, slope: Floats,
) -> bool:  # fmt: skip
    """Follow the branch from (z, share) by its length, around its turning points, up to share 1; z in place."""
    size = start[seats]
    x, tangent, trial = np.zeros(size + 1), np.zeros(size + 1), np.zeros(size + 1)
    fault, matrix = np.zeros(size + 1), np.zeros((size + 1, size + 1))
    x[:size] = z[:size]
    x[size] = share
    tangent[size] = 1.0
    length = 1e-3
    for _ in range(_LENGTHS):
        _bent(x[:size], x[size], worth, choice, start, seats, profiles, lam, odds, own, slope, fault, matrix)
        matrix[size] = tangent
        unit = np.zeros(size + 1)
        unit[size] = 1.0
        ahead = np.linalg.solve(matrix, unit)
        if not np.isfinite(ahead).all():
            return False
        ahead /= np.sqrt((ahead * ahead).sum())
        tangent[:] = ahead
        while True:
            trial[:] = x + length * tangent
            fine = False
            for _ in range(_NEWTON):
                _bent(
                    trial[:size], trial[size], worth, choice, start, seats, profiles, lam, odds, own, slope, fault,
                    matrix,
                )  # fmt: skip
                matrix[size] = tangent
                fault[size] = ((trial - x) * tangent).sum() - length
                if np.abs(fault).max() <= 1e-10 * max(1.0, np.abs(trial).max()):
                    fine = True
                    break
                step = np.linalg.solve(matrix, fault)
                if not np.isfinite(step).all():
                    break
                trial -= step
            if fine and np.sqrt(((trial - x) ** 2).sum()) < 2.0 * length:
                break
            length *= 0.5
            if length < 1e-9:
                return False
        if trial[size] >= 1.0:
            part = (1.0 - x[size]) / (trial[size] - x[size])
            z[:size] = x[:size] + part * (trial[:size] - x[:size])
            if _newton(z, worth, choice, start, seats, profiles, lam, odds, own, slope):
                return True
            length *= 0.25
            continue
        x[:] = trial
        length *= 1.5
    return False


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _principal(
    worth: Floats, choice: Ints, start: Ints, seats: int, profiles: int, lam: Floats, odds: Floats, own: Floats,
    slope: Floats,
) -> bool:  # fmt: skip
    """Odds on the principal branch at the given precisions; whether it could be followed all the way."""
    size = start[seats]
    z, before, trial, there = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    reached, last, step = 0.0, 0.0, 0.25
    part = np.zeros(seats)
    now = np.zeros(size)
    while reached < 1.0 and step > 1e-7:
        target = min(1.0, reached + step)
        for o in range(size):
            ahead = (z[o] - before[o]) * (target - reached) / (reached - last) if reached > last else 0.0
            trial[o] = z[o] + ahead
        for j in range(seats):
            part[j] = target * lam[j]
        _odds_of(z, start, seats, now)
        fine = _newton(trial, worth, choice, start, seats, profiles, part, there, own, slope)
        if fine:
            jump = 0.0
            for o in range(size):
                jump = max(jump, abs(there[o] - now[o]))
            fine = jump < 0.2
        if fine:
            # on the branch from uniform play no eigenvalue has crossed: a changed sign is another branch
            _slope(worth, choice, there, start, seats, profiles, part, slope)
            matrix = -slope[:size, :size].copy()
            for o in range(size):
                matrix[o, o] += 1.0
            fine = np.linalg.det(matrix) > 0.0
        if fine:
            last = reached
            reached = target
            for o in range(size):
                before[o] = z[o]
                z[o] = trial[o]
            step *= 2.0
        else:
            step *= 0.5
    followed = reached >= 1.0 or _around(z, reached, worth, choice, start, seats, profiles, lam, odds, own, slope)
    if not followed:
        _odds_of(z, start, seats, odds)
        pace, fault = 0.2, np.inf
        for _ in range(_DYNAMICS):
            _expected(worth, choice, odds, start, seats, profiles, own)
            for j in range(seats):
                for o in range(start[j], start[j + 1]):
                    there[o] = lam[j] * (own[o] - own[start[j]])
            _odds_of(there, start, seats, now)
            worst = 0.0
            for o in range(size):
                worst = max(worst, abs(now[o] - odds[o]))
            pace = max(1e-3, pace * 0.9) if worst > fault else min(0.5, pace * 1.02)
            fault = worst
            for o in range(size):
                odds[o] += pace * (now[o] - odds[o])
            if worst < 1e-4:
                break
        for o in range(size):
            z[o] = there[o]
        _newton(z, worth, choice, start, seats, profiles, lam, trial, own, slope)
    _odds_of(z, start, seats, odds)
    return followed


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _choices(count: Ints, seats: int, profiles: int, start: Ints, choice: Ints) -> None:
    """First options of the seats, and the option that each profile takes on each seat."""
    for j in range(seats):
        start[j + 1] = start[j] + count[j]
    for p in range(profiles):
        rest = p
        for k in range(seats):
            j = seats - 1 - k
            choice[p, j] = start[j] + rest % count[j]
            rest //= count[j]


@nb.njit(nb.boolean(_F2, _I1, nb.float64[::1], nb.float64[::1]), cache=True, nogil=True, error_model="numpy")
def principal_odds(worth: Floats, count: Ints, precision: Floats, odds: Floats) -> bool:
    """Logit odds of one game in normal form on its principal branch; whether it could be followed all the way.

    Parameters
    ----------
    worth : float64[seat, profile], profiles in lexicographic order, the first seat slowest
    count : int32[seat], options of each seat
    precision : float64[seat], the logit λ of each seat per unit of worth
    odds : float64[option], written
    """
    seats, profiles = worth.shape
    start, choice = np.zeros(seats + 1, dtype=np.int32), np.zeros((profiles, seats), dtype=np.int32)
    _choices(count, seats, profiles, start, choice)
    size = start[seats]
    own, slope = np.zeros(size), np.zeros((size, size))
    return bool(_principal(worth, choice, start, seats, profiles, precision, odds, own, slope))


@nb.njit(
    nb.void(
        _I2, _I2, _I2, _I1, _I1, _I1, _I1, _I1, _I1, _I1, _F2, _F2, nb.int64, nb.int64, _F2, _F2, _F2,
        nb.float64[:, :, ::1],
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)  # fmt: skip
def decide(
    mover: Ints, count: Ints, first: Ints, profile_start: Ints, terminal: Ints, copy_start: Ints, copy_first: Ints,
    price_start: Ints, price_actor: Ints, price_coefficient: Ints, coefficient: Floats, precision: Floats, mode: int,
    objective: int, values: Floats, shortfall: Floats, odds: Floats, gain: Floats,
) -> None:  # fmt: skip
    """Odds of every option of a group that moves at once, from the values after all have chosen.

    Parameters
    ----------
    mover ... price_coefficient : see `servanda.game.together.Together`
    coefficient, precision, mode, objective : see `servanda.kernels.stage`
    values : float64[state, actor * draws + draw], read only
    shortfall, odds : float64[option of the group, draw], written
    gain : float64[node, seat, draw], written: what taste adds to the mover's value, log-sum less expected value
    """
    nodes, seats = mover.shape
    draws = coefficient.shape[1]
    most = 1
    widest = 1
    for r in range(nodes):
        most = max(most, profile_start[r + 1] - profile_start[r])
        size = 0
        for j in range(seats):
            size += count[r, j]
        widest = max(widest, size)
    choice = np.zeros((most, seats), dtype=np.int32)
    start = np.zeros(seats + 1, dtype=np.int32)
    worth = np.zeros((seats, most))
    total = np.zeros(most)
    own, played, paid = np.zeros(widest), np.zeros(widest), np.zeros(widest)
    slope = np.zeros((widest, widest))
    lam = np.zeros(seats)
    for r in range(nodes):
        profiles = profile_start[r + 1] - profile_start[r]
        _choices(count[r], seats, profiles, start, choice)
        for b in range(draws):
            for j in range(seats):
                m = mover[r, j]
                lam[j] = precision[m, b] if m >= 0 else 1.0
                for o in range(count[r, j]):
                    cost = 0.0
                    for k in range(price_start[first[r, j] + o], price_start[first[r, j] + o + 1]):
                        if price_actor[k] == m:
                            cost += coefficient[price_coefficient[k], b]
                    paid[start[j] + o] = cost
                for p in range(profiles):
                    worth[j, p] = 0.0
                    if m >= 0:
                        worth[j, p] = values[terminal[profile_start[r] + p], m * draws + b] - paid[choice[p, j]]
            if mode <= 1:
                _principal(worth, choice, start, seats, profiles, lam, played, own, slope)
                _expected(worth, choice, played, start, seats, profiles, own)
            else:
                if mode >= 3:
                    sign = -1.0 if mode == 4 else 1.0
                    for p in range(profiles):
                        total[p] = sign * values[terminal[profile_start[r] + p], objective * draws + b]
                        for j in range(seats):
                            o = first[r, j] + choice[p, j] - start[j]
                            for k in range(price_start[o], price_start[o + 1]):
                                if price_actor[k] == objective:
                                    total[p] -= sign * coefficient[price_coefficient[k], b]
                else:
                    for p in range(profiles):
                        total[p] = 0.0
                        for j in range(seats):
                            best = worth[j, p]
                            stride = 1
                            for k in range(j + 1, seats):
                                stride *= count[r, k]
                            base = p - (choice[p, j] - start[j]) * stride
                            for o in range(count[r, j]):
                                best = max(best, worth[j, base + o * stride])
                            total[p] = min(total[p], worth[j, p] - best)
                chosen = 0
                for p in range(1, profiles):
                    if total[p] > total[chosen]:
                        chosen = p
                for o in range(start[seats]):
                    played[o] = 0.0
                for j in range(seats):
                    played[choice[chosen, j]] = 1.0
                _expected(worth, choice, played, start, seats, profiles, own)
            for j in range(seats):
                best = own[start[j]]
                mean = 0.0
                for o in range(start[j], start[j + 1]):
                    best = max(best, own[o])
                    mean += played[o] * own[o]
                spread = 0.0
                for o in range(start[j], start[j + 1]):
                    spread += np.exp(lam[j] * (own[o] - best))
                gain[r, j, b] = best + np.log(spread) / lam[j] - mean if mode == 1 and mover[r, j] >= 0 else 0.0
                for copy in range(copy_start[r * seats + j], copy_start[r * seats + j + 1]):
                    for o in range(count[r, j]):
                        at = copy_first[copy] + o
                        q = played[start[j] + o]
                        odds[at, b] = q
                        if mode <= 1:
                            shortfall[at, b] = own[start[j] + o] - best
                        else:
                            shortfall[at, b] = 0.0 if q == 1.0 else min(own[start[j] + o] - best, -1e-12)
