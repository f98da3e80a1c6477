"""Logit equilibria that other programs found: sgamesolver (homotopy) and Gambit (agent quantal response of trees).

The engine is for games in which actors move in turn, so the reference games with simultaneous moves (`dense_…`,
`multi_ceasefire`) are not its business. The other programs' answers at a finite λ are good to about 1e-7, the trees and
the finite calendars to rounding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from servanda.equilibrium import Period, Settings, Status, Terminal, certify, solve
from servanda.game import Game, Numbers, game_from_tables
from tests.reference import sources

Floats = NDArray[np.float64]
CALENDAR = "turn_finite_S200_T24_seed11.npz"


ACCURACY_OF_THE_OTHER_PROGRAM = 1e-6


@dataclass(frozen=True)
class Stationary:
    """A turn-taking game without a calendar; the distance measured from sgamesolver's values and odds, rounded up."""

    file: str
    values: float
    odds: float


STATIONARY = (
    Stationary("turn_S30_N2_A3_K4_seed21_QRE_lam1.npz", 5e-8, 1e-8),
    Stationary("turn_S30_N2_A3_K4_seed21_QRE_lam5.npz", 5e-8, 1e-8),
    Stationary("turn_S30_N2_A3_K4_seed21_QRE_lam20.npz", 1e-10, 1e-10),
    Stationary("turn_S60_N3_A2_K6_seed21_QRE_lam1.npz", 5e-8, 1e-8),
    Stationary("turn_S60_N3_A2_K6_seed21_QRE_lam5.npz", 5e-9, 5e-9),
    Stationary("turn_S60_N3_A2_K6_seed21_QRE_lam20.npz", 2e-9, 1e-9),
)


def turn_taking(file: str, precision: float, *, periods: int = 1, taste: bool = False) -> tuple[Game, Numbers]:
    """A game from mover[s], idx[s, a, k], p[s, a, k], u[s, a, n], delta[n]."""
    it = sources.arrays(file)
    states, actions, _ = it["idx"].shape
    return game_from_tables(
        [int(m) for m in it["mover"]],
        [list(range(actions))] * states,
        it["idx"].tolist(),
        it["p"].tolist(),
        it["u"].tolist(),
        discount=it["delta"].tolist(),
        precision=[precision] * len(it["delta"]),
        periods=periods,
        taste=taste,
    )


def test_the_reference_answers_are_there() -> None:
    assert sources.FOLDER.is_dir(), sources.MISSING


@pytest.mark.parametrize("it", STATIONARY, ids=lambda it: it.file.removesuffix(".npz"))
def test_stationary_games_of_sgamesolver(it: Stationary) -> None:
    answer = sources.arrays(it.file)
    game, numbers = turn_taking(it.file, float(answer["lam"]))
    solution = solve(game, numbers, Settings(tail_tolerance=1e-12))
    assert solution.status is Status.SOLVED
    assert solution.tail_advantage is not None
    odds = Period(game, numbers).odds(solution.tail_advantage).reshape(answer["sigma_mover"].shape)
    wrong_values = np.abs(solution.terminal - answer["V"]).max()
    wrong_odds = np.abs(odds - answer["sigma_mover"]).max()
    assert wrong_values <= it.values < ACCURACY_OF_THE_OTHER_PROGRAM
    assert wrong_odds <= it.odds < ACCURACY_OF_THE_OTHER_PROGRAM
    # How far the engine's own answer is from equilibrium, by code that did not find it.
    certificate = certify(solution)
    assert certificate.value_error < 1e-9
    assert certificate.choice_error < 1e-9


@pytest.mark.parametrize("precision", [2, 10])
@pytest.mark.parametrize(("convention", "taste"), [("noshock", False), ("shock", True)])
def test_a_calendar_of_24_periods(precision: int, convention: str, taste: bool) -> None:
    answer = sources.arrays(CALENDAR)
    game, numbers = turn_taking(CALENDAR, precision, periods=24, taste=taste)
    solution = solve(game, numbers, Settings(terminal=Terminal("settled")))
    odds = Period(game, numbers).odds(solution.advantage[0])
    assert np.abs(solution.terminal).max() == 0.0
    assert solution.values == pytest.approx(answer[f"V_lam{precision}_{convention}"], rel=0.0, abs=1e-12)
    assert odds.ravel() == pytest.approx(answer[f"sigma0_lam{precision}_{convention}"].ravel(), rel=0.0, abs=1e-12)


def test_the_two_conventions_of_values_differ() -> None:
    """Expected values against values that pay the shock: an engine that mixed them up would fail above by this much."""
    answer = sources.arrays(CALENDAR)
    assert np.abs(answer["V_lam2_shock"] - answer["V_lam2_noshock"]).max() > 1.0


@dataclass(frozen=True)
class Node:
    """A node of a Gambit tree: the player (from 0) and information set of a decision, or the payoffs of an end."""

    player: int
    information_set: int
    options: int
    payoffs: tuple[float, ...]


def nodes(text: str) -> Iterator[Node]:
    """Nodes of an extensive game in Gambit's format, in its order (a node before its subtrees, left to right)."""
    decision = re.compile(r'^p "[^"]*" (\d+) (\d+) "[^"]*" \{ ([^}]*) \} 0$')
    end = re.compile(r'^t "[^"]*" \d+ "[^"]*" \{ ([^}]*) \}$')
    for line in text.splitlines()[3:]:
        if found := decision.match(line):
            yield Node(int(found[1]) - 1, int(found[2]), len(re.findall('"[^"]*"', found[3])), ())
        elif found := end.match(line):
            yield Node(-1, 0, 0, tuple(float(x) for x in found[1].split(",")))
        else:
            raise ValueError(f"not a node of a tree without chance: {line!r}")


def children(tree: list[Node]) -> list[list[int]]:
    """Indices of the nodes that follow each node."""
    found: list[list[int]] = [[] for _ in tree]
    open_: list[int] = []
    for i in range(len(tree)):
        if open_:
            found[open_[-1]].append(i)
        open_.append(i)
        while open_ and len(found[open_[-1]]) == tree[open_[-1]].options:
            open_.pop()
    return found


def tree_game(tree: list[Node], precision: float, depth: int) -> tuple[Game, Numbers]:
    """States are nodes, a move lasts a period, an end pays when reached; the discount is the last number below 1."""
    after = children(tree)
    payoff = [[list(tree[j].payoffs) or [0.0, 0.0] for j in below] or [[0.0, 0.0]] for below in after]
    return game_from_tables(
        [node.player for node in tree],
        [list(range(max(1, node.options))) for node in tree],
        [[[j] for j in below] or [[i]] for i, below in enumerate(after)],
        [[[1.0]] * max(1, node.options) for node in tree],
        payoff,
        discount=[float(np.nextafter(1.0, 0.0))] * 2,
        precision=[precision] * 2,
        periods=depth,
    )


@pytest.mark.parametrize("precision", [1, 5])
@pytest.mark.parametrize("depth", [2, 4])
def test_trees_of_gambit(depth: int, precision: int) -> None:
    tree = list(nodes(sources.gambit(f"tree_depth{depth}.efg")))
    answers = json.loads(sources.gambit("gambit_agent_qre.json"))
    moves = sorted((node.player, node.information_set, i) for i, node in enumerate(tree) if node.player >= 0)
    assert len({(player, label) for player, label, _ in moves}) == len(moves) == 2**depth - 1
    assert [list(node.payoffs) for node in tree if node.player < 0] == answers[f"depth{depth}_payoffs"]
    game, numbers = tree_game(tree, precision, depth)
    solution = solve(game, numbers, Settings(terminal=Terminal("settled")))
    odds = Period(game, numbers).odds(solution.advantage[0])[:, 0]
    first = game.stages[0].option_start
    found = np.concatenate([odds[first[i] : first[i + 1]] for _, _, i in moves])
    assert found == pytest.approx(answers[f"depth{depth}_lam{precision}"], rel=0.0, abs=1e-12)


def test_a_tree_with_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="not a node of a tree without chance"):
        list(nodes('EFG 2 R "" { "1" "2" }\n""\n\nc "" 1 "" { "0" 1/2 "1" 1/2 } 0\n'))
