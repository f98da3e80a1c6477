"""The terminal's view of a run: the verdict first, then drafts, endings, frictions, forecast and certificates.

Tables are drawn with rich. Everything is plain text without styles where the output is no terminal.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from servanda.diagnosis.findings import DraftVerdict
from servanda.forecast.vocabulary import words
from servanda.report.sections import draft_brief, gate_cell, selection_sentence, solved, status_sentence
from servanda.report.words import (
    GATE_TITLES,
    TINY,
    capital,
    fine_percent,
    full_date,
    likelihood,
    log_odds,
    percent,
    rank,
    signed,
)
from servanda.runs import Run

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
ENDINGS_SHOWN = 1


def show(run: Run, console: Console, *, report: Path | None = None) -> None:
    """Print a run to a rich console, at most 100 columns wide, words before numbers.

    Parameters
    ----------
    run
        The record of a run.
    console
        Where to print; its width is used up to 100 columns.
    report
        Where the report of the run was written, if it was.
    """
    width = min(console.width, WIDTH)

    def put(item: Text | Table | Padding) -> None:
        console.print(item, width=width)

    def head(title: str) -> None:
        put(Text())
        put(Text(title, style="bold underline"))

    case = run.case
    put(Text.assemble((case.title, "bold"), f"  (information as of {full_date(case.as_of)})"))
    put(Text())
    put(Text(run.verdict.headline, style="bold"))
    put(Text(f"{capital(run.verdict.words)} ({_with_odds(run.verdict.probability)})"))
    for detail in run.verdict.details:
        put(_bullet(detail))
    if run.drafts:
        head("Drafts by gate: each alone on the table, margin in points at the tightest move")
        put(_gates(run))
        head("What stands against each draft, and what ends it")
        put(_endings(run))
    if run.frictions:
        head("Each friction switched off alone: chance that a deal runs at the horizon")
        put(_frictions(run))
    if run.forecast.answers:
        head("Dated questions")
        put(_answers(run))
    put(Text())
    put(Text(status_sentence(run), style="" if solved(run) else "bold red"))
    put(Text(selection_sentence(run), style="yellow" if run.selection.dependent else ""))
    certificate = run.certificate
    put(
        Text(
            f"Residual {certificate.value_error:.0e} points; regret {certificate.regret:.2f} points; "
            f"{run.size.states:,} states, {sum(t.seconds for t in run.timings):.1f} s."
        )
    )
    if report is not None:
        # Paths are not wrapped, so that they can be copied or opened with a click.
        console.print(Text(f"Report: {report}"), soft_wrap=True)


def _with_odds(probability: float) -> str:
    if 0.0 < probability < TINY:
        return f"{percent(probability)}, log-odds {signed(log_odds(probability))}"
    return percent(probability)


def _bullet(text: str) -> Padding:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text("•"), Text(text))
    return Padding(grid, (0, 0, 0, 1))


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _gates(run: Run) -> Table:
    table = _table()
    table.add_column("Draft", ratio=6)
    for title in GATE_TITLES.values():
        table.add_column(title, ratio=6)
    table.add_column("All three", ratio=5)
    table.expand = True
    for verdict in run.drafts:
        cells = []
        for gate in verdict.gates:
            cell = gate_cell(gate)
            text = Text(cell.words, style="bold")
            if cell.number:
                text.append(f"\n{percent(gate.probability)}, margin {cell.margin}", style="not bold")
                if 0.0 < gate.probability < TINY:
                    text.append(f"\nlog-odds {signed(log_odds(gate.probability))}", style="not bold")
            cells.append(text)
        holds = Text.assemble((words(verdict.holds), "bold"), f"\n{percent(verdict.holds)}")
        table.add_row(Text(verdict.title), *cells, holds)
    return table


def weakest(verdict: DraftVerdict) -> str:
    """The gate a draft is least likely to pass, with who stands at its tightest move and when."""
    gate = min(verdict.gates, key=lambda gate: gate.probability)
    cell = gate_cell(gate)
    return f"{cell.title}: {cell.who}" if cell.who else cell.title


def _endings(run: Run) -> Table:
    table = _table()
    table.add_column("Draft", ratio=3)
    table.add_column("Weakest gate, tightest at", ratio=4)
    table.add_column("Mean life", no_wrap=True)
    table.add_column("Likeliest ending once in force", ratio=5)
    table.expand = True
    for verdict in run.drafts:
        brief = draft_brief(run, verdict)
        ends = [f"{label}: {p}, {when}" for label, p, when in brief.endings[:ENDINGS_SHOWN]]
        table.add_row(
            Text(verdict.title), Text(weakest(verdict)), Text(brief.mean_life), Text("\n".join(ends) or "none")
        )
    return table


def _frictions(run: Run) -> Table:
    table = _table()
    table.add_column("Friction")
    table.add_column("With it", justify="right", no_wrap=True)
    table.add_column("Without", justify="right", no_wrap=True)
    table.add_column("Log-odds", justify="right", no_wrap=True)
    for friction in sorted(run.frictions, key=rank):
        change = "–" if math.isnan(friction.log_odds_change) else signed(friction.log_odds_change, 2)
        table.add_row(
            Text(friction.label), fine_percent(friction.running_on), fine_percent(friction.running_off), change
        )
    return table


def _answers(run: Run) -> Table:
    table = _table()
    table.add_column("Question", ratio=1)
    table.add_column("Forecast", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    table.expand = True
    for answer in run.forecast.answers:
        known = "" if answer.outcome == "unknown" else answer.outcome
        table.add_row(Text(answer.text), Text(likelihood(answer.probability)), known)
    return table
