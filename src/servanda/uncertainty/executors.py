"""Where a study is solved: in this process, in several processes of this machine, or on a Dask cluster.

All three solve the same ranges of draws by the same function; only the order in which answers come differs.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

from servanda.ledger import engine_digest
from servanda.uncertainty.study import Rows, Study, SweepError

Range: TypeAlias = tuple[int, int]
"""First draw, count."""
Answers: TypeAlias = Generator[tuple[Range, Rows], None, None]

INSTALL = "python -m pip install 'servanda[cluster]'"
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
_TRIES = 3
_PATIENCE = 60.0
_POLL = 0.2
_own = threading.local()
_given: list[tuple[str, bytes]] = []


def solved(
    study: Study,
    ranges: Iterable[Range],
    *,
    workers: int = 1,
    cluster: str | None = None,
    stop: threading.Event | None = None,
) -> Answers:
    """The rows of every range of draws, in the order in which they are done.

    Ends early when `stop` is set. Closing the iterator ends all work at once.

    Raises
    ------
    SweepError
        If workers die time and again, or the cluster cannot be used.
    """
    stop = stop or threading.Event()
    if cluster is not None:
        yield from _on_cluster(study, list(ranges), cluster, stop)
    elif workers > 1:
        yield from _in_processes(study, list(ranges), workers, stop)
    else:
        for asked in ranges:
            if stop.is_set():
                return
            yield asked, study.solve(*asked)


def _as_done(
    submit: Callable[[Range], Future[Rows]], ranges: list[Range], width: Callable[[], int], stop: threading.Event
) -> Answers:
    """Keep `width()` ranges under way, so that neither workers nor memory wait for the other."""
    waiting = iter(ranges)
    running: dict[Future[Rows], Range] = {}
    try:
        while not stop.is_set():
            while len(running) < width() and (asked := next(waiting, None)) is not None:
                running[submit(asked)] = asked
            if not running:
                return
            done, _ = wait(running, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()


# Processes


def _in_processes(study: Study, ranges: list[Range], workers: int, stop: threading.Event) -> Answers:
    left = dict.fromkeys(ranges)
    strikes = 0
    while left and not stop.is_set():
        before = len(left)
        try:
            with _pool(study, min(workers, len(left))) as submit:
                for asked, rows in _as_done(submit, list(left), lambda: 2 * workers, stop):
                    del left[asked]
                    yield asked, rows
        except BrokenProcessPool as error:
            # A worker that the system killed takes the pool with it: what is left goes to a new one.
            strikes = 1 if len(left) < before else strikes + 1
            # From the other end, so that a range that kills its worker is left to the last.
            left = dict.fromkeys(reversed(left))
            if strikes == _TRIES:
                first, count = next(iter(left))
                raise SweepError(
                    f"worker processes died {_TRIES} times without an answer (draws {first} to {first + count - 1}): "
                    "with too little memory, take fewer workers; a script that sweeps needs "
                    '`if __name__ == "__main__":` around what it does'
                ) from error


@contextmanager
def _pool(study: Study, workers: int) -> Iterator[Callable[[Range], Future[Rows]]]:
    """Processes that live no longer than this block or this process, however either ends."""
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _begin, (theirs, study.digest, pickle.dumps(study)))

    def submit(asked: Range) -> Future[Rows]:
        # Processes start when something is submitted.
        with _one_thread_each(), _undisturbed():
            return pool.submit(_solve_given, *asked)

    try:
        yield submit
        pool.shutdown()
    finally:
        # Closed first: workers leave at once instead of solving to the end of their range.
        ours.close()
        pool.shutdown(cancel_futures=True)
        theirs.close()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside use one thread each for linear algebra: more would only wait for each other."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits, and processes started inside never hear of it: one that is still starting would die of it aloud."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(parent: Connection, digest: str, pickled: bytes) -> None:
    """Prepare a worker process: Ctrl-C is the parent's to obey, and the worker ends with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    _given[:] = [(digest, pickled)]


def _leave_with(parent: Connection) -> None:
    parent.poll(None)
    os._exit(0)


def _solve_given(first: int, count: int) -> Rows:
    (digest, pickled) = _given[0]
    return _solve(digest, pickled, first, count)


def _solve(digest: str, pickled: bytes, first: int, count: int) -> Rows:
    """Solve with a study of this thread's own, which is unpickled once."""
    known: tuple[str, Study] | None = getattr(_own, "study", None)
    if known is None or known[0] != digest:
        known = digest, pickle.loads(pickled)  # noqa: S301 - comes from the process that asked
        _own.study = known
    return known[1].solve(first, count)


# Cluster


def _on_cluster(study: Study, ranges: list[Range], cluster: str, stop: threading.Event) -> Answers:
    distributed = _distributed()
    client = _client(distributed, cluster)
    pool = client.get_executor(retries=_TRIES, pure=False)
    try:
        # Sent once, as a task of its own, so that it is made again if every worker that holds it is lost.
        pickled = client.submit(bytes, pickle.dumps(study), key=f"servanda-study-{study.digest}")

        def submit(asked: Range) -> Future[Rows]:
            future: Future[Rows] = pool.submit(_solve_there, engine_digest(), study.digest, pickled, *asked)
            return future

        yield from _as_done(submit, ranges, lambda: max(4, 2 * sum(client.nthreads().values())), stop)
    except distributed.KilledWorker as error:
        raise SweepError(f"workers of the cluster died time and again: {error}") from error
    except CancelledError as error:
        raise SweepError(f"the cluster at {cluster} went away; what was finished is kept") from error
    finally:
        pool.shutdown(wait=False)
        client.close()


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise SweepError(f"sweeping on a cluster needs Dask: {INSTALL}") from error


def _client(distributed: Any, cluster: str) -> Any:
    where: Mapping[str, Any] = {"scheduler_file": cluster} if Path(cluster).is_file() else {"address": cluster}
    try:
        client = distributed.Client(**where, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SweepError(f"no Dask scheduler answers at {cluster}: {error}") from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        client.close()
        raise SweepError(f"the Dask scheduler at {cluster} has no workers") from error
    return client


def _solve_there(engine: bytes, digest: str, pickled: bytes, first: int, count: int) -> Rows:
    if engine_digest() != engine:
        raise SweepError("the workers of the cluster run another version of servanda or of its numerical libraries")
    return _solve(digest, pickled, first, count)
