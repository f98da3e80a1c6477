"""A resolved case as YAML text: a legal case in which nothing is implied, and which resolves to itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from servanda.case.expression import Expression
from servanda.case.resolved import (
    ChanceEvent,
    Change,
    Citation,
    Claim,
    Consequence,
    Decision,
    Draft,
    Evidence,
    Form,
    Lever,
    Option,
    Outcome,
    Parameter,
    Phase,
    Price,
    Protocol,
    Question,
    ResolvedCase,
    Variable,
)
from servanda.case.resolved_claims import ClaimTest
from servanda.case.uncertain import UncertainNumber

Plain = dict[str, Any]

_REQUIRED = {"sides", "actors", "payoffs"}


class _Dumper(yaml.SafeDumper):
    """Writes every scalar as plain text where YAML allows it: the reader takes all scalars as text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}  # noqa: RUF012 the name and type are PyYAML's

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 the signature is PyYAML's
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    empty = text.strip() in ("", "~", "null", "Null", "NULL")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if empty else None)


_Dumper.add_representer(str, _text_node)


def dump(case: ResolvedCase) -> str:
    """Write a resolved case as YAML; reading the text back gives the same case, except for the places."""
    return yaml.dump(plain(case), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def plain(case: ResolvedCase) -> Plain:
    """The resolved case as mappings, lists and texts, keyed like a case file."""
    return _filled(
        {
            "case": case.name,
            "title": case.title,
            "description": case.description,
            "notes": case.notes,
            "start": case.start.isoformat(),
            "as_of": case.as_of.isoformat(),
            "period": f"{case.period_months} months",
            "horizon": f"{case.periods * case.period_months} months",
            "values": case.values,
            "sources": {
                source.name: _filled({"title": source.title, "url": source.url, "grade": source.grade})
                for source in case.sources
            },
            "sides": {
                side.name: _filled({"title": side.title, "party": _yes_no(side.party), "led_by": side.led_by})
                for side in case.sides
            },
            "actors": {
                actor.name: {
                    "side": actor.side,
                    "title": actor.title,
                    "discount": actor.discount.text,
                    "decisiveness": actor.decisiveness.text,
                    **_citation(actor.citation),
                }
                for actor in case.actors
            },
            "variables": {variable.name: _variable(variable) for variable in case.variables},
            "chance": {event.name: _event(event) for event in case.chance},
            "decisions": {decision.name: _decision(decision) for decision in case.decisions},
            "protocol": _protocol(case.protocol),
            "drafts": {draft.name: _draft(draft) for draft in case.drafts},
            "payoffs": _payoffs(case),
            "parameters": {parameter.name: _parameter(parameter) for parameter in case.parameters},
            "frictions": {
                friction.name: _filled(
                    {
                        "title": friction.title,
                        "mechanism": friction.mechanism,
                        "off": {name: value.text for name, value in friction.off},
                        **_citation(friction.citation),
                    }
                )
                for friction in case.frictions
            },
            "levers": {lever.name: _lever(lever) for lever in case.levers},
            "outcomes": {} if case.war is None else {"war": case.war.text},
            "indicators": {
                indicator.name: _filled(
                    {
                        "title": indicator.title,
                        "value": indicator.value.text,
                        "unit": indicator.unit,
                        **_citation(indicator.citation),
                    }
                )
                for indicator in case.indicators
            },
            "questions": {question.name: _question(question) for question in case.questions},
            "evidence": [_evidence(observation) for observation in case.evidence],
            "expect": [
                {"quantity": expected.quantity, "between": [number_text(expected.low), number_text(expected.high)]}
                for expected in case.expect
            ],
            "claims": {claim.name: _claim(claim) for claim in case.claims},
        }
    )


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number.

    >>> number_text(3.0), number_text(0.1)
    ('3', '0.1')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _filled(entries: Plain) -> Plain:
    return {key: value for key, value in entries.items() if value not in ("", None, {}, []) or key in _REQUIRED}


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _years(value: float) -> str:
    return f"{number_text(value)} years"


def _maybe(expression: Expression | None) -> str:
    return "" if expression is None else expression.text


def _citation(citation: Citation) -> Plain:
    return _filled({"source": list(citation.sources), "grade": citation.grade, "note": citation.note})


def _effects(changes: Iterable[Change]) -> Plain:
    return {change.variable: change.to or _step(change.step) for change in changes}


def _step(step: int) -> str:
    return f"{'up' if step > 0 else 'down'} {abs(step)}"


def _outcomes(outcomes: tuple[Outcome, ...]) -> Plain:
    if len(outcomes) == 1 and outcomes[0].odds is None:
        return {"effects": _effects(outcomes[0].effects)}
    return {
        "outcomes": [
            {**_filled({"odds": _maybe(outcome.odds)}), "effects": _effects(outcome.effects)} for outcome in outcomes
        ]
    }


def _prices(prices: Iterable[Price]) -> Plain:
    found: Plain = {}
    for price in prices:
        found.setdefault(price.actor, {})[price.term] = price.worth.text
    return found


def _variable(variable: Variable) -> Plain:
    levels = list(variable.levels)
    if variable.kind == "office":
        return {
            "kind": "office",
            "side": variable.side,
            "holders": levels,
            "start": variable.start,
            "title": variable.title,
        }
    shared = {"start": variable.start, "title": variable.title, **_citation(variable.citation)}
    if variable.kind == "condition":
        return {"kind": "condition", "values": levels, **shared}
    return {
        "kind": "stock",
        "levels": levels,
        "values": [number_text(value) for value in variable.values],
        **_filled({"unit": variable.unit}),
        "ratchet": _yes_no(variable.ratchet),
        **shared,
    }


def _event(event: ChanceEvent) -> Plain:
    timing = event.timing
    when: Plain = {}
    if timing.kind == "dates":
        when = {"dates": [day.isoformat() for day in timing.dates]}
    elif timing.amount is not None:
        when = {timing.kind: timing.amount.text}
    return {
        **_filled({"title": event.title, "when": _maybe(event.when)}),
        **when,
        **_outcomes(event.outcomes),
        **_filled({"price": _prices(event.prices)}),
        **_citation(event.citation),
    }


def _decision(decision: Decision) -> Plain:
    return {
        **_filled({"title": decision.title, "by": decision.by, "when": _maybe(decision.when)}),
        "options": {option.name: _option(option) for option in decision.options},
    }


def _option(option: Option) -> Plain:
    return {
        **_filled({"title": option.title, "when": _maybe(option.when), "price": _prices(option.prices)}),
        **_outcomes(option.outcomes),
        "hidden": _yes_no(option.hidden),
        **_citation(option.citation),
    }


def _protocol(protocol: Protocol) -> Plain:
    talks = {
        "when": _maybe(protocol.talks_when),
        "seek_price": _prices(protocol.seek_prices),
        "walk_out_price": _prices(protocol.walk_out_prices),
        "table_price": _prices(protocol.table_prices),
        "accept_price": _prices(protocol.accept_prices),
        "refuse_price": _prices(protocol.refuse_prices),
        **_citation(protocol.talks_citation),
    }
    return {
        "order": protocol.order,
        "proposers": list(protocol.proposers),
        "talks": _filled(talks),
        "cooling_off": _years(protocol.cooling_off),
        "lapse": _years(protocol.lapse),
        "forms": {form.name: _form(form) for form in protocol.forms},
    }


def _form(form: Form) -> Plain:
    return {
        "title": form.title,
        "ratifiers": [
            _filled(
                {
                    "by": ratifier.by,
                    "name": ratifier.name,
                    "delay": _years(ratifier.delay),
                    "approve_price": _prices(ratifier.approve_prices),
                    "reject_price": _prices(ratifier.reject_prices),
                    **_citation(ratifier.citation),
                }
            )
            for ratifier in form.ratifiers
        ],
        **_filled({"exit_price": _prices(form.exit_prices), "sign_price": _prices(form.sign_prices)}),
        **_citation(form.citation),
    }


def _draft(draft: Draft) -> Plain:
    last = len(draft.phases) - 1
    sunset: Any = None
    if draft.sunset_date is not None:
        sunset = draft.sunset_date.isoformat()
    elif draft.sunset_mean is not None:
        sunset = {"mean": _years(draft.sunset_mean)}
    return {
        **_filled({"title": draft.title, "summary": draft.summary, "form": draft.form}),
        "proposers": list(draft.proposers),
        **_filled({"terms": {name: value.text for name, value in draft.terms}}),
        "phases": [_phase(phase, last=position == last) for position, phase in enumerate(draft.phases)],
        "verification": {"detection": draft.detection.text, **_citation(draft.verification_citation)},
        "breach": {breach.side: _consequence(breach, breach=True) for breach in draft.breaches},
        "exit": {exit_.side: _consequence(exit_, breach=False) for exit_ in draft.exits},
        **_filled({"sunset": sunset}),
        "renewal": _yes_no(draft.renewal),
        **_filled(
            {
                "linkage": [
                    _filled({"when": link.when.text, "leads_to": link.leads_to, "note": link.note})
                    for link in draft.linkage
                ],
                "positions": {
                    side: {issue: number_text(value) for issue, value in issues} for side, issues in draft.positions
                },
            }
        ),
        **_citation(draft.citation),
    }


def _phase(phase: Phase, *, last: bool) -> Plain:
    owes: dict[str, Plain] = {}
    for duty in phase.owes:
        owes.setdefault(duty.side, {})[duty.decision] = {"must": list(duty.permitted)}
    return _filled(
        {
            "name": phase.name,
            "title": phase.title,
            "lasts": "" if last else _years(phase.lasts),
            "advance_when": _maybe(phase.advance_when),
            "owes": owes,
        }
    )


def _consequence(consequence: Consequence, *, breach: bool) -> Plain:
    return {
        **({"leads_to": consequence.leads_to} if breach else {}),
        **_outcomes(consequence.outcomes),
        **_filled({"price": _prices(consequence.prices)}),
        **_citation(consequence.citation),
    }


def _payoffs(case: ResolvedCase) -> Plain:
    found: dict[str, Plain] = {}
    for term in case.payoffs:
        found.setdefault(term.actor, {})[term.name] = {
            **_filled({"worth": term.worth.text, "when": _maybe(term.when), "per": _maybe(term.per)}),
            **_citation(term.citation),
        }
    return found


def _parameter(parameter: Parameter) -> Plain:
    number = parameter.number
    return {
        "value": number.text,
        "central": number_text(number.central),
        **_filled({"choices": _named_choices(number), "unit": parameter.unit, "title": parameter.title}),
        **_citation(parameter.citation),
    }


def _named_choices(number: UncertainNumber) -> Plain:
    return {name: number_text(value) for name, value, _ in number.choices if name[0].isalpha() or name.startswith("_")}


def _interval(interval: tuple[float, float] | None) -> list[str] | None:
    return None if interval is None else [number_text(value) for value in interval]


def _lever(lever: Lever) -> Plain:
    return _filled(
        {
            "title": lever.title,
            "sets": lever.sets,
            "choices": {label: number_text(value) for label, value in lever.choices},
            "range": _interval(lever.range),
            "access": _interval(lever.access),
            "price": _prices(lever.prices),
            **_citation(lever.citation),
        }
    )


def _question(question: Question) -> Plain:
    return {
        "text": question.text,
        "holds": question.holds.text,
        question.timing: question.date.isoformat(),
        "outcome": question.outcome,
        **_citation(question.citation),
    }


def _evidence(observation: Evidence) -> Plain:
    what: Plain = {
        "indicator": observation.name,
        "value": [number_text(observation.low), number_text(observation.high)],
    }
    if observation.kind == "variable":
        what = {"variable": observation.name, "level": observation.what}
    elif observation.kind == "decision":
        what = {"decision": observation.name, "option": observation.what}
    return {"date": observation.date.isoformat(), **what, **_citation(observation.citation)}


def _claim(claim: Claim) -> Plain:
    return {"text": claim.text, "finds": [_test(test) for test in claim.tests], **_citation(claim.citation)}


def _test(test: ClaimTest) -> Plain:
    what: Any = "yes"
    if test.quantity == "gate":
        what = dict(zip(("draft", "gate"), test.subject, strict=True))
    elif test.quantity == "ends":
        what = {"draft": test.subject[0], "by": list(test.subject[1:])}
    elif test.subject:
        what = test.subject[0]
    bounds = {"at_least": test.at_least, "at_most": test.at_most, "rank": test.rank}
    return {
        test.quantity: what,
        **{word: number_text(float(bound)) for word, bound in bounds.items() if bound is not None},
    }
