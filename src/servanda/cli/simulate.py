"""`servanda simulate`: a panel of play made by the case itself."""

from __future__ import annotations

from pathlib import Path

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.run import stages


@click.command("simulate", short_help="Write a panel of simulated play of a case.")
@click.argument("case", metavar="CASE")
@click.option("--episodes", type=click.IntRange(min=1), required=True, metavar="N", help="How often it is played.")
@click.option("--seed", type=click.IntRange(min=0), required=True, metavar="S", help="Seed of chance and choices.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE",
    help="The panel to write: CSV, or Parquet if its name ends in .parquet.",
)  # fmt: skip
@click.option(
    "--periods", type=click.IntRange(min=1), metavar="N", help="Length of an episode. [default: to the horizon]"
)
@click.option(
    "--set", "settings", multiple=True, metavar="PARAM=VALUE",
    help="Use this value of a parameter instead of the central one; may be repeated.",
)  # fmt: skip
@click.option(
    "--vary", multiple=True, metavar="PARAM",
    help="Draw this uncertain parameter for each episode, and write it as a column; may be repeated.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only where the panel is.")
def command(
    case: str,
    episodes: int,
    seed: int,
    out: Path,
    periods: int | None,
    settings: tuple[str, ...],
    vary: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Play CASE many times from its start and write every choice as a row, in the form that `servanda fit` reads.

    Episode number k of a seed is the same however many there are.

    Examples: `servanda simulate theory/deterrence-panel --episodes 400 --seed 1945 --vary balance --out panel.csv`.
    """
    with answering(as_json=as_json):
        from servanda.case import find, load
        from servanda.cli.settings import overrides

        read = load(find(case)).require()
        values = overrides(read, settings)
        from servanda.compile import compile_case
        from servanda.estimation.simulation import simulate

        with stages(shown=not (quiet or as_json)) as progress:
            made = simulate(
                compile_case(read), episodes, seed, values=values, vary=vary, periods=periods, progress=progress
            )
        made.write(out)
        if as_json:
            succeed({"panel": str(out), "episodes": episodes, "choices": len(made.rows), "columns": list(made.columns)})
        elif quiet:
            click.echo(str(out))
        else:
            click.echo(f"{len(made.rows):,} choices in {episodes:,} episodes: {out}")
