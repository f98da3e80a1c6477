"""The record of a whole run: case, sizes, verdicts, forecast, certificates, timings, provenance."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from servanda.case.resolved import ResolvedCase
from servanda.diagnosis.answers import Diagnosis
from servanda.diagnosis.findings import DraftVerdict, FrictionEffect
from servanda.equilibrium.outcome import Certificate, Selection, Status
from servanda.errors import Issue
from servanda.forecast.projections import Forecast
from servanda.forecast.vocabulary import percent
from servanda.provenance import Provenance

if TYPE_CHECKING:
    from servanda.bounds.answers import Enforcement


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
class Sharpness:
    """How surely an actor picks the better option.

    `decisiveness` in points of present value; `precision` the logit λ per point; `scale_free` λ times the distance
    between the actor's worst and best year in any reachable state, which does not change when its payoffs are rescaled.
    """

    actor: str
    title: str
    decisiveness: float
    precision: float
    scale_free: float


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
class Threats:
    """What threats could do for one draft, or why that was not worked out.

    draft: its name (None: a case without drafts, as it stands); found: what was worked out, None where `reason` says
    why there is none.
    """

    draft: str | None
    title: str
    found: Enforcement | None
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """Everything `servanda run` found about a case.

    `status` is that of play with every draft on the table and of every draft alone: solved only if all of them are.
    `threats` is empty where nobody asked.
    """

    case: ResolvedCase
    verdict: Verdict
    drafts: tuple[DraftVerdict, ...]
    forecast: Forecast
    frictions: tuple[FrictionEffect, ...]
    status: Status
    certificate: Certificate
    selection: Selection
    size: GameSize
    sharpness: tuple[Sharpness, ...]
    timings: tuple[Timing, ...]
    peak_memory_mb: float
    provenance: Provenance
    warnings: tuple[Issue, ...] = ()
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    threats: tuple[Threats, ...] = ()

    def _repr_html_(self) -> str:
        """The verdict and the gates of every draft, as a notebook shows them."""
        rows = "".join(
            f"<tr><th scope='row'>{escape(d.title)}</th>"
            + "".join(f"<td>{escape(g.sentence)}<br>{percent(g.probability)}</td>" for g in d.gates)
            + "</tr>"
            for d in self.drafts
        )
        head = "<tr><th>Draft</th><th>Sign</th><th>Ratify</th><th>Keep</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<h3>{escape(self.case.title)}</h3><p><b>{escape(self.verdict.headline)}</b></p>{table}"
