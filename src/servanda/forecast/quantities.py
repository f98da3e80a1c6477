"""Quantities that every draw of a case has, by name, and what each is in words."""

from __future__ import annotations

from collections.abc import Iterable

from servanda.case.resolved import ResolvedCase
from servanda.case.resolved_readings import Question

OUTCOMES = {
    "outcome.deal": "A deal is in force at the horizon",
    "outcome.ever_deal": "A deal comes into force by the horizon",
    "outcome.ever_war": "War by the horizon",
}
GATES = {
    "sign": "signed",
    "ratify": "ratified once signed",
    "keep": "kept once in force",
    "holds": "signed, ratified and kept",
    "mean_life": "mean life in years",
}


def quantity_titles(case: ResolvedCase, questions: Iterable[Question]) -> dict[str, str]:
    """Names of what can be asked about over draws, with titles: questions first, then outcomes and every draft's gates.

    >>> from servanda.case import read
    >>> case = read("theory/pledge")
    >>> list(quantity_titles(case, case.questions))[-5:-3]
    ['gate.contract.sign', 'gate.contract.ratify']
    """
    titles = {f"question.{q.name}": q.text for q in questions} | OUTCOMES
    for draft in case.drafts:
        titles |= {f"gate.{draft.name}.{gate}": f"{draft.title}: {text}" for gate, text in GATES.items()}
    return titles
