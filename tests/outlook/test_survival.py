"""Survival of several agreements: horizons, curve, fates and words are their closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from servanda.outlook.backtest_answers import Difference
from servanda.outlook.survival import Put, survival_of
from servanda.outlook.survival_words import compared, luck
from servanda.uncertainty.answers import Interval
from tests.outlook.invented_survival import AGREEMENTS, BASE, asked

NAMES = tuple(row[0] for row in AGREEMENTS)


def test_horizons_count_what_is_known() -> None:
    found = survival_of(asked(), NAMES)
    assert found is not None
    assert [(h.years, h.known, h.pending, round(h.alive.value * h.known)) for h in found.horizons] == [
        (1, 5, 0, 5), (3, 5, 0, 4), (5, 5, 0, 3), (10, 4, 1, 2),
    ]  # fmt: skip
    three = found.horizons[1]
    assert three.forecast.mean == pytest.approx(np.mean([0.8, 0.5, 0.7, 0.9, 0.5]))
    assert three.forecast.low == pytest.approx(three.forecast.mean - 0.1)
    assert three.base == pytest.approx(BASE[1])
    assert three.expected.mean == pytest.approx(3.4)
    ours, base, still, coin = three.scores
    squares = [0.2**2, 0.5**2, 0.3**2, 0.1**2, 0.5**2]
    assert ours.brier.value == pytest.approx(np.mean(squares))
    assert base.brier.value == pytest.approx((4 * 0.33**2 + 0.67**2) / 5)
    assert (still.brier.value, coin.brier.value) == pytest.approx((0.2, 0.25))
    assert three.difference.brier.value == pytest.approx(ours.brier.value - base.brier.value)
    assert (three.difference.cases, three.difference.questions) == (5, 5)
    # the open one has no part in ten years
    assert found.horizons[3].forecast.mean == pytest.approx(np.mean([0.6, 0.2, 0.1, 0.8]))


def test_the_curve_is_the_product_limit_with_its_number_at_risk() -> None:
    found = survival_of(asked(), NAMES)
    assert found is not None
    assert [(p.years, p.at_risk, p.ended) for p in found.curve] == [
        (0, 5, 0),
        (1, 5, 0),
        (3, 5, 1),
        (5, 4, 1),
        (10, 2, 0),
    ]
    assert [p.observed.value for p in found.curve] == pytest.approx([1.0, 1.0, 0.8, 0.6, 0.6])
    # the curve of forecasts keeps the open one
    assert found.curve[-1].forecast.mean == pytest.approx(np.mean([0.6, 0.2, 0.1, 0.8, 0.3]))


def test_all_questions_of_a_case_are_one_case() -> None:
    found = survival_of(asked(), NAMES)
    assert found is not None
    assert (found.alive_difference.questions, found.alive_difference.cases) == (19, 5)
    assert found.left_difference is not None
    assert (found.left_difference.questions, found.left_difference.cases) == (8, 4)
    assert [s.forecaster for s in found.alive] == ["servanda", "base rate", "no change", "coin"]
    assert found.left[2].brier.value == pytest.approx(2 / 8)


def test_fates_are_what_we_said_and_what_came() -> None:
    found = survival_of(asked(), (*NAMES, "summit-2019"))
    assert found is not None
    assert found.absent == ("summit-2019",)
    assert [(x.case, x.said, x.came, x.right) for x in found.lives] == [
        ("truce-1990", "alive", "alive", True), ("swap-1995", "North left", "North left", True),
        ("freeze-2000", "South left", "North left", False), ("border-2005", "alive", "alive", True),
        ("fish-2017", "North left", "", None),
    ]  # fmt: skip
    swap = found.lives[1]
    assert [(f.kind, f.party) for f in swap.fates] == [
        ("alive", ""), ("left", "North"), ("left", "South"), ("otherwise", ""),
    ]  # fmt: skip
    assert [f.probability for f in found.lives[2].fates] == pytest.approx([0.1, 0.2, 0.55, 0.15])
    assert [f.base for f in swap.fates] == pytest.approx([0.26, 0.37, 0.37, 0.0])


def test_the_words_are_computed() -> None:
    found = survival_of(asked(), NAMES)
    assert found is not None
    assert found.headline == (
        "Alive: 5 of 5 agreements after 1 year, 4 of 5 after 3, 3 of 5 after 5 and 2 of 4 after 10. The model expected "
        "4.3, 3.4, 2.9 and 1.7; base rates 4.3, 3.4, 2.5 and 1.0."
    )
    ours, base = found.alive[0].brier.value, found.alive[1].brier.value
    assert found.details[0].startswith(
        f"On survival (19 questions of 5 cases) our Brier score is {ours:.3f}, that of the base rate {base:.3f}: "
        f"better by {base - ours:.3f}; the interval over 5 cases,"
    )
    parts = {
        row[0]: sum((p - y) ** 2 - (b - y) ** 2 for p, b, y in zip(row[2], BASE, row[4], strict=True) if y is not None)
        / 19
        for row in AGREEMENTS
    }
    gained = sorted(parts, key=lambda name: parts[name])[:3]
    assert found.details[1].endswith(
        f"gained on {gained[0]} ({-parts[gained[0]]:.3f}), {gained[1]} ({-parts[gained[1]]:.3f}) and {gained[2]} "
        f"({-parts[gained[2]]:.3f})."
    )
    assert "The fate we thought likeliest came in 3 of 4 cases; who always says “alive” is right in 2." in found.details
    assert "Somebody left in 2 cases; it was the party we held likeliest to in 1 (a blind guess: 1.0)." in found.details
    assert found.details[-1] == "Not known yet, and not scored: 1 after 10 years."


@pytest.mark.parametrize(
    ("low", "value", "high", "said"),
    [
        (-0.07, -0.02, 0.03, "better by 0.020; the interval over 9 cases, 0.070 better to 0.030 worse, includes zero"),
        (-0.07, -0.04, -0.01,
         "better by 0.040; the interval over 9 cases, 0.070 better to 0.010 better, does not include zero"),
        (0.01, 0.04, 0.07,
         "worse by 0.040; the interval over 9 cases, 0.010 worse to 0.070 worse, does not include zero"),
        (-0.01, 0.0001, 0.01, "as good; the interval over 9 cases, 0.010 better to 0.010 worse, includes zero"),
        (math.nan, 0.2, math.nan, "worse by 0.200; one case has no interval"),
    ],
)  # fmt: skip
def test_a_difference_says_whether_zero_is_in_its_interval(low: float, value: float, high: float, said: str) -> None:
    assert compared(Difference(Interval(value, low, high), 9, 30, 0.5, 100.0)) == said


def test_luck_is_told_where_there_is_something_to_tell() -> None:
    found = Difference(Interval(0.1, 0.0, 0.2), 9, 30, 0.04, 8.0)
    assert luck(found) == "Were the two equally good, chance would part them as far in 4 % of trials"
    assert luck(replace(found, needed=1e6)).endswith("; more than 10,000 such cases would tell")
    assert luck(replace(found, needed=math.inf)) == luck(found)
    assert luck(replace(found, cases=1)) == ""


def test_one_agreement_is_no_library() -> None:
    only = [p for p in asked() if p.case == "truce-1990"]
    assert survival_of(only, ("truce-1990",)) is None
    assert survival_of([], NAMES) is None
    open_: list[Put] = [replace(p, outcome=None) for p in asked()]
    assert survival_of(open_, NAMES) is None


def test_without_parties_or_base_rates_what_there_is_is_told() -> None:
    bare = [replace(p, naive={"coin": 0.5}) for p in asked() if not p.party]
    found = survival_of(bare, NAMES)
    assert found is not None
    assert (found.left, found.left_difference) == ((), None)
    assert all(life.fates == () and life.right is None for life in found.lives)
    assert math.isnan(found.horizons[0].base)
    assert found.headline.endswith("The model expected 4.3, 3.4, 2.9 and 1.7.")
    assert found.alive_difference.questions == 0


def test_what_was_left_and_made_again_was_left() -> None:
    told = [replace(p, outcome=True) if p.case == "swap-1995" and p.party == "" else p for p in asked()]
    found = survival_of(told, NAMES)
    assert found is not None
    assert [f.happened for f in found.lives[1].fates] == [False, True, False, False]


def test_ended_without_anybody_leaving_is_a_fate() -> None:
    told = [replace(p, outcome=False) if p.case == "swap-1995" and p.party else p for p in asked()]
    found = survival_of(told, NAMES)
    assert found is not None
    assert (found.lives[1].came, found.lives[1].right) == ("ended, nobody left", False)
