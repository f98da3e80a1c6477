"""Draws of a case: seconds for a thousand with all headline numbers, accuracy, and what executors cost beside."""

from __future__ import annotations

import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from servanda.case import find, load
from servanda.compile import compile_case
from servanda.diagnosis.gates import sign_window
from servanda.ensemble import Ensemble
from servanda.equilibrium import Period, Settings, solve
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.forecast.propagation import forecast
from servanda.inquiry import likeliest
from servanda.kernels.fourfold import LANES as FOUR
from servanda.kernels.lanes import LANES
from servanda.uncertainty.draws import parameter_draws
from servanda.uncertainty.sweep import sweep

Row = tuple[str, str, str]


def measure_draws(name: str, draws: int = 1000) -> list[Row]:
    """A sweep with nothing kept, the same at one process, 8 draws against tight solves, and the two kernels."""
    case = load(find(name)).require()
    gates = (next(iter(likeliest(case, sign_window(case), {}, None))),) if case.drafts else ()
    rows: list[Row] = []
    lean = Ensemble.of(case, gates=gates, paths=False, leave_out=False)
    full = Ensemble.of(case, gates=gates)
    lean.solve(0, LANES)
    with tempfile.TemporaryDirectory() as folder:
        for title, study, count, workers in (
            ("all headline numbers, every core", lean, draws, None),
            ("all headline numbers, one process", lean, max(draws // 4, 1), 1),
            ("with paths, and each piece of evidence left out", full, max(draws // 4, 1), None),
        ):
            begun = time.perf_counter()
            done = sweep(study, count, folder=Path(folder) / title, workers=workers, chunk=study.chunk(count, workers))
            seconds = time.perf_counter() - begun
            note = f"{count} draws in {seconds:.1f} s, {done.failed} failed, {done.unsettled} unsettled"
            rows.append((f"1,000 draws, {title}", f"{1000 * seconds / count:.0f} s", note))
    rows.append(_accuracy(name))
    rows += _kernels(name)
    rows += _executors()
    return rows


def _accuracy(name: str) -> Row:
    case = load(find(name)).require()
    compiled = compile_case(case)
    # learning nothing, so that both start from the declared state
    rows = Ensemble.of(case, learn_from=case.start, paths=False, leave_out=False).solve(0, LANES)
    worst = 0.0
    for k, values in enumerate(parameter_draws(case, 4)):
        tight = solve(compiled.game, compiled.numbers([values]), Settings(tail_tolerance=1e-8, tail_steps=3000))
        for answer in forecast(compiled, tight, details=False).answers:
            worst = max(worst, abs(float(rows[f"before.question.{answer.question}"][k]) - answer.probability))
    return ("largest error of a question", f"{worst:.1e}", "4 draws, all questions, against solves to 1e-8")


def _kernels(name: str) -> list[Row]:
    case = load(find(name)).require()
    compiled = compile_case(case)
    game = compiled.game
    wide = SixteenPeriod(game, compiled.numbers(parameter_draws(case, LANES)))
    four = Period(game, compiled.numbers(parameter_draws(case, FOUR)), threads=False)
    values, odds = wide.zeros(game.actors), wide.space()
    other = np.zeros((game.states, four.width))
    store = np.zeros((four.options, FOUR))

    def least(call: object, repeats: int = 7) -> float:
        best = np.inf
        for _ in range(repeats):
            begun = time.perf_counter()
            call()  # type: ignore[operator]
            best = min(best, time.perf_counter() - begun)
        return float(best)

    sixteen = least(lambda: wide.backward(values, 0, odds)) / LANES
    fourfold = least(lambda: four.backward(other, 0, store, as_odds=True)) / FOUR
    return [
        ("a period of one draw, sixteen at a time", f"{1e3 * sixteen:.2f} ms", "single precision"),
        ("a period of one draw, four at a time", f"{1e3 * fourfold:.2f} ms", f"{fourfold / sixteen:.1f} times as long"),
    ]


def _executors() -> list[Row]:
    """Overhead per solve: the same cheap sweep inline, in processes and on a local cluster."""
    study = Ensemble.of(load(find("theory/two-level-ratification")).require(), paths=False)
    count = 64 * LANES
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for title, workers, cluster in (("inline", 1, None), ("processes", 2, None)):
            begun = time.perf_counter()
            sweep(study, count, folder=Path(folder) / title, workers=workers, cluster=cluster)
            seconds[title] = time.perf_counter() - begun
        if find_spec("distributed"):
            from distributed import LocalCluster

            with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
                address = cluster.scheduler_address
                sweep(study, LANES, folder=Path(folder) / "warm", cluster=address)
                begun = time.perf_counter()
                sweep(study, count, folder=Path(folder) / "cluster", cluster=address)
                seconds["cluster"] = time.perf_counter() - begun
    inline = seconds.pop("inline")
    rows = [("a small draw inline, with its part of the file", f"{1e3 * inline / count:.2f} ms", f"{count} draws")]
    for title, taken in seconds.items():
        # two workers: what one core spends on a draw beyond solving it
        extra = (2 * taken - inline) / count
        rows.append(
            (f"extra for a draw on {title}", f"{1e3 * extra:.2f} ms", f"{taken:.1f} s beside {inline:.1f} s inline")
        )
    return rows
