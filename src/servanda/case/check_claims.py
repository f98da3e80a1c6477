"""Rules on claims: what is asked has an answer, and the bounds can be met and missed."""

from __future__ import annotations

from collections.abc import Iterator

from servanda.case.document import TreePath
from servanda.case.facts import Facts
from servanda.case.resolve_claims import path_of_test
from servanda.case.resolved import Claim
from servanda.case.resolved_claims import RANGES, ClaimTest
from servanda.errors import Issue

# What is asked of the best draft has no answer where there is none.
_OF_THE_BEST_DRAFT = ("friction", "friction_alone", "friction_log_odds", "smallest_repair", "gain")


def _tests(facts: Facts) -> Iterator[tuple[Claim, ClaimTest, TreePath]]:
    for claim in facts.case.claims:
        for position, test in enumerate(claim.tests):
            yield claim, test, path_of_test(facts.document, claim.name, position)


def check_bounds(facts: Facts) -> Iterator[Issue]:
    """bound-out-of-range: the bounds of a claim lie where its quantity can."""
    for _, test, path in _tests(facts):
        low, high = RANGES[test.quantity]
        for word, bound in (("at_least", test.at_least), ("at_most", test.at_most)):
            if bound is not None and not low <= bound <= high:
                message = f"`{test.quantity}` is never {bound:g}: {_range(low, high)}"
                yield facts.issue("bound-out-of-range", message, _hint(high), path=(*path, word))
        count = len(facts.case.frictions)
        if test.rank is not None and test.rank > max(count, 1):
            message = f"with {count} frictions every one of them is among the first {test.rank}"
            yield facts.issue("bound-out-of-range", message, "give a smaller rank", path=(*path, "rank"))


def _range(low: float, high: float) -> str:
    return f"it lies between {low:g} and {high:g}" if high <= 1 else f"it is {low:g} or more"


def _hint(high: float) -> str:
    return "give a share of 1, not per cent" if high <= 1 else "give a number of frictions"


def check_best_draft(facts: Facts) -> Iterator[Issue]:
    """claim-without-drafts: what is asked about the best draft needs a draft."""
    if facts.case.drafts:
        return
    for _, test, path in _tests(facts):
        if test.quantity in _OF_THE_BEST_DRAFT:
            message = f"`{test.quantity}` is asked of the best draft, and the case has no drafts"
            hint = "test the claim by a question or an outcome"
            yield facts.issue("claim-without-drafts", message, hint, path=path)


def check_positions(facts: Facts) -> Iterator[Issue]:
    """overlap-without-positions: both parties have stated positions where their overlap is asked for."""
    parties = [side.name for side in facts.case.sides if side.party]
    stated = {draft.name: [side for side, issues in draft.positions if issues] for draft in facts.case.drafts}
    for _, test, path in _tests(facts):
        if test.quantity != "overlap" or test.subject[0] not in stated:
            continue
        silent = [party for party in parties if party not in stated[test.subject[0]]]
        if silent:
            message = f"`{test.subject[0]}` holds no positions of `{silent[0]}`"
            hint = f"add `positions: {{{silent[0]}: {{ISSUE: number}}}}` to the draft"
            yield facts.issue("overlap-without-positions", message, hint, path=(*path, "overlap"))
