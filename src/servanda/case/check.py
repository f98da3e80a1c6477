"""Rules that need the whole case: one small function for each, listed in `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from servanda.case import check_claims, check_draft, check_names, check_numbers, check_sources, check_uncertain
from servanda.case.document import Document
from servanda.case.facts import Facts
from servanda.case.resolved import ResolvedCase
from servanda.errors import Issue

Check = Callable[[Facts], Iterator[Issue]]

CHECKS: tuple[Check, ...] = (
    check_names.check_names_unique,
    check_names.check_levels_unique,
    check_names.check_payoffs_complete,
    check_names.check_two_parties,
    check_names.check_as_of,
    check_names.check_question_dates,
    check_names.check_evidence_dates,
    check_names.check_event_dates,
    check_names.check_war_declared,
    check_numbers.check_odds,
    check_numbers.check_sums,
    check_numbers.check_remainders,
    check_numbers.check_rates,
    check_numbers.check_actors,
    check_numbers.check_constants,
    check_numbers.check_expectations,
    check_numbers.check_ratchets,
    check_uncertain.check_correlations,
    check_draft.check_permitted_available,
    check_draft.check_decisions_open,
    check_draft.check_drafts_bind,
    check_draft.check_phases_reached,
    check_draft.check_sunsets,
    check_claims.check_bounds,
    check_claims.check_best_draft,
    check_claims.check_positions,
    check_claims.check_asked_here,
    check_sources.check_sources_given,
    check_sources.check_parameters_used,
)


def check(case: ResolvedCase, document: Document, *, dated: bool) -> Iterator[Issue]:
    """All issues of a case whose shape is right; without `dated` nothing is held against the horizon."""
    facts = Facts(case, document, dated)
    for rule in CHECKS:
        yield from rule(facts)
