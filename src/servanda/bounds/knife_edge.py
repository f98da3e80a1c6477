"""How much of a payoff set hangs on a hair: the sets again with incentives a little looser and a little tighter.

The self-generation operator is only upper hemicontinuous. Where an incentive constraint holds with equality, a change
of a payoff in the last digit may empty the set or double it; patience at which that happens is critical. Both answers
are then shown, and the statement is not to be trusted beyond the accuracy of the payoffs. Each of the two is computed
like the sets themselves, with the same stopping rule. Loosened sets contain the sets, tightened ones lie within.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.payoff_sets import PayoffSets, Settings, payoff_sets
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons


@dataclass(frozen=True)
class KnifeEdge:
    """What becomes of payoff sets when each incentive constraint moves by `epsilon`, all relative to the payoff range.

    loosened, tightened: largest change of the set of any state (Hausdorff; infinite if one of the two is empty);
    filled: the loosened game has equilibria and the game has none; emptied: the tightened game has none and the game
    has.
    """

    epsilon: float
    loosened: float
    tightened: float
    filled: bool
    emptied: bool

    def sharp(self, change: float = 1e-2) -> bool:
        """Whether the answer hangs on a hair: emptiness, or more than `change` of the range of payoffs."""
        return self.filled or self.emptied or max(self.loosened, self.tightened) > change


def knife_edge(
    game: MarkovGame,
    sets: PayoffSets,
    epsilon: float = 1e-5,
    settings: Settings | None = None,
    allowed: NDArray[np.bool_] | None = None,
) -> KnifeEdge:
    """Recompute payoff sets with incentive constraints `epsilon` looser and tighter, relative to the payoff range.

    Raises
    ------
    ValueError
        If `epsilon` is not above 0.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> def prisoners(patience):
    ...     return simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [patience, patience])
    >>> [knife_edge(game, payoff_sets(game)).sharp() for game in map(prisoners, (0.6, 1 / 3))]
    [False, True]
    """
    if epsilon <= 0.0:
        raise ValueError("the change of incentives must be above 0")
    how = settings or Settings()
    loose = payoff_sets(game, replace(how, slack=how.slack + epsilon), allowed)
    tight = payoff_sets(game, replace(how, slack=how.slack - epsilon), allowed)
    return KnifeEdge(
        epsilon,
        distance_between(sets, loose),
        distance_between(sets, tight),
        filled=sets.empty and not loose.empty,
        emptied=tight.empty and not sets.empty,
    )


def distance_between(one: PayoffSets, other: PayoffSets) -> float:
    """Largest Hausdorff distance of the sets of a state, relative to the payoff range (0 between empty sets)."""
    worst = 0.0
    for a, b in zip(one.vertices, other.vertices, strict=True):
        for from_, to in ((a, b), (b, a)):
            for x, y in from_:
                worst = max(worst, float(polygons.distance(x, y, np.ascontiguousarray(to), len(to))))
    return worst / one.scale
