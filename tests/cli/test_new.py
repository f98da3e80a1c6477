"""`servanda new`: a case that runs at once, and never over anything that is there."""

from __future__ import annotations

import io
import json
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servanda.case import load, load_text
from servanda.case.beginning import Beginning, compose, legal, suggestion
from servanda.case.messages import texts_of
from servanda.cli.main import answer

ODD = [
    'He said: "no" #1',
    "O'Neill: {x, [y]}",
    "- dash",
    "null",
    "~",
    "🕊️ 平和 — ελληνικά",
    "x" * 200,
    "%percent @at `tick` & * ! | >",
    "{{ braces }} {% if %}",
    "back\\slash \\n",
    "ends with colon:",
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def texts_at(path: Path) -> dict[str, str]:
    loaded = load(path)
    assert texts_of(loaded.issues) == ""
    assert loaded.case is not None
    return {
        "title": loaded.case.title,
        **{side.name: side.title for side in loaded.case.sides},
        **{actor.name: actor.title for actor in loaded.case.actors},
    }


def test_what_is_written_has_no_issue(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["new", "fishing", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "Wrote fishing/case.yaml" in out
    assert "servanda run fishing " in out
    loaded = load(Path("fishing/case.yaml"))
    assert texts_of(loaded.issues) == ""
    case = loaded.require()
    assert case.name == "fishing"
    assert case.start == case.as_of == date.today().replace(day=1)
    assert (len(case.drafts), len(case.drafts[0].phases), len(case.frictions), len(case.levers)) == (1, 2, 4, 1)
    assert (len(case.indicators), len(case.questions), case.expect) == (1, 3, ())
    assert {actor.name for actor in case.actors} == {"signer", "opponent", "ruler"}


def test_it_can_be_played(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["new", "fishing", "--yes", "--start", "2024-03-01"]) == 0
    capsys.readouterr()
    assert answer(["run", "fishing", "--no-report", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    assert 0 < run["verdict"]["probability"] < 0.5


@pytest.mark.parametrize("ratifier", ["", "The Senate"])
def test_payoffs_span_what_the_conventions_ask_for(ratifier: str) -> None:
    case = load_text(compose(Beginning("x", ratifier=ratifier))).require()
    central = {parameter.name: parameter.number.central for parameter in case.parameters}
    for actor in case.actors:
        worth = {term.name: central_of(term.worth.text, central) for term in case.payoffs if term.actor == actor.name}
        if actor.name == "ruler":
            best, worst = worth["protection by the asset"] + worth["relief"], worth["conflict"]
        else:
            best = sum(value for value in worth.values() if value > 0)
            worst = sum(value for value in worth.values() if value < 0)
        assert 80 <= best - worst <= 120, actor.name


def central_of(text: str, central: dict[str, float]) -> float:
    sign = -1 if text.startswith("-") else 1
    return sign * central[text.removeprefix("-").partition(" ")[0]]


def test_a_ratifier_is_added(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["new", "fishing", "--ratifier", "The Senate", "--yes"]) == 0
    case = load(Path("fishing/case.yaml")).require()
    assert [ratifier.by for ratifier in case.protocol.forms[0].ratifiers] == ["ratifier"]
    assert texts_at(Path("fishing/case.yaml"))["ratifier"] == "The Senate"


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_come_back_as_they_were(text: str) -> None:
    words = ["new", "odd", "--yes", "--title", text, "--side-a", text, "--side-b", text, "--ratifier", text]
    assert answer([*words, "--a-gives", text, "--b-gives", text]) == 0
    found = texts_at(Path("odd/case.yaml"))
    assert found["title"] == found["side_a"] == found["side_b"] == found["ratifier"] == text.strip()


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff"), min_size=1))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_line_is_a_title(text: str) -> None:
    if text.strip() and len(text) <= 200:
        assert load_text(compose(Beginning("x", title=text))).require().title == text


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "bell\x07", "x" * 501, "\udcff"])
def test_texts_that_no_file_holds_are_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["new", "odd", "--yes", "--title", text]) == 2
    assert "error[bad-text]: --title" in capsys.readouterr().err
    assert not Path("odd").exists()


def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine/case.yaml").write_text("mine\n")
    assert answer(["new", "mine", "--yes"]) == 2
    err = capsys.readouterr().err
    assert "error[file-exists]: mine/case.yaml exists" in err
    assert "help: nothing was written: take another name, or say where with `--file FILE`" in err
    assert Path("mine/case.yaml").read_text() == "mine\n"
    assert answer(["new", "mine", "--yes", "--file", "other.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == "other.yaml"


def test_a_dangling_link_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("link.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert answer(["new", "x", "--yes", "--file", "link.yaml"]) == 2
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_a_file_in_the_place_of_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").write_text("mine\n")
    assert answer(["new", "mine", "--yes", "--json"]) == 2
    (issue,) = json.loads(capsys.readouterr().out)["issues"]
    assert issue["code"] == "file-exists"
    assert Path("mine").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("name", "better"),
    [("My Case", "my-case"), ("UPPER", "upper"), ("a_b", "a-b"), ("../x", "x"), ("Дело", "dispute"), ("É2", "e2")],
)
def test_a_name_that_is_none_gets_a_better_one(name: str, better: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["new", name, "--yes"]) == 2
    assert f"`servanda new {better}`" in capsys.readouterr().err
    assert legal(better)
    assert list(Path().iterdir()) == []


@given(st.text(max_size=300))
def test_every_suggestion_is_legal(text: str) -> None:
    assert legal(suggestion(text))


@pytest.mark.parametrize("name", ["us-iran", "pledge"])
def test_a_shipped_case_is_not_hidden(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["new", name, "--yes"]) == 2
    assert f"help: take another name: `servanda new my-{name}`" in capsys.readouterr().err


@pytest.mark.parametrize("day", ["9995-01-01", "0001-01-01"])
def test_days_at_the_end_of_the_calendar(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = answer(["new", "x", "--yes", "--start", day])
    assert code == (2 if day.startswith("9") else 0)
    assert Path("x/case.yaml").exists() == (code == 0)


def test_no_name_and_nobody_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["new"]) == 2
    assert "Missing argument 'NAME'" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = "herring\nHerring and oil\nRuritania\n\nlanding rights\na fleet\n\n"
    monkeypatch.setattr(sys, "stdin", Terminal(said))
    assert answer(["new", "--start", "2024-03-01"]) == 0
    asked = capsys.readouterr().out
    assert asked.count(":") >= 7
    found = texts_at(Path("herring/case.yaml"))
    assert (found["title"], found["side_a"], found["side_b"]) == ("Herring and oil", "Ruritania", "Side B")
    assert "ratifier" not in found
    text = Path("herring/case.yaml").read_text("utf-8")
    assert "Side A gives: landing rights" in text
    assert "Side B gives: a fleet" in text


def test_an_interrupted_dialogue_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("Herring\n"))
    assert answer(["new", "herring"]) == 130
    assert list(Path().iterdir()) == []


def test_a_half_written_file_is_taken_away(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    plain = Path.open

    def opened(path: Path, mode: str = "r", *more: object, **how: object) -> object:
        if mode != "x":
            return plain(path, mode, *more, **how)  # type: ignore[call-overload]
        path.touch()
        return Full()

    monkeypatch.setattr(Path, "open", opened)
    assert answer(["new", "x", "--yes"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert not Path("x/case.yaml").exists()
