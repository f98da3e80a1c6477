"""`servanda frictions`: what it prints, its JSON, its errors, and that an interruption loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servanda.cli.main import answer
from servanda.diagnosis.trials import Trials
from tests.sketches import Sketch

FRICTIONS = (
    ("frictions", "  hardship: {title: Hardship, off: {pain: 60}}"),
    ("frictions", "  dread: {title: Dread, off: {gain: 0}}"),
    ("frictions", "  idle: {title: Idle, off: {audience: audience}}"),
)


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "case.yaml"
    path.write_text(Sketch(also=FRICTIONS).text)
    return str(path)


def test_the_answer_comes_in_sentences_and_tables(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["frictions", case]) == 0
    out = capsys.readouterr().out
    assert "Dread" in out
    assert "With every friction in place" in out
    assert answer(["frictions", case, "--quiet"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_json_holds_every_subset(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["frictions", case, "--json", "--no-flips"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert found["flips"] is None
    lattice = found["frictions"]
    assert len(lattice["values"]) == 8
    assert lattice["games"] == 4
    assert lattice["unused"] == ["idle"]


def test_what_does_not_exist_is_bad_input(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words, code in ((["--draft", "draft7"], "unknown-draft"), (["--outcome", "bliss"], "unknown-outcome")):
        assert answer(["frictions", case, *words, "--json"]) == 2
        issues = json.loads(capsys.readouterr().out)["issues"]
        assert [i["code"] for i in issues] == [code]


def test_an_interrupted_search_goes_on_where_it_stopped(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    solve_four = Trials.solve_four
    calls: list[int] = []

    def stopping(self: Trials, *given: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return solve_four(self, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Trials, "solve_four", stopping)
        assert answer(["frictions", case, "--no-flips", "--json"]) == 130
    first = len(calls)
    capsys.readouterr()
    calls.clear()

    def counting(self: Trials, *given: object) -> object:
        calls.append(1)
        return solve_four(self, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Trials, "solve_four", counting)
        assert answer(["frictions", case, "--no-flips", "--json"]) == 0
    assert first == 2
    assert len(calls) == 1  # what the first quartet found was kept
    assert json.loads(capsys.readouterr().out)["frictions"]["games"] == 4
