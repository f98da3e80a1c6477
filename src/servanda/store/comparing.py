"""Whether two records of the same work hold the same numbers, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# what tells of the machine and the moment, and places in a file that the resolved case no longer has
UNLIKE = frozenset({"timings", "seconds", "peak_memory_mb", "made_at", "versions", "warnings", "file", "where"})
ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Unlike:
    """One value that differs: its dotted path, and both values as JSON writes them."""

    path: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}: {self.before}, now {self.after}"


def unlike(before: Any, after: Any) -> tuple[Unlike, ...]:
    """Every value in which two records differ; times, memory, versions and warnings are left out.

    >>> [str(found) for found in unlike({"a": [1.0, 0.1 + 0.2], "seconds": 3}, {"a": [1.0, 0.3], "seconds": 4})]
    ['a.1: 0.30000000000000004, now 0.3']
    """
    return tuple(_unlike("", before, after))


def numbers_in(record: Any) -> int:
    """How many numbers a record holds, of those that are compared.

    >>> numbers_in({"a": [1, 2.5, "nan"], "b": True, "seconds": 3})
    2
    """
    if isinstance(record, Mapping):
        return sum(numbers_in(part) for key, part in record.items() if key not in UNLIKE)
    if isinstance(record, Sequence) and not isinstance(record, str):
        return sum(numbers_in(part) for part in record)
    return int(isinstance(record, int | float) and not isinstance(record, bool))


def _unlike(path: str, before: Any, after: Any) -> Iterator[Unlike]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            if key not in UNLIKE:
                inner = f"{path}.{key}" if path else str(key)
                yield from _unlike(inner, before.get(key, ABSENT), after.get(key, ABSENT))
    elif _is_list(before) and _is_list(after) and len(before) == len(after):
        for position, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _unlike(f"{path}.{position}" if path else str(position), one, other)
    elif type(before) is not type(after) or before != after:
        yield Unlike(path, _shown(before), _shown(after))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) or _is_list(value):
        return f"{len(value)} entries"
    return repr(value) if isinstance(value, float) else str(value)
