"""What a fit found: plain records for the terminal, for JSON and for the case that is written."""

from __future__ import annotations

from dataclasses import dataclass

from servanda.provenance import Provenance

Pairs = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Belief:
    """A parameter after the panel, its declared distribution before it: mean, median, standard deviation, and the ends
    of the middle 95 %.
    """

    mean: float
    median: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A parameter by maximum likelihood.

    `se` from the observed information, `se_robust` clustered by episode, `low` to `high` the 95 % interval (formed on
    `scale`, with the robust error where `robust`); None where the panel does not identify the parameter. `scale_se` is
    the error on that scale.
    """

    name: str
    title: str
    unit: str
    declared: str
    central: float
    value: float
    se: float | None
    se_robust: float | None
    low: float | None
    high: float | None
    scale: str
    scale_se: float | None
    belief: Belief | None = None


@dataclass(frozen=True, slots=True)
class Direction:
    """A combination of parameters on which the panel says little or nothing.

    `parts` are (parameter, share), the shares on scales where a declared distribution is one unit wide; `spread` is the
    standard error along it in those units, infinite (None) where it is `flat`.
    """

    parts: tuple[tuple[str, float], ...]
    spread: float | None
    flat: bool


@dataclass(frozen=True, slots=True)
class Posterior:
    """How the posterior was found: importance draws, what they are worth, the tail of their weights (Pareto k), the log
    of the marginal likelihood with its error, and correlations in the order of the parameters.
    """

    draws: int
    effective: float
    tail: float
    log_marginal: float
    log_marginal_error: float
    correlations: Pairs
    sentence: str


@dataclass(frozen=True, slots=True)
class Restriction:
    """A likelihood-ratio test of parameters held at values."""

    fixed: tuple[tuple[str, float], ...]
    log_likelihood: float
    statistic: float
    degrees: int
    p_value: float
    others: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """Options whose predicted odds lie in [low, high): how many, their mean odds, and the share that was chosen."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class OptionCount:
    """How often an option was chosen, and how often the fit expects it at the same sites."""

    decision: str
    option: str
    observed: int
    predicted: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the fit accounts for the choices.

    Log-likelihoods of the fit, of the case's central values and of uniform choice; `pseudo_r2` is 1 - fit / uniform
    (McFadden 1974); `hits` the share of choices that were the likeliest option, `hits_uniform` that of a blind guess.
    """

    log_likelihood: float
    central: float | None
    uniform: float
    pseudo_r2: float
    hits: float
    hits_uniform: float
    aic: float
    bic: float
    bins: tuple[Bin, ...]
    options: tuple[OptionCount, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """How the maximum was found: starts, how many of them reached it, games solved, and the gain in log-likelihood that
    another step would bring.
    """

    starts: int
    reached: int
    others: tuple[float, ...]
    solved: int
    left: float
    converged: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """Everything `servanda fit` found."""

    case: str
    title: str
    panel: str
    values: str
    choices: int
    episodes: int
    groups: int
    covariates: tuple[str, ...]
    held: tuple[tuple[str, float], ...]
    estimates: tuple[Estimate, ...]
    covariance: Pairs
    correlations: Pairs
    condition: float | None
    directions: tuple[Direction, ...]
    quality: Quality
    search: Search
    restriction: Restriction | None
    posterior: Posterior | None
    warnings: tuple[str, ...]
    seconds: float
    provenance: Provenance

    @property
    def headline(self) -> str:
        """The fit in one sentence."""
        quality = self.quality
        return (
            f"{len(self.estimates)} parameters from {self.choices:,} choices in {self.episodes:,} episodes: "
            f"log-likelihood {quality.log_likelihood:,.1f}, pseudo-R² {quality.pseudo_r2:.2f}."
        )

    def __getitem__(self, name: str) -> Estimate:
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        raise KeyError(name)
