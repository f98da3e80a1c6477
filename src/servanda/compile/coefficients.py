"""The coefficient table: every probability, price and payoff of a game, few hundred numbers that stand for millions.

An expression that reads some variables has one coefficient for each combination of their levels that occurs. Structure
holds indices; new parameter values change the table only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.compile.evaluation import evaluate, is_dated, parameters_of, references
from servanda.compile.layout import Codes, Layout
from servanda.errors import CaseError, Issue, Location

Floats = NDArray[np.float64]


@dataclass
class _Family:
    """All coefficients of one expression: sorted keys of level combinations, a state that has each, table indices.

    `dated`: its values change with the calendar; `reads`: the parameters they depend on; `latest`: the values of these
    for which the family was last worked out for a single draw, and what came out.
    """

    node: syntax.Node
    place: Location
    is_odds: bool
    keys: NDArray[np.int64]
    states: Codes
    indices: NDArray[np.int32]
    dated: bool
    reads: tuple[str, ...]
    latest: tuple[tuple[float, ...], Floats] | None = None


class Registry:
    """Hands out coefficient indices while a game is compiled; index 0 is the number zero."""

    def __init__(self, layout: Layout, period_years: float) -> None:
        self.layout = layout
        self.period_years = period_years
        self.size = 1
        self._families: dict[tuple[syntax.Node, bool], _Family] = {}
        self._reads: dict[syntax.Node, tuple[str, ...]] = {}

    def register(self, node: syntax.Node, states: Codes, place: Location, *, odds: bool = False) -> NDArray[np.int32]:
        """Coefficient index of an expression in each of these states."""
        if len(states) == 0:
            return np.zeros(0, dtype=np.int32)
        keys = self._keys(node, states)
        unique, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        family = self._families.get((node, odds))
        if family is None:
            empty = np.zeros(0, np.int64)
            drafts = self.layout.case.drafts
            reads = tuple(sorted(parameters_of(node, drafts)))
            family = _Family(
                node, place, odds, empty, empty, np.zeros(0, np.int32), is_dated(node, drafts), reads
            )  # fmt: skip
            self._families[(node, odds)] = family
        fresh = ~np.isin(unique, family.keys)
        if fresh.any():
            count = int(fresh.sum())
            keys_all = np.concatenate([family.keys, unique[fresh]])
            order = np.argsort(keys_all, kind="stable")
            family.keys = keys_all[order]
            family.states = np.concatenate([family.states, states[first[fresh]]])[order]
            indices = np.arange(self.size, self.size + count, dtype=np.int32)
            family.indices = np.concatenate([family.indices, indices])[order]
            self.size += count
            family.latest = None
        return family.indices[np.searchsorted(family.keys, unique)][inverse.reshape(-1)]

    def _keys(self, node: syntax.Node, states: Codes) -> NDArray[np.int64]:
        if node not in self._reads:
            self._reads[node] = tuple(sorted(references(node, self.layout.case.drafts)))
        keys = np.zeros(len(states), dtype=np.int64)
        scope = self.layout.scope(states)
        deal_size = len(self.layout.levels) + 2
        for name in self._reads[node]:
            match name:
                case "deal":
                    digit, size = scope.deal_stage[:, 0], 16
                case "draft":
                    digit, size = scope.draft[:, 0] + 1, deal_size
                case "phase":
                    digit, size = scope.phase[:, 0], deal_size
                case _:
                    digit, size = self.layout.digit(states, name), self.layout.size[name]
            keys = keys * size + digit
        return keys

    def tables(
        self, draws: Sequence[Mapping[str, float]], dates: Sequence[float]
    ) -> tuple[Floats, NDArray[np.int32], Floats]:
        """The table of every draw: coefficient[c, draw], indices of dated ones, dated_value[period, j, draw].

        Parameters
        ----------
        draws : all parameter values of each draw
        dates : decimal year of the middle of each period

        Raises
        ------
        CaseError
            If something evaluates to no finite number, or odds leave [0, 1]; all such places are named.
        """
        names = draws[0].keys()
        parameters = {name: np.array([[d[name] for d in draws]]) for name in names}
        table = np.zeros((self.size, len(draws)))
        dated: list[NDArray[np.int32]] = []
        dated_values: list[Floats] = []
        issues: list[Issue] = []
        for family in self._families.values():
            stacked = self._worked_out(family, draws, parameters, dates)
            issues += _problems(family, stacked)
            table[family.indices] = stacked[0]
            if family.dated:
                dated.append(family.indices)
                dated_values.append(stacked)
        if issues:
            raise CaseError(f"{len(issues)} number(s) of the case make no sense in some state", issues=tuple(issues))
        if not dated:
            return table, np.zeros(0, np.int32), np.zeros((len(dates), 0, len(draws)))
        return table, np.concatenate(dated), np.concatenate(dated_values, axis=1)

    def _worked_out(
        self,
        family: _Family,
        draws: Sequence[Mapping[str, float]],
        parameters: Mapping[str, Floats],
        dates: Sequence[float],
    ) -> Floats:
        """Values of a family, [date, state, draw]; of a single draw only if what it reads has moved since the last."""
        key = tuple(draws[0][name] for name in family.reads)
        # read once: another thread may put the values of its own draw there meanwhile
        latest = family.latest
        if len(draws) == 1 and latest is not None and latest[0] == key:
            return latest[1]
        values = []
        for date in dates if family.dated else dates[:1]:
            scope = self.layout.scope(family.states, parameters=parameters, date=date, period_years=self.period_years)
            values.append(np.broadcast_to(evaluate(family.node, scope), (len(family.states), len(draws))))
        stacked = np.stack(values)
        if family.is_odds:
            stacked = _tidy(stacked)
        if len(draws) == 1:
            family.latest = key, stacked
        return stacked


def _tidy(odds: Floats) -> Floats:
    """Remainders like 1 - 0.4 - 0.6 may miss 0 by rounding."""
    return np.where(np.abs(odds) < 1e-12, 0.0, np.where(np.abs(odds - 1.0) < 1e-12, 1.0, odds))


def _problems(family: _Family, values: Floats) -> list[Issue]:
    if not np.isfinite(values).all():
        return [
            Issue(
                "error", "not-finite", "a number here evaluates to no finite value (division by zero or overflow)",
                "check divisions and exp(); guard them with max(…) or if … then … else …", family.place,
            )
        ]  # fmt: skip
    if family.is_odds and (values.min() < 0.0 or values.max() > 1.0):
        worst = values.min() if values.min() < 0.0 else values.max()
        return [
            Issue(
                "error", "probability-out-of-range",
                f"the odds here come to {worst:.4g} in some state or draw; odds lie between 0 and 1",
                "lower the odds listed here so that they add up to at most 1, or bound them with min(1, …)",
                family.place,
            )
        ]  # fmt: skip
    return []
