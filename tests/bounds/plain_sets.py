"""Two-player games at random, and the self-generation operator once more: point by point, in plain loops."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from servanda.game.markov import MarkovGame, simultaneous_game

Floats = NDArray[np.float64]
DIRECTIONS = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)])


def tables(seed: int) -> tuple[Floats, Floats, Floats]:
    """payoff[state, player, choice, choice], odds[state, choice, choice, state], discount[player] of a small game."""
    random = np.random.default_rng(seed)
    states, one, two = int(random.integers(1, 4)), int(random.integers(1, 4)), int(random.integers(2, 4))
    odds = random.dirichlet(np.ones(states), (states, one, two))
    odds *= random.random(odds.shape) < 0.7
    odds[..., 0] += 1e-3 * (odds.sum(axis=-1) == 0.0)
    odds /= odds.sum(axis=-1, keepdims=True)
    return random.normal(0.0, 2.0, (states, 2, one, two)), odds, random.uniform(0.3, 0.85, 2)


def game(seed: int) -> MarkovGame:
    return simultaneous_game(*tables(seed))


def support(points: Floats) -> Floats:
    """How far a set of points reaches in each direction."""
    return (DIRECTIONS @ np.asarray(points).T).max(axis=1)


def clipped(points: Floats, axis: int, floor: float) -> Floats:
    """Corners of the part of the hull of points above a floor: those above, and where any chord crosses it."""
    found = [p for p in points if p[axis] >= floor]
    for p, q in combinations(points, 2):
        if (p[axis] - floor) * (q[axis] - floor) < 0.0:
            found.append(p + (floor - p[axis]) / (q[axis] - p[axis]) * (q - p))
    return np.array(found).reshape(-1, np.shape(points)[1])


def extreme(points: Floats) -> Floats:
    """Corners of the hull, by walking along the lower side and back along the upper (exact comparisons)."""
    order = sorted(map(tuple, points))
    corners: list[tuple[float, float]] = []
    for way in (order, order[::-1]):
        start = len(corners)
        for p in way:
            while len(corners) - start >= 2:
                (ax, ay), (bx, by) = corners[-2:]
                if (bx - ax) * (p[1] - by) - (by - ay) * (p[0] - bx) > 0.0:
                    break
                corners.pop()
            corners.append(p)
    return np.array(list(dict.fromkeys(corners))).reshape(-1, 2)


def generated(payoff: Floats, odds: Floats, discount: Floats, sets: list[Floats], slack: float) -> list[Floats]:
    """One step of the operator. An empty set of points stands for no equilibrium."""
    worst = np.array([s.min(axis=0) if len(s) else [np.nan, np.nan] for s in sets])
    found = []
    for s in range(len(payoff)):
        points: list[Floats] = []
        for a, b in product(range(payoff.shape[2]), range(payoff.shape[3])):
            later = np.zeros((1, 2))
            for t in np.flatnonzero(odds[s, a, b]):
                later = np.array([c + odds[s, a, b, t] * v for c in later for v in sets[t]]).reshape(-1, 2)
                later = extreme(later)
            for player in range(2):
                choices = payoff.shape[2 + player]
                for other in range(choices):
                    at = (s, other, b) if player == 0 else (s, a, other)
                    if at == (s, a, b):
                        continue
                    there = odds[at] > 0.0
                    more = payoff[s, player, at[1], at[2]] - payoff[s, player, a, b]
                    floor = more / discount[player] + odds[at][there] @ worst[there, player]
                    # nothing keeps a player from reaching a state without equilibrium
                    later = later[:0] if np.isnan(floor) else clipped(later, player, floor - slack)
                    later = extreme(later)
            points += [payoff[s, :, a, b] + discount * c for c in later]
        found.append(extreme(np.array(points).reshape(-1, 2)))
    return found
