"""Warnings on numbers without a source and parameters without a use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from servanda.case.document import TreePath
from servanda.case.expression import Expression, Parameter, walk
from servanda.case.facts import Facts
from servanda.case.resolved import Citation, Outcome, Price
from servanda.errors import Issue

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


def literal_numbers(text: str) -> list[str]:
    """Numbers written in an expression, without 0, 1 and dates.

    >>> literal_numbers("2.5 * x1 + 1 - (date < 2024-11-05)")
    ['2.5']
    """
    return [number for number in _NUMBER.findall(_DATE.sub("", text)) if float(number) not in (0.0, 1.0)]


def _prices(prices: Iterable[Price]) -> list[Expression]:
    return [price.worth for price in prices]


def _odds(outcomes: Iterable[Outcome]) -> list[Expression | None]:
    return [outcome.odds for outcome in outcomes]


_Cited = tuple[TreePath, Citation, list[Expression | None]]


def _world(facts: Facts) -> Iterator[_Cited]:
    case = facts.case
    for actor in case.actors:
        # The discount rate that the language gives by default needs no source.
        written = facts.document.node(("actors", actor.name, "discount")) is not None
        yield ("actors", actor.name), actor.citation, [actor.discount if written else None, actor.decisiveness]
    stocks = {f"{variable.name} {verb}" for variable in case.variables for verb in ("grows", "decays")}
    for event in case.chance:
        path: TreePath = ("chance", event.name)
        if event.name in stocks and facts.document.node(path) is None:
            path = ("variables", event.name.rpartition(" ")[0])
        yield path, event.citation, [event.timing.amount, *_odds(event.outcomes), *_prices(event.prices)]
    for decision in case.decisions:
        for option in decision.options:
            path = ("decisions", decision.name, "options", option.name)
            yield path, option.citation, [*_odds(option.outcomes), *_prices(option.prices)]
    for point in case.simultaneous:
        for position, profile in enumerate(point.profiles):
            path = ("simultaneous", point.name, "profiles", position)
            yield path, profile.citation, [*_odds(profile.outcomes), *_prices(profile.prices)]
    for term in case.payoffs:
        yield ("payoffs", term.actor, term.name), term.citation, [term.worth, term.per, term.when]
    for friction in case.frictions:
        yield ("frictions", friction.name), friction.citation, [value for _, value in friction.off]
    for lever in case.levers:
        yield ("levers", lever.name), lever.citation, [*_prices(lever.prices)]
    for indicator in case.indicators:
        yield ("indicators", indicator.name), indicator.citation, [indicator.value]
    for question in case.questions:
        yield ("questions", question.name), question.citation, [question.holds]


def _negotiation(facts: Facts) -> Iterator[_Cited]:
    protocol = facts.case.protocol
    talks = (
        *protocol.seek_prices,
        *protocol.walk_out_prices,
        *protocol.table_prices,
        *protocol.accept_prices,
        *protocol.refuse_prices,
    )
    yield ("protocol", "talks"), protocol.talks_citation, [*_prices(talks)]
    for form in protocol.forms:
        path: TreePath = ("protocol", "forms", form.name)
        yield path, form.citation, [*_prices(form.exit_prices), *_prices(form.sign_prices)]
        for position, ratifier in enumerate(form.ratifiers):
            prices = [*_prices(ratifier.approve_prices), *_prices(ratifier.reject_prices)]
            yield (*path, "ratifiers", position), ratifier.citation, [*prices]
    for draft in facts.case.drafts:
        path = ("drafts", draft.name)
        yield path, draft.citation, [value for _, value in draft.terms]
        yield (*path, "verification"), draft.verification_citation, [draft.detection]
        for word, consequences in (
            ("breach", draft.breaches),
            ("exit", draft.exits),
            ("withdrawal", draft.withdrawals),
        ):
            for consequence in consequences:
                numbers = [*_odds(consequence.outcomes), *_prices(consequence.prices)]
                yield (*path, word, consequence.side), consequence.citation, numbers


def check_sources_given(facts: Facts) -> Iterator[Issue]:
    """Warning unsourced: a number other than 0 and 1 says where it comes from."""
    seen: set[TreePath] = set()
    for path, citation, expressions in (*_world(facts), *_negotiation(facts)):
        numbers = [number for each in expressions if each is not None for number in literal_numbers(each.text)]
        if numbers and not citation.sources and path not in seen:
            seen.add(path)
            message = f"the number {numbers[0]} of `{path[-1]}` has no source"
            yield _unsourced(facts, path, message)
    for variable in facts.case.variables:
        path = ("variables", variable.name)
        if facts.document.node((*path, "values")) and variable.kind == "stock" and not variable.citation.sources:
            written = [value for value in variable.values if value not in (0.0, 1.0)]
            if written and path not in seen:
                seen.add(path)
                yield _unsourced(facts, path, f"the values of `{variable.name}` have no source")
    ranked = {name for ranking in facts.case.rankings for name in ranking.names}
    for parameter in facts.case.parameters:
        if not parameter.citation.sources and parameter.name not in ranked:
            yield _unsourced(facts, ("parameters", parameter.name), f"the parameter `{parameter.name}` has no source")
    for ranking in facts.case.rankings:
        if not ranking.citation.sources:
            yield _unsourced(facts, ("rankings", ranking.name), f"the ranking `{ranking.name}` has no source")
    for claim in facts.case.claims:
        bounds = [bound for test in claim.tests for bound in (test.at_least, test.at_most, test.rank)]
        if not claim.citation.sources and any(bound not in (None, 0, 1) for bound in bounds):
            yield _unsourced(facts, ("claims", claim.name), f"the bounds of `{claim.name}` have no source")
    for position, observation in enumerate(facts.case.evidence):
        if not observation.citation.sources:
            yield _unsourced(facts, ("evidence", position), "the observation has no source")

    for question in facts.case.questions:
        rate = question.benchmark
        if rate is not None and not rate.citation.sources and rate.probability not in (0, 1):
            path = ("questions", question.name, "benchmark")
            yield _unsourced(facts, path, f"the base rate of `{question.name}` has no source")
    for position, group in enumerate(facts.case.correlations):
        if not group.citation.sources and group.value != 0:
            yield _unsourced(facts, ("correlations", position), "the correlation has no source")
    modelling = facts.case.modelling
    if not modelling.citation.sources and max(len(modelling.terminal), len(modelling.order)) > 1:
        yield _unsourced(facts, ("modelling",), "the weights of the choices of the model have no source")


def _unsourced(facts: Facts, path: TreePath, message: str) -> Issue:
    hint = "add `source: ID`, or `source: judgement`"
    return facts.issue("unsourced", message, hint, path=path, key=True, severity="warning")


def check_parameters_used(facts: Facts) -> Iterator[Issue]:
    """unused-parameter (warning): no expression reads it."""
    if not facts.all_read:
        return
    used = {
        node.name for expression in facts.expressions for node in walk(expression.node) if isinstance(node, Parameter)
    }
    # What nobody reads still keeps its neighbours in a ranking apart.
    rungs = {name for ranking in facts.case.rankings if used.intersection(ranking.names) for name in ranking.names}
    for parameter in facts.case.parameters:
        if parameter.name not in used | rungs:
            message = f"no expression uses the parameter `{parameter.name}`"
            path: TreePath = ("parameters", parameter.name)
            yield facts.issue(
                "unused-parameter", message, "use or delete it", path=path, where=parameter.where, severity="warning"
            )
