"""Games as frozen arrays: structure (states, stages, schedule) apart from numbers (the coefficient table).

A period is a chain of *stages*, each a sparse operator on the same set of states: first the opening stages (clock of
the deal, calendar, chance), then blocks of decision stages whose order nature draws, then closing stages, then flow
payoffs. Structure never depends on parameter values; every probability, price and payoff is an index into the
coefficient table of `Numbers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from servanda.game.together import Together, together_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Term:
    """A named payoff term of one actor (index into `Labels.actors`); flow terms are points per year, prices points."""

    actor: int
    name: str


@dataclass(frozen=True)
class Stage:
    """One stage of a period: rows are the states where something may happen; other states pass unchanged.

    state[row], mover[row] (actor index, -1 for chance), option_start[row + 1], label[option] (index into
    `Labels.options`), price_start[option + 1], price_term[j], price_actor[j], price_coefficient[j],
    outcome_start[option + 1], outcome_state[k], outcome_coefficient[k]. `name` is the decision point or chance event.
    """

    name: str
    state: Ints
    mover: Ints
    option_start: Ints
    label: Ints
    price_start: Ints
    price_term: Ints
    price_actor: Ints
    price_coefficient: Ints
    outcome_start: Ints
    outcome_state: Ints
    outcome_coefficient: Ints

    @property
    def rows(self) -> int:
        """Number of states where the stage acts."""
        return len(self.state)

    @property
    def options(self) -> int:
        """Number of options over all rows."""
        return len(self.label)

    @cached_property
    def row_of_option(self) -> Ints:
        """Row of each option."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.option_start))

    @cached_property
    def option_of_outcome(self) -> Ints:
        """Option of each outcome."""
        return np.repeat(np.arange(self.options, dtype=np.int32), np.diff(self.outcome_start))

    @cached_property
    def source_of_outcome(self) -> Ints:
        """State from which each outcome leads away."""
        return self.state[self.row_of_option[self.option_of_outcome]]

    @cached_property
    def option_of_price(self) -> Ints:
        """Option of each price."""
        return np.repeat(np.arange(self.options, dtype=np.int32), np.diff(self.price_start))

    @cached_property
    def row_of_price(self) -> Ints:
        """Row of each price."""
        return self.row_of_option[self.option_of_price]

    @cached_property
    def cuts(self) -> Ints:
        """Rows at which the stage falls apart: no outcome of a row before a cut leads to the state of a row from it on,
        nor the other way round. The first is 0, the last the number of rows.

        >>> from servanda.game.tables import game_from_tables
        >>> row = [[0, 1]] * 2 + [[2, 3]] * 2
        >>> game, _ = game_from_tables([0] * 4, [[0]] * 4, [[r] for r in row], [[[0.5, 0.5]]] * 4, [[[0.0]]] * 4,
        ...     discount=[0.9], precision=[1.0])
        >>> game.stages[0].cuts.tolist()
        [0, 2, 4]
        """
        if self.rows == 0:
            return np.zeros(1, dtype=np.int32)
        start = self.outcome_start[self.option_start[:-1]]
        highest = np.maximum(np.maximum.reduceat(self.outcome_state, start), self.state)
        lowest = np.minimum(np.minimum.reduceat(self.outcome_state, start), self.state)
        before = np.maximum.accumulate(highest)[:-1]
        after = np.minimum.accumulate(lowest[::-1])[::-1][1:]
        inside = np.flatnonzero(before < after) + 1
        return np.concatenate(([0], inside, [self.rows])).astype(np.int32)

    @cached_property
    def structure(self) -> tuple[Ints, ...]:
        """The arrays in the order that the kernels take them."""
        return (
            self.state, self.mover, self.option_start, self.price_start, self.price_actor, self.price_coefficient,
            self.outcome_start, self.outcome_state, self.outcome_coefficient,
        )  # fmt: skip


@dataclass(frozen=True)
class Schedule:
    """Order of the stages in a period.

    `opening` and `closing` are stage indices in order. `blocks` are drawn: in every period nature picks, one after the
    other and with equal odds, which block comes next. `applies[period, stage]` is 1 where a stage acts, 0 where a dated
    event does not happen (its last row is one period past the calendar); `tail[stage]` is its share in an average
    period beyond the calendar.
    """

    opening: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...]
    closing: tuple[int, ...]
    applies: Floats
    tail: Floats

    @property
    def periods(self) -> int:
        """Number of periods of the calendar; the last row of `applies` is a spare one past it."""
        return len(self.applies) - 1


@dataclass(frozen=True)
class Labels:
    """Names for people: actors, options, states (text of a state index on demand)."""

    actors: tuple[str, ...]
    options: tuple[str, ...]
    state: Callable[[int], str] = field(default=str)


@dataclass(frozen=True)
class Game:
    """A finite stochastic game; one actor moves at a time, except in groups of stages that move at once.

    start[state, ] is the initial distribution (sums to one). Flow payoffs are shared by classes of states:
    payoff_class[state] indexes rows of the sparse class table: terms class_term[j] with coefficient
    class_coefficient[j] for j in class_start[c]..class_start[c + 1], points per year.
    `simultaneous` are the groups: stage indices, consecutive among the closing stages (see `servanda.game.together`).
    """

    states: int
    stages: tuple[Stage, ...]
    schedule: Schedule
    start: Floats
    payoff_class: Ints
    class_start: Ints
    class_term: Ints
    class_coefficient: Ints
    terms: tuple[Term, ...]
    labels: Labels
    period_years: float
    simultaneous: tuple[tuple[int, ...], ...] = ()

    @property
    def actors(self) -> int:
        """Number of actors."""
        return len(self.labels.actors)

    @cached_property
    def together(self) -> dict[int, Together]:
        """The groups of stages that move at once, by the index of their last stage."""
        return {group[-1]: together_of(self.stages, group) for group in self.simultaneous}

    @cached_property
    def term_actor(self) -> Ints:
        """Actor of each payoff term."""
        return np.array([t.actor for t in self.terms], dtype=np.int32)

    @cached_property
    def payoff_matrix(self) -> sparse.csr_array:
        """Sums coefficients to flow payoffs: [class * actors + actor, coefficient]."""
        classes = np.repeat(np.arange(len(self.class_start) - 1), np.diff(self.class_start))
        rows = classes * self.actors + (self.term_actor[self.class_term] if len(self.class_term) else 0)
        width = int(self.class_coefficient.max(initial=0)) + 1
        shape = ((len(self.class_start) - 1) * self.actors, width)
        return sparse.csr_array((np.ones(len(rows)), (rows, self.class_coefficient)), shape=shape)

    @cached_property
    def largest_stage(self) -> int:
        """Rows of the largest stage, for scratch space."""
        return int(max((s.rows for s in self.stages), default=1))

    @cached_property
    def largest_option_count(self) -> int:
        """Options of the largest stage, for scratch space."""
        return int(max((s.options for s in self.stages), default=1))


@dataclass(frozen=True)
class Numbers:
    """All numbers of a game, for one draw or many: the last axis of every array runs over draws.

    coefficient[c, draw]; dated[j] are indices of the coefficients that change with the calendar and
    dated_value[period, j, draw] their values (the last row is beyond the horizon); discount[actor, draw] per
    period in [0, 1); precision[actor, draw] is the logit λ per point, `taste` chooses extreme-value values.
    """

    coefficient: Floats
    dated: Ints
    dated_value: Floats
    discount: Floats
    precision: Floats
    taste: bool = False
    sharp: bool = False

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.coefficient.shape[1])

    def at(self, period: int) -> Floats:
        """The coefficient table in one period (a copy only where something is dated)."""
        if len(self.dated) == 0:
            return self.coefficient
        table = self.coefficient.copy()
        table[self.dated] = self.dated_value[min(period, len(self.dated_value) - 1)]
        return table

    def picked(self, draws: NDArray[np.intp]) -> Numbers:
        """The numbers of some draws, in the order asked for."""
        return Numbers(
            np.ascontiguousarray(self.coefficient[:, draws]),
            self.dated,
            np.ascontiguousarray(self.dated_value[:, :, draws]),
            np.ascontiguousarray(self.discount[:, draws]),
            np.ascontiguousarray(self.precision[:, draws]),
            self.taste,
            self.sharp,
        )

    def repeated(self, draws: int) -> Numbers:
        """The same numbers as they stand, cut or with the last draw repeated to a number of draws."""
        return self.picked(np.minimum(np.arange(draws), self.draws - 1))

    def draw(self, index: int) -> Numbers:
        """The numbers of a single draw."""
        return self.picked(np.array([index]))


def flow_by_term(game: Game, table: Floats) -> tuple[Ints, Ints, Floats]:
    """Flow payoffs as sparse triples (class, term, points per year of one draw), from a table[coefficient, 1]."""
    classes = np.repeat(np.arange(len(game.class_start) - 1, dtype=np.int32), np.diff(game.class_start))
    return classes, game.class_term, table[game.class_coefficient, 0]


def flow_payoffs(game: Game, table: Floats) -> Floats:
    """Flow payoffs u[class, actor, draw] in points per year.

    >>> from servanda.game.tables import game_from_tables
    >>> game, numbers = game_from_tables([0], [[0]], [[[0]]], [[[1.0]]], [[[2.0]]], discount=[0.9], precision=[1.0])
    >>> flow_payoffs(game, numbers.coefficient).shape
    (1, 1, 1)
    """
    used = table[: game.payoff_matrix.shape[1]]
    return np.asarray(game.payoff_matrix @ used).reshape(len(game.class_start) - 1, game.actors, table.shape[1])
