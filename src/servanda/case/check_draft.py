"""Rules on decisions and on what drafts ask of them."""

from __future__ import annotations

from collections.abc import Iterator

from servanda.case.document import TreePath
from servanda.case.facts import Facts
from servanda.case.freeze import was_on_table
from servanda.case.resolved import Decision, Option
from servanda.case.structural import assignments, holds
from servanda.errors import Issue


def _ever_open(facts: Facts, decision: Decision, options: tuple[Option, ...], draft: str = "") -> bool:
    """Whether one of the options may be available in some state in which the decision is taken."""
    states = assignments([decision.when, *(option.when for option in options)], facts.variables)
    if states is None:
        return True
    return any(
        holds(decision.when, state, facts.variables, draft) is not False
        and any(holds(option.when, state, facts.variables, draft) is not False for option in options)
        for state in states
    )


def check_permitted_available(facts: Facts) -> Iterator[Issue]:
    """draft-permits-nothing: some permitted option can be available while the deal lives."""
    decisions = {decision.name: decision for decision in facts.case.decisions}
    for draft in facts.case.drafts:
        for position, phase in enumerate(draft.phases):
            for duty in phase.owes:
                decision = decisions.get(duty.decision)
                if decision is None or not duty.permitted:
                    continue
                options = tuple(option for option in decision.options if option.name in duty.permitted)
                if not _ever_open(facts, decision, options, draft.name):
                    path: TreePath = ("drafts", draft.name, "phases", position, "owes", duty.side, duty.decision)
                    message = f"no option that this permits at `{duty.decision}` is ever available under the deal"
                    hint = "permit another option, or widen the `when` of a permitted one"
                    yield facts.issue("draft-permits-nothing", message, hint, path=path, key=True)


def check_decisions_open(facts: Facts) -> Iterator[Issue]:
    """decision-never-open (warning): a decision point at which nothing can ever be chosen."""
    for decision in facts.case.decisions:
        if decision.options and not _ever_open(facts, decision, decision.options):
            message = f"`{decision.name}` is never taken: no option is available in any state"
            hint = "widen its `when`, or that of an option"
            path: TreePath = ("decisions", decision.name)
            yield facts.issue("decision-never-open", message, hint, path=path, key=True, severity="warning")


def check_drafts_bind(facts: Facts) -> Iterator[Issue]:
    """draft-owes-nothing (warning): a draft that nobody can break."""
    for draft in facts.case.drafts:
        if not any(phase.owes for phase in draft.phases):
            message = f"`{draft.name}` asks nothing of anybody"
            path: TreePath = ("drafts", draft.name)
            yield facts.issue(
                "draft-owes-nothing", message, "add `owes:` to a phase", path=path, key=True, severity="warning"
            )


def check_phases_reached(facts: Facts) -> Iterator[Issue]:
    """phase-never-reached (warning): a phase that no state of the world leads to."""
    for draft in facts.case.drafts:
        for position, phase in enumerate(draft.phases[:-1]):
            states = assignments([phase.advance_when], facts.variables)
            if states is None or any(
                holds(phase.advance_when, state, facts.variables, draft.name) is not False for state in states
            ):
                continue
            path: TreePath = ("drafts", draft.name, "phases", position, "advance_when")
            message = f"no state of the world leads from `{phase.name}` to `{draft.phases[position + 1].name}`"
            yield facts.issue(
                "phase-never-reached", message, "widen the condition", path=path, key=True, severity="warning"
            )


def check_sunsets(facts: Facts) -> Iterator[Issue]:
    """sunset-before-start: a draft cannot have expired already, unless it left the table by then."""
    case = facts.case
    for draft in case.drafts:
        here = draft.name == case.protocol.start.draft or was_on_table(draft, case.start, case.as_of)
        if here and draft.sunset_date is not None and draft.sunset_date <= case.start:
            message = f"the sunset {draft.sunset_date} lies before the first period"
            path: TreePath = ("drafts", draft.name, "sunset")
            yield facts.issue("sunset-before-start", message, "give a later date", path=path)
