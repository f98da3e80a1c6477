"""States of a two-player game that nothing tells apart, made one.

Two states are alike if they have the same players, the same discount, and choices with the same rewards, marks and odds
of states that are alike: the coarsest such partition is found by refining that of all states with the same players.
Rewards are compared to twelve digits of the largest, odds to eleven digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SAME = 1e-12

Row = tuple[float, float, dict[int, float], bool]
"""What a profile brings: the rewards of the two, odds of the next nodes, and its mark."""


@dataclass(frozen=True, slots=True)
class Node:
    """A state being reduced: players on its seats, their choices, rows in lexicographic order, whose label it has."""

    seats: tuple[int, ...]
    shape: tuple[int, ...]
    rows: tuple[Row, ...]
    discount: tuple[float, float]
    name: int

    @property
    def chance(self) -> bool:
        """Whether nobody chooses."""
        return not self.seats


def merged_nodes(nodes: dict[int, Node]) -> tuple[dict[int, Node], dict[int, int]]:
    """States that nothing tells apart made one, choices that nothing tells apart left out; where each node went."""
    names = list(nodes)
    place = {s: k for k, s in enumerate(names)}
    rows = [row for s in names for row in nodes[s].rows]
    starts = np.concatenate(([0], np.cumsum([len(nodes[s].rows) for s in names])))
    ends = np.array([place[to] for row in rows for to in row[2]], dtype=np.int64)
    odds = np.array([p for row in rows for p in row[2].values()])
    owner = np.repeat(np.arange(len(rows)), [len(row[2]) for row in rows])
    own = np.array([row[:2] for row in rows])
    scale = max(float(np.abs(own).max(initial=0.0)), 1e-300)
    fixed = _classes(np.column_stack((np.round(own / scale / _SAME), [row[3] for row in rows])))
    # two random numbers a class tell distributions over classes apart, but for the rounding
    random = np.random.default_rng(7)
    kinds: dict[tuple[object, ...], int] = {}
    block = np.array([kinds.setdefault((n.seats, n.discount), len(kinds)) for n in nodes.values()])
    while True:
        lots = random.random((int(block.max()) + 1, 2))
        sums = np.stack([np.bincount(owner, odds * lots[block[ends], i], len(rows)) for i in range(2)], axis=1)
        kind = _classes(np.column_stack((fixed, np.round(sums / _SAME / 10.0)))).tolist()
        known: dict[tuple[object, ...], int] = {}
        finer = np.empty_like(block)
        shapes = []
        for k, s in enumerate(names):
            shape, tags = _plain(nodes[s], kind[starts[k] : starts[k + 1]])
            shapes.append((shape, tags))
            finer[k] = known.setdefault((int(block[k]), tuple(len(x) for x in shape), tags), len(known))
        if len(known) == int(block.max()) + 1:
            break
        block = finer
    first: dict[int, int] = {}
    for k, b in enumerate(block.tolist()):
        first.setdefault(b, k)
    found = {}
    for k in first.values():
        node, (shape, _) = nodes[names[k]], shapes[k]
        kept = []
        for choice in product(*shape):
            row = node.rows[int(np.ravel_multi_index(choice, node.shape)) if choice else 0]
            onward: dict[int, float] = {}
            for to, p in row[2].items():
                at = names[first[int(block[place[to]])]]
                onward[at] = onward.get(at, 0.0) + p
            kept.append((row[0], row[1], onward, row[3]))
        seats = tuple(w for w, x in zip(node.seats, shape, strict=True) if len(x) > 1)
        found[names[k]] = Node(seats, tuple(len(x) for x in shape if len(x) > 1), tuple(kept), node.discount, node.name)
    return found, {s: names[first[int(b)]] for s, b in zip(names, block, strict=True)}


def _classes(rows: Floats) -> Ints:
    """Equal rows get equal numbers."""
    return np.asarray(np.unique(rows, axis=0, return_inverse=True)[1]).ravel()


def _plain(node: Node, kinds: list[int]) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """The choices that differ, by seat, and the kinds of the profiles they make."""
    if not node.seats:
        return (), tuple(kinds)
    if len(node.seats) == 1:
        # in order of their kinds: states that differ in the order of choices alone are one
        firsts = {kind: c for c, kind in reversed(list(enumerate(kinds)))}
        return (tuple(firsts[k] for k in sorted(firsts)),), tuple(sorted(firsts))
    table = np.array(kinds).reshape(node.shape)
    shape = []
    for axis in range(table.ndim):
        seen: dict[bytes, int] = {}
        for c in range(table.shape[axis]):
            seen.setdefault(np.take(table, c, axis).tobytes(), c)
        shape.append(tuple(seen.values()))
        table = np.take(table, list(seen.values()), axis)
    return tuple(shape), tuple(table.ravel().tolist())
