"""`servanda sweep`: solve a case for many draws of all that is uncertain, and keep the rows in a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.uncertainty.sweep import Progress
    from servanda.uncertainty.swept import Sweep

SWEEPS = Path("servanda-sweeps")
INTERRUPTED = 130


@click.command("sweep", short_help="Solve a case for many draws of all that is uncertain.")
@click.argument("case", metavar="CASE")
@click.option("-n", "--draws", type=click.IntRange(min=1), default=256, show_default=True, help="Number of draws.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes on this machine. [default: one a core]"
)
@click.option(
    "--cluster", metavar="ADDRESS", help="Solve on a Dask cluster: the scheduler's address or its scheduler file."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where sweeps are kept, each in a folder of its own. [default: ./servanda-sweeps/<case>]",
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of the draws. [default: the program's own]")
@click.option(
    "--chunk", type=click.IntRange(min=1), default=64, show_default=True, metavar="N",
    help="Draws solved and kept together, a multiple of 16; results do not depend on it, but more are "
    "faster and Ctrl-C loses more.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only where the file is.")
def command(
    case: str,
    draws: int,
    workers: int | None,
    cluster: str | None,
    out: Path | None,
    seed: int | None,
    chunk: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Draw all uncertain parameters of CASE many times, solve each draw, keep the rows in one Parquet file.

    What is solved is kept: a sweep that was interrupted goes on where it stopped, one with more draws uses those there
    are, and the file is the same to the last byte either way, on one core, on many, or on a cluster.

    Examples: `servanda sweep us-iran -n 1000`, `servanda sweep us-iran -n 10000 --cluster tcp://10.0.0.1:8786`.
    """
    if chunk % 16:
        raise click.UsageError(f"--chunk {chunk}: draws are solved sixteen at a time; give a multiple of 16")
    if workers is not None and cluster is not None:
        raise click.UsageError("--workers and --cluster exclude each other: a cluster has workers of its own")
    with answering(as_json=as_json):
        from servanda.case import find, load

        read = load(find(case)).require()
        from servanda.ensemble import Ensemble
        from servanda.uncertainty.draws import SEED
        from servanda.uncertainty.sweep import sweep

        study = Ensemble.of(read, seed=SEED if seed is None else seed)
        folder = out or SWEEPS / read.name
        kept = [0]
        try:
            with remaining(kept, shown=not (quiet or as_json)) as progress:
                found = sweep(
                    study, draws, folder=folder, workers=workers, cluster=cluster, chunk=chunk, progress=progress
                )
        except KeyboardInterrupt:
            click.echo(
                f"Interrupted; {kept[0]:,} of {draws:,} draws are kept in {folder / study.digest[:32]}. "
                "The same command goes on from there.",
                err=True,
            )
            raise click.exceptions.Exit(INTERRUPTED) from None
        if as_json:
            succeed({"sweep": _plain(found, read)})
        elif quiet:
            click.echo(str(found.path))
        else:
            _show(found, read)


@contextmanager
def remaining(kept: list[int], *, shown: bool) -> Iterator[Progress]:
    """A progress bar of draws with the time left on standard error where that is a terminal, silence elsewhere.

    `kept[0]` becomes the number of draws done.
    """
    from rich.console import Console

    console = Console(stderr=True)

    def count(done: int, _of: int, _left: float) -> None:
        kept[0] = done

    if not shown or not console.is_terminal:
        yield count
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("draws"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("")

        def tell(done: int, of: int, left: float) -> None:
            kept[0] = done
            bars.update(task, completed=done, total=of, description=_left(left))

        yield tell


def _left(seconds: float) -> str:
    """The time left in words.

    >>> _left(float("nan")), _left(42.4), _left(3700.0)
    ('', '42 s left', '1 h 02 min left')
    """
    if seconds != seconds:
        return ""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s left"
    return f"{minutes} min left" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min left"


def _answers(found: Sweep, case: ResolvedCase) -> list[dict[str, object]]:
    """Mean and 80 % band of every question and outcome, before the evidence and after it."""
    import numpy as np

    from servanda.forecast.quantities import quantity_titles
    from servanda.uncertainty.weights import band, weigh

    titles = quantity_titles(case, case.questions)
    names = [name for name in found if name.startswith(("question.", "outcome.")) and found[name].ndim == 1]
    failed = found["failure"] != ""
    alike = np.where(failed, 0.0, 1.0)
    likelihood = found["likelihood"] if "likelihood" in found else np.zeros(found.draws)
    weights, _ = weigh(likelihood, failed=failed, unsettled=~found["settled"])
    told: list[dict[str, object]] = []
    for name in names:
        answer: dict[str, object] = {"column": name, "text": titles.get(name, name)}
        for when, column, mass in (("before", f"before.{name}", alike), ("after", name, weights)):
            values = found[column if column in found else name]
            counts = np.where(np.isfinite(values), mass, 0.0)
            if counts.any():
                reach = band(values, counts)
                answer[when] = {"mean": reach.mean, "low": reach.low, "high": reach.high}
            else:
                answer[when] = None
        told.append(answer)
    return told


def _plain(found: Sweep, case: ResolvedCase) -> dict[str, object]:
    return {
        "path": str(found.path),
        "draws": found.draws,
        "failed": found.failed,
        "unsettled": found.unsettled,
        "resumed": found.resumed,
        "seconds": found.seconds,
        "draws_per_second": (found.draws - found.resumed) / found.seconds if found.seconds > 0 else 0.0,
        "answers": _answers(found, case),
    }


def _show(found: Sweep, case: ResolvedCase) -> None:
    from rich.box import HORIZONTALS
    from rich.console import Console
    from rich.table import Table

    from servanda.report.terminal import WIDTH

    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)

    def shown(reach: object) -> str:
        if not isinstance(reach, dict):
            return "–"
        return f"{100 * reach['mean']:.0f} %  ({100 * reach['low']:.0f} to {100 * reach['high']:.0f})"

    table = Table(box=HORIZONTALS, title=f"{case.title}: over {found.draws:,} draws", title_justify="left")
    answers = _answers(found, case)
    weighed = any(answer["before"] != answer["after"] for answer in answers)
    table.add_column("Question")
    table.add_column("Before the evidence" if weighed else "Probability", justify="right", no_wrap=True)
    if weighed:
        table.add_column("After it", justify="right", no_wrap=True)
    for answer in answers:
        table.add_row(str(answer["text"]), *(shown(answer[when]) for when in ("before", "after")[: 1 + weighed]))
    console.print(table)
    console.print("Mean over draws; in parentheses the band in which eight draws in ten lie.", style="dim")
    solved = found.draws - found.resumed
    speed = f", {solved / found.seconds:.1f} draws a second" if solved and found.seconds > 0 else ""
    before = f" {found.resumed:,} were there before." if found.resumed else ""
    console.print(f"{found.sentence}{before} {found.seconds:.1f} s{speed}.", highlight=False)
    console.print(f"Rows: {found.path}", highlight=False, soft_wrap=True)
