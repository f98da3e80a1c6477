"""Estimated dyads (Crisman-Cox and Gibilisco): published tables as parameters of `escalation-dyad`, and its play."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium import Period, Settings, solve
from servanda.equilibrium.search import Equilibria, equilibria
from servanda.equilibrium.stationary import Equilibrium
from servanda.equilibrium.stationary_system import System
from servanda.equilibrium.unrolled import Unrolled, unroll
from servanda.game import Numbers
from tests.reference.case_files import compiled
from tests.reference.sources import published

Floats = NDArray[np.float64]
FAMILY = "structural_dynamic_escalation"
CASE = "escalation-dyad"
LEVELS = ("peace", "conflict", "war")
STARTS = 27


def table(dyad: str) -> Floats:
    """The published payoffs of a month, [state, choice of the first, choice of the second, player]."""
    return np.array(published(FAMILY)[dyad]["parameters"]["payoffs"]).reshape(3, 3, 3, 2)


def parameters(dyad: str) -> dict[str, float]:
    """The table of a dyad as the case file takes it apart."""
    whole = table(dyad)
    found: dict[str, float] = {}
    for who, own in (("first", whole[..., 0]), ("second", whole[..., 1].transpose(0, 2, 1))):
        found |= {
            f"{who}_conflict": own[1, 0, 0], f"{who}_war": own[2, 0, 0], f"{who}_cost_of_conflict": -own[0, 1, 0],
            f"{who}_cost_of_war": -own[0, 2, 0], f"{who}_audience": own[1, 0, 0] - own[1, 0, 1],
        }  # fmt: skip
    both = whole[:, 1, 1, 0] - whole[:, 1, 0, 0]
    return found | dict(zip(("both_from_peace", "both_in_conflict", "both_in_war"), both.tolist(), strict=True))


def written(values: Mapping[str, float]) -> Floats:
    """The table that the parameters of the case file stand for."""
    whole = np.zeros((3, 3, 3, 2))
    both = [values["both_from_peace"], values["both_in_conflict"], values["both_in_war"]]
    for who, player in (("first", 0), ("second", 1)):
        worth = [0.0, values[f"{who}_conflict"], values[f"{who}_war"]]
        cost = [0.0, values[f"{who}_cost_of_conflict"], values[f"{who}_cost_of_war"]]
        for state, own, other in np.ndindex(3, 3, 3):
            points = worth[state] - cost[own] + (both[state] if own and other else 0.0)
            points -= values[f"{who}_audience"] if own < state <= other else 0.0
            whole[(state, own, other, player) if player == 0 else (state, other, own, player)] = points
    return whole


def answer(dyad: str) -> Floats:
    """The published odds, [state, player, choice]."""
    said = published(FAMILY)[dyad]["prediction"]
    odds = [said[f"P_action_given_state_player{player}"] for player in (1, 2)]
    return np.array(odds).transpose(2, 0, 1)


@cache
def _game(dyad: str) -> tuple[Numbers, Unrolled, list[int]]:
    """Numbers, the stationary game, and its node at the beginning of a month for each state of affairs."""
    case = compiled(CASE)
    numbers = case.numbers([parameters(dyad)])
    whole = unroll(case.game, numbers, reached=True)
    level = case.layout.digit(case.codes, "affairs")
    begins = [int(np.flatnonzero((level == k) & (whole.first >= 0))[0]) for k in range(len(LEVELS))]
    return numbers, whole, [int(whole.first[s]) for s in begins]


@cache
def searched(dyad: str) -> tuple[Equilibria, tuple[Floats, ...]]:
    """Stationary equilibria found from many starts, and their odds as `answer` has them."""
    _, whole, nodes = _game(dyad)
    found = equilibria(whole.game, whole.precision, taste=whole.taste, starts=0, pure=STARTS, trace=0)
    return found, tuple(_odds(e, nodes) for e in found.found)


def nearest(dyad: str) -> Floats:
    """Odds of the equilibrium found that is nearest to the published one."""
    wanted = answer(dyad)
    return min(searched(dyad)[1], key=lambda odds: float(np.abs(odds - wanted).max()))


def implied(dyad: str) -> Floats:
    """The logit answer to the published odds, by the values of playing them for ever."""
    _, whole, nodes = _game(dyad)
    game, places = whole.game, _options(whole, nodes)
    odds = np.ones(game.options)
    odds[places] = answer(dyad).ravel()
    system = System(game, whole.precision, taste=whole.taste)
    log_odds = np.zeros(game.options)
    log_odds[system.free] = system.response(system.unknowns(odds))
    raw = np.exp(log_odds[places]).reshape(3, 2, 3)
    return np.asarray(raw / raw.sum(axis=2, keepdims=True))


def backward(dyad: str) -> Floats:
    """Odds of the stationary continuation of backward induction, from the settlement."""
    case = compiled(CASE)
    numbers, whole, nodes = _game(dyad)
    solution = solve(case.game, numbers, Settings(tail_tolerance=1e-12, tail_steps=3_000))
    assert solution.tail_advantage is not None
    odds = whole.odds(Period(case.game, numbers).odds(solution.tail_advantage)[:, 0])
    return np.asarray(odds[_options(whole, nodes)].reshape(3, 2, 3))


def _options(whole: Unrolled, nodes: list[int]) -> NDArray[np.int64]:
    """Places of the options in the order of `answer`."""
    game = whole.game
    seats = [int(game.seat_start[node]) + k for node in nodes for k in (0, 1)]
    return np.concatenate([np.arange(game.option_start[s], game.option_start[s + 1]) for s in seats])


def _odds(equilibrium: Equilibrium, nodes: list[int]) -> Floats:
    return np.array([[equilibrium.chosen(node, player) for player in (0, 1)] for node in nodes])
