"""Finished trials kept in a folder: read when asked again, lost by no crash, never taken for those of another game."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import load_text
from servanda.compile import Compiled, compile_case
from servanda.diagnosis import trials as module
from servanda.diagnosis.trials import SETTINGS, Headlines, Trials, remembering
from servanda.equilibrium import Settings, Terminal
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.game import Numbers
from tests.diagnosis.tried import assert_same, counted
from tests.sketches import Sketch
from tests.strategies import few

SMALL = Sketch(office=False, order="fixed")
ASKED = [{"pain": float(p)} for p in range(9)]


@pytest.fixture(scope="module")
def small() -> Compiled:
    return compile_case(SMALL.case)


@pytest.fixture(scope="module")
def written(small: Compiled, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Headlines]:
    """A folder with nine finished trials, and what they said."""
    folder = tmp_path_factory.mktemp("finished")
    with remembering(folder):
        return folder, Trials(small, 0, 2).run(ASKED, workers=1)


def never(self: Trials, numbers: Numbers) -> Headlines:
    raise AssertionError("solved, not read")


def ledgers(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_a_second_run_reads(small: Compiled, written: tuple[Path, Headlines], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, first = written
    assert len(ledgers(folder)) == 1
    monkeypatch.setattr(Trials, "solve_four", never)
    told: list[tuple[int, int]] = []
    with remembering(folder):
        again = Trials(small, 0, 2).run(ASKED, progress=lambda done, of: told.append((done, of)))
        turned = Trials(small, 0, 2).run(ASKED[::-1])
        anew = Trials(compile_case(SMALL.case), 0, 2).run(ASKED)
    assert_same(again, first)
    assert_same(turned, first.pick(range(8, -1, -1)))
    assert_same(anew, first)
    assert told == [(9, 9)]
    assert again.settled.dtype == bool


def test_what_is_read_is_what_is_solved(small: Compiled, written: tuple[Path, Headlines]) -> None:
    assert_same(Trials(small, 0, 2).run(ASKED), written[1])


def test_names_of_things_do_not_matter(written: tuple[Path, Headlines], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trials, "solve_four", never)
    text = SMALL.text.replace("title: A sketch", "title: Another").replace("case: sketch", "case: other")
    with remembering(written[0]):
        compiled = compile_case(load_text(text, "other.yaml").require())
        assert compiled.case.title == "Another"
        assert_same(Trials(compiled, 0, 2).run(ASKED), written[1])


def test_only_what_is_new_is_solved(small: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    games = counted(monkeypatch)
    told: list[tuple[int, int]] = []
    with remembering(tmp_path):
        Trials(small, 0, 2).run(ASKED[:3], workers=1)
        found = Trials(small, 0, 2).run(ASKED, workers=1, progress=lambda done, of: told.append((done, of)))
    assert games == [3, 4, 2]
    assert told == [(3, 9), (7, 9), (9, 9)]
    assert len(ledgers(tmp_path)) == 1
    assert_same(found, Trials(small, 0, 2).run(ASKED))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_killed_half_way_leaves_what_was_done(
    small: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    asked = [{"pain": float(p)} for p in range(40)]
    whole = Trials(small, 0, 2).run(asked)

    def killed(done: int, of: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with remembering(tmp_path), pytest.raises(KeyboardInterrupt):
        Trials(small, 0, 2, replace(SETTINGS, stop=Event())).run(asked, progress=killed, workers=workers)
    games = counted(monkeypatch)
    starts: list[int] = []
    with remembering(tmp_path):
        found = Trials(small, 0, 2).run(asked, workers=workers, progress=lambda done, of: starts.append(done))
    assert_same(found, whole)
    assert starts[0] == 8 if workers == 1 else 8 <= starts[0] < 40
    assert sum(games) == 40 - starts[0]


@given(share=st.floats(0.0, 1.0))
@few(20)
def test_a_file_cut_off_anywhere_is_made_good(small: Compiled, written: tuple[Path, Headlines], share: float) -> None:
    """What is whole is read, the rest is solved, and afterwards all of it is there."""
    folder, first = written
    (name,) = ledgers(folder)
    data = (folder / name).read_bytes()
    size = len(data) // len(ASKED)
    cut = round(share * len(data))
    told: list[int] = []
    with TemporaryDirectory() as other, pytest.MonkeyPatch.context() as patch:
        (Path(other) / name).write_bytes(data[:cut])
        with remembering(Path(other)):
            found = Trials(small, 0, 2).run(ASKED, workers=1, progress=lambda done, of: told.append(done))
            patch.setattr(Trials, "solve_four", never)
            assert_same(Trials(small, 0, 2).run(ASKED), first)
        assert ledgers(Path(other)) == {name}
    assert told[0] == cut // size
    assert_same(found, first)


@given(wrong=st.lists(st.tuples(st.floats(0.0, 0.999), st.integers(1, 255)), min_size=1, max_size=5))
@few(20)
def test_wrong_bytes_are_seen_and_made_good(
    small: Compiled, written: tuple[Path, Headlines], wrong: list[tuple[float, int]]
) -> None:
    folder, first = written
    (name,) = ledgers(folder)
    data = bytearray((folder / name).read_bytes())
    for share, value in wrong:
        data[int(share * len(data))] = value
    with TemporaryDirectory() as other, pytest.MonkeyPatch.context() as patch:
        (Path(other) / name).write_bytes(data)
        with remembering(Path(other)):
            assert_same(Trials(small, 0, 2).run(ASKED, workers=1), first)
            patch.setattr(Trials, "solve_four", never)
            assert_same(Trials(small, 0, 2).run(ASKED), first)


OTHERS: dict[str, Sketch] = {
    "a draft more": replace(SMALL, drafts=2),
    "a phase more": replace(SMALL, phases=2),
    "a level more": replace(SMALL, levels=4),
    "what a breach leads to": replace(SMALL, leads_to="suspension"),
    "the order of moves": replace(SMALL, order="drawn"),
    "a ratchet": replace(SMALL, ratchet=True),
    "a longer horizon": replace(SMALL, years=3),
    "an office": replace(SMALL, office=True),
    "what counts as war": replace(SMALL, war=False),
    "who has to approve": replace(SMALL, ratifiers=1),
    "a sunset": replace(SMALL, sunset="2023-03-01"),
    "its date": replace(SMALL, sunset="2022-09-01"),
    "a shock": replace(SMALL, shock="ended"),
    "values with the term of taste": replace(SMALL, values="taste"),
}


def swapped(text: str) -> str:
    """The text with what two of south's moves do exchanged: the same states, reached by other moves."""
    return (
        text.replace("reduce: {when: arms > l0, effects: {arms: down}}", "reduce: {when: arms > l0}")
        .replace("wait: {}", "wait: {effects: {arms: down}}")
    )  # fmt: skip


def test_another_game_is_another_file(small: Compiled, tmp_path: Path) -> None:
    """Structure, draft, window and tolerance: each changes the file, and no answer is mistaken."""
    two = compile_case(replace(SMALL, drafts=2).case)
    made = {what: Trials(compile_case(sketch.case), 0, 2) for what, sketch in OTHERS.items()}
    made["what moves do"] = Trials(compile_case(load_text(swapped(SMALL.text), "sketch.yaml").require()), 0, 2)
    assert set(made["what moves do"].compiled.codes) == set(small.codes)
    made |= {
        "as it is": Trials(small, 0, 2),
        "another draft": Trials(two, 1, 2),
        "no draft": Trials(small, None, 2),
        "another window": Trials(small, 0, 3),
        "an earlier date": Trials(small, 0, 2, until=3),
        "a tolerance": Trials(small, 0, 2, replace(SETTINGS, tail_tolerance=1e-6)),
        "a limit of steps": Trials(small, 0, 2, replace(SETTINGS, tail_steps=99)),
    }
    seen: set[str] = set()
    with remembering(tmp_path):
        for what, trials in made.items():
            found = trials.run([{}, {"gain": 3.0}])
            fresh = ledgers(tmp_path) - seen
            assert len(fresh) == 1, what
            seen |= fresh
            with remembering(None):
                assert_same(trials.run([{}, {"gain": 3.0}]), found)
    assert len(seen) == len(made)


def test_another_number_is_another_record(small: Compiled, tmp_path: Path) -> None:
    other = compile_case(replace(SMALL, pain=21.0, bond=2.0).case)
    true = Trials(other, 0, 2).run(ASKED)
    with remembering(tmp_path):
        Trials(small, 0, 2).run([{}, *ASKED])
        assert_same(Trials(other, 0, 2).run(ASKED), true)
        assert_same(Trials(small, 0, 2).run([{"bond": 2.0, **ASKED[3]}]), true.pick([3]))


def test_a_number_that_moves_with_the_date_is_not_taken_for_another(tmp_path: Path) -> None:
    """Two incomes of ten points, one of which doubles in 2023: the same table, and another game."""
    wage = "    wage: {{worth: {}}}"
    rising = "if date < 2023-01-01 then 10 else 20"
    one = Trials.of(replace(SMALL, dated=True, also=(("  dove", wage.format(10)),)).case, "draft0", 2)
    two = Trials.of(replace(SMALL, also=(("  dove", wage.format(rising)),)).case, "draft0", 2)
    true = two.run([{}])
    with remembering(tmp_path):
        assert one.run([{}]).value[0] < true.value[0]
        assert_same(two.run([{}]), true)


@pytest.mark.parametrize(
    "changes",
    [{"terminal": Terminal("settled")}, {"terminal": Terminal("best", 1)}],
    ids=["settled", "best"],
)
def test_another_continuation_is_not_mistaken(small: Compiled, tmp_path: Path, changes: dict[str, Any]) -> None:
    other = replace(SETTINGS, **changes)
    true = Trials(small, 0, 2, other).run(ASKED[:1])
    with remembering(tmp_path):
        assert Trials(small, 0, 2).run(ASKED[:1]).keep != true.keep
        assert_same(Trials(small, 0, 2, other).run(ASKED[:1]), true)


def test_another_engine_remembers_nothing(
    small: Compiled, written: tuple[Path, Headlines], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = ledgers(written[0])
    (tmp_path / name).write_bytes((written[0] / name).read_bytes())
    monkeypatch.setattr(module, "engine_digest", lambda: b"another engine..")
    games = counted(monkeypatch)
    with remembering(tmp_path):
        assert_same(Trials(small, 0, 2).run(ASKED), written[1])
    assert sum(games) == len(ASKED)
    assert len(ledgers(tmp_path)) == 2


def test_a_folder_that_cannot_be_written_costs_a_warning(
    small: Compiled, written: tuple[Path, Headlines], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with caplog.at_level(logging.WARNING, "servanda"), remembering(in_the_way / "deeper"):
        assert_same(Trials(small, 0, 2).run(ASKED), written[1])
    assert "finished work cannot be kept in" in caplog.text
    assert {r.levelname for r in caplog.records} == {"WARNING"}
    assert in_the_way.read_text() == "not a folder"


def test_a_folder_that_cannot_be_written_is_warned_about_once(
    small: Compiled, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with caplog.at_level(logging.WARNING, "servanda"), remembering(tmp_path):
        Trials(small, 0, 2).run([{"pain": float(p)} for p in range(20)])
    assert len([r for r in caplog.records if "cannot be kept" in r.message]) == 1
    assert "Permission denied" in caplog.text


def test_nothing_is_kept_unless_asked(small: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    games = counted(monkeypatch)
    monkeypatch.chdir(tmp_path)
    with remembering(tmp_path / "kept"):
        with remembering(None):
            Trials(small, 0, 2).run(ASKED[:1])
        assert not (tmp_path / "kept").exists()
        Trials(small, 0, 2).run(ASKED[:1])
    with pytest.raises(ZeroDivisionError), remembering(tmp_path / "other"):
        _ = 1 / 0
    Trials(small, 0, 2).run(ASKED[:1])
    assert games == [1, 1, 1]
    assert ledgers(tmp_path) == {"kept"}


def test_an_interrupted_run_keeps_what_was_done(small: Compiled, tmp_path: Path) -> None:
    stop = Event()

    def progress(done: int, of: int) -> None:
        if done:
            stop.set()

    with remembering(tmp_path):
        trials = Trials(small, 0, 2).stopping(Settings(stop=stop))
        with pytest.raises(InterruptedSolveError, match="interrupted"):
            trials.run(ASKED, workers=1, progress=progress)
        # what is finished is read even while everything is told to stop
        done = trials.run(ASKED[:4])
    assert_same(done, Trials(small, 0, 2).run(ASKED[:4]))
    assert np.isfinite(done.holds).all()
