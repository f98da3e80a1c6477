"""Protocol and drafts of a resolved case as plain mappings and texts."""

from __future__ import annotations

from typing import Any

from servanda.case.resolved import Consequence, Draft, Form, Phase, Protocol
from servanda.case.written_parts import Plain, cited, filled, maybe, number_text, outcomes_of, prices_of, years, yes_no


def protocol_of(protocol: Protocol) -> Plain:
    """The protocol, keyed like a case file."""
    talks = {
        "when": maybe(protocol.talks_when),
        "seek_price": prices_of(protocol.seek_prices),
        "walk_out_price": prices_of(protocol.walk_out_prices),
        "table_price": prices_of(protocol.table_prices),
        "accept_price": prices_of(protocol.accept_prices),
        "refuse_price": prices_of(protocol.refuse_prices),
        **cited(protocol.talks_citation),
    }
    return {
        "order": protocol.order,
        "proposers": list(protocol.proposers),
        "talks": filled(talks),
        "cooling_off": years(protocol.cooling_off),
        "lapse": years(protocol.lapse),
        "forms": {form.name: _form(form) for form in protocol.forms},
        "start": filled({"deal": protocol.start.stage, "draft": protocol.start.draft, "phase": protocol.start.phase}),
    }


def _form(form: Form) -> Plain:
    return {
        "title": form.title,
        "ratifiers": [
            filled(
                {
                    "by": ratifier.by,
                    "name": ratifier.name,
                    "delay": years(ratifier.delay),
                    "approve_price": prices_of(ratifier.approve_prices),
                    "reject_price": prices_of(ratifier.reject_prices),
                    **cited(ratifier.citation),
                }
            )
            for ratifier in form.ratifiers
        ],
        **filled({"exit_price": prices_of(form.exit_prices), "sign_price": prices_of(form.sign_prices)}),
        **cited(form.citation),
    }


def draft_of(draft: Draft) -> Plain:
    """A draft, keyed like a case file."""
    last = len(draft.phases) - 1
    sunset: Any = None
    if draft.sunset_date is not None:
        sunset = draft.sunset_date.isoformat()
    elif draft.sunset_mean is not None:
        sunset = {"mean": years(draft.sunset_mean)}
    return {
        **filled({"title": draft.title, "summary": draft.summary, "form": draft.form}),
        "proposers": list(draft.proposers),
        **filled({"on_table": _on_table(draft)}),
        **filled({"terms": {name: value.text for name, value in draft.terms}}),
        "phases": [_phase(phase, last=position == last) for position, phase in enumerate(draft.phases)],
        "verification": {"detection": draft.detection.text, **cited(draft.verification_citation)},
        "breach": {breach.side: _consequence(breach, breach=True) for breach in draft.breaches},
        "exit": {exit_.side: _consequence(exit_, breach=False) for exit_ in draft.exits},
        **filled({"withdrawal": {each.side: _consequence(each, breach=False) for each in draft.withdrawals}}),
        **filled({"sunset": sunset}),
        "renewal": yes_no(draft.renewal),
        **filled(
            {
                "linkage": [
                    filled({"when": link.when.text, "leads_to": link.leads_to, "note": link.note})
                    for link in draft.linkage
                ],
                "positions": {
                    side: {issue: number_text(value) for issue, value in issues} for side, issues in draft.positions
                },
            }
        ),
        **cited(draft.citation),
    }


def _on_table(draft: Draft) -> Plain:
    return {
        word: day.isoformat() for word, day in zip(("from", "until"), draft.on_table, strict=True) if day is not None
    }


def _phase(phase: Phase, *, last: bool) -> Plain:
    owes: dict[str, Plain] = {}
    for duty in phase.owes:
        owes.setdefault(duty.side, {})[duty.decision] = {"must": list(duty.permitted)}
    return filled(
        {
            "name": phase.name,
            "title": phase.title,
            "lasts": "" if last else years(phase.lasts),
            "advance_when": maybe(phase.advance_when),
            "owes": owes,
        }
    )


def _consequence(consequence: Consequence, *, breach: bool) -> Plain:
    return {
        **({"leads_to": consequence.leads_to} if breach else {}),
        **outcomes_of(consequence.outcomes),
        **filled({"price": prices_of(consequence.prices)}),
        **cited(consequence.citation),
    }
