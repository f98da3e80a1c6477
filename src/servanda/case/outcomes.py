"""Every list of outcomes of a case: what anything that happens, or that anybody does, may lead to."""

from __future__ import annotations

from servanda.case.resolved import Outcome, ResolvedCase
from servanda.errors import Location

Outcomes = tuple[tuple[Outcome, ...], Location]


def outcomes_of_choices(case: ResolvedCase) -> tuple[Outcomes, ...]:
    """Outcomes of options and of combinations of choices, each list with the place of what leads to it."""
    options = [(option.outcomes, option.where) for decision in case.decisions for option in decision.options]
    profiles = [(profile.outcomes, profile.where) for point in case.simultaneous for profile in point.profiles]
    return (*options, *profiles)


def all_outcomes(case: ResolvedCase) -> tuple[Outcomes, ...]:
    """Outcomes of chance, of choices, and of breach, exit and withdrawal."""
    chance = [(event.outcomes, event.where) for event in case.chance]
    after = [
        (consequence.outcomes, consequence.where)
        for draft in case.drafts
        for consequence in (*draft.breaches, *draft.exits, *draft.withdrawals)
    ]
    return (*chance, *outcomes_of_choices(case), *after)
