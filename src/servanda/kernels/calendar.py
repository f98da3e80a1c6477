"""A whole calendar in one call, for a single draw: the path behind every slider.

Sixteen single-precision numbers stand side by side in a vector, as in `servanda.kernels.sixteen`, but they are the
actors of one draw (on the way back) or several masses (on the way forward), not draws. So a successor costs one load
and one multiplication for all actors, and what remains is an exponential an option. Prices are added as vectors, one
for each distinct list of prices. A *tape* says which stages are passed in which buffer, so that the order in which
nature lets the sides move needs no Python in between (see `servanda.equilibrium.reel`).

Six digits of a value are kept; nothing that is certified comes from here. The plain twin is `servanda.equilibrium.
Period` with its kernels in double precision.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from servanda.kernels.lanes import LANES, every, load, store, vanishes
from servanda.kernels.plain import Ints
from servanda.kernels.stage import _U, exp_of_shortfall

Singles = NDArray[np.float32]
SWEEP, COPY, ADD, DIVIDE = 0, 1, 2, 3
MARKED = 4

_I = nb.int32[::1]
_I2 = nb.int32[:, ::1]
_S = nb.float32[::1]
_S2 = nb.float32[:, ::1]
_SHAPE = (_I, _I, _I, _I, _I, _I, _I, _I, _I, _I)


@nb.njit(inline="always")
def _combine(values: Singles, op: int, x: int, y: int) -> None:
    """The operations of a tape that are not sweeps: copy buffer x to y, add buffer y to x, divide buffer x by y."""
    here = values[x]
    if op == COPY:
        there = values[y]
        for i in range(0, here.shape[0], LANES):
            store(there, _U(i), load(here, _U(i)))
    elif op == ADD:
        other = values[y]
        for i in range(0, here.shape[0], LANES):
            store(here, _U(i), load(here, _U(i)) + load(other, _U(i)))
    elif op == DIVIDE:
        share = every(1.0 / y)
        for i in range(0, here.shape[0], LANES):
            store(here, _U(i), load(here, _U(i)) * share)


@nb.njit(
    nb.void(
        *_SHAPE, _I, _I, _I2, nb.int64, _S2, _I, _S2, _I, _S2, _I, _S2, _S, _S, _I, _I, _S2, _S, _S2
    ),
    cache=True, nogil=True, error_model="numpy",
)  # fmt: skip
def back(
    stage_row: Ints, state: Ints, mover: Ints, option_start: Ints, price_class: Ints, outcome_start: Ints,
    outcome_state: Ints, outcome_coefficient: Ints, cut_start: Ints, cuts: Ints, slot_stage: Ints, slot_option: Ints,
    tape: Ints, end: int, coefficient: Singles, table_of: Ints, price: Singles, price_of: Ints, flow: Singles,
    flow_of: Ints, weight: Singles, rate: Singles, precision: Singles, payoff_class: Ints, periods: Ints,
    values: Singles, scratch: Singles, odds: Singles,
) -> None:  # fmt: skip
    """Carry values back through periods, one after the other, and write the odds of play.

    Parameters
    ----------
    stage_row, cut_start : where the rows and the cuts of each stage begin
    state, mover : of each row; -1 for chance
    option_start, outcome_start : of each row and option, counted through all stages
    price_class : the list of prices of each option
    slot_stage, slot_option : stage of each slot, and where its odds begin in a period's
    tape : tape[step] = (operation, buffer or slot, buffer or number)
    end : the buffer in which a period's values end up
    coefficient[table, c], price[table, class * 16 + actor], flow[table, class * 16 + actor] : by the table that
        `table_of`, `price_of` and `flow_of` name for each period
    weight : weight[period, stage], share of chance rows that act
    rate, precision : discount per period and logit λ of each actor
    periods : in the order in which they are passed
    values : values[buffer, state * 16 + actor]; comes and goes in buffer `end`
    scratch : room for the rows of the largest stage
    odds : odds[period, option], written
    """
    widest = 1
    for r in range(state.shape[0]):
        widest = max(widest, option_start[r + 1] - option_start[r])
    worth = np.empty(widest * LANES, dtype=np.float32)
    share = np.empty(widest, dtype=np.float32)
    discount = load(rate, _U(0))
    for t in periods:
        table = coefficient[table_of[t]]
        priced = price[price_of[t]]
        paid = flow[flow_of[t]]
        chosen = odds[t]
        before, after = values[0], values[end]
        for s in range(payoff_class.shape[0]):
            i = _U(s * LANES)
            store(before, i, load(after, i) * discount + load(paid, _U(payoff_class[s] * LANES)))
        for step in range(tape.shape[0]):
            if tape[step, 0] != SWEEP:
                _combine(values, tape[step, 0], tape[step, 1], tape[step, 2])
                continue
            slot = tape[step, 1]
            stage = slot_stage[slot]
            act = weight[t, stage]
            if act == 0.0 or stage_row[stage] == stage_row[stage + 1]:
                continue
            acting, passing = every(act), every(1.0 - act)
            here = values[tape[step, 2]]
            offset = slot_option[slot] - option_start[stage_row[stage]]
            for piece in range(cut_start[stage], cut_start[stage + 1] - 1):
                begin, finish = cuts[piece], cuts[piece + 1]
                for r in range(begin, finish):
                    first = option_start[r]
                    count = option_start[r + 1] - first
                    at = _U((r - begin) * LANES)
                    m = mover[r]
                    for i in range(count):
                        o = _U(first + i)
                        k = outcome_start[o]
                        total = every(table[_U(outcome_coefficient[_U(k)])]) * load(
                            here, _U(outcome_state[_U(k)]) * _U(LANES)
                        )
                        for k in range(outcome_start[o] + 1, outcome_start[o + _U(1)]):
                            p = every(table[_U(outcome_coefficient[_U(k)])])
                            total = total + p * load(here, _U(outcome_state[_U(k)]) * _U(LANES))
                        total = total - load(priced, _U(price_class[o]) * _U(LANES))
                        store(worth, _U(i * LANES), total)
                    if m < 0:
                        chosen[_U(offset + first)] = 1.0
                        mean = acting * load(worth, _U(0)) + passing * load(here, _U(state[r]) * _U(LANES))
                        store(scratch, at, mean)
                        continue
                    best = worth[_U(m)]
                    for i in range(1, count):
                        best = max(best, worth[_U(i * LANES + m)])
                    sharpness = precision[m]
                    whole = np.float32(0.0)
                    for i in range(count):
                        chance = np.float32(exp_of_shortfall(sharpness * (worth[_U(i * LANES + m)] - best)))
                        share[_U(i)] = chance
                        whole += chance
                    part = share[_U(0)] / whole
                    chosen[_U(offset + first)] = part
                    mean = every(part) * load(worth, _U(0))
                    for i in range(1, count):
                        part = share[_U(i)] / whole
                        chosen[_U(offset + first + i)] = part
                        mean = mean + every(part) * load(worth, _U(i * LANES))
                    store(scratch, at, mean)
                for r in range(begin, finish):
                    store(here, _U(state[r]) * _U(LANES), load(scratch, _U((r - begin) * LANES)))


@nb.njit(
    nb.void(
        *_SHAPE, _I, _I, _I2, nb.int64, _S2, _I, _S2, nb.int8[:, ::1], nb.boolean[::1], _I2, _I, _I, nb.uint8[:, ::1],
        nb.int64, _S2, _S, _S2, nb.float64[:, ::1], nb.float64[:, ::1], nb.float64[:, :, ::1], _S2,
    ),
    cache=True, nogil=True, error_model="numpy",
)  # fmt: skip
def forth(
    stage_row: Ints, state: Ints, mover: Ints, option_start: Ints, price_class: Ints, outcome_start: Ints,
    outcome_state: Ints, outcome_coefficient: Ints, cut_start: Ints, cuts: Ints, slot_stage: Ints, slot_option: Ints,
    tape: Ints, end: int, coefficient: Singles, table_of: Ints, weight: Singles,
    mark: NDArray[np.int8], absorbs: NDArray[np.bool_], event_of: Ints, event_start: Ints, event_state: Ints,
    cause: NDArray[np.uint8], periods: int, mass: Singles, scratch: Singles, odds: Singles,
    total: NDArray[np.float64], caught: NDArray[np.float64], taken: NDArray[np.float64], starts: Singles,
) -> None:  # fmt: skip
    """Push sixteen masses through the calendar under the odds of play.

    Parameters (those of `back` apart)
    ----------
    mark : mark[outcome, lane], kind of an outcome for the first four lanes, 0 unmarked
    absorbs : absorbs[lane], whether what takes a marked outcome in this lane stays out
    event_of : event_of[period, lane], the list of states (from 0) whose mass is caught in this lane, -1 for none
    event_start, event_state : the lists; cause[list, stage] is 1 where a stage can lead into the list's states
    mass : mass[buffer, state * 16 + lane]; comes in buffer 0
    total : total[period, lane], mass at the start of every period and at the end, written
    caught : caught[period, lane], what the lists caught in each period (row 0: also at its start), written
    taken : taken[period, lane, kind - 1], what took marked outcomes in each period, written
    starts : starts[period, state], the mass of lane 0 at the start of every period and at the end, written (unless
        it has no rows)
    """
    rows = 0
    for stage in range(stage_row.shape[0] - 1):
        rows = max(rows, stage_row[stage + 1] - stage_row[stage])
    moving = np.empty(rows, dtype=np.uint8)
    states = mass.shape[1] // LANES
    flowing = np.empty(LANES, dtype=np.float32)
    lanes = event_of.shape[1]
    for t in range(periods + 1):
        if t > 0:
            first, last = mass[0], mass[end]
            for i in range(0, first.shape[0], LANES):
                store(first, _U(i), load(last, _U(i)))
        here = mass[0]
        if t < event_of.shape[0]:
            for lane in range(lanes):
                which = event_of[t, lane]
                if which >= 0:
                    for i in range(event_start[which], event_start[which + 1]):
                        x = event_state[i] * LANES + lane
                        caught[t, lane] += here[x]
                        here[x] = 0.0
        for lane in range(LANES):
            sum_of = 0.0
            for s in range(states):
                sum_of += here[s * LANES + lane]
            total[t, lane] = sum_of
        if starts.shape[0]:
            for s in range(states):
                starts[t, s] = here[s * LANES]
        if t == periods:
            break
        table = coefficient[table_of[t]]
        chosen = odds[t]
        for step in range(tape.shape[0]):
            if tape[step, 0] != SWEEP:
                _combine(mass, tape[step, 0], tape[step, 1], tape[step, 2])
                continue
            slot = tape[step, 1]
            stage = slot_stage[slot]
            act = weight[t, stage]
            begin, finish = stage_row[stage], stage_row[stage + 1]
            if act == 0.0 or begin == finish:
                continue
            here = mass[tape[step, 2]]
            offset = slot_option[slot] - option_start[begin]
            acting, passing, nothing = every(act), every(1.0 - act), every(0.0)
            for r in range(begin, finish):
                s = _U(state[r]) * _U(LANES)
                present = load(here, s)
                if vanishes(present):
                    moving[r - begin] = 0
                    continue
                moving[r - begin] = 1
                at = _U((r - begin) * LANES)
                if mover[r] < 0:
                    store(scratch, at, present * acting)
                    store(here, s, present * passing)
                else:
                    store(scratch, at, present)
                    store(here, s, nothing)
            for r in range(begin, finish):
                if moving[r - begin] == 0:
                    continue
                present = load(scratch, _U((r - begin) * LANES))
                for o in range(option_start[r], option_start[r + 1]):
                    flow = present * every(chosen[_U(offset + o)])
                    for k in range(outcome_start[o], outcome_start[o + 1]):
                        part = flow * every(table[_U(outcome_coefficient[_U(k)])])
                        at = _U(outcome_state[_U(k)]) * _U(LANES)
                        marked = False
                        for lane in range(MARKED):
                            marked = marked or mark[_U(k), _U(lane)] != 0
                        if marked:
                            store(flowing, _U(0), part)
                            for lane in range(MARKED):
                                kind = mark[_U(k), _U(lane)]
                                if kind > 0:
                                    taken[t, lane, kind - 1] += flowing[lane]
                                    if absorbs[lane]:
                                        flowing[lane] = 0.0
                            part = load(flowing, _U(0))
                        store(here, at, load(here, at) + part)
            for lane in range(lanes):
                which = event_of[t, lane]
                if which >= 0 and cause[which, stage] != 0:
                    for i in range(event_start[which], event_start[which + 1]):
                        x = event_state[i] * LANES + lane
                        caught[t + 1, lane] += here[x]
                        here[x] = 0.0
