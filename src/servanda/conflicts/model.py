"""The graph model of a conflict: states, who can move where, and each decision maker's ranking of the states.

A conflict has decision makers i, states s, moves that each decision maker can make alone, not all of which can be taken
back, and for each decision maker a complete ranking with ties. Sets of states are whole numbers read as bits: state s
is in the set if bit s is one.

References: fang1993, kilgour1987.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """Something that one decision maker can take or drop; `moves` is both, take, drop or none."""

    name: str
    title: str = ""
    moves: str = "both"


@dataclass(frozen=True, slots=True)
class Maker:
    """A decision maker and its options, in order; none where the moves were given state by state."""

    name: str
    title: str = ""
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A state: `pattern` has a Y, N or - (either) for every option of the conflict, in order."""

    name: str
    pattern: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a conflict comes from."""

    name: str
    title: str
    url: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict with nothing implied.

    `moves[i][s]` is the set of states that decision maker i can reach from s in one move, never s itself; `rank[i][s]`
    is the place of s in the ranking of i, 0 for the best, equal for ties. `status_quo` is a state, None if not told.
    """

    name: str
    makers: tuple[Maker, ...]
    states: tuple[State, ...]
    moves: tuple[tuple[int, ...], ...]
    rank: tuple[tuple[int, ...], ...]
    title: str = ""
    description: str = ""
    status_quo: int | None = None
    sources: tuple[Source, ...] = ()

    @property
    def options(self) -> tuple[Option, ...]:
        """Options of all decision makers, in the order of the patterns."""
        return tuple(option for maker in self.makers for option in maker.options)

    def index(self, name: str) -> int:
        """The number of a state.

        Raises
        ------
        KeyError
            If no state has that name.
        """
        for number, state in enumerate(self.states):
            if state.name == name:
                return number
        raise KeyError(name)

    def names(self, states: int) -> tuple[str, ...]:
        """Names of the states in a set."""
        return tuple(self.states[s].name for s in members(states))


def members(states: int) -> Iterator[int]:
    """The states in a set, in order.

    >>> list(members(0b10110))
    [1, 2, 4]
    """
    while states:
        low = states & -states
        yield low.bit_length() - 1
        states ^= low


def set_of(states: Iterable[int]) -> int:
    """The set of some states.

    >>> set_of([1, 2, 4]) == 0b10110
    True
    """
    found = 0
    for state in states:
        found |= 1 << state
    return found


def no_better(rank: Sequence[int]) -> tuple[int, ...]:
    """For every state, the set of states that are not better, itself among them.

    >>> [list(members(states)) for states in no_better([1, 0, 1])]
    [[0, 2], [0, 1, 2], [0, 2]]
    """
    worst_first = sorted(range(len(rank)), key=lambda state: -rank[state])
    below: dict[int, int] = {}
    found = 0
    for state in worst_first:
        found |= 1 << state
        below[rank[state]] = found
    return tuple(below[place] for place in rank)


def improvements(moves: Sequence[int], rank: Sequence[int]) -> tuple[int, ...]:
    """For every state, the moves from it to better states."""
    return tuple(there & ~worse for there, worse in zip(moves, no_better(rank), strict=True))


def conflict_of(
    name: str,
    states: Sequence[str],
    moves: Mapping[str, Mapping[str, Sequence[str]]],
    rankings: Mapping[str, Sequence[str | Sequence[str]]],
    status_quo: str | None = None,
) -> Conflict:
    """A conflict told by names: for every decision maker, its moves, and its ranking with the best first.

    Raises
    ------
    KeyError
        If a state has no name in `states`, or a decision maker no ranking.

    >>> dare = conflict_of("dare", ["quiet", "war"], {"a": {"quiet": ["war"]}}, {"a": ["quiet", "war"]})
    >>> dare.moves, dare.rank
    (((2, 0),), ((0, 1),))
    """
    number = {state: at for at, state in enumerate(states)}
    ranks, arcs = [], []
    for maker, goes in moves.items():
        place: dict[int, int] = {}
        for at, tied in enumerate(rankings[maker]):
            place |= {number[state]: at for state in ([tied] if isinstance(tied, str) else tied)}
        ranks.append(tuple(place[state] for state in range(len(states))))
        there = {number[start]: set_of(number[end] for end in ends if end != start) for start, ends in goes.items()}
        arcs.append(tuple(there.get(state, 0) for state in range(len(states))))
    return Conflict(
        name,
        tuple(Maker(maker) for maker in moves),
        tuple(State(state) for state in states),
        tuple(arcs),
        tuple(ranks),
        status_quo=None if status_quo is None else number[status_quo],
    )
