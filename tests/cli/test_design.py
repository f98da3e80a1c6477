"""`servanda design`: the answer first, one shape of JSON, names that exist, a clean stop."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from servanda.cli.main import answer
from servanda.diagnosis import design_search
from servanda.diagnosis.answers import Design, Designs
from servanda.report.designed import show

CASE = "theory/durability-island"


def design(draft: str, keep: float, **more: Any) -> Design:
    return Design(
        draft, f"The {draft}", (("Fund", "half"),), (("fund", 0.5),), 0.9, 1.0, keep, (3.0, -1.5), 2.5, 0.0, "keep",
        frontier=True, **more,
    )  # fmt: skip


def shown(designs: Designs, *, whole: bool = False) -> str:
    console = Console(file=StringIO(), width=100)
    show(designs, console, sides={"n": "North", "s": "South"}, whole=whole)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_where_nothing_passes_every_draft_is_told_with_its_robustness() -> None:
    designs = (
        design("pact", 0.4, robust=0.125),
        *(design("pact", 0.3 - 0.01 * k, moved=(("Fund", f"f{k}"),), settled=False) for k in range(6)),
        design("truce", 1e-9, robust=0.0),
    )
    found = Designs(
        ("n", "s"), 0.5, designs, 40, 8, True, 3.0, "structure", designs[0], "Something must change.", 16,
        "It is the structure.", "every design solved",
        (("The pact", ("A", "B")), ("The truce", ("A", "B", "C"))),
    )  # fmt: skip
    text = shown(found)
    assert text.startswith("It is the structure.\nSomething must change.\n")
    assert "12 %" in text
    assert "−20.8" in text
    assert "“A” and “B” change nothing.\n“C” changes only The pact.\n" in text
    assert "Undominated designs, though none passes" in text
    assert "Fund: f2" in text
    assert "Fund: f3" not in text
    assert "Not shown: 4 undominated more; `--all` shows every design." in text
    assert "6 designs: play beyond the horizon did not become stationary." in text
    assert "share of 16 draws" in text
    assert "Fund: f5" in shown(found, whole=True)


def test_a_price_gets_a_column() -> None:
    one = design("pact", 0.9, moved=(("Fund", "half"),))
    priced = replace(one, price=12.5)
    plain = replace(one, moved=(), frontier=False)
    found = Designs(("n", "s"), 0.5, (priced, plain), 2, 2, True, 1.0, "holds", priced, "", 0, "It holds.")
    assert "12.5" in shown(found)
    assert "price in points" in " ".join(shown(found).split())


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_the_answer_comes_first_then_drafts_then_designs(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["design", CASE, "--points", "11"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith("It is the draft, not the structure: as written the best one")
    assert max(len(line) for line in lines) <= 100
    parts = ["Each draft, as written and at its likeliest to hold", "Undominated designs that pass", "Not shown: "]
    assert [out.index(part) for part in parts] == sorted(out.index(part) for part in parts)
    assert "passes with Durability at 0 to 0.5 and at 1, and fails in between" in out
    assert "11 combinations of levers and drafts, 11 games solved: every design solved" in out
    assert "Gain: " in out
    # no lever of this case has a price, and none of its parameters is uncertain
    assert "Price" not in out
    assert "Robust" not in out


def test_all_shows_dominated_designs_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["design", CASE, "--points", "11", "--all"]) == 0
    out = capsys.readouterr().out
    assert "Every design, the likeliest to hold first (undominated marked *)" in out
    assert "* Restraint for a reward" in out
    assert out.count("Restraint for a reward\n") + out.count("Restraint for a reward ") >= 11
    assert "Not shown" not in out


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert answer(["design", CASE, "--json", *arguments]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is True
    designs: dict[str, Any] = data["designs"]
    return designs


def test_json_carries_the_frontier_and_on_demand_everything(capsys: pytest.CaptureFixture[str]) -> None:
    some = found(capsys, "--points", "11")
    every = found(capsys, "--points", "11", "--all")
    assert some["found"] == every["found"] == len(every["designs"]) == 11
    assert some["verdict"] == "draft"
    assert some["exhaustive"] is True
    assert [d for d in some["designs"] if d["frontier"]] == [d for d in every["designs"] if d["frontier"]]
    assert {d["label"] for d in some["designs"] if not d["frontier"]} == {"Restraint for a reward as written"}
    first = every["designs"][0]
    assert first["overrides"] == [["durability", 1.0]]
    assert first["holds"] == pytest.approx(first["sign"] * first["ratify"] * first["keep"])
    assert some["nearest"]["label"] == "Restraint for a reward (Durability: 1)"
    assert some["passing"] == 7


def test_options_reach_the_search(capsys: pytest.CaptureFixture[str]) -> None:
    data = found(
        capsys, "--set", "arming_cost=9", "--threshold", "0.9", "--levers", "durability", "--draft", "restraint"
    )
    assert data["threshold"] == 0.9
    # arms that cost less than a year's tribute pay where nothing lasts
    assert {d["overrides"][0][1]: d["holds"] >= 0.9 for d in data["designs"]} == {1.0: True, 0.8: False}


def test_quiet_prints_the_answer_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["design", CASE, "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("The fewest changes that pass, one lever: Restraint for a reward (Durability: ")


def test_without_the_optimiser_a_large_space_is_sampled_and_said_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(design_search, "optimiser_installed", lambda: False)
    assert answer(["design", CASE, "--points", "41", "--search", "10"]) == 0
    said = capsys.readouterr()
    assert "low-discrepancy sample and ascent along single levers, not exhaustive" in " ".join(said.out.split())
    assert "Install `servanda[design]`" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["--draft", "restraints"], "unknown-draft", "did you mean `restraint`?"),
        (["--levers", "durablity"], "unknown-lever", "did you mean `durability`?"),
        (["--set", "durabilty=1"], "unknown-parameter", "did you mean `durability`?"),
    ],
)
def test_names_that_do_not_exist(
    arguments: list[str], code: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(["design", CASE, "--json", *arguments]) == 2
    (issue,) = json.loads(capsys.readouterr().out)["issues"]
    assert (issue["code"], issue["hint"]) == (code, hint)


@pytest.mark.parametrize("arguments", [["--points", "1"], ["--threshold", "0"], ["--draws", "-1"], ["--search", "0"]])
def test_numbers_out_of_range(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["design", CASE, *arguments]) == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_case_without_drafts(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["design", "theory/holdup-bond"]) == 2
    assert "no-drafts" in capsys.readouterr().err


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("servanda.diagnosis.design.search_designs", interrupt)
    assert answer(["design", CASE]) == 130
    assert "Interrupted" in capsys.readouterr().err
