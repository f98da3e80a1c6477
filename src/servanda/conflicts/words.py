"""What was found about a conflict, in words for a terminal and as a mapping for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from servanda.conflicts.answers import MOST_MAKERS, Answer, Departure, Steps
from servanda.conflicts.model import Conflict, members
from servanda.conflicts.stability import CONCEPTS

TITLES = {"nash": "Nash", "gmr": "GMR", "smr": "SMR", "seq": "SEQ"}
MOST_LINES = 20


def headline(answer: Answer) -> str:
    """The equilibria in a sentence or two.

    >>> from servanda.conflicts.answers import analyse
    >>> from servanda.conflicts.reading import read
    >>> headline(analyse(read("elmira")))
    '3 of 9 states are equilibria from which nobody alone gains (Nash): s5, s8, s9. 2 hold only for fear of what others
    would do: s1, s4.'
    """
    conflict = answer.conflict
    nash = answer.alone.equilibria("nash")
    feared = answer.equilibria & ~nash
    number, of, names = nash.bit_count(), len(conflict.states), ", ".join(conflict.names(nash))
    verb = "is an equilibrium" if number == 1 else "are equilibria"
    if number:
        said = f"{number} of {of} states {verb} from which nobody alone gains (Nash): {names}."
    else:
        said = f"From each of the {of} states somebody alone gains: there is no Nash equilibrium."
    if feared:
        holds = "holds" if feared.bit_count() == 1 else "hold"
        names = ", ".join(conflict.names(feared))
        said += f" {feared.bit_count()} {holds} only for fear of what others would do: {names}."
    return said


def told_state(conflict: Conflict, state: int) -> str:
    """What a state is: its title, or the options taken in it.

    >>> from servanda.conflicts.reading import read
    >>> told_state(read("elmira"), 7)
    'modify, accept, insist'
    """
    here = conflict.states[state]
    if here.title or not here.pattern:
        return here.title
    taken = [option.name for option, sign in zip(conflict.options, here.pattern, strict=True) if sign == "Y"]
    return ", ".join(taken) or "nothing taken"


def lines(answer: Answer) -> list[str]:
    """The whole answer as lines of text."""
    conflict = answer.conflict
    shown = list(members(answer.equilibria))
    said = [conflict.title or conflict.name, "", headline(answer)]
    if shown:
        said += ["", *_table(answer, shown[:MOST_LINES])]
        if len(shown) > MOST_LINES:
            said.append(f"… and {len(shown) - MOST_LINES} more; --json has all.")
    said += ["", *_together(answer)]
    if conflict.status_quo is not None:
        said += ["", *_ways(answer)]
    return said


def _table(answer: Answer, states: Sequence[int]) -> list[str]:
    conflict = answer.conflict
    head = ["state", *TITLES.values(), "against coalitions" if answer.together else "", "what it is"]
    rows = []
    for state in states:
        marks = ["yes" if answer.alone.equilibria(concept) >> state & 1 else "–" for concept in CONCEPTS]
        rows.append([conflict.states[state].name, *marks, _withstood(answer, state), told_state(conflict, state)])
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]


def _withstood(answer: Answer, state: int) -> str:
    """The concepts under which a state is stable for every coalition."""
    if answer.together is None:
        return ""
    found = [TITLES[concept] for concept in CONCEPTS if answer.together.equilibria(concept) >> state & 1]
    return "all four" if len(found) == len(CONCEPTS) else ", ".join(found) or "none"


def _together(answer: Answer) -> list[str]:
    if answer.together is None:
        makers = len(answer.conflict.makers)
        return [f"Coalitions are tested for up to {MOST_MAKERS} decision makers; here are {makers}."]
    if not answer.departures:
        return ["No coalition of two or more can leave an equilibrium so that all its members gain."]
    said = ["Coalitions that can leave an equilibrium so that all their members gain:"]
    said += [f"  {_departure(answer, departure)}" for departure in answer.departures[:MOST_LINES]]
    if len(answer.departures) > MOST_LINES:
        said.append(f"  … and {len(answer.departures) - MOST_LINES} more; --json has all.")
    return said


def _departure(answer: Answer, departure: Departure) -> str:
    conflict = answer.conflict
    group = " + ".join(_called(conflict, maker) for maker in departure.coalition)
    start = conflict.states[departure.start].name
    end = departure.steps[-1][1]
    more = departure.ends.bit_count() - 1
    others = f" (and {more} more)" if more else ""
    kind = ", itself an equilibrium" if answer.equilibria >> end & 1 else ""
    deterred = [TITLES[concept] for concept in departure.sanctioned]
    fear = f"; others can deter them ({', '.join(deterred)})" if deterred else "; nobody can deter them"
    return f"{start} by {group}: {told_steps(conflict, departure.steps)}{kind}{others}{fear}."


def told_steps(conflict: Conflict, steps: Steps) -> str:
    """Moves in words: who goes where, in order."""
    return ", ".join(f"{_called(conflict, maker)} to {conflict.states[state].name}" for maker, state in steps)


def _called(conflict: Conflict, maker: int) -> str:
    return conflict.makers[maker].title or conflict.makers[maker].name


def _ways(answer: Answer) -> list[str]:
    conflict = answer.conflict
    assert conflict.status_quo is not None
    start = conflict.states[conflict.status_quo].name
    if not answer.routes:
        return [f"From the status quo, {start}, there is no other equilibrium to go to."]
    said = [f"From the status quo, {start}:"]
    for route in answer.routes[:MOST_LINES]:
        end = conflict.states[route.end].name
        if not route.steps:
            said.append(f"  {end} cannot be reached.")
        else:
            how = "everybody gains by its own step" if route.gladly else "not everybody gains by its own step"
            said.append(f"  {end}: {told_steps(conflict, route.steps)} ({how}).")
    return said


def plain(answer: Answer) -> dict[str, object]:
    """The whole answer as mappings, lists, names and texts."""
    conflict = answer.conflict
    makers = [maker.name for maker in conflict.makers]

    def names(states: int) -> list[str]:
        return list(conflict.names(states))

    def steps(taken: Steps) -> list[dict[str, str]]:
        return [{"by": makers[maker], "to": conflict.states[state].name} for maker, state in taken]

    def group(coalition: Iterable[int]) -> list[str]:
        return [makers[maker] for maker in coalition]

    together = answer.together
    return {
        "conflict": conflict.name,
        "title": conflict.title,
        "headline": headline(answer),
        "states": [
            {"name": state.name, "pattern": state.pattern, "told": told_state(conflict, number)}
            for number, state in enumerate(conflict.states)
        ],
        "equilibria": {concept: names(answer.alone.equilibria(concept)) for concept in CONCEPTS},
        "stable": {
            maker: {concept: names(answer.alone.for_maker(concept, number)) for concept in CONCEPTS}
            for number, maker in enumerate(makers)
        },
        "coalition_equilibria": together and {concept: names(together.equilibria(concept)) for concept in CONCEPTS},
        "coalitions": together
        and [
            {
                "coalition": group(coalition),
                "stable": {concept: names(together.for_coalition(concept, coalition)) for concept in CONCEPTS},
            }
            for coalition in together.coalitions
        ],
        "departures": [
            {
                "coalition": group(departure.coalition),
                "from": conflict.states[departure.start].name,
                "to": names(departure.ends),
                "steps": steps(departure.steps),
                "sanctioned": list(departure.sanctioned),
            }
            for departure in answer.departures
        ],
        "routes": [
            {"to": conflict.states[route.end].name, "steps": steps(route.steps), "everybody_gains": route.gladly}
            for route in answer.routes
        ],
    }
