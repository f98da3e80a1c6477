r"""Subgame-perfect payoffs of two players, state by state: what any enforcement could support.

For pure strategies with public randomisation and perfect monitoring the set :math:`V(s)` of payoffs is the largest
fixed point of the self-generation operator (Abreu, Pearce and Stacchetti 1990; for stochastic games Yeltekin, Cai and
Judd 2017; Abreu, Brooks and Sannikov 2020). A profile a of state s, followed by continuation payoffs c, is supported if

.. math:: c_i \ge \max_{b \ne a_i} \frac{r_i(s, b, a_{-i}) - r_i(s, a)}{\delta_i} + \sum_{s'} P(s' \mid s, b, a_{-i})
   \, w_i(s'),

where :math:`w_i` are the worst payoffs of the sets. The operator takes the hull of what supported profiles yield. It is
monotone, so that from any superset the sets decrease to V: every step is an outer bound (sound for saying that
something is *not* enforceable), up to the incentive slack, which only loosens the constraints.

Polygons are kept by their vertices. Stopping rule: no vertex of any state moves by more than `tolerance` × (1 - δ) ×
the range of payoffs; then the limit lies within `tolerance` × range of the answer. After each step a set may be put
into a slightly larger polygon of fewer vertices, by a share of the last movement: it stays an outer bound, and the
number of vertices, which would otherwise grow with every step, stays low. Near patience 1, where steps become many,
proven jumps (`servanda.bounds.jumps`) take their place: what they lead to contains the answer too. An empty set is an
answer: it spreads to every state from which the empty one can be reached, on path or off. `servanda.bounds.automaton`
proves the other inclusion with strategies.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from servanda.bounds.arena import Arena, arena_of, boxes, generated, longest_future, reaching
from servanda.bounds.jumps import LARGEST, Cadence, jump
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

__all__ = ["Arena", "Bound", "PayoffSets", "Settings", "arena_of", "longest_future", "payoff_sets", "reaching"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class Bound(Enum):
    """How the iteration ended. The value is the sentence a user reads."""

    FOUND = "Found: the payoff sets have stopped moving, and one more step leaves them where they are."
    EMPTY = "Empty: no pure strategies form an equilibrium in every subgame, on path or off."
    STEP_LIMIT = "Step limit: the sets still shrink; what is shown is an outer bound, not the answer."


@dataclass(frozen=True, slots=True)
class Settings:
    """How to compute payoff sets.

    tolerance: relative to the range of payoffs; steps: limit; slack: by how much incentive constraints are loosened,
    relative to the range (negative: tightened); widen: share of the last movement by which sets may grow to save
    vertices; jumps: whether to look for proven jumps where the iteration is slow.
    """

    tolerance: float = 1e-9
    steps: int = 100_000
    slack: float = 1e-12
    widen: float = 0.1
    jumps: bool = True


@dataclass(frozen=True)
class PayoffSets:
    """The payoff sets of a game, in points of present value.

    vertices[state] are (n, 2), counter-clockwise, empty without an equilibrium; threats[state, player] the worst of
    them; residual: largest movement in one more step, points; supported[profile]: whether it can be played on path;
    killed[profile]: 0, or 1 + the player who would deviate whatever is promised, 3 where a successor has no
    equilibrium; died[profile]: the step at which it did (-1: never).
    """

    status: Bound
    vertices: tuple[Floats, ...]
    threats: Floats
    supported: NDArray[np.bool_]
    killed: Ints
    died: Ints
    steps: int
    residual: float
    scale: float
    jumps: int = 0

    @property
    def empty(self) -> bool:
        """Whether no state has an equilibrium."""
        return all(len(v) == 0 for v in self.vertices)

    def corners(self, state: int, within: float = 3e-9) -> Floats:
        """Vertices without those that stand out from their chord by less than `within` of the range of payoffs."""
        return _fewer(self.vertices[state], within * self.scale)


def payoff_sets(
    game: MarkovGame, settings: Settings | None = None, allowed: NDArray[np.bool_] | None = None
) -> PayoffSets:
    """The payoff sets of every state.

    Parameters
    ----------
    allowed : allowed[profile], which profiles may be played on path (all if absent); deviations are never barred

    Raises
    ------
    ValueError
        Not a game of two players.

    >>> from servanda.game.markov import simultaneous_game
    >>> import numpy as np
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> payoff = np.stack([row, row.T])[None]
    >>> patient = simultaneous_game(payoff, np.ones((1, 2, 2, 1)), [0.6, 0.6])
    >>> hasty = simultaneous_game(payoff, np.ones((1, 2, 2, 1)), [0.1, 0.1])
    >>> len(payoff_sets(patient).corners(0)), (payoff_sets(hasty).corners(0) * 0.9).round(6).tolist()
    (4, [[1.0, 1.0]])
    """
    how = settings or Settings()
    arena = arena_of(game)
    fade = 1.0 - longest_future(game)
    sets, sizes = boxes(arena)
    threats = arena.limits[0].copy()
    alive = np.ones(game.profiles, dtype=np.int32)
    if allowed is not None:
        alive[:] = allowed
    killed = np.zeros(game.profiles, dtype=np.int32)
    died = np.full(game.profiles, -1, dtype=np.int32)
    target = how.tolerance * fade
    status, movement, step = Bound.STEP_LIMIT, np.inf, 0
    share, least, since = how.widen, np.inf, 0
    stall = 10 + int(1.0 / fade)
    cadence, calm = Cadence(fade, target), False
    for step in range(1, how.steps + 1):
        before = alive.copy()
        if movement < 0.9 * least:
            least, since = movement, step
        elif step - since > stall:
            # what was added keeps the sets moving: add less
            share, since = 0.25 * share, step
        coarse = 0.0 if calm else share * min(1.0, movement)
        (sets, sizes), (new_sets, new_sizes) = generated(arena, alive, killed, how.slack, sets, sizes, threats, coarse)
        died[(before == 1) & (alive == 0)] = step
        if (new_sizes == 0).any():
            new_sizes[reaching(game, new_sizes == 0)] = 0
        movement = polygons.moved(sets, sizes, new_sets, new_sizes)
        sets, sizes = new_sets, new_sizes
        lowest = _threats(sets, sizes)
        raised = float(np.abs(lowest - threats)[sizes > 0].max(initial=0.0))
        threats = np.where(sizes[:, None] > 0, np.maximum(threats, lowest), threats)
        if (sizes == 0).all():
            status, movement = Bound.EMPTY, 0.0
            break
        if max(movement, raised) <= target:
            status = Bound.FOUND
            break
        due, calm = cadence.step(movement) if how.jumps and sizes.sum() <= LARGEST else (False, False)
        if due:
            leap = jump(arena, alive, how.slack, sets, sizes, movement, fade)
            cadence.tried(leap is not None)
            if leap is not None:
                sets, sizes, least, since = leap.sets, leap.sizes, np.inf, step
                threats = np.maximum(threats, _threats(sets, sizes))
    return PayoffSets(
        status=status,
        vertices=tuple(sets[s, : sizes[s]] * arena.scale for s in range(game.states)),
        threats=threats * arena.scale,
        supported=(alive == 1) & (sizes > 0)[game.state_of_profile],
        killed=killed,
        died=died,
        steps=step,
        jumps=cadence.jumps,
        residual=movement * arena.scale,
        scale=arena.scale,
    )


def _threats(sets: Floats, sizes: Ints) -> Floats:
    """The worst payoff of each player in each state; infinite where there is none."""
    found = np.full((len(sizes), 2), np.inf)
    polygons.lowest(sets, sizes, found)
    return found


def _fewer(corners: Floats, tolerance: float) -> Floats:
    """Corners without those that stand out by less than `tolerance`, one after the other, the least first."""
    kept = corners
    while len(kept) > 1:
        before, after = np.roll(kept, 1, axis=0), np.roll(kept, -1, axis=0)
        chord = after - before
        length = (chord**2).sum(axis=1)
        share = ((kept - before) * chord).sum(axis=1) / np.where(length > 0.0, length, 1.0)
        foot = before + np.clip(share, 0.0, 1.0)[:, None] * chord
        out = np.hypot(*(kept - foot).T)
        if out.min() > tolerance:
            return kept
        kept = np.delete(kept, out.argmin(), axis=0)
    return kept
