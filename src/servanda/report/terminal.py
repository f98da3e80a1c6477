"""The terminal's view of a run: the verdict first, then drafts, endings, frictions, forecast and certificates.

Tables are drawn with rich. Everything is plain text without styles where the output is no terminal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from servanda.diagnosis.answers import Flips, FrictionLattice
from servanda.diagnosis.findings import DraftVerdict
from servanda.forecast.vocabulary import words
from servanda.report.charts.interactions import pairs
from servanda.report.charts.shares import asked, misled, ranked
from servanda.report.diagnosed import Line, flips_sentence, repairs, smallest_repair
from servanda.report.measures import Measure
from servanda.report.sections import draft_brief, gate_cell, in_short, selection_sentence, solved, status_sentence
from servanda.report.words import (
    GATE_TITLES,
    TINY,
    capital,
    counted,
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
    from collections.abc import Callable

    from rich.console import Console

WIDTH = 100
ENDINGS_SHOWN = 1
REPAIRS_SHOWN = 8
PAIRS_SHOWN = 5


def writers(console: Console) -> tuple[Callable[[Text | Table | Padding], None], Callable[[str], None]]:
    """How everything is printed: something at most 100 columns wide, and a heading with a line above it."""
    width = min(console.width, WIDTH)

    def put(item: Text | Table | Padding) -> None:
        console.print(item, width=width)

    def head(title: str) -> None:
        put(Text())
        put(Text(title, style="bold underline"))

    return put, head


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
    put, head = writers(console)

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
    lines = in_short(run)
    if lines:
        head("What stands in the way, what it would take, and when")
        put(_lines(lines))
    if run.frictions and run.diagnosis.lattice is None:
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


def show_frictions(lattice: FrictionLattice | None, flips: Flips | None, console: Console) -> None:
    """Print what each friction does, the smallest repairs, the strongest interactions, and what flips the verdict."""
    put, head = writers(console)

    if lattice is not None:
        measure = Measure(lattice.unit)
        put(Text(capital(asked(lattice)), style="bold"))
        ends = f"Every friction on: {measure.worded(lattice.none_off)}; off: {measure.worded(lattice.all_off)}."
        put(Text(lattice.sentence or ends))
        if ranked(lattice):
            head(f"What removing each friction adds, in {measure.steps}")
            put(_shares(lattice))
            if (odd := misled(lattice)) is not None:
                put(Text(f"Judged one at a time, “{odd.title}” is misread most."))
        head("The smallest repairs")
        put(Text(capital(smallest_repair(lattice))))
        if len(lattice.repairs) > 1:
            put(_repairs(lattice))
        strongest = [pair for pair in pairs(lattice)[:PAIRS_SHOWN] if pair[2] != 0.0]
        if strongest:
            head(f"Pairs that work on each other most, in {measure.steps}")
            put(_pairs(lattice, strongest))
        put(Text())
        if lattice.unused:
            put(Text(f"No part in this game: {'; '.join(lattice.unused)}."))
        if unsettled := sum(not settled for settled in lattice.settled):
            put(Text(f"In {unsettled:,} subsets the far future did not settle.", style="yellow"))
        how = "" if lattice.exact else f" along {lattice.permutations:,} orders of removal"
        put(Text(f"{counted(lattice.games, 'distinct game')} solved{how}, {lattice.seconds:.1f} s."))
    if flips is not None:
        head("What flips the verdict")
        put(Text(flips_sentence(flips)))
        if flips.flips or flips.movers:
            put(_flips(flips))


def _lines(lines: Sequence[Line]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for line in lines:
        grid.add_row(Text(line.head, style="bold"), Text(capital(line.text)))
    return grid


def _shares(lattice: FrictionLattice) -> Table:
    measure = Measure(lattice.unit)
    shares = ranked(lattice)
    decimals = measure.decimals(x for s in shares for x in (s.shapley, s.alone, s.last))
    table = _table()
    table.add_column("Friction", ratio=1)
    columns = ["Share (Shapley)", "Alone", "Last"] + (["Log-odds"] if measure.probability else [])
    for title in columns:
        table.add_column(title, justify="right", no_wrap=True)
    table.expand = True
    for s in shares:
        share = measure.change(s.shapley, decimals)
        if s.error > 0.0:
            share += f" ± {measure.scaled(s.error):.{decimals}f}"
        cells = [share, measure.change(s.alone, decimals), measure.change(s.last, decimals)]
        table.add_row(Text(s.title), *cells, *([signed(s.log_odds, 2)] if measure.probability else []))
    return table


def _repairs(lattice: FrictionLattice) -> Table:
    table = _table()
    table.add_column("Off together", ratio=1)
    table.add_column("The outcome then", no_wrap=True)
    table.expand = True
    for repair, _, then in repairs(lattice)[:REPAIRS_SHOWN]:
        table.add_row(Text(" + ".join(repair.titles)), Text(then))
    if (more := len(lattice.repairs) - REPAIRS_SHOWN) > 0:
        table.add_row(Text(f"and {more:,} more"), Text(""))
    return table


def _pairs(lattice: FrictionLattice, strongest: Sequence[tuple[int, int, float]]) -> Table:
    measure = Measure(lattice.unit)
    decimals = measure.decimals(value for *_, value in strongest)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column()
    for i, j, value in strongest:
        grid.add_row(measure.change(value, decimals), Text(f"{lattice.titles[i]} + {lattice.titles[j]}"))
    return grid


def _flips(flips: Flips) -> Table:
    table = _table()
    table.add_column("Assumption", ratio=2)
    table.add_column("From", ratio=1)
    table.add_column("To", ratio=1)
    table.add_column("All three gates", no_wrap=True)
    table.expand = True
    for flip in (*flips.flips, *flips.movers):
        style = "bold" if flip in flips.flips else ""
        title = Text(flip.title or flip.name, style=style)
        table.add_row(title, Text(flip.central), Text(flip.setting), Text(likelihood(flip.probability), style=style))
    return table


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
