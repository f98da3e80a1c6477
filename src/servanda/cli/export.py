"""`servanda export`: a kept run as a folder of files."""

from __future__ import annotations

from pathlib import Path

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import STORE_HELP

EXPORTS = Path("servanda-exports")


@click.command("export", short_help="Write a kept run to a folder: case, result, tables, report, provenance.")
@click.argument("run", metavar="RUN")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="A folder that is not there yet. [default: ./servanda-exports/<kind>-<run>]",
)
@click.option("--store", "url", metavar="URL", help=STORE_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the folder and its files as JSON.")
def command(run: str, output: Path | None, url: str | None, as_json: bool) -> None:
    """Write RUN to a folder that anybody can read without this program.

    The case as written and with nothing implied, everything found as JSON, tables as Parquet and CSV, the report, how
    it was made, and a README that says what each file is. RUN is an id of `servanda runs`, or the beginning of one.

    Examples: `servanda export 54ea5ff5d4d7`, `servanda export 54ea --output for-the-annex`.
    """
    with answering(as_json=as_json):
        from servanda.store import Store
        from servanda.store.exporting import export_run

        with Store.open(url) as store:
            kept = store.run(run)
            folder = export_run(store, kept, output or EXPORTS / f"{kept.kind}-{kept.id}")
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        if as_json:
            succeed({"run": kept.id, "folder": str(folder), "files": files})
        else:
            click.echo(
                f"{len(files)} files of the {kept.kind} {kept.id} of {kept.case} in {folder}; begin with README.md."
            )
