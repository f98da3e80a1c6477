"""A store that a released version left behind is led forward; one of a newer version is refused."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from servanda.store import NewerStoreError, Store, StoreError
from servanda.store.connecting import chosen_url, connect
from servanda.store.migrating import STEPS, bring_up, version
from servanda.store.tables import REVISION, metadata
from tests.store.databases import Server
from tests.store.freezing import SCHEMAS
from tests.store.kept import new_run

VERSIONS = sorted({file.name.partition(".")[0] for file in SCHEMAS.glob("*.sql")})
NEXT = """
from alembic import op
import sqlalchemy as sa

revision = "9999"
down_revision = "{present}"


def upgrade():
    op.add_column("run", sa.Column("colour", sa.Text))
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    {last}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def left_behind(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The name of a database, and the address of an empty one."""
    if request.param == "sqlite":
        return "sqlite", str(tmp_path / "store.db")
    running: Server = request.getfixturevalue("server")
    return "postgresql", running.fresh()


def load(name: str, url: str, dump: str) -> None:
    """Fill an empty database from a dump."""
    if name == "sqlite":
        connection = sqlite3.connect(url)
        connection.executescript(dump)
        connection.close()
        return
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as server:
        server.execute(dump.encode())


def run_statement(store: Store, statement: str) -> None:
    with store._writing() as connection:
        connection.execute(text(statement))


def test_every_version_has_been_frozen_on_both_databases() -> None:
    script = ScriptDirectory(str(STEPS))
    steps = [step.revision for step in script.walk_revisions()]
    assert script.get_heads() == [REVISION]
    assert sorted(steps) == VERSIONS
    assert {file.name for file in SCHEMAS.iterdir()} == {
        f"{v}.{name}.sql" for v in VERSIONS for name in ("sqlite", "postgresql")
    }


@pytest.mark.parametrize("number", VERSIONS)
def test_a_store_of_a_released_version_is_led_forward_with_all_its_rows(
    left_behind: tuple[str, str], number: str
) -> None:
    name, url = left_behind
    load(name, url, (SCHEMAS / f"{number}.{name}.sql").read_text(encoding="utf-8"))
    with Store.open(url) as store:
        with store._reading() as connection:
            assert version(connection) == REVISION
        assert store.counts() == {"cases": 2, "versions": 3, "runs": 1, "contents": 4, "entries": 2, "jobs": 3}
        assert [(c.name, c.version, c.text, c.note) for c in store.cases()] == [
            ("pledge", 2, "case: pledge\n# better\n", "mended")
        ]
        first = store.case("pledge", 1)
        assert first.text == "case: pledge\n# é\n"
        assert first.saved_at < datetime.now(UTC)
        (kept,) = store.runs()
        expected = new_run()
        assert store.result(kept) == expected.result
        assert store.blob(kept.files["report.html"]) == expected.files["report.html"]
        assert store.runs(text=expected.text, scenario={"set": {"a": 0.1}, "off": ["b"]}) == (kept,)
        assert store.broken_blobs() == ()
        assert store.verify().sound
        assert [entry.number for entry in store.forecasts()] == [1, 2]
        states = {job.state: job for job in store.jobs()}
        assert states["done"].run == kept.id
        assert (states["running"].progress, states["running"].stage) == (0.5, "draws")
        # and it can be used from here on
        assert store.save_case("pledge", "x", "X", seen=2).version == 3
        store.add_run(new_run())
        assert store.claim_job("w3") is not None


def test_the_tables_of_the_program_are_those_that_the_steps_make(store: Store) -> None:
    from sqlalchemy import inspect

    with store._reading() as connection:
        found = inspect(connection)
        made = {
            table: {(c["name"], c["nullable"]) for c in found.get_columns(table)}
            for table in found.get_table_names()
            if table != "alembic_version"
        }
    assert made == {
        name: {(column.name, bool(column.nullable)) for column in table.columns}
        for name, table in metadata.tables.items()
    }


def with_next(folder: Path, last: str = "pass") -> Path:
    """The steps of this program and one more."""
    steps = folder / "steps"
    shutil.copytree(STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    (steps / "versions" / "v9999.py").write_text(NEXT.format(present=REVISION, last=last))
    return steps


def test_a_step_forward_keeps_what_is_there(url: str, tmp_path: Path) -> None:
    with Store.open(url) as store:
        kept = store.add_run(new_run())
        engine = store._engine
        bring_up(engine, chosen_url(url), with_next(tmp_path), "9999")
        with engine.connect() as connection:
            assert version(connection) == "9999"
            assert connection.execute(text("SELECT id, colour FROM run")).all() == [(kept.id, None)]


def test_a_step_that_fails_leaves_everything_as_it_was(url: str, tmp_path: Path) -> None:
    with Store.open(url) as store:
        kept = store.add_run(new_run())
        steps = with_next(tmp_path, 'raise RuntimeError("the disk is full")')
        with pytest.raises(RuntimeError, match="the disk is full"):
            bring_up(store._engine, chosen_url(url), steps, "9999")
        with store._reading() as connection:
            assert version(connection) == REVISION
        assert store.runs() == (kept,)
        with pytest.raises(StoreError, match="later"):
            run_statement(store, "SELECT * FROM later")


def test_a_store_of_a_newer_version_is_refused_and_untouched(url: str, tmp_path: Path) -> None:
    with Store.open(url) as store:
        bring_up(store._engine, chosen_url(url), with_next(tmp_path), "9999")
    with pytest.raises(NewerStoreError, match=r"written by a newer servanda.*version 9999.*up to 0001"):
        Store.open(url)
    engine = connect(chosen_url(url))
    with engine.connect() as connection:
        assert version(connection) == "9999"
    engine.dispose()


def test_tables_of_something_else_are_left_alone(url: str) -> None:
    engine = connect(chosen_url(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE job (title TEXT)"))
        connection.execute(text("INSERT INTO job VALUES ('smith')"))
    with pytest.raises(StoreError, match="holds tables of something else: job"):
        Store.open(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT title FROM job")).scalars().all() == ["smith"]
    engine.dispose()
