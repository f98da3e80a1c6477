"""`servanda conflict`, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from servanda.cli.conflict import command
from servanda.conflicts import analyse, conflict_of, parse_text
from servanda.conflicts.words import headline, lines

ELMIRA = """\
The Elmira groundwater conflict

3 of 9 states are equilibria from which nobody alone gains (Nash): s5, s8, s9. 2 hold only for fear of what others \
would do: s1, s4.

state  Nash  GMR  SMR  SEQ  against coalitions  what it is
s1     –     yes  yes  –    GMR, SMR            delay
s4     –     yes  yes  –    GMR, SMR            modify, accept
s5     yes   yes  yes  yes  none                delay, insist
s8     yes   yes  yes  yes  all four            modify, accept, insist
s9     yes   yes  yes  yes  all four            abandon

Coalitions that can leave an equilibrium so that all their members gain:
  s1 by Ministry of the Environment + Local government: Local government to s5, itself an equilibrium; others can \
deter them (GMR, SMR).
  s5 by Ministry of the Environment + Uniroyal: Ministry of the Environment to s6, Uniroyal to s8, itself an \
equilibrium; nobody can deter them.

From the status quo, s1:
  s4: Ministry of the Environment to s2, Uniroyal to s4 (not everybody gains by its own step).
  s5: Local government to s5 (everybody gains by its own step).
  s8: Ministry of the Environment to s2, Uniroyal to s4, Local government to s8 (not everybody gains by its own step).
  s9: Uniroyal to s9 (not everybody gains by its own step).
"""


def test_it_says_what_was_found() -> None:
    said = CliRunner().invoke(command, ["elmira"])
    assert (said.exit_code, said.stdout) == (0, ELMIRA)


def test_json_holds_everything() -> None:
    said = CliRunner().invoke(command, ["elmira", "--json", "--as-yaml"])
    answer = json.loads(said.stdout)
    assert answer["ok"] is True
    assert answer["equilibria"]["seq"] == ["s5", "s8", "s9"]
    assert answer["stable"]["local"]["nash"] == ["s5", "s6", "s7", "s8", "s9"]
    assert answer["coalition_equilibria"]["nash"] == ["s8", "s9"]
    assert len(answer["coalitions"]) == 7
    assert answer["departures"][1] == {
        "coalition": ["moe", "uniroyal"],
        "from": "s5",
        "to": ["s8"],
        "steps": [{"by": "moe", "to": "s6"}, {"by": "uniroyal", "to": "s8"}],
        "sanctioned": [],
    }
    assert answer["routes"][1] == {"to": "s5", "steps": [{"by": "local", "to": "s5"}], "everybody_gains": True}
    assert parse_text(answer["yaml"]).name == "elmira"


def test_yaml_alone_can_be_read_again(tmp_path: Path) -> None:
    file = tmp_path / "again.yaml"
    file.write_text(CliRunner().invoke(command, ["elmira", "--as-yaml"]).stdout)
    again = CliRunner().invoke(command, [str(file)])
    assert again.exit_code == 0
    assert "s5     yes   yes  yes  yes  none" in again.stdout


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_wrong_file_is_bad_input_with_its_line(tmp_path: Path, flags: list[str]) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("conflict: wrong\ndecision_makers: {a: {}}\nstates: [x]\nmoves: {}\npreferences: {a: [y]}\n")
    said = CliRunner().invoke(command, [str(file), *flags])
    assert said.exit_code == 2
    assert "unknown-state" in said.output
    assert (":5:19:" in said.output) if not flags else (json.loads(said.stdout)["issues"][0]["line"] == 5)


def test_no_equilibrium_one_equilibrium_and_many_decision_makers() -> None:
    wheel = conflict_of(
        "wheel",
        ["x", "y"],
        {"a": {"x": ["y"]}, "b": {"y": ["x"]}},
        {"a": ["y", "x"], "b": ["x", "y"]},
    )
    assert headline(analyse(wheel)) == (
        "From each of the 2 states somebody alone gains: there is no Nash equilibrium. "
        "2 hold only for fear of what others would do: x, y."
    )
    alone = conflict_of("alone", ["x", "y"], {"a": {"x": ["y"]}}, {"a": ["y", "x"]})
    assert headline(analyse(alone)) == "1 of 2 states is an equilibrium from which nobody alone gains (Nash): y."
    seven = conflict_of("seven", ["x"], {name: {} for name in "abcdefg"}, {name: ["x"] for name in "abcdefg"})
    answer = analyse(seven)
    assert answer.together is None
    assert "Coalitions are tested for up to 6 decision makers; here are 7." in lines(answer)
