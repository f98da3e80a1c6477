"""All draws of a study, solved in ranges, kept as they come, merged into one Parquet file.

A sweep that was interrupted, however rudely, goes on where it stopped, and ends with the same bytes as one that was
not: a range of draws is solved the same on every executor, a part is whole or absent, and the merged file is cut into
row groups of its own. More draws of the same study reuse those there are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event
from time import perf_counter

from servanda.uncertainty.executors import Range, solved
from servanda.uncertainty.parts import Part, about, finished, held, merge, whole_parts, write_part
from servanda.uncertainty.study import Study, SweepError, checked
from servanda.uncertainty.swept import Sweep

Progress = Callable[[int, int, float], None]
"""Told draws done, draws asked for, and seconds left (nan at first)."""

CHUNK = 16
_FORMAT = 1


def sweep(
    study: Study,
    count: int,
    *,
    folder: Path,
    workers: int | None = 1,
    cluster: str | None = None,
    chunk: int = CHUNK,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> Sweep:
    """Solve draws 0 to `count - 1` of a study, or what is missing of them.

    Parameters
    ----------
    study
        What to solve; see `Study`.
    count
        Number of draws.
    folder
        Where sweeps are kept: the parts and `sweep.parquet` go into a folder of it named by the study's digest.
    workers
        Processes; 1 solves in this one, None takes one for each core. A script that takes more than one needs
        ``if __name__ == "__main__":`` around what it does.
    cluster
        Address of a Dask scheduler, or its scheduler file; then `workers` says nothing.
    chunk
        Draws solved together and kept together; the answer does not depend on it. A study that solves several draws
        at once may ask for a multiple of their number.
    progress
        Called with draws done, draws asked for, and seconds left (nan at first).
    stop
        When set, the sweep ends soon.

    Raises
    ------
    SweepError
        If another process sweeps in the same folder, the disk is full, workers die time and again, the cluster cannot
        be used, or `stop` was set (exit code 130). What was finished is kept.
    ValueError
        If `count`, `chunk` or `workers` is less than 1, or the study breaks its promise.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class Squares:
    ...     digest: str = "squares"
    ...     def solve(self, first, count):
    ...         draw = np.arange(first, first + count)
    ...         fine = {"failure": np.full(count, ""), "settled": np.full(count, True)}
    ...         return {"draw": draw, **fine, "square": draw**2.0}
    >>> with TemporaryDirectory() as folder:
    ...     done = sweep(Squares(), 100, folder=Path(folder))
    ...     done.draws, done.failed, float(done["square"].sum())
    (100, 0, 328350.0)
    """
    workers = os.cpu_count() or 1 if workers is None else workers
    if count < 1 or chunk < 1 or workers < 1:
        raise ValueError(f"a sweep needs draws, chunks and workers: {count}, {chunk}, {workers}")
    began = perf_counter()
    home = _home(folder, study)
    with held(home):
        _describe(home, study)
        parts = whole_parts(home, study.digest)
        missing = _missing(parts, count, chunk)
        resumed = count - sum(n for _, n in missing)
        done = resumed
        _tell(progress, done, count, began, resumed)
        with closing(solved(study, missing, workers=workers, cluster=cluster, stop=stop)) as answers:
            for (first, n), rows in answers:
                parts.append(write_part(home, checked(rows, first, n), study.digest, first, first + n))
                done += n
                _tell(progress, done, count, began, resumed)
        if done < count:
            raise SweepError(f"stopped after {done} of {count} draws; the same sweep goes on from there", exit_code=130)
        path = home / "sweep.parquet"
        if not _merged(path, study, count):
            merge(path, parts, study.digest, count)
    return Sweep.read(path, seconds=perf_counter() - began, resumed=resumed)


def _home(folder: Path, study: Study) -> Path:
    home = folder / study.digest[:32]
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SweepError(f"{home} cannot be made: {error.strerror or error}") from error
    return home


def _describe(home: Path, study: Study) -> None:
    """Say in the folder what it is, for people and other programs."""
    manifest = home / "manifest.json"
    text = json.dumps({"format": _FORMAT, "study": study.digest}, indent=2) + "\n"
    try:
        if manifest.read_text(encoding="utf-8") == text:
            return
    except FileNotFoundError:
        pass
    with finished(manifest) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def _missing(parts: Sequence[Part], count: int, chunk: int) -> list[Range]:
    """Chunks with a draw that is in no part; whole, since a study may solve only from certain draws on."""
    absent = bytearray(b"\1" * count)
    for part in parts:
        inside = max(min(part.end, count) - part.first, 0)
        absent[part.first : part.first + inside] = bytes(inside)
    return [
        (first, min(chunk, count - first)) for first in range(0, count, chunk) if any(absent[first : first + chunk])
    ]


def _merged(path: Path, study: Study, count: int) -> bool:
    try:
        return about(path) == {"study": study.digest, "first": 0, "end": count}
    except (OSError, ValueError, TypeError):
        return False


def _tell(progress: Progress | None, done: int, count: int, began: float, resumed: int) -> None:
    if progress is not None:
        new = done - resumed
        progress(done, count, (perf_counter() - began) / new * (count - done) if new else float("nan"))
