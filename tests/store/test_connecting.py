"""Which database is meant, and what is said when it cannot be reached."""

from __future__ import annotations

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from servanda.store import Store, StoreError, UnreachableStoreError, is_kept
from servanda.store.connecting import chosen_url, default_file, shown
from servanda.store.tables import JOB


@pytest.fixture
def nothing_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SERVANDA_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_the_users_own_file_is_the_default(nothing_chosen: None, tmp_path: Path) -> None:
    assert default_file() == tmp_path / "data" / "servanda" / "store.db"
    with Store.open() as store:
        assert store.address == str(default_file())
        assert store.database == "sqlite"
    # cases may be confidential
    assert stat.S_IMODE(default_file().stat().st_mode) == 0o600


def test_the_variable_names_another_and_the_argument_comes_first(
    nothing_chosen: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SERVANDA_STORE", f"sqlite:///{tmp_path / 'a.db'}")
    assert shown(chosen_url()) == str(tmp_path / "a.db")
    assert shown(chosen_url(str(tmp_path / "b.db"))) == str(tmp_path / "b.db")


def test_nothing_is_kept_where_the_variable_says_so(nothing_chosen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_kept()
    monkeypatch.setenv("SERVANDA_STORE", "None")
    assert not is_kept()
    assert is_kept("x.db")
    with pytest.raises(StoreError, match="says `none`"):
        Store.open()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "no store can be kept in `mysql`"),
        ("sqlite://", "is a file"),
        ("sqlite:///:memory:", "is a file"),
        ("sqlite:///x.db?mode=ro", "is a file"),
        ("://", "cannot be read"),
        ("postgresql://host:port/x", "cannot be read"),
    ],
)
def test_addresses_that_are_no_store(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        Store.open(url)


def test_passwords_are_never_shown() -> None:
    url = chosen_url("postgresql://ann:secret@db.example/servanda")
    assert "secret" not in shown(url)
    assert "ann:***@db.example" in shown(url)


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(UnreachableStoreError) as caught:
        Store.open(f"postgresql://ann:secret@/x?host={tmp_path}")
    assert "secret" not in str(caught.value)
    assert str(caught.value).startswith("the store postgresql+psycopg://ann:***@/x")


def test_the_driver_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UnreachableStoreError, match=r"install `servanda\[postgres\]`"):
        Store.open("postgresql://host/x")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_text("this is a letter, not a database\n" * 100)
    with pytest.raises(UnreachableStoreError, match=r"store\.db: file is not a database"):
        Store.open(str(file))
    assert file.read_text().startswith("this is a letter")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreachableStoreError, match=r"exists|Not a directory"):
        Store.open(str(tmp_path / "file" / "store.db"))


def test_many_open_a_new_store_at_once(url: str) -> None:
    def counted(_: int) -> int:
        with Store.open(url) as store:
            return len(store.counts())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(counted, range(8))) == [6] * 8


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="without a zone"), store._writing() as connection:
        connection.execute(JOB.update().values(started_at=datetime(2026, 1, 1)))
