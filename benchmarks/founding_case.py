"""What a user waits for: reading, compiling, solving, moving a slider, a whole run; with size, memory and accuracy."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import servanda as sv
from servanda.case import find
from servanda.compile import compile_case
from servanda.equilibrium import certify, solve
from servanda.forecast.propagation import forecast
from servanda.live import Bench

Row = tuple[str, str, str]


def best_of(times: int, action: Callable[[], Any]) -> tuple[float, Any]:
    """Shortest of several timings, and the last result."""
    shortest, result = float("inf"), None
    for _ in range(times):
        begun = time.perf_counter()
        result = action()
        shortest = min(shortest, time.perf_counter() - begun)
    return shortest, result


def first_answer(case: Any) -> Bench:
    """A bench that has answered once."""
    bench = Bench.of(case)
    bench.answer({})
    return bench


def measure_case(name: str) -> list[Row]:
    """Rows (what, figure, note) for one case."""
    reading, case = best_of(3, lambda: sv.read(find(name)))
    compiling, compiled = best_of(2, lambda: compile_case(case))
    game = compiled.game
    table, numbers = best_of(3, compiled.numbers)
    solving, solution = best_of(2, lambda: solve(game, numbers))
    certificate = certify(solution)
    slider = next(p for p in case.parameters if not p.number.certain)
    places = [{slider.name: float(slider.number.quantile([q])[0])} for q in (0.25, 0.5, 0.75)]
    winding, bench = best_of(1, lambda: first_answer(case))
    sliding, path = best_of(3, lambda: bench.answer(places.pop()))
    exact = forecast(
        compiled,
        solve(game, compiled.numbers([{slider.name: float(slider.number.quantile([0.25])[0])}])),
        details=False,
    )
    difference = abs(exact.outcomes.deal[-1] - path.forecast.outcomes.deal[-1])
    whole, run = best_of(1, lambda: sv.run(case))
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "NUMBA_CACHE_DIR": empty}
        report = str(Path(empty, "report.html"))
        command = [sys.executable, "-m", "servanda.cli.main", "run", name, "--quiet", "--report", report]
        begun = time.perf_counter()
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        cold = time.perf_counter() - begun
        begun = time.perf_counter()
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        warm = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    size = run.size
    steps = f"{solution.tail_steps} steps beyond the calendar; value error {certificate.value_error:.0e}"
    return [
        ("states", f"{size.states:,}", ""),
        ("decision and chance nodes", f"{size.nodes:,}", "rows of all stages"),
        ("options", f"{size.options:,}", ""),
        ("successors", f"{size.successors:,}", "non-zeros"),
        ("coefficients", f"{size.coefficients:,}", ""),
        ("read and check", f"{reading:.2f} s", ""),
        ("compile", f"{compiling:.2f} s", ""),
        ("coefficient table", f"{1e3 * table:.0f} ms", ""),
        ("solve", f"{solving:.2f} s", steps),
        (
            "first answer of a bench",
            f"{winding:.1f} s",
            "compiled, wound up, solved: every draft alone, and all together",
        ),
        ("slider to every headline number", f"{1e3 * sliding:.0f} ms", f"deal at the horizon off by {difference:.0e}"),
        ("whole analysis", f"{whole:.1f} s", "in a warm process"),
        ("servanda run, nothing cached", f"{cold:.1f} s", "kernels compiled"),
        ("servanda run, later", f"{warm:.1f} s", ""),
        ("peak memory of a run", f"{peak:.0f} MB", ""),
    ]
