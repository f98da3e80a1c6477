"""Rules on names, parties, payoffs and dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from servanda.case.document import TreePath
from servanda.case.facts import Facts
from servanda.case.freeze import first_known, own_end
from servanda.errors import Issue


def check_names_unique(facts: Facts) -> Iterator[Issue]:
    """name-twice: actors, variables, parameters and sides share one space of names."""
    case = facts.case
    seen: dict[str, str] = {}
    parameters = {parameter.name: parameter.where for parameter in case.parameters}
    for kind, names in (
        ("actors", [actor.name for actor in case.actors]),
        ("variables", [variable.name for variable in case.variables]),
        ("parameters", [parameter.name for parameter in case.parameters]),
        ("sides", [side.name for side in case.sides]),
    ):
        for name in names:
            if name in seen and not (kind == "sides" and _only_actor(facts, name)):
                message = f"`{name}` is also the name of one of the {seen[name]}"
                where = parameters[name] if kind == "parameters" else None
                hint = "rename one of the two"
                yield facts.issue("name-twice", message, hint, path=(kind, name), where=where, key=True)
            seen.setdefault(name, kind)


def _only_actor(facts: Facts, side: str) -> bool:
    """Whether a side may have the name of its actor, which then means the same."""
    return [actor.name for actor in facts.case.actors if actor.side == side] == [side]


def check_levels_unique(facts: Facts) -> Iterator[Issue]:
    """level-twice: a variable has each level once."""
    for variable in facts.case.variables:
        word = {"office": "holders", "stock": "levels", "condition": "values"}[variable.kind]
        for position, level in enumerate(variable.levels):
            if level in variable.levels[:position]:
                path: TreePath = ("variables", variable.name, word, position)
                message = f"`{variable.name}` has `{level}` twice"
                yield facts.issue("level-twice", message, "delete or rename one", path=path)


def check_payoffs_complete(facts: Facts) -> Iterator[Issue]:
    """actor-without-payoffs: every actor judges the future by its own payoffs."""
    paid = {term.actor for term in facts.case.payoffs}
    for actor in facts.case.actors:
        if actor.name not in paid:
            message = f"`{actor.name}` has no payoffs, so nothing matters to it"
            hint = f"add `payoffs: {{{actor.name}: …}}`"
            yield facts.issue("actor-without-payoffs", message, hint, path=("actors", actor.name), key=True)


def check_two_parties(facts: Facts) -> Iterator[Issue]:
    """not-two-parties: drafts are signed by exactly two sides."""
    parties = [side.name for side in facts.case.sides if side.party]
    if facts.case.drafts and len(parties) != 2:
        message = f"drafts need two parties, and {len(parties)} sides are parties"
        hint = "write `party: yes` at exactly two sides"
        yield facts.issue("not-two-parties", message, hint, path=("sides",), key=True)


def check_as_of(facts: Facts) -> Iterator[Issue]:
    """as-of-outside: the date of information lies in the periods modelled."""
    case = facts.case
    if not case.start <= case.as_of < facts.end:
        message = f"{case.as_of} lies outside the periods modelled, {case.start} to {facts.end}"
        yield facts.issue("as-of-outside", message, "move `as_of`, `start` or `horizon`", path=("as_of",))


def check_question_dates(facts: Facts) -> Iterator[Issue]:
    """question-past-horizon, question-before-as-of, asked-after-as-of: a question is answered inside the forecast."""
    case = facts.case
    for question in case.questions:
        path: TreePath = ("questions", question.name, question.timing)
        asked = case.as_of if question.asked is None else question.asked
        end = own_end(case, asked) if facts.dated else date.max
        if asked > case.as_of:
            message = f"{asked} lies after the date of information, {case.as_of}"
            place: TreePath = ("questions", question.name, "asked")
            yield facts.issue("asked-after-as-of", message, "ask earlier, or move `as_of`", path=place)
        elif question.date >= end:
            message = f"{question.date} lies past the horizon, which ends on {end}"
            yield facts.issue("question-past-horizon", message, "lengthen `horizon`, or ask earlier", path=path)
        elif question.date < asked:
            what = "date of information" if question.asked is None else "day on which it is put"
            message = f"{question.date} lies before the {what}, {asked}"
            yield facts.issue("question-before-as-of", message, "ask of a later date", path=path)


def check_evidence_dates(facts: Facts) -> Iterator[Issue]:
    """evidence-after-as-of (warning): evidence is known."""
    case = facts.case
    for position, observation in enumerate(case.evidence):
        path: TreePath = ("evidence", position, "date")
        if observation.date > case.as_of:
            message = f"{observation.date} lies after the date of information, {case.as_of}, and is not used"
            hint = "move `as_of`, or drop the observation"
            yield facts.issue("evidence-after-as-of", message, hint, path=path, severity="warning")


def check_event_dates(facts: Facts) -> Iterator[Issue]:
    """date-outside-horizon (warning): a dated event falls into no period."""
    first = first_known(facts.case)
    for event in facts.case.chance:
        dates = event.timing.dates
        if dates and not any(first <= day < facts.end for day in dates):
            message = f"`{event.name}` has no date between {first} and {facts.end}"
            path: TreePath = ("chance", event.name)
            yield facts.issue(
                "date-outside-horizon", message, "it will never happen", path=path, key=True, severity="warning"
            )


def check_war_declared(facts: Facts) -> Iterator[Issue]:
    """war-undeclared (warning): without a condition for war no state counts as war."""
    if facts.case.war is None:
        message = "no state counts as war"
        hint = "add `outcomes: {war: CONDITION}`, or `{war: never}` where nobody threatens it"
        yield facts.issue("war-undeclared", message, hint, path=("case",), key=True, severity="warning")
