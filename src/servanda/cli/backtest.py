"""`servanda backtest`: cases frozen at past dates, their questions forecast and scored by what happened."""

from __future__ import annotations

from pathlib import Path

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.run import REPORTS, stages


@click.command("backtest", short_help="Forecast as of past dates and score by what happened.")
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@click.option("-n", "--draws", type=click.IntRange(min=1), default=128, show_default=True, help="Draws at each date.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes on this machine. [default: one a core]"
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the page. [default: ./servanda-reports/backtest.html]",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the headline and where the page is.")
def command(
    cases: tuple[str, ...], draws: int, workers: int | None, out: Path | None, as_json: bool, quiet: bool
) -> None:
    """Freeze each CASE at the dates its settled questions were asked, forecast them, and score them.

    Naive forecasters answer the same questions: the base rate, no change, a coin. Where the model does worse than they
    do, that is said. Without a CASE, all shipped cases with settled questions are taken.

    Examples: `servanda backtest us-iran`, `servanda backtest -n 256 --json`.
    """
    with answering(as_json=as_json):
        from servanda.case import find, load
        from servanda.case.loading import shipped

        names = cases or tuple(shipped())
        read = [load(find(name)).require() for name in names]
        if not cases:
            read = [case for case in read if any(q.outcome != "unknown" for q in case.questions)]
        from servanda.backtesting import Settings, backtest

        with stages(shown=not (quiet or as_json)) as progress:
            found = backtest(read, Settings(draws=draws, workers=workers), progress)
            from servanda.report.backtested import backtest_json, write_backtest

            progress("report", 1.0)
            path = write_backtest(found, out or REPORTS / "backtest.html")
        if as_json:
            succeed({"report": str(path), "backtest": backtest_json(found)})
        elif quiet:
            click.echo(found.headline)
            click.echo(f"Report: {path}")
        else:
            from rich.console import Console

            from servanda.report.terminal import WIDTH
            from servanda.report.terminal_backtest import print_backtest

            console = Console()
            print_backtest(console if console.is_terminal else Console(width=WIDTH), found, path)
