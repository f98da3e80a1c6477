"""Evidence as weights of draws: importance weights, tempering, weighted quantiles and bands, posteriors.

A draw of the parameters is weighed by the likelihood of the evidence under it. Few draws may then carry all the weight.
The effective sample size (Kish 1965) says how many equal ones they are worth; where it would fall below a floor, the
likelihood is raised to the largest power below one that keeps it there, which uses the evidence in part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from scipy.stats import beta

from servanda.uncertainty.answers import Band, Posterior, Weighing
from servanda.uncertainty.factors import Factor

Floats = NDArray[np.float64]

LEAST = 50.0
BAND = 0.8
_STEPS = 60


def weigh(
    log_likelihood: ArrayLike,
    *,
    least: float = LEAST,
    failed: NDArray[np.bool_] | None = None,
    unsettled: NDArray[np.bool_] | None = None,
) -> tuple[Floats, Weighing]:
    """Weights of draws, adding up to one, and how the evidence weighs them.

    Draws that failed (or whose log-likelihood is nan) have weight zero and count nowhere else. If no draw can produce
    the evidence, the draws keep equal weights, the power is 0 and the sentence says so. If none is solved at all, every
    weight is zero.

    Parameters
    ----------
    log_likelihood
        Natural logarithm of the likelihood of all evidence, one a draw; minus infinity where it is impossible.
    least
        Floor of the effective sample size in draws; below 1, as a share of the draws solved. The floor is never more
        than half of the draws under which the evidence is possible.
    failed, unsettled
        Draws without an answer, and draws with a rough one; none if None.

    Raises
    ------
    ValueError
        If a log-likelihood is plus infinity, or `least` is not positive.

    Examples
    --------
    >>> weights, weighing = weigh([0.0, -1.0, -np.inf, -1.0], least=1)
    >>> weights.round(3).tolist(), round(weighing.effective, 2), weighing.tempering
    ([0.576, 0.212, 0.0, 0.212], 2.37, 1.0)
    """
    given = np.asarray(log_likelihood, dtype=np.float64)
    if np.isposinf(given).any():
        raise ValueError("a likelihood cannot be infinite")
    if not least > 0.0:
        raise ValueError(f"the least effective sample size must be positive, not {least:g}")
    lost = np.isnan(given) | (failed if failed is not None else False)
    rough = int((unsettled & ~lost).sum()) if unsettled is not None else 0
    solved = int((~lost).sum())
    likely = np.where(lost, -np.inf, given)
    possible = int(np.isfinite(likely).sum())
    counts = (len(given), int(lost.sum()), rough)
    if possible == 0:
        weights = np.where(lost, 0.0, 1.0 / max(solved, 1))
        return weights, Weighing(*counts, 0.0, 0.0, 0.0, -math.inf, _nothing(solved))
    floor = min(least if least >= 1.0 else least * solved, 0.5 * possible)
    untempered = _effective(likely)
    power = 1.0 if untempered >= floor else _power(likely, floor)
    scaled = np.where(np.isfinite(likely), power * likely, -np.inf)
    weights = np.exp(scaled - logsumexp(scaled))
    weights /= weights.sum()
    effective = 1.0 / float(weights @ weights)
    evidence = float(logsumexp(likely)) - math.log(solved)
    sentence = _sentence(solved, possible, effective, untempered, power, likely)
    return weights, Weighing(*counts, effective, power, untempered, evidence, sentence)


def effective_size(weights: ArrayLike) -> float:
    """How many equally weighted draws these are worth: the square of the sum over the sum of squares (Kish 1965).

    >>> effective_size([0.5, 0.5, 0.0]), effective_size([0.0])
    (2.0, 0.0)
    """
    given = np.asarray(weights, dtype=np.float64)
    square = float(given @ given)
    return float(given.sum()) ** 2 / square if square > 0.0 else 0.0


def quantiles(values: ArrayLike, weights: ArrayLike, q: ArrayLike) -> Floats:
    """Weighted quantiles along the first axis: [level, ...] for values [draw, ...].

    The weighted form of the estimator that averages order statistics over a window of 1/n of the distribution, where n
    is the effective sample size (Akinshin 2023). With equal weights it is the usual linear interpolation, NumPy's
    default; draws of weight zero do not matter.

    Raises
    ------
    ValueError
        If the weights are negative or all zero, or a value that counts is not finite.

    Examples
    --------
    >>> quantiles([1.0, 2.0, 4.0], [1, 1, 1], [0.25, 0.5]).tolist()
    [1.5, 2.0]
    """
    v, w = _counting(values, weights)
    levels = np.atleast_1d(np.asarray(q, dtype=np.float64))
    flat = v.reshape(len(v), -1)
    size = effective_size(w)
    order = np.argsort(flat, axis=0, kind="stable")
    ordered = np.take_along_axis(flat, order, axis=0)
    upto = np.concatenate([np.zeros((1, flat.shape[1])), np.cumsum(w[order], axis=0)])
    upto /= upto[-1]
    found = np.empty((len(levels), flat.shape[1]))
    for row, level in enumerate(levels):
        start = min(max(level, 0.0), 1.0) * (size - 1.0) / size
        shares = np.diff(np.clip((upto - start) * size, 0.0, 1.0), axis=0)
        found[row] = np.einsum("ij,ij->j", shares, ordered) / shares.sum(axis=0)
    # averages of equal numbers may miss them by rounding
    found = np.clip(found, ordered[0], ordered[-1])
    return found.reshape(len(levels), *v.shape[1:])


def band(values: ArrayLike, weights: ArrayLike, share: float = BAND) -> Band:
    """Weighted mean, and the two quantiles between which `share` of the weight lies.

    >>> band([0.0, 1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1, 1], share=0.5)
    Band(mean=2.0, low=1.0, high=3.0)
    """
    (only,) = bands(np.asarray(values, dtype=np.float64)[:, None], weights, share)
    return only


def bands(values: ArrayLike, weights: ArrayLike, share: float = BAND) -> tuple[Band, ...]:
    """The band of every column of values [draw, column]."""
    v, w = _counting(values, weights)
    # a mean of equal numbers may miss them by rounding
    means = np.clip((w / w.sum()) @ v, v.min(axis=0), v.max(axis=0))
    low, high = quantiles(v, w, [0.5 * (1.0 - share), 0.5 * (1.0 + share)])
    return tuple(Band(float(m), float(a), float(b)) for m, a, b in zip(means, low, high, strict=True))


def mixture_quantiles(samples: ArrayLike, weights: ArrayLike, q: ArrayLike) -> Floats:
    """Quantiles of the mixture over draws of what varies within each draw.

    Parameters
    ----------
    samples
        [draw, ..., point]: within a draw, points of equal probability (such as quantiles at evenly spaced levels).
    weights
        Weight of each draw.
    q
        Levels in [0, 1].

    Returns
    -------
    ndarray
        [level, ...].

    Examples
    --------
    >>> mixture_quantiles([[0.0, 1.0], [2.0, 3.0]], [1, 0], [0.0, 1.0]).tolist()
    [0.0, 1.0]
    """
    given = np.asarray(samples, dtype=np.float64)
    points = given.shape[-1]
    pooled = np.moveaxis(given, -1, 1).reshape(given.shape[0] * points, *given.shape[1:-1])
    return quantiles(pooled, np.repeat(np.asarray(weights, dtype=np.float64), points), q)


def posteriors(
    factors: Sequence[Factor], x: Floats, weights: ArrayLike, prior: ArrayLike | None = None
) -> tuple[Posterior, ...]:
    """Every parameter before and after the evidence, those it moved most first.

    How far a parameter moved is the change of its mean in standard deviations; for choices, the largest change of a
    probability in standard deviations of that choice.

    Parameters
    ----------
    x
        Values drawn, [draw, factor].
    weights, prior
        Weights after and before the evidence; `prior` is equal weights if None.
    """
    after = np.asarray(weights, dtype=np.float64)
    before = np.ones(len(x)) if prior is None else np.asarray(prior, dtype=np.float64)
    after, before = after / after.sum(), before / before.sum()
    low, high = bands(x, before), bands(x, after)
    found = []
    for column, factor in enumerate(factors):
        values = x[:, column]
        choices = tuple(
            (name, float(before[values == value].sum()), float(after[values == value].sum()))
            for name, value in factor.choices
        )
        if choices:
            moved = max(abs(b - a) / math.sqrt(max(a * (1.0 - a), 1e-12)) for _, a, b in choices)
        else:
            spread = math.sqrt(float(before @ (values - low[column].mean) ** 2))
            moved = abs(high[column].mean - low[column].mean) / max(spread, 1e-300)
        posterior = Posterior(factor.name, factor.title, factor.unit, low[column], high[column], choices)
        found.append((-moved, column, posterior))
    return tuple(posterior for _, _, posterior in sorted(found, key=lambda entry: entry[:2]))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What each piece of evidence does: answers with everything, answers without it, and how surprising it is.

    `answers` [column]; `without` [piece, column]; `surprise` [piece], in bits; `effective` [piece], the effective
    sample size of the weights without it.
    """

    answers: Floats
    without: Floats
    surprise: Floats
    effective: Floats


def answers_without(
    values: ArrayLike,
    values_without: ArrayLike,
    log_likelihood: ArrayLike,
    log_likelihood_without: ArrayLike,
    power: float = 1.0,
) -> LeftOut:
    """Answers with every piece of evidence left out in turn, and the surprise of each in bits.

    The surprise of a piece is minus the binary logarithm of its mean likelihood given all other evidence: 1 bit is
    as improbable as a coin showing heads, 10 bits as heads ten times over. All weights use the same power.

    Parameters
    ----------
    values
        Answers under all evidence, [draw, column].
    values_without
        Answers with a piece left out, [draw, piece, column].
    log_likelihood, log_likelihood_without
        [draw] and [draw, piece]; nan for draws that failed.
    power
        The `tempering` of the weighing, in [0, 1].

    Raises
    ------
    ValueError
        If no draw can produce the evidence that is left.
    """
    everything, without = np.asarray(values, dtype=np.float64), np.asarray(values_without, dtype=np.float64)
    joint = np.asarray(log_likelihood, dtype=np.float64)
    rest = np.asarray(log_likelihood_without, dtype=np.float64)
    kept = ~(np.isnan(joint) | np.isnan(rest).any(axis=1))
    everything, without, joint, rest = everything[kept], without[kept], joint[kept], rest[kept]
    now, others = _powered(joint[:, None], power)[:, 0], _powered(rest, power)
    with np.errstate(invalid="ignore"):
        piece = np.exp(np.where(np.isneginf(joint)[:, None], -np.inf, joint[:, None] - rest))
    mean = np.einsum("ij,ij->j", others, np.where(others > 0.0, piece, 0.0))
    with np.errstate(divide="ignore"):
        surprise = -np.log2(mean)
    left = np.einsum("ij,ijk->jk", others, without)
    return LeftOut(now @ everything, left, surprise, 1.0 / (others**2).sum(axis=0))


def share_interval(share: float, effective: float, level: float = 0.95) -> tuple[float, float]:
    """Interval for a share counted over draws worth `effective` equal ones (Clopper and Pearson 1934).

    >>> tuple(round(end, 3) for end in share_interval(0.5, 100))
    (0.398, 0.602)
    """
    if effective <= 0.0:
        return 0.0, 1.0
    hits, tail = share * effective, 0.5 * (1.0 - level)
    low = float(beta.ppf(tail, hits, effective - hits + 1.0)) if hits > 0.0 else 0.0
    high = float(beta.ppf(1.0 - tail, hits + 1.0, effective - hits)) if hits < effective else 1.0
    return low, high


def _counting(values: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Values and weights of the draws that count."""
    v, w = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if w.shape != v.shape[:1]:
        raise ValueError(f"{w.shape[0]} weights for {v.shape[0]} draws")
    if not (w >= 0.0).all() or not w.any():
        raise ValueError("weights must be zero or more, and one of them positive")
    v, w = v[w > 0.0], w[w > 0.0]
    if not np.isfinite(v).all():
        raise ValueError("a draw that counts has no finite value")
    return v, w


def _powered(log_likelihood: Floats, power: float) -> Floats:
    """Weights [draw, column] of likelihoods raised to a power; power 0 weighs all draws alike."""
    if power == 0.0:
        return np.full(log_likelihood.shape, 1.0 / max(len(log_likelihood), 1))
    total = logsumexp(power * log_likelihood, axis=0)
    if not np.isfinite(total).all():
        raise ValueError("no draw can produce the evidence")
    return np.exp(power * log_likelihood - total)


def _effective(log_weights: Floats) -> float:
    return math.exp(2.0 * float(logsumexp(log_weights)) - float(logsumexp(2.0 * log_weights)))


def _power(likely: Floats, floor: float) -> float:
    """Largest power with an effective sample size of `floor`: the size only falls as the power grows."""
    finite = likely[np.isfinite(likely)]
    finite = finite - finite.max()
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if _effective(middle * finite) >= floor:
            low = middle
        else:
            high = middle
    return low


def _nothing(solved: int) -> str:
    if solved == 0:
        return "No draw was solved, so nothing can be said."
    return (
        f"Under none of the {solved:,} draws is the evidence possible, so it was not used: the answers after it are "
        "those before it. Some observation contradicts the model; look at the reliability of the reports."
    )


def _sentence(solved: int, possible: int, effective: float, untempered: float, power: float, likely: Floats) -> str:
    if np.ptp(likely[np.isfinite(likely)]) == 0.0 and possible == solved:
        return f"No draw accounts for the evidence better than another: all {solved:,} keep the same weight."
    worth = f"{effective:,.0f}" if effective >= 10 else f"{effective:.1f}"
    first = f"After the evidence, {solved:,} draws are worth {worth} equally weighted ones."
    if possible < 2 * LEAST and possible < solved:
        first += f" The evidence is possible under {possible:,} of them only: take the answers as rough."
    if power < 1.0:
        first += (
            f" With its full weight they would be worth {untempered:.1f}, too few to average over, so the likelihood "
            f"was raised to the power {power:.2g}: the evidence counts in part only; with more draws it counts more."
        )
    return first
