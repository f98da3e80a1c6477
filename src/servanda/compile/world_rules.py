"""Rules of the world: chance events and decision points, with breaches of a live deal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.dates import decimal_year
from servanda.case.resolved import ChanceEvent, Consequence, Decision, Draft, Option
from servanda.compile.layout import Codes, DealLevel, Layout
from servanda.compile.rules import ONE, Applied, Branch, Movers, Rows, Rule, both, branches, complement, hazard, holds


def chance_rule(layout: Layout, movers: Movers, event: ChanceEvent) -> Rule:
    """The stage of one chance event."""
    timing = event.timing
    odds: syntax.Node = ONE
    if timing.amount is not None:
        odds = hazard(timing.amount.node) if timing.kind == "rate" else timing.amount.node
    happening: tuple[Branch, ...] = tuple((both(odds, p), effects) for p, effects in branches(event.outcomes))
    if odds != ONE:
        happening = (*happening, (complement(odds), ()))
    prices = tuple((a, term, both(odds, worth)) for a, term, worth in movers.prices(event.prices))

    def apply(codes: Codes) -> list[Applied]:
        rows = np.flatnonzero(holds(layout, codes, event.when.node if event.when else None))
        here = codes[rows]
        outcomes = tuple((p, layout.apply(here, effects)) for p, effects in happening)
        nobody = np.full(len(rows), -1)
        return [Applied(event.name, 0, rows, nobody, outcomes, prices, event.where)]

    dates = tuple(decimal_year(d) for d in timing.dates) if timing.kind == "dates" else None
    return Rule(event.name, "chance", apply, event.title, event.where, dates)


def decision_rule(layout: Layout, movers: Movers, decision: Decision) -> Rule:
    """The stage of one decision point; options that break a live deal are noticed or not."""
    side = movers.side(decision.by)

    def apply(codes: Codes) -> list[Applied]:
        return options_at(layout, movers, decision, codes)

    return Rule(decision.name, "decision", apply, decision.title, decision.where, side=side)


def options_at(
    layout: Layout, movers: Movers, decision: Decision, codes: Codes, taken: Rows | None = None
) -> list[Applied]:
    """The options of a decision point in given states, each where it is there.

    With `taken` (the position of an option, or -1, by state) the choice has been made: each option stands where it was
    taken, whatever else is possible there by now.
    """
    side = movers.side(decision.by)
    owed = _obligations(layout, side, decision)
    at = np.flatnonzero(
        holds(layout, codes, decision.when.node if decision.when else None) if taken is None else taken >= 0
    )
    here = codes[at]
    mover = movers.of(decision.by, here)
    there = {o.name: holds(layout, here, o.when.node if o.when else None) for o in decision.options}
    if taken is None:
        standing = there
    else:
        standing = {o.name: taken[at] == order for order, o in enumerate(decision.options)}
    return _applied(layout, movers, decision, owed, (at, here, mover), (there, standing))


def _applied(
    layout: Layout,
    movers: Movers,
    decision: Decision,
    owed: dict[int, tuple[str, ...]],
    where: tuple[Rows, Codes, Rows],
    menus: tuple[dict[str, NDArray[np.bool_]], dict[str, NDArray[np.bool_]]],
) -> list[Applied]:
    (at, here, mover), (there, standing) = where, menus
    side = movers.side(decision.by)
    deal = layout.digit(here, "deal")
    found: list[Applied] = []
    breach_rows: dict[tuple[int, str], list[Rows]] = {}
    for position, permitted in owed.items():
        live = deal == position
        bound = live & np.any([there[name] for name in permitted], axis=0)
        for option in decision.options:
            if option.name not in permitted:
                rows = np.flatnonzero(bound & standing[option.name])
                key = (layout.levels[position].draft, option.name)
                breach_rows.setdefault(key, []).append(rows)
    for order, option in enumerate(decision.options):
        free = standing[option.name].copy()
        for (draft, name), parts in breach_rows.items():
            if name != option.name:
                continue
            rows = np.unique(np.concatenate(parts))
            free[rows] = False
            if len(rows):
                found.append(
                    _breach(layout, movers, side, order, option, layout.case.drafts[draft], at, here, mover, rows)
                )
        rows = np.flatnonzero(free)
        outcomes = tuple((p, layout.apply(here[rows], effects)) for p, effects in branches(option.outcomes))
        found.append(
            Applied(option.name, order, at[rows], mover[rows], outcomes, movers.prices(option.prices), option.where)
        )
    return found


def _obligations(layout: Layout, side: str, decision: Decision) -> dict[int, tuple[str, ...]]:
    """Options permitted by each live position of the deal that binds this decision."""
    owed: dict[int, tuple[str, ...]] = {}
    for position, level in enumerate(layout.levels):
        if level.stage not in ("phase", "in_force"):
            continue
        for duty in layout.case.drafts[level.draft].phases[level.phase].owes:
            if duty.side == side and duty.decision == decision.name:
                owed[position] = duty.permitted
    return owed


def _breach(
    layout: Layout, movers: Movers, side: str, order: int, option: Option, draft: Draft, at: Rows, here: Codes,
    mover: Rows, rows: Rows,
) -> Applied:  # fmt: skip
    consequence = next(b for b in draft.breaches if b.side == side)
    noticed: syntax.Node = draft.detection.node if option.hidden else ONE
    states = here[rows]
    outcomes: list[tuple[syntax.Node, Codes]] = []
    for p, effects in branches(option.outcomes):
        after = layout.apply(states, effects)
        outcomes += [
            (both(both(p, noticed), q), codes) for q, codes in consequence_branches(layout, draft, consequence, after)
        ]
        if noticed != ONE:
            outcomes.append((both(p, complement(noticed)), after))
    prices = movers.prices(option.prices) + tuple(
        (a, term, both(noticed, worth)) for a, term, worth in movers.prices(consequence.prices)
    )
    return Applied(
        option.name, order, at[rows], mover[rows], tuple(outcomes), prices, option.where, breaks=True, noticed=noticed
    )


def consequence_branches(
    layout: Layout, draft: Draft, consequence: Consequence, states: Codes
) -> list[tuple[syntax.Node, Codes]]:
    """What follows a noticed breach or an exit: effects first, then the deal collapses or is suspended."""
    found = []
    for odds, effects in branches(consequence.outcomes):
        after = layout.apply(states, effects)
        if consequence.leads_to == "suspension":
            sides = [s.name for s in layout.case.sides]
            level = DealLevel("suspended", layout.case.drafts.index(draft), side=sides.index(consequence.side))
            live = np.isin(layout.digit(after, "deal"), _live(layout))
            after = np.where(live, layout.with_deal(after, level), after)
        else:
            after = layout.move_deal(after, "ended")
        found.append((odds, after))
    return found


def _live(layout: Layout) -> list[int]:
    return [i for i, x in enumerate(layout.levels) if x.stage in ("phase", "in_force")]
