"""Random Markov games, and the equations of stationary logit play once more: dense arrays and loops over profiles."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]


def random_game(seed: int) -> MarkovGame:
    """Up to five states and three actors; states of chance, of one mover and of several; some steps undiscounted."""
    random = np.random.default_rng(seed)
    states, actors = int(random.integers(1, 6)), int(random.integers(1, 4))
    movers = [random.permutation(actors)[: random.integers(0, actors + 1)] for _ in range(states)]
    choices = [random.integers(1, 4, size=len(m)) for m in movers]
    profiles = [int(np.prod(c)) for c in choices]
    start, to, odds = [0], [], []
    for _ in range(sum(profiles)):
        width = int(random.integers(1, states + 1))
        to += random.permutation(states)[:width].tolist()
        odds += random.dirichlet(np.ones(width)).tolist()
        start.append(len(to))
    discount = random.uniform(0.3, 0.95, (states, actors))
    discount[1:][random.random(states - 1) < 0.3] = 1.0
    while True:
        try:
            return MarkovGame(
                np.concatenate(([0], np.cumsum([len(m) for m in movers]))).astype(np.int64),
                np.concatenate(movers).astype(np.int64), np.concatenate(choices).astype(np.int64),
                random.normal(0.0, 2.0, (sum(profiles), actors)), np.array(start), np.array(to), np.array(odds),
                discount, random.dirichlet(np.ones(states)),
            )  # fmt: skip
        except ValueError:  # a circle without discount
            discount = np.minimum(discount, 0.95)


def games() -> st.SearchStrategy[MarkovGame]:
    return st.integers(0, 2**32 - 1).map(random_game)


def odds_of(game: MarkovGame, log_odds: Floats) -> list[Floats]:
    """Odds on each seat from log-odds against its first choice."""
    found, place = [], 0
    for n in game.seat_choices.tolist():
        raw = np.exp(np.append(0.0, log_odds[place : place + n - 1]))
        found.append(raw / raw.sum())
        place += n - 1
    return found


def gaps(
    game: MarkovGame, precision: Floats, values: Floats, log_odds: Floats, share: float, *, taste: bool
) -> tuple[Floats, Floats]:
    """Residuals of the values[state, actor] and of the log-odds."""
    odds = odds_of(game, log_odds)
    to_values, to_odds, profile, free = values.copy(), [], 0, 0
    for s in range(game.states):
        seats = range(game.seat_start[s], game.seat_start[s + 1])
        worth = {k: np.zeros(game.seat_choices[k]) for k in seats}
        for choice in product(*(range(game.seat_choices[k]) for k in seats)):
            ends = range(game.outcome_start[profile], game.outcome_start[profile + 1])
            points = game.reward[profile].copy()
            for e in ends:
                points += game.discount[s] * game.outcome_odds[e] * values[game.outcome_state[e]]
            chance = {k: odds[k][c] for k, c in zip(seats, choice, strict=True)}
            to_values[s] -= np.prod(list(chance.values())) * points
            for k, c in zip(seats, choice, strict=True):
                others = [p for j, p in chance.items() if j != k]
                worth[k][c] += np.prod(others) * points[game.seat_actor[k]]
            profile += 1
        for k in seats:
            i = game.seat_actor[k]
            if taste:
                to_values[s, i] += (odds[k] * np.log(odds[k])).sum() / precision[i]
            n = int(game.seat_choices[k]) - 1
            to_odds.append(log_odds[free : free + n] - share * precision[i] * (worth[k][1:] - worth[k][0]))
            free += n
    return to_values, np.concatenate([np.zeros(0), *to_odds])
