"""Rules and reachable states -> the sparse arrays of stages and payoff classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.resolved import PayoffTerm, ResolvedCase
from servanda.compile.coefficients import Registry
from servanda.compile.evaluation import references
from servanda.compile.layout import Codes
from servanda.compile.rules import Applied, Rule
from servanda.errors import Location
from servanda.game import Stage

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class PayoffClasses:
    """Classes of states with the same flow payoffs, as `servanda.game.Game` keeps them."""

    classes: Ints
    class_start: Ints
    class_term: Ints
    class_coefficient: Ints


class StageBuilder:
    """Builds stages one after the other, sharing labels, terms and coefficients."""

    def __init__(self, registry: Registry, codes: Codes) -> None:
        self.registry = registry
        self.codes = codes
        self.labels: list[str] = []
        self.terms: list[tuple[int, str]] = []
        self.breaks: list[NDArray[np.bool_]] = []
        self.places: list[Mapping[str, Location]] = []
        self._label_index: dict[str, int] = {}
        self._term_index: dict[tuple[int, str], int] = {}

    def _label(self, text: str) -> int:
        if text not in self._label_index:
            self._label_index[text] = len(self.labels)
            self.labels.append(text)
        return self._label_index[text]

    def _term(self, actor: int, name: str) -> int:
        key = (actor, name)
        if key not in self._term_index:
            self._term_index[key] = len(self.terms)
            self.terms.append(key)
        return self._term_index[key]

    def stage(self, rule: Rule, before: Codes) -> Stage:
        """The arrays of one stage for the states that can stand before it."""
        applied = [a for a in (rule.apply(before) if len(before) else []) if len(a.rows)]
        self.places.append({a.label: a.place for a in applied})
        row = _joined([a.rows for a in applied])
        order = _joined([np.full(len(a.rows), a.order) for a in applied])
        sort = np.lexsort((order, row))
        position = np.empty(len(sort), dtype=np.int64)
        position[sort] = np.arange(len(sort))
        label = _joined([np.full(len(a.rows), self._label(a.label)) for a in applied])[sort]
        mover = _joined([a.mover for a in applied])[sort]
        self.breaks.append(_joined([np.full(len(a.rows), a.breaks) for a in applied])[sort].astype(bool))
        rows, first = np.unique(row[sort], return_index=True)
        prices = _flatten(applied, position, lambda a: self._prices(a, before))
        outcomes = _flatten(applied, position, lambda a: self._outcomes(a, before))
        return Stage(
            name=rule.name,
            state=_ints(np.searchsorted(self.codes, before[rows]) if len(rows) else rows),
            mover=_ints(mover[first] if len(rows) else rows),
            option_start=_ints(np.append(first, len(sort))),
            label=_ints(label),
            price_start=prices[0],
            price_term=prices[1],
            price_actor=_ints(
                np.array([t[0] for t in self.terms], dtype=np.int64)[prices[1]] if len(prices[1]) else prices[1]
            ),
            price_coefficient=prices[2],
            outcome_start=outcomes[0],
            outcome_state=outcomes[1],
            outcome_coefficient=outcomes[2],
        )

    def _prices(self, a: Applied, before: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        here = before[a.rows]
        terms = [np.full(len(here), self._term(actor, name)) for actor, name, _ in a.prices]
        coefficients = [self.registry.register(worth, here, a.place) for _, _, worth in a.prices]
        return _columns(terms, len(here)), _columns(coefficients, len(here))

    def _outcomes(self, a: Applied, before: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        here = before[a.rows]
        states = [np.searchsorted(self.codes, codes) for _, codes in a.outcomes]
        coefficients = [self.registry.register(odds, here, a.place, odds=True) for odds, _ in a.outcomes]
        return _columns(states, len(here)), _columns(coefficients, len(here))

    def payoffs(self, case: ResolvedCase, actors: Mapping[str, int]) -> PayoffClasses:
        """Flow payoff terms of all states, shared by classes."""
        groups: dict[frozenset[str], list[tuple[PayoffTerm, syntax.Node]]] = {}
        for term in case.payoffs:
            node = term.worth.node
            if term.per is not None:
                node = syntax.Binary("*", node, term.per.node)
            if term.when is not None:
                node = syntax.Choice(term.when.node, node, syntax.Number(0.0))
            groups.setdefault(references(node, case.drafts), []).append((term, node))
        columns: list[tuple[int, NDArray[np.int32]]] = []
        classes = np.zeros(len(self.codes), dtype=np.int64)
        for members in groups.values():
            for term, node in members:
                index = self.registry.register(node, self.codes, term.where)
                columns.append((self._term(actors[term.actor], term.name), index))
            key = columns[-1][1].astype(np.int64)
            classes = np.unique(classes * (int(key.max(initial=0)) + 1) + key, return_inverse=True)[1].reshape(-1)
        unique, first = np.unique(classes, return_index=True)
        width = len(columns)
        return PayoffClasses(
            classes=_ints(np.searchsorted(unique, classes)),
            class_start=_ints(np.arange(len(unique) + 1) * width),
            class_term=_ints(np.tile(np.array([t for t, _ in columns], dtype=np.int64), len(unique))),
            class_coefficient=_ints(
                np.stack([index[first] for _, index in columns], axis=1).reshape(-1) if columns else np.zeros(0)
            ),
        )


def _ints(values: NDArray[np.generic]) -> Ints:
    return np.ascontiguousarray(values, dtype=np.int32)


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _columns(parts: Sequence[NDArray[np.signedinteger]], rows: int) -> NDArray[np.int64]:
    return np.stack(parts, axis=1).astype(np.int64) if parts else np.zeros((rows, 0), np.int64)


def _flatten(applied: list[Applied], position: NDArray[np.int64], read) -> tuple[Ints, Ints, Ints]:  # type: ignore[no-untyped-def]
    """Entries of all options in the final order of options: start offsets and two value arrays."""
    owner, left, right = [], [], []
    entry = 0
    for a in applied:
        one, two = read(a)
        count, width = one.shape
        owner.append(np.repeat(position[entry : entry + count], width))
        left.append(one.reshape(-1))
        right.append(two.reshape(-1))
        entry += count
    owners = _joined(owner)
    sort = np.argsort(owners, kind="stable")
    counts = np.bincount(owners, minlength=len(position)) if len(owners) else np.zeros(len(position), np.int64)
    start = np.concatenate([[0], np.cumsum(counts)])
    return _ints(start), _ints(_joined(left)[sort]), _ints(_joined(right)[sort])
