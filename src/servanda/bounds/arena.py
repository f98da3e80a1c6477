"""A game as the polygon kernels take it, where the iteration begins, and how emptiness spreads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Arena:
    """A game of two players, or two players of a game, as the kernel takes it.

    Rewards are in units of `scale`, deviations by profile and player; limits are the least and greatest payoffs
    [state, player] of any play, in the same units.
    """

    profile_start: Ints
    reward: Floats
    outcome_start: Ints
    outcome_state: Ints
    outcome_odds: Floats
    deviation_start: Ints
    deviation_profile: Ints
    discount: Floats
    scale: float
    limits: tuple[Floats, Floats]

    @property
    def structure(self) -> tuple[Ints | Floats, ...]:
        """The arrays in the order that the kernel takes them."""
        return (
            self.profile_start, self.reward, self.outcome_start, self.outcome_state, self.outcome_odds,
            self.deviation_start, self.deviation_profile,
        )  # fmt: skip


def arena_of(game: MarkovGame, pair: tuple[int, int] | None = None) -> Arena:
    """The arrays of a game of two players, or of two players of a game.

    Raises
    ------
    ValueError
        Not two players and no pair, or a state that is left without discount for ever (its discount is 0).
    """
    if pair is None and game.actors != 2:
        raise ValueError(f"payoff sets are of two players, not {game.actors}")
    both = list(pair or (0, 1))
    if (game.discount <= 0.0).any():
        raise ValueError("payoff sets need discount factors above 0")
    low, high = reach_of(game)
    scale = float(max((high - low).max(), 1e-300))
    deviations: list[int] = []
    starts = [0]
    for s in range(game.states):
        seats = range(int(game.seat_start[s]), int(game.seat_start[s + 1]))
        first, last = int(game.profile_start[s]), int(game.profile_start[s + 1])
        spans = {}
        span = 1
        for seat in reversed(seats):
            spans[seat] = span
            span *= int(game.seat_choices[seat])
        for p in range(first, last):
            for player in both:
                for seat in seats:
                    if int(game.seat_actor[seat]) == player:
                        own = (p - first) // spans[seat] % int(game.seat_choices[seat])
                        others = (o for o in range(int(game.seat_choices[seat])) if o != own)
                        deviations += [p + (o - own) * spans[seat] for o in others]
                starts.append(len(deviations))
    return Arena(
        game.profile_start.astype(np.int32),
        np.ascontiguousarray(game.reward[:, both] / scale),
        game.outcome_start.astype(np.int32),
        game.outcome_state.astype(np.int32),
        np.ascontiguousarray(game.outcome_odds, dtype=np.float64),
        np.array(starts, dtype=np.int32),
        np.array(deviations, dtype=np.int32),
        np.ascontiguousarray(game.discount[:, both], dtype=np.float64),
        scale,
        (np.ascontiguousarray(low[:, both] / scale), np.ascontiguousarray(high[:, both] / scale)),
    )


def reach_of(game: MarkovGame) -> tuple[Floats, Floats]:
    """Least and greatest payoffs [state, player] that any play could give: one player's dynamic programs."""
    found = []
    for sign in (-1.0, 1.0):
        values = np.zeros((game.states, game.actors))
        for _ in range(100_000):
            worth = game.reward + game.discount[game.state_of_profile] * (game.successors @ values)
            best = sign * np.maximum.reduceat(sign * worth, game.profile_start[:-1], axis=0)
            change = np.abs(best - values).max()
            values = best
            if change <= 1e-12 * max(1.0, np.abs(values).max()):
                break
        # what is left of the way
        margin = 1e-9 * max(1.0, float(np.abs(values).max()))
        found.append(values + sign * margin)
    return found[0], found[1]


def longest_future(game: MarkovGame) -> float:
    """The largest discount factor below 1: how fast the future fades."""
    fading = game.discount[game.discount < 1.0]
    return float(fading.max()) if len(fading) else 0.0


def boxes(arena: Arena, room: int = 64) -> tuple[Floats, Ints]:
    """Where the iteration begins: everything between the least and greatest payoffs of each state."""
    low, high = arena.limits
    sets = np.zeros((len(low), room, 2))
    for k, (x, y) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        sets[:, k, 0] = (high if x else low)[:, 0]
        sets[:, k, 1] = (high if y else low)[:, 1]
    return sets, tidied(sets, np.full(len(low), 4, dtype=np.int32))


def tidied(sets: Floats, sizes: Ints) -> Ints:
    """Polygons of every state brought into the kernels' form, in place; their sizes."""
    found = sizes.copy()
    for s in range(len(sizes)):
        corners = np.empty((2 * int(sizes[s]) + 2, 2))
        found[s] = polygons.hull(sets[s], int(sizes[s]), corners)
        sets[s, : found[s]] = corners[: found[s]]
    return found


def generated(
    arena: Arena, alive: Ints, killed: Ints, slack: float, sets: Floats, sizes: Ints, threats: Floats, coarse: float
) -> tuple[tuple[Floats, Ints], tuple[Floats, Ints]]:
    """One step of the operator; the old sets, with more room if that was needed, and the new ones.

    `alive` and `killed` change in place; `coarse`: by how much the new sets may be larger, to save vertices.
    """
    every = np.arange(len(sizes), dtype=np.int32)
    while True:
        new, new_sizes = np.zeros_like(sets), np.zeros_like(sizes)
        wanted = polygons.generate(
            *arena.structure,
            alive,
            arena.discount,
            slack,
            sets,
            sizes,
            threats,
            coarse,
            new,
            new_sizes,
            killed,
            every,
        )
        if wanted <= sets.shape[1]:
            return (sets, sizes), (new, new_sizes)
        wider = np.zeros((len(sizes), 2 * wanted, 2))
        wider[:, : sets.shape[1]] = sets
        sets = wider


def reaching(game: MarkovGame, empty: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """States from which one without equilibrium can be reached by any profile."""
    while True:
        leads = np.asarray(game.successors @ empty.astype(np.float64)) > 0.0
        reaching = empty | (np.maximum.reduceat(leads.astype(np.int8), game.profile_start[:-1]) > 0)
        if (reaching == empty).all():
            return reaching
        empty = reaching
