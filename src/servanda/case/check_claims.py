"""Rules on claims: what is asked has an answer, and the bounds can be met and missed."""

from __future__ import annotations

from collections.abc import Iterator

from servanda.case.document import TreePath
from servanda.case.facts import Facts
from servanda.case.freeze import was_on_table
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
    if _here(facts):
        return
    for _, test, path in _tests(facts):
        if test.quantity in _OF_THE_BEST_DRAFT:
            message = f"`{test.quantity}` is asked of the best draft, and the case has no drafts on the table"
            hint = "test the claim by a question or an outcome"
            yield facts.issue("claim-without-drafts", message, hint, path=path)


def _here(facts: Facts) -> set[str]:
    """Drafts that the case has on its date of information."""
    case = facts.case
    return {
        draft.name
        for draft in case.drafts
        if draft.name == case.protocol.start.draft or was_on_table(draft, case.start, case.as_of)
    }


def check_asked_here(facts: Facts) -> Iterator[Issue]:
    """not-asked-here (warning): what is claimed or expected is of drafts and questions of the date of information."""
    case = facts.case
    past = {draft.name for draft in case.drafts} - _here(facts)
    past_questions = {question.name for question in case.questions if question.asked not in (None, case.as_of)}
    asked: list[tuple[str, TreePath]] = [
        (test.subject[0], path)
        for _, test, path in _tests(facts)
        if test.subject and test.subject[0] in (past_questions if test.quantity == "question" else past)
    ]
    for position, expected in enumerate(case.expect):
        word, _, subject = expected.quantity.rstrip(")").partition("(")
        if subject.strip() in (past_questions if word == "P" else past):
            asked.append((subject.strip(), ("expect", position, "quantity")))
    for name, path in asked:
        message = f"`{name}` is no part of the case on its date of information, {case.as_of}"
        hint = "this is never tested: ask it of what is on the table then"
        yield facts.issue("not-asked-here", message, hint, path=path, severity="warning")


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
