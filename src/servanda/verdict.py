"""Sentences that answer first: the verdict on a case, and on each of its drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from servanda.case.resolved import DealStart
from servanda.diagnosis.findings import Gate
from servanda.forecast.projections import Forecast
from servanda.forecast.vocabulary import percent, words
from servanda.runs import Verdict

# what a draft on the way already is, and what is left to ask
_STANDING = {
    "ratifying": ("signed", "ratified and kept"),
    "phase": ("being carried out", "kept"),
    "in_force": ("in force", "kept"),
    "suspended": ("suspended", "taken up again and kept"),
}


class Judged(Protocol):
    """A draft that has been judged, in full or at a glance."""

    @property
    def draft(self) -> str:
        """Its name in the case."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def holds(self) -> float:
        """Probability that it passes all three gates."""

    @property
    def sentence(self) -> str:
        """What there is to say about it."""


def draft_sentence(gates: tuple[Gate, Gate, Gate]) -> str:
    """Whether a draft can hold, or the gate at which it fails most."""
    sign, ratify, keep = (g.probability for g in gates)
    weakest = min((("signature", sign), ("ratification", ratify), ("being kept", keep)), key=lambda x: x[1])
    whole = sign * ratify * keep
    if whole >= 0.5:
        return f"Can hold: {percent(whole)} through all three gates."
    return f"Fails most at {weakest[0]}: {words(weakest[1])} ({percent(weakest[1])})."


def verdict_of(drafts: Sequence[Judged], projected: Forecast, start: DealStart | None = None) -> Verdict:
    """The answer in one sentence with its number, and what stands behind it.

    A draft that is signed at the start already, as `start` says, is not asked for gates that it has passed.
    """
    path = projected.outcomes
    live, ever = path.deal[-1], path.ever_deal[-1]
    end = f"{path.dates[-1]:%B %Y}"
    p = min(1.0, max(0.0, live))
    if not drafts:
        return _verdict_without_drafts(projected, end)
    best = max(drafts, key=lambda d: d.holds)
    chance = best.holds
    standing = _STANDING.get(start.stage) if start is not None and start.draft == best.draft else None
    if standing is not None:
        there, asked = standing
        can = "can be expected to be" if chance >= 0.5 else "cannot be expected to be"
        headline = f"“{best.title}” is {there}; it {can} {asked}: {percent(chance)} ({words(chance)})."
    elif chance < 0.5:
        passes = f"passes all three gates with probability {percent(chance)} ({words(chance)})"
        if len(drafts) > 1:
            headline = f"None of the {len(drafts)} drafts can be expected to be signed, ratified and kept: the best, "
            headline += f"“{best.title}”, {passes}."
        else:
            headline = f"The draft cannot be expected to be signed, ratified and kept: it {passes}."
    else:
        headline = f"“{best.title}” can hold: it passes all three gates with probability {percent(chance)}."
    details = (
        f"In play with every draft on the table a deal is in force in {end}: {words(p)} ({percent(p)}).",
        f"Some deal enters into force at some time: {percent(ever)} ({words(min(1.0, ever))}).",
        f"War at any time: {percent(path.ever_war[-1])}; neither deal nor war in {end}: {percent(path.none[-1])}.",
        f"{best.title}: {best.sentence}",
    )
    return Verdict(headline, chance, words(chance), details)


def _verdict_without_drafts(projected: Forecast, end: str) -> Verdict:
    """A case without drafts is asked its first question, or for war."""
    war = projected.outcomes.ever_war[-1]
    if projected.answers and war == 0.0:
        first = projected.answers[0]
        headline = f"No draft is on the table. {first.text} {words(first.probability).capitalize()}"
        return Verdict(f"{headline} ({percent(first.probability)}).", first.probability, first.words, ())
    headline = f"No draft is on the table; war comes before {end}: {words(war)} ({percent(war)})."
    return Verdict(headline, war, words(war), ())
