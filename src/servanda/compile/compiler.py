"""Compile a resolved case to a game: reachable states only, structure once, and a map back to the lines of the case."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.dates import decimal_year
from servanda.case.resolved import ResolvedCase
from servanda.compile.bonds import bond_parameter, bonded, bound_parameter
from servanda.compile.coefficients import Registry
from servanda.compile.deal_rules import OFF_THE_TABLE, DealMachine, menu_parameter
from servanda.compile.evaluation import STAGES, evaluate
from servanda.compile.exploration import Plan, explore
from servanda.compile.layout import Codes, DealLevel, Layout, layout_of
from servanda.compile.rows import StageBuilder
from servanda.compile.rules import Movers, Rule
from servanda.compile.simultaneous_rules import SimultaneousPoint
from servanda.compile.world_rules import chance_rule, decision_rule
from servanda.errors import CaseError, Issue, Location
from servanda.game import Game, Labels, Numbers, Schedule, Term

Floats = NDArray[np.float64]
STATE_LIMIT = 3_000_000


@dataclass(frozen=True)
class Compiled:
    """A game with its way back to the case.

    codes[state] are sorted state codes (`layout` reads them); rules[stage] what each stage is; breaks[stage][option]
    marks options that break or leave a live deal; places[stage][option label] the line of the case behind an option;
    `bonded` names the sides whose bonds are compiled in.
    """

    case: ResolvedCase
    layout: Layout
    game: Game
    codes: Codes
    rules: tuple[Rule, ...]
    breaks: tuple[NDArray[np.bool_], ...]
    places: tuple[Mapping[str, Location], ...]
    registry: Registry
    bonded: tuple[str, ...] = ()

    @cached_property
    def deal_level(self) -> NDArray[np.int64]:
        """Index into `layout.levels` for every state."""
        return self.layout.digit(self.codes, "deal")

    @cached_property
    def deal_stage(self) -> NDArray[np.int64]:
        """Stage of the deal (index into STAGES) for every state."""
        return np.array([STAGES.index(x.stage) for x in self.layout.levels], dtype=np.int64)[self.deal_level]

    @cached_property
    def draft(self) -> NDArray[np.int64]:
        """Index of the draft on the table or live in every state, -1 without one."""
        return np.array([x.draft for x in self.layout.levels], dtype=np.int64)[self.deal_level]

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """States in which a deal is live (a phase, or in force)."""
        return np.isin(self.deal_stage, [STAGES.index("phase"), STAGES.index("in_force")])

    @cached_property
    def central(self) -> dict[str, float]:
        """Central value of every parameter, all drafts on the table, no bond posted."""
        values = {p.name: p.number.central for p in self.case.parameters}
        hidden = [menu_parameter(d.name) for d in self.case.drafts]
        hidden += [name(side) for side in self.bonded for name in (bond_parameter, bound_parameter)]
        return {**values, **dict.fromkeys(hidden, 0.0)}

    def only(self, draft: str) -> dict[str, float]:
        """Overrides that leave one draft alone on the table."""
        return {menu_parameter(d.name): 0.0 if d.name == draft else OFF_THE_TABLE for d in self.case.drafts}

    def numbers(self, draws: Sequence[Mapping[str, float]] = ({},), *, sharp: bool = False) -> Numbers:
        """Coefficient tables for draws given as overrides of the central parameter values.

        Raises
        ------
        CaseError
            Unknown parameter, or a number that makes no sense in some state.
        """
        unknown = sorted({k for d in draws for k in d} - self.central.keys())
        if unknown:
            raise CaseError(
                f"unknown parameter: {', '.join(unknown)}",
                issues=(Issue("error", "unknown-parameter", f"no parameter is called {', '.join(unknown)}"),),
            )
        full = [{**self.central, **d} for d in draws]
        coefficient, dated, dated_value = self.registry.tables(full, self.middles)
        parameters = {name: np.array([[d[name] for d in full]]) for name in self.central}
        nowhere = self.layout.scope(self.codes[:1], parameters=parameters, period_years=self.game.period_years)

        def each(node: syntax.Node) -> Floats:
            return np.asarray(np.broadcast_to(evaluate(node, nowhere), (1, len(full)))[0])

        rates = np.stack([each(a.discount.node) for a in self.case.actors])
        widths = np.stack([each(a.decisiveness.node) for a in self.case.actors])
        _check_actors(self.case, rates, widths)
        return Numbers(
            coefficient, dated, dated_value, (1.0 + rates) ** (-self.game.period_years), np.log(9.0) / widths,
            taste=self.case.values == "taste", sharp=sharp,
        )  # fmt: skip

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """First day of every period, and of the two after the calendar."""
        return tuple(_month_after(self.case.start, self.case.period_months * t) for t in range(self.case.periods + 2))

    @cached_property
    def middles(self) -> tuple[float, ...]:
        """Decimal year of the middle of every period, of the spare period and of one beyond."""
        years = [decimal_year(d) + self.game.period_years / 2 for d in self.dates]
        return tuple(years)

    @cached_property
    def leaders(self) -> tuple[int, ...]:
        """Actors who lead the parties at the start (or the first two actors of a case without parties)."""
        case = self.case
        start = {v.name: v.start for v in case.variables}
        index = {a.name: i for i, a in enumerate(case.actors)}
        found = [index[start.get(s.led_by, s.led_by)] for s in case.sides if s.party and s.led_by]
        return tuple(found[:2]) if found else tuple(range(min(2, len(case.actors))))

    def states_with(self, code: int) -> int:
        """Index of a state by its code.

        Raises
        ------
        KeyError
            If the state is not reachable.
        """
        index = int(np.searchsorted(self.codes, code))
        if index == len(self.codes) or self.codes[index] != code:
            raise KeyError(self.layout.describe(code))
        return index

    def states_of(self, other: Compiled) -> NDArray[np.int64]:
        """Index here of every state of the same case compiled with a shorter menu.

        Raises
        ------
        KeyError
            If the other compilation reaches a state that this one does not.
        """
        index = np.searchsorted(self.codes, other.codes)
        known = np.minimum(index, len(self.codes) - 1)
        strange = np.flatnonzero(self.codes[known] != other.codes)
        if len(strange):
            raise KeyError(self.layout.describe(int(other.codes[strange[0]])))
        return known

    def start_with_deal(self, draft: int) -> int:
        """The state at the start, but with this draft in its first phase (the start itself where it is live then)."""
        level = self.layout.levels[int(self.layout.digit(np.array([self.layout.start]), "deal")[0])]
        if level.stage not in ("phase", "in_force") or level.draft != draft:
            level = _first(self.case, draft)
        return self.states_with(int(self.layout.with_deal(np.array([self.layout.start]), level)[0]))

    def truth(self, node: syntax.Node, period: int, draw: Mapping[str, float] | None = None) -> Floats:
        """Value of an expression in every state in one period."""
        values = {**self.central, **(draw or {})}
        parameters = {k: np.array([[v]]) for k, v in values.items()}
        date_ = self.middles[min(period, len(self.middles) - 1)]
        scope = self.layout.scope(self.codes, parameters=parameters, date=date_, period_years=self.game.period_years)
        return np.broadcast_to(evaluate(node, scope), (len(self.codes), 1))[:, 0]


def compile_case(
    case: ResolvedCase, limit: int = STATE_LIMIT, menu: Collection[str] | None = None, *, bonds: bool = False
) -> Compiled:
    """Compile a case.

    Parameters
    ----------
    limit : states above which to give up
    menu : names of the drafts that can be tabled (all, without it); a shorter menu reaches fewer states, and play is
        the same as with the other drafts priced off the table
    bonds : compile in two hidden parameters of every party, `bond of SIDE` and `bound SIDE` (see `bonds.py`)

    Raises
    ------
    CaseError
        Too many states, more than four sides whose order would be drawn, or a draft that does not exist.
    """
    layout = layout_of(case)
    years = case.period_months / 12
    movers = Movers(layout)
    strange = sorted(set(menu or ()) - {d.name for d in case.drafts})
    if strange:
        raise CaseError(
            f"no draft is called {', '.join(strange)}",
            issues=(Issue("error", "unknown-draft", f"no draft of {case.name} is called {', '.join(strange)}"),),
        )
    offered = [i for i, d in enumerate(case.drafts) if menu is None or d.name in menu]
    parties = tuple(s.name for s in case.sides if s.party) if bonds else ()
    plan = _plan(case, layout, movers, years, offered, parties)
    start = np.array([layout.start])
    roots = [layout.start, *(int(layout.with_deal(start, _first(case, i))[0]) for i in offered)]
    reached = explore(plan, roots, limit)
    registry = Registry(layout, years)
    builder = StageBuilder(registry, reached.codes)
    stages = tuple(builder.stage(rule, before) for rule, before in zip(plan.rules, reached.before, strict=True))
    payoff = builder.payoffs(case, movers.index)
    first = np.zeros(len(reached.codes))
    first[np.searchsorted(reached.codes, layout.start)] = 1.0
    game = Game(
        states=len(reached.codes),
        stages=stages,
        schedule=_schedule(case, plan),
        start=first,
        payoff_class=payoff.classes,
        class_start=payoff.class_start,
        class_term=payoff.class_term,
        class_coefficient=payoff.class_coefficient,
        terms=tuple(Term(a, n) for a, n in builder.terms),
        labels=Labels(
            tuple(a.name for a in case.actors),
            tuple(builder.labels),
            lambda s: layout.describe(int(reached.codes[s])),
        ),
        period_years=years,
        simultaneous=plan.simultaneous,
    )
    return Compiled(
        case, layout, game, reached.codes, plan.rules, tuple(builder.breaks), tuple(builder.places), registry, parties
    )


def _plan(
    case: ResolvedCase, layout: Layout, movers: Movers, years: float, offered: Sequence[int], parties: Collection[str]
) -> Plan:
    machine = DealMachine(layout, movers, years, offered)
    rules: list[Rule] = []

    def add(rule: Rule) -> int:
        rules.append(bonded(rule, movers) if rule.side in parties else rule)
        return len(rules) - 1

    has_deal = bool(case.drafts)
    opening: list[int] = []
    if has_deal:
        opening.append(add(machine.clock()))
        opening += [add(r) for r in machine.sunsets()]
    opening += [add(chance_rule(layout, movers, e)) for e in case.chance]
    link = machine.linkage() if has_deal else None
    linked = [add(link)] if link else []
    opening += linked
    talks = {s: [add(machine.diplomacy(s)), add(machine.answer(s))] for s in machine.parties if has_deal}
    ballots = [add(machine.ratification(k)) for k in range(machine.turns())] if has_deal else []
    together = {name for point in case.simultaneous for name in point.decisions}
    alone = (decision_rule(layout, movers, d) for d in case.decisions if d.name not in together)
    points = [(add(r), r.side) for r in alone]
    at_once: list[int] = []
    groups: list[tuple[int, ...]] = []
    for point in case.simultaneous:
        rules_of = SimultaneousPoint(layout, movers, point)
        groups.append(tuple(add(r) for r in rules_of.seats()))
        at_once += [*groups[-1], *(add(r) for r in rules_of.carried())]
    if case.protocol.order == "fixed":
        moves = [i for s in talks.values() for i in s]
        closing = (*moves, *ballots, *(i for i, _ in points), *at_once, *linked)
        return Plan(tuple(rules), tuple(opening), (), closing, tuple(groups))
    drawn = machine.parties or list(dict.fromkeys(side for _, side in points))
    if len(drawn) > 4:
        raise CaseError(
            "too many sides to draw their order",
            issues=(
                Issue(
                    "error", "too-many-sides", f"{len(drawn)} sides would move in drawn order; at most four can",
                    "mark the negotiating sides with `party: yes`, or write `order: fixed` under `protocol`",
                    case.protocol.where,
                ),
            ),
        )  # fmt: skip
    blocks = tuple((*talks.get(s, []), *(i for i, side in points if side == s)) for s in drawn)
    others = [i for i, side in points if side not in drawn]
    closing = (*ballots, *others, *at_once, *linked)
    return Plan(tuple(rules), tuple(opening), tuple(b for b in blocks if b), closing, tuple(groups))


def _schedule(case: ResolvedCase, plan: Plan) -> Schedule:
    years = case.period_months / 12
    edges = [decimal_year(_month_after(case.start, case.period_months * t)) for t in range(case.periods + 2)]
    applies = np.ones((case.periods + 1, len(plan.rules)))
    tail = np.ones(len(plan.rules))
    for index, rule in enumerate(plan.rules):
        if rule.dates is None:
            continue
        for t in range(case.periods + 1):
            applies[t, index] = float(any(edges[t] <= d < edges[t + 1] for d in rule.dates))
        recurs = len(rule.dates) >= 2 and max(rule.dates) > min(rule.dates)
        spacing = (max(rule.dates) - min(rule.dates)) / max(len(rule.dates) - 1, 1)
        tail[index] = min(1.0, years / spacing) if recurs else 0.0
    return Schedule(plan.opening, plan.blocks, plan.closing, applies, tail)


def _first(case: ResolvedCase, draft: int) -> DealLevel:
    stage = "in_force" if len(case.drafts[draft].phases) == 1 else "phase"
    return DealLevel(stage, draft, phase=0)


def _month_after(start: date, months: int) -> date:
    total = start.month - 1 + months
    year, month = start.year + total // 12, total % 12 + 1
    day = start.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:  # the 31st of a shorter month: step back to its last day
            day -= 1


def _check_actors(case: ResolvedCase, rates: Floats, widths: Floats) -> None:
    issues = []
    for actor, rate, width in zip(case.actors, rates, widths, strict=True):
        if not (np.isfinite(rate).all() and (rate > 0.0).all()):
            issues.append(
                Issue(
                    "error", "discount-not-positive", f"the discount rate of {actor.name} is not above 0 in some draw",
                    "use a yearly rate such as 0.05", actor.where, f"actors.{actor.name}.discount",
                )
            )  # fmt: skip
        if not (np.isfinite(width).all() and (width > 0.0).all()):
            issues.append(
                Issue(
                    "error", "precision-not-positive", f"the decisiveness of {actor.name} is not above 0 in some draw",
                    "use a positive number of points, such as 10", actor.where, f"actors.{actor.name}.decisiveness",
                )
            )  # fmt: skip
    if issues:
        raise CaseError("an actor's discount rate or decisiveness makes no sense", issues=tuple(issues))
