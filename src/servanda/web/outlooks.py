"""A kept forecast as its page shows it: questions, evidence, figures, and what of it goes into the register."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Field

from servanda.forecast.register import Asked, Entry, Forecasts, Outcome
from servanda.outlook.answers import EvidenceFinding, Outlook, QuestionOutlook
from servanda.report.charts.evidence import bits, wording
from servanda.report.charts.outlook import outlook_figures
from servanda.report.forecasted import brief, driver_text, thin
from servanda.report.sheet import drawing
from servanda.report.words import capital, grade_title
from servanda.store.records import SavedRun
from servanda.uncertainty.answers import Band, Posterior
from servanda.web.problems import Problem
from servanda.web.results import FigureShown, figures_shown

Chance = Annotated[float, Field(ge=0.0, le=1.0)]
FIGURES = ("events", "states", "fans", "surprises", "choices", "moved", "gates", "frictions")
_MOST_HELD = 8


class BandShown(BaseModel):
    """A probability over draws: its mean, and the ends between which eight draws in ten lie."""

    mean: Chance
    low: Chance
    high: Chance


class BenchmarkShown(BaseModel):
    """A naive forecast, which knows nothing of the model."""

    name: str
    probability: Chance
    source: str


class QuestionShown(BaseModel):
    """A dated question: likelihood, and apart from it confidence."""

    question: str
    text: str
    timing: str
    date: date
    words: str
    after: BandShown
    before: BandShown
    confidence: str = Field(description="`high`, `moderate` or `low`.")
    why: str = Field(description="What the confidence rests on.")
    benchmarks: list[BenchmarkShown]
    drivers: list[str]
    outcome: str


class ShiftShown(BaseModel):
    """What one piece of evidence does to one answer."""

    question: str
    full: Chance = Field(description="With every piece.")
    without: Chance = Field(description="With every piece but this.")


class PieceShown(BaseModel):
    """One piece of evidence that is weighed."""

    key: str
    date: date
    what: str
    grade: str
    grade_title: str
    sources: str
    bits: str = Field(description="How surprising it was, given all others.")
    shifts: list[ShiftShown]


class ChoiceShown(BaseModel):
    """A parameter that is one of several things, before and after the evidence."""

    parameter: str
    title: str
    choices: list[tuple[str, float, float]] = Field(description="Name, probability before, probability after.")


class WeighingShown(BaseModel):
    """How the evidence weighs the draws."""

    sentence: str
    draws: int
    failed: int
    unsettled: int
    effective: float
    tempering: float
    rough: bool


class ForecastShown(BaseModel):
    """A kept forecast of a scenario."""

    run: str
    created: datetime
    seconds: float
    headline: str
    as_of: date
    since: date
    lines: list[tuple[str, str]] = Field(description="The outlook in one line a part.")
    questions: list[QuestionShown]
    pieces: list[PieceShown]
    overtaken: list[str]
    choices: list[ChoiceShown]
    weighing: WeighingShown


class PublishedQuestion(BaseModel):
    """A published answer, and what became of the question."""

    question: str
    text: str
    timing: str
    date: date
    probability: Chance
    words: str
    outcome: str = Field(description="Empty as long as it is open.")


class PublishedShown(BaseModel):
    """One entry of the register."""

    number: int
    time: datetime
    as_of: date
    sha256: str
    run: str
    questions: list[PublishedQuestion]


def outlook_of(data: object) -> Outlook:
    """An outlook from its plain data, as a run holds it.

    Raises
    ------
    Problem
        409 where the data are no outlook: the run was made by another version of the program.
    """
    try:
        made: Outlook = _read(Outlook, data)
    except (KeyError, TypeError, ValueError) as error:
        said = f"this run cannot be read by this version of the program ({error})"
        raise Problem(409, "conflict", said, "make the run again") from error
    return made


def _read(kind: Any, value: Any) -> Any:
    """One value of a record from its plain data.

    Written out here because fields that are called like their type, such as `date`, confuse readers of annotations.
    """
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{f.name: _read(hints[f.name], value[f.name]) for f in fields(kind)})
    if get_origin(kind) is tuple:
        inside = get_args(kind)
        if inside[-1] is Ellipsis:
            return tuple(_read(inside[0], part) for part in value)
        return tuple(_read(one, part) for one, part in zip(inside, value, strict=True))
    if kind is date:
        return date.fromisoformat(value)
    if kind is float:
        return float(value)
    if not isinstance(value, str | int):
        raise TypeError(f"{value!r:.40} is neither a text nor a number")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


_HELD: OrderedDict[str, list[FigureShown]] = OrderedDict()
_LOCK = threading.Lock()


def forecast_shown(outlook: Outlook, run: SavedRun) -> ForecastShown:
    """A forecast in words and numbers."""
    w = outlook.weighing
    return ForecastShown(
        run=run.id, created=run.created, seconds=run.seconds, headline=outlook.headline, as_of=outlook.as_of,
        since=outlook.since, lines=[(line.head, capital(line.text)) for line in brief(outlook)],
        questions=[_question(q) for q in outlook.questions],
        pieces=[_piece(e) for e in sorted(outlook.evidence, key=lambda e: e.date)],
        overtaken=list(outlook.overtaken), choices=[choice_shown(p) for p in outlook.posteriors if p.choices],
        weighing=WeighingShown(
            sentence=w.sentence, draws=w.draws, failed=w.failed, unsettled=w.unsettled, effective=w.effective,
            tempering=w.tempering, rough=thin(w),
        ),
    )  # fmt: skip


def forecast_figures(result: str, outlook: Callable[[], Outlook]) -> list[FigureShown]:
    """The figures of a forecast whose result has this digest; the last few are held, drawing them takes a moment."""
    with _LOCK:
        if result not in _HELD:
            while len(_HELD) >= _MOST_HELD:
                _HELD.popitem(last=False)
            # what drives the answers has a page of its own
            drawn = replace(outlook(), sensitivity=(), boxes=())
            with drawing():
                album = outlook_figures(drawn)
                _HELD[result] = figures_shown({name: album[name] for name in FIGURES if name in album})
        _HELD.move_to_end(result)
        return _HELD[result]


def band_shown(band: Band) -> BandShown:
    """A band within 0 and 1, which rounding may leave."""
    return BandShown(**{end: min(max(getattr(band, end), 0.0), 1.0) for end in ("mean", "low", "high")})


def choice_shown(p: Posterior) -> ChoiceShown:
    """A parameter that is one of several things."""
    return ChoiceShown(
        parameter=p.parameter, title=p.title,
        choices=[(name.replace("_", " "), before, after) for name, before, after in p.choices],
    )  # fmt: skip


def _question(q: QuestionOutlook) -> QuestionShown:
    return QuestionShown(
        question=q.question, text=q.text, timing=q.timing, date=q.date, words=q.words, after=band_shown(q.after),
        before=band_shown(q.before), confidence=q.confidence.level, why=q.confidence.sentence,
        benchmarks=[BenchmarkShown(name=b.name, probability=b.probability, source=b.source) for b in q.benchmarks],
        drivers=[f"{d.title}: {driver_text(d)}" for d in q.drivers], outcome=q.outcome,
    )  # fmt: skip


def _piece(e: EvidenceFinding) -> PieceShown:
    return PieceShown(
        key=e.key, date=e.date, what=capital(wording(e)), grade=e.grade,
        grade_title=grade_title(e.grade) if e.grade else "", sources=", ".join(e.sources), bits=bits(e.surprise),
        shifts=[
            ShiftShown(question=name, full=min(max(full, 0.0), 1.0), without=min(max(without, 0.0), 1.0))
            for name, full, without in e.shifts
        ],
    )  # fmt: skip


def publishable(outlook: Outlook, run: SavedRun) -> Forecasts:
    """What of a kept forecast goes into the register, with the run that holds the rest."""
    from servanda.ledger import engine_digest

    return Forecasts(
        case=outlook.case,
        as_of=outlook.as_of,
        digest=outlook.provenance.digest,
        engine=engine_digest().hex(),
        settings=(*outlook.provenance.settings, ("saved case", run.case), ("run", run.id)),
        questions=tuple(
            Asked(
                q.question, q.text, q.timing, q.date, band_shown(q.after).mean, band_shown(q.after).low,
                band_shown(q.after).high, q.words, q.confidence.level,
                tuple((b.name, b.probability, b.source) for b in q.benchmarks),
            )
            for q in outlook.questions
        ),
    )  # fmt: skip


def entry_shown(entry: Entry, what: Forecasts, outcomes: Mapping[tuple[str, str, date], str]) -> PublishedShown:
    """A published forecast; `outcomes` says what became of (case, question, date)."""
    return PublishedShown(
        number=entry.number, time=entry.time, as_of=what.as_of, sha256=entry.sha256,
        run=dict(what.settings).get("run", ""),
        questions=[
            PublishedQuestion(
                question=q.question, text=q.text, timing=q.timing, date=q.date, probability=q.probability,
                words=q.words, outcome=outcomes.get((what.case, q.question, q.date), ""),
            )
            for q in what.questions
        ],
    )  # fmt: skip


def happened(what: Outcome) -> str:
    """An outcome in words."""
    if what.happened is None:
        return f"annulled on {what.settled.isoformat()}"
    return f"{'yes' if what.happened else 'no'}, settled on {what.settled.isoformat()}"
