"""The terminal's view of an outlook, and of what drives a quantity: the headline first, naive forecasts always beside.

Tables are drawn with rich. Everything is plain text without styles where the output is no terminal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from servanda.outlook.answers import EvidenceFinding, Outlook, QuestionOutlook
from servanda.report.charts.boxes import words_of
from servanda.report.charts.evidence import bits, choice_name, wording
from servanda.report.charts.outlook import naive_columns
from servanda.report.charts.outlook_gates import points_of
from servanda.report.charts.tornado import interval, measure_of, trusted
from servanda.report.forecasted import leading_drivers, thin
from servanda.report.sensitivities import box_sentence, leading, quality
from servanda.report.terminal import WIDTH, writers
from servanda.report.words import capital, full_date, likelihood, number, percent, signed
from servanda.uncertainty.answers import Box, Posterior, Sensitivity, Weighing

if TYPE_CHECKING:
    from rich.console import Console

EVIDENCE_SHOWN = 5
POSTERIORS_SHOWN = 5
BARS_SHOWN = 10
LEVEL_STYLES = {"high": "green", "moderate": "", "low": "yellow"}


def print_outlook(console: Console, outlook: Outlook, path: Path | None = None) -> None:
    """Print an outlook to a rich console, at most 100 columns wide, words before numbers.

    Parameters
    ----------
    console
        Where to print; its width is used up to 100 columns.
    outlook
        What was found.
    path
        Where the page of the outlook was written, if it was.
    """
    put, head = writers(console)
    put(Text.assemble((outlook.title, "bold"), f"  (information as of {full_date(outlook.as_of)})"))
    put(Text())
    put(Text(outlook.headline, style="bold"))
    if outlook.questions:
        head("Dated questions: after the evidence with the band of eight draws in ten, before it, and naive forecasts")
        put(_questions(outlook.questions, narrow=console.width < WIDTH))
    if (lead := leading_drivers(outlook.questions)) is not None:
        head("What drives each: share of its variance, and the answer where the driver is low and high")
        put(Text(capital(lead)))
        put(_drivers(outlook.questions))
    moving = [e for e in outlook.evidence if e.shifts]
    if moving:
        head("Evidence that moved an answer most")
        put(_evidence(sorted(moving, key=lambda e: -abs(e.largest))[:EVIDENCE_SHOWN], outlook.questions))
    if outlook.posteriors:
        head("What the evidence says of the parameters: before → after")
        put(_posteriors(outlook.posteriors))
    if outlook.frictions:
        head(f"What switching a friction off adds for “{outlook.frictions[0].draft}”, in percentage points")
        table = _table("Friction", numbers=("After the evidence", "Before it"))
        for f in outlook.frictions:
            table.add_row(Text(f.title), points_of(f.after), points_of(f.before))
        put(table)
    for sentence in (*(box_sentence(found) for found in outlook.boxes), *outlook.no_box):
        put(Text())
        put(Text(sentence))
    put(Text())
    _weighing(outlook.weighing, put)
    put(Text(f"{outlook.seconds:.1f} s."))
    if path is not None:
        # Paths are not wrapped, so that they can be copied or opened with a click.
        console.print(Text(f"Report: {path}"), soft_wrap=True)


def print_sensitivity(
    console: Console, found: Sensitivity, boxes: Sequence[Box] = (), path: Path | None = None
) -> None:
    """Print what drives a quantity: the longest bars, the indices with their intervals, and boxes in words.

    Parameters
    ----------
    console
        Where to print; its width is used up to 100 columns.
    found
        The sensitivity of one quantity.
    boxes
        Boxes in which a condition on it holds.
    path
        Where the draws are kept, if they are.
    """
    put, head = writers(console)
    measure = measure_of(found)
    put(Text(found.title, style="bold"))
    mean = likelihood(found.mean) if measure.probability else measure.level(found.mean)
    put(Text(f"Mean over draws: {mean}. {leading(found)}"))
    if found.tornado:
        head("Mean where a parameter is in its lowest and in its highest fifth")
        table = _table("Parameter", numbers=("Low", "High", "Mean when low", "Mean when high"))
        for bar in found.tornado[:BARS_SHOWN]:
            title = f"{bar.title} ({bar.unit})" if bar.unit else bar.title
            ends = (_brief(bar.low_value), _brief(bar.high_value))
            table.add_row(Text(title), *ends, measure.level(bar.at_low), measure.level(bar.at_high))
        put(table)
    if found.indices:
        head("Shares of the variance, with 95 % intervals")
        total = "With interactions" if trusted(found) else "(unreliable)"
        table = _table("Parameter", numbers=("Alone", total, "Delta"))
        for index in found.indices[:BARS_SHOWN]:
            table.add_row(Text(index.title), interval(index.first), interval(index.total), interval(index.delta))
        put(table)
    put(Text())
    put(Text(quality(found), style="" if trusted(found) else "bold yellow"))
    for one in boxes:
        head(f"Box: {one.condition}")
        put(Text(box_sentence(one)))
        table = _table("Parameter", numbers=("Within", "Drawn from", "to"))
        for limit in one.limits:
            title = f"{limit.title} ({limit.unit})" if limit.unit else limit.title
            table.add_row(Text(title), words_of(limit), _brief(limit.support[0]), _brief(limit.support[1]))
        put(table)
    if path is not None:
        console.print(Text(f"Draws: {path}"), soft_wrap=True)


def _table(first: str, *, numbers: Sequence[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column(first, ratio=1)
    for title in numbers:
        table.add_column(title, justify="right")
    return table


def _questions(questions: Sequence[QuestionOutlook], *, narrow: bool) -> Table:
    naive = naive_columns(q.benchmarks for q in questions)
    table = _table("Question")
    table.add_column("Likelihood", max_width=12)
    table.add_column("After", justify="right", no_wrap=True)
    for title in ("Before", *map(str.capitalize, naive)):
        table.add_column(title, justify="right", max_width=7)
    if not narrow:
        table.add_column("Confidence", max_width=10)
    for q in questions:
        by = {b.name: percent(b.probability) for b in q.benchmarks}
        after = Text.assemble((percent(q.after.mean), "bold"), f"\n{narrow_range(q.after.low, q.after.high)}")
        question = Text.assemble(q.text, (f" ({q.timing} {full_date(q.date)})", "dim"))
        if q.outcome != "unknown":
            question.append(f" Outcome: {q.outcome}.")
        style = LEVEL_STYLES.get(q.confidence.level, "")
        likely = Text(q.words, style="bold")
        if narrow:
            likely = Text.assemble((q.words, "bold"), (f"\n{q.confidence.level} confidence", style))
        level = () if narrow else (Text(q.confidence.level, style=style),)
        table.add_row(
            question, likely, after, percent(q.before.mean), *(by.get(name, "–") for name in naive), *level,
        )  # fmt: skip
    return table


def narrow_range(low: float, high: float) -> str:
    """A range of probabilities in few letters.

    >>> narrow_range(0.06, 0.33), narrow_range(0.0, 0.0)
    ('6–33 %', '0 %')
    """
    if percent(low) == percent(high):
        return percent(high)
    return f"{percent(low).removesuffix(' %')}–{percent(high)}"


def _drivers(questions: Sequence[QuestionOutlook]) -> Table:
    table = _table("Question")
    table.add_column("First driver, with its grade", ratio=1)
    table.add_column("Share", justify="right", no_wrap=True)
    table.add_column("Low → high", justify="right", no_wrap=True)
    for q in questions:
        if q.drivers:
            d = q.drivers[0]
            title = Text.assemble(d.title, (f" ({d.grade})" if d.grade else "", "dim"))
            share = f"{100 * d.share:.0f} %" if math.isfinite(d.share) else "–"
            table.add_row(Text(q.text), title, share, f"{percent(d.at_low)} → {percent(d.at_high)}")
    return table


def _evidence(found: Sequence[EvidenceFinding], questions: Sequence[QuestionOutlook]) -> Table:
    texts = {q.question: q.text for q in questions}
    table = _table("Evidence")
    table.add_column("Answer it moved most", ratio=1)
    table.add_column("Points", justify="right", no_wrap=True)
    table.add_column("Bits", justify="right", no_wrap=True)
    for e in found:
        name, full, without = max(e.shifts, key=lambda shift: abs(shift[1] - shift[2]))
        moved = signed(100 * (full - without))
        table.add_row(Text(f"{full_date(e.date)}: {wording(e)}"), Text(texts.get(name, name)), moved, bits(e.surprise))
    return table


def _posteriors(found: Sequence[Posterior]) -> Table:
    table = _table("Parameter")
    table.add_column("Before → after", ratio=1)
    for p in found:
        for name, before, after in p.choices:
            table.add_row(Text(f"{p.title.rstrip('?')}: {choice_name(name)}"), f"{percent(before)} → {percent(after)}")
    numeric = [p for p in found if not p.choices and p.before.high > p.before.low]
    numeric.sort(key=lambda p: -abs(p.after.mean - p.before.mean) / (p.before.high - p.before.low))
    for p in numeric[:POSTERIORS_SHOWN]:
        now = f"{_brief(p.after.mean)} ({_brief(p.after.low)} to {_brief(p.after.high)}) {p.unit}".strip()
        table.add_row(Text(p.title), Text(f"{_brief(p.before.mean)} → {now}"))
    return table


def _weighing(weighing: Weighing, put: Callable[[Text | Table], None]) -> None:
    put(Text(weighing.sentence, style="yellow" if thin(weighing) else ""))
    put(
        Text(
            f"{weighing.draws:,} draws; {weighing.failed:,} failed, {weighing.unsettled:,} left the far future "
            f"unsettled; {weighing.effective:.0f} effective after the evidence."
        )
    )


def _brief(value: float) -> str:
    return number(float(f"{value:.3g}"))
