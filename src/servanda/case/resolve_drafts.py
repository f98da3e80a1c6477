"""Protocol, legal forms and drafts, resolved."""

from __future__ import annotations

import math
from datetime import date

from servanda.case import models_drafts as written_forms
from servanda.case.binding import Binding
from servanda.case.document import TreePath, clip
from servanda.case.expression import ONE
from servanda.case.messages import did_you_mean
from servanda.case.resolve_deal import resolve_stand
from servanda.case.resolved import (
    SURELY_NOTHING,
    Consequence,
    Draft,
    Form,
    Linkage,
    Obligation,
    Phase,
    Protocol,
    Ratifier,
)


def resolve_protocol(binding: Binding) -> Protocol:
    """The protocol with its defaults: parties propose, cooling off takes a period, suspended deals lapse in a year."""
    written, path = binding.written.protocol, ("protocol",)
    talks = written.talks
    prices = {
        word: binding.prices(getattr(talks, f"{word}_price"), ("protocol", "talks", f"{word}_price"), term)
        for word, term in _TALKS.items()
    }
    return Protocol(
        written.order,
        _proposers(binding, written.proposers, (*path, "proposers"), binding.parties),
        binding.condition(talks.when, ("protocol", "talks", "when")),
        prices["seek"],
        prices["walk_out"],
        prices["table"],
        prices["accept"],
        prices["refuse"],
        binding.period_years if written.cooling_off is None else written.cooling_off,
        written.lapse,
        tuple(_form(binding, name, form) for name, form in written.forms.items()),
        binding.citation(talks, ("protocol", "talks")),
        binding.document.place(path, key=True),
        resolve_stand(binding, written.start.deal, written.start.draft, written.start.phase, (*path, "start")),
    )


_TALKS = {
    "seek": "price of seeking talks",
    "walk_out": "price of walking out",
    "table": "price of tabling a draft",
    "accept": "price of accepting",
    "refuse": "price of refusing",
}


def _proposers(
    binding: Binding, names: list[str] | None, path: TreePath, otherwise: tuple[str, ...]
) -> tuple[str, ...]:
    if names is None:
        return otherwise
    for position, name in enumerate(names):
        _known_party(binding, name, (*path, position), "propose drafts")
    return tuple(names)


def _known_party(binding: Binding, name: str, path: TreePath, what: str, *, key: bool = False) -> None:
    if binding.known_side(name, path, key=key) and name not in binding.parties:
        message = f"`{name}` is not a party and cannot {what}"
        binding.error(
            "not-a-party", message, f"name one of {', '.join(binding.parties) or 'the parties'}", path, key=key
        )


def _form(binding: Binding, name: str, written: written_forms.Form) -> Form:
    path: TreePath = ("protocol", "forms", name)
    return Form(
        name,
        written.title or name,
        tuple(
            _ratifier(binding, ratifier, (*path, "ratifiers", position))
            for position, ratifier in enumerate(written.ratifiers)
        ),
        binding.prices(written.exit_price, (*path, "exit_price"), "price of leaving"),
        binding.prices(written.sign_price, (*path, "sign_price"), "price of signing"),
        binding.citation(written, path),
        binding.document.place(path, key=True),
    )


def _ratifier(binding: Binding, written: written_forms.Ratifier, path: TreePath) -> Ratifier:
    return Ratifier(
        written.name or written.by,
        binding.mover(written.by, (*path, "by")),
        binding.period_years if written.delay is None else written.delay,
        binding.prices(written.approve_price, (*path, "approve_price"), "price of approving"),
        binding.prices(written.reject_price, (*path, "reject_price"), "price of rejecting"),
        binding.citation(written, path),
        binding.document.place(path),
    )


def resolve_drafts(binding: Binding) -> tuple[Draft, ...]:
    """All drafts, with one consequence of breach and one of exit for each party."""
    return tuple(_draft(binding, name, written) for name, written in binding.written.drafts.items())


def _draft(binding: Binding, name: str, written: written_forms.Draft) -> Draft:
    path: TreePath = ("drafts", name)
    forms = binding.written.protocol.forms
    if written.form not in forms:
        binding.unknown("form", written.form, forms, (*path, "form"))
    sunset = written.sunset
    if sunset is not None and (sunset.date_ is None) == (sunset.mean is None):
        message = "a sunset is a date or `{mean: DURATION}`"
        binding.error("sunset-unclear", message, "write one of the two", (*path, "sunset"), key=True)
    if written.renewal and sunset is None:
        message = f"`{name}` has no sunset at which it could be renewed"
        binding.error(
            "renewal-without-sunset", message, "add `sunset:`, or drop `renewal:`", (*path, "renewal"), key=True
        )
    default_proposers = tuple(binding.written.protocol.proposers or binding.parties)
    detection = written.verification.detection
    phases = tuple(_phase(binding, name, position) for position in range(len(written.phases)))
    _check_phase_names(binding, name)
    return Draft(
        name,
        written.title or name,
        written.summary or "",
        written.form,
        _proposers(binding, written.proposers, (*path, "proposers"), default_proposers),
        tuple(
            (term, binding.expression(text, (*path, "terms", term), scope="constant"))
            for term, text in written.terms.items()
        ),
        phases,
        ONE if detection == "1" else binding.expression(detection, (*path, "verification", "detection")),
        _breaches(binding, name, written),
        _exits(binding, name, written),
        None if sunset is None else sunset.date_,
        None if sunset is None else sunset.mean,
        written.renewal,
        tuple(_linkage(binding, link, (*path, "linkage", at)) for at, link in enumerate(written.linkage)),
        _positions(binding, written, path),
        binding.citation(written.verification, (*path, "verification")),
        binding.citation(written, path),
        binding.document.place(path, key=True),
        _on_table(binding, written.on_table, (*path, "on_table")),
        _withdrawals(binding, name, written),
    )


def _on_table(binding: Binding, written: written_forms.OnTable, path: TreePath) -> tuple[date | None, date | None]:
    if written.from_ is not None and written.until is not None and written.from_ >= written.until:
        message = f"a draft that comes on the table on {written.from_} has not left it by {written.until}"
        binding.error("interval-reversed", message, "give a later `until`", (*path, "until"))
    return written.from_, written.until


def _positions(
    binding: Binding, written: written_forms.Draft, path: TreePath
) -> tuple[tuple[str, tuple[tuple[str, float], ...]], ...]:
    for side in written.positions:
        binding.known_side(side, (*path, "positions", side), key=True)
    return tuple((side, tuple(issues.items())) for side, issues in written.positions.items())


def _check_phase_names(binding: Binding, draft: str) -> None:
    seen: set[str] = set()
    for position, phase in enumerate(binding.written.drafts[draft].phases):
        if phase.name in seen:
            path = ("drafts", draft, "phases", position, "name")
            binding.error("name-twice", f"two phases are called `{phase.name}`", "rename one", path)
        seen.add(phase.name)


def _phase(binding: Binding, draft: str, position: int) -> Phase:
    phases = binding.written.drafts[draft].phases
    written, last = phases[position], position == len(phases) - 1
    path: TreePath = ("drafts", draft, "phases", position)
    if last and (written.lasts is not None or written.advance_when is not None):
        word = "lasts" if written.lasts is not None else "advance_when"
        message = "the last phase is in force and leads nowhere"
        binding.error("last-phase-moves-on", message, f"drop `{word}:`, or add a phase", (*path, word), key=True)
    lasts = binding.period_years if written.lasts is None else written.lasts
    owes = []
    for side, duties in written.owes.items():
        place = (*path, "owes", side)
        if binding.known_side(side, place, key=True) and side not in binding.parties:
            message = f"`{side}` is not a party: it has signed nothing and owes nothing"
            binding.error("obligation-of-non-party", message, "let a party owe it", place, key=True)
        for decision, duty in duties.items():
            owes.append(_obligation(binding, side, decision, duty, (*place, decision)))
    return Phase(
        written.name,
        written.title or written.name,
        math.inf if last else lasts,
        binding.condition(written.advance_when, (*path, "advance_when")),
        tuple(owes),
        binding.document.place(path),
    )


def _obligation(binding: Binding, side: str, decision: str, duty: written_forms.Duty, path: TreePath) -> Obligation:
    where = binding.document.place(path, key=True)
    if (duty.must is None) == (duty.must_not is None):
        message = f"what `{side}` owes at `{decision}` is unclear"
        binding.error("duty-unclear", message, "write `must: […]` or `must_not: […]`, not both", path, key=True)
    written = binding.written.decisions.get(decision)
    if written is None:
        binding.unknown("decision", decision, binding.written.decisions, path, key=True)
        return Obligation(side, decision, (), where)
    mover = binding.leaders.get(written.by) or written.by
    if (owner := binding.side_of(mover)) and side in binding.written.sides and owner != side:
        message = f"`{decision}` is decided by `{owner}`, so `{side}` cannot owe it"
        binding.error("decision-of-other-side", message, "let the side that decides owe it", path, key=True)
    word = "must" if duty.must is not None else "must_not"
    named = duty.must or duty.must_not or []
    for position, option in enumerate(named):
        if option not in written.options and option not in binding.unreadable:
            message = f"`{decision}` has no option `{clip(option)}`"
            binding.error("unknown-option", message, did_you_mean(option, written.options), (*path, word, position))
    permitted = tuple(option for option in written.options if (option in named) == (word == "must"))
    if not permitted and set(named) <= set(written.options):
        message = f"this forbids every option of `{decision}`"
        binding.error("draft-permits-nothing", message, "leave at least one option permitted", path, key=True)
    return Obligation(side, decision, permitted, where)


def _breaches(binding: Binding, draft: str, written: written_forms.Draft) -> tuple[Consequence, ...]:
    found = _nothing(binding)
    for side, breach in written.breach.items():
        path: TreePath = ("drafts", draft, "breach", side)
        found[side] = _consequence(binding, side, breach, path, ("break the deal", "price of breach"))
    return tuple(found.values())


def _exits(binding: Binding, draft: str, written: written_forms.Draft) -> tuple[Consequence, ...]:
    found = _nothing(binding)
    for side, exit_ in written.exit.items():
        path: TreePath = ("drafts", draft, "exit", side)
        found[side] = _consequence(binding, side, exit_, path, ("leave the deal", "price of leaving"))
    return tuple(found.values())


def _withdrawals(binding: Binding, draft: str, written: written_forms.Draft) -> tuple[Consequence, ...]:
    told = ("withdraw a signature", "price of withdrawing a signature")
    return tuple(
        _consequence(binding, side, withdrawal, ("drafts", draft, "withdrawal", side), told)
        for side, withdrawal in written.withdrawal.items()
    )


def _nothing(binding: Binding) -> dict[str, Consequence]:
    """What follows for each party where nothing is written: the deal is over."""
    return {side: Consequence(side, "collapse", SURELY_NOTHING, ()) for side in binding.parties}


def _consequence(
    binding: Binding,
    side: str,
    written: written_forms.Breach | written_forms.Exit | written_forms.Withdrawal,
    path: TreePath,
    told: tuple[str, str],
) -> Consequence:
    """What follows for one side; `told` are what it does, and the name of its price."""
    _known_party(binding, side, path, told[0], key=True)
    return Consequence(
        side,
        written.leads_to if isinstance(written, written_forms.Breach) else "collapse",
        binding.outcomes(written.effects, written.outcomes, path),
        binding.prices(written.price, (*path, "price"), told[1]),
        binding.citation(written, path),
        binding.document.place(path, key=True),
    )


def _linkage(binding: Binding, written: written_forms.Linkage, path: TreePath) -> Linkage:
    when = binding.expression(written.when, (*path, "when"), wanted="condition", scope="structural")
    return Linkage(when, written.leads_to, written.note or "", binding.document.place(path))
