"""What weighing threats against a draft answers: frozen records, in gains over no deal."""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[float, float]
TOLERANCE = 1e-4
"""Accuracy of payoff sets in answers, a share of the range of payoffs."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is within reach from one place, in gains over no deal, points, by party.

    feasible, enforceable, kept: corners of what promises could bind the two to, of what threats support, and of what
    they support while neither breaks or leaves the draft (None where no draft is live); greatest: the largest
    enforceable gain of each; best: the enforceable point with the largest share; share: of that point, kept_share of
    the best kept one, play_share of play by the two as players, turnover_share of play as offices change hands (None
    where they do not). Shares are None where there is nothing to gain together.
    """

    place: str
    feasible: tuple[Pair, ...]
    enforceable: tuple[Pair, ...]
    kept: tuple[Pair, ...] | None
    play: Pair
    turnover: Pair | None
    greatest: Pair | None
    best: Pair | None
    share: float | None
    kept_share: float | None
    play_share: float | None
    turnover_share: float | None
    renegotiated: tuple[Pair, ...] | None = None
    agreed: Pair | None = None
    renegotiated_share: float | None = None


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Whether any enforcement could do, for one draft (None: the case as it stands).

    no_deal: values that gains are counted from, points of present value; status: how the sets were found; outer:
    whether what is shown is larger than the answer by more than the tolerance; nodes, states: of the game written out,
    and of the one solved; gain: largest gain from a deviation in the strategies that prove the sets, a share of the
    range of payoffs; hair: whether the sets hang on a hair; patience: least discount factor per year at which the draft
    can be kept (each None where not asked for, or too large).

    keepable: whether threats can keep both from ever breaking or leaving the draft, unseen breaches included; a draft
    that cannot be kept may still be worth much while it is broken now and then. breaker: who would break it first
    whatever is promised, breach: the decision at which that happens, where: what holds there. tolerance: of the sets, a
    share of the range of payoffs. hazard: odds a year that the two sit down anew (None if not asked); renegotiation:
    how that ended, in a sentence.
    """

    case: str
    draft: str | None
    title: str
    sides: tuple[str, str]
    leaders: tuple[str, str]
    no_deal: Pair
    standings: tuple[Standing, ...]
    empty: bool
    keepable: bool | None
    outer: bool
    breaker: str | None
    status: str
    nodes: int
    states: int
    gain: float | None
    hair: bool | None
    patience: float | None
    patience_asked: bool
    settled: bool
    tolerance: float = TOLERANCE
    breach: str | None = None
    where: str | None = None
    hazard: float | None = None
    renegotiation: str | None = None
