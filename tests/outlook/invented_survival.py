"""Questions of survival about five agreements made by hand: two alive, one left by each side, one open at the end."""

from __future__ import annotations

from datetime import date

from servanda.outlook.survival import Put
from servanda.uncertainty.answers import Band

YEARS = (1, 3, 5, 10)
BASE = (0.87, 0.67, 0.51, 0.26)
# case, signed, probabilities alive, of being left by north and south, what happened at each horizon, who left
AGREEMENTS = (
    ("truce-1990", 1990, (0.9, 0.8, 0.7, 0.6), (0.1, 0.3), (True, True, True, True), (False, False)),
    ("swap-1995", 1995, (0.95, 0.5, 0.4, 0.2), (0.6, 0.2), (True, False, False, False), (True, False)),
    ("freeze-2000", 2000, (0.8, 0.7, 0.4, 0.1), (0.2, 0.55), (True, True, False, False), (True, False)),
    ("border-2005", 2005, (0.99, 0.9, 0.9, 0.8), (0.1, 0.1), (True, True, True, True), (False, False)),
    ("fish-2017", 2017, (0.7, 0.5, 0.5, 0.3), (0.4, 0.3), (True, True, True, None), (None, None)),
)  # fmt: skip


def band(p: float) -> Band:
    return Band(p, max(0.0, p - 0.1), min(1.0, p + 0.1))


def asked() -> list[Put]:
    """The questions of all agreements in the order of the cases."""
    found = []
    for case, year, chances, left, alive, gone in AGREEMENTS:
        head = (case, f"Will the {case} last?", date(year, 5, 1))
        for k, years in enumerate(YEARS):
            told = {"base rate": BASE[k], "no change": 1.0, "coin": 0.5}
            found.append(Put(*head, years, "", band(chances[k]), alive[k], told))
        for party, p, outcome in zip(("North", "South"), left, gone, strict=True):
            told = {"base rate": 0.37, "no change": 0.0, "coin": 0.5}
            found.append(Put(*head, 10, party, band(p), outcome, told))
    return found
