"""Solved sketches, ready for diagnosis."""

from __future__ import annotations

from servanda.analysis import Settings, run
from servanda.compile import compile_case
from servanda.diagnosis import DraftVerdict
from servanda.diagnosis.play import Play
from servanda.equilibrium import solve
from tests.sketches import Sketch


def play_of(sketch: Sketch, only: str = "") -> Play:
    """Play with every draft on the table, or with one alone."""
    compiled = compile_case(sketch.case)
    numbers = compiled.numbers([compiled.only(only) if only else {}])
    return Play(compiled, solve(compiled.game, numbers))


def plays_of(sketch: Sketch) -> list[Play]:
    """Play with each draft alone on the table, in order."""
    return [play_of(sketch, f"draft{d}") for d in range(sketch.drafts)]


def verdicts_of(sketch: Sketch) -> tuple[DraftVerdict, ...]:
    return run(sketch.case, Settings(select=False, frictions=False)).drafts
