"""Stage operators for a single draw: the path behind every slider.

Same arguments and results as `servanda.kernels.stage` with one draw (backward: logit or sharp play). The number of
actors is a constant of the compiled code, so that the inner loops over actors unroll: twice as fast as with a variable.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba as nb
import numpy as np

from servanda.kernels.plain import Floats, Ints
from servanda.kernels.registers import copies, replaced
from servanda.kernels.stage import _F2, _STRUCTURE, _U, exp_of_shortfall


@cache
def backward_single(actors: int, *, sharp: bool = False) -> Callable[..., None]:
    """The compiled operator for values[state, actor] with this many actors (compiled once, then kept on disk).

    `sharp`: the mover takes the first of its best options.
    """

    @nb.njit(
        nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _F2, _F2, _F2),
        cache=True,
        nogil=True,
        error_model="numpy",
        fastmath={"contract"},
    )
    def operator(
        state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
        outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, precision: Floats,
        weight: float, values: Floats, scratch: Floats, advantage: Floats,
    ) -> None:  # fmt: skip
        rows = state.shape[0]
        widest = 1
        for r in range(rows):
            widest = max(widest, option_start[r + 1] - option_start[r])
        worth = np.empty(widest * actors)
        odds = np.empty(widest)
        flat = values.reshape(values.size)
        out = scratch.reshape(scratch.size)
        numbers = coefficient.reshape(coefficient.size)
        for r in range(rows):
            first = option_start[r]
            count = option_start[r + 1] - first
            for i in range(count):
                o = _U(first + i)
                here = _U(i * actors)
                sums = copies(0.0, actors)
                for k in range(outcome_start[o], outcome_start[o + _U(1)]):
                    p = numbers[_U(outcome_coefficient[_U(k)])]
                    there = _U(outcome_state[_U(k)]) * _U(actors)
                    for a in range(actors):
                        sums = replaced(sums, a, sums[a] + p * flat[there + _U(a)])
                for a in range(actors):
                    worth[here + _U(a)] = sums[a]
                for k in range(price_start[o], price_start[o + _U(1)]):
                    worth[here + _U(price_actor[_U(k)])] -= numbers[_U(price_coefficient[_U(k)])]
            m = mover[r]
            at = _U(r) * _U(actors)
            if m < 0:
                advantage[_U(first), _U(0)] = 0.0
                before = _U(state[r]) * _U(actors)
                for a in range(actors):
                    out[at + _U(a)] = weight * worth[_U(a)] + (1.0 - weight) * flat[before + _U(a)]
                continue
            best = worth[_U(m)]
            for i in range(1, count):
                best = max(best, worth[_U(i * actors + m)])
            if sharp:
                chosen = 0
                for i in range(count - 1, -1, -1):
                    behind = worth[_U(i * actors + m)] - best
                    advantage[_U(first + i), _U(0)] = behind
                    if behind == 0.0:
                        chosen = i
                here = _U(chosen * actors)
                for a in range(actors):
                    out[at + _U(a)] = worth[here + _U(a)]
                continue
            sharpness = precision[m, 0]
            total = 0.0
            for i in range(count):
                behind = worth[_U(i * actors + m)] - best
                advantage[_U(first + i), _U(0)] = behind
                chance = exp_of_shortfall(sharpness * behind)
                odds[_U(i)] = chance
                total += chance
            sums = copies(0.0, actors)
            for i in range(count):
                q = odds[_U(i)] / total
                here = _U(i * actors)
                for a in range(actors):
                    sums = replaced(sums, a, sums[a] + q * worth[here + _U(a)])
            for a in range(actors):
                out[at + _U(a)] = sums[a]
        for r in range(rows):
            there = _U(state[r]) * _U(actors)
            at = _U(r) * _U(actors)
            for a in range(actors):
                flat[there + _U(a)] = out[at + _U(a)]

    compiled: Callable[..., None] = operator
    return compiled


@cache
def evaluate_single(actors: int) -> Callable[..., None]:
    """The compiled operator under given odds[option, 0]; see `servanda.kernels.stage.evaluate`."""

    @nb.njit(
        nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _F2, _F2),
        cache=True,
        nogil=True,
        error_model="numpy",
        fastmath={"contract"},
    )
    def operator(
        state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
        outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
        weight: float, values: Floats, scratch: Floats,
    ) -> None:  # fmt: skip
        flat = values.reshape(values.size)
        out = scratch.reshape(scratch.size)
        numbers = coefficient.reshape(coefficient.size)
        paid = np.zeros(actors)
        for r in range(state.shape[0]):
            at = _U(r) * _U(actors)
            before = _U(state[r]) * _U(actors)
            share = weight if mover[r] < 0 else 1.0
            sums = copies(0.0, actors)
            for a in range(actors):
                sums = replaced(sums, a, (1.0 - share) * flat[before + _U(a)])
            for o in range(option_start[r], option_start[r + 1]):
                q = share * odds[_U(o), _U(0)]
                if q == 0.0:
                    continue
                for k in range(outcome_start[_U(o)], outcome_start[_U(o + 1)]):
                    p = q * numbers[_U(outcome_coefficient[_U(k)])]
                    there = _U(outcome_state[_U(k)]) * _U(actors)
                    for a in range(actors):
                        sums = replaced(sums, a, sums[a] + p * flat[there + _U(a)])
                for k in range(price_start[_U(o)], price_start[_U(o + 1)]):
                    paid[_U(price_actor[_U(k)])] += q * numbers[_U(price_coefficient[_U(k)])]
            for a in range(actors):
                out[at + _U(a)] = sums[a] - paid[_U(a)]
                paid[_U(a)] = 0.0
        for r in range(state.shape[0]):
            there = _U(state[r]) * _U(actors)
            at = _U(r) * _U(actors)
            for a in range(actors):
                flat[there + _U(a)] = out[at + _U(a)]

    compiled: Callable[..., None] = operator
    return compiled
