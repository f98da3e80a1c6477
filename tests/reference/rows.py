"""The record of one reference answer, or of a grid of them, and how far the engine is from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from tests.reference.sources import published

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


MOVES = "moves in Python"


def cited(
    family: str, case: str, quantity: str, expected: Sequence[float], tolerance: float,
    found: Callable[[], Sequence[float]], *, route: str = MOVES, like: str = "", provenance: str = "",
) -> Row:  # fmt: skip
    """A row with the source of a case of the reference files: its own, or that of the case it is `like`."""
    said = published(family)[like or case]
    return Row(
        family, case, route, quantity, tuple(float(x) for x in expected), tolerance, said["source"],
        provenance or said["provenance"], found,
    )  # fmt: skip


def cases_of(family: str, prefix: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Ids, parameters and answers of the cases of a family whose id begins like this."""
    return [(i, c["parameters"], c["prediction"]) for i, c in published(family).items() if i.startswith(prefix)]


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
