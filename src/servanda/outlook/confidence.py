"""Confidence, kept apart from likelihood: what an answer rests on, how wide it is, how far the closure moves it."""

from __future__ import annotations

import math
from typing import Literal

from servanda.case.resolved import ResolvedCase
from servanda.forecast.vocabulary import percent
from servanda.outlook.answers import Confidence, Driver
from servanda.uncertainty.answers import Band, Sensitivity

Level = Literal["high", "moderate", "low"]
_LEVELS: tuple[Level, ...] = ("high", "moderate", "low")
# bounds between high, moderate and low: share that rests on sources, width of the band, spread over closures
_GRADE = (2 / 3, 1 / 3)
_BAND = (0.15, 0.4)
_SELECTION = (0.02, 0.1)
_DRIVERS = 3


def drivers_of(case: ResolvedCase, driving: Sensitivity) -> tuple[Driver, ...]:
    """The parameters (or correlated groups) that move an answer most, with their grades."""
    grades = {p.name: p.citation.grade for p in case.parameters}
    bars = {bar.parameter: bar for bar in driving.tornado}
    found = []
    for index in driving.indices[:_DRIVERS]:
        members = index.parameter.split(" + ")
        longest = max((bars[m] for m in members if m in bars), key=lambda b: abs(b.at_high - b.at_low), default=None)
        if longest is None or index.total.value <= 0.0:
            continue
        found.append(
            Driver(
                longest.parameter, longest.title, index.total.value, longest.at_low, longest.at_high,
                grades.get(longest.parameter, ""),
            )
        )  # fmt: skip
    return tuple(found)


def sourced(grade: str) -> bool:
    """Whether a grade of evidence is that of a source that was read: A or B, not a judgement.

    >>> sourced("A"), sourced("J:A"), sourced("M")
    (True, False, False)
    """
    return grade in ("A", "B")


def confidence_in(case: ResolvedCase, driving: Sensitivity, answer: Band, selection: float) -> Confidence:
    """The worst of three readings: grades of what drives the answer, width of its band, spread over closures.

    Where nothing was drawn, or what drives the answer could not be told, it is low; where no draw differs, moderate at
    best.
    """
    grades = {p.name: p.citation.grade for p in case.parameters}
    known = total = 0.0
    drawn = any(not p.number.certain for p in case.parameters)
    for index in driving.indices:
        members = index.parameter.split(" + ")
        weight = max(index.total.value, 0.0)
        total += weight
        known += weight * sum(sourced(grades.get(m, "")) for m in members) / len(members)
    share = known / total if total > 0.0 else 0.0
    width = answer.high - answer.low
    if not drawn:
        readings = [(2, "no parameter is declared uncertain, so nothing tells how far it may be off")]
    elif driving.deviation == 0.0:
        readings = [(1, "no uncertain parameter moves it, so it rests on the structure of the case alone")]
    elif total == 0.0:
        readings = [(2, "what drives it could not be told")]
    else:
        readings = [(_rank(-share, (-_GRADE[0], -_GRADE[1])), f"{percent(share)} of what drives it rests on sources")]
    if drawn and driving.deviation > 0.0:
        readings.append((_rank(width, _BAND), f"eight draws in ten lie within {100 * width:.0f} points"))
    if not math.isnan(selection):
        moved = f"what is assumed beyond the horizon moves it by {100 * selection:.1f} points"
        readings.append((_rank(selection, _SELECTION), moved))
    worst = max(rank for rank, _ in readings)
    reasons = "; ".join(text for rank, text in readings if rank == worst)
    level = _LEVELS[worst]
    return Confidence(level, share, width, selection, f"{level.capitalize()} confidence: {reasons}.")


def _rank(value: float, bounds: tuple[float, float]) -> int:
    return 0 if value <= bounds[0] else 1 if value <= bounds[1] else 2
