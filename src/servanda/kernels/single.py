"""The backward operator for a single draw in logit play: the path behind every slider.

Same arguments and results as `servanda.kernels.stage.backward` with one draw and mode 0; the inner loops run over
actors.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from servanda.kernels.plain import Floats, Ints
from servanda.kernels.stage import _F2, _STRUCTURE, _U, exp_of_shortfall


@nb.njit(
    nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _F2, _F2, _F2),
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"contract"},
)
def backward_single(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, precision: Floats,
    weight: float, values: Floats, scratch: Floats, advantage: Floats,
) -> None:  # fmt: skip
    """Apply one stage to `values[state, actor]` in place; see `servanda.kernels.stage.backward`."""
    rows = state.shape[0]
    width = values.shape[1]
    widest = 1
    for r in range(rows):
        widest = max(widest, option_start[r + 1] - option_start[r])
    worth = np.empty((widest, width))
    odds = np.empty(widest)
    for r in range(rows):
        first = option_start[r]
        count = option_start[r + 1] - first
        for i in range(count):
            o = _U(first + i)
            here = worth[_U(i)]
            here[:] = 0.0
            for k in range(outcome_start[o], outcome_start[o + _U(1)]):
                p = coefficient[_U(outcome_coefficient[_U(k)]), _U(0)]
                if p != 0.0:
                    there = values[_U(outcome_state[_U(k)])]
                    for j in range(width):
                        here[j] += p * there[j]
            for k in range(price_start[o], price_start[o + _U(1)]):
                here[_U(price_actor[_U(k)])] -= coefficient[_U(price_coefficient[_U(k)]), _U(0)]
        m = mover[r]
        out = scratch[_U(r)]
        if m < 0:
            advantage[_U(first), _U(0)] = 0.0
            before = values[_U(state[r])]
            here = worth[_U(0)]
            for j in range(width):
                out[j] = weight * here[j] + (1.0 - weight) * before[j]
            continue
        j = _U(m)
        best = worth[_U(0), j]
        for i in range(1, count):
            best = max(best, worth[_U(i), j])
        sharpness = precision[j, _U(0)]
        total = 0.0
        for i in range(count):
            behind = worth[_U(i), j] - best
            advantage[_U(first + i), _U(0)] = behind
            chance = exp_of_shortfall(sharpness * behind)
            odds[_U(i)] = chance
            total += chance
        out[:] = 0.0
        for i in range(count):
            q = odds[_U(i)] / total
            if q != 0.0:
                here = worth[_U(i)]
                for j2 in range(width):
                    out[j2] += q * here[j2]
    for r in range(rows):
        there = values[_U(state[r])]
        out = scratch[_U(r)]
        for j3 in range(width):
            there[j3] = out[j3]
