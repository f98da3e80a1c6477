"""`servanda compare`: its forms, its three ways of printing, and what it says of names that do not exist."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

import servanda.comparison
from servanda.analysis import Settings, run
from servanda.case import parse_text, read
from servanda.cli.main import answer
from servanda.comparison import Comparison, compare
from servanda.report.compared import INPUT_SHOWN, brief, show, to_dict

MINIMAL = Path(__file__).resolve().parents[2] / "spec" / "valid" / "minimal.yaml"
TEXT = MINIMAL.read_text(encoding="utf-8")
TREATY = "theory/two-level-ratification"
BARE = Settings(select=False, frictions=False)


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert answer(["compare", *words, "--json"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert data["ok"] is True
    found: dict[str, Any] = data["comparison"]
    return found


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> list[tuple[str, str, str]]:
    assert answer(["compare", *words, "--json"]) == 2
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is False
    return [(issue["code"], issue["message"], issue["hint"]) for issue in data["issues"]]


def shown(found: Comparison, width: int = 100) -> str:
    stream = io.StringIO()
    show(found, Console(file=stream, width=width))
    return stream.getvalue()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cases that were run, in order."""
    made: list[str] = []

    def counting(case: Any, settings: Any, progress: Any = None) -> Any:
        made.append(case.name)
        return run(case, settings)

    monkeypatch.setattr(servanda.comparison, "run", counting)
    return made


def test_a_case_with_itself(capsys: pytest.CaptureFixture[str], runs: list[str]) -> None:
    assert answer(["compare", str(MINIMAL), str(MINIMAL)]) == 0
    out = capsys.readouterr().out
    assert "Nothing differs in the input." in out
    assert "B − A: no difference" in out
    assert runs == ["minimal"]


def test_parameter_sets(capsys: pytest.CaptureFixture[str], runs: list[str]) -> None:
    found = asked(
        capsys, str(MINIMAL), str(MINIMAL), "--set-a", "pain=20", "--set-b", "pain = 12", "--set-b=dove_wins=1"
    )
    assert runs == ["minimal", "minimal"]
    assert [(d["what"], d["a"], d["b"]) for d in found["input"]] == [
        ("parameters.dove_wins", "0.5 (0.3 to 0.7)", "1, set (central 0.5, 0.3 to 0.7)"),
        ("parameters.pain", "20, set (central 30, 10 to 40)", "12, set (central 30, 10 to 40)"),
    ]
    assert found["b"]["label"] == f"{MINIMAL}; pain = 12; dove_wins = 1"
    once = run(read(MINIMAL), Settings(select=False, frictions=False, overrides={"pain": 12.0, "dove_wins": 1.0}))
    assert found["b"]["probability"] == once.verdict.probability
    war = next(n for n in found["outcomes"] if n["what"] == "outcomes.ever_war")
    assert war["difference"] == war["b"] - war["a"] != 0.0


def test_frictions_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    one = asked(capsys, str(MINIMAL), str(MINIMAL), "--off-b", "turnover")
    assert [(d["what"], d["b"]) for d in one["input"]] == [("parameters.dove_wins", "1, set (central 0.5, 0.3 to 0.7)")]
    assert one["b"]["label"] == f"{MINIMAL}; without turnover"
    every = asked(capsys, str(MINIMAL), str(MINIMAL), "--off-b", "all")
    assert every["b"]["label"] == f"{MINIMAL}; without any friction"
    assert every["outcomes"] == one["outcomes"]
    both = asked(capsys, str(MINIMAL), str(MINIMAL), "--off-a", "all", "--off-b", "turnover")
    assert both["input"] == []


@pytest.mark.parametrize("second", [f"{TREATY}:x20", ":x20"])
def test_two_drafts_of_one_case(second: str, capsys: pytest.CaptureFixture[str], runs: list[str]) -> None:
    found = asked(capsys, f"{TREATY}:x15", second)
    assert runs == ["two-level-ratification"]
    assert [(d["what"], d["a"], d["b"]) for d in found["input"] if not d["wording"]] == [("draft.terms.x", "0.75", "1")]
    (pair,) = found["drafts"]
    assert (pair["draft_a"], pair["draft_b"]) == ("x15", "x20")
    assert {n["difference"] for n in found["outcomes"]} == {0.0}
    assert found["headline"]["a"] > 0.99
    assert found["headline"]["b"] < 0.01


def test_two_cases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    variant = tmp_path / "variant.yaml"
    variant.write_text(TEXT.replace("worth: 5, per: draft.relief", "worth: 25, per: draft.relief"), encoding="utf-8")
    found = asked(capsys, str(MINIMAL), str(variant))
    assert [(d["what"], d["a"], d["b"]) for d in found["input"]] == [("payoffs.council.relief.worth", "5", "25")]
    by_draft = asked(capsys, f"{MINIMAL}:freeze", f"{variant}:freeze")
    assert by_draft["input"] == found["input"]
    assert by_draft["drafts"] == found["drafts"]
    assert by_draft["a"]["draft"] == "freeze"


def test_a_path_with_a_colon_is_no_draft(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    odd = tmp_path / "mini:mal.yaml"
    odd.write_text(TEXT, encoding="utf-8")
    assert asked(capsys, str(odd), f"{odd}:freeze")["b"]["draft"] == "freeze"


def test_quiet_is_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["compare", str(MINIMAL), str(MINIMAL), "--set-b", "dove_wins=1", "--quiet"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line[:3] for line in lines] == ["A: ", "B: ", "B −"]
    # both chances are far below a thousandth: only the log-odds tell them apart
    assert lines[2].startswith("B − A: +<0.1 percentage points (log-odds +")
    assert err == ""


def test_unknown_names_are_all_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        str(MINIMAL),
        str(MINIMAL),
        "--off-a",
        "turnout",
        "--set-a",
        "pan=1",
        "--set-b",
        "xyz=1",
        "--set-b",
        "pain",
    ]
    assert refused(capsys, *words) == [
        ("unknown-friction", "no friction of minimal is called `turnout`", "its frictions: turnover; or `all`"),
        ("unknown-parameter", "A: no parameter is called `pan`", "did you mean `pain`?"),
        ("unknown-parameter", "B: no parameter is called `xyz`", "its parameters: dove_wins, pain"),
        ("bad-setting", "B: `pain` sets nothing", "write --set-b PARAM=VALUE"),
    ]
    assert refused(capsys, f"{MINIMAL}:freez", ":thaw") == [
        ("unknown-draft", "A: no draft of minimal is called `freez`", "its drafts: freeze"),
        ("unknown-draft", "B: no draft of minimal is called `thaw`", "its drafts: freeze"),
    ]
    assert refused(capsys, "theory/holdup-bond:x", "theory/holdup-bond", "--off-b", "all") == [
        ("unknown-draft", "A: no draft of holdup-bond is called `x`", "it has no drafts"),
        ("unknown-draft", "B: no draft of holdup-bond is called `x`", "it has no drafts"),
        ("unknown-friction", "no friction of holdup-bond is called `all`", "it names no friction"),
    ]


def test_both_cases_are_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert [(code, message) for code, message, _ in refused(capsys, "no-such-case:freeze", "nor-such-a-one")] == [
        ("unknown-case", "no case is called `no-such-case`"),
        ("unknown-case", "no case is called `nor-such-a-one`"),
    ]


def test_a_value_that_makes_no_sense_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    found = refused(capsys, "theory/holdup-bond", "theory/holdup-bond", "--set-b", "sharpness=-1")
    assert [code for code, _, _ in found] == ["precision-not-positive"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([":freeze", "us-iran"], "A names no case"),
        (["us-iran:", "us-iran"], "a draft is named after the colon"),
        (["us-iran", ":"], "a draft is named after the colon"),
        (["us-iran"], "Missing argument 'B'"),
    ],
)
def test_wrong_calls_are_exit_two(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["compare", *words]) == 2
    assert said in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------------------- terminal


@pytest.fixture(scope="module")
def found() -> Comparison:
    other = parse_text(TEXT.replace("terms: {relief: 0.8}", "terms: {relief: 0.7}"), "other.yaml")
    settings = Settings(select=False, frictions=False, overrides={"dove_wins": 1.0})
    return compare(run(read(MINIMAL), BARE), run(other, settings), labels=("as it stands", "with less relief"))


@pytest.mark.parametrize("width", [80, 100, 180])
def test_it_fits(found: Comparison, width: int) -> None:
    lines = shown(found, width).splitlines()
    assert max(cell_len(line) for line in lines) <= min(width, 100)
    assert not any(word == "%" for line in lines if not line.startswith(("A", "B")) for word in line.split("  "))


def test_input_then_verdict_then_drafts_then_outcomes_then_questions(found: Comparison) -> None:
    text, place = shown(found), 0
    parts = ("A  as it stands", "B  with less relief", "What differs in the input", "parameters.dove_wins")
    parts += (
        "drafts.freeze.terms.relief",
        "Verdict",
        "A: The draft cannot",
        "Drafts: gates",
        "Relief for a lower stock",
    )
    parts += (
        "Sign",
        "likely, 7",
        "Ratify",
        "not needed",
        "Keep",
        "log-odds −2",
        "Mean life",
        "Ended most by",
        "lawful exit",
    )
    parts += (
        "every draft on the table; horizon 1 Jan 2026",
        "War at any time",
        "almost no chance, 0 %",
        "Dated questions",
    )
    for part in parts:
        place = text.index(part, place)
    assert "not needed, " not in text


def test_a_draft_named_shows_its_place_in_play(found: Comparison) -> None:
    assert "Ever signed, alone" not in shown(found)
    one = run(read(MINIMAL), BARE)
    assert "Ever signed, alone" in shown(compare(one, one, ("freeze", "freeze")))


def test_two_drafts_of_one_case_share_their_play() -> None:
    one = run(read(TREATY), BARE)
    text = shown(compare(one, one, ("x15", "x20")))
    assert "Play with every draft on the table, and so every dated question, is the same on both sides." in text
    assert "Dated questions, the largest" not in text
    assert text.index("Treaty at 0.75") < text.index("Treaty at 1  ")


def test_a_long_list_of_differences_is_cut_and_says_so(found: Comparison) -> None:
    other = compare(run(read(MINIMAL), BARE), run(read(TREATY), BARE))
    moving = [d for d in other.input if not d.wording]
    assert len(moving) > INPUT_SHOWN
    text = " ".join(shown(other).split())
    assert f"… and {len(moving) - INPUT_SHOWN} more; `--json` lists all" in text
    assert moving[INPUT_SHOWN].what not in text
    assert len(to_dict(other)["input"]) == len(other.input)


def test_only_wording() -> None:
    other = parse_text(TEXT.replace("Fuel for relief", "Relief for fuel"), "other.yaml")
    one = compare(run(read(MINIMAL), BARE), run(other, BARE))
    assert "Nothing that moves a result: 1 difference of titles, notes, sources or grades only." in shown(one)
    assert {n.difference for n in one.outcomes} == {0.0}


def test_an_unsettled_side_is_told() -> None:
    from servanda.equilibrium import Settings as SolverSettings

    short = Settings(select=False, frictions=False, solver=SolverSettings(tail_steps=2))
    one = compare(run(read(MINIMAL), BARE), run(read(MINIMAL), short))
    text = " ".join(shown(one).split())
    assert f"B: {one.b.status.value}" in text
    assert f"A: {one.a.status.value}" not in text
    assert to_dict(one)["b"]["status"]["name"] in ("step-limit", "stalled")


def test_unlike_headlines() -> None:
    one = compare(run(read(MINIMAL), BARE), run(read("theory/holdup-bond"), BARE))
    assert brief(one)[2] == "B − A: the headlines speak of different things"
    assert to_dict(one)["headline"] is None
