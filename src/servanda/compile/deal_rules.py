"""Rules of the deal machine: clock, sunsets, linkage, diplomacy, answers and ratification.

Every change of the deal is an option with an actor behind it or a chance event: nothing is assumed from outside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from servanda.case import expression as syntax
from servanda.case.dates import decimal_year
from servanda.case.resolved import SURELY_NOTHING, Consequence, Draft, Form, Price
from servanda.compile.layout import Codes, DealLevel, Layout
from servanda.compile.rules import ONE, Applied, Movers, Rows, Rule, complement, holds, waiting
from servanda.compile.world_rules import consequence_branches

NOBODY = -1
MENU = "menu of drafts:"
# points; nobody pays so much to table a text
OFF_THE_TABLE = 1e9


def menu_parameter(draft: str) -> str:
    """Name of the hidden parameter that keeps a draft off the table: 0 on the table, a prohibitive price off it."""
    return MENU + draft


class DealMachine:
    """Builds the rules of a case's deal machine; `offered` are the indices of the drafts that can be tabled."""

    def __init__(self, layout: Layout, movers: Movers, period_years: float, offered: Sequence[int]) -> None:
        self.layout = layout
        self.offered = offered
        self.movers = movers
        self.years = period_years
        self.case = layout.case
        self.sides = [s.name for s in self.case.sides]
        self.parties = [s.name for s in self.case.sides if s.party]
        self.forms = {f.name: f for f in self.case.protocol.forms}

    def clock(self) -> Rule:
        """Phases advance, open sunsets fall, suspended deals lapse, offers of renewal expire, talks cool off."""

        def apply(codes: Codes) -> list[Applied]:
            found: list[Applied] = []
            deal = self.layout.digit(codes, "deal")
            for position, level in enumerate(self.layout.levels):
                rows = np.flatnonzero(deal == position)
                if not len(rows):
                    continue
                draft = self.case.drafts[level.draft] if level.draft >= 0 else None
                if level.stage == "phase" and draft is not None:
                    phase = draft.phases[level.phase]
                    rows = rows[
                        holds(self.layout, codes[rows], phase.advance_when.node if phase.advance_when else None)
                    ]
                    found.append(
                        self._tick(
                            "advance",
                            rows,
                            codes,
                            waiting(phase.lasts, self.years),
                            _entry(draft, level.draft, level.phase + 1),
                        )
                    )
                elif level.stage == "in_force" and draft is not None and draft.sunset_mean is not None:
                    found.append(
                        self._tick(
                            "expiry", rows, codes, waiting(draft.sunset_mean, self.years), _sunset(draft, level.draft)
                        )
                    )
                elif level.stage == "suspended":
                    found.append(
                        self._tick(
                            "lapse", rows, codes, waiting(self.case.protocol.lapse, self.years), DealLevel("ended")
                        )
                    )
                elif level.stage == "expiring":
                    found.append(self._tick("expiry", rows, codes, ONE, DealLevel("ended")))
                elif level.stage == "ended":
                    found.append(
                        self._tick(
                            "cooling off",
                            rows,
                            codes,
                            waiting(self.case.protocol.cooling_off, self.years),
                            DealLevel("none"),
                        )
                    )
            return found

        return Rule("deal clock", "clock", apply, "the deal's clock")

    def _tick(self, label: str, rows: Rows, codes: Codes, odds: syntax.Node, to: DealLevel) -> Applied:
        here = codes[rows]
        outcomes = [(odds, self.layout.with_deal(here, to))]
        if odds != ONE:
            outcomes.append((complement(odds), here))
        nobody = np.full(len(rows), NOBODY)
        return Applied(label, 0, rows, nobody, tuple(outcomes), place=self.case.protocol.where)

    def sunsets(self) -> list[Rule]:
        """One dated stage for every draft that ends on a date."""
        return [self._sunset_rule(d, draft) for d, draft in enumerate(self.case.drafts) if draft.sunset_date]

    def _sunset_rule(self, index: int, draft: Draft) -> Rule:
        levels = list(enumerate(self.layout.levels))
        alive = [i for i, x in levels if x.draft == index and x.stage in ("phase", "in_force")]
        suspended = [i for i, x in levels if x.draft == index and x.stage == "suspended"]

        def apply(codes: Codes) -> list[Applied]:
            deal = self.layout.digit(codes, "deal")
            running = np.flatnonzero(np.isin(deal, alive))
            hanging = np.flatnonzero(np.isin(deal, suspended))
            return [
                self._tick("expiry", running, codes, ONE, _sunset(draft, index)),
                self._tick("lapse", hanging, codes, ONE, DealLevel("ended")),
            ]

        assert draft.sunset_date is not None
        return Rule(
            f"sunset of {draft.name}",
            "clock",
            apply,
            f"sunset of {draft.title}",
            draft.where,
            (decimal_year(draft.sunset_date),),
        )

    def linkage(self) -> Rule | None:
        """Deals that fall when something outside them happens; None if no draft has linkage."""
        if not any(d.linkage for d in self.case.drafts):
            return None

        def apply(codes: Codes) -> list[Applied]:
            found: list[Applied] = []
            deal = self.layout.digit(codes, "deal")
            for index, draft in enumerate(self.case.drafts):
                alive = [
                    i for i, x in enumerate(self.layout.levels) if x.draft == index and x.stage in ("phase", "in_force")
                ]
                left = np.isin(deal, alive)
                for link in draft.linkage:
                    rows = np.flatnonzero(left & holds(self.layout, codes, link.when.node))
                    left[rows] = False
                    to = DealLevel("ended") if link.leads_to == "collapse" else DealLevel("suspended", index)
                    label = f"linkage: {link.when.text}"
                    outcome = ((ONE, self.layout.with_deal(codes[rows], to)),)
                    found.append(Applied(label, 0, rows, np.full(len(rows), NOBODY), outcome, place=link.where))
            return found

        return Rule("linkage", "linkage", apply, "linkage")

    def diplomacy(self, side: str) -> Rule:
        """A party's moves about the deal itself: seek talks, table a draft, walk out, keep, withdraw, resume, renew."""
        protocol = self.case.protocol
        me = self.sides.index(side)

        def apply(codes: Codes) -> list[Applied]:
            found: list[Applied] = []
            deal = self.layout.digit(codes, "deal")
            for position, level in enumerate(self.layout.levels):
                rows = np.flatnonzero(deal == position)
                if not len(rows):
                    continue
                match level.stage:
                    case "none":
                        rows = rows[
                            holds(self.layout, codes[rows], protocol.talks_when.node if protocol.talks_when else None)
                        ]
                        found.append(self._move("stay apart", 0, rows, codes, side))
                        found.append(
                            self._move("seek talks", 1, rows, codes, side, DealLevel("talks"), protocol.seek_prices)
                        )
                    case "talks":
                        found.append(self._move("talk on", 0, rows, codes, side))
                        found.append(
                            self._move("walk out", 1, rows, codes, side, DealLevel("none"), protocol.walk_out_prices)
                        )
                        found += self._offers(side, me, rows, codes)
                    case "phase" | "in_force":
                        found.append(self._move("keep the deal", 0, rows, codes, side))
                        found.append(self._withdraw(level.draft, side, rows, codes))
                    case "ratifying":
                        found.append(self._move("await ratification", 0, rows, codes, side))
                        found.append(self._unsign(level.draft, side, rows, codes))
                    case "suspended":
                        found.append(self._move("stand by", 0, rows, codes, side))
                        if level.side != me:
                            found.append(
                                self._move(
                                    "resume",
                                    1,
                                    rows,
                                    codes,
                                    side,
                                    _entry(self.case.drafts[level.draft], level.draft, 0),
                                )
                            )
                        found.append(self._withdraw(level.draft, side, rows, codes))
                    case "expiring" if level.side < 0:
                        found.append(self._move("let it expire", 0, rows, codes, side))
                        found.append(
                            self._move(
                                "offer renewal", 1, rows, codes, side, DealLevel("expiring", level.draft, side=me)
                            )
                        )
                    case _:
                        continue
            return found

        return Rule(
            f"diplomacy of {side}", "diplomacy", apply, f"diplomacy of {self._title(side)}", protocol.where, side=side
        )

    def _off_the_table(self, draft: Draft) -> syntax.Node:
        """The price of tabling a draft: 0, or prohibitive where it is not on the menu or, by its dates, not yet or no
        more on the table. What lies after the date of information nobody knows.
        """
        off: syntax.Node = syntax.Parameter(menu_parameter(draft.name))
        case = self.layout.case
        for day, operator in zip(draft.on_table, ("<", ">="), strict=True):
            if day is not None and case.start < day <= case.as_of:
                date = syntax.Binary(operator, syntax.Clock("date"), syntax.Number(decimal_year(day)))  # type: ignore[arg-type]
                off = syntax.Binary("+", off, syntax.Binary("*", syntax.Number(OFF_THE_TABLE), date))
        return off

    def _offers(self, side: str, me: int, rows: Rows, codes: Codes) -> list[Applied]:
        found = []
        for index in self.offered:
            draft = self.case.drafts[index]
            if side not in draft.proposers:
                continue
            here = codes[rows]
            after = self.layout.with_deal(here, DealLevel("tabled", index, side=me))
            mover = self.movers.of(side, here)
            off = self._off_the_table(draft)
            paid = self.movers.prices(self.case.protocol.table_prices, side)
            for who in np.unique(mover):
                mine = mover == who
                prices = (*paid, (int(who), "draft off the table", off))
                outcomes = ((ONE, after[mine]),)
                label = f"table {draft.name}"
                found.append(Applied(label, 2 + index, rows[mine], mover[mine], outcomes, prices, draft.where))
        return found

    def _move(
        self, label: str, order: int, rows: Rows, codes: Codes, side: str, to: DealLevel | None = None,
        prices: tuple[Price, ...] = (), *, everybody: bool = False,
    ) -> Applied:  # fmt: skip
        here = codes[rows]
        after = here if to is None else self.layout.with_deal(here, to)
        paid = self.movers.prices(prices, "" if everybody else side)
        return Applied(label, order, rows, self.movers.of(side, here), ((ONE, after),), paid, self.case.protocol.where)

    def _withdraw(self, index: int, side: str, rows: Rows, codes: Codes) -> Applied:
        draft = self.case.drafts[index]
        form = self.forms[draft.form]
        leaving = next((e for e in draft.exits if e.side == side), Consequence(side, "collapse", (), ()))
        here = codes[rows]
        outcomes = tuple(consequence_branches(self.layout, draft, leaving, here)) or (
            (ONE, self.layout.with_deal(here, DealLevel("ended"))),
        )
        prices = self.movers.prices(form.exit_prices, side) + self.movers.prices(leaving.prices)
        place = leaving.where if leaving.where.line else draft.where
        return Applied("withdraw", 9, rows, self.movers.of(side, here), outcomes, prices, place, breaks=True)

    def _unsign(self, index: int, side: str, rows: Rows, codes: Codes) -> Applied:
        """Withdraw the signature of a draft that awaits ratification."""
        draft = self.case.drafts[index]
        nothing = Consequence(side, "collapse", SURELY_NOTHING, (), where=self.case.protocol.where)
        written = next((w for w in draft.withdrawals if w.side == side), nothing)
        here = codes[rows]
        outcomes = tuple(consequence_branches(self.layout, draft, written, here))
        paid = self.movers.prices(written.prices)
        return Applied("withdraw signature", 1, rows, self.movers.of(side, here), outcomes, paid, written.where)

    def answer(self, to: str) -> Rule:
        """The other party's answer to what `to` has tabled."""
        proposer = self.sides.index(to)
        side = next(p for p in self.parties if p != to)
        protocol = self.case.protocol

        def apply(codes: Codes) -> list[Applied]:
            found: list[Applied] = []
            deal = self.layout.digit(codes, "deal")
            for position, level in enumerate(self.layout.levels):
                if level.side != proposer or level.stage not in ("tabled", "expiring"):
                    continue
                rows = np.flatnonzero(deal == position)
                if not len(rows):
                    continue
                draft = self.case.drafts[level.draft]
                if level.stage == "expiring":
                    last = DealLevel("in_force", level.draft, phase=len(draft.phases) - 1)
                    found.append(self._move("decline renewal", 0, rows, codes, side, DealLevel("ended")))
                    found.append(self._move("renew", 1, rows, codes, side, last))
                    continue
                form = self.forms[draft.form]
                signed = (
                    DealLevel("ratifying", level.draft, ratifier=0) if form.ratifiers else _entry(draft, level.draft, 0)
                )
                found.append(self._move("refuse", 0, rows, codes, side, DealLevel("talks"), protocol.refuse_prices))
                accept = self._move("accept", 1, rows, codes, side, signed, protocol.accept_prices)
                found.append(_with_prices(accept, self.movers, form))
            return found

        return Rule(f"answer of {side}", "answer", apply, f"answer of {self._title(side)}", protocol.where, side=side)

    def ratification(self, turn: int) -> Rule:
        """The vote of the `turn`-th ratifier of whatever draft awaits it."""

        def apply(codes: Codes) -> list[Applied]:
            found: list[Applied] = []
            deal = self.layout.digit(codes, "deal")
            for position, level in enumerate(self.layout.levels):
                if level.stage != "ratifying" or level.ratifier != turn:
                    continue
                rows = np.flatnonzero(deal == position)
                if not len(rows):
                    continue
                draft = self.case.drafts[level.draft]
                ratifiers = self.forms[draft.form].ratifiers
                voter = ratifiers[turn]
                more = turn + 1 < len(ratifiers)
                approved = (
                    DealLevel("ratifying", level.draft, ratifier=turn + 1) if more else _entry(draft, level.draft, 0)
                )
                here = codes[rows]
                odds = waiting(voter.delay, self.years)
                mover = self.movers.of(voter.by, here)
                for order, (label, to, prices) in enumerate(
                    (("reject", DealLevel("ended"), voter.reject_prices), ("approve", approved, voter.approve_prices))
                ):
                    outcomes = [(odds, self.layout.with_deal(here, to))]
                    if odds != ONE:
                        outcomes.append((complement(odds), here))
                    paid = tuple((a, n, _scaled(odds, w)) for a, n, w in self.movers.prices(prices))
                    found.append(Applied(label, order, rows, mover, tuple(outcomes), paid, voter.where))
            return found

        return Rule(f"ratification {turn + 1}", "ratification", apply, "ratification", self.case.protocol.where)

    def turns(self) -> int:
        """The largest number of ratifiers any draft needs."""
        return max((len(self.forms[d.form].ratifiers) for d in self.case.drafts), default=0)

    def _title(self, side: str) -> str:
        return next(s.title for s in self.case.sides if s.name == side)


def _entry(draft: Draft, index: int, phase: int) -> DealLevel:
    last = len(draft.phases) - 1
    return DealLevel("in_force" if phase == last else "phase", index, phase=phase)


def _sunset(draft: Draft, index: int) -> DealLevel:
    return DealLevel("expiring", index) if draft.renewal else DealLevel("ended")


def _with_prices(move: Applied, movers: Movers, form: Form) -> Applied:
    paid = (*move.prices, *movers.prices(form.sign_prices))
    return Applied(move.label, move.order, move.rows, move.mover, move.outcomes, paid, form.where)


def _scaled(odds: syntax.Node, worth: syntax.Node) -> syntax.Node:
    return worth if odds == ONE else syntax.Binary("*", odds, worth)
