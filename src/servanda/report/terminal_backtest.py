"""The terminal's view of a backtest: the headline, every question beside the naive forecasts, and the scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from servanda.outlook.backtest_answers import Backtest, ForecasterScore, FrozenFrame, Scored
from servanda.report.backtested import WORSE, honest_summary, proves, standing
from servanda.report.charts.calibration import BASE, OURS, better, brier, score_text, scored
from servanda.report.charts.outlook import naive_columns
from servanda.report.terminal import WIDTH
from servanda.report.terminal_outlook import narrow_range
from servanda.report.words import full_date, percent

if TYPE_CHECKING:
    from rich.console import Console


def print_backtest(console: Console, backtest: Backtest, path: Path | None = None) -> None:
    """Print a backtest to a rich console, at most 100 columns wide, what speaks against it not less than what is for.

    Parameters
    ----------
    console
        Where to print; its width is used up to 100 columns.
    backtest
        What was found.
    path
        Where the page of the backtest was written, if it was.
    """
    width = min(console.width, WIDTH)

    def put(item: Text | Table) -> None:
        console.print(item, width=width)

    def head(title: str) -> None:
        put(Text())
        put(Text(title, style="bold underline"))

    put(Text(f"Backtest: {', '.join(backtest.cases)}", style="bold"))
    put(Text())
    put(Text(backtest.headline, style="bold"))
    for detail in backtest.details:
        put(Text(detail))
    for kind, line in honest_summary(backtest):
        put(Text(line, style="yellow" if kind == "bad" else ""))
    if backtest.questions:
        head("Questions, as asked on the day; naive forecasts beside, the Brier score of each below")
        put(_questions(backtest.questions))
    if backtest.scores:
        head("Mean scores with 95 % intervals, lower is better; skill over the base rate, higher is better")
        put(_scores(backtest.scores))
    if backtest.frames:
        head("Frozen at")
        put(_frames(backtest.frames))
    put(Text())
    put(Text(proves(backtest)))
    put(Text(f"{backtest.seconds:.0f} s."))
    if path is not None:
        # Paths are not wrapped, so that they can be copied or opened with a click.
        console.print(Text(f"Report: {path}"), soft_wrap=True)


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)


def _cell(probability: str, score: float | None, style: str = "") -> Text:
    return Text.assemble((probability, style), (f"\n{score_text(score)}", "dim"))


def _questions(questions: Sequence[Scored]) -> Table:
    naive = naive_columns(q.benchmarks for q in questions)
    several = len({q.case for q in questions}) > 1
    table = _table()
    table.add_column("Question", ratio=1)
    table.add_column("Likelihood", max_width=12)
    table.add_column("Servanda", justify="right", no_wrap=True)
    for name in naive:
        table.add_column(name.capitalize(), justify="right", max_width=7)
    table.add_column("Outcome", no_wrap=True)
    for q in questions:
        about = f"{q.case}, " if several else ""
        text = Text.assemble(q.text, (f" ({about}{full_date(q.frozen)} for {full_date(q.date)})", "dim"))
        if q.outside:
            text.append(f" {q.outside}")
        by = {b.name: percent(b.probability) for b in q.benchmarks}
        ours = Text("no answer")
        if q.probability is not None:
            ours = _cell(percent(q.probability), brier(q, OURS), "bold")
            if q.band is not None:
                ours.append(f"\n{narrow_range(q.band.low, q.band.high)}", style="dim")
        happened = Text("yes" if q.outcome else "no")
        if standing(q) == WORSE:
            happened.append("\nworse", style="yellow")
        table.add_row(
            text, Text(q.words or "–", style="bold"), ours, *(_cell(by.get(n, "–"), brier(q, n)) for n in naive),
            happened,
        )  # fmt: skip
    return table


def _scores(scores: Sequence[ForecasterScore]) -> Table:
    table = _table()
    table.add_column("Forecaster", no_wrap=True)
    for title in ("Questions", "Brier", "Log", "Skill", "Beats base rate"):
        table.add_column(title, justify="right")
    for s in scores:
        style = "bold" if s.forecaster == OURS else "dim" if s.forecaster != BASE else ""
        cells = [scored(i).replace(" (", "\n(") for i in (s.brier, s.log, s.skill)]
        table.add_row(s.forecaster, str(s.questions), *cells, better(s), style=style)
    return table


def _frames(frames: Sequence[FrozenFrame]) -> Table:
    several = len({f.case for f in frames}) > 1
    table = _table()
    table.add_column("Date", no_wrap=True)
    table.add_column("Drafts then on the table", ratio=1)
    table.add_column("Assumed", ratio=1)
    table.add_column("Evidence", justify="right", no_wrap=True)
    table.add_column("Effective", justify="right", no_wrap=True)
    table.add_column("Failed", justify="right", no_wrap=True)
    for f in frames:
        table.add_row(
            Text(full_date(f.frozen) + (f"\n{f.case}" if several else "")),
            Text(", ".join(f.drafts) or "none"), Text("; ".join(f.assumed) or "nothing"),
            f"{f.pieces:,}", f"{f.effective:.0f} of {f.draws:,}", f"{f.failed:,}",
        )  # fmt: skip
    return table
