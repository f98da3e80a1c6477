"""Questions about cases, answered in solver processes: the server itself never compiles or solves what a user wrote.

A question that is asked again while it is being answered is answered once, and finished answers are kept. Processes
prefer cases that they hold compiled; an idle one takes any case that no other idle one holds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from servanda.errors import CaseError
from servanda.web.limits import Limits
from servanda.web.problems import CODES, Problem
from servanda.web.seat import Key, Question, Seat, Told, closing
from servanda.web.solving import issue_of

SECONDS = 10.0
_LEAST_WAIT = 2.0
_log = logging.getLogger("servanda.web")


@dataclass(frozen=True)
class Tally:
    """What the solvers have done.

    computed: questions that a process answered; kept: answers read from those kept, or shared with who asked before;
    replaced: processes that had to be ended; waiting: questions that wait now.
    """

    computed: int
    kept: int
    replaced: int
    waiting: int


class Solvers:
    """A few solver processes, started when they are needed, and the questions that wait for them.

    May be used from several threads and event loops.

    Parameters
    ----------
    limits : what asking may cost; what the environment says, or the defaults, if None
    rooms : packages whose functions may be asked
    bench : where the class of compiled cases is, as ``module:name``
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        rooms: Sequence[str] = ("servanda.web",),
        bench: str = "servanda.live:Bench",
    ) -> None:
        self.limits = limits or Limits.of_environment()
        told = {"benches": self.limits.benches, "memory_mb": self.limits.memory_mb, "answer": self.limits.answer}
        self._settings = {**told, "rooms": list(rooms), "bench": bench}
        self._change = threading.Condition()
        self._waiting: list[Question] = []
        self._open: dict[Key, Question] = {}
        self._answers: OrderedDict[Key, Told] = OrderedDict()
        self._kept_bytes = 0
        self._seats: list[Seat] = []
        self._closed = False
        self._computed = self._kept = self._replaced = 0

    async def ask(
        self,
        text: str,
        function: str,
        payload: Mapping[str, Any],
        *,
        seconds: float = SECONDS,
        background: bool = False,
    ) -> dict[str, Any]:
        """Answer a question about a case.

        Parameters
        ----------
        text : the case as written
        function : ``module:name`` of a function of the workbench that takes a `Bench`, parameter values and the rest of
            the payload, and returns what JSON can carry
        payload : `set` (parameter values), `off` (frictions switched off), and whatever the function wants
        seconds : how long computing may take, by the clock of the processor where that is shared
        background : asked ahead of need: computed when nobody waits, dropped when something newer is asked

        Raises
        ------
        CaseError
            If the case has errors.
        Problem
            `unknown-parameter`, `unknown-friction`, `too-slow`, `too-large`, `busy`, or what the function says.
        ValueError
            If a number of the payload is not finite.
        """
        plain = {**payload, "set": dict(payload.get("set") or {}), "off": sorted(set(payload.get("off") or ()))}
        body = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
        if len(body) > self.limits.payload:
            said = f"a question may have {self.limits.payload:,} bytes, this has {len(body):,}"
            raise Problem(422, "too-large", said)
        digest = self._digest(text)
        request = {"do": "ask", "text": text, "digest": digest, "function": function, "payload": plain}
        return await self._answer((digest, function, body), request, seconds, background=background)

    async def check(self, text: str, *, seconds: float = SECONDS) -> dict[str, Any]:
        """Read a text as a case: `ok`, `digest` of the text, `issues` as JSON, and `name` and `title` if it is one.

        Raises
        ------
        Problem
            `too-slow`, `too-large` or `busy`.
        """
        digest = self._digest(text)
        request = {"do": "check", "text": text, "digest": digest}
        return await self._answer((digest, "check", ""), request, seconds, background=False)

    def warm(self) -> None:
        """Start one process ahead of the first question."""
        with self._change:
            if not self._seats and not self._closed:
                self._add_seat()

    @property
    def tally(self) -> Tally:
        """What has been done so far."""
        with self._change:
            return Tally(self._computed, self._kept, self._replaced, len(self._waiting))

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes there are now."""
        with self._change:
            return tuple(pid for seat in self._seats if (pid := seat.pid) is not None)

    def close(self) -> None:
        """End all processes and refuse what waits; may be called again."""
        with self._change:
            self._closed = True
            left, self._waiting = self._waiting, []
            seats, self._seats = self._seats, []
            self._change.notify_all()
        for question in left:
            self.ended(question, closing())
        for seat in seats:
            seat.end()

    def _digest(self, text: str) -> str:
        written = text.encode("utf-8", "surrogatepass")
        if len(written) > self.limits.text:
            said = f"a case may have {self.limits.text:,} bytes, this text has {len(written):,}"
            raise Problem(422, "too-large", said, "keep data and notes out of the case")
        return sha256(written).hexdigest()

    async def _answer(
        self, key: Key, request: Mapping[str, Any], seconds: float, *, background: bool
    ) -> dict[str, Any]:
        found = self._put(key, request, seconds, background=background)
        if isinstance(found, Told):
            return _read(found)
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def wake(_: Future[Told]) -> None:
            try:
                loop.call_soon_threadsafe(done.set)
            except RuntimeError:
                _log.debug("an answer came when whoever asked had gone")

        found.future.add_done_callback(wake)
        try:
            await done.wait()
        finally:
            self._leave(found)
        return _read(found.future.result())

    def _put(self, key: Key, request: Mapping[str, Any], seconds: float, *, background: bool) -> Question | Told:
        """The answer if it is there, else the question as it waits, new or asked by somebody before."""
        dropped: list[Question] = []
        try:
            with self._change:
                if self._closed:
                    raise closing()
                if not background:
                    dropped += self._overtaken(key)
                if (answer := self._answers.get(key)) is not None:
                    self._answers.move_to_end(key)
                    self._kept += 1
                    return answer
                question = self._open.get(key)
                if question is not None:
                    self._kept += 1
                    question.background = question.background and background
                else:
                    if not background and sum(not q.background for q in self._waiting) >= self.limits.waiting:
                        raise _busy("more questions wait than can be answered soon")
                    message = json.dumps(request, separators=(",", ":")).encode()
                    question = self._open[key] = Question(key, message, seconds, background)
                    self._waiting.append(question)
                    dropped += self._too_far_ahead()
                question.waiters += 1
                if len(self._waiting) > sum(s.idle for s in self._seats) and len(self._seats) < self.limits.seats:
                    self._add_seat()
                self._change.notify_all()
                return question
        finally:
            for old in dropped:
                self.ended(old, _busy("something newer was asked"))

    def _add_seat(self) -> None:
        seat = Seat(self, self.limits, self._settings)
        self._seats.append(seat)
        seat.start()

    def _overtaken(self, key: Key) -> list[Question]:
        """What was asked ahead about a case that is now asked something else; it waits no longer."""
        old = [q for q in self._waiting if q.background and q.key[:2] == key[:2] and q.key != key]
        self._waiting = [q for q in self._waiting if q not in old]
        return old

    def _too_far_ahead(self) -> list[Question]:
        ahead = [q for q in self._waiting if q.background]
        old = ahead[: max(0, len(ahead) - self.limits.ahead)]
        self._waiting = [q for q in self._waiting if q not in old]
        return old

    def _leave(self, question: Question) -> None:
        """Somebody no longer waits; what nobody waits for is not begun."""
        with self._change:
            question.waiters -= 1
            if question.waiters or question not in self._waiting:
                return
            self._waiting.remove(question)
        self.ended(question, _busy("nobody waits for it"))

    # What seats call

    def take(self, seat: Seat) -> Question | None:
        """The next question for a seat, after waiting for one; None when all ends."""
        with self._change:
            seat.idle = True
            try:
                while not self._closed:
                    if (question := self._next(seat)) is not None:
                        self._waiting.remove(question)
                        question.started = True
                        return question
                    self._change.wait(0.5)
                return None
            finally:
                seat.idle = False

    def ended(self, question: Question, outcome: Told | BaseException) -> None:
        """Keep an answer, and tell everybody who waits."""
        with self._change:
            if self._open.get(question.key) is question:
                del self._open[question.key]
            if isinstance(outcome, Told):
                self._computed += 1
                self._keep(question.key, outcome)
        question.end(outcome)

    def replaced(self) -> None:
        """Count a process that had to be ended."""
        with self._change:
            self._replaced += 1

    def _keep(self, key: Key, answer: Told) -> None:
        if answer.kind != "ok" or 8 * len(answer.body) > self.limits.kept:
            return
        self._answers[key] = answer
        self._kept_bytes += len(answer.body)
        while self._kept_bytes > self.limits.kept:
            _, gone = self._answers.popitem(last=False)
            self._kept_bytes -= len(gone.body)

    def _next(self, seat: Seat) -> Question | None:
        now = time.monotonic()
        front = [q for q in self._waiting if not q.background]
        for question in front:
            if now - question.asked > self.limits.patience:
                self._waiting.remove(question)
                self.ended(question, _busy("it waited too long for its turn"))
        front = [q for q in front if q in self._waiting]
        if front:
            # one that has waited is not passed by any longer
            if now - front[0].asked > _LEAST_WAIT:
                return front[0]
            held = {digest for other in self._seats if other.idle and other is not seat for digest in other.held}
            mine = [q for q in front if q.digest in seat.held]
            return next(iter(mine or [q for q in front if q.digest not in held]), None)
        # one seat stays free for what is asked in earnest
        busy = sum(not other.idle for other in self._seats if other is not seat)
        if self.limits.seats > 1 and busy >= self.limits.seats - 1:
            return None
        ahead = [q for q in self._waiting if q.background]
        mine = [q for q in ahead if q.digest in seat.held]
        return next(iter(mine or ahead), None)


def _read(told: Told) -> dict[str, Any]:
    """What a process answered.

    Raises
    ------
    CaseError
        If the case has errors.
    Problem
        If there is no answer for another reason that can be said.
    RuntimeError
        If the process found a fault of the program.
    """
    found: dict[str, Any] = json.loads(told.body)
    if told.kind == "ok":
        return found
    if told.kind == "case":
        raise CaseError(found["message"], issues=tuple(issue_of(issue) for issue in found["issues"]))
    if told.kind == "problem":
        code = found["code"] if found["code"] in CODES else "failed"
        issues = tuple(issue_of(issue) for issue in found.get("issues", ()))
        raise Problem(CODES[code].status, code, found["message"], found.get("hint", ""), issues)
    raise RuntimeError(f"a fault while answering a question:\n{found.get('trace', '')}")


def _busy(said: str) -> Problem:
    return Problem(503, "busy", said, "try again in a moment", headers={"Retry-After": "2"})
