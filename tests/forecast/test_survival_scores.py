"""Scores over several cases: resampling cases, signs of cases, product limits and sums of unequal coins."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.forecast.scores import compare, wilson
from servanda.forecast.survival_scores import (
    EXACT,
    by_cases,
    compare_cases,
    gap,
    product_limit,
    sign_flips,
    survivors,
)

PROBABILITIES = st.floats(0.0, 1.0)


def test_weights_draw_whole_cases() -> None:
    cases = ["a", "b", "a", "b", "b", "c"]
    weights = by_cases(cases, samples=500, seed=3)
    assert weights.shape == (500, 6)
    assert weights.sum(axis=1) == pytest.approx(np.ones(500))
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 3]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    # each of three cases is missing in (2/3)^3 of the samples
    assert (weights[:, 5] == 0.0).mean() == pytest.approx(8 / 27, abs=0.06)


def test_values_are_those_of_questions_and_intervals_are_wider_where_questions_repeat() -> None:
    stated = {"we": [0.9, 0.2, 0.6, 0.7, 0.3, 0.8], "base rate": [0.5] * 6}
    happened = [1, 0, 1, 0, 1, 1]
    plain = compare(stated, happened)
    apart = compare_cases(stated, happened, range(6))
    cloned = compare_cases(
        {n: np.repeat(p, 5) for n, p in stated.items()}, np.repeat(happened, 5), np.repeat(range(6), 5).tolist()
    )
    naive = compare({n: np.repeat(p, 5) for n, p in stated.items()}, np.repeat(happened, 5))
    for one, other, clone in zip(plain, apart, cloned, strict=True):
        assert one.brier.value == pytest.approx(other.brier.value) == pytest.approx(clone.brier.value)
        assert one.skill.value == pytest.approx(other.skill.value)
        # five copies of every question tell no more than one
        assert (clone.brier.low, clone.brier.high) == pytest.approx((other.brier.low, other.brier.high))
    assert naive[0].brier.high - naive[0].brier.low < 0.6 * (cloned[0].brier.high - cloned[0].brier.low)
    assert cloned[0].questions == 30


def test_one_case_has_no_interval_and_open_questions_count_for_nobody() -> None:
    found = compare_cases({"we": [0.9, 0.5], "base rate": [0.5, float("nan")]}, [1, 0], ["a", "b"])
    assert [s.questions for s in found] == [1, 1]
    assert found[0].brier.value == pytest.approx(0.01)
    assert all(math.isnan(x) for x in (found[0].brier.low, found[0].better, found[0].skill.low))
    assert compare_cases({"we": []}, [], [])[0].questions == 0


@pytest.mark.parametrize("wrong", [([0.5], [1], []), ([0.5, 0.1], [1], ["a"]), ([1.5], [1], ["a"])])
def test_what_does_not_fit_is_refused(wrong: tuple[list[float], list[int], list[str]]) -> None:
    stated, happened, cases = wrong
    with pytest.raises(ValueError, match=r"every forecaster|a probability lies"):
        compare_cases({"we": stated}, happened, cases)
    with pytest.raises(ValueError, match=r"the same questions|a probability lies"):
        gap(stated, [0.5] * len(stated), happened, cases)


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=8))
def test_signs_are_all_tried(sums: list[float]) -> None:
    all_of_them = [
        abs(sum(s * x for s, x in zip(signs, sums, strict=True))) for signs in product((-1, 1), repeat=len(sums))
    ]
    exact = sum(x >= abs(sum(sums)) - 1e-12 for x in all_of_them) / len(all_of_them)
    assert sign_flips(sums) == pytest.approx(exact)


def test_many_signs_are_sampled_close_to_the_normal_limit() -> None:
    sums = np.random.default_rng(1).normal(0.3, 1.0, 60)
    assert len(sums) > EXACT
    limit = math.erfc(abs(sums.sum()) / math.sqrt(2.0 * (sums @ sums)))
    assert sign_flips(sums) == pytest.approx(limit, abs=0.02)
    assert math.isnan(sign_flips([]))


def test_a_gap_counts_questions_and_cases_and_what_it_would_take() -> None:
    found = gap([0.8, 0.7, 0.4, 0.9], [0.5, 0.5, 0.5, float("nan")], [1, 1, 1, 1], ["a", "a", "b", "c"])
    losses = [0.2**2 - 0.25, 0.3**2 - 0.25, 0.6**2 - 0.25]
    assert (found.cases, found.questions) == (2, 3)
    assert found.mean.value == pytest.approx(np.mean(losses))
    sums = np.array([losses[0] + losses[1], losses[2]])
    assert found.needed == pytest.approx(((1.959964 + 0.841621) * sums.std(ddof=1) / sums.mean()) ** 2, rel=1e-5)
    # the two possible samples of one case only are the ends
    assert (found.mean.low, found.mean.high) == pytest.approx((sums[0] / 2, sums[1]))
    assert math.isinf(gap([0.5], [0.5], [1], ["a"]).needed)


def test_the_product_limit_is_the_share_without_censoring() -> None:
    lives = [[True, True, False], [True, False, False], [True, True, True], [False, False, False]]
    found = product_limit(lives)
    assert [(x.at_risk, x.ended) for x in found] == [(4, 1), (3, 1), (2, 1)]
    assert [x.share.value for x in found] == pytest.approx([0.75, 0.5, 0.25])
    for k, life in enumerate(found):
        share = wilson(sum(row[k] for row in lives), 4)
        assert (life.share.low, life.share.high) == pytest.approx((share.low, share.high))


def test_a_censored_agreement_leaves_the_count() -> None:
    # Kaplan and Meier by hand: 3 at risk, then 2 of whom one ends, then 1
    found = product_limit([[True, None, False], [True, False, False], [True, True, True], [None, True, True]])
    assert [(x.at_risk, x.ended) for x in found] == [(3, 0), (2, 1), (1, 0)]
    assert [x.share.value for x in found] == pytest.approx([1.0, 0.5, 0.5])
    # Greenwood: 0.25 * 1 / (2 * 1), worth 2 agreements
    assert found[1].share.low == pytest.approx(wilson(1, 2).low)
    assert found[0].share.high == 1.0


def test_what_came_back_stays_ended_and_nobody_at_risk_is_no_share() -> None:
    assert product_limit([[False, True]])[0].share.value == 0.0
    assert math.isnan(product_limit([[False, True]])[1].share.value)
    assert product_limit([]) == ()
    assert product_limit([[False, False]])[0].share.low == 0.0


@given(st.lists(PROBABILITIES, min_size=1, max_size=9))
def test_survivors_are_a_sum_of_unequal_coins(chances: list[float]) -> None:
    mean, low, high = survivors(chances)
    mass = np.zeros(len(chances) + 1)
    for outcome in product((0, 1), repeat=len(chances)):
        mass[sum(outcome)] += math.prod(p if y else 1.0 - p for p, y in zip(chances, outcome, strict=True))
    assert mean == pytest.approx(sum(chances))
    assert mass[:low].sum() <= 0.1 + 1e-9
    assert mass[high + 1 :].sum() <= 0.1 + 1e-9
    assert mass[low : high + 1].sum() >= 0.8 - 1e-9
