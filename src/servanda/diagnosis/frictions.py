"""What each friction does: the game solved again with a mechanism switched off, everybody's play included.

An effect is the change of the chance that any deal is live at the horizon, in probability and in log-odds, with every
draft on the table. Effects taken one at a time do not add up; the last one has all frictions off together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from servanda.case.resolved import Friction
from servanda.compile import Compiled
from servanda.compile.evaluation import evaluate
from servanda.diagnosis.findings import FrictionEffect
from servanda.diagnosis.shapley import log_odds
from servanda.diagnosis.trials import Trials
from servanda.equilibrium import Settings


def friction_effects(
    compiled: Compiled, overrides: Mapping[str, float], settings: Settings
) -> tuple[FrictionEffect, ...]:
    """Every friction switched off alone, and all together; none if the case names no friction.

    Parameters
    ----------
    compiled : the case with every draft on the table
    overrides : parameter values that hold throughout
    settings : whose `stop` is obeyed
    """
    frictions = compiled.case.frictions
    if not frictions:
        return ()
    patches = [switched_off(compiled, f, overrides) for f in frictions]
    together = {name: value for patch in patches for name, value in patch.items()}
    trials = Trials(compiled, None, compiled.case.periods).stopping(settings)
    found = trials.run([{**overrides, **off} for off in ({}, *patches, together)])
    running, signed = found.running.tolist(), found.sign.tolist()
    names = [(f.name, f.title, f.mechanism) for f in frictions]
    names.append(("all", "All frictions together", "Every mechanism above switched off at once."))
    return tuple(
        FrictionEffect(
            *name, running[0], running[i], signed[0], signed[i], log_odds(running[i]) - log_odds(running[0]),
            bool(found.settled[i]),
        )
        for i, name in enumerate(names, start=1)
    )  # fmt: skip


def switched_off(compiled: Compiled, friction: Friction, overrides: Mapping[str, float]) -> dict[str, float]:
    """Parameter values with which a friction is off."""
    parameters = {k: np.array([[v]]) for k, v in {**compiled.central, **overrides}.items()}
    years = compiled.game.period_years
    scope = compiled.layout.scope(compiled.codes[:1], parameters=parameters, period_years=years)
    return {name: float(evaluate(worth.node, scope)[0, 0]) for name, worth in friction.off}
