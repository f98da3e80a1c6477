r"""Jumps towards a payoff set that lies far down a slow iteration, with a proof that nothing of it is left out.

Near patience 1 the iteration of the operator B closes a share :math:`1 - \delta` of the distance with each step. Two
things bring it down at once.

*A guess.* What makes each corner of the sets (profile, corners of the successors or a floor that binds, the deviation
behind the floor) is frozen, and the linear equations of all corners are solved together: a step of Newton's method,
repeated until one step of B leaves the sets J found where they are. Of frozen strategies this is the policy iteration
of Howard (1960); Abreu, Brooks and Sannikov (2020) use the like for one direction at a time.

*A proof.* J may be smaller than the set V sought. Let W contain V, and mix :math:`W_t = (1 - t) J + t W` state by state
(Minkowski). Support functions and worst payoffs of :math:`W_t` are linear in t, so floors are convex in t, and the
pairs of t and a payoff that a profile supports form a convex set: the support function of what the profile supports is
*concave* in t. A concave function lies below its secants outside the points they go through. Its values at a few t
therefore bound it on all of an interval, and B is found to map every :math:`W_t, t \in [\epsilon, 1]`, into itself, and
in discounted states into a smaller one. Then :math:`V \subseteq W_\epsilon`: at the least t whose set contains V, V =
B(V) would lie in a smaller one. Undiscounted states of a period follow, as they lead to discounted ones. All this is
up to rounding.

The jump goes to :math:`W_\epsilon`, which is an outer bound as sound as any step of the iteration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from servanda.bounds.arena import Arena, generated, tidied
from servanda.kernels import blends, frozen, polygons

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
_LADDER = 3.0 ** -np.arange(12.0)
_ROUNDING = 2e-15
_POLISHES = 8
LARGEST = 4_000
"""Corners of all states up to which jumps are tried: the equations of all of them are solved together."""
_CALM = 4
_WORTH = 10.0
"""Movements of the last step that a jump must be worth."""


@dataclass(frozen=True)
class Jump:
    """Where a jump leads: sets that contain the answer, the guess, by which share of the way they differ, and how far.

    outside: largest distance of the guess's image from the guess (0: it supports itself, and nothing more).
    """

    sets: Floats
    sizes: Ints
    guess: Floats
    guess_sizes: Ints
    share: float
    gap: float
    outside: float


class Cadence:
    """When a jump is worth trying: after some steps, while many are left, later each time that one was not found."""

    def __init__(self, fade: float, target: float, first: int = 20) -> None:
        self.fade, self.target, self.first = fade, target, first
        self.wait, self.since, self.jumps = first, 0, 0

    def step(self, movement: float) -> tuple[bool, bool]:
        """After a step: whether to try now, and whether to take the next step as it is, so that it can be tried soon.

        >>> cadence = Cadence(0.01, 1e-10, first=2)
        >>> [cadence.step(0.1) for _ in range(2)], Cadence(0.5, 1e-10).step(0.1)
        ([(False, True), (True, True)], (False, False))
        """
        self.since += 1
        if not self.target < movement < np.inf:
            return False, False
        left = np.log(movement / self.target) / self.fade
        if left < 4 * self.first:
            return False, False
        return self.since >= self.wait, self.since >= self.wait - _CALM

    def tried(self, found: bool) -> None:
        """After a trial."""
        self.since = 0
        self.wait = self.first if found else self.wait + self.first // 2
        self.jumps += found


@dataclass(frozen=True)
class _Sets:
    corners: Floats
    sizes: Ints

    @property
    def lowest(self) -> Floats:
        found = np.full((len(self.sizes), 2), np.inf)
        polygons.lowest(self.corners, self.sizes, found)
        return found


def jump(
    arena: Arena, alive: Ints, slack: float, sets: Floats, sizes: Ints, movement: float, fade: float,
    threats: Floats | None = None,
) -> Jump | None:  # fmt: skip
    """Sets closer to the answer that still contain it; None if none were found.

    Parameters
    ----------
    sets, sizes : contain the answer, and have been through some steps of the operator; none empty
    movement : of the last step; fade: one minus the discount factor
    threats : fixed threats[state, player], if they are not the worst payoffs of the sets
    """
    whole = _Sets(*_room(sets, sizes))
    if (whole.sizes == 0).any():
        return None
    for s in range(len(sizes)):
        whole.sizes[s] = polygons.widen(whole.corners[s], int(whole.sizes[s]), 0.02 * movement)
    whole = _Sets(whole.corners, tidied(whole.corners, whole.sizes))
    game = _Play(arena, alive, slack, threats)
    found = _guess(game, whole, movement, fade)
    if found is None:
        return None
    guess, outside = found
    share = _certified(game, guess, whole, fade)
    if share is None:
        return None
    mixed = _mixed(guess, whole, share)
    gap = float(polygons.moved(mixed.corners, mixed.sizes, guess.corners, guess.sizes))
    return Jump(mixed.corners, mixed.sizes, guess.corners, guess.sizes, share, gap, outside)


@dataclass(frozen=True)
class _Play:
    """The operator: a game, the profiles left, the incentive slack, threats if they are fixed."""

    arena: Arena
    alive: Ints
    slack: float
    given: Floats | None

    def threats(self, sets: _Sets) -> Floats:
        return sets.lowest if self.given is None else self.given

    def image(self, sets: _Sets) -> _Sets:
        alive = self.alive.copy()
        _, new = generated(
            self.arena, alive, np.zeros_like(alive), self.slack, sets.corners, sets.sizes, self.threats(sets), 0.0
        )
        return _Sets(*new)

    def solved(self, sets: _Sets) -> _Sets | None:
        """The corners that solve the equations frozen at these sets."""
        first = np.concatenate(([0], np.cumsum(sets.sizes))).astype(np.int64)
        unknowns = 2 * int(first[-1])
        room = 64 * unknowns
        while True:
            rows, columns, entries = np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room)
            constant = np.zeros(unknowns)
            count = frozen.freeze(
                *self.arena.structure, self.alive, self.arena.discount, self.slack, sets.corners, sets.sizes,
                self.threats(sets), self.given is not None, first, rows, columns, entries, constant,
            )  # fmt: skip
            if count <= room:
                break
            room = count
        place = (rows[:count], columns[:count])
        system = sparse.eye_array(unknowns) - sparse.csc_array((entries[:count], place), shape=(unknowns, unknowns))
        try:
            answer = splu(sparse.csc_array(system)).solve(constant)
        except RuntimeError:
            # singular: what was frozen does not hang together
            return None
        if not np.isfinite(answer).all():
            return None
        corners = sets.corners.copy()
        filled = np.arange(corners.shape[1])[None, :] < sets.sizes[:, None]
        corners[filled] = answer.reshape(-1, 2)
        return _Sets(*_room(corners, sets.sizes))


def _guess(game: _Play, whole: _Sets, movement: float, fade: float) -> tuple[_Sets, float] | None:
    """Sets that one step of the operator hardly enlarges, and by how much it does."""
    best: tuple[_Sets, float] | None = None
    seed, within, worse = whole, 1e-2 * min(1.0, movement / fade), 0
    for _ in range(_POLISHES):
        thinned = seed.corners.copy()
        sizes = np.array([blends.thin(thinned[s], int(n), within) for s, n in enumerate(seed.sizes)], dtype=np.int32)
        solved = game.solved(_Sets(thinned, tidied(thinned, sizes)))
        if solved is None:
            break
        room = solved.corners.shape[1] + int(whole.sizes.max())
        corners, sizes = np.zeros((len(sizes), 2 * room + 8, 2)), np.zeros_like(sizes)
        if not blends.crop(solved.corners, solved.sizes, whole.corners, whole.sizes, corners, sizes):
            break
        guess = _Sets(corners, sizes)
        image = game.image(guess)
        if (image.sizes == 0).any():
            break
        outside = float(polygons.moved(image.corners, image.sizes, guess.corners, guess.sizes))
        gained = float(polygons.moved(whole.corners, whole.sizes, guess.corners, guess.sizes)) > _WORTH * movement
        if gained and (best is None or outside < best[1]):
            best, worse = (guess, outside), 0
        else:
            worse += 1
        if worse > 2 or outside <= _ROUNDING:
            break
        # two corners the guess cannot tell apart make one
        within = min(0.1 * within, max(1e-12, 1e-3 * outside / fade))
        seed = game.image(image)
        if (seed.sizes == 0).any():
            break
    return best


def _certified(game: _Play, guess: _Sets, whole: _Sets, fade: float) -> float | None:
    """The least t of the ladder down to which every mixture is mapped into itself."""
    arena = game.arena
    states = len(whole.sizes)
    ways, starts = _ways(guess, whole)
    near, far = _reach(guess, ways, starts), _reach(whole, ways, starts)
    owner = np.repeat(np.arange(states), np.diff(arena.profile_start))
    spans = np.diff(starts)[owner]
    out_start = np.concatenate(([0], np.cumsum(spans))).astype(np.int64)
    place = np.arange(out_start[-1]) - np.repeat(out_start[:-1] - starts[:-1][owner], spans)
    near, far = np.minimum(near, far)[place], far[place]
    # in discounted states by some share of what a step closes
    discounted = np.asarray((arena.discount < 1.0).all(axis=1))
    closing = 1e-3 * fade * discounted[np.repeat(owner, spans)]

    def line(t: float) -> Floats:
        return np.asarray((1.0 - t) * near + t * far)

    def value(t: float) -> Floats:
        mixed = _mixed(guess, whole, t)
        out = np.empty(int(out_start[-1]))
        frozen.supports(
            *arena.structure, game.alive, arena.discount, game.slack, mixed.corners, mixed.sizes, game.threats(mixed),
            ways, starts, out, out_start,
        )  # fmt: skip
        return out - line(t)

    reached: float | None = None
    found = [value(float(t)) for t in _LADDER[:2]]
    for k, low in enumerate(_LADDER[1:-1].tolist()):
        found.append(value(float(_LADDER[k + 2])))
        bound = _between(found, k, line)
        if (bound > _ROUNDING - closing * low * (far - near)).any():
            break
        reached = low
    return reached


def _between(found: list[Floats], k: int, line: Callable[[float], Floats]) -> Floats:
    """Upper bounds of concave functions less lines between two steps k and k + 1 of the ladder, from four values."""
    high, low = float(_LADDER[k]), float(_LADDER[k + 1])
    above, below, under = found[k], found[k + 1], found[k + 2]
    there = np.isfinite(above)
    # what is supported grows with t
    bound = np.where(there, above + line(high) - line(low), -np.inf)
    with np.errstate(invalid="ignore"):
        slope = (below - under) / (low - _LADDER[k + 2])
        left = np.maximum(below, below + slope * (high - low))
        bound = np.where(np.isfinite(under), np.minimum(bound, left), bound)
        if k > 0:
            slope = (found[k - 1] - above) / (_LADDER[k - 1] - high)
            right = np.maximum(above, above - slope * (high - low))
            bound = np.where(there, np.minimum(bound, right), bound)
    return bound


def _ways(one: _Sets, other: _Sets) -> tuple[Floats, NDArray[np.int64]]:
    """The directions in which mixtures of two sets have edges, by state."""
    found, starts = [], [0]
    for s in range(len(one.sizes)):
        for sets in (one, other):
            room = np.empty((2 * int(sets.sizes[s]) + 4, 2))
            found.append(room[: blends.edge_ways(sets.corners[s], int(sets.sizes[s]), room)])
        starts.append(starts[-1] + len(found[-1]) + len(found[-2]))
    return np.concatenate(found), np.array(starts, dtype=np.int64)


def _reach(sets: _Sets, ways: Floats, starts: NDArray[np.int64]) -> Floats:
    """How far each set reaches in the directions of its state."""
    return np.concatenate(
        [(ways[a:b] @ sets.corners[s, : sets.sizes[s]].T).max(axis=1) for s, (a, b) in enumerate(pairwise(starts))]
    )


def _mixed(guess: _Sets, whole: _Sets, t: float) -> _Sets:
    room = int((guess.sizes + whole.sizes).max()) + 4
    corners, sizes = np.zeros((len(whole.sizes), room, 2)), np.zeros_like(whole.sizes)
    blends.blend(guess.corners, guess.sizes, whole.corners, whole.sizes, t, corners, sizes)
    return _Sets(corners, sizes)


def _room(sets: Floats, sizes: Ints) -> tuple[Floats, Ints]:
    """A copy in the kernels' form."""
    found = np.zeros((len(sizes), max(64, sets.shape[1]), 2))
    found[:, : sets.shape[1]] = sets
    return found, tidied(found, sizes)
