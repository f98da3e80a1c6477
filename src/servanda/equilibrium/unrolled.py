"""The stationary continuation of a compiled game, written out as a `MarkovGame`.

A period is unrolled into nodes: a node is a state at a place in the period where something may happen to it (a stage
with a row for that state, a group of stages that move at once, nature's draw of the next block). Places that leave a
state as it is are skipped. A last node per state collects flow payoffs and discounts; there the next period begins.
The period is the average one beyond the calendar, as `Period.backward` with period -1 has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium.period import Period, Slot
from servanda.errors import ServandaError
from servanda.game import Game, Numbers
from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NODE_LIMIT = 20_000


class TooLargeError(ServandaError):
    """The unrolled game would have more nodes than allowed."""


@dataclass(frozen=True)
class Unrolled:
    """A period for ever: the game, first[state] (the node at which a state begins its period, -1 where it was left
    out), and which option of the period's odds (see `Period.slots`) each option of the game is. `precision[actor]` and
    `taste` are those of the numbers it was made from.
    """

    game: MarkovGame
    first: Ints
    option: Ints
    precision: Floats
    taste: bool

    def odds(self, of_period: Floats) -> Floats:
        """Odds of the game's options from the period's odds of one draw, `Period.odds(…)[:, draw]`."""
        return np.asarray(of_period[self.option])


def unroll(game: Game, numbers: Numbers, draw: int = 0, *, reached: bool = False, limit: int = NODE_LIMIT) -> Unrolled:
    """Write the stationary continuation of one draw as a `MarkovGame`.

    Parameters
    ----------
    reached : leave out states in which no average period begins, coming from the game's start
    limit : most nodes allowed

    Raises
    ------
    TooLargeError
        If it has more than `limit` nodes.

    >>> from servanda.game import game_from_tables
    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> unrolled = unroll(game, numbers)
    >>> unrolled.game.states, unrolled.first.tolist(), unrolled.option.tolist()
    (2, [0], [0, 1])
    """
    return _Sheet(game, numbers.draw(draw), limit).unrolled(reached=reached)


@dataclass(frozen=True)
class _Place:
    """A place in the period: `slots[index]` of one run of slots, what the run leads to after its end.

    A run is the opening, one block in one context, or the closing; `index` may be past its end. `remaining` are the
    drawn blocks still to come after the run.
    """

    run: tuple[Slot, ...]
    index: int
    remaining: int
    closing: bool


class _Sheet:
    """Nodes as they are found."""

    def __init__(self, game: Game, numbers: Numbers, limit: int) -> None:
        self.game, self.numbers, self.limit = game, numbers, limit
        self.period = Period(game, numbers, threads=False)
        self.table = self.period.table(-1)[:, 0]
        self.flow = self.period.flow(-1)
        heads = {group[0]: group[-1] for group in game.simultaneous}
        self.head = {first: game.together[last] for first, last in heads.items()}
        rest = {stage for group in game.simultaneous for stage in group[1:]}
        slots = [s for s in self.period.slots if s.stage not in rest and self.period.weight(s, -1) != 0.0]
        self.opening = tuple(s for s in slots if s.block == -1)
        self.closing = tuple(s for s in slots if s.block == -2)
        self.blocks = {
            (remaining, b): tuple(s for s in slots if (s.remaining, s.block) == (remaining, b))
            for remaining in range(1, 1 << len(game.schedule.blocks))
            for b in range(len(game.schedule.blocks))
            if remaining >> b & 1
        }
        self.row: dict[int, Ints] = {}
        for s in slots:
            if s.stage not in self.row:
                rows = np.full(game.states, -1)
                at = self.head[s.stage].state if s.stage in self.head else game.stages[s.stage].state
                rows[at] = np.arange(len(at))
                self.row[s.stage] = rows
        self.known: dict[tuple[int, int, int], int] = {}
        self.waiting: list[tuple[str, int, _Place, tuple[int, ...]]] = []
        self.seats: list[int] = [0]
        self.actor: list[int] = []
        self.choices: list[int] = []
        self.option: list[int] = []
        self.reward: list[Floats] = []
        self.outcome_start: list[int] = [0]
        self.outcome_state: list[int] = []
        self.outcome_odds: list[float] = []
        self.label: list[tuple[str, int]] = []

    def unrolled(self, *, reached: bool) -> Unrolled:
        game = self.game
        begin = _Place(self.opening, 0, (1 << len(game.schedule.blocks)) - 1, closing=False)
        first = np.full(game.states, -1)
        for s in np.flatnonzero(game.start) if reached else range(game.states):
            first[s] = self.node(begin, int(s))
        discount: list[Floats] = []
        nodes = 0
        while nodes < len(self.waiting):
            kind, state, place, lands = self.waiting[nodes]
            discount.append(self.numbers.discount[:, 0] if kind == "end" else np.ones(game.actors))
            if kind == "end":
                first[state] = self.node(begin, state)
                self.profile(self.flow[game.payoff_class[state]], [(int(first[state]), 1.0)])
                self.label.append(("the end of a period", state))
            elif kind == "draw":
                self.profile(np.zeros(game.actors), [(n, 1.0 / len(lands)) for n in lands])
                self.label.append(("whose turn comes next", state))
            else:
                self.stage(state, place)
            self.seats.append(len(self.actor))
            nodes += 1
        start = np.zeros(nodes)
        begins = np.flatnonzero(game.start)
        np.add.at(start, first[begins], game.start[begins])
        named, option = self.label, np.array(self.option, dtype=np.int64)
        labels = _option_labels(self.period)
        whole = MarkovGame(
            np.array(self.seats), np.array(self.actor, dtype=np.int64), np.array(self.choices, dtype=np.int64),
            np.array(self.reward), np.array(self.outcome_start), np.array(self.outcome_state),
            np.array(self.outcome_odds), np.array(discount), start,
            lambda node: f"{named[node][0]}: {game.labels.state(named[node][1])}",
            game.labels.actors,
            lambda k: game.labels.options[int(labels[option[k]])],
        )  # fmt: skip
        return Unrolled(whole, first, option, self.numbers.precision[:, 0].copy(), self.numbers.taste)

    def node(self, place: _Place, state: int) -> int:
        """The first node at or after a place where something may happen to a state."""
        while True:
            if place.index < len(place.run):
                slot = place.run[place.index]
                if self.row[slot.stage][state] >= 0:
                    return self.new("stage", state, (slot.options.start, slot.stage), place)
                place = _Place(place.run, place.index + 1, place.remaining, place.closing)
            elif place.closing:
                return self.new("end", state, (-1, -1), place)
            elif place.remaining == 0:
                place = _Place(self.closing, 0, 0, closing=True)
            else:
                next_ = [
                    self.node(_Place(run, 0, place.remaining ^ (1 << b), closing=False), state)
                    for (remaining, b), run in self.blocks.items()
                    if remaining == place.remaining
                ]
                if len(set(next_)) == 1:
                    return next_[0]
                return self.new("draw", state, (-2, place.remaining), place, tuple(next_))

    def new(self, kind: str, state: int, where: tuple[int, int], place: _Place, lands: tuple[int, ...] = ()) -> int:
        known = self.known.get((*where, state))
        if known is None:
            known = self.known[(*where, state)] = len(self.waiting)
            self.waiting.append((kind, state, place, lands))
            if known >= self.limit:
                raise TooLargeError(
                    f"written out, the stationary continuation has more than {self.limit:,} nodes, too many for the "
                    "stationary engine; use fewer levels, or stay with the calendar engine"
                )
        return known

    def profile(self, reward: Floats, outcomes: list[tuple[int, float]]) -> None:
        self.reward.append(reward)
        kept = [(to, odds) for to, odds in outcomes if odds != 0.0]
        self.outcome_state += [to for to, _ in kept]
        self.outcome_odds += [odds for _, odds in kept]
        self.outcome_start.append(len(self.outcome_state))

    def stage(self, state: int, place: _Place) -> None:
        """The profiles of a stage, or of a group of stages that move at once, at a state."""
        slot = place.run[place.index]
        after = _Place(place.run, place.index + 1, place.remaining, place.closing)
        stage, row = self.game.stages[slot.stage], int(self.row[slot.stage][state])
        self.label.append((stage.name, state))
        if slot.stage in self.head:
            self.together(slot, row, after)
            return
        options = range(int(stage.option_start[row]), int(stage.option_start[row + 1]))
        chance = stage.mover[row] < 0
        weight = self.period.weight(slot, -1) if chance else 1.0
        if not chance:
            self.actor.append(int(stage.mover[row]))
            self.choices.append(len(options))
            self.option += [slot.options.start + o for o in options]
        for o in options:
            prices = slice(stage.price_start[o], stage.price_start[o + 1])
            reward = np.zeros(self.game.actors)
            np.add.at(reward, stage.price_actor[prices], -weight * self.table[stage.price_coefficient[prices]])
            ends = range(stage.outcome_start[o], stage.outcome_start[o + 1])
            chances = weight * self.table[stage.outcome_coefficient[ends.start : ends.stop]]
            outcomes = [
                (self.node(after, int(stage.outcome_state[k])), float(p)) for k, p in zip(ends, chances, strict=True)
            ]
            if weight != 1.0:
                outcomes.append((self.node(after, state), 1.0 - weight))
            self.profile(reward, outcomes)

    def together(self, slot: Slot, row: int, after: _Place) -> None:
        group = self.head[slot.stage]
        counts = group.count[row]
        for seat in np.flatnonzero(group.mover[row] >= 0):
            self.actor.append(int(group.mover[row, seat]))
            self.choices.append(int(counts[seat]))
            first = slot.options.start + int(group.first[row, seat])
            self.option += range(first, first + int(counts[seat]))
        for place, choice in enumerate(np.ndindex(*counts)):
            reward = np.zeros(self.game.actors)
            for o in group.first[row] + np.array(choice):
                prices = slice(group.price_start[o], group.price_start[o + 1])
                np.add.at(reward, group.price_actor[prices], -self.table[group.price_coefficient[prices]])
            end = int(group.terminal[group.profile_start[row] + place])
            self.profile(reward, [(self.node(after, end), 1.0)])


def _option_labels(period: Period) -> NDArray[np.int32]:
    """Label of every option of the period's odds."""
    found = np.zeros(period.options, dtype=np.int32)
    for slot in period.slots:
        found[slot.options] = period.game.stages[slot.stage].label
    return found
