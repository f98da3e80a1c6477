"""Plain twins of the compiled kernels: one row at a time, no cleverness; the same arguments and results."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


def backward(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, precision: Floats,
    weight: float, mode: int, objective: int, values: Floats, scratch: Floats, advantage: Floats,
) -> None:  # fmt: skip
    """Twin of `servanda.kernels.stage.backward`."""
    draws = coefficient.shape[1]
    actors = precision.shape[0]
    old = values.reshape(values.shape[0], actors, draws).copy()
    for r, s in enumerate(state):
        options = range(option_start[r], option_start[r + 1])
        worth = np.zeros((len(options), actors, draws))
        for i, o in enumerate(options):
            for k in range(outcome_start[o], outcome_start[o + 1]):
                worth[i] += coefficient[outcome_coefficient[k]] * old[outcome_state[k]]
            for k in range(price_start[o], price_start[o + 1]):
                worth[i, price_actor[k]] -= coefficient[price_coefficient[k]]
        m = int(mover[r])
        if m < 0:
            advantage[options[0]] = 0.0
            new = weight * worth[0] + (1.0 - weight) * old[s]
        else:
            sign = -1.0 if mode == 4 else 1.0
            own = sign * worth[:, objective if mode >= 3 else m]
            shortfall = own - own.max(axis=0)
            advantage[options.start : options.stop] = shortfall
            if mode <= 1:
                odds = np.exp(precision[m] * shortfall)
                total = odds.sum(axis=0)
                odds = odds / total
            else:
                odds = np.zeros_like(shortfall)
                odds[np.argmax(shortfall == 0.0, axis=0), np.arange(draws)] = 1.0
            new = np.einsum("ib,iab->ab", odds, worth)
            if mode == 1:
                new[m] = own.max(axis=0) + np.log(total) / precision[m]
        values[s] = new.reshape(-1)


def forward(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
    weight: float, mass: Floats, scratch: Floats,
) -> None:  # fmt: skip
    """Twin of `servanda.kernels.stage.forward`."""
    old = mass.copy()
    share = np.where(mover < 0, weight, 1.0)
    mass[state] *= (1.0 - share)[:, None]
    for r, s in enumerate(state):
        for o in range(option_start[r], option_start[r + 1]):
            for k in range(outcome_start[o], outcome_start[o + 1]):
                mass[outcome_state[k]] += share[r] * odds[o] * coefficient[outcome_coefficient[k]] * old[s]


def choose(mover: Ints, option_start: Ints, advantage: Floats, precision: Floats, mode: int, odds: Floats) -> None:
    """Twin of `servanda.kernels.stage.choose`."""
    for r, m in enumerate(mover):
        part = slice(option_start[r], option_start[r + 1])
        if m < 0:
            odds[part] = 1.0
        elif mode <= 1:
            raw = np.exp(precision[m] * advantage[part])
            odds[part] = raw / raw.sum(axis=0)
        else:
            best = np.argmax(advantage[part] == 0.0, axis=0)
            odds[part] = 0.0
            odds[option_start[r] + best, np.arange(odds.shape[1])] = 1.0


def evaluate(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
    weight: float, values: Floats, scratch: Floats,
) -> None:  # fmt: skip
    """Twin of `servanda.kernels.stage.evaluate`."""
    draws = coefficient.shape[1]
    old = values.reshape(values.shape[0], -1, draws).copy()
    for r, s in enumerate(state):
        share = weight if mover[r] < 0 else 1.0
        new = (1.0 - share) * old[s]
        for o in range(option_start[r], option_start[r + 1]):
            for k in range(outcome_start[o], outcome_start[o + 1]):
                new += share * odds[o] * coefficient[outcome_coefficient[k]] * old[outcome_state[k]]
            for k in range(price_start[o], price_start[o + 1]):
                new[price_actor[k]] -= share * odds[o] * coefficient[price_coefficient[k]]
        values[s] = new.reshape(-1)


def forward_marked(
    state: Ints, mover: Ints, option_start: Ints, price_start: Ints, price_actor: Ints, price_coefficient: Ints,
    outcome_start: Ints, outcome_state: Ints, outcome_coefficient: Ints, coefficient: Floats, odds: Floats,
    weight: float, mark: Ints, absorb: Ints, mass: Floats, scratch: Floats, caught: Floats,
) -> None:  # fmt: skip
    """Twin of `servanda.kernels.fourfold.forward_marked`."""
    old = mass.copy()
    share = np.where(mover < 0, weight, 1.0)
    mass[state] *= (1.0 - share)[:, None]
    for r, s in enumerate(state):
        for o in range(option_start[r], option_start[r + 1]):
            for k in range(outcome_start[o], outcome_start[o + 1]):
                flow = share[r] * odds[o] * coefficient[outcome_coefficient[k]] * old[s]
                if mark[k]:
                    caught[mark[k] - 1] += flow
                if not absorb[k]:
                    mass[outcome_state[k]] += flow


def spread(image: Floats, x: Floats, high: Floats, low: Floats, change: Floats) -> None:
    """Twin of `servanda.kernels.mixing.spread`."""
    high[:], low[:] = image.max(axis=0), image.min(axis=0)
    change[:] = np.abs(image - x).max(axis=0)


def combine(images: Floats, order: NDArray[np.int64], weight: Floats, mixed: Floats) -> None:
    """Twin of `servanda.kernels.mixing.combine`."""
    mixed[:] = np.einsum("kj,kij->ij", weight, images[order])


def dots(a: Floats, b: Floats, draws: int, total: Floats) -> None:
    """Twin of `servanda.kernels.mixing.dots`."""
    total[:] = (a * b).reshape(len(a), -1, draws).sum(axis=(0, 1))
