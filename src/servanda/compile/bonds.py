"""Bonds: hidden parameters that make breaking or leaving a deal dear to a side, or impossible.

A side's *bond* is lost with every noticed breach and every exit, by all its actors: the pledge is the country's, not
the office-holder's. With a prohibitive number a side is *bound*: its mover alone is charged, noticed or not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from servanda.case import expression as syntax
from servanda.compile.layout import Codes
from servanda.compile.rules import Applied, Movers, Rule, both

BOND = "bond of "
BOUND = "bound "


def bond_parameter(side: str) -> str:
    """Name of the hidden parameter that holds the bond of a side, in points; 0 unless set."""
    return BOND + side


def bound_parameter(side: str) -> str:
    """Name of the hidden parameter that keeps a side from breaking or leaving a deal; 0 unless set."""
    return BOUND + side


def bonded(rule: Rule, movers: Movers) -> Rule:
    """The rule of a side's stage with both prices on every option that breaks or leaves a deal."""
    bond, never = syntax.Parameter(bond_parameter(rule.side)), syntax.Parameter(bound_parameter(rule.side))
    pledged = [index for name, index in movers.index.items() if movers.side_of[name] == rule.side]

    def charged(a: Applied, who: int) -> Applied:
        mine = a.mover == who
        lost = both(a.noticed, bond)
        prices = (*a.prices, *((i, "bond", lost) for i in pledged), (who, "bound by the deal", never))
        outcomes = tuple((odds, codes[mine]) for odds, codes in a.outcomes)
        return replace(a, rows=a.rows[mine], mover=a.mover[mine], outcomes=outcomes, prices=prices)

    def apply(codes: Codes) -> list[Applied]:
        found: list[Applied] = []
        for a in rule.apply(codes):
            found += [charged(a, int(who)) for who in np.unique(a.mover)] if a.breaks else [a]
        return found

    return replace(rule, apply=apply)
