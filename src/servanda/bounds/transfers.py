r"""Subgame-perfect payoffs where the players can pay each other: one number more than players in every state.

At the start of every period, before choices are made, each player may make payments to the others (or burn money).
Pure strategies, perfect monitoring, and the same discount factor for all players. Then the payoffs of a state are all
that share at most :math:`U(s)` with at least :math:`v_i(s)` for each, and a profile a of state s can be played if

.. math:: \sum_i r_i(s, a) + \delta \sum_{s'} P(s' \mid s, a)\, U(s') \ge \sum_i \max_b \Big[ r_i(s, b, a_{-i}) +
   \delta \sum_{s'} P(s' \mid s, b, a_{-i})\, v_i(s') \Big],

where U is the most that profiles which can be played yield together and :math:`v_i` the least to which such profiles
hold player i when he replies at his best. Starting from all profiles, those that fail are struck out until none does;
what is left is the largest set, and the answer is exact up to the linear solves (Goldlücke and Kranz 2018). Both
numbers solve dynamic programs: policy iteration, with more and more steps of value iteration between the solves for
the second, whose policies might otherwise go round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from servanda.bounds.arena import reaching
from servanda.bounds.deviations import Deviations, deviations_of
from servanda.bounds.payoff_sets import Bound
from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
_SLACK = 1e-12
_ROUNDS = 60


@dataclass(frozen=True)
class TransferSets:
    """Payoff sets with payments, in points of present value; NaN (profiles: -1) where a state has no equilibrium.

    joint[state]: most that the players can have together; worst[state, player]; path[state]: profile with which they
    have it; punishment[state, player]: profile that holds a player down; kept[profile]: whether it can be played;
    rounds: how often profiles were struck out.
    """

    status: Bound
    joint: Floats
    worst: Floats
    path: Ints
    punishment: Ints
    kept: Flags
    rounds: int

    @property
    def surplus(self) -> Floats:
        """What is there to share in each state beyond the worst payoffs."""
        return np.asarray(self.joint - self.worst.sum(axis=1))


def transfer_sets(game: MarkovGame, allowed: Flags | None = None) -> TransferSets:
    """Payoff sets of a game whose players can pay each other, any number of players.

    Parameters
    ----------
    allowed : allowed[profile], which profiles may be played (all if absent); deviations are never barred

    Raises
    ------
    ValueError
        If players discount differently in some state: payments over time would then have no bound.
    ArithmeticError
        If the dynamic programs do not settle.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.4, 0.4])
    >>> found = transfer_sets(game)
    >>> (found.joint * 0.6).round(6).tolist(), (found.worst * 0.6).round(6).tolist()
    ([6.0], [[1.0, 1.0]])
    """
    check_discounts(game)
    deviations = deviations_of(game)
    kept = np.ones(game.profiles, dtype=bool) if allowed is None else np.array(allowed, dtype=bool)
    slack = _SLACK * max(1.0, float(np.abs(game.reward).max()))
    discount = game.discount[game.state_of_profile, 0]
    starts = game.profile_start[:-1]
    joint, worst = np.zeros(game.states), np.zeros((game.states, game.actors))
    path = np.full(game.states, -1)
    punishment = np.full((game.states, game.actors), -1)
    gone = np.zeros(game.states, dtype=bool)
    rounds = 0
    while True:
        rounds += 1
        gone = reaching(game, ~np.logical_or.reduceat(kept, starts))
        kept &= ~gone[game.state_of_profile]
        joint[gone], worst[gone], path[gone], punishment[gone] = 0.0, 0.0, -1, -1
        if gone.all():
            break
        joint, path = _most(game, discount, kept, gone, joint)
        for player in range(game.actors):
            worst[:, player], punishment[:, player] = _least(
                game, discount, kept, gone, deviations, player, worst[:, player]
            )
        yields = game.reward.sum(axis=1) + discount * (game.successors @ joint)
        tempting = deviations.best(game.reward + discount[:, None] * (game.successors @ worst)).sum(axis=1)
        fails = kept & (yields < tempting - slack)
        if not fails.any():
            break
        kept &= ~fails
    joint[gone], worst[gone] = np.nan, np.nan
    return TransferSets(Bound.EMPTY if gone.all() else Bound.FOUND, joint, worst, path, punishment, kept, rounds)


def check_discounts(game: MarkovGame) -> None:
    """Raise ValueError if players discount differently in some state."""
    if (game.discount != game.discount[:, :1]).any():
        state = int((game.discount != game.discount[:, :1]).any(axis=1).argmax())
        raise ValueError(f"{game.state_label(state)}: payments need players who discount alike")


def _most(game: MarkovGame, discount: Floats, kept: Flags, gone: Flags, values: Floats) -> tuple[Floats, Ints]:
    """The most that kept profiles yield together, and the profiles, by policy iteration."""
    reward = np.where(kept, game.reward.sum(axis=1), -np.inf)
    policy = np.full(game.states, -1)
    for _ in range(_ROUNDS):
        worth = reward + discount * (game.successors @ values)
        best = first_best(worth, game)
        here = np.arange(game.states)
        # an old choice stays unless a new one is better: else rounding would make ties go round
        better = (policy < 0) | (worth[best] > worth[policy] + 1e-14 * np.abs(values).max(initial=1.0))
        if not (better & ~gone).any():
            return values, np.where(gone, -1, policy)
        policy = np.where(better, best, policy)
        values = _worth_of(game, discount, game.reward.sum(axis=1), policy[here], gone)
    raise ArithmeticError("the most that the players can have together did not settle")


def _least(
    game: MarkovGame, discount: Floats, kept: Flags, gone: Flags, deviations: Deviations, player: int, values: Floats
) -> tuple[Floats, Ints]:
    """The least to which kept profiles hold a player who replies at his best, and the profiles."""
    reward = game.reward[:, player]
    starts = game.profile_start[:-1]
    for round_ in range(_ROUNDS):
        for _ in range(2 ** min(round_, 12)):
            held = _held(reward + discount * (game.successors @ values), kept, deviations, player)
            stepped = np.where(gone, 0.0, np.minimum.reduceat(held, starts))
            moved = float(np.abs(stepped - values).max())
            values = stepped
        if moved <= 1e-14 * np.abs(values).max(initial=1.0):
            break
        worth = reward + discount * (game.successors @ values)
        chosen = first_best(-_held(worth, kept, deviations, player), game)
        values = _worth_of(game, discount, reward, deviations.reply(worth, player)[chosen], gone)
    else:
        raise ArithmeticError(f"the worst payoffs of {game.who(player)} did not settle")
    held = _held(reward + discount * (game.successors @ values), kept, deviations, player)
    return values, np.where(gone, -1, first_best(-held, game))


def _held(worth: Floats, kept: Flags, deviations: Deviations, player: int) -> Floats:
    """What a player gets at his best reply to each profile that may be played (infinite: may not)."""
    best = np.full(len(worth), -np.inf)
    np.maximum.at(best, deviations.fixed[:, player], worth)
    return np.where(kept, best[deviations.fixed[:, player]], np.inf)


def first_best(worth: Floats, game: MarkovGame) -> Ints:
    """The first profile of each state with the largest worth."""
    top = np.maximum.reduceat(worth, game.profile_start[:-1])
    place = np.where(worth == top[game.state_of_profile], np.arange(game.profiles), game.profiles)
    return np.asarray(np.minimum.reduceat(place, game.profile_start[:-1]), dtype=np.int64)


def _worth_of(game: MarkovGame, discount: Floats, reward: Floats, policy: Ints, gone: Flags) -> Floats:
    """Values of a profile for each state, by one linear system (0 where a state is gone)."""
    there = np.where(gone, 0.0, discount[policy])
    system = sparse.eye_array(game.states) - sparse.diags_array(there) @ game.successors[policy]
    return np.asarray(splu(sparse.csc_array(system)).solve(np.where(gone, 0.0, reward[policy])))
