"""A large case compiles in the time and memory a laptop has."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.sketches import Sketch

STATES, SECONDS, GIBIBYTES = 200_000, 60.0, 4.0

_PROBE = """
import json, resource, sys, time
from servanda.case import parse_text
from servanda.compile import compile_case
case = parse_text(sys.stdin.read())
begun = time.perf_counter()
compiled = compile_case(case)
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
outcomes = sum(len(s.outcome_state) for s in compiled.game.stages)
print(json.dumps({"states": compiled.game.states, "successors": outcomes, "seconds": seconds, "GiB": peak}))
"""


def large_case() -> str:
    """The sketch with every part of the deal machine and more stocks until there are states enough."""
    text = Sketch(
        drafts=2,
        phases=2,
        ratifiers=2,
        leads_to="suspension",
        hidden=True,
        sunset="{mean: 3 years}",
        renewal=True,
        levels=5,
    ).text
    stocks = "".join(
        f"  stock{k}: {{kind: stock, levels: [a, b, c, d, e], start: a, growth: {{rate: 0.1}}, decay: {{rate: 0.1}}}}\n"
        for k in range(4)
    )
    return text.replace("  sanctions: {kind", stocks + "  sanctions: {kind")


@pytest.mark.verify
def test_two_hundred_thousand_states(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], input=large_case(), capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(found)}\n")
    assert found["states"] >= STATES
    assert found["seconds"] < SECONDS
    assert found["GiB"] < GIBIBYTES
