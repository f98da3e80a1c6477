"""A bond taken for itself: what it does to each choice while everybody else's play and the future stay as they were.

With continuation values fixed, a bond only makes the options dearer that break or leave the deal, so the side that
posts it breaks less, at every node. (Among several ways to break, one that is noticed less may still gain from one that
is noticed more: the law is about all of them together.) With full feedback this need not hold; see `trust`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.compile.bonds import bond_parameter
from servanda.equilibrium import Period, Settings, Slot, solve
from servanda.game import Numbers, Stage

Floats = NDArray[np.float64]


def one_shot(
    compiled: Compiled,
    bonds: Mapping[str, float],
    overrides: Mapping[str, float] | None = None,
    settings: Settings | None = None,
) -> float:
    """The largest change of the odds of breaking at any node of a side that posts a bond, one choice at a time.

    Zero or below to rounding; 0 where such a side never chooses between breaking and not.

    Parameters
    ----------
    compiled : with bonds compiled in
    bonds : points by side
    overrides : parameter values that hold throughout

    Raises
    ------
    CaseError
        Unknown parameter, or a side without a bond.
    """
    given = dict(overrides or {})
    solution = solve(compiled.game, compiled.numbers([given]), settings)
    pledged = compiled.numbers([{**given, **{bond_parameter(s): points for s, points in bonds.items()}}])
    period = Period(compiled.game, solution.numbers)
    worst = -np.inf
    for t, advantage in enumerate(solution.advantage):
        for slot in period.slots:
            if compiled.rules[slot.stage].side in bonds:
                change = _change(compiled, slot, advantage[slot.options, 0], (solution.numbers, pledged), t)
                worst = max(worst, float(change.max(initial=-np.inf)))
    return worst if np.isfinite(worst) else 0.0


def _change(compiled: Compiled, slot: Slot, advantage: Floats, numbers: tuple[Numbers, Numbers], t: int) -> Floats:
    """Change of the odds of breaking, [row], at the rows of a stage that offer both to break and not to."""
    stage, breaks = compiled.game.stages[slot.stage], compiled.breaks[slot.stage]
    if not breaks.any():
        return np.zeros(0)
    before, after = (n.at(t)[:, 0] for n in numbers)
    own = stage.price_actor == stage.mover[stage.row_of_price]
    dearer = np.where(own, after[stage.price_coefficient] - before[stage.price_coefficient], 0.0)
    paid = np.bincount(stage.option_of_price, dearer, minlength=stage.options)
    precision = numbers[0].precision[:, 0]
    odds = [_breaking(stage, breaks, advantage - cost, precision) for cost in (0.0, paid)]
    first = stage.option_start[:-1]
    both = np.logical_or.reduceat(breaks, first) & np.logical_or.reduceat(~breaks, first)
    return np.asarray((odds[1] - odds[0])[both])


def _breaking(stage: Stage, breaks: NDArray[np.bool_], worth: Floats, precision: Floats) -> Floats:
    """Odds that an option is taken that breaks the deal, [row], in logit choice by what options are worth."""
    best = np.maximum.reduceat(worth, stage.option_start[:-1])[stage.row_of_option]
    weight = np.exp(precision[stage.mover[stage.row_of_option]] * (worth - best))
    total, breaking = (np.bincount(stage.row_of_option, w, minlength=stage.rows) for w in (weight, weight * breaks))
    return np.asarray(breaking / total)
