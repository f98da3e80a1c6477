"""Confidence: the worst of three readings, each with its bounds, and never better for worse news."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case.resolved import ResolvedCase
from servanda.outlook.answers import Confidence
from servanda.outlook.confidence import confidence_in, drivers_of, sourced
from servanda.uncertainty.answers import Band, Interval, Sensitivity, SensitivityIndex, TornadoBar
from tests.outlook.quarrel import quarrel

CASE = quarrel()
LEVELS = ("high", "moderate", "low")
shares = st.floats(0.0, 1.0)


def driving(**totals: float) -> Sensitivity:
    """What drives an invented answer: `earnest` and `success` are judgements, `hardship` rests on a source."""
    indices = tuple(
        SensitivityIndex(name.replace("__", " + "), name, *(Interval(t, t, t),) * 3)
        for name, t in sorted(totals.items(), key=lambda pair: -pair[1])
    )
    bars = tuple(
        TornadoBar(p, p, "", low, 0.6, 0.0, 1.0) for p, low in (("earnest", 0.5), ("hardship", 0.1), ("success", 0.4))
    )
    return Sensitivity("question.x", "x", 100, 0.5, 0.1, "surrogate", 0.9, indices, bars, "")


def trusted(
    judged: float = 0.0, known: float = 1.0, width: float = 0.0, selection: float = math.nan, case: ResolvedCase = CASE
) -> Confidence:
    return confidence_in(case, driving(success=judged, hardship=known), Band(0.5, 0.4, 0.4 + width), selection)


@pytest.mark.parametrize(
    ("known", "level"), [(1.0, "high"), (2 / 3, "high"), (0.66, "moderate"), (1 / 3, "moderate"), (0.33, "low")]
)
def test_bounds_of_the_grades(known: float, level: str) -> None:
    found = trusted(judged=1.0 - known, known=known)
    assert found.level == level
    assert found.grade == pytest.approx(known)


@pytest.mark.parametrize(
    ("width", "level"), [(0.0, "high"), (0.149, "high"), (0.16, "moderate"), (0.399, "moderate"), (0.41, "low")]
)
def test_bounds_of_the_band(width: float, level: str) -> None:
    found = trusted(width=width)
    assert found.level == level
    assert found.band == pytest.approx(width)


@pytest.mark.parametrize(
    ("spread", "level"), [(0.0, "high"), (0.02, "high"), (0.021, "moderate"), (0.1, "moderate"), (0.11, "low")]
)
def test_bounds_of_the_selection(spread: float, level: str) -> None:
    assert trusted(selection=spread).level == level


@given(known=shares, width=shares, selection=shares)
def test_the_worst_of_the_three_counts(known: float, width: float, selection: float) -> None:
    judged = 1.0 - known
    alone = [trusted(judged, known), trusted(width=width), trusted(selection=selection)]
    together = trusted(judged, known, width, selection)
    assert LEVELS.index(together.level) == max(LEVELS.index(each.level) for each in alone)
    assert together.sentence.startswith(f"{together.level.capitalize()} confidence: ")
    # it names the readings that are to blame, and no other
    for each, word in zip(alone, ("rests on sources", "eight draws in ten", "beyond the horizon"), strict=True):
        assert (word in together.sentence) == (each.level == together.level)


@given(known=shares, width=shares, selection=shares, worse=shares)
def test_worse_news_never_raise_it(known: float, width: float, selection: float, worse: float) -> None:
    before = LEVELS.index(trusted(1.0 - known, known, width, selection).level)
    assert LEVELS.index(trusted(1.0 - known + worse, known, width, selection).level) >= before
    assert LEVELS.index(trusted(1.0 - known, known, width + worse, selection).level) >= before
    assert LEVELS.index(trusted(1.0 - known, known, width, selection + worse).level) >= before


def test_a_group_counts_by_its_members() -> None:
    found = confidence_in(CASE, driving(hardship__success=0.8), Band(0.5, 0.5, 0.5), math.nan)
    assert found.grade == 0.5


def test_an_answer_that_nothing_moves_is_sure_of_nothing_but_its_structure() -> None:
    still = Sensitivity("question.x", "x", 100, 1.0, 0.0, "surrogate", 1.0, (), (), "")
    found = confidence_in(CASE, still, Band(1.0, 1.0, 1.0), 0.0)
    assert (found.level, found.grade) == ("moderate", 0.0)
    assert found.sentence == (
        "Moderate confidence: no uncertain parameter moves it, so it rests on the structure of the case alone."
    )


def test_without_uncertain_parameters_it_is_low() -> None:
    still = Sensitivity("question.x", "x", 100, 1.0, 0.0, "surrogate", 1.0, (), (), "")
    found = confidence_in(quarrel(certain=True), still, Band(1.0, 1.0, 1.0), 0.0)
    assert found.level == "low"


@pytest.mark.parametrize(
    ("grade", "read"), [("A", True), ("B", True), ("C", False), ("M", False), ("J", False), ("J:A", False), ("", False)]
)
def test_only_sources_that_were_read_count(grade: str, read: bool) -> None:
    assert sourced(grade) is read


def test_drivers_are_the_three_that_move_it_most() -> None:
    found = drivers_of(CASE, driving(success=0.1, hardship=0.7, earnest=0.2))
    assert [(d.parameter, d.share, d.at_low, d.at_high, d.grade) for d in found] == [
        ("hardship", 0.7, 0.1, 0.6, "A"), ("earnest", 0.2, 0.5, 0.6, "J"), ("success", 0.1, 0.4, 0.6, "J"),
    ]  # fmt: skip
    # of a correlated group the member with the longest bar
    (group,) = drivers_of(CASE, driving(earnest__success=0.9, hardship=0.0))
    assert (group.parameter, group.share) == ("success", 0.9)
