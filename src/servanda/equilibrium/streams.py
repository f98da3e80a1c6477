"""Continuations of many draws in sixteen lanes: when a draw has settled, the next one takes its lane.

Most draws settle within fifty steps and a few need hundreds, so lanes that waited for the slowest of sixteen would
stand idle two thirds of the time. A draw takes the same steps, and ends at the same numbers to the last bit, as in
`servanda.equilibrium.solve.continuation`, whatever runs beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium.iteration import PLAIN_STEPS, Mixer, Pace, scale_of
from servanda.equilibrium.sixteen import Singles, SixteenPeriod
from servanda.equilibrium.solve import Settings, settlement
from servanda.game import Game, Numbers
from servanda.game.game import flow_payoffs
from servanda.kernels.lanes import LANES, aligned
from servanda.kernels.mixing import spread

_IDLE = -1


@dataclass(frozen=True)
class Streamed:
    """Values at the horizon: values[draw, state, actor], whether each draw settled, and steps taken by all together."""

    values: Singles
    settled: NDArray[np.bool_]
    steps: int

    def lanes(self, first: int) -> Singles:
        """Values of the sixteen draws from `first` on, as an operator takes them: [state, actor * 16 + draw]."""
        return _in_lanes(self.values[first : first + LANES])


def closed(game: Game, numbers: Numbers, how: Settings) -> Streamed:
    """Values at the horizon as `how.terminal` says: those of stationary play, or of a world in which every state lasts.

    Raises
    ------
    ValueError
        For other terminal values, and for draws that do not fill sets of sixteen.
    """
    if numbers.draws % LANES:
        raise ValueError(f"{numbers.draws} draws are no multiple of {LANES}")
    if how.terminal.kind == "stationary":
        return streamed(game, numbers, how)
    if how.terminal.kind != "settled":
        raise ValueError(f"no values for a terminal of kind {how.terminal.kind}")
    parts = []
    for first in range(0, numbers.draws, LANES):
        lasting = settlement(SixteenPeriod(game, numbers.picked(np.arange(first, first + LANES))))
        parts.append(np.moveaxis(lasting.reshape(game.states, game.actors, LANES), 2, 0))
    return Streamed(np.concatenate(parts), np.ones(numbers.draws, dtype=bool), 0)


def _in_lanes(values: Singles) -> Singles:
    room = aligned((values.shape[1], values.shape[2] * LANES))
    room.reshape(values.shape[1], values.shape[2], LANES)[:] = np.moveaxis(values, 0, 2)
    return room


def streamed(game: Game, numbers: Numbers, how: Settings) -> Streamed:
    """The continuation of every draw of `numbers` (sixteen or more), each stopped as `how` says.

    Every draw starts from a world in which its states last, as a single solve does: to start from the continuation of
    similar draws takes half the steps, but where several plays are stationary it may end in another.

    Raises
    ------
    InterruptedSolveError
        If `how.stop` is set meanwhile.
    ValueError
        If there are fewer than sixteen draws.

    >>> from servanda.game import game_from_tables
    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> found = streamed(game, numbers.repeated(20), Settings(tail_tolerance=1e-5))
    >>> found.values.shape, round(float(found.values[19, 0, 0]), 3)
    ((20, 1, 1), 1.462)
    """
    if numbers.draws < LANES:
        raise ValueError(f"{numbers.draws} draws do not fill {LANES} lanes")
    waiting = list(range(numbers.draws - 1, LANES - 1, -1))
    draw = np.arange(LANES)
    period = SixteenPeriod(game, numbers.picked(draw))
    x = np.asarray(settlement(period), dtype=np.float32)
    actors = game.actors
    found = np.empty((numbers.draws, game.states, actors), dtype=np.float32)
    settled = np.zeros(numbers.draws, dtype=bool)
    taken = np.zeros(LANES, dtype=int)
    mixer = Mixer(x, LANES, 4 if x.size > 4_000_000 else 7)
    pace = Pace(LANES, PLAIN_STEPS)
    high, low, largest = (np.empty(x.shape[1]) for _ in range(3))
    steps = 0
    while (draw != _IDLE).any():
        how.check()
        image = mixer.slot()
        image[:] = x
        period.backward(image, -1)
        steps += 1
        taken += 1
        spread(image, x, high, low, largest)
        scale = scale_of(high, low, LANES)
        with np.errstate(invalid="ignore"):
            relative = (largest.reshape(actors, LANES) / scale.max(axis=0)).max(axis=0)
        number = np.isfinite(relative)
        done = (draw != _IDLE) & ((relative <= how.tail_tolerance) | ~number | (taken >= how.tail_steps))
        by_lane = image.reshape(len(image), actors, LANES)
        for lane in np.flatnonzero(done):
            found[draw[lane]] = by_lane[:, :, lane]
            settled[draw[lane]] = relative[lane] <= how.tail_tolerance
        plain = pace.plain(np.where(number, relative, np.inf)) | done | (draw == _IDLE)
        if plain.all():
            mixer.forget()
            x[:] = image
        else:
            mixer.mix(x, scale.reshape(-1), plain, taken == PLAIN_STEPS + 1)
        for lane in np.flatnonzero(done):
            if not number[lane]:
                mixer.clear(int(lane))
                x[:, lane::LANES] = 0.0
            if waiting:
                draw[lane] = waiting.pop()
                period.give(int(lane), numbers, int(draw[lane]))
                x[:, lane::LANES] = _start(game, numbers.draw(int(draw[lane])))
                pace.begin(int(lane), PLAIN_STEPS)
                taken[lane] = 0
            else:
                draw[lane] = _IDLE
    return Streamed(found, settled, steps)


def _start(game: Game, numbers: Numbers) -> Singles:
    """The settlement of one draw, [state, actor], as `settlement` finds it for sixteen."""
    points = flow_payoffs(game, numbers.at(len(numbers.dated_value) - 1)) * game.period_years
    lasting = points[:, :, 0] / (1.0 - numbers.discount[:, 0])
    return lasting[game.payoff_class].astype(np.float32)
