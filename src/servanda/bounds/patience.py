"""Critical patience: how much the players must care about the future for something to be supportable.

Payoffs of a period stay what they are, and the discount factor of every state that is discounted at all is set anew.
Payoffs are compared as averages (present values times 1 - δ), which have the same range at every δ. Sets of pure
subgame-perfect payoffs need not grow with δ in a game with states. The range is therefore scanned on a grid first, and
every change found on the grid is halved until it is narrower than `accuracy`. The answer is exact up to that for
changes that the grid sees; two within one gap remain unseen. At the critical factor itself an incentive constraint
holds with equality: the sets of `payoff_sets` are loosened by rounding there (`Settings.slack`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.payoff_sets import PayoffSets, Settings, payoff_sets
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

Floats = NDArray[np.float64]
Question = Callable[[PayoffSets, float], bool]
"""Whether payoff sets support something, at a discount factor."""


@dataclass(frozen=True)
class Patience:
    """Discount factors per period at which something is supportable.

    factors, supported: what was looked at, in rising order; least: the least factor (None: at none of them); changes:
    factors at which the answer changes, each within `accuracy`; rising: once supportable, always (on what was seen).
    """

    factors: Floats
    supported: NDArray[np.bool_]
    least: float | None
    changes: tuple[float, ...]
    accuracy: float

    @property
    def rising(self) -> bool:
        """Whether more patience never loses it again."""
        return bool((np.diff(self.supported.astype(np.int8)) >= 0).all())

    def per_year(self, periods: float) -> float | None:
        """The least discount factor per year of so many periods."""
        return None if self.least is None else self.least**periods


def critical_patience(
    game: MarkovGame,
    question: Question,
    grid: Floats | None = None,
    accuracy: float = 1e-7,
    settings: Settings | None = None,
) -> Patience:
    """Discount factors at which a game supports what is asked; `grid` in rising order, 0.05 to 0.95 if absent.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.5, 0.5])
    >>> round(critical_patience(game, profile_kept(0)).least, 6)
    0.333333
    """
    factors = np.linspace(0.05, 0.95, 10) if grid is None else np.asarray(grid, dtype=np.float64)

    def supports(factor: float) -> bool:
        return question(payoff_sets(with_patience(game, factor), settings), factor)

    seen = {float(f): supports(float(f)) for f in factors}
    changes = []
    for a, b in zip(factors[:-1].tolist(), factors[1:].tolist(), strict=True):
        if seen[a] == seen[b]:
            continue
        low, high = a, b
        while high - low > accuracy:
            middle = 0.5 * (low + high)
            seen[middle] = supports(middle)
            low, high = (middle, high) if seen[middle] == seen[a] else (low, middle)
        changes.append(high if seen[b] else low)
    order = np.array(sorted(seen))
    answers = np.array([seen[f] for f in order.tolist()])
    least = float(order[answers.argmax()]) if answers.any() else None
    return Patience(order, answers, least, tuple(changes), accuracy)


def with_patience(game: MarkovGame, factor: float) -> MarkovGame:
    """The game with another discount factor per period; what is not discounted within a period stays so.

    Raises
    ------
    ValueError
        If the factor is not between 0 and 1.
    """
    if not 0.0 < factor < 1.0:
        raise ValueError(f"a discount factor lies between 0 and 1, and {factor} does not")
    return replace(game, discount=np.where(game.discount < 1.0, factor, game.discount))


def profile_kept(*profiles: int) -> Question:
    """Whether each of these profiles (rows of the game) can be played on path, once."""
    return lambda sets, _: not sets.empty and bool(sets.supported[list(profiles)].all())


def payoff_kept(state: int, average: tuple[float, float], within: float = 1e-9) -> Question:
    """Whether the average payoffs lie in the set of a state, up to `within` of the range of payoffs."""

    def asked(sets: PayoffSets, factor: float) -> bool:
        x, y = (a / (1.0 - factor) for a in average)
        corners = np.ascontiguousarray(sets.vertices[state])
        return bool(polygons.distance(x, y, corners, len(corners)) <= within * sets.scale)

    return asked


def better_than(state: int, average: tuple[float, float], by: float = 1e-6) -> Question:
    """Whether both players can have more than these average payoffs, by a share of the range of payoffs."""

    def asked(sets: PayoffSets, factor: float) -> bool:
        corners = sets.vertices[state]
        if not len(corners):
            return False
        room = np.empty((len(corners) + 4, 2))
        kept = np.empty((len(corners) + 4, 2))
        x, y = (a / (1.0 - factor) + by * sets.scale for a in average)
        n = polygons.clip(np.ascontiguousarray(corners), len(corners), 0, x, room)
        return bool(polygons.clip(room, n, 1, y, kept) > 0)

    return asked
