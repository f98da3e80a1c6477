"""What one player can do alone: profiles of a game that differ in one player's choice only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Deviations:
    """Profiles by what the others do: fixed[profile, player] is the profile with the player's own first choice; two
    profiles with the same one are one deviation by that player apart.
    """

    fixed: Ints

    def best(self, worth: Floats) -> Floats:
        """The most [profile, player] that each player gets by any choice of his own against the others' choices."""
        found = np.full(worth.shape, -np.inf)
        for player in range(worth.shape[1]):
            np.maximum.at(found[:, player], self.fixed[:, player], worth[:, player])
        return np.take_along_axis(found, self.fixed, axis=0)

    def reply(self, worth: Floats, player: int) -> Ints:
        """For every profile the one that the player's best choice makes of it; worth[profile] is his."""
        order = np.lexsort((worth, self.fixed[:, player]))
        last = np.empty(len(order), dtype=np.int64)
        last[self.fixed[order, player]] = order
        return last[self.fixed[:, player]]


def deviations_of(game: MarkovGame) -> Deviations:
    """The deviations of every player.

    >>> from servanda.game.markov import simultaneous_game
    >>> deviations_of(simultaneous_game(np.zeros((1, 2, 2, 2)), np.ones((1, 2, 2, 1)), [0.5, 0.5])).fixed.T.tolist()
    [[0, 1, 0, 1], [0, 0, 2, 2]]
    """
    fixed = np.tile(np.arange(game.profiles), (game.actors, 1)).T.copy()
    for s in range(game.states):
        first, last = int(game.profile_start[s]), int(game.profile_start[s + 1])
        place = np.arange(last - first)
        span = 1
        for seat in range(int(game.seat_start[s + 1]) - 1, int(game.seat_start[s]) - 1, -1):
            choices = int(game.seat_choices[seat])
            fixed[first:last, game.seat_actor[seat]] -= place // span % choices * span
            span *= choices
    return Deviations(fixed)
