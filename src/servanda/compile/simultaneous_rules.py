"""Rules of simultaneous decision points: a seat for each decision, then what was chosen is carried out, in order.

Each seat only notes its choice in the state (the digit `CHOICES` of the layout), so that nothing happens before all
have chosen. Prices of options are paid at the seat. If two options break one deal, the first carried out ends it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import Decision, Profile, Simultaneous
from servanda.compile.layout import CHOICES, Codes, Layout, choices_made
from servanda.compile.rules import ONE, Applied, Branch, Movers, Rows, Rule, both, branches, holds
from servanda.compile.world_rules import options_at


class SimultaneousPoint:
    """Builds the rules of one simultaneous decision point."""

    def __init__(self, layout: Layout, movers: Movers, point: Simultaneous) -> None:
        self.layout = layout
        self.movers = movers
        self.point = point
        by_name = {d.name: d for d in layout.case.decisions}
        self.decisions: tuple[Decision, ...] = tuple(by_name[name] for name in point.decisions)
        self.sizes = [len(d.options) + 1 for d in self.decisions]
        self.offsets = choices_made(layout.case, point)

    def seats(self) -> list[Rule]:
        """One stage for each decision, in which its mover chooses without knowing what the others choose."""
        return [self._seat(k, decision) for k, decision in enumerate(self.decisions)]

    def _seat(self, seat: int, decision: Decision) -> Rule:
        def apply(codes: Codes) -> list[Applied]:
            made = self.layout.digit(codes, CHOICES)
            if seat == 0:
                opened = [holds(self.layout, codes, d.when.node if d.when else None) for d in self.decisions]
                reached = np.flatnonzero((made == 0) & np.any(opened, axis=0))
            else:
                reached = np.flatnonzero((made >= self.offsets[seat - 1]) & (made < self.offsets[seat]))
            here = codes[reached]
            so_far = np.zeros_like(here) if seat == 0 else made[reached] - self.offsets[seat - 1]

            def noted(order: int, rows: Rows) -> Codes:
                made_now = self.offsets[seat] + so_far[rows] * self.sizes[seat] + order
                return self.layout.with_choices(here[rows], made_now)

            found = []
            idle = np.ones(len(here), dtype=bool)
            for a in options_at(self.layout, self.movers, decision, here):
                idle[a.rows] = False
                outcomes = ((ONE, noted(a.order, a.rows)),)
                found.append(replace(a, rows=reached[a.rows], outcomes=outcomes))
            rows = np.flatnonzero(idle)
            nobody = np.full(len(rows), -1)
            last = len(decision.options)
            outcomes = ((ONE, noted(last, rows)),)
            found.append(Applied("no choice", last, reached[rows], nobody, outcomes, (), decision.where))
            return found

        side = self.movers.side(decision.by)
        return Rule(decision.name, "decision", apply, decision.title, decision.where, side=side)

    def carried(self) -> list[Rule]:
        """Stages that carry out each decision whose options do something, then the profiles, and forget the choices."""
        owing = {o.decision for d in self.layout.case.drafts for phase in d.phases for o in phase.owes}
        acting = [
            (k, d)
            for k, d in enumerate(self.decisions)
            if d.name in owing or any(x.effects for o in d.options for x in o.outcomes)
        ]
        return [*(self._carried(k, d) for k, d in acting), self._followed()]

    def _taken(self, codes: Codes) -> list[Rows]:
        """Position of the option taken at each seat in each state, -1 where all have not chosen or nobody moved."""
        made = self.layout.digit(codes, CHOICES)
        done = made >= self.offsets[len(self.decisions) - 1]
        rest = made - self.offsets[len(self.decisions) - 1]
        taken: list[Rows] = []
        for decision, size in zip(reversed(self.decisions), reversed(self.sizes), strict=True):
            option = rest % size
            rest = rest // size
            taken.append(np.where(done & (option < len(decision.options)), option, -1))
        return taken[::-1]

    def _carried(self, seat: int, decision: Decision) -> Rule:
        def apply(codes: Codes) -> list[Applied]:
            found = options_at(self.layout, self.movers, decision, codes, self._taken(codes)[seat])
            return [replace(a, prices=(), breaks=False, noticed=ONE) for a in found]

        side = self.movers.side(decision.by)
        return Rule(decision.name, "carried out", apply, decision.title, decision.where, side=side)

    def _followed(self) -> Rule:
        def apply(codes: Codes) -> list[Applied]:
            made = self.layout.digit(codes, CHOICES)
            done = np.flatnonzero(made >= self.offsets[len(self.decisions) - 1])
            here = codes[done]
            taken = self._taken(here)
            fits = np.array([self._fits(p, here, taken) for p in self.point.profiles]).reshape(
                len(self.point.profiles), len(here)
            )
            found = []
            patterns, which = np.unique(fits.T, axis=0, return_inverse=True) if len(here) else (np.zeros((0, 0)), [])
            for number, pattern in enumerate(patterns):
                rows = np.flatnonzero(np.asarray(which).reshape(-1) == number)
                following = [p for p, fit in zip(self.point.profiles, pattern, strict=True) if fit]
                start = self.layout.with_choices(here[rows], 0)
                outcomes = tuple((odds, self.layout.apply(start, effects)) for odds, effects in _all(following))
                prices = tuple(price for p in following for price in self.movers.prices(p.prices))
                nobody = np.full(len(rows), -1)
                place = following[0].where if following else self.point.where
                found.append(Applied(self.point.name, 0, done[rows], nobody, outcomes, prices, place))
            return found

        return Rule(self.point.name, "chance", apply, self.point.title, self.point.where)

    def _fits(self, profile: Profile, codes: Codes, taken: list[Rows]) -> NDArray[np.bool_]:
        fit = holds(self.layout, codes, profile.when.node if profile.when else None).copy()
        for name, options in profile.chosen:
            seat = next(k for k, d in enumerate(self.decisions) if d.name == name)
            names = [o.name for o in self.decisions[seat].options]
            fit &= np.isin(taken[seat], [names.index(option) for option in options])
        return fit


def _all(profiles: list[Profile]) -> tuple[Branch, ...]:
    """What several profiles lead to together: every combination of their outcomes."""
    found: tuple[Branch, ...] = ((ONE, ()),)
    for profile in profiles:
        found = tuple(
            (both(odds, more), (*effects, *further))
            for odds, effects in found
            for more, further in branches(profile.outcomes)
        )
    return found
