"""Sides, actors, variables, chance, decisions and payoffs, resolved."""

from __future__ import annotations

from datetime import date

from servanda.case import models_world as written_forms
from servanda.case.binding import Binding
from servanda.case.dates import add_months, shifted
from servanda.case.document import TreePath, clip
from servanda.case.models import Case
from servanda.case.resolved import (
    Actor,
    ChanceEvent,
    Change,
    Decision,
    Option,
    Outcome,
    PayoffTerm,
    Side,
    Timing,
    Variable,
)


def resolve_sides(binding: Binding) -> tuple[Side, ...]:
    """All sides, with their leader."""
    found = []
    for name, written in binding.written.sides.items():
        path: TreePath = ("sides", name)
        leader = binding.leaders[name]
        if written.led_by is not None:
            _check_leader(binding, name, written.led_by, (*path, "led_by"))
        elif written.party:
            message = f"the party `{name}` has nobody to speak for it"
            hint = "add `led_by:` with an actor or an office"
            binding.error("party-without-leader", message, hint, path, key=True)
        where = binding.document.place(path, key=True)
        found.append(Side(name, written.title or name, written.party, leader, where))
    return tuple(found)


def _check_leader(binding: Binding, side: str, leader: str, path: TreePath) -> None:
    if leader not in binding.written.actors and leader not in binding.offices:
        binding.unknown("actor", leader, (*binding.written.actors, *binding.offices), path, article="no")
    elif binding.side_of(leader) != side and binding.side_of(leader) in binding.written.sides:
        message = f"`{leader}` belongs to `{binding.side_of(leader)}`, not to `{side}`"
        binding.error("leader-of-other-side", message, "name an actor or office of the side itself", path)


def resolve_actors(binding: Binding) -> tuple[Actor, ...]:
    """All actors."""
    found = []
    for name, written in binding.written.actors.items():
        path: TreePath = ("actors", name)
        binding.known_side(written.side, (*path, "side"))
        found.append(
            Actor(
                name,
                written.side,
                written.title or name,
                binding.expression(written.discount, (*path, "discount"), scope="constant"),
                binding.expression(written.decisiveness, (*path, "decisiveness"), scope="constant"),
                binding.citation(written, path),
                binding.document.place(path, key=True),
            )
        )
    return tuple(found)


def resolve_variables(binding: Binding) -> tuple[Variable, ...]:
    """All variables; the levels of an office are its holders."""
    found = []
    for name, written in binding.written.variables.items():
        path: TreePath = ("variables", name)
        where = binding.document.place(path, key=True)
        levels = binding.variables[name].levels
        ranks = tuple(float(rank) for rank in range(len(levels)))
        if written.start not in levels and written.start not in binding.unreadable:
            message = f"`{clip(written.start)}` is not one of {', '.join(levels)}"
            binding.error("start-level-impossible", message, "start at one of them", (*path, "start"))
        title = written.title or name
        if isinstance(written, written_forms.Office):
            _check_office(binding, name, written, path)
            found.append(Variable(name, "office", title, levels, written.start, ranks, side=written.side, where=where))
            continue
        citation = binding.citation(written, path)
        if isinstance(written, written_forms.NamedCondition):
            found.append(
                Variable(name, "condition", title, levels, written.start, ranks, citation=citation, where=where)
            )
            continue
        if written.values is not None and len(written.values) != len(levels):
            message = f"{len(written.values)} values stand for {len(levels)} levels"
            binding.error("values-and-levels-differ", message, "give one number a level", (*path, "values"))
        values = ranks if written.values is None else tuple(written.values)
        found.append(
            Variable(
                name,
                "stock",
                title,
                levels,
                written.start,
                values,
                written.unit or "",
                written.ratchet,
                citation=citation,
                where=where,
            )
        )
    return tuple(found)


def _check_office(binding: Binding, name: str, office: written_forms.Office, path: TreePath) -> None:
    known = binding.known_side(office.side, (*path, "side"))
    for position, holder in enumerate(office.holders):
        place = (*path, "holders", position)
        if not binding.known_actor(holder, place) or not known:
            continue
        if (side := binding.written.actors[holder].side) != office.side:
            message = f"`{holder}` of `{side}` cannot hold `{name}`, an office of `{office.side}`"
            binding.error("office-nobody-holds", message, "name actors of the office's own side", place)


def resolve_chance(binding: Binding, end: date) -> tuple[ChanceEvent, ...]:
    """Declared chance events, then those that growth and decay of stocks stand for."""
    found = [_chance_event(binding, name, written, end) for name, written in binding.written.chance.items()]
    for name, written in binding.written.variables.items():
        if isinstance(written, written_forms.Stock):
            found.extend(_drifts(binding, name, written))
    return tuple(found)


def _chance_event(binding: Binding, name: str, written: written_forms.ChanceEvent, end: date) -> ChanceEvent:
    path: TreePath = ("chance", name)
    return ChanceEvent(
        name,
        written.title or name,
        binding.condition(written.when, (*path, "when")),
        _timing(binding, name, written, end),
        _chance_outcomes(binding, name, written),
        binding.prices(written.price, (*path, "price"), f"price of {name}"),
        binding.citation(written, path),
        binding.document.place(path, key=True),
    )


def _timing(binding: Binding, name: str, written: written_forms.ChanceEvent, end: date) -> Timing:
    path: TreePath = ("chance", name)
    given = [word for word in ("dates", "every", "rate", "odds") if getattr(written, word) is not None]
    if len(given) > 1:
        message = f"`{name}` has {len(given)} timings: {', '.join(given)}"
        binding.error("two-timings", message, "keep one of them", (*path, given[1]), key=True)
    if written.dates is not None:
        return Timing("dates", tuple(written.dates))
    if written.every is not None:
        return Timing("dates", _regular_dates(binding, written.every, end, (*path, "every")))
    if written.rate is not None:
        return Timing("rate", (), binding.expression(written.rate, (*path, "rate")))
    if written.odds is not None:
        return Timing("odds", (), binding.expression(written.odds, (*path, "odds")))
    return Timing("always")


def _regular_dates(binding: Binding, every: written_forms.Every, end: date, path: TreePath) -> tuple[date, ...]:
    months = round(every.years * 12) if every.years < 1e4 else 0
    if months < 1 or abs(every.years * 12 - months) > 1e-6:
        message = f"{every.years:g} years is not a whole number of months"
        binding.error("bad-duration", message, "write 4, 0.5, 0.25…", (*path, "years"))
        return (every.from_,)
    found = []
    day, count = every.from_, 0
    while day < end:
        found.append(day)
        count += 1
        try:
            day = add_months(every.from_, months * count)
        except OverflowError:
            break
    first = first_known(binding.written)
    if first < binding.written.start:
        # a case frozen on the first day may start up to a period before it
        first = shifted(first, -binding.period_months)
    in_time = [day for day in found if day >= first]
    return tuple(in_time or found[-1:] or [every.from_])


def first_known(written: Case) -> date:
    """The first day of which a case says anything; a case can be frozen on it and later."""
    days = [written.start, written.learn_from, *(observation.date_ for observation in written.evidence)]
    days += [question.asked for question in written.questions.values()]
    return min(day for day in days if day is not None)


def _chance_outcomes(binding: Binding, name: str, written: written_forms.ChanceEvent) -> tuple[Outcome, ...]:
    path: TreePath = ("chance", name)
    if written.holders is not None:
        return _holder_outcomes(binding, name, written, written.holders)
    if written.variable is not None:
        message = f"`{name}` names a variable, but no `holders`"
        hint = "add `holders:`, or delete `variable:`"
        binding.error("holders-without-office", message, hint, (*path, "variable"), key=True)
    if written.effects is None and written.outcomes is None:
        message = f"`{name}` does nothing"
        hint = "add `effects:`, `outcomes:` or `holders:` (`effects: {}` if only its price matters)"
        binding.error("no-effects", message, hint, path, key=True)
    return binding.outcomes(written.effects, written.outcomes, path)


def _holder_outcomes(
    binding: Binding, name: str, written: written_forms.ChanceEvent, holders: dict[str, str]
) -> tuple[Outcome, ...]:
    path: TreePath = ("chance", name)
    if written.effects is not None or written.outcomes is not None:
        message = f"`{name}` has `holders` beside effects or outcomes"
        binding.error("effects-and-outcomes", message, "keep one of them", (*path, "holders"), key=True)
    office = written.variable
    if office is None:
        message = f"`{name}` has holders of no office"
        binding.error("holders-without-office", message, "add `variable: OFFICE`", (*path, "holders"), key=True)
    elif office not in binding.offices:
        if office in binding.variables:
            message = f"`{office}` is not an office"
            binding.error("holders-without-office", message, "use `outcomes:` here", (*path, "variable"))
        else:
            binding.unknown("variable", office, binding.offices, (*path, "variable"))
    found = []
    for actor, text in holders.items():
        place = (*path, "holders", actor)
        odds = binding.expression(text, place)
        if office in binding.offices and actor not in binding.offices[office].holders:
            message = f"`{clip(actor)}` cannot hold `{office}`"
            if actor not in binding.unreadable:
                binding.error("unknown-level", message, f"add it to the holders of `{office}`", place, key=True)
        found.append(Outcome(odds, (Change(office or "", actor),), binding.document.place(place, key=True)))
    return tuple(found)


def _drifts(binding: Binding, name: str, stock: written_forms.Stock) -> list[ChanceEvent]:
    found = []
    for word, verb, step in (("growth", "grows", 1), ("decay", "decays", -1)):
        drift: written_forms.Drift | None = getattr(stock, word)
        if drift is None:
            continue
        path: TreePath = ("variables", name, word)
        event = f"{name} {verb}"
        if step < 0 and stock.ratchet:
            message = f"`{name}` is a ratchet and never falls"
            binding.error("ratchet-decay", message, "drop `decay`, or `ratchet: yes`", path, key=True)
        if event in binding.written.chance:
            message = f"`{event}` also stands under `chance`"
            binding.error("name-twice", message, "keep one of the two", path, key=True)
        found.append(
            ChanceEvent(
                event,
                event,
                binding.condition(drift.when, (*path, "when")),
                Timing("rate", (), binding.expression(drift.rate, (*path, "rate"))),
                (Outcome(None, (Change(name, "", step),), binding.document.place(path)),),
                (),
                binding.citation(stock, ("variables", name)),
                binding.document.place(path, key=True),
            )
        )
    return found


def resolve_decisions(binding: Binding) -> tuple[Decision, ...]:
    """All decision points; a side that decides is replaced by whoever leads it."""
    found = []
    for name, written in binding.written.decisions.items():
        path: TreePath = ("decisions", name)
        if not written.options:
            binding.error("no-options", f"`{name}` offers no options", "add at least one", path, key=True)
        found.append(
            Decision(
                name,
                written.title or name,
                binding.mover(written.by, (*path, "by")),
                binding.condition(written.when, (*path, "when")),
                tuple(_option(binding, option, (*path, "options", label)) for label, option in written.options.items()),
                binding.document.place(path, key=True),
            )
        )
    return tuple(found)


def _option(binding: Binding, written: written_forms.Option, path: TreePath) -> Option:
    name = str(path[-1])
    return Option(
        name,
        written.title or name,
        binding.condition(written.when, (*path, "when")),
        binding.prices(written.price, (*path, "price"), f"price of {name}"),
        binding.outcomes(written.effects, written.outcomes, path),
        written.hidden,
        binding.citation(written, path),
        binding.document.place(path, key=True),
    )


def resolve_payoffs(binding: Binding) -> tuple[PayoffTerm, ...]:
    """All payoff terms, actor by actor."""
    found = []
    for actor, terms in binding.written.payoffs.items():
        binding.known_actor(actor, ("payoffs", actor), key=True)
        for name, written in terms.items():
            path: TreePath = ("payoffs", actor, name)
            found.append(
                PayoffTerm(
                    actor,
                    name,
                    binding.expression(written.worth, (*path, "worth")),
                    binding.condition(written.when, (*path, "when"), structural=False),
                    None if written.per is None else binding.expression(written.per, (*path, "per")),
                    binding.citation(written, path),
                    binding.document.place(path, key=True),
                )
            )
    return tuple(found)
