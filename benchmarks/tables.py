"""Tables that print well and stand in Markdown alike, and how times are taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Row = tuple[str, str, str]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Table:
    """A title, what the table shows in a sentence or two, names of columns, and rows of as many texts."""

    title: str
    says: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        """For a terminal: columns one under the other."""
        lines = [self.columns, *self.rows] if self.columns else []
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.columns))]
        shown = [
            "  " + "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([self.title, *([self.says] if self.says else []), *shown])

    @property
    def markdown(self) -> str:
        """For the documentation."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows] if self.columns else []
        shown = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
        return "\n\n".join(
            [f"## {self.title}", *([self.says] if self.says else []), *(["\n".join(shown)] if shown else [])]
        )


def table_of(title: str, rows: Sequence[Row]) -> Table:
    """A table of what, figure and note."""
    return Table(title, "", ("what", "figure", "note"), tuple(rows))


# a short call is repeated until the clock has this much to measure
MEASURABLE = 0.02


def processor_time(action: Callable[[], Result], budget: float = 1.0, most: int = 20) -> tuple[float, Result]:
    """Least processor time of several calls, until they have cost `budget` seconds; and what the last one gave."""
    least, spent, repeats, result = float("inf"), 0.0, 1, None
    for turn in range(most):
        begun = time.process_time()
        for _ in range(repeats):
            result = action()
        seconds = time.process_time() - begun
        spent += seconds
        if seconds < MEASURABLE and repeats == 1 and turn + 1 < most:
            repeats = 1 + int(MEASURABLE / max(seconds, 1e-6))
            continue
        least = min(least, seconds / repeats)
        if spent > budget:
            break
    assert result is not None
    return least, result


def seconds(value: float) -> str:
    """A time in the unit that shows two or three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size or unit == "µs":
            shown = value / size
            return f"{shown:.2g} {unit}" if shown < 10 else f"{shown:,.0f} {unit}"
    raise AssertionError


def error(value: float) -> str:
    """A size of error, one digit."""
    return "0" if value == 0.0 else f"{value:.0e}"


def times(theirs: float, ours: float) -> str:
    """How many times as long the other takes."""
    ratio = theirs / ours
    return f"{ratio:,.0f} ×" if ratio >= 10 else f"{ratio:.2g} ×"


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The power of the size with which the cost grows: least squares on logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])
