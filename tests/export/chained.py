"""Solved cases with the conditions that their chains are asked about, and answers by our own forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.equilibrium import Period, Slot, Solution, solve
from servanda.forecast.propagation import Flow, flow
from tests.strategies import Floats

Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Chained:
    compiled: Compiled
    solution: Solution
    events: Mapping[str, syntax.Node]

    @property
    def flow(self) -> Flow:
        return flow(self.compiled, self.solution, list(self.events.values()))

    def inside(self, event: str, period: int) -> Truth:
        return self.compiled.truth(self.events[event], period) != 0.0


def chained(case: ResolvedCase, menu: list[str] | None = None) -> Chained:
    """A case solved, with `deal` live, `war`, and all its questions as events."""
    compiled = compile_case(case, menu=menu)
    events: dict[str, syntax.Node] = {
        "deal": syntax.Is("deal", ("phase", "in_force")),
        "war": case.war.node if case.war else syntax.Number(0.0),
        **{f"asked_{k}": q.holds.node for k, q in enumerate(case.questions)},
    }
    return Chained(compiled, solve(compiled.game, compiled.numbers()), events)


def lap(case: Chained, aim: Truth | None = None, stop: Truth | None = None) -> tuple[Floats, Floats]:
    """One period of the continuation, as it acts on a unit of mass in every state.

    Returns the mass [state at the end, state at the start], and for each start what entered `aim` on the way. That is
    taken out there, after whatever stage, and so is what enters `stop`.
    """
    states = case.compiled.game.states
    aimed = np.zeros(states, dtype=bool) if aim is None else aim
    out = aimed if stop is None else aimed | stop
    period = Period(case.compiled.game, case.solution.numbers)
    assert case.solution.tail_advantage is not None
    entered = np.zeros(states)

    def hold(slot: Slot, mass: Floats) -> None:
        entered[:] += mass[aimed].sum(axis=0)
        mass[out] = 0.0

    return period.forward(np.eye(states), -1, period.odds(case.solution.tail_advantage), after=hold), entered


def ever(case: Chained, event: str, but_before: str = "") -> float:
    """Probability that an event ever happens (before another one does), over the calendar and all that follows."""
    last = case.solution.periods
    aim = case.inside(event, last)
    stop = case.inside(but_before, last) & ~aim if but_before else np.zeros_like(aim)
    period = Period(case.compiled.game, case.solution.numbers)
    found = 0.0
    mass = case.compiled.game.start[:, None].copy()

    def catch(slot: Slot | None, array: Floats) -> None:
        nonlocal found
        found += float(array[aim].sum())
        array[aim | stop] = 0.0

    catch(None, mass)
    for t, advantage in enumerate(case.solution.advantage):
        mass = period.forward(mass, t, period.odds(advantage), after=catch)
    moved, worth = lap(case, aim, stop)
    for _ in range(45):
        worth = worth + worth @ moved
        moved = moved @ moved
    return found + float(mass[:, 0] @ worth)


def long_run(case: Chained) -> Floats:
    """Share of period starts spent in every state in the long run: the limit of the lazy chain, by squaring."""
    moved, _ = lap(case)
    limit = (np.eye(len(moved)) + moved) / 2
    for _ in range(45):
        limit = limit @ limit
        limit /= limit.sum(axis=0)
    return np.asarray(limit @ case.flow.at_start[-1])
