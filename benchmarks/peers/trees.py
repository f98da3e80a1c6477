"""Logit play of trees beside Gambit's: our file, its reader, odds at the same precision on the principal branch."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from benchmarks.peers.environment import Patience, Peers
from benchmarks.tables import Table, error, processor_time, seconds, times
from servanda.bridges import InformationSet, Node, Outcome, Tree, logit, write_efg
from servanda.bridges.tree import NOBODY
from servanda.case import find, load
from servanda.compile import compile_case
from servanda.equilibrium import solve
from servanda.export.gambit import unfold

COLUMNS = (
    "tree", "nodes", "information sets", "λ", "servanda", "gambit", "ratio", "our error", "odds differ by",
)  # fmt: skip
SAYS = (
    "Agent quantal response on the principal branch, from the same `.efg` file (which our bridge wrote). Perfect "
    "information: two players in turn, two actions. Hidden: whoever moves second in a pair of moves does not see the "
    "first. Cases are unfolded from their start. Processor seconds, one thread, without reading the file. The error is "
    "the largest difference between our odds and those implied by recomputed payoffs; the last column is the other "
    "program's error too, since ours is at rounding."
)
Question = tuple[str, Tree, float]


def grown(depth: int, *, hidden: bool = False, seed: int = 1) -> Tree:
    """A tree of two players in turn with two actions and payoffs of 0.0 to 9.9 at its ends.

    `hidden`: in every second layer the mover does not know the action taken just before.
    """
    random = np.random.default_rng(seed)
    sets: list[InformationSet] = []
    outcomes: list[Outcome] = []
    nodes: list[tuple[int, int, list[int]]] = []

    def grow(layer: int, shared: dict[int, int]) -> int:
        k = len(nodes)
        if layer == depth:
            outcomes.append(
                Outcome(len(outcomes) + 1, "", tuple(Fraction(int(x), 10) for x in random.integers(0, 100, 2)))
            )
            nodes.append((NOBODY, len(outcomes) - 1, []))
            return k
        player = layer % 2
        if hidden and player == 1 and shared:
            where = shared[0]
        else:
            number = 1 + sum(s.player == player for s in sets)
            sets.append(InformationSet(player, number, "", ("left", "right")))
            where = len(sets) - 1
            shared[0] = where
        nodes.append((where, -1, []))
        below: dict[int, int] = {}
        for _ in range(2):
            nodes[k][2].append(grow(layer + 1, below if player == 0 else {}))
        return k

    grow(0, {})
    made = tuple(Node("", where, outcome, tuple(below)) for where, outcome, below in nodes)
    return Tree(f"depth {depth}", "", ("first", "second"), tuple(sets), tuple(outcomes), made)


def unfolded(name: str, periods: int) -> Tree:
    """The first periods of a shipped case as a tree."""
    compiled = compile_case(load(find(name)).require())
    return unfold(compiled, solve(compiled.game, compiled.numbers()), periods).tree


def questions(depths: tuple[int, ...], cases: tuple[tuple[str, int], ...]) -> Iterator[Question]:
    """Trees with their precision."""
    for hidden in (False, True):
        for depth in depths:
            yield ("hidden" if hidden else "perfect information"), grown(depth, hidden=hidden), 1.0
    for name, periods in cases:
        yield f"{name}, {periods} period{'s' if periods > 1 else ''}", unfolded(name, periods), 0.1


def measure_trees(
    peers: Peers | None, depths: tuple[int, ...] = (2, 4, 6, 8), limit: float = 60.0,
    cases: tuple[tuple[str, int], ...] = (("theory/pledge", 2),),
) -> Table:  # fmt: skip
    """Times and distances of odds on growing trees."""
    rows, patience, kind = [], Patience(peers, limit), ""
    for title, tree, precision in questions(depths, cases):
        if title != kind:
            patience, kind = Patience(peers, limit), title
        taken, play = processor_time(lambda tree=tree, precision=precision: logit(tree, precision))
        answer = patience.ask("tree", f"{precision!r}\n{write_efg(tree)}")
        row = (title, f"{tree.size:,}", f"{len(tree.decisions):,}", f"{precision:g}", seconds(taken))
        mine = error(play.certificate.odds_error)
        if isinstance(answer, str):
            ratio = f"> {times(limit, taken)}" if answer.startswith("more") else ""
            rows.append((*row, answer, ratio, mine, ""))
            continue
        odds = np.concatenate([play.odds[h] for h in tree.decisions])
        apart = float(np.abs(answer["odds"] - odds).max()) if len(answer["odds"]) == len(odds) else float("nan")
        theirs = float(answer["seconds"])
        rows.append((*row, seconds(theirs), times(theirs, taken), mine, error(apart)))
    return Table("Trees beside Gambit", SAYS, COLUMNS, tuple(rows))
