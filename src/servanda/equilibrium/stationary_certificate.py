"""A certificate of stationary play from code that did not find it: plain loops over states and profiles.

The values of the odds in question are found by one linear solve per actor, the worth of every choice is added up
profile by profile, and the odds implied by it are compared with those in question. Nothing is taken from the equations
that the solver uses. What it does not cover: whether other equilibria exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import exp, log, prod

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
Profile = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class StationaryCertificate:
    """How far odds and values are from stationary logit play, recomputed.

    value_error: largest difference between the values and those of a linear solve under the odds, in points.
    odds_error: largest difference between the odds and those implied by the recomputed values.
    regret: most that anybody loses, at any state, against its best single change of move there: the price of noise at a
    finite precision, the one-shot gain in steep play; `regret_actor` and `regret_state` say where.
    """

    value_error: float
    odds_error: float
    regret: float
    regret_actor: str
    regret_state: str


def certify_stationary(
    game: MarkovGame, precision: Floats, odds: Floats, values: Floats, *, taste: bool = False
) -> StationaryCertificate:
    """Recompute stationary play.

    Parameters
    ----------
    precision : precision[actor]
    odds : odds[option] of every choice on every seat
    values : values[state, actor] to be checked

    >>> from servanda.game.markov import turn_taking_game
    >>> game = turn_taking_game([0], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], [0.5])
    >>> found = certify_stationary(game, np.array([1.0]), np.array([0.5, 0.5]), np.array([[1.0]]))
    >>> found.value_error, round(found.odds_error, 4), found.regret
    (0.0, 0.2311, 0.5)
    """
    plays = [_table(game, odds, s) for s in range(game.states)]
    own = np.zeros((game.states, game.actors))
    flow = np.zeros((game.states, game.actors))
    chance: list[dict[int, float]] = []
    for s, table in enumerate(plays):
        ahead: dict[int, float] = {}
        for profile, moves in enumerate(table, start=int(game.profile_start[s])):
            odd = prod(chance_of for _, chance_of in moves)
            flow[s] += odd * game.reward[profile]
            for k in range(game.outcome_start[profile], game.outcome_start[profile + 1]):
                to = int(game.outcome_state[k])
                ahead[to] = ahead.get(to, 0.0) + odd * float(game.outcome_odds[k])
        chance.append(ahead)
        if taste:
            for seat in range(game.seat_start[s], game.seat_start[s + 1]):
                mine = odds[game.option_start[seat] : game.option_start[seat + 1]]
                own[s, game.seat_actor[seat]] = sum(-p * log(p) for p in mine.tolist() if p > 0.0)
    recomputed = np.zeros((game.states, game.actors))
    for i in range(game.actors):
        matrix = sparse.lil_array((game.states, game.states))
        matrix.setdiag(1.0)
        for s, ahead in enumerate(chance):
            for to, odd in ahead.items():
                matrix[s, to] = matrix[s, to] - game.discount[s, i] * odd
        recomputed[:, i] = splu(sparse.csc_array(matrix)).solve(flow[:, i] + own[:, i] / precision[i])
    odds_error, regret, who, place = 0.0, 0.0, "", ""
    for s, table in enumerate(plays):
        for seat in range(game.seat_start[s], game.seat_start[s + 1]):
            i = int(game.seat_actor[seat])
            worth = _worth(game, recomputed, s, table, int(seat - game.seat_start[s]), i)
            mine = odds[game.option_start[seat] : game.option_start[seat + 1]].tolist()
            best = max(worth)
            raw = [exp(float(precision[i]) * (q - best)) for q in worth]
            odds_error = max(odds_error, *(abs(r / sum(raw) - p) for r, p in zip(raw, mine, strict=True)))
            loss = best - sum(p * q for p, q in zip(mine, worth, strict=True))
            if loss > regret:
                regret, who, place = loss, game.who(i), game.state_label(s)
    error = float(np.abs(recomputed - values).max(initial=0.0))
    return StationaryCertificate(error, odds_error, regret, who, place)


def _table(game: MarkovGame, odds: Floats, state: int) -> list[Profile]:
    """Profiles of a state in order: on each seat the choice and its odds."""
    seats = range(game.seat_start[state], game.seat_start[state + 1])
    choices = [range(game.seat_choices[seat]) for seat in seats]
    first = [int(game.option_start[seat]) for seat in seats]
    return [
        tuple((c, float(odds[base + c])) for base, c in zip(first, profile, strict=True))
        for profile in product(*choices)
    ]


def _worth(game: MarkovGame, values: Floats, state: int, table: list[Profile], place: int, actor: int) -> list[float]:
    """Expected worth to an actor of each choice on one seat of a state, the others playing their odds."""
    worth = [0.0] * int(game.seat_choices[int(game.seat_start[state]) + place])
    for profile, moves in enumerate(table, start=int(game.profile_start[state])):
        ahead = 0.0
        for k in range(game.outcome_start[profile], game.outcome_start[profile + 1]):
            ahead += float(game.outcome_odds[k]) * float(values[game.outcome_state[k], actor])
        points = float(game.reward[profile, actor]) + float(game.discount[state, actor]) * ahead
        worth[moves[place][0]] += prod(odd for seat, (_, odd) in enumerate(moves) if seat != place) * points
    return worth
