r"""A written-out game seen as one of two players: the sides, each of one mind, and everybody else by odds.

Each side becomes one player with the payoffs and the discount of one actor. A seat of an actor who stands for no side
is filled by given odds: what he does is chance. The game is then made as small as it can be without changing what the
two can do: nodes that are chance within a period are composed into the outcomes that lead to them, states that nothing
tells apart become one (partition refinement on rewards and odds, Paige and Tarjan 1987; bisimulation in the sense of
Givan, Dean and Greig 2003), and of choices with the same consequences one is left. Payoff sets of what remains are
those of the whole: no step changes what a strategy yields, or which gains a deviation offers.

A state discounts all its outcomes alike, so the end of a period is composed into a decision only if every outcome of
that decision ends the period. Marks of profiles (those which break a deal) survive: no two profiles are merged of
which one is marked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.likeness import Node, Row, merged_nodes
from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEW = 8
"""Outcomes up to which chance is composed into everything that leads to it; more are only where one thing does."""


@dataclass(frozen=True)
class Sided:
    """A game of two players, state[root] in it of every node asked for, marks of its profiles, and its size before."""

    game: MarkovGame
    state: tuple[int, ...]
    marked: NDArray[np.bool_]
    nodes: int


def between(
    game: MarkovGame,
    player: Ints,
    purse: tuple[int, int],
    odds: Floats,
    roots: Sequence[int],
    marked: NDArray[np.bool_] | None = None,
    names: tuple[str, str] = ("", ""),
) -> Sided:
    """The game between two sides.

    Parameters
    ----------
    player : player[actor], 0 or 1 for whoever decides for a side, -1 for everybody else
    purse : the actors whose payoffs and discount the players have
    odds : odds[option of the game] of play; those of players' options are not looked at
    roots : nodes whose states are wanted
    marked : marked[option], choices that mark every profile in which a player makes them

    Raises
    ------
    ValueError
        If two actors of one side choose at once.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> payoff = np.stack([row, row.T])[None].repeat(2, axis=0)
    >>> twice = simultaneous_game(payoff, np.full((2, 2, 2, 2), 0.5), [0.6, 0.6])
    >>> sided = between(twice, np.array([0, 1]), (0, 1), np.full(8, 0.5), [0, 1])
    >>> sided.game.states, sided.state
    (1, (0, 0))
    """
    marks = np.zeros(game.options, dtype=bool) if marked is None else marked
    nodes = {s: _node(game, s, player, purse, odds, marks) for s in range(game.states)}
    places = {s: s for s in range(game.states)}
    keep = list(roots)
    while True:
        before = _size(nodes)
        nodes = _reached(_composed(_reached(nodes, keep), set(keep)), keep)
        nodes, merged = merged_nodes(nodes)
        places = {s: merged[to] for s, to in places.items() if to in merged}
        keep = [places[r] for r in roots]
        if _size(nodes) == before:
            break
    return _sided(game, nodes, keep, names)


def _size(nodes: dict[int, Node]) -> tuple[int, int]:
    return len(nodes), sum(len(node.rows) for node in nodes.values())


def _node(
    game: MarkovGame, state: int, player: Ints, purse: tuple[int, int], odds: Floats, marks: NDArray[np.bool_]
) -> Node:
    """A node with the seats of the two players only."""
    seats = range(int(game.seat_start[state]), int(game.seat_start[state + 1]))
    own = [k for k in seats if player[game.seat_actor[k]] >= 0 and game.seat_choices[k] > 1]
    who = tuple(int(player[game.seat_actor[k]]) for k in own)
    if len(set(who)) < len(who):
        raise ValueError(f"{game.state_label(state)}: two actors of one side choose at once")
    found: dict[tuple[int, ...], tuple[list[float], dict[int, float], bool]] = {}
    first = int(game.profile_start[state])
    for place, choice in enumerate(product(*(range(int(game.seat_choices[k])) for k in seats))):
        weight, mark, key = 1.0, False, []
        for k, c in zip(seats, choice, strict=True):
            option = int(game.option_start[k]) + c
            if player[game.seat_actor[k]] >= 0:
                mark = mark or bool(marks[option])
            if k in own:
                key.append(c)
            elif game.seat_choices[k] > 1:
                weight *= float(odds[option])
        rewards, onward, _ = found.setdefault(tuple(key), ([0.0, 0.0], {}, mark))
        row = first + place
        for i in range(2):
            rewards[i] += weight * float(game.reward[row, purse[i]])
        for k in range(int(game.outcome_start[row]), int(game.outcome_start[row + 1])):
            chance = weight * float(game.outcome_odds[k])
            if chance > 0.0:
                to = int(game.outcome_state[k])
                onward[to] = onward.get(to, 0.0) + chance
    rows = tuple((r[0], r[1], onward, mark) for r, onward, mark in found.values())
    discount = (float(game.discount[state, purse[0]]), float(game.discount[state, purse[1]]))
    return Node(who, tuple(int(game.seat_choices[k]) for k in own), rows, discount, state)


def _reached(nodes: dict[int, Node], roots: Sequence[int]) -> dict[int, Node]:
    """The nodes that some play reaches from the roots."""
    seen = set(roots)
    waiting = list(seen)
    while waiting:
        for row in nodes[waiting.pop()].rows:
            fresh = row[2].keys() - seen
            seen |= fresh
            waiting += fresh
    return {s: node for s, node in nodes.items() if s in seen}


def _composed(nodes: dict[int, Node], roots: set[int]) -> dict[int, Node]:
    """Chance within a period, and where possible the end of a period, put into what leads to it."""
    leading: dict[int, int] = {}
    for node in nodes.values():
        for row in node.rows:
            for to in row[2]:
                leading[to] = leading.get(to, 0) + 1
    gone: dict[int, Row] = {}
    order: list[int] = []
    inside = {s for s, n in nodes.items() if n.chance and n.discount == (1.0, 1.0) and s not in roots}
    seen: set[int] = set()
    for s in inside:
        stack = [(s, False)]
        while stack:
            at, done = stack.pop()
            if done:
                order.append(at)
            elif at not in seen:
                seen.add(at)
                stack.append((at, True))
                stack += [(to, False) for to in nodes[at].rows[0][2] if to in inside and to not in seen]
    for s in order:
        row = _through(nodes[s].rows[0], gone)
        if len(row[2]) <= FEW or leading.get(s, 0) <= 1:
            gone[s] = row
        nodes[s] = Node((), (), (row,), nodes[s].discount, nodes[s].name)
    for s, node in nodes.items():
        if s in gone or s in order:
            continue
        rows = tuple(_through(row, gone, node.discount) for row in node.rows)
        nodes[s] = Node(node.seats, node.shape, rows, node.discount, node.name)
    left = {s: node for s, node in nodes.items() if s not in gone}
    return {s: _ended(left, node) for s, node in left.items()}


def _ended(nodes: dict[int, Node], node: Node) -> Node:
    """A decision with the end of its period in it, if nothing but ends of periods follows."""
    after = {to for row in node.rows for to in row[2]}
    ends = [nodes[to] for to in after]
    same = {end.discount for end in ends}
    if node.discount != (1.0, 1.0) or (1.0, 1.0) in same or len(same) != 1 or not all(e.chance for e in ends):
        return node
    if sum(len(nodes[to].rows[0][2]) for to in after) > FEW * len(after):
        return node
    within = {to: nodes[to].rows[0] for to in after}
    return Node(node.seats, node.shape, tuple(_through(row, within) for row in node.rows), same.pop(), node.name)


def _through(row: Row, gone: dict[int, Row], discount: tuple[float, float] = (1.0, 1.0)) -> Row:
    """A row of a state with this discount, with what follows some of its outcomes put in their place."""
    if not row[2].keys() & gone.keys():
        return row
    first, second = row[0], row[1]
    onward: dict[int, float] = {}
    for to, odds in row[2].items():
        if to not in gone:
            onward[to] = onward.get(to, 0.0) + odds
            continue
        more = gone[to]
        first, second = first + discount[0] * odds * more[0], second + discount[1] * odds * more[1]
        for further, chance in more[2].items():
            onward[further] = onward.get(further, 0.0) + odds * chance
    return first, second, onward, row[3]


def _sided(game: MarkovGame, nodes: dict[int, Node], roots: Sequence[int], names: tuple[str, str]) -> Sided:
    """The arrays of a game of two players."""
    # what comes last in a period first: sets computed in this order see what follows them
    nodes = {s: nodes[s] for s in sorted(nodes, key=_depths(nodes).__getitem__)}
    place = {s: k for k, s in enumerate(nodes)}
    every = list(nodes.values())
    rows = [row for node in every for row in node.rows]
    start = np.zeros(len(every))
    start[place[roots[0]]] = 1.0
    label: Callable[[int], str] = game.state_label
    calls = [node.name for node in every]
    odds = [np.array(list(row[2].values())) for row in rows]
    small = MarkovGame(
        np.concatenate(([0], np.cumsum([len(n.seats) for n in every]))).astype(np.int64),
        np.array([w for n in every for w in n.seats], dtype=np.int64),
        np.array([c for n in every for c in n.shape], dtype=np.int64),
        np.array([row[:2] for row in rows], dtype=np.float64),
        np.concatenate(([0], np.cumsum([len(row[2]) for row in rows]))).astype(np.int64),
        np.array([place[to] for row in rows for to in row[2]], dtype=np.int64),
        np.concatenate([p / p.sum() for p in odds]),
        np.array([n.discount for n in every]),
        start,
        lambda state: label(calls[state]),
        names if any(names) else (),
    )
    marked = np.array([row[3] for row in rows], dtype=bool)
    return Sided(small, tuple(place[r] for r in roots), marked, game.states)


def _depths(nodes: dict[int, Node]) -> dict[int, int]:
    """How many nodes may still come within the period after each node."""
    found: dict[int, int] = {}
    stack = list(nodes)
    while stack:
        at = stack[-1]
        after = {to for row in nodes[at].rows for to in row[2]} if nodes[at].discount == (1.0, 1.0) else set()
        waiting = [to for to in after if to not in found]
        if waiting:
            stack += waiting
            continue
        stack.pop()
        found[at] = 1 + max((found[to] for to in after), default=-1)
    return found
