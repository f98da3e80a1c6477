"""`servanda store`: where everything is kept, how much of it, and whether it is sound."""

from __future__ import annotations

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import STORE_HELP

UNSOUND = 1
_NOUNS = {
    "cases": "saved cases", "versions": "versions of them", "runs": "runs", "contents": "contents",
    "entries": "published entries", "jobs": "jobs",
}  # fmt: skip


@click.command("store", short_help="Say where runs and cases are kept, and whether all is sound.")
@click.option("--check", is_flag=True, help="Read all contents and the register of forecasts and check their digests.")
@click.option("--store", "url", metavar="URL", help=STORE_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(check: bool, url: str | None, as_json: bool) -> None:
    """Say where saved cases, runs, published forecasts and jobs are kept, and how many there are.

    With `--check` every content and every published entry is read and compared with its digest. Exit code 1 if one is
    not what was put there.

    Examples: `servanda store`, `servanda store --check --store postgresql://db.example/servanda`.
    """
    with answering(as_json=as_json):
        from servanda.store import Store
        from servanda.store.tables import REVISION

        with Store.open(url) as store:
            counts, address, database = store.counts(), store.address, store.database
            broken = store.broken_blobs() if check else ()
            register = store.verify() if check else None
        sound = not broken and (register is None or register.sound)
        if as_json:
            answer = {"store": address, "database": database, "version": REVISION, "counts": counts}
            checked = {
                "sound": sound,
                "broken": list(broken),
                "register": {"entries": register.entries, "head": register.head, "reason": register.reason},
            } if register is not None else {}  # fmt: skip
            succeed({**answer, **checked})
        else:
            click.echo(f"{address} ({database}, tables of version {REVISION})")
            for name, count in counts.items():
                click.echo(f"{count:>8,} {_NOUNS[name]}")
            for digest in broken:
                click.echo(f"Broken: the content {digest} is not what was put there.")
            if register is not None and not register.sound:
                click.echo(f"Broken: the register of forecasts, entry {register.broken_at}: {register.reason}.")
            if register is not None and sound:
                click.echo(f"All is sound. The last published entry: {register.head}")
        if not sound:
            raise click.exceptions.Exit(UNSOUND)
