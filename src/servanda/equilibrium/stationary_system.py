r"""The equations of stationary logit play, and their exact derivatives as sparse matrices.

Unknowns are the values :math:`V_i(s)` and, for every choice but the first of its seat, the log-odds :math:`y` against
that first choice. With :math:`\sigma` the odds that :math:`y` stands for and :math:`Q_i(o)` the expected worth of
choice o, the others playing :math:`\sigma`, the equations at share s of the precision are

.. math:: V_i(s) = E_\sigma[u_i + \delta_i V_i(s')] \; (+ H(\sigma_i) / \lambda_i), \qquad
   y_o = s \lambda_i (Q_i(o) - Q_i(\text{first})).

The entropy H of the mover's own odds is there in `taste` only, where at s = 1 it makes the mover's value
:math:`\log \sum_o \exp(\lambda Q(o)) / \lambda` (no Euler constant is added). It keeps its full weight at every
s, so that s = 0 is the uniform play of both conventions and its values are finite.

Log-odds, not odds, are unknowns because steep play then neither overflows nor leaves the simplex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Play:
    """Everything that follows from one vector of unknowns: log_odds, odds and worth[option, actor] of the options;
    profile_odds and profile_worth[profile, actor]; mean[state, actor], the movers' expected worth; entropy[seat]; and
    others[entry], the odds of the rest of a profile given the choice (see `MarkovGame.entries`).
    """

    log_odds: Floats
    odds: Floats
    worth: Floats
    profile_odds: Floats
    profile_worth: Floats
    mean: Floats
    entropy: Floats
    others: Floats


class System:
    """Residual and Jacobian of a game for given precision[actor]; vectors hold V[actor, state], then log-odds.

    >>> from servanda.game.markov import turn_taking_game
    >>> game = turn_taking_game([0], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], [0.5])
    >>> system = System(game, [1.0])
    >>> uniform = system.unknowns(np.array([0.5, 0.5]))
    >>> uniform.tolist(), system.residual(uniform, 1.0).tolist()
    ([1.0, 0.0], [0.0, -1.0])
    """

    def __init__(self, game: MarkovGame, precision: ArrayLike, *, taste: bool = False) -> None:
        self.game, self.taste = game, taste
        self.precision = np.broadcast_to(np.asarray(precision, dtype=np.float64), (game.actors,)).copy()
        if not ((self.precision > 0.0) & np.isfinite(self.precision)).all():
            raise ValueError("precision must be a positive, finite number for every actor")
        self.first = game.option_start[:-1]
        self.free = np.setdiff1d(np.arange(game.options), self.first)
        self.count = game.states * game.actors
        self.size = self.count + len(self.free)
        self.actor = game.seat_actor[game.seat_of_option]
        self.state = game.state_of_seat[game.seat_of_option]
        self.reference = self.first[game.seat_of_option]
        self.points = np.maximum(np.abs(game.reward).max(axis=0, initial=0.0), 1e-300)
        self._profile, self._option = game.entries
        self._pairs = _pairs(self._profile)
        self._away = sparse.csr_array(
            (
                np.concatenate((np.ones(len(self.free)), -np.ones(len(self.free)))),
                (np.tile(np.arange(len(self.free)), 2), np.concatenate((self.free, self.reference[self.free]))),
            ),
            shape=(len(self.free), game.options),
        )
        self._column = np.full(game.options, -1)
        self._column[self.free] = self.count + np.arange(len(self.free))

    def unknowns(self, odds: Floats, values: Floats | None = None) -> Floats:
        """The vector of given odds[option], with the values of playing them for ever unless values are given."""
        with np.errstate(divide="ignore"):
            logs = np.maximum(np.log(odds), -700.0)
        x = np.concatenate((np.zeros(self.count), (logs - logs[self.reference])[self.free]))
        x[: self.count] = (self.values_of(x) if values is None else values).T.ravel()
        return x

    def values(self, x: Floats) -> Floats:
        """The part values[state, actor] of a vector."""
        return x[: self.count].reshape(self.game.actors, self.game.states).T

    def values_of(self, x: Floats) -> Floats:
        """Values[state, actor] of playing the odds of a vector for ever, by a linear solve per discount factor.

        Raises
        ------
        RuntimeError
            If the equations are singular.
        """
        game, play = self.game, self.play(x)
        flow = np.add.reduceat(play.profile_odds[:, None] * game.reward, game.profile_start[:-1])
        flow += self._taste_pay(play)
        moves = self._moves(play)
        found = np.empty_like(flow)
        factors: dict[bytes, list[int]] = {}
        for i in range(game.actors):
            factors.setdefault(game.discount[:, i].tobytes(), []).append(i)
        for actors in factors.values():
            matrix = sparse.eye_array(game.states) - moves.multiply(game.discount[:, actors[0], None])
            found[:, actors] = splu(sparse.csc_array(matrix)).solve(flow[:, actors])
        return found

    def play(self, x: Floats) -> Play:
        """Odds and worth at a vector of unknowns."""
        game = self.game
        logits = np.zeros(game.options)
        logits[self.free] = x[self.count :]
        if game.seats:
            logits -= np.maximum.reduceat(logits, self.first)[game.seat_of_option]
            logits -= np.log(np.add.reduceat(np.exp(logits), self.first))[game.seat_of_option]
        odds = np.exp(logits)
        whole = np.bincount(self._profile, logits[self._option], minlength=game.profiles)
        together, others = np.exp(whole), np.exp(whole[self._profile] - logits[self._option])
        profile_worth = game.reward + game.discount[game.state_of_profile] * (game.successors @ self.values(x))
        parts = others[:, None] * profile_worth[self._profile]
        worth = np.empty((game.options, game.actors))
        for i in range(game.actors):
            worth[:, i] = np.bincount(self._option, parts[:, i], minlength=game.options)
        mean = np.add.reduceat(together[:, None] * profile_worth, game.profile_start[:-1])
        entropy = np.add.reduceat(-odds * logits, self.first) if game.seats else np.zeros(0)
        return Play(logits, odds, worth, together, profile_worth, mean, entropy, others)

    def _moves(self, play: Play) -> sparse.csr_array:
        """Odds of the next state, [state, state]."""
        mix = (play.profile_odds, np.arange(self.game.profiles), self.game.profile_start)
        return sparse.csr_array(
            sparse.csr_array(mix, shape=(self.game.states, self.game.profiles)) @ self.game.successors
        )

    def _moves_given(self, play: Play) -> sparse.csr_array:
        """Odds of the next state given one's choice, [option, state]."""
        shape = (self.game.options, self.game.profiles)
        given = sparse.csr_array((play.others, (self._option, self._profile)), shape=shape)
        return sparse.csr_array(given @ self.game.successors)

    def own_worth(self, play: Play) -> Floats:
        """Worth[option] to the one who chooses."""
        return np.asarray(play.worth[np.arange(self.game.options), self.actor])

    def _taste_pay(self, play: Play) -> Floats:
        pay = np.zeros((self.game.states, self.game.actors))
        if self.taste:
            who = self.game.seat_actor
            pay[self.game.state_of_seat, who] = play.entropy / self.precision[who]
        return pay

    def residual(self, x: Floats, share: float, play: Play | None = None) -> Floats:
        """How far a vector is from solving the equations at a share of the precision."""
        here = self.play(x) if play is None else play
        gap = self.values(x) - here.mean - self._taste_pay(here)
        response = share * self.precision[self.actor] * self.own_worth(here)
        wanted: Floats = np.asarray(self._away @ response)
        return np.concatenate((gap.T.ravel(), x[self.count :] - wanted))

    def response(self, x: Floats) -> Floats:
        """Log-odds of the logit answer, at full precision, to the values and odds of a vector."""
        return np.asarray(self._away @ (self.precision[self.actor] * self.own_worth(self.play(x))))

    def slope(self, play: Play) -> Floats:
        """Derivative of the residual in the share."""
        by_option = self.precision[self.actor] * self.own_worth(play)
        return np.concatenate((np.zeros(self.count), -np.asarray(self._away @ by_option)))

    def jacobian(self, share: float, play: Play) -> sparse.csc_array:
        """Derivative of the residual in the unknowns, exact."""
        game, free = self.game, self.free
        found = _Entries(self.size)
        everything = np.arange(self.size)
        found.add(everything, everything, np.ones(self.size))
        moves = sparse.coo_array(self._moves(play))
        for i in range(game.actors):
            base = i * game.states
            found.add(moves.row + base, moves.col + base, -game.discount[moves.row, i] * moves.data)
        # values answer to odds: a choice more likely shifts the mean towards its worth
        shift = -play.odds[:, None] * (play.worth - play.mean[self.state])
        if self.taste:
            surprise = play.odds * (play.log_odds + play.entropy[game.seat_of_option])
            shift[np.arange(game.options), self.actor] += surprise / self.precision[self.actor]
        for i in range(game.actors):
            found.add(i * game.states + self.state[free], self._column[free], shift[free, i])
        if len(free):
            # log-odds answer to values
            weight = share * self.precision[self.actor[free]]
            ahead = sparse.coo_array(self._away @ self._moves_given(play))
            option = free[ahead.row]
            who, where = self.actor[option], self.state[option]
            value = -weight[ahead.row] * game.discount[where, who] * ahead.data
            found.add(self.count + ahead.row, who * game.states + ahead.col, value)
        if len(free) and len(self._pairs[0]):
            # and to the odds of those who move at the same time
            ahead = sparse.coo_array(self._away @ self._crossing(play))
            kept = self._column[ahead.col] >= 0
            value = -(weight[ahead.row] * ahead.data)[kept]
            found.add(self.count + ahead.row[kept], self._column[ahead.col[kept]], value)
        return found.matrix

    def _crossing(self, play: Play) -> sparse.csr_array:
        """Derivative of the worth of each option in the log-odds of the others at the table, [option, option]."""
        one, two = self._pairs
        option, other, profile = self._option[one], self._option[two], self._profile[one]
        whole = np.bincount(self._profile, play.log_odds[self._option], minlength=self.game.profiles)
        rest = np.exp(whole[profile] - play.log_odds[option] - play.log_odds[other])
        joint = rest * play.profile_worth[profile, self.actor[option]]
        shape = (self.game.options, self.game.options)
        sums = sparse.coo_array(sparse.csr_array((joint, (option, other)), shape=shape))
        change = play.odds[sums.col] * (sums.data - self.own_worth(play)[sums.row])
        return sparse.csr_array((change, (sums.row, sums.col)), shape=shape)


class _Entries:
    """Entries of a square matrix, collected; those at the same place add up."""

    def __init__(self, size: int) -> None:
        self._shape = (size, size)
        self._rows: list[NDArray[Any]] = []
        self._columns: list[NDArray[Any]] = []
        self._values: list[Floats] = []

    def add(self, row: NDArray[Any], column: NDArray[Any], value: Floats) -> None:
        self._rows.append(row)
        self._columns.append(column)
        self._values.append(value)

    @property
    def matrix(self) -> sparse.csc_array:
        where = (np.concatenate(self._rows), np.concatenate(self._columns))
        return sparse.csc_array((np.concatenate(self._values), where), shape=self._shape)


def _pairs(profile: Ints) -> tuple[Ints, Ints]:
    """Ordered pairs of different entries that belong to the same profile."""
    order = np.argsort(profile, kind="stable")
    counts = np.bincount(profile, minlength=1) if len(profile) else np.zeros(0, dtype=np.int64)
    start = np.concatenate(([0], np.cumsum(counts)))
    one: list[Ints] = [np.zeros(0, dtype=np.int64)]
    two: list[Ints] = [np.zeros(0, dtype=np.int64)]
    for size in np.unique(counts[counts > 1]):
        first = start[:-1][counts == size]
        for a in range(size):
            for b in range(size):
                if a != b:
                    one.append(order[first + a])
                    two.append(order[first + b])
    return np.concatenate(one), np.concatenate(two)
