"""The arms race of Goldlücke and Kranz: arsenals that can be built with some luck, used, and given up."""

from __future__ import annotations

from itertools import product

import numpy as np

from servanda.game.markov import MarkovGame


def arms_race(patience: float = 0.99, luck: float = 0.08, top: int = 3) -> tuple[MarkovGame, list[str]]:
    """The game in average payoffs and the name of each profile."""
    attack_cost, building_cost, upkeep = 0.05, 0.01, 0.3
    reward, start, to, odds, labels, choices = [], [0], [], [], [], []
    for x in product(range(top + 1), repeat=2):
        own = [
            [
                fight + change
                for fight in ("w", "a")[: 1 + (n > 0)]
                for change in (*("d" * (n > 0)), "", *("b" * (n < top)))
            ]
            for n in x
        ]
        choices += [len(moves) for moves in own]
        for played in product(*own):
            fights = ["a" in move for move in played]
            reward.append(
                [
                    (1.0 - patience)
                    * (
                        -attack_cost * fights[i] * x[i]
                        - fights[1 - i] * x[1 - i]
                        - building_cost * played[i].endswith("b")
                        - upkeep * x[i]
                    )
                    for i in range(2)
                ]
            )
            labels.append(" | ".join(played))
            changes = [
                [(1, luck), (0, 1.0 - luck)] if m.endswith("b") else [(-1 if m.endswith("d") else 0, 1.0)]
                for m in played
            ]
            for (up, p), (other, q) in product(*changes):
                if p * q > 0.0:
                    to.append((x[0] + up) * (top + 1) + x[1] + other)
                    odds.append(p * q)
            start.append(len(to))
    states = (top + 1) ** 2
    game = MarkovGame(
        np.arange(states + 1) * 2, np.tile([0, 1], states), np.array(choices), np.array(reward), np.array(start),
        np.array(to), np.array(odds), np.full((states, 2), patience), np.eye(states)[0],
    )  # fmt: skip
    return game, labels
