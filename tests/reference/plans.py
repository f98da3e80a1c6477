"""Agreed plans with punishments: is the plan of a case file an equilibrium, and what does deviating for a period gain?

A plan says what everybody does in every state of the case. Its values are found by a linear solve and every deviation
of one period is weighed against it by `certify_stationary`, code that finds no equilibria. By the one-shot principle
nobody gains by any deviation, however long, if nobody gains by one of a single period.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.equilibrium import Period
from servanda.equilibrium.stationary_certificate import StationaryCertificate, certify_stationary
from servanda.equilibrium.stationary_system import System
from servanda.equilibrium.unrolled import unroll
from servanda.game import Numbers
from tests.reference.case_files import Values, compiled

Floats = NDArray[np.float64]
Plan = Callable[[str, Mapping[str, str]], str]


def odds_of(case: Compiled, numbers: Numbers, plan: Plan) -> Floats:
    """Odds[option of the period] of a plan: `plan(decision, levels by variable)` names the option."""
    period = Period(case.game, numbers)
    odds = np.ones(period.options)
    variables = case.layout.variables
    for slot in period.slots:
        stage = case.game.stages[slot.stage]
        rows = np.flatnonzero(stage.mover >= 0)
        codes = case.codes[stage.state]
        digits = {name: case.layout.digit(codes, name) for name in variables}
        for row in rows:
            levels = {name: variables[name].levels[int(digit[row])] for name, digit in digits.items()}
            choice = plan(stage.name, levels)
            first, last = stage.option_start[row], stage.option_start[row + 1]
            if last - first == 1:  # nothing to choose, or a choice carried out
                continue
            labels = [case.game.labels.options[int(k)] for k in stage.label[first:last]]
            odds[slot.options.start + first : slot.options.start + last] = [float(x == choice) for x in labels]
    return odds


def deviation(name: str, values: Values, plan: Plan) -> StationaryCertificate:
    """The most that one change of one move gains against a plan, anywhere in a theory case that may be reached."""
    case = compiled(name)
    numbers = case.numbers([values])
    whole = unroll(case.game, numbers)
    odds = whole.odds(odds_of(case, numbers, plan))
    system = System(whole.game, whole.precision)
    return certify_stationary(whole.game, whole.precision, odds, system.values(system.unknowns(odds)))


def holds(name: str, draws: Sequence[Values], plan: Plan) -> list[float]:
    """Whether nobody gains by deviating once from a plan, for every draw."""
    return [float(deviation(name, draw, plan).regret <= 1e-9) for draw in draws]


def dilemma(_: str, levels: Mapping[str, str]) -> str:
    """`repeated-dilemma`: cooperate while there is trust."""
    return "cooperate" if levels["standing"] == "trust" else "defect"


def turns(decision: str, levels: Mapping[str, str]) -> str:
    """`taking-turns`: the one whose turn it is gives."""
    gives = {"eastern_move": "east_gives", "western_move": "west_gives"}[decision]
    return "cooperate" if levels["standing"] == gives else "defect"


def stick(carrot: int, flood: int) -> Plan:
    """`stick-and-carrot`: sell what is due."""
    return lambda _, levels: f"q{carrot:02d}" if levels["due"] == "carrot" else f"q{flood:02d}"
