"""The terminal's view of a backtest: the headline, survival, questions beside the naive forecasts, and the scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from servanda.outlook.backtest_answers import Backtest, ForecasterScore, FrozenFrame, Life, Scored, Survival
from servanda.outlook.survival_words import LEFT
from servanda.report.backtested import WORSE, honest_summary, proves, standing, title
from servanda.report.charts.calibration import BASE, MANY, OURS, better, brier, score_text, scored
from servanda.report.charts.outlook import naive_columns
from servanda.report.survived import RIGHT, after, apart, chance, decimals, left_out
from servanda.report.terminal import writers
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
    put, head = writers(console)

    put(Text(title(backtest), style="bold"))
    put(Text())
    put(Text(backtest.headline, style="bold"))
    for detail in backtest.details:
        put(Text(detail))
    for kind, line in honest_summary(backtest):
        put(Text(line, style="yellow" if kind == "bad" else ""))
    if backtest.survival is not None:
        _survival(backtest.survival, head, put)
    many = len(backtest.questions) > MANY
    if backtest.questions and not many:
        head("Questions, as asked on the day; naive forecasts beside, the Brier score of each below")
        put(_questions(backtest.questions))
    if backtest.scores:
        head("Mean scores with 95 % intervals, lower is better; skill over the base rate, higher is better")
        put(_scores(backtest.scores))
    if backtest.frames and not many:
        head("Frozen at")
        put(_frames(backtest.frames))
    if many:
        put(Text())
        put(Text(f"All {len(backtest.questions)} questions, and what was known on each day, are on the page."))
    put(Text())
    put(Text(proves(backtest)))
    for line in (backtest.chosen, left_out(backtest)):
        if line:
            put(Text())
            put(Text(line))
    put(Text(f"{backtest.seconds:.0f} s."))
    if path is not None:
        # Paths are not wrapped, so that they can be copied or opened with a click.
        console.print(Text(f"Report: {path}"), soft_wrap=True)


def _survival(found: Survival, head: Callable[[str], None], put: Callable[[Text | Table], None]) -> None:
    head("Were the agreements still alive?")
    put(Text(found.headline))
    for detail in found.details:
        put(Text(detail))
    head("Alive after so many years, Brier scores, and ours less that of the base rate (negative is better)")
    put(_horizons(found))
    head("Our probability that each was alive, and whether it was (+ alive, - ended, ? not known yet)")
    put(_lives(found.lives))
    if any(life.fates for life in found.lives):
        head("Who left?")
        put(_fates(found.lives))


def _horizons(found: Survival) -> Table:
    table = _table()
    table.add_column("After", no_wrap=True)
    for name in ("Alive", "Forecast", "Base rate", "Ours", "Base", "No change", "Coin", "Difference", "By chance"):
        table.add_column(name, justify="right", max_width=16)
    for h in found.horizons:
        table.add_row(
            after(h.years), f"{round(h.alive.value * h.known)} of {h.known}",
            Text.assemble(percent(h.forecast.mean), (f"\n{narrow_range(h.forecast.low, h.forecast.high)}", "dim")),
            percent(h.base) if math.isfinite(h.base) else "–", *(decimals(s.brier.value) for s in h.scores),
            apart(h.difference).replace(" (", "\n("), chance(h.difference),
        )  # fmt: skip
    rows = [("all", found.alive, found.alive_difference)]
    if found.left_difference is not None:
        rows.append(("who left", found.left, found.left_difference))
    for name, scores, difference in rows:
        table.add_row(
            name, f"{difference.questions} asked", "", "", *(decimals(s.brier.value) for s in scores),
            apart(difference).replace(" (", "\n("), chance(difference), style="bold" if name == "all" else "",
        )  # fmt: skip
    return table


def _lives(lives: Sequence[Life]) -> Table:
    years = sorted({asked[0] for life in lives for asked in life.asked})
    table = _table()
    table.add_column("Case", ratio=1)
    table.add_column("Frozen at", no_wrap=True)
    for year in years:
        table.add_column(after(year), justify="right", no_wrap=True)
    for life in lives:
        at = {asked[0]: asked for asked in life.asked}
        cells = []
        for year in years:
            if year not in at:
                cells.append(Text("–"))
                continue
            _, p, _, _, outcome = at[year]
            wrong = outcome is not None and (p > 0.5) != outcome
            mark = {True: "+", False: "-", None: "?"}[outcome]
            cells.append(Text(f"{percent(p)} {mark}", style="yellow" if wrong else ""))
        table.add_row(life.case, full_date(life.frozen), *cells)
    return table


def _fates(lives: Sequence[Life]) -> Table:
    table = _table()
    table.add_column("Case", no_wrap=True)
    table.add_column("Left by", ratio=1)
    table.add_column("Likeliest", ratio=1)
    table.add_column("What happened", ratio=1)
    table.add_column("Right", no_wrap=True)
    for life in lives:
        if not life.fates:
            continue
        left = ", ".join(f"{f.party} {percent(f.probability)}" for f in life.fates if f.kind == LEFT)
        right = {True: "yes", False: "no", None: "open"}[life.right]
        table.add_row(
            life.case, left, life.said, life.came or RIGHT[None], Text(right, style="yellow" if right == "no" else "")
        )
    return table


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
    for name in ("Questions", "Brier", "Log", "Skill", "Beats base rate"):
        table.add_column(name, justify="right")
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
