"""Forward propagation of a solved case: probabilities of outcomes, indicators and questions by date.

Exact inside a draw: probability mass is pushed through every stage of every period, no sampling. Events "by" a date are
caught at the first stage after which they hold. Between two period starts probabilities are interpolated linearly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.resolved import Question, ResolvedCase
from servanda.compile import Compiled
from servanda.compile.evaluation import is_dated
from servanda.equilibrium import Period, Slot, Solution
from servanda.forecast.projections import (
    Answer,
    CalendarEvent,
    Forecast,
    IndicatorFan,
    OutcomePath,
    VariablePath,
)  # fmt: skip
from servanda.forecast.vocabulary import words

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Flow:
    """Raw result of propagation for one draw.

    at_start[period] is the distribution over states at the start of each period (periods + 1 of them); caught[period,
    event] the probability that each watched event first happened before that start.
    """

    at_start: tuple[Floats, ...]
    caught: Floats


def flow(compiled: Compiled, solution: Solution, events: Sequence[syntax.Node], draw: int = 0) -> Flow:
    """Push the start distribution of one draw through the calendar, catching events from the date of information on.

    Events are conditions of the case language; those that read the date are looked at anew in every period.
    """
    numbers = solution.numbers.draw(draw)
    period = Period(compiled.game, numbers)
    columns = 1 + len(events)
    mass = np.repeat(compiled.game.start[:, None], columns, axis=1)
    where = [np.zeros(0, np.int64) for _ in events]
    informed = sum(d <= compiled.case.as_of for d in compiled.dates[: len(solution.advantage)]) - 1

    # event by event, the stages that can bring it about; elsewhere there is nothing to catch
    causes: list[set[int]] = [set() for _ in events]

    def watch(t: int) -> None:
        for k, event in enumerate(events):
            if t == informed or (t > informed and is_dated(event, compiled.case.drafts)):
                inside = compiled.truth(event, t) != 0.0
                where[k] = np.flatnonzero(inside)
                causes[k] = {
                    index
                    for index, stage in enumerate(compiled.game.stages)
                    if (inside[stage.outcome_state] & ~inside[stage.source_of_outcome]).any()
                }

    caught = np.zeros((len(solution.advantage) + 1, len(events)))
    so_far = np.zeros(len(events))

    def catch(slot: Slot | None, array: Floats) -> None:
        for k, states in enumerate(where):
            if slot is not None and slot.stage not in causes[k]:
                continue
            here = array[states, k + 1]
            if here.any():
                so_far[k] += here.sum()
                array[states, k + 1] = 0.0

    starts = [mass[:, 0].copy()]
    for t, advantage in enumerate(solution.advantage):
        watch(t)
        catch(None, mass)
        caught[t] = so_far
        odds = period.odds(np.ascontiguousarray(advantage[:, draw : draw + 1]))
        mass = period.forward(mass, t, odds, after=catch if events else None)
        starts.append(mass[:, 0].copy())
        caught[t + 1] = so_far
    return Flow(tuple(starts), caught)


def interpolate(compiled: Compiled, series: Floats, day: date) -> float:
    """Value on a day of a series given at period starts (linear inside a period, flat outside)."""
    dates = np.array([d.toordinal() for d in compiled.dates[: len(series)]], dtype=np.float64)
    return float(np.interp(day.toordinal(), dates, series))


def _answers(
    compiled: Compiled, found: Flow, questions: Sequence[Question], by: Sequence[Question], offset: int
) -> Floats:
    answers = np.zeros(len(questions))
    for k, q in enumerate(questions):
        if q.timing == "by":
            series = found.caught[:, offset + by.index(q)]
        else:
            series = np.array([float(m @ compiled.truth(q.holds.node, t)) for t, m in enumerate(found.at_start)])
        answers[k] = min(1.0, max(0.0, interpolate(compiled, series, q.date)))
    return answers


def outcome_conditions(case: ResolvedCase) -> tuple[syntax.Node, syntax.Node]:
    """What counts as a deal (live, and no war) and as war."""
    war: syntax.Node = case.war.node if case.war else syntax.Number(0.0)
    live = syntax.Is("deal", ("phase", "in_force"))
    return syntax.Binary("and", live, syntax.Unary("not", war)), war


def forecast(
    compiled: Compiled,
    solution: Solution,
    draw: int = 0,
    *,
    details: bool = True,
    overrides: Mapping[str, float] | None = None,
) -> Forecast:
    """All projections of one draw of a solved case (question bands are filled in by the selection certificate).

    Without `details`, indicators, variables and calendar are left empty. Indicators read the central values of the
    parameters, or those of `overrides`, which should be those of the solution.
    """
    case = compiled.case
    deal, war = outcome_conditions(case)
    by = [q for q in case.answerable if q.timing == "by"]
    found = flow(compiled, solution, [deal, war, *(q.holds.node for q in by)], draw)
    stacked = np.stack(found.at_start)
    dates = compiled.dates[: len(stacked)]
    dealing = [compiled.truth(deal, t) != 0.0 for t in range(len(stacked))]
    at_deal = np.array([m[d].sum() for m, d in zip(stacked, dealing, strict=True)])
    at_war = np.array([m @ compiled.truth(war, t) for t, m in enumerate(stacked)])
    shares = [
        (d.name, [m[x & (compiled.draft == i)].sum() for m, x in zip(stacked, dealing, strict=True)])
        for i, d in enumerate(case.drafts)
    ]
    path = OutcomePath(
        dates,
        _floats(stacked.sum(axis=1) - at_deal - at_war),
        _floats(at_deal),
        _floats(at_war),
        tuple((name, _floats(np.array(share))) for name, share in shares),
        _floats(found.caught[:, 0]),
        _floats(found.caught[:, 1]),
    )
    chances = _answers(compiled, found, case.answerable, by, 2)
    answers = tuple(
        Answer(q.name, q.text, q.timing, q.date, float(p), float(p), float(p), words(float(p)), q.outcome)
        for q, p in zip(case.answerable, chances, strict=True)
    )
    if not details:
        return Forecast(path, answers, (), (), ())
    return Forecast(
        path,
        answers,
        _fans(compiled, stacked, dates, overrides or {}),
        _variables(compiled, stacked, dates),
        calendar(compiled),
    )


def _fans(
    compiled: Compiled, stacked: Floats, dates: tuple[date, ...], overrides: Mapping[str, float]
) -> tuple[IndicatorFan, ...]:
    fans = []
    for indicator in compiled.case.indicators:
        rows = []
        for t, mass in enumerate(stacked):
            value = compiled.truth(indicator.value.node, t, overrides)
            levels, inverse = np.unique(value, return_inverse=True)
            share = np.bincount(inverse.reshape(-1), mass, minlength=len(levels))
            below = np.cumsum(share)
            q10, q50, q90 = (levels[min(int(np.searchsorted(below, q)), len(levels) - 1)] for q in (0.1, 0.5, 0.9))
            rows.append((float(share @ levels), q10, q50, q90))
        columns = np.array(rows).T
        fans.append(
            IndicatorFan(indicator.name, indicator.title, indicator.unit, dates, *(_floats(c) for c in columns))
        )
    return tuple(fans)


def _variables(compiled: Compiled, stacked: Floats, dates: tuple[date, ...]) -> tuple[VariablePath, ...]:
    actors = {a.name: a.title for a in compiled.case.actors}
    paths = []
    for variable in compiled.case.variables:
        digit = compiled.layout.digit(compiled.codes, variable.name)
        probability = tuple(_floats(stacked[:, digit == k].sum(axis=1)) for k in range(len(variable.levels)))
        names = tuple(actors.get(x, x) for x in variable.levels)
        paths.append(VariablePath(variable.name, variable.title, names, dates, probability))
    return tuple(paths)


def calendar(compiled: Compiled) -> tuple[CalendarEvent, ...]:
    """Dated events and sunsets within the horizon, in order."""
    case = compiled.case
    end = compiled.dates[case.periods]
    found = [CalendarEvent(d, e.title) for e in case.chance if e.timing.kind == "dates" for d in e.timing.dates]
    found += [CalendarEvent(d.sunset_date, f"sunset of {d.title}") for d in case.drafts if d.sunset_date]
    return tuple(sorted((e for e in found if case.start <= e.date <= end), key=lambda e: (e.date, e.label)))


def _floats(values: Floats) -> tuple[float, ...]:
    # rounding may leave a probability at -1e-17; anything larger is kept so that tests see it
    return tuple(0.0 if -1e-12 < x < 0.0 else float(x) for x in values)
