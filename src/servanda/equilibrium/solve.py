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
from dataclasses import dataclass, field, replace
from threading import Event

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium.outcome import Status
from servanda.equilibrium.period import Period
from servanda.errors import ServandaError
from servanda.game import Game, Numbers
from servanda.kernels import stage as kernel

Floats = NDArray[np.float64]


class InterruptedSolveError(ServandaError):
    """The solve was told to stop before it was done."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What follows the horizon: `stationary`, `settled` (every state lasts), `best` or `worst` for `actor`."""

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

    tail_tolerance: float = 1e-7
    tail_steps: int = 1000
    extra_periods: int = 0
    terminal: Terminal = Terminal()
    keep_policy: bool = True
    polish: bool = True
    block_threads: bool = True
    stop: Event | None = field(default=None, compare=False, repr=False)


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

    def draw(self, index: int) -> Solution:
        """The solution of a single draw."""
        if self.numbers.draws == 1:
            return self
        pick = np.arange(self.game.actors) * self.numbers.draws + index
        one = slice(index, index + 1)
        tail = self.tail_advantage
        return replace(
            self,
            numbers=self.numbers.draw(index),
            values=np.ascontiguousarray(self.values[:, pick]),
            terminal=np.ascontiguousarray(self.terminal[:, pick]),
            advantage=tuple(np.ascontiguousarray(a[:, one]) for a in self.advantage),
            tail_advantage=None if tail is None else np.ascontiguousarray(tail[:, one]),
        )


def settlement(period: Period) -> Floats:
    """Values if every state lasted for ever, in points: the start of the continuation and its crudest alternative."""
    flow = period.flow(-1)[period.game.payoff_class]
    return flow / (1.0 - period.numbers.discount.reshape(1, -1))


def solve(
    game: Game,
    numbers: Numbers,
    settings: Settings | None = None,
    warm: Floats | None = None,
    terminal: Floats | None = None,
) -> Solution:
    """Solve a game.

    Parameters
    ----------
    warm : terminal values of one draw of a similar game, to start the continuation from (a moved slider)
    terminal : values at the horizon, where they are known already; no continuation is computed

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
    period = Period(game, numbers, threads=how.block_threads)

    def going_on() -> None:
        if how.stop is not None and how.stop.is_set():
            raise InterruptedSolveError("the solve was interrupted")

    tail_advantage: Floats | None = None
    start = settlement(period)
    status, steps, change = Status.SOLVED, 0, 0.0
    if not (np.isfinite(numbers.coefficient).all() and np.isfinite(numbers.dated_value).all()):
        status = Status.NOT_FINITE
    if terminal is not None:
        pass
    elif how.terminal.kind == "settled":
        terminal = start
    elif how.terminal.mode is not None:
        mode, actor = how.terminal.mode, how.terminal.actor

        def serve(values: Floats) -> Floats:
            going_on()
            return period.backward(values, -1, mode=mode, objective=actor)

        terminal, steps, change, cycling = fixed_point(serve, start, 1e-3, 60, mixing=False)
    else:
        tail_advantage = np.zeros((period.options, period.draws))

        def play(values: Floats) -> Floats:
            going_on()
            return period.backward(values, -1, tail_advantage)

        first = start if warm is None else _widened(warm, period.draws)
        terminal, steps, change, cycling = fixed_point(
            play, first, how.tail_tolerance, how.tail_steps,
            draws=period.draws, plain_steps=10 if warm is None else 3, mixing=not numbers.sharp,
        )  # fmt: skip
        if change > how.tail_tolerance:
            status = Status.STALLED if cycling else Status.STEP_LIMIT
        if how.polish and not numbers.taste:
            odds = period.odds(tail_advantage)

            def hold(values: Floats) -> Floats:
                going_on()
                return period.evaluate(values, -1, odds)

            terminal, _, _, _ = fixed_point(hold, terminal, 1e-13, 100, draws=period.draws)
    values = terminal.copy()
    kept: list[Floats] = []
    scratch = np.zeros((period.options, period.draws))
    for t in reversed(range(game.schedule.periods + how.extra_periods)):
        going_on()
        out = np.zeros_like(scratch) if how.keep_policy else scratch
        period.backward(values, t, out)
        if how.keep_policy:
            kept.append(out)
    if not np.isfinite(values).all():
        status = Status.NOT_FINITE
    return Solution(game, numbers, how, status, values, terminal, tuple(reversed(kept)), tail_advantage, steps, change)


def _widened(values: Floats, draws: int) -> Floats:
    """Values of one draw repeated for many (or a copy, where the width fits already)."""
    return values.copy() if draws == 1 else np.repeat(values, draws, axis=1)


def with_terminal(settings: Settings, kind: str, actor: int = 0) -> Settings:
    """The same settings with another continuation."""
    return replace(settings, terminal=Terminal(kind, actor))


def fixed_point(
    step: Callable[[Floats], Floats],
    start: Floats,
    tolerance: float,
    limit: int,
    *,
    draws: int = 1,
    plain_steps: int = 0,
    mixing: bool = True,
) -> tuple[Floats, int, float, bool]:
    """Iterate x = step(x) with Anderson mixing.

    Returns the last image, the steps, the largest relative change, and whether the iteration stopped making progress
    (its best change in the second half of the steps is no better than half of that in the first).

    Parameters
    ----------
    step : may overwrite its argument
    start : x[state, column * draws + draw]; every draw is mixed with its own weights, columns scaled by their range
    plain_steps : steps before mixing begins; in logit play early images are too far from linear for it
    mixing : False iterates plainly
    """
    x = start.copy()
    columns = start.shape[1] // draws
    relative, early, late = np.inf, np.inf, np.inf
    mixer: _Mixer | None = None
    for count in range(1, limit + 1):
        image = step(x.copy())
        residual = image - x
        # a column may hardly vary over states (one state, an actor without stakes): its size then sets the scale
        scale = np.maximum(np.ptp(image, axis=0), 1e-3 * max(float(np.abs(image).max()), 1e-100))
        # each draw is measured by its own range, so that a quiet draw is not left loose by a loud one
        relative = float((np.abs(residual).max(axis=0) / np.tile(scale.reshape(-1, draws).max(axis=0), columns)).max())
        if relative <= tolerance or not np.isfinite(relative):
            return image, count, relative, False
        if count <= limit // 2:
            early = min(early, relative)
        else:
            late = min(late, relative)
        if not mixing or count <= plain_steps:
            x = image
            continue
        if mixer is None:
            mixer = _Mixer(scale, draws, 4 if start.size > 4_000_000 else 7)
        x = mixer.next(image, residual)
    return image, limit, relative, limit > 20 and late > 0.5 * early


class _Mixer:
    """Anderson mixing on differences of successive steps (type II), with separate weights for every draw."""

    def __init__(self, scale: Floats, draws: int, memory: int) -> None:
        self._scale = scale
        self._draws = draws
        self._memory = memory
        self._images: list[Floats] = []
        self._steps: list[Floats] = []
        self._grams: list[list[Floats]] = []
        self._last: tuple[Floats, Floats] | None = None

    def _dot(self, a: Floats, b: Floats) -> Floats:
        # einsum, not BLAS: its threads spin against the block threads and cost more than the product
        shape = (a.shape[0], -1, self._draws)
        return np.asarray(np.einsum("scd,scd->d", a.reshape(shape), b.reshape(shape)))

    def next(self, image: Floats, residual: Floats) -> Floats:
        """The next iterate after an image and its residual."""
        scaled = residual / self._scale
        if self._last is not None:
            self._steps.append(scaled - self._last[1])
            self._images.append(image - self._last[0])
            self._grams.append([self._dot(self._steps[-1], other) for other in self._steps])
            if len(self._steps) > self._memory:
                self._steps.pop(0)
                self._images.pop(0)
                self._grams = [row[1:] for row in self._grams[1:]]
        self._last = (image.copy(), scaled)
        mixed = image.copy()
        size = len(self._steps)
        if size == 0:
            return mixed
        right = np.stack([self._dot(x, scaled) for x in self._steps])
        gram = np.zeros((size, size, self._draws))
        for i, row in enumerate(self._grams):
            for j, value in enumerate(row):
                gram[i, j] = gram[j, i] = value
        columns = mixed.reshape(mixed.shape[0], -1, self._draws)
        weights = np.zeros((size, self._draws))
        for draw in range(self._draws):
            system = gram[:, :, draw]
            system[np.diag_indices(size)] += 1e-13 * np.trace(system) + 1e-300
            weights[:, draw] = np.linalg.solve(system, right[:, draw])
        for w, change in zip(weights, self._images, strict=True):
            columns -= w * change.reshape(columns.shape)
        return mixed
