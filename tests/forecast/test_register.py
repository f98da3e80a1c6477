"""The register of forecasts: what was published stays as it was, or the damage is seen."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.forecast import register
from servanda.forecast.reckoning import scores_of
from servanda.forecast.register import (
    Asked,
    Entry,
    Forecasts,
    Outcome,
    RegisterError,
    Repair,
    default_register,
    entries,
    mend,
    publish,
    verify,
)
from tests.strategies import few

WAR = Asked(
    "war", "War before 2027?", "by", date(2027, 1, 1), 0.07, 0.02, 0.15, "very unlikely", "low",
    (("base rate", 0.04, "wars 1946–2016"), ("no change", 0.0, "the state"), ("coin", 0.5, "nothing")),
)  # fmt: skip
DEAL = Asked("deal", "A deal on 1 July 2026?", "at", date(2026, 7, 1), 1 / 3, 0.1, 0.6, "unlikely")
BOTH = Forecasts("us-iran", date(2025, 1, 1), "c0ffee", "feed", (("draws", "4096"), ("seed", "0")), (WAR, DEAL))
HAPPENED = Outcome("us-iran", "deal", True, date(2026, 7, 1), "a newspaper", date(2026, 7, 1))


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, 12, tzinfo=UTC)


def three(path: Path) -> list[Entry]:
    return [
        publish(BOTH, path, now=day(2025, 2, 1)),
        publish(replace(BOTH, questions=(replace(DEAL, probability=0.5),)), path, now=day(2025, 8, 1)),
        publish(HAPPENED, path, now=day(2026, 7, 3)),
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "forecasts.jsonl"
    three(path)
    return path.read_bytes()


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "forecasts.jsonl"
    written = three(path)
    assert entries(path) == tuple(written)
    assert [e.number for e in written] == [1, 2, 3]
    assert written[0].what == BOTH
    assert written[0].time == day(2025, 2, 1)
    checked = verify(path)
    assert (checked.entries, checked.broken_at, checked.reason, checked.torn) == (3, None, "", False)
    assert checked.head == written[-1].sha256


def test_an_entry_can_be_checked_by_hand(whole: bytes) -> None:
    previous = "0" * 64
    for number, line in enumerate(whole.decode("ascii").splitlines(), start=1):
        body = json.loads(line)
        digest = body.pop("sha256")
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        assert sha256(text.encode()).hexdigest() == digest
        assert (body["number"], body["previous"]) == (number, previous)
        previous = digest


def test_the_file_is_found_where_data_of_users_belong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_register() == tmp_path / "servanda" / "forecasts.jsonl"
    publish(BOTH)
    assert verify().entries == 1
    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_register() == Path.home() / ".local" / "share" / "servanda" / "forecasts.jsonl"


@given(st.data())
@few(150)
def test_any_changed_byte_is_seen(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != whole[at]))
    checked = checked_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
    assert not checked.sound
    # a newline that goes makes one line of two, the first of which is then said to be broken
    assert checked.broken_at == whole[:at].count(b"\n") + 1
    assert checked.entries == checked.broken_at - 1


@given(st.data())
@few(100)
def test_any_insertion_and_deletion_is_seen(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        changed = whole[:at] + data.draw(st.binary(min_size=1, max_size=4)) + whole[at:]
    else:
        end = data.draw(st.integers(at + 1, len(whole)))
        changed = whole[:at] + whole[end:]
    ends_with_an_entry = whole.startswith(changed) and changed[-1:] in {b"", b"\n"}
    assert checked_bytes(changed).sound == ends_with_an_entry


@pytest.mark.parametrize(
    ("order", "broken_at", "reason"),
    [
        ([1, 0, 2], 1, "it does not follow the line before it"),
        ([0, 2], 2, "it does not follow the line before it"),
        ([0, 1, 1], 3, "it does not follow the line before it"),
        ([1, 2], 1, "it does not follow the line before it"),
    ],
)
def test_lines_cannot_be_moved_left_out_or_repeated(
    whole: bytes, order: list[int], broken_at: int, reason: str
) -> None:
    lines = whole.splitlines(keepends=True)
    checked = checked_bytes(b"".join(lines[k] for k in order))
    assert (checked.broken_at, checked.reason) == (broken_at, reason)


def test_a_line_forged_with_its_digest_breaks_the_chain_after_it(whole: bytes) -> None:
    first, *rest = whole.splitlines(keepends=True)
    body = json.loads(first)
    body["forecasts"]["questions"][0]["probability"] = 0.9
    del body["sha256"]
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    body["sha256"] = sha256(text.encode()).hexdigest()
    forged = json.dumps(body, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert checked_bytes(forged).sound
    checked = checked_bytes(forged + b"".join(rest))
    assert (checked.broken_at, checked.reason) == (2, "it does not follow the line before it")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"number": 7}, "it is numbered 7"),
        ({"kind": "opinion"}, "it holds no entry that this program knows ('opinion')"),
        ({"outcome": {"case": "us-iran"}}, "it holds no entry that this program knows ('date')"),
        ({"time": "yesterday"}, "it holds no entry that this program knows (Invalid isoformat string: 'yesterday')"),
    ],
)
def test_a_digest_alone_makes_no_entry(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    publish(HAPPENED, path)
    body = {**json.loads(path.read_bytes()), **change}
    del body["sha256"]
    body["sha256"] = sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    checked = checked_bytes(json.dumps(body, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert (checked.broken_at, checked.reason) == (1, reason)


def test_other_lines_are_no_entries() -> None:
    assert checked_bytes(b"").sound
    assert checked_bytes(b"\n").reason == "no JSON"
    assert checked_bytes(b"[1,2]\n").reason == "not written as this program writes it"
    assert checked_bytes(b'{"a": 1}\n').reason == "not written as this program writes it"
    assert checked_bytes(b"{}\n").reason == "its digest is not that of its content"
    assert checked_bytes(b"[" * 100_000 + b"\n").reason == "no JSON"


def checked_bytes(data: bytes) -> register.Verified:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "forecasts.jsonl"
        path.write_bytes(data)
        return verify(path)


def test_a_cut_off_end_is_seen_by_who_kept_the_head(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    path.write_bytes(whole)
    head = verify(path).head
    assert verify(path, head=head).sound
    assert verify(path, head=entries(path)[0].sha256).sound
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    assert verify(path).sound
    checked = verify(path, head=head)
    assert (checked.sound, checked.entries, checked.broken_at, checked.torn) == (False, 2, 3, False)
    assert checked.reason == f"the entry {head[:12]}… is missing: the register was cut off or written anew"


def test_a_power_cut_at_any_byte_of_an_entry_is_seen_and_mended_aloud(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    lines = whole.splitlines(keepends=True)
    start = len(lines[0]) + len(lines[1])
    for cut in [*range(start + 1, len(whole), 37), len(whole) - 1]:
        path.write_bytes(whole[:cut])
        checked = verify(path)
        assert (checked.entries, checked.broken_at, checked.torn) == (2, 3, True)
        assert checked.reason == f"an unfinished line of {cut - start} bytes, as a crash leaves it"
        with pytest.raises(RegisterError, match=r"line 3: an unfinished line .* let `mend` set"):
            publish(HAPPENED, path)
        with pytest.raises(RegisterError, match="line 3: an unfinished line"):
            entries(path)
        assert path.read_bytes() == whole[:cut]
        mended = mend(path, now=day(2026, 7, 4))
        assert mended.number == 3
        assert mended.what == Repair(whole[start:cut].hex())
        assert publish(HAPPENED, path).number == 4
        assert verify(path).sound
        assert path.read_bytes().startswith(whole[:start])


def test_what_was_tampered_with_is_neither_mended_nor_added_to(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    changed = whole.replace(b'"probability":0.07', b'"probability":0.77')
    path.write_bytes(changed + b"torn")
    with pytest.raises(RegisterError, match="cannot be mended: line 1: its digest is not that of its content"):
        mend(path)
    with pytest.raises(RegisterError, match=r"line 1: its digest is not that of its content$"):
        publish(HAPPENED, path)
    assert path.read_bytes() == changed + b"torn"
    path.write_bytes(whole)
    with pytest.raises(RegisterError, match="cannot be mended: no line is unfinished"):
        mend(path)


def test_a_full_disk_leaves_the_register_as_it_was(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "forecasts.jsonl"
    path.write_bytes(whole)
    real, calls = os.pwrite, []

    def full(handle: int, data: bytes, at: int) -> int:
        calls.append(at)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(handle, data[: len(data) // 2], at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(RegisterError, match=r"forecasts\.jsonl: No space left on device"):
        publish(BOTH, path)
    monkeypatch.undo()
    assert path.read_bytes() == whole
    # a slow disk takes an entry in pieces
    monkeypatch.setattr(os, "pwrite", lambda handle, data, at: real(handle, data[:100], at))
    assert publish(BOTH, path).number == 4
    assert verify(path).sound


def test_a_register_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="No such file or directory"):
        verify(tmp_path / "none.jsonl")
    (tmp_path / "file").write_text("")
    with pytest.raises(RegisterError, match=r"the register .*forecasts"):
        publish(BOTH, tmp_path / "file" / "forecasts.jsonl")


def test_what_is_no_probability_is_not_published() -> None:
    for wrong in (
        {"probability": 1.2},
        {"low": math.nan},
        {"high": -0.1},
        {"benchmarks": (("coin", 50.0, ""),)},
    ):
        with pytest.raises(ValueError, match="war: a probability lies between 0 and 1"):
            replace(WAR, **wrong)


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    writers = [threading.Thread(target=lambda: [publish(BOTH, path) for _ in range(8)]) for _ in range(4)]
    for w in writers:
        w.start()
    while any(w.is_alive() for w in writers):
        if path.exists():
            assert verify(path).sound
    for w in writers:
        w.join()
    assert [e.number for e in entries(path)] == list(range(1, 33))


WRITER = """
import sys
from datetime import date
from pathlib import Path
from servanda.forecast.register import Outcome, publish
while True:
    publish(Outcome("c", "q", True, date(2026, 1, 1), "x" * 20_000, date(2026, 1, 1)), Path(sys.argv[1]))
"""


def test_killed_writers_lose_nothing_that_was_published(tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    kept: list[str] = []
    for _ in range(2):
        writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) for _ in range(2)]
        end = time.monotonic() + 180
        while (not path.exists() or path.read_bytes().count(b"\n") < len(kept) + 5) and time.monotonic() < end:
            time.sleep(0.01)
        for w in writers:
            w.kill()
            w.wait()
        checked = verify(path)
        assert checked.sound or checked.torn
        assert checked.entries >= len(kept) + 5
        if checked.torn:
            mend(path)
        found = [e.sha256 for e in entries(path)]
        assert found[: len(kept)] == kept
        kept = found


def test_what_has_been_settled_is_scored(tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    three(path)
    found = scores_of(path)
    assert [(s.number, s.asked.question, s.happened) for s in found.settled] == [(1, "deal", True), (2, "deal", True)]
    assert [s.brier for s in found.settled] == pytest.approx([4 / 9, 0.25])
    assert [s.log for s in found.settled] == pytest.approx([math.log(3), math.log(2)])
    assert found.waiting == ((1, "war"),)
    (ours,) = found.standings
    assert (ours.forecaster, ours.questions) == ("servanda", 2)
    assert ours.brier.value == pytest.approx((4 / 9 + 0.25) / 2)
    last = scores_of(path, last_only=True)
    assert [s.number for s in last.settled] == [2]


def test_outcomes_are_corrected_by_later_ones_and_benchmarks_scored_beside(tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    publish(replace(BOTH, questions=(WAR,)), path, now=day(2025, 2, 1))
    war = Outcome("us-iran", "war", True, date(2026, 3, 1), "a rumour", WAR.date)
    publish(war, path, now=day(2026, 3, 2))
    assert [s.happened for s in scores_of(path).settled] == [True]
    publish(replace(war, happened=None, source="nobody knows"), path, now=day(2026, 4, 1))
    annulled = scores_of(path)
    assert (annulled.settled, annulled.annulled, annulled.standings) == ((), ((1, "war"),), ())
    publish(replace(war, happened=False, settled=WAR.date, source="the calendar"), path, now=day(2027, 1, 2))
    found = scores_of(path)
    assert {s.forecaster: round(s.brier.value, 6) for s in found.standings} == {
        "servanda": 0.0049,
        "base rate": 0.0016,
        "no change": 0.0,
        "coin": 0.25,
    }
    assert found.standings[0].skill.value == pytest.approx(1 - 0.0049 / 0.0016)


def test_nobody_is_credited_with_what_was_known_already(tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    one = replace(BOTH, questions=(WAR,))
    for time_ in (day(2026, 2, 28), day(2026, 3, 1), day(2026, 9, 1), day(2027, 2, 1)):
        publish(one, path, now=time_)
    publish(Outcome("us-iran", "war", True, date(2026, 3, 1), "the press", WAR.date), path, now=day(2027, 2, 2))
    found = scores_of(path)
    assert [s.number for s in found.settled] == [1]
    assert found.late == ((2, "war"), (3, "war"), (4, "war"))
    other = replace(WAR, date=date(2028, 1, 1))
    publish(replace(BOTH, questions=(other,)), path, now=day(2027, 3, 1))
    assert scores_of(path).waiting == ((6, "war"),)


def test_time_is_kept_in_one_zone(tmp_path: Path) -> None:
    path = tmp_path / "forecasts.jsonl"
    entry = publish(BOTH, path, now=datetime.fromisoformat("2026-01-01T01:00:00+03:00"))
    assert entry.time.isoformat() == "2025-12-31T22:00:00+00:00"
    assert entries(path)[0].time == entry.time
    assert abs((publish(BOTH, path).time - datetime.now(UTC)).total_seconds()) < 60
