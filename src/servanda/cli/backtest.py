"""`servanda backtest`: cases frozen at past dates, their questions forecast and scored by what happened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import Keeping, kept, newly_made, text_of, together
from servanda.cli.run import REPORTS, stages

if TYPE_CHECKING:
    from servanda.store import NewRun


@click.command("backtest", short_help="Forecast as of past dates and score by what happened.")
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@click.option("--library", "whole", is_flag=True, help="Score the shipped historic cases together; so does no CASE.")
@click.option("-n", "--draws", type=click.IntRange(min=1), default=128, show_default=True, help="Draws at each date.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes on this machine. [default: one a core]"
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the page. [default: ./servanda-reports/backtest.html, of the library library.html]",
)
@click.option(
    "--summary",
    "short",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the summary tables as Markdown too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the headline and where the page is.")
@kept
def command(
    cases: tuple[str, ...],
    whole: bool,
    draws: int,
    workers: int | None,
    out: Path | None,
    short: Path | None,
    as_json: bool,
    quiet: bool,
    keeping: Keeping,
) -> None:
    """Freeze each CASE at the dates its settled questions were asked, forecast them, and score them.

    Naive forecasters answer the same questions: the base rate, no change, a coin. Where the model does worse than they
    do, that is said. Of several cases survival is scored too: was the agreement alive after 1, 3, 5 and 10 years, and
    who left. Without a CASE the library is taken: the founding case and all historic ones, each at its signature.

    Examples: `servanda backtest us-iran`, `servanda backtest --library -n 256`.
    """
    if cases and whole:
        raise click.UsageError("--library and CASE exclude each other")
    with answering(as_json=as_json):
        from servanda.case import find, load

        files = [find(name) for name in cases]
        read = [load(file).require() for file in files]
        from servanda.backtesting import Settings, backtest, backtest_library
        from servanda.outlook.library import library

        shipped = None if read else library()
        if shipped is not None:
            files = [Path(one.file) for one in shipped.cases]
        texts = [text_of(file) for file in files]
        settings = Settings(draws=draws, workers=workers)
        with stages(shown=not (quiet or as_json)) as progress:
            found = backtest_library(settings, progress, shipped) if shipped else backtest(read, settings, progress)
            from servanda.report.backtested import backtest_json, write_backtest

            progress("report", 1.0)
            path = write_backtest(found, out or REPORTS / ("backtest.html" if read else "library.html"))
            if short is not None:
                from servanda.report.library import write_summary

                told = ["servanda backtest", *(cases or ("--library",)), f"-n {draws}"]
                write_summary(found, short, " ".join(told))

        def made() -> NewRun:
            from servanda.report.outlook_frames import backtest_rows

            scored = list(zip(texts, shipped.cases if shipped else read, strict=True))
            return newly_made(
                "backtest", scored, headline=found.headline, result=backtest_json(found), report=path,
                provenance=together(found.provenance), seconds=found.seconds, rows=backtest_rows(found),
                options={"draws": draws, "left_out": [list(one) for one in found.left_out], "library": bool(shipped)},
            )  # fmt: skip

        if as_json:
            succeed({"report": str(path), "kept": keeping.keep(made), "backtest": backtest_json(found)})
        elif quiet:
            click.echo(found.headline)
            click.echo(f"Report: {path}")
        else:
            from rich.console import Console

            from servanda.report.terminal import WIDTH
            from servanda.report.terminal_backtest import print_backtest

            console = Console()
            print_backtest(console if console.is_terminal else Console(width=WIDTH), found, path)
        if not as_json:
            keeping.keep_and_say(made, quiet=quiet)
