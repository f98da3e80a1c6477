r"""Scores of probabilities against what happened, calibration, and how sure a comparison of forecasters is.

Lower is better for both scores, and both are proper: a forecaster who believes :math:`p` does best, in expectation, by
saying :math:`p` (Brier 1950; Good 1952; Gneiting and Raftery 2007). Probabilities are scored as given, with one
exception: in the log score none counts as closer to 0 or 1 than `CLIP`. A forecast of "never" that comes true would
cost infinitely much, and a mean of anything with infinity says nothing about the rest. Half a per cent is where a
probability stated in whole per cents turns into 0 or 100: nobody who states those has claimed more than 199 to 1.

Intervals of means are percentile bootstrap intervals (Efron and Tibshirani 1993) over *questions*, with a fixed seed.
Questions of one stratum (a case, a date) are resampled among themselves, so every stratum keeps its weight; strata with
a single question are resampled together. All forecasters are resampled with the same questions: comparisons are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servanda.forecast.vocabulary import SCALE

Floats = NDArray[np.float64]
CLIP = 0.005
SAMPLES = 4000
BASE_RATE = "base rate"
# two-sided 95 % of the normal distribution
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % confidence interval (`nan` where a single question gives none)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts between `low` and `high`: how many, their mean, the share that came true and its Wilson interval."""

    low: float
    high: float
    count: int
    mean: float
    share: Estimate


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The Brier score as `reliability - resolution + uncertainty + within`.

    `reliability` is the cost of bad calibration, `resolution` the gain from telling questions apart, `uncertainty` the
    score of the share of questions that came true. `within` is what grouping unequal forecasts leaves over (Stephenson,
    Coelho and Jolliffe 2008): zero if every group holds equal forecasts.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Mean scores of one forecaster over questions that all have answered.

    `skill` is 1 - Brier / Brier of the reference; `difference` the mean Brier score less that of the reference, paired
    by question (negative is better); `better` the share of bootstrap samples in which it is below zero.
    """

    forecaster: str
    questions: int
    brier: Estimate
    log: Estimate
    skill: Estimate
    difference: Estimate
    better: float


def brier(probability: ArrayLike, happened: ArrayLike) -> Floats:
    """Brier score of each forecast, (p - outcome)², in [0, 1].

    Raises
    ------
    ValueError
        For what is no probability, or an outcome that is neither 0 nor 1.

    >>> brier([0.9, 0.9], [True, False]).round(2).tolist()
    [0.01, 0.81]
    """
    p, y = _asked(probability, happened)
    return np.asarray((p - y) ** 2)


def log_score(probability: ArrayLike, happened: ArrayLike) -> Floats:
    """Logarithmic score of each forecast, -ln of the probability of what happened, in nats, at most -ln `CLIP` = 5.3.

    Raises
    ------
    ValueError
        For what is no probability, or an outcome that is neither 0 nor 1.

    >>> log_score([0.5, 0.0, 1.0], [True, True, True]).round(3).tolist()
    [0.693, 5.298, 0.005]
    """
    p, y = _asked(probability, happened)
    p = np.clip(p, CLIP, 1.0 - CLIP)
    return -np.log(np.where(y == 1.0, p, 1.0 - p))


def skill(score: float, reference: float) -> float:
    """Share of the reference's mean score that is saved: 1 is perfect, 0 no better; nan where the reference is perfect.

    >>> skill(0.1, 0.25)
    0.6
    """
    return 1.0 - score / reference if reference > 0.0 else float("nan")


def _asked(probability: ArrayLike, happened: ArrayLike) -> tuple[Floats, Floats]:
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise ValueError("a probability lies between 0 and 1")
    if not ((y == 0.0) | (y == 1.0)).all():
        raise ValueError("an outcome is 0 or 1")
    if p.shape != y.shape:
        raise ValueError(f"{p.size} probabilities for {y.size} outcomes")
    return p, y


def wilson(happened: int, count: int) -> Estimate:
    """Share of `count` trials with its 95 % score interval (Wilson 1927); nan in [0, 1] for no trials.

    >>> wilson(0, 10).high < 0.28, wilson(10, 10).high
    (True, 1.0)
    """
    if count == 0:
        return Estimate(float("nan"), 0.0, 1.0)
    share, spread = happened / count, _Z * _Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * float(np.sqrt(share * (1 - share) / count + spread / (4 * count)))
    # at the ends the formula gives 0 or 1 up to rounding
    low = 0.0 if happened == 0 else max(0.0, middle - half)
    high = 1.0 if happened == count else min(1.0, middle + half)
    return Estimate(share, low, high)


def calibration(probability: ArrayLike, happened: ArrayLike, edges: Sequence[float] | None = None) -> tuple[Bin, ...]:
    """How often forecasts came true, by range of probability.

    Parameters
    ----------
    edges : ascending bounds from 0 to 1; without them those of the standard words. A probability on an inner bound
        belongs to the range farther from even, as with the words.

    Returns
    -------
    tuple of Bin
        One for every range, empty ones too (mean nan, interval [0, 1]).

    >>> [(b.low, b.high, b.count) for b in calibration([0.1, 0.2, 0.9], [0, 0, 1], [0, 0.5, 1])]
    [(0.0, 0.5, 2), (0.5, 1.0, 1)]
    """
    p, y = _asked(probability, happened)
    bounds = _edges(edges)
    which = _places(p, bounds)
    found = []
    for k, (low, high) in enumerate(pairwise(bounds)):
        inside = which == k
        count = int(inside.sum())
        mean = float(p[inside].mean()) if count else float("nan")
        found.append(Bin(float(low), float(high), count, mean, wilson(int(y[inside].sum()), count)))
    return tuple(found)


def _edges(edges: Sequence[float] | None) -> Floats:
    bounds = np.array([0.0, *(high for _, _, high in SCALE)] if edges is None else edges, dtype=np.float64)
    if len(bounds) < 2 or bounds[0] != 0.0 or bounds[-1] != 1.0 or (np.diff(bounds) <= 0.0).any():
        raise ValueError("bounds of ranges ascend from 0 to 1")
    return bounds


def _places(p: Floats, bounds: Floats) -> NDArray[np.int64]:
    inner = bounds[1:-1]
    low = np.searchsorted(inner, p, side="left")
    high = np.searchsorted(inner, p, side="right")
    return np.where(p < 0.5, low, high)


def murphy(probability: ArrayLike, happened: ArrayLike, edges: Sequence[float] | None = None) -> Decomposition:
    """The mean Brier score taken apart (Murphy 1973), equal forecasts together or, given `edges`, those of a range.

    With few forecasts a group, reliability and resolution are both overstated, by about as much.

    Raises
    ------
    ValueError
        Without forecasts, or for what is no probability, outcome or range.

    >>> parts = murphy([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 0])
    >>> [round(x, 4) for x in (parts.reliability, parts.resolution, parts.uncertainty, parts.within)]
    [0.065, 0.0625, 0.1875, 0.0]
    """
    p, y = _asked(probability, happened)
    if p.size == 0:
        raise ValueError("no forecasts to take apart")
    group = np.unique(p, return_inverse=True)[1].reshape(-1) if edges is None else _places(p, _edges(edges))
    count = np.bincount(group).astype(np.float64)
    filled = np.maximum(count, 1.0)
    said = (np.bincount(group, p) / filled)[group]
    came = (np.bincount(group, y) / filled)[group]
    base = y.mean()
    within = ((p - said) ** 2).mean() - 2.0 * ((p - said) * (y - came)).mean()
    return Decomposition(
        float(((said - came) ** 2).mean()), float(((came - base) ** 2).mean()), float(base * (1.0 - base)),
        0.0 if edges is None else float(within),
    )  # fmt: skip


def resampled(
    questions: int, strata: Sequence[Hashable] | None = None, samples: int = SAMPLES, seed: int = 0
) -> Floats:
    """Bootstrap weights of questions, [sample, question], each row adding up to one.

    >>> weights = resampled(3, ["a", "a", "b"], samples=5)
    >>> weights.shape, bool((weights.sum(axis=1).round(12) == 1.0).all())
    ((5, 3), True)
    """
    names = [0] * questions if strata is None else list(strata)
    if len(names) != questions:
        raise ValueError(f"{len(names)} strata for {questions} questions")
    members: dict[Hashable, list[int]] = {}
    for k, name in enumerate(names):
        members.setdefault(name, []).append(k)
    alone = [group[0] for group in members.values() if len(group) == 1]
    groups = [group for group in members.values() if len(group) > 1] + ([alone] if alone else [])
    generator = np.random.default_rng(seed)
    weights = np.zeros((samples, questions))
    for group in groups:
        size = len(group)
        weights[:, group] = generator.multinomial(size, np.full(size, 1.0 / size), size=samples)
    return weights / max(questions, 1)


def interval(value: float, samples: Floats) -> Estimate:
    """A value with the percentile interval of its bootstrap samples (nan samples are left out)."""
    kept = samples[np.isfinite(samples)]
    if len(kept) == 0:
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(kept, (0.025, 0.975))
    return Estimate(value, float(low), float(high))


def mean_score(losses: ArrayLike, strata: Sequence[Hashable] | None = None, *, seed: int = 0) -> Estimate:
    """Mean of scores with its bootstrap interval (nan for fewer than two).

    >>> found = mean_score([0.0, 1.0, 0.0, 1.0])
    >>> found.value, found.low, found.high
    (0.5, 0.0, 1.0)
    """
    values = np.asarray(losses, dtype=np.float64)
    if values.size == 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    samples = resampled(len(values), strata, seed=seed) @ values
    return interval(float(values.mean()), samples if len(values) > 1 else np.zeros(0))


def mean_difference(
    first: ArrayLike, second: ArrayLike, strata: Sequence[Hashable] | None = None, *, seed: int = 0
) -> Estimate:
    """Mean of `first - second` over the same questions, with its paired bootstrap interval (negative: first is better).

    >>> mean_difference([0.1, 0.3], [0.2, 0.4]).high < 0.0
    True
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"{a.size} scores beside {b.size}: a paired comparison needs the same questions")
    return mean_score(a - b, strata, seed=seed)


def compare(
    forecasts: Mapping[str, ArrayLike],
    happened: ArrayLike,
    strata: Sequence[Hashable] | None = None,
    *,
    reference: str = BASE_RATE,
    seed: int = 0,
) -> tuple[Standing, ...]:
    """Scores of several forecasters on the same questions, in the order given.

    Parameters
    ----------
    forecasts : forecaster -> probability[question]; a question that somebody leaves open (nan) counts for nobody
    happened : outcome[question], 0 or 1
    strata : label[question], see the module's opening
    reference : the forecaster whom `skill`, `difference` and `better` refer to (nan if it is not among them)

    >>> found = compare({"we": [0.9, 0.2], "base rate": [0.5, 0.5]}, [1, 0])
    >>> found[0].brier.value, round(found[0].skill.value, 3), found[0].better
    (0.025, 0.9, 1.0)
    """

    def weights_of(every: NDArray[np.intp]) -> tuple[Floats, bool]:
        kept = None if strata is None else [strata[int(k)] for k in every]
        return resampled(len(every), kept, seed=seed), len(every) > 1

    return standings(forecasts, happened, weights_of, reference)


def standings(
    forecasts: Mapping[str, ArrayLike],
    happened: ArrayLike,
    weights_of: Callable[[NDArray[np.intp]], tuple[Floats, bool]],
    reference: str = BASE_RATE,
) -> tuple[Standing, ...]:
    """Scores of several forecasters on the questions that all answered, in the order given.

    Parameters
    ----------
    weights_of : told which questions those are, gives bootstrap weights [sample, question] and whether they are enough
        to show intervals (nan if not)

    Raises
    ------
    ValueError
        If lengths differ, or for what is no probability or outcome.
    """
    outcome = np.asarray(happened, dtype=np.float64)
    stated = {name: np.asarray(p, dtype=np.float64) for name, p in forecasts.items()}
    if any(p.shape != outcome.shape for p in stated.values()):
        raise ValueError(f"every forecaster must have {outcome.size} entries, nan for a question left open")
    every = np.flatnonzero(np.all([~np.isnan(p) for p in stated.values()], axis=0)) if stated else np.zeros(0, int)
    outcome = outcome[every]
    weights, enough = weights_of(every)
    squares = {name: brier(p[every], outcome) for name, p in stated.items()}
    surprise = {name: log_score(p[every], outcome) for name, p in stated.items()}
    beside = squares.get(reference, np.full(len(every), np.nan))

    def estimate(losses: Floats) -> Estimate:
        value = float(losses.mean()) if len(every) else float("nan")
        return interval(value, weights @ losses if enough else np.zeros(0))

    found = []
    for name in stated:
        own, other = weights @ squares[name], weights @ beside
        with np.errstate(divide="ignore", invalid="ignore"):
            saved = 1.0 - own / other
        gap = estimate(squares[name] - beside)
        value = skill(float(squares[name].mean()), float(beside.mean())) if len(every) else float("nan")
        better = float((own < other - 1e-15).mean()) if enough and reference in stated else float("nan")
        gain = interval(value, saved if enough else np.zeros(0))
        found.append(Standing(name, len(every), estimate(squares[name]), estimate(surprise[name]), gain, gap, better))
    return tuple(found)
