r"""Payoffs of subgame-perfect play in which some profiles never occur on path: what threats can make players *keep*.

Threats are those of the whole game: whoever deviates may be answered with anything that is subgame-perfect, the barred
profiles included. Only what is done while nobody deviates is confined. With :math:`w` the worst payoffs of the whole
game, the set sought is the largest fixed point of the self-generation operator (see `servanda.bounds.payoff_sets`) over
the profiles left, iterated from the sets of the whole game; every step is an outer bound.

A period written out is many states deep. Here states are taken in turn and see at once what those before them have
got, so that one pass carries news through a whole period; passes begin from what is feasible, which is found by
directions: the largest payoff in each of a fan of directions is a dynamic program, and the lines that bound it cut
out a superset. Discount factors that differ turn a direction on its way; it is then put together from its two
neighbours in the fan, which keeps the bound an outer one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.payoff_sets import Arena, Bound, PayoffSets, Settings, arena_of, longest_future, reaching
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class KeptSets:
    """What is left of payoff sets when some profiles never occur on path.

    vertices[state] (n, 2), points, empty where it cannot be done; killed[profile]: 0, or 1 + the player who would
    deviate whatever is promised, 3 where what may follow cannot be kept; died[profile]: the step (-1: never, 0:
    barred); settled: whether the sets have stopped moving.
    """

    vertices: tuple[Floats, ...]
    killed: NDArray[np.int32]
    died: NDArray[np.int32]
    settled: bool


def kept_sets(
    game: MarkovGame, sets: PayoffSets, allowed: NDArray[np.bool_], settings: Settings | None = None
) -> KeptSets:
    """The sets of play on whose path only the allowed profiles occur.

    Parameters
    ----------
    sets : the payoff sets of the whole game
    allowed : allowed[profile]

    >>> from servanda.bounds import payoff_sets
    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> def kept(patience):
    ...     game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [patience, patience])
    ...     return len(kept_sets(game, payoff_sets(game), np.array([True, False, False, False])).vertices[0]) > 0
    >>> kept(0.3), kept(0.4)
    (False, True)
    """
    how = settings or Settings()
    arena = arena_of(game)
    alive = (allowed & sets.supported).astype(np.int32)
    killed = np.where(allowed, sets.killed, 0).astype(np.int32)
    died = np.where(allowed & sets.supported, -1, np.where(allowed, sets.died, 0)).astype(np.int32)
    start = tuple(v / arena.scale for v in sets.vertices)
    threats = np.ascontiguousarray(sets.threats / arena.scale)
    passes = _Passes(game, arena, how, start, threats, alive, killed, died)
    while not passes.done and passes.step < how.steps:
        passes.take()
    return KeptSets(passes.vertices, killed, died, passes.done)


def enforceable_sets(game: MarkovGame, feasible: tuple[Floats, ...], settings: Settings | None = None) -> PayoffSets:
    """What `servanda.bounds.payoff_sets` computes, quicker where periods are many states deep.

    Parameters
    ----------
    feasible : a superset to begin from, vertices[state], counter-clockwise, points

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.6, 0.6])
    >>> enforceable_sets(game, feasible_sets(game)).corners(0, 1e-6).round(2).tolist()
    [[2.5, 2.5], [9.17, 2.5], [7.5, 7.5], [2.5, 9.17]]
    """
    how = settings or Settings()
    arena = arena_of(game)
    start = tuple(v / arena.scale for v in feasible)
    alive = np.ones(game.profiles, dtype=np.int32)
    killed, died = np.zeros(game.profiles, dtype=np.int32), np.full(game.profiles, -1, dtype=np.int32)
    passes = _Passes(game, arena, how, start, arena.limits[0].copy(), alive, killed, died)
    empty = False
    while not passes.done and passes.step < how.steps and not empty:
        passes.take()
        if (passes.sizes == 0).any():
            passes.sizes[reaching(game, passes.sizes == 0)] = 0
        empty = bool((passes.sizes == 0).all())
        passes.raise_threats()
    status = Bound.EMPTY if empty else Bound.FOUND if passes.done else Bound.STEP_LIMIT
    return PayoffSets(
        status, passes.vertices, passes.threats * arena.scale, alive == 1, killed, died, passes.step,
        0.0 if empty else passes.movement * arena.scale, arena.scale,
    )  # fmt: skip


class _Passes:
    """Sets of all states, shrunk in passes over the states."""

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
        if self.movement < self.least:
            self.least, self.since = self.movement, self.step
        elif self.step - self.since > self.stall:
            # what was added keeps the sets moving: add less
            self.share, self.since = 0.25 * self.share, self.step
        coarse = self.share * min(1e-2, self.movement)
        was, was_sizes, before = self.sets.copy(), self.sizes.copy(), self.alive.copy()
        while True:
            wanted = polygons.generate(
                *self.arena.structure, self.alive, self.arena.discount, self.how.slack, self.sets, self.sizes,
                self.threats, coarse, self.sets, self.sizes, self.killed,
            )  # fmt: skip
            if wanted <= self.sets.shape[1]:
                break
            # a state without room keeps its old set, a superset, and the pass is taken again
            wider = np.zeros((len(self.sizes), 2 * wanted, 2))
            wider[:, : self.sets.shape[1]] = self.sets
            self.sets = wider
        self.died[(before == 1) & (self.alive == 0)] = self.step
        lost = bool(((self.sizes == 0) & (was_sizes > 0)).any())
        self.movement = np.inf if lost else float(polygons.moved(was, was_sizes, self.sets, self.sizes))

    def raise_threats(self) -> None:
        """Threats up to the worst payoffs of the sets."""
        there = np.arange(self.sets.shape[1])[None, :, None] < self.sizes[:, None, None]
        lowest = np.where(there, self.sets, np.inf).min(axis=1)
        full = self.sizes > 0
        self.raised = float(np.maximum(lowest - self.threats, 0.0)[full].max(initial=0.0))
        self.threats[full] = np.maximum(self.threats, lowest)[full]


def feasible_sets(game: MarkovGame, directions: int = 64, tolerance: float = 1e-5) -> tuple[Floats, ...]:
    """What the two could have together if promises bound them: an outer bound, vertices[state], points.

    Parameters
    ----------
    directions : how many lines bound each set, a multiple of four

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.5, 0.5])
    >>> found = feasible_sets(game)[0]
    >>> found.max(axis=0).round(2).tolist(), round(float(found.sum(axis=1).max()), 2)
    ([8.0, 8.0], 12.0)
    """
    angle = 2.0 * np.pi * np.arange(directions) / directions
    fan = np.stack((np.cos(angle), np.sin(angle)))
    fan[np.abs(fan) < 1e-15] = 0.0
    pairs, which = np.unique(game.discount, axis=0, return_inverse=True)
    # a direction turned by discounting is a sum of its two neighbours in the fan
    turned = np.zeros((len(pairs), directions, directions))
    for k, pair in enumerate(pairs):
        for j in range(directions):
            x, y = pair * fan[:, j]
            place = np.arctan2(y, x) % (2.0 * np.pi) / (2.0 * np.pi) * directions
            near = round(place) % directions
            a = near if abs(place - round(place)) < 1e-9 else int(place) % directions
            b = (a + 1) % directions
            turned[k, [a, b], j] = np.linalg.solve(fan[:, [a, b]], [x, y])
    turned[np.abs(turned) < 1e-14] = 0.0
    which = which.ravel()
    scale = max(float(np.abs(game.reward).max(initial=0.0)) / (1.0 - longest_future(game)), 1e-300)
    supports = np.zeros((game.states, directions))
    reward = game.reward @ fan
    layers = []
    for states in _layers(game):
        rows = np.concatenate([np.arange(game.profile_start[s], game.profile_start[s + 1]) for s in states])
        starts = np.concatenate(([0], np.cumsum(np.diff(game.profile_start)[states])[:-1]))
        kinds = [(k, np.flatnonzero(which[game.state_of_profile[rows]] == k)) for k in range(len(pairs))]
        layers.append((states, game.successors[rows], reward[rows], starts, [(k, r) for k, r in kinds if len(r)]))
    for _ in range(100_000):
        before = supports.copy()
        for states, follow, own, starts, kinds in layers:
            ahead = np.asarray(follow @ supports)
            for k, rows in kinds:
                if (pairs[k] != 1.0).any():
                    ahead[rows] = ahead[rows] @ turned[k]
            supports[states] = np.maximum.reduceat(own + ahead, starts, axis=0)
        if np.abs(before - supports).max() <= tolerance * (1.0 - longest_future(game)) * scale:
            break
    supports += 2.0 * tolerance * scale
    return tuple(_cut(supports[s], fan) for s in range(game.states))


def _layers(game: MarkovGame) -> list[NDArray[np.int64]]:
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


def _cut(support: Floats, fan: Floats) -> Floats:
    """The polygon that lines with given normals bound, counter-clockwise."""
    room = 1.0 + float(np.abs(support).max())
    corners = room * np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]])
    for d, reach in zip(fan.T, support, strict=True):
        behind = reach - corners @ d
        kept: list[Floats] = []
        for i in range(len(corners)):
            j = (i + 1) % len(corners)
            if behind[i] >= 0.0:
                kept.append(corners[i])
            if behind[i] * behind[j] < 0.0:
                kept.append(corners[i] + behind[i] / (behind[i] - behind[j]) * (corners[j] - corners[i]))
        corners = np.array(kept)
    return corners


def assured(game: MarkovGame, tolerance: float = 1e-12) -> Floats:
    """What each player can assure himself alone, in pure strategies and moving first: assured[state, player], points.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.5, 0.5])
    >>> assured(game).round(6).tolist()
    [[2.0, 2.0]]
    """
    arena = arena_of(game)
    starts = np.array(arena.deviation_start, dtype=np.int64)
    values = np.zeros((game.states, 2))
    state = game.state_of_profile
    for _ in range(100_000):
        worth = game.reward + game.discount[state] * (game.successors @ values)
        best = worth.copy()
        for player in range(2):
            first, last = starts[player:-1:2], starts[player + 1 :: 2]
            owner = np.repeat(np.arange(game.profiles), last - first)
            where = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)]).astype(np.int64)
            np.maximum.at(best[:, player], owner, worth[arena.deviation_profile[where], player])
        least = np.minimum.reduceat(best, game.profile_start[:-1], axis=0)
        change = float(np.abs(least - values).max())
        values = least
        if change <= tolerance * max(1.0, float(np.abs(values).max())):
            break
    return values
