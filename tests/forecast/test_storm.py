"""Our forecasts against the probabilistic model checker Storm, which has never heard of negotiations.

Storm reads the exported chain and answers the same questions with its own algorithms: dated ones ("by", "at"), ones
without a date, the long run, and the mean of an indicator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servanda.case import read
from servanda.export.explicit import Chain, explicit_chain, write
from servanda.forecast.propagation import forecast
from tests.export.chained import Chained, chained, ever, long_run
from tests.sketches import Sketch

stormpy = pytest.importorskip("stormpy", reason="wheels of stormpy are made for few platforms")
THEORY = ["nonproliferation-window", "two-level-ratification", "durability-island", "pledge", "investment-reversal"]
BUSY = Sketch(phases=2, ratifiers=1, leads_to="suspension", hidden=True, shock="ended", spoiler="suspended", dated=True)
Ask = Callable[[str], float]


def small(name: str) -> Chained:
    return chained(BUSY.case if name == "sketch" else replace(read(f"theory/{name}"), periods=5))


def model_of(chain: Chain, folder: Path) -> Ask:
    files = write(chain, folder / "chain")
    rewards = {"state_rewards": str(files.rewards["quantity"])} if files.rewards else {}
    model = stormpy.build_model_from_explicit(str(files.transitions), str(files.labels), **rewards)
    assert (model.nr_states, model.nr_transitions) == (chain.nodes, chain.moves.nnz)
    environment: Any = stormpy.environments.default(model)
    solver = environment.solver()
    solver.set_linear_equation_solver_type(stormpy.environments.EquationSolverType.NATIVE)
    native = solver.native()
    native.method = stormpy.environments.NativeLinearEquationSolverMethod.SOUND_VALUE_ITERATION
    native.precision = stormpy.Rational("1/10000000000000")

    def ask(text: str) -> float:
        (wanted,) = stormpy.parse_properties(text)
        found = stormpy.model_checking(model, wanted, only_initial_states=True, environment=environment)
        return float(found.get_value(0))

    return ask


def check_dated(case: Chained, chain: Chain, ask: Ask, periods: range) -> None:
    flow = case.flow
    for t in periods:
        step = chain.starts[t]
        for k, event in enumerate(case.events):
            assert ask(f'P=? [F<={step} "{event}"]') == pytest.approx(flow.caught[t, k], abs=1e-9)
            now = flow.at_start[t] @ case.inside(event, t)
            if case.compiled.dates[t] >= case.compiled.case.as_of:
                assert ask(f'P=? [F[{step},{step}] "{event}"]') == pytest.approx(now, abs=1e-9)


@pytest.mark.parametrize("name", [*THEORY, "sketch"])
def test_storm_agrees_on_small_cases(name: str, tmp_path: Path) -> None:
    case = small(name)
    chain = explicit_chain(case.compiled, case.solution, case.events)
    ask = model_of(chain, tmp_path)
    check_dated(case, chain, ask, range(case.solution.periods))
    for event, other in (("deal", "war"), ("war", "deal")):
        assert ask(f'P=? [F "{event}"]') == pytest.approx(ever(case, event), abs=1e-9)
        assert ask(f'P=? [!"{other}" U "{event}"]') == pytest.approx(ever(case, event, other), abs=1e-9)


@pytest.mark.parametrize("name", ["nonproliferation-window", "sketch"])
def test_storm_agrees_on_the_long_run(name: str, tmp_path: Path) -> None:
    case = small(name)
    chain = explicit_chain(case.compiled, case.solution, case.events)
    ask = model_of(chain, tmp_path)
    share = long_run(case)
    # Storm stops averages over time at a millionth, whatever precision its equations are solved to
    near = 2e-6 * chain.lap
    assert ask('LRA=? ["start"]') * chain.lap == pytest.approx(1.0, abs=near)
    for event in ("deal", "war"):
        starting = ask(f'LRA=? ["{event}" & "start"]') * chain.lap
        assert starting == pytest.approx(share @ case.inside(event, case.solution.periods), abs=near)


def test_storm_agrees_on_the_founding_case(tmp_path: Path) -> None:
    case = chained(replace(read("us-iran"), periods=3), ["freeze"])
    indicator = case.compiled.case.indicators[0]
    chain = explicit_chain(case.compiled, case.solution, case.events, {"quantity": indicator.value.node})
    ask = model_of(chain, tmp_path)
    check_dated(case, chain, ask, range(case.solution.periods))
    said, last = forecast(case.compiled, case.solution), chain.starts[-1]
    assert ask(f'P=? [F<={last} "war"]') == pytest.approx(said.outcomes.ever_war[-1], abs=1e-9)
    assert ask(f'P=? [F[{last},{last}] "deal" & !"war"]') == pytest.approx(said.outcomes.deal[-1], abs=1e-9)
    for t, step in enumerate(chain.starts):
        assert ask(f"R=? [I={step}]") == pytest.approx(said.indicators[0].mean[t], rel=1e-9, abs=1e-9)
    assert ask('P=? [F "war"]') >= said.outcomes.ever_war[-1]
    assert np.isclose(ask('P=? [!"deal" U "war"]') + ask('P=? [!"war" U "deal"]'), 1.0, atol=1e-9)
