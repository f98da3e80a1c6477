"""Stationary logit equilibria: the equations against a dense twin, laws, and small games with known answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.equilibrium.continuation import principal_branch, steep_play
from servanda.equilibrium.search import equilibria
from servanda.equilibrium.stationary import StationaryStatus, solve_at, stability
from servanda.equilibrium.stationary_certificate import certify_stationary
from servanda.equilibrium.stationary_system import System
from servanda.game.markov import MarkovGame, simultaneous_game, turn_taking_game
from tests.equilibrium.markov_games import games, gaps

seeds = st.integers(0, 2**32 - 1)


def one_shot(payoff: object) -> MarkovGame:
    """A simultaneous game played once, payoff[actor][…]."""
    u = np.array(payoff, dtype=np.float64)[None]
    return simultaneous_game(u, np.ones((1, *u.shape[2:], 1)), np.zeros(u.shape[1]))


STAG_HUNT = one_shot([[[4, 0], [3, 2]], [[4, 3], [0, 2]]])
PENNIES = one_shot([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
# its principal branch turns back at λ = 4.8547 and forward again at λ = 1.2434
TURNING = one_shot([[[8, 1, 4], [1, 1, 5]], [[4, 6, 1], [0, -1, 5]]])


@given(games(), seeds, st.booleans(), st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_equations_against_a_dense_twin(game: MarkovGame, seed: int, taste: bool, share: float) -> None:
    random = np.random.default_rng(seed)
    precision = random.uniform(0.2, 5.0, game.actors)
    system = System(game, precision, taste=taste)
    x = random.normal(0.0, 2.0, system.size)
    values, log_odds = gaps(game, precision, system.values(x), x[system.count :], share, taste=taste)
    assert system.residual(x, share) == pytest.approx(np.concatenate((values.T.ravel(), log_odds)), abs=1e-11)


@given(games(), seeds, st.booleans(), st.floats(0.0, 1.0))
@settings(max_examples=40, deadline=None)
def test_derivatives_against_differences(game: MarkovGame, seed: int, taste: bool, share: float) -> None:
    random = np.random.default_rng(seed)
    system = System(game, random.uniform(0.2, 5.0, game.actors), taste=taste)
    x, h = random.normal(0.0, 1.0, system.size), 1e-6
    sides = [[system.residual(x + sign * h * e, share) for sign in (1, -1)] for e in np.eye(system.size)]
    differences = np.array([(ahead - behind) / (2 * h) for ahead, behind in sides]).T
    play = system.play(x)
    assert system.jacobian(share, play).toarray() == pytest.approx(differences, abs=1e-7)
    by_share = (system.residual(x, share + h) - system.residual(x, share - h)) / (2 * h)
    assert system.slope(play) == pytest.approx(by_share, abs=1e-7)


@given(games(), st.booleans(), st.floats(0.1, 2.0))
@settings(max_examples=40, deadline=None)
def test_the_principal_branch_arrives_at_an_equilibrium(game: MarkovGame, taste: bool, precision: float) -> None:
    branch = principal_branch(game, precision, taste=taste)
    found = branch.equilibrium
    assert branch.arrived
    assert found.status is StationaryStatus.SOLVED
    assert branch.shares[0] == 0.0
    assert found.certificate.odds_error < 1e-10
    assert found.certificate.value_error < 1e-10
    again = solve_at(game, precision, found.odds, taste=taste)
    assert again.odds == pytest.approx(found.odds, abs=1e-10)


@given(games(), st.floats(0.1, 2.0), st.floats(0.01, 100.0))
@settings(max_examples=15, deadline=None)
def test_payoffs_in_other_units_change_no_odds(game: MarkovGame, precision: float, unit: float) -> None:
    here = principal_branch(game, precision)
    there = principal_branch(replace(game, reward=game.reward * unit), precision / unit)
    assert there.equilibrium.odds == pytest.approx(here.equilibrium.odds, abs=1e-9)
    assert there.equilibrium.values == pytest.approx(here.equilibrium.values * unit, rel=1e-9, abs=1e-9 * unit)
    assert len(there.shares) == len(here.shares)


@given(seeds, st.booleans())
@settings(max_examples=15, deadline=None)
def test_names_do_not_matter(seed: int, taste: bool) -> None:
    random = np.random.default_rng(seed)
    states, first, second = 3, 2, 3
    u = random.normal(size=(states, 2, first, second))
    odds = random.dirichlet(np.ones(states), size=(states, first, second))
    here = principal_branch(simultaneous_game(u, odds, [0.8, 0.6]), [1.0, 2.0], taste=taste).equilibrium
    s, a, b = random.permutation(states), random.permutation(first), random.permutation(second)
    v = u[s][:, ::-1][:, :, a][:, :, :, b].swapaxes(2, 3)
    moved = odds[s][:, a][:, :, b][..., s].swapaxes(1, 2)
    there = principal_branch(simultaneous_game(v, moved, [0.6, 0.8]), [2.0, 1.0], taste=taste).equilibrium
    assert there.values == pytest.approx(here.values[s][:, ::-1], abs=1e-9)
    for new, old in enumerate(s):
        assert there.chosen(new, 0) == pytest.approx(here.chosen(int(old), 1)[b], abs=1e-9)
        assert there.chosen(new, 1) == pytest.approx(here.chosen(int(old), 0)[a], abs=1e-9)


def test_taste_pays_the_mover_the_log_of_the_sum() -> None:
    game = turn_taking_game([0, 1], [[[0], [1]]] * 2, [[[1.0]] * 2] * 2, [[[1.0, 2.0], [0.0, 3.0]]] * 2, [0.9, 0.8])
    for taste in (False, True):
        found = solve_at(game, [2.0, 0.7], taste=taste)
        assert found.status is StationaryStatus.SOLVED
        for s, (precision, discount) in enumerate(((2.0, 0.9), (0.7, 0.8))):
            reward = np.array([1.0, 0.0]) if s == 0 else np.array([2.0, 3.0])
            worth = reward + discount * found.values[:, s]
            raw = np.exp(precision * worth)
            wanted = np.log(raw.sum()) / precision if taste else (raw * worth).sum() / raw.sum()
            assert found.values[s, s] == pytest.approx(wanted, abs=1e-10)
            assert found.chosen(s) == pytest.approx(raw / raw.sum(), abs=1e-12)


def test_pennies_are_tossed_evenly_at_any_precision() -> None:
    branch = steep_play(PENNIES)
    assert branch.arrived
    assert branch.equilibrium.odds == pytest.approx([0.5] * 4, abs=1e-12)
    assert branch.equilibrium.certificate.regret < 1e-12


def test_steep_play_of_the_stag_hunt_is_the_safe_answer() -> None:
    branch = steep_play(STAG_HUNT)
    assert branch.arrived
    assert branch.equilibrium.odds.round(9).tolist() == [0.0, 1.0, 0.0, 1.0]
    assert branch.equilibrium.certificate.regret == 0.0
    assert stability(branch.equilibrium).stable


def test_three_equilibria_of_the_stag_hunt() -> None:
    many = equilibria(STAG_HUNT, 10.0, starts=10)
    assert many.starts == 15
    assert many.found[0].origin == "principal branch"
    assert sorted(round(float(e.chosen(0)[0]), 2) for e in many.found) == [0.0, 0.69, 1.0]
    assert [e.stability is not None and e.stability.stable for e in many.found].count(False) == 1
    assert sum(e.share for e in many.found) == pytest.approx(1.0 - many.failed / many.starts)
    assert "that no others exist is not proved" in many.sentence


def test_the_same_seed_finds_the_same() -> None:
    one, two = (equilibria(STAG_HUNT, 10.0, starts=6, seed=3) for _ in range(2))
    assert [e.odds.tolist() for e in one.found] == [e.odds.tolist() for e in two.found]
    assert [e.share for e in one.found] == [e.share for e in two.found]


def test_a_branch_that_turns_is_followed_through_its_folds() -> None:
    branch = principal_branch(TURNING, 5.0)
    assert branch.arrived
    assert branch.turned
    assert [f.turns for f in branch.folds] == ["back", "forward"]
    back, forward = (f.share * 5.0 for f in branch.folds)
    assert (back, forward) == pytest.approx((4.8547, 1.24343), abs=1e-4)
    assert np.diff(branch.shares).min() < 0.0
    # three equilibria between the folds and one outside: what turning points are
    for precision, count in ((forward - 1e-3, 1), (forward + 1e-3, 3), (back - 1e-3, 3), (back + 1e-3, 1)):
        assert len(equilibria(TURNING, precision, starts=0).found) == count


def test_an_equilibrium_no_start_leads_to_is_found_along_a_branch() -> None:
    """Without starts but uniform play's own branch, tracing alone finds the other two between the folds."""
    many = equilibria(TURNING, 3.0, starts=0, pure=0)
    assert [e.origin for e in many.found] == ["principal branch", "branch of another", "branch of another"]
    assert [e.share for e in many.found] == [1.0, 0.0, 0.0]
    assert len(equilibria(TURNING, 3.0, starts=0, pure=0, trace=0).found) == 1


def test_a_branch_cut_short_says_where() -> None:
    branch = principal_branch(TURNING, 5.0, steps=8)
    assert not branch.arrived
    assert branch.equilibrium.status is StationaryStatus.STEP_LIMIT
    assert 0.0 < branch.reached < 1.0
    assert branch.equilibrium.precision == pytest.approx([5.0 * branch.reached] * 2)
    assert branch.equilibrium.certificate.odds_error < 1e-6


def test_newton_that_runs_out_of_steps_says_so() -> None:
    found = solve_at(STAG_HUNT, 10.0, steps=1)
    assert found.status is StationaryStatus.STEP_LIMIT
    assert found.certificate.odds_error > 1e-6


def test_the_certificate_sees_wrong_odds_and_values() -> None:
    found = solve_at(STAG_HUNT, 1.0)
    odds, values = found.odds.copy(), found.values + 0.01
    odds[:2] = 0.9, 0.1
    seen = certify_stationary(STAG_HUNT, found.precision, odds, values)
    assert seen.value_error > 0.009
    assert seen.odds_error > 0.1
    assert (seen.regret_actor, seen.regret_state) in {("actor 0", "state 0"), ("actor 1", "state 0")}


def test_odds_of_a_seat_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="state 0 has no seat 2"):
        solve_at(STAG_HUNT, 1.0).chosen(0, 2)
    with pytest.raises(ValueError, match=r"start has shape \(3,\), not \(4,\)"):
        solve_at(STAG_HUNT, 1.0, np.ones(3))


def test_precision_must_be_a_number_above_nought() -> None:
    with pytest.raises(ValueError, match="positive, finite number for every actor"):
        principal_branch(STAG_HUNT, [1.0, np.inf])


def broken(**changes: object) -> str:
    with pytest.raises(ValueError, match=r"\w") as caught:
        replace(STAG_HUNT, **changes)  # type: ignore[arg-type]
    return str(caught.value)


def test_games_that_do_not_fit_together_are_refused() -> None:
    assert "actor 0 has two seats; merge them" in broken(seat_actor=np.array([0, 0]))
    assert "a seat without a choice" in broken(seat_choices=np.array([2, 0]))
    assert "4 rows of reward, but the seats have 6 profiles" in broken(seat_choices=np.array([2, 3]))
    assert "a reward is not a finite number" in broken(reward=np.full((4, 2), np.nan))
    assert "profile 0 add up to 0.5" in broken(outcome_odds=np.array([0.5, 1.0, 1.0, 1.0]))
    assert "leads to state 7, but there are 1" in broken(outcome_state=np.array([0, 0, 7, 0]))
    assert "between 0 and 1" in broken(discount=np.array([[0.5, 1.5]]))
    assert "add up to one" in broken(start=np.array([0.5]))
    assert "actor 1 does not discount" in broken(discount=np.array([[0.5, 1.0]]))
    assert "3 names for 2 actors" in broken(actor_labels=("a", "b", "c"))
    assert "column" in broken(seat_actor=np.array([0, 2]))
    assert "climb" in broken(outcome_start=np.array([0, 1, 2, 4]))
    with pytest.raises(ValueError, match="does not fit odds"):
        simultaneous_game(np.zeros((1, 2, 2, 2)), np.ones((1, 2, 3, 1)), [0.5, 0.5])
    with pytest.raises(ValueError, match="do not fit"):
        turn_taking_game([0, 0], [[[0]]], [[[1.0]]], [[[0.0]]], [0.5])


def test_an_undiscounted_step_inside_a_period_is_allowed() -> None:
    game = turn_taking_game([-1, -1], [[[1]], [[0]]], [[[1.0]]] * 2, [[[3.0]], [[1.0]]], [0.5])
    found = principal_branch(replace(game, discount=np.array([[1.0], [0.5]])), 1.0)
    assert found.arrived
    assert found.equilibrium.values[:, 0] == pytest.approx([8.0, 5.0], abs=1e-12)
