"""Records of a backtest: forecasts made as of past dates, scored beside naive forecasters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from servanda.outlook.answers import Benchmark
from servanda.provenance import Provenance
from servanda.uncertainty.answers import Band, Interval


@dataclass(frozen=True, slots=True)
class Scored:
    """One question asked at a past date: our probability, the naive ones, what happened, and the scores.

    `probability` is None where the model has no answer (`outside` says why); `scores` are (forecaster, Brier score, log
    score in nats), ours first as "servanda"; lower is better.
    """

    case: str
    frozen: date
    question: str
    text: str
    date: date
    probability: float | None
    band: Band | None
    words: str
    benchmarks: tuple[Benchmark, ...]
    outcome: bool
    scores: tuple[tuple[str, float, float], ...]
    outside: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class ForecasterScore:
    """Mean scores of one forecaster over the questions that every forecaster answered, with bootstrap intervals.

    `skill` is 1 - Brier / Brier of the base rate; `better_than_base` the share of bootstrap samples in which this
    forecaster's Brier score is below the base rate's. Samples are of cases, of questions where there is one case.
    """

    forecaster: str
    questions: int
    brier: Interval
    log: Interval
    skill: Interval
    better_than_base: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Forecasts between `low` and `high`: how many, their mean, the share that came true and its 95 % interval."""

    low: float
    high: float
    count: int
    mean: float
    share: Interval


@dataclass(frozen=True, slots=True)
class FrozenFrame:
    """A date at which a case was frozen: the state as then known, what was learnt before, how the draws fared."""

    case: str
    frozen: date
    state: tuple[tuple[str, str], ...]
    drafts: tuple[str, ...]
    assumed: tuple[str, ...]
    pieces: int
    effective: float
    tempering: float
    draws: int
    failed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Our mean Brier score less that of the base rate on the same questions, with its interval over cases.

    Negative is better. `chance` is the share of sign patterns of the cases in which a difference at least as large
    comes up; `needed` how many cases like these would tell one of this size from luck (inf: none would).
    """

    brier: Interval
    cases: int
    questions: int
    chance: float
    needed: float


@dataclass(frozen=True, slots=True)
class Horizon:
    """Agreements `years` after signature: those whose fate on that day is known, and forecasts against it.

    `known` agreements have an outcome, `pending` do not yet. `alive` of the known were alive, as a share with its 95 %
    interval. `forecast` is the mean of our forecasts, its band the mean of their bands (as wide as if all parameters
    moved together, for most are shared); `expected` how many alive the forecasts lead one to expect: mean, and the
    numbers between which they would lie with eight chances in ten. `base` is the mean base rate (nan without one).
    """

    years: int
    known: int
    pending: int
    alive: Interval
    forecast: Band
    expected: Band
    base: float
    scores: tuple[ForecasterScore, ...]
    difference: Difference


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Survival after `years`: mean forecast and base rate over all agreements, and the product limit of what happened.

    `at_risk` agreements were alive at the horizon before and are known at this one, `ended` of them ended in between.
    """

    years: int
    forecast: Band
    base: float
    at_risk: int
    ended: int
    observed: Interval


@dataclass(frozen=True, slots=True)
class Fate:
    """One way an agreement can have gone by the last horizon, with our probability, the base rate and whether it did.

    `kind` is `alive`, `left` (by `party`) or `otherwise` (ended, or not alive, without either party having left).
    """

    kind: str
    party: str
    probability: float
    base: float
    happened: bool | None


@dataclass(frozen=True, slots=True)
class Life:
    """One agreement: survival questions in the order of their horizons, and its possible fates.

    `asked` are (years, our probability, its band, base rate or nan, outcome or None while it is open). `fates` is empty
    where nobody was asked who would leave. `said` and `came` are the likeliest fate and the one that came, in words;
    `right` says whether they agree, None while it is open.
    """

    case: str
    title: str
    frozen: date
    asked: tuple[tuple[int, float, Band, float, bool | None], ...]
    fates: tuple[Fate, ...]
    said: str
    came: str
    right: bool | None


@dataclass(frozen=True, slots=True)
class Survival:
    """Agreements frozen at their signature: were they still alive, and who left?

    `alive` and `left` are scores over all questions of the two kinds; the first of each is ours. `absent` are cases
    without an agreement that could have survived. `headline` and `details` are computed from the numbers.
    """

    horizons: tuple[Horizon, ...]
    curve: tuple[CurvePoint, ...]
    lives: tuple[Life, ...]
    alive: tuple[ForecasterScore, ...]
    alive_difference: Difference
    left: tuple[ForecasterScore, ...]
    left_difference: Difference | None
    absent: tuple[str, ...]
    headline: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """Everything `servanda backtest` found.

    `difference` is that of our mean score to the base rate's over several cases, None for one case; `survival` None
    where fewer than two agreements were asked about. `left_out` are (case, why) of what was not chosen; `chosen` says
    how the cases were, "" where whoever asked chose them.
    """

    cases: tuple[str, ...]
    frames: tuple[FrozenFrame, ...]
    questions: tuple[Scored, ...]
    scores: tuple[ForecasterScore, ...]
    calibration: tuple[CalibrationBin, ...]
    headline: str
    details: tuple[str, ...]
    seconds: float
    provenance: tuple[Provenance, ...]
    difference: Difference | None = None
    survival: Survival | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
