"""Compiled stage operators: one pass over the rows of a stage, backward on values or forward on mass.

A *stage* is a sparse operator on states. Row r belongs to state ``state[r]``; a chance row (``mover[r] == -1``) has one
option, a decision row has several. Option o costs ``coefficient[price_coefficient[j]]`` to actor ``price_actor[j]``
for j in its price range, and leads to ``outcome_state[k]`` with probability ``coefficient[outcome_coefficient[k]]``
for k in its outcome range. States without a row are left as they are, so a stage works in place.

Batch: the last axis of `coefficient`, `precision`, `values`, `advantage`, `mass` runs over draws. With a single draw
the inner loop runs over actors instead, which is why `values` is kept two-dimensional, ``values[state, actor * draws +
draw]``.

Modes: 0 logit choice with expected values; 1 logit choice with extreme-value ("taste") values for the mover; 2 sharp
choice (the first best option); 3 everybody serves one objective: the option best for actor `objective`; 4 worst for it.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from servanda.kernels.plain import Floats, Ints

LOGIT, TASTE, SHARP, BEST_FOR, WORST_FOR = 0, 1, 2, 3, 4

_I = nb.int32[::1]
_F2 = nb.float64[:, ::1]
_U = nb.uint64
_STRUCTURE = (_I, _I, _I, _I, _I, _I, _I, _I, _I)


# exp(x) = 2^(k/64) exp(r) with |r| <= ln 2 / 128, where five terms leave 4e-17; numba has no vector exp
# and libm's costs three times as much
_SIXTY_FOURTHS = 2.0 ** (np.arange(64) / 64.0)
_POWERS = 2.0 ** np.arange(-1100.0, 1.0)
_PER_UNIT = 64.0 / np.log(2.0)
_STEP_HIGH = float(np.float32(np.log(2.0) / 64.0))
_STEP_LOW = float(np.log(2.0) / 64.0 - _STEP_HIGH) + 2.3190468138462996e-17 / 64.0  # what a double leaves of ln 2


@nb.njit(inline="always")
def exp_of_shortfall(x: float) -> float:
    """exp(x) for x <= 0, to 1e-15 relative; 0 below -700."""
    if not x >= -700.0:
        return 0.0 if x < -700.0 else x
    k = int(x * _PER_UNIT - 0.5)
    r = (x - k * _STEP_HIGH) - k * _STEP_LOW
    series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0)))))
    result: float = series * _SIXTY_FOURTHS[k & 63] * _POWERS[(k >> 6) + 1100]
    return result


@nb.njit(nb.void(_F2, _I, _F2, _F2), cache=True, nogil=True, error_model="numpy")
def accrue(values: Floats, payoff_class: Ints, flow: Floats, discount: Floats) -> None:
    """Discount values and add what the period pays to the class of each state, in place.

    values[state, column], flow[class, column], discount[0, column], a column being actor * draws + draw.
    """
    for s in range(values.shape[0]):
        paid = payoff_class[s]
        for x in range(values.shape[1]):
            values[s, x] = values[s, x] * discount[0, x] + flow[paid, x]


@nb.njit(
    nb.void(*_STRUCTURE, _F2, _F2, nb.float64, nb.int64, nb.int64, _F2, _F2, _F2),
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"contract"},
)
def backward(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, precision: Floats,
    weight: float, mode: int, objective: int, values: Floats, scratch: Floats, advantage: Floats,
) -> None:  # fmt: skip
    """Apply one stage to `values` in place and write each option's shortfall behind the mover's best to `advantage`.

    Parameters
    ----------
    coefficient : float64[coefficient, draw]
    precision : float64[actor, draw], the logit λ of each actor per point
    weight : share of the stage that applies to chance rows (1 on its dates; below 1 in an average calendar)
    mode, objective : see the module's opening
    values : float64[state, actor * draws + draw], changed in place
    scratch : float64[>= rows, actor * draws], overwritten
    advantage : float64[option, draw], written: Q(option) - max Q for the mover; 0 on chance rows
    """
    rows = state.shape[0]
    draws = coefficient.shape[1]
    actors = precision.shape[0]
    width = actors * draws
    widest = 1
    for r in range(rows):
        widest = max(widest, option_start[r + 1] - option_start[r])
    worth = np.empty((widest, width))
    odds = np.empty((widest, draws))
    # unsigned indices spare the wrap-around test of negative ones in every access
    for r in range(rows):
        first = option_start[r]
        count = option_start[r + 1] - first
        for i in range(count):
            o = _U(first + i)
            here = worth[_U(i)]
            here[:] = 0.0
            for k in range(outcome_start[o], outcome_start[o + _U(1)]):
                c = _U(outcome_coefficient[_U(k)])
                there = values[_U(outcome_state[_U(k)])]
                if draws == 1:
                    p = coefficient[c, _U(0)]
                    for j in range(width):
                        here[j] += p * there[j]
                else:
                    p_of = coefficient[c]
                    for a in range(actors):
                        base = a * draws
                        for b in range(draws):
                            here[_U(base + b)] += p_of[b] * there[_U(base + b)]
            for k in range(price_start[o], price_start[o + _U(1)]):
                cost = coefficient[_U(price_coefficient[_U(k)])]
                base = price_actor[_U(k)] * draws
                for b in range(draws):
                    here[_U(base + b)] -= cost[b]
        m = mover[r]
        out = scratch[_U(r)]
        if m < 0:
            advantage[_U(first)] = 0.0
            before = values[_U(state[r])]
            here = worth[_U(0)]
            for j in range(width):
                out[j] = weight * here[j] + (1.0 - weight) * before[j]
            continue
        chooser = m if mode < 3 else objective
        sign = -1.0 if mode == 4 else 1.0
        for b in range(draws):
            j = _U(chooser * draws + b)
            best = sign * worth[_U(0), j]
            for i in range(1, count):
                best = max(best, sign * worth[_U(i), j])
            total = 0.0
            if mode <= 1:
                sharpness = precision[m, b]
                for i in range(count):
                    behind = worth[_U(i), j] - best
                    advantage[_U(first + i), _U(b)] = behind
                    chance = exp_of_shortfall(sharpness * behind)
                    odds[_U(i), _U(b)] = chance
                    total += chance
                for i in range(count):
                    odds[_U(i), _U(b)] /= total
            else:
                for i in range(count):
                    behind = sign * worth[_U(i), j] - best
                    advantage[_U(first + i), _U(b)] = behind
                    odds[_U(i), _U(b)] = 0.0
                    if total == 0.0 and behind == 0.0:
                        odds[_U(i), _U(b)] = 1.0
                        total = 1.0
            if mode == 1:
                # the mover's own entry becomes the log-sum whatever is chosen, so its expectation below is the log-sum
                best += np.log(total) / precision[m, b]
                for i in range(count):
                    worth[_U(i), j] = best
        out[:] = 0.0
        for i in range(count):
            here = worth[_U(i)]
            if draws == 1:
                q = odds[_U(i), _U(0)]
                if q != 0.0:
                    for j in range(width):
                        out[j] += q * here[j]
            else:
                q_of = odds[_U(i)]
                for a in range(actors):
                    base = a * draws
                    for b in range(draws):
                        out[_U(base + b)] += q_of[b] * here[_U(base + b)]
    for r in range(rows):
        values[_U(state[r])] = scratch[_U(r)]


@nb.njit(
    nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _F2, _F2),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def evaluate(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
    weight: float, values: Floats, scratch: Floats,
) -> None:  # fmt: skip
    """Apply one stage to `values` in place under given `odds[option, draw]` (1 on chance rows)."""
    rows = state.shape[0]
    draws = coefficient.shape[1]
    width = values.shape[1]
    actors = width // draws
    for r in range(rows):
        s = state[r]
        keep = 0.0
        if mover[r] < 0:
            keep = 1.0 - weight
        for j in range(width):
            scratch[r, j] = keep * values[s, j]
        for o in range(option_start[r], option_start[r + 1]):
            for k in range(outcome_start[o], outcome_start[o + 1]):
                c = outcome_coefficient[k]
                t = outcome_state[k]
                for b in range(draws):
                    p = (1.0 - keep) * odds[o, b] * coefficient[c, b]
                    if p != 0.0:
                        for a in range(actors):
                            scratch[r, a * draws + b] += p * values[t, a * draws + b]
            for k in range(price_start[o], price_start[o + 1]):
                c = price_coefficient[k]
                base = price_actor[k] * draws
                for b in range(draws):
                    scratch[r, base + b] -= (1.0 - keep) * odds[o, b] * coefficient[c, b]
    for r in range(rows):
        s = state[r]
        for j in range(width):
            values[s, j] = scratch[r, j]


@nb.njit(
    nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _F2, _F2),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def forward(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
    weight: float, mass: Floats, scratch: Floats,
) -> None:  # fmt: skip
    """Push `mass[state, column]` through one stage in place under `odds[option, draw]`.

    Columns share one draw (``odds.shape[1] == 1``) or match the draws one to one.
    """
    rows = state.shape[0]
    columns = mass.shape[1]
    shared = coefficient.shape[1] == 1
    for r in range(rows):
        s = state[r]
        keep = 0.0
        if mover[r] < 0:
            keep = 1.0 - weight
        for b in range(columns):
            scratch[r, b] = (1.0 - keep) * mass[s, b]
            mass[s, b] = keep * mass[s, b]
    for r in range(rows):
        empty = True
        for b in range(columns):
            if scratch[r, b] != 0.0:
                empty = False
                break
        if empty:
            continue
        for o in range(option_start[r], option_start[r + 1]):
            for k in range(outcome_start[o], outcome_start[o + 1]):
                c = outcome_coefficient[k]
                t = outcome_state[k]
                if shared:
                    p = odds[o, 0] * coefficient[c, 0]
                    if p != 0.0:
                        for b in range(columns):
                            mass[t, b] += p * scratch[r, b]
                else:
                    for b in range(columns):
                        mass[t, b] += odds[o, b] * coefficient[c, b] * scratch[r, b]


@nb.njit(nb.void(_I, _I, _F2, _F2, nb.int64, _F2), cache=True, nogil=True, error_model="numpy")
def choose(
    mover: Ints, option_start: Ints, advantage: Floats, precision: Floats, mode: int, odds: Floats,
) -> None:  # fmt: skip
    """Turn shortfalls into odds: logit with the mover's precision (modes 0, 1) or the first best option (mode 2)."""
    draws = advantage.shape[1]
    for r in range(mover.shape[0]):
        first, last = option_start[r], option_start[r + 1]
        m = mover[r]
        for b in range(draws):
            if m < 0:
                odds[first, b] = 1.0
                continue
            total = 0.0
            for o in range(first, last):
                if mode <= 1:
                    odds[o, b] = np.exp(precision[m, b] * advantage[o, b])
                elif total == 0.0 and advantage[o, b] == 0.0:
                    odds[o, b] = 1.0
                else:
                    odds[o, b] = 0.0
                total += odds[o, b]
            for o in range(first, last):
                odds[o, b] /= total
