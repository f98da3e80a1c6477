"""Naive forecasts to stand beside ours: the base rate of such questions, no change, and a coin.

A forecast that does not beat these has told nobody anything. None of them looks at the game: the base rate is declared
in the case with its source, no change reads the state at the start, and a coin reads nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from math import exp, log

import numpy as np

from servanda.case.resolved import Question
from servanda.compile import Compiled
from servanda.forecast.scores import BASE_RATE

NO_CHANGE, COIN = "no change", "coin"
Naive = tuple[str, float, str]


def naive(compiled: Compiled, question: Question) -> tuple[Naive, ...]:
    """The naive forecasts of a question as (name, probability, source), the base rate first if the case declares one.

    `compiled` is the case as it stood when the question was put. A question that the model has no answer to has no
    state either: it gets no "no change".
    """
    found: list[Naive] = []
    if question.benchmark is not None:
        cited = question.benchmark.citation
        found.append((BASE_RATE, question.benchmark.probability, cited.note or ", ".join(cited.sources)))
    if not question.outside:
        found.append((NO_CHANGE, no_change(compiled, question), f"the state on {compiled.case.start.isoformat()}"))
    found.append((COIN, 0.5, "no knowledge at all"))
    return tuple(found)


def no_change(compiled: Compiled, question: Question) -> float:
    """Probability of a question if nothing ever changed again: 0 or 1 where the state at the start is known.

    What holds stays, what does not hold will not come. Only the date moves on, for a condition that reads it: "at"
    looks at the period of the question's date, "by" at every period from the date of information to it.
    """
    last = _period_of(compiled, question.date)
    first = last if question.timing == "at" else min(_period_of(compiled, compiled.case.as_of), last)
    ever = np.zeros(compiled.game.states, dtype=bool)
    for period in range(first, last + 1):
        ever |= compiled.truth(question.holds.node, period) != 0.0
    return min(1.0, float(compiled.game.start[ever].sum()))


def _period_of(compiled: Compiled, day: date) -> int:
    return max(0, bisect_right(compiled.dates, day) - 1)


def survival(table: Mapping[float, float], years: float, *, age: float = 0.0) -> float:
    """Share that lasts `years` longer, of those that have lasted `age` years already, from a table of survival.

    Between tabled years the hazard is constant, and beyond the last it stays that of the last interval.

    Parameters
    ----------
    table : years -> share still there, at least one entry beyond year 0; year 0 itself need not be given

    Raises
    ------
    ValueError
        For a table that is empty, rises, or leaves (0, 1], and for years before the start.

    >>> treaties = {1: 0.9, 5: 0.6}
    >>> survival(treaties, 5), round(survival(treaties, 3), 4), round(survival(treaties, 4, age=1), 4)
    (0.6, 0.7348, 0.6667)
    """
    points = sorted({0.0: 1.0, **{float(y): float(s) for y, s in table.items()}}.items())
    shares = [s for _, s in points]
    falls = all(a >= b for a, b in pairwise(shares))
    if len(points) < 2 or points[0][0] < 0.0 or shares[0] != 1.0 or shares[-1] <= 0.0 or not falls:
        raise ValueError("a table of survival falls from 1 at year 0 and stays above 0")
    if years < 0.0 or age < 0.0:
        raise ValueError("survival is asked for years from now, after an age of zero or more")
    if age == 0.0 and years in table:
        return float(table[years])
    return exp(_log_survival(points, age + years) - _log_survival(points, age))


def _log_survival(points: list[tuple[float, float]], year: float) -> float:
    at = min(bisect_right([y for y, _ in points], year), len(points) - 1)
    (before, more), (after, less) = points[at - 1], points[at]
    slope = (log(less) - log(more)) / (after - before)
    return log(more) + slope * (year - before)
