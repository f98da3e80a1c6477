"""From the path of a node to the model that describes it."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from servanda.case.document import Tree, TreePath
from servanda.case.models import Case
from servanda.case.scalars import Written


def fields_of(model: type[Written]) -> dict[str, Any]:
    """Annotation of every key as it is written in a file (``from``, not ``from_``)."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def parts_of(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of an annotation, without None and without constraints."""
    if get_origin(annotation) is Annotated:
        return parts_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(part for each in get_args(annotation) if each is not type(None) for part in parts_of(each))
    return (annotation,)


def models_at(path: TreePath, tree: Tree) -> tuple[type[Written], ...]:
    """The models that can describe the mapping at `path`; several for a variable of unknown kind."""
    kinds: tuple[Any, ...] = (Case,)
    node: Tree | None = tree
    for step in path:
        node = _child(node, step)
        kinds = tuple(part for kind in kinds for part in _step(kind, step))
        if isinstance(node, dict):
            # Where a list may stand, a mapping stands for its only entry.
            kinds = tuple(part for kind in kinds for part in (_step(kind, 0) if get_origin(kind) is list else (kind,)))
        if isinstance(node, dict) and isinstance(word := node.get("kind"), str):
            kinds = tuple(kind for kind in kinds if _has_kind(kind, word)) or kinds
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Written))


def _child(node: Tree | None, step: str | int) -> Tree | None:
    if isinstance(node, dict) and isinstance(step, str):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


def _step(kind: Any, step: str | int) -> tuple[Any, ...]:
    if isinstance(kind, type) and issubclass(kind, Written):
        fields = fields_of(kind)
        return parts_of(fields[step]) if step in fields else ()
    if get_origin(kind) is dict:
        return parts_of(get_args(kind)[1])
    if get_origin(kind) in (list, tuple):
        return parts_of(get_args(kind)[0])
    return ()


def _has_kind(kind: Any, word: str) -> bool:
    return isinstance(kind, type) and issubclass(kind, Written) and word in get_args(fields_of(kind).get("kind"))
