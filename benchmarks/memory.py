"""Peak memory and time to compile and solve ever larger cases, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from math import prod
from pathlib import Path

from benchmarks.tables import Table, seconds
from tests.sketches import Sketch

STOCKS: tuple[tuple[int, ...], ...] = ((5, 4), (5, 5, 8), (5, 5, 8, 10))
COLUMNS = (
    "states", "options", "successors", "compile", "GiB after", "solve", "clock", "GiB after", "periods", "steps beyond",
    "status",
)  # fmt: skip
SAYS = (
    "The same case (two drafts of two phases, two ratifiers, suspension, hidden breach, sunset, renewal, four actors) "
    "with more and more stocks. Peak resident memory of the whole process, as the operating system tells it; the "
    "interpreter with the program loaded takes {empty:.2f} GiB of it. Processor seconds, and of the clock for the "
    "solve, which has threads."
)
_PROBE = """
import json, resource, sys, time
from pathlib import Path
from servanda.case import parse_text
from servanda.compile import compile_case
from servanda.equilibrium import solve

def peak():
    # what getrusage tells on Linux begins with the memory of the process that started this one
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return (found or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] / 1024**2

case = parse_text(sys.stdin.read())
empty = peak()
begun = time.process_time()
compiled = compile_case(case)
compiling, compiled_peak = time.process_time() - begun, peak()
numbers = compiled.numbers()
begun, clock = time.process_time(), time.perf_counter()
solution = solve(compiled.game, numbers)
solving, clock = time.process_time() - begun, time.perf_counter() - clock
stages = compiled.game.stages
print(json.dumps({
    "states": compiled.game.states, "options": sum(s.options for s in stages),
    "successors": sum(len(s.outcome_state) for s in stages), "empty": empty, "compile": compiling,
    "compiled": compiled_peak, "solve": solving, "clock": clock, "solved": peak(), "status": solution.status.name,
    "steps": solution.tail_steps, "periods": solution.periods,
}))
"""


def large_case(stocks: tuple[int, ...]) -> str:
    """A case of 500 states times the product of the levels of its stocks."""
    text = Sketch(
        drafts=2, phases=2, ratifiers=2, leads_to="suspension", hidden=True, sunset="{mean: 3 years}", renewal=True,
        levels=5,
    ).text  # fmt: skip
    lines = "".join(
        f"  stock{k}: {{kind: stock, levels: [{', '.join(f'l{i}' for i in range(n))}], start: l0, "
        "growth: {rate: 0.1}, decay: {rate: 0.1}}\n"
        for k, n in enumerate(stocks)
    )
    return text.replace("  sanctions: {kind", lines + "  sanctions: {kind")


def measure_memory(stocks: tuple[tuple[int, ...], ...] = STOCKS) -> Table:
    """One row a case, smallest first."""
    rows, empty = [], 0.0
    root = Path(__file__).resolve().parents[1]
    for levels in sorted(stocks, key=prod):
        done = subprocess.run(
            [sys.executable, "-c", _PROBE],
            input=large_case(levels),
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
        )
        found = json.loads(done.stdout)
        empty = found["empty"]
        rows.append((
            f"{found['states']:,}", f"{found['options']:,}", f"{found['successors']:,}", seconds(found["compile"]),
            f"{found['compiled']:.2f}", seconds(found["solve"]), seconds(found["clock"]), f"{found['solved']:.2f}",
            f"{found['periods']}", f"{found['steps']}", found["status"].lower().replace("_", " "),
        ))  # fmt: skip
    return Table("Memory", SAYS.format(empty=empty), COLUMNS, tuple(rows))
