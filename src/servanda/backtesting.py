"""The backtest: cases frozen on past days, their questions forecast with what was known then, scored beside naive ones.

Nothing dated later than a day enters its forecasts: drafts, evidence, questions. Parameters do: they were judged by
people who knew how it went, which no freezing mends, and the summary says so. Of several cases, survival of their
agreements is scored beside, and intervals are over cases.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from threading import Event

from servanda.case import dump
from servanda.case.resolved import Question, ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.errors import CaseError, Issue
from servanda.forecast.benchmarks import COIN, NO_CHANGE, naive
from servanda.forecast.scores import BASE_RATE, brier, calibration, compare, log_score
from servanda.forecast.survival_scores import compare_cases, gap
from servanda.forecast.vocabulary import words
from servanda.outlook.ahead import is_small, sweep_ahead
from servanda.outlook.answers import Benchmark
from servanda.outlook.backtest_answers import (
    Backtest,
    CalibrationBin,
    Difference,
    ForecasterScore,
    FrozenFrame,
    Scored,
)
from servanda.outlook.backtest_words import said_of, summary
from servanda.outlook.forecasting import Settings as OutlookSettings
from servanda.outlook.learning import Step, steps, studies_of
from servanda.outlook.library import CHOSEN, Library, library
from servanda.outlook.survival import (
    OURS,
    Put,
    as_difference,
    as_interval,
    as_score,
    asks_survival,
    survival_of,
)
from servanda.provenance import provenance_of
from servanda.uncertainty.draws import SEED
from servanda.uncertainty.weights import band

DRAWS = 128
# share of the time that goes into solving, for the progress told
_SOLVING = 0.9
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Settings:
    """How to backtest.

    draws: draws of the parameters on each day; seed: of the draws; workers: processes (None: one a core); cluster:
    address of a Dask scheduler; folder: where sweeps are kept (None: the user's cache).
    """

    draws: int = DRAWS
    seed: int = SEED
    workers: int | None = None
    cluster: str | None = None
    folder: Path | None = None
    stop: Event | None = field(default=None, compare=False)

    def of_outlook(self) -> OutlookSettings:
        """The same settings for the frames of a case."""
        return OutlookSettings(
            draws=self.draws, seed=self.seed, workers=self.workers, cluster=self.cluster, folder=self.folder,
            stop=self.stop,
        )  # fmt: skip


def settled_questions(case: ResolvedCase) -> tuple[tuple[date, Question], ...]:
    """The questions of a case whose outcome is known, each with the day it was asked, in order of time."""
    whole = case.history or case
    found = [(q.asked or whole.as_of, q) for q in whole.questions if q.outcome != "unknown"]
    return tuple(sorted(found, key=lambda pair: pair[0]))


def backtest(
    cases: Sequence[ResolvedCase], settings: Settings | None = None, progress: Progress | None = None
) -> Backtest:
    """Freeze, forecast and score.

    Raises
    ------
    CaseError
        If no case has a question whose outcome is known, or a case cannot be frozen or solved.
    SweepError
        If a sweep cannot go on.
    """
    how = settings or Settings()
    begun = time.perf_counter()
    used = [(case, asked) for case in cases if (asked := settled_questions(case))]
    if not used:
        names = ", ".join(case.name for case in cases) or "no case"
        raise CaseError(
            f"nothing to score: no question of {names} has a known outcome",
            issues=(
                Issue("error", "nothing-to-score", f"no question of {names} has a known outcome",
                      "give a question `outcome: yes` or `no`, and `asked: DATE` if it was put earlier"),
            ),
        )  # fmt: skip
    outlook = how.of_outlook()
    workers = how.workers or os.cpu_count() or 1
    studies = [studies_of(case, [day for day, _ in asked], outlook) for case, asked in used]

    def tell(stage: str, share: float) -> None:
        if progress is not None:
            progress(stage, share)

    flat = [study for some in studies for study in some]
    begins = _SOLVING if sweep_ahead(flat, outlook, workers, lambda share: tell("draws", _SOLVING * share)) else 0.0
    scored: list[Scored] = []
    frames: list[FrozenFrame] = []
    put: list[Put] = []
    for number, (case, asked) in enumerate(used):

        def told(share: float, number: int = number, case: ResolvedCase = case) -> None:
            tell(case.name, begins + (1.0 - begins) * (number + share) / len(used))

        alone = how.cluster is None and workers > 1 and all(is_small(study) for study in studies[number])
        days = [day for day, _ in asked]
        for step in steps(case, days, replace(outlook, workers=1) if alone else outlook, told):
            frames.append(_frame(case, step))
            compiled = compile_case(step.case)
            due = {q.name for day, q in asked if day == step.day}
            scored += [_scored(case, step, compiled, q) for q in step.case.questions if q.name in due]
            put += _put(case, step, compiled)
    standings, own, difference = _standings(scored)
    bins = _calibrated(scored)
    headline, details = summary(scored, standings, own, difference)
    texts = [(case.name, dump(case.history or case)) for case, _ in used]
    stated = (("draws", str(how.draws)), ("seed", str(how.seed)))
    taken = tuple(case.name for case, _ in used)
    return Backtest(
        cases=taken,
        frames=tuple(frames),
        questions=tuple(scored),
        scores=(*standings, *own),
        calibration=bins,
        headline=headline,
        details=details,
        seconds=time.perf_counter() - begun,
        provenance=tuple(provenance_of(name, text, stated) for name, text in texts),
        difference=difference,
        survival=survival_of(put, taken),
    )


def backtest_library(
    settings: Settings | None = None, progress: Progress | None = None, chosen: Library | None = None
) -> Backtest:
    """Score the shipped library: the founding case and the historic ones, each frozen at its signature.

    Raises
    ------
    CaseError
        If no shipped case has a question whose outcome is known, or one cannot be frozen or solved.
    SweepError
        If a sweep cannot go on.
    """
    taken = chosen or library()
    return replace(backtest(taken.cases, settings, progress), left_out=taken.left_out, chosen=CHOSEN)


def _put(case: ResolvedCase, step: Step, compiled: Compiled) -> list[Put]:
    """The questions of survival put on a day, those whose day has not come too."""
    whole = case.history or case
    sides = {side.name: side.title or side.name for side in whole.sides}
    found = []
    for q in step.case.questions:
        meant = asks_survival(q.name)
        if meant is None or q.outside or (q.asked or whole.as_of) != step.day:
            continue
        years, party = meant
        happened = {"yes": True, "no": False}.get(q.outcome)
        told: Mapping[str, float] = {name: p for name, p, _ in naive(compiled, q)}
        answer = band(step.column(f"question.{q.name}"), step.weights)
        found.append(Put(case.name, whole.title, step.day, years, sides.get(party, party), answer, happened, told))
    return found


def _frame(case: ResolvedCase, step: Step) -> FrozenFrame:
    weighing = step.weighing
    return FrozenFrame(
        case.name, step.day, step.state, tuple(d.title for d in step.case.drafts), step.assumed, step.pieces,
        weighing.effective, weighing.tempering, weighing.draws, weighing.failed,
    )  # fmt: skip


def _scored(case: ResolvedCase, step: Step, compiled: Compiled, question: Question) -> Scored:
    happened = question.outcome == "yes"
    benchmarks = tuple(Benchmark(*n) for n in naive(compiled, question))
    told: dict[str, float] = {}
    found = None
    probability = None
    if not question.outside:
        found = band(step.column(f"question.{question.name}"), step.weights)
        probability = min(max(found.mean, 0.0), 1.0)
        told[OURS] = probability
    told |= {b.name: b.probability for b in benchmarks}
    scores = tuple(
        (name, float(brier([p], [happened])[0]), float(log_score([p], [happened])[0])) for name, p in told.items()
    )
    said = "" if probability is None else words(probability)
    return Scored(
        case.name, step.day, question.name, question.text, question.date, probability, found, said, benchmarks,
        happened, scores, question.outside, said_of(probability, benchmarks, happened=happened),
    )  # fmt: skip


def _standings(
    scored: Sequence[Scored],
) -> tuple[tuple[ForecasterScore, ...], tuple[ForecasterScore, ...], Difference | None]:
    """Scores of everybody on the questions that all answered, and ours over all that we answered if those are more.

    Of several cases, the difference to the base rate too, and cases are what is resampled.
    """
    names = (OURS, BASE_RATE, NO_CHANGE, COIN)
    stated = {
        OURS: [s.probability for s in scored],
        **{n: [next((b.probability for b in s.benchmarks if b.name == n), None) for s in scored] for n in names[1:]},
    }
    given = {n: [float("nan") if p is None else p for p in row] for n, row in stated.items()}
    outcomes = [float(s.outcome) for s in scored]
    cases = [s.case for s in scored]
    several = len(set(cases)) > 1

    def score(rows: Mapping[str, list[float]]) -> tuple[ForecasterScore, ...]:
        found = compare_cases(rows, outcomes, cases) if several else compare(rows, outcomes)
        return tuple(as_score(s) for s in found)

    common = score(given)
    more = tuple(
        replace(s, forecaster=f"{s.forecaster} (all it answers)")
        for s in score({OURS: given[OURS]})
        if s.questions > common[0].questions
    )
    difference = as_difference(gap(given[OURS], given[BASE_RATE], outcomes, cases)) if several else None
    return common, more, difference


def _calibrated(scored: Sequence[Scored]) -> tuple[CalibrationBin, ...]:
    ours = [(s.probability, s.outcome) for s in scored if s.probability is not None]
    if not ours:
        return ()
    return tuple(
        CalibrationBin(b.low, b.high, b.count, b.mean, as_interval(b.share))
        for b in calibration([p for p, _ in ours], [float(y) for _, y in ours])
    )


__all__ = ["Backtest", "Library", "Settings", "backtest", "backtest_library", "library", "settled_questions"]
