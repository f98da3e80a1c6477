"""`servanda fit`: parameters of a case estimated from a panel of observed play."""

from __future__ import annotations

from pathlib import Path

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.run import stages


@click.command("fit", short_help="Estimate parameters of a case from observed play.")
@click.argument("case", metavar="CASE")
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, metavar="FILE",
    help="The panel: CSV or Parquet, one row for each choice.",
)  # fmt: skip
@click.option(
    "--parameters", metavar="NAME,…", help="What to estimate. [default: all uncertain ones that are no column]"
)
@click.option(
    "--set", "settings", multiple=True, metavar="PARAM=VALUE",
    help="Hold a parameter that is not estimated at this value instead of the central one; may be repeated.",
)  # fmt: skip
@click.option(
    "--fix", "fixes", multiple=True, metavar="PARAM=VALUE",
    help="Test this value of an estimated parameter by its likelihood ratio; several are tested together.",
)  # fmt: skip
@click.option("--bounded", is_flag=True, help="Keep every estimate inside the declared range of its parameter.")
@click.option("--robust", is_flag=True, help="Form intervals from standard errors clustered by episode.")
@click.option(
    "--starts", type=click.IntRange(min=1), default=6, show_default=True, help="Points from which the search begins."
)
@click.option(
    "-n", "--draws", type=click.IntRange(min=0), default=1000, show_default=True,
    help="Importance draws from the posterior; 0 leaves it out.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Seed of starts and draws. [default: the program's own]"
)
@click.option(
    "--write", "written", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Also write the case with the estimates as its parameters.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the headline and the estimates.")
def command(
    case: str,
    data: Path,
    parameters: str | None,
    settings: tuple[str, ...],
    fixes: tuple[str, ...],
    bounded: bool,
    robust: bool,
    starts: int,
    draws: int,
    seed: int | None,
    written: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Estimate parameters of CASE from a panel of observed play: many episodes of it, one row for each choice.

    The game is solved again at every trial value. Maximum likelihood with standard errors comes first; then, with the
    declared distributions as what was believed before, the posterior. What the panel cannot tell is named.

    Examples: `servanda fit theory/deterrence-panel --data panel.csv`,
    `servanda fit my-case.yaml --data crises.parquet --parameters cost,resolve --fix cost=0 --write fitted.yaml`.
    """
    with answering(as_json=as_json):
        from servanda.case import find, load
        from servanda.cli.settings import overrides

        file = find(case)
        read = load(file).require()
        held, fixed = overrides(read, settings), overrides(read, fixes)
        from servanda.estimation.fitting import Settings, fit_case
        from servanda.uncertainty.draws import SEED

        names = tuple(name.strip() for name in parameters.split(",") if name.strip()) if parameters else ()
        asked = Settings(
            parameters=names, held=held, fixed=fixed, bounded=bounded, robust=robust, starts=starts, draws=draws,
            seed=SEED if seed is None else seed,
        )  # fmt: skip
        with stages(shown=not (quiet or as_json)) as progress:
            found = fit_case(read, data, asked, progress)
            left: tuple[str, ...] = ()
            if written is not None:
                from servanda.estimation.written import write_estimates

                left = write_estimates(found, file, written)
        if as_json:
            from servanda.report.tables import plain_data

            where = {"case": str(written), "left": list(left)} if written else None
            succeed({"written": where, "fit": plain_data(found)})
            return
        from rich.console import Console

        from servanda.report.terminal import WIDTH
        from servanda.report.terminal_fit import print_fit

        console = Console()
        print_fit(console if console.is_terminal else Console(width=WIDTH), found, brief=quiet)
        if written is not None:
            click.echo(f"Case with the estimates: {written}")
            if left:
                click.echo(f"Left as they were, having no standard error: {', '.join(left)}")
