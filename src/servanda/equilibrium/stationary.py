"""Stationary logit equilibria of general finite stochastic games: Newton's method from given odds, and what is known of
the equilibrium it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import ArpackError, LinearOperator, eigs, splu

from servanda.equilibrium.stationary_certificate import StationaryCertificate, certify_stationary
from servanda.equilibrium.stationary_system import Play, System
from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
TOLERANCE = 1e-12
_CERTIFIED = 1e-7
_DENSE = 400


class StationaryStatus(Enum):
    """How the search for one equilibrium ended. The value is the sentence a user reads."""

    SOLVED = "Solved: the odds are those implied by their own values, and the recomputed residual is within tolerance."
    STEP_LIMIT = "Step limit: the steps ran out before the equations were solved; raise the limit."
    STALLED = "Stalled: no step brought the equations nearer to a solution; try another start or less precise play."
    SINGULAR = "Singular: the equations could not be solved here, as where two branches meet; try another start."
    LOST = "Lost: the branch could not be followed further, even in tiny steps; its last point is given."
    RETURNED = "Returned: the branch came back to uniform play; report this game, it should not happen."
    UNCERTIFIED = "Uncertified: recomputed odds or values disagree with the solution beyond tolerance."
    NOT_FINITE = "Not finite: a value or log-odds is no finite number."


@dataclass(frozen=True, slots=True)
class Stability:
    """What becomes of small changes of odds when everybody answers them, values following.

    radius: largest size of an eigenvalue of the logit answer's derivative: below 1, undamped answers settle.
    growth: largest real part: below 1, answers settle if damped enough. NaN where neither could be computed.
    """

    radius: float
    growth: float

    @property
    def stable(self) -> bool:
        """Whether damped answers come back to the equilibrium."""
        return self.growth < 1.0


@dataclass(frozen=True)
class Equilibrium:
    """One stationary logit equilibrium, or the point where the search for it ended (see `status`).

    odds[option] as `MarkovGame.option_start` lays them out, values[state, actor] in points, precision[actor] at which
    they were found; `origin` says from where, `share` is the part of all starts that led here (NaN if not counted).
    """

    game: MarkovGame
    precision: Floats
    taste: bool
    odds: Floats
    values: Floats
    status: StationaryStatus
    steps: int
    certificate: StationaryCertificate
    origin: str
    stability: Stability | None = None
    share: float = float("nan")

    def chosen(self, state: int, seat: int = 0) -> Floats:
        """Odds of the choices on one seat of a state."""
        k = int(self.game.seat_start[state]) + seat
        if not 0 <= k < self.game.seat_start[state + 1]:
            raise ValueError(f"{self.game.state_label(state)} has no seat {seat}")
        return self.odds[self.game.option_start[k] : self.game.option_start[k + 1]]


def solve_at(
    game: MarkovGame, precision: ArrayLike, start: Floats | None = None, *, taste: bool = False, steps: int = 200
) -> Equilibrium:
    """Solve for a stationary logit equilibrium near given odds, by Newton's method with backtracking.

    Parameters
    ----------
    precision : precision[actor], λ per point, or one number for all
    start : odds[option] to begin from, uniform if none are given
    taste : movers' values pay for noise (see `System`)

    >>> from servanda.game.markov import turn_taking_game
    >>> game = turn_taking_game([0], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], [0.5])
    >>> found = solve_at(game, 1.0)
    >>> found.status.name, found.chosen(0).round(4).tolist()
    ('SOLVED', [0.2689, 0.7311])
    """
    system = System(game, precision, taste=taste)
    odds = uniform(game) if start is None else np.asarray(start, dtype=np.float64)
    if odds.shape != (game.options,):
        raise ValueError(f"start has shape {odds.shape}, not {(game.options,)}")
    x, status, taken = newton(system, system.unknowns(odds), 1.0, steps=steps)
    return finished(system, x, 1.0, status, taken, "start given" if start is not None else "uniform play")


def uniform(game: MarkovGame) -> Floats:
    """Odds[option] of play at precision 0."""
    return np.asarray(1.0 / game.seat_choices[game.seat_of_option])


def newton(
    system: System, x: Floats, share: float, *, steps: int = 200, tolerance: float = TOLERANCE
) -> tuple[Floats, StationaryStatus, int]:
    """Newton's method with backtracking on the equations at a share of the precision; vector, status and steps taken.

    The equations count as solved where no residual exceeds `tolerance` relative to the size of what it compares; then
    one more step is taken if it helps.
    """
    weight = np.ones(system.size)
    weight[: system.count] = np.repeat(system.precision + 1.0 / system.points, system.game.states)

    def residual(x: Floats) -> tuple[Floats, Play]:
        with np.errstate(over="ignore", invalid="ignore"):
            play = system.play(x)
            return system.residual(x, share, play), play

    def relative(x: Floats, gap: Floats) -> float:
        size = system.points + np.abs(system.values(x)).max(axis=0, initial=0.0)
        scale = np.empty(system.size)
        scale[: system.count] = np.repeat(size, system.game.states)
        scale[system.count :] = (1.0 + share * system.precision * size)[system.actor[system.free]]
        return float(np.abs(gap / scale).max(initial=0.0))

    gap, play = residual(x)
    for k in range(steps):
        if not np.isfinite(gap).all():
            return x, StationaryStatus.NOT_FINITE, k
        solved = relative(x, gap) <= tolerance
        try:
            move = -splu(system.jacobian(share, play)).solve(gap)
        except RuntimeError:
            return x, StationaryStatus.SOLVED if solved else StationaryStatus.SINGULAR, k
        if not np.isfinite(move).all():
            return x, StationaryStatus.SOLVED if solved else StationaryStatus.SINGULAR, k
        part, merit = 1.0, float(np.linalg.norm(gap * weight))
        while True:
            trial = x + part * move
            new, then = residual(trial)
            worth = float(np.linalg.norm(new * weight))
            if worth <= (1.0 - 0.1 * part) * merit or (solved and worth <= merit):
                break
            part *= 0.5
            if part < 1e-5 or solved:
                return x, StationaryStatus.SOLVED if solved else StationaryStatus.STALLED, k
        x, gap, play = trial, new, then
        if solved:
            return x, StationaryStatus.SOLVED, k + 1
    return x, StationaryStatus.STEP_LIMIT, steps


def finished(system: System, x: Floats, share: float, status: StationaryStatus, steps: int, origin: str) -> Equilibrium:
    """The record of a vector of unknowns, certified by other code at a share of the precision."""
    game, precision = system.game, share * system.precision
    values = np.ascontiguousarray(system.values(x))
    odds = system.play(x).odds
    certificate = certify_stationary(game, precision, odds, values, taste=system.taste)
    largest = float((system.points + np.abs(values).max(axis=0, initial=0.0)).max(initial=0.0))
    wrong = certificate.value_error > _CERTIFIED * largest or certificate.odds_error > _CERTIFIED
    if status is StationaryStatus.SOLVED and wrong:
        status = StationaryStatus.UNCERTIFIED
    return Equilibrium(game, precision, system.taste, odds, values, status, steps, certificate, origin)


def stability(equilibrium: Equilibrium) -> Stability:
    """Whether play returns after a small change of odds: eigenvalues of the derivative of the logit answer.

    All eigenvalues are computed up to 400 log-odds, the extreme ones by Arnoldi iteration beyond.
    """
    system = System(equilibrium.game, equilibrium.precision, taste=equilibrium.taste)
    free, count = len(system.free), system.count
    if free == 0:
        return Stability(0.0, 0.0)
    x = system.unknowns(equilibrium.odds, equilibrium.values)
    jacobian = system.jacobian(1.0, system.play(x))
    held = splu(sparse.csc_array(jacobian[:count, :count]))
    values_of, answers, own = jacobian[:count, count:], jacobian[count:, :count], jacobian[count:, count:]

    def push(change: Floats) -> Floats:
        return np.asarray(answers @ held.solve(np.asarray(values_of @ change)) + change - own @ change)

    if free <= _DENSE:
        roots = np.linalg.eigvals(push(np.eye(free)))
        return Stability(float(np.abs(roots).max()), float(roots.real.max()))
    operator = LinearOperator((free, free), matvec=lambda v: push(v.ravel()), dtype=np.float64)
    try:
        start = np.ones(free)
        radius = float(np.abs(eigs(operator, 1, which="LM", return_eigenvectors=False, v0=start)).max())
        growth = float(eigs(operator, 1, which="LR", return_eigenvectors=False, v0=start).real.max())
    except ArpackError:
        return Stability(float("nan"), float("nan"))
    return Stability(radius, growth)


def damped(system: System, x: Floats, steps: int = 200, part: float = 0.3) -> Floats:
    """Logit answers taken in part, values following, until log-odds settle to a thousandth or the steps run out."""
    x = x.copy()
    for _ in range(steps):
        ahead = system.response(x) - x[system.count :]
        x[system.count :] += part * ahead
        x[: system.count] = system.values_of(x).T.ravel()
        if np.abs(ahead).max(initial=0.0) < 1e-3:
            break
    return x
