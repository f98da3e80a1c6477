"""Offers in steps of a grid: Rubinstein's alternation, legislatures that must ratify, a chamber's roll call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import ceil, log

import numpy as np

from tests.reference.turns import CHANCE, END, Play, Turns, then


def rubinstein(delta1: float, delta2: float, steps: int = 4_000) -> float:
    """Share of player 1, who offers first, by backward induction over a long calendar of alternating offers.

    The grid moves the share by at most the rounding of every offer, discounted: `rubinstein_grid_error`.
    """
    game = Turns(2)
    for me, other in ((0, 1), (1, 0)):
        offers = [then(f"{j}", ("answer", other, j)) for j in range(steps + 1)]
        game.at(("offer", me), me, *offers)
        for j in range(steps + 1):
            share = j / steps
            game.at(
                ("answer", me, j), me, then("accept", END, share, 1 - share), then("refuse", ("offer", me))
            )  # fmt: skip
    rounds = ceil(2 * log(1e-8) / log(delta1 * delta2))
    play = game.over_calendar(("offer", 0), (delta1**0.5, delta2**0.5), 2 * rounds, keep=False)
    return play.value(("offer", 0), 0) / delta1**0.5


def rubinstein_grid_error(delta1: float, delta2: float, steps: int = 4_000) -> float:
    """Largest distance of the share on the grid from the share of the continuum."""
    return (1 + delta2) / (1 - delta1 * delta2) / steps


def rubinstein_share(delta1: float, delta2: float) -> float:
    """Rubinstein (1982): (1 - δ2) / (1 - δ1 δ2)."""
    return (1 - delta2) / (1 - delta1 * delta2)


@cache
def ratified(need1: float, need2: float, delta: float, steps: int = 1_000) -> float | None:
    """Share of player 1 when each side's legislature ratifies only shares of at least its need; None without a deal.

    A legislature (actors 2 and 3) gains a point by a deal that gives its side enough and loses one by any other.
    """
    game = Turns(4)
    for me, other in ((0, 1), (1, 0)):
        game.at(("offer", me), me, *(then(f"{j}", ("answer", other, j)) for j in range(steps + 1)))
        for j in range(steps + 1):
            share = j / steps
            verdicts = [1.0 if s >= n - 1e-9 else -1.0 for s, n in ((share, need1), (1 - share, need2))]
            again = then("refuse", ("offer", me))
            vote = ("vote", 0, me, j)
            game.at(("answer", me, j), me, then("accept", vote), then("refuse", ("pause", me)))
            game.at(vote, 2, then("ratify", ("vote", 1, me, j)), then("reject", ("late pause", me)))
            game.at(("vote", 1, me, j), 3, then("ratify", END, share, 1 - share, *verdicts), again)
        game.at(("pause", me), CHANCE, then("wait", ("late pause", me)))
        game.at(("late pause", me), CHANCE, then("wait", ("offer", me)))
    rounds = ceil(log(1e-8) / log(delta))
    play = game.over_calendar(("offer", 0), (delta**0.25,) * 4, 4 * rounds, keep=False)
    value = play.value(("offer", 0), 0) / delta**0.75
    return value if value > 1e-9 else None


def ratified_share(need1: float, need2: float, delta: float) -> float | None:
    """Fixed point of x = min(1 - k2, 1 - δ(1 - y)), y = max(k1, δx); None if the win-sets do not overlap."""
    if need1 + need2 > 1 + 1e-12:
        return None
    share, offered = 1.0, 0.0
    for _ in range(10_000):
        share = min(1 - need2, 1 - delta * (1 - offered))
        offered = max(need1, delta * share)
    return share


def roll_call(ideals: Sequence[float], votes: int, treaty: float, reversion: float = 0.0) -> bool:
    """Whether a treaty passes when the members vote one after the other and know the count so far."""
    members = len(ideals)
    game = Turns(members)
    worth = {
        True: [-abs(treaty - ideal) for ideal in ideals],
        False: [-abs(reversion - ideal) for ideal in ideals],
    }
    for turn in reversed(range(members)):
        for count in range(turn + 1):
            options = []
            for label, more in (("yes", 1), ("no", 0)):
                if turn == members - 1:
                    options.append(then(label, END, *worth[count + more >= votes]))
                else:
                    options.append(then(label, (turn + 1, count + more)))
            game.at((turn, count), turn, *options)
    play = game.over_calendar((0, 0), (0.99,) * members, members)
    return _passes(play, members, votes)


def _passes(play: Play, members: int, votes: int) -> bool:
    return sum(label == "yes" for _, label in play.path(members)) >= votes


def even_chamber(members: int = 100) -> list[float]:
    """Ideal points spread evenly over [0, 1]."""
    return [float(x) for x in np.linspace(0.0, 1.0, members)]
