"""The page of an outlook: its words and small tables, and the whole of it as HTML and as plain data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servanda.outlook.answers import Benchmark, Driver, EvidenceFinding, Outlook, QuestionOutlook
from servanda.provenance import Provenance
from servanda.report import sensitivities
from servanda.report.charts.boxes import path_table
from servanda.report.charts.evidence import CHOOSER, bits, choice_name, wording
from servanda.report.charts.figure import Table
from servanda.report.charts.likelihoods import NAIVE
from servanda.report.charts.outlook import naive_columns, outlook_figures
from servanda.report.charts.tornado import trusted
from servanda.report.diagnosed import Line
from servanda.report.sheet import asset, drawing, fill
from servanda.report.tables import plain_data
from servanda.report.words import GRADES, capital, counted, full_date, grade_title, listed, percent, signed
from servanda.uncertainty.answers import Band, Posterior, Weighing
from servanda.writing import atomic_write

DRIVERS_SHOWN = 3
LEVELS = ("high", "moderate", "low")
# Below this share of the draws, evidence has left so few that bands are rough.
THIN = 0.1
METHOD = (
    "Draws: every uncertain parameter of the case is drawn together with the others from a Sobol sequence, the choice "
    "of terminal values and the order of movers with them; the case is solved as a game for each draw.",
    "Within a draw probabilities are propagated exactly, without sampling. Means and bands are over draws; a band "
    "holds eight draws in ten and says how far the parameters leave the answer open.",
    "Evidence: a forward filter gives each draw the likelihood of the dated observations; draws are weighted by it. "
    "Before the evidence all draws weigh the same.",
    "Words follow the standard of intelligence analysis (ICD 203). Likelihood says what to expect; confidence says how "
    "far to trust that: the grades of what drives it, the width of its band, how far it hangs on the far future.",
    "Naive forecasts know nothing of the model: the base rate of comparable cases, no change from the state as of the "
    "date, and a coin. A forecast that is not better than they are over many questions is worth nothing.",
)


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question in the first table of the page: text, when, words, numbers, naive forecasts, confidence, outcome."""

    text: str
    when: str
    words: str
    after: str
    band: str
    before: str
    naive: tuple[str, ...]
    confidence: str
    outcome: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One piece of evidence in the list that can be searched."""

    what: str
    date: str
    grade: str
    grade_title: str
    sources: str
    bits: str
    sentence: str


def forecast_page(outlook: Outlook) -> str:
    """An outlook as the text of one self-contained HTML page.

    Returns
    -------
    str
        Complete HTML with styles, scripts, data and still pictures inside.
    """
    with drawing():
        album = outlook_figures(outlook)
    naive = naive_columns(q.benchmarks for q in outlook.questions)
    return fill(
        "forecast.html.j2",
        album,
        album,
        style=asset("outlook.css"),
        outlook=outlook,
        rooms=rooms(outlook),
        in_short=brief(outlook),
        naive=naive,
        questions=[question_row(q, naive) for q in outlook.questions],
        known=any(q.outcome != "unknown" for q in outlook.questions),
        confidence=confidence_table(outlook.questions),
        drivers=drivers_of(outlook.questions),
        benchmarks=benchmarks_table(outlook.questions),
        pieces=[evidence_row(e) for e in sorted(outlook.evidence, key=lambda e: e.date)],
        grades=GRADES,
        chooser=CHOOSER,
        sensitivities=sensitivities,
        trusted=trusted,
        box_paths=[path_table(box) for box in outlook.boxes],
        weighing=weighing_lines(outlook.weighing),
        thin=thin(outlook.weighing),
        method=METHOD,
        provenance=provenance_table(outlook.provenance, outlook.seconds),
    )


def write_forecast(outlook: Outlook, path: Path) -> Path:
    """Write the page of an outlook to `path`, making its folder; returns the path.

    Raises
    ------
    OSError
        If the file cannot be written; an older page at `path` then stays as it was.
    """
    atomic_write(path, forecast_page(outlook))
    return path


def outlook_json(outlook: Outlook) -> dict[str, Any]:
    """Everything in an outlook as nested dicts, lists, texts, numbers and None; keys are the records' fields."""
    data: dict[str, Any] = plain_data(outlook)
    return data


def rooms(outlook: Outlook) -> tuple[tuple[str, str], ...]:
    """The sections of the page for which the outlook has something, as (anchor, title in the contents)."""
    asked = (
        ("bottom-line", "Bottom line", True),
        ("questions", "Questions", outlook.questions),
        ("drivers", "What drives each", any(q.drivers for q in outlook.questions)),
        ("when", "When", outlook.curves),
        ("quantities", "Quantities", outlook.fans),
        ("evidence", "Evidence", outlook.evidence or outlook.posteriors),
        ("gates", "Gates", outlook.gates or outlook.frictions),
        ("sensitivity", "Sensitivity", outlook.sensitivity),
        ("boxes", "Boxes", outlook.boxes or outlook.no_box),
        ("sure", "How sure", True),
        ("method", "Method", True),
    )
    return tuple((name, title) for name, title, there in asked if there)


def brief(outlook: Outlook) -> tuple[Line, ...]:
    """The outlook in one line a part."""
    lines = []
    texts = {q.question: q.text for q in outlook.questions}
    if (far := farthest_from_base(outlook.questions)) is not None:
        q, base = far
        text = f"farthest from its base rate: “{q.text}”, {percent(q.after.mean)} against {percent(base.probability)}."
        lines.append(Line("Against base rates", text, "questions"))
    if (lead := leading_drivers(outlook.questions)) is not None:
        lines.append(Line("Drivers", lead, "drivers"))
    if outlook.evidence:
        since = f" since {full_date(outlook.since)}" if outlook.since < outlook.as_of else ""
        text = f"{counted(len(outlook.evidence), 'piece')}{since}"
        most = most_moving(outlook.evidence, texts)
        lines.append(Line("Evidence", f"{text}. {most}" if most else f"{text}.", "evidence"))
    worlds = [world(p) for p in outlook.posteriors if p.choices]
    if worlds:
        lines.append(Line("Which world", " ".join(worlds), "evidence"))
    if outlook.questions:
        count = Counter[str](q.confidence.level for q in outlook.questions)
        parts = [f"{count[level]} {level}" for level in LEVELS if count[level]]
        lines.append(Line("Confidence", f"of {counted(len(outlook.questions), 'question')}, {listed(parts)}.", "sure"))
    return tuple(lines)


def world(p: Posterior) -> str:
    """What the evidence says of a parameter that is one of several things."""
    parts = [f"{choice_name(name)} {percent(after)} (before: {percent(before)})" for name, before, after in p.choices]
    return f"{p.title.removesuffix('?')}: {listed(parts)}."


def base_rate(question: QuestionOutlook) -> Benchmark | None:
    """The base rate set beside a question, None if there is none."""
    return next((b for b in question.benchmarks if b.name == NAIVE[0]), None)


def farthest_from_base(questions: Sequence[QuestionOutlook]) -> tuple[QuestionOutlook, Benchmark] | None:
    """The question on which the model disagrees most with its base rate, in log-odds; None without base rates."""

    def odds(p: float) -> float:
        inside = min(max(p, 0.005), 0.995)
        return math.log(inside / (1.0 - inside))

    found = [(q, b) for q in questions if (b := base_rate(q)) is not None]
    return max(found, key=lambda one: abs(odds(one[0].after.mean) - odds(one[1].probability)), default=None)


def leading_drivers(questions: Sequence[QuestionOutlook], most: int = DRIVERS_SHOWN) -> str | None:
    """The parameters that carry most of the variance over all questions together, None if nothing is known of it."""
    weight: dict[str, float] = {}
    titles = {}
    for q in questions:
        for d in q.drivers:
            weight[d.parameter] = weight.get(d.parameter, 0.0) + d.share
            titles[d.parameter] = d.title
    named = [f"“{titles[name]}”" for name in sorted(weight, key=lambda name: -weight[name])[:most]]
    return f"over all questions {listed(named)} {'drives' if len(named) == 1 else 'drive'} most." if named else None


def most_moving(evidence: Sequence[EvidenceFinding], texts: dict[str, str]) -> str:
    """The piece that moved an answer most, and which; nothing if none moved any."""
    piece = max(evidence, key=lambda e: abs(e.largest), default=None)
    if piece is None or piece.largest == 0.0 or not piece.shifts:
        return ""
    name, full, without = max(piece.shifts, key=lambda shift: abs(shift[1] - shift[2]))
    return (
        f"“{wording(piece)}” ({full_date(piece.date)}) moved most: {signed(100 * (full - without))} points on "
        f"“{texts.get(name, name)}”."
    )


def question_row(q: QuestionOutlook, naive: Sequence[str]) -> QuestionRow:
    """A question as the first table shows it, a dash where a naive forecast is missing."""
    by = {b.name: percent(b.probability) for b in q.benchmarks}
    return QuestionRow(
        q.text, f"{q.timing} {full_date(q.date)}", q.words, percent(q.after.mean),
        span(q.after), percent(q.before.mean),
        tuple(by.get(name, "–") for name in naive), q.confidence.level, q.outcome if q.outcome != "unknown" else "–",
    )  # fmt: skip


def span(band: Band) -> str:
    """The ends of a band, one where both read the same.

    >>> span(Band(0.2, 0.1, 0.3)), span(Band(0.0, 0.0, 0.0))
    ('10 % to 30 %', '0 %')
    """
    low, high = percent(band.low), percent(band.high)
    return low if low == high else f"{low} to {high}"


def evidence_row(e: EvidenceFinding) -> EvidenceRow:
    """A piece of evidence as the list shows it."""
    return EvidenceRow(
        capital(wording(e)), full_date(e.date), e.grade, grade_title(e.grade) if e.grade else "", ", ".join(e.sources),
        bits(e.surprise), e.sentence,
    )  # fmt: skip


def confidence_table(questions: Sequence[QuestionOutlook]) -> Table:
    """Confidence and the three readings it is the worst of."""
    return Table(
        "Confidence is the worst of three readings: grades of what drives the answer, width of its band, far future",
        ("Question", "Confidence", "Rests on sources", "Band", "Far future", "In words"),
        tuple(
            (
                q.text, q.confidence.level, _share(q.confidence.grade), _points(q.confidence.band),
                "not examined" if math.isnan(q.confidence.selection) else _points(q.confidence.selection),
                q.confidence.sentence,
            )
            for q in questions
        ),
        (False, False, True, True, True, False),
    )  # fmt: skip


def _share(value: float) -> str:
    return f"{100 * value:.0f} %" if math.isfinite(value) else "–"


def _points(value: float) -> str:
    return f"{100 * value:.1f} points" if math.isfinite(value) else "–"


def driver_text(driver: Driver) -> str:
    """What a driver does: its share of the variance, and the answer at both of its ends."""
    share = f"{100 * driver.share:.0f} % of the variance; " if math.isfinite(driver.share) else ""
    grade = f"; grade {driver.grade}" if driver.grade else ""
    return f"{share}{percent(driver.at_low)} when low, {percent(driver.at_high)} when high{grade}"


def drivers_of(questions: Sequence[QuestionOutlook]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Each question with its answer and the parameters that move it most, the first first, as (title, what it does)."""
    return [
        (q.text, percent(q.after.mean), [(d.title, driver_text(d)) for d in q.drivers[:DRIVERS_SHOWN]])
        for q in questions
        if q.drivers
    ]


def benchmarks_table(questions: Sequence[QuestionOutlook]) -> Table:
    """Every naive forecast with its source."""
    return Table(
        "Naive forecasts and where they are from",
        ("Question", "Naive forecast", "Probability", "Source"),
        tuple((q.text, capital(b.name), percent(b.probability), b.source or "–") for q in questions
              for b in q.benchmarks),
        (False, False, True, False),
    )  # fmt: skip


def thin(weighing: Weighing) -> bool:
    """Whether the evidence has left too few draws, had to be tempered, or draws have no answer."""
    left = weighing.effective < THIN * max(weighing.draws - weighing.failed, 1)
    return left or weighing.tempering < 1.0 or weighing.failed > 0


def weighing_lines(weighing: Weighing) -> tuple[tuple[str, str], ...]:
    """What became of the draws, as (name, value): failed and unsettled ones are always shown."""
    solved = weighing.draws - weighing.failed
    share = f" of {solved:,}" if solved else ""
    evidence = f"{weighing.log_evidence:.1f}" if math.isfinite(weighing.log_evidence) else "impossible in every draw"
    return (
        ("Draws", f"{weighing.draws:,}"),
        ("Failed, without an answer", f"{weighing.failed:,}"),
        ("Unsettled far future, rough answer", f"{weighing.unsettled:,}"),
        ("Effective draws after the evidence", f"{weighing.effective:.0f}{share}"),
        (
            "Tempering",
            "none" if weighing.tempering >= 1.0 else
            f"likelihoods raised to the power {weighing.tempering:.2f}; without, {weighing.untempered:.1f} effective "
            "draws would be left",
        ),
        ("Log of the mean likelihood of the evidence", evidence.replace("-", "\N{MINUS SIGN}")),
    )  # fmt: skip


def provenance_table(provenance: Provenance, seconds: float | None = None) -> Table:
    """How to make the result again."""
    rows = [
        ("Case", provenance.case),
        ("Digest of the case (SHA-256)", provenance.digest),
        *((capital(name), value) for name, value in provenance.settings),
        *((f"Version of {name}", value) for name, value in provenance.versions),
        ("Made at (UTC)", provenance.made_at),
    ]
    if seconds is not None:
        rows.append(("Seconds", f"{seconds:.1f}"))
    return Table(f"How to make this again: {provenance.case}", ("What", "Value"), tuple(rows), (False, False))
