"""Margins at decision points: sets of nodes where one actor weighs one move against another.

A *point* is a set of nodes (states in one slot of one period) with weights that add up to one, and at each node a move
and an alternative. Its margin is the weighted mean of Q(move) - Q(alternative) for the mover.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.diagnosis.play import Floats, Mask, Play
from servanda.equilibrium import Slot
from servanda.game import Stage

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """Nodes of one actor in one slot of one period, with the two moves compared at each."""

    period: int
    slot: Slot
    actor: int
    rows: Index
    weights: Floats
    move: Index
    alternative: Index
    margin: float
    likelihood: float


def best_of(stage: Stage, advantage: Floats, allowed: Mask) -> tuple[Floats, Index]:
    """The best allowed option of every row: its shortfall (-inf without one) and its index.

    advantage[option].
    """
    worth = np.where(allowed, advantage, -np.inf)
    first = stage.option_start[:-1].astype(np.int64)
    best = np.maximum.reduceat(worth, first)
    hit = np.flatnonzero((worth == best[stage.row_of_option]) & allowed)
    index = np.full(stage.rows, -1, dtype=np.int64)
    index[stage.row_of_option[hit][::-1]] = hit[::-1]
    return best, index


def point(
    play: Play, t: int, slot: Slot, actor: int, rows: Index, mass: Floats, moves: tuple[Mask, Mask]
) -> Point | None:
    """The point of one actor at given rows, weighted by `mass[row]`; None where nothing is there to weigh.

    moves: masks of the stage's options that count as the move and as the alternative; the best of each is compared.
    """
    stage = play.compiled.game.stages[slot.stage]
    advantage = play.solution.advantage[t][slot.options, 0]
    for_move, move = best_of(stage, advantage, moves[0])
    against, alternative = best_of(stage, advantage, moves[1])
    rows = rows[(stage.mover[rows] == actor) & (move[rows] >= 0) & (alternative[rows] >= 0)]
    total = float(mass[rows].sum())
    if total <= 0.0:
        return None
    weights = mass[rows] / total
    margin = float((weights * (for_move[rows] - against[rows])).sum())
    return Point(t, slot, actor, rows, weights, move[rows], alternative[rows], margin, total)


def labelled(play: Play, stage: int, wanted: str) -> Mask:
    """Options of a stage with one label."""
    labels = play.compiled.game.labels.options
    array = play.compiled.game.stages[stage].label
    return np.asarray(array == labels.index(wanted)) if wanted in labels else np.zeros(len(array), dtype=bool)


def option_title(play: Play, point_: Point, option: int) -> str:
    """Title of an option as a person would say it."""
    stage = play.compiled.game.stages[point_.slot.stage]
    name = play.compiled.game.labels.options[int(stage.label[option])]
    for decision in play.compiled.case.decisions:
        if decision.name == stage.name:
            return next((o.title for o in decision.options if o.name == name), name)
    if name.startswith("table "):
        draft = next(d for d in play.compiled.case.drafts if d.name == name.removeprefix("table "))
        return f"table {draft.title}"
    return name


def moves_compared(play: Play, found: Point) -> tuple[str, str]:
    """Titles of the move and of the alternative at the heaviest node of a point."""
    heaviest = int(found.weights.argmax())
    return (
        option_title(play, found, int(found.move[heaviest])),
        option_title(play, found, int(found.alternative[heaviest])),
    )


def state_of(play: Play, found: Point) -> str:
    """The heaviest node's state in words."""
    stage = play.compiled.game.stages[found.slot.stage]
    return play.compiled.game.labels.state(int(stage.state[found.rows[int(found.weights.argmax())]]))
