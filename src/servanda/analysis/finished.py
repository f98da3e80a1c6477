"""Finished runs, kept whole in the user's cache folder: the same question of the same case is read, not solved again.

A file is named by a digest of everything a run depends on: the resolved case, the settings, the whole program and the
numerical libraries. What is read back is made of this program's own records, dates and arrays of numbers; a file that
names anything else, or is torn, is not read at all.
"""

from __future__ import annotations

import io
import logging
import pickle
from collections.abc import Sequence
from dataclasses import is_dataclass, replace
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from typing import Any

from servanda.analysis import Progress, Settings, run
from servanda.case.resolved import ResolvedCase
from servanda.case.written import dump
from servanda.errors import Issue
from servanda.ledger import cache_folder, engine_digest
from servanda.runs import Run
from servanda.writing import replacing

_FORMAT = b"servanda finished run 1\n"
_CHECK = 16
# files beyond these are dropped, those used longest ago first
MOST_KEPT = 64
_PLAIN = {
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}
_log = logging.getLogger("servanda")


def finished(
    case: ResolvedCase,
    settings: Settings | None = None,
    progress: Progress | None = None,
    warnings: Sequence[Issue] = (),
) -> tuple[Run, bool]:
    """The run of a case under these settings, and whether it was kept from before; as `servanda.analysis.run` else.

    With `settings.fresh` nothing is read, and what is found takes the place of what was kept.

    Raises
    ------
    CaseError
        If the case makes no sense as a game (numbers out of range, too many states).
    """
    how = settings or Settings()
    path = _path(case, how)
    known = None if how.fresh else _read(path)
    if known is not None:
        return replace(known, case=case, warnings=tuple(warnings)), True
    found = run(case, how, progress, warnings)
    _keep(path, found)
    return found, False


def _path(case: ResolvedCase, how: Settings) -> Path:
    key = blake2b(engine_digest("."), digest_size=16)
    asked = replace(
        how, fresh=False, diagnosis=tuple(sorted(how.diagnosis)), overrides=dict(sorted(how.overrides.items()))
    )
    # the history behind a frozen case counts as well
    for part in (dump(case), dump(case.history) if case.history else "", repr(asked)):
        key.update(part.encode() + b"\0")
    return cache_folder() / "runs" / f"{key.hexdigest()}.run"


def _keep(path: Path, found: Run) -> None:
    body = pickle.dumps(replace(found, warnings=()), protocol=5)
    try:
        with replacing(path) as part:
            part.write_bytes(_FORMAT + blake2b(body, digest_size=_CHECK).digest() + body)
        old = sorted(path.parent.glob("*.run"), key=lambda file: file.stat().st_mtime)
        for file in old[:-MOST_KEPT]:
            file.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("the finished run cannot be kept in %s (%s)", path.parent, error.strerror)


def _read(path: Path) -> Run | None:
    try:
        data = path.read_bytes()
        path.touch()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("a finished run cannot be read from %s (%s); it is solved again", path.parent, error.strerror)
        return None
    check, body = data[len(_FORMAT) : len(_FORMAT) + _CHECK], data[len(_FORMAT) + _CHECK :]
    if data.startswith(_FORMAT) and blake2b(body, digest_size=_CHECK).digest() == check:
        try:
            found = _Records(io.BytesIO(body)).load()
        except (pickle.UnpicklingError, AttributeError, ImportError, TypeError, ValueError) as error:
            _log.warning("the finished run %s cannot be read (%s); it is solved again", path.name, error)
            return None
        if isinstance(found, Run):
            return found
    _log.warning("the finished run %s is damaged; it is solved again", path.name)
    return None


class _Records(pickle.Unpickler):
    """Reads records of this program, dates and numbers, and nothing that could do anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith("servanda.") and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum)):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no record")
