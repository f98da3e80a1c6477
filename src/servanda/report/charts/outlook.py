"""All figures of an outlook, by name, in the order of its page; and those of questions, gates and paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from servanda.outlook.answers import Benchmark, Outlook, QuestionOutlook
from servanda.report.charts import theme
from servanda.report.charts.boxes import box_figure
from servanda.report.charts.evidence import choices, moved, shifts, surprises
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.likelihoods import NAIVE, Dot, dots
from servanda.report.charts.outlook_gates import AFTER, BEFORE, banded, friction_dots, gate_dots
from servanda.report.charts.outlook_paths import curves, fans
from servanda.report.charts.plain import distinct, plain
from servanda.report.charts.tornado import indices, tornado
from servanda.report.words import full_date, likelihood, percent
from servanda.uncertainty.answers import Band

HAPPENED = {"yes": "it happened", "no": "it did not", "unknown": ""}


def outlook_figures(outlook: Outlook) -> dict[str, Figure]:
    """Every figure for which the outlook has numbers.

    Returns
    -------
    dict of str to Figure
        Keys are `questions`, `events`, `states`, `fans`, `shifts`, `surprises`, `choices`, `moved`, `gates`,
        `frictions`, and a `tornado:QUANTITY`, `indices:QUANTITY` or `box:K` each.
    """
    outlook = plain(outlook)
    events = [c for c in outlook.curves if c.kind == "event"]
    due = {f"question.{q.question}": q.date for q in outlook.questions}
    states = [c for c in outlook.curves if c.kind == "state"]
    made: dict[str, Figure | None] = {
        "questions": question_dots(outlook.questions) if outlook.questions else None,
        "events": curves(events, "What happens by when", due) if events else None,
        "states": curves(states, "What holds when") if states else None,
        "fans": fans(outlook.fans) if outlook.fans else None,
        "shifts": shifts(outlook.evidence, question_titles(outlook.questions)),
        "surprises": surprises(outlook.evidence) if outlook.evidence else None,
        "choices": choices(outlook.posteriors),
        "moved": moved(outlook.posteriors),
        "gates": gate_dots(outlook.gates) if outlook.gates else None,
        "frictions": friction_dots(outlook.frictions) if outlook.frictions else None,
    }
    for found in outlook.sensitivity:
        made[f"tornado:{found.quantity}"] = tornado(found) if found.tornado else None
        made[f"indices:{found.quantity}"] = indices(found) if found.indices else None
    for k, box in enumerate(outlook.boxes):
        made[f"box:{k}"] = box_figure(box) if box.limits else None
    return {name: figure for name, figure in made.items() if figure is not None}


def question_titles(questions: Sequence[QuestionOutlook]) -> dict[str, str]:
    """A title for each question, no two alike."""
    return distinct([(q.question, q.text) for q in questions])


def question_dots(questions: Sequence[QuestionOutlook]) -> Figure:
    """Every question: filled after the evidence, hollow before it, the naive forecasts as small marks below."""
    titles = question_titles(questions)
    found: list[Dot] = []
    for q in questions:
        found.append(Dot(q.question, AFTER, q.after.mean, q.after.low, q.after.high, banded(q.after)))
        found.append(Dot(q.question, BEFORE, q.before.mean, q.before.low, q.before.high, banded(q.before)))
        found += [
            Dot(q.question, b.name, b.probability, None, None, f"{percent(b.probability)}: {b.source}")
            for b in q.benchmarks
        ]
    texts = {
        q.question: (f"{percent(q.before.mean)} → {percent(q.after.mean)}", HAPPENED[q.outcome]) for q in questions
    }
    naive = naive_names(q.benchmarks for q in questions)
    chart = dots(titles, found, texts, (AFTER, BEFORE, *naive))
    description = "Probability of each dated question after the evidence. " + "; ".join(
        f"{q.text} {likelihood(q.after.mean)}" for q in questions
    )
    known = any(q.outcome != "unknown" for q in questions)
    table = Table(
        "Dated questions: mean over draws and 80 % band, after and before the evidence, and naive forecasts",
        ("Question", "Date", "In words", "After", "Band after", "Before", "Band before",
         *(n.capitalize() for n in naive), *(("Outcome",) if known else ())),
        tuple(
            (
                q.text, f"{q.timing} {full_date(q.date)}", q.words, percent(q.after.mean), _range(q.after),
                percent(q.before.mean), _range(q.before),
                *(next((percent(b.probability) for b in q.benchmarks if b.name == n), "–") for n in naive),
                *((HAPPENED[q.outcome] or "not known",) if known else ()),
            )
            for q in questions
        ),
        (False, False, False, *(True for _ in range(4 + len(naive))), *((False,) if known else ())),
    )  # fmt: skip
    caption = (
        "Columns are the ranges of the standard words. The large dot is the mean over draws after the evidence, its "
        "line the band that holds eight draws in ten; the hollow dot above it is before the evidence; the small marks "
        "below are naive forecasts, which know nothing of the model. Numbers: before → after."
    )
    if known:
        caption += " What later happened is shown beside, and no forecast uses it."
    return Figure("Dated questions", caption, description, theme.configured(chart, description), table)


def naive_columns(benchmarks: Iterable[Sequence[Benchmark]]) -> tuple[str, ...]:
    """The naive forecasters of a table: the usual ones, also where nobody has an answer of theirs, others behind."""
    return tuple(dict.fromkeys((*NAIVE, *naive_names(benchmarks))))


def naive_names(benchmarks: Iterable[Sequence[Benchmark]]) -> tuple[str, ...]:
    """The names of those naive forecasters that have an answer, in the usual order, others behind."""
    names = dict.fromkeys(b.name for each in benchmarks for b in each)
    return (*(n for n in NAIVE if n in names), *(n for n in names if n not in NAIVE))


def _range(band: Band) -> str:
    return f"{percent(band.low)} to {percent(band.high)}"
