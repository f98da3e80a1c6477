"""Random trees for property tests."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from servanda.bridges.tree import CHANCE, NOBODY, InformationSet, Node, Outcome, Tree, exact_odds

NAMES = ["", "a", 'say "no"', "Ärger; 2/3", "back\\slash", "two\nlines", "{ x }"]


def random_tree(seed: int, *, players: int = 2, depth: int = 3, hidden: bool = False) -> Tree:
    """A tree with chance, outcomes on the way, shared outcomes and odd names; `hidden`: some simultaneous moves."""
    random = np.random.default_rng(seed)
    sets: list[InformationSet] = []
    outcomes: list[Outcome] = []
    nodes: list[tuple[str, int, int, list[int]]] = []
    counted = [0] * (players + 1)

    def name() -> str:
        return NAMES[int(random.integers(len(NAMES)))]

    def new_set(player: int, actions: int) -> int:
        counted[player] += 1
        odds = exact_odds(random.dirichlet(np.ones(actions)).tolist()) if player == CHANCE else ()
        sets.append(
            InformationSet(player, counted[player], name(), tuple(f"{name()} {k}" for k in range(actions)), odds)
        )
        return len(sets) - 1

    def paid() -> int:
        if outcomes and random.random() < 0.3:
            return int(random.integers(len(outcomes)))
        worth = tuple(
            Fraction(int(random.integers(-50, 50)), int(random.choice([1, 3, 8, 10]))) for _ in range(players)
        )
        outcomes.append(Outcome(len(outcomes) + 1, name(), worth))
        return len(outcomes) - 1

    def grow(left: int, given: tuple[int, ...] = ()) -> int:
        """Grow a subtree; `given` are sets that the next movers share with other subtrees."""
        k = len(nodes)
        if left == 0 and not given:
            nodes.append((name(), NOBODY, paid(), []))
            return k
        after: tuple[int, ...] = ()
        if given:
            where, after = given[0], given[1:]
        else:
            where = new_set(int(random.integers(-1, players)), int(random.integers(1, 4)))
            if hidden and sets[where].player != CHANCE and players > 1 and random.random() < 0.6:
                after = (new_set((sets[where].player + 1) % players, 2),)
        nodes.append((name(), where, paid() if random.random() < 0.2 else -1, []))
        for _ in sets[where].actions:
            nodes[k][3].append(grow(max(0, left - 1), after))
        return k

    grow(depth)
    used: dict[int, int] = {}
    for _, _, outcome, _ in nodes:
        if outcome >= 0:
            used.setdefault(outcome, len(used))
    return Tree(
        name(), name(), tuple(f"player {k}" for k in range(players)), tuple(sets), tuple(outcomes[k] for k in used),
        tuple(Node(text, where, used.get(outcome, -1), tuple(children)) for text, where, outcome, children in nodes),
    )  # fmt: skip
