"""Payoff sets: the operator against plain loops, and what must not matter or may only move one way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.bounds import (
    Bound,
    Settings,
    better_than,
    certify_sets,
    critical_patience,
    distance_between,
    knife_edge,
    payoff_kept,
    payoff_sets,
    profile_kept,
)  # fmt: skip
from servanda.game.markov import simultaneous_game, turn_taking_game
from servanda.kernels import polygons
from tests.bounds.plain_sets import extreme, game, generated, support, tables

seeds = st.integers(0, 2**32 - 1)


def apart(one, other, scale: float) -> float:
    worst = 0.0
    for a, b in zip(one, other, strict=True):
        for x, y in ((a, b), (b, a)):
            corners = np.empty((2 * len(y) + 2, 2))
            n = polygons.hull(np.ascontiguousarray(y), len(y), corners)
            worst = max([worst, *(polygons.distance(*p, corners, n) for p in x)])
    return worst / scale


def inside(small, large, scale: float) -> float:
    """How far a smaller set sticks out of a larger one."""
    return max(
        (polygons.distance(*p, np.ascontiguousarray(b), len(b)) for a, b in zip(small, large, strict=True) for p in a),
        default=0.0,
    ) / scale  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 5))
def test_steps_of_the_operator_agree_with_plain_loops(seed: int, steps: int) -> None:
    payoff, odds, discount = tables(seed)
    plain = [extreme(p) for p in _box(seed)]
    for _ in range(steps):
        plain = generated(payoff, odds, discount, plain, 0.0)
    ours = payoff_sets(game(seed), Settings(steps=steps, widen=0.0, slack=0.0))
    for mine, theirs in zip(ours.vertices, plain, strict=True):
        if not len(mine):
            for _ in range(len(payoff)):
                plain = generated(payoff, odds, discount, plain, 0.0)
            assert all(len(p) == 0 for v, p in zip(ours.vertices, plain, strict=True) if len(v) == 0)
            return
        assert support(mine) == pytest.approx(support(theirs), abs=1e-7 * ours.scale)


def _box(seed: int) -> list[np.ndarray]:
    """What each player could get at the very most and least, everybody helping: repeated best replies by value."""
    payoff, odds, discount = tables(seed)
    bounds = []
    for pick in (np.min, np.max):
        value = np.zeros((len(payoff), 2))
        for _ in range(2000):
            value = np.stack([
                pick(payoff[:, i] + discount[i] * np.einsum("sabt,t->sab", odds, value[:, i]), axis=(1, 2))
                for i in range(2)
            ], axis=1)  # fmt: skip
        bounds.append(value)
    low, high = bounds
    ends = np.stack([low, high])
    return [np.array([[x, y] for x in ends[:, s, 0] for y in ends[:, s, 1]]) for s in range(len(payoff))]


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_names_units_and_doubles_do_not_matter(seed: int) -> None:
    payoff, odds, discount = tables(seed)
    plain = payoff_sets(game(seed))
    swapped = payoff_sets(simultaneous_game(payoff[:, ::-1].swapaxes(2, 3), odds.swapaxes(1, 2), discount[::-1]))
    order = np.random.default_rng(seed).permutation(len(payoff))
    moved = payoff_sets(simultaneous_game(payoff[order], odds[order][..., order], discount))
    scaled = payoff_sets(simultaneous_game(1e3 * payoff, odds, discount))
    double = [0, *range(payoff.shape[2])]
    twice = payoff_sets(simultaneous_game(payoff[:, :, double], odds[:, double], discount))
    for other in (swapped, moved, scaled, twice):
        assert other.empty == plain.empty
    if plain.empty:
        assert plain.status is Bound.EMPTY
        return
    near = 5e-9
    assert apart(plain.vertices, [v[:, ::-1] for v in swapped.vertices], plain.scale) < near
    assert apart([plain.vertices[s] for s in order], moved.vertices, plain.scale) < near
    assert apart([1e3 * v for v in plain.vertices], scaled.vertices, scaled.scale) < near
    assert apart(plain.vertices, twice.vertices, plain.scale) < near


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_looser_incentives_and_more_play_never_lose_a_payoff(seed: int) -> None:
    one = game(seed)
    sets = payoff_sets(one)
    loose = payoff_sets(one, Settings(slack=1e-3))
    tight = payoff_sets(one, Settings(slack=-1e-3))
    some = np.random.default_rng(seed).random(one.profiles) < 0.7
    fewer = payoff_sets(one, allowed=some)
    for small, large in ((tight, sets), (sets, loose), (fewer, sets)):
        assert small.empty or not large.empty
        assert inside(small.vertices, large.vertices, sets.scale) < 5e-9
    assert not (fewer.supported & ~some).any()


@settings(max_examples=12, deadline=None)
@given(seeds)
def test_corners_are_played_by_strategies_nobody_leaves(seed: int) -> None:
    one = game(seed)
    sets = payoff_sets(one)
    found = certify_sets(one, sets)
    if sets.empty:
        assert found is None
        return
    if knife_edge(one, sets).sharp():
        return
    assert found.holds(), (found.gain, found.value_error)
    # the gain again, one deviation after the other
    payoff, odds, discount = tables(seed)
    play, worst = found.automaton, 0.0
    shape = payoff.shape[2:]
    for node in range(play.nodes):
        s = play.state[node]
        a, b = np.unravel_index(play.profile[node] - s * shape[0] * shape[1], shape)
        threat = np.array([[play.values[play.threat[t, i], i] for i in range(2)] for t in range(len(payoff))])
        others = [((x, b), 0) for x in range(shape[0]) if x != a] + [((a, y), 1) for y in range(shape[1]) if y != b]
        for at, i in others:
            worth = payoff[(s, i, *at)] + discount[i] * odds[(s, *at)] @ threat[:, i]
            worst = max(worst, worth - play.values[node, i])
    assert worst / sets.scale == pytest.approx(found.gain, abs=1e-12)


@pytest.mark.parametrize("widen", [0.0, 0.02, 0.1])
def test_edges_of_rounding_length_lose_no_corner(widen: float) -> None:
    # sums whose shortest edges rounding had turned once lost whole corners here, after 28 steps
    tight = payoff_sets(game(15), Settings(slack=-1e-5, widen=widen, steps=60))
    assert tight.status is Bound.FOUND
    lowest = np.array([v.min(axis=0) for v in tight.vertices])
    assert np.abs(lowest - tight.threats).max() < 1e-8 * tight.scale


def prisoners(patience: float):
    row = np.array([[3.0, 0.0], [4.0, 1.0]])
    return simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [patience, patience])


def test_payoffs_are_present_values() -> None:
    sets = payoff_sets(prisoners(0.6))
    # the folk theorem's set at this patience: all that is feasible and better than mutual defection
    wanted = np.array([[1.0, 1.0], [3.0 + 2.0 / 3.0, 1.0], [3.0, 3.0], [1.0, 3.0 + 2.0 / 3.0]]) / 0.4
    (corners,) = [sets.corners(0)]
    assert apart([corners], [wanted], sets.scale) < 1e-8


def test_a_turn_is_a_state_without_deviation_of_the_other() -> None:
    # one may leave with 1, or stay at 0 while the other then shares 3 with him or takes it all: never shares at an end
    one = turn_taking_game(
        [0, 1, -1], [[[2], [1]], [[2], [2]], [[2], [2]]], np.ones((3, 2, 1)),
        [[[1.0, 0.0], [0.0, 0.0]], [[2.0, 1.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 0.0]]], [0.9, 0.9],
    )  # fmt: skip
    sets = payoff_sets(one)
    assert [sets.corners(s).round(7).tolist() for s in range(3)] == [[[1.0, 0.0]], [[0.0, 3.0]], [[0.0, 0.0]]]
    assert sets.supported.tolist() == [True, False, False, True, True]
    assert sets.killed.tolist() == [0, 1, 2, 0, 0]


def test_critical_patience_of_a_prisoners_dilemma() -> None:
    found = critical_patience(prisoners(0.5), profile_kept(0))
    assert found.least == pytest.approx(1 / 3, abs=2e-7)
    assert found.rising
    assert len(found.changes) == 1
    assert found.per_year(12) == pytest.approx((1 / 3) ** 12, rel=1e-5)
    assert critical_patience(prisoners(0.5), payoff_kept(0, (3.0, 3.0))).least == pytest.approx(1 / 3, abs=2e-7)
    assert critical_patience(prisoners(0.5), better_than(0, (1.0, 1.0))).least == pytest.approx(1 / 3, abs=2e-7)
    assert critical_patience(prisoners(0.5), better_than(0, (3.0, 3.0)), accuracy=1e-3).least is None


def test_critical_patience_where_cooperation_moves_the_state() -> None:
    # Abreu, Brooks and Sannikov (2016): the root of 4 d^2 + 7 d - 3, which is 0.3561072
    row = np.array([[2.0, -1.0], [3.0, 0.0]])
    payoff = np.stack([np.stack([row + k, row.T + k]) for k in (0.0, 2.0)])
    up = np.array([[[2 / 3, 1 / 2], [1 / 2, 2 / 3]], [[1 / 3, 1 / 2], [1 / 2, 1 / 3]]])
    game = simultaneous_game(payoff, np.stack([1 - up, up], axis=-1), [0.5, 0.5])
    found = critical_patience(game, profile_kept(0, 4), accuracy=1e-8)
    assert found.least == pytest.approx((np.sqrt(97) - 7) / 8, abs=2e-8)


def test_a_hair_decides_at_the_critical_factor_only() -> None:
    at, beyond = prisoners(1 / 3), prisoners(0.5)
    assert knife_edge(at, payoff_sets(at)).tightened > 0.1
    calm = knife_edge(beyond, payoff_sets(beyond))
    assert not calm.sharp()
    assert 0.0 < max(calm.loosened, calm.tightened) < 1e-3


def test_three_players_are_refused() -> None:
    three = simultaneous_game(np.zeros((1, 3, 1, 1, 1)), np.ones((1, 1, 1, 1, 1)), [0.5] * 3)
    with pytest.raises(ValueError, match="payoff sets are of two players, not 3"):
        payoff_sets(three)


def test_sets_of_one_game_are_no_distance_apart() -> None:
    sets = payoff_sets(prisoners(0.6))
    assert distance_between(sets, sets) == 0.0


def test_widening_that_keeps_the_sets_moving_is_given_up() -> None:
    # what was added and what was taken away once went round for ever, the movement falling in its tenth digit only
    payoff, odds, _ = tables(1039)
    one = simultaneous_game(payoff, odds, [0.99, 0.99])
    plain = payoff_sets(one, Settings(jumps=False, tolerance=1e-8))
    assert plain.status is Bound.FOUND
    assert distance_between(plain, payoff_sets(one, Settings(tolerance=1e-8))) < 3e-8
