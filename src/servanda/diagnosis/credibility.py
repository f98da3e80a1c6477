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
from servanda.diagnosis.play import Floats, Play, propagate
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


def temptations(play: Play, least_weight: float = 0.05) -> tuple[Temptation, ...]:
    """Temptation of every draft alone on the table, from its first phase at the start.

    Only points reached with at least `least_weight` (probability) compete for the tightest.
    """
    compiled = play.compiled
    drafts = range(len(compiled.case.drafts))
    mass = np.zeros((compiled.game.states, play.draws))
    for d in drafts:
        mass[compiled.start_with_deal(d), d + 1] = 1.0
    live = compiled.live
    alive = play.stage_mask("phase", "in_force", "suspended", "expiring")
    dead = np.flatnonzero(~alive)
    cells: dict[tuple[int, int, int], dict[int, _Cell]] = {}

    def before(t: int, slot: Slot, array: Floats) -> None:
        stage = compiled.game.stages[slot.stage]
        breaks = compiled.breaks[slot.stage]
        if not breaks.any():
            return
        can = np.maximum.reduceat(breaks, stage.option_start[:-1].astype(np.int64)) & live[stage.state]
        rows = np.flatnonzero(can)
        for d in drafts:
            weight = array[stage.state, d + 1]
            held = rows[weight[rows] > 0.0]
            advantage = play.solution.advantage[t][slot.options, d + 1]
            tempting, _ = best_of(stage, advantage, breaks)
            keeping, _ = best_of(stage, advantage, ~breaks)
            for actor in np.unique(stage.mover[held]):
                found = point(play, t, slot, d + 1, int(actor), held, weight, (~breaks, breaks))
                if found is None:
                    continue
                cell = cells.setdefault((d, t, int(actor)), {}).setdefault(slot.stage, _Cell())
                positive = float(weight[found.rows][tempting[found.rows] > keeping[found.rows]].sum())
                cell.weight += found.likelihood
                cell.gap -= found.likelihood * found.margin
                cell.tempted += positive
                if cell.best is None or found.likelihood > cell.best.likelihood:
                    cell.best = found

    def after(_t: int, slot: Slot, array: Floats) -> None:
        if slot.remaining == 0 or compiled.breaks[slot.stage].any():
            array[dead] = 0.0

    propagate(play, mass, before=before, after=after)
    return tuple(_temptation(play, d, cells, least_weight) for d in drafts)


def _temptation(
    play: Play, draft: int, cells: dict[tuple[int, int, int], dict[int, _Cell]], least: float
) -> Temptation:
    actors = sorted({actor for d, _, actor in cells if d == draft})
    gaps: list[CredibilityGap] = []
    tightest: tuple[float, Point] | None = None
    for actor in actors:
        series: list[tuple[float | None, float, float, str]] = []
        for t in range(play.periods):
            stages = [c for c in cells.get((draft, t, actor), {}).values() if c.weight > 1e-12]
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
