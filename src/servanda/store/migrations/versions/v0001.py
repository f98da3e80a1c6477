"""The first version: blobs, cases with every version, runs with their files, the register of forecasts, jobs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from servanda.store.migrations.append_only import FUNCTION, protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables and protect those that are only ever added to."""
    dialect = op.get_bind().dialect.name
    moment: sa.types.TypeEngine[Any] = sa.String(32) if dialect == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "blob",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("packing", sa.String(8), nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "saved_case",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("archived_at", moment),
    )
    op.create_table(
        "case_version",
        sa.Column("name", sa.String(64), sa.ForeignKey("saved_case.name"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("saved_at", moment, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint("version >= 1", name="version_from_one"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("case_name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("written", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("provenance", sa.Text, nullable=False),
    )
    op.create_index("run_newest", "run", ["created_at"])
    op.create_index("run_of_case", "run", ["case_name", "kind", "created_at"])
    op.create_index("run_asked", "run", ["asked"])
    op.create_table(
        "run_file",
        sa.Column("run", sa.String(32), sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("digest", sa.String(64), sa.ForeignKey("blob.digest"), nullable=False),
    )
    op.create_table(
        "forecast_entry",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("line", sa.Text, nullable=False),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("case_name", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("queued_at", moment, nullable=False),
        sa.Column("started_at", moment),
        sa.Column("beaten_at", moment),
        sa.Column("finished_at", moment),
        sa.Column("cancel_asked", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("run", sa.String(32), sa.ForeignKey("run.id")),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="known_state"),
    )
    op.create_index("job_of_state", "job", ["state", "queued_at"])
    if dialect == "postgresql":
        op.execute(FUNCTION)
    for table in ("blob", "case_version", "run", "run_file", "forecast_entry"):
        for statement in protect(dialect, table):
            op.execute(statement)
    for statement in protect(dialect, "saved_case", update=False):
        op.execute(statement)
