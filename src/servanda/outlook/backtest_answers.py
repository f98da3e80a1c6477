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
    forecaster's Brier score is below the base rate's.
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
class Backtest:
    """Everything `servanda backtest` found."""

    cases: tuple[str, ...]
    frames: tuple[FrozenFrame, ...]
    questions: tuple[Scored, ...]
    scores: tuple[ForecasterScore, ...]
    calibration: tuple[CalibrationBin, ...]
    headline: str
    details: tuple[str, ...]
    seconds: float
    provenance: tuple[Provenance, ...]
