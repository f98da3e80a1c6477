"""Gambit's files: what is written is read back, what Gambit wrote is read, what is wrong is said with its place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.bridges import GameFileError, Tree, read_efg, read_game, read_nfg, strategic_form, write_efg, write_nfg
from servanda.bridges.text import Scanner, written
from servanda.bridges.tree import exact_odds
from tests.bridges.trees import random_tree
from tests.reference import sources
from tests.strategies import few, seeds

CARDS = """EFG 2 R "A \\"card\\" game" {"Red" "Blue"}
"comment with { braces }"
c "deal" 1 "cards" { "red" 1/2 , "black" .5 } 0 p "" 1 1 "R" {"Raise" "Fold"} 0
p "" 2 1 "" { "Meet" "Pass" } 0  t "" 1 "won" { 2, -2 } t "" 2 { 1 -1.0e0 }
t "" 2  p "" 1 2 "" { "Raise" "Fold" } 0 p "" 2 1 0
t "" 4 "lost" { -2, 2 } t "" 2 t "" 3 "" {-1 1}
"""


@given(seeds, st.booleans(), st.integers(1, 3))
@few(60)
def test_trees_are_read_as_written(seed: int, hidden: bool, players: int) -> None:
    tree = random_tree(seed, players=players, hidden=hidden)
    text = write_efg(tree)
    back = read_efg(text)
    assert write_efg(back) == text
    assert back.outcomes == tree.outcomes
    assert [(n.set >= 0, n.outcome, n.children) for n in back.nodes] == [
        (n.set >= 0, n.outcome, n.children) for n in tree.nodes
    ]
    assert [back.sets[n.set] for n in back.nodes if n.set >= 0] == [tree.sets[n.set] for n in tree.nodes if n.set >= 0]
    assert (back.title, back.comment, back.players) == (tree.title, tree.comment, tree.players)


@given(seeds)
@few(20)
def test_strategic_forms_are_read_as_written(seed: int) -> None:
    form = strategic_form(random_tree(seed, depth=2, hidden=True))
    text = write_nfg(form)
    back = read_nfg(text)
    assert back == form
    assert write_nfg(back) == text


@pytest.mark.parametrize("depth", [2, 4])
def test_files_of_gambit_are_written_back_to_the_letter(depth: int) -> None:
    text = sources.gambit(f"tree_depth{depth}.efg")
    assert write_efg(read_efg(text)) == text


def test_what_files_may_leave_out_is_filled_in() -> None:
    tree = read_efg(CARDS)
    assert (tree.title, tree.comment) == ('A "card" game', "comment with { braces }")
    assert [s.odds for s in tree.sets if s.player < 0] == [(Fraction(1, 2), Fraction(1, 2))]
    blue = [h for h in tree.decisions if tree.sets[h].player == 1]
    assert [len(tree.members[h]) for h in blue] == [2]
    assert tree.worth[[3, 4, 5, 8, 9, 10], 0].tolist() == [2.0, 1.0, 1.0, -2.0, 1.0, -1.0]
    assert not tree.perfect
    assert tree.recall


def test_the_two_kinds_of_strategic_files_say_the_same() -> None:
    named = read_nfg(
        'NFG 1 R "x" { "A" "B" } { { "u" "d" } { "l" "m" "r" } } "said" '
        '{ { "first" 1, 1/3 } { "second" -2 .5 } } 1 2 0 1 2 2'
    )
    plain = read_nfg('NFG 1 D "x" { "A" "B" } { 2 3 } 1 1/3 -2 .5 0 0 1 1/3 -2 .5 -2 0.5')
    assert named.exact.tolist() == plain.exact.tolist()
    # the first player's strategy changes fastest
    assert plain.payoffs[:, 1, 0].tolist() == [0.0, 1.0]
    assert (named.strategies, plain.strategies[1]) == ((("u", "d"), ("l", "m", "r")), ("1", "2", "3"))
    assert write_nfg(read_nfg(write_nfg(named))) == write_nfg(named)
    assert named.comment == "said"


HEAD = 'EFG 2 R "x" { "A" "B" }\n""\n'
MOVE = 'p "" 1 1 "" { "l" "r" } 0\n'


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('NFG 2 R "x" { "A" }', 1, 1, "begins with `NFG`, not with `EFG`"),
        ('EFG 1 R "x" { "A" }', 1, 5, "version 2"),
        ('EFG 2 R "x', 1, 9, "never ends"),
        ('EFG 2 R "x" { }', 1, 13, "needs a player"),
        (HEAD, 3, 1, "there is no node"),
        (HEAD + 'x "" 0', 3, 1, "begins with `c`, `p` or `t`, not with `x`"),
        (HEAD + 'p "" 3 1 "" { "l" } 0', 3, 6, "player 3 moves, but there are 2 players"),
        (HEAD + 'p "" 1 1 0', 3, 10, "needs its actions"),
        (HEAD + MOVE + 't "" 1 "" { 1 2 }\n', 5, 1, "the node on line 3 still lacks children"),
        (HEAD + MOVE + 't "" 1 "" { 1 2 }\nt "" 1\nt "" 0', 6, 1, "the tree is complete, but `t` follows"),
        (HEAD + MOVE + 't "" 1 "" { 1 2 }\nt "" 1 "" { 1 3 }', 5, 11, "outcome 1 had other payoffs before"),
        (HEAD + MOVE + 't "" 1 "" { 1 }', 4, 11, "1 payoffs for 2 players"),
        (HEAD + MOVE + 't "" 1\nt "" 1', 4, 6, "outcome 1 is given no payoffs anywhere"),
        (HEAD + MOVE + 'p "" 1 1 "" { "l" "m" } 0', 4, 13, "information set 1 had other actions before"),
        (HEAD + 'c "" 1 "" { "l" 1/2 "r" 1/3 } 0', 3, 11, "add up to 0.833333333333, not to 1"),
        (HEAD + 'c "" 1 "" { "l" 3/2 "r" -1/2 } 0', 3, 11, "a probability is negative"),
        (HEAD + 'c "" 1 "" { "l" "r" } 0', 3, 17, 'the probability of "l" is a number, not "r"'),
        (HEAD + 't "" 1 "" { 1/0 2 }', 3, 13, "divides by zero"),
        (HEAD + 't "" 1 "" { 1e999 2 }', 3, 13, "too large or too small"),
        (HEAD + 't "" 0 { 1 2 }', 3, 8, "outcome 0 means none"),
        (HEAD + 't "" 1 "" { 1 2; }', 3, 16, "`;` cannot stand here"),
    ],
)
def test_mistakes_in_trees_are_named_with_their_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(GameFileError) as caught:
        read_efg(text, "x.efg")
    (issue,) = caught.value.issues
    assert (issue.code, issue.where.file, issue.where.line, issue.where.column) == ("bad-efg", "x.efg", line, column)
    assert said in issue.message


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('NFG 1 R "x" { "A" "B" } { 2 } 1 2', 1, 25, "strategies of 1 players, but there are 2 players"),
        ('NFG 1 R "x" { "A" } { { } }', 1, 23, "a player needs a strategy"),
        ('NFG 1 R "x" { "A" } { 2 } 1 2 3', 1, 32, "3 payoffs for 2 profiles of 1 players"),
        ('NFG 1 R "x" { "A" } { 2 }\n{ { "" 1 } } 1 2', 2, 16, "outcome 2 of 1"),
        ('NFG 1 R "x" { "A" } { 2 }\n{ { "" 1 } } 1', 2, 15, "1 outcomes for 2 profiles"),
        ('NFG 1 R "x" { "A" } { 2 }\n{ { "" 1 2 } } 1', 2, 8, "2 payoffs for 1 players"),
        ('NFG 1 R "x" { "A" "B" } { 2000 2000 } 1', 1, 39, "4,000,000 profiles"),
        ('NFG 1 R "x" { "A" } { 2 } 1 x', 1, 29, "a payoff is a number, not `x`"),
    ],
)
def test_mistakes_in_strategic_files_are_named_with_their_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(GameFileError) as caught:
        read_nfg(text)
    (issue,) = caught.value.issues
    assert (issue.code, issue.where.line, issue.where.column) == ("bad-nfg", line, column)
    assert said in issue.message


def test_files_are_told_apart_by_their_first_word(tmp_path: Path) -> None:
    file = tmp_path / "game.txt"
    file.write_text("\ufeff" + CARDS, encoding="utf-8")
    assert isinstance(read_game(file), Tree)
    file.write_text("#AGG", encoding="utf-8")
    with pytest.raises(GameFileError, match="no game file"):
        read_game(file)
    file.write_bytes(b'EFG 2 R "\xff"')
    with pytest.raises(GameFileError, match="not UTF-8"):
        read_game(file)


@given(st.fractions() | st.floats(-1e12, 1e12).map(lambda x: Fraction(repr(x))))
@few(100)
def test_numbers_are_exact(value: Fraction) -> None:
    assert Scanner(written(value)).number("it") == value


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=8))
@few(50)
def test_odds_add_up_to_exactly_one(odds: list[float]) -> None:
    found = exact_odds(odds)
    assert sum(found) == 1
    assert np.array(found, dtype=float) == pytest.approx(np.array(odds) / sum(odds), abs=1e-15)
