"""The record of one reference answer, or of a grid of them, and how far the engine is from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

Provenance = Literal["P1", "P2", "P2/P3", "P3", "P4"]


@dataclass(frozen=True)
class Row:
    """A quantity with its published or derived values and the engine's.

    case: id in the reference file, or `grid` for the same formula over many parameter values; route: how the game was
    written; expected[point]; tolerance: largest error allowed (0 for yes or no, as 1.0 and 0.0); provenance: see
    `LEGEND`; found() solves the games, in the order of `expected`.
    """

    family: str
    case: str
    route: str
    quantity: str
    expected: tuple[float, ...]
    tolerance: float
    source: str
    provenance: str
    found: Callable[[], Sequence[float]] = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """The test id."""
        return f"{self.family}/{self.case}: {self.quantity}"


LEGEND = {
    "P1": "source text, data or number seen",
    "P2": "published result, recalled and checked numerically",
    "P3": "derived from the published game",
    "P4": "a reduced form of ours",
}


@cache
def errors(row: Row) -> tuple[float, ...]:
    """Distance of the engine from the answer at every point.

    Raises
    ------
    ValueError
        If the engine gave another number of answers.
    """
    pairs = zip(row.expected, row.found(), strict=True)
    return tuple(abs(found - expected) for expected, found in pairs)
