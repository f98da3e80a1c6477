"""Bringing a database to the version of this program, whenever a store is opened."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL

from servanda.store.connecting import for_writing, reaching, shown
from servanda.store.errors import NewerStoreError, StoreError
from servanda.store.tables import REVISION

STEPS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x5E27A2DA
# the step that is running finds its connection in a variable of its library
_one_at_a_time = threading.Lock()


def bring_up(engine: Engine, url: URL, steps: Path = STEPS, target: str = REVISION) -> None:
    """Make the tables of a new database, or lead an older one forward, all of it or nothing.

    Raises
    ------
    NewerStoreError
        If a newer version of the program has written the database.
    UnreachableStoreError
        If it does not answer or cannot be written.
    StoreError
        If it holds tables of something else.
    """
    with reaching(url):
        with engine.connect() as connection:
            if version(connection) == target:
                return
        with _one_at_a_time, for_writing(engine).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            _run(connection, url, steps)


def version(connection: Connection) -> str | None:
    """The version of the tables in a database, None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _run(connection: Connection, url: URL, steps: Path) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(steps))
    present = version(connection)
    known = {step.revision for step in script.walk_revisions()}
    if present is not None and present not in known:
        raise NewerStoreError(
            f"the store {shown(url)} was written by a newer servanda (tables of version {present}, this program knows "
            f"up to {max(known)}): install that version, or name another store"
        )
    if present is None and (strange := {"saved_case", "case_version", "run", "job"} & _tables(connection)):
        raise StoreError(f"the database {shown(url)} holds tables of something else: {', '.join(sorted(strange))}")
    context = MigrationContext.configure(connection, opts={"transactional_ddl": True})
    with Operations.context(context):
        for step in reversed(list(script.iterate_revisions("head", present or "base"))):
            step.module.upgrade()
            context.stamp(script, step.revision)


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())
