"""Rows against a solve in double precision at the same parameters, and that solve's own propagation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from servanda.case import read
from servanda.case.resolved import ResolvedCase
from servanda.ensemble import Ensemble
from servanda.ensemble.frame import SETTINGS as ROUGH
from servanda.ensemble.paths import SHARES
from servanda.equilibrium import Settings, Terminal, solve
from servanda.forecast.propagation import flow, forecast
from servanda.kernels.lanes import LANES
from tests.ensemble.border import border
from tests.ensemble.rows import parameters
from tests.sketches import Sketch, sketches
from tests.strategies import few

EXACT = Settings(tail_tolerance=1e-9, tail_steps=3000)
THEORY = (
    "commitment-war", "durability-island", "holdup-bond", "investment-reversal", "nonproliferation-window", "pledge",
    "two-level-ratification",
)  # fmt: skip


def apart(case: ResolvedCase, draws: tuple[int, ...], *, terminal: str = "stationary", how: Settings = EXACT) -> float:
    """The largest distance of anything in the rows of these draws from what `forecast` says."""
    study = Ensemble.of(case)
    rows, frame = study.solve(0, LANES), study.frame
    assert set(rows["failure"].tolist()) == {""}
    assert rows["settled"].all()
    compiled, first = frame.compiled, frame.informed
    gaps = [0.0]
    for draw in draws:
        values = parameters(rows, draw)
        numbers = compiled.numbers([values])
        solution = solve(compiled.game, numbers, replace(how, terminal=Terminal(terminal)))
        found = forecast(compiled, solution)
        asked = {q.name for q in frame.case.questions if not q.outside}
        assert {n.removeprefix("before.question.") for n in rows if n.startswith("before.question.")} == asked
        answers = {a.question: a.probability for a in found.answers}
        gaps += [float(abs(rows[f"before.question.{name}"][draw] - answers[name])) for name in asked]
        path = found.outcomes
        series = {
            "path.deal": path.deal, "path.war": path.war, "event.deal": path.ever_deal, "event.war": path.ever_war,
            **{f"path.draft.{name}": x for name, x in path.drafts},
        }  # fmt: skip
        gaps += [float(np.abs(rows[f"before.{n}"][draw] - x[first:]).max()) for n, x in series.items()]
        gaps += [
            float(abs(rows[f"before.outcome.{n}"][draw] - x[-1]))
            for n, x in (("deal", path.deal), ("ever_deal", path.ever_deal), ("ever_war", path.ever_war))
        ]
        starts = flow(compiled, solution, []).at_start[first:]
        for indicator in frame.case.indicators:
            for step, mass in enumerate(starts):
                value = compiled.truth(indicator.value.node, first + step, values)
                size = max(1.0, float(np.ptp(value)))
                mean = rows[f"before.indicator.{indicator.name}"][draw, step]
                gaps.append(abs(float(mass @ value) - float(mean)) / size)
                if not frame.seen:
                    spread = rows[f"spread.{indicator.name}"][draw, step]
                    assert (np.diff(spread) >= 0.0).all()
                    for share, level in zip(SHARES, spread, strict=True):
                        assert np.abs(value[mass > 0.0] - level).min() <= 1e-9 * size
                        gaps.append(max(0.0, share - float(mass[value <= level + 1e-9 * size].sum())))
                        gaps.append(max(0.0, float(mass[value < level - 1e-9 * size].sum()) - share))
    return max(gaps)


@pytest.mark.parametrize("name", THEORY)
def test_theory_cases(name: str) -> None:
    assert apart(read(f"theory/{name}"), (0,)) <= 1e-5


@pytest.mark.parametrize("west", [False, True])
@pytest.mark.parametrize("terminal", ["settled", "stationary"])
def test_questions_of_every_kind(west: bool, terminal: str) -> None:
    """At dates inside periods, on a start, the first and the last day; that read the date; past known evidence."""
    case = border("date: 2022-07-01, variable: tension, level: crisis, reliability: 0.8", west=west,
                  modelling=f"terminal: {terminal}")  # fmt: skip
    bound = 1e-5 if terminal == "settled" else 5e-5
    assert apart(case, (0, 9), terminal=terminal) <= bound
    assert apart(border(west=west, modelling=f"terminal: {terminal}"), (3,), terminal=terminal) <= bound


@given(sketches())
@few(8)
def test_sketches(sketch: Sketch) -> None:
    assert apart(replace(sketch, years=3).case, (0,)) <= 1e-3


@pytest.mark.verify
@pytest.mark.parametrize(("how", "bound"), [(ROUGH, 2e-4), (EXACT, 5e-3)])
def test_the_founding_case(how: Settings, bound: float) -> None:
    """Single precision costs little beside the tolerance up to which the continuation is iterated."""
    assert apart(read("us-iran"), (0, 10), how=how) <= bound
