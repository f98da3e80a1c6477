"""Jumps lead to the sets that the plain iteration finds, contain them, and are refused where they would not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servanda.bounds import Bound, PayoffSets, Settings, certify_sets, distance_between, jumps, knife_edge, payoff_sets
from servanda.bounds.arena import arena_of, boxes, generated
from servanda.bounds.jumps import Cadence, jump
from servanda.game.markov import MarkovGame, simultaneous_game
from servanda.kernels import blends, polygons
from tests.bounds.plain_sets import support, tables


def patient(seed: int, patience: float) -> MarkovGame:
    payoff, odds, _ = tables(seed)
    return simultaneous_game(payoff, odds, [patience, patience])


def commons(patience: float, states: int = 4) -> MarkovGame:
    """A stock that two may leave alone or take from, more of which is worth more, and which moves by one."""
    payoff, odds = np.zeros((states, 2, 2, 2)), np.zeros((states, 2, 2, states))
    for s in range(states):
        worth = (s + 1.0) / states
        for a in range(2):
            for b in range(2):
                payoff[s, :, a, b] = worth * np.array([1.0 + 2.0 * a - 0.5 * b, 1.0 + 2.0 * b - 0.5 * a])
                up = (0.65, 0.35, 0.05)[a + b]
                down = (0.05, 0.4, 0.75)[a + b]
                odds[s, a, b, min(s + 1, states - 1)] += up
                odds[s, a, b, max(s - 1, 0)] += down
                odds[s, a, b, s] += 1.0 - up - down
    return simultaneous_game(payoff, odds, [patience, patience])


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.93, 0.97]))
def test_jumps_and_the_plain_iteration_find_the_same(seed: int, patience: float) -> None:
    game = patient(seed, patience)
    slow, quick = payoff_sets(game, Settings(jumps=False)), payoff_sets(game)
    assert quick.empty == slow.empty
    if not slow.empty:
        assume(not knife_edge(game, slow, settings=Settings(tolerance=1e-7)).sharp())
        # each is within its tolerance of the answer
        assert distance_between(slow, quick) < 3e-9
        assert (quick.supported == slow.supported).all()


@pytest.mark.parametrize("patience", [0.99, 0.999])
def test_great_patience_takes_few_steps_and_comes_with_strategies(patience: float) -> None:
    game = commons(patience)
    found = payoff_sets(game)
    assert found.status is Bound.FOUND
    assert found.jumps > 0
    # the plain iteration closes a share 1 - patience of the distance with each step
    assert found.steps < 0.5 * np.log(1e9) / (1.0 - patience)
    certificate = certify_sets(game, found)
    assert certificate is not None
    assert certificate.holds()


def outside(small: PayoffSets, sets: np.ndarray, sizes: np.ndarray, scale: float) -> float:
    return max(
        polygons.distance(x / scale, y / scale, sets[s], sizes[s])
        for s, corners in enumerate(small.vertices)
        for x, y in corners
    )


def test_a_jump_contains_the_answer_and_is_far_closer() -> None:
    game = commons(0.97)
    arena, answer = arena_of(game), payoff_sets(game, Settings(tolerance=1e-10, jumps=False))
    sets, sizes = boxes(arena)
    alive, movement, found = np.ones(game.profiles, dtype=np.int32), 1.0, None
    for step in range(1, 400):
        lowest = np.full((game.states, 2), np.inf)
        polygons.lowest(sets, sizes, lowest)
        before = generated(arena, alive, np.zeros_like(alive), 1e-12, sets, sizes, lowest, 0.0)
        (old, old_sizes), (sets, sizes) = before
        movement = polygons.moved(old, old_sizes, sets, sizes)
        if step % 20 == 0 and found is None:
            found = jump(arena, alive, 1e-12, sets, sizes, movement, 0.03)
            if found is not None:
                break
    assert found is not None
    assert outside(answer, found.sets, found.sizes, arena.scale) < 1e-10
    assert found.gap < 0.5 * movement / 0.03


def test_a_guess_that_is_too_small_is_refused() -> None:
    # everything but the worst payoffs of the prisoners is left out: one step of the operator leaves the mixtures
    row = np.array([[3.0, 0.0], [4.0, 1.0]])
    game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.9, 0.9])
    arena = arena_of(game)
    answer = payoff_sets(game)
    corners = answer.vertices[0] / arena.scale
    whole = np.zeros((1, 64, 2))
    whole[0, : len(corners)] = corners
    sizes = np.array([len(corners)], dtype=np.int32)
    point = np.zeros((1, 64, 2))
    point[0, 0] = corners.min(axis=0)
    play = jumps._Play(arena, np.ones(4, dtype=np.int32), 1e-12, None)
    guess = jumps._Sets(point, np.ones(1, dtype=np.int32))
    assert jumps._certified(play, guess, jumps._Sets(whole, sizes), 0.1) is None


def test_jumps_are_tried_later_each_time_that_none_was_found() -> None:
    cadence = Cadence(0.01, 1e-10, first=20)
    due = []
    for step in range(1, 121):
        if cadence.step(0.1)[0]:
            due.append(step)
            cadence.tried(False)
    assert due == [20, 50, 90]


def test_mixtures_have_mixed_supports() -> None:
    square = np.array([[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]])
    triangle = np.array([[[0.0, 0.0], [4.0, 1.0], [1.0, 3.0], [0.0, 0.0]]])
    out, sizes = np.zeros((1, 16, 2)), np.zeros(1, dtype=np.int32)
    blends.blend(square, np.array([4], np.int32), triangle, np.array([3], np.int32), 0.25, out, sizes)
    assert support(out[0, : sizes[0]]) == pytest.approx(0.75 * support(square[0]) + 0.25 * support(triangle[0, :3]))


def test_what_two_sets_contain_and_nothing() -> None:
    square = np.array([[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]])
    four = np.array([4], np.int32)
    out, sizes = np.zeros((1, 24, 2)), np.zeros(1, dtype=np.int32)
    assert blends.crop(square, four, square + 1.0, four, out, sizes)
    assert out[0, : sizes[0]].tolist() == [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]]
    assert not blends.crop(square, four, square + 3.0, four, out, sizes)


def test_thinning_leaves_what_stands_out() -> None:
    ring = np.array([[0.0, 0.0], [1.0, -1e-9], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [-1e-3, 1.0]])
    left = blends.thin(ring, 6, 1e-6)
    assert ring[:left].tolist() == [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [-1e-3, 1.0]]
