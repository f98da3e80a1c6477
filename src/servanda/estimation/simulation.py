"""Panels made by the case itself: many episodes of play, every choice a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import Parameter
from servanda.compile import Compiled
from servanda.equilibrium import Period, Slot, solve
from servanda.errors import CaseError, Issue
from servanda.estimation.likelihood import SOLVER
from servanda.estimation.sites import DecisionPoints
from servanda.game import Numbers, Stage
from servanda.writing import replacing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[str, float], None]

# episodes with covariates of their own that are solved side by side
_TOGETHER = 64


@dataclass(frozen=True)
class Simulated:
    """Rows of a panel as texts, in the order of play; `remarks` say how they were made."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]
    episodes: int

    def text(self) -> str:
        r"""The panel as CSV, remarks first.

        >>> Simulated(("episode", "option"), (("1", "fight"),), ("a remark",), 1).text()
        '# a remark\nepisode,option\n1,fight\n'
        """
        stream = io.StringIO()
        stream.writelines(f"# {remark}\n" for remark in self.remarks)
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return stream.getvalue()

    def write(self, path: Path) -> None:
        """Write the panel, as Parquet if the name ends so, whole or not at all.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        with replacing(path) as part:
            if path.suffix != ".parquet":
                part.write_text(self.text(), encoding="utf-8")
                return
            import pyarrow as pa
            import pyarrow.parquet as pq

            columns = list(zip(*self.rows, strict=True)) or [() for _ in self.columns]
            made = [pa.array(cells, pa.string()) for cells in columns]
            table = pa.table(dict(zip(self.columns, made, strict=True)))
            pq.write_table(table.replace_schema_metadata({"servanda": "; ".join(self.remarks)}), part)


def simulate(
    compiled: Compiled,
    episodes: int,
    seed: int,
    *,
    values: Mapping[str, float] | None = None,
    vary: Sequence[str] = (),
    periods: int | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """Play a case many times from its start and note every choice between two or more options.

    Parameters
    ----------
    values : parameter values other than the central ones
    vary : parameters that are drawn for each episode from their distributions, and become columns
    periods : how long an episode is; the whole calendar if None

    Episode number k of a seed is the same however many there are.

    Raises
    ------
    CaseError
        If a parameter to vary does not exist or is certain, or numbers make no game.
    """
    tell = progress or (lambda _stage, _share: None)
    length = compiled.case.periods if periods is None else min(periods, compiled.case.periods)
    drawn = [_uncertain(compiled, name) for name in vary]
    points = DecisionPoints(compiled)
    stages = compiled.game.stages
    width = len(drawn) + length * (2 * len(stages) + len(compiled.game.schedule.blocks))
    luck = np.stack([np.random.default_rng([seed, e]).random(width) for e in range(episodes)])
    known = np.stack([p.number.quantile(luck[:, j]) for j, p in enumerate(drawn)], axis=1) if drawn else None
    # columns hold what is written, so that a fit reads the numbers that were played
    known = np.zeros((episodes, 0)) if known is None else np.vectorize(lambda x: float(f"{x:.6g}"))(known)
    groups, group = np.unique(known, axis=0, return_inverse=True)
    group = group.reshape(-1)
    rows: list[tuple[int, int, int, tuple[str, ...]]] = []
    for first in range(0, len(groups), _TOGETHER):
        tell("play", first / len(groups))
        draws = [
            {**(values or {}), **dict(zip(vary, g.tolist(), strict=True))} for g in groups[first : first + _TOGETHER]
        ]
        numbers = compiled.numbers(draws)
        solution = solve(compiled.game, numbers, SOLVER)
        mine = np.flatnonzero((group >= first) & (group < first + len(draws)))
        table = _Table(points, numbers, solution.advantage, luck[:, len(drawn) :])
        rows += table.played(mine, group[mine] - first, length)
    rows.sort(key=lambda row: row[:3])
    covariates = [tuple(f"{x:.6g}" for x in known[e]) for e in range(episodes)]
    shown = [v.name for v in compiled.case.variables] + (["deal"] if compiled.case.drafts else [])
    columns = ("episode", "period", *shown, "decision", "actor", "option", *vary)
    settings = ", ".join(f"{name}={value:g}" for name, value in (values or {}).items())
    remarks = (
        f"simulated play of {compiled.case.name}: {episodes} episodes of {length} periods, seed {seed}",
        *([f"with {settings}"] if settings else []),
    )
    cells = tuple((str(e + 1), str(t), *row, *covariates[e]) for e, t, _, row in rows)
    return Simulated(columns, cells, remarks, episodes)


def _uncertain(compiled: Compiled, name: str) -> Parameter:
    found = next((p for p in compiled.case.parameters if p.name == name), None)
    if found is None or found.number.certain:
        what = "no parameter is called" if found is None else "certain, and so cannot vary:"
        hint = "give the name of an uncertain parameter"
        issue = Issue("error", "unknown-parameter", f"{what} `{name}`", hint)
        raise CaseError(f"{what} `{name}`", issues=(issue,))
    return found


class _Table:
    """Play under some sets of numbers, and the luck of every episode."""

    def __init__(self, points: DecisionPoints, numbers: Numbers, advantage: Sequence[Floats], luck: Floats) -> None:
        self.points = points
        self.game = points.compiled.game
        self.period = Period(self.game, numbers)
        self.odds = [self.period.odds(a) for a in advantage]
        self.luck = luck
        self.start = int(np.flatnonzero(self.game.start)[0])

    def played(self, episode: Ints, draw: Ints, length: int) -> list[tuple[int, int, int, tuple[str, ...]]]:
        """Rows (episode, period, turn, cells) of some episodes; draw[k] says under which numbers each is played."""
        state = np.full(len(episode), self.start)
        stages, blocks = len(self.game.stages), len(self.game.schedule.blocks)
        found: list[tuple[int, int, int, tuple[str, ...]]] = []
        for t in range(length):
            begun = t * (2 * stages + blocks)
            luck = self.luck[episode, begun : begun + 2 * stages + blocks]
            order = np.argsort(luck[:, 2 * stages :], axis=1)
            left = np.full(len(episode), (1 << blocks) - 1)
            passes: list[tuple[Slot, Ints]] = []
            everybody = np.arange(len(episode))
            opening = [s for s in self.points.slots if s.block == -1]
            closing = [s for s in self.points.slots if s.block == -2]
            passes += [(s, everybody) for s in opening]
            for place in range(blocks):
                for block in range(blocks):
                    for remaining in np.unique(left[order[:, place] == block]):
                        who = np.flatnonzero((order[:, place] == block) & (left == remaining))
                        drawn = [s for s in self.points.slots if s.block == block and s.remaining == remaining]
                        passes += [(s, who) for s in drawn]
                left &= ~(1 << order[:, place])
            passes += [(s, everybody) for s in closing]
            for turn, (slot, who) in enumerate(passes):
                weight = self.period.weight(slot, t)
                if weight != 0.0 and self.game.stages[slot.stage].rows:
                    found += [
                        (int(episode[k]), t, turn, cells)
                        for k, cells in self._pass(slot, t, weight, who, state, draw, luck)
                    ]
        return found

    def _pass(
        self, slot: Slot, t: int, weight: float, who: Ints, state: Ints, draw: Ints, luck: Floats
    ) -> list[tuple[int, tuple[str, ...]]]:
        """Move the episodes in `who` through one stage; returns the choices that were made."""
        stage = self.game.stages[slot.stage]
        table, odds = self.period.table(t), self.odds[t][slot.options]
        rows = np.full(self.game.states, -1)
        rows[stage.state] = np.arange(stage.rows)
        found = []
        for k in who[rows[state[who]] >= 0]:
            row = int(rows[state[k]])
            first, last = int(stage.option_start[row]), int(stage.option_start[row + 1])
            chance = stage.mover[row] < 0
            if chance and luck[k, 2 * slot.stage] >= weight:
                continue
            option = first if chance else first + _picked(odds[first:last, draw[k]], luck[k, 2 * slot.stage])
            if not chance and last - first > 1:
                found.append((int(k), self._cells(slot.stage, stage, row, option, int(state[k]))))
            begin, end = int(stage.outcome_start[option]), int(stage.outcome_start[option + 1])
            share = table[stage.outcome_coefficient[begin:end], draw[k]]
            state[k] = stage.outcome_state[begin + _picked(share, luck[k, 2 * slot.stage + 1])]
        return found

    def _cells(self, index: int, stage: Stage, row: int, option: int, state: int) -> tuple[str, ...]:
        compiled = self.points.compiled
        code = compiled.codes[state : state + 1]
        shown = [v.levels[int(compiled.layout.digit(code, v.name)[0])] for v in compiled.case.variables]
        if compiled.case.drafts:
            shown.append(self.points.deal_labels[int(compiled.layout.digit(code, "deal")[0])])
        return (*shown, stage.name, self.points.mover(index, row), self.game.labels.options[stage.label[option]])


def _picked(odds: Floats, at: float) -> int:
    """Which of several things happens at a point of [0, 1).

    >>> _picked(np.array([0.25, 0.75]), 0.3)
    1
    """
    upto = np.cumsum(odds)
    return int(min(np.searchsorted(upto, at * upto[-1], side="right"), len(odds) - 1))
