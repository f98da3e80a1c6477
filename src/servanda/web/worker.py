"""The process that does jobs: it takes them from the store one after the other and ends when none is left.

It lives on when the server dies. Once a second it tells the store how far it is; what it hears back may be to stop.
Stopping is what Ctrl-C does to a command: what was solved is kept, and the same job goes on from there. An interruption
may fall into an import and leave half a module behind, so the next job is then begun by a fresh interpreter.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, ClassVar, Self

from servanda.errors import ServandaError
from servanda.web.limits import bound_memory, worker_memory_mb

if TYPE_CHECKING:
    from servanda.store import Job, Store
    from servanda.web.kinds import Made, OtherSide, Side

BEAT = 1.0
GRACE = 1.5
PATIENCE = 20.0
STOPPED = 130
MOST_ISSUES = 5
_log = logging.getLogger("servanda.worker")


def owner_name() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Pulse:
    """Tells the store how far a job is, and the job when it has to stop.

    Parameters
    ----------
    store, job, owner : the job and who has claimed it
    beat : seconds between two signs of life
    """

    now: ClassVar[Pulse | None] = None

    def __init__(self, store: Store, job: Job, owner: str, beat: float = BEAT) -> None:
        self._store, self._job, self._owner, self._beat = store, job, owner, beat
        self._told = ("", 0.0)
        self._over = Event()
        self._lock = threading.Lock()
        self._at_work = True
        self._thread = threading.Thread(target=self._go, name="servanda-pulse", daemon=True)
        self.stop = Event()

    def __enter__(self) -> Self:
        Pulse.now = self
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()
        self._over.set()
        self._thread.join(30.0)
        Pulse.now = None

    @property
    def at_work(self) -> bool:
        """Whether there is anything to interrupt."""
        return self._at_work

    def progress(self, stage: str, share: float) -> None:
        """Take note of how far the job is.

        Raises
        ------
        KeyboardInterrupt
            If it has to stop.
        """
        # what counts several parts may start again from 0; a bar that goes back says nothing
        self._told = (stage, max(self._told[1], min(share, 1.0)) if share == share else self._told[1])
        if self.stop.is_set() and self._at_work:
            raise KeyboardInterrupt

    def rest(self) -> None:
        """From now on nothing is interrupted: what was found is being kept."""
        self._at_work = False
        # whoever is about to interrupt has then done so, and it is no longer heard
        with self._lock:
            self._over.is_set()

    def _go(self) -> None:
        asked: float | None = None
        while not self._over.wait(self._beat if asked is None else 0.5):
            if self._alive() or asked is not None:
                if asked is not None:
                    self._press(time.monotonic() - asked)
                continue
            asked = time.monotonic()
            self.stop.set()

    def _alive(self) -> bool:
        """Tell the store; False if the job has to stop."""
        stage, share = self._told
        try:
            return self._store.beat(self._job.id, share, stage, owner=self._owner)
        except Exception as error:  # noqa: BLE001 - a store that does not answer now may do so in a second
            _log.warning("no sign of life could be given: %s", error)
            return True

    def _press(self, waited: float) -> None:
        """Interrupt a job that has not heard that it should stop; in the end leave without it."""
        with self._lock:
            if not self._at_work:
                return
            if waited > PATIENCE:
                self._store.stop_job(self._job.id, owner=self._owner)
                os._exit(STOPPED)
            if waited > GRACE:
                os.kill(os.getpid(), signal.SIGINT)


def carry_out(store: Store, job: Job, owner: str, *, beat: float = BEAT) -> bool:
    """Do a job, keep what it found, and say how it ended; returns whether it came to an end of its own."""
    begun = time.perf_counter()
    with Pulse(store, job, owner, beat) as pulse:
        try:
            found = _attempt(store, job, pulse)
            pulse.rest()
        except KeyboardInterrupt:
            pulse.rest()
            found = None
        if found is None:
            store.stop_job(job.id, owner=owner)
            return False
        if not isinstance(found, str):
            try:
                run = _kept(store, job, *found, seconds=time.perf_counter() - begun)
            except ServandaError as error:
                found = f"what was found could not be kept: {error}"
            else:
                store.finish_job(job.id, run, owner=owner)
                return True
        store.fail_job(job.id, found, owner=owner)
        return True


def _attempt(store: Store, job: Job, pulse: Pulse) -> tuple[list[Side], Made] | str | None:
    """What was found, why there is nothing, or None where the job was stopped."""
    from servanda.web.problems import Problem

    try:
        return _performed(store, job, pulse)
    except (ServandaError, Problem) as error:
        return None if pulse.stop.is_set() else _reason(error)
    except MemoryError:
        return f"the job needs more than the {worker_memory_mb():,} MB of memory that it may have"
    except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it was
        _log.exception("job %s", job.id)
        return f"a fault of the program: {type(error).__name__}: {error}"


def _performed(store: Store, job: Job, pulse: Pulse) -> tuple[list[Side], Made]:
    from servanda.web.kinds import KINDS, OtherSide, Work

    kind = KINDS.get(job.kind)
    if kind is None:
        raise ServandaError(f"this version of the program knows no job of the kind `{job.kind}`")
    pulse.progress("read", 0.0)
    options = kind.options.model_validate(job.request.get("options") or {}).model_dump()
    own = OtherSide(
        case=job.case, version=job.request.get("version"), set=job.request.get("set") or {},
        off=list(job.request.get("off") or ()),
    )  # fmt: skip
    wanted = [own]
    if job.kind == "compare":
        wanted = [OtherSide(**options["a"]) if options.get("a") else own, OtherSide(**options["b"])]
    sides = [_side(store, one) for one in wanted]
    return sides, kind.perform(Work(sides, options, pulse.progress, pulse.stop))


def _side(store: Store, asked: OtherSide) -> Side:
    from servanda.case.loading import parse_text
    from servanda.web.kinds import Side
    from servanda.web.solving import scenario_values

    saved = store.case(asked.case, asked.version)
    case = parse_text(saved.text, f"{saved.name}.yaml")
    given = scenario_values(case, asked.set, ())
    values = scenario_values(case, asked.set, asked.off)
    return Side(saved.name, saved.version, saved.text, case, given, asked.off, values)


def _kept(store: Store, job: Job, sides: list[Side], made: Made, *, seconds: float) -> str:
    from servanda.store import NewRun
    from servanda.store.records import REPORT, others_beside, resolved_text
    from servanda.store.tabling import parquet_files

    files = {} if made.report is None else {REPORT: made.report.encode()}
    files |= others_beside((side.text, side.case) for side in sides[1:]) | parquet_files(made.rows)
    first = sides[0]
    new = NewRun(
        kind=job.kind, case=first.name, text=first.text, resolved=resolved_text(first.case), headline=made.headline,
        result=made.result, provenance=made.provenance, seconds=seconds, title=first.case.title, version=first.version,
        scenario={"set": dict(first.given), "off": sorted(set(first.off))}, options={"by": "job", **made.options},
        files=files,
    )  # fmt: skip
    return store.add_run(new).id


def _reason(error: Exception) -> str:
    """Why a job failed, with the first few issues of a case."""
    said = str(error)
    for issue in getattr(error, "issues", ()):
        if issue.severity == "error" and issue.message not in said and said.count("\n") < MOST_ISSUES:
            line = f"line {issue.where.line}: " if issue.where.line else ""
            said += f"\n{line}{issue.message}{f' ({issue.hint})' if issue.hint else ''}"
    return said


def work(store: Store, *, beat: float = BEAT) -> tuple[int, bool]:
    """Do jobs until none waits or one was interrupted; returns how many were begun, and whether none waits."""
    owner, begun = owner_name(), 0
    while (job := store.claim_job(owner)) is not None:
        begun += 1
        if not carry_out(store, job, owner, beat=beat):
            return begun, False
    return begun, True


def _interrupted(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
    if Pulse.now is None or Pulse.now.at_work:
        raise KeyboardInterrupt


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Work for the store that `SERVANDA_STORE` names."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s: %(message)s")
    signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # whoever moves a slider comes first
    os.nice(max(10 - os.nice(0), 0))
    bound_memory(worker_memory_mb())
    from servanda.store import Store

    beat = float(environment.get("SERVANDA_WORKER_BEAT", BEAT))
    try:
        with Store.open() as store:
            _, idle = work(store, beat=beat)
    except ServandaError as error:
        _log.warning("%s", error)
        return error.exit_code
    if not idle:
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very program
    return 0


if __name__ == "__main__":
    sys.exit(main())
