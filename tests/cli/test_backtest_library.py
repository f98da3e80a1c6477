"""`servanda backtest` of several cases: what is chosen, what is written where, and what excludes what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from servanda import backtesting
from servanda.cli.main import answer
from tests.report.invented_library import make_library


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The cases a backtest was asked for; it is invented, not computed."""
    found: list[Any] = []

    def backtest(cases: Any, settings: backtesting.Settings, progress: Any) -> Any:
        progress("draws", 0.5)
        found.append(([case.name for case in cases], settings.draws))
        return make_library()

    monkeypatch.setattr(backtesting, "backtest", backtest)
    monkeypatch.chdir(tmp_path)
    return found


@pytest.mark.parametrize("words", [["--library"], []])
def test_the_library_is_scored(words: list[str], asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["backtest", *words, "-n", "16"]) == 0
    out = capsys.readouterr().out
    assert out.index("The library scored") < out.index("still alive?") < out.index("servanda-reports/library.html")
    assert "cases of theory" in out
    ((names, draws),) = asked
    assert "us-iran" in names
    assert draws == 16
    assert not any(name.startswith("theory") or name == "pledge" for name in names)
    assert Path("servanda-reports/library.html").is_file()


def test_chosen_cases_are_not_the_library(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["backtest", "us-iran", "pledge", "--summary", "deep/short.md", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["report"]) == (True, "servanda-reports/backtest.html")
    assert data["backtest"]["survival"]["horizons"][3]["pending"] == 1
    assert asked == [(["us-iran", "pledge"], 128)]
    assert "`servanda backtest us-iran pledge -n 128`" in Path("deep/short.md").read_text(encoding="utf-8")


def test_a_case_and_the_library_exclude_each_other(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["backtest", "us-iran", "--library"]) == 2
    assert "--library and CASE exclude each other" in capsys.readouterr().err
    assert asked == []
