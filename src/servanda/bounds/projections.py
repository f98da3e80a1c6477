r"""Bounds on the payoffs of any number of players: a box for each state, and the picture of each pair.

The set V of subgame-perfect payoffs of N players is a body in N dimensions. Two outer bounds of it are kept instead,
each by the self-generation operator, which is monotone: what a superset of V yields holds V again.

- `payoff_box`: the least and greatest payoff of each player. A profile stays while the greatest continuation of every
  player meets his floor; no linear program is needed.
- `pair_projections`: for each pair of players a convex polygon that holds the projection of V on them. A profile stays
  while in every pair some continuation meets both floors. The floors of the others are not asked at the same point,
  which is why the bound may be larger than the projection; pairs share worst payoffs and surviving profiles.

Both are sound for saying that something is *not* enforceable, at every step. For two players the projection is the set
of `payoff_sets`, and the box of it lies within `payoff_box`, which may be strictly larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.arena import arena_of, boxes, generated, longest_future, reach_of, reaching
from servanda.bounds.deviations import deviations_of
from servanda.bounds.payoff_sets import Bound, Settings
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PayoffBox:
    """Bounds low[state, player] and high[state, player], points of present value; NaN without an equilibrium.

    supported[profile]: whether it may be played on path, as far as the box can tell; residual: last movement, points.
    """

    status: Bound
    low: Floats
    high: Floats
    supported: Flags
    steps: int
    residual: float


@dataclass(frozen=True)
class Projections:
    """Outer bounds pair by pair, points of present value.

    pairs[i, j][state]: vertices (n, 2) of the polygon of players i < j, empty without an equilibrium; low, high
    [state, player]: the box they leave (NaN: none); supported[profile]: whether it may be played on path, as far as
    pairs can tell; residual: last movement, points.
    """

    status: Bound
    pairs: dict[tuple[int, int], tuple[Floats, ...]]
    low: Floats
    high: Floats
    supported: Flags
    steps: int
    residual: float


def payoff_box(game: MarkovGame, settings: Settings | None = None, allowed: Flags | None = None) -> PayoffBox:
    """The least and the greatest payoff of each player that could be subgame-perfect, by monotone bounds.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.1, 0.1])
    >>> box = payoff_box(game)
    >>> (box.low * 0.9).round(6).tolist(), (box.high * 0.9).round(6).tolist()
    ([[1.0, 1.0]], [[1.0, 1.0]])
    """
    how = settings or Settings()
    deviations = deviations_of(game)
    state, starts = game.state_of_profile, game.profile_start[:-1]
    discount = game.discount[state]
    low, high = reach_of(game)
    scale = max(float((high - low).max()), 1e-300)
    kept = np.ones(game.profiles, dtype=bool) if allowed is None else np.array(allowed, dtype=bool)
    gone = np.zeros(game.states, dtype=bool)
    target = how.tolerance * (1.0 - longest_future(game)) * scale
    status, movement, step = Bound.STEP_LIMIT, np.inf, 0
    while step < how.steps:
        step += 1
        floor = deviations.best(game.reward + discount * (game.successors @ low))
        top = game.reward + discount * (game.successors @ high)
        kept &= (top >= floor - how.slack * scale).all(axis=1)
        gone = reaching(game, gone | ~np.logical_or.reduceat(kept, starts))
        kept &= ~gone[state]
        there = kept[:, None]
        lowest = np.minimum.reduceat(np.where(there, floor, np.inf), starts, axis=0)
        highest = np.maximum.reduceat(np.where(there, top, -np.inf), starts, axis=0)
        new_low = np.where(gone[:, None], 0.0, np.maximum(low, lowest))
        new_high = np.where(gone[:, None], 0.0, np.minimum(high, highest))
        change = np.maximum(np.abs(new_low - low), np.abs(new_high - high))
        movement = float(change[~gone].max(initial=0.0))
        low, high = new_low, new_high
        if gone.all() or movement <= target:
            status = Bound.EMPTY if gone.all() else Bound.FOUND
            break
    low[gone], high[gone] = np.nan, np.nan
    return PayoffBox(status, low, high, kept, step, movement)


def pair_projections(game: MarkovGame, settings: Settings | None = None, allowed: Flags | None = None) -> Projections:
    """Polygons that hold the subgame-perfect payoffs of each pair of players, by monotone iteration.

    Raises
    ------
    ValueError
        If there are fewer than two players.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.6, 0.6])
    >>> found = pair_projections(game)
    >>> (found.low * 0.4).round(6).tolist(), (found.high * 0.4).round(6).tolist()
    ([[1.0, 1.0]], [[3.666667, 3.666667]])
    """
    if game.actors < 2:
        raise ValueError("a pair needs two players")
    how = settings or Settings()
    names = list(combinations(range(game.actors), 2))
    arenas = {pair: arena_of(game, pair) for pair in names}
    scale = arenas[names[0]].scale
    sets = {pair: boxes(arena) for pair, arena in arenas.items()}
    threats = np.array(reach_of(game)[0] / scale)
    alive = np.ones(game.profiles, dtype=np.int32)
    if allowed is not None:
        alive[:] = allowed
    killed = np.zeros(game.profiles, dtype=np.int32)
    longest = longest_future(game)
    target = how.tolerance * (1.0 - longest)
    share, least, since = how.widen, np.inf, 0
    stall = 10 + int(1.0 / (1.0 - longest))
    status, movement, step = Bound.STEP_LIMIT, np.inf, 0
    for step in range(1, how.steps + 1):
        if movement < least:
            least, since = movement, step
        elif step - since > stall:
            share, since = 0.25 * share, step
        new = {}
        empty = np.zeros(game.states, dtype=bool)
        for pair, arena in arenas.items():
            floors = np.ascontiguousarray(threats[:, list(pair)])
            coarse = share * min(1.0, movement)
            sets[pair], new[pair] = generated(arena, alive, killed, how.slack, *sets[pair], floors, coarse)
            empty |= new[pair][1] == 0
        empty = reaching(game, empty)
        movement = 0.0
        raised = threats.copy()
        for pair in names:
            new[pair][1][empty] = 0
            alike = (sets[pair][1] == 0) == empty
            movement = max(movement, polygons.moved(*sets[pair], *new[pair]) if alike.all() else np.inf)
            lowest = np.full((game.states, 2), -np.inf)
            polygons.lowest(*new[pair], lowest)
            raised[:, list(pair)] = np.maximum(raised[:, list(pair)], lowest)
        movement = max(movement, float(np.abs(raised - threats).max()))
        sets, threats = new, raised
        if empty.all() or movement <= target:
            status = Bound.EMPTY if empty.all() else Bound.FOUND
            movement = 0.0 if empty.all() else movement
            break
    empty = sets[names[0]][1] == 0
    high = np.full(threats.shape, np.inf)
    for pair in names:
        polygon, sizes = sets[pair]
        for s in np.flatnonzero(~empty):
            high[s, list(pair)] = np.minimum(high[s, list(pair)], polygon[s, : sizes[s]].max(axis=0))
    return Projections(
        status,
        {
            pair: tuple(polygon[s, : sizes[s]] * scale for s in range(game.states))
            for pair, (polygon, sizes) in sets.items()
        },
        np.where(empty[:, None], np.nan, threats * scale),
        np.where(empty[:, None], np.nan, high * scale),
        (alive == 1) & ~empty[game.state_of_profile],
        step,
        movement * scale,
    )
