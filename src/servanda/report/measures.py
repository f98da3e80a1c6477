"""How an outcome and its changes are written: probabilities in per cent, everything else in its own unit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from servanda.forecast.vocabulary import likelihood
from servanda.report.words import fine_percent, number, signed

PROBABILITY = "probability"
MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Measure:
    """The unit of an outcome: `probability`, `points`, `years`…

    >>> chance, life = Measure("probability"), Measure("years")
    >>> chance.level(0.0312), life.level(4.25), chance.change(0.0312), life.change(-1.5)
    ('3.1 %', '4.25 years', '+3.1', '−1.5')
    """

    unit: str

    @property
    def probability(self) -> bool:
        """Whether the outcome is a probability."""
        return self.unit == PROBABILITY

    @property
    def steps(self) -> str:
        """The unit of a change."""
        return "percentage points" if self.probability else self.unit

    def level(self, value: float) -> str:
        """A value of the outcome."""
        return fine_percent(value) if self.probability else f"{number(float(f'{value:.3g}'))} {self.unit}".strip()

    def worded(self, value: float) -> str:
        """A value of the outcome, words first where there are words for it."""
        return likelihood(value) if self.probability else self.level(value)

    def scaled(self, change: float) -> float:
        """A change in the unit of changes."""
        return 100.0 * change if self.probability else change

    def change(self, change: float, decimals: int = 1) -> str:
        """A change with its sign; the unit is named beside."""
        return signed(self.scaled(change), decimals)

    def decimals(self, changes: Iterable[float]) -> int:
        """Decimals that show two digits of the largest change.

        >>> [Measure("probability").decimals([x, 0.0]) for x in (0.3, 0.002, 0.00004, 0.0)]
        [1, 2, 4, 1]
        """
        largest = max((abs(self.scaled(change)) for change in changes), default=0.0)
        if largest == 0.0 or not math.isfinite(largest):
            return 1
        return min(MOST_DECIMALS, max(1, 1 - math.floor(math.log10(largest) + 1e-9)))


HEADLINES = {
    "sign": ("signed in time", PROBABILITY),
    "ratify": ("ratified, once signed", PROBABILITY),
    "keep": ("kept, once in force", PROBABILITY),
    "running": ("a deal in force at the horizon", PROBABILITY),
    "ever_war": ("war at any time", PROBABILITY),
    "mean_life": ("mean life, once in force", "years"),
}


def measure_of(name: str) -> tuple[str, Measure]:
    """The title and unit of a headline number; of others than trials have, the unit in brackets behind the name.

    >>> measure_of("ever_war"), measure_of("exports (kb/d)")
    (('war at any time', Measure(unit='probability')), ('exports', Measure(unit='kb/d')))
    """
    if name in HEADLINES:
        title, unit = HEADLINES[name]
        return title, Measure(unit)
    head, bracket, tail = name.rpartition(" (")
    return (head, Measure(tail[:-1])) if bracket and tail.endswith(")") else (name, Measure(PROBABILITY))
