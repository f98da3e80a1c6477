"""The first periods of a case as a game in extensive or strategic form, for Gambit's files.

The calendar is unrolled from the start of the case: chance, nature's toss of who moves first, every decision. What an
actor gets is the present value at the start, discounted period by period: the prices and flow payoffs of the periods
unrolled, and at the cut what the solved case is worth from there on. Decisions taken at once share information sets;
all others are taken in the knowledge of everything before.

A precision λ of the case is per point of the period in which somebody chooses; in the tree all points are those of the
start. `Unfolded.precision` has the λ of each information set that makes play of the tree the play of the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from servanda.bridges.nfg import Strategic, strategic
from servanda.bridges.strategic_form import strategic_form
from servanda.bridges.tree import CHANCE, NOBODY, InformationSet, Node, Outcome, Tree, exact, exact_odds
from servanda.compile import Compiled
from servanda.equilibrium import Period, Slot, Solution
from servanda.errors import ServandaError

Floats = NDArray[np.float64]
NODE_LIMIT = 100_000
PROFILE_LIMIT = 10_000


class TooManyNodesError(ServandaError):
    """The tree would be larger than allowed."""


@dataclass(frozen=True)
class Unfolded:
    """A tree of the first periods: precision[set] (0 for chance), values[actor] at the root in the solved case."""

    tree: Tree
    periods: int
    precision: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class _Place:
    """Where play stands: `run[index]` of a period, the drawn blocks still to move, and whether closing has begun."""

    period: int
    run: tuple[Slot, ...]
    index: int
    remaining: int
    closing: bool


@dataclass
class _Task:
    """A node to be made as a child of `parent`; `choices` were made already at a point where several move at once."""

    parent: int
    state: int
    place: _Place
    paid: Floats
    choices: tuple[int, ...] = ()
    seats: tuple[int, ...] = ()
    lands: tuple[tuple[int, float], ...] = ()
    name: str = ""


def unfold(compiled: Compiled, solution: Solution, periods: int, *, draw: int = 0, limit: int = NODE_LIMIT) -> Unfolded:
    """The first periods of a solved case as a tree.

    Parameters
    ----------
    periods : how many periods from the start of the case, from 1 up to its horizon
    limit : most nodes

    Raises
    ------
    TooManyNodesError
        If the tree has more nodes.
    ServandaError
        If the case has no such number of periods, or values that pay for noise (`values: taste`).

    >>> from servanda.case import read
    >>> from servanda.compile import compile_case
    >>> from servanda.equilibrium import solve
    >>> compiled = compile_case(read("theory/pledge"))
    >>> unfolded = unfold(compiled, solve(compiled.game, compiled.numbers()), 1)
    >>> unfolded.tree.perfect, len(unfolded.tree.players) == len(compiled.case.actors)
    (True, True)
    """
    if not 1 <= periods <= solution.periods:
        raise ServandaError(f"{periods} periods: the case has 1 to {solution.periods}")
    if solution.numbers.taste:
        raise ServandaError("values that pay for noise (`values: taste`) belong to no tree; other programs have none")
    return _Unfolding(compiled, solution.draw(draw), periods, limit).unfolded()


def strategic_form_of(unfolded: Unfolded, *, limit: int = PROFILE_LIMIT) -> Strategic:
    """The reduced strategic form of a tree, payoffs rounded to floats.

    Raises
    ------
    GameError
        If there are more than `limit` profiles of plans.
    """
    form = strategic_form(unfolded.tree, limit=limit)
    rounded = np.array([exact(float(x)) for x in form.exact.ravel()], dtype=object).reshape(form.exact.shape)
    return strategic(form.title, form.players, form.strategies, rounded, form.comment)


class _Unfolding:
    def __init__(self, compiled: Compiled, solution: Solution, periods: int, limit: int) -> None:
        self.compiled, self.solution, self.periods, self.limit = compiled, solution, periods, limit
        self.game = compiled.game
        self.period = Period(self.game, solution.numbers, threads=False)
        self.tables = [self.period.table(t)[:, 0] for t in range(periods)]
        self.flows = [self.period.flow(t).copy() for t in range(periods)]
        self.discount = solution.numbers.discount[:, 0]
        self.values = _values_at(self.period, solution, periods)
        self.full = (1 << len(self.game.schedule.blocks)) - 1
        self.heads = {group[0]: self.game.together[group[-1]] for group in self.game.simultaneous}
        rest = {stage for group in self.game.simultaneous for stage in group[1:]}
        self.slots = [s for s in self.period.slots if s.stage not in rest]
        self.runs: dict[tuple[int, int, int], tuple[Slot, ...]] = {}
        self.row: dict[int, NDArray[np.int64]] = {}
        for s in self.slots:
            at = self.heads[s.stage].state if s.stage in self.heads else self.game.stages[s.stage].state
            rows = np.full(self.game.states, -1)
            rows[at] = np.arange(len(at))
            self.row[s.stage] = rows
        self.sets: list[InformationSet] = []
        self.precision: list[float] = []
        self.ends: list[Floats] = []
        self.named: dict[int, str] = {}
        self.odds: dict[tuple[float, ...], tuple[Fraction, ...]] = {}
        self.nodes: list[tuple[str, int, int, list[int]]] = []
        self.counted = [0] * (self.game.actors + 1)
        self.tasks: list[_Task] = []

    def run(self, period: int, remaining: int, block: int) -> tuple[Slot, ...]:
        """The stages of one run that act in a period."""
        key = (period, remaining, block)
        if key not in self.runs:
            self.runs[key] = tuple(
                s
                for s in self.slots
                if (s.remaining, s.block) == (remaining, block) and self.period.weight(s, period) != 0.0
            )
        return self.runs[key]

    def begin(self, period: int) -> _Place:
        return _Place(period, self.run(period, 0, -1) if period < self.periods else (), 0, self.full, closing=False)

    def unfolded(self) -> Unfolded:
        case, start = self.compiled.case, np.flatnonzero(self.game.start > 0.0)
        nothing = np.zeros(self.game.actors)
        lands = tuple((int(s), float(self.game.start[s])) for s in start)
        self.tasks.append(_Task(-1, int(start[0]), self.begin(0), nothing, lands=lands, name="the start"))
        while self.tasks:
            self.make(self.tasks.pop())
            if len(self.nodes) > self.limit:
                raise TooManyNodesError(
                    f"{self.periods} {'period makes' if self.periods == 1 else 'periods make'} a tree of more than "
                    f"{self.limit:,} nodes; take fewer periods, or a single draft"
                )
        comment = (
            f"{self.periods} of {self.solution.periods} periods of {case.name} from {case.start.isoformat()}. Payoffs "
            "are points of present value at the start, with the value of the solved case at the cut."
        )
        outcomes = tuple(
            Outcome(k, "", tuple(exact(x) for x in total.tolist())) for k, total in enumerate(self.ends, start=1)
        )
        players = tuple(a.title for a in case.actors)
        tree = Tree(
            case.title, comment, players, tuple(self.sets), outcomes,
            tuple(Node(name, where, paid, tuple(children)) for name, where, paid, children in self.nodes),
        )  # fmt: skip
        values = self.game.start @ _values_at(self.period, self.solution, 0)
        return Unfolded(tree, self.periods, np.array(self.precision), np.asarray(values))

    def make(self, task: _Task) -> None:
        """Make the next node of a play, and leave its children as tasks."""
        if len(task.lands) > 1:
            self.chance(task, task.lands, task.name)
            return
        state = task.lands[0][0] if task.lands else task.state
        place, paid = task.place, task.paid
        while True:
            if place.period == self.periods:
                self.finish(task.parent, state, paid)
                return
            if place.index < len(place.run):
                slot = place.run[place.index]
                row = int(self.row[slot.stage][state])
                after = _Place(place.period, place.run, place.index + 1, place.remaining, place.closing)
                if row >= 0:
                    ahead = self.stage(task, slot, row, state, place, after, paid)
                    if ahead is None:
                        return
                    state, paid = ahead
                place = after
            elif place.closing:
                scale = self.discount**place.period
                paid = paid + scale * self.flows[place.period][self.game.payoff_class[state]]
                place = self.begin(place.period + 1)
            elif place.remaining == 0:
                place = _Place(place.period, self.run(place.period, 0, -2), 0, 0, closing=True)
            else:
                blocks = [b for b in range(len(self.game.schedule.blocks)) if place.remaining >> b & 1]
                ways = [
                    _Place(
                        place.period, self.run(place.period, place.remaining, b), 0, place.remaining ^ (1 << b), False
                    )
                    for b in blocks
                ]
                acting = (any(self.row[s.stage][state] >= 0 for s in w.run) for w in ways)
                if len(ways) > 1 and any(acting):
                    first = [self.game.stages[w.run[0].stage].name if w.run else "nobody" for w in ways]
                    node = self.node(task.parent, "who is next", self.chance_set(first, [1.0 / len(ways)] * len(ways)))
                    self.push([_Task(node, state, w, paid) for w in ways])
                    return
                place = ways[0]  # the only one left, or nobody can do anything here

    def stage(
        self, task: _Task, slot: Slot, row: int, state: int, place: _Place, after: _Place, paid: Floats
    ) -> tuple[int, Floats] | None:
        """Play a stage: where it leads and what was paid if there is nothing to choose or toss, None otherwise."""
        if slot.stage in self.heads:
            self.together(task, slot, row, state, place, after, paid)
            return None
        stage, table = self.game.stages[slot.stage], self.tables[place.period]
        options = range(int(stage.option_start[row]), int(stage.option_start[row + 1]))
        mover = int(stage.mover[row])
        weight = self.period.weight(slot, place.period) if mover < 0 else 1.0
        tasks = []
        for o in options:
            prices = slice(stage.price_start[o], stage.price_start[o + 1])
            after_price = paid.copy()
            scale = self.discount**place.period
            np.add.at(
                after_price, stage.price_actor[prices],
                -weight * scale[stage.price_actor[prices]] * table[stage.price_coefficient[prices]],
            )  # fmt: skip
            ends: dict[int, float] = {}
            for k in range(stage.outcome_start[o], stage.outcome_start[o + 1]):
                to = int(stage.outcome_state[k])
                ends[to] = ends.get(to, 0.0) + weight * float(table[stage.outcome_coefficient[k]])
            if weight != 1.0:
                ends[state] = ends.get(state, 0.0) + 1.0 - weight
            lands = tuple((to, odds) for to, odds in ends.items() if odds > 0.0)
            tasks.append(_Task(task.parent, state, after, after_price, lands=lands, name=stage.name))
        if len(options) == 1:
            (only,) = tasks
            if len(only.lands) == 1:
                return only.lands[0][0], only.paid
            self.chance(only, only.lands, stage.name)
            return None
        labels = [self.game.labels.options[int(stage.label[o])] for o in options]
        where = self.information(mover, f"{self.date(place.period)} {stage.name}", labels, place.period)
        node = self.node(task.parent, self.label(state), where)
        for t in tasks:
            t.parent = node
        self.push(tasks)
        return None

    def together(
        self, task: _Task, slot: Slot, row: int, state: int, place: _Place, after: _Place, paid: Floats
    ) -> None:
        """One seat after the other of those who move at once; nobody's set tells what the others have taken."""
        group, choices = self.heads[slot.stage], task.choices
        counts = group.count[row]
        seats = task.seats
        if not seats:
            seats = tuple(
                self.information(
                    int(mover), f"{self.date(place.period)} {self.game.stages[stage].name}",
                    self.seat_labels(group.stages, group.first[row, k], int(counts[k])), place.period,
                )
                if mover >= 0 and counts[k] > 1
                else NOBODY
                for k, (mover, stage) in enumerate(zip(group.mover[row], group.stages, strict=True))
            )  # fmt: skip
        while len(choices) < len(counts) and seats[len(choices)] == NOBODY:
            choices = (*choices, 0)
        if len(choices) < len(counts):
            name = self.label(state)
            node = self.node(task.parent, name, seats[len(choices)])
            self.push([
                _Task(node, state, place, paid, (*choices, c), seats) for c in range(int(counts[len(choices)]))
            ])  # fmt: skip
            return
        cost, table = paid.copy(), self.tables[place.period]
        for o in group.first[row] + np.array(choices):
            prices = slice(group.price_start[o], group.price_start[o + 1])
            who = group.price_actor[prices]
            np.add.at(cost, who, -(self.discount**place.period)[who] * table[group.price_coefficient[prices]])
        profile = int(np.ravel_multi_index(choices, tuple(counts)))
        end = int(group.terminal[group.profile_start[row] + profile])
        self.tasks.append(_Task(task.parent, end, after, cost))

    def seat_labels(self, stages: tuple[int, ...], first: int, count: int) -> list[str]:
        every = np.concatenate([self.game.stages[s].label for s in stages])
        return [self.game.labels.options[int(every[first + c])] for c in range(count)]

    def chance(self, task: _Task, lands: Sequence[tuple[int, float]], name: str) -> None:
        labels = [self.label(to) for to, _ in lands]
        node = self.node(task.parent, name, self.chance_set(labels, [p for _, p in lands]))
        self.push([_Task(node, to, task.place, task.paid) for to, _ in lands])

    def chance_set(self, labels: Sequence[str], odds: Sequence[float]) -> int:
        key = tuple(odds)
        if key not in self.odds:
            self.odds[key] = exact_odds(key)
        return self.add_set(CHANCE, "", labels, self.odds[key], 0.0)

    def information(self, actor: int, name: str, labels: Sequence[str], period: int) -> int:
        scale = float(self.discount[actor] ** period)
        return self.add_set(actor, name, labels, (), float(self.solution.numbers.precision[actor, 0]) / scale)

    def add_set(
        self, player: int, name: str, labels: Sequence[str], odds: tuple[Fraction, ...], precision: float
    ) -> int:
        self.counted[player] += 1
        number = self.counted[player]
        said = f"{name}, {number}" if name else ""
        if len(set(labels)) < len(labels):
            labels = [f"{k}: {text}" for k, text in enumerate(labels, start=1)]
        self.sets.append(InformationSet(player, number, said, tuple(labels), odds))
        self.precision.append(precision)
        return len(self.sets) - 1

    def node(self, parent: int, name: str, where: int, outcome: int = -1) -> int:
        # no two nodes, and no two of a player's sets, may be called the same (Gambit 17)
        self.nodes.append((f"{len(self.nodes) + 1} {name}", where, outcome, []))
        if parent >= 0:
            self.nodes[parent][3].append(len(self.nodes) - 1)
        return len(self.nodes) - 1

    def finish(self, parent: int, state: int, paid: Floats) -> None:
        total = paid + self.discount**self.periods * self.values[state]
        self.ends.append(total)
        self.node(parent, self.label(state), NOBODY, len(self.ends) - 1)

    def label(self, state: int) -> str:
        if state not in self.named:
            self.named[state] = self.game.labels.state(state)
        return self.named[state]

    def push(self, tasks: list[_Task]) -> None:
        self.tasks.extend(reversed(tasks))

    def date(self, period: int) -> str:
        return self.compiled.dates[period].isoformat()


def _values_at(period: Period, solution: Solution, start: int) -> Floats:
    """Values [state, actor] of the solved case at the start of a period."""
    values = solution.terminal.copy()
    for t in reversed(range(start, solution.periods)):
        period.backward(values, t)
    return values
