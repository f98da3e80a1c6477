"""The file of finished numbers: what went in comes out, whatever a crash or a bad disk left behind."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda import ledger
from servanda.ledger import KEY_BYTES, Ledger, cache_folder, engine_digest

WIDTH, COUNT = 3, 6
SIZE = KEY_BYTES + 8 * WIDTH + 4
STRANGE = [np.nan, np.inf, -0.0, 5e-324, 1 / 3, -1e300]


def key(name: int) -> bytes:
    return name.to_bytes(KEY_BYTES, "big")


def record(name: int) -> dict[bytes, np.ndarray]:
    return {key(name): np.array([name, name / 3, STRANGE[name % len(STRANGE)]])}


def filled(path: Path, count: int = COUNT) -> bytes:
    for name in range(count):
        Ledger(path, WIDTH).add(record(name))
    return path.read_bytes()


def assert_whole(book: Ledger, names: set[int]) -> None:
    assert set(book.known) == {key(n) for n in names}
    for name in names:
        assert book.known[key(name)].tobytes() == record(name)[key(name)].tobytes()


def test_what_went_in_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "numbers.ledger"
    book = Ledger(path, WIDTH)
    assert book.known == {}
    assert not path.parent.exists()
    assert len(filled(path)) == COUNT * SIZE
    assert_whole(Ledger(path, WIDTH), set(range(COUNT)))
    assert book.known == {}


def test_what_was_added_is_known_at_once_and_many_go_in_together(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "numbers", WIDTH)
    book.add({**record(0), **record(1), **record(4)})
    book.add({})
    assert_whole(book, {0, 1, 4})
    assert_whole(Ledger(book.path, WIDTH), {0, 1, 4})


def test_two_writers_of_one_file_do_no_harm(tmp_path: Path) -> None:
    one, two = Ledger(tmp_path / "numbers", WIDTH), Ledger(tmp_path / "numbers", WIDTH)
    one.add(record(0))
    two.add({**record(0), **record(1)})
    one.add(record(2))
    assert one.path.stat().st_size == 4 * SIZE
    assert_whole(Ledger(one.path, WIDTH), {0, 1, 2})


@pytest.mark.parametrize(
    "bad", [{key(1)[:-1]: np.zeros(WIDTH)}, {key(1): np.zeros(WIDTH - 1)}, {key(1): np.zeros(WIDTH + 1)}]
)
def test_a_record_of_the_wrong_length_is_refused(tmp_path: Path, bad: dict[bytes, np.ndarray]) -> None:
    book = Ledger(tmp_path / "numbers", WIDTH)
    with pytest.raises(ValueError, match=r"^a record is 16 bytes of key and 3 numbers$"):
        book.add({**record(0), **bad})
    assert book.known == {}
    assert not book.path.exists()


@given(st.integers(0, COUNT * SIZE))
def test_a_file_cut_off_anywhere_keeps_its_whole_records(cut: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "numbers"
        path.write_bytes(filled(path)[:cut])
        left = cut // SIZE
        assert_whole(Ledger(path, WIDTH), set(range(left)))
        Ledger(path, WIDTH).add(record(9))  # behind what is torn
        Ledger(path, WIDTH).add(record(10))
        assert_whole(Ledger(path, WIDTH), {*range(left), 9, 10})


@given(st.lists(st.tuples(st.integers(0, COUNT * SIZE - 1), st.integers(1, 255)), max_size=4, unique_by=lambda x: x[0]))
def test_wrong_bytes_cost_only_the_records_they_are_in(wrong: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "numbers"
        data = bytearray(filled(path))
        for at, change in wrong:
            data[at] ^= change
        path.write_bytes(data)
        assert_whole(Ledger(path, WIDTH), set(range(COUNT)) - {at // SIZE for at, _ in wrong})


@given(st.integers(0, COUNT * SIZE), st.binary(max_size=2 * SIZE))
def test_bytes_put_in_between_cost_at_most_one_record(at: int, rubbish: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "numbers"
        data = filled(path)
        path.write_bytes(data[:at] + rubbish + data[at:])
        torn = {at // SIZE} if at % SIZE and rubbish else set()
        found = Ledger(path, WIDTH)
        assert {key(n) for n in set(range(COUNT)) - torn} <= set(found.known) <= {key(n) for n in range(COUNT)}


@given(st.binary(max_size=200) | st.integers(0, 400).map(bytes))
def test_a_file_of_something_else_holds_nothing(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "numbers"
        path.write_bytes(data)
        assert Ledger(path, WIDTH).known == {}


def test_a_file_that_cannot_be_read_or_written_is_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with caplog.at_level(logging.WARNING, "servanda"):
        book = Ledger(in_the_way / "numbers", WIDTH)
        book.add(record(0))
    assert_whole(book, {0})
    assert [r.levelname for r in caplog.records] == ["WARNING", "WARNING"]
    assert f"finished work cannot be read from {book.path} (Not a directory)" in caplog.records[0].message
    assert f"finished work cannot be kept in {book.path}" in caplog.records[1].message
    assert in_the_way.read_text() == "not a folder"


def test_a_full_disk_is_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Ledger(tmp_path / "numbers", WIDTH)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with caplog.at_level(logging.WARNING, "servanda"):
        book.add(record(3))
    assert_whole(book, {3})
    assert "No space left on device" in caplog.text


def test_the_cache_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cached"))
    assert cache_folder() == tmp_path / "cached" / "servanda"
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("XDG_CACHE_HOME")
        else:
            monkeypatch.setenv("XDG_CACHE_HOME", unset)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert cache_folder() == tmp_path / ".cache" / "servanda"


def test_another_engine_has_another_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what makes numbers counts, by content and by name."""
    assert len(engine_digest()) == KEY_BYTES
    assert engine_digest() == engine_digest.__wrapped__()
    source, page = tmp_path / "equilibrium" / "inner" / "solve.py", tmp_path / "report" / "page.py"
    for path in (source, page):
        path.parent.mkdir(parents=True)
    monkeypatch.setattr(ledger, "__file__", str(tmp_path / "ledger.py"))
    digests = []
    for text in ("x = 1\n", "x = 2\n"):
        source.write_text(text)
        digests.append(engine_digest.__wrapped__())
        page.write_text(text)
        assert engine_digest.__wrapped__() == digests[-1]
    source.rename(source.with_name("other.py"))
    digests.append(engine_digest.__wrapped__())
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0")
    digests.append(engine_digest.__wrapped__())
    assert len(set(digests)) == 4


@pytest.mark.parametrize("room", ["case", "compile", "diagnosis", "equilibrium", "game", "kernels"])
def test_every_room_that_makes_numbers_is_in_the_digest(room: str) -> None:
    assert (Path(ledger.__file__).parent / room / "__init__.py").exists()
    assert room in ledger._ENGINE
