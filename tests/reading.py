"""Reads a compiled game back, one state at a time, so that tests can say what a stage does in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from servanda.compile import Compiled
from servanda.compile.layout import DealLevel


@dataclass(frozen=True)
class Move:
    """One option in one state: who may take it, the odds of each successor code, the points each actor pays."""

    mover: str
    odds: dict[int, float]
    prices: dict[tuple[str, str], float]
    breaks: bool
    line: int


def code(compiled: Compiled, deal: DealLevel, **levels: str) -> int:
    """The state with the deal at a position and variables at named levels (others as at the start)."""
    case = compiled.case
    digits = {v.name: v.levels.index(levels.get(v.name, v.start)) for v in case.variables}
    return compiled.layout.code({**digits, "deal": compiled.layout.position[deal]})


def deal(compiled: Compiled, of: int) -> DealLevel:
    """Position of the deal in a state given by its code."""
    return compiled.layout.levels[int(compiled.layout.digit(np.array([of]), "deal")[0])]


def level(compiled: Compiled, of: int, variable: str) -> str:
    """Level of a variable in a state given by its code."""
    rank = int(compiled.layout.digit(np.array([of]), variable)[0])
    return compiled.layout.variables[variable].levels[rank]


def stage_index(compiled: Compiled, name: str) -> int:
    return [stage.name for stage in compiled.game.stages].index(name)


def moves(compiled: Compiled, name: str, of: int, period: int = 0) -> dict[str, Move]:
    """Options of a stage in a state, by label; empty where the stage does not act."""
    index = stage_index(compiled, name)
    game, stage = compiled.game, compiled.game.stages[index]
    table = compiled.numbers().at(period)[:, 0]
    row = np.flatnonzero(stage.state == compiled.states_with(of))
    if not len(row):
        return {}
    r, found = int(row[0]), {}
    for o in range(stage.option_start[r], stage.option_start[r + 1]):
        odds: dict[int, float] = {}
        for k in range(stage.outcome_start[o], stage.outcome_start[o + 1]):
            target = int(compiled.codes[stage.outcome_state[k]])
            odds[target] = odds.get(target, 0.0) + float(table[stage.outcome_coefficient[k]])
        prices = {
            (game.labels.actors[stage.price_actor[j]], game.terms[stage.price_term[j]].name): float(
                table[stage.price_coefficient[j]]
            )
            for j in range(stage.price_start[o], stage.price_start[o + 1])
        }
        label = game.labels.options[stage.label[o]]
        mover = game.labels.actors[stage.mover[r]] if stage.mover[r] >= 0 else ""
        line = compiled.places[index][label].line
        found[label] = Move(mover, odds, prices, bool(compiled.breaks[index][o]), line)
    return found
