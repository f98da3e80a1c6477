"""What a stage does to states, before it becomes arrays: rules turn states into options, odds and successors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.resolved import Change, Outcome, Price
from servanda.compile.evaluation import evaluate
from servanda.compile.layout import Codes, Layout
from servanda.errors import NOWHERE, Location

Rows = NDArray[np.int64]
Branch = tuple[syntax.Node, tuple[Change, ...]]
ONE = syntax.Number(1.0)


@dataclass(frozen=True, slots=True)
class Applied:
    """One option (or one chance event) in the states where it is there.

    rows: indices into the states asked about; mover[row] actor index, -1 for chance; outcomes: (odds, successor[row]);
    prices: (actor index, term, points); `order` sorts options within a state; `breaks`: taking it breaks or leaves the
    deal, `noticed` with these odds.
    """

    label: str
    order: int
    rows: Rows
    mover: Rows
    outcomes: tuple[tuple[syntax.Node, Codes], ...]
    prices: tuple[tuple[int, str, syntax.Node], ...] = ()
    place: Location = NOWHERE
    breaks: bool = False
    noticed: syntax.Node = ONE


@dataclass(frozen=True)
class Rule:
    """A stage of the period: its name for people, when it applies, and its options in given states.

    `kind` is clock, chance, linkage, diplomacy, answer, ratification, decision, or `carried out`: what was chosen at a
    simultaneous decision point happens.

    dates: decimal years at which a dated event happens (None: every period).
    """

    name: str
    kind: str
    apply: Callable[[Codes], list[Applied]]
    title: str = ""
    place: Location = NOWHERE
    dates: tuple[float, ...] | None = None
    side: str = ""


def holds(layout: Layout, codes: Codes, condition: syntax.Node | None) -> NDArray[np.bool_]:
    """Which states satisfy a structural condition (all, without one)."""
    if condition is None:
        return np.ones(len(codes), dtype=bool)
    return np.broadcast_to(evaluate(condition, layout.scope(codes)) != 0.0, (len(codes), 1))[:, 0]


def branches(outcomes: Sequence[Outcome]) -> tuple[Branch, ...]:
    """Outcomes with their odds, the remainder made explicit.

    >>> [type(odds).__name__ for odds, _ in branches([Outcome(None, ())])]
    ['Number']
    """
    known = [o.odds.node for o in outcomes if o.odds is not None]
    rest: syntax.Node = ONE
    for odds in known:
        rest = syntax.Binary("-", rest, odds)
    return tuple((rest if o.odds is None else o.odds.node, o.effects) for o in outcomes)


def both(left: syntax.Node, right: syntax.Node) -> syntax.Node:
    """The product of two odds, kept simple where one of them is certain."""
    if left == ONE:
        return right
    if right == ONE:
        return left
    return syntax.Binary("*", left, right)


def complement(odds: syntax.Node) -> syntax.Node:
    """One minus the odds."""
    return syntax.Binary("-", ONE, odds)


def hazard(rate: syntax.Node) -> syntax.Node:
    """Odds per period of an event with a yearly rate: 1 - exp(-rate × years)."""
    exponent = syntax.Unary("-", syntax.Binary("*", rate, syntax.Clock("period_years")))
    return complement(syntax.Call("exp", (exponent,)))


def waiting(mean_years: float, period_years: float) -> syntax.Node:
    """Odds per period of something that takes `mean_years` on average: min(1, period / mean)."""
    return ONE if mean_years <= period_years else syntax.Number(period_years / mean_years)


class Movers:
    """Who moves: actor index of an actor or of the present holder of an office."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        case = layout.case
        self.index = {a.name: i for i, a in enumerate(case.actors)}
        self._offices = {
            v.name: np.array([self.index[x] for x in v.levels]) for v in case.variables if v.kind == "office"
        }
        self.side_of = {a.name: a.side for a in case.actors}
        self.leader = {s.name: s.led_by for s in case.sides}

    def of(self, name: str, codes: Codes) -> Rows:
        """Actor index in each state for an actor, an office or a side."""
        if name in self._offices:
            return self._offices[name][self._layout.digit(codes, name)]
        if name in self.index:
            return np.full(len(codes), self.index[name])
        return self.of(self.leader[name], codes)

    def side(self, name: str) -> str:
        """Side of an actor or office."""
        if name in self.side_of:
            return self.side_of[name]
        return self._layout.variables[name].side

    def prices(self, prices: Sequence[Price], side: str = "") -> tuple[tuple[int, str, syntax.Node], ...]:
        """Prices by actor index; with a side, only those its own actors pay."""
        return tuple(
            (self.index[p.actor], p.term, p.worth.node) for p in prices if not side or self.side_of[p.actor] == side
        )
