"""Uncertain parameters as the columns of a matrix of draws, with what is needed to name and to draw them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case.uncertain import UncertainNumber

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Factor:
    """One column of a matrix of draws: an uncertain parameter.

    `number` is its distribution; `group` names the correlated group it belongs to, empty if it is drawn on its own.

    >>> from servanda.case.uncertain import parse_uncertain
    >>> Factor("toss", "Toss", parse_uncertain("one of {heads: 1, tails: 1}", choices={"heads": 1, "tails": 0})).choices
    (('heads', 1.0), ('tails', 0.0))
    """

    name: str
    title: str
    number: UncertainNumber
    unit: str = ""
    group: str = ""

    @property
    def choices(self) -> tuple[tuple[str, float], ...]:
        """Names and values of a parameter that takes one of a few; empty for a continuous one."""
        return tuple((name, value) for name, value, _ in self.number.choices)


@dataclass(frozen=True, slots=True)
class Block:
    """Columns that are judged together: one parameter, or all of a correlated group."""

    name: str
    title: str
    columns: tuple[int, ...]


def blocks(factors: Sequence[Factor]) -> tuple[Block, ...]:
    """Parameters on their own, and correlated groups as one, in the order of their first column.

    The name of a group is that of its members joined by ` + `.
    """
    members: dict[str, list[int]] = {}
    for column, factor in enumerate(factors):
        members.setdefault(f"group {factor.group}" if factor.group else f"column {column}", []).append(column)
    return tuple(
        Block(" + ".join(factors[c].name for c in at), " + ".join(factors[c].title for c in at), tuple(at))
        for at in members.values()
    )


def grouped(factors: Iterable[Factor], pairs: Iterable[Sequence[str]]) -> tuple[Factor, ...]:
    """The same factors with groups: names that stand in one of `pairs` are correlated, and so are chains of them.

    Raises
    ------
    ValueError
        If a name is none of a factor.

    Examples
    --------
    >>> from servanda.case.uncertain import parse_uncertain
    >>> three = [Factor(name, name, parse_uncertain("0 to 1")) for name in "abc"]
    >>> [factor.group for factor in grouped(three, [("a", "c")])]
    ['a', '', 'a']
    """
    given = tuple(factors)
    leader = {factor.name: factor.name for factor in given}
    order = {factor.name: at for at, factor in enumerate(given)}
    for names in pairs:
        if strange := [name for name in names if name not in leader]:
            raise ValueError(f"no factor is called {strange[0]!r}")
        first = min((leader[name] for name in names), key=order.__getitem__)
        joined = {leader[name] for name in names}
        leader = {name: first if led in joined else led for name, led in leader.items()}
    shared = {led for led in leader.values() if list(leader.values()).count(led) > 1}
    return tuple(
        Factor(f.name, f.title, f.number, f.unit, leader[f.name] if leader[f.name] in shared else "") for f in given
    )


def midranks(x: Floats, weights: Floats) -> Floats:
    """Weighted rank of every value within its column, in (0, 1): the mass below it and half of the mass at it.

    Parameters
    ----------
    x
        Values, [draw, column].
    weights
        Weight of each draw, adding up to 1.

    Examples
    --------
    >>> midranks(np.array([[3.0], [1.0], [1.0], [5.0]]), np.full(4, 0.25)).ravel().tolist()
    [0.625, 0.25, 0.25, 0.875]
    """
    order = np.argsort(x, axis=0, kind="stable")
    values = np.take_along_axis(x, order, axis=0)
    upto = np.cumsum(weights[order], axis=0)
    fresh = np.ones(x.shape, dtype=bool)
    fresh[1:] = values[1:] != values[:-1]
    last = np.ones(x.shape, dtype=bool)
    last[:-1] = fresh[1:]
    rows = np.arange(len(x))[:, None]
    starts = np.maximum.accumulate(np.where(fresh, rows, 0), axis=0)
    ends = np.minimum.accumulate(np.where(last, rows, len(x) - 1)[::-1], axis=0)[::-1]
    below = np.where(starts > 0, np.take_along_axis(upto, np.maximum(starts - 1, 0), axis=0), 0.0)
    middle = 0.5 * (below + np.take_along_axis(upto, ends, axis=0)) / upto[-1]
    found = np.empty_like(x)
    np.put_along_axis(found, order, middle, axis=0)
    return found
