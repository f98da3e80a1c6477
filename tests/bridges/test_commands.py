"""The commands that hand games over and solve them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from servanda.case import read
from servanda.cli.export_game import command as export_game
from servanda.cli.solve_game import command as solve_game

DILEMMA = 'NFG 1 R "dilemma" { "A" "B" } { { "trust" "cheat" } { "trust" "cheat" } } 2 2 3 0 0 3 1 1'


def run(command: object, *words: str) -> dict[str, object]:
    result = CliRunner().invoke(command, [*words, "--json"])  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output
    answer = json.loads(result.output)
    assert answer.pop("ok") is True
    return dict(answer)


def test_a_case_is_handed_over_and_solved(tmp_path: Path) -> None:
    file = tmp_path / "pledge.efg"
    said = run(export_game, "theory/pledge", "--format", "efg", "--periods", "2", "--sharp", "--output", str(file))
    assert (said["format"], said["files"], said["periods"], said["nodes"]) == ("efg", [str(file)], 2, 115)
    answer = run(solve_game, str(file))
    assert answer["rule"] == "backward induction"
    assert answer["players"] == [actor.title for actor in read("theory/pledge").actors]
    assert isinstance(answer["play"], list)
    assert len(answer["play"]) == said["information_sets"]


@pytest.mark.parametrize(
    ("form", "files"),
    [
        ("nfg", [""]),
        ("graphml", [""]),
        ("dot", [""]),
        ("prism", [".sta", ".tra", ".lab", ".flow_investor.srew", ".flow_host.srew"]),
        ("storm", [".tra", ".lab", ".flow_investor.rew", ".flow_host.rew"]),
    ],
)
def test_every_format_is_written(tmp_path: Path, form: str, files: list[str]) -> None:
    stem = tmp_path / "out"
    said = run(export_game, "theory/pledge", "--format", form, "--draft", "contract", "--output", str(stem))
    assert said["files"] == [f"{stem}{ending}" for ending in files]
    assert all(Path(f"{stem}{ending}").stat().st_size for ending in files)


def test_a_strategic_game_is_solved(tmp_path: Path) -> None:
    file = tmp_path / "dilemma.nfg"
    file.write_text(DILEMMA)
    answer = run(solve_game, str(file))
    assert answer["equilibria"] == [{"profile": ["cheat", "cheat"], "payoffs": [1.0, 1.0], "slack": 1.0}]
    assert answer["certificate"] == {"complete": True, "refused": 3, "profiles": 4}
    played = run(solve_game, str(file), "--precision", "1")
    (first, _) = played["play"]  # type: ignore[misc]
    assert first["odds"][1]["odds"] == pytest.approx(0.7310585786, abs=1e-9)
    plain = CliRunner().invoke(solve_game, [str(file)])
    assert "1 pure equilibrium among 4 profiles" in plain.output
    assert "A: cheat, B: cheat → 1, 1" in plain.output


def test_mistakes_are_told_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.efg"
    file.write_text('EFG 2 R "x" { "A" }\n""\nt "" 1 { one }')
    result = CliRunner().invoke(solve_game, [str(file), "--json"])
    assert result.exit_code == 2
    (issue,) = json.loads(result.output)["issues"]
    assert (issue["code"], issue["line"], issue["column"]) == ("bad-efg", 3, 10)
    too_long = CliRunner().invoke(
        export_game, ["theory/pledge", "--format", "efg", "--periods", "99", "--output", str(tmp_path / "x")]
    )
    assert too_long.exit_code == 1
    assert "the calendar of" in too_long.output
    assert not (tmp_path / "x").exists()
