"""How much the solver processes may take, and how a process is held to it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, fields

MIB = 1 << 20
_PR_SET_PDEATHSIG = 1
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True, slots=True)
class Limits:
    """What asking may cost.

    processes: solver processes (None: one a core, four at most); threads: of each; memory_mb: data that one may hold,
    its libraries included (the founding case, solved with every draft alone, needs 0.7 GB); benches: compiled cases
    that one keeps; waiting: questions that may wait; patience: seconds that one may wait before that is too long;
    ahead: questions asked ahead of need that may wait; text, payload, answer: bytes of one; kept: bytes of answers
    kept; start: seconds that a process may take to start.
    """

    processes: int | None = None
    threads: int = 2
    memory_mb: int = 2_048
    benches: int = 4
    waiting: int = 256
    patience: float = 30.0
    ahead: int = 12
    text: int = 1 * MIB
    payload: int = 64 * 1024
    answer: int = 16 * MIB
    kept: int = 64 * MIB
    start: float = 60.0

    @classmethod
    def of_environment(cls) -> Limits:
        """The defaults, or what `SERVANDA_SOLVER_MEMORY_MB` and the like say instead.

        Raises
        ------
        ValueError
            If a variable is no positive number.
        """
        given: dict[str, float] = {}
        for name in ("processes", "threads", "memory_mb", "benches", "waiting"):
            text = os.environ.get(f"SERVANDA_SOLVER_{name.upper()}")
            if text:
                if not text.isdecimal() or not int(text):
                    raise ValueError(f"SERVANDA_SOLVER_{name.upper()} is a whole number above 0, not {text!r}")
                given[name] = int(text)
        defaults = {f.name: f.default for f in fields(cls)}
        return cls(**{**defaults, **given})  # type: ignore[arg-type]

    @property
    def seats(self) -> int:
        """Number of solver processes."""
        return self.processes or max(1, min(4, os.cpu_count() or 1))

    def environment(self) -> dict[str, str]:
        """The environment of a solver process: few threads, so that processes do not wait for each other."""
        threads = str(max(1, min(self.threads, os.cpu_count() or 1)))
        return {**os.environ, **dict.fromkeys(_THREADS, "1"), "NUMBA_NUM_THREADS": threads}


def bound_memory(megabytes: int) -> bool:
    """Hold this process to so much data; whether the system can do that.

    Data are private pages that can be written: what a program fills. Address space would be the wrong measure, since
    compilers and threads reserve a multiple of what they use.
    """
    try:
        import resource

        size = megabytes * MIB
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:
            size = min(size, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return False
    return sys.platform == "linux"


def end_with_parent(parent: int) -> None:
    """End this process when the process `parent` that started it ends, however it does.

    The kernel sees to it on Linux; elsewhere a thread looks every second.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="servanda-parent").start()
    # the parent may have gone before anything was arranged
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def worker_memory_mb() -> int:
    """Data that a process of a job may hold: its share of three quarters of the memory, 2 GB at least."""
    given = os.environ.get("SERVANDA_WORKER_MEMORY_MB", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB
    except (OSError, ValueError):
        whole = 0
    # the process of the job, and those among which it divides draws
    return max(2_048, whole * 3 // 4 // (1 + (os.cpu_count() or 1)))
