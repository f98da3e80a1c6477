"""The posterior of parameters given a panel: importance draws around its top, re-weighted exactly.

Parameters move on normal scores, on which the declared distributions with their correlations are a normal distribution.
Draws come from a Student-t distribution around the top with the curvature there as its scale; each is weighed by prior
times likelihood over its own density, and the largest weights are Pareto-smoothed. Where the weights are poor, the
distribution is moved to the mean and spread that they show, and draws are made again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_t, qmc

from servanda.estimation.answers import Belief, Posterior
from servanda.estimation.ascent import Hill, Top
from servanda.estimation.pareto import UNRELIABLE, smoothed
from servanda.estimation.scales import Scale, values_at
from servanda.uncertainty.weights import effective_size, quantiles

Floats = NDArray[np.float64]

_DEGREES = 5
_ROUNDS = 3
# of the draws, the share that their weights should be worth
_ENOUGH = 0.3
FEW = 200.0
_LEVELS = (0.025, 0.5, 0.975)


@dataclass(frozen=True)
class Sampled:
    """Weighted draws from the posterior: points on normal scores, values of the parameters, weights adding up to 1;
    `rough` is the weight of draws whose play beyond the horizon had not become stationary.
    """

    points: Floats
    values: Floats
    weights: Floats
    tail: float
    log_marginal: float
    log_marginal_error: float
    rough: float

    @property
    def effective(self) -> float:
        """How many equally weighted draws they are worth."""
        return effective_size(self.weights)


def sample(hill: Hill, top: Top, draws: int, seed: int, tell: Callable[[float], None]) -> Sampled:
    """Draw around the top of a posterior; of up to three rounds the one worth most is kept."""
    size = len(top.point)
    centre, spread = top.point, _spread(top.information)
    best: Sampled | None = None
    for attempt in range(_ROUNDS):
        found = _round(hill, centre, spread, draws, seed + attempt, lambda share: tell((attempt + share) / _ROUNDS))  # noqa: B023
        if best is None or found.effective > best.effective:
            best = found
        if found.effective >= _ENOUGH * draws and found.tail < UNRELIABLE:
            break
        centre = found.weights @ found.points
        away = found.points - centre
        fresh = (away * found.weights[:, None]).T @ away
        # few draws may lie in a plane; what the curvature says keeps the cloud open
        share = min(1.0, found.effective / (10.0 * size))
        spread = share * fresh * (_DEGREES - 2.0) / _DEGREES * 1.2 + (1.0 - share) * spread * 1.5
    assert best is not None
    return best


def _spread(information: Floats) -> Floats:
    """The inverse of the curvature; one unit, the prior's own, where there is none."""
    if not np.isfinite(information).all():
        return np.eye(len(information))
    sizes, ways = np.linalg.eigh(information)
    return np.asarray((ways / np.maximum(sizes, 1.0)) @ ways.T)


def _round(hill: Hill, centre: Floats, spread: Floats, draws: int, seed: int, tell: Callable[[float], None]) -> Sampled:
    size = len(centre)
    proposal = multivariate_t(loc=centre, shape=spread, df=_DEGREES, allow_singular=False)
    points = np.atleast_2d(proposal.rvs(draws, random_state=np.random.default_rng(seed)).reshape(draws, size))
    assert hill.precision is not None
    heights, settled = np.empty(draws), np.ones(draws, dtype=bool)
    for first in range(0, draws, 256):
        tell(first / draws)
        some = slice(first, first + 256)
        heights[some], settled[some] = hill.survey(points[some])
    _, determinant = np.linalg.slogdet(hill.precision)
    prior_constant = 0.5 * determinant - 0.5 * size * math.log(2.0 * math.pi)
    log_weights = heights + prior_constant - np.atleast_1d(proposal.logpdf(points))
    log_weights = np.where(np.isfinite(log_weights), log_weights, -np.inf)
    largest = float(log_weights.max())
    raw = np.exp(log_weights - largest)
    weights, tail = smoothed(log_weights)
    values = np.array([[d[s.name] for s in hill.scales] for d in values_at(hill.scales, points)])
    error = float(raw.std(ddof=1) / math.sqrt(draws) / raw.mean())
    rough = float(weights[~settled].sum())
    return Sampled(points, values, weights, tail, largest + math.log(raw.mean()), error, rough)


def beliefs(found: Sampled) -> tuple[Belief, ...]:
    """Every parameter under the posterior."""
    levels = quantiles(found.values, found.weights, _LEVELS)
    means = found.weights @ found.values
    spread = np.sqrt(found.weights @ (found.values - means) ** 2)
    return tuple(
        Belief(float(means[k]), float(levels[1, k]), float(spread[k]), float(levels[0, k]), float(levels[2, k]))
        for k in range(len(means))
    )


def summary(found: Sampled) -> Posterior:
    """How the posterior was found and how far to trust it."""
    away = found.values - found.weights @ found.values
    covariance = (away * found.weights[:, None]).T @ away
    width = np.sqrt(np.diag(covariance))
    correlations = covariance / np.maximum(np.outer(width, width), 1e-300)
    return Posterior(
        len(found.weights), found.effective, found.tail, found.log_marginal, found.log_marginal_error,
        tuple(tuple(row) for row in correlations.tolist()), _sentence(found),
    )  # fmt: skip


def _sentence(found: Sampled) -> str:
    worth = f"{len(found.weights):,} importance draws are worth {found.effective:,.0f} equally weighted ones"
    if found.tail >= UNRELIABLE:
        return (
            f"{worth}, and a few carry most of the weight (Pareto k {found.tail:.2f}, at most 0.7 would do): take the "
            "posterior as rough, and ask for more draws."
        )
    if found.effective < FEW:
        return f"{worth}: take the posterior as rough, and ask for more draws."
    if found.rough > 0.02:
        return f"{worth}; {100 * found.rough:.0f} % of the weight is rough, as play beyond the horizon does not settle."
    return f"{worth}."


def starts(scales: Sequence[Scale], correlations: Floats, count: int, seed: int) -> list[dict[str, float]]:
    """Values from the declared distributions, evenly spread."""
    if count <= 0 or not scales:
        return []
    engine = qmc.MultivariateNormalQMC(np.zeros(len(scales)), correlations, rng=np.random.default_rng(seed))
    return values_at(scales, engine.random(1 << max(count - 1, 0).bit_length())[:count])
