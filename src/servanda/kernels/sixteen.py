"""Stage operators for sixteen draws at a time in single precision: the path behind sweeps, forecasts and backtests.

Same operators as in `servanda.kernels.stage`, on flat float32 arrays whose last index is the draw. Half the memory of
a double and four times the lanes of `servanda.kernels.fourfold` make a draw three times cheaper; what is lost is
accuracy: six digits of a value, so that odds are off by about 1e-5 and answers by less than 1e-4, far below what the
parameters leave open. Nothing that is certified comes from here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba as nb
import numpy as np
from numpy.typing import NDArray

from servanda.kernels.lanes import LANES, every, exp_of_shortfall, larger, load, store, vanishes
from servanda.kernels.plain import Ints
from servanda.kernels.registers import copies, replaced
from servanda.kernels.stage import _STRUCTURE, _U

Singles = NDArray[np.float32]
_S = nb.float32[::1]
_I1 = nb.int32[::1]


@cache
def backward_sixteen(actors: int) -> Callable[..., None]:
    """The compiled operator for values[(state * actors + actor) * 16 + draw]; logit play, expected values.

    Arguments: the structure of a stage and its cuts; coefficient[c * 16 + draw]; precision[actor * 16 + draw]; the
    weight of the stage; values, changed in place; scratch of at least rows * actors * 16; odds[option * 16 + draw],
    written. Rows between two cuts read no state that rows elsewhere write, so they are finished, and written back
    while they are still in the cache, before the next.
    """
    width = actors * LANES

    def operator(
        state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
        outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, cuts: Ints,
        coefficient: Singles, precision: Singles, weight: float, values: Singles, scratch: Singles,
        odds: Singles,
    ) -> None:  # fmt: skip
        rows = state.shape[0]
        widest = 1
        for r in range(rows):
            widest = max(widest, option_start[r + 1] - option_start[r])
        worth = np.empty(widest * width, dtype=np.float32)
        acting = every(weight)
        passing = every(1.0 - weight)
        one = every(1.0)
        nothing = every(0.0)
        for piece in range(cuts.shape[0] - 1):
            begin_row = cuts[piece]
            end_row = cuts[piece + 1]
            for r in range(begin_row, end_row):
                first = option_start[r]
                count = option_start[r + 1] - first
                for i in range(count):
                    o = _U(first + i)
                    here = _U(i * width)
                    begin = outcome_start[o]
                    c = load(coefficient, _U(outcome_coefficient[_U(begin)]) * _U(LANES))
                    t = _U(outcome_state[_U(begin)]) * _U(width)
                    sums = copies(c, actors)
                    for a in range(actors):
                        sums = replaced(sums, a, c * load(values, t + _U(a * LANES)))
                    for k in range(begin + 1, outcome_start[o + _U(1)]):
                        c = load(coefficient, _U(outcome_coefficient[_U(k)]) * _U(LANES))
                        t = _U(outcome_state[_U(k)]) * _U(width)
                        for a in range(actors):
                            sums = replaced(sums, a, sums[a] + c * load(values, t + _U(a * LANES)))
                    for a in range(actors):
                        store(worth, here + _U(a * LANES), sums[a])
                    for k in range(price_start[o], price_start[o + _U(1)]):
                        h = here + _U(price_actor[_U(k)]) * _U(LANES)
                        store(worth, h, load(worth, h) - load(coefficient, _U(price_coefficient[_U(k)]) * _U(LANES)))
                m = mover[r]
                at = _U(r - begin_row) * _U(width)
                if m < 0:
                    store(odds, _U(first) * _U(LANES), one)
                    before = _U(state[r]) * _U(width)
                    for a in range(actors):
                        x = _U(a * LANES)
                        store(scratch, at + x, acting * load(worth, x) + passing * load(values, before + x))
                    continue
                own = _U(m) * _U(LANES)
                best = load(worth, own)
                for i in range(1, count):
                    best = larger(best, load(worth, _U(i * width) + own))
                sharpness = load(precision, own)
                total = nothing
                for i in range(count):
                    share = exp_of_shortfall(sharpness * (load(worth, _U(i * width) + own) - best))
                    store(odds, _U(first + i) * _U(LANES), share)
                    total = total + share
                scale = one / total
                sums = copies(nothing, actors)
                for i in range(count):
                    q = _U(first + i) * _U(LANES)
                    share = load(odds, q) * scale
                    store(odds, q, share)
                    for a in range(actors):
                        sums = replaced(sums, a, sums[a] + share * load(worth, _U(i * width) + _U(a * LANES)))
                for a in range(actors):
                    store(scratch, at + _U(a * LANES), sums[a])
            for r in range(begin_row, end_row):
                there = _U(state[r]) * _U(width)
                at = _U(r - begin_row) * _U(width)
                for a in range(actors):
                    x = _U(a * LANES)
                    store(values, there + x, load(scratch, at + x))

    signature = nb.void(*_STRUCTURE, _I1, _S, _S, nb.float64, _S, _S, _S)
    compiled: Callable[..., None] = nb.njit(signature, cache=True, nogil=True, error_model="numpy")(operator)
    return compiled


@nb.njit(nb.void(*_STRUCTURE, _S, _S, nb.float64, nb.int64, _S, _S), cache=True, nogil=True, error_model="numpy")
def expect_sixteen(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Singles, odds: Singles,
    weight: float, columns: int, values: Singles, scratch: Singles,
) -> None:  # fmt: skip
    """Expectations under given odds: values[(state * columns + column) * 16 + draw], in place; prices play no part."""
    width = columns * LANES
    acting = every(weight)
    passing = every(1.0 - weight)
    for r in range(state.shape[0]):
        at = _U(r) * _U(width)
        chance = mover[r] < 0
        before = _U(state[r]) * _U(width)
        for a in range(columns):
            x = _U(a * LANES)
            store(scratch, at + x, passing * load(values, before + x) if chance else every(0.0))
        for o in range(option_start[r], option_start[r + 1]):
            share = load(odds, _U(o) * _U(LANES))
            if chance:
                share = share * acting
            for k in range(outcome_start[o], outcome_start[o + 1]):
                part = share * load(coefficient, _U(outcome_coefficient[k]) * _U(LANES))
                t = _U(outcome_state[k]) * _U(width)
                for a in range(columns):
                    x = _U(a * LANES)
                    store(scratch, at + x, load(scratch, at + x) + part * load(values, t + x))
    for r in range(state.shape[0]):
        there = _U(state[r]) * _U(width)
        at = _U(r) * _U(width)
        for a in range(columns):
            x = _U(a * LANES)
            store(values, there + x, load(scratch, at + x))


@nb.njit(
    nb.void(*_STRUCTURE, _S, _S, _I1, nb.float64, _S, _S, nb.uint8[::1]), cache=True, nogil=True, error_model="numpy"
)
def forward_sixteen(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Singles, odds: Singles,
    which: Ints, weight: float, mass: Singles, scratch: Singles, alive: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Push mass[(state * columns + column) * 16 + draw] through one stage in place.

    Parameters
    ----------
    odds : odds[((which * options) + option) * 16 + draw], one set or several
    which : which[column], the set of odds under which a column goes
    alive : alive[state] is 0 only where no column has any mass; kept up to date
    """
    columns = which.shape[0]
    width = columns * LANES
    options = option_start[state.shape[0]]
    acting = every(weight)
    passing = every(1.0 - weight)
    nothing = every(0.0)
    here_now = np.empty(state.shape[0], dtype=np.uint8)
    for r in range(state.shape[0]):
        here_now[r] = alive[state[r]]
        if here_now[r] == 0:
            continue
        at = _U(r) * _U(width)
        s = _U(state[r]) * _U(width)
        chance = mover[r] < 0
        for a in range(columns):
            x = _U(a * LANES)
            here = load(mass, s + x)
            store(scratch, at + x, here * acting if chance else here)
            store(mass, s + x, here * passing if chance else nothing)
    for r in range(state.shape[0]):
        if here_now[r] == 0:
            continue
        at = _U(r) * _U(width)
        for a in range(columns):
            x = _U(a * LANES)
            here = load(scratch, at + x)
            if vanishes(here):
                continue
            under = _U(which[a]) * _U(options)
            for o in range(option_start[r], option_start[r + 1]):
                flow = here * load(odds, (under + _U(o)) * _U(LANES))
                for k in range(outcome_start[o], outcome_start[o + 1]):
                    t = _U(outcome_state[k])
                    alive[t] = 1
                    t = t * _U(width) + x
                    part = flow * load(coefficient, _U(outcome_coefficient[k]) * _U(LANES))
                    store(mass, t, load(mass, t) + part)


@nb.njit(
    nb.void(*_STRUCTURE, _S, _S, nb.float64, _I1, _I1, _S, _S, nb.float64[:, ::1]),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def forward_marked_sixteen(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Singles, odds: Singles,
    weight: float, mark: Ints, absorb: Ints, mass: Singles, scratch: Singles, caught: NDArray[np.float64],
) -> None:  # fmt: skip
    """Push mass[state * 16 + draw] through one stage in place and count what takes marked outcomes.

    Parameters
    ----------
    mark : mark[outcome], 0 unmarked, m > 0 adds what flows through the outcome to caught[m - 1, draw]
    absorb : absorb[outcome], 1 where what flows through does not arrive
    """
    acting = every(weight)
    passing = every(1.0 - weight)
    nothing = every(0.0)
    flowing = np.empty(LANES, dtype=np.float32)
    for r in range(state.shape[0]):
        s = _U(state[r]) * _U(LANES)
        here = load(mass, s)
        chance = mover[r] < 0
        store(scratch, _U(r) * _U(LANES), here * acting if chance else here)
        store(mass, s, here * passing if chance else nothing)
    for r in range(state.shape[0]):
        here = load(scratch, _U(r) * _U(LANES))
        if vanishes(here):
            continue
        for o in range(option_start[r], option_start[r + 1]):
            flow = here * load(odds, _U(o) * _U(LANES))
            for k in range(outcome_start[o], outcome_start[o + 1]):
                part = flow * load(coefficient, _U(outcome_coefficient[k]) * _U(LANES))
                if mark[k] > 0:
                    store(flowing, 0, part)
                    for b in range(LANES):
                        caught[mark[k] - 1, b] += flowing[b]
                if absorb[k] == 0:
                    t = _U(outcome_state[k]) * _U(LANES)
                    store(mass, t, load(mass, t) + part)


@nb.njit(nb.void(_S, _I1, _S, _S), cache=True, nogil=True, error_model="numpy")
def accrue(values: Singles, payoff_class: Ints, flow: Singles, discount: Singles) -> None:
    """Discount and add what the period pays: values * discount + flow of the state's class, in place.

    All flat: values[(state, actor, draw)], flow[(class, actor, draw)], discount[(actor, draw)].
    """
    width = discount.shape[0]
    for s in range(payoff_class.shape[0]):
        here = s * width
        there = payoff_class[s] * width
        for x in range(0, width, LANES):
            store(values, here + x, load(values, here + x) * load(discount, x) + load(flow, there + x))


@nb.njit(nb.void(_S, _I1, nb.int64, nb.int64, nb.float64), cache=True, nogil=True, error_model="numpy")
def assign(values: Singles, states: Ints, column: int, columns: int, number: float) -> None:
    """Set one column of some states: values[(state * columns + column) * 16 + draw] = number."""
    same = every(number)
    for i in range(states.shape[0]):
        store(values, (_U(states[i]) * _U(columns) + _U(column)) * _U(LANES), same)


@nb.njit(nb.void(_S, _I1, nb.int64, nb.int64, nb.float64[::1]), cache=True, nogil=True, error_model="numpy")
def catch(mass: Singles, states: Ints, column: int, columns: int, caught: NDArray[np.float64]) -> None:
    """Take the mass of one column out of some states and add it to caught[draw]."""
    for i in range(states.shape[0]):
        at = (states[i] * columns + column) * LANES
        for b in range(LANES):
            caught[b] += mass[at + b]
            mass[at + b] = 0.0
