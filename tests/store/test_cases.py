"""Saved cases: every version kept, nothing overwritten unseen, names and texts that can be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from servanda.store import (
    BadNameError,
    NameTakenError,
    NotFoundError,
    StaleVersionError,
    Store,
)


def test_every_version_is_kept(store: Store) -> None:
    before = datetime.now(UTC)
    first = store.create_case("pledge", "case: é\n", "A pledge", note="as found")
    second = store.save_case("pledge", "case: 2\r\n\ttab", "A better pledge", seen=1, note="mended")
    assert store.case("pledge") == second
    assert store.case("pledge", 1) == first
    assert (first.version, second.version, second.text) == (1, 2, "case: 2\r\n\ttab")
    assert [(v.version, v.title, v.note) for v in store.versions("pledge")] == [
        (2, "A better pledge", "mended"),
        (1, "A pledge", "as found"),
    ]
    assert before - timedelta(seconds=1) < first.saved_at <= second.saved_at
    assert second.saved_at.utcoffset() == timedelta(0)


def test_who_has_not_seen_the_newest_is_told_and_nothing_is_saved(store: Store) -> None:
    store.create_case("pledge", "one", "A pledge")
    theirs = store.save_case("pledge", "two", "A pledge", seen=1)
    for seen in (0, 1, 3, -1, 2**40):
        with pytest.raises(StaleVersionError, match=r"version 2 of .* is the newest, not version") as caught:
            store.save_case("pledge", "mine", "A pledge", seen=seen)
        assert caught.value.current == theirs
    assert len(store.versions("pledge")) == 2
    # on top of theirs, on purpose
    assert store.save_case("pledge", "mine", "A pledge", seen=2).version == 3


def test_a_name_is_taken_once(store: Store) -> None:
    store.create_case("pledge", "one", "A pledge")
    store.archive_case("pledge")
    with pytest.raises(NameTakenError, match="`pledge`"):
        store.create_case("pledge", "other", "Other")
    assert store.case("pledge").text == "one"


def test_cases_put_aside_are_kept_and_brought_back(store: Store) -> None:
    store.create_case("b", "b", "B")
    store.create_case("a", "a", "A")
    store.save_case("a", "a2", "A", seen=1)
    store.archive_case("b")
    assert [(c.name, c.version) for c in store.cases()] == [("a", 2)]
    assert [c.name for c in store.cases(archived=True)] == ["b"]
    store.archive_case("b", archived=False)
    store.archive_case("a")
    store.save_case("a", "a3", "A", seen=2)
    assert [(c.name, c.version) for c in store.cases()] == [("a", 3), ("b", 1)]


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a/b", "..", "a" * 65, "é", "a\n", "a\0"])
def test_names_that_no_case_can_have(store: Store, name: str) -> None:
    with pytest.raises(BadNameError, match="cannot name a case"):
        store.create_case(name, "x", "X")
    with pytest.raises(NotFoundError):
        store.case(name)
    with pytest.raises(NotFoundError):
        store.versions(name)
    with pytest.raises(NotFoundError):
        store.archive_case(name)
    with pytest.raises(NotFoundError):
        store.save_case(name, "x", "X", seen=1)


@pytest.mark.parametrize("version", [0, -1, 2, 2**31, 2**63, 2**200])
def test_versions_that_are_not_there(store: Store, version: int) -> None:
    store.create_case("a", "x", "X")
    with pytest.raises(NotFoundError, match="no such version"):
        store.case("a", version)


@pytest.mark.parametrize(("broken", "said"), [("a\0b", "NUL"), ("\ud800", "half a character")])
def test_texts_that_cannot_be_kept(store: Store, broken: str, said: str) -> None:
    for text_, title, note in ((broken, "", ""), ("", broken, ""), ("", "", broken)):
        with pytest.raises(BadNameError, match=said):
            store.create_case("a", text_, title, note)
    assert store.cases() == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=60))
def test_a_text_comes_back_as_it_was(store: Store, written: str) -> None:
    if not store.cases():
        store.create_case("a", "", "")
    seen = store.case("a").version
    saved = store.save_case("a", written, written, seen=seen, note=written)
    back = store.case("a")
    assert (back, back.text, back.note) == (saved, written, written)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_version SET text = 'forged'",
        "DELETE FROM case_version",
        "DELETE FROM saved_case",
    ],
)
def test_the_database_itself_lets_nobody_change_a_version(store: Store, statement: str) -> None:
    store.create_case("a", "x", "X")
    with pytest.raises(IntegrityError, match="is append-only"), store._writing() as connection:
        connection.execute(text(statement))
    assert store.case("a").text == "x"


def test_a_whole_table_cannot_be_emptied_or_replaced(store: Store) -> None:
    store.create_case("a", "x", "X")
    statement = "TRUNCATE case_version"
    if store.database == "sqlite":
        columns = "name, version, 'forged', text, digest, saved_at, note"
        statement = f"INSERT OR REPLACE INTO case_version SELECT {columns} FROM case_version"
    with pytest.raises(IntegrityError, match="is append-only"), store._writing() as connection:
        connection.execute(text(statement))
    assert store.case("a").title == "X"
