"""Rules on odds, rates and other numbers, at the central values of the parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator

from servanda.case.constants import constants_of, value_of
from servanda.case.document import TreePath
from servanda.case.expression import Expression, Parameter
from servanda.case.facts import Facts
from servanda.errors import Issue

TOLERANCE = 1e-9


def _all_odds(facts: Facts) -> Iterator[Expression]:
    for outcomes, _ in facts.outcome_lists:
        yield from (outcome.odds for outcome in outcomes if outcome.odds is not None)
    for event in facts.case.chance:
        if event.timing.kind == "odds" and event.timing.amount is not None:
            yield event.timing.amount
    for draft in facts.case.drafts:
        yield draft.detection


def check_odds(facts: Facts) -> Iterator[Issue]:
    """probability-out-of-range: odds lie in [0, 1]; a warning where only some draws of a parameter leave it."""
    supports = {parameter.name: parameter.number.support for parameter in facts.case.parameters}
    for odds in _all_odds(facts):
        wrong = [value for value in constants_of(odds, facts.central) if value < -TOLERANCE or value > 1 + TOLERANCE]
        if wrong:
            message = f"`{odds.text}` is {wrong[0]:g}, and odds lie between 0 and 1"
            yield facts.issue("probability-out-of-range", message, "give odds, not per cent", where=odds.where)
        elif isinstance(odds.node, Parameter):
            low, high = supports[odds.node.name]
            if low < 0 or high > 1:
                message = f"draws of `{odds.node.name}` reach from {low:g} to {high:g}, and odds lie between 0 and 1"
                hint = "use beta(a, b), or bound it: `min(1, max(0, …))`"
                yield facts.issue("odds-may-leave-range", message, hint, where=odds.where, severity="warning")


def check_sums(facts: Facts) -> Iterator[Issue]:
    """odds-do-not-add-up: odds sum to 1, or to less where one outcome takes the remainder."""
    for outcomes, _ in facts.outcome_lists:
        odds = [outcome.odds for outcome in outcomes if outcome.odds is not None]
        values = [value_of(each.node, facts.central) for each in odds]
        known = [value for value in values if value is not None and math.isfinite(value)]
        if not odds or len(known) != len(values) or min(known) < 0 or max(known) > 1:
            continue
        total, whole = math.fsum(known), len(odds) == len(outcomes)
        if total > 1 + TOLERANCE or (whole and total < 1 - TOLERANCE):
            message = f"the odds of these outcomes sum to {total:.6g}, not to 1"
            hint = "mend them, or omit the odds of one outcome, which then takes the remainder"
            yield facts.issue("odds-do-not-add-up", message, hint, where=outcomes[0].where)


def check_remainders(facts: Facts) -> Iterator[Issue]:
    """two-remainders: at most one outcome omits its odds."""
    for outcomes, _ in facts.outcome_lists:
        without = [outcome for outcome in outcomes if outcome.odds is None]
        if len(without) > 1:
            message = f"{len(without)} outcomes omit their odds"
            yield facts.issue("two-remainders", message, "give odds to all but one", where=without[1].where)


def check_rates(facts: Facts) -> Iterator[Issue]:
    """negative-rate: a rate is 0 or more."""
    for event in facts.case.chance:
        rate = event.timing.amount
        if event.timing.kind != "rate" or rate is None:
            continue
        wrong = [value for value in constants_of(rate, facts.central) if value < 0]
        if wrong:
            message = f"`{rate.text}` is {wrong[0]:g}, and a rate cannot be negative"
            yield facts.issue("negative-rate", message, "give events per year", where=rate.where)


def check_actors(facts: Facts) -> Iterator[Issue]:
    """precision-not-positive, discount-out-of-range: how an actor weighs options and years."""
    for actor in facts.case.actors:
        decisiveness = value_of(actor.decisiveness.node, facts.central)
        if decisiveness is not None and decisiveness <= 0:
            message = f"the decisiveness of `{actor.name}` is {decisiveness:g}, and must be greater than 0"
            hint = "give the advantage in points at which it picks the better option nine times in ten"
            yield facts.issue("precision-not-positive", message, hint, where=actor.decisiveness.where)
        discount = value_of(actor.discount.node, facts.central)
        if discount is not None and not 0 <= discount < 10:
            message = f"the discount rate of `{actor.name}` is {discount:g} per year"
            hint = "give a rate per year between 0 and 10, like 0.05"
            yield facts.issue("discount-out-of-range", message, hint, where=actor.discount.where)


def check_constants(facts: Facts) -> Iterator[Issue]:
    """not-finite: a constant expression has a value."""
    for expression in facts.expressions:
        if any(not math.isfinite(value) for value in constants_of(expression, facts.central)):
            message = f"`{expression.text}` has no finite value at the central values of the parameters"
            yield facts.issue("not-finite", message, "look for a division by zero", where=expression.where)


def check_expectations(facts: Facts) -> Iterator[Issue]:
    """probability-out-of-range: expected probabilities lie in [0, 1]."""
    for position, expected in enumerate(facts.case.expect):
        if expected.low < 0 or expected.high > 1:
            path: TreePath = ("expect", position, "between")
            message = f"{expected.low:g} to {expected.high:g} is no range of probabilities"
            yield facts.issue("probability-out-of-range", message, "give two numbers between 0 and 1", path=path)


def check_ratchets(facts: Facts) -> Iterator[Issue]:
    """ratchet-falls (warning): a step down of a ratchet does nothing."""
    ratchets = {variable.name for variable in facts.case.variables if variable.ratchet}
    for outcomes, where in facts.outcome_lists:
        fallen = [
            change.variable
            for outcome in outcomes
            for change in outcome.effects
            if change.variable in ratchets and change.step < 0
        ]
        if fallen:
            message = f"`{fallen[0]}` is a ratchet and never falls: this step down does nothing"
            yield facts.issue("ratchet-falls", message, "drop the effect", where=where, severity="warning")
