"""Trees of the first periods of a case: played as the case is, and read back from their files."""

from __future__ import annotations

import pytest
from hypothesis import given

from servanda.bridges import (
    GameError,
    backward_induction,
    logit,
    pure_equilibria,
    read_efg,
    read_nfg,
    write_efg,
    write_nfg,
)
from servanda.bridges.tree import CHANCE
from servanda.case import read
from servanda.compile import Compiled, compile_case
from servanda.equilibrium import Solution, solve
from servanda.errors import ServandaError
from servanda.export.gambit import TooManyNodesError, Unfolded, strategic_form_of, unfold
from tests.sketches import Sketch, sketches
from tests.strategies import few


def solved(name: str, *, sharp: bool = False) -> tuple[Compiled, Solution]:
    compiled = compile_case(read(f"theory/{name}"))
    return compiled, solve(compiled.game, compiled.numbers(sharp=sharp))


def check(unfolded: Unfolded) -> None:
    """The file gives the tree back, and its logit play, at the precisions told, is worth what the case is."""
    text = write_efg(unfolded.tree)
    back = read_efg(text)
    assert back == unfolded.tree
    assert write_efg(back) == text
    play = logit(back, unfolded.precision)
    assert play.values[0] == pytest.approx(unfolded.values, abs=1e-9, rel=1e-9)
    assert all(sum(s.odds) == 1 for s in back.sets if s.player == CHANCE)


# with chance, a deal machine, drawn order, three actors, simultaneous moves, noise in what is seen, dated events
@pytest.mark.parametrize(
    ("name", "periods", "nodes"),
    [
        ("durability-island", 3, 993),
        ("pledge", 2, 115),
        ("two-level-ratification", 1, 15),
        ("nonproliferation-window", 1, 247),
        ("attrition-and-enforcement", 3, 49),
        ("noisy-monitoring", 2, 71),
        ("inspection-sequence", 2, 25),
        ("preventive-doubt", 1, 9),
    ],
)
def test_logit_play_of_the_tree_is_that_of_the_case(name: str, periods: int, nodes: int) -> None:
    compiled, solution = solved(name)
    unfolded = unfold(compiled, solution, periods)
    assert unfolded.tree.size == nodes
    assert unfolded.values == pytest.approx(solution.values[int(compiled.game.start.argmax())], abs=1e-9)
    check(unfolded)


@pytest.mark.parametrize(("name", "periods"), [("durability-island", 3), ("commitment-war", 1), ("tit-for-tat", 3)])
def test_sharp_play_of_the_tree_is_that_of_the_case(name: str, periods: int) -> None:
    unfolded = unfold(*solved(name, sharp=True), periods)
    play = backward_induction(read_efg(write_efg(unfolded.tree)))
    assert play.values[0] == pytest.approx(unfolded.values, abs=1e-9, rel=1e-9)
    assert play.certificate.regret <= 1e-9


@given(sketches())
@few(8)
def test_any_small_case_can_be_handed_over(sketch: Sketch) -> None:
    compiled = compile_case(sketch.case)
    solution = solve(compiled.game, compiled.numbers())
    try:
        unfolded = unfold(compiled, solution, 1, limit=3_000)
    except TooManyNodesError:
        return
    check(unfolded)


def test_decisions_taken_at_once_share_a_set_and_no_others_do() -> None:
    compiled, solution = solved("repeated-dilemma")
    tree = unfold(compiled, solution, 2).tree
    assert sorted({len(tree.members[h]) for h in tree.decisions}) == [1, 2]
    # no two nodes, and no two sets of a player, have the same name: Gambit 17 would refuse them
    assert len({n.name for n in tree.nodes}) == tree.size
    assert len({(s.player, s.name) for s in tree.sets if s.player != CHANCE}) == len(tree.decisions)
    assert tree.title == compiled.case.title
    assert tree.players == tuple(a.title for a in compiled.case.actors)


def test_later_moves_count_less_so_their_precision_is_higher() -> None:
    compiled, solution = solved("durability-island")
    unfolded = unfold(compiled, solution, 2)
    numbers = solution.numbers
    for h, own in enumerate(unfolded.tree.sets):
        if own.player != CHANCE:
            period = [d.isoformat() for d in compiled.dates].index(own.name[:10])
            scale = float(numbers.discount[own.player, 0]) ** period
            assert unfolded.precision[h] == pytest.approx(float(numbers.precision[own.player, 0]) / scale)


def test_the_strategic_form_of_a_case_has_its_equilibria() -> None:
    unfolded = unfold(*solved("inspection-game"), 1)
    game = read_nfg(write_nfg(strategic_form_of(unfolded, limit=4)))
    assert game.shape == (2, 2)
    assert pure_equilibria(game).found == ()
    with pytest.raises(GameError, match="2 × 2 plans, more than 3 profiles"):
        strategic_form_of(unfolded, limit=3)


def test_what_is_too_large_or_foreign_is_refused() -> None:
    compiled, solution = solved("commitment-war")
    with pytest.raises(TooManyNodesError, match="2 periods make a tree of more than 5,000 nodes; take fewer periods"):
        unfold(compiled, solution, 2, limit=5_000)
    for periods in (0, solution.periods + 1):
        with pytest.raises(ServandaError, match=f"the case has 1 to {solution.periods}"):
            unfold(compiled, solution, periods)
    with pytest.raises(ServandaError, match="values: taste"):
        unfold(*solved("escalation-dyad"), 1)
