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
number of vertices, which would otherwise grow with every step, stays low. An empty set is an answer too: it
spreads to every state from which the empty one can be reached, on path or off. `servanda.bounds.automaton` proves the
other inclusion with strategies.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

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
    vertices.
    """

    tolerance: float = 1e-9
    steps: int = 100_000
    slack: float = 1e-12
    widen: float = 0.1


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

    @property
    def empty(self) -> bool:
        """Whether no state has an equilibrium."""
        return all(len(v) == 0 for v in self.vertices)

    def corners(self, state: int, within: float = 3e-9) -> Floats:
        """Vertices without those that stand out from their chord by less than `within` of the range of payoffs."""
        return _fewer(self.vertices[state], within * self.scale)


@dataclass(frozen=True)
class Arena:
    """A two-player game as the kernel takes it: rewards in units of `scale`, deviations by profile and player, and the
    least and greatest payoffs [state, player] of any play, in the same units.
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


def arena_of(game: MarkovGame) -> Arena:
    """The arrays of a game of two players.

    Raises
    ------
    ValueError
        Not two players, or a state that is left without discount for ever (its discount is 0).
    """
    if game.actors != 2:
        raise ValueError(f"payoff sets are of two players, not {game.actors}")
    if (game.discount <= 0.0).any():
        raise ValueError("payoff sets need discount factors above 0")
    low, high = _range_of(game)
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
            for player in range(2):
                for seat in seats:
                    if int(game.seat_actor[seat]) == player:
                        own = (p - first) // spans[seat] % int(game.seat_choices[seat])
                        others = (o for o in range(int(game.seat_choices[seat])) if o != own)
                        deviations += [p + (o - own) * spans[seat] for o in others]
                starts.append(len(deviations))
    return Arena(
        game.profile_start.astype(np.int32),
        np.ascontiguousarray(game.reward / scale),
        game.outcome_start.astype(np.int32),
        game.outcome_state.astype(np.int32),
        np.ascontiguousarray(game.outcome_odds, dtype=np.float64),
        np.array(starts, dtype=np.int32),
        np.array(deviations, dtype=np.int32),
        np.ascontiguousarray(game.discount, dtype=np.float64),
        scale,
        (low / scale, high / scale),
    )


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
    low, high = arena.limits
    longest = _longest(game)
    room = 64
    sets = np.zeros((game.states, room, 2))
    sizes = np.full(game.states, 4, dtype=np.int32)
    for k, (x, y) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        sets[:, k, 0] = (high if x else low)[:, 0]
        sets[:, k, 1] = (high if y else low)[:, 1]
    sizes = _tidied(sets, sizes)
    threats = low.copy()
    alive = np.ones(game.profiles, dtype=np.int32)
    if allowed is not None:
        alive[:] = allowed
    killed = np.zeros(game.profiles, dtype=np.int32)
    died = np.full(game.profiles, -1, dtype=np.int32)
    target = how.tolerance * (1.0 - longest)
    status, movement, step = Bound.STEP_LIMIT, np.inf, 0
    share, least, since = how.widen, np.inf, 0
    stall = 10 + int(1.0 / (1.0 - longest))
    for step in range(1, how.steps + 1):
        before = alive.copy()
        if movement < least:
            least, since = movement, step
        elif step - since > stall:
            # what was added keeps the sets moving: add less
            share, since = 0.25 * share, step
        coarse = share * min(1.0, movement)
        while True:
            new_sets, new_sizes = np.zeros_like(sets), np.zeros_like(sizes)
            wanted = polygons.generate(
                *arena.structure, alive, arena.discount, how.slack, sets, sizes, threats, coarse, new_sets,
                new_sizes, killed,
            )  # fmt: skip
            if wanted <= sets.shape[1]:
                break
            wider = np.zeros((game.states, 2 * wanted, 2))
            wider[:, : sets.shape[1]] = sets
            sets = wider
        died[(before == 1) & (alive == 0)] = step
        if (new_sizes == 0).any():
            empty = _reaching(game, new_sizes == 0)
            new_sizes[empty] = 0
        movement = polygons.moved(sets, sizes, new_sets, new_sizes) if (new_sizes > 0).all() else np.inf
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
    return PayoffSets(
        status=status,
        vertices=tuple(sets[s, : sizes[s]] * arena.scale for s in range(game.states)),
        threats=threats * arena.scale,
        supported=alive == 1,
        killed=killed,
        died=died,
        steps=step,
        residual=movement * arena.scale,
        scale=arena.scale,
    )


def _range_of(game: MarkovGame) -> tuple[Floats, Floats]:
    """Least and greatest payoffs [state, player] that any play could give: one player's dynamic programs."""
    found = []
    for sign in (-1.0, 1.0):
        values = np.zeros((game.states, 2))
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


def _longest(game: MarkovGame) -> float:
    """The largest discount factor below 1: how fast the future fades."""
    fading = game.discount[game.discount < 1.0]
    return float(fading.max()) if len(fading) else 0.0


def _tidied(sets: Floats, sizes: Ints) -> Ints:
    """Polygons of every state brought into the kernels' form, in place; their sizes."""
    found = sizes.copy()
    for s in range(len(sizes)):
        corners = np.empty((2 * int(sizes[s]) + 2, 2))
        found[s] = polygons.hull(sets[s], int(sizes[s]), corners)
        sets[s, : found[s]] = corners[: found[s]]
    return found


def _threats(sets: Floats, sizes: Ints) -> Floats:
    """The worst payoff of each player in each state."""
    there = np.arange(sets.shape[1])[None, :, None] < sizes[:, None, None]
    return np.asarray(np.where(there, sets, np.inf).min(axis=1))


def _reaching(game: MarkovGame, empty: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """States from which one without equilibrium can be reached by any profile."""
    while True:
        leads = np.asarray(game.successors @ empty.astype(np.float64)) > 0.0
        reaching = empty | (np.maximum.reduceat(leads.astype(np.int8), game.profile_start[:-1]) > 0)
        if (reaching == empty).all():
            return reaching
        empty = reaching


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
