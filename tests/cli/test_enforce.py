"""`servanda enforce`."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from servanda.cli.enforce import command


def test_the_answer_comes_first_and_the_picture_is_written(tmp_path: Path) -> None:
    picture = tmp_path / "sets.svg"
    found = CliRunner().invoke(command, ["theory/pledge", "--set", "gain=10", "--svg", str(picture)])
    assert found.exit_code == 0
    assert found.stdout.startswith("No threat, however harsh, could keep “Contract”")
    assert "impossible" in found.stdout
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_json_holds_the_sets() -> None:
    found = CliRunner().invoke(command, ["theory/repeated-dilemma", "--json"])
    answer = json.loads(found.stdout)
    assert answer["ok"] is True
    assert answer["draft"] is None
    assert answer["standings"][0]["share"] > 0.99
    assert answer["sentences"][0].startswith("Threats could support all of the gains")


def test_one_side_is_an_error_that_says_what_to_do() -> None:
    found = CliRunner().invoke(command, ["theory/investment-reversal", "--json"])
    assert found.exit_code == 2
    assert json.loads(found.stdout)["issues"][0]["code"] == "not-two-parties"


def test_talks_from_scratch_are_asked_for_by_their_odds() -> None:
    found = CliRunner().invoke(command, ["theory/pledge", "--set", "gain=2", "--renegotiate", "0.1", "--json"])
    answer = json.loads(found.stdout)
    assert answer["hazard"] == 0.1
    assert answer["renegotiation"].startswith("Settled")
    assert answer["standings"][-1]["renegotiated_share"] <= 1.0 + 1e-6
    none = CliRunner().invoke(command, ["theory/pledge", "--renegotiate", "1"])
    assert none.exit_code == 2
