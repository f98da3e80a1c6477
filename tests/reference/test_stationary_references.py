"""The second engine against other programs and a published estimate.

sgamesolver's answers are good to about 1e-7 at a finite λ. The dyads of Crisman-Cox and Gibilisco (2018) are printed to
eight digits: monthly games of escalation, moves at once, the next state the higher of the two actions.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from servanda.equilibrium.continuation import principal_branch
from servanda.equilibrium.search import equilibria
from servanda.equilibrium.stationary import StationaryStatus, solve_at
from servanda.game.markov import MarkovGame, simultaneous_game, turn_taking_game
from tests.reference import sources

Floats = NDArray[np.float64]
ACCURACY_OF_THE_OTHER_PROGRAM = 1e-6
DENSE = [f"dense_S{s}_N2_A{a}_seed7_QRE_lam{x}.npz" for s, a in ((5, 2), (20, 3)) for x in ("0.5", "2", "8", "32")]
TURNS = [f"turn_{n}_seed21_QRE_lam{x}.npz" for n in ("S30_N2_A3_K4", "S60_N3_A2_K6") for x in ("1", "5", "20")]
DYADS = ("ajps_2_365", "ajps_2_710", "ajps_630_645", "ajps_731_732")


def stored(file: str) -> tuple[MarkovGame, Floats]:
    """A game of sgamesolver, and its odds in our order."""
    it = sources.arrays(file)
    if file.startswith("turn"):
        game = turn_taking_game(it["mover"], it["idx"], it["p"], it["u"], it["delta"])
        return game, it["sigma_mover"].ravel()
    game = simultaneous_game(it["u"], it["phi"], it["delta"], it["nums_actions"])
    counts = it["nums_actions"].ravel()
    return game, np.concatenate([row[:n] for row, n in zip(it["sigma"].reshape(len(counts), -1), counts, strict=True)])


@pytest.mark.parametrize("file", DENSE + TURNS, ids=lambda file: re.sub(r"_seed\d+_QRE|\.npz", "", file))
def test_the_principal_branch_of_sgamesolver(file: str) -> None:
    answer = sources.arrays(file)
    game, odds = stored(file)
    branch = principal_branch(game, float(answer["lam"]))
    assert branch.arrived
    assert np.abs(branch.equilibrium.values - answer["V"]).max() < ACCURACY_OF_THE_OTHER_PROGRAM
    assert np.abs(branch.equilibrium.odds - odds).max() < ACCURACY_OF_THE_OTHER_PROGRAM
    assert branch.equilibrium.certificate.odds_error < 1e-11
    assert branch.equilibrium.certificate.value_error < 1e-10


@pytest.mark.parametrize("precision", [1, 6, 10, 20])
@pytest.mark.parametrize(("convention", "taste"), [("noshock", False), ("shock", True)])
def test_all_equilibria_of_the_ceasefire(precision: int, convention: str, taste: bool) -> None:
    answer = sources.arrays("multi_ceasefire.npz")
    game = simultaneous_game(answer["u"], answer["phi"], answer["delta"])
    second, values = (answer[f"{name}_lam{precision}_{convention}"] for name in ("p1", "V"))
    many = equilibria(game, precision, taste=taste, starts=8, pure=24)
    assert len(many.found) == len(second) == (1 if precision <= 6 else 5)
    for p, v in zip(second, values, strict=True):
        (same,) = (e for e in many.found if np.abs(e.odds[1::2] - p.ravel()).max() < 1e-6)
        assert same.values == pytest.approx(v, abs=1e-6)
        assert same.certificate.odds_error < 1e-11
    assert [e.stability is not None and e.stability.stable for e in many.found].count(False) == len(second) // 2


def dyad(name: str) -> tuple[MarkovGame, Floats, Floats]:
    """A dyad's game, its published odds, and its published worth of actions, both [state, player, action]."""
    case = sources.published("structural_dynamic_escalation")[name]
    parameters, prediction = case["parameters"], case["prediction"]
    payoff = np.array(parameters["payoffs"]).reshape(3, 3, 3, 2).transpose(0, 3, 1, 2)
    odds = np.zeros((3, 3, 3, 3))
    for one in range(3):
        for two in range(3):
            odds[:, one, two, max(one, two)] = 1.0
    players = [np.array(prediction[f"P_action_given_state_player{k}"]).T for k in (1, 2)]
    worth = np.array(prediction["values_v"]).reshape(2, 3, 3).swapaxes(0, 1)
    return simultaneous_game(payoff, odds, [parameters["delta"]] * 2), np.stack(players, axis=1), worth


@pytest.mark.parametrize("name", DYADS)
def test_published_dyads_are_recovered_from_their_payoffs(name: str) -> None:
    """By search, not from the published odds: pure starts are enough."""
    game, odds, worth = dyad(name)
    many = equilibria(game, 1.0, taste=True, starts=0, pure=40, trace=0)
    (same,) = (e for e in many.found if np.abs(e.odds - odds.ravel()).max() < 1e-3)
    assert np.abs(same.odds - odds.ravel()).max() < 1e-6
    assert same.status is StationaryStatus.SOLVED
    assert same.certificate.odds_error < 1e-11
    # the published worth of actions holds no Euler constant: its log-sum is our value as it stands
    assert same.values == pytest.approx(np.log(np.exp(worth).sum(axis=2)), abs=1e-7)
    # the game has others: the authors' estimate rests on the one that fits the data
    assert len(many.found) >= 5


def test_the_principal_branch_of_a_dyad_ends_elsewhere() -> None:
    """A published equilibrium need not be the one that continuation selects."""
    game, odds, _ = dyad("ajps_2_365")
    branch = principal_branch(game, 1.0, taste=True)
    assert branch.arrived
    assert np.abs(branch.equilibrium.odds - odds.ravel()).max() > 0.9


def test_the_conventions_of_values_differ_on_a_dyad() -> None:
    game, odds, _ = dyad("ajps_630_645")
    start = (odds / odds.sum(axis=2, keepdims=True)).ravel()
    expected, taste = (solve_at(game, 1.0, start, taste=taste) for taste in (False, True))
    assert np.abs(taste.odds - odds.ravel()).max() < 1e-7
    assert expected.status is StationaryStatus.SOLVED
    assert np.abs(expected.odds - odds.ravel()).max() > 1e-3
