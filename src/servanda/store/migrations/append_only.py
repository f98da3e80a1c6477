"""Triggers that let nobody change or delete what is kept, whoever writes to the database."""

from __future__ import annotations

from collections.abc import Iterator

FUNCTION = """
CREATE FUNCTION servanda_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def protect(dialect: str, table: str, *, update: bool = True) -> Iterator[str]:
    """Statements that make a table append-only; `update` False lets rows be changed but not deleted.

    >>> len(list(protect("sqlite", "run")))
    2
    """
    verbs = ("UPDATE", "DELETE") if update else ("DELETE",)
    if dialect == "sqlite":
        for verb in verbs:
            yield (
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    yield (
        f"CREATE TRIGGER {table}_append_only BEFORE {' OR '.join(verbs)} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION servanda_append_only()"
    )
    yield (
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION servanda_append_only()"
    )
