r"""Scores of several cases together, and of survival: what twelve agreements can and cannot tell.

Questions of one case hang together: an agreement that is dead after three years is dead after five. Who resamples
questions takes them for independent and gets intervals that are too narrow. Here *cases* are resampled, each with all
its questions, the same cases for every forecaster; and a difference between two forecasters is held against what
remains of it when the sign of each case's own difference is drawn by a coin (Fisher 1935), exactly up to `EXACT` cases.

Observed survival is the product limit (Kaplan and Meier 1958) over the horizons asked about: of the agreements still
alive at one of them whose fate at the next is known, the share that was alive then. Its interval is Wilson's, at the
number of cases that Greenwood's variance is worth (Rothman 1978), which also holds where all or none survived.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servanda.forecast.scores import BASE_RATE, SAMPLES, Estimate, Standing, brier, interval, standings

Floats = NDArray[np.float64]
EXACT = 16
_FLIPS = 20_000
# two-sided 95 % and 80 % power under the normal distribution
_Z, _POWER = 1.959963984540054, 0.8416212335729143


@dataclass(frozen=True, slots=True)
class Gap:
    """Mean Brier score of one forecaster less that of another, by the same questions; negative is better.

    `chance` is the share of sign patterns of the cases in which the difference is as large or larger; `needed` how many
    cases like these it would take to tell a difference of this size from luck (inf where there is none).
    """

    mean: Estimate
    cases: int
    questions: int
    chance: float
    needed: float


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Up to one horizon: agreements at risk and ended since the horizon before, and the share that survives so far."""

    at_risk: int
    ended: int
    share: Estimate


def by_cases(cases: Sequence[Hashable], samples: int = SAMPLES, seed: int = 0) -> Floats:
    """Bootstrap weights of questions, [sample, question], each row adding up to one, whole cases drawn.

    >>> weights = by_cases(["a", "a", "b"], samples=50)
    >>> bool((weights[:, 0] == weights[:, 1]).all()), sorted(set(weights[:, 2].round(3).tolist()))
    (True, [0.0, 0.333, 1.0])
    """
    which = _numbered(cases)
    if which.size == 0:
        return np.zeros((samples, 0))
    count = int(which.max()) + 1
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(count, np.full(count, 1.0 / count), size=samples)[:, which].astype(np.float64)
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _numbered(cases: Sequence[Hashable]) -> NDArray[np.int64]:
    first: dict[Hashable, int] = {}
    return np.array([first.setdefault(name, len(first)) for name in cases], dtype=np.int64)


def compare_cases(
    forecasts: Mapping[str, ArrayLike],
    happened: ArrayLike,
    cases: Sequence[Hashable],
    *,
    reference: str = BASE_RATE,
    seed: int = 0,
) -> tuple[Standing, ...]:
    """Scores of several forecasters on the same questions, in the order given, with intervals over cases.

    Parameters
    ----------
    forecasts : forecaster -> probability[question]; a question that somebody leaves open (nan) counts for nobody
    happened : outcome[question], 0 or 1
    cases : case[question]; with a single case there are no intervals (nan)
    reference : the forecaster whom `skill`, `difference` and `better` refer to (nan if it is not among them)

    Raises
    ------
    ValueError
        If lengths differ, or for what is no probability or outcome.

    >>> found = compare_cases({"we": [0.9, 0.2], "base rate": [0.5, 0.5]}, [1, 0], ["a", "b"])
    >>> found[0].brier.value, found[0].questions, found[0].better
    (0.025, 2, 1.0)
    """
    if len(cases) != np.asarray(happened).size:
        raise ValueError(f"every forecaster must have {len(cases)} entries, one a question, and so must the outcomes")

    def weights_of(every: NDArray[np.intp]) -> tuple[Floats, bool]:
        kept = [cases[int(k)] for k in every]
        return by_cases(kept, seed=seed), len(set(kept)) > 1

    return standings(forecasts, happened, weights_of, reference)


def gap(first: ArrayLike, second: ArrayLike, happened: ArrayLike, cases: Sequence[Hashable], *, seed: int = 0) -> Gap:
    """How much better one forecaster is than another on the questions that both answered, and whether that is luck.

    Raises
    ------
    ValueError
        If lengths differ, or for what is no probability or outcome.

    >>> found = gap([0.9, 0.8, 0.7], [0.5, 0.5, 0.5], [1, 1, 1], ["a", "b", "c"])
    >>> round(found.mean.value, 3), found.cases, found.chance
    (-0.203, 3, 0.25)
    """
    p, q = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    outcome = np.asarray(happened, dtype=np.float64)
    if not p.shape == q.shape == outcome.shape or len(cases) != outcome.size:
        raise ValueError("a paired comparison needs the same questions")
    both = np.flatnonzero(~np.isnan(p) & ~np.isnan(q))
    kept = [cases[int(k)] for k in both]
    losses = brier(p[both], outcome[both]) - brier(q[both], outcome[both])
    which = _numbered(kept)
    count = len(set(kept))
    sums: Floats = np.bincount(which, losses, minlength=count).astype(np.float64)
    value = float(losses.mean()) if len(losses) else float("nan")
    samples = by_cases(kept, seed=seed) @ losses if count > 1 else np.zeros(0)
    return Gap(interval(value, samples), count, len(losses), sign_flips(sums, seed=seed), _needed(sums))


def sign_flips(sums: ArrayLike, *, seed: int = 0) -> float:
    """The share of patterns of signs in which the sum is at least as far from zero as it is; nan without numbers.

    >>> sign_flips([1.0, 1.0, 1.0]), sign_flips([1.0, -1.0]), sign_flips([0.0])
    (0.25, 1.0, 1.0)
    """
    values = np.asarray(sums, dtype=np.float64)
    if values.size == 0:
        return float("nan")
    if values.size <= EXACT:
        patterns = (np.arange(2**values.size)[:, None] >> np.arange(values.size)) & 1
    else:
        patterns = np.random.default_rng(seed).integers(0, 2, size=(_FLIPS, values.size))
    flipped = np.abs((2.0 * patterns - 1.0) @ values)
    return float((flipped >= abs(values.sum()) - 1e-12).mean())


def _needed(sums: Floats) -> float:
    """Cases it takes to find a difference of this mean and spread over cases, in four attempts of five."""
    if len(sums) < 2 or abs(sums.mean()) < 1e-12:
        return float("inf")
    return float(((_Z + _POWER) * sums.std(ddof=1) / sums.mean()) ** 2)


def product_limit(alive: Sequence[Sequence[bool | None]]) -> tuple[Lifetime, ...]:
    """Survival of agreements over a row of horizons.

    Parameters
    ----------
    alive : alive[agreement][horizon], None where it is not known (or not yet). An agreement leaves the count at the
        first horizon that is not known, and stays ended once it has ended.

    >>> [(x.at_risk, x.ended, x.share.value) for x in product_limit([[True, True], [True, False], [True, None]])]
    [(3, 0, 1.0), (2, 1, 0.5)]
    """
    found = []
    left = [list(life) for life in alive]
    share, spread = 1.0, 0.0
    for k in range(max((len(life) for life in left), default=0)):
        left = [life for life in left if k < len(life) and life[k] is not None]
        at_risk, ended = len(left), sum(not life[k] for life in left)
        left = [life for life in left if life[k]]
        if at_risk == 0:
            found.append(Lifetime(0, 0, Estimate(float("nan"), 0.0, 1.0)))
            continue
        share *= 1.0 - ended / at_risk
        if 0 < ended < at_risk:
            spread += ended / (at_risk * (at_risk - ended))
        worth = (1.0 - share) / (share * spread) if share > 0.0 and spread > 0.0 else float(at_risk)
        found.append(Lifetime(at_risk, ended, _wilson(share, worth)))
    return tuple(found)


def _wilson(share: float, count: float) -> Estimate:
    shrunk = _Z * _Z / count
    middle = (share + shrunk / 2) / (1 + shrunk)
    half = _Z / (1 + shrunk) * float(np.sqrt(share * (1 - share) / count + shrunk / (4 * count)))
    low = 0.0 if share == 0.0 else max(0.0, middle - half)
    high = 1.0 if share == 1.0 else min(1.0, middle + half)
    return Estimate(share, low, high)


def survivors(probability: ArrayLike, share: float = 0.8) -> tuple[float, int, int]:
    """How many of independent agreements survive: the mean, and the numbers between which it lies with `share`.

    The two are the quantiles of the sum of unequal coins (the Poisson binomial distribution).

    >>> survivors([0.5, 0.5, 0.5, 0.5])
    (2.0, 1, 3)
    """
    chances = np.asarray(probability, dtype=np.float64)
    mass = np.ones(1)
    for p in chances:
        mass = np.append(mass, 0.0) * (1.0 - p) + np.append(0.0, mass) * p
    upto = np.cumsum(mass)
    low = int(np.searchsorted(upto, 0.5 * (1.0 - share) - 1e-12))
    high = int(np.searchsorted(upto, 0.5 * (1.0 + share) - 1e-12))
    return float(chances.sum()), low, min(high, len(chances))
