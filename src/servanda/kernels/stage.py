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

LOGIT, TASTE, SHARP, BEST_FOR, WORST_FOR = 0, 1, 2, 3, 4

_I = nb.int32[::1]
_F2 = nb.float64[:, ::1]
_STRUCTURE = (_I, _I, _I, _I, _I, _I, _I, _I, _I)


@nb.njit(
    nb.void(*_STRUCTURE, _F2, _F2, nb.float64, nb.int64, nb.int64, _F2, _F2, _F2),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def backward(
    state, mover, option_start, price_start, price_actor, price_coefficient, outcome_start, outcome_state,
    outcome_coefficient, coefficient, precision, weight, mode, objective, values, scratch, advantage,
):  # fmt: skip
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
    odds = np.empty(widest)
    for r in range(rows):
        first = option_start[r]
        count = option_start[r + 1] - first
        for i in range(count):
            o = first + i
            for j in range(width):
                worth[i, j] = 0.0
            for k in range(outcome_start[o], outcome_start[o + 1]):
                c = outcome_coefficient[k]
                s = outcome_state[k]
                if draws == 1:
                    p = coefficient[c, 0]
                    if p != 0.0:
                        for j in range(width):
                            worth[i, j] += p * values[s, j]
                else:
                    for a in range(actors):
                        for b in range(draws):
                            worth[i, a * draws + b] += coefficient[c, b] * values[s, a * draws + b]
            for k in range(price_start[o], price_start[o + 1]):
                c = price_coefficient[k]
                base = price_actor[k] * draws
                for b in range(draws):
                    worth[i, base + b] -= coefficient[c, b]
        m = mover[r]
        if m < 0:
            advantage[first] = 0.0
            s = state[r]
            for j in range(width):
                scratch[r, j] = weight * worth[0, j] + (1.0 - weight) * values[s, j]
            continue
        chooser = m
        sign = 1.0
        if mode >= 3:
            chooser = objective
            if mode == 4:
                sign = -1.0
        for b in range(draws):
            j = chooser * draws + b
            best = sign * worth[0, j]
            for i in range(1, count):
                best = max(best, sign * worth[i, j])
            total = 0.0
            if mode <= 1:
                for i in range(count):
                    advantage[first + i, b] = worth[i, j] - best
                    odds[i] = np.exp(precision[m, b] * (worth[i, j] - best))
                    total += odds[i]
                for i in range(count):
                    odds[i] /= total
            else:
                chosen = False
                for i in range(count):
                    advantage[first + i, b] = sign * worth[i, j] - best
                    odds[i] = 0.0
                    if not chosen and advantage[first + i, b] == 0.0:
                        odds[i] = 1.0
                        chosen = True
            for a in range(actors):
                x = 0.0
                for i in range(count):
                    if odds[i] != 0.0:
                        x += odds[i] * worth[i, a * draws + b]
                scratch[r, a * draws + b] = x
            if mode == 1:
                scratch[r, m * draws + b] = best + np.log(total) / precision[m, b]
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
def evaluate(
    state, mover, option_start, price_start, price_actor, price_coefficient, outcome_start, outcome_state,
    outcome_coefficient, coefficient, odds, weight, values, scratch,
):  # fmt: skip
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
    state, mover, option_start, price_start, price_actor, price_coefficient, outcome_start, outcome_state,
    outcome_coefficient, coefficient, odds, weight, mass, scratch,
):  # fmt: skip
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
def choose(mover, option_start, advantage, precision, mode, odds):
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
