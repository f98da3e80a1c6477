"""From options to states and moves: which combinations are states, and who can turn one into another.

A combination of options taken and dropped is a whole number, option k its bit k. A state stands for one combination, or
for several that are alike. A decision maker can move between two combinations that differ in its own options only, each
changed in a direction that it permits; between states it can move if it can between some of their combinations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from servanda.conflicts.model import Option, State
from servanda.conflicts.statements import Masks, Statement

MOST_OPTIONS = 20
MOST_STATES = 2_000
MOST_COMBINATIONS = 4_096
DIRECTIONS = ("both", "take", "drop", "none")


@dataclass(frozen=True, slots=True)
class Bar:
    """A move that one decision maker cannot make, whatever its options permit; None stands for anywhere."""

    maker: int
    start: Statement | None
    end: Statement | None


def combinations_of(pattern: str) -> list[int]:
    """All combinations that a pattern of Y, N and - stands for.

    >>> combinations_of("Y-N")
    [1, 3]
    """
    found = [0]
    for option, sign in enumerate(pattern):
        if sign == "Y":
            found = [mask | 1 << option for mask in found]
        elif sign == "-":
            found += [mask | 1 << option for mask in found]
    return sorted(found)


def pattern_of(masks: Sequence[int], options: int) -> str:
    """The pattern that covers some combinations.

    >>> pattern_of([1, 3], 3)
    'Y-N'
    """
    signs = []
    for option in range(options):
        taken = {mask >> option & 1 for mask in masks}
        signs.append("-" if len(taken) == 2 else "Y" if 1 in taken else "N")
    return "".join(signs)


def feasible(options: int, infeasible: Sequence[Statement]) -> Masks:
    """The combinations that no statement rules out, in the order of the numbers."""
    masks = np.arange(2**options, dtype=np.int64)
    for statement in infeasible:
        masks = masks[~statement.holds(masks)]
    return masks


def states_of(
    masks: Masks, options: int, alike: Sequence[Statement] = ()
) -> tuple[tuple[State, ...], tuple[tuple[int, ...], ...]]:
    """States s1, s2… and the combinations of each, in the order of the numbers.

    All combinations in which one statement of `alike` holds are one state, which stands in the place of the first.
    """
    group = np.arange(len(masks))
    for statement in alike:
        joined = statement.holds(masks)
        if joined.any():
            # What is alike under two statements is alike altogether.
            group[np.isin(group, group[joined])] = group[joined].min()
    sets: dict[int, list[int]] = defaultdict(list)
    for mask, number in zip(masks.tolist(), group.tolist(), strict=True):
        sets[number].append(mask)
    covered = [tuple(sets[number]) for number in sorted(sets)]
    states = tuple(State(f"s{number}", pattern_of(each, options)) for number, each in enumerate(covered, start=1))
    return states, tuple(covered)


def moves_of(
    owners: Sequence[Sequence[int]], options: Sequence[Option], covered: Sequence[Sequence[int]], bars: Sequence[Bar]
) -> tuple[tuple[int, ...], ...]:
    """For every decision maker and state, the set of states that one move leads to.

    Parameters
    ----------
    owners
        The numbers of the options of every decision maker.
    options
        All options.
    covered
        The combinations of every state.
    bars
        Moves that are ruled out.
    """
    place = {mask: state for state, masks in enumerate(covered) for mask in masks}
    known = np.array(sorted(place), dtype=np.int64)
    found = []
    for maker, owned in enumerate(owners):
        barred = [_barring(bar, known) for bar in bars if bar.maker == maker]
        taken_only = sum(1 << option for option in owned if options[option].moves in ("drop", "none"))
        dropped_only = sum(1 << option for option in owned if options[option].moves in ("take", "none"))
        own = sum(1 << option for option in owned)
        same: dict[int, list[int]] = defaultdict(list)
        for mask in place:
            same[mask & ~own].append(mask)
        there = [0] * len(covered)
        for group in same.values():
            for start in group:
                for end in group:
                    if not (end & ~start & taken_only or start & ~end & dropped_only) and not any(
                        bar(start, end) for bar in barred
                    ):
                        there[place[start]] |= 1 << place[end]
        found.append(tuple(ends & ~(1 << state) for state, ends in enumerate(there)))
    return tuple(found)


def _barring(bar: Bar, known: Masks) -> Callable[[int, int], bool]:
    starts = _where(bar.start, known)
    ends = _where(bar.end, known)
    return lambda start, end: start in starts and end in ends


def _where(statement: Statement | None, known: Masks) -> frozenset[int]:
    return frozenset((known if statement is None else known[statement.holds(known)]).tolist())


def undecided(statement: Statement, covered: Sequence[Sequence[int]]) -> int | None:
    """The first state for which a statement is true of one combination and false of another; None if there is none."""
    for state, masks in enumerate(covered):
        if len(masks) > 1 and len(set(statement.holds(np.array(masks, dtype=np.int64)).tolist())) > 1:
            return state
    return None


def ranked_by(statements: Sequence[Statement], covered: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Places of the states by option prioritisation: what fulfils the more important statement is better.

    >>> from servanda.conflicts.statements import parse
    >>> ranked_by([parse("b", ["a", "b"]), parse("not a", ["a", "b"])], [[0], [1], [2], [3]])
    (2, 3, 0, 1)
    """
    firsts = np.array([masks[0] for masks in covered], dtype=np.int64)
    truths = [statement.holds(firsts).tolist() for statement in statements]
    rows = [tuple(not truth[state] for truth in truths) for state in range(len(covered))]
    order = {row: place for place, row in enumerate(sorted(set(rows)))}
    return tuple(order[row] for row in rows)
