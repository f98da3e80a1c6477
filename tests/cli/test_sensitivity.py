"""`servanda sensitivity`: what it prints, its JSON, its errors, and that solved draws are used again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servanda.cli.main import answer
from servanda.cli.sensitivity import _condition, _words
from servanda.errors import CaseError
from tests.sketches import Sketch


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    text = Sketch().text
    for name, value, drawn in (("pain", 20.0, "5 to 40"), ("gain", 15.0, "2 to 30"), ("audience", 2.0, "1 to 3")):
        given = f"  {name}: {{value: {value}, source: judgement}}"
        assert given in text
        text = text.replace(given, f"  {name}: {{value: {drawn}, source: judgement}}")
    (tmp_path / "case.yaml").write_text(text)
    return "case.yaml"


def ask(*words: str) -> int:
    return answer(["sensitivity", *words, "-n", "96", "--workers", "1"])


def test_it_names_drivers_and_boxes(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(case, "--box", "outcome.ever_deal > 50 %", "--box", "outcome.ever_deal >= 0") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "What drives “A deal comes into force by the horizon” most: " in out
    assert "in every draw, whatever the parameters are" in out
    assert "96 draws, 0 failed" in out
    assert "Rows: servanda-sweeps/sketch/" in out
    assert ask(case, "--quiet") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("What drives “A deal comes into force by the horizon” most: ")
    assert len(lines) == 2


def test_json_holds_indices_bars_and_boxes(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(case, "--json", "--before") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert {index["parameter"] for index in found["sensitivity"]["indices"]} == {"pain", "gain", "audience"}
    assert {bar["parameter"] for bar in found["sensitivity"]["tornado"]} == {"pain", "gain", "audience"}
    assert found["sensitivity"]["quantity"] == "outcome.ever_deal"
    assert len(found["boxes"]) + len(found["reasons"]) == 1
    assert found["weighing"] is None
    assert found["counts"] == {"draws": 96, "failed": 0, "unsettled": 0, "resumed": 0}
    assert ask(case, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["counts"]["resumed"] == 96
    assert again["weighing"]["draws"] == 96


def test_the_gate_of_a_draft_can_be_asked_for(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(case, "--of", "gate.draft0.holds", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sensitivity"]["quantity"] == "gate.draft0.holds"
    assert found["sensitivity"]["title"].endswith(": signed, ratified and kept")


def test_what_does_not_exist_is_bad_input(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words, code in (
        (("--of", "outcome.peace"), "unknown-quantity"),
        (("--of", "gate.draft7.holds"), "unknown-quantity"),
        (("--box", "outcome.deal is likely"), "bad-condition"),
        (("--box", "outcome.del > 0.5"), "unknown-quantity"),
    ):
        assert ask(case, *words, "--json") == 2
        issues = json.loads(capsys.readouterr().out)["issues"]
        assert [issue["code"] for issue in issues] == [code]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("outcome.deal > 0.5", ("outcome.deal", ">", 0.5)),
        ("question.any-deal-2025<=20 %", ("question.any-deal-2025", "<=", 0.2)),
        (" outcome.ever_war >= 1e-2 ", ("outcome.ever_war", ">=", 0.01)),
    ],
)
def test_conditions_are_read(text: str, read: tuple[str, str, float]) -> None:
    assert _condition(text) == read


@pytest.mark.parametrize("text", ["", "outcome.deal", "> 0.5", "outcome.deal > much", "outcome.deal = 1"])
def test_what_is_no_condition_is_told(text: str) -> None:
    with pytest.raises(CaseError) as caught:
        _condition(text)
    assert caught.value.issues[0].code == "bad-condition"


def test_conditions_in_words() -> None:
    assert _words(">", 0.5, "outcome.deal") == "is likelier than not"
    assert _words("<=", 0.125, "outcome.deal") == "is at most 12.5 %"
    assert _words(">", 2.0, "gate.narrow.mean_life") == "is above 2 years"
