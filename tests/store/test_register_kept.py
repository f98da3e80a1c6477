"""The register in the database: the same chained lines as in a file."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from servanda.forecast import register as file_register
from servanda.forecast.register import Asked, Forecasts, Outcome, RegisterError
from servanda.store import Store

ASKED = Asked("war", "War before 2027?", "by", date(2027, 1, 1), 0.07, 0.02, 0.15, "very unlikely")
FORECASTS = Forecasts("us-iran", date(2025, 1, 1), "c0ffee", "1", (("draws", "64"),), (ASKED,))
OUTCOME = Outcome("us-iran", "war", False, date(2027, 1, 2), "Reuters", date(2027, 1, 1))


def test_entries_follow_each_other(store: Store, tmp_path: Path) -> None:
    first, second = store.publish(FORECASTS), store.publish(OUTCOME)
    assert store.forecasts() == (first, second)
    assert (first.number, second.number, first.what, second.what) == (1, 2, FORECASTS, OUTCOME)
    checked = store.verify(head=first.sha256)
    assert (checked.sound, checked.entries, checked.head) == (True, 2, second.sha256)
    # the same bytes as a register file, which anybody can check without this program
    file = tmp_path / "forecasts.jsonl"
    file.write_bytes(store.register_lines())
    assert file_register.entries(file) == (first, second)
    previous = "0" * 64
    for line in store.register_lines().splitlines():
        entry = json.loads(line)
        digest = entry.pop("sha256")
        assert sha256(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()).hexdigest() == digest
        assert entry["previous"] == previous
        previous = digest


def test_a_register_without_entries_is_sound(store: Store) -> None:
    assert store.verify().sound
    assert store.forecasts() == ()


def test_an_end_that_was_cut_off_is_missed(store: Store) -> None:
    store.publish(FORECASTS)
    checked = store.verify(head="f" * 64)
    assert (checked.sound, checked.broken_at) == (False, 2)
    assert "cut off or written anew" in checked.reason


@pytest.mark.parametrize("statement", ["UPDATE forecast_entry SET line = 'x'", "DELETE FROM forecast_entry"])
def test_the_database_lets_nobody_touch_an_entry(store: Store, statement: str) -> None:
    store.publish(FORECASTS)
    with pytest.raises(IntegrityError, match="forecast_entry is append-only"), store._writing() as connection:
        connection.execute(text(statement))


def test_a_broken_chain_is_told_and_nothing_is_added(store: Store) -> None:
    for _ in range(3):
        store.publish(FORECASTS)
    with store._writing() as connection:
        if store.database == "sqlite":
            connection.execute(text("DROP TRIGGER forecast_entry_no_update"))
        else:
            connection.execute(text("ALTER TABLE forecast_entry DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE forecast_entry SET line = replace(line, '0.07', '0.09') WHERE number = 2"))
    checked = store.verify()
    assert (checked.sound, checked.broken_at, checked.entries) == (False, 2, 1)
    assert checked.reason == "its digest is not that of its content"
    with pytest.raises(RegisterError, match="entry 2: its digest"):
        store.publish(OUTCOME)
    with pytest.raises(RegisterError, match="entry 2"):
        store.forecasts()


def test_many_publish_at_once(url: str) -> None:
    def publish(_: int) -> None:
        with Store.open(url) as mine:
            for _ in range(4):
                mine.publish(FORECASTS)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(publish, range(5)))
    with Store.open(url) as store:
        assert [entry.number for entry in store.forecasts()] == list(range(1, 21))
