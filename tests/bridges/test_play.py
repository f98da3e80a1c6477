"""Solved trees and strategic forms, against Gambit's answers, brute force and each other."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.bridges import (
    GameError,
    Tree,
    backward_induction,
    logit,
    logit_profile,
    pure_equilibria,
    read_efg,
    read_nfg,
    strategic_form,
)
from servanda.bridges.play import _Subgame, certify, subgame_roots
from servanda.bridges.tree import CHANCE, NOBODY
from tests.bridges.trees import random_tree
from tests.reference import sources
from tests.strategies import Floats, few, seeds

# a sender knows the state, the receiver sees the message only; one outcome on the way, one set within another's reach
SIGNAL = """EFG 2 R "signalling" { "A" "B" }
c "" 1 "" { "hi" 1/3 "lo" 2/3 } 0
p "" 1 1 "" { "u" "d" } 0
p "" 2 1 "" { "x" "y" } 0 t "" 1 "" { 2, 1 } t "" 2 "" { 0, 0 }
p "" 2 2 "" { "x" "y" } 0 t "" 3 "" { 1, 3 } t "" 4 "" { 3, 0 }
p "" 1 2 "" { "u" "d" } 1
p "" 2 1 0 t "" 2 t "" 3
p "" 2 2 0 t "" 1 p "" 1 3 "" { "u" "d" } 0 t "" 1 t "" 4
"""
# pygambit 17.0.0b2, logit_solve_lambda: sets A1, A2, A3, B1, B2, odds of the first action
OF_GAMBIT = {
    0.5: (0.37370663570977697, 0.3178518007211543, 0.3775406687009796, 0.3187429975486231, 0.6649092016176693),
    2.0: (0.12128047134926093, 0.10306448558967274, 0.11920292202044319, 0.04579934507757371, 0.9591106653279925),
    4.0: (0.017983969853717346, 0.017801491012144195, 0.01798620996209137, 0.0013179701824289787, 0.9986661754709786),
}


@pytest.mark.parametrize("depth", [2, 4])
@pytest.mark.parametrize("precision", [1, 5])
def test_logit_play_of_trees_is_gambits(depth: int, precision: int) -> None:
    tree = read_efg(sources.gambit(f"tree_depth{depth}.efg"))
    play = logit(tree, precision)
    found = np.concatenate([play.odds[h] for h in tree.decisions])
    answers = json.loads(sources.gambit("gambit_agent_qre.json"))
    assert found == pytest.approx(answers[f"depth{depth}_lam{precision}"], rel=0.0, abs=1e-12)


@pytest.mark.parametrize("precision", OF_GAMBIT)
def test_logit_play_with_hidden_moves_is_gambits_past_a_near_fold(precision: float) -> None:
    tree = read_efg(SIGNAL)
    play = logit(tree, precision)
    assert [float(play.odds[h][0]) for h in tree.decisions] == pytest.approx(OF_GAMBIT[precision], abs=1e-8)
    assert play.certificate.odds_error < 1e-11


@given(seeds, st.sampled_from([0.1, 1.0, 3.0]))
@few(25)
def test_moves_at_once_by_the_kernel_and_by_the_path_of_trees(seed: int, precision: float) -> None:
    tree = random_tree(seed, players=2, hidden=True)
    quick = logit(tree, precision)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Subgame, "_at_once", lambda self: None)
        slow = logit(tree, precision)
    for one, other in zip(quick.odds, slow.odds, strict=True):
        assert one == pytest.approx(other, abs=1e-9)
    assert quick.values == pytest.approx(slow.values, abs=1e-7)


def test_which_subgames_are_games_in_normal_form() -> None:
    """Three who move at once; and a signal, whose receiver learns from what was sent."""
    rows = "".join(f' t "" {k} "" {{ {k % 3}, {k % 4}, {k % 5} }}' for k in range(1, 9))
    ends = rows.split(" t ")[1:]
    last = [f'p "" 3 1 "" {{ "x" "y" }} 0 t {ends[2 * k]} t {ends[2 * k + 1]} ' for k in range(4)]
    middle = [f'p "" 2 1 "" {{ "l" "r" }} 0 {last[2 * k]}{last[2 * k + 1]}' for k in range(2)]
    three = read_efg(f'EFG 2 R "" {{ "A" "B" "C" }} p "" 1 1 "" {{ "u" "d" }} 0 {middle[0]}{middle[1]}')
    found = []
    with pytest.MonkeyPatch.context() as patch:
        at_once = _Subgame._at_once
        patch.setattr(_Subgame, "_at_once", lambda self: found.append(at_once(self)) or found[-1])
        logit(three, 1.0)
        logit(read_efg(SIGNAL), 1.0)
    assert [answer is None for answer in found] == [False, True]


def expected(tree: Tree, odds: dict[int, Floats], node: int = 0) -> Floats:
    """Values by plain recursion."""
    own = tree.nodes[node]
    worth = tree.worth[node].copy()
    if own.set != NOBODY:
        for p, child in zip(odds[own.set], own.children, strict=True):
            worth += p * expected(tree, odds, child)
    return worth


@given(seeds, st.integers(1, 3))
@few(30)
def test_backward_induction_leaves_nobody_a_better_move(seed: int, players: int) -> None:
    tree = random_tree(seed, players=players)
    play = backward_induction(tree)
    odds = dict(enumerate(play.odds))
    assert play.values[0] == pytest.approx(expected(tree, odds), abs=1e-12)
    assert play.certificate.regret <= 1e-12
    for h in tree.decisions:
        (node,) = tree.members[h]
        who = tree.sets[h].player
        worth = [expected(tree, odds, c)[who] for c in tree.nodes[node].children]
        assert worth[int(play.odds[h].argmax())] >= max(worth) - 1e-9


@given(seeds, st.floats(0.01, 0.3))
@few(30)
def test_logit_play_answers_itself(seed: int, precision: float) -> None:
    tree = random_tree(seed, hidden=True)
    play = logit(tree, precision)
    assert play.certificate.odds_error <= 1e-9
    assert play.values[0] == pytest.approx(expected(tree, dict(enumerate(play.odds))), abs=1e-9)


@given(seeds)
@few(15)
def test_steep_logit_play_of_open_trees_is_backward_induction(seed: int) -> None:
    tree = random_tree(seed)
    sharp = backward_induction(tree)
    if not sharp.ties:
        assert logit(tree, 1e5).values[0] == pytest.approx(sharp.values[0], abs=1e-6)


@given(seeds)
@few(15)
def test_one_shot_hidden_moves_are_a_strategic_game(seed: int) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(1, 4, size=3)
    numbers = random.normal(size=(int(counts.prod()), 3)).round(3)
    body = " ".join(str(x) for x in numbers.ravel())
    game = read_nfg(f'NFG 1 R "" {{ "A" "B" "C" }} {{ {" ".join(map(str, counts))} }} {body}')
    lines = ['EFG 2 R "" { "A" "B" "C" }']

    def grow(player: int, chosen: tuple[int, ...]) -> None:
        if player == 3:
            payoffs = " ".join(str(x) for x in game.payoffs[chosen])
            lines.append(f't "" {1 + int(np.ravel_multi_index(chosen, counts))} {{ {payoffs} }}')
            return
        actions = " ".join(f'"{k}"' for k in range(counts[player]))
        lines.append(f'p "" {player + 1} 1 "" {{ {actions} }} 0')
        for k in range(counts[player]):
            grow(player + 1, (*chosen, k))

    grow(0, ())
    tree = read_efg("\n".join(lines))
    assert strategic_form(tree).exact.tolist() == game.exact.tolist()
    branch = logit_profile(game, 1.5)
    assert branch.arrived
    play = logit(tree, 1.5)
    for k, h in enumerate(tree.decisions):
        assert play.odds[h] == pytest.approx(branch.equilibrium.chosen(0, k), abs=1e-9)
    assert play.values[0] == pytest.approx(branch.equilibrium.values[0], abs=1e-9)


def test_subgames_are_cut_where_no_information_set_crosses() -> None:
    tree = read_efg(SIGNAL)
    roots = subgame_roots(tree)
    last = next(h for h in tree.decisions if tree.sets[h].number == 3)
    (alone,) = tree.members[last]
    inner = {k for k in range(tree.size) if tree.nodes[k].set != NOBODY and roots[k] == k}
    assert inner == {0, alone}


def test_the_certificate_sees_what_is_wrong() -> None:
    tree = read_efg('EFG 2 R "" { "A" } p "" 1 1 "" { "l" "r" } 0 t "" 1 { 1 } t "" 2 { 3 }')
    seen = certify(tree, [np.array([1.0, 0.0])], np.array([[1.5], [1.0], [3.0]]), np.array([1.0]))
    assert (seen.value_error, seen.regret, seen.regret_set) == (pytest.approx(0.5 / 3.0), 2.0, 0)
    assert seen.odds_error == pytest.approx(1.0 - 1.0 / (1.0 + np.exp(2.0)))


def test_what_cannot_be_solved_is_said() -> None:
    with pytest.raises(GameError, match=r"B, information set 1 has 2 nodes, and backward induction"):
        backward_induction(read_efg(SIGNAL))
    forgetful = read_efg('EFG 2 R "" { "A" } p "" 1 1 "" { "l" } 0 p "" 1 1 0 t "" 0')
    for solve in (strategic_form, lambda tree: logit(tree, 1.0)):
        with pytest.raises(GameError, match="perfect recall"):
            solve(forgetful)
    with pytest.raises(GameError, match=r"6 × 4 plans, more than 23 profiles"):
        strategic_form(read_efg(SIGNAL), limit=23)
    with pytest.raises(GameError, match="a precision is a number from 0 on"):
        logit(read_efg(SIGNAL), -1.0)
    with pytest.raises(GameError, match="4 precisions for 2 players and 6 information sets"):
        logit(read_efg(SIGNAL), [1.0] * 4)


@given(seeds)
@few(15)
def test_plans_are_worth_what_they_say(seed: int) -> None:
    tree = random_tree(seed, depth=2, hidden=True)
    form = strategic_form(tree)
    assert all(len(set(names)) == len(names) for names in form.strategies)
    own = [
        sorted((h for h in tree.decisions if tree.sets[h].player == k), key=lambda h: tree.members[h][0])
        for k in range(len(tree.players))
    ]
    chance = {h: tree.odds_of(h) for h, s in enumerate(tree.sets) if s.player == CHANCE}
    for profile in product(*(range(n) for n in form.shape)):
        odds = dict(chance)
        for k, s in enumerate(profile):
            for h, digit in zip(own[k], form.strategies[k][s], strict=False):
                odds[h] = np.eye(len(tree.sets[h].actions))[0 if digit == "*" else int(digit) - 1]
        assert form.payoffs[profile] == pytest.approx(expected(tree, odds), abs=1e-9)


@given(seeds, st.integers(1, 3))
@few(20)
def test_pure_equilibria_are_all_there_are(seed: int, players: int) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(1, 4, size=players)
    body = " ".join(map(str, random.integers(0, 4, size=int(counts.prod()) * players)))
    names = " ".join(f'"{k}"' for k in range(players))
    game = read_nfg(f'NFG 1 R "" {{ {names} }} {{ {" ".join(map(str, counts))} }} {body}')
    found = pure_equilibria(game)
    assert found.complete
    brute = [
        profile
        for profile in product(*(range(n) for n in counts))
        if all(
            game.payoffs[(*profile[:k], s, *profile[k + 1 :])][k] <= game.payoffs[profile][k]
            for k in range(players)
            for s in range(counts[k])
        )
    ]
    assert [e.profile for e in found.found] == brute


def test_pure_equilibria_of_the_signalling_tree_are_gambits() -> None:
    # pygambit 17.0.0b2, enumpure_solve on the reduced strategic form
    form = strategic_form(read_efg(SIGNAL))
    assert form.strategies == (("11*", "121", "122", "21*", "221", "222"), ("11", "12", "21", "22"))
    found = pure_equilibria(form)
    assert [e.profile for e in found.found] == [(1, 0), (2, 0), (4, 2), (5, 2)]
    assert found.found[0].payoffs == (Fraction(10, 3), Fraction(5, 3))
    assert found.found[0].slack == 0
