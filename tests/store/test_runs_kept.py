"""Kept runs: found again by id, case, kind, digest and scenario; contents checked when read."""

from __future__ import annotations

import math

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from servanda.store import BrokenBlobError, NotFoundError, Store, StoreError
from servanda.store.records import digest_of
from tests.store.kept import RESOLVED, new_run


def test_a_run_comes_back_as_it_was_kept(store: Store) -> None:
    new = new_run(version=3, scenario={"set": {"a": 0.1}, "off": ["b"]}, options={"draws": 64})
    kept = store.add_run(new)
    assert store.run(kept.id) == store.run(kept.id[:6].upper()) == store.runs()[0] == kept
    assert (kept.digest, kept.written) == (digest_of(RESOLVED), digest_of(new.text))
    assert kept.provenance == new.provenance
    assert store.result(kept) == new.result
    assert store.result(kept)["verdict"]["probability"] == 0.30000000000000004
    assert sorted(kept.files) == ["case.yaml", "report.html", "resolved.yaml", "result.json"]
    assert store.blob(kept.files["report.html"]) == new.files["report.html"]
    assert store.blob(kept.files["case.yaml"]).decode() == new.text


def test_runs_are_found_by_what_they_are(store: Store) -> None:
    first = store.add_run(new_run())
    second = store.add_run(new_run("forecast", scenario={"set": {"a": 1}, "off": ["y", "x"]}))
    third = store.add_run(new_run(case="other", text="case: other\n"))
    assert store.runs() == (third, second, first)
    assert store.runs(limit=1) == (third,)
    assert store.runs("pledge") == (second, first)
    assert store.runs("pledge", "run") == (first,)
    assert store.runs(digest=third.written) == (third,)
    assert store.runs(digest=first.digest) == (third, second, first)
    assert store.runs(text="case: pledge\n") == (first,)
    assert store.runs(text="case: pledge\n", scenario={"off": ["x", "y"], "set": {"a": 1.0}, "version": 7}) == (second,)
    assert store.runs(text="case: pledge\n", scenario={"set": {"a": 1.5}, "off": ["x", "y"]}) == ()
    assert store.runs("nobody") == ()
    assert store.runs(limit=-3) == (third,)


@pytest.mark.parametrize("name", ["", "%", "_", "zzzz", "' OR 1=1", "é", "a\0b"])
def test_a_run_that_is_not_there(store: Store, name: str) -> None:
    store.add_run(new_run())
    with pytest.raises(NotFoundError):
        store.run(name)


def test_an_ambiguous_beginning_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["aaaa11111111", "aaaa22222222"])
    monkeypatch.setattr("servanda.store.runs.secrets.token_hex", lambda _: next(ids))
    store.add_run(new_run())
    store.add_run(new_run())
    with pytest.raises(NotFoundError, match="several runs begin with"):
        store.run("aaaa")
    assert store.run("aaaa2").id == "aaaa22222222"
    # short beginnings are asked for by accident
    with pytest.raises(NotFoundError, match="no run is called"):
        store.run("aaa")


def test_the_same_content_is_kept_once(store: Store) -> None:
    store.add_run(new_run())
    contents = store.counts()["contents"]
    store.add_run(new_run())
    assert store.counts()["contents"] == contents
    assert store.counts()["runs"] == 2


def test_a_result_that_json_cannot_carry_is_refused(store: Store) -> None:
    for wrong in (math.nan, {1, 2}):
        with pytest.raises(StoreError, match="cannot be kept as JSON"):
            store.add_run(new_run(result={"x": wrong}))
    assert store.counts()["runs"] == store.counts()["contents"] == 0


def test_what_is_not_there_under_a_digest(store: Store) -> None:
    with pytest.raises(NotFoundError, match="nothing is kept under"):
        store.blob("0" * 64)


@pytest.mark.parametrize("forgery", ["x'00'", "packed swapped", "packing"])
def test_tampering_with_a_content_is_found_on_reading(store: Store, forgery: str) -> None:
    kept = store.add_run(new_run())
    victim = kept.files["report.html"]
    other = kept.files["case.yaml"]
    with store._writing() as connection:
        # what somebody with the rights of the owner could do
        if store.database == "sqlite":
            connection.execute(text("DROP TRIGGER blob_no_update"))
        else:
            connection.execute(text("ALTER TABLE blob DISABLE TRIGGER ALL"))
        match forgery:
            case "packing":
                statement = "UPDATE blob SET packing = 'none' WHERE digest = :victim"
            case "packed swapped":
                statement = (
                    "UPDATE blob SET packed = (SELECT packed FROM blob WHERE digest = :other) WHERE digest = :victim"
                )
            case _:
                statement = "UPDATE blob SET packed = substr(packed, 1, 20) WHERE digest = :victim"
        given = {"victim": victim} | ({"other": other} if ":other" in statement else {})
        connection.execute(text(statement), given)
    with pytest.raises(BrokenBlobError, match=victim[:12]):
        store.blob(victim)
    assert store.broken_blobs() == (victim,)
    assert store.blob(other) == b"case: pledge\n"


@pytest.mark.parametrize("table", ["run", "run_file", "blob"])
@pytest.mark.parametrize("verb", ["UPDATE {0} SET {1} = 'x'", "DELETE FROM {0}"])
def test_kept_runs_cannot_be_changed(store: Store, table: str, verb: str) -> None:
    store.add_run(new_run())
    column = {"run": "headline", "run_file": "name", "blob": "packing"}[table]
    with pytest.raises(IntegrityError, match=f"{table} is append-only"), store._writing() as connection:
        connection.execute(text(verb.format(table, column)))
