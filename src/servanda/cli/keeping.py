"""What a command found, kept in the store; a store that cannot be written never costs an answer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from servanda.errors import ServandaError

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.provenance import Provenance
    from servanda.store import NewRun

Command = TypeVar("Command", bound=Callable[..., Any])
Case = tuple[str, "ResolvedCase"]
STORE_HELP = "The store: a file, or postgresql://… [default: $SERVANDA_STORE, or your own file]"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a command keeps its run; nowhere if `off`."""

    url: str | None
    off: bool

    def keep(self, make: Callable[[], NewRun]) -> str | None:
        """Keep a run and return its id; None where nothing is to be kept, or with a line that says why it was not."""
        if self.off:
            return None
        from sqlalchemy.exc import SQLAlchemyError

        from servanda.store import Store, is_kept

        if not is_kept(self.url):
            return None
        new = make()
        try:
            with Store.open(self.url) as store:
                return store.add_run(new).id
        except (ServandaError, SQLAlchemyError, OSError) as error:
            click.echo(f"The run is not kept: {error}", err=True)
            return None

    def keep_and_say(self, make: Callable[[], NewRun], *, quiet: bool = False) -> None:
        """Keep a run and print what it is called."""
        kept = self.keep(make)
        if kept and not quiet:
            click.echo(f"Kept as run {kept}: `servanda rerun {kept}` makes it again.")


def kept(command: Command) -> Command:
    """Give a command `--store` and `--no-store`, and a `keeping` made of them."""

    @click.option("--store", metavar="URL", help=f"Keep the run in this store. {STORE_HELP}")
    @click.option("--no-store", is_flag=True, help="Keep the run in no store.")
    @functools.wraps(command)
    def keeps(*args: Any, store: str | None, no_store: bool, **given: Any) -> Any:
        if store is not None and no_store:
            raise click.UsageError("--store and --no-store exclude each other")
        return command(*args, keeping=Keeping(store, no_store), **given)

    return keeps  # type: ignore[return-value]


def text_of(file: Path) -> str:
    """A case as it is written, to the last line ending."""
    return file.read_bytes().decode("utf-8", errors="replace")


def newly_made(
    kind: str,
    cases: Sequence[Case],
    *,
    headline: str,
    result: Any,
    provenance: Provenance,
    seconds: float,
    scenario: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    report: Path | None = None,
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> NewRun:
    """A run as the store keeps it.

    Parameters
    ----------
    cases : the cases it is about, each as written and as read; those after the first are kept beside it
    report : the page that was written, if any
    rows : its tables by name
    """
    from servanda.store import NewRun
    from servanda.store.records import REPORT, others_beside, resolved_text
    from servanda.store.tabling import parquet_files

    files = {} if report is None else {REPORT: report.read_bytes()}
    files |= others_beside(cases[1:]) | parquet_files(rows or {})
    text, case = cases[0]
    names = list(dict.fromkeys(one.name for _, one in cases))
    return NewRun(
        kind=kind, case=" and ".join(names) if len(names) < 3 else f"{len(names)} cases",
        title=case.title if len(cases) == 1 else "", text=text, resolved=resolved_text(case), headline=headline,
        result=result, provenance=provenance, seconds=seconds, scenario={"set": {}, "off": [], **(scenario or {})},
        options={"by": "command", **(options or {})}, files=files,
    )  # fmt: skip


def together(provenances: Sequence[Provenance]) -> Provenance:
    """One provenance of a run of several cases: the digest is that of their digests, one a line."""
    first = provenances[0]
    if len(provenances) == 1:
        return first
    digests = "\n".join(one.digest for one in provenances)
    return replace(first, case=", ".join(one.case for one in provenances), digest=sha256(digests.encode()).hexdigest())


def plain_provenance(case: ResolvedCase, options: Mapping[str, Any], values: Mapping[str, float]) -> Provenance:
    """How a result without a provenance of its own was made."""
    from servanda.case import dump
    from servanda.provenance import provenance_of

    settings = [
        *((name, str(value)) for name, value in options.items()),
        *((f"set {k}", repr(v)) for k, v in values.items()),
    ]
    return provenance_of(case.name, dump(case), settings)
