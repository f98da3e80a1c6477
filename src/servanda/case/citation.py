"""Where numbers of a case come from, and how far a report of each grade is to be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a number comes from: source identifiers (or `judgement`), grade of evidence, a note."""

    sources: tuple[str, ...] = ()
    grade: str = ""
    note: str = ""


UNCITED = Citation()

RELIABILITY: Mapping[str, float] = MappingProxyType({"A": 0.99, "B": 0.97, "C": 0.9, "M": 0.9, "J": 0.85, "": 0.85})
"""Probability that an observation is right where the case does not say, by the first letter of its grade."""


def reliability_of(grade: str) -> float:
    """The probability that a report of this grade is right.

    >>> reliability_of("A"), reliability_of("J:A"), reliability_of("")
    (0.99, 0.85, 0.85)
    """
    return RELIABILITY[grade[:1]]
