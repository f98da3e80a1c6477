"""Which database, and how this program speaks to it: SQLite in a file, or PostgreSQL by URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from servanda.store.errors import StoreError, UnreachableStoreError

VARIABLE = "SERVANDA_STORE"
NOWHERE = "none"
_PATIENCE_MS = 15_000
_WRITING = "servanda_writing"


def default_file() -> Path:
    """The user's store (`XDG_DATA_HOME`, else `~/.local/share`)."""
    root = os.environ.get("XDG_DATA_HOME")
    return (Path(root) if root else Path.home() / ".local" / "share") / "servanda" / "store.db"


def chosen_url(given: str | None = None) -> URL:
    """The address of the store: the one given, else that of `SERVANDA_STORE`, else the user's file.

    A word without `://` is the path of an SQLite file; `postgres://` and `postgresql://` mean psycopg.

    Raises
    ------
    StoreError
        If nothing is to be kept (`none`), or the address is no database that the store knows.

    >>> chosen_url("team.db").render_as_string()
    'sqlite:///team.db'
    >>> chosen_url("postgres://db.example/servanda").drivername
    'postgresql+psycopg'
    """
    text = given or os.environ.get(VARIABLE) or str(default_file())
    if text.strip().lower() == NOWHERE:
        raise StoreError(f"there is no store: {VARIABLE} or --store says `{NOWHERE}`")
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise StoreError("the address of the store cannot be read; write a path, or postgresql://HOST/NAME") from error
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if url.database in (None, "", ":memory:") or url.query:
            raise StoreError("a store in SQLite is a file: write its path, or sqlite:///PATH")
        return url.set(drivername="sqlite")
    raise StoreError(f"no store can be kept in `{url.drivername}`: write the path of a file, or postgresql://HOST/NAME")


def shown(url: URL) -> str:
    """An address as it may be shown: a file by its path, without any password."""
    return str(url.database) if url.drivername == "sqlite" else url.render_as_string(hide_password=True)


def connect(url: URL) -> Engine:
    """An engine for a store; connections are made when first asked for.

    Raises
    ------
    UnreachableStoreError
        If the driver is missing, or the folder of the file cannot be made.
    """
    if url.drivername == "sqlite":
        _make_file(Path(str(url.database)))
        engine = create_engine(url, connect_args={"timeout": _PATIENCE_MS / 1000})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine
    try:
        return create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": 10, "application_name": "servanda"}
        )
    except ModuleNotFoundError as error:
        raise UnreachableStoreError("a store in PostgreSQL needs its driver: install `servanda[postgres]`") from error


def for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the right to write at their beginning."""
    return engine.execution_options(**{_WRITING: True})


@contextmanager
def reaching(url: URL) -> Iterator[None]:
    """Turn what a database says into what the store says; broken rules of the tables pass as they are."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, sqlite3.Error) as error:
        # what fails while a connection is being prepared comes from the driver as it is
        cause = error.orig if isinstance(error, DBAPIError) else error
        said = " ".join(str(cause).split()) or type(cause).__name__
        raise UnreachableStoreError(f"the store {shown(url)}: {said}") from error


def _make_file(path: Path) -> None:
    """The file of a new store, for its owner alone: cases may be confidential."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UnreachableStoreError(f"the store {path}: {error.strerror}") from error


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # transactions are begun by `_begin`: the driver would begin them too late, and never for reading
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    # without it INSERT OR REPLACE deletes a row behind the back of its trigger
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("PRAGMA synchronous = FULL")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging: SQLite does not wait for others here, so this does."""
    until = time.monotonic() + _PATIENCE_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
