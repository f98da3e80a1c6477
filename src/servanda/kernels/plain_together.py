"""Plain twin of `servanda.kernels.together`: the branch in many short steps, derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from servanda.kernels.plain import Floats, Ints

_STEPS = 200


def decide(
    mover: Ints, count: Ints, first: Ints, profile_start: Ints, terminal: Ints, copy_start: Ints, copy_first: Ints,
    price_start: Ints, price_actor: Ints, price_coefficient: Ints, coefficient: Floats, precision: Floats, mode: int,
    objective: int, values: Floats, shortfall: Floats, odds: Floats, gain: Floats,
) -> None:  # fmt: skip
    """Twin of `servanda.kernels.together.decide`."""
    nodes, seats = mover.shape
    draws = coefficient.shape[1]
    for r, b in product(range(nodes), range(draws)):
        profiles = list(product(*(range(n) for n in count[r])))
        after = values[terminal[profile_start[r] : profile_start[r + 1]]]

        def paid(seat: int, option: int, actor: int, r: int = r, b: int = b) -> float:
            o = first[r, seat] + option
            entries = range(price_start[o], price_start[o + 1])
            return float(sum(coefficient[price_coefficient[k], b] for k in entries if price_actor[k] == actor))

        worth = np.zeros((seats, *count[r]))
        for j in range(seats):
            if mover[r, j] >= 0:
                for p, profile in enumerate(profiles):
                    worth[(j, *profile)] = after[p, mover[r, j] * draws + b] - paid(j, profile[j], mover[r, j])
        precisions = [precision[m, b] if m >= 0 else 1.0 for m in mover[r]]
        if mode <= 1:
            play = _principal(worth, precisions)
        else:
            sums = []
            for p, profile in enumerate(profiles):
                if mode == 2:
                    gains = [max(_deviations(worth[j], profile, j)) - worth[(j, *profile)] for j in range(seats)]
                    sums.append(-max(gains))
                else:
                    own = after[p, objective * draws + b] - sum(paid(j, o, objective) for j, o in enumerate(profile))
                    sums.append(own if mode == 3 else -own)
            chosen = profiles[int(np.argmax(sums))]
            play = [np.eye(n)[o] for n, o in zip(count[r], chosen, strict=True)]
        own_worth = _expected(worth, play)
        for j in range(seats):
            best = own_worth[j].max()
            soft = best + np.log(np.exp(precisions[j] * (own_worth[j] - best)).sum()) / precisions[j]
            gain[r, j, b] = soft - play[j] @ own_worth[j] if mode == 1 and mover[r, j] >= 0 else 0.0
            behind = own_worth[j] - best
            if mode > 1:
                behind = np.where(play[j] == 1.0, 0.0, np.minimum(behind, -1e-12))
            for at in copy_first[copy_start[r * seats + j] : copy_start[r * seats + j + 1]]:
                odds[at : at + count[r, j], b] = play[j]
                shortfall[at : at + count[r, j], b] = behind


def _deviations(worth: Floats, profile: tuple[int, ...], seat: int) -> Iterator[float]:
    for option in range(worth.shape[seat]):
        yield float(worth[(*profile[:seat], option, *profile[seat + 1 :])])


def _expected(worth: Floats, play: list[Floats]) -> list[Floats]:
    """What each option is worth to its seat when the others play as they do."""
    found = []
    for j in range(len(play)):
        mean = np.moveaxis(worth[j], j, 0)
        for k in reversed([k for k in range(len(play)) if k != j]):
            mean = mean @ play[k]
        found.append(mean)
    return found


def _principal(worth: Floats, precisions: list[float]) -> list[Floats]:
    sizes = worth.shape[1:]
    splits = np.cumsum(sizes)[:-1]

    def play_at(z: Floats) -> list[Floats]:
        parts = [np.exp(part - part.max()) for part in np.split(z, splits)]
        return [part / part.sum() for part in parts]

    def fault(z: Floats, share: float) -> Floats:
        wanted = [
            share * lam * (own - own[0]) for lam, own in zip(precisions, _expected(worth, play_at(z)), strict=True)
        ]
        return np.asarray(np.concatenate(wanted) - z)

    z = np.zeros(sum(sizes))
    for step in range(1, _STEPS + 1):
        share = step / _STEPS
        for _ in range(40):
            off = fault(z, share)
            if np.abs(off).max() < 1e-12 * max(1.0, np.abs(z).max()):
                break
            z = z - np.linalg.solve(_differences(fault, z, share), off)
    return play_at(z)


def _differences(function: Callable[[Floats, float], Floats], at: Floats, share: float) -> Floats:
    width = 1e-6
    ends = [(function(at + width * e, share), function(at - width * e, share)) for e in np.eye(len(at))]
    return np.asarray(np.stack([(high - low) / (2 * width) for high, low in ends], axis=1))
