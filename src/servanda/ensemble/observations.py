"""Evidence as the filter reads it: factors on states at the start of a period, or on options inside one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.resolved import Evidence
from servanda.compile import Compiled
from servanda.compile.evaluation import STAGES, evaluate

Floats = NDArray[np.float64]
Parameters = Mapping[str, Floats]
# a text being negotiated is talks, and a deal waiting for its renewal is still in force
_SEEN_AS = {"talks": ("talks", "tabled"), "in_force": ("in_force", "expiring")}


@dataclass(frozen=True)
class Observation:
    """One piece of evidence in the calendar of a game.

    `boundary` is the period at whose start a state was observed (-1 for an option); `period` and `stage` where an
    option was seen taken (-1 for a state); `option[k]`: option k of the stage is the one that was seen.
    """

    evidence: Evidence
    boundary: int = -1
    period: int = -1
    stage: int = -1
    option: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


def observations(compiled: Compiled, informed: int) -> tuple[tuple[Observation, ...], tuple[Evidence, ...]]:
    """The evidence of a case up to the start of period `informed` in order of time, and what later evidence overtook.

    What was reported of a state inside a period is held against what the period led to: the start of the next one; a
    report of a period's first day against that day. Of several reports of one thing held against the same day the last
    counts. An option is looked for in the period that holds the date; one seen later than the start of `informed` is
    overtaken too, since that period has not been played.
    """
    case = compiled.case
    days = [d.toordinal() for d in compiled.dates[: informed + 2]]
    names = [s.name for s in compiled.game.stages]
    found: list[Observation] = []
    overtaken: list[Evidence] = []
    latest: dict[tuple[str, str, int], Observation] = {}
    for item in sorted(case.evidence, key=lambda e: e.date):
        if not case.start <= item.date <= case.as_of:
            continue
        day = item.date.toordinal()
        if item.kind == "decision":
            period = bisect_right(days, day) - 1
            if period >= informed:
                overtaken.append(item)
                continue
            stage = next(
                i for i, rule in enumerate(compiled.rules) if rule.kind == "decision" and names[i] == item.name
            )
            labels = np.array(compiled.game.labels.options)[compiled.game.stages[stage].label]
            found.append(Observation(item, period=period, stage=stage, option=labels == item.what))
            continue
        boundary = min(bisect_left(days, day), informed)
        # the deal is one thing, whatever stage of it is reported
        key = item.kind, "" if item.kind == "deal" else item.name, boundary
        fresh = Observation(item, boundary=boundary)
        if key in latest:
            overtaken.append(latest[key].evidence)
            found = [x for x in found if x is not latest[key]]
        latest[key] = fresh
        found.append(fresh)
    return tuple(found), tuple(overtaken)


def fits(compiled: Compiled, seen: Observation, rows: NDArray[np.int64], parameters: Parameters) -> Floats:
    """The odds of the report in some states and every draw: its reliability where it is true, the rest where it is not.

    Indicators depend on parameters, so they are read draw by draw: [row, draw].
    """
    item = seen.evidence
    codes = compiled.codes[rows]
    draws = next(iter(parameters.values())).shape[1] if parameters else 1
    if item.kind == "variable":
        variable = compiled.layout.variables[item.name]
        true = (compiled.layout.digit(codes, item.name) == variable.levels.index(item.what))[:, None]
    elif item.kind == "deal":
        true = _stands(compiled, item)[rows][:, None]
    else:
        node = next(i.value.node for i in compiled.case.indicators if i.name == item.name)
        value = reading(compiled, node, codes, seen.boundary, parameters)
        slack = 1e-9 * max(1.0, abs(item.low), abs(item.high))
        true = (value >= item.low - slack) & (value <= item.high + slack)
    odds = np.where(true, item.reliability, 1.0 - item.reliability)
    return np.asarray(np.broadcast_to(odds, (len(rows), draws)))


def stacked(compiled: Compiled, draws: Sequence[Mapping[str, float]]) -> Parameters:
    """Every parameter over several draws, [1, draw], central where a draw says nothing of it."""
    return {name: np.array([[d.get(name, x) for d in draws]]) for name, x in compiled.central.items()}


def reading(
    compiled: Compiled, node: syntax.Node, codes: NDArray[np.int64], period: int, parameters: Parameters
) -> Floats:
    """Value of an expression in some states for several draws: [state, draw]."""
    draws = next(iter(parameters.values())).shape[1] if parameters else 1
    date = compiled.middles[min(period, len(compiled.middles) - 1)]
    scope = compiled.layout.scope(codes, parameters=parameters, date=date, period_years=compiled.game.period_years)
    return np.asarray(np.broadcast_to(evaluate(node, scope), (len(codes), draws)))


def _stands(compiled: Compiled, item: Evidence) -> NDArray[np.bool_]:
    """States whose deal stands where the evidence says."""
    stages = _SEEN_AS.get(item.name, (item.name,))
    found = np.isin(compiled.deal_stage, [STAGES.index(s) for s in stages])
    if item.what:
        draft = next(i for i, d in enumerate(compiled.case.drafts) if d.name == item.what)
        found &= compiled.draft == draft
        if item.phase:
            phase = [p.name for p in compiled.case.drafts[draft].phases].index(item.phase)
            at = np.array([x.phase for x in compiled.layout.levels])
            found &= at[compiled.deal_level] == phase
    return found
