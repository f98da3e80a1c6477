"""Bounds for any number of players: against the polygons of two, and a body of three by plain loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull, QhullError

from servanda.bounds import Bound, Settings, pair_projections, payoff_box, payoff_sets
from servanda.game.markov import MarkovGame, simultaneous_game
from servanda.kernels import polygons
from tests.bounds.plain_sets import clipped, game, tables

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_two_players_have_their_polygons(seed: int) -> None:
    one = game(seed)
    # without the jumps, which projections of more players do not make
    sets, found, box = payoff_sets(one, Settings(jumps=False)), pair_projections(one), payoff_box(one)
    assert list(found.pairs) == [(0, 1)]
    for s, corners in enumerate(sets.vertices):
        np.testing.assert_array_equal(found.pairs[0, 1][s], corners)
        if not len(corners):
            assert np.isnan([found.low[s], found.high[s]]).all()
            continue
        assert found.low[s] == pytest.approx(corners.min(axis=0), abs=1e-8 * sets.scale)
        assert found.high[s] == pytest.approx(corners.max(axis=0), abs=1e-8 * sets.scale)
        assert (box.low[s] <= corners.min(axis=0) + 1e-9 * sets.scale).all()
        assert (box.high[s] >= corners.max(axis=0) - 1e-9 * sets.scale).all()
    np.testing.assert_array_equal(found.supported, sets.supported)
    assert not (sets.supported & ~box.supported).any()


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_a_third_who_has_no_say_changes_nothing(seed: int) -> None:
    payoff, odds, discount = tables(seed)
    three = np.concatenate((payoff, payoff[:, :1] * 0.0), axis=1)[..., None]
    sets = payoff_sets(game(seed))
    found = pair_projections(simultaneous_game(three, odds[..., None, :], [*discount, 0.5]))
    assert found.status is sets.status
    for s, corners in enumerate(sets.vertices):
        mine = found.pairs[0, 1][s]
        assert (len(mine) == 0) == (len(corners) == 0)
        for a, b in ((mine, corners), (corners, mine)):
            assert all(polygons.distance(*p, np.ascontiguousarray(b), len(b)) < 5e-9 * sets.scale for p in a)


def corners_of(points: np.ndarray) -> np.ndarray:
    """Corners of a body in three dimensions; all points where it is flat."""
    points = np.unique(points.round(12), axis=0)
    if len(points) < 5:
        return points
    try:
        return points[ConvexHull(points, qhull_options="QJ Pp").vertices]
    except QhullError:
        return points


def body(payoff: np.ndarray, discount: float, steps: int) -> np.ndarray:
    """What so many steps leave of the box of feasible payoffs: one state, three players, each with two choices."""
    ends = np.stack([payoff.min(axis=(1, 2, 3)), payoff.max(axis=(1, 2, 3))]) / (1 - discount)
    now = np.array(list(product(*ends.T)))
    for _ in range(steps):
        worst = now.min(axis=0, initial=np.inf)
        points = []
        for profile in product(range(2), repeat=3):
            later = now
            for i in range(3):
                other = tuple(1 - c if j == i else c for j, c in enumerate(profile))
                floor = (payoff[(i, *other)] - payoff[(i, *profile)]) / discount + worst[i]
                later = corners_of(clipped(later, i, floor - 1e-11))
            points += [payoff[(slice(None), *profile)] + discount * c for c in later]
        if not points:
            return np.empty((0, 3))
        now = corners_of(np.array(points))
    return now


@pytest.mark.parametrize("seed", range(6))
def test_three_players_by_plain_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    payoff, discount = random.integers(-4, 5, (3, 2, 2, 2)).astype(float), float(random.uniform(0.2, 0.5))
    wanted = body(payoff, discount, 4)
    one = simultaneous_game(payoff[None], np.ones((1, 2, 2, 2, 1)), [discount] * 3)
    found, box = pair_projections(one, Settings(steps=4, widen=0.0)), payoff_box(one, Settings(steps=4))
    scale = np.ptp(payoff) / (1 - discount)
    if not len(wanted):
        return
    for bound in (found, box):
        assert bound.status is not Bound.EMPTY
        assert (bound.low[0] <= wanted.min(axis=0, initial=np.inf) + 1e-7 * scale).all()
        assert (bound.high[0] >= wanted.max(axis=0, initial=-np.inf) - 1e-7 * scale).all()
    for (i, j), (polygon,) in found.pairs.items():
        for point in wanted:
            assert polygons.distance(point[i], point[j], polygon, len(polygon)) < 1e-7 * scale
    assert (box.low <= found.low + 1e-7 * scale).all()
    assert (box.high >= found.high - 1e-7 * scale).all()


def contributions(patience: float) -> MarkovGame:
    """Three may contribute at a cost of 2; everybody gets 1.5 of every contribution."""
    given_ = np.stack(np.meshgrid(*[[0.0, 1.0]] * 3, indexing="ij"))
    return simultaneous_game((1.5 * given_.sum(axis=0) - 2 * given_)[None], np.ones((1, 2, 2, 2, 1)), [patience] * 3)


def test_contributions_by_formula() -> None:
    # to withhold pays 0.5 once; all that can be lost is 2.5 per period
    patient, hasty = contributions(0.9), contributions(0.1)
    found, box = pair_projections(patient), payoff_box(patient)
    assert found.low[0] * 0.1 == pytest.approx([0.0] * 3, abs=1e-8)
    assert box.low[0] * 0.1 == pytest.approx([0.0] * 3, abs=1e-8)
    # the most for one: the two others contribute and he does not
    for bound in (found, box):
        assert bound.high[0] * 0.1 == pytest.approx([3.0] * 3, abs=1e-7)
    (polygon,) = found.pairs[0, 1]
    assert polygons.distance(25.0, 25.0, polygon, len(polygon)) < 1e-7
    alone = pair_projections(hasty)
    assert np.abs(np.concatenate([v[0] for v in alone.pairs.values()])).max() < 1e-8
    assert alone.supported.tolist() == [True, *[False] * 7]


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_looser_incentives_never_lose_a_payoff(seed: int) -> None:
    random = np.random.default_rng(seed)
    one = simultaneous_game(
        random.normal(size=(2, 3, 2, 2, 2)), random.dirichlet([1.0, 1.0], (2, 2, 2, 2)), random.uniform(0.3, 0.7, 3)
    )
    for bound in (payoff_box, pair_projections):
        plain, loose = bound(one), bound(one, Settings(slack=1e-2))
        there = ~np.isnan(plain.low)
        assert (loose.low[there] <= plain.low[there] + 1e-7).all()
        assert (loose.high[there] >= plain.high[there] - 1e-7).all()


def test_one_player_is_no_pair() -> None:
    single = simultaneous_game([[[1.0, 2.0]]], [[[1.0], [1.0]]], [0.5])
    assert payoff_box(single).high.tolist() == [[pytest.approx(4.0)]]
    with pytest.raises(ValueError, match="a pair needs two players"):
        pair_projections(single)
