"""What drives a quantity: variance-based and moment-independent sensitivity from given draws.

No model is evaluated again. The variance splits by a sparse polynomial stand-in (`surrogate`); what it leaves is
sorted into classes of each parameter, whose means add what the polynomial missed of a parameter's own effect.
Borgonovo's delta compares the distribution of the quantity within classes of a parameter with that over all draws
(Plischke, Borgonovo and Smith 2013). Intervals come from the Bayesian bootstrap (Rubin 1981). Correlated parameters are
judged as one group, so that shares stay shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from servanda.uncertainty.answers import Interval, Sensitivity, SensitivityIndex
from servanda.uncertainty.delta import block_score, class_count, classes_of, delta_class_count, deltas
from servanda.uncertainty.factors import Block, Factor, Floats, blocks
from servanda.uncertainty.surrogate import Surrogate, fit_surrogate, orthonormal_inputs
from servanda.uncertainty.tornado import tornado_bars

Integers = NDArray[np.intp]

RELIABLE = 0.7
FEWEST = 50
TELLING = 0.02
IDLE = 0.005
SAID = 3


def sensitivity(
    factors: Sequence[Factor],
    x: Floats,
    y: Floats,
    weights: Floats | None = None,
    *,
    quantity: str,
    title: str = "",
    seed: int = 0,
) -> Sensitivity:
    """What drives a quantity, from draws that exist already.

    `first` and `total` are shares of the variance as if parameters (or correlated groups) were independent, each with
    its weighted distribution. `delta` takes the draws as they are, so with weights it includes what evidence ties
    together. Interactions that the stand-in does not see are missing from `total`, which is therefore a lower bound;
    `quality` says how much that can be.

    Parameters
    ----------
    x
        Values drawn, [draw, factor].
    y
        The quantity, [draw]; draws where it is not finite are left out.
    weights
        Weight of each draw; equal if None.
    quantity, title
        Its name, and what it is in words.
    seed
        Of the bootstrap and of the parts held out.

    Raises
    ------
    ValueError
        If fewer than eight draws count, or the shapes do not fit.
    """
    if x.shape != (len(y), len(factors)):
        raise ValueError(f"draws of shape {x.shape} for {len(y)} answers and {len(factors)} factors")
    given = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    used = np.isfinite(y) & (given > 0.0)
    if used.sum() < 8:
        raise ValueError(f"{int(used.sum())} draws are too few to say what drives {quantity}")
    x, y, w = x[used], y[used], given[used] / given[used].sum()
    name, mean, deviation = title or quantity, float(w @ y), math.sqrt(float(w @ (y - w @ y) ** 2))
    bars = tornado_bars(factors, x, y, w)
    judged = blocks(factors)
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        nothing = Interval(0.0, 0.0, 0.0)
        still = tuple(SensitivityIndex(b.name, b.title, nothing, nothing, nothing) for b in judged)
        same = f"“{name}” is the same in every draw, so nothing drives it."
        return Sensitivity(quantity, name, len(y), mean, 0.0, "surrogate", 1.0, still, bars, same)
    groups = tuple(block.columns for block in judged if len(block.columns) > 1)
    scaled = (y - mean) / deviation
    surrogate = fit_surrogate(orthonormal_inputs(x, w, groups), scaled, w, seed=seed)
    replicates = bootstrap_weights(w, seed)
    scores = [block_score(block, x, surrogate) for block in judged]
    fine = [classes_of(score, w, class_count(w)) for score in scores]
    first, total = _variance_shares(judged, surrogate, fine, scaled, replicates)
    few = [classes_of(score, w, delta_class_count(w)) for score in scores]
    idle = [surrogate.quality >= RELIABLE and share.value < IDLE for share in total]
    delta = deltas(few, scaled, replicates, seed, idle)
    indices = tuple(
        SensitivityIndex(block.name, block.title, *intervals)
        for block, *intervals in zip(judged, first, total, delta, strict=True)
    )
    ranked = tuple(sorted(indices, key=lambda index: -index.total.value))
    sentence = sentence_of(name, ranked, surrogate.quality, 1.0 / float(w @ w), "surrogate")
    return Sensitivity(quantity, name, len(y), mean, deviation, "surrogate", surrogate.quality, ranked, bars, sentence)


def bootstrap_weights(weights: Floats, seed: int) -> Floats:
    """Weights [draw, replicate]: the first column as they are, then multiplied by exponential numbers."""
    count = 200 if len(weights) <= 2_500 else 100
    noise = np.random.default_rng(seed).standard_exponential((len(weights), count))
    drawn = np.column_stack([weights, weights[:, None] * noise])
    return np.asarray(drawn / drawn.sum(axis=0))


def _variance_shares(
    judged: Sequence[Block], surrogate: Surrogate, classes: Sequence[Integers], y: Floats, replicates: Floats
) -> tuple[list[Interval], list[Interval]]:
    """First-order and total shares of every block."""
    means = y @ replicates
    variance = ((y**2) @ replicates - means**2) / (1.0 - np.einsum("ij,ij->j", replicates, replicates))
    squares = _squared_coefficients(surrogate, replicates)
    owners = [frozenset(surrogate.columns_of(k)) for k in range(len(surrogate.terms))]
    first, total = [], []
    for block, of in zip(judged, classes, strict=True):
        columns = frozenset(block.columns)
        own = [k for k, owner in enumerate(owners) if owner <= columns]
        shared = [k for k, owner in enumerate(owners) if owner & columns and not owner <= columns]
        alone = squares[own].sum(axis=0) + between(of, surrogate.residual, replicates)
        together = np.maximum(squares[shared].sum(axis=0), 0.0)
        first.append(_interval(alone / variance))
        total.append(_interval((np.maximum(alone, 0.0) + together) / variance))
    return first, total


def _squared_coefficients(surrogate: Surrogate, replicates: Floats) -> Floats:
    """Squares of the coefficients [term, replicate], less what their sampling error adds."""
    design, residual = surrogate.design, surrogate.residual
    if design.shape[1] == 0:
        return np.zeros((0, replicates.shape[1]))
    weights = replicates[:, 0]
    centred = design - weights @ design
    inverse = np.linalg.inv((centred * weights[:, None]).T @ centred)
    influence = centred @ inverse
    variance = ((weights * residual) ** 2) @ influence**2
    # one step of each replicate's own fit
    moved = surrogate.coefficients[:, None] + (influence * residual[:, None]).T @ replicates
    bias = np.full(replicates.shape[1], 2.0)
    bias[0] = 1.0
    return np.asarray(moved**2 - bias * variance[:, None])


def between(classes: Integers, y: Floats, replicates: Floats) -> Floats:
    """Variance of the means of classes [replicate], less what the noise within classes adds.

    With weights w adding up to one, chance alone makes the sum over classes of W(mean of class - mean)² as large as
    the variance within classes times the sum of w²/W, less the sum of w².
    """
    count = int(classes.max()) + 1
    if count < 2:
        return np.zeros(replicates.shape[1])
    draws = np.arange(len(y))
    members = csr_matrix((np.ones(len(y)), (classes, draws)), shape=(count, len(y)))
    mass = np.asarray(members @ replicates)
    inside = np.where(mass > 0.0, mass, 1.0)
    sums = np.asarray(members @ (replicates * y[:, None]))
    squares = np.asarray(members @ replicates**2)
    crowding = (squares / inside).sum(axis=0)
    mean = sums.sum(axis=0)
    explained = (sums**2 / inside).sum(axis=0) - mean**2
    left = (y**2) @ replicates - mean**2 - explained
    noise = left / np.maximum(1.0 - crowding, 1e-12)
    return np.asarray(explained - (crowding - squares.sum(axis=0)) * noise)


def _interval(values: Floats) -> Interval:
    """The first value and the middle 95 % of the others, all clipped to [0, 1]."""
    value, others = float(values[0]), values[1:]
    low, high = np.quantile(others, [0.025, 0.975])
    inside = np.clip([value, min(low, value), max(high, value)], 0.0, 1.0)
    return Interval(*inside.tolist())


def sentence_of(name: str, ranked: Sequence[SensitivityIndex], quality: float, effective: float, method: str) -> str:
    """Say in words what drives a quantity, and how far that can be trusted.

    Parameters
    ----------
    name
        The quantity.
    ranked
        Indices, largest total first.
    quality
        Share of the variance explained on draws not used.
    effective
        Effective sample size.
    method
        `direct` or `surrogate`.
    """
    telling = [index for index in ranked if index.total.value >= TELLING and index.total.low > 0.0][:SAID]
    if telling:
        parts = [
            f"{index.title} ({_percent(index.first.value)} of the variance alone"
            + (f", {_percent(index.total.value)} with interactions)" if _interacts(index) else ")")
            for index in telling
        ]
        listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
        text = f"What drives “{name}” most: {listed}."
    else:
        text = f"No single parameter stands out from what chance would show in the variance of “{name}”."
    if method == "surrogate" and quality < RELIABLE:
        text += (
            f" The polynomial that stands in for the model explains only {_percent(max(quality, 0.0))} of the variance "
            "on draws it has not seen: shares with interactions are lower bounds, not to be relied on."
        )
    if effective < FEWEST:
        text += f" All of this rests on draws worth {effective:.0f} equally weighted ones: take it as a hint."
    return text


def _interacts(index: SensitivityIndex) -> bool:
    return index.total.value - index.first.value >= 0.01


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"
