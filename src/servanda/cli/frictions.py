"""`servanda frictions`: which friction carries how much, alone and together, and the smallest repairs."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import Keeping, kept, newly_made, plain_provenance, text_of
from servanda.cli.run import stages

if TYPE_CHECKING:
    from servanda.store import NewRun

ALL = "all"


@click.command("frictions", short_help="What stands in the way: every friction alone and together, smallest repairs.")
@click.argument("case", metavar="CASE")
@click.option(
    "--draft",
    metavar="DRAFT",
    help="The draft alone on the table; `all` for play with every draft on the table. [default: the draft likeliest to "
    "be signed, ratified and kept]",
)
@click.option(
    "--outcome",
    default="kept",
    show_default=True,
    metavar="OUTCOME",
    help="What is explained: `kept` (signed, ratified and kept), `survival` (kept once in force), `running` (a deal in "
    "force at the horizon), `peace`, or a party's name (its gain in points).",
)
@click.option(
    "--until",
    type=click.DateTime(formats=["%Y-%m-%d", "%Y"]),
    metavar="DATE",
    help="Follow a deal to this date, such as 2030-01-20. [default: the horizon]",
)
@click.option(
    "--threshold",
    type=float,
    help="Value from which the outcome counts as repaired. [default: 0.5; 0 points for a gain]",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PARAM=VALUE",
    help="Use this value of a parameter instead of the central one; may be repeated.",
)
@click.option("--flips/--no-flips", default=True, help="Also look for single assumptions that turn the verdict.")
@click.option("--fresh", is_flag=True, help="Solve again what an earlier run has solved and kept.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the answer in one or two sentences.")
@kept
def command(
    case: str,
    draft: str | None,
    outcome: str,
    until: datetime | None,
    threshold: float | None,
    settings: tuple[str, ...],
    flips: bool,
    fresh: bool,
    as_json: bool,
    quiet: bool,
    keeping: Keeping,
) -> None:
    """Solve CASE under every subset of its frictions and say which ones stand in the way.

    Shapley values of the outcome and of its log-odds, effects one at a time and as the last, interactions of pairs,
    all minimal repairs, and the single assumptions that turn the verdict. What is solved is kept, so that an
    interrupted search goes on where it stopped.

    Examples: `servanda frictions us-iran`, `servanda frictions us-iran --draft narrow --outcome survival`.
    """
    with answering(as_json=as_json):
        from servanda.case import find, load
        from servanda.cli.settings import overrides

        file = find(case)
        read, text, begun = load(file).require(), text_of(file), time.perf_counter()
        chosen = overrides(read, settings)
        from servanda.inquiry import explain_frictions

        with stages(shown=not (quiet or as_json)) as progress:
            lattice, turned = explain_frictions(
                read, draft, outcome=outcome, threshold=threshold, overrides=chosen,
                until=until.date() if until else None, flips=flips, fresh=fresh, progress=progress,
            )  # fmt: skip
        from servanda.report.tables import plain_data

        answer = {"frictions": plain_data(lattice), "flips": plain_data(turned)}
        options = {
            "draft": draft, "outcome": outcome, "until": until.date().isoformat() if until else None,
            "threshold": threshold, "flips": flips,
        }  # fmt: skip
        seconds = time.perf_counter() - begun

        def made() -> NewRun:
            return newly_made(
                "frictions", [(text, read)], headline=lattice.sentence, result=answer, seconds=seconds,
                provenance=plain_provenance(read, options, chosen), scenario={"set": chosen}, options=options,
            )  # fmt: skip

        if as_json:
            succeed({"kept": keeping.keep(made), **answer})
        elif quiet:
            click.echo(lattice.sentence)
            if turned is not None:
                click.echo(turned.sentence)
        else:
            from rich.console import Console

            from servanda.report.terminal import WIDTH, show_frictions

            console = Console()
            show_frictions(lattice, turned, console if console.is_terminal else Console(width=WIDTH))
        if not as_json:
            keeping.keep_and_say(made, quiet=quiet)
