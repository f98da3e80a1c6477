"""Scores: closed forms, another program's numbers, and the laws that make a score worth reporting."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st

from servanda.forecast import scores
from servanda.forecast.scores import (
    CLIP,
    brier,
    calibration,
    compare,
    interval,
    log_score,
    mean_difference,
    mean_score,
    murphy,
    resampled,
    skill,
    wilson,
)
from servanda.forecast.vocabulary import SCALE, words
from tests.strategies import Floats, few

chances = st.floats(0.0, 1.0)
asked = st.lists(st.tuples(chances, st.booleans()), min_size=1, max_size=30)


def columns(pairs: list[tuple[float, bool]]) -> tuple[Floats, Floats]:
    return np.array([p for p, _ in pairs]), np.array([float(y) for _, y in pairs])


@given(asked)
def test_scores_are_those_of_another_program(pairs: list[tuple[float, bool]]) -> None:
    p, y = columns(pairs)
    np.testing.assert_allclose(brier(p, y), scoringrules.brier_score(y, p), atol=1e-15)
    np.testing.assert_allclose(log_score(p, y), scoringrules.log_score(y, np.clip(p, CLIP, 1 - CLIP)), rtol=1e-12)


@given(truth=chances, said=chances)
def test_nobody_gains_by_saying_what_he_does_not_believe(truth: float, said: float) -> None:
    def expected(score: object, p: float) -> float:
        return truth * float(score(p, 1)) + (1 - truth) * float(score(p, 0))  # type: ignore[operator]

    assert expected(brier, said) - expected(brier, truth) == pytest.approx((said - truth) ** 2, abs=1e-12)
    assert expected(log_score, said) >= expected(log_score, truth) - 1e-12


@given(truth=st.floats(2 * CLIP, 1 - 2 * CLIP), off=st.floats(0.01, 0.5))
def test_the_log_score_is_strictly_proper_inside_the_clip(truth: float, off: float) -> None:
    said = truth + off if truth + off < 1 else truth - off
    gap = truth * (log_score(said, 1) - log_score(truth, 1)) + (1 - truth) * (log_score(said, 0) - log_score(truth, 0))
    assert gap > 1e-6


def test_the_clip_bounds_what_one_question_can_cost() -> None:
    assert float(log_score(0.0, 1)) == pytest.approx(math.log(200))
    assert float(log_score(0.0, 1)) == float(log_score(0.004, 1)) == float(log_score(CLIP, 1))
    assert float(log_score(0.006, 1)) < float(log_score(CLIP, 1))
    assert float(brier(0.0, 1)) == 1.0
    assert float(brier(0.004, 0)) == pytest.approx(1.6e-5)


@pytest.mark.parametrize(
    ("p", "y", "said"),
    [
        ([1.1], [1], "a probability lies between 0 and 1"),
        ([math.nan], [1], "a probability lies between 0 and 1"),
        ([0.5], [0.5], "an outcome is 0 or 1"),
        ([0.5, 0.5], [1], "2 probabilities for 1 outcomes"),
    ],
)
def test_what_cannot_be_scored(p: list[float], y: list[float], said: str) -> None:
    for score in (brier, log_score, calibration, murphy):
        with pytest.raises(ValueError, match=said):
            score(p, y)


def test_skill_of_a_perfect_reference_is_undefined() -> None:
    assert skill(0.0, 0.2) == 1.0
    assert skill(0.3, 0.2) == pytest.approx(-0.5)
    assert math.isnan(skill(0.1, 0.0))


@given(st.integers(1, 60), st.data())
def test_wilson_intervals_solve_their_equation(count: int, data: st.DataObject) -> None:
    happened = data.draw(st.integers(0, count))
    found = wilson(happened, count)
    assert found.value == happened / count
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    for bound in (found.low, found.high):
        if 0.0 < bound < 1.0:
            z = abs(found.value - bound) / math.sqrt(bound * (1 - bound) / count)
            assert z == pytest.approx(1.959963984540054, rel=1e-6)
    mirrored = wilson(count - happened, count)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-12)


@given(asked, st.randoms())
def test_order_of_questions_does_not_matter(pairs: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = columns(pairs), columns(shuffled)
    # text, because an empty range has no mean and no share
    assert [str((b.count, b.share)) for b in calibration(*first)] == [
        str((b.count, b.share)) for b in calibration(*second)
    ]
    a, b = murphy(*first), murphy(*second)
    assert (a.reliability, a.resolution, a.uncertainty) == pytest.approx((b.reliability, b.resolution, b.uncertainty))


@given(asked)
def test_ranges_are_those_of_the_words(pairs: list[tuple[float, bool]]) -> None:
    p, y = columns(pairs)
    bins = calibration(p, y)
    assert [(b.low, b.high) for b in bins] == [(low, high) for _, low, high in SCALE]
    for (name, _, _), b in zip(SCALE, bins, strict=True):
        inside = np.array([words(x) == name for x in p])
        assert b.count == inside.sum()
        if b.count:
            assert b.mean == pytest.approx(p[inside].mean())
            assert b.share.value == pytest.approx(y[inside].mean())
        else:
            assert (b.share.low, b.share.high) == (0.0, 1.0)


@pytest.mark.parametrize("edges", [[0.0], [0.0, 0.5], [0.1, 1.0], [0.0, 0.5, 0.5, 1.0], [0.0, 0.7, 0.3, 1.0]])
def test_ranges_must_cover_all_probabilities(edges: list[float]) -> None:
    with pytest.raises(ValueError, match="bounds of ranges ascend from 0 to 1"):
        calibration([0.5], [1], edges)


@given(asked, st.sampled_from([None, [0.0, 0.5, 1.0], [0.0, 0.1, 0.3, 0.8, 1.0]]))
def test_the_parts_add_up_to_the_brier_score(pairs: list[tuple[float, bool]], edges: list[float] | None) -> None:
    p, y = columns(pairs)
    parts = murphy(p, y, edges)
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert whole == pytest.approx(brier(p, y).mean(), abs=1e-12)
    assert parts.reliability >= 0.0
    assert 0.0 <= parts.resolution <= parts.uncertainty + 1e-12
    if edges is None:
        assert parts.within == 0.0


def test_parts_of_telling_forecasters() -> None:
    y = [1, 1, 0, 0]
    perfect = murphy([1, 1, 0, 0], y)
    assert (perfect.reliability, perfect.resolution, perfect.uncertainty) == (0.0, 0.25, 0.25)
    climate = murphy([0.5] * 4, y)
    assert (climate.reliability, climate.resolution) == (0.0, 0.0)
    contrary = murphy([0, 0, 1, 1], y)
    assert (contrary.reliability, contrary.resolution) == (1.0, 0.25)
    with pytest.raises(ValueError, match="no forecasts to take apart"):
        murphy([], [])


def test_strata_keep_their_weight_in_every_sample() -> None:
    strata = ["a"] * 5 + ["b"] * 3 + ["c", "d", "e"]
    weights = resampled(11, strata, samples=200)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    for members in (slice(0, 5), slice(5, 8), slice(8, 11)):
        np.testing.assert_allclose(weights[:, members].sum(axis=1), weights[0, members].sum())
        assert weights[:, members].std(axis=0).min() > 0.0
    np.testing.assert_array_equal(weights, resampled(11, strata, samples=200))
    assert (weights != resampled(11, strata, samples=200, seed=1)).any()
    with pytest.raises(ValueError, match="2 strata for 3 questions"):
        resampled(3, ["a", "b"])


def test_strata_take_out_what_differs_between_them() -> None:
    losses = [0.0, 0.02, 0.01, 0.9, 0.92, 0.91]
    whole, apart = mean_score(losses), mean_score(losses, ["easy"] * 3 + ["hard"] * 3)
    assert whole.value == apart.value
    assert apart.high - apart.low < 0.1 * (whole.high - whole.low)


def test_intervals_cover_the_mean_about_as_often_as_they_say() -> None:
    generator = np.random.default_rng(3)
    held = 0
    for seed in range(100):
        losses = generator.beta(1.0, 3.0, size=40)
        found = mean_score(losses, seed=seed)
        held += found.low <= 0.25 <= found.high
    assert 88 <= held <= 99
    errors = np.std([generator.beta(1.0, 3.0, size=40).mean() for _ in range(2000)])
    losses = generator.beta(1.0, 3.0, size=40)
    found = mean_score(losses)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(losses.std() / np.sqrt(40), rel=0.1)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(errors, rel=0.35)


def test_a_paired_comparison_sees_a_small_steady_gain() -> None:
    generator = np.random.default_rng(1)
    theirs = generator.uniform(0.0, 1.0, 30)
    ours = theirs - 0.01
    found = mean_difference(ours, theirs)
    assert (found.value, found.low, found.high) == pytest.approx((-0.01, -0.01, -0.01))
    assert mean_score(ours).high > mean_score(theirs).low
    with pytest.raises(ValueError, match="needs the same questions"):
        mean_difference([0.1], [0.1, 0.2])


def test_one_question_gives_no_interval() -> None:
    found = mean_score([0.3])
    assert found.value == 0.3
    assert math.isnan(found.low)
    assert math.isnan(mean_score([]).value)
    assert math.isnan(interval(1.0, np.full(3, np.nan)).high)


def test_forecasters_are_compared_on_what_all_have_answered() -> None:
    y = [1, 0, 1, 0, 1]
    ours, base = [0.9, 0.2, np.nan, 0.1, 0.7], [0.5, 0.5, 0.5, 0.5, 0.5]
    we, they = compare({"servanda": ours, "base rate": base}, y, ["x", "x", "x", "y", "y"])
    assert (we.forecaster, we.questions, they.questions) == ("servanda", 4, 4)
    assert we.brier.value == pytest.approx((0.01 + 0.04 + 0.01 + 0.09) / 4)
    assert they.brier.value == 0.25
    assert we.skill.value == pytest.approx(1 - we.brier.value / 0.25)
    assert we.skill.low == pytest.approx(1 - we.brier.high / 0.25)
    assert we.difference.value == pytest.approx(we.brier.value - 0.25)
    assert we.better == 1.0
    assert (they.skill.value, they.difference.high, they.better) == (0.0, 0.0, 0.0)
    assert we.log.value == pytest.approx(-np.log([0.9, 0.8, 0.9, 0.7]).mean())


def test_without_the_reference_there_is_no_skill() -> None:
    (found,) = compare({"coin": [0.5, 0.5]}, [1, 0])
    assert found.brier.value == 0.25
    assert math.isnan(found.skill.value)
    assert math.isnan(found.better)
    assert compare({}, []) == ()
    (empty,) = compare({"base rate": [np.nan]}, [1])
    assert empty.questions == 0
    assert math.isnan(empty.brier.value)
    with pytest.raises(ValueError, match="must have 2 entries"):
        compare({"coin": [0.5]}, [1, 0])


def test_a_truthful_forecaster_is_found_calibrated() -> None:
    generator = np.random.default_rng(11)
    p = generator.uniform(0.0, 1.0, 4000)
    y = generator.uniform(0.0, 1.0, 4000) < p
    bins = calibration(p, y)
    assert all(b.share.low - 0.02 <= b.mean <= b.share.high + 0.02 for b in bins)
    assert murphy(p, y, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]).reliability < 0.002


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=12))
@few(20)
def test_a_better_forecast_on_every_question_is_better_in_every_sample(strata: list[str]) -> None:
    y = np.arange(len(strata)) % 2
    ours, theirs = np.where(y == 1, 0.9, 0.1), np.where(y == 1, 0.6, 0.4)
    we, _ = compare({"we": ours, scores.BASE_RATE: theirs}, y, strata)
    assert we.better == 1.0
    assert we.difference.high < 0.0
