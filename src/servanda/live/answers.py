"""What a bench says: the headline numbers of a case under some values of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from servanda.forecast.projections import Forecast
from servanda.runs import Verdict


@dataclass(frozen=True, slots=True)
class LiveDraft:
    """A draft alone on the table.

    sign, ratify, keep: probabilities of the gates; holds: their product; mean_life in years up to the horizon;
    survival[t]: probability that it is alive at `dates[t]`, put in force at the start; ended_by: (title of a side, or
    "its own end", or "nobody in particular", probability), without what never happens.
    """

    draft: str
    title: str
    sign: float
    ratify: float
    keep: float
    mean_life: float
    dates: tuple[date, ...]
    survival: tuple[float, ...]
    ended_by: tuple[tuple[str, float], ...]
    sentence: str
    settled: bool = True

    @property
    def holds(self) -> float:
        """Probability that it is signed, ratified and kept."""
        return self.sign * self.ratify * self.keep


@dataclass(frozen=True, slots=True)
class Live:
    """Every headline number: the verdict, every draft alone on the table, outcomes and questions with all drafts.

    `forecast` holds outcomes and answers only. `settled` is False where play beyond the horizon did not become
    stationary in some game: then the numbers are the size of something, no more. `seconds` is what it took.
    """

    verdict: Verdict
    drafts: tuple[LiveDraft, ...]
    forecast: Forecast
    settled: bool
    seconds: float
