"""`servanda runs`: what has been found before, and is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import STORE_HELP

if TYPE_CHECKING:
    from servanda.store import SavedRun


@click.command("runs", short_help="List the runs that are kept.")
@click.argument("case", metavar="[CASE]", required=False)
@click.option("--kind", metavar="KIND", help="Only runs of this kind, such as `run`, `forecast` or `designs`.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@click.option("--store", "url", metavar="URL", help=STORE_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON.")
def command(case: str | None, kind: str | None, limit: int, url: str | None, as_json: bool) -> None:
    """List kept runs, the newest first: of CASE only, if one is named.

    Every command that finds something keeps it; its first letters are enough to name a run elsewhere. `servanda rerun`
    makes one again, `servanda export` writes it to a folder.

    Examples: `servanda runs`, `servanda runs us-iran --kind forecast`.
    """
    with answering(as_json=as_json):
        from servanda.store import Store

        with Store.open(url) as store:
            found, address = store.runs(case, kind, limit=limit), store.address
        if as_json:
            succeed({"store": address, "runs": [plain(run) for run in found]})
            return
        if not found:
            of = f" of {case}" if case else ""
            click.echo(f"No run{of} is kept in {address}. `servanda run CASE` makes one.")
            return
        from rich.console import Console
        from rich.table import Table

        from servanda.report.terminal import WIDTH

        table = Table(box=None, pad_edge=False)
        for head, style in (("Run", "bold"), ("Made (UTC)", None), ("Kind", None), ("Case", None), ("Found", None)):
            table.add_column(head, style=style, no_wrap=head in ("Run", "Made (UTC)"), overflow="fold")
        for run in found:
            table.add_row(run.id, f"{run.created:%Y-%m-%d %H:%M}", run.kind, _case(run), run.headline)
        console = Console()
        (console if console.is_terminal else Console(width=WIDTH)).print(table)


def plain(run: SavedRun) -> dict[str, Any]:
    """A run without its contents, as JSON carries it."""
    return {
        "id": run.id, "kind": run.kind, "case": run.case, "title": run.title, "version": run.version,
        "scenario": dict(run.scenario), "options": dict(run.options), "digest": run.digest, "written": run.written,
        "created": run.created.isoformat(), "seconds": run.seconds, "headline": run.headline,
        "files": sorted(run.files),
    }  # fmt: skip


def _case(run: SavedRun) -> str:
    given = [*(f"{name} = {value:g}" for name, value in dict(run.scenario.get("set") or {}).items())]
    given += [f"without {name}" for name in run.scenario.get("off") or ()]
    version = f" v{run.version}" if run.version else ""
    return "; ".join([f"{run.case}{version}", *given])
