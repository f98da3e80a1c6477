"""From a tree to its strategic form: plans of action, and what they are worth together.

The form is reduced: a plan says nothing about information sets that the plan itself never reaches (marked `*`), so no
two plans of a player are the same by construction.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod

import numpy as np

from servanda.bridges.nfg import Strategic, strategic
from servanda.bridges.tree import CHANCE, NOBODY, GameError, Tree

STRATEGY_LIMIT = 100_000
Plan = dict[int, int]


def strategic_form(tree: Tree, *, limit: int = STRATEGY_LIMIT) -> Strategic:
    """The reduced strategic form, payoffs exact.

    Parameters
    ----------
    limit : most profiles of plans

    Raises
    ------
    GameError
        If there are more, or a player forgets what it knew or did.

    >>> from servanda.bridges.efg import read_efg
    >>> tree = read_efg('EFG 2 R "" { "A" } p "" 1 1 "" { "out" "in" } 0 t "" 0 '
    ...     'p "" 1 2 "" { "l" "r" } 0 t "" 1 "" { 2 } t "" 2 "" { 3 }')
    >>> form = strategic_form(tree)
    >>> form.strategies, form.payoffs.ravel().tolist()
    ((('1*', '21', '22'),), [0.0, 2.0, 3.0])
    """
    if not tree.recall:
        raise GameError("a player forgets what it knew or did (no perfect recall): this game has no such form here")
    counts = [_count(tree, player) for player in range(len(tree.players))]
    if prod(counts) > limit:
        said = " × ".join(map(str, counts))
        raise GameError(
            f"the strategic form has {said} plans, more than {limit:,} profiles; it grows with every move: "
            "take fewer periods, or hand over the tree itself (.efg)"
        )
    plans = [list(_plans(tree, player)) for player in range(len(tree.players))]
    totals = _totals(tree)
    found = np.full((*counts, len(tree.players)), Fraction(0), dtype=object)
    for k, node in enumerate(tree.nodes):
        if node.set != NOBODY:
            continue
        odds, payoffs = totals[k]
        fits = []
        for player, own in enumerate(plans):
            way = tree.own_moves(k, player)
            fits.append([j for j, plan in enumerate(own) if all(plan.get(h) == action for h, action in way)])
        found[np.ix_(*fits)] += np.array([odds * x for x in payoffs], dtype=object)
    names = tuple(tuple(_name(tree, plan, player) or "1" for plan in own) for player, own in enumerate(plans))
    return strategic(tree.title, tree.players, names, found, tree.comment)


def _own(tree: Tree, player: int) -> list[int]:
    """A player's information sets as play meets them."""
    return sorted((h for h in tree.decisions if tree.sets[h].player == player), key=lambda h: tree.members[h][0])


def _name(tree: Tree, plan: Plan, player: int) -> str:
    chosen = [(str(plan[h] + 1) if h in plan else "*", len(tree.sets[h].actions)) for h in _own(tree, player)]
    wide = any(actions > 9 for _, actions in chosen)
    return ("-" if wide else "").join(text for text, _ in chosen)


def _children(tree: Tree, player: int) -> dict[tuple[tuple[int, int], ...], list[int]]:
    """The information sets that come next after each sequence of a player's own moves."""
    found: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for h in _own(tree, player):
        found.setdefault(tree.own_moves(tree.members[h][0], player), []).append(h)
    return found


def _count(tree: Tree, player: int) -> int:
    """How many plans a player has, without listing them."""
    after = _children(tree, player)
    plans: dict[tuple[tuple[int, int], ...], int] = {}
    ways: dict[int, int] = {}
    for h in reversed(_own(tree, player)):
        before = tree.own_moves(tree.members[h][0], player)
        ways[h] = sum(plans.get((*before, (h, a)), 1) for a in range(len(tree.sets[h].actions)))
        if all(g in ways for g in after[before]):
            plans[before] = prod(ways[g] for g in after[before])
    return plans.get((), 1)


def _plans(tree: Tree, player: int) -> Iterator[Plan]:
    """A player's plans, the choice at the first information set slowest."""
    own = _own(tree, player)

    def complete(plan: Plan, at: int) -> Iterator[Plan]:
        while at < len(own) and any(plan.get(h) != a for h, a in tree.own_moves(tree.members[own[at]][0], player)):
            at += 1
        if at == len(own):
            yield dict(plan)
            return
        for action in range(len(tree.sets[own[at]].actions)):
            plan[own[at]] = action
            yield from complete(plan, at + 1)
        del plan[own[at]]

    return complete({}, 0)


def _totals(tree: Tree) -> list[tuple[Fraction, tuple[Fraction, ...]]]:
    """Of each node: the probability that chance allows it, and the payoffs of all outcomes up to it."""
    nothing = (Fraction(0),) * len(tree.players)
    found: list[tuple[Fraction, tuple[Fraction, ...]]] = []
    for k, node in enumerate(tree.nodes):
        own = tree.outcomes[node.outcome].payoffs if node.outcome >= 0 else nothing
        if k == 0:
            found.append((Fraction(1), own))
            continue
        up = int(tree.parent[k])
        odds, before = found[up]
        above = tree.sets[tree.nodes[up].set]
        if above.player == CHANCE:
            odds = odds * above.odds[tree.nodes[up].children.index(k)] / sum(above.odds)
        found.append((odds, tuple(a + b for a, b in zip(before, own, strict=True))))
    return found
