"""Rows of draws on disk: Parquet files that are whole or absent, and one lock for a folder.

A file is written under a temporary name, flushed to the disk and renamed. Pages carry checksums, the schema says which
study and which draws are inside, so that a torn or foreign file is never taken for a part. Nothing in a file depends on
when or in which order it was written. Arrays of more than one axis are stored flat, as lists of a fixed size; the shape
of one draw's array is in the metadata of the field.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from servanda.uncertainty.study import SweepError

SUFFIX = ".unfinished"
_ABOUT, _SHAPE = b"servanda", b"shape"
_GROUP = 1024
_TYPES = {"f": pa.float64(), "i": pa.int64(), "b": pa.bool_(), "U": pa.string()}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Part:
    """A file that holds the rows of draws `first` to `end - 1`."""

    path: Path
    first: int
    end: int


def table_of(rows: Mapping[str, NDArray[Any]], about: Mapping[str, object]) -> pa.Table:
    """Rows as a table; `about` is kept in its metadata.

    >>> table = table_of({"paths": np.zeros((2, 3, 4))}, {"study": "toy"})
    >>> table.num_rows, array_of(table["paths"], table.field("paths")).shape
    (2, (2, 3, 4))
    """
    columns, fields = [], []
    for name, values in rows.items():
        kind = values.dtype.kind
        flat = pa.array(values.ravel().tolist() if kind == "U" else values.ravel(), _TYPES[kind])
        shape = values.shape[1:]
        size = int(np.prod(shape))
        if not shape:
            column = flat
        elif size:
            inside = pa.field("item", flat.type, nullable=False)
            column = pa.FixedSizeListArray.from_arrays(flat, type=pa.list_(inside, size))
        else:
            # Parquet has no lists of length 0: a truth stands for each
            column = pa.array(np.zeros(len(values), dtype=np.bool_))
        columns.append(column)
        metadata = {_SHAPE: json.dumps(shape).encode()} if shape else None
        fields.append(pa.field(name, column.type, nullable=False, metadata=metadata))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, {_ABOUT: json.dumps(about).encode()}))


def array_of(column: pa.ChunkedArray, field: pa.Field) -> NDArray[Any]:
    """One column as an array, first axis draws."""
    whole = column.combine_chunks()
    shape = json.loads((field.metadata or {}).get(_SHAPE, b"[]"))
    if 0 in shape:
        return np.empty((len(whole), *shape))
    flat = whole.flatten() if shape else whole
    values = flat.to_numpy(zero_copy_only=False)
    if pa.types.is_string(flat.type):
        values = values.astype(np.str_)
    return np.asarray(values).reshape(len(whole), *shape)


def about(path: Path) -> dict[str, Any]:
    """What the file says of itself: `study`, `first`, `end`.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no whole file of rows.
    """
    told = pq.read_schema(path).metadata or {}
    if _ABOUT not in told:
        raise ValueError(f"{path} holds no rows of a sweep")
    found = json.loads(told[_ABOUT])
    if not isinstance(found, dict):
        raise TypeError(f"{path} holds no rows of a sweep")
    return found


def part_name(first: int, end: int) -> str:
    """Name of the file for draws `first` to `end - 1`; names sort as draws do."""
    return f"draws-{first:09d}-{end:09d}.parquet"


def write_part(folder: Path, rows: Mapping[str, NDArray[Any]], study: str, first: int, end: int) -> Part:
    """Keep the rows of one range of draws.

    Raises
    ------
    SweepError
        If the disk is full or cannot be written.
    """
    path = folder / part_name(first, end)
    _written(path, [table_of(rows, {"study": study, "first": first, "end": end})])
    return Part(path, first, end)


def whole_parts(folder: Path, study: str) -> list[Part]:
    """The parts in a folder that are whole and of this study, in order; what is torn, foreign or unfinished goes."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        path.unlink(missing_ok=True)
    for path in sorted(folder.glob("draws-*.parquet")):
        part = _whole(path, study)
        if part is None:
            path.unlink(missing_ok=True)
        else:
            found.append(part)
    return found


def _whole(path: Path, study: str) -> Part | None:
    try:
        says = about(path)
        first, end = int(says["first"]), int(says["end"])
        if says["study"] != study or path.name != part_name(first, end):
            return None
        # every page is read, and with it every checksum
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read()
        right = np.array_equal(table["draw"].to_numpy(), np.arange(first, end))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Part(path, first, end) if right else None


def merge(path: Path, parts: Iterable[Part], study: str, count: int) -> None:
    """Write draws 0 to `count - 1` from the parts that cover them into one file, the same whatever the parts are.

    Raises
    ------
    SweepError
        If the disk is full or cannot be written.
    ValueError
        If a draw is in no part, or parts have different columns.
    """
    _written(path, _groups(sorted(parts, key=lambda part: part.first), study, count))


def _groups(parts: list[Part], study: str, count: int) -> Iterator[pa.Table]:
    metadata = {_ABOUT: json.dumps({"study": study, "first": 0, "end": count}).encode()}
    waiting: list[pa.Table] = []
    at = held = 0
    for part in parts:
        if part.end <= at or at >= count:
            continue
        if part.first > at:
            break
        with pq.ParquetFile(part.path) as file:
            table = file.read().slice(at - part.first, min(part.end, count) - at)
        waiting.append(table.replace_schema_metadata(metadata))
        if not waiting[0].schema.equals(waiting[-1].schema, check_metadata=True):
            raise ValueError(f"{part.path.name} has other columns than the parts before it")
        held += len(table)
        at += len(table)
        while held >= _GROUP or (held and at >= count):
            whole = pa.concat_tables(waiting).combine_chunks()
            yield whole.slice(0, _GROUP)
            waiting = [whole.slice(_GROUP)]
            held = len(waiting[0])
    if at < count:
        raise ValueError(f"draw {at} is in no part")


def _written(path: Path, tables: Iterable[pa.Table]) -> None:
    with finished(path) as unfinished, unfinished.open("wb") as file:
        writer = None
        for table in tables:
            # Copied whole, so that pages do not end where parts did.
            table = pa.concat_tables([table, table.slice(0, 0)]).combine_chunks()
            if writer is None:
                writer = pq.ParquetWriter(file, table.schema, compression="zstd", write_page_checksum=True)
            writer.write_table(table, row_group_size=_GROUP)
        if writer is not None:
            writer.close()
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def finished(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that becomes `path` if all goes well, and goes if not.

    Raises
    ------
    SweepError
        If the disk is full or cannot be written.
    """
    unfinished = path.with_name(f".{path.name}{SUFFIX}")
    try:
        yield unfinished
        unfinished.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        kept = "; what was finished is kept, and the same sweep goes on from there once there is room"
        raise SweepError(f"{path} cannot be written: {reason}{kept if error.errno in _FULL else ''}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Make a renaming last through a loss of power."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes from sweeping in the same folder; the lock goes with the process, however it ends.

    Raises
    ------
    SweepError
        If another process sweeps there.
    """
    with (folder / "lock").open("ab") as file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SweepError(
                    f"another sweep is writing to {folder}: wait for it, or choose another folder"
                ) from None
        yield
