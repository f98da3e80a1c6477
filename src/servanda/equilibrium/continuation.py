"""Follow stationary logit play from uniform odds (precision 0) to the precision asked for.

The branch that begins at uniform play is the *principal branch* (McKelvey and Palfrey 1995, Turocy 2005). It is
followed by prediction along the tangent and Newton correction with exact derivatives. In each step the component that
moves most is held fixed (local parametrisation, Rheinboldt 1980), so the branch is followed through *folds*, where the
share of the precision turns back. Step lengths are measured relative to the size of what moves, which makes steps in
precision near even on a logarithmic scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from servanda.equilibrium.stationary import Equilibrium, StationaryStatus, finished, newton, uniform
from servanda.equilibrium.stationary_system import System
from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
_LONGEST, _FIRST, _SHORTEST = 0.5, 0.05, 1e-7
_CORRECTIONS, _NEAR, _SLOW = 10, 1e-8, 0.1
_REFINEMENTS = 12
_STRAIGHT = 0.8  # least cosine between tangents that follow each other


@dataclass(frozen=True, slots=True)
class Fold:
    """Where the branch turns: at this share of the precision, `back` to lower precision or `forward` again."""

    share: float
    turns: Literal["back", "forward"]


@dataclass(frozen=True)
class Branch:
    """The principal branch: its last point (`equilibrium`, at `reached` times the precision asked for), whether it
    arrived, its folds in order, the share of the precision at each accepted step, and the steps that were refused.
    """

    equilibrium: Equilibrium
    reached: float
    arrived: bool
    folds: tuple[Fold, ...]
    shares: Floats
    refused: int

    @property
    def turned(self) -> bool:
        """Whether the branch has folds; if so, other equilibria exist at some lower precision."""
        return bool(self.folds)


@dataclass(frozen=True)
class _Point:
    """A point of the branch with its unit tangent; the share of the precision is the last entry of both."""

    at: Floats
    tangent: Floats


def principal_branch(game: MarkovGame, precision: ArrayLike, *, taste: bool = False, steps: int = 2000) -> Branch:
    """Follow the branch of stationary logit play that begins at uniform odds.

    Parameters
    ----------
    precision : precision[actor] at the end of the branch, λ per point, or one number for all
    taste : movers' values pay for noise (see `System`)
    steps : limit on accepted steps

    Returns
    -------
    Branch
        With a status on every path; where the branch was lost, its last point is kept with the precision it belongs to.

    >>> from servanda.game.markov import turn_taking_game
    >>> game = turn_taking_game([0], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], [0.5])
    >>> branch = principal_branch(game, 1.0)
    >>> branch.arrived, branch.folds, round(float(branch.equilibrium.values[0, 0]), 6)
    (True, (), 1.462117)
    """
    system = System(game, precision, taste=taste)
    walk = Walk(system, np.append(system.unknowns(uniform(game)), 0.0))
    landing, status = walk.to_full_precision(steps)
    taken, reached = len(walk.shares) - 1, float(walk.point.at[-1])
    x = walk.point.at[:-1]
    if landing is not None:
        reached = 1.0
        x, status, _ = newton(system, landing, 1.0)
    equilibrium = finished(system, x, max(reached, 1e-12), status, taken, "principal branch")
    return Branch(
        equilibrium, reached, landing is not None and equilibrium.status is StationaryStatus.SOLVED,
        tuple(walk.folds), np.array(walk.shares), walk.refused,
    )  # fmt: skip


def steep_play(game: MarkovGame, sharpness: float = 1e6, *, steps: int = 5000) -> Branch:
    """Follow the principal branch towards best replies: to λ = `sharpness` over each actor's largest reward.

    What is left to gain by one change of move is `equilibrium.certificate.regret`. Where the branch cannot be followed
    so far, `reached` says how far it could.

    >>> from servanda.game.markov import turn_taking_game
    >>> game = turn_taking_game([0], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], [0.5])
    >>> steep_play(game).equilibrium.odds.tolist()
    [0.0, 1.0]
    """
    largest = np.abs(game.reward).max(axis=0, initial=0.0)
    return principal_branch(game, sharpness / np.where(largest > 0.0, largest, 1.0), steps=steps)


class Walk:
    """A walk along a branch from `at` (unknowns, then the share of the precision), at first to higher precision or
    else to lower.
    """

    def __init__(self, system: System, at: Floats, *, up: bool = True) -> None:
        self.system = system
        self.points = system.points + np.abs(system.values(at[:-1])).max(axis=0)
        self.small_share = 1.0 / float((system.precision * self.points).max())
        self.refused = 0
        self.folds: list[Fold] = []
        ahead = np.zeros(len(at))
        ahead[-1] = 1.0 if up else -1.0
        self.point = _Point(at, self._tangent(at, ahead, self._factor(at, len(at) - 1), len(at) - 1))
        self.shares = [float(at[-1])]
        self._length = _FIRST

    def to_full_precision(self, steps: int, ceiling: float = np.inf) -> tuple[Floats | None, StationaryStatus]:
        """Walk on until the share passes 1: the unknowns there; None and why where it does not.

        The walk ends where the share falls below zero or passes `ceiling`.
        """
        while len(self.shares) <= steps:
            found = self._step(self._length)
            landing: Floats | None = None
            passed = False
            if found is not None:
                old, (new, first_correction) = self.point, found
                passed = old.at[-1] != 1.0 and (old.at[-1] < 1.0) != (new.at[-1] < 1.0)
                if passed:
                    part = (1.0 - old.at[-1]) / (new.at[-1] - old.at[-1])
                    landing = self._held(old.at + part * (new.at - old.at), len(old.at) - 1, 1.0)
            if found is None or (passed and landing is None):
                self.refused += 1
                self._length *= 0.4
                if self._length < _SHORTEST:
                    return None, StationaryStatus.LOST
                continue
            if old.tangent[-1] * new.tangent[-1] < 0.0:
                self.folds.append(self._fold(old, new))
            self.point = new
            self.shares.append(float(new.at[-1]))
            longer = float(np.clip(np.sqrt(0.03 / max(first_correction, 1e-6)), 0.4, 2.0))
            self._length = min(_LONGEST, self._length * longer)
            if landing is not None:
                return landing[:-1], StationaryStatus.SOLVED
            if not -self.small_share < new.at[-1] < ceiling:
                return None, StationaryStatus.RETURNED
        return None, StationaryStatus.STEP_LIMIT

    def weights(self, at: Floats) -> Floats:
        """Per unknown, what a change of one is worth in relative terms."""
        system, game = self.system, self.system.game
        found = np.empty(len(at))
        found[: system.count] = np.repeat(1.0 / self.points, game.states)
        found[system.count : -1] = 1.0 / (1.0 + np.abs(at[system.count : -1]))
        found[-1] = 1.0 / (abs(at[-1]) + self.small_share)
        return found

    def _step(self, length: float) -> tuple[_Point, float] | None:
        """The next point at about this length, and the size of its first correction; None where there is none."""
        old = self.point
        weight = self.weights(old.at)
        moving = np.abs(old.tangent) * weight
        held = len(old.at) - 1 if moving[-1] > 0.5 * moving.max() else int(moving.argmax())
        guess = old.at + length / moving.max() * old.tangent
        corrected = self._correct(guess, held)
        if corrected is None:
            return None
        at, first, factor = corrected
        try:
            tangent = self._tangent(at, old.tangent, factor, held)
        except RuntimeError:
            return None
        if not np.isfinite(tangent).all():
            return None
        before, after = old.tangent * weight, tangent * weight
        straight = float(before @ after / np.sqrt((before @ before) * (after @ after)))
        if straight < _STRAIGHT or first > 2.0 * length:
            return None
        return _Point(at, tangent), first

    def _correct(self, guess: Floats, held: int) -> tuple[Floats, float, SuperLU] | None:
        """Newton correction with one unknown held; also the size of the first correction, and the last factors."""
        at, weight = guess.copy(), self.weights(guess)
        first, last = 0.0, np.inf
        others = np.delete(np.arange(len(at)), held)
        factor: SuperLU | None = None
        for k in range(_CORRECTIONS):
            try:
                factor = self._factor(at, held) if factor is None else factor
            except RuntimeError:
                return None
            move = -factor.solve(self.system.residual(at[:-1], float(at[-1])))
            size = float(np.abs(move * weight[others]).max(initial=0.0))
            if not np.isfinite(size) or size > max(0.6 * last, 1e-11):
                return None
            first = size if k == 0 else first
            at[others] += move
            if size < _NEAR:
                return at, first, factor
            if size > _SLOW * last:  # while corrections shrink fast, old factors serve
                factor = None
            last = size
        return None

    def _held(self, guess: Floats, held: int, value: float) -> Floats | None:
        guess = guess.copy()
        guess[held] = value
        found = self._correct(guess, held)
        return None if found is None else found[0]

    def _columns(self, at: Floats) -> sparse.csc_array:
        """Derivatives of the residual in everything, the share last."""
        play = self.system.play(at[:-1])
        share = sparse.csc_array(self.system.slope(play)[:, None])
        return sparse.csc_array(sparse.hstack((self.system.jacobian(float(at[-1]), play), share), format="csc"))

    def _factor(self, at: Floats, held: int) -> SuperLU:
        columns = self._columns(at)
        others = np.delete(np.arange(len(at)), held)
        return splu(sparse.csc_array(columns[:, others]))

    def _tangent(self, at: Floats, before: Floats, factor: SuperLU, held: int) -> Floats:
        """Unit tangent in the direction of the one before; factors from near by are made good by refinement."""
        columns, others = self._columns(at), np.delete(np.arange(len(at)), held)
        wanted = -columns[:, [held]].toarray()[:, 0]
        matrix = columns[:, others]
        rest = factor.solve(wanted)
        for _ in range(_REFINEMENTS):
            change = factor.solve(wanted - matrix @ rest)
            rest += change
            if np.abs(change).max(initial=0.0) <= 1e-9 * np.abs(rest).max(initial=0.0):
                break
        else:
            rest = splu(sparse.csc_array(matrix)).solve(wanted)
        found = np.ones(len(at))
        found[others] = rest
        weight = self.weights(at)
        found /= np.sqrt(((found * weight) ** 2).sum())
        return found if (found * weight) @ (before * weight) > 0.0 else -found

    def _fold(self, old: _Point, new: _Point) -> Fold:
        """The turning point between two points, by the false position of the tangent's last entry."""
        turns: Literal["back", "forward"] = "back" if old.tangent[-1] > 0.0 else "forward"
        share = float(max(old.at[-1], new.at[-1]) if turns == "back" else min(old.at[-1], new.at[-1]))
        low, high = old, new
        for _ in range(12):
            part = low.tangent[-1] / (low.tangent[-1] - high.tangent[-1])
            weight = self.weights(low.at)
            moving = np.abs((high.at - low.at) * weight)
            held = int(moving[:-1].argmax())
            corrected = self._correct(low.at + float(np.clip(part, 0.1, 0.9)) * (high.at - low.at), held)
            if corrected is None:
                break
            at, _, factor = corrected
            try:
                near = _Point(at, self._tangent(at, low.tangent, factor, held))
            except RuntimeError:
                break
            share = float(at[-1])
            if abs(near.tangent[-1]) < 1e-9 or abs(high.at[-1] - low.at[-1]) < 1e-12 * abs(share):
                break
            low, high = (near, high) if near.tangent[-1] * low.tangent[-1] > 0.0 else (low, near)
        return Fold(share, turns)
