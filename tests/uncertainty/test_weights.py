"""Weights of draws, tempering, weighted quantiles, posteriors, and evidence left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import binom, norm, qmc

from servanda.case.uncertain import parse_uncertain
from servanda.uncertainty.factors import Factor, blocks, grouped, midranks
from servanda.uncertainty.weights import (
    answers_without,
    band,
    bands,
    effective_size,
    mixture_quantiles,
    posteriors,
    quantiles,
    share_interval,
    weigh,
)

NUMBERS = st.floats(-1e6, 1e6)
VALUES = arrays.arrays(np.float64, st.integers(1, 30), elements=NUMBERS)
UNIFORM = parse_uncertain("uniform(0, 1)")


@given(VALUES, st.floats(0.0, 1.0))
def test_equal_weights_give_the_quantiles_of_numpy(values: np.ndarray, q: float) -> None:
    ours = quantiles(values, np.full(len(values), 0.3), q)[0]
    assert ours == pytest.approx(np.quantile(values, q), rel=1e-9, abs=1e-6)


@given(VALUES, st.integers(0, 2**32 - 1))
def test_weighted_quantiles_are_ordered_bounded_and_blind_to_draws_without_weight(
    values: np.ndarray, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.random(len(values)) + 0.01
    found = quantiles(values, weights, [0.0, 0.1, 0.5, 0.9, 1.0])
    assert (np.diff(found) >= -1e-9 * np.abs(values).max()).all()
    assert found[0] >= values.min()
    assert found[-1] <= values.max()
    more = quantiles([*values, 1e9, np.nan], [*weights, 0.0, 0.0], [0.0, 0.1, 0.5, 0.9, 1.0])
    assert more == pytest.approx(found, rel=1e-9, abs=1e-9)
    assert quantiles(values, 7.0 * weights, 0.3)[0] == pytest.approx(quantiles(values, weights, 0.3)[0], abs=1e-6)


def test_weighted_quantiles_are_those_of_the_distribution_weighed_for() -> None:
    # Draws of a wide normal distribution, weighed into a narrow shifted one. The error of a quantile is about
    # sqrt(q (1 - q) / n) / density: 0.02 here.
    x = norm.ppf((np.arange(20_000) + 0.5) / 20_000, scale=2.0)
    weights = norm.pdf(x, loc=1.0) / norm.pdf(x, scale=2.0)
    found = quantiles(x, weights, [0.1, 0.5, 0.9])
    assert found == pytest.approx(norm.ppf([0.1, 0.5, 0.9], loc=1.0), abs=0.005)


def test_a_band_is_mean_and_quantiles_by_column() -> None:
    values = np.array([[0.0, 10.0], [1.0, 20.0], [2.0, 60.0]])
    first, second = bands(values, [1.0, 1.0, 2.0])
    assert first.mean == 1.25
    assert second.mean == 37.5
    assert band(values[:, 1], [1.0, 1.0, 2.0]) == second
    assert second.low < second.mean < second.high


def test_values_that_count_must_be_finite_and_some_weight_positive() -> None:
    with pytest.raises(ValueError, match="no finite value"):
        band([1.0, np.nan], [1.0, 1.0])
    with pytest.raises(ValueError, match="one of them positive"):
        band([1.0, 2.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="one of them positive"):
        band([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(ValueError, match="3 weights for 2 draws"):
        band([1.0, 2.0], [1.0, 1.0, 1.0])


def test_a_mixture_pools_what_varies_within_draws() -> None:
    levels = (np.arange(200) + 0.5) / 200
    samples = np.stack([norm.ppf(levels, loc=m) for m in (-3.0, 3.0)])
    found = mixture_quantiles(samples, [0.25, 0.75], [0.125, 0.25, 0.625])
    # a quarter of the mass lies around -3, so its median is the eighth; 0.625 is the median of the rest
    assert found[0] == pytest.approx(-3.0, abs=0.02)
    assert -2.0 < found[1] < 2.0
    assert found[2] == pytest.approx(3.0, abs=0.02)
    by_date = np.stack([samples, samples + 1.0], axis=1)
    both = mixture_quantiles(by_date, [0.25, 0.75], [0.125])
    assert both[0, 1] - both[0, 0] == pytest.approx(1.0)


def test_weights_give_the_posterior_and_the_evidence_of_a_coin() -> None:
    # Uniform prior, 7 heads in 20: the posterior is Beta(8, 14), and every count is equally likely beforehand.
    p = (np.arange(4_000) + 0.5) / 4_000
    weights, weighing = weigh(binom.logpmf(7, 20, p))
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ p == pytest.approx(8 / 22, abs=1e-5)
    assert weights @ (p - 8 / 22) ** 2 == pytest.approx(8 * 14 / (22**2 * 23), rel=1e-3)
    assert math.exp(weighing.log_evidence) == pytest.approx(1 / 21, rel=1e-5)
    assert weighing.tempering == 1.0
    assert weighing.effective == pytest.approx(effective_size(weights))
    assert weighing.effective == pytest.approx(weighing.untempered)
    assert "4,000 draws are worth" in weighing.sentence


def test_tempering_keeps_the_effective_sample_size_at_the_floor_and_says_so() -> None:
    p = (np.arange(500) + 0.5) / 500
    log_likelihood = binom.logpmf(7_000, 20_000, p)
    weights, weighing = weigh(log_likelihood)
    assert weighing.untempered < 10
    assert weighing.effective == pytest.approx(50.0, abs=0.01)
    assert effective_size(weights) == pytest.approx(50.0, abs=0.01)
    assert 0.0 < weighing.tempering < 1.0
    assert weights == pytest.approx(np.exp(log_likelihood * weighing.tempering) / sum(
        np.exp(log_likelihood * weighing.tempering)), rel=1e-6)  # fmt: skip
    assert "raised to the power" in weighing.sentence
    _, share = weigh(log_likelihood, least=0.2)
    assert share.effective == pytest.approx(100.0, abs=0.01)
    _, untouched = weigh(log_likelihood, least=1.0)
    assert untouched.tempering == 1.0


@given(
    arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e3, 10.0) | st.just(-np.inf)),
    st.floats(0.5, 60.0),
    st.floats(-500.0, 500.0),
)
def test_laws_of_weighing(log_likelihood: np.ndarray, least: float, shift: float) -> None:
    weights, weighing = weigh(log_likelihood, least=least)
    possible = np.isfinite(log_likelihood).sum()
    assert weights.sum() == pytest.approx(1.0)
    if possible == 0:
        assert weighing.effective == 0.0
        return
    assert (weights[np.isneginf(log_likelihood)] == 0.0).all()
    assert 1.0 - 1e-9 <= weighing.effective <= possible + 1e-6
    assert weighing.effective >= min(least if least >= 1 else least * len(weights), possible / 2) - 1e-3
    order = np.argsort(log_likelihood)
    assert (np.diff(weights[order]) >= -1e-12).all()
    again, other = weigh(log_likelihood + shift, least=least)
    assert again == pytest.approx(weights, abs=1e-6)
    assert other.log_evidence == pytest.approx(weighing.log_evidence + shift, abs=1e-6)


def test_failed_draws_count_nowhere() -> None:
    given = np.array([0.0, np.nan, -1.0, 0.0])
    weights, weighing = weigh(
        given, failed=np.array([False, False, False, True]), unsettled=np.array([True, True, False, True])
    )
    assert weights[[1, 3]].tolist() == [0.0, 0.0]
    assert (weighing.draws, weighing.failed, weighing.unsettled) == (4, 2, 1)
    assert math.exp(weighing.log_evidence) == pytest.approx((1 + math.exp(-1)) / 2)


def test_impossible_evidence_is_told_and_not_used() -> None:
    weights, weighing = weigh([-np.inf, np.nan, -np.inf])
    assert weights.tolist() == [0.5, 0.0, 0.5]
    assert (weighing.effective, weighing.tempering, weighing.log_evidence) == (0.0, 0.0, -math.inf)
    assert "Under none of the 2 draws is the evidence possible" in weighing.sentence
    nothing, none = weigh([np.nan, np.nan])
    assert nothing.tolist() == [0.0, 0.0]
    assert none.sentence == "No draw was solved, so nothing can be said."
    few, sparse = weigh([0.0] * 3 + [-np.inf] * 97)
    assert few[:3].tolist() == pytest.approx([1 / 3] * 3)
    assert "possible under 3 of them only" in sparse.sentence
    _, flat = weigh([-2.0] * 8)
    assert "keep the same weight" in flat.sentence
    with pytest.raises(ValueError, match="cannot be infinite"):
        weigh([np.inf])
    with pytest.raises(ValueError, match="must be positive"):
        weigh([0.0], least=0.0)


def test_posteriors_of_choices_follow_the_rule_of_bayes_and_movers_come_first() -> None:
    earnest = parse_uncertain("one of {earnest: 3, show: 1}", choices={"earnest": 1, "show": 0})
    factors = [Factor("idle", "Idle", UNIFORM, "points"), Factor("faith", "Good faith", earnest)]
    u = qmc.Sobol(2, rng=np.random.default_rng(3)).random(1024)
    x = np.stack([u[:, 0], earnest.quantile(u[:, 1])], axis=1)
    weights, _ = weigh(np.where(x[:, 1] == 1.0, math.log(0.2), math.log(0.6)))
    faith, idle = posteriors(factors, x, weights)
    assert (faith.parameter, idle.parameter) == ("faith", "idle")
    (name, before, after), (_, _, show) = faith.choices
    assert name == "earnest"
    assert before == pytest.approx(0.75)
    assert after == pytest.approx(0.75 * 0.2 / (0.75 * 0.2 + 0.25 * 0.6))
    assert after + show == pytest.approx(1.0)
    assert idle.choices == ()
    assert idle.before.mean == pytest.approx(0.5, abs=0.01)
    assert (idle.before.low, idle.before.high) == pytest.approx((0.1, 0.9), abs=0.01)


def test_each_piece_left_out_leaves_the_posterior_of_the_others() -> None:
    # Two tosses of a coin of unknown bias, heads and tails: without one piece the other remains.
    p = (np.arange(2_000) + 0.5) / 2_000
    heads, tails = np.log(p), np.log1p(-p)
    rest = np.stack([tails, heads], axis=1)
    values = np.stack([p, p**2], axis=1)
    found = answers_without(values, np.repeat(values[:, None], 2, axis=1), heads + tails, rest)
    assert found.answers == pytest.approx([1 / 2, 3 / 10], abs=1e-4)  # Beta(2, 2)
    assert found.without[0] == pytest.approx([1 / 3, 1 / 6], abs=1e-4)  # Beta(1, 2)
    assert found.without[1] == pytest.approx([2 / 3, 1 / 2], abs=1e-4)  # Beta(2, 1)
    # given tails, heads has probability 1/3
    assert found.surprise == pytest.approx([math.log2(3), math.log2(3)], abs=1e-3)
    flat = answers_without(values, np.repeat(values[:, None], 2, axis=1), heads + tails, rest, power=0.0)
    assert flat.answers == pytest.approx(values.mean(axis=0))
    assert flat.surprise == pytest.approx([1.0, 1.0], abs=1e-3)
    assert flat.effective == pytest.approx([2_000, 2_000])


def test_a_piece_that_only_some_draws_can_produce() -> None:
    joint = np.array([0.0, -np.inf, np.nan, 0.0])
    rest = np.array([[0.0], [0.0], [0.0], [-np.inf]])
    found = answers_without(np.ones((4, 1)), np.ones((4, 1, 1)), joint, rest)
    # draws 0 and 1 carry the weight without it; one of them can produce it
    assert found.surprise == pytest.approx([1.0])
    with pytest.raises(ValueError, match="no draw can produce the evidence"):
        answers_without(np.ones((1, 1)), np.ones((1, 1, 1)), [-np.inf], [[-np.inf]])


def test_shares_have_intervals_that_cover() -> None:
    assert share_interval(0.0, 20.0)[0] == 0.0
    assert share_interval(1.0, 20.0)[1] == 1.0
    assert share_interval(0.5, 0.0) == (0.0, 1.0)
    # 3 of 10: tables of Clopper and Pearson
    assert share_interval(0.3, 10.0) == pytest.approx((0.0667, 0.6525), abs=1e-4)


@given(arrays.arrays(np.float64, (12, 2), elements=st.integers(0, 4).map(float)), st.integers(0, 999))
def test_midranks_are_the_mass_below_and_half_of_the_mass_at(x: np.ndarray, seed: int) -> None:
    w = np.random.default_rng(seed).random(12) + 0.1
    w /= w.sum()
    below = (x[None] < x[:, None]) * w[None, :, None]
    same = (x[None] == x[:, None]) * w[None, :, None]
    assert midranks(x, w) == pytest.approx(below.sum(axis=1) + 0.5 * same.sum(axis=1))


def test_groups_are_chains_of_correlated_parameters() -> None:
    factors = [Factor(name, name.upper(), UNIFORM) for name in "abcde"]
    found = grouped(factors, [("d", "b"), ("e", "d")])
    assert [factor.group for factor in found] == ["", "b", "", "b", "b"]
    assert [(block.name, block.columns) for block in blocks(found)] == [
        ("a", (0,)), ("b + d + e", (1, 3, 4)), ("c", (2,)),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no factor is called 'z'"):
        grouped(factors, [("a", "z")])
