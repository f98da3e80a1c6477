"""What the store gives back: saved cases, runs, jobs, as frozen records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from servanda.case import dump
from servanda.case.resolved import ResolvedCase
from servanda.provenance import Provenance

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[JobState, ...] = ("queued", "running", "done", "failed", "cancelled")
RESULT, WRITTEN, RESOLVED, REPORT = "result.json", "case.yaml", "resolved.yaml", "report.html"


def digest_of(data: str | bytes) -> str:
    """SHA-256 of a text (as UTF-8) or of bytes, hexadecimal.

    >>> digest_of("")[:12]
    'e3b0c44298fc'
    """
    return sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def resolved_text(case: ResolvedCase) -> str:
    """A case with nothing implied, its history included, as the text from which a run can be done again."""
    return dump(case.history or case)


def others_beside(cases: Iterable[tuple[str, ResolvedCase]]) -> dict[str, bytes]:
    """The files of further cases of a run (as written, and as read), which `cases_of` finds again."""
    return {
        f"others/{number:03}/{name}": text.encode()
        for number, (written, case) in enumerate(cases, start=1)
        for name, text in ((WRITTEN, written), (RESOLVED, resolved_text(case)))
    }


def cases_of(files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Digests of every case of a run as written and as resolved, the first first; `files` of a `SavedRun`.

    >>> cases_of({"case.yaml": "a", "resolved.yaml": "b", "others/001/case.yaml": "c", "others/001/resolved.yaml": "d"})
    (('a', 'b'), ('c', 'd'))
    """
    beside = {
        name.removesuffix(WRITTEN) for name in files if name.startswith("others/") and name.endswith(f"/{WRITTEN}")
    }
    return tuple((files[f"{folder}{WRITTEN}"], files[f"{folder}{RESOLVED}"]) for folder in ("", *sorted(beside)))


@dataclass(frozen=True, slots=True)
class CaseVersion:
    """One version of a saved case without its text; `digest` is the SHA-256 of the text as written."""

    name: str
    title: str
    version: int
    digest: str
    saved_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class SavedCase:
    """One version of a saved case; `digest` is the SHA-256 of the text as written, `saved_at` UTC."""

    name: str
    title: str
    version: int
    text: str
    digest: str
    saved_at: datetime
    note: str = ""


@dataclass(frozen=True)
class NewRun:
    """A finished piece of work to be kept.

    kind: what was done, such as `run` or `forecast`; case, title: of the case; text, resolved: the case as written and
    with nothing implied (`resolved_text`); headline: the answer in one sentence; result: the whole record as JSON can
    carry it; provenance; seconds: how long it took; version: of the saved case, if it was one; scenario: `set`
    (parameter values) and `off` (frictions switched off); options: what else was asked for, by which the work can be
    done again; files: further files by name, such as `report.html`.
    """

    kind: str
    case: str
    text: str
    resolved: str
    headline: str
    result: Any
    provenance: Provenance
    seconds: float
    title: str = ""
    version: int | None = None
    scenario: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedRun:
    """A kept run; the contents of its files are blobs of the store.

    `digest` is that of its provenance (of the resolved case), `written` the SHA-256 of the text as written, `files`
    maps names to digests; `result.json`, `case.yaml` and `resolved.yaml` are always among them. `created` is UTC.
    """

    id: str
    kind: str
    case: str
    title: str
    version: int | None
    scenario: Mapping[str, Any]
    options: Mapping[str, Any]
    digest: str
    written: str
    created: datetime
    seconds: float
    headline: str
    provenance: Provenance
    files: Mapping[str, str]


@dataclass(frozen=True)
class Job:
    """Long work: what was asked, how far it is, and what became of it.

    `request` is as it was added; `progress` lies between 0 and 1; `beaten` is the last sign of life of its worker
    (`owner`); `attempts` counts how often it was taken up; `run` is the kept run of a job that is done.
    """

    id: str
    kind: str
    case: str
    request: Mapping[str, Any]
    state: JobState
    progress: float
    stage: str
    attempts: int
    owner: str
    created: datetime
    started: datetime | None
    beaten: datetime | None
    finished: datetime | None
    cancel_asked: bool
    error: str
    run: str | None
