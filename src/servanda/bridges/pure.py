"""Games in strategic form: all pure Nash equilibria by enumeration, and logit play."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from servanda.bridges.nfg import Strategic
from servanda.equilibrium.continuation import Branch, principal_branch
from servanda.game.markov import MarkovGame, simultaneous_game


@dataclass(frozen=True, slots=True)
class PureEquilibrium:
    """A profile from which nobody gains by leaving alone.

    `slack` is the least that anybody loses by leaving (0: somebody is as well off elsewhere), None if nobody could.
    """

    profile: tuple[int, ...]
    payoffs: tuple[Fraction, ...]
    slack: Fraction | None


@dataclass(frozen=True, slots=True)
class PureEquilibria:
    """All pure equilibria, in the order of the profiles; exact, since payoffs are.

    The certificate is from other code: `largest_gain` is the most that anybody could gain by leaving one of them (at
    most 0), `refused` the number of other profiles at each of which somebody was found who gains.
    """

    found: tuple[PureEquilibrium, ...]
    profiles: int
    largest_gain: Fraction
    refused: int

    @property
    def complete(self) -> bool:
        """Whether the certificate holds: no gain at those found, one at all others."""
        return self.largest_gain <= 0 and self.refused + len(self.found) == self.profiles


def pure_equilibria(game: Strategic) -> PureEquilibria:
    """Every pure Nash equilibrium.

    >>> from servanda.bridges.nfg import read_nfg
    >>> found = pure_equilibria(read_nfg('NFG 1 R "dilemma" { "A" "B" } { 2 2 } 2 2 3 0 0 3 1 1'))
    >>> [e.profile for e in found.found], found.found[0].slack, found.complete
    ([(1, 1)], Fraction(1, 1), True)
    """
    exact, count = game.exact, len(game.players)
    stable = np.ones(game.shape, dtype=bool)
    for player in range(count):
        own = exact[..., player]
        stable &= (own >= own.max(axis=player, keepdims=True)).astype(bool)
    found = []
    largest, refused = Fraction(0), 0
    for profile in np.ndindex(*game.shape):
        if stable[profile]:
            gains = [gain for player in range(count) for gain in _gains(game, profile, player)]
            slack = -max(gains) if gains else None
            largest = max([largest, *gains])
            found.append(PureEquilibrium(profile, tuple(exact[profile]), slack))
        elif any(gain > 0 for player in range(count) for gain in _gains(game, profile, player)):
            refused += 1
    return PureEquilibria(tuple(found), int(np.prod(game.shape)), largest, refused)


def _gains(game: Strategic, profile: tuple[int, ...], player: int) -> list[Fraction]:
    """What each other strategy would bring a player, looked up in the list of the file."""
    stride = int(np.prod(game.shape[:player], dtype=np.int64))
    here = sum(int(np.prod(game.shape[:j], dtype=np.int64)) * s for j, s in enumerate(profile))
    own = _paid(game, here, player)
    start = here - profile[player] * stride
    others = (s for s in range(game.shape[player]) if s != profile[player])
    return [_paid(game, start + s * stride, player) - own for s in others]


def _paid(game: Strategic, place: int, player: int) -> Fraction:
    cell = game.cell[place]
    return game.outcomes[cell].payoffs[player] if cell >= 0 else Fraction(0)


def markov_game(game: Strategic) -> MarkovGame:
    """The game as one state in which all move at once and after which nothing counts.

    >>> from servanda.bridges.nfg import read_nfg
    >>> markov_game(read_nfg('NFG 1 R "" { "A" "B" } { 2 2 } 2 2 3 0 0 3 1 1')).profiles
    4
    """
    payoff = np.moveaxis(game.payoffs, -1, 0)[None]
    again = np.ones((1, *game.shape, 1))
    return simultaneous_game(payoff, again, np.zeros(len(game.players)))


def logit_profile(game: Strategic, precision: ArrayLike) -> Branch:
    """The principal branch of logit play up to a precision (one number, or one per player).

    >>> from servanda.bridges.nfg import read_nfg
    >>> branch = logit_profile(read_nfg('NFG 1 R "" { "A" "B" } { 2 2 } 2 2 3 0 0 3 1 1'), 1.0)
    >>> branch.arrived, branch.equilibrium.chosen(0).round(4).tolist()
    (True, [0.2689, 0.7311])
    """
    return principal_branch(markov_game(game), precision)
