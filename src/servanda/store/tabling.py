"""Rows as files: Parquet for programs, CSV for people; and rows out of any record where none were kept."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TABLES = "tables/"
_NOT_FINITE = {"nan", "inf", "-inf"}
# what says how a run was made, not what it found
_NOT_FOUND_OUT = frozenset({"case", "provenance", "timings"})

Rows = Sequence[Mapping[str, Any]]


def parquet_files(tables: Mapping[str, Rows]) -> dict[str, bytes]:
    """Tables as Parquet files by name (`tables/<name>.parquet`); those without rows are left out.

    >>> sorted(parquet_files({"drafts": [{"draft": "freeze", "keep": 0.5}], "none": []}))
    ['tables/drafts.parquet']
    """
    return {f"{TABLES}{name}.parquet": _parquet(rows) for name, rows in tables.items() if rows}


def rows_of(parquet: bytes) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    from pyarrow import parquet as pq

    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(parquet)).to_pylist()
    return found


def csv_of(parquet: bytes) -> bytes:
    """A Parquet file as CSV with a heading, numbers as they are."""
    from pyarrow import csv
    from pyarrow import parquet as pq

    sink = io.BytesIO()
    csv.write_csv(pq.read_table(io.BytesIO(parquet)), sink)
    return sink.getvalue()


def tables_of(result: Any) -> dict[str, list[dict[str, Any]]]:
    """Rows by name out of the record of a run: one table for every list of entries, one row an entry.

    Numbers in a list become rows with their `position`; every row repeats what names the entries it stands in.

    >>> tables_of({"drafts": [{"draft": "freeze", "keep": 0.5, "alive": [1.0, 0.9]}]})["drafts.alive"]
    [{'drafts': 'freeze', 'position': 0, 'value': 1.0}, {'drafts': 'freeze', 'position': 1, 'value': 0.9}]
    """
    found: dict[str, list[dict[str, Any]]] = {}
    if isinstance(result, Mapping):
        result = {key: value for key, value in result.items() if key not in _NOT_FOUND_OUT}
    top = dict(_flat(result)) if isinstance(result, Mapping) else {}
    if top:
        found["summary"] = [{"name": name, "value": str(value)} for name, value in top.items() if value is not None]
    _walk(result, "", {}, found)
    return found


def _walk(value: Any, path: str, named: dict[str, Any], found: dict[str, list[dict[str, Any]]]) -> None:
    if isinstance(value, Mapping):
        for key, part in value.items():
            _walk(part, f"{path}.{key}" if path else str(key), named, found)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        rows = found.setdefault(path, []) if path and value else []
        for position, entry in enumerate(value):
            if isinstance(entry, Mapping):
                rows.append({**named, **dict(_flat(entry))})
                _walk(entry, path, {**named, path: _name(entry, position)}, found)
            elif isinstance(entry, Sequence) and not isinstance(entry, str):
                _walk(entry, f"{path}[]", {**named, path: position}, found)
            else:
                rows.append({**named, "position": position, "value": _number(entry)})
        if path in found and not found[path]:
            del found[path]


def _flat(entry: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """What an entry says itself, lists left out; parts of parts by dotted names."""
    for key, value in entry.items():
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif isinstance(value, str) or not isinstance(value, Sequence):
            yield name, _number(value)


def _name(entry: Mapping[str, Any], position: int) -> Any:
    """What an entry is called: its first text."""
    return next((value for value in entry.values() if isinstance(value, str) and value), position)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and value in _NOT_FINITE else value


def _parquet(rows: Rows) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet as pq

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: _column([row.get(name) for row in rows]) for name in names}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return sink.getvalue()


def _column(values: Sequence[Any]) -> Any:
    import pyarrow as pa

    plain = [
        v if v is None or isinstance(v, bool | int | float | str) or hasattr(v, "isoformat") else str(v) for v in values
    ]
    kinds = {type(v) for v in plain if v is not None}
    if kinds == {int, float}:
        return pa.array([None if v is None else float(v) for v in plain])
    if len(kinds) > 1:
        return pa.array([None if v is None else str(v) for v in plain])
    return pa.array(plain)
