"""Games in extensive form: a tree of chance moves, players' moves and ends, with information sets and exact numbers.

Nodes stand in the order in which Gambit's files list them: a node before its children, the children in the order of the
actions. An *outcome* is a list of payoffs received where it stands, be that an end or a node on the way; a player's
payoff is the sum over the outcomes passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servanda.errors import CaseError, ServandaError

Floats = NDArray[np.float64]
CHANCE, NOBODY = -1, -2


class GameFileError(CaseError):
    """A file is no game that can be read; every issue names the line and the column."""


class GameError(ServandaError):
    """A game cannot be solved or turned into another form as asked."""


@dataclass(frozen=True, slots=True)
class InformationSet:
    """Nodes that their mover cannot tell apart: `player` is an index, or CHANCE; `number` is the file's.

    `odds` are the probabilities of the actions of a chance move, empty at a player's.
    """

    player: int
    number: int
    name: str
    actions: tuple[str, ...]
    odds: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Payoffs by player, in the game's own units; `number` is the file's."""

    number: int
    name: str
    payoffs: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its information set (index, NOBODY at an end), its outcome (index, -1 without) and its children."""

    name: str
    set: int
    outcome: int
    children: tuple[int, ...]


@dataclass(frozen=True)
class Tree:
    """A finite game in extensive form; node 0 is the root.

    Raises
    ------
    ValueError
        If nodes do not stand in order, or do not fit their information sets and outcomes.

    >>> end = Node("", NOBODY, 0, ())
    >>> tree = Tree("choice", "", ("A",), (InformationSet(0, 1, "", ("l", "r")),),
    ...     (Outcome(1, "", (Fraction(1),)),), (Node("", 0, -1, (1, 2)), end, end))
    >>> tree.size, tree.perfect, tree.parent.tolist(), tree.end.tolist()
    (3, True, [-1, 0, 0], [3, 2, 3])
    """

    title: str
    comment: str
    players: tuple[str, ...]
    sets: tuple[InformationSet, ...]
    outcomes: tuple[Outcome, ...]
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        for k, node in enumerate(self.nodes):
            actions = self.sets[node.set].actions if node.set != NOBODY else ()
            if len(node.children) != len(actions):
                raise ValueError(f"node {k} has {len(node.children)} children and {len(actions)} actions")
        self._in_order()
        if any(len(o.payoffs) != len(self.players) for o in self.outcomes):
            raise ValueError("every outcome needs a payoff for every player")

    def _in_order(self) -> None:
        waiting, end = [0], 0
        while waiting:
            k = waiting.pop()
            if k != end:
                raise ValueError(f"node {k} does not stand in the order of the tree")
            end += 1
            waiting.extend(reversed(self.nodes[k].children))
        if end != len(self.nodes):
            raise ValueError(f"{len(self.nodes)} nodes, of which {end} can be reached")

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @cached_property
    def parent(self) -> NDArray[np.int64]:
        """Parent of each node, -1 at the root."""
        found = np.full(self.size, -1)
        for k, node in enumerate(self.nodes):
            found[list(node.children)] = k
        return found

    @cached_property
    def end(self) -> NDArray[np.int64]:
        """One past the last node of each node's subtree."""
        found = np.arange(1, self.size + 1)
        for k in range(self.size - 1, 0, -1):
            found[self.parent[k]] = max(found[self.parent[k]], found[k])
        return found

    @cached_property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Nodes of each information set, in order."""
        found: list[list[int]] = [[] for _ in self.sets]
        for k, node in enumerate(self.nodes):
            if node.set != NOBODY:
                found[node.set].append(k)
        return tuple(map(tuple, found))

    @cached_property
    def decisions(self) -> tuple[int, ...]:
        """The players' information sets (indices), in the order of Gambit's answers: by player, then by number."""
        own = [h for h, s in enumerate(self.sets) if s.player != CHANCE and self.members[h]]
        return tuple(sorted(own, key=lambda h: (self.sets[h].player, self.sets[h].number)))

    @cached_property
    def perfect(self) -> bool:
        """Whether every mover knows all that has happened."""
        return all(len(self.members[h]) == 1 for h in self.decisions)

    @cached_property
    def worth(self) -> Floats:
        """Payoffs received at each node itself, [node, player]."""
        table = np.array([[float(x) for x in o.payoffs] for o in self.outcomes]).reshape(-1, len(self.players))
        found = np.zeros((self.size, len(self.players)))
        paid = np.array([node.outcome for node in self.nodes])
        found[paid >= 0] = table[paid[paid >= 0]]
        return found

    def odds_of(self, chance: int) -> Floats:
        """Probabilities of a chance move's actions, adding up to one."""
        odds = np.array([float(p) for p in self.sets[chance].odds])
        return np.asarray(odds / odds.sum())

    def own_moves(self, node: int, player: int) -> tuple[tuple[int, int], ...]:
        """What a player has done on the way to a node: (information set, action) from the root on."""
        found = []
        while node > 0:
            up = int(self.parent[node])
            if self.sets[self.nodes[up].set].player == player:
                found.append((self.nodes[up].set, self.nodes[up].children.index(node)))
            node = up
        return tuple(reversed(found))

    @cached_property
    def recall(self) -> bool:
        """Whether every player remembers all that it knew and did (perfect recall)."""
        return all(
            len({self.own_moves(k, self.sets[h].player) for k in self.members[h]}) == 1
            for h in self.decisions
            if len(self.members[h]) > 1
        )

    def where(self, h: int) -> str:
        """An information set in words."""
        own = self.sets[h]
        who = "chance" if own.player == CHANCE else self.players[own.player]
        return f"{who}, information set {own.number}" + (f" ({own.name})" if own.name else "")


def exact(value: float) -> Fraction:
    """The number that the shortest decimal of a float says.

    >>> exact(0.1)
    Fraction(1, 10)
    """
    return Fraction(repr(float(value)))


def exact_odds(odds: Sequence[float], digits: int = 17) -> tuple[Fraction, ...]:
    """Probabilities as decimals that add up to exactly one: rounded, and the largest takes what rounding left.

    Gambit refuses a chance move whose probabilities miss one by the last bit of a float.

    >>> exact_odds([1 / 3, 2 / 3], digits=4)
    (Fraction(3333, 10000), Fraction(6667, 10000))
    """
    unit = 10**digits
    total = sum(Fraction(p) for p in odds)
    found = [Fraction(round(Fraction(p) / total * unit), unit) for p in odds]
    largest = max(range(len(found)), key=found.__getitem__)
    found[largest] += 1 - sum(found)
    return tuple(found)
