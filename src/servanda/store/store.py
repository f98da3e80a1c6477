"""One object for all that is kept: cases, runs, forecasts, jobs."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self

from sqlalchemy import func, select

from servanda.store.cases import Cases
from servanda.store.connecting import NOWHERE, VARIABLE, chosen_url, connect, shown
from servanda.store.jobs import Jobs
from servanda.store.migrating import bring_up
from servanda.store.register import Register
from servanda.store.runs import Runs
from servanda.store.tables import BLOB, CASE, ENTRY, JOB, RUN, VERSION


class Store(Cases, Runs, Register, Jobs):
    """Cases with every version, runs with provenance, published forecasts, jobs; in SQLite or PostgreSQL.

    May be used from several threads, and by several processes at once.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, Store.open(str(Path(folder) / "store.db")) as store:
    ...     first = store.create_case("pledge", "case: pledge", "A pledge")
    ...     second = store.save_case("pledge", "case: pledge # better", "A pledge", seen=1)
    ...     first.version, second.version, [saved.name for saved in store.cases()]
    (1, 2, ['pledge'])
    """

    @classmethod
    def open(cls, url: str | None = None) -> Self:
        """Open a store, made first if there is none, and led forward if an older version of the program wrote it.

        Parameters
        ----------
        url : `postgresql://…`, `sqlite:///…` or the path of a file; that of `SERVANDA_STORE` or the user's file if None

        Raises
        ------
        NewerStoreError
            If a newer version of the program has written it.
        UnreachableStoreError
            If it does not answer or cannot be written.
        StoreError
            If the address is no store.
        """
        address = chosen_url(url)
        engine = connect(address)
        try:
            bring_up(engine, address)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, address)

    @property
    def address(self) -> str:
        """Where the store is, without any password."""
        return shown(self._url)

    @property
    def url(self) -> str:
        """The whole address, for another process that opens the same store; holds the password if there is one."""
        return self._url.render_as_string(hide_password=False)

    @property
    def database(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def counts(self) -> dict[str, int]:
        """How many cases, versions, runs, contents, published entries and jobs there are."""
        tables = {"cases": CASE, "versions": VERSION, "runs": RUN, "contents": BLOB, "entries": ENTRY, "jobs": JOB}
        with self._reading() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in tables.items()
            }

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_kept(url: str | None = None) -> bool:
    """Whether anything is to be kept at all: not if the address, or `SERVANDA_STORE`, says `none`.

    >>> is_kept("none"), is_kept("team.db")
    (False, True)
    """
    return (url or os.environ.get(VARIABLE) or "").strip().lower() != NOWHERE
