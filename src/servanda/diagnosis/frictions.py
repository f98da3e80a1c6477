"""What each friction does: the game solved again with a mechanism switched off, everybody's play included.

An effect is the change of the chance that any deal is live at the horizon, in probability and in log-odds, with every
draft on the table. Effects taken one at a time do not add up; the last one has all frictions off together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import logit

from servanda.case.resolved import Friction
from servanda.compile import Compiled
from servanda.compile.evaluation import evaluate
from servanda.diagnosis.findings import FrictionEffect
from servanda.diagnosis.gates import first_signed, running_at_horizon
from servanda.diagnosis.play import Play
from servanda.equilibrium import Settings, Status, solve
from servanda.equilibrium.parallel import side_by_side


def friction_effects(play: Play, overrides: Mapping[str, float], settings: Settings) -> tuple[FrictionEffect, ...]:
    """Every friction switched off alone, and all together; none if the case names no friction.

    Parameters
    ----------
    overrides : parameter values that hold throughout, as in `play`
    """
    compiled = play.compiled
    frictions = compiled.case.frictions
    if not frictions:
        return ()
    # a hundred-thousandth of the range of values moves no reported digit of these probabilities
    solver = replace(settings, block_threads=False, polish=False, tail_tolerance=1e-5, tail_steps=200)
    count = len(frictions)

    def without(index: int) -> tuple[float, float, bool]:
        off: dict[str, float] = {}
        for friction in frictions[index : index + 1] or frictions:
            off |= switched_off(compiled, friction, overrides)
        numbers = compiled.numbers([{**overrides, **off}])
        solution = solve(compiled.game, numbers, solver, warm=play.solution.terminal)
        return *outcome_of(Play(compiled, solution)), solution.status is Status.SOLVED

    on = outcome_of(play)
    off = side_by_side(without, range(count + 1), settings.stop)
    names = [(f.name, f.title, f.mechanism) for f in frictions]
    names.append(("all", "All frictions together", "Every mechanism above switched off at once."))
    return tuple(
        FrictionEffect(*name, on[0], running, on[1], signed, _log_odds(running) - _log_odds(on[0]), settled)
        for name, (running, signed, settled) in zip(names, off, strict=True)
    )


def switched_off(compiled: Compiled, friction: Friction, overrides: Mapping[str, float]) -> dict[str, float]:
    """Parameter values with which a friction is off."""
    parameters = {k: np.array([[v]]) for k, v in {**compiled.central, **overrides}.items()}
    years = compiled.game.period_years
    scope = compiled.layout.scope(compiled.codes[:1], parameters=parameters, period_years=years)
    return {name: float(evaluate(worth.node, scope)[0, 0]) for name, worth in friction.off}


def outcome_of(play: Play) -> tuple[float, float]:
    """P(a deal is live at the horizon) and P(one was ever signed)."""
    return float(running_at_horizon(play).sum()), float(first_signed(play).sum())


def _log_odds(p: float) -> float:
    # finite at 0 and 1, so that changes can be ranked
    return float(logit(np.clip(p, 1e-15, 1.0 - 1e-15)))
