"""Credibility through time: how much each office-holder would gain by breaking or leaving a running deal.

At a node where a party may break or leave the deal, the gap is the best option that does minus the best that does not:
positive is temptation. Means are taken over the nodes a running draft reaches, holder by holder; of several
decision points in a period the most tempting is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from servanda.diagnosis.findings import CredibilityGap
from servanda.diagnosis.margins import Point, best_of, moves_compared, point
from servanda.diagnosis.play import ALIVE, Floats, Play, propagate
from servanda.equilibrium import Slot


@dataclass(frozen=True)
class Temptation:
    """Credibility of one draft and the point at which keeping it is tightest (None if nobody can break it)."""

    gaps: tuple[CredibilityGap, ...]
    tightest: Point | None


@dataclass
class _Cell:
    weight: float = 0.0
    gap: float = 0.0
    tempted: float = 0.0
    best: Point | None = None


def temptation_of(play: Play, draft: int, least_weight: float = 0.05) -> Temptation:
    """Temptation while a draft runs, from its first phase at the start.

    Only points reached with at least `least_weight` (probability) compete for the tightest.
    """
    compiled = play.compiled
    mass = np.zeros((compiled.game.states, 1))
    mass[compiled.start_with_deal(draft)] = 1.0
    alive = play.stage_mask(*ALIVE, draft=draft)
    dead = np.flatnonzero(~alive)
    cells: dict[tuple[int, int], dict[int, _Cell]] = {}
    choosing = [
        np.flatnonzero(np.logical_or.reduceat(breaks, stage.option_start[:-1]) & compiled.live[stage.state])
        if breaks.any()
        else np.zeros(0, np.int64)
        for breaks, stage in zip(compiled.breaks, compiled.game.stages, strict=True)
    ]

    def before(t: int, slot: Slot, array: Floats) -> None:
        rows = choosing[slot.stage]
        stage = compiled.game.stages[slot.stage]
        weight = array[stage.state, 0]
        held = rows[weight[rows] > 0.0]
        if not len(held):
            return
        breaks = compiled.breaks[slot.stage]
        advantage = play.solution.advantage[t][slot.options, 0]
        tempting, _ = best_of(stage, advantage, breaks)
        keeping, _ = best_of(stage, advantage, ~breaks)
        for actor in np.unique(stage.mover[held]):
            found = point(play, t, slot, int(actor), held, weight, (~breaks, breaks))
            if found is None:
                continue
            cell = cells.setdefault((t, int(actor)), {}).setdefault(slot.stage, _Cell())
            cell.weight += found.likelihood
            cell.gap -= found.likelihood * found.margin
            cell.tempted += float(weight[found.rows][tempting[found.rows] > keeping[found.rows]].sum())
            if cell.best is None or found.likelihood > cell.best.likelihood:
                cell.best = found

    def after(_t: int, _slot: Slot, array: Floats) -> None:
        array[dead] = 0.0

    propagate(play, mass, before=before, after=after)
    return _temptation(play, cells, least_weight)


def _temptation(play: Play, cells: dict[tuple[int, int], dict[int, _Cell]], least: float) -> Temptation:
    actors = sorted({actor for _, actor in cells})
    gaps: list[CredibilityGap] = []
    tightest: tuple[float, Point] | None = None
    for actor in actors:
        series: list[tuple[float | None, float, float, str]] = []
        for t in range(play.periods):
            stages = [c for c in cells.get((t, actor), {}).values() if c.weight > 1e-12]
            if not stages:
                series.append((None, 0.0, 0.0, ""))
                continue
            worst = max(stages, key=lambda c: c.gap / c.weight)
            assert worst.best is not None
            series.append(
                (
                    worst.gap / worst.weight, worst.weight, worst.tempted / worst.weight,
                    moves_compared(play, worst.best)[1],
                )
            )  # fmt: skip
            if worst.weight >= least and (tightest is None or worst.gap / worst.weight > tightest[0]):
                tightest = (worst.gap / worst.weight, worst.best)
        who = play.compiled.case.actors[actor]
        gaps.append(
            CredibilityGap(
                who.name, who.title, who.side, tuple(s[0] for s in series), tuple(s[1] for s in series),
                tuple(s[2] for s in series), tuple(s[3] for s in series),
            )
        )  # fmt: skip
    return Temptation(tuple(gaps), tightest[1] if tightest else None)
