"""Records of what draws tell: weights, sensitivity indices, tornado bars, boxes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """A quantity over weighted draws: mean, and the quantiles between which eight draws in ten lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Weighing:
    """How evidence weighs the draws.

    `draws` solved, `failed` without an answer, `unsettled` with a rough one; `effective` is the effective sample size
    (Kish 1965) of the weights used; `tempering` the power in (0, 1] to which likelihoods were raised to keep it from
    collapsing (1: none), `untempered` the effective sample size without; `log_evidence` the log of the mean likelihood.
    """

    draws: int
    failed: int
    unsettled: int
    effective: float
    tempering: float
    untempered: float
    log_evidence: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Posterior:
    """A parameter before and after the evidence; `choices` (name, before, after) for categorical ones only."""

    parameter: str
    title: str
    unit: str
    before: Band
    after: Band
    choices: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SensitivityIndex:
    """What one parameter (or one correlated group) contributes to the variance of a quantity.

    `first` is the share of variance explained by it alone, `total` with all its interactions (Sobol 1993, Saltelli
    2010), `delta` the moment-independent measure of Borgonovo (2007), in [0, 1].
    """

    parameter: str
    title: str
    first: Interval
    total: Interval
    delta: Interval


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """The mean of a quantity over the draws in which a parameter is in its lowest and its highest fifth."""

    parameter: str
    title: str
    unit: str
    at_low: float
    at_high: float
    low_value: float
    high_value: float


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What drives one quantity: indices sorted by total effect, tornado bars sorted by length.

    `method` says how the indices were computed ("direct" evaluations, or "surrogate"); `quality` is the share of
    variance that the surrogate explains on draws it has not seen (1 if direct): low quality means that the total
    effects are not to be trusted, and `sentence` says so.
    """

    quantity: str
    title: str
    draws: int
    mean: float
    deviation: float
    method: str
    quality: float
    indices: tuple[SensitivityIndex, ...]
    tornado: tuple[TornadoBar, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class BoxLimit:
    """A side of a box: the parameter lies in [low, high], or is one of `choices`.

    `support` is the whole range drawn, `p_value` the chance that the restriction is spurious (one-sided binomial test,
    Bryant and Lempert 2010).
    """

    parameter: str
    title: str
    unit: str
    low: float
    high: float
    support: tuple[float, float]
    p_value: float
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """Draws in which a condition holds, as a box of parameters (patient rule induction, Friedman and Fisher 1999).

    `coverage` is the share of all holding draws inside, `density` the share of draws inside that hold, `mass` the share
    of draws inside, `base` the share of all draws that hold. `path` are (coverage, density, limits) of the boxes passed
    on the way.
    """

    quantity: str
    title: str
    condition: str
    limits: tuple[BoxLimit, ...]
    coverage: float
    density: float
    mass: float
    base: float
    path: tuple[tuple[float, float, int], ...]
    sentence: str
