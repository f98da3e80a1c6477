"""A game wound up for one draw at a time: all its stages in flat arrays, and tapes that say how a period is played.

Made once for a game; every new set of numbers is then solved, and mass pushed, in a few calls of compiled code (see
`servanda.kernels.calendar`). Logit play with expected values and at most sixteen actors, one of whom moves at a time;
for other games use `servanda.equilibrium.Period`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from servanda.equilibrium.iteration import Mixer, Pace, scale_of
from servanda.equilibrium.period import Slot, slots_of
from servanda.equilibrium.solve import Settings
from servanda.game import Game, Numbers
from servanda.game.game import flow_payoffs
from servanda.kernels.calendar import ADD, COPY, DIVIDE, MARKED, SWEEP, back, forth
from servanda.kernels.lanes import LANES, aligned
from servanda.kernels.mixing import spread

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
# steps before mixing begins where the continuation starts from that of similar numbers, or from nothing
_WARM, _COLD = 2, 10


@dataclass(frozen=True)
class Tape:
    """How a period is played: steps[step] = (operation, slot or buffer, buffer or number), buffers used, and the buffer
    in which it ends.
    """

    steps: Ints
    buffers: int
    end: int


@dataclass(frozen=True)
class Watch:
    """What is looked for while mass is pushed: marked outcomes in the first four lanes, sets of states in any lane.

    mark[outcome, lane] counts outcomes through all stages, 0 unmarked; absorbs[lane]; kinds: largest mark.
    event_of[period, lane] is a list of states or -1, states[list] and cause[list, stage] what it holds and which stages
    lead into it.
    """

    mark: NDArray[np.int8]
    absorbs: NDArray[np.bool_]
    kinds: int
    event_of: Ints
    states: tuple[Ints, ...]
    cause: NDArray[np.uint8]


@dataclass(frozen=True)
class Pushed:
    """Where mass went: total[period, lane] at every start and at the end, what was caught[period, lane] (before or at
    that start), what took marked outcomes taken[period, lane, kind - 1], and lane 0 by state, starts[period, state].
    """

    total: Floats
    caught: Floats
    taken: Floats
    starts: Singles


@dataclass(frozen=True)
class Wound:
    """Play of one draw: values[state, actor] at the start and at the horizon, odds[period, option], and whether play
    beyond the horizon settled. Good until the reel is used again.
    """

    values: Singles
    terminal: Singles
    odds: Singles
    settled: bool
    steps: int


def fits(game: Game, numbers: Numbers) -> bool:
    """Whether a game can be wound up: logit play, expected values, one mover at a time, at most sixteen actors."""
    return not (numbers.taste or numbers.sharp or game.simultaneous or game.actors > LANES)


class Reel:
    """A game wound up; not to be used by two threads at a time.

    >>> from servanda.game import game_from_tables
    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> found = Reel(game).play(numbers, Settings(tail_tolerance=1e-6))
    >>> round(float(found.values[0, 0]), 4)
    1.4621
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.periods = game.schedule.periods
        self.slots, self.options = slots_of(game)
        self._back = _tape(game, self.slots, backward=True)
        self._forth = _tape(game, self.slots, backward=False)
        buffers = max(self._back.buffers, self._forth.buffers)
        self._values = aligned((buffers, game.states * LANES))
        self._values[:] = 0.0
        self._scratch = aligned((max(1, game.largest_stage) * LANES,))
        self._odds = aligned((self.periods + 1, max(1, self.options)))
        self._odds[:] = 0.0
        self._weight = np.vstack([game.schedule.applies[: self.periods], game.schedule.tail]).astype(np.float32)
        self._anchor: Singles | None = None

    @cached_property
    def _shape(self) -> tuple[Ints, ...]:
        stages = self.game.stages
        rows, options, outcomes, cuts = (
            _starts([length(s) for s in stages])
            for length in (
                lambda s: s.rows, lambda s: s.options, lambda s: len(s.outcome_state), lambda s: len(s.cuts),
            )
        )  # fmt: skip

        def joined(parts: Sequence[Ints]) -> Ints:
            return np.concatenate([np.zeros(0, np.int32), *parts]).astype(np.int32)

        option_start = joined([s.option_start[:-1] + at for s, at in zip(stages, options, strict=False)])
        outcome_start = joined([s.outcome_start[:-1] + at for s, at in zip(stages, outcomes, strict=False)])
        return (
            rows,
            joined([s.state for s in stages]),
            joined([s.mover for s in stages]),
            np.append(option_start, options[-1]).astype(np.int32),
            self._price_classes[0],
            np.append(outcome_start, outcomes[-1]).astype(np.int32),
            joined([s.outcome_state for s in stages]),
            joined([s.outcome_coefficient for s in stages]),
            cuts,
            joined([s.cuts + at for s, at in zip(stages, rows, strict=False)]),
            np.array([s.stage for s in self.slots], dtype=np.int32),
            np.array([s.options.start for s in self.slots], dtype=np.int32),
        )

    @cached_property
    def _price_classes(self) -> tuple[Ints, sparse.csr_array]:
        """The list of prices of every option, and the matrix from coefficients to lists: [class * 16 + actor, c]."""
        known: dict[bytes, int] = {b"": 0}
        lists: list[tuple[Ints, Ints]] = [(np.zeros(0, np.int32), np.zeros(0, np.int32))]
        found = []
        for stage in self.game.stages:
            both = np.stack([stage.price_actor, stage.price_coefficient], axis=1)
            for o in range(stage.options):
                part = both[stage.price_start[o] : stage.price_start[o + 1]]
                key = part.tobytes()
                if key not in known:
                    known[key] = len(lists)
                    lists.append((part[:, 0], part[:, 1]))
                found.append(known[key])
        rows = [i * LANES + actor for i, (actor, _) in enumerate(lists)]
        at, coefficients = np.concatenate(rows), np.concatenate([c for _, c in lists])
        shape = (len(lists) * LANES, int(coefficients.max(initial=0)) + 1)
        return np.array(found, dtype=np.int32), sparse.csr_array((np.ones(len(at)), (at, coefficients)), shape=shape)

    def _load(self, numbers: Numbers) -> None:
        """Write coefficients, prices and payoffs of one draw where the kernels read them."""
        if numbers.draws != 1 or not fits(self.game, numbers):
            raise ValueError("a reel takes one draw of logit play in which one actor moves at a time")
        game, last = self.game, len(numbers.dated_value) - 1
        dated = len(numbers.dated) > 0
        tables = [numbers.at(t)[:, 0] for t in (*range(self.periods), last)] if dated else [numbers.coefficient[:, 0]]
        stacked = np.stack(tables, axis=1)
        self._coefficient = np.ascontiguousarray(stacked.T, dtype=np.float32)
        each = np.arange(self.periods + 1, dtype=np.int32)
        none = np.zeros(self.periods + 1, dtype=np.int32)
        self._table_of = each if dated else none
        matrix = self._price_classes[1]
        moving = dated and bool(np.isin(numbers.dated, matrix.indices).any())
        used = stacked[: matrix.shape[1]] if moving else stacked[: matrix.shape[1], :1]
        self._price = np.ascontiguousarray((matrix @ used).T, dtype=np.float32)
        self._price_of = each if moving else none
        payoffs = game.payoff_matrix
        moving = dated and bool(np.isin(numbers.dated, payoffs.indices).any())
        points = flow_payoffs(game, stacked if moving else stacked[:, :1]) * game.period_years
        flow = np.zeros((points.shape[2], points.shape[0], LANES), dtype=np.float32)
        flow[:, :, : game.actors] = np.moveaxis(points, 2, 0)
        self._flow = flow.reshape(len(flow), -1)
        self._flow_of = each if moving else none
        self._rate = aligned((LANES,))
        self._rate[:] = 0.0
        self._rate[: game.actors] = numbers.discount[:, 0]
        self._precision = np.zeros(LANES, dtype=np.float32)
        self._precision[: game.actors] = numbers.precision[:, 0]

    def _carry(self, periods: Ints) -> None:
        back(
            *self._shape, self._back.steps, self._back.end, self._coefficient, self._table_of, self._price,
            self._price_of, self._flow, self._flow_of, self._weight, self._rate, self._precision,
            self.game.payoff_class, periods, self._values, self._scratch, self._odds,
        )  # fmt: skip

    def play(self, numbers: Numbers, how: Settings, warm: Singles | None = None) -> Wound:
        """Solve one draw.

        Parameters
        ----------
        numbers : of a single draw
        how : whose `tail_tolerance`, `tail_steps` and `stop` count
        warm : terminal values[state, actor] of similar numbers, from which the continuation starts; without them
            those it is anchored at, if there are any

        Raises
        ------
        InterruptedSolveError
            If `how.stop` is set meanwhile.
        ValueError
            For a game that a reel does not take (`fits`).
        """
        self._load(numbers)
        warm = self._anchor if warm is None else warm
        actors, states = self.game.actors, self.game.states
        terminal = self._values[self._back.end].reshape(states, LANES)
        terminal[:] = 0.0
        if warm is None:
            lasting = self._flow[self._flow_of[-1]].reshape(-1, LANES)[self.game.payoff_class, :actors]
            terminal[:, :actors] = lasting / (1.0 - self._rate[:actors])
        else:
            terminal[:, :actors] = warm
        settled, steps = self._settle(terminal[:, :actors], how, _COLD if warm is None else _WARM)
        closing = terminal[:, :actors].copy()
        for t in reversed(range(self.periods)):
            how.check()
            self._carry(np.array([t], dtype=np.int32))
        return Wound(terminal[:, :actors].copy(), closing, self._odds[: self.periods], settled, steps)

    def anchor(self, numbers: Numbers, how: Settings) -> None:
        """Let every later continuation start from that of these numbers."""
        self._anchor = self.play(numbers, how).terminal

    def _settle(self, terminal: Singles, how: Settings, plain_steps: int) -> tuple[bool, int]:
        """Iterate values beyond the horizon until they last (see `servanda.equilibrium.solve`)."""
        beyond = np.array([self.periods], dtype=np.int32)
        # a copy in any case: the view of a game of one state, or of sixteen actors, is contiguous itself
        start = np.array(terminal, order="C")
        mixer, pace = Mixer(start, 1, 5), Pace(1, plain_steps)
        x = start
        high, low, largest = (np.empty(x.shape[1]) for _ in range(3))
        for count in range(1, how.tail_steps + 1):
            how.check()
            terminal[:] = x
            self._carry(beyond)
            image = mixer.slot()
            image[:] = terminal
            spread(image, x, high, low, largest)
            scale = scale_of(high, low, 1)
            relative = (largest[:, None] / scale.max(axis=0)).max(axis=0)
            if relative[0] <= how.tail_tolerance or not np.isfinite(relative[0]):
                return bool(np.isfinite(relative[0])), count
            plain = pace.plain(relative)
            if plain.all():
                mixer.forget()
                x[:] = image
            else:
                mixer.mix(x, scale.reshape(-1), plain)
        return False, how.tail_steps

    def push(self, mass: Singles, watch: Watch, *, keep: bool = False) -> Pushed:
        """Push masses[state, lane] from the start of the calendar to its end under the odds of the last `play`.

        With `keep`, the distribution of lane 0 is kept at every start.
        """
        first = self._values[0].reshape(self.game.states, LANES)
        first[:] = 0.0
        first[:, : mass.shape[1]] = mass
        lists = watch.states
        total = np.zeros((self.periods + 1, LANES))
        caught = np.zeros((self.periods + 1, LANES))
        taken = np.zeros((self.periods, MARKED, max(1, watch.kinds)))
        starts = np.zeros((self.periods + 1 if keep else 0, self.game.states), dtype=np.float32)
        forth(
            *self._shape, self._forth.steps, self._forth.end, self._coefficient, self._table_of, self._weight,
            watch.mark, watch.absorbs, watch.event_of, _starts([len(x) for x in lists]),
            np.concatenate([np.zeros(0, np.int32), *lists]).astype(np.int32), watch.cause, self.periods, self._values,
            self._scratch, self._odds, total, caught, taken, starts,
        )  # fmt: skip
        return Pushed(total, caught, taken, starts)


def _starts(lengths: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def _tape(game: Game, slots: Sequence[Slot], *, backward: bool) -> Tape:
    """The steps of a period, a set of remaining blocks at a time (see `servanda.equilibrium.period`)."""
    index = {(s.stage, s.remaining, s.block): i for i, s in enumerate(slots)}
    schedule, blocks = game.schedule, range(len(game.schedule.blocks))
    full = (1 << len(blocks)) - 1
    steps: list[tuple[int, int, int]] = []
    free: list[int] = []
    made = 1

    def sweep(stages: Sequence[int], remaining: int, block: int, buffer: int) -> None:
        passed = reversed(stages) if backward else stages
        steps.extend((SWEEP, index[stage, remaining, block], buffer) for stage in passed)

    sweep(schedule.closing if backward else schedule.opening, 0, -2 if backward else -1, 0)
    # the buffer of each set: blocks still to come after it on the way back, before it on the way forward
    at = {0 if backward else full: 0}
    sets = sorted(range(full + 1), key=int.bit_count, reverse=not backward)
    readers = {r: [b for b in blocks if bool(r >> b & 1) != backward] for r in sets}
    for remaining in sets:
        if remaining not in at:
            continue
        here, to_come = at[remaining], readers[remaining]
        count = remaining.bit_count()
        if count > 1:
            steps.append((DIVIDE, here, count))
        for number, block in enumerate(to_come):
            buffer = here
            if number < len(to_come) - 1:
                if free:
                    buffer = free.pop()
                else:
                    buffer, made = made, made + 1
                steps.append((COPY, here, buffer))
            other = remaining ^ (1 << block)
            sweep(schedule.blocks[block], other if backward else remaining, block, buffer)
            if other in at:
                steps.append((ADD, at[other], buffer))
                free.append(buffer)
            else:
                at[other] = buffer
    end = at[full if backward else 0]
    sweep(schedule.opening if backward else schedule.closing, 0, -1 if backward else -2, end)
    return Tape(np.array(steps, dtype=np.int32).reshape(-1, 3), made, end)
