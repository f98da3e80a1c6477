"""How the kernel's cost grows, how near it is to what the machine allows, and its share of a solve and a whole run."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import numba as nb
import numpy as np
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

import servanda as sv
from benchmarks.random_games import Shape, staged_game
from benchmarks.tables import Table, exponent, processor_time, seconds
from servanda.case import find
from servanda.compile import compile_case
from servanda.equilibrium import Period, solve
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.kernels.fourfold import LANES as FOUR
from servanda.kernels.lanes import LANES, load, store
from servanda.kernels.registers import copies, replaced
from servanda.kernels.stage import _U

Floats = NDArray[np.float64]
BASIS = Shape(10_000)
KERNELS = "servanda.kernels"
KINDS = (("one, near by", True, 1), ("one, anywhere", False, 1), ("sixteen, near by", True, LANES))


@nb.njit("void(float64[::1], float64[::1], float64[::1])", nogil=True, cache=True)
def triad(target: Floats, one: Floats, other: Floats) -> None:
    """The stream benchmark's a = b + 3 c."""
    for k in range(target.shape[0]):
        target[k] = one[k] + 3.0 * other[k]


def reader(columns: int, number: type) -> Callable[..., None]:
    """Compiled code that reads a number, or sixteen in single precision, of every column at every place.

    It adds them up, which is the least that makes them be read, in four sums a column that do not wait for each other.
    """
    size = 1 if number is np.float64 else LANES
    width, sum_count = columns * size, 4 * columns

    @nb.njit(nogil=True)
    def read(places: NDArray[np.int32], values: Floats, total: Floats) -> None:
        sums = copies(load(total, 0) if size > 1 else total[0], sum_count)
        for k in range(0, places.shape[0] - 3, 4):
            for i in range(4):
                at = _U(places[_U(k + i)]) * _U(width)
                for j in range(columns):
                    x = at + _U(j * size)
                    here = i * columns + j
                    sums = replaced(sums, here, sums[here] + (load(values, x) if size > 1 else values[x]))
        for j in range(sum_count):
            if size > 1:
                store(total, j * size, sums[j])
            else:
                total[j] = sums[j]

    compiled: Callable[..., None] = read
    return compiled


@dataclass(frozen=True)
class Machine:
    """What one core can do: bytes a second by copy and triad out of the caches, seconds for an exponential in cache
    (`single` in single precision)."""

    copy: float
    triad: float
    exponential: float
    single: float

    @classmethod
    def measured(cls, size: int = 8_000_000) -> Machine:
        """Least of several calls, on arrays of `size` numbers."""
        target, one, other = np.zeros(size), np.ones(size), np.ones(size)
        copying, _ = processor_time(lambda: (np.copyto(target, one), 0))
        streaming, _ = processor_time(lambda: (triad(target, one, other), 0))
        raising = []
        for number in (np.float64, np.float32):
            shortfalls = -np.random.default_rng(1).exponential(3.0, 4096).astype(number)
            odds = np.empty_like(shortfalls)
            taken, _ = processor_time(lambda x=shortfalls, y=odds: [np.exp(x, out=y) for _ in range(100)])
            raising.append(taken / 100 / len(shortfalls))
        return cls(16 * size / copying, 24 * size / streaming, *raising)


def reads_of(shape: Shape) -> Callable[[], object]:
    """The reads of values in a period of the same random game, where they are read, and nothing else."""
    game, _ = staged_game(shape)
    number = np.float64 if shape.draws == 1 else np.float32
    width, read = game.actors * shape.draws, reader(game.actors, number)
    values, total = np.zeros(game.states * width, number), np.zeros(4 * width, number)

    def once() -> object:
        return [read(stage.outcome_state, values, total) for stage in game.stages]

    once()
    return once


def pass_of(shape: Shape) -> Callable[[], object]:
    """One period of a random game, ready to be called; warm."""
    game, numbers = staged_game(shape)
    period = Period(game, numbers, threads=False)
    values, odds = np.zeros((game.states, period.width)), np.zeros((period.options, shape.draws))

    def once() -> object:
        return period.backward(values, 0, odds)

    once()
    return once


def sixteen_pass(shape: Shape) -> Callable[[], object]:
    """The same for sixteen draws in single precision."""
    period = SixteenPeriod(*staged_game(replace(shape, draws=LANES)))
    values, odds = period.zeros(shape.actors), period.space()

    def once() -> object:
        return period.backward(values, 0, odds)

    once()
    return once


def measure_growth(basis: Shape = BASIS, largest: int = 1_000_000) -> Table:
    """One size at a time, the others held, with the fitted power."""
    rows = []
    sizes = tuple(n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= largest)
    for name, field, values in (
        ("states", "states", sizes),
        ("options", "options", (2, 4, 8, 16)),
        ("successors", "successors", (2, 4, 8, 16)),
        ("actors", "actors", (1, 2, 4, 8)),
        ("draws", "draws", (1, FOUR)),
    ):
        costs = [processor_time(pass_of(replace(basis, **{field: v})))[0] for v in values]
        shown = ", ".join(f"{v:,}: {seconds(c)}" for v, c in zip(values, costs, strict=True))
        rows.append((name, shown, f"{exponent(values, costs):.2f}"))
    wide, _ = processor_time(sixteen_pass(basis))
    rows.append(("sixteen draws in single precision", f"{LANES}: {seconds(wide)}", ""))
    says = (
        f"One period backward, logit play, one thread: {basis.states:,} states, {basis.options} options, "
        f"{basis.successors} successors near by, {basis.actors} actors and one draw, where not said otherwise. The "
        "exponent is fitted: 1 is proportional. More draws are solved four at a time, or sixteen in single precision."
    )
    return Table("How a period grows", says, ("what grows", "processor time", "exponent"), tuple(rows))


def least_bytes(shape: Shape, width: int) -> int:
    """What a period must move if every array is touched once: indices, values in and out, shortfalls out.

    `width`: bytes of a number.
    """
    options = shape.states * shape.options
    indices = 12 * shape.states + 8 * options + 8 * options * shape.actors + 8 * options * shape.successors
    return indices + width * shape.draws * (2 * shape.states * shape.actors + options)


def measure_bounds(largest: int = 1_000_000) -> Table:
    """A period against the exponentials alone, the least traffic and its reads alone, in the same run."""
    machine = Machine.measured()
    rows = []
    for title, near, draws in KINDS:
        for states in (1_000, 10_000, 100_000, 1_000_000):
            if states * draws > largest:
                continue
            shape = replace(BASIS, states=states, near=near, draws=draws)
            taken, _ = processor_time(pass_of(shape) if draws == 1 else sixteen_pass(shape))
            width, exponential = (8, machine.exponential) if draws == 1 else (4, machine.single)
            raising = states * shape.options * draws * exponential
            moving = least_bytes(shape, width) / machine.triad
            reads = states * shape.options * shape.successors * shape.actors * draws
            in_order = reads * 2 * width / machine.copy
            reading, _ = processor_time(reads_of(shape))
            rows.append((
                title, f"{states:,}", seconds(taken), seconds(raising), seconds(moving), seconds(in_order),
                seconds(reading), f"{taken / max(raising, moving):.1f} ×", f"{taken / max(raising, in_order):.1f} ×",
                f"{taken / max(raising, reading):.1f} ×", f"{1e9 * taken / reads:.2f} ns",
            ))  # fmt: skip
    says = (
        f"Measured in the same run, one core: copy {machine.copy / 1e9:.1f}, triad {machine.triad / 1e9:.1f} GB/s, "
        f"{1e9 * machine.exponential:.2f} ns for an exponential ({1e9 * machine.single:.2f} in single precision; "
        "vectorised, in cache). Least traffic touches every array once at the triad's speed, as with a cache without "
        "end. In order reads and writes as many values as the operator reads (one for each successor, actor and draw), "
        "at the copy's speed. Reads alone reads those values where the operator reads them, and only adds them up."
    )
    columns = (
        "draws, successors", "states", "a period", "exponentials", "least traffic", "in order", "reads alone",
        "over exponentials or least traffic", "over exponentials or in order", "over exponentials or reads alone",
        "per value read",
    )  # fmt: skip
    return Table("A period against its bounds", says, columns, tuple(rows))


_READY = threading.local()


def _many(passes: int) -> float:
    """Seconds of the clock for a number of periods, for a worker with a game of its own."""
    if not hasattr(_READY, "once"):
        _READY.once = pass_of(BASIS)
    begun = time.perf_counter()
    for _ in range(passes):
        _READY.once()
    return time.perf_counter() - begun


def measure_workers(passes: int = 100) -> Table:
    """The same number of periods on every worker at once, in threads and in processes."""
    cores = os.cpu_count() or 1
    alone = min(_many(passes) for _ in range(4))
    rows = [("one thread", f"{passes / alone:,.0f} periods/s", "1.00 ×")]
    spawned = ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn"))
    pools: tuple[tuple[str, Executor], ...] = (("threads", ThreadPoolExecutor(cores)), ("processes", spawned))
    for name, pool in pools:
        with pool:
            list(pool.map(_many, [1] * 4 * cores))
            speeds = []
            for _ in range(3):
                taken = list(pool.map(_many, [passes] * cores))
                speeds.append(passes * cores / max(taken))
        rows.append((f"{cores} {name}", f"{max(speeds):,.0f} periods/s", f"{max(speeds) * alone / passes:.2f} ×"))
    says = "Independent periods side by side, by the clock; two shared cores need not give twice one."
    return Table("Threads and processes", says, ("workers", "rate", "against one"), tuple(rows))


class KernelClock:
    """Processor time spent inside kernels, summed over threads; a kernel called by another counts once."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0
        self._lock, self._local = threading.Lock(), threading.local()

    def timed(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        """A kernel that reports its time; what makes kernels makes ones that do."""

        def call(*arguments: Any, **named: Any) -> Any:
            if getattr(self._local, "inside", False):
                return kernel(*arguments, **named)
            self._local.inside = True
            begun = time.thread_time()
            try:
                result = kernel(*arguments, **named)
            finally:
                spent = time.thread_time() - begun
                self._local.inside = False
                with self._lock:
                    self.seconds += spent
                    self.calls += 1
            return self.timed(result) if isinstance(result, (Dispatcher, FunctionType)) else result

        return call

    @contextmanager
    def running(self) -> Iterator[KernelClock]:
        """Every kernel that a module outside `servanda.kernels` names is timed inside this block."""
        changed = []
        for name, module in list(sys.modules.items()):
            if not name.startswith("servanda.") or name.startswith(KERNELS):
                continue
            for key, value in list(vars(module).items()):
                if isinstance(value, ModuleType) and value.__name__.startswith(f"{KERNELS}."):
                    other: Any = SimpleNamespace(**{k: self._or_timed(v) for k, v in vars(value).items()})
                else:
                    other = self._or_timed(value)
                if other is not value:
                    changed.append((module, key, value))
                    setattr(module, key, other)
        try:
            yield self
        finally:
            for module, key, value in changed:
                setattr(module, key, value)

    def _or_timed(self, value: Any) -> Any:
        """The thing itself, or timed if it is a function of the kernels."""
        function = value.py_func if isinstance(value, Dispatcher) else getattr(value, "__wrapped__", value)
        if isinstance(function, FunctionType) and function.__module__.startswith(KERNELS):
            return self.timed(value)
        return value


def share_of(action: Callable[[], object]) -> tuple[float, float, int]:
    """Processor seconds of an action, those inside kernels, and how many calls."""
    with KernelClock().running() as clock:
        begun = time.process_time()
        action()
        return time.process_time() - begun, clock.seconds, clock.calls


def measure_shares(name: str, *, whole: bool = True) -> Table:
    """Kernel share of compiling, solving and, where wanted, of the whole analysis behind `servanda run`."""
    case = sv.read(find(name))
    compiled = compile_case(case)
    numbers = compiled.numbers()
    solve(compiled.game, numbers)
    parts: list[tuple[str, Callable[[], object]]] = [
        ("compile", lambda: compile_case(case)),
        ("coefficient table", compiled.numbers),
        ("solve", lambda: solve(compiled.game, numbers)),
    ]
    if whole:
        parts.append(("whole analysis, in a warm process", lambda: sv.run(case)))
    rows = []
    for what, action in parts:
        total, inside, calls = share_of(action)
        rows.append((what, seconds(total), seconds(inside), f"{calls:,}", f"{100 * inside / total:.0f} %"))
    says = f"Processor time of all threads, case {name}; the rest is Python and NumPy around the kernels."
    return Table("Share of the kernels", says, ("what", "all", "in kernels", "calls", "share"), tuple(rows))


def measure_scaling(name: str, *, whole: bool = True) -> list[Table]:
    """All tables of this file."""
    return [measure_growth(), measure_bounds(), measure_workers(), measure_shares(name, whole=whole)]
