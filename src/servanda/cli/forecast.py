"""`servanda forecast`: the dated questions of a case over all draws, before and after its evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import Keeping, kept, newly_made, text_of
from servanda.cli.run import REPORTS, stages
from servanda.errors import CaseError, Issue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from servanda.case.resolved import ResolvedCase
    from servanda.forecast.register import Forecasts
    from servanda.outlook.answers import Outlook
    from servanda.store import NewRun


@click.command("forecast", short_help="Forecast the dated questions of a case, with bands, drivers and evidence.")
@click.argument("case", metavar="CASE")
@click.option("-n", "--draws", type=click.IntRange(min=1), default=256, show_default=True, help="Number of draws.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes on this machine. [default: one a core]"
)
@click.option(
    "--cluster", metavar="ADDRESS", help="Solve on a Dask cluster: the scheduler's address or its scheduler file."
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of the draws. [default: the program's own]")
@click.option(
    "--at",
    "at",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="DATE",
    help="Forecast the case as it stood on this day, later evidence unseen. [default: its date of information]",
)
@click.option(
    "--publish/--no-publish",
    default=False,
    show_default=True,
    help="Add the forecasts to the register, which is never changed after.",
)
@click.option(
    "--register",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The register to add to, instead of your own.",
)
@click.option(
    "--question", "questions", multiple=True, metavar="NAME", help="Only this question; may be repeated. [default: all]"
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the page. [default: ./servanda-reports/<case>-outlook.html]",
)
@click.option("--frictions", is_flag=True, help="Also switch every friction off, in every draw; takes longer.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the headline and where the page is.")
@kept
def command(
    case: str,
    draws: int,
    workers: int | None,
    cluster: str | None,
    seed: int | None,
    at: datetime | None,
    publish: bool,
    register: Path | None,
    questions: tuple[str, ...],
    out: Path | None,
    frictions: bool,
    as_json: bool,
    quiet: bool,
    keeping: Keeping,
) -> None:
    """Forecast the dated questions of CASE over draws of everything uncertain, before and after its evidence.

    Every answer comes with the band of eight draws in ten, what drives it, how far to trust it, and naive forecasts
    beside it. The page that is written also shows when things happen, what the evidence did and what the answers hang
    on.

    Examples: `servanda forecast us-iran`, `servanda forecast us-iran --at 2021-04-06 -n 1024 --question war-2027`.
    """
    if workers is not None and cluster is not None:
        raise click.UsageError("--workers and --cluster exclude each other: a cluster has workers of its own")
    if register is not None and not publish:
        raise click.UsageError("--register says where to publish: add --publish")
    with answering(as_json=as_json):
        from servanda.case import find, load

        file = find(case)
        read, text = load(file).require(), text_of(file)
        _known(read, questions)
        from servanda.outlook.forecasting import Settings, look
        from servanda.uncertainty.draws import SEED

        asked = Settings(
            draws=draws, seed=SEED if seed is None else seed, workers=workers, cluster=cluster,
            day=at.date() if at else None, frictions=frictions,
        )  # fmt: skip
        with stages(shown=not (quiet or as_json)) as progress:
            found = look(read, asked, progress)
            if questions:
                found = only(found, questions)
            from servanda.report.forecasted import outlook_json, write_forecast

            progress("report", 1.0)
            path = write_forecast(found, out or REPORTS / f"{read.name}-outlook.html")
        published = None
        if publish:
            from servanda.forecast.register import default_register
            from servanda.forecast.register import publish as add

            where = register or default_register()
            published = {"register": str(where), "number": add(publishable(found), where).number}

        def made() -> NewRun:
            from servanda.report.outlook_frames import outlook_rows

            return newly_made(
                "forecast", [(text, read)], headline=found.headline, result=outlook_json(found), report=path,
                provenance=found.provenance, seconds=found.seconds, rows=outlook_rows(found),
                options={
                    "draws": draws, "seed": asked.seed, "day": asked.day.isoformat() if asked.day else None,
                    "frictions": frictions, "questions": list(questions),
                },
            )  # fmt: skip

        if as_json:
            told = {"report": str(path), "published": published, "kept": keeping.keep(made)}
            succeed({**told, "outlook": outlook_json(found)})
            return
        if quiet:
            click.echo(found.headline)
            click.echo(f"Report: {path}")
        else:
            from rich.console import Console

            from servanda.report.terminal import WIDTH
            from servanda.report.terminal_outlook import print_outlook

            console = Console()
            print_outlook(console if console.is_terminal else Console(width=WIDTH), found, path)
        if published:
            click.echo(f"Published as entry {published['number']} of {published['register']}")
        keeping.keep_and_say(made, quiet=quiet)


def publishable(outlook: Outlook) -> Forecasts:
    """What of an outlook goes into the register."""
    from servanda.forecast.register import Asked, Forecasts
    from servanda.ledger import engine_digest

    return Forecasts(
        case=outlook.case,
        as_of=outlook.as_of,
        digest=outlook.provenance.digest,
        engine=engine_digest().hex(),
        settings=outlook.provenance.settings,
        questions=tuple(
            Asked(
                q.question, q.text, q.timing, q.date, q.after.mean, q.after.low, q.after.high, q.words,
                q.confidence.level, tuple((b.name, b.probability, b.source) for b in q.benchmarks),
            )
            for q in outlook.questions
        ),
    )  # fmt: skip


def only(outlook: Outlook, names: Sequence[str]) -> Outlook:
    """The outlook with these questions alone, and what is said of others left out."""
    evidence = []
    for piece in outlook.evidence:
        shifts = tuple(shift for shift in piece.shifts if shift[0] in names)
        largest = max((full - without for _, full, without in shifts), key=abs, default=0.0)
        evidence.append(replace(piece, shifts=shifts, largest=largest))

    def wanted(quantity: str) -> bool:
        return not quantity.startswith("question.") or quantity.removeprefix("question.") in names

    return replace(
        outlook,
        questions=tuple(q for q in outlook.questions if q.question in names),
        evidence=tuple(evidence),
        sensitivity=tuple(s for s in outlook.sensitivity if wanted(s.quantity)),
        boxes=tuple(b for b in outlook.boxes if wanted(b.quantity)),
    )


def _known(case: ResolvedCase, names: Sequence[str]) -> None:
    """Every question that is asked for exists.

    Raises
    ------
    CaseError
        With every name that no question of the case has.
    """
    from servanda.case.messages import did_you_mean

    known = [question.name for question in case.questions]
    issues = [
        Issue("error", "unknown-question", f"no question is called `{name}`", did_you_mean(name, known))
        for name in names
        if name not in known
    ]
    if issues:
        raise CaseError("questions that do not exist", issues=tuple(issues))
