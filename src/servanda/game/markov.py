"""Finite stochastic games in which several actors may move at once, as flat arrays: what the stationary engine solves.

Unlike `Game` it has no calendar, no stages and no coefficient table: one draw, written out. At a state the movers sit
on *seats*, one actor each; a *profile* is one choice on every seat. Profiles of a state stand in lexicographic order,
the first seat slowest. A state without a seat is chance and has one profile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_ODDS = 1e-9


@dataclass(frozen=True)
class MarkovGame:
    """A finite stochastic game with perfect monitoring.

    Parameters
    ----------
    seat_start : seat_start[state + 1]; the seats of state s are seat_start[s] up to seat_start[s + 1]
    seat_actor, seat_choices : who sits on a seat, and how many choices there are; an actor has one seat in a state
    reward : reward[profile, actor], points when the profile is played
    outcome_start, outcome_state, outcome_odds : successors of a profile, outcome_start[profile + 1], with their odds
    discount : discount[state, actor] in [0, 1], on the values of the successors of that state; 1 within a period
    start : start[state], where play begins
    state_label, actor_labels, option_label : names for people, if there are any

    Raises
    ------
    ValueError
        If the arrays do not fit together, odds do not add up to one, a number is not finite, or play may go in a
        circle that somebody does not discount.

    >>> game = turn_taking_game([0], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], [0.5])
    >>> game.states, game.actors, game.profile_start.tolist(), game.option_start.tolist()
    (1, 1, [0, 2], [0, 2])
    """

    seat_start: Ints
    seat_actor: Ints
    seat_choices: Ints
    reward: Floats
    outcome_start: Ints
    outcome_state: Ints
    outcome_odds: Floats
    discount: Floats
    start: Floats
    state_label: Callable[[int], str] = field(default="state {}".format, compare=False)
    actor_labels: tuple[str, ...] = ()
    option_label: Callable[[int], str] = field(default="option {}".format, compare=False)

    def __post_init__(self) -> None:
        for look in (_seats, _profiles, _outcomes, _discounts):
            if complaint := look(self):
                raise ValueError(complaint)

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.seat_start) - 1

    @property
    def actors(self) -> int:
        """Number of actors."""
        return int(self.reward.shape[1])

    @property
    def seats(self) -> int:
        """Number of seats in all states."""
        return len(self.seat_actor)

    @property
    def profiles(self) -> int:
        """Number of profiles in all states."""
        return len(self.reward)

    @property
    def options(self) -> int:
        """Number of choices on all seats: the length of an array of odds."""
        return int(self.seat_choices.sum())

    @cached_property
    def option_start(self) -> Ints:
        """First choice of each seat in an array of odds, option_start[seat + 1]."""
        return _starts(self.seat_choices)

    @cached_property
    def profile_start(self) -> Ints:
        """First profile of each state, profile_start[state + 1]."""
        counts = np.ones(self.states, dtype=np.int64)
        np.multiply.at(counts, self.state_of_seat, self.seat_choices)
        return _starts(counts)

    @cached_property
    def state_of_seat(self) -> Ints:
        """State of each seat."""
        return np.repeat(np.arange(self.states), np.diff(self.seat_start))

    @cached_property
    def seat_of_option(self) -> Ints:
        """Seat of each choice."""
        return np.repeat(np.arange(self.seats), self.seat_choices)

    @cached_property
    def state_of_profile(self) -> Ints:
        """State of each profile."""
        return np.repeat(np.arange(self.states), np.diff(self.profile_start))

    @cached_property
    def entries(self) -> tuple[Ints, Ints]:
        """Which options make up the profiles: pairs (profile, option), one for every seat of every profile."""
        below = np.ones(self.seats, dtype=np.int64)  # how many profiles one choice of the seat spans
        for k in range(self.seats - 2, -1, -1):
            if self.state_of_seat[k] == self.state_of_seat[k + 1]:
                below[k] = below[k + 1] * self.seat_choices[k + 1]
        width = np.diff(self.profile_start)[self.state_of_seat]
        seat = np.repeat(np.arange(self.seats), width)
        place = np.arange(len(seat)) - np.repeat(_starts(width)[:-1], width)
        choice = place // below[seat] % self.seat_choices[seat]
        return self.profile_start[self.state_of_seat[seat]] + place, self.option_start[seat] + choice

    @cached_property
    def successors(self) -> sparse.csr_array:
        """Odds of the next state, [profile, state]."""
        shape = (self.profiles, self.states)
        return sparse.csr_array((self.outcome_odds, self.outcome_state, self.outcome_start), shape=shape)

    def who(self, actor: int) -> str:
        """The name of an actor."""
        return self.actor_labels[actor] if self.actor_labels else f"actor {actor}"


def simultaneous_game(
    payoff: ArrayLike, odds: ArrayLike, discount: ArrayLike, choices: ArrayLike | None = None
) -> MarkovGame:
    """A game in which all actors move at once in every state.

    Parameters
    ----------
    payoff : payoff[state, actor, choice of actor 0, choice of actor 1, …]
    odds : odds[state, choice of actor 0, choice of actor 1, …, next state]
    discount : discount[actor], below 1
    choices : choices[state, actor], where fewer choices are open than the arrays hold

    >>> prisoners = [[[[2, 0], [3, 1]], [[2, 3], [0, 1]]]]
    >>> game = simultaneous_game(prisoners, [[[[1], [1]], [[1], [1]]]], [0.9, 0.9])
    >>> game.reward[1].tolist()
    [0.0, 3.0]
    """
    u, chance = np.asarray(payoff, dtype=np.float64), np.asarray(odds, dtype=np.float64)
    states, actors = u.shape[:2]
    if chance.shape != (states, *u.shape[2:], states) or len(u.shape) != actors + 2:
        raise ValueError(f"payoff of shape {u.shape} does not fit odds of shape {chance.shape}")
    full = np.broadcast_to(np.array(u.shape[2:]), (states, actors))
    open_ = np.array(full if choices is None else choices, dtype=np.int64)
    rewards, rows = [], []
    for s in range(states):
        here = np.ix_(*(np.arange(n) for n in open_[s]))
        rewards.append(np.moveaxis(u[s], 0, -1)[here].reshape(-1, actors))
        rows.append(chance[s][here].reshape(-1, states))
    next_ = sparse.csr_array(np.concatenate(rows))
    seats = np.tile(np.arange(actors), states)
    return MarkovGame(
        np.arange(states + 1) * actors, seats, open_.ravel(), np.concatenate(rewards),
        next_.indptr.astype(np.int64), next_.indices.astype(np.int64), next_.data,
        _everywhere(discount, states), _first(states),
    )  # fmt: skip


def turn_taking_game(
    mover: ArrayLike, successor: ArrayLike, odds: ArrayLike, payoff: ArrayLike, discount: ArrayLike
) -> MarkovGame:
    """A game in which one actor moves in every state, or nobody.

    Parameters
    ----------
    mover : mover[state], the actor, or -1 for chance (then the first option happens)
    successor, odds : successor[state, option, k] with odds[state, option, k]
    payoff : payoff[state, option, actor]
    discount : discount[actor], below 1

    >>> turn_taking_game([0, -1], [[[0], [1]]] * 2, [[[1.0]] * 2] * 2, [[[0.0], [1.0]]] * 2, [0.9]).profiles
    3
    """
    who, to = np.asarray(mover, dtype=np.int64), np.asarray(successor, dtype=np.int64)
    chance, u = np.asarray(odds, dtype=np.float64), np.asarray(payoff, dtype=np.float64)
    states, options = to.shape[:2]
    if chance.shape != to.shape or u.shape[:2] != (states, options) or who.shape != (states,):
        raise ValueError(f"mover {who.shape}, successor {to.shape}, odds {chance.shape}, payoff {u.shape} do not fit")
    there = (who >= 0)[:, None] | (np.arange(options) == 0)
    happens = chance[there] > 0.0
    moving = np.flatnonzero(who >= 0)
    return MarkovGame(
        _starts((who >= 0).astype(np.int64)), who[moving], np.full(len(moving), options), u[there],
        _starts(happens.sum(axis=1)), to[there][happens], chance[there][happens],
        _everywhere(discount, states), _first(states),
    )  # fmt: skip


def _starts(counts: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def _everywhere(discount: ArrayLike, states: int) -> Floats:
    return np.tile(np.asarray(discount, dtype=np.float64), (states, 1))


def _first(states: int) -> Floats:
    return np.eye(1, states).ravel()


def _climbs(starts: Ints, end: int) -> bool:
    return bool(len(starts) and starts[0] == 0 and starts[-1] == end and (np.diff(starts) >= 0).all())


def _seats(game: MarkovGame) -> str:
    if not _climbs(game.seat_start, len(game.seat_actor)) or len(game.seat_choices) != len(game.seat_actor):
        return "seat_start must climb from 0 to the number of seats, and every seat have an actor and a count"
    if len(game.seat_choices) and game.seat_choices.min() < 1:
        seat = int(game.seat_choices.argmin())
        return f"{game.state_label(int(game.state_of_seat[seat]))}: a seat without a choice"
    if game.reward.ndim != 2 or (game.seats and not 0 <= game.seat_actor.min() <= game.seat_actor.max() < game.actors):
        return "reward must be reward[profile, actor], and every seat's actor be one of its columns"
    if game.actor_labels and len(game.actor_labels) != game.actors:
        return f"{len(game.actor_labels)} names for {game.actors} actors"
    pair = game.state_of_seat * max(1, game.actors) + game.seat_actor
    again = np.flatnonzero(np.bincount(pair, minlength=1) > 1)
    if len(again):
        state, actor = divmod(int(again[0]), game.actors)
        return f"{game.state_label(state)}: {game.who(actor)} has two seats; merge them into one"
    return ""


def _profiles(game: MarkovGame) -> str:
    wanted = int(game.profile_start[-1])
    if game.profiles != wanted:
        return f"{game.profiles} rows of reward, but the seats have {wanted} profiles"
    if not np.isfinite(game.reward).all():
        row = int(np.flatnonzero(~np.isfinite(game.reward).all(axis=1))[0])
        return f"{game.state_label(int(game.state_of_profile[row]))}: a reward is not a finite number"
    return ""


def _outcomes(game: MarkovGame) -> str:
    ends = len(game.outcome_state)
    if len(game.outcome_start) != game.profiles + 1 or not _climbs(game.outcome_start, ends):
        return "outcome_start must climb from 0 to the number of outcomes, one step per profile"
    if len(game.outcome_odds) != ends or not game.outcome_state.min(initial=0) >= 0:
        return "every outcome must have a state and odds"
    if game.outcome_state.max(initial=0) >= game.states:
        return f"an outcome leads to state {game.outcome_state.max()}, but there are {game.states} states"
    total = np.add.reduceat(np.append(game.outcome_odds, 0.0), game.outcome_start[:-1])
    total[np.diff(game.outcome_start) == 0] = 0.0
    wrong = ~(np.abs(total - 1.0) <= _ODDS)
    wrong |= np.bincount(
        np.repeat(np.arange(game.profiles), np.diff(game.outcome_start))[game.outcome_odds < 0.0],
        minlength=game.profiles,
    ).astype(bool)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        state = int(game.state_of_profile[row])
        place = row - int(game.profile_start[state])
        return f"{game.state_label(state)}: odds of profile {place} add up to {total[row]:.9g}, or one is negative"
    return ""


def _discounts(game: MarkovGame) -> str:
    if game.discount.shape != (game.states, game.actors):
        return f"discount has shape {game.discount.shape}, not {(game.states, game.actors)}"
    if not ((game.discount >= 0.0) & (game.discount <= 1.0)).all():
        return "discount factors lie between 0 and 1"
    if game.start.shape != (game.states,) or game.start.min() < 0.0 or abs(game.start.sum() - 1.0) > _ODDS:
        return "start must hold odds over the states that add up to one"
    rows = game.state_of_profile[np.repeat(np.arange(game.profiles), np.diff(game.outcome_start))]
    used = game.outcome_odds > 0.0
    source, target = rows[used], game.outcome_state[used]
    for actor in range(game.actors):
        patient = game.discount[:, actor] == 1.0
        inside = patient[source] & patient[target]
        graph = (np.ones(int(inside.sum())), (source[inside], target[inside]))
        edges = sparse.csr_array(graph, shape=(game.states, game.states))
        _, room = csgraph.connected_components(edges, connection="strong")
        around = (np.bincount(room)[room] > 1) | (edges.diagonal() > 0.0)
        if around.any():
            return (
                f"{game.state_label(int(around.argmax()))}: play may return here for ever and {game.who(actor)} does "
                "not discount, so values have no bound; discount once in every cycle, and give an end discount 0"
            )
    return ""
