"""Every subset of the frictions one click away: what the page needs to show the outcome with exactly these off.

Without scripts the table of single frictions and pairs stands in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

from servanda.diagnosis.answers import FrictionLattice
from servanda.forecast.vocabulary import SCALE, TINY
from servanda.report.charts.figure import Table
from servanda.report.charts.shares import asked, ranked
from servanda.report.measures import Measure, measure_of
from servanda.report.words import log_odds, signed

DIGITS = 5


@dataclass(frozen=True, slots=True)
class Switch:
    """A box that switches one friction off: its bit in the mask of a subset, title and mechanism."""

    bit: int
    title: str
    mechanism: str


@dataclass(frozen=True, slots=True)
class Switchboard:
    """The switches, the largest share first, and each headline number with all frictions on and all off.

    `all_off` is the mask of all switches; `odds` the log-odds of a probability.
    """

    switches: tuple[Switch, ...]
    all_off: int
    asked: str
    numbers: tuple[tuple[str, str, str], ...]
    odds: tuple[str, str] | None
    start: str


def used(lattice: FrictionLattice) -> list[int]:
    """The bits of the frictions that touch the game, in the order of the lattice: the page has switches for these."""
    return [bit for bit, name in enumerate(lattice.frictions) if name not in lattice.unused]


def _masks(lattice: FrictionLattice) -> list[int]:
    """The masks of all subsets of these frictions, in the order of the masks of the page."""
    masks = [0]
    for bit in used(lattice):
        masks += [mask | 1 << bit for mask in masks]
    return masks


def switchboard(lattice: FrictionLattice | None) -> Switchboard | None:
    """What the page writes of the switchboard; None where not every subset was solved."""
    if (
        lattice is None
        or not lattice.exact
        or len(lattice.values) != 2 ** len(lattice.frictions)
        or not ranked(lattice)
    ):
        return None
    bits = {lattice.frictions[bit]: place for place, bit in enumerate(used(lattice))}
    switches = [Switch(bits[s.friction], s.title, s.mechanism) for s in ranked(lattice) if s.friction in bits]
    named = [("The outcome", Measure(lattice.unit), lattice.values)]
    named += [(*measure_of(name), values) for name, values in lattice.headlines]
    return Switchboard(
        tuple(switches),
        2 ** len(bits) - 1,
        asked(lattice),
        tuple((title, measure.level(values[0]), measure.level(values[-1])) for title, measure, values in named),
        (signed(log_odds(lattice.values[0])), signed(log_odds(lattice.values[-1])))
        if named[0][1].probability
        else None,
        f"Every friction on: {Measure(lattice.unit).worded(lattice.values[0])}",
    )


def data(lattice: FrictionLattice | None) -> dict[str, Any] | None:
    """The numbers of every subset of the switches by mask, to five significant digits, and the scale of words.

    Frictions that touch nothing have no bit, so that no number stands twice. None as in `switchboard`.
    """
    if lattice is None or switchboard(lattice) is None:
        return None
    columns = [(Measure(lattice.unit), lattice.values)]
    columns += [(measure_of(name)[1], values) for name, values in lattice.headlines]
    masks = _masks(lattice)
    return {
        "threshold": lattice.threshold,
        "unsettled": [place for place, mask in enumerate(masks) if not lattice.settled[mask]],
        "columns": [{"unit": m.unit, "values": [_brief(values[mask]) for mask in masks]} for m, values in columns],
        "scale": SCALE,
        "tiny": TINY,
    }


def _brief(value: float) -> float | int:
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() else short


def singles_and_pairs(lattice: FrictionLattice) -> Table:
    """The outcome and the other headline numbers with nothing, each friction, each pair, and everything off."""
    columns = [(Measure(lattice.unit), lattice.values)]
    heads = [measure_of(name) for name, _ in lattice.headlines]
    columns += [(measure, values) for (_, measure), (_, values) in zip(heads, lattice.headlines, strict=True)]
    own = used(lattice)
    chosen: list[tuple[int, ...]] = [(), *((i,) for i in own), *combinations(own, 2)]
    if len(own) > 2:
        chosen.append(tuple(own))

    def row(off: tuple[int, ...]) -> tuple[str, ...]:
        mask = sum(1 << i for i in off)
        name = " + ".join(lattice.titles[i] for i in off) if off else "none"
        if len(off) == len(own) > 0:
            name = "all"
        if not lattice.settled[mask]:
            name += " (far future unsettled)"
        return (name, *(measure.level(values[mask]) for measure, values in columns))

    rows = [row(off) for off in chosen]
    return Table(
        f"With these frictions off, alone and in pairs ({asked(lattice)})",
        ("Off", "The outcome", *(title for title, _ in heads)),
        tuple(rows),
    )
