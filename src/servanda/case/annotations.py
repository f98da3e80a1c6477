"""What the annotations of the models say: the parts of a union, and whether they are an alias of ours."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin


def parts_of(hint: Any) -> tuple[Any, ...]:
    """The types that an annotation allows, None left out.

    >>> parts_of(int | tuple[str, ...] | None)
    (<class 'int'>, tuple[str, ...])
    """
    if get_origin(hint) is Annotated:
        return parts_of(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return tuple(part for each in get_args(hint) if each is not type(None) for part in parts_of(each))
    return (hint,)


def is_alias(hint: Any, alias: Any) -> bool:
    """Whether an annotation is this alias, or this alias or nothing.

    >>> is_alias(int | None, int), is_alias(str, int)
    (True, False)
    """
    if get_origin(hint) in (Union, UnionType):
        return any(is_alias(part, alias) for part in get_args(hint))
    return bool(hint == alias)
