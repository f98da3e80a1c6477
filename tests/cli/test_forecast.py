"""`servanda forecast` and `servanda backtest`: what they pass on, print, write and publish, and their errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from servanda import backtesting
from servanda.cli.main import answer
from servanda.forecast.register import Forecasts, entries
from servanda.outlook import forecasting
from tests.report.invented_backtest import make_backtest
from tests.report.invented_outlook import make_outlook


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Settings with which an outlook was asked for; it is invented, not computed."""
    found: list[Any] = []

    def look(case: Any, settings: Any, progress: Any) -> Any:
        progress("draws", 0.5)
        found.append((case.name, settings))
        return make_outlook()

    monkeypatch.setattr(forecasting, "look", look)
    monkeypatch.chdir(tmp_path)
    return found


def test_the_headline_the_questions_and_the_page(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        answer(
            ["forecast", "us-iran", "-n", "64", "--workers", "2", "--at", "2021-04-06", "--seed", "7", "--frictions"]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert out.index("Any deal alive") < out.index("Base") < out.index("Report: servanda-reports/us-iran-outlook.html")
    ((name, settings),) = asked
    assert name == "us-iran"
    assert (settings.draws, settings.workers, settings.seed, str(settings.day)) == (64, 2, 7, "2021-04-06")
    assert settings.frictions
    assert Path("servanda-reports/us-iran-outlook.html").read_text().startswith("<!DOCTYPE html>")


def test_one_question_alone(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["forecast", "us-iran", "--question", "war-2030", "--out", "one.html", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["report"], found["published"]) == (True, "one.html", None)
    outlook = found["outlook"]
    assert [q["question"] for q in outlook["questions"]] == ["war-2030"]
    assert {shift[0] for e in outlook["evidence"] for shift in e["shifts"]} == {"war-2030"}
    assert [s["quantity"] for s in outlook["sensitivity"]] == ["question.war-2030"]
    assert outlook["boxes"] == []


def test_forecasts_are_published_once_asked(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["forecast", "us-iran", "--publish", "--register", "mine.jsonl", "--quiet"]) == 0
    assert "Published as entry 1 of mine.jsonl" in capsys.readouterr().out
    (entry,) = entries(Path("mine.jsonl"))
    assert isinstance(entry.what, Forecasts)
    assert len(entry.what.questions) == 13
    assert entry.what.questions[2].benchmarks[0][:2] == ("base rate", 0.35)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--question", "war-2031"], "unknown-question"), (["--question", "war-2031", "--at", "2021-04-06"], None)],
)
def test_a_question_that_does_not_exist(
    asked: list[Any], capsys: pytest.CaptureFixture[str], words: list[str], code: str | None
) -> None:
    assert answer(["forecast", "us-iran", *words, "--json"]) == 2
    (issue,) = json.loads(capsys.readouterr().out)["issues"]
    assert issue["code"] == (code or "unknown-question")
    assert "war-2030" in issue["hint"]
    assert asked == []


@pytest.mark.parametrize(
    "words", [["--workers", "2", "--cluster", "tcp://x:1"], ["--register", "r.jsonl"], ["--at", "soon"]]
)
def test_options_that_do_not_go_together(asked: list[Any], words: list[str]) -> None:
    assert answer(["forecast", "us-iran", *words]) == 2
    assert asked == []


def test_a_backtest_is_printed_and_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[Any] = []

    def backtest(cases: Any, settings: backtesting.Settings, progress: Any) -> Any:
        found.append(([case.name for case in cases], settings.draws))
        return make_backtest()

    monkeypatch.setattr(backtesting, "backtest", backtest)
    monkeypatch.chdir(tmp_path)
    assert answer(["backtest", "us-iran", "-n", "16"]) == 0
    out = capsys.readouterr().out
    assert out.index("On eight settled questions") < out.index("Worse on") < out.index("backtest.html")
    assert answer(["backtest", "--json", "--out", "b.html"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["report"], len(data["backtest"]["questions"])) == (True, "b.html", 9)
    assert found[0] == (["us-iran"], 16)
    assert "us-iran" in found[1][0]
