"""Reduction to two sides keeps payoff sets, and keeping a deal is an equilibrium property of the path only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.bounds import Settings, distance_between, payoff_sets
from servanda.bounds.keeping import KeptSets, assured, enforceable_sets, feasible_sets, first_breach, kept_sets
from servanda.bounds.shares import even, largest
from servanda.bounds.sides import between
from servanda.game.markov import MarkovGame, simultaneous_game, turn_taking_game
from servanda.kernels import polygons

DILEMMA = np.array([[3.0, 0.0], [4.0, 1.0]])


def dilemma(patience: float) -> MarkovGame:
    return simultaneous_game(np.stack([DILEMMA, DILEMMA.T])[None], np.ones((1, 2, 2, 1)), [patience, patience])


def two_by_two(seed: int) -> MarkovGame:
    """States 0 to 2 lead within a period to 3 to 6, which end it; who moves where is drawn, and few numbers occur."""
    rng = np.random.default_rng(seed)
    to = np.concatenate((rng.integers(3, 7, (3, 2, 2)), rng.integers(0, 7, (4, 2, 2))))
    game = turn_taking_game(
        rng.integers(-1, 2, 7), to, np.full((7, 2, 2), 0.5), rng.integers(-1, 2, (7, 2, 2)), [0.6, 0.7]
    )
    return replace(game, discount=np.where(np.arange(7)[:, None] < 3, 1.0, game.discount))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000))
def test_reduction_leaves_the_payoff_sets_as_they_are(seed: int) -> None:
    game = two_by_two(seed)
    sided = between(game, np.array([0, 1]), (0, 1), np.full(game.options, 0.5), [0, 3])
    assert sided.game.states <= game.states
    whole, part = payoff_sets(game), payoff_sets(sided.game)
    for state, now in zip((0, 3), sided.state, strict=True):
        a, b = np.ascontiguousarray(whole.vertices[state]), np.ascontiguousarray(part.vertices[now])
        for one, other in ((a, b), (b, a)):
            assert max(polygons.distance(x, y, other, len(other)) for x, y in one) < 1e-6


def test_an_actor_of_no_side_is_chance() -> None:
    game = turn_taking_game(
        [2, 0], [[[0], [0]], [[1], [1]]], [[[1.0]] * 2] * 2, [[[2.0, 0.0, 9.0], [6.0, 4.0, 9.0]]] * 2, [0.5] * 3
    )
    sided = between(game, np.array([0, 1, -1]), (0, 1), np.array([0.25, 0.75, 0.5, 0.5]), [0])
    found = payoff_sets(sided.game)
    assert sided.game.seats == 0
    assert found.corners(sided.state[0], 1e-6) == pytest.approx(np.array([[10.0, 6.0]]), abs=1e-6)


def test_equal_choices_are_one_and_marked_ones_stay() -> None:
    game = turn_taking_game([0], [[[0], [0], [0]]], [[[1.0]] * 3], [[[1.0, 0.0]] * 3], [0.5, 0.5])
    player, odds = np.array([0, 1]), np.full(3, 1 / 3)
    assert between(game, player, (0, 1), odds, [0]).game.profiles == 1
    marked = between(game, player, (0, 1), odds, [0], np.array([False, True, True]))
    assert sorted(marked.marked.tolist()) == [False, True]


def test_two_actors_of_a_side_cannot_choose_at_once() -> None:
    with pytest.raises(ValueError, match="two actors of one side choose at once"):
        between(dilemma(0.5), np.array([0, 0]), (0, 1), np.full(4, 0.5), [0])


@pytest.mark.parametrize("patience", [0.2, 0.4, 0.8])
def test_the_passes_find_what_the_plain_iteration_finds(patience: float) -> None:
    game = dilemma(patience)
    plain = payoff_sets(game)
    quick = enforceable_sets(game, feasible_sets(game), Settings(tolerance=1e-8))
    assert distance_between(plain, quick) < 1e-6
    assert quick.threats == pytest.approx(plain.threats, abs=1e-5)


def test_feasible_sets_hold_with_differing_patience() -> None:
    game = simultaneous_game(np.stack([DILEMMA, DILEMMA.T])[None], np.ones((1, 2, 2, 1)), [0.5, 0.8])
    (found,) = feasible_sets(game)
    # nobody can have more than always exploiting the other; both cooperating for ever is inside
    assert found.max(axis=0) == pytest.approx([8.0, 20.0], rel=1e-3)
    assert largest(found - np.array([6.0, 15.0])) is not None


def test_keeping_needs_the_critical_discount_factor_and_threats_may_break() -> None:
    cooperate = np.array([True, False, False, False])
    for patience, kept in ((0.33, False), (0.34, True)):
        game = dilemma(patience)
        found = kept_sets(game, payoff_sets(game), cooperate)
        assert (len(found.vertices[0]) > 0) is kept
        assert (found.killed[0] in (1, 2)) is not kept
        assert found.died[1:].tolist() == [0, 0, 0]
    assert found.vertices[0].mean(axis=0) == pytest.approx([3.0 / 0.66] * 2, abs=1e-6)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    game = two_by_two(11)
    alone = enforceable_sets(game, feasible_sets(game))
    monkeypatch.setattr("servanda.bounds.passes._WORTH_A_THREAD", 1)
    monkeypatch.setattr("servanda.bounds.passes.os.cpu_count", lambda: 3)
    shared = enforceable_sets(game, feasible_sets(game))
    assert all((a == b).all() for a, b in zip(alone.vertices, shared.vertices, strict=True))
    assert alone.steps == shared.steps


def test_the_first_to_break_is_on_the_way() -> None:
    stage = dilemma(0.2)
    assert first_breach(stage, np.array([True, False, False, False]), _kept(stage, [0]), 0) == (0, 0)
    assert first_breach(stage, np.array([True, True, True, True]), _kept(stage, [0, 1, 2, 3]), 0) is None


def _kept(game: MarkovGame, allowed: list[int]) -> KeptSets:
    return kept_sets(game, payoff_sets(game), np.isin(np.arange(game.profiles), allowed))


def test_what_a_player_can_assure_itself() -> None:
    assert assured(dilemma(0.75)) == pytest.approx(np.array([[4.0, 4.0]]))


def test_shares_of_gains() -> None:
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]])
    assert largest(square - 0.5) == (1.5, 0.5)
    assert largest(square - 3.0) is None
    found = even(square, (2.0, 2.0))
    assert found is not None
    assert found[0] == 0.5
    assert even(np.zeros((0, 2)), (1.0, 1.0)) is None
