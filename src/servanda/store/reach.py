"""Transactions of a store: reading, and writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL

from servanda.store.connecting import for_writing, reaching
from servanda.store.errors import BadNameError

MOST_ROWS = 1000


class Reach:
    """A database that is up to date, as the rooms of the store use it."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._writer = for_writing(engine)
        self._url = url

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        with reaching(self._url), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """All or nothing, on the disk when left."""
        with reaching(self._url), self._writer.begin() as connection:
            yield connection

    def _alone(self, connection: Connection, key: int) -> None:
        """Let no other transaction pass here; SQLite has one writer at a time anyway."""
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def clean(noun: str, value: str) -> str:
    """A text that both databases can keep.

    Raises
    ------
    BadNameError
        If it holds a NUL or half a character.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadNameError(f"{noun} holds half a character that cannot be kept") from error
    if "\0" in value:
        raise BadNameError(f"{noun} holds a NUL character, which cannot be kept")
    return value


def most(limit: int) -> int:
    """A number of rows that may be asked for."""
    return max(1, min(limit, MOST_ROWS))
