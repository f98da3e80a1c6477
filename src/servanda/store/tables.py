"""The tables of the store, the same in both databases; migrations make them, queries read them from here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

REVISION = "0001"
metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC: a time with zone in PostgreSQL, a text that sorts by time in SQLite, which knows no zones."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of a database."""
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """A moment as the database keeps it.

        Raises
        ------
        ValueError
            For a time without a zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is no moment")
        moment = value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """A moment as the program uses it."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        assert isinstance(moment, datetime)
        return moment.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """Plain data as canonical JSON text, the same bytes in both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Plain data as text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Text as plain data."""
        return None if value is None else json.loads(value)


def canonical(value: Any) -> str:
    """Plain data as JSON with sorted keys and no spaces.

    Raises
    ------
    ValueError
        If a number is not finite.

    >>> canonical({"b": 1.0, "a": []})
    '{"a":[],"b":1.0}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


BLOB = Table(
    "blob",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("packing", String(8), nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

CASE = Table(
    "saved_case",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("created_at", UtcTime, nullable=False),
    Column("archived_at", UtcTime),
)

VERSION = Table(
    "case_version",
    metadata,
    Column("name", String(64), ForeignKey("saved_case.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    Column("note", Text, nullable=False),
)

RUN = Table(
    "run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("case_name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("version", Integer),
    Column("scenario", JsonText, nullable=False),
    Column("options", JsonText, nullable=False),
    Column("asked", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("written", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("headline", Text, nullable=False),
    Column("provenance", JsonText, nullable=False),
)

RUN_FILE = Table(
    "run_file",
    metadata,
    Column("run", String(32), ForeignKey("run.id"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("digest", String(64), ForeignKey("blob.digest"), nullable=False),
)

ENTRY = Table(
    "forecast_entry",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("line", Text, nullable=False),
)

JOB = Table(
    "job",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("case_name", Text, nullable=False),
    Column("request", JsonText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("progress", Float, nullable=False),
    Column("stage", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("beaten_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("cancel_asked", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Column("run", String(32)),
    ForeignKeyConstraint(["run"], ["run.id"]),
)
