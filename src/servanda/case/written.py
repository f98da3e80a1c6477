"""A resolved case as YAML text: a legal case in which nothing is implied, and which resolves to itself."""

from __future__ import annotations

from typing import Any

import yaml

from servanda.case.resolved import (
    ChanceEvent,
    Claim,
    Decision,
    Evidence,
    Lever,
    Option,
    Parameter,
    Question,
    ResolvedCase,
    Simultaneous,
    Variable,
)
from servanda.case.resolved_claims import ClaimTest
from servanda.case.resolved_rankings import Ranking
from servanda.case.uncertain import UncertainNumber
from servanda.case.written_drafts import draft_of, protocol_of
from servanda.case.written_parts import (
    Plain,
    cited,
    filled,
    maybe,
    number_text,
    outcomes_of,
    prices_of,
    yes_no,
)

__all__ = ["Plain", "dump", "number_text", "plain"]


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
    ranked = {name for ranking in case.rankings for name in ranking.names}
    return filled(
        {
            "case": case.name,
            "title": case.title,
            "description": case.description,
            "notes": case.notes,
            "start": case.start.isoformat(),
            "as_of": case.as_of.isoformat(),
            "learn_from": case.learn_from.isoformat(),
            "period": f"{case.period_months} months",
            "horizon": f"{case.periods * case.period_months} months",
            "values": case.values,
            "sources": {
                source.name: filled({"title": source.title, "url": source.url, "grade": source.grade})
                for source in case.sources
            },
            "sides": {
                side.name: filled({"title": side.title, "party": yes_no(side.party), "led_by": side.led_by})
                for side in case.sides
            },
            "actors": {
                actor.name: {
                    "side": actor.side,
                    "title": actor.title,
                    "discount": actor.discount.text,
                    "decisiveness": actor.decisiveness.text,
                    **cited(actor.citation),
                }
                for actor in case.actors
            },
            "variables": {variable.name: _variable(variable) for variable in case.variables},
            "chance": {event.name: _event(event) for event in case.chance},
            "decisions": {decision.name: _decision(decision) for decision in case.decisions},
            "simultaneous": {point.name: _simultaneous(point) for point in case.simultaneous},
            "protocol": protocol_of(case.protocol),
            "drafts": {draft.name: draft_of(draft) for draft in case.drafts},
            "payoffs": _payoffs(case),
            "parameters": {
                parameter.name: _parameter(parameter) for parameter in case.parameters if parameter.name not in ranked
            },
            "rankings": {ranking.name: _ranking(ranking) for ranking in case.rankings},
            "correlations": [
                {
                    "between": list(group.parameters),
                    "correlation": number_text(group.value),
                    **cited(group.citation),
                }
                for group in case.correlations
            ],
            "modelling": {
                "terminal": _weights(case.modelling.terminal),
                "order": _weights(case.modelling.order),
                **cited(case.modelling.citation),
            },
            "frictions": {
                friction.name: filled(
                    {
                        "title": friction.title,
                        "mechanism": friction.mechanism,
                        "off": {name: value.text for name, value in friction.off},
                        **cited(friction.citation),
                    }
                )
                for friction in case.frictions
            },
            "levers": {lever.name: _lever(lever) for lever in case.levers},
            "outcomes": {} if case.war is None else {"war": case.war.text},
            "indicators": {
                indicator.name: filled(
                    {
                        "title": indicator.title,
                        "value": indicator.value.text,
                        "unit": indicator.unit,
                        **cited(indicator.citation),
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


def _weights(weights: tuple[tuple[str, float], ...]) -> str:
    if len(weights) == 1:
        return weights[0][0]
    return f"one of {{{', '.join(f'{name}: {number_text(weight)}' for name, weight in weights)}}}"


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
    shared = {"start": variable.start, "title": variable.title, **cited(variable.citation)}
    if variable.kind == "condition":
        return {"kind": "condition", "values": levels, **shared}
    return {
        "kind": "stock",
        "levels": levels,
        "values": [number_text(value) for value in variable.values],
        **filled({"unit": variable.unit}),
        "ratchet": yes_no(variable.ratchet),
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
        **filled({"title": event.title, "when": maybe(event.when)}),
        **when,
        **outcomes_of(event.outcomes),
        **filled({"price": prices_of(event.prices)}),
        **cited(event.citation),
    }


def _decision(decision: Decision) -> Plain:
    return {
        **filled({"title": decision.title, "by": decision.by, "when": maybe(decision.when)}),
        "options": {option.name: _option(option) for option in decision.options},
    }


def _option(option: Option) -> Plain:
    return {
        **filled({"title": option.title, "when": maybe(option.when), "price": prices_of(option.prices)}),
        **outcomes_of(option.outcomes),
        "hidden": yes_no(option.hidden),
        **cited(option.citation),
    }


def _simultaneous(point: Simultaneous) -> Plain:
    return {
        **filled({"title": point.title}),
        "decisions": list(point.decisions),
        "profiles": [
            {
                "chosen": {decision: list(options) for decision, options in profile.chosen},
                **filled({"when": maybe(profile.when), "price": prices_of(profile.prices)}),
                **outcomes_of(profile.outcomes),
                **cited(profile.citation),
            }
            for profile in point.profiles
        ],
    }


def _payoffs(case: ResolvedCase) -> Plain:
    found: dict[str, Plain] = {}
    for term in case.payoffs:
        found.setdefault(term.actor, {})[term.name] = {
            **filled({"worth": term.worth.text, "when": maybe(term.when), "per": maybe(term.per)}),
            **cited(term.citation),
        }
    return found


def _parameter(parameter: Parameter) -> Plain:
    number = parameter.number
    return {
        "value": number.text,
        "central": number_text(number.central),
        **filled({"choices": _named_choices(number), "unit": parameter.unit, "title": parameter.title}),
        **cited(parameter.citation),
    }


def _ranking(ranking: Ranking) -> Plain:
    return {
        "title": ranking.title,
        "order": [place[0] if len(place) == 1 else list(place) for place in ranking.places],
        "scale": _interval(ranking.scale),
        **filled({"fixed": {name: number_text(value) for name, value in ranking.fixed}}),
        "gaps": ranking.gaps,
        **filled({"unit": ranking.unit}),
        "titles": dict(ranking.titles),
        **cited(ranking.citation),
    }


def _named_choices(number: UncertainNumber) -> Plain:
    return {name: number_text(value) for name, value, _ in number.choices if name[0].isalpha() or name.startswith("_")}


def _interval(interval: tuple[float, float] | None) -> list[str] | None:
    return None if interval is None else [number_text(value) for value in interval]


def _lever(lever: Lever) -> Plain:
    return filled(
        {
            "title": lever.title,
            "sets": lever.sets,
            "choices": {label: number_text(value) for label, value in lever.choices},
            "range": _interval(lever.range),
            "access": _interval(lever.access),
            "price": prices_of(lever.prices),
            **cited(lever.citation),
        }
    )


def _question(question: Question) -> Plain:
    benchmark: Plain = {}
    if question.benchmark is not None:
        benchmark = {
            "probability": number_text(question.benchmark.probability),
            **cited(question.benchmark.citation),
        }
    return {
        "text": question.text,
        **({"outside": question.outside} if question.outside else {"holds": question.holds.text}),
        question.timing: question.date.isoformat(),
        **filled({"asked": question.asked and question.asked.isoformat(), "benchmark": benchmark}),
        "outcome": question.outcome,
        **cited(question.citation),
    }


def _evidence(observation: Evidence) -> Plain:
    match observation.kind:
        case "variable":
            what: Plain = {"variable": observation.name, "level": observation.what}
        case "decision":
            what = {"decision": observation.name, "option": observation.what}
        case "deal":
            what = filled({"deal": observation.name, "draft": observation.what, "phase": observation.phase})
        case _:
            what = {"indicator": observation.name, "value": list(map(number_text, (observation.low, observation.high)))}
    return {
        "date": observation.date.isoformat(),
        "name": observation.key,
        **what,
        "reliability": number_text(observation.reliability),
        **cited(observation.citation),
    }


def _claim(claim: Claim) -> Plain:
    return {"text": claim.text, "finds": [_test(test) for test in claim.tests], **cited(claim.citation)}


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
