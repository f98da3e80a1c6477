"""The register of forecasts: a dated record that is only ever added to, so that nobody can be wise after the event.

A text file, one entry a line, each line canonical JSON (sorted keys, no spaces, ASCII). An entry carries its number,
the time, the SHA-256 of the entry before it and its own SHA-256: changing, dropping or swapping anything breaks the
chain from there on. What a chain cannot show is that its *end* was cut off or that the whole of it was written anew;
whoever must be convinced keeps the last digest (`Verified.head`) elsewhere and hands it to `verify`.

Entries are forecasts, outcomes and repairs. An outcome does not touch the forecasts that it settles, and a later
outcome of the same question corrects an earlier one in front of everybody. Writers lock the file and wait for the disk.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from servanda.errors import ServandaError

_OPENING = "0" * 64
_DIGEST = "sha256"


class RegisterError(ServandaError):
    """The register cannot be read or added to as it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what was answered: probability, 80 % band, standard words, level of confidence.

    `benchmarks` are (name, probability, source) of the naive forecasts.
    """

    question: str
    text: str
    timing: Literal["at", "by"]
    date: date
    probability: float
    low: float
    high: float
    words: str
    confidence: str = ""
    benchmarks: tuple[tuple[str, float, str], ...] = ()

    def __post_init__(self) -> None:
        numbers = [self.probability, self.low, self.high, *(p for _, p, _ in self.benchmarks)]
        if not all(0.0 <= p <= 1.0 for p in numbers):
            raise ValueError(f"{self.question}: a probability lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What is published together: `digest` of the resolved case, `engine` of the program, `settings` as text."""

    case: str
    as_of: date
    digest: str
    engine: str
    settings: tuple[tuple[str, str], ...]
    questions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question, on which day that was settled, and who says so; `happened` None annuls the question.

    It settles every forecast of this question for this date (the question's own) in the register.
    """

    case: str
    question: str
    happened: bool | None
    settled: date
    source: str
    date: date


@dataclass(frozen=True, slots=True)
class Repair:
    """Bytes that a crash left at the end of the file, kept as hexadecimal text in the entry that replaced them."""

    torn: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its number from 1, when it was written (UTC), what it holds, and its digest."""

    number: int
    time: datetime
    what: Forecasts | Outcome | Repair
    sha256: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking a register found.

    `entries` are sound from the first; `broken_at` is the number of the first line that is not (None if all are) and
    `reason` says why; `torn` if that is an unfinished last line, which `mend` can set aside. `head` is the digest of
    the last sound entry.
    """

    entries: int
    broken_at: int | None
    reason: str
    torn: bool
    head: str

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken_at is None


def default_register() -> Path:
    """The user's register (`XDG_DATA_HOME`, else `~/.local/share`)."""
    root = os.environ.get("XDG_DATA_HOME")
    return (Path(root) if root else Path.home() / ".local" / "share") / "servanda" / "forecasts.jsonl"


def publish(what: Forecasts | Outcome, path: Path | None = None, *, now: datetime | None = None) -> Entry:
    """Add an entry to a register (the user's, unless a path is given) and wait until it is on the disk.

    Raises
    ------
    RegisterError
        If the register does not verify, or cannot be written. Nothing is added then.

    >>> from tempfile import TemporaryDirectory
    >>> asked = Asked("war", "War before 2027?", "by", date(2027, 1, 1), 0.07, 0.02, 0.15, "very unlikely")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "forecasts.jsonl"
    ...     entry = publish(Forecasts("us-iran", date(2025, 1, 1), "c0ffee", "1", (), (asked,)), path)
    ...     entry.number, verify(path).sound, entries(path) == (entry,)
    (1, True, True)
    """
    time = (now or datetime.now(UTC)).astimezone(UTC)
    with _opened(path or default_register(), write=True) as file:
        data = file.read()
        found, checked = check_chain(data)
        if not checked.sound:
            hint = "; look at it, then let `mend` set the unfinished line aside" if checked.torn else ""
            raise RegisterError(f"{file.path}, line {checked.broken_at}: {checked.reason}{hint}")
        entry, line = chain(what, len(found) + 1, time, checked.head)
        file.write(line, len(data))
    return entry


def verify(path: Path | None = None, *, head: str = "") -> Verified:
    """Check every line of a register.

    Parameters
    ----------
    head : digest of an entry that must be in it, kept elsewhere; it shows whether the end was cut off or all rewritten

    Raises
    ------
    RegisterError
        If there is no such file, or it cannot be read.
    """
    found, checked = check_chain(_data(path))
    if head and checked.sound and all(entry.sha256 != head for entry in found):
        reason = f"the entry {head[:12]}… is missing: the register was cut off or written anew"
        return Verified(checked.entries, checked.entries + 1, reason, torn=False, head=checked.head)
    return checked


def entries(path: Path | None = None) -> tuple[Entry, ...]:
    """All entries of a register.

    Raises
    ------
    RegisterError
        If it cannot be read, or does not verify.
    """
    found, checked = check_chain(_data(path))
    if not checked.sound:
        raise RegisterError(f"{path or default_register()}, line {checked.broken_at}: {checked.reason}")
    return tuple(found)


def mend(path: Path | None = None, *, now: datetime | None = None) -> Entry:
    """Put an entry that says so, and keeps the bytes, in the place of an unfinished last line.

    Raises
    ------
    RegisterError
        If the register is not torn at its end, or broken elsewhere: what was tampered with is never mended.
    """
    time = (now or datetime.now(UTC)).astimezone(UTC)
    with _opened(path or default_register(), write=True) as file:
        data = file.read()
        found, checked = check_chain(data)
        if not checked.torn:
            why = f"line {checked.broken_at}: {checked.reason}" if checked.broken_at else "no line is unfinished"
            raise RegisterError(f"{file.path} cannot be mended: {why}")
        whole = data.rfind(b"\n") + 1
        entry, line = chain(Repair(data[whole:].hex()), len(found) + 1, time, checked.head)
        # longer than what it replaces: a crash in the middle of this leaves a torn line again
        file.write(line, whole)
    return entry


class _File:
    """An open, locked register."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    def read(self) -> bytes:
        size = os.fstat(self._handle).st_size
        parts, at = [], 0
        while at < size and (part := os.pread(self._handle, size - at, at)):
            parts.append(part)
            at += len(part)
        return b"".join(parts)

    def write(self, line: bytes, at: int) -> None:
        before = os.pread(self._handle, len(line), at)
        try:
            done = 0
            while done < len(line):
                done += os.pwrite(self._handle, line[done:], at + done)
            os.fsync(self._handle)
            if at == 0:
                self._keep_name()
        except OSError:
            # a full disk must not leave half an entry that nobody was promised
            os.ftruncate(self._handle, at + len(before))
            os.pwrite(self._handle, before, at)
            raise

    def _keep_name(self) -> None:
        """Wait until the folder is on the disk: without it, a new file has no name there."""
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _opened(path: Path, *, write: bool) -> Iterator[_File]:
    try:
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC if write else os.O_RDONLY | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if write else fcntl.LOCK_SH)
            yield _File(path, handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise RegisterError(f"the register {path}: {error.strerror}") from error


def _data(path: Path | None) -> bytes:
    with _opened(path or default_register(), write=False) as file:
        return file.read()


def _canonical(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


_KINDS: dict[str, type] = {"forecasts": Forecasts, "outcome": Outcome, "repair": Repair}


def chain(what: Forecasts | Outcome | Repair, number: int, time: datetime, previous: str) -> tuple[Entry, bytes]:
    """An entry that follows the one whose digest is `previous`, and its line."""
    kind = next(name for name, made in _KINDS.items() if isinstance(what, made))
    body: dict[str, object] = {
        "kind": kind,
        "number": number,
        "previous": previous,
        "time": time.isoformat(),
        kind: _plain(asdict(what)),
    }
    digest = sha256(_canonical(body)).hexdigest()
    return Entry(number, time, what, digest), _canonical({**body, _DIGEST: digest}) + b"\n"


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {k: _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case date():
            return value.isoformat()
    return value


def check_chain(data: bytes) -> tuple[list[Entry], Verified]:
    """The sound entries of a register's bytes, from the first, and what checking them found."""
    found: list[Entry] = []
    head = _OPENING
    *whole, rest = data.split(b"\n")
    for number, line in enumerate(whole, start=1):
        entry = _entry(line, number, head)
        if isinstance(entry, str):
            return found, Verified(len(found), number, entry, torn=False, head=head)
        found.append(entry)
        head = entry.sha256
    if rest:
        reason = f"an unfinished line of {len(rest)} bytes, as a crash leaves it"
        return found, Verified(len(found), len(found) + 1, reason, torn=True, head=head)
    return found, Verified(len(found), None, "", torn=False, head=head)


def _entry(line: bytes, number: int, previous: str) -> Entry | str:
    """The entry in a line, or what is wrong with it."""
    try:
        body = json.loads(line)
        written = _canonical(body) == line
    except (ValueError, RecursionError):
        return "no JSON"
    if not isinstance(body, dict) or not written:
        return "not written as this program writes it"
    if sha256(_canonical({k: v for k, v in body.items() if k != _DIGEST})).hexdigest() != body.get(_DIGEST):
        return "its digest is not that of its content"
    if body.get("previous") != previous:
        return "it does not follow the line before it"
    if body.get("number") != number:
        return f"it is numbered {body.get('number')}"
    try:
        kind = body["kind"]
        return Entry(number, datetime.fromisoformat(body["time"]), _made(kind, body[kind]), body[_DIGEST])
    except (KeyError, TypeError, ValueError) as error:
        return f"it holds no entry that this program knows ({error})"


def _made(kind: str, value: dict[str, Any]) -> Forecasts | Outcome | Repair:
    if kind == "repair":
        return Repair(**value)
    if kind == "outcome":
        return Outcome(**{**value, **{k: date.fromisoformat(value[k]) for k in ("date", "settled")}})
    questions = tuple(
        Asked(
            **{
                **q,
                "date": date.fromisoformat(q["date"]),
                "benchmarks": tuple((n, p, s) for n, p, s in q["benchmarks"]),
            }
        )
        for q in value["questions"]
    )
    settings = tuple((k, v) for k, v in value["settings"])
    return Forecasts(
        **{**value, "as_of": date.fromisoformat(value["as_of"]), "settings": settings, "questions": questions}
    )
