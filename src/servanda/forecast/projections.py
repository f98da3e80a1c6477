"""What the forecast says: outcome paths, indicator fans, answers to dated questions, in the standard words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class OutcomePath:
    """Exclusive and exhaustive outcomes at each date: `none[t] + deal[t] + war[t] == 1`.

    `dates[t]` is the first day of period t, the last entry the end of the horizon (length periods + 1).
    `drafts` holds (draft, probability that this draft is live at each date).
    """

    dates: tuple[date, ...]
    none: tuple[float, ...]
    deal: tuple[float, ...]
    war: tuple[float, ...]
    drafts: tuple[tuple[str, tuple[float, ...]], ...]
    ever_deal: tuple[float, ...]
    ever_war: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IndicatorFan:
    """Distribution of one indicator at each date: mean and quantiles over states (not over parameters)."""

    name: str
    title: str
    unit: str
    dates: tuple[date, ...]
    mean: tuple[float, ...]
    q10: tuple[float, ...]
    q50: tuple[float, ...]
    q90: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class VariablePath:
    """Probability of each level of a variable at each date: `probability[level][t]`."""

    variable: str
    title: str
    levels: tuple[str, ...]
    dates: tuple[date, ...]
    probability: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A dated event of the case, to be marked on charts."""

    date: date
    label: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Probability of one dated question; `low` and `high` span the selection certificate's branches."""

    question: str
    text: str
    timing: Literal["at", "by"]
    date: date
    probability: float
    low: float
    high: float
    words: str
    outcome: Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """All projections of one solved case."""

    outcomes: OutcomePath
    answers: tuple[Answer, ...]
    indicators: tuple[IndicatorFan, ...]
    variables: tuple[VariablePath, ...]
    calendar: tuple[CalendarEvent, ...]
