"""Tests of claims in the resolved case: which quantity of the result is asked for, of what, and its bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from servanda.errors import NOWHERE, Location

ClaimQuantity = Literal[
    "friction",
    "friction_alone",
    "friction_log_odds",
    "gate",
    "ends",
    "question",
    "outcome",
    "ever",
    "smallest_repair",
    "overlap",
    "gain",
]

RANGES: dict[ClaimQuantity, tuple[float, float]] = {
    "friction": (-1.0, 1.0),
    "friction_alone": (-1.0, 1.0),
    "friction_log_odds": (-math.inf, math.inf),
    "gate": (0.0, 1.0),
    "ends": (0.0, 1.0),
    "question": (0.0, 1.0),
    "outcome": (0.0, 1.0),
    "ever": (0.0, 1.0),
    "smallest_repair": (0.0, math.inf),
    "overlap": (0.0, 1.0),
    "gain": (-math.inf, math.inf),
}
"""Every quantity that a claim can be tested by, with the range in which it lies."""


@dataclass(frozen=True, slots=True)
class ClaimTest:
    """One quantity and its bounds (inclusive); at least one of `at_least`, `at_most`, `rank` is given.

    `subject` by quantity: (friction,) for the three of frictions; (draft, gate) with gate in sign, ratify, keep, all;
    (draft, actor, …) for `ends`; (question,); (outcome,) for `outcome` and `ever`; () for `smallest_repair`; (draft,)
    for `overlap`; (side,) for `gain`. `rank` stands beside `friction` only.
    """

    quantity: ClaimQuantity
    subject: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None
    rank: int | None = None
    where: Location = NOWHERE
