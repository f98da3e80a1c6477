"""Search for stationary logit equilibria from many starts, and along the branches of those found.

Starts are the principal branch, pure play, and random odds. From every equilibrium found its branch is then followed to
lower and to higher precision: where it turns at a fold and comes back to the precision asked for, it lands on another
equilibrium, often one that no iteration is drawn to. Several found prove that there are several; one found proves
nothing: completeness is not claimed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servanda.equilibrium.continuation import Branch, Walk, principal_branch
from servanda.equilibrium.stationary import (
    Equilibrium,
    StationaryStatus,
    damped,
    finished,
    newton,
    stability,
)
from servanda.equilibrium.stationary_system import System
from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
SAME = 1e-6
_CEILING = 4.0  # branches are followed up to this share of the precision


@dataclass(frozen=True)
class Equilibria:
    """What a search found: the principal branch's own equilibrium first, then by how many starts led to it.

    `branch` is the principal branch; `starts` counts all starts, `failed` those that ended nowhere. Two equilibria are
    the same where no odds differ by more than `tolerance`. More may exist.
    """

    found: tuple[Equilibrium, ...]
    branch: Branch
    starts: int
    failed: int
    tolerance: float

    @property
    def sentence(self) -> str:
        """What may be said about their number."""
        many = len(self.found)
        counted = "No equilibrium" if many == 0 else "One equilibrium" if many == 1 else f"{many} equilibria"
        return f"{counted} found from {self.starts} starts ({self.failed} failed); that no others exist is not proved."


def equilibria(
    game: MarkovGame,
    precision: ArrayLike,
    *,
    taste: bool = False,
    starts: int = 60,
    pure: int = 64,
    trace: int = 200,
    seed: int = 0,
) -> Equilibria:
    """Search for stationary logit equilibria. Completeness is not claimed.

    Parameters
    ----------
    precision : precision[actor], λ per point, or one number for all
    starts : starts from random odds, half of them even over each seat's simplex, half crowded to its edges
    pure : starts from nearly pure play: all its profiles if there are no more than this, else so many at random
    trace : steps to follow the branch of every equilibrium found, each way (0: not at all)
    seed : of the random starts; the same seed finds the same

    >>> from servanda.game.markov import simultaneous_game
    >>> meeting = simultaneous_game([[[[2, 0], [0, 1]], [[1, 0], [0, 2]]]], [[[[1], [1]], [[1], [1]]]], [0.5, 0.5])
    >>> many = equilibria(meeting, 5.0, starts=10)
    >>> len(many.found), sorted(round(float(e.chosen(0)[0]), 3) for e in many.found)
    (3, [0.007, 0.631, 1.0])
    """
    system = System(game, precision, taste=taste)
    random = np.random.default_rng(seed)
    branch = principal_branch(game, precision, taste=taste)
    found = _Found(system)
    failed = 0
    if branch.arrived:
        found.add(branch.equilibrium)
    else:
        failed += 1
    total = 1
    for odds, origin in (*_pure(game, pure, random), *_random(game, starts, random)):
        total += 1
        failed += not found.from_odds(odds, origin)
    place = 0
    while trace and place < len(found.known):  # what tracing finds is traced in its turn
        found.follow(found.known[place], trace)
        place += 1
    order = sorted(range(len(found.known)), key=lambda k: (not (branch.arrived and k == 0), -found.led[k]))
    ranked = tuple(
        replace(found.known[k], share=found.led[k] / total, stability=stability(found.known[k])) for k in order
    )
    return Equilibria(ranked, branch, total, failed, SAME)


class _Found:
    """Equilibria found so far, `known`, and how many starts led to each, `led`."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.known: list[Equilibrium] = []
        self.led: list[int] = []

    def add(self, equilibrium: Equilibrium) -> None:
        self.known.append(equilibrium)
        self.led.append(1)

    def from_odds(self, odds: Floats, origin: str) -> bool:
        """Newton from odds; where that fails, again after damped logit answers."""
        system = self.system
        try:
            x = system.unknowns(odds)
            ended, status, taken = newton(system, x, 1.0, steps=60)
            if status is not StationaryStatus.SOLVED:
                ended, status, taken = newton(system, damped(system, x), 1.0, steps=60)
        except RuntimeError:  # values under these odds are not defined in floating point
            return False
        return status is StationaryStatus.SOLVED and self._keep(ended, taken, origin, 1)

    def follow(self, equilibrium: Equilibrium, steps: int) -> None:
        """Walk the branch of an equilibrium both ways and keep every equilibrium at which it passes."""
        system = self.system
        at = np.append(system.unknowns(equilibrium.odds, equilibrium.values), 1.0)
        for up in (False, True):
            try:
                walk = Walk(system, at, up=up)
                while True:
                    landing, _ = walk.to_full_precision(steps, _CEILING)
                    if landing is None:
                        break
                    ended, status, taken = newton(system, landing, 1.0)
                    if np.abs(system.play(ended).odds - equilibrium.odds).max(initial=0.0) <= SAME:
                        break  # once around
                    if status is StationaryStatus.SOLVED:
                        self._keep(ended, taken, "branch of another", 0)
            except RuntimeError:  # exactly singular: nothing to follow
                continue

    def _keep(self, x: Floats, taken: int, origin: str, starts: int) -> bool:
        odds = self.system.play(x).odds
        for k, known in enumerate(self.known):
            if np.abs(known.odds - odds).max(initial=0.0) <= SAME:
                self.led[k] += starts
                return True
        new = finished(self.system, x, 1.0, StationaryStatus.SOLVED, taken, origin)
        if new.status is StationaryStatus.SOLVED:
            self.known.append(new)
            self.led.append(starts)
        return new.status is StationaryStatus.SOLVED


def _pure(game: MarkovGame, limit: int, random: np.random.Generator) -> Iterator[tuple[Floats, str]]:
    """Nearly pure play: each seat takes one choice but for a thousandth."""
    counts = game.seat_choices
    if np.log(counts).sum() <= np.log(max(limit, 1)) + 1e-9:
        profiles: Iterator[NDArray[np.int64]] = (np.array(p) for p in product(*(range(n) for n in counts)))
    else:
        profiles = (random.integers(counts) for _ in range(limit))
    for choice in profiles:
        odds = np.full(game.options, 1e-3) / np.maximum(counts - 1, 1)[game.seat_of_option]
        at = game.option_start[:-1] + choice
        odds[at] = np.where(counts > 1, 1.0 - 1e-3, 1.0)
        yield odds, "pure play"


def _random(game: MarkovGame, starts: int, random: np.random.Generator) -> Iterator[tuple[Floats, str]]:
    for k in range(starts):
        raw = random.gamma(1.0 if k % 2 == 0 else 0.2, size=game.options) + 1e-12
        total = np.add.reduceat(raw, game.option_start[:-1]) if game.seats else raw
        yield raw / total[game.seat_of_option], "random odds"
