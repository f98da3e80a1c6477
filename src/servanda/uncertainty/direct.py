"""Sensitivity of a cheap model by evaluating it directly (Saltelli and others 2010), with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import qmc, sobol_indices

from servanda.uncertainty.answers import Interval, Sensitivity, SensitivityIndex
from servanda.uncertainty.delta import block_score, classes_of, delta_class_count, deltas
from servanda.uncertainty.factors import Factor, Floats, blocks, grouped
from servanda.uncertainty.sensitivity import bootstrap_weights, sentence_of
from servanda.uncertainty.surrogate import fit_surrogate, orthonormal_inputs
from servanda.uncertainty.tornado import tornado_bars

_EDGE = 2.0**-40


def direct_indices(
    function: Callable[[Floats], Floats],
    factors: Sequence[Factor],
    n: int = 1024,
    *,
    quantity: str,
    title: str = "",
    correlation: Floats | None = None,
    seed: int = 0,
) -> Sensitivity:
    """What drives a function, from n (k + 2) evaluations for k parameters or correlated groups.

    Parameters
    ----------
    function
        Answers [draw] for values [draw, factor].
    factors
        What is drawn; every one has a distribution.
    n
        Base sample, a power of two.
    quantity, title
        Name of the answer, and what it is in words.
    correlation
        Correlations of the normal scores, [factor, factor]; none if None. Factors tied by them, directly or through
        others, are judged as a group.
    seed
        Of the sequence and of the bootstrap.

    Raises
    ------
    ValueError
        If `n` is no power of two, a value of the function is not finite, or the correlations contradict each other.
    """
    if n < 2 or n & (n - 1):
        raise ValueError(f"the base sample must be a power of two, not {n}")
    matrix = np.eye(len(factors)) if correlation is None else np.asarray(correlation, dtype=np.float64)
    tied = [(factors[a].name, factors[b].name) for a, b in np.argwhere(np.triu(matrix, 1)).tolist()]
    named = grouped(factors, tied)
    judged = blocks(named)
    try:
        root = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as error:
        raise ValueError("the correlations contradict each other: no joint distribution has them all") from error

    def evaluate(points: Floats) -> tuple[Floats, Floats]:
        uniform = points if correlation is None else ndtr(ndtri(points) @ root.T)
        x = np.stack([f.number.quantile(uniform[:, k]) for k, f in enumerate(named)], axis=1)
        y = np.asarray(function(x), dtype=np.float64)
        if y.shape != (len(x),) or not np.isfinite(y).all():
            raise ValueError("the function must give one finite answer a draw")
        return x, y

    width = len(named)
    sequence = qmc.Sobol(2 * width, rng=np.random.default_rng(seed)).random(n)
    points = np.clip(sequence, _EDGE, 1.0 - _EDGE)
    a, b = points[:, :width], points[:, width:]
    (x_a, y_a), (x_b, y_b) = evaluate(a), evaluate(b)
    mixed = []
    for block in judged:
        swapped = a.copy()
        # independent coordinates of a group are swapped together, so its members stay tied
        swapped[:, block.columns] = b[:, block.columns]
        mixed.append(evaluate(swapped)[1])
    x, y = np.concatenate([x_a, x_b]), np.concatenate([y_a, y_b])
    name, mean, deviation = title or quantity, float(y.mean()), float(y.std())
    weights = np.full(len(y), 1.0 / len(y))
    bars = tornado_bars(named, x, y, weights)
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        nothing = Interval(0.0, 0.0, 0.0)
        still = tuple(SensitivityIndex(k.name, k.title, nothing, nothing, nothing) for k in judged)
        same = f"“{name}” is the same in every draw, so nothing drives it."
        return Sensitivity(quantity, name, len(y), mean, 0.0, "direct", 1.0, still, bars, same)
    scaled = (y - mean) / deviation
    answers = ((y_a - mean) / deviation, (y_b - mean) / deviation, (np.stack(mixed) - mean) / deviation)
    first, total = _indices(*answers, seed)
    groups = tuple(block.columns for block in judged if len(block.columns) > 1)
    surrogate = fit_surrogate(orthonormal_inputs(x, weights, groups), scaled, weights, seed=seed)
    classes = [classes_of(block_score(k, x, surrogate), weights, delta_class_count(weights)) for k in judged]
    delta = deltas(classes, scaled, bootstrap_weights(weights, seed), seed)
    indices = [
        SensitivityIndex(block.name, block.title, *three)
        for block, *three in zip(judged, first, total, delta, strict=True)
    ]
    ranked = tuple(sorted(indices, key=lambda index: -index.total.value))
    sentence = sentence_of(name, ranked, 1.0, float(len(y)), "direct")
    return Sensitivity(quantity, name, len(y), mean, deviation, "direct", 1.0, ranked, bars, sentence)


def _indices(f_a: Floats, f_b: Floats, f_ab: Floats, seed: int) -> tuple[list[Interval], list[Interval]]:
    """First-order and total indices (Saltelli and others 2010), with intervals from the Bayesian bootstrap."""
    evaluations: dict[Literal["f_A", "f_B", "f_AB"], Floats] = {
        "f_A": f_a[None], "f_B": f_b[None], "f_AB": f_ab[:, None],
    }  # fmt: skip
    found = sobol_indices(func=evaluations, n=len(f_a))
    weights = bootstrap_weights(np.full(len(f_a), 1.0 / len(f_a)), seed)[:, 1:]
    mean = 0.5 * (f_a + f_b) @ weights
    variance = 0.5 * (f_a**2 + f_b**2) @ weights - mean**2
    # the same estimators on every replicate
    first = (f_b * (f_ab - f_a)) @ weights / variance
    total = 0.5 * ((f_a - f_ab) ** 2) @ weights / variance
    return _intervals(found.first_order, first), _intervals(found.total_order, total)


def _intervals(values: Floats, replicates: Floats) -> list[Interval]:
    ends = np.quantile(replicates, [0.025, 0.975], axis=1)
    return [
        Interval(*np.clip([value, min(low, value), max(high, value)], 0.0, 1.0).tolist())
        for value, low, high in zip(np.ravel(values).tolist(), *ends.tolist(), strict=True)
    ]
