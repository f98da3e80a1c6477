"""The backward kernel against two bounds measured in the same run: its exponentials alone, its memory traffic alone."""

from __future__ import annotations

import numpy as np

import servanda as sv
from benchmarks.founding_case import Row, best_of
from servanda.case import find
from servanda.compile import compile_case
from servanda.equilibrium import Period
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.kernels.fourfold import LANES as FOUR
from servanda.kernels.lanes import LANES


def measure_kernels(name: str) -> list[Row]:
    """Rows (what, figure, note): one period of a case, per draw, for growing batches."""
    compiled = compile_case(sv.read(find(name)))
    rows: list[Row] = []
    for draws in (1, FOUR):
        numbers = compiled.numbers([{}] * draws)
        period = Period(compiled.game, numbers, threads=False)
        values = np.zeros((compiled.game.states, period.width))
        policy = np.zeros((period.options, draws))
        seconds, _ = best_of(5, lambda p=period, v=values, a=policy: p.backward(v, -1, a))  # type: ignore[misc]
        rows.append((f"one period, {draws} draw(s)", f"{1e3 * seconds / draws:.1f} ms", "per draw, one thread"))
        if draws == 1:
            shortfalls = -np.random.default_rng(1).exponential(3.0, period.options)
            exponentials, _ = best_of(5, lambda x=shortfalls: np.exp(x))  # type: ignore[misc]
            touched = sum(len(compiled.game.stages[s.stage].outcome_state) for s in period.slots) * period.width
            source, target = np.ones(touched), np.empty(touched)
            traffic, _ = best_of(5, lambda a=source, b=target: np.multiply(a, 1.5, out=b))  # type: ignore[misc]
            rows.append(("  exp bound", f"{1e3 * exponentials:.1f} ms", f"{period.options:,} exponentials, vectorised"))
            rows.append(("  traffic bound", f"{1e3 * traffic:.1f} ms", f"{touched:,} values read and written in order"))
            rows.append(("  kernel over the larger bound", f"{seconds / max(exponentials, traffic):.1f} x", ""))
    together = SixteenPeriod(compiled.game, compiled.numbers([{}] * LANES))
    lanes, odds = together.zeros(compiled.game.actors), together.space()
    seconds, _ = best_of(5, lambda: together.backward(lanes, -1, odds))
    rows.append(
        (f"one period, {LANES} draws in single precision", f"{1e3 * seconds / LANES:.1f} ms", "per draw, one thread")
    )
    return rows
