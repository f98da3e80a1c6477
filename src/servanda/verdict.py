"""Sentences that answer first: the verdict on a case, and on each of its drafts."""

from __future__ import annotations

from servanda.diagnosis.findings import DraftVerdict, Gate
from servanda.forecast.projections import Forecast
from servanda.forecast.vocabulary import percent, words
from servanda.runs import Verdict


def draft_sentence(gates: tuple[Gate, Gate, Gate]) -> str:
    """Whether a draft can hold, or the gate at which it fails most."""
    sign, ratify, keep = (g.probability for g in gates)
    weakest = min((("signature", sign), ("ratification", ratify), ("being kept", keep)), key=lambda x: x[1])
    whole = sign * ratify * keep
    if whole >= 0.5:
        return f"Can hold: {percent(whole)} through all three gates."
    return f"Fails most at {weakest[0]}: {words(weakest[1])} ({percent(weakest[1])})."


def verdict_of(drafts: tuple[DraftVerdict, ...], projected: Forecast) -> Verdict:
    """The answer in one sentence with its number, and what stands behind it."""
    path = projected.outcomes
    live, ever = path.deal[-1], path.ever_deal[-1]
    end = f"{path.dates[-1]:%B %Y}"
    p = min(1.0, max(0.0, live))
    if not drafts:
        return _verdict_without_drafts(projected, end)
    best = max(drafts, key=lambda d: d.holds)
    chance = best.holds
    if chance < 0.5:
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
