"""Tree to written case: what is wrong with its shape, and what can still be read beside that.

A node that its model refuses is reported, cut out, and the rest is read again, so that names and expressions
elsewhere are checked in the same run. Names that were cut out are remembered: using them is no second error.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from servanda.case.document import Document, Tree, TreePath, clip, dotted
from servanda.case.messages import did_you_mean
from servanda.case.models import Case
from servanda.case.shape import fields_of, models_at
from servanda.errors import Issue

_MOST_ROUNDS = 12
_PLACEHOLDERS: dict[str, Tree] = {
    "case": "unreadable",
    "title": "unreadable",
    "start": "2000-01-01",
    "period": "year",
    "horizon": "1 years",
    "sides": {},
    "actors": {},
    "payoffs": {},
}
_WANTED = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
}
_HOW = {"a mapping": "write `key: value` lines below it", "a list": "write [a, b] or lines that begin with a dash"}


@dataclass(frozen=True)
class Structure:
    """A written case as far as it can be read; `complete` if nothing was cut out."""

    written: Case | None
    issues: tuple[Issue, ...]
    unreadable: frozenset[str]
    complete: bool


def structure(document: Document, found: list[Issue]) -> Structure:
    """Validate the tree of a document; `found` are the issues of the reader."""
    if not isinstance(document.tree, dict):
        stopped = bool(found)
        issue = document.issue("not-a-mapping", "a case is a mapping of keys", "start with `case: name-of-the-case`")
        return Structure(None, () if stopped else (issue,), frozenset(), False)
    tree = deepcopy(document.tree)
    unreadable: set[str] = set()
    nulls = {issue.path for issue in found if issue.code == "null-value"}
    empty = [path for path in document.values if nulls and path and dotted(path) in nulls]
    for path in empty:
        _cut(tree, path, unreadable)
    issues: list[Issue] = []
    for attempt in range(_MOST_ROUNDS):
        try:
            written = Case.model_validate(tree)
        except ValidationError as failure:
            errors = failure.errors(include_url=False)
        else:
            return Structure(written, tuple(issues), frozenset(unreadable), complete=not unreadable)
        cuts: list[TreePath] = []
        for error in errors:
            path, missing = _path_of(error, tree)
            if attempt == 0 and not (missing and dotted((*path, missing)) in nulls):
                issues.append(_issue(error, path, missing, document))
            cuts.append(path)
        for path in cuts:
            _cut(tree, path, unreadable)
        for key, value in _PLACEHOLDERS.items():
            tree.setdefault(key, deepcopy(value))
    return Structure(None, tuple(issues), frozenset(unreadable), False)


def _path_of(error: Any, tree: Tree) -> tuple[TreePath, str]:
    """Path in the file of a pydantic location, and the key that is missing there, if one is."""
    location = list(error["loc"])
    missing = str(location.pop()) if error["type"] == "missing" else ""
    path: list[str | int] = []
    node: Any = tree
    for step in location:
        inside_list = isinstance(node, list) and isinstance(step, int) and step < len(node)
        if inside_list or (isinstance(node, dict) and step in node):
            node = node[step]
        else:
            # A tag of a union (`stock`), the mark of a key, or a level that only the model has.
            continue
        path.append(step)
    return tuple(path), missing


def _issue(error: Any, path: TreePath, missing: str, document: Document) -> Issue:
    code, context = error["type"], error.get("ctx", {})
    at_key = error["loc"][-1] == "[key]"
    name = f"`{clip(str(path[-1]))}`" if path else "the case"
    if missing:
        about = _description(path, missing, document.tree)
        return document.issue("missing-key", f"{name} needs `{missing}`", about, path=path, key=True)
    if code == "extra_forbidden":
        known = [key for model in models_at(path[:-1], document.tree) for key in fields_of(model)]
        return document.issue(
            "unknown-key", f"{name} is not a key here", did_you_mean(str(path[-1]), known), path=path, key=True
        )
    if code == "union_tag_not_found":
        return document.issue(
            "missing-key", f"{name} needs `kind`", "write `kind: office`, stock or condition", path=path, key=True
        )
    if code == "union_tag_invalid":
        place = (*path, "kind")
        message = f"`{clip(str(context.get('tag', '')))}` is not a kind of variable"
        return document.issue("unknown-kind", message, "write office, stock or condition", path=place)
    if code in _WANTED:
        wanted = _WANTED[code]
        return document.issue("wrong-type", f"{name} must be {wanted}", _HOW[wanted], path=path)
    if code == "literal_error":
        expected = str(context["expected"]).replace("'", "")
        message = f"`{clip(str(error['input']))}` is not one of {expected}"
        return document.issue("wrong-type", message, f"write {expected}", path=path)
    if code == "too_short":
        message = f"{name} needs at least {context['min_length']}"
        return document.issue("too-few", message, "add what is missing, or delete the key", path=path, key=True)
    if code == "greater_than":
        return document.issue("wrong-type", f"{name} must be greater than 0", "give a positive number", path=path)
    if "text" in context:
        return document.issue(code, context["text"], context["hint"], path=path, key=at_key)
    return document.issue("wrong-type", error["msg"], "see the reference of the case language", path=path)


def _description(path: TreePath, key: str, tree: Tree) -> str:
    for model in models_at(path, tree):
        for name, info in model.model_fields.items():
            if (info.alias or name) == key and info.description:
                return f"{key}: {info.description}"
    return f"add `{key}`"


def _cut(tree: dict[str, Tree], path: TreePath, unreadable: set[str]) -> None:
    """Take a node out of the tree; out of a list, the whole list, so that the other paths stay true."""
    *steps, last = path or ("",)
    node: Any = tree
    for position, step in enumerate(steps):
        if not isinstance(node, dict | list) or (isinstance(node, dict) and step not in node):
            return
        if isinstance(node, list):
            _cut(tree, path[:position], unreadable)
            return
        node = node[step]
    if isinstance(node, list):
        _cut(tree, path[:-1], unreadable)
    elif isinstance(node, dict) and isinstance(last, str) and last in node:
        unreadable.update((last, *_texts(node.pop(last))))


def _texts(tree: Tree) -> list[str]:
    found: list[str] = []
    waiting: list[Tree] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, list):
            waiting.extend(node)
        else:
            found.extend(node)
            waiting.extend(node.values())
    return found
