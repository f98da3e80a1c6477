"""Paths in calendar time of sixteen draws: what is the case at each date, what has happened by then, what is reported.

Mass is pushed through play from the date of information on; events are caught after every stage. The distribution of
an indicator in a draw is kept as ten equally likely values (the quantiles 5, 15, …, 95 %) beside its mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from servanda.case.resolved import Indicator
from servanda.compile import Compiled
from servanda.compile.evaluation import references
from servanda.ensemble.observations import Parameters, reading
from servanda.ensemble.reach import Event, States
from servanda.equilibrium.period import Slot
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.kernels.lanes import LANES
from servanda.kernels.sixteen import catch

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
SHARES = (np.arange(10) + 0.5) / 10


@dataclass(frozen=True)
class Gauge:
    """An indicator with its states sorted into classes on which it takes one value whatever the parameters."""

    compiled: Compiled
    indicator: Indicator
    codes: NDArray[np.int64]
    classes: sparse.csr_array

    @classmethod
    def of(cls, compiled: Compiled, indicator: Indicator) -> Gauge:
        """Sort the states by the levels of what the indicator reads."""
        scope = compiled.layout.scope(compiled.codes)
        of_deal = {"deal": scope.deal_stage, "draft": scope.draft, "phase": scope.phase}
        names = sorted(references(indicator.value.node, compiled.case.drafts))
        read = [of_deal[n][:, 0] if n in of_deal else compiled.layout.digit(compiled.codes, n) for n in names]
        levels = np.stack([np.zeros_like(compiled.codes), *read], axis=1)
        _, first, inverse = np.unique(levels, axis=0, return_index=True, return_inverse=True)
        states = len(compiled.codes)
        classes = sparse.csr_array((np.ones(states), (inverse.reshape(-1), np.arange(states))))
        return cls(compiled, indicator, compiled.codes[first], classes)

    def read(self, mass: Floats, period: int, parameters: Parameters) -> tuple[Floats, Floats]:
        """Mean [draw] and ten equally likely values [draw, share] over states with mass[state, draw]."""
        share = self.classes @ mass
        value = reading(self.compiled, self.indicator.value.node, self.codes, period, parameters)
        total = share.sum(axis=0)
        order = np.argsort(value, axis=0, kind="stable")
        value, share = np.take_along_axis(value, order, axis=0), np.take_along_axis(share, order, axis=0)
        below = np.cumsum(share, axis=0) / np.where(total > 0.0, total, 1.0)
        at = np.minimum((below[:, :, None] < SHARES[None, None, :] - 1e-6).sum(axis=0), len(value) - 1)
        mean = (share * value).sum(axis=0) / np.where(total > 0.0, total, 1.0)
        return mean, np.take_along_axis(np.ascontiguousarray(value.T), at, axis=1)


@dataclass(frozen=True)
class Paths:
    """What was found, with t from the date of information to the end of the calendar.

    state[name] and event[name] are [draw, t]; mean[indicator] is [draw, t], values[indicator] [draw, t, share].
    """

    state: dict[str, Floats]
    event: dict[str, Floats]
    mean: dict[str, Floats]
    values: dict[str, Floats]


def travelled(
    period: SixteenPeriod,
    odds: Sequence[Singles],
    start: Singles,
    informed: int,
    states: Mapping[str, Event],
    events: Mapping[str, Event],
    gauges: Mapping[str, Gauge],
    parameters: Parameters,
) -> Paths:
    """Push start[state, draw] from the start of period `informed` to the end of the calendar."""
    names = list(events)
    columns = 1 + len(names)
    mass = np.ascontiguousarray(np.repeat(start[:, None, :], columns, axis=1).reshape(len(start), -1))
    steps = len(odds) - informed + 1
    state = {name: np.zeros((LANES, steps)) for name in states}
    caught = np.zeros((len(names), LANES))
    event = {name: np.zeros((LANES, steps)) for name in names}
    mean = {name: np.zeros((LANES, steps)) for name in gauges}
    values = {name: np.zeros((LANES, steps, len(SHARES))) for name in gauges}
    for step in range(steps):
        t = informed + step
        here = [events[name].at(t) for name in names]
        for k, (_, where, _) in enumerate(here):
            catch(mass.reshape(-1), where, k + 1, columns, caught[k])
            event[names[k]][:, step] = caught[k]
        now = mass[:, :LANES].astype(np.float64)
        for name, condition in states.items():
            state[name][:, step] = now[condition.at(t)[0]].sum(axis=0)
        for name, gauge in gauges.items():
            mean[name][:, step], values[name][:, step] = gauge.read(now, t, parameters)
        if t == len(odds):
            break

        def after(slot: Slot, array: Singles, here: Sequence[tuple[object, States, frozenset[int]]] = here) -> None:
            for k, (_, where, causes) in enumerate(here):
                if slot.stage in causes:
                    catch(array.reshape(-1), where, k + 1, columns, caught[k])

        mass = period.push(mass, t, odds[t], after)
        for k, name in enumerate(names):
            event[name][:, step + 1] = caught[k]
    return Paths(state, event, mean, values)
