"""`servanda run`: solve a case, print the verdict, write the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import Keeping, kept, newly_made, text_of

if TYPE_CHECKING:
    from servanda.store import NewRun

REPORTS = Path("servanda-reports")


@click.command("run", short_help="Solve a case, print the verdict, write the report.")
@click.argument("case", metavar="CASE")
@click.option(
    "--report",
    "report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the report. [default: ./servanda-reports/<case>.html]",
)
@click.option("--no-report", is_flag=True, help="Write no report.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PARAM=VALUE",
    help="Use this value of a parameter instead of the central one; may be repeated.",
)
@click.option(
    "--deep",
    is_flag=True,
    help="Also work out what takes minutes: all subsets of frictions, bonds, designs, access, claims, threats.",
)
@click.option("--fresh", is_flag=True, help="Solve again what an earlier run has solved and kept.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the verdict and where the report is.")
@kept
def command(
    case: str,
    report: Path | None,
    no_report: bool,
    as_json: bool,
    settings: tuple[str, ...],
    deep: bool,
    fresh: bool,
    quiet: bool,
    keeping: Keeping,
) -> None:
    """Solve CASE, print the verdict and write the report.

    The verdict, the drafts by gate, the frictions and the dated questions are printed; the report is one HTML file
    that opens offline. With `--deep` the whole diagnosis is worked out, and what threats could do for each draft; what
    is solved is kept, so that an interrupted run goes on where it stopped and a repeated one is only read.

    Examples: `servanda run us-iran`, `servanda run my-case.yaml --set oil_price=60 --json`.
    """
    if report is not None and no_report:
        raise click.UsageError("--report and --no-report exclude each other")
    with answering(as_json=as_json):
        from servanda.case import find, load
        from servanda.cli.settings import overrides

        file = find(case)
        loaded, text = load(file), text_of(file)
        read = loaded.require()
        chosen = overrides(read, settings)
        warnings = tuple(issue for issue in loaded.issues if issue.severity == "warning")
        from servanda.analysis import Settings
        from servanda.analysis.finished import finished
        from servanda.inquiry import EVERYTHING, QUICK

        asked = Settings(overrides=chosen, diagnosis=EVERYTHING if deep else QUICK, fresh=fresh)
        with stages(shown=not (quiet or as_json)) as progress:
            found, before = finished(read, asked, progress, warnings)
            path = None
            if not no_report:
                from servanda.report.page import write

                progress("report", 1.0)
                path = write(found, report or REPORTS / f"{read.name}.html")

        def made() -> NewRun:
            from servanda.report.frames import run_rows
            from servanda.report.tables import to_dict

            return newly_made(
                "run", [(text, read)], headline=found.verdict.headline, result=to_dict(found), report=path,
                provenance=found.provenance, seconds=sum(t.seconds for t in found.timings), rows=run_rows(found),
                scenario={"set": chosen}, options={"deep": deep},
            )  # fmt: skip

        if as_json:
            from servanda.report.tables import to_dict

            succeed({"report": str(path) if path else None, "kept": keeping.keep(made), "run": to_dict(found)})
        elif quiet:
            click.echo(found.verdict.headline)
            if path:
                click.echo(f"Report: {path}")
        else:
            from rich.console import Console

            from servanda.report.terminal import WIDTH, show

            console = Console()
            show(found, console if console.is_terminal else Console(width=WIDTH), report=path)
        if before and not (as_json or quiet):
            at = found.provenance.made_at.replace("T", " ").removesuffix("+00:00")
            click.echo(f"Worked out at {at} (UTC); nothing has changed since. `--fresh` solves it again.", err=True)
        if not as_json:
            keeping.keep_and_say(made, quiet=quiet)
        if warnings and not (as_json or quiet):
            count = f"{len(warnings)} warning{'s' if len(warnings) != 1 else ''}"
            click.echo(f"{count} about the case: `servanda check {case}` shows them.", err=True)


@contextmanager
def stages(*, shown: bool) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on standard error where that is a terminal, silence elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not shown or not console.is_terminal:
        yield lambda _stage, _done: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("start", total=1.0)

        def tell(stage: str, done: float) -> None:
            bars.update(task, description=stage, completed=min(max(done, 0.0), 1.0))

        yield tell
