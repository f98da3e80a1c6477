"""The format of our own: decision makers with options, states, what cannot be undone, preferences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from servanda.case.document import TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.conflicts.model import Conflict, Maker, Option, Source, State, set_of
from servanda.conflicts.options import (
    DIRECTIONS,
    MOST_COMBINATIONS,
    MOST_OPTIONS,
    MOST_STATES,
    Bar,
    combinations_of,
    feasible,
    moves_of,
    ranked_by,
    states_of,
    undecided,
)
from servanda.conflicts.shape import Shape

KEYS = (
    "conflict", "title", "description", "note", "sources", "decision_makers", "states", "infeasible", "alike", "barred",
    "moves", "preferences", "status_quo",
)  # fmt: skip

Covered = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Space:
    """The states, and the combinations of options that each stands for; none where states are only names."""

    states: tuple[State, ...]
    covered: Covered


def read_own(shape: Shape) -> Conflict | None:
    """Read a conflict in our own format; None, with issues, if no conflict can be made of it."""
    tree = shape.mapping((), KEYS, ("conflict", "decision_makers", "preferences"))
    name = shape.text(("conflict",))
    if "conflict" in tree and not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        hint = "use small letters, digits and dashes, like prisoners-dilemma"
        shape.complain("bad-name", f"`{clip(name)}` is not a name of a conflict", hint, ("conflict",))
    if "decision_makers" not in tree:
        return None
    makers = _makers(shape)
    options = [option for maker in makers for option in maker.options]
    if len({option.name for option in options}) < len(options) or len(options) > MOST_OPTIONS:
        _refuse_options(shape, makers)
        return None
    space = _space(shape, [option.name for option in options])
    if space is None or not makers:
        return None
    moves = _moves(shape, makers, options, space)
    rank = _preferences(shape, makers, [option.name for option in options], space)
    status_quo = None
    names = [state.name for state in space.states]
    if "status_quo" in tree and (told := shape.one_of(("status_quo",), names, "unknown-state", "a state")):
        status_quo = names.index(told)
    sources = _sources(shape) if "sources" in tree else ()
    title, description = (shape.text((key,)) for key in ("title", "description"))
    if shape.issues:
        return None
    return Conflict(name, tuple(makers), space.states, moves, rank, title, description, status_quo, sources)


def _sources(shape: Shape) -> tuple[Source, ...]:
    found = []
    for name in shape.named(("sources",)):
        path: TreePath = ("sources", name)
        shape.mapping(path, ("title", "url", "grade"), ("title",))
        found.append(Source(name, *(shape.text((*path, key)) for key in ("title", "url", "grade"))))
    return tuple(found)


def _makers(shape: Shape) -> list[Maker]:
    found = []
    for name in shape.named(("decision_makers",)):
        path: TreePath = ("decision_makers", name)
        tree = shape.mapping(path, ("title", "options"))
        options = []
        for option in shape.named((*path, "options")) if "options" in tree else ():
            here: TreePath = (*path, "options", option)
            if isinstance(shape.document.node(here), str):
                options.append(Option(option, shape.text(here)))
                continue
            told = shape.mapping(here, ("title", "moves"))
            moves = "both"
            if "moves" in told:
                moves = shape.one_of((*here, "moves"), DIRECTIONS, "wrong-type", "both, take, drop or none") or "both"
            options.append(Option(option, shape.text((*here, "title")), moves))
        found.append(Maker(name, shape.text((*path, "title")), tuple(options)))
    return found


def _refuse_options(shape: Shape, makers: list[Maker]) -> None:
    seen: set[str] = set()
    for maker in makers:
        for option in maker.options:
            if option.name in seen:
                path = ("decision_makers", maker.name, "options", option.name)
                message = f"another decision maker has an option `{option.name}`"
                shape.complain("name-taken", message, "give every option a name of its own", path, key=True)
            seen.add(option.name)
    if len(seen) > MOST_OPTIONS:
        message = f"{len(seen)} options are more than {MOST_OPTIONS}"
        shape.complain("too-many", message, "give the states by name, with their moves", ("decision_makers",), key=True)


def _space(shape: Shape, options: list[str]) -> _Space | None:
    tree = shape.document.tree
    assert isinstance(tree, dict)
    if "states" not in tree:
        return _by_statements(shape, options)
    for key in ("infeasible", "alike"):
        if key in tree:
            hint = f"delete `{key}`, or `states`"
            shape.complain("clashing-keys", f"`states` already says what `{key}` would", hint, (key,), key=True)
    return _by_name(shape, options)


def _by_statements(shape: Shape, options: list[str]) -> _Space | None:
    if not options:
        hint = "give the decision makers options, or name the states and the moves"
        shape.complain("no-states", "there are neither options nor states", hint, ("decision_makers",), key=True)
        return None
    before = len(shape.issues)
    infeasible, alike = (shape.statements((key,), options) for key in ("infeasible", "alike"))
    if len(shape.issues) > before:
        return None
    masks = feasible(len(options), infeasible)
    where: TreePath = ("infeasible" if shape.document.node(("infeasible",)) is not None else "decision_makers",)
    if not len(masks):
        shape.complain("no-states", "no combination of options is feasible", "rule out less", where, key=True)
        return None
    if len(masks) > MOST_COMBINATIONS:
        message = f"{len(masks):,} combinations of options are more than {MOST_COMBINATIONS:,}"
        shape.complain("too-many", message, "rule out what cannot be", where, key=True)
        return None
    return _bounded(shape, _Space(*states_of(masks, len(options), alike)), where)


def _bounded(shape: Shape, space: _Space, where: TreePath) -> _Space | None:
    if len(space.states) <= MOST_STATES:
        return space
    message = f"{len(space.states):,} states are more than {MOST_STATES:,}"
    shape.complain("too-many", message, "rule out what cannot be", where, key=True)
    return None


def _by_name(shape: Shape, options: list[str]) -> _Space | None:
    if isinstance(shape.document.node(("states",)), list):
        names = [shape.text(path) for path in shape.items(("states",))]
        usable = True
        for at, name in enumerate(names):
            usable &= shape.name(name, ("states", at))
            if name in names[:at]:
                shape.complain("name-taken", f"`{name}` stands there twice", "keep one of the two", ("states", at))
                usable = False
        states = tuple(State(name) for name in names)
        return _Space(states, ()) if usable and _has_moves(shape) else None
    before = len(shape.issues)
    told: dict[str, TreePath] = {}
    titles: dict[str, str] = {}
    for name, node in shape.named(("states",)).items():
        path: TreePath = ("states", name)
        if isinstance(node, dict):
            inside = shape.mapping(path, ("pattern", "title"))
            titles[name] = shape.text((*path, "title")) if "title" in inside else ""
            path = (*path, "pattern")
        told[name] = path
    patterns = {name: shape.text(path) for name, path in told.items()}
    if not any(patterns.values()):
        states = tuple(State(name, "", titles.get(name, "")) for name in told)
        return _Space(states, ()) if len(shape.issues) == before and _has_moves(shape) else None
    for name, pattern in patterns.items():
        if len(pattern) != len(options) or set(pattern) - set("YN-"):
            message = f"`{clip(pattern)}` is no pattern of the {len(options)} options"
            hint = f"write a Y, N or - for each of {', '.join(options)}"
            shape.complain("bad-pattern", message, hint, told[name])
    if len(shape.issues) > before:
        return None
    if sum(2 ** pattern.count("-") for pattern in patterns.values()) > MOST_COMBINATIONS:
        message = f"the patterns stand for more than {MOST_COMBINATIONS:,} combinations"
        shape.complain("too-many", message, "write fewer dashes", ("states",), key=True)
        return None
    first: dict[int, str] = {}
    for name, pattern in patterns.items():
        if twice := next((mask for mask in combinations_of(pattern) if mask in first), None):
            message = f"`{name}` and `{first[twice]}` share a combination of options"
            shape.complain("states-overlap", message, "make the patterns differ in a Y or N", told[name])
        first |= dict.fromkeys(combinations_of(pattern), name)
    if len(shape.issues) > before:
        return None
    states = tuple(State(name, pattern, titles.get(name, "")) for name, pattern in patterns.items())
    covered = tuple(tuple(combinations_of(pattern)) for pattern in patterns.values())
    return _bounded(shape, _Space(states, covered), ("states",))


def _has_moves(shape: Shape) -> bool:
    if shape.document.node(("moves",)) is not None:
        return True
    hint = "write `moves: {decision maker: {state: [states]}}`, or patterns of options"
    shape.complain("missing-key", "states without patterns need `moves`", hint, ("states",), key=True)
    return False


def _moves(shape: Shape, makers: list[Maker], options: list[Option], space: _Space) -> tuple[tuple[int, ...], ...]:
    names = [maker.name for maker in makers]
    tree = shape.document.tree
    assert isinstance(tree, dict)
    if not space.covered:
        if "barred" in tree:
            hint = "leave the move out of `moves`"
            shape.complain("clashing-keys", "`barred` needs states made of options", hint, ("barred",), key=True)
        return _given_moves(shape, names, [state.name for state in space.states])
    if "moves" in tree:
        hint = "delete `moves`, and use `barred` for moves that cannot be made"
        shape.complain("clashing-keys", "the moves follow from the options", hint, ("moves",), key=True)
    known = [option.name for option in options]
    bars = []
    for path in shape.items(("barred",)):
        told = shape.mapping(path, ("by", "from", "to"), ("by",))
        by = shape.one_of((*path, "by"), names, "unknown-maker", "a decision maker") if "by" in told else ""
        start, end = (shape.statement((*path, key), known) if key in told else None for key in ("from", "to"))
        if by:
            bars.append(Bar(names.index(by), start, end))
    number = {name: at for at, name in enumerate(known)}
    owners = [[number[option.name] for option in maker.options] for maker in makers]
    return moves_of(owners, options, space.covered, bars)


def _given_moves(shape: Shape, makers: list[str], states: list[str]) -> tuple[tuple[int, ...], ...]:
    if len(states) > MOST_STATES:
        message = f"{len(states):,} states are more than {MOST_STATES:,}"
        shape.complain("too-many", message, "leave out what cannot be", ("states",), key=True)
        return ()
    number = {name: at for at, name in enumerate(states)}
    found = {maker: [0] * len(states) for maker in makers}
    for maker in shape.mapping(("moves",)):
        if maker not in found:
            message = f"`{clip(maker)}` is not a decision maker"
            shape.complain("unknown-maker", message, did_you_mean(maker, makers), ("moves", maker), key=True)
            continue
        for state in shape.mapping(("moves", maker)):
            path: TreePath = ("moves", maker, state)
            if state not in number:
                message = f"`{clip(state)}` is not a state"
                shape.complain("unknown-state", message, did_you_mean(state, states), path, key=True)
                continue
            told = [shape.one_of(item, states, "unknown-state", "a state") for item in shape.items(path)]
            found[maker][number[state]] = set_of(number[end] for end in told if end and end != state)
    return tuple(tuple(found[maker]) for maker in makers)


def _preferences(shape: Shape, makers: list[Maker], options: list[str], space: _Space) -> tuple[tuple[int, ...], ...]:
    path: TreePath = ("preferences",)
    names = [maker.name for maker in makers]
    for stranger in shape.mapping(path, names, names):
        node = shape.document.node((*path, stranger))
        if isinstance(node, dict):
            shape.mapping((*path, stranger), ("statements",), ("statements",))
    found = []
    for maker in names:
        here: TreePath = (*path, maker)
        node = shape.document.node(here)
        if isinstance(node, dict) and "statements" in node:
            found.append(_by_priority(shape, (*here, "statements"), options, space))
        elif isinstance(node, list | str):
            found.append(ranking(shape, here, [state.name for state in space.states]))
    return tuple(found)


def _by_priority(shape: Shape, path: TreePath, options: list[str], space: _Space) -> tuple[int, ...]:
    if not space.covered:
        message = "statements rank states made of options only"
        shape.complain("clashing-keys", message, "rank the states by name", path, key=True)
        return ()
    statements = []
    for item in shape.items(path):
        if (statement := shape.statement(item, options)) is None:
            continue
        if (state := undecided(statement, space.covered)) is not None:
            message = f"the statement is true of one part of `{space.states[state].name}` and false of another"
            hint = f"the state is {space.states[state].pattern}: do not speak of what it leaves open"
            shape.complain("statement-undecided", message, hint, item)
        statements.append(statement)
    return ranked_by(statements, space.covered)


def ranking(shape: Shape, path: TreePath, states: list[str]) -> tuple[int, ...]:
    """Places of the states from a list of names, the best first, in which a list stands for a tie."""
    place: dict[str, int] = {}
    for at, item in enumerate(shape.items(path)):
        for each in shape.items(item):
            state = shape.one_of(each, states, "unknown-state", "a state")
            if state in place:
                hint = "keep one of the two; write [a, b] for a tie"
                shape.complain("ranked-twice", f"`{state}` is ranked already", hint, each)
            elif state:
                place[state] = at
    if missing := [state for state in states if state not in place]:
        told = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        hint = "add them, best first; write [a, b] for a tie"
        shape.complain("not-ranked", f"{told}: no place in the ranking", hint, path, key=True)
        return ()
    return tuple(place[state] for state in states)
