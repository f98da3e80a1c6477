"""`servanda enforce`: could any enforcement keep a draft?"""

from __future__ import annotations

from pathlib import Path

import click

from servanda.cli.answers import answering, succeed


@click.command("enforce", short_help="Say what the harshest credible threats could make two sides keep.")
@click.argument("case", metavar="CASE")
@click.option("--draft", metavar="NAME", help="The draft; the first of the case if not given.")
@click.option("--set", "settings", multiple=True, metavar="PARAM=VALUE", help="Use this value of a parameter.")
@click.option("--patience", is_flag=True, help="Also find the least patience at which the draft can be kept.")
@click.option("--thorough", is_flag=True, help="Also prove the sets by strategies, and see if they hang on a hair.")
@click.option(
    "--tolerance", type=click.FloatRange(1e-9, 1e-2), default=1e-4, show_default=True,
    help="Accuracy of the sets, as a share of the range of payoffs.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(min=1), default=3000, show_default=True, help="Most states after reduction."
)
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write the picture to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(
    case: str, draft: str | None, settings: tuple[str, ...], patience: bool, thorough: bool, tolerance: float,
    limit: int, svg: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say what threats, however harsh, could support in CASE, beside what play as it is reaches.

    The two parties are taken as one player each; ratifiers and third parties choose by the odds of solved play. A draft
    that no threat could keep here cannot be kept by threats at all; one that could be may still lack rulers who would
    carry the threats out.
    """
    with answering(as_json=as_json):
        from rich.console import Console

        from servanda.case import read
        from servanda.cli.settings import overrides
        from servanda.enforcement import enforcement
        from servanda.report.enforced import enforced_json, print_enforced

        resolved = read(case)
        console = Console(stderr=True)
        with console.status("reading") as status:
            found = enforcement(
                resolved, draft, overrides(resolved, settings), thorough=thorough, patience=patience,
                tolerance=tolerance, limit=limit, progress=status.update,
            )  # fmt: skip
        if svg is not None:
            import vl_convert

            from servanda.report.charts.enforcement import enforcement_figure

            picture = vl_convert.vegalite_to_svg(enforcement_figure(found).chart.to_dict())
            svg.write_text(picture, encoding="utf-8")
        if as_json:
            succeed(enforced_json(found))
            return
        print_enforced(found, Console())
        if svg is not None:
            click.echo(f"\nPicture: {svg}")
