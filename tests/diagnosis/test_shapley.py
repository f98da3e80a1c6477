"""Shapley values, interactions and repairs: their axioms, their definitions taken literally, known games."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import logit

from servanda.diagnosis.shapley import (
    Evaluate,
    Permutations,
    alone,
    interactions,
    last,
    log_odds,
    members,
    minimal_repairs,
    repairs_searched,
    sampled,
    shapley,
    shapley_sampled,
    subsets,
)  # fmt: skip
from tests.strategies import few, seeds

Floats = NDArray[np.float64]
Masks = NDArray[np.int64]

MAJORITY = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
# one left glove (0), two right ones (1, 2): a pair is worth 1
GLOVES = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])


@st.composite
def set_functions(draw: st.DrawFn, least: int = 0, most: int = 6) -> Floats:
    """Any set function, monotone or not, on `least` to `most` elements, of any scale."""
    k = draw(st.integers(least, most))
    scale = 10.0 ** draw(st.integers(-6, 6))
    return scale * np.random.default_rng(draw(seeds)).normal(size=1 << k)


@st.composite
def coarse(draw: st.DrawFn, most: int = 6) -> Floats:
    """Non-monotone set functions with many ties, mostly zero so that repairs of several sizes occur."""
    k, rare = draw(st.integers(0, most)), draw(st.sampled_from([0.02, 0.05, 0.1, 0.2]))
    random = np.random.default_rng(draw(seeds))
    return random.choice([0.0, 0.25, 0.5, 0.75, 1.0], size=1 << k, p=[1.0 - 4 * rare] + [rare] * 4)


def size_of(value: Floats) -> int:
    return len(value).bit_length() - 1


def lookup(value: Floats) -> Evaluate:
    def evaluate(masks: Masks) -> Floats:
        chosen: Floats = value[masks]
        return chosen

    return evaluate


def exactly(value: Floats) -> list[Fraction]:
    return [Fraction(v) for v in value.tolist()]


def shapley_over_orders(value: Floats) -> Floats:
    """The definition: the mean over every order, in exact fractions."""
    worth, k = exactly(value), size_of(value)
    total = [Fraction(0)] * k
    for order in itertools.permutations(range(k)):
        mask = 0
        for i in order:
            total[i] += worth[mask | 1 << i] - worth[mask]
            mask |= 1 << i
    return np.array([float(t / math.factorial(k)) for t in total])


def interaction_by_definition(value: Floats, i: int, j: int) -> float:
    worth, k = exactly(value), size_of(value)
    total = Fraction(0)
    others = [e for e in range(k) if e not in (i, j)]
    for s in range(len(others) + 1):
        weight = Fraction(math.factorial(s) * math.factorial(k - s - 2), math.factorial(k - 1))
        for chosen in itertools.combinations(others, s):
            m = sum(1 << e for e in chosen)
            total += weight * (worth[m | 1 << i | 1 << j] - worth[m | 1 << i] - worth[m | 1 << j] + worth[m])
    return float(total)


def repairs_by_definition(value: Floats, threshold: float) -> set[int]:
    def fails(mask: int) -> bool:
        return bool(value[mask] < threshold)

    parts = {m: [p for p in range(m) if p & m == p] for m in range(len(value))}
    return {m for m in parts if not fails(m) and all(fails(p) for p in parts[m])}


@given(st.integers(0, 10))
@few(11)
def test_subsets_are_all_there_and_members_are_their_bits(k: int) -> None:
    assert subsets(k).dtype == np.int64
    expected = {c for s in range(k + 1) for c in itertools.combinations(range(k), s)}
    listed = [members(int(mask)) for mask in subsets(k)]
    assert len(listed) == len(expected)
    assert set(listed) == expected
    assert all(sum(1 << i for i in found) == mask for mask, found in enumerate(listed))
    assert members(1 << 61 | 1) == (0, 61)
    with pytest.raises(ValueError, match="a mask is not negative: -1"):
        members(-1)


@given(set_functions(most=12))
def test_values_are_efficient(value: Floats) -> None:
    assert abs(shapley(value).sum() - (value[-1] - value[0])) <= 1e-12 * np.abs(value).max()


@given(set_functions(most=5))
def test_values_are_means_over_all_orders(value: Floats) -> None:
    np.testing.assert_allclose(shapley(value), shapley_over_orders(value), rtol=0, atol=1e-14 * np.abs(value).max())


@given(set_functions(most=7), st.data())
def test_a_dummy_gets_nothing_and_changes_nobody_else(value: Floats, data: st.DataObject) -> None:
    k = size_of(value)
    place = data.draw(st.integers(0, k), label="place of the dummy")
    masks = subsets(k + 1)
    low = masks & ((1 << place) - 1)
    with_dummy = value[low | (masks >> place + 1) << place]
    answer, index = shapley(with_dummy), interactions(with_dummy)
    assert answer[place] == 0.0
    assert not index[place].any()
    close = 1e-13 * np.abs(value).max()
    np.testing.assert_allclose(np.delete(answer, place), shapley(value), rtol=0, atol=close)
    without = np.delete(np.delete(index, place, 0), place, 1)
    np.testing.assert_allclose(without, interactions(value), rtol=0, atol=close)


@given(set_functions(least=2, most=7), st.data())
def test_symmetric_elements_get_the_same(value: Floats, data: st.DataObject) -> None:
    k = size_of(value)
    i, j = data.draw(st.permutations(range(k)), label="symmetric")[:2]
    masks = subsets(k)
    swapped = masks & ~(1 << i | 1 << j) | (masks >> i & 1) << j | (masks >> j & 1) << i
    answer = shapley(value + value[swapped])
    assert answer[i] == pytest.approx(answer[j], rel=0, abs=1e-13 * np.abs(value).max())


@given(st.integers(0, 7), seeds, st.floats(-5, 5), st.floats(-5, 5))
def test_values_and_interactions_are_linear(k: int, seed: int, a: float, b: float) -> None:
    first, second = np.random.default_rng(seed).normal(size=(2, 1 << k))
    for rule in (shapley, interactions, alone, last):
        both = rule(a * first + b * second)
        np.testing.assert_allclose(both, a * rule(first) + b * rule(second), rtol=0, atol=1e-12)


def test_majority_of_three_shares_alike() -> None:
    np.testing.assert_allclose(shapley(MAJORITY), [1 / 3] * 3, rtol=0, atol=1e-15)
    # with the third out the pair is needed (+1), with it in either will do (-1): nothing on average
    np.testing.assert_array_equal(interactions(MAJORITY), np.zeros((3, 3)))
    assert alone(MAJORITY).tolist() == [0.0] * 3
    assert last(MAJORITY).tolist() == [0.0] * 3


def test_gloves_pay_the_scarce_side() -> None:
    # the left owner is in the middle or last in 4 of 6 orders, each right one makes a pair in 1 of 6
    np.testing.assert_allclose(shapley(GLOVES), [2 / 3, 1 / 6, 1 / 6], rtol=0, atol=1e-15)
    expected = [[0.0, 0.5, 0.5], [0.5, 0.0, -0.5], [0.5, -0.5, 0.0]]
    np.testing.assert_allclose(interactions(GLOVES), expected, rtol=0, atol=1e-15)
    assert last(GLOVES).tolist() == [1.0, 0.0, 0.0]
    assert minimal_repairs(GLOVES, 1.0) == (0b011, 0b101)


@given(st.integers(1, 8), st.data())
def test_unanimity_is_shared_by_its_carriers(k: int, data: st.DataObject) -> None:
    carriers = data.draw(st.integers(1, (1 << k) - 1), label="carriers")
    inside = np.array([carriers >> i & 1 for i in range(k)], dtype=np.float64)
    n = int(inside.sum())
    game = (subsets(k) & carriers == carriers).astype(np.float64)
    np.testing.assert_allclose(shapley(game), inside / n, rtol=0, atol=1e-14)
    # Grabisch and Roubens 1999: 1 / (n - |ij| + 1) for pairs of carriers, 0 for others
    pair = np.outer(inside, inside) * (1 - np.eye(k)) / max(1, n - 1)
    np.testing.assert_allclose(interactions(game), pair, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(last(game), inside)
    np.testing.assert_array_equal(alone(game), inside if n == 1 else np.zeros(k))
    assert minimal_repairs(game, 0.5) == (carriers,)


def test_no_element_and_one_element() -> None:
    for rule in (shapley, alone, last):
        assert rule(np.array([3.0])).shape == (0,)
        assert rule(np.array([3.0, 5.0])).tolist() == [2.0]
    assert interactions(np.array([3.0])).shape == (0, 0)
    assert interactions(np.array([3.0, 5.0])).tolist() == [[0.0]]


@given(set_functions(most=5))
def test_interactions_follow_their_definition(value: Floats) -> None:
    k = size_of(value)
    index = interactions(value)
    assert index.shape == (k, k)
    np.testing.assert_array_equal(index, index.T)
    assert not index.diagonal().any()
    for i, j in itertools.combinations(range(k), 2):
        by_hand = interaction_by_definition(value, i, j)
        assert index[i, j] == pytest.approx(by_hand, rel=0, abs=1e-14 * np.abs(value).max())


@given(set_functions(most=8))
def test_alone_and_last_are_the_ends_of_the_lattice(value: Floats) -> None:
    k, full = size_of(value), len(value) - 1
    assert alone(value).tolist() == [value[1 << i] - value[0] for i in range(k)]
    assert last(value).tolist() == [value[full] - value[full - (1 << i)] for i in range(k)]


@pytest.mark.parametrize("rule", [shapley, interactions, alone, last, lambda v: minimal_repairs(v, 0.5)])
def test_what_is_no_set_function_is_refused(rule: object) -> None:
    assert callable(rule)
    for shape in [(0,), (3,), (6,), (2, 2), ()]:
        with pytest.raises(ValueError, match="power of two"):
            rule(np.zeros(shape))
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="the value of subset 2 is not finite"):
            rule(np.array([0.0, 1.0, bad, bad]))


@pytest.mark.parametrize("k", [-1, 63])
def test_a_number_of_elements_that_fits_no_mask_is_refused(k: int) -> None:
    for act in (
        lambda: subsets(k),
        lambda: sampled(1, k, 4),
        lambda: repairs_searched(lambda masks: np.zeros(len(masks)), k, 0.5, 1),
    ):
        with pytest.raises(ValueError, match=f"between 0 and 62 elements fit a mask, not {k}"):
            act()


@given(st.floats(1e-15, 1 - 1e-15))
def test_log_odds_are_those_of_scipy(p: float) -> None:
    assert log_odds(p) == pytest.approx(float(logit(p)), rel=1e-14, abs=1e-15)


def test_log_odds_are_finite_at_the_ends() -> None:
    assert log_odds(0.0) == log_odds(-1e-12) == pytest.approx(-34.5388, abs=1e-4)
    assert log_odds(1.0) == log_odds(1.0 + 1e-12) == pytest.approx(34.54, abs=1e-2)
    assert log_odds(0.0, least=0.25) == pytest.approx(-math.log(3.0), rel=1e-15)
    assert isinstance(log_odds(0.3), float)
    np.testing.assert_allclose(log_odds(np.array([[0.0, 0.2, 0.9]]), 0.1), [[-math.log(9), -math.log(4), math.log(9)]])


@pytest.mark.parametrize("p", [-1e-3, 1.001, math.nan])
def test_log_odds_of_what_is_no_probability_are_refused(p: float) -> None:
    with pytest.raises(ValueError, match="a probability lies between 0 and 1"):
        log_odds(p)
    with pytest.raises(ValueError, match="a probability lies between 0 and 1"):
        log_odds(np.array([0.5, p]))
    for least in (0.0, 1e-17, 0.5, math.nan):
        with pytest.raises(ValueError, match="least probability is between 1e-15 and one half"):
            log_odds(0.5, least)


@given(coarse(), st.sampled_from([-1.0, 0.25, 0.3, 0.75, 1.0, 2.0]))
def test_repairs_are_minimal_and_complete(value: Floats, threshold: float) -> None:
    repairs = minimal_repairs(value, threshold)
    assert len(set(repairs)) == len(repairs)
    assert set(repairs) == repairs_by_definition(value, threshold)
    keys = [(m.bit_count(), -value[m], m) for m in repairs]
    assert keys == sorted(keys)
    assert all(type(m) is int for m in repairs)


def test_a_set_whose_immediate_parts_all_fail_may_still_not_be_minimal() -> None:
    # {0} repairs; {0, 1} and {0, 2} undo it; {0, 1, 2} repairs again but holds {0}
    value = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    assert minimal_repairs(value, 0.5) == (0b001,)
    assert repairs_searched(lookup(value), 3, 0.5, 3).repairs == (0b001,)


def test_what_holds_already_needs_no_repair() -> None:
    assert minimal_repairs(np.array([0.5, 0.0, 1.0, 1.0]), 0.5) == (0,)
    assert minimal_repairs(np.array([0.4, 0.1, 0.2, 0.3]), 0.5) == ()
    found = repairs_searched(lambda masks: np.ones(len(masks)), 40, 0.5, 3)
    assert (found.repairs, found.value, found.complete_to, found.evaluated) == ((0,), (1.0,), 40, 1)
    with pytest.raises(ValueError, match="the threshold is not a number"):
        minimal_repairs(np.array([0.0, 1.0]), math.nan)


@given(coarse(), st.sampled_from([0.25, 0.5, 1.0]), st.integers(0, 7))
def test_the_search_finds_all_repairs_up_to_its_size(value: Floats, threshold: float, largest: int) -> None:
    k = size_of(value)
    seen: list[int] = []

    def evaluate(masks: Masks) -> Floats:
        seen.extend(masks.tolist())
        return lookup(value)(masks)

    found = repairs_searched(evaluate, k, threshold, largest)
    every = minimal_repairs(value, threshold)
    assert min(largest, k) <= found.complete_to <= k
    assert found.repairs == tuple(m for m in every if m.bit_count() <= found.complete_to)
    assert found.value == tuple(value[list(found.repairs)])
    assert found.evaluated == len(seen) == len(set(seen))
    # seen: exactly the subsets up to that size that hold no smaller repair
    inside = {
        m for m in range(1 << k)
        if m.bit_count() <= min(largest, k) and not any(r & m == r for r in every if r != m)
    }  # fmt: skip
    assert set(seen) == inside


def test_the_search_reaches_across_forty_elements() -> None:
    planted = (1 << 39, 1 << 0 | 1 << 20, 1 << 3 | 1 << 17 | 1 << 38)

    def evaluate(masks: Masks) -> Floats:
        best: Floats = np.max([(masks & p == p) * (0.6 + 0.1 * i) for i, p in enumerate(planted)], axis=0)
        return best

    found = repairs_searched(evaluate, 40, 0.5, 3)
    assert found.repairs == planted
    assert found.value == pytest.approx((0.6, 0.7, 0.8), rel=1e-15)
    assert found.complete_to == 3
    # of 39 elements left: all pairs, all triples but the 37 that hold the pair found
    assert found.evaluated == 1 + 40 + math.comb(39, 2) + math.comb(39, 3) - 37
    assert repairs_searched(evaluate, 40, 0.5, 2).repairs == planted[:2]


def test_the_search_is_complete_when_nothing_is_left_to_visit() -> None:
    found = repairs_searched(lambda masks: np.bitwise_count(masks) / 8.0, 8, 1 / 8, 1)
    assert (found.repairs, found.complete_to, found.evaluated) == (tuple(1 << i for i in range(8)), 8, 9)
    none = repairs_searched(lambda masks: np.zeros(len(masks)), 8, 0.5, 20)
    assert (none.repairs, none.complete_to, none.evaluated) == ((), 8, 256)


def test_a_search_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match="a size is not negative: -1"):
        repairs_searched(lookup(MAJORITY), 3, 0.5, -1)
    with pytest.raises(ValueError, match="the threshold is not a number"):
        repairs_searched(lookup(MAJORITY), 3, math.nan, 1)
    with pytest.raises(ValueError, match="the value of subset 4 is not finite"):
        repairs_searched(lambda masks: np.where(masks == 4, np.nan, 0.0), 3, 0.5, 1)
    with pytest.raises(ValueError, match=r"3 subsets were to be evaluated, the answer has shape \(1,\)"):
        repairs_searched(lambda masks: np.zeros(1), 3, 0.5, 1)
    with pytest.raises(ValueError, match=r"4 subsets were to be evaluated, the answer has shape \(1,\)"):
        shapley_sampled(lambda masks: np.zeros(1), sampled(1, 2, 4))


@given(st.integers(0, 40), st.integers(2, 20), seeds)
def test_orders_come_in_antithetic_pairs(k: int, pairs: int, seed: int) -> None:
    drawn = sampled(seed, k, 2 * pairs)
    assert drawn.order.shape == (2 * pairs, k)
    np.testing.assert_array_equal(np.sort(drawn.order, axis=1), np.tile(np.arange(k), (2 * pairs, 1)))
    np.testing.assert_array_equal(drawn.order[1::2], drawn.order[::2, ::-1])
    np.testing.assert_array_equal(drawn.order, sampled(seed, k, 2 * pairs).order)
    assert drawn.paths.shape == (2 * pairs, k + 1)
    assert (drawn.paths[:, 0] == 0).all()
    assert (drawn.paths[:, -1] == (1 << k) - 1).all()
    np.testing.assert_array_equal(np.bitwise_count(drawn.paths), np.tile(np.arange(k + 1), (2 * pairs, 1)))
    assert drawn.masks.tolist() == sorted(set(drawn.paths.ravel().tolist()))


def test_other_seeds_give_other_orders_and_every_order_comes_as_often() -> None:
    assert (sampled(1, 10, 20).order != sampled(2, 10, 20).order).any()
    orders = sampled(11, 3, 12_000).order
    counts = np.unique(orders @ [9, 3, 1], return_counts=True)[1]
    # 6 orders, 6000 free draws that fill two each: 2000 expected, 37 the standard deviation
    assert len(counts) == 6
    assert np.abs(counts - 2000).max() < 4 * 37


@given(set_functions(least=3, most=3))
def test_all_orders_give_the_exact_values(value: Floats) -> None:
    orders = [o for o in itertools.permutations(range(3)) if o < o[::-1]]
    every = Permutations(np.array([o for first in orders for o in (first, first[::-1])]))
    assert len(every.order) == 6
    estimate = shapley_sampled(lookup(value), every)
    np.testing.assert_allclose(estimate.value, shapley(value), rtol=0, atol=1e-14 * np.abs(value).max())
    assert estimate.permutations == 6


def test_estimates_are_within_four_standard_errors() -> None:
    value = np.random.default_rng(20).normal(size=64)
    estimate = shapley_sampled(lookup(value), sampled(2022, 6, 400))
    assert estimate.permutations == 400
    assert (estimate.standard_error > 0.0).all()
    assert (np.abs(estimate.value - shapley(value)) < 4.0 * estimate.standard_error).all()


def test_standard_errors_are_the_spread_of_estimates() -> None:
    value = np.random.default_rng(21).normal(size=64)
    estimates = [shapley_sampled(lookup(value), sampled(seed, 6, 40)) for seed in range(400)]
    spread = np.std([e.value for e in estimates], axis=0)
    promised = np.sqrt(np.mean([e.standard_error**2 for e in estimates], axis=0))
    np.testing.assert_allclose(promised, spread, rtol=0.15)
    # unbiased: the mean of 400 estimates is twenty times closer than one
    off = np.abs(np.mean([e.value for e in estimates], axis=0) - shapley(value))
    assert (off < 4.0 * spread / 20.0).all()


@given(st.integers(1, 40), st.integers(1, 5), seeds)
def test_estimates_add_up_exactly_in_every_sample(k: int, power: int, seed: int) -> None:
    # whole numbers and 2^n pairs: nothing is rounded, so that equality is meant
    def evaluate(masks: Masks) -> Floats:
        return (masks * 2_654_435_761 % 1009).astype(np.float64)

    estimate = shapley_sampled(evaluate, sampled(seed, k, 2 << power))
    ends = evaluate(np.array([0, (1 << k) - 1]))
    assert estimate.value.sum() == ends[1] - ends[0]


def test_every_subset_is_evaluated_once() -> None:
    calls: list[Masks] = []

    def evaluate(masks: Masks) -> Floats:
        calls.append(masks)
        return np.zeros(len(masks))

    drawn = sampled(3, 4, 100)
    shapley_sampled(evaluate, drawn)
    assert len(calls) == 1
    np.testing.assert_array_equal(calls[0], drawn.masks)
    assert len(calls[0]) == 16


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0, 1], "two or more pairs of rows"),
        ([[0, 1], [1, 0]], "two or more pairs of rows"),
        ([[0, 1], [1, 0], [0, 1], [1, 0], [0, 1]], "two or more pairs of rows"),
        ([[0, 1], [1, 0], [1, 1], [1, 1]], "every row must be an order of 0 … 1"),
        ([[1, 2], [2, 1], [1, 2], [2, 1]], "every row must be an order of 0 … 1"),
        ([[0, 1], [1, 0], [0, 1], [0, 1]], "every second row must be the reverse"),
    ],
)
def test_orders_that_are_none_are_refused(order: list[object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Permutations(np.array(order))


@pytest.mark.parametrize("count", [0, 2, 5])
def test_a_count_that_makes_no_pairs_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"two pairs at least: {count}"):
        sampled(1, 5, count)
