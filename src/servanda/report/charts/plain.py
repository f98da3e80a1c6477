"""Texts made fit for a chart: one line each, without control characters, no two alike.

Chart specifications carry titles inside expressions, whose language refuses the line and paragraph separators that
JSON and HTML allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar

Record = TypeVar("Record")


def one_line(text: str) -> str:
    r"""The text with every run of control characters, separators and blanks as one space.

    >>> one_line("a\u2028 b\tc")
    'a b c'
    """
    if text.isprintable() and "  " not in text:
        return text
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def plain(record: Record) -> Record:
    """An equal record in which every text, at any depth of records and tuples, is one line."""
    return _plain(record)  # type: ignore[return-value]


def _plain(value: object) -> object:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, tuple):
        # Long series hold numbers, or dates, and nothing else: their first entry tells.
        if value and not isinstance(value[0], (str, tuple)) and not is_dataclass(value[0]):
            return value
        return tuple(_plain(part) for part in value)
    if is_dataclass(value) and not isinstance(value, (type, Enum)):
        return replace(value, **{f.name: _plain(getattr(value, f.name)) for f in fields(value)})
    return value


def distinct(named: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A title for each name: its own, with the name behind it where another name has the same title.

    >>> distinct([("a", "Treaty"), ("b", "Freeze"), ("c", "Treaty")])
    {'a': 'Treaty (a)', 'b': 'Freeze', 'c': 'Treaty (c)'}
    """
    titles = dict(named)
    count = Counter(titles.values())
    return {name: title if count[title] == 1 else f"{title} ({name})" for name, title in titles.items()}
