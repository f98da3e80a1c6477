"""`servanda rerun`: a kept run made again, and every number of it compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import STORE_HELP
from servanda.cli.run import stages

if TYPE_CHECKING:
    from servanda.store import SavedRun

DIFFERENT = 1
_SHOWN = 20


@click.command("rerun", short_help="Make a kept run again and compare every number.")
@click.argument("run", metavar="RUN")
@click.option("--store", "url", metavar="URL", help=STORE_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(run: str, url: str | None, as_json: bool) -> None:
    """Make RUN again from its stored case and settings, and compare every number with what was found then.

    Nothing that earlier runs have solved and kept is read. Numbers are compared to the last bit; times and memory are
    not. RUN is an id of `servanda runs`, or the beginning of one. Exit code 0: the same, 1: it differs.

    Examples: `servanda rerun 54ea5ff5d4d7`, `servanda rerun 54ea --json`.
    """
    with answering(as_json=as_json):
        from servanda.cli.redoing import redo
        from servanda.store import Store
        from servanda.store.comparing import numbers_in, unlike
        from servanda.store.records import cases_of

        with Store.open(url) as store:
            kept = store.run(run)
            before = store.result(kept)
            resolved = [store.blob(digest).decode() for _, digest in cases_of(kept.files)]
        changed = versions_changed(kept)
        if changed and not as_json:
            told = ", ".join(f"{name} {then} then and {now} now" for name, then, now in changed)
            click.echo(f"Other versions than when it was made: {told}.", err=True)
        with stages(shown=not as_json) as progress:
            after = redo(kept, resolved, progress)
        found = unlike(before, after)
        count = numbers_in(before)
        if as_json:
            listed = [{"path": one.path, "before": one.before, "after": one.after} for one in found]
            versions = [{"name": name, "before": then, "after": now} for name, then, now in changed]
            answer = {"run": kept.id, "kind": kept.kind, "case": kept.case, "digest": kept.digest, "same": not found}
            succeed({**answer, "numbers": count, "differences": listed, "versions": versions})
        elif not found:
            click.echo(
                f"The same: {count:,} numbers of the {kept.kind} {kept.id} of {kept.case}, digest {kept.digest}."
            )
        else:
            click.echo(f"{len(found):,} of the values of the {kept.kind} {kept.id} of {kept.case} differ:")
            for one in found[:_SHOWN]:
                click.echo(f"  {one}")
            if len(found) > _SHOWN:
                click.echo(f"  … and {len(found) - _SHOWN:,} more; --json lists them all.")
        if found:
            raise click.exceptions.Exit(DIFFERENT)


def versions_changed(kept: SavedRun) -> list[tuple[str, str, str]]:
    """(name, then, now) of the program, Python and every library whose version is not what it was."""
    from servanda.provenance import provenance_of

    present = dict(provenance_of("", "", ()).versions)
    return [
        (name, then, present.get(name, "none"))
        for name, then in kept.provenance.versions
        if present.get(name, "none") != then
    ]
