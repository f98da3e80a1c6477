"""A figure and the table behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servanda.report.charts.theme import TopLevel


@dataclass(frozen=True, slots=True)
class Table:
    """Text cells under column heads; `rows[i][0]` is the head of row i; `numeric[j]` aligns column j to the right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...] = ()

    @property
    def numbers_from(self) -> int | None:
        """The column from which on all hold numbers, None if numbers and texts are mixed."""
        kinds = [self.is_numeric(k) for k in range(len(self.columns))]
        first = kinds.index(True) if True in kinds else len(kinds)
        return first if all(kinds[first:]) else None

    def is_numeric(self, column: int) -> bool:
        """Whether a column holds numbers; all but the first unless stated."""
        return self.numeric[column] if self.numeric else column > 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart with the words that carry it: title says what is shown, caption how to read it, `alt` what it says."""

    title: str
    caption: str
    alt: str
    chart: TopLevel
    table: Table
