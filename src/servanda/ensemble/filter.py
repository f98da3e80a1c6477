r"""The forward filter: what evidence says of a draw, and of the state that play has reached by the date of information.

With :math:`m_t` the distribution over states before a report at time t, a report r multiplies it by the odds
:math:`P(r\mid s)` of the report in each state (its reliability where it is true, the rest where it is not), an observed
option the flow through it. The mass that is left at the end is the likelihood of all reports under the draw, and its
shares are the distribution over states given them (Baum et al. 1970). Exact for each draw: no sampling, to the single
precision of the arithmetic. All *variants* run beside each other: with every piece, without any, without each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.ensemble.observations import Observation, Parameters, fits
from servanda.equilibrium.period import Slot
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.kernels.lanes import LANES

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Filtered:
    """What the filter found.

    mass[state, variant, draw]: distribution over states at the date of information (all zero where the evidence is
    impossible); likelihood[variant, draw]: log-likelihood of the evidence of the variant. Variants: 0 with every piece,
    1 without any, 2 + k without piece k.
    """

    mass: Singles
    likelihood: Floats


def filtered(
    compiled: Compiled,
    period: SixteenPeriod,
    odds: Sequence[Singles],
    seen: Sequence[Observation],
    informed: int,
    parameters: Parameters,
    *,
    leave_out: bool = True,
) -> Filtered:
    """Run the filter over the first `informed` periods; `odds[t]` are those of play."""
    variants = 2 + (len(seen) if leave_out else 0) if seen else 1
    uses = np.ones((len(seen), variants), dtype=bool)
    if seen:
        uses[:, 1] = False
        for k in range(variants - 2):
            uses[k, 2 + k] = False
    mass = np.zeros((compiled.game.states, variants * LANES), dtype=np.float32)
    mass[:] = compiled.game.start[:, None]
    likelihood = np.zeros((variants, LANES))
    for t in range(informed + 1):
        for k, item in enumerate(seen):
            if item.boundary == t:
                rows = np.flatnonzero(mass.any(axis=1))
                cube = mass[rows].reshape(len(rows), variants, LANES)
                factor = fits(compiled, item, rows, parameters).astype(np.float32)
                cube[:, uses[k]] *= factor[:, None, :]
                mass[rows] = _rescaled(cube, likelihood, uses[k])
        if t < informed:
            options = [(k, item) for k, item in enumerate(seen) if item.period == t]
            mass = _played(period, mass, t, odds[t], options, uses)
            rows = np.flatnonzero(mass.any(axis=1))
            told = np.asarray(uses[[k for k, _ in options]].any(axis=0), dtype=bool)
            mass[rows] = _rescaled(mass[rows].reshape(len(rows), variants, LANES), likelihood, told)
    return Filtered(mass.reshape(len(mass), variants, LANES), likelihood)


def _rescaled(cube: Singles, likelihood: Floats, told: NDArray[np.bool_]) -> Singles:
    """Every variant's mass brought back to one, [row, variant * draw]; what reports took from it is booked.

    `told[variant]`: a report has spoken since the last time; otherwise only rounding has changed the total.
    """
    total = cube.sum(axis=0, dtype=np.float64)
    with np.errstate(divide="ignore"):
        likelihood[told] += np.log(total[told])
    cube /= np.where(total > 0.0, total, 1.0).astype(np.float32)
    return cube.reshape(len(cube), cube.shape[1] * LANES)


def _played(
    period: SixteenPeriod,
    mass: Singles,
    t: int,
    odds: Singles,
    options: Sequence[tuple[int, Observation]],
    uses: NDArray[np.bool_],
) -> Singles:
    """One period of play in which some options were seen taken."""
    by_stage: dict[int, list[tuple[int, Observation]]] = {}
    for k, item in options:
        by_stage.setdefault(item.stage, []).append((k, item))
    alive = period.alive(mass)

    def step(slot: Slot, weight: float, array: Singles) -> None:
        chosen = odds[slot.options]
        reports = by_stage.get(slot.stage, [])
        if not reports:
            period.pass_stage(array, slot, t, weight, chosen, alive)
            return
        # where the decision was not to be taken the report is wrong
        here = alive.astype(bool)
        here[period.game.stages[slot.stage].state] = False
        away = np.flatnonzero(here)
        rest = array[away].reshape(len(away), uses.shape[1], LANES)
        # variants that use the same reports of this stage go through it under the same odds
        patterns, which = np.unique(uses[[k for k, _ in reports]], axis=1, return_inverse=True)
        under = np.repeat(chosen[None], patterns.shape[1], axis=0)
        for pattern, (k, item) in zip(patterns, reports, strict=True):
            right, wrong = np.float32(item.evidence.reliability), np.float32(1.0 - item.evidence.reliability)
            under[pattern] *= np.where(item.option, right, wrong)[None, :, None]
            rest[:, uses[k]] *= wrong
        array[away] = rest.reshape(len(away), array.shape[1])
        period.pass_stage(array, slot, t, weight, under, alive, which.reshape(-1).astype(np.int32))

    return period.carry(mass, t, step)  # type: ignore[arg-type,return-value]
