"""Expectations of a case held against its run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from servanda.analysis import Settings, run
from servanda.case import load_text
from servanda.case.resolved import Expectation
from servanda.cli.main import cli
from servanda.expectations import expectations_of
from tests.sketches import Sketch

EXPECT = "expect:\n" + "".join(
    f"  - {{quantity: '{quantity}', between: [0, 1]}}\n"
    for quantity in (
        "sign(pact)",
        "ratify(pact)",
        "keep(pact)",
        "outcome(none, 2023-01-01)",
        "outcome(war, 2024-01-01)",
    )
)


def test_every_quantity_is_read_off_the_run() -> None:
    text = Sketch().text
    name = Sketch().case.drafts[0].name
    case = load_text(text + EXPECT.replace("pact", name), "sketch.yaml").require()
    done = run(case, Settings(select=False, frictions=False, diagnosis=()))
    sign, ratify, keep, none, war = (m.found for m in expectations_of(done))
    assert (sign, ratify, keep) == tuple(g.probability for g in done.drafts[0].gates)
    path = done.forecast.outcomes
    assert none == path.none[2]
    assert war == path.war[-1]
    impossible = Expectation(f"keep({name})", 1.1, 1.2)
    (met,) = expectations_of(replace(done, case=replace(case, expect=(impossible,))))
    assert not met.holds


@pytest.mark.parametrize(("between", "code"), [("[0, 1]", 0), ("[0.999999, 1]", 1)])
def test_the_command_fails_where_a_number_lies_outside(tmp_path: Path, between: str, code: int) -> None:
    name = Sketch().case.drafts[0].name
    file = tmp_path / "case.yaml"
    file.write_text(Sketch().text + f"expect:\n  - {{quantity: keep({name}), between: {between}}}\n", encoding="utf-8")
    told = CliRunner().invoke(cli, ["test", str(file)])
    assert told.exit_code == code
    assert f"{1 - code} of 1 expectations met" in told.output
    answer = json.loads(CliRunner().invoke(cli, ["test", str(file), "--json"]).output)
    assert answer["missed"] == code
