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

from dataclasses import dataclass, field, replace
from threading import Event

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium.iteration import PLAIN_STEPS, fixed_point
from servanda.equilibrium.outcome import Status
from servanda.equilibrium.period import Period
from servanda.errors import ServandaError
from servanda.game import Game, Numbers
from servanda.kernels import stage as kernel
from servanda.kernels.fourfold import LANES

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

    def check(self) -> None:
        """Raise InterruptedSolveError if the solve was told to stop."""
        if self.stop is not None and self.stop.is_set():
            raise InterruptedSolveError("the solve was interrupted")


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
    return (flow / (1.0 - period.numbers.discount.reshape(1, -1))).astype(period.number, copy=False)


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
    if numbers.draws > LANES and not (numbers.taste or numbers.sharp):
        return _in_fours(game, numbers, how, warm, terminal)
    period = Period(game, numbers, threads=how.block_threads)
    if terminal is None:
        beyond = continuation(period, how, warm)
    else:
        beyond = Continuation(terminal, None, _finite(numbers), 0, 0.0, np.ones(numbers.draws, dtype=bool))
    values = beyond.values.copy()
    status = beyond.status
    kept: list[Floats] = []
    scratch = np.zeros((period.options, period.draws))
    for t in reversed(range(game.schedule.periods + how.extra_periods)):
        how.check()
        out = np.zeros_like(scratch) if how.keep_policy else scratch
        period.backward(values, t, out)
        if how.keep_policy:
            kept.append(out)
    if not np.isfinite(values).all():
        status = Status.NOT_FINITE
    return Solution(
        game, numbers, how, status, values, beyond.values, tuple(reversed(kept)), beyond.advantage, beyond.steps,
        beyond.change,
    )  # fmt: skip


def _in_fours(game: Game, numbers: Numbers, how: Settings, warm: Floats | None, terminal: Floats | None) -> Solution:
    """Solve many draws four at a time, which takes two thirds of the time of all at once; the last fills up."""
    draws, actors = numbers.draws, game.actors
    values, beyond = np.empty((2, game.states, actors, draws))
    parts: list[Solution] = []
    advantage: list[Floats] = []
    for first in range(0, draws, LANES):
        four = np.minimum(np.arange(first, first + LANES), draws - 1)
        pick = (np.arange(actors)[:, None] * draws + four).ravel()
        given = [None if x is None else x if x.shape[1] == actors else x[:, pick] for x in (warm, terminal)]
        part = solve(game, numbers.picked(four), how, *given)
        here, count = slice(first, first + LANES), min(LANES, draws - first)
        for whole, found in ((values, part.values), (beyond, part.terminal)):
            whole[:, :, here] = found.reshape(game.states, actors, LANES)[:, :, :count]
        kept = (*part.advantage, *(() if part.tail_advantage is None else (part.tail_advantage,)))
        if not parts:
            advantage = [np.empty((len(x), draws)) for x in kept]
        for all_draws, found in zip(advantage, kept, strict=True):
            all_draws[:, here] = found[:, :count]
        parts.append(replace(part, advantage=(), tail_advantage=None))
    order = (Status.SOLVED, Status.STEP_LIMIT, Status.STALLED, Status.NOT_FINITE)
    tail = advantage.pop() if len(advantage) > len(part.advantage) else None
    flat = (game.states, actors * draws)
    return Solution(
        game, numbers, how, max((p.status for p in parts), key=order.index), values.reshape(flat),
        beyond.reshape(flat), tuple(advantage), tail, max(p.tail_steps for p in parts),
        max(p.tail_change for p in parts),
    )  # fmt: skip


@dataclass(frozen=True)
class Continuation:
    """Values at the horizon: values[state, actor * draws + draw], and how they were found.

    `advantage` are the shortfalls of the stationary play behind them (None where it is not play); `settled[draw]`, and
    `status` for all draws together.
    """

    values: Floats
    advantage: Floats | None
    status: Status
    steps: int
    change: float
    settled: NDArray[np.bool_]


def continuation(
    period: Period, how: Settings, warm: Floats | None = None, *, values_only: bool = False
) -> Continuation:
    """Find the values at the horizon.

    Parameters
    ----------
    warm : terminal values to start from, of one draw or of as many as the period has
    values_only : leave out the shortfalls of the play behind them (and so the polish, which needs them)
    """
    numbers, start = period.numbers, settlement(period)
    everything = np.ones(period.draws, dtype=bool)
    status = _finite(numbers)
    if how.terminal.kind == "settled":
        return Continuation(start, None, status, 0, 0.0, everything)
    if how.terminal.mode is not None:
        mode, actor = how.terminal.mode, how.terminal.actor

        def serve(values: Floats) -> Floats:
            how.check()
            return period.backward(values, -1, mode=mode, objective=actor)

        served = fixed_point(serve, start, 1e-3, 60, draws=period.draws, mixing=False)
        return Continuation(served.values, None, status, served.steps, float(served.change.max()), everything)
    advantage = None if values_only else np.zeros((period.options, period.draws))

    def play(values: Floats) -> Floats:
        how.check()
        return period.backward(values, -1, advantage)

    first = start if warm is None else _widened(warm, start.shape[1])
    found = fixed_point(
        play, first, how.tail_tolerance, how.tail_steps,
        draws=period.draws, plain_steps=PLAIN_STEPS if warm is None else 3, mixing=not numbers.sharp,
    )  # fmt: skip
    values = found.values
    if not found.settled.all():
        status = Status.STALLED if found.cycling else Status.STEP_LIMIT
    if how.polish and not numbers.taste and advantage is not None:
        odds = period.odds(advantage)

        def hold(values: Floats) -> Floats:
            how.check()
            return period.evaluate(values, -1, odds)

        values = fixed_point(hold, values, 1e-13, 100, draws=period.draws).values
    return Continuation(values, advantage, status, found.steps, float(found.change.max()), found.settled)


def _finite(numbers: Numbers) -> Status:
    finite = np.isfinite(numbers.coefficient).all() and np.isfinite(numbers.dated_value).all()
    return Status.SOLVED if finite else Status.NOT_FINITE


def _widened(values: Floats, width: int) -> Floats:
    """Values of one draw repeated for many, or a copy where the width fits already."""
    return values.copy() if values.shape[1] == width else np.repeat(values, width // values.shape[1], axis=1)


def with_terminal(settings: Settings, kind: str, actor: int = 0) -> Settings:
    """The same settings with another continuation."""
    return replace(settings, terminal=Terminal(kind, actor))
