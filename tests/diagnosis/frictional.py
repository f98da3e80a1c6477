"""Sketches with frictions: prices of exit and breach, hardship, two tolls that are alike, and one that does nothing."""

from __future__ import annotations

from dataclasses import replace

from servanda.diagnosis.answers import FrictionLattice
from servanda.diagnosis.lattice import friction_lattice
from servanda.diagnosis.trials import Trials
from tests.diagnosis.tried import TIGHT
from tests.sketches import Sketch

Pairs = tuple[tuple[str, str], ...]


def parameter(name: str, value: float | str, more: str = "") -> tuple[str, str]:
    return "parameters", f"  {name}: {{value: '{value}'{more}, source: judgement}}"


def friction(name: str, off: str) -> tuple[str, str]:
    return "frictions", f"  {name}: {{title: {name.title()}, mechanism: It bites., off: {{{off}}}, source: judgement}}"


def toll(name: str) -> Pairs:
    """The council pays for a deal as long as it lives."""
    return (
        parameter(f"toll_{name}", 5),
        ("  council", f"    toll {name}: {{worth: -toll_{name}, when: deal is live}}"),
    )


PARTS: Pairs = (*toll("a"), *toll("b"), parameter("dust", 1))
FREE = friction("free exit", "exit_price: 30")
PLEDGE = friction("no pledge", "bond: 15")
TOLL_A, TOLL_B = friction("first toll", "toll_a: 0"), friction("second toll", "toll_b: 0")
DUST = friction("dust", "dust: 2")
EASE = friction("ease", "pain: pain * 2")
BASE = Sketch(pain=30.0, gain=5.0)


def with_frictions(sketch: Sketch, *frictions: tuple[str, str]) -> Sketch:
    return replace(sketch, also=(*PARTS, *frictions))


def lattice_of(sketch: Sketch, draft: str | None = "draft0", *, tight: bool = False, **how: object) -> FrictionLattice:
    case = sketch.case
    trials = replace(Trials.of(case, draft, 4), settings=TIGHT) if tight else None
    found = friction_lattice(case, draft, window=4, trials=trials, **how)
    assert found is not None
    return found
