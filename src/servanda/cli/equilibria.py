"""`servanda equilibria`: how many ways a case can be played in the long run."""

from __future__ import annotations

import click

from servanda.cli.answers import answering, succeed


@click.command("equilibria", short_help="Search for all ways a small case can be played in the long run.")
@click.argument("case", metavar="CASE")
@click.option("--starts", type=click.IntRange(min=1), default=30, show_default=True, help="Random starts.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the starts.", metavar="N"
)
@click.option("--limit", type=click.IntRange(min=1), default=5000, show_default=True, help="Largest number of nodes.")
@click.option("--set", "settings", multiple=True, metavar="PARAM=VALUE", help="Use this value of a parameter.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(case: str, starts: int, seed: int, limit: int, settings: tuple[str, ...], as_json: bool) -> None:
    """Search for the stationary equilibria of CASE: plays that answer themselves in an average period that never ends.

    `run` finds one play, from its horizon backward. Where a small case has several in the long run, this shows them;
    that no others exist is not proved. Meant for theory cases: a case written out may not have more than `--limit`
    nodes.
    """
    with answering(as_json=as_json):
        from dataclasses import asdict

        from servanda.case import read
        from servanda.cli.settings import overrides
        from servanda.compile import compile_case
        from servanda.forecast.vocabulary import percent
        from servanda.multiplicity import multiplicity

        resolved = read(case)
        found = multiplicity(
            compile_case(resolved), overrides(resolved, settings), starts=starts, seed=seed, limit=limit
        )
        if as_json:
            succeed({"case": resolved.name, **asdict(found)})
            return
        click.echo(f"{resolved.title}\n\n{found.sentence}")
        click.echo(f"{found.nodes} nodes; the principal branch has {found.folds} turning point(s).")
        for number, play in enumerate(found.found, start=1):
            kind = "on the principal branch" if play.principal else f"found from {play.origin}"
            settles = {True: "stable", False: "unstable", None: "stability not computed"}[play.stable]
            click.echo(f"\n{number}. {kind}; {settles}; residual {play.residual:.0e}, regret {play.regret:.3g} points")
            for choice in play.choices:
                odds = ", ".join(f"{option} {percent(p)}" for option, p in choice.odds)
                click.echo(f"   {choice.actor} ({choice.place}): {odds}")
            click.echo("   worth at the start: " + ", ".join(f"{who} {points:.4g}" for who, points in play.values))
