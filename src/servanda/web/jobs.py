"""Jobs as the server sees them: asked for, watched over, and worked on by processes that outlive it.

The queue is the store. The server only sees to it that there are workers while jobs wait, and that a job whose worker
has gone silent is taken up again; several servers over one store may do so at once.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servanda.store import Job, Store

LOST_AFTER = 15.0
LOOK = 1.0
# a worker that has just been started has not claimed anything yet
_STARTING = 30.0
_log = logging.getLogger("servanda.web")


class Jobs:
    """The jobs of a store, with workers for them.

    Parameters
    ----------
    store : where jobs are kept
    workers : jobs done at once; with 0 jobs only wait
    lost_after : seconds without a sign of life after which a worker counts as lost
    look : seconds between two looks at the queue
    environment : variables told to workers besides those of this process
    module : what workers run
    """

    def __init__(
        self,
        store: Store,
        workers: int = 1,
        *,
        lost_after: float = LOST_AFTER,
        look: float = LOOK,
        environment: Mapping[str, str] | None = None,
        module: str = "servanda.web.worker",
    ) -> None:
        self._store = store
        self._most = workers
        self._lost_after = lost_after
        self._look = look
        self._environment = {"SERVANDA_STORE": store.url, **(environment or {})}
        self._command = [sys.executable, "-P", "-m", module]
        self._workers: dict[int, tuple[subprocess.Popen[bytes], float]] = {}
        self._wake = threading.Event()
        self._over = False
        self._looked = 0.0
        self._thread = threading.Thread(target=self._watch, name="servanda-jobs", daemon=True)
        if workers:
            self._thread.start()

    @property
    def store(self) -> Store:
        """Where the jobs are kept."""
        return self._store

    @property
    def pids(self) -> tuple[int, ...]:
        """Workers that this process has started and that live."""
        return tuple(pid for pid, (process, _) in list(self._workers.items()) if process.poll() is None)

    def add(self, kind: str, case: str, request: Mapping[str, Any]) -> Job:
        """Ask for a job; the same that waits or runs already is not asked for again."""
        for other in self._store.jobs(case=case, kind=kind, limit=100):
            if other.state in ("queued", "running") and not other.cancel_asked and other.request == dict(request):
                return other
        job = self._store.add_job(kind, case, request)
        self._wake.set()
        return job

    def cancel(self, job: str) -> Job:
        """Ask a job to stop.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        return self._store.cancel_job(job)

    def resume(self, job: str) -> Job:
        """Put a failed or cancelled job back into the queue, where it goes on from what is kept.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        found = self._store.resume_job(job)
        self._wake.set()
        return found

    def close(self, *, workers: bool = False) -> None:
        """Stop watching; workers go on with their jobs, or are killed with `workers`. May be called again."""
        self._over = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(30.0)
        for process, _ in self._workers.values():
            if workers:
                process.kill()
                process.wait()
            elif process.poll() is None:
                # it is left alone on purpose: without a code Python warns of a process that nobody waits for
                process.returncode = 0
        self._workers.clear()

    def _watch(self) -> None:
        failing = False
        while not self._over:
            try:
                self._look_after()
                failing = False
            except Exception as error:  # noqa: BLE001 - the store may answer again in a moment
                if not failing:
                    _log.warning("jobs cannot be looked after: %s", error)
                failing = True
            self._wake.wait(self._look)
            self._wake.clear()

    def _look_after(self) -> None:
        """Take up what was lost, and see that there are workers while jobs wait."""
        now = time.monotonic()
        ended = [pid for pid, (process, _) in self._workers.items() if process.poll() is not None]
        for pid in ended:
            del self._workers[pid]
        if ended or now - self._looked > self._lost_after / 3:
            self._looked = now
            for job in self._store.requeue_lost(self._lost_after):
                _log.warning("the worker of job %s is lost: the job is %s", job.id, job.state)
        waiting = len(self._store.jobs(state="queued", limit=self._most))
        if not waiting:
            return
        running = self._store.jobs(state="running", limit=self._most)
        claimed = {job.owner.split(":")[1] for job in running if job.owner.count(":") == 2}
        starting = sum(str(pid) not in claimed and now - begun < _STARTING for pid, (_, begun) in self._workers.items())
        for _ in range(min(waiting, self._most - len(running)) - starting):
            self._start()

    def _start(self) -> None:
        """Start a worker that lives on without this process."""
        log = self._log_file()
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module
                self._command, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, env={**os.environ, **self._environment}, start_new_session=True,
            )  # fmt: skip
        finally:
            if log != subprocess.DEVNULL:
                os.close(log)
        self._workers[process.pid] = (process, time.monotonic())

    def _log_file(self) -> int:
        """Where workers say what went wrong: `workers.log` in the cache folder, begun anew when it is long."""
        from servanda.ledger import cache_folder

        path = cache_folder() / "workers.log"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            long = path.exists() and path.stat().st_size > 1 << 20
            return os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if long else os.O_APPEND), 0o600)
        except OSError:
            return subprocess.DEVNULL


def request_of(version: int, given: Mapping[str, float], off: list[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """What a job is asked, in the one form in which equal requests are equal.

    >>> request_of(1, {"b": 2, "a": 1.0}, ["y", "x", "x"], {})
    {'version': 1, 'set': {'a': 1.0, 'b': 2.0}, 'off': ['x', 'y'], 'options': {}}
    """
    values = {name: float(given[name]) for name in sorted(given)}
    return {"version": version, "set": values, "off": sorted(set(off)), "options": dict(options)}
