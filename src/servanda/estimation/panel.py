"""A panel of observed play: one row for each choice, held against the compiled case.

Every row says of which episode and period it is, where each variable stood when the choice was made, which decision was
taken and which option was chosen. A column with the name of a parameter holds that episode's known value of it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from servanda.case.document import clip
from servanda.case.messages import did_you_mean
from servanda.compile import Compiled
from servanda.errors import CaseError, Issue, Location
from servanda.estimation.sheets import MOST_ISSUES, Sheet, read_sheet
from servanda.estimation.sites import DecisionPoints

Ints = NDArray[np.int64]
FIXED = ("episode", "period", "decision", "actor", "option")
_UNSEEN = {"", "?", "NA", "N/A", "nan", "NaN", "None", "null"}


@dataclass(frozen=True)
class Panel:
    """Choices of a panel, in the order of the file.

    episode[choice] indexes `episodes`, group[episode] rows of known[group, covariate]; period, stage, row (of the
    stage), chosen (option at that row) and line (in the file) are per choice.
    """

    file: str
    points: DecisionPoints
    episodes: tuple[str, ...]
    episode: Ints
    period: Ints
    stage: Ints
    row: Ints
    chosen: Ints
    line: Ints
    covariates: tuple[str, ...]
    known: NDArray[np.float64]
    group: Ints
    remarks: tuple[str, ...] = ()

    @property
    def choices(self) -> int:
        """Number of choices."""
        return len(self.episode)

    @property
    def groups(self) -> int:
        """Number of different sets of covariates."""
        return len(self.known)

    def of_group(self, group: int) -> dict[str, float]:
        """Known values of parameters in one group of episodes."""
        return dict(zip(self.covariates, self.known[group].tolist(), strict=True))


def read_panel(path: str | Path, compiled: Compiled) -> Panel:
    """Read a panel file of a case.

    Raises
    ------
    CaseError
        With everything that is wrong with the file.
    """
    return panel_of(read_sheet(Path(path)), compiled)


def panel_of(sheet: Sheet, compiled: Compiled) -> Panel:
    """Hold a sheet against a case.

    Raises
    ------
    CaseError
        With everything that is wrong with the sheet.
    """
    return _Reading(sheet, DecisionPoints(compiled)).panel()


class _Reading:
    """One sheet being understood; issues gather until the end."""

    def __init__(self, sheet: Sheet, points: DecisionPoints) -> None:
        self.sheet = sheet
        self.points = points
        self.case = points.compiled.case
        self.issues: list[Issue] = []
        self.levels = {v.name: v.levels for v in self.case.variables}
        if self.case.drafts:
            self.levels["deal"] = points.deal_labels

    def wrong(self, code: str, message: str, hint: str, row: int = -1, column: str = "") -> None:
        self.issues.append(self.sheet.issue(code, message, hint, row, column))

    def stop(self) -> None:
        if not self.issues:
            return
        issues = self.issues
        if len(issues) > MOST_ISSUES:
            more = Issue(
                "warning", "too-many-issues", f"{len(issues) - MOST_ISSUES:,} more issues are not shown",
                "mend these first", Location(self.sheet.file),
            )  # fmt: skip
            issues = [*issues[:MOST_ISSUES], more]
        raise CaseError(f"{self.sheet.file}: {len(self.issues)} error(s) in the panel", issues=tuple(issues))

    def panel(self) -> Panel:
        covariates = self._columns()
        if not self.sheet.rows and not self.issues:
            self.wrong("panel-empty", "the panel has no rows", "write one row for each choice")
        self.stop()
        names, episode = _indexed(self.sheet.column("episode"))
        for k, text in enumerate(self.sheet.column("episode")):
            if text in _UNSEEN:
                self.wrong("panel-no-episode", "the row belongs to no episode", "give every row its episode",
                           k, "episode")  # fmt: skip
        period = self._periods()
        state = self._states()
        stage, row, chosen = self._choices(state)
        known, group = self._known(covariates, names, episode)
        self._once(episode, period, stage)
        self.stop()
        lines = np.array(self.sheet.lines)
        return Panel(
            self.sheet.file, self.points, names, episode, period, stage, row, chosen, lines, covariates, known, group,
            self.sheet.remarks,
        )  # fmt: skip

    def _columns(self) -> tuple[str, ...]:
        """Check the header; returns the columns that are parameters."""
        columns = self.sheet.columns
        parameters = {p.name for p in self.case.parameters}
        asked = {*FIXED, *self.levels, *parameters}
        for name in dict.fromkeys(columns):
            if columns.count(name) > 1:
                self.wrong("panel-column-twice", f"the column `{clip(name)}` stands twice", "keep one of the two",
                           column=name)  # fmt: skip
            if name not in asked and not name.startswith("_"):
                hint = did_you_mean(name, asked, "name it after a variable or a parameter")
                self.wrong(
                    "panel-unknown-column", f"`{clip(name)}` is no variable and no parameter of {self.case.name}",
                    f"{hint}; columns whose names begin with `_` are not read", column=name,
                )  # fmt: skip
        for name in FIXED:
            if name != "actor" and name not in columns:
                self.wrong("panel-missing-column", f"there is no column `{name}`", f"add a column `{name}`")
        for name in self.levels:
            if name not in columns:
                self.wrong(
                    "panel-missing-column",
                    f"the state is not wholly observed: there is no column `{name}`",
                    f"add the level of `{name}` at every choice; play that is observed in part cannot be estimated "
                    "from choices alone",
                )  # fmt: skip
        return tuple(name for name in dict.fromkeys(columns) if name in parameters)

    def _periods(self) -> Ints:
        compiled = self.points.compiled
        days = [d.toordinal() for d in compiled.dates[: self.case.periods + 1]]
        last = self.case.periods - 1
        found = {}
        for text in dict.fromkeys(self.sheet.column("period")):
            try:
                found[text] = int(text) if text.isdecimal() else bisect_right(days, _day(text)) - 1
            except ValueError:
                found[text] = -2
        for k, text in enumerate(self.sheet.column("period")):
            t = found[text]
            if t == -2:
                self.wrong(
                    "panel-bad-period", f"`{clip(text)}` is no period",
                    "count periods 0, 1, 2, …, or give a date YYYY-MM-DD", k, "period",
                )  # fmt: skip
            elif not 0 <= t <= last:
                self.wrong(
                    "panel-period-outside", f"period `{clip(text)}` lies outside the calendar of the case",
                    f"periods run from 0 ({compiled.dates[0]}) to {last} (before {compiled.dates[last + 1]}); "
                    "lengthen `horizon` for longer episodes", k, "period",
                )  # fmt: skip
        return np.array([found[text] for text in self.sheet.column("period")], dtype=np.int64)

    def _states(self) -> Ints:
        """State of every row; -1 where it is not known or cannot be."""
        digits: dict[str, list[int]] = {}
        for name, levels in self.levels.items():
            rank = {level: i for i, level in enumerate(levels)}
            column = self.sheet.column(name)
            digits[name] = [rank.get(text, -1) for text in column]
            for k, text in enumerate(column):
                if text in rank:
                    continue
                if text in _UNSEEN:
                    self.wrong(
                        "panel-partial-observation", f"`{name}` was not observed here",
                        "give the level at the moment of the choice, or leave the row out if the choice can be spared",
                        k, name,
                    )  # fmt: skip
                else:
                    self.wrong("panel-unknown-level", f"`{name}` has no level `{clip(text)}`",
                               did_you_mean(text, levels), k, name)  # fmt: skip
        if not digits:
            return np.zeros(len(self.sheet.rows), dtype=np.int64)
        seen = np.all([np.array(column) >= 0 for column in digits.values()], axis=0)
        state = self.points.states({name: np.maximum(column, 0) for name, column in digits.items()})
        for k in np.flatnonzero(seen & (state < 0)).tolist():
            self.wrong(
                "panel-impossible-state", "no play of the case leads to this combination of levels",
                "check the row; or the case, whose effects never bring it about", k,
            )  # fmt: skip
        # known, but no state: nothing more is said of the row
        return np.where(seen, state, -1)

    def _choices(self, state: Ints) -> tuple[Ints, Ints, Ints]:
        points, sheet = self.points, self.sheet
        actors = sheet.column("actor") if "actor" in sheet.columns else ("",) * len(state)
        found = np.full((3, len(state)), -1, dtype=np.int64)
        for k, (decision, actor, option) in enumerate(
            zip(sheet.column("decision"), actors, sheet.column("option"), strict=True)
        ):
            if decision not in points.stages:
                hint = did_you_mean(decision, points.stages)
                self.wrong("panel-unknown-decision", f"no decision is called `{clip(decision)}`", hint, k, "decision")
                continue
            stage = points.stages[decision]
            if state[k] < 0:
                continue
            row = points.row(stage, int(state[k]))
            if row < 0:
                text = points.compiled.layout.describe(int(points.compiled.codes[state[k]]))
                self.wrong(
                    "panel-not-open", f"`{decision}` is not open in this state ({clip(text, 120)})",
                    "check the levels of this row: they are those at the moment of the choice", k, "decision",
                )  # fmt: skip
                continue
            if actor not in _UNSEEN and actor != points.mover(stage, row):
                self.wrong("panel-wrong-actor", f"here `{decision}` is taken by `{points.mover(stage, row)}`",
                           "mend the actor, or the level of the office", k, "actor")  # fmt: skip
            options = points.options(stage, row)
            if option not in options:
                self.wrong("panel-unknown-option", f"`{decision}` has no option `{clip(option)}` in this state",
                           did_you_mean(option, options), k, "option")  # fmt: skip
                continue
            found[:, k] = stage, row, options.index(option)
        return found[0], found[1], found[2]

    def _known(
        self, covariates: Collection[str], names: tuple[str, ...], episode: Ints
    ) -> tuple[NDArray[np.float64], Ints]:
        """Known parameter values of every group of episodes, and the group of every episode."""
        known = np.zeros((len(names), len(covariates)))
        for j, name in enumerate(covariates):
            first: dict[int, tuple[str, int]] = {}
            for k, text in enumerate(self.sheet.column(name)):
                value = _number(text)
                if value is None:
                    self.wrong("panel-bad-number", f"`{clip(text)}` is no value of the parameter `{name}`",
                               "write a finite number such as 0.25", k, name)  # fmt: skip
                    continue
                e = int(episode[k])
                if e not in first:
                    first[e] = (text, k)
                    known[e, j] = value
                if value != known[e, j]:
                    self.wrong(
                        "panel-covariate-changes",
                        f"`{name}` is {clip(text)} here and {first[e][0]} in line {self.sheet.lines[first[e][1]]} of "
                        f"episode {names[e]}",
                        "a parameter keeps its value while a game is played; make what changes a variable", k, name,
                    )  # fmt: skip
        groups, group = np.unique(known, axis=0, return_inverse=True)
        return groups, group.reshape(-1)

    def _once(self, episode: Ints, period: Ints, stage: Ints) -> None:
        """Every decision is taken once in a period of an episode."""
        first: dict[tuple[int, int, int], int] = {}
        for k, key in enumerate(zip(episode.tolist(), period.tolist(), stage.tolist(), strict=True)):
            if key[2] < 0 or key[1] < 0:
                continue
            if key in first:
                self.wrong(
                    "panel-choice-twice",
                    f"line {self.sheet.lines[first[key]]} has this decision of the same episode and period already",
                    "keep one row; episodes of different pairs need different names", k, "decision",
                )  # fmt: skip
            first.setdefault(key, k)


def _indexed(texts: tuple[str, ...]) -> tuple[tuple[str, ...], Ints]:
    place: dict[str, int] = {}
    found = [place.setdefault(text, len(place)) for text in texts]
    return tuple(place), np.array(found, dtype=np.int64)


def _day(text: str) -> int:
    """Ordinal of a date.

    >>> _day("0001-01-02")
    2
    """
    return date.fromisoformat(text).toordinal()


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
