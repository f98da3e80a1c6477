"""Simultaneous choice: the kernel against its plain twin, against closed forms, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.kernels import plain_together
from servanda.kernels.together import decide

LOGIT, TASTE, SHARP, BEST, WORST = range(5)


def arrays(payoffs: np.ndarray, prices: list[list[float]] | None = None) -> tuple:
    """One node where seats 0, 1, … are actors 0, 1, …; payoffs[seat, option, option, …]."""
    seats, sizes = len(payoffs), payoffs.shape[1:]
    total = int(np.prod(sizes))
    starts = np.concatenate(([0], np.cumsum(sizes)))
    paid = [p for row in (prices or [[0.0] * n for n in sizes]) for p in row]
    ints = lambda x: np.ascontiguousarray(x, dtype=np.int32)  # noqa: E731
    structure = (
        ints([range(seats)]), ints([sizes]), ints([starts[:-1]]), ints([0, total]), ints(range(total)),
        ints(range(seats + 1)), ints(starts[:-1]), ints(range(len(paid) + 1)),
        ints([j for j, n in enumerate(sizes) for _ in range(n)]), ints(range(len(paid))),
    )  # fmt: skip
    values = np.ascontiguousarray(payoffs.reshape(seats, total).T)
    return structure, np.array(paid)[:, None].copy(), values


def decided(payoffs: np.ndarray, precision: list[float], mode: int = LOGIT, prices=None, objective=0, by=decide):
    structure, paid, values = arrays(payoffs, prices)
    options = len(paid)
    behind, odds = np.zeros((2, options, 1))
    gain = np.zeros((1, len(payoffs), 1))
    by(*structure, paid, np.array(precision)[:, None].copy(), mode, objective, values, behind, odds, gain)
    splits = np.cumsum(payoffs.shape[1:])[:-1]
    return np.split(odds[:, 0], splits), np.split(behind[:, 0], splits), gain[0, :, 0]


def games(seats: int):
    sizes = st.lists(st.integers(1, 3), min_size=seats, max_size=seats)
    return sizes.flatmap(
        lambda n: st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal(size=(seats, *n)))
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 3).flatmap(games), st.floats(0.1, 2.0), st.sampled_from([LOGIT, TASTE, SHARP, BEST, WORST]))
def test_the_kernel_agrees_with_its_plain_twin(payoffs: np.ndarray, precision: float, mode: int) -> None:
    prices = [[0.3 * o for o in range(n)] for n in payoffs.shape[1:]]
    precisions = [precision * (1 + j) for j in range(len(payoffs))]
    ours = decided(payoffs, precisions, mode, prices)
    theirs = decided(payoffs, precisions, mode, prices, by=plain_together.decide)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.concatenate([*map(np.atleast_1d, mine)]),
                                   np.concatenate([*map(np.atleast_1d, other)]), atol=1e-8)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 3).flatmap(games), st.floats(0.1, 60.0))
def test_odds_are_logit_answers_to_each_other(payoffs: np.ndarray, precision: float) -> None:
    play, _, _ = decided(payoffs, [precision] * len(payoffs))
    worth = plain_together._expected(payoffs, play)
    for own, odds in zip(worth, play, strict=True):
        implied = np.exp(precision * (own - own.max()))
        np.testing.assert_allclose(odds, implied / implied.sum(), atol=1e-8)


@pytest.mark.parametrize("precision", [0.5, 5.0, 50.0, 500.0])
def test_matching_pennies_is_played_at_even_odds_however_sharp_the_choice(precision: float) -> None:
    row = np.array([[1.0, -1.0], [-1.0, 1.0]])
    play, _, _ = decided(np.stack([row, -row]), [precision, precision])
    np.testing.assert_allclose(np.concatenate(play), 0.5, atol=1e-12)


@pytest.mark.parametrize("stake", [2.0, 4.0, 9.0])
def test_a_sharper_inspection_game_approaches_its_mixed_equilibrium(stake: float) -> None:
    # inspector (inspect, not), inspected (break, keep): the textbook mix makes each indifferent
    inspector = np.array([[-1.0, -1.0], [-stake, 0.0]])
    inspected = np.array([[-stake, 0.0], [1.0, 0.0]])
    play, _, _ = decided(np.stack([inspector, inspected]), [3000.0, 3000.0])
    assert play[1][0] == pytest.approx(1 / stake, abs=2e-3)
    assert play[0][0] == pytest.approx(1 / (1 + stake), abs=2e-3)


def test_sharp_play_of_a_prisoners_dilemma_is_defection_and_taste_pays_for_noise() -> None:
    row = np.array([[3.0, 0.0], [4.0, 1.0]])
    play, behind, _ = decided(np.stack([row, row.T]), [1.0, 1.0], SHARP)
    assert [list(p) for p in play] == [[0, 1], [0, 1]]
    assert behind[0][0] == pytest.approx(-1.0)
    assert behind[0][1] == 0.0
    _, _, gain = decided(np.zeros((2, 2, 2)), [2.0, 2.0], TASTE)
    np.testing.assert_allclose(gain, np.log(2.0) / 2.0)


@settings(max_examples=40, deadline=None)
@given(games(2), st.floats(0.1, 30.0), st.floats(0.2, 5.0))
def test_points_and_precision_scale_against_each_other(payoffs: np.ndarray, precision: float, scale: float) -> None:
    play, _, _ = decided(payoffs, [precision, precision])
    again, _, _ = decided(payoffs * scale, [precision / scale, precision / scale])
    np.testing.assert_allclose(np.concatenate(play), np.concatenate(again), atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(games(2), st.floats(0.1, 3.0))
def test_the_order_of_options_does_not_matter(payoffs: np.ndarray, precision: float) -> None:
    play, _, _ = decided(payoffs, [precision, precision])
    turned, _, _ = decided(np.ascontiguousarray(payoffs[:, ::-1, ::-1]), [precision, precision])
    np.testing.assert_allclose(np.concatenate([p[::-1] for p in play]), np.concatenate(turned), atol=1e-8)
