"""The backtest: a case frozen on past days, its questions forecast with what was known then, scored beside naive ones.

Nothing dated later than a day enters its forecasts: drafts, evidence, questions. Parameters do: they were judged by
people who knew how it went, which no freezing mends, and the summary says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Event

from servanda.case import dump
from servanda.case.resolved import Question, ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.errors import CaseError, Issue
from servanda.forecast.benchmarks import COIN, NO_CHANGE, naive
from servanda.forecast.scores import BASE_RATE, Estimate, brier, calibration, compare, log_score
from servanda.forecast.vocabulary import percent, words
from servanda.outlook.answers import Benchmark
from servanda.outlook.backtest_answers import Backtest, CalibrationBin, ForecasterScore, FrozenFrame, Scored
from servanda.outlook.forecasting import Settings as OutlookSettings
from servanda.outlook.learning import Step, steps
from servanda.provenance import provenance_of
from servanda.uncertainty.answers import Interval
from servanda.uncertainty.draws import SEED
from servanda.uncertainty.weights import band

OURS = "servanda"
DRAWS = 128
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
    scored: list[Scored] = []
    frames: list[FrozenFrame] = []
    for number, (case, asked) in enumerate(used):

        def tell(share: float, number: int = number, case: ResolvedCase = case) -> None:
            if progress is not None:
                progress(case.name, (number + share) / len(used))

        days = [day for day, _ in asked]
        for step in steps(case, days, how.of_outlook(), tell):
            frames.append(_frame(case, step))
            compiled = compile_case(step.case)
            due = {q.name for day, q in asked if day == step.day}
            scored += [_scored(case, step, compiled, q) for q in step.case.questions if q.name in due]
    standings, own = _standings(scored)
    bins = _calibrated(scored)
    headline, details = _summary(scored, standings, own)
    texts = [(case.name, dump(case.history or case)) for case, _ in used]
    told = (("draws", str(how.draws)), ("seed", str(how.seed)))
    return Backtest(
        cases=tuple(case.name for case, _ in used),
        frames=tuple(frames),
        questions=tuple(scored),
        scores=(*standings, *own),
        calibration=bins,
        headline=headline,
        details=details,
        seconds=time.perf_counter() - begun,
        provenance=tuple(provenance_of(name, text, told) for name, text in texts),
    )


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
        happened, scores, question.outside, _said(probability, benchmarks, happened=happened),
    )  # fmt: skip


def _said(probability: float | None, benchmarks: Sequence[Benchmark], *, happened: bool) -> str:
    if probability is None:
        return "The model has no answer."
    truth = float(happened)
    base = next((b.probability for b in benchmarks if b.name == BASE_RATE), None)
    right = "right" if (probability > 0.5) == happened else "wrong"
    # what reads as 50 % is on no side
    side = "on neither side of even" if percent(probability) == percent(0.5) else f"on the {right} side of even"
    said = f"Came {'true' if happened else 'out false'}; our {percent(probability)} was {side}"
    if base is None:
        return f"{said}."
    ours, theirs = abs(probability - truth), abs(base - truth)
    beside = f"{'nearer' if ours < theirs else 'farther from'} the truth than" if ours != theirs else "no nearer than"
    return f"{said}, {beside} the base rate of {percent(base)}."


def _standings(scored: Sequence[Scored]) -> tuple[tuple[ForecasterScore, ...], tuple[ForecasterScore, ...]]:
    """Scores of everybody on the questions that all answered, and ours over all that we answered if those are more."""
    names = (OURS, BASE_RATE, NO_CHANGE, COIN)
    stated = {
        OURS: [s.probability for s in scored],
        **{n: [next((b.probability for b in s.benchmarks if b.name == n), None) for s in scored] for n in names[1:]},
    }
    given = {n: [float("nan") if p is None else p for p in row] for n, row in stated.items()}
    outcomes = [float(s.outcome) for s in scored]
    common = tuple(
        ForecasterScore(s.forecaster, s.questions, _as(s.brier), _as(s.log), _as(s.skill), s.better)
        for s in compare(given, outcomes)
    )
    alone = compare({OURS: given[OURS]}, outcomes)
    more = tuple(
        ForecasterScore(
            f"{s.forecaster} (all it answers)", s.questions, _as(s.brier), _as(s.log), _as(s.skill), s.better
        )
        for s in alone
        if s.questions > common[0].questions
    )
    return common, more


def _as(found: Estimate) -> Interval:
    return Interval(found.value, found.low, found.high)


def _calibrated(scored: Sequence[Scored]) -> tuple[CalibrationBin, ...]:
    ours = [(s.probability, s.outcome) for s in scored if s.probability is not None]
    if not ours:
        return ()
    return tuple(
        CalibrationBin(b.low, b.high, b.count, b.mean, _as(b.share))
        for b in calibration([p for p, _ in ours], [float(y) for _, y in ours])
    )


def _summary(
    scored: Sequence[Scored], standings: Sequence[ForecasterScore], own: Sequence[ForecasterScore]
) -> tuple[str, tuple[str, ...]]:
    answered = [s for s in scored if s.probability is not None]
    outside = len(scored) - len(answered)
    by_name = {s.forecaster: s for s in standings}
    ours, base = by_name[OURS], by_name[BASE_RATE]
    count = ours.questions
    hindsight = (
        "Nothing later than each day entered its forecasts, but the parameters were judged by people who knew how it "
        "went."
    )
    if count == 0:
        nothing = "No question was answered by every forecaster, so there is nothing to compare"
        if not answered:
            return f"{nothing}: the model answers none of them.", ()
        alone = next(s.brier.value for s in own)
        over = _counted(len(answered), "question")
        return f"{nothing}; over the {over} that the model answers its Brier score is {alone:.3f}.", (hindsight,)
    beats = [n for n in (BASE_RATE, NO_CHANGE, COIN) if ours.brier.value < by_name[n].brier.value]
    loses = [n for n in (BASE_RATE, NO_CHANGE, COIN) if n not in beats]
    better = f"better than {_listed(beats)}" if beats else ""
    worse = f"no better than {_listed(loses)}" if loses else ""
    headline = (
        f"Over {_counted(count, 'question')} the model's Brier score is {ours.brier.value:.3f}: "
        f"{' and '.join(x for x in (better, worse) if x)} (base rate {base.brier.value:.3f})."
    )
    sure = (
        f"the interval of the score runs from {ours.brier.low:.3f} to {ours.brier.high:.3f}"
        if count > 1
        else "one question has no interval"
    )
    many = f"{_counted(count, 'question')} of {_counted(len({s.case for s in scored}), 'case')}"
    details = [f"With {many} this proves little: {sure}.", hindsight]
    behind = [s for s in answered if _loses(s)]
    if behind:
        compared = sum(any(b.name == BASE_RATE for b in s.benchmarks) for s in answered)
        details.append(f"The base rate did better on {len(behind)} of {compared}.")
    if outside:
        lie, are = ("lies", "is") if outside == 1 else ("lie", "are")
        details.append(
            f"{_counted(outside, 'question')} {lie} outside the model and {are} scored for the naive forecasters only."
        )
    return headline, tuple(details)


def _loses(s: Scored) -> bool:
    base = next((b.probability for b in s.benchmarks if b.name == BASE_RATE), None)
    truth = float(s.outcome)
    return base is not None and s.probability is not None and abs(s.probability - truth) > abs(base - truth)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    full = [{BASE_RATE: "the base rate", NO_CHANGE: "no change", COIN: "a coin"}[n] for n in names]
    return full[0] if len(full) == 1 else f"{', '.join(full[:-1])} and {full[-1]}"


__all__ = ["Backtest", "Settings", "backtest", "settled_questions"]
