"""Stage operators for four draws at a time: the path behind every lattice, design search and sweep.

Same arguments and results as `servanda.kernels.stage` with four draws. Four doubles fill one vector register, and the
number of actors is a constant of the compiled code, so that an index is read once for four draws and all actors;
measured, a draw costs half of what it costs alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba as nb
import numpy as np

from servanda.kernels.lanes import QUAD, every_four, exp_of_shortfall, larger, load, store, vanishes
from servanda.kernels.plain import Floats, Ints
from servanda.kernels.registers import copies, replaced
from servanda.kernels.stage import _F2, _I, _STRUCTURE, _U

LANES = QUAD


@cache
def backward_four(actors: int) -> Callable[..., None]:
    """The compiled operator for values[state, actor * 4 + draw] with this many actors; logit play, expected values.

    With `as_odds` the odds of every option are written where `servanda.kernels.stage.backward` writes shortfalls.
    """
    width = actors * LANES

    @nb.njit(
        nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _F2, _F2, _F2, nb.boolean),
        cache=True,
        nogil=True,
        error_model="numpy",
    )
    def operator(
        state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
        outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, precision: Floats,
        weight: float, values: Floats, scratch: Floats, advantage: Floats, as_odds: bool,
    ) -> None:  # fmt: skip
        rows = state.shape[0]
        widest = 1
        for r in range(rows):
            widest = max(widest, option_start[r + 1] - option_start[r])
        worth = np.empty(widest * width)
        odds = np.empty(widest * 4)
        flat = values.reshape(values.size)
        out = scratch.reshape(scratch.size)
        numbers = coefficient.reshape(coefficient.size)
        precise = precision.reshape(precision.size)
        behind = advantage.reshape(advantage.size)
        acting, passing = every_four(weight), every_four(1.0 - weight)
        one, nothing = every_four(1.0), every_four(0.0)
        for r in range(rows):
            first = option_start[r]
            count = option_start[r + 1] - first
            for i in range(count):
                o = _U(first + i)
                here = _U(i * width)
                sums = copies(nothing, actors)
                for k in range(outcome_start[o], outcome_start[o + _U(1)]):
                    c = load(numbers, _U(outcome_coefficient[_U(k)]) * _U(4))
                    t = _U(outcome_state[_U(k)]) * _U(width)
                    for a in range(actors):
                        sums = replaced(sums, a, sums[a] + c * load(flat, t + _U(a * 4)))
                for a in range(actors):
                    store(worth, here + _U(a * 4), sums[a])
                for k in range(price_start[o], price_start[o + _U(1)]):
                    h = here + _U(price_actor[_U(k)]) * _U(4)
                    store(worth, h, load(worth, h) - load(numbers, _U(price_coefficient[_U(k)]) * _U(4)))
            m = mover[r]
            at = _U(r) * _U(width)
            if m < 0:
                store(behind, _U(first) * _U(4), one if as_odds else nothing)
                before = _U(state[r]) * _U(width)
                for a in range(actors):
                    x = _U(a * 4)
                    store(out, at + x, acting * load(worth, x) + passing * load(flat, before + x))
                continue
            own = _U(m) * _U(4)
            best = load(worth, own)
            for i in range(1, count):
                best = larger(best, load(worth, _U(i * width) + own))
            sharpness = load(precise, own)
            total = nothing
            for i in range(count):
                short = load(worth, _U(i * width) + own) - best
                store(behind, _U(first + i) * _U(4), short)
                chance = exp_of_shortfall(sharpness * short)
                store(odds, _U(i * 4), chance)
                total = total + chance
            scale = one / total
            sums = copies(nothing, actors)
            for i in range(count):
                share = load(odds, _U(i * 4)) * scale
                if as_odds:
                    store(behind, _U(first + i) * _U(4), share)
                for a in range(actors):
                    sums = replaced(sums, a, sums[a] + share * load(worth, _U(i * width) + _U(a * 4)))
            for a in range(actors):
                store(out, at + _U(a * 4), sums[a])
        for r in range(rows):
            there = _U(state[r]) * _U(width)
            at = _U(r) * _U(width)
            for a in range(actors):
                x = _U(a * 4)
                store(flat, there + x, load(out, at + x))

    compiled: Callable[..., None] = operator
    return compiled


@cache
def evaluate_four(actors: int) -> Callable[..., None]:
    """The compiled operator under given odds[option, draw]; see `servanda.kernels.stage.evaluate`."""
    width = actors * LANES

    @nb.njit(nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _F2, _F2), cache=True, nogil=True, error_model="numpy")
    def operator(
        state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
        outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
        weight: float, values: Floats, scratch: Floats,
    ) -> None:  # fmt: skip
        flat = values.reshape(values.size)
        out = scratch.reshape(scratch.size)
        numbers = coefficient.reshape(coefficient.size)
        share_of = odds.reshape(odds.size)
        paid = np.zeros(width)
        acting, passing = every_four(weight), every_four(1.0 - weight)
        one, nothing = every_four(1.0), every_four(0.0)
        for r in range(state.shape[0]):
            at, before = _U(r) * _U(width), _U(state[r]) * _U(width)
            share = acting if mover[r] < 0 else one
            sums = copies(nothing, actors)
            if mover[r] < 0:
                for a in range(actors):
                    sums = replaced(sums, a, passing * load(flat, before + _U(a * 4)))
            for o in range(option_start[r], option_start[r + 1]):
                q = share * load(share_of, _U(o) * _U(4))
                if vanishes(q):
                    continue
                for k in range(outcome_start[_U(o)], outcome_start[_U(o + 1)]):
                    p = q * load(numbers, _U(outcome_coefficient[_U(k)]) * _U(4))
                    t = _U(outcome_state[_U(k)]) * _U(width)
                    for a in range(actors):
                        sums = replaced(sums, a, sums[a] + p * load(flat, t + _U(a * 4)))
                for k in range(price_start[_U(o)], price_start[_U(o + 1)]):
                    h = _U(price_actor[_U(k)]) * _U(4)
                    store(paid, h, load(paid, h) + q * load(numbers, _U(price_coefficient[_U(k)]) * _U(4)))
            for a in range(actors):
                x = _U(a * 4)
                store(out, at + x, sums[a] - load(paid, x))
                store(paid, x, nothing)
        for r in range(state.shape[0]):
            there, at = _U(state[r]) * _U(width), _U(r) * _U(width)
            for a in range(actors):
                x = _U(a * 4)
                store(flat, there + x, load(out, at + x))

    compiled: Callable[..., None] = operator
    return compiled


@nb.njit(nb.void(*_STRUCTURE, _F2, _F2, nb.float64, _I, _I, _F2, _F2, _F2), cache=True, nogil=True, error_model="numpy")
def forward_marked(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
    weight: float, mark: Ints, absorb: Ints, mass: Floats, scratch: Floats, caught: Floats,
) -> None:  # fmt: skip
    """Push `mass[state, draw]` of four draws through one stage in place and count what takes marked outcomes.

    Parameters
    ----------
    mark : int32[outcome], 0 unmarked, m > 0 adds what flows through the outcome to `caught[m - 1, draw]`
    absorb : int32[outcome], 1 where what flows through does not arrive
    """
    flat = mass.reshape(mass.size)
    waiting = scratch.reshape(scratch.size)
    numbers = coefficient.reshape(coefficient.size)
    share_of = odds.reshape(odds.size)
    kinds = caught.reshape(caught.size)
    acting, passing, nothing = every_four(weight), every_four(1.0 - weight), every_four(0.0)
    for r in range(state.shape[0]):
        s = _U(state[r]) * _U(4)
        here = load(flat, s)
        chance = mover[r] < 0
        store(waiting, _U(r) * _U(4), here * acting if chance else here)
        store(flat, s, here * passing if chance else nothing)
    for r in range(state.shape[0]):
        here = load(waiting, _U(r) * _U(4))
        if vanishes(here):
            continue
        for o in range(option_start[r], option_start[r + 1]):
            flow = here * load(share_of, _U(o) * _U(4))
            for k in range(outcome_start[o], outcome_start[o + 1]):
                part = flow * load(numbers, _U(outcome_coefficient[_U(k)]) * _U(4))
                if mark[k] > 0:
                    kind = _U(mark[k] - 1) * _U(4)
                    store(kinds, kind, load(kinds, kind) + part)
                if absorb[k] == 0:
                    t = _U(outcome_state[_U(k)]) * _U(4)
                    store(flat, t, load(flat, t) + part)
