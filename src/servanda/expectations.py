"""Expectations of a case held against a run: what its author wrote under `expect`, and what came out."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from servanda.case.dates import parse_date
from servanda.case.resolve_readings import QUANTITY
from servanda.case.resolved import Expectation
from servanda.runs import Run


@dataclass(frozen=True, slots=True)
class Met:
    """One expectation: its quantity, the range it should lie in, and the probability found."""

    expected: Expectation
    found: float

    @property
    def holds(self) -> bool:
        """Whether the number lies in the range."""
        return self.expected.low <= self.found <= self.expected.high


def expectations_of(run: Run) -> tuple[Met, ...]:
    """All expectations of the case of a run, in order.

    Raises
    ------
    KeyError
        If an expectation is of a question or a draft that the run says nothing of; `check` lets none pass.
    """
    return tuple(Met(e, _found(run, e.quantity)) for e in run.case.expect)


def _found(run: Run, quantity: str) -> float:
    parsed = QUANTITY.fullmatch(quantity)
    if parsed is None:
        raise KeyError(quantity)
    if parsed[3]:
        path, day = run.forecast.outcomes, parse_date(parsed[4])
        assert day is not None
        # the state on a day is that at the end of the period which holds it, as for questions
        at = min(bisect_left(path.dates, day), len(path.dates) - 1)
        return {"deal": path.deal, "war": path.war, "none": path.none}[parsed[3]][at]
    name = parsed[2].strip()
    if parsed[1] == "P":
        return {a.question: a.probability for a in run.forecast.answers}[name]
    gates = {d.draft: d.gates for d in run.drafts}[name]
    return gates[("sign", "ratify", "keep").index(parsed[1])].probability
