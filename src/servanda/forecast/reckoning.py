"""Scores of what a register of forecasts holds and events have settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from servanda.forecast.register import Asked, Entry, Forecasts, Outcome, entries
from servanda.forecast.scores import Standing, brier, compare, log_score

OURS = "servanda"


@dataclass(frozen=True, slots=True)
class Settled:
    """A published forecast and what happened: entry, when it was published, our Brier and log score (nats)."""

    number: int
    time: datetime
    case: str
    asked: Asked
    happened: bool
    brier: float
    log: float


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Scores of a register.

    `standings` compare us with the naive forecasters on the questions that all have answered; `late` are (number of the
    entry, question) published on the day the answer was settled or after it, which count for nothing; `waiting` have no
    outcome yet, `annulled` never will.
    """

    settled: tuple[Settled, ...]
    standings: tuple[Standing, ...]
    late: tuple[tuple[int, str], ...]
    waiting: tuple[tuple[int, str], ...]
    annulled: tuple[tuple[int, str], ...]


def scores_of(path: Path | None = None, *, last_only: bool = False) -> Reckoning:
    """Score every forecast of a register that has an outcome, cases as strata.

    Parameters
    ----------
    last_only : of several forecasts of one question, only the last one in time. Otherwise all count, and one question
        asked often weighs more, so that intervals come out too narrow.

    Raises
    ------
    RegisterError
        If the register cannot be read, or does not verify.
    """
    found = entries(path)
    outcomes = {_key(e.what): e.what for e in found if isinstance(e.what, Outcome)}
    settled: list[Settled] = []
    left: dict[str, list[tuple[int, str]]] = {"late": [], "waiting": [], "annulled": []}
    for entry in found:
        if not isinstance(entry.what, Forecasts):
            continue
        for asked in entry.what.questions:
            outcome = outcomes.get((entry.what.case, asked.question, asked.date))
            if outcome is None:
                left["waiting"].append((entry.number, asked.question))
            elif outcome.happened is None:
                left["annulled"].append((entry.number, asked.question))
            elif _late(entry, outcome):
                left["late"].append((entry.number, asked.question))
            else:
                settled.append(_scored(entry, entry.what.case, asked, outcome.happened))
    if last_only:
        settled = list({(s.case, s.asked.question, s.asked.date): s for s in settled}.values())
    return Reckoning(
        tuple(settled), _standings(settled), tuple(left["late"]), tuple(left["waiting"]), tuple(left["annulled"])
    )


def _key(outcome: Outcome) -> tuple[str, str, date]:
    return outcome.case, outcome.question, outcome.date


def _late(entry: Entry, outcome: Outcome) -> bool:
    """Whether the answer may have been known, or the date was past: on the very day nobody can tell."""
    return entry.time >= datetime.combine(min(outcome.settled, outcome.date), time(), UTC)


def _scored(entry: Entry, case: str, asked: Asked, happened: bool) -> Settled:
    square, surprise = brier(asked.probability, happened), log_score(asked.probability, happened)
    return Settled(entry.number, entry.time, case, asked, happened, float(square), float(surprise))


def _standings(settled: list[Settled]) -> tuple[Standing, ...]:
    if not settled:
        return ()
    stated: dict[str, list[float]] = {OURS: [s.asked.probability for s in settled]}
    for name in dict.fromkeys(name for s in settled for name, _, _ in s.asked.benchmarks):
        stated[name] = [next((p for n, p, _ in s.asked.benchmarks if n == name), float("nan")) for s in settled]
    return compare(stated, [s.happened for s in settled], [s.case for s in settled])
