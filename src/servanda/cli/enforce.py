"""`servanda enforce`: could any enforcement keep a draft?"""

from __future__ import annotations

from collections.abc import Callable
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
    "--renegotiate", type=click.FloatRange(0.0, 1.0, max_open=True), metavar="ODDS",
    help="Also what threats support if, with these odds a year (such as 0.1), the two sit down anew and all threats "
    "are bygones.",
)  # fmt: skip
@click.option(
    "--tolerance", type=click.FloatRange(1e-9, 1e-2),
    help="Accuracy of the sets, as a share of the range of payoffs.  [default: 1e-4; 1e-3 for more than 3000 states]",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(min=1), default=10_000, show_default=True,
    help="Most states after reduction; a few thousand take minutes.",
)  # fmt: skip
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write the picture to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(
    case: str, draft: str | None, settings: tuple[str, ...], patience: bool, thorough: bool,
    renegotiate: float | None, tolerance: float | None, limit: int, svg: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say what threats, however harsh, could support in CASE, beside what play as it is reaches.

    The two parties are taken as one player each; ratifiers and third parties choose by the odds of solved play. A draft
    that no threat could keep here cannot be kept by threats at all; one that could be may still lack rulers who would
    carry the threats out.
    """
    with answering(as_json=as_json):
        from rich.console import Console

        from servanda.case import read
        from servanda.cli.run import stages
        from servanda.cli.settings import overrides
        from servanda.enforcement import enforcement
        from servanda.report.enforced import enforced_json, print_enforced

        resolved = read(case)
        with stages(shown=not as_json) as bar:
            found = enforcement(
                resolved, draft, overrides(resolved, settings), thorough=thorough, patience=patience,
                tolerance=tolerance, limit=limit, hazard=renegotiate, progress=_steps(bar),
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


def _steps(bar: Callable[[str, float], None]) -> Callable[[str], None]:
    """What is told the steps of the work, and shows them on a bar: some say which part of theirs is done."""

    def told(step: str) -> None:
        name, _, part = step.partition(": ")
        bar(name, float(part.removesuffix(" %")) / 100.0 if part else 0.0)

    return told
