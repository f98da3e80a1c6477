"""Finished runs that are kept: read whole, solved again where anything differs, and never a way to run code."""

from __future__ import annotations

import logging
import pickle
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from servanda.analysis import Settings
from servanda.analysis import finished as room
from servanda.analysis.finished import finished
from servanda.case import read
from servanda.errors import Issue, Location
from servanda.report.tables import to_dict
from servanda.runs import Run

ASKED = Settings(select=False, frictions=False, diagnosis=())


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "servanda" / "runs"


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cases that were solved."""
    told: list[str] = []

    def running(case: Any, *more: Any) -> Run:
        told.append(case.name)
        return real(case, *more)

    real = room.run
    monkeypatch.setattr(room, "run", running)
    return told


def test_the_same_question_is_read(kept: Path, solved: list[str]) -> None:
    case = read("theory/pledge")
    first, before = finished(case, ASKED)
    again, known = finished(read("theory/pledge"), ASKED)
    assert (before, known, len(solved)) == (False, True, 1)
    assert to_dict(again) == to_dict(first)
    assert again == first
    assert len(list(kept.iterdir())) == 1


def test_what_differs_is_solved(kept: Path, solved: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    case = read("theory/pledge")
    finished(case, ASKED)
    name, value = case.parameters[0].name, 0.123
    finished(case, replace(ASKED, overrides={name: value}))
    finished(case, replace(ASKED, sign_window_years=1.0))
    finished(replace(case, description=case.description + "!"), ASKED)
    finished(case, replace(ASKED, fresh=True))
    assert len(solved) == 5
    # asked afresh it takes the place of the first
    assert len(list(kept.iterdir())) == 4
    monkeypatch.setattr(room, "engine_digest", lambda *_: b"another program")
    assert finished(case, ASKED)[1] is False


def test_warnings_are_those_of_now(kept: Path) -> None:
    case = read("theory/pledge")
    issue = Issue("warning", "some-rule", "something", "", Location("a.yaml", 1, 1))
    finished(case, ASKED, warnings=(issue,))
    assert finished(case, ASKED)[0].warnings == ()
    assert finished(case, ASKED, warnings=(issue,))[0].warnings == (issue,)


class Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("open('owned', 'w')",)


@pytest.mark.parametrize("bad", ["torn", "foreign", "evil", "another"])
def test_a_file_that_is_no_run_is_not_believed(
    bad: str, kept: Path, solved: list[str], caplog: pytest.LogCaptureFixture, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    case = read("theory/pledge")
    found, _ = finished(case, ASKED)
    (file,) = kept.iterdir()
    if bad == "torn":
        file.write_bytes(file.read_bytes()[:-7])
    else:
        value: Any = {"foreign": SimpleNamespace(a=1), "evil": Evil(), "another": found.verdict}[bad]
        body = pickle.dumps(value)
        check = room.blake2b(body, digest_size=16).digest()
        file.write_bytes(room._FORMAT + check + body)
    with caplog.at_level(logging.WARNING, "servanda"):
        again, known = finished(case, ASKED)
    assert (known, len(solved)) == (False, 2)
    assert again.verdict == found.verdict
    assert {"torn": "damaged", "foreign": "is no record", "evil": "is no record", "another": "damaged"}[
        bad
    ] in caplog.text
    assert not (tmp_path / "owned").exists()
    assert finished(case, ASKED)[1] is True


def test_only_so_many_are_kept(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_KEPT", 2)
    case = read("theory/pledge")
    for years in (1.0, 2.0, 3.0):
        finished(case, replace(ASKED, sign_window_years=years))
    assert len(list(kept.iterdir())) == 2
