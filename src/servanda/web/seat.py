"""A solver process and the thread that talks to it, keeps its time, and replaces it where time or room ends."""

from __future__ import annotations

import json
import logging
import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from servanda.web.limits import Limits
from servanda.web.problems import Problem
from servanda.web.solving import LONGEST_MESSAGE

Key = tuple[str, str, str]
"""Digest of the text, function, payload as canonical JSON."""
SLACK = 6.0
_log = logging.getLogger("servanda.web")


@dataclass(frozen=True, slots=True)
class Told:
    """What a process said: `kind` is `ok`, `case`, `problem` or `fault`, `body` its JSON."""

    kind: str
    body: bytes


@dataclass(eq=False)
class Question:
    """One question on its way to a process; `waiters` counts who waits for it."""

    key: Key
    message: bytes
    seconds: float
    background: bool
    asked: float = field(default_factory=time.monotonic)
    future: Future[Told] = field(default_factory=Future)
    waiters: int = 0
    started: bool = False

    @property
    def digest(self) -> str:
        """Digest of the text that is asked about."""
        return self.key[0]

    def end(self, outcome: Told | BaseException) -> None:
        """Give everybody who waits the answer, or the reason why there is none."""
        if self.future.done():
            return
        if isinstance(outcome, Told):
            self.future.set_result(outcome)
        else:
            self.future.set_exception(outcome)


class Desk(Protocol):
    """Where a seat gets its questions."""

    def take(self, seat: Seat) -> Question | None:
        """The next question, after waiting for one; None when all ends."""

    def ended(self, question: Question, outcome: Told | BaseException) -> None:
        """A question has its answer, or none."""

    def replaced(self) -> None:
        """A process had to be ended."""


class _TimeOutError(Exception):
    """The process did not answer in time."""


class _GoneError(Exception):
    """The process ended without an answer; the argument is its exit code, negative for a signal."""


class Seat:
    """A thread that outlives the processes it starts one after the other; each ends with it.

    Parameters
    ----------
    desk : where questions come from
    limits : what answering may cost
    settings : told to the process
    """

    def __init__(self, desk: Desk, limits: Limits, settings: Mapping[str, Any]) -> None:
        self._thread = threading.Thread(target=self._work, name="servanda-solver", daemon=True)
        self._desk = desk
        self._limits = limits
        self._settings = json.dumps({**settings, "parent": os.getpid()})
        self._process: subprocess.Popen[bytes] | None = None
        self._over = False
        self.idle = True
        self.held: tuple[str, ...] = ()

    @property
    def pid(self) -> int | None:
        """The process, if there is one."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin to answer questions."""
        self._thread.start()

    def end(self, seconds: float = 10.0) -> None:
        """End for good: whoever waits for an answer is told that there is none."""
        self._over = True
        if (process := self._process) is not None:
            process.kill()
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            self._ready_process()
        except (OSError, RuntimeError, _GoneError) as error:
            # tried again when somebody asks
            if not self._over:
                _log.warning("%s", error)
        while (question := self._desk.take(self)) is not None:
            try:
                self._answer(question)
            except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
                _log.exception("a solver process cannot be used")
                self._end_process()
                self._desk.ended(question, error)
        self._end_process()

    def _answer(self, question: Question) -> None:
        for attempt in (1, 2):
            try:
                told = self._asked(question)
            except _TimeOutError:
                self._replace()
                self._desk.ended(question, _too_slow(question.seconds))
                return
            except _GoneError as gone:
                self._replace()
                # killed from outside, perhaps; a process without room ends otherwise
                if attempt == 1 and gone.args[0] == -signal.SIGKILL and not self._over:
                    continue
                self._desk.ended(question, closing() if self._over else _too_large(self._limits))
                return
            if told.kind != "full":
                self._desk.ended(question, told)
                return
            self._replace()
            if attempt == 2 or not json.loads(told.body):
                self._desk.ended(question, _too_large(self._limits))
                return

    def _asked(self, question: Question) -> Told:
        process = self._ready_process()
        deadline = _Deadline(process.pid, question.seconds)
        self._send(process, question.message, deadline)
        head = json.loads(self._receive(process, deadline))
        body = self._receive(process, deadline)
        self.held = tuple(head["held"])
        return Told(head["kind"], body)

    def _replace(self) -> None:
        self._end_process()
        self._desk.replaced()

    def _end_process(self) -> None:
        """End the process at once; another one is started when it is needed."""
        process, self._process, self.held = self._process, None, ()
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def _ready_process(self) -> subprocess.Popen[bytes]:
        """The process, started if there is none."""
        if self._process is not None and self._process.poll() is not None:
            self._end_process()
        if self._process is None and not self._over:
            command = [sys.executable, "-P", "-m", "servanda.web.solving", self._settings]
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._limits.environment(), bufsize=0,
                start_new_session=True,
            )  # fmt: skip
            assert self._process.stdin is not None
            os.set_blocking(self._process.stdin.fileno(), False)
            try:
                self._receive(self._process, _Deadline(self._process.pid, self._limits.start))
            except (_GoneError, _TimeOutError) as error:
                self._end_process()
                raise RuntimeError("a solver process does not start; the log says why") from error
        if self._process is None:
            raise _GoneError(0)
        return self._process

    def _send(self, process: subprocess.Popen[bytes], message: bytes, deadline: _Deadline) -> None:
        assert process.stdin is not None
        pipe = process.stdin.fileno()
        left = memoryview(len(message).to_bytes(4, "big") + message)
        while left:
            _wait_for(pipe, select.POLLOUT, deadline)
            try:
                left = left[os.write(pipe, left) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise _GoneError(process.wait()) from error

    def _receive(self, process: subprocess.Popen[bytes], deadline: _Deadline) -> bytes:
        length = int.from_bytes(self._exactly(process, 4, deadline), "big")
        if length > LONGEST_MESSAGE:
            raise ValueError("a solver process says what is no message")
        return self._exactly(process, length, deadline)

    def _exactly(self, process: subprocess.Popen[bytes], length: int, deadline: _Deadline) -> bytes:
        assert process.stdout is not None
        pipe = process.stdout.fileno()
        found = bytearray()
        while len(found) < length:
            _wait_for(pipe, select.POLLIN, deadline)
            part = os.read(pipe, min(1 << 20, length - len(found)))
            if not part:
                raise _GoneError(process.wait())
            found += part
        return bytes(found)


class _Deadline:
    """The end of a process's time: so many seconds, or more while other programs keep the processor from it.

    A busy machine makes nothing too large: what counts is the processor's time, up to `SLACK` times as long.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid = pid
        self._seconds = seconds
        self._begun, self._used = time.monotonic(), _processor_seconds(pid)

    @property
    def left(self) -> float:
        """Seconds until it has to be looked at again, 0 when the time is over."""
        gone = time.monotonic() - self._begun
        if gone < self._seconds:
            return self._seconds - gone
        used = _processor_seconds(self._pid) - self._used
        if used >= self._seconds or gone >= SLACK * self._seconds:
            return 0.0
        return min(1.0, self._seconds - used, SLACK * self._seconds - gone)


def _processor_seconds(pid: int) -> float:
    """Processor time that a process has used; infinite where the system does not tell it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return math.inf


def _wait_for(pipe: int, event: int, deadline: _Deadline) -> None:
    """Wait until a pipe can be read or written.

    Raises
    ------
    _TimeOutError
        If it cannot be in time.
    """
    poll = select.poll()
    poll.register(pipe, event)
    while (left := deadline.left) > 0.0:
        if poll.poll(1000.0 * left):
            return
    raise _TimeOutError


def closing() -> Problem:
    """What is said while the server stops."""
    return Problem(503, "busy", "the server is stopping", headers={"Retry-After": "5"})


def _too_slow(seconds: float) -> Problem:
    said = f"answering took longer than {seconds:g} seconds and was stopped"
    hint = "start a job instead, or make the case smaller"
    return Problem(503, "too-slow", said, hint, headers={"Retry-After": "10"})


def _too_large(limits: Limits) -> Problem:
    said = f"answering would take more than {limits.memory_mb:,} MB of memory"
    return Problem(422, "too-large", said, "make the case smaller, or raise SERVANDA_SOLVER_MEMORY_MB")
