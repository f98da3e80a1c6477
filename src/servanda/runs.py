"""The record of a whole run: case, sizes, verdicts, forecast, certificates, timings, provenance."""

from __future__ import annotations

from dataclasses import dataclass

from servanda.case.resolved import ResolvedCase
from servanda.diagnosis.findings import DraftVerdict, FrictionEffect
from servanda.equilibrium.outcome import Certificate, Selection, Status
from servanda.errors import Issue
from servanda.forecast.projections import Forecast
from servanda.provenance import Provenance


@dataclass(frozen=True, slots=True)
class GameSize:
    """Counts of the compiled game."""

    states: int
    nodes: int
    options: int
    successors: int
    coefficients: int
    stages: int
    periods: int
    actors: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a stage took."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in one sentence, with its number, and two or three sentences behind it."""

    headline: str
    probability: float
    words: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Everything `servanda run` found about a case."""

    case: ResolvedCase
    verdict: Verdict
    drafts: tuple[DraftVerdict, ...]
    forecast: Forecast
    frictions: tuple[FrictionEffect, ...]
    status: Status
    certificate: Certificate
    selection: Selection
    size: GameSize
    timings: tuple[Timing, ...]
    peak_memory_mb: float
    provenance: Provenance
    warnings: tuple[Issue, ...] = ()
