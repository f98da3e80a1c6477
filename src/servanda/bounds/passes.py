"""Passes over all states that shrink payoff sets, each state seeing at once what follows it within a period.

States that end a period come first; those that lead to them follow, layer by layer, and the states of one layer are
shared out among threads. What comes out does not depend on the number of threads. After each state its set may be put
into a slightly larger polygon of fewer vertices: by a share of the last movement, and at the end by so little that the
answer is larger by half the tolerance at most.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.arena import Arena, longest_future
from servanda.bounds.payoff_sets import Settings
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

Floats = NDArray[np.float64]
_WORTH_A_THREAD = 200
"""States of a layer from which on it is shared out."""


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="servanda-pass")


def _parts(game: MarkovGame) -> list[list[NDArray[np.int32]]]:
    """States by layer, and of a layer by thread, every so manieth state to one."""
    threads = os.cpu_count() or 1
    found = []
    for states in layers_of(game):
        count = threads if len(states) >= _WORTH_A_THREAD else 1
        found.append([states[k::count].astype(np.int32) for k in range(count)])
    return found


def layers_of(game: MarkovGame) -> list[NDArray[np.int64]]:
    """States by how much of a period may still come after them, those that end it first."""
    inside = (game.discount == 1.0).all(axis=1)
    level = np.zeros(game.states, dtype=np.int64)
    owner = game.state_of_profile[np.repeat(np.arange(game.profiles), np.diff(game.outcome_start))]
    here = inside[owner]
    while True:
        deeper = np.zeros_like(level)
        np.maximum.at(deeper, owner[here], level[game.outcome_state[here]] + 1)
        if (deeper == level).all():
            return [np.flatnonzero(level == k) for k in range(int(level.max()) + 1)]
        level = deeper


class Passes:
    """Sets of all states, shrunk in passes over the states; `advance` and `done` say how far they are."""

    def __init__(
        self, game: MarkovGame, arena: Arena, how: Settings, start: tuple[Floats, ...], threats: Floats,
        alive: NDArray[np.int32], killed: NDArray[np.int32], died: NDArray[np.int32],
    ) -> None:  # fmt: skip
        self.arena, self.how, self.threats = arena, how, threats
        self.alive, self.killed, self.died = alive, killed, died
        self.sizes = np.array([len(v) for v in start], dtype=np.int32)
        self.sets = np.zeros((game.states, max(64, int(self.sizes.max())), 2))
        for s, corners in enumerate(start):
            self.sets[s, : len(corners)] = corners
            # in the kernels' form
            room = np.empty((2 * len(corners) + 2, 2))
            self.sizes[s] = polygons.hull(np.ascontiguousarray(corners), len(corners), room)
            self.sets[s, : self.sizes[s]] = room[: self.sizes[s]]
        fade = 1.0 - longest_future(game)
        self.target, self.stall = how.tolerance * fade, 10 + int(1.0 / fade)
        self.most = self.ahead = 0.0
        self.parts = _parts(game)
        self.step, self.movement, self.raised = 0, np.inf, 0.0
        self.share, self.least, self.since = how.widen, np.inf, 0

    @property
    def done(self) -> bool:
        """Whether the last pass moved nothing."""
        return self.step > 0 and max(self.movement, self.raised) <= self.target

    @property
    def vertices(self) -> tuple[Floats, ...]:
        """The sets in points."""
        return tuple(self.sets[s, :n] * self.arena.scale for s, n in enumerate(self.sizes))

    def take(self) -> None:
        """One pass."""
        self.step += 1
        if self.movement < 0.9 * self.least:
            self.least, self.since = self.movement, self.step
        elif self.step - self.since > self.stall:
            # what was added keeps the sets moving: add less
            self.share, self.least, self.since = 0.25 * self.share, self.movement, self.step
        # what a last step may add without moving the answer by half the tolerance
        coarse = max(self.share * min(1e-2, self.movement), 0.5 * self.target)
        was, was_sizes, before = self.sets.copy(), self.sizes.copy(), self.alive.copy()
        while (wanted := self._swept(coarse)) > self.sets.shape[1]:
            # a state without room keeps its old set, a superset, and the pass is taken again
            wider = np.zeros((len(self.sizes), 2 * wanted, 2))
            wider[:, : self.sets.shape[1]] = self.sets
            self.sets = wider
        self.died[(before == 1) & (self.alive == 0)] = self.step
        lost = bool(((self.sizes == 0) & (was_sizes > 0)).any())
        self.movement = np.inf if lost else float(polygons.moved(was, was_sizes, self.sets, self.sizes))

    def _swept(self, coarse: float) -> int:
        """The states layer by layer, each layer by all threads at once; how many vertices the fullest state wanted."""
        wanted = 0
        for depth, parts in enumerate(self.parts):
            # states that end a period lead to each other: they see what was, the others what is
            seen = (self.sets.copy(), self.sizes.copy()) if depth == 0 else (self.sets, self.sizes)

            def take(part: NDArray[np.int32], seen: tuple[Floats, NDArray[np.int32]] = seen) -> int:
                return int(
                    polygons.generate(
                        *self.arena.structure, self.alive, self.arena.discount, self.how.slack, *seen, self.threats,
                        coarse, self.sets, self.sizes, self.killed, part,
                    )
                )  # fmt: skip

            wanted = max(wanted, *(map(take, parts) if len(parts) == 1 else _threads().map(take, parts)), 0)
        return wanted

    @property
    def advance(self) -> float:
        """Which part of the way is done at least, as the logarithm of the movement has it."""
        if self.target < self.movement < np.inf:
            self.most = max(self.most, self.movement)
            done = 1.0 - np.log(self.movement / self.target) / np.log(2.0 * self.most / self.target)
            self.ahead = max(self.ahead, float(done))
        return 1.0 if self.done else self.ahead

    def raise_threats(self) -> None:
        """Threats up to the worst payoffs of the sets."""
        there = np.arange(self.sets.shape[1])[None, :, None] < self.sizes[:, None, None]
        lowest = np.where(there, self.sets, np.inf).min(axis=1)
        full = self.sizes > 0
        self.raised = float(np.maximum(lowest - self.threats, 0.0)[full].max(initial=0.0))
        self.threats[full] = np.maximum(self.threats, lowest)[full]
