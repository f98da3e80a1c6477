"""The search for several ways to play a case."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from servanda.case import load_text
from servanda.cli.main import cli
from servanda.compile import compile_case
from servanda.equilibrium.unrolled import TooLargeError
from servanda.multiplicity import multiplicity

DILEMMA = """\
case: dilemma
title: A dilemma played for ever
start: 2000-01-01
period: year
horizon: 2 years
sides: {west: {}, east: {}}
actors:
  w: {side: west, title: The west, discount: 1 / patience - 1, decisiveness: 0.02, source: judgement}
  e: {side: east, title: The east, discount: 1 / patience - 1, decisiveness: 0.02, source: judgement}
variables: {trust: {kind: condition, values: [whole, broken], start: whole}}
decisions:
  western: {by: w, options: {cooperate: {}, defect: {}}}
  eastern: {by: e, options: {cooperate: {}, defect: {}}}
simultaneous:
  dilemma:
    decisions: [western, eastern]
    profiles:
      - {chosen: {western: cooperate, eastern: cooperate}, price: {w: -3, e: -3}, source: judgement}
      - {chosen: {western: cooperate, eastern: defect}, price: {e: -4}, effects: {trust: broken}, source: judgement}
      - {chosen: {western: defect, eastern: cooperate}, price: {w: -4}, effects: {trust: broken}, source: judgement}
      - {chosen: {western: defect, eastern: defect}, price: {w: -1, e: -1}, effects: {trust: broken}, source: judgement}
payoffs: {w: {nothing: {worth: 0}}, e: {nothing: {worth: 0}}}
parameters: {patience: {value: 0.6, source: judgement}}
outcomes: {war: trust is broken}
"""


def cooperation(patience: float) -> list[float]:
    """Odds of cooperation at the start in every play found, by the west."""
    compiled = compile_case(load_text(DILEMMA, "dilemma.yaml").require())
    found = multiplicity(compiled, {"patience": patience}, starts=16)
    assert all(play.residual < 1e-8 for play in found.found)
    return sorted(dict(play.choices[0].odds)["cooperate"] for play in found.found)


@pytest.mark.parametrize(("patience", "trusting"), [(0.25, False), (0.32, False), (0.36, True), (0.6, True)])
def test_trust_is_kept_from_a_third_of_patience_on(patience: float, trusting: bool) -> None:
    """Cooperation for ever against one defection and mutual defection after it: 3 >= 4 (1 - d) + 1 d, so d >= 1/3."""
    plays = cooperation(patience)
    assert plays[0] < 0.01
    assert (plays[-1] > 0.9) is trusting


def test_the_command_tells_of_each_play_and_refuses_a_case_that_is_too_large(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "case.yaml"
    file.write_text(DILEMMA, encoding="utf-8")
    told = CliRunner().invoke(cli, ["equilibria", str(file), "--starts", "8"])
    assert told.exit_code == 0, told.output
    assert "on the principal branch" in told.output
    answer = json.loads(CliRunner().invoke(cli, ["equilibria", str(file), "--starts", "8", "--json"]).output)
    assert len(answer["found"]) == 3
    assert answer["found"][0]["principal"] is True
    refused = CliRunner().invoke(cli, ["equilibria", str(file), "--limit", "3"])
    assert refused.exit_code == TooLargeError.exit_code
    assert "3" in refused.output
