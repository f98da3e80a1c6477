"""What the diagnosis finds: frozen records of gates, survival, endings, credibility and the reasons behind margins.

Probabilities lie in [0, 1]; margins and gaps are points of present value; dates are the first day of a period.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

GateKind = Literal["sign", "ratify", "keep"]


@dataclass(frozen=True, slots=True)
class Tightest:
    """The move at which a gate is tightest: who decides, when, in which world, and what stands against it."""

    actor: str
    actor_title: str
    date: date
    move: str
    alternative: str
    margin: float
    odds: float
    state: str
    likelihood: float


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one draft.

    `probability` of passing: sign = signed within `window_years` of the start with this draft alone on the
    table; ratify = approved by every ratifier given signature (1 with no ratifier); keep = kept to the
    horizon or to its own lawful end, given that it entered its first phase at the start. `margin` is that of the
    tightest move (positive: the move the gate needs is the better one); None if no such move was ever reached.
    """

    kind: GateKind
    probability: float
    margin: float | None
    tightest: Tightest | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Ending:
    """One way a draft in force ends; `by_date[t]` is the probability that it has ended so by the end of period t.

    kind: breach, exit, third party, linkage, expiry, lapse, chance. The totals of all endings and the survival
    at the horizon add up to one.
    """

    kind: str
    actor: str
    actor_title: str
    option: str
    label: str
    probability: float
    by_date: tuple[float, ...]
    peak_date: date


@dataclass(frozen=True, slots=True)
class Survival:
    """The draft put in force at the start: `alive[t]` at the start of period t (length periods + 1).

    `kept` is the probability that nobody breaks or leaves it and nothing brings it down before the horizon or its own
    lawful end, whichever comes first; `mean_life_years` counts years up to the horizon.
    """

    alive: tuple[float, ...]
    mean_life_years: float
    endings: tuple[Ending, ...]
    kept: float


@dataclass(frozen=True, slots=True)
class CredibilityGap:
    """Temptation of one office-holder through time while the draft runs.

    `gap[t]` is the mean over reached nodes of (best option that breaks or leaves the deal) minus (best option
    that keeps it), in points: positive is temptation. None where the holder never decides. `weight[t]` is the
    probability that the holder decides at t with the deal running; `tempted[t]` the share of it with a positive gap;
    `option[t]` the most tempting option.
    """

    actor: str
    actor_title: str
    side: str
    gap: tuple[float | None, ...]
    weight: tuple[float, ...]
    tempted: tuple[float, ...]
    option: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One named payoff term's share of a margin, in points of present value."""

    term: str
    points: float


@dataclass(frozen=True, slots=True)
class Why:
    """A margin split exactly into named payoff terms: the parts add up to the margin to rounding.

    The margin is that of `actor` between two moves (`move` minus `alternative`) at the start, averaged over the nodes
    where it decides. `residual` is margin minus sum of the parts, found by other code than the margin.
    """

    gate: GateKind
    actor: str
    actor_title: str
    date: date
    move: str
    alternative: str
    margin: float
    reasons: tuple[Reason, ...]
    residual: float


@dataclass(frozen=True, slots=True)
class DraftVerdict:
    """Everything found about one draft, the draft alone on the table, plus its share of play with all drafts.

    `signed`, `in_force` and `running_at_horizon`: probabilities in play with every draft on the table;
    `alone_signed`, `alone_running` with this draft alone: ever signed, and running at the horizon.
    """

    draft: str
    title: str
    form: str
    gates: tuple[Gate, Gate, Gate]
    survival: Survival
    credibility: tuple[CredibilityGap, ...]
    why: tuple[Why, ...]
    signed: float
    in_force: float
    running_at_horizon: float
    alone_signed: float
    alone_running: float
    sentence: str = ""

    @property
    def holds(self) -> float:
        """Probability that the draft passes all three gates."""
        return self.gates[0].probability * self.gates[1].probability * self.gates[2].probability


@dataclass(frozen=True, slots=True)
class FrictionEffect:
    """A friction switched off: the chance that any deal runs at the horizon, and that any is ever signed.

    `settled` is False where play beyond the horizon did not become stationary with the friction off.
    """

    friction: str
    title: str
    mechanism: str
    running_on: float
    running_off: float
    signed_on: float
    signed_off: float
    log_odds_change: float
    settled: bool = True

    @property
    def label(self) -> str:
        """The title, with a warning where play beyond the horizon did not settle."""
        return self.title if self.settled else f"{self.title} (far future unsettled)"
