"""From a case to its outlook: draws solved, weighed by the evidence, read and put together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from servanda.case import dump
from servanda.case.freeze import freeze
from servanda.case.resolved import ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis.gates import sign_window
from servanda.ensemble import Ensemble
from servanda.ensemble.frame import Frame
from servanda.errors import CaseError, Issue
from servanda.forecast.benchmarks import naive
from servanda.forecast.vocabulary import likelihood, percent, words
from servanda.inquiry import likeliest
from servanda.ledger import cache_folder
from servanda.outlook.answers import (
    Benchmark,
    Outlook,
    QuestionOutlook,
)
from servanda.outlook.confidence import confidence_in, drivers_of
from servanda.outlook.readings import Read, curves, factors_of, fans, findings, friction_effects, gate_outlook, told
from servanda.provenance import Provenance, provenance_of
from servanda.uncertainty.answers import Sensitivity
from servanda.uncertainty.discovery import Discovery, find_box
from servanda.uncertainty.draws import SEED
from servanda.uncertainty.sensitivity import sensitivity
from servanda.uncertainty.sweep import sweep
from servanda.uncertainty.weights import answers_without, posteriors, weigh

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
DRAWS = 256
FEWEST_DRAWS = 8


@dataclass(frozen=True)
class Settings:
    """How to forecast.

    draws: how many; seed: of the draws; workers: processes (None: one a core); cluster: address of a Dask scheduler;
    day: date of information (the case's own if None); gates: drafts whose gates are followed (None: the likeliest);
    frictions: whether the effect of every friction on the first of them is followed too;
    folder: where sweeps are kept (None: the user's cache); overrides: parameters held at other values.
    """

    draws: int = DRAWS
    seed: int = SEED
    workers: int | None = None
    cluster: str | None = None
    day: date | None = None
    gates: tuple[str, ...] | None = None
    frictions: bool = False
    folder: Path | None = None
    overrides: Mapping[str, float] = field(default_factory=dict)
    stop: Event | None = None

    @property
    def sweeps(self) -> Path:
        """Where sweeps are kept: the folder, or one in the user's cache."""
        return self.folder or cache_folder() / "sweeps"


def look(case: ResolvedCase, settings: Settings | None = None, progress: Progress | None = None) -> Outlook:
    """The outlook of a case.

    Raises
    ------
    CaseError
        If the case makes no sense as a game in any draw, or there is no such day, draft or parameter.
    SweepError
        If the sweep cannot go on.
    """
    how = settings or Settings()
    begun = time.perf_counter()
    _check_names("parameter", "unknown-parameter", how.overrides, [p.name for p in case.parameters])

    def tell(stage: str, share: float) -> None:
        if progress is not None:
            progress(stage, share)

    tell("prepare", 0.0)
    day = how.day or case.as_of
    standing = case if day == case.as_of else freeze(case, day).case
    _check_names("draft", "unknown-draft", how.gates or (), [d.name for d in standing.drafts])
    gates = how.gates if how.gates is not None else likeliest_alone(standing, how.overrides)
    study = Ensemble.of(case, day=day, seed=how.seed, gates=gates, frictions=how.frictions, overrides=how.overrides)
    read = swept(study, how, lambda share: tell("draws", 0.05 + 0.75 * share))
    tell("sensitivity", 0.8)
    return assembled(standing, study, read, how, begun, lambda share: tell("sensitivity", 0.8 + 0.2 * share))


def swept(study: Ensemble, how: Settings, tell: Callable[[float], None]) -> Read:
    """Solve the draws of a study, or read those that are there, and weigh them."""
    found = sweep(
        study, how.draws, folder=how.sweeps, workers=how.workers, cluster=how.cluster,
        chunk=study.chunk(how.draws, how.workers, cluster=how.cluster is not None),
        progress=lambda done, of, _: tell(done / of), stop=how.stop,
    )  # fmt: skip
    failed = found["failure"] != ""
    if failed.all():
        raise CaseError(f"no draw could be solved: {found['failure'][0]}", issues=())
    frame = study.frame
    # without evidence the filter leaves rounding errors, which are none
    likelihood = found["likelihood"] if frame.seen else np.zeros(found.draws)
    after, weighing = weigh(likelihood, failed=failed, unsettled=~found["settled"])
    if not frame.seen:
        told = f"There is no evidence to weigh: all {weighing.draws - weighing.failed:,} draws keep the same weight."
        weighing = replace(weighing, sentence=told)
    before = ~failed / (~failed).sum()
    after = after if frame.seen else before
    left_out = None
    if frame.seen and "likelihood.without" in found:
        names = [q.name for q in frame.questions]
        now = np.stack([found[n] for n in names], axis=1)
        without = np.stack([found[f"without.{n}"] for n in names], axis=2)
        if weighing.tempering > 0.0:
            possible = np.isfinite(found["likelihood"])
            left_out = answers_without(
                np.where(possible[:, None], now, 0.0), np.nan_to_num(without), found["likelihood"],
                found["likelihood.without"], weighing.tempering,
            )  # fmt: skip
    factors, x = factors_of(frame.case, found)
    return Read(frame, found, factors, x, before, after, weighing, left_out)


def likeliest_alone(case: ResolvedCase, overrides: Mapping[str, float]) -> tuple[str, ...]:
    """The draft that is likeliest to pass all three gates at central values, alone on the table."""
    return tuple(likeliest(case, sign_window(case), overrides, None))[:1]


def assembled(
    standing: ResolvedCase,
    study: Ensemble,
    read: Read,
    how: Settings,
    begun: float,
    tell: Callable[[float], None],
) -> Outlook:
    """Put an outlook together from a sweep that has been read."""
    frame = read.frame
    spread = selection_spread(frame, how.overrides)
    tell(0.2)
    plain = frame.compiled if frame.informed == 0 else compile_case(standing)
    asked = frame.case.answerable
    questions = []
    for number, q in enumerate(asked):
        name = f"question.{q.name}"
        before, after = read.bands(name)
        driving = driven(read, name, q.text)
        drivers = drivers_of(frame.case, driving)
        questions.append(
            QuestionOutlook(
                q.name, q.text, q.timing, q.date, before, after, words(min(max(after.mean, 0.0), 1.0)),
                confidence_in(frame.case, driving, after, spread.get(name, float("nan"))), drivers,
                tuple(Benchmark(*n) for n in naive(plain, q)), q.outcome,
            )
        )  # fmt: skip
        tell(0.2 + 0.6 * (number + 1) / len(asked))
    targets = {name: f"{noun[0].upper()}{noun[1:]} at some time" for name, noun in _outcomes(frame)}
    titles = {d.name: d.title for d in standing.drafts}
    targets = {f"gate.{d}.holds": f"{titles[d]}: signed, ratified and kept" for d in study.gates} | targets
    shown = tuple(driven(read, name, title) for name, title in targets.items())
    searched = [_box(read, name, title) for name, title in targets.items()]
    posterior = posteriors(read.factors, read.x[read.before > 0], read.after[read.before > 0]) if read.factors else ()
    return Outlook(
        case=frame.case.name,
        title=frame.case.title,
        as_of=frame.case.as_of,
        since=study.learn_from,
        headline=_headline(frame, read),
        questions=tuple(questions),
        gates=tuple(gate_outlook(read, d, titles[d]) for d in study.gates),
        frictions=friction_effects(read, study, titles),
        curves=curves(read),
        fans=fans(read),
        evidence=findings(read, [q.name for q in asked]),
        overtaken=tuple(item.title for item in frame.overtaken),
        posteriors=told(posterior),
        weighing=read.weighing,
        sensitivity=shown,
        boxes=tuple(found.box for found in searched if found.box is not None),
        no_box=tuple(found.reason for found in searched if found.box is None and found.reason),
        seconds=time.perf_counter() - begun,
        provenance=provenance_of_study(study, read, how),
    )


def driven(read: Read, name: str, title: str) -> Sensitivity:
    """What drives one column of a sweep, under the weights of the evidence; nothing is told from too few draws."""
    y = read.column(name)
    counting = read.after > 0.0
    if counting.sum() >= FEWEST_DRAWS:
        return sensitivity(read.factors, read.x, y, read.after, quantity=name, title=title)
    mean = float(read.after[counting] @ y[counting] / read.after.sum())
    few = f"{counting.sum()} draws are too few to say what drives “{title}”."
    return Sensitivity(name, title, int(counting.sum()), mean, math.nan, "surrogate", 0.0, (), (), few)


def selection_spread(frame: Frame, overrides: Mapping[str, float]) -> dict[str, float]:
    """How far each answer at central values moves with what is assumed beyond the horizon."""
    told = frame.branches(overrides, frame.closings(overrides))
    return {name: float(np.ptp(values)) for name, values in told.items()}


def _box(read: Read, name: str, title: str) -> Discovery:
    y = read.swept[name]
    usable = np.isfinite(y) & (read.after > 0.0)
    if not usable.any() or not read.factors:
        return Discovery(None)
    return find_box(
        read.factors, read.x[usable], y[usable] > 0.5, read.after[usable], quantity=name, title=title,
        condition="is likelier than not",
    )  # fmt: skip


def _headline(frame: Frame, read: Read) -> str:
    end = frame.dates[-1]
    parts = []
    for name, noun in _outcomes(frame):
        before, after = read.bands(name)
        said = f"{noun} at some time is {_article(likelihood(after.mean))}"
        if percent(after.low) != percent(after.high):
            said += f", eight draws in ten between {percent(after.low)} and {percent(after.high)}"
        if frame.seen and abs(after.mean - before.mean) > 0.01:
            said += f", {percent(before.mean)} before the evidence"
        parts.append(said)
    text = "; ".join(parts)
    if not text:
        return f"{frame.case.title} has neither drafts nor a war: its questions are all there is to forecast."
    return f"By {end:%B} {end.year} {text}."


def _outcomes(frame: Frame) -> tuple[tuple[str, str], ...]:
    """The outcomes that a case can have at all: column, and noun."""
    deal = (("outcome.ever_deal", "a deal in force"),) if frame.case.drafts else ()
    war = (("outcome.ever_war", "war"),) if frame.case.war is not None else ()
    return (*deal, *war)


def _article(said: str) -> str:
    return f"a {said}" if "chance" in said and not said.startswith("almost") else said


def _check_names(noun: str, code: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Refuse names that the case as it stood does not have."""
    strange = [name for name in given if name not in known]
    if strange:
        message = f"no {noun} is called {', '.join(f'`{name}`' for name in strange)}"
        hint = f"it has {', '.join(f'`{name}`' for name in known)}" if known else f"the case as it stood has no {noun}"
        raise CaseError(message, issues=(Issue("error", code, message, hint),))


def provenance_of_study(study: Ensemble, read: Read, how: Settings) -> Provenance:
    """Where an outlook comes from."""
    case = study.case.history or study.case
    settings = [
        ("draws", str(how.draws)), ("seed", str(how.seed)), ("day", study.day.isoformat()),
        ("learn from", study.learn_from.isoformat()), ("study", read.swept.path.parent.name),
        *((f"set {k}", repr(v)) for k, v in sorted(how.overrides.items())),
    ]  # fmt: skip
    return provenance_of(case.name, dump(case), settings)
