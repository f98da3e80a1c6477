r"""Backward induction over the calendar from a stationary continuation beyond the horizon.

At a decision point of actor i, option o is worth :math:`Q_i(o) = -c_i(o) + \sum_{s'} P(s'\mid s, o) V_i(s')` and is
chosen with odds proportional to :math:`\exp(\lambda_i Q_i(o))` (agent quantal response, McKelvey and Palfrey 1998).
Values are expected values: noise is not paid (`taste` adds the extreme-value term, for replications only). In `sharp`
play the first best option is chosen (Markov perfect play, λ → ∞).

Given values at the horizon the answer is exact and unique. Beyond the horizon play is stationary in an average calendar
(dated events that recur happen each period with their frequency): values are iterated from the *settlement*, in which
every state lasts for ever, with Anderson mixing (Walker and Ni 2011), until the largest change is below
`tail_tolerance` times the range of values, or `tail_steps` run out; then the last odds are held and their values found
to 1e-12 by the same mixing. Several stationary plays may exist; which one is found is what `servanda.analysis` tests
with its selection certificate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium.outcome import Status
from servanda.equilibrium.period import Period
from servanda.game import Game, Numbers
from servanda.kernels import stage as kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terminal:
    """What follows the horizon: `stationary` (default), `settled` (every state lasts), `best` or `worst` for `actor`."""

    kind: str = "stationary"
    actor: int = 0

    @property
    def mode(self) -> int | None:
        """Kernel mode of the continuation, None where play is the players' own."""
        return {"best": kernel.BEST_FOR, "worst": kernel.WORST_FOR}.get(self.kind)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to solve.

    tail_tolerance: relative change at which the continuation counts as stationary; tail_steps: limit; extra_periods:
    calendar periods added (0 or 1, for the selection certificate); keep_policy: keep the odds of every period (needed
    for anything but values).
    """

    tail_tolerance: float = 1e-8
    tail_steps: int = 400
    extra_periods: int = 0
    terminal: Terminal = Terminal()
    keep_policy: bool = True


@dataclass(frozen=True)
class Solution:
    """Play of a game.

    values[state, actor * draws + draw] at the start of the calendar, terminal[...] at the horizon; advantage[period]
    holds shortfalls behind the mover's best for all options of the period (`Period.slots` says where), tail_advantage
    those of the stationary continuation (None if the terminal values are not those of play).
    """

    game: Game
    numbers: Numbers
    settings: Settings
    status: Status
    values: Floats
    terminal: Floats
    advantage: tuple[Floats, ...]
    tail_advantage: Floats | None
    tail_steps: int
    tail_change: float

    @property
    def periods(self) -> int:
        """Number of calendar periods solved."""
        return self.game.schedule.periods + self.settings.extra_periods


def settlement(period: Period) -> Floats:
    """Values if every state lasted for ever, in points: the start of the continuation and its crudest alternative."""
    flow = period.flow(-1)[period.game.payoff_class]
    return flow / (1.0 - period.numbers.discount.reshape(1, -1))


def solve(game: Game, numbers: Numbers, settings: Settings | None = None, warm: Floats | None = None) -> Solution:
    """Solve a game.

    Parameters
    ----------
    warm : terminal values of a similar game to start the continuation from (a moved slider)

    Returns
    -------
    Solution
        With a status on every path; `NOT_FINITE` solutions hold what was computed.

    >>> from servanda.game import game_from_tables
    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> solution = solve(game, numbers)
    >>> solution.status.name, round(float(solution.values[0, 0]), 6)
    ('SOLVED', 1.462117)
    """
    how = settings or Settings()
    period = Period(game, numbers)
    tail_advantage: Floats | None = None
    start = settlement(period)
    status, steps, change = Status.SOLVED, 0, 0.0
    if not (np.isfinite(numbers.coefficient).all() and np.isfinite(numbers.dated_value).all()):
        status = Status.NOT_FINITE
    if how.terminal.kind == "settled":
        terminal = start
    elif how.terminal.mode is not None:
        mode, actor = how.terminal.mode, how.terminal.actor

        def serve(values: Floats) -> Floats:
            return period.backward(values, -1, mode=mode, objective=actor)

        terminal, steps, change = fixed_point(serve, start, 1e-4, 200, mixing=False)
    else:
        tail_advantage = np.zeros((period.options, period.draws))

        def play(values: Floats) -> Floats:
            return period.backward(values, -1, tail_advantage)

        first = start if warm is None else warm.copy()
        terminal, steps, change = fixed_point(play, first, how.tail_tolerance, how.tail_steps, mixing=not numbers.sharp)
        if change > how.tail_tolerance:
            status = Status.STALLED if change > 1e-3 else Status.STEP_LIMIT
        if numbers.taste:
            terminal = play(terminal.copy())
        else:
            odds = period.odds(tail_advantage)
            terminal, _, _ = fixed_point(lambda v: period.evaluate(v, -1, odds), terminal, 1e-13, 60, mixing=True)
    values = terminal.copy()
    kept: list[Floats] = []
    scratch = np.zeros((period.options, period.draws))
    for t in reversed(range(game.schedule.periods + how.extra_periods)):
        out = np.zeros_like(scratch) if how.keep_policy else scratch
        period.backward(values, t, out)
        if how.keep_policy:
            kept.append(out)
    if not np.isfinite(values).all():
        status = Status.NOT_FINITE
    return Solution(game, numbers, how, status, values, terminal, tuple(reversed(kept)), tail_advantage, steps, change)


def with_terminal(settings: Settings, kind: str, actor: int = 0) -> Settings:
    """The same settings with another continuation."""
    return replace(settings, terminal=Terminal(kind, actor))


def fixed_point(
    step: Callable[[Floats], Floats],
    start: Floats,
    tolerance: float,
    limit: int,
    *,
    mixing: bool = True,
    memory: int = 6,
) -> tuple[Floats, int, float]:
    """Iterate x = step(x) (which may work in place) with Anderson mixing; return x, steps and the last relative change."""
    x = start.copy()
    images: list[Floats] = []
    residuals: list[Floats] = []
    best = np.inf
    relative = np.inf
    for count in range(1, limit + 1):
        image = step(x.copy())
        residual = image - x
        scale = max(float(image.max() - image.min()), 1e-300)
        relative = float(np.abs(residual).max()) / scale
        if relative <= tolerance or not np.isfinite(relative):
            return image, count, relative
        if not mixing:
            x = image
            continue
        if relative > 10.0 * best:
            images.clear()
            residuals.clear()
        best = min(best, relative)
        images.append(image)
        residuals.append(residual)
        if len(images) > memory:
            images.pop(0)
            residuals.pop(0)
        x = _mix(images, residuals)
    return x if mixing is False else images[-1], limit, relative


def _mix(images: list[Floats], residuals: list[Floats]) -> Floats:
    if len(images) == 1:
        return images[0].copy()
    last = residuals[-1].ravel()
    differences = [last - r.ravel() for r in residuals[:-1]]
    gram = np.array([[float(a @ b) for b in differences] for a in differences])
    right = np.array([float(a @ last) for a in differences])
    gram[np.diag_indices_from(gram)] += 1e-14 * np.trace(gram)
    weights = np.linalg.lstsq(gram, right, rcond=None)[0]
    mixed = images[-1].copy()
    for w, image in zip(weights, images[:-1], strict=True):
        mixed += w * (image - images[-1])
    return mixed
