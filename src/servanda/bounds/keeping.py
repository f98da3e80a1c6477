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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.deviations import deviations_of
from servanda.bounds.passes import Passes, layers_of
from servanda.bounds.payoff_sets import Bound, PayoffSets, Settings, arena_of, longest_future, reaching
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
    game: MarkovGame,
    sets: PayoffSets,
    allowed: NDArray[np.bool_],
    settings: Settings | None = None,
    tell: Callable[[float], None] | None = None,
    asked: int | None = None,
) -> KeptSets:
    """The sets of play on whose path only the allowed profiles occur.

    Parameters
    ----------
    sets : the payoff sets of the whole game
    allowed : allowed[profile]
    tell : told after each pass which part of the way is done
    asked : the only state that matters: no more is done once nothing can be kept from there (it counts as settled)

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
    passes = Passes(game, arena, how, start, threats, alive, killed, died)
    lost = False
    while not passes.done and passes.step < how.steps and not lost:
        passes.take()
        lost = asked is not None and int(passes.sizes[asked]) == 0
        if tell is not None:
            tell(1.0 if lost else passes.advance)
    return KeptSets(passes.vertices, killed, died, passes.done or lost)


def first_breach(game: MarkovGame, allowed: NDArray[np.bool_], kept: KeptSets, state: int) -> tuple[int, int] | None:
    """The player who deviates whatever is promised, and in which state, if nothing can be kept from a state on.

    The way leads from the state to what went last of all that could be done there: it went because one of its
    consequences had gone before, or because a player would deviate from it. None if something can be kept, or if only
    what is barred can be done.

    >>> from servanda.bounds import payoff_sets
    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.2, 0.2])
    >>> cooperate = np.array([True, False, False, False])
    >>> first_breach(game, cooperate, kept_sets(game, payoff_sets(game), cooperate), 0)
    (0, 0)
    """
    died = np.where(allowed, kept.died, 0)
    gone = np.maximum.reduceat(died, game.profile_start[:-1])
    seen: set[int] = set()
    while state not in seen and not len(kept.vertices[state]):
        seen.add(state)
        first, last = int(game.profile_start[state]), int(game.profile_start[state + 1])
        profile = first + int(died[first:last].argmax())
        if not allowed[profile]:
            return None
        if kept.killed[profile] in (1, 2):
            return int(kept.killed[profile]) - 1, state
        onward = game.outcome_state[game.outcome_start[profile] : game.outcome_start[profile + 1]]
        lost = [int(t) for t in onward if not len(kept.vertices[t])]
        if not lost:
            return None
        state = min(lost, key=lambda t: int(gone[t]))
    return None


def enforceable_sets(
    game: MarkovGame,
    feasible: tuple[Floats, ...],
    settings: Settings | None = None,
    tell: Callable[[float], None] | None = None,
) -> PayoffSets:
    """What `servanda.bounds.payoff_sets` computes, quicker where periods are many states deep.

    Parameters
    ----------
    feasible : a superset to begin from, vertices[state], counter-clockwise, points
    tell : told after each pass which part of the way is done

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.6, 0.6])
    >>> enforceable_sets(game, feasible_sets(game)).corners(0, 1e-6).round(2).tolist()
    [[2.5, 2.5], [9.17, 2.5], [7.5, 7.5], [2.5, 9.17]]
    """
    how = settings or Settings()
    arena = arena_of(game)
    # nobody ever gets less than he can assure himself
    threats = np.maximum(arena.limits[0], assured(game) / arena.scale - 1e-9)
    start = tuple(_above(v / arena.scale, low) for v, low in zip(feasible, threats, strict=True))
    alive = np.ones(game.profiles, dtype=np.int32)
    killed, died = np.zeros(game.profiles, dtype=np.int32), np.full(game.profiles, -1, dtype=np.int32)
    passes = Passes(game, arena, how, start, threats, alive, killed, died)
    empty = False
    while not passes.done and passes.step < how.steps and not empty:
        passes.take()
        if (passes.sizes == 0).any():
            passes.sizes[reaching(game, passes.sizes == 0)] = 0
        empty = bool((passes.sizes == 0).all())
        passes.raise_threats()
        if tell is not None:
            tell(passes.advance)
    status = Bound.EMPTY if empty else Bound.FOUND if passes.done else Bound.STEP_LIMIT
    return PayoffSets(
        status, passes.vertices, passes.threats * arena.scale, alive == 1, killed, died, passes.step,
        0.0 if empty else passes.movement * arena.scale, arena.scale,
    )  # fmt: skip


def _above(corners: Floats, least: Floats) -> Floats:
    """The part of a polygon in which neither gets less than the least."""
    for player in range(2):
        room = np.empty((2 * len(corners) + 2, 2))
        corners = room[: polygons.clip(np.ascontiguousarray(corners), len(corners), player, float(least[player]), room)]
    return corners


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
    for states in layers_of(game):
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
    fixed = deviations_of(game)
    values = np.zeros((game.states, 2))
    discount = game.discount[game.state_of_profile]
    for _ in range(100_000):
        best = fixed.best(game.reward + discount * (game.successors @ values))
        least = np.minimum.reduceat(best, game.profile_start[:-1], axis=0)
        change = float(np.abs(least - values).max())
        values = least
        if change <= tolerance * max(1.0, float(np.abs(values).max())):
            break
    return values
