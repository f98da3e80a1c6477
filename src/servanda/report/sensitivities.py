"""What drives a quantity, in words: the leading parameters, and how far the indices may be believed."""

from __future__ import annotations

import math

from servanda.report.charts.tornado import measure_of, trusted
from servanda.report.words import counted, listed, number, percent
from servanda.uncertainty.answers import Box, Sensitivity

LEADING = 3


def leading(found: Sensitivity) -> str:
    """The sentence of the finding, or one made of its longest bars."""
    if found.sentence:
        return found.sentence
    if not found.tornado:
        return "Nothing that was drawn moves it."
    measure = measure_of(found)
    named = [f"“{b.title}” ({measure.level(b.at_low)} to {measure.level(b.at_high)})" for b in found.tornado[:LEADING]]
    return f"Most of it hangs on {listed(named)}."


def quality(found: Sensitivity) -> str:
    """How the indices were computed and how far they may be believed."""
    draws = f"{counted(found.draws, 'draw')}, standard deviation {_deviation(found)}"
    if found.method == "direct":
        return f"Direct evaluations: {draws}."
    if not math.isfinite(found.quality):
        return f"Surrogate of unknown quality: {draws}. Total effects are not to be relied on."
    text = f"{found.method.capitalize()} that explains {percent(max(found.quality, 0.0))} of unseen variance: {draws}."
    return text if trusted(found) else f"{text} That is too little: total effects are not to be relied on."


def _deviation(found: Sensitivity) -> str:
    if measure_of(found).probability:
        return f"{100 * found.deviation:.1f} points"
    return number(float(f"{found.deviation:.3g}"))


def box_sentence(box: Box) -> str:
    """The box in words."""
    if box.sentence:
        return box.sentence
    return (
        f"{box.condition} in {percent(box.density)} of the draws inside the box and in {percent(box.base)} of all; the "
        f"box holds {percent(box.coverage)} of the draws that hold."
    )
