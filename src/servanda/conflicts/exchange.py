"""Conflicts saved by gmcr-py, the open program of the GMCR+ family: JSON with options, infeasibles and preferences.

Its states are the feasible combinations in the order of their numbers, the first option counting least; named s1, s2…
here. Preferences are a ranking where the file says so, and option prioritisation otherwise. What only its screens use,
and its coalitions, are passed over: every coalition is tested here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from servanda.case.document import Tree, TreePath
from servanda.conflicts.model import Conflict, Maker, Option
from servanda.conflicts.options import (
    MOST_OPTIONS,
    MOST_STATES,
    feasible,
    moves_of,
    ranked_by,
    states_of,
)
from servanda.conflicts.shape import Shape
from servanda.conflicts.statements import Statement

_DIRECTIONS = {"both": "both", "fwd": "take", "back": "drop"}


def is_gmcr(tree: Mapping[str, Tree]) -> bool:
    """Whether a tree is one of gmcr-py's.

    >>> is_gmcr({"decisionMakers": []}), is_gmcr({"conflict": "peace"})
    (True, False)
    """
    return "decisionMakers" in tree


def read_gmcr(shape: Shape, name: str) -> Conflict | None:
    """Read a conflict of gmcr-py; None, with issues, if no conflict can be made of it."""
    tree = shape.document.tree
    assert isinstance(tree, dict)
    for key in ("options", "infeasibles"):
        if not isinstance(tree.get(key), list):
            shape.complain("missing-key", f"`{key}` must be a list", f"add `{key}`", (key,))
    if shape.issues:
        return None
    taken: set[str] = set()
    options = []
    for path in shape.items(("options",)):
        shape.mapping(path, (), ("name",))
        title = shape.text((*path, "name"))
        told = shape.text((*path, "permittedDirection")) or "both"
        if told not in _DIRECTIONS:
            message = f"`{told}` is no direction"
            shape.complain("wrong-type", message, "write both, fwd or back", (*path, "permittedDirection"))
        options.append(Option(_name(title, taken), title, _DIRECTIONS.get(told, "both")))
    if len(options) > MOST_OPTIONS:
        shape.complain(
            "too-many", f"{len(options)} options are more than {MOST_OPTIONS}", "leave some out", ("options",)
        )
    if shape.issues:
        return None
    infeasible = [_conditions(shape, path, len(options)) for path in shape.items(("infeasibles",))]
    if shape.issues:
        return None
    masks = feasible(len(options), [each for each in infeasible if each])
    if not 0 < len(masks) <= MOST_STATES:
        code = "too-many" if len(masks) else "no-states"
        message = f"{len(masks):,} states are feasible"
        shape.complain(code, message, f"there may be 1 to {MOST_STATES:,}", ("infeasibles",))
        return None
    states, covered = states_of(masks, len(options))
    makers, owners, rank = [], [], []
    taken = set()
    for path in shape.items(("decisionMakers",)):
        shape.mapping(path, (), ("name", "options"))
        title = shape.text((*path, "name"))
        owned = [_number(shape, item, len(options), "option") for item in shape.items((*path, "options"))]
        owners.append([each for each in owned if each is not None])
        makers.append(Maker(_name(title, taken), title, tuple(options[each] for each in owners[-1])))
        rank.append(_rank(shape, path, len(options), covered))
    if [option for owned in owners for option in owned] != list(range(len(options))) and not shape.issues:
        hint = "list the options in the order of the decision makers"
        shape.complain("wrong-type", "every option needs one decision maker, in order", hint, ("decisionMakers",))
    if shape.issues:
        return None
    moves = moves_of(owners, options, covered, [])
    return Conflict(name, tuple(makers), states, moves, tuple(rank), shape.text(("title",)) or name)


def _name(title: str, taken: set[str]) -> str:
    """An identifier made of a title, unlike all before."""
    name = re.sub(r"\W+", "_", title.lower(), flags=re.ASCII).strip("_") or "unnamed"
    name = f"_{name}" if name[0].isdigit() else name
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def _number(shape: Shape, path: TreePath, limit: int, what: str) -> int | None:
    text = shape.text(path)
    if text.isdecimal() and int(text) < limit:
        return int(text)
    shape.complain(f"unknown-{what}", f"`{text}` is no number of an {what}", f"write 0 to {limit - 1}", path)
    return None


def _conditions(shape: Shape, path: TreePath, options: int) -> Statement | None:
    """[[option, Y or N], …]: all of them; {members: […]}: at least one of several."""
    node = shape.document.node(path)
    parts: list[int | str] = []
    if isinstance(node, dict):
        for at, each in enumerate(shape.items((*path, "members"))):
            if (inside := _conditions(shape, each, options)) is not None:
                parts += [*inside.parts, *(["or"] if at else [])]
        return Statement(tuple(parts)) if parts else None
    for at, each in enumerate(shape.items(path)):
        pair = shape.document.node(each)
        if not isinstance(pair, list) or len(pair) != 2 or pair[1] not in ("Y", "N"):
            shape.complain("wrong-type", "a condition is [option, Y or N]", 'write [0, "Y"]', each)
            continue
        if (option := _number(shape, (*each, 0), options, "option")) is not None:
            parts += [option, *(["not"] if pair[1] == "N" else []), *(["and"] if at else [])]
    return Statement(tuple(parts)) if parts else None


def _rank(shape: Shape, path: TreePath, options: int, covered: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    tree = shape.document.tree
    assert isinstance(tree, dict)
    manual = tree.get("useManualPreferenceRanking") == "true"
    if not manual:
        told = [_conditions(shape, item, options) for item in shape.items((*path, "preferences"))]
        return () if shape.issues else ranked_by([each for each in told if each is not None], covered)
    place: dict[int, int] = {}
    for at, item in enumerate(shape.items((*path, "preferenceRanking"))):
        for each in shape.items(item):
            text = shape.text(each)
            if text.isdecimal() and 1 <= int(text) <= len(covered):
                place.setdefault(int(text) - 1, at)
            else:
                shape.complain("unknown-state", f"`{text}` is not a state", f"write 1 to {len(covered)}", each)
    if len(place) < len(covered):
        message = f"{len(covered) - len(place)} states have no place in the ranking"
        shape.complain("not-ranked", message, "rank every state", path)
        return ()
    return tuple(place[state] for state in range(len(covered)))
