"""`servanda design`: every combination of what a mediator can change, for every draft."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import Keeping, kept, newly_made, plain_provenance, text_of

if TYPE_CHECKING:
    from servanda.store import NewRun

AGAIN = "may be repeated"


@click.command("design", short_help="Is it the draft or the structure? Try every lever on every draft.")
@click.argument("case", metavar="CASE")
@click.option("--draft", "drafts", multiple=True, metavar="DRAFT", help=f"Only this draft; {AGAIN}. [default: all]")
@click.option("--levers", multiple=True, metavar="LEVER", help=f"Move only this lever; {AGAIN}. [default: all]")
@click.option(
    "--threshold",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=0.5,
    show_default=True,
    help="Probability of being signed, ratified and kept from which a design passes.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=0),
    default=64,
    show_default=True,
    metavar="N",
    help="Draws of the uncertain parameters in which the best designs are tried; 0 for none.",
)
@click.option(
    "--points",
    type=click.IntRange(min=2),
    default=3,
    show_default=True,
    metavar="N",
    help="Values into which the range of a lever is cut, its ends included.",
)
@click.option(
    "--search",
    "limit",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    metavar="N",
    help="Games that may be solved; larger spaces are searched, which is not exhaustive.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PARAM=VALUE",
    help=f"Use this value of a parameter instead of the central one; {AGAIN}.",
)
@click.option("--all", "whole", is_flag=True, help="Show dominated designs, too.")
@click.option("--fresh", is_flag=True, help="Solve again what an earlier run has solved and kept.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the answer, and what would have to change.")
@kept
def command(
    case: str,
    drafts: tuple[str, ...],
    levers: tuple[str, ...],
    threshold: float,
    draws: int,
    points: int,
    limit: int,
    settings: tuple[str, ...],
    whole: bool,
    fresh: bool,
    as_json: bool,
    quiet: bool,
    keeping: Keeping,
) -> None:
    """Try every combination of the levers of CASE on every draft, everybody's play included.

    Says whether only the draft fails or every design would; which designs are undominated in the gains of both parties,
    mean life and price; in what share of parameter draws they pass; and what stands against the nearest one where none
    does. What is solved is kept, so that an interrupted search goes on where it stopped.

    Examples: `servanda design us-iran --draft freeze`, `servanda design theory/durability-island --points 21`.
    """
    with answering(as_json=as_json):
        from servanda.case import find, load
        from servanda.cli.settings import overrides

        file = find(case)
        read, text = load(file).require(), text_of(file)
        chosen = overrides(read, settings)
        from servanda.diagnosis.design import search_designs
        from servanda.diagnosis.design_search import SAMPLED
        from servanda.inquiry import kept_trials
        from servanda.report.designed import brief, show, to_dict
        from servanda.uncertainty.draws import parameter_draws

        with games(shown=not (quiet or as_json)) as progress, kept_trials(fresh=fresh):
            found = search_designs(
                read, drafts=drafts or None, levers=levers or None, threshold=threshold, overrides=chosen,
                draws=parameter_draws(read, draws), limit=limit, points=points, progress=progress,
            )  # fmt: skip
        options = {
            "drafts": list(drafts), "levers": list(levers), "threshold": threshold, "draws": draws, "points": points,
            "limit": limit,
        }  # fmt: skip

        def made() -> NewRun:
            return newly_made(
                "designs", [(text, read)], headline=found.sentence or brief(found)[0], seconds=found.seconds,
                result=to_dict(found, whole=True), provenance=plain_provenance(read, options, chosen),
                scenario={"set": chosen}, options=options,
            )  # fmt: skip

        if as_json:
            succeed({"kept": keeping.keep(made), "designs": to_dict(found, whole=whole)})
        elif quiet:
            click.echo("\n".join(brief(found)[:2]))
        else:
            from rich.console import Console

            from servanda.report.terminal import WIDTH

            console = Console()
            sides = {side.name: side.title for side in read.sides}
            show(found, console if console.is_terminal else Console(width=WIDTH), sides=sides, whole=whole)
        if not as_json:
            keeping.keep_and_say(made, quiet=quiet)
        if found.method == SAMPLED and not as_json:
            click.echo(
                "The space is larger than --search allows and the optimiser is not installed: a spread sample was "
                "climbed instead. Install `servanda[design]` for a better search, or raise --search.",
                err=True,
            )


@contextmanager
def games(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar of games solved with the time that remains, on standard error where that is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not shown or not console.is_terminal:
        yield lambda _done, _of: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("games"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("games", total=None)
        yield lambda done, of: bars.update(task, completed=done, total=of)
