"""Stability straight from the definitions, by writing out sequences of moves one step longer at a time.

Shares nothing with the program: states are names, moves are sets of pairs, preferences are places in a list. Slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, combinations

Arcs = set[tuple[str, str]]
Coalition = frozenset[str]


@dataclass(frozen=True)
class Sketch:
    """A conflict as a textbook prints it: arcs of every decision maker, and the place of every state (0: best)."""

    states: tuple[str, ...]
    arcs: Mapping[str, Arcs]
    place: Mapping[str, Mapping[str, int]]

    def prefers(self, maker: str, one: str, other: str) -> bool:
        return self.place[maker][one] < self.place[maker][other]

    def gains(self, maker: str) -> Arcs:
        return {(a, b) for a, b in self.arcs[maker] if self.prefers(maker, b, a)}


def written_out(arcs: Mapping[object, Arcs], start: str, longest: int) -> Iterator[list[tuple[object, str]]]:
    """Every legal sequence of at most `longest` steps, as a list of (mover, state reached)."""
    waiting: list[list[tuple[object, str]]] = [[]]
    for _ in range(longest):
        longer = []
        for steps in waiting:
            last, here = steps[-1] if steps else (None, start)
            longer += [
                [*steps, (mover, b)] for mover, moves in arcs.items() if mover != last for a, b in moves if a == here
            ]
        yield from longer
        waiting = longer


def ends(arcs: Mapping[object, Arcs], start: str) -> set[str]:
    """Where legal sequences of any length can end: of L steps for every L, told apart by their last step only.

    A sequence longer than there are pairs of mover and state repeats a pair, and what lies between can be cut out.
    """
    found: set[str] = set()
    steps: set[tuple[object, str]] = {(None, start)}
    states = {state for moves in arcs.values() for arc in moves for state in arc}
    for _ in range(len(arcs) * len(states)):
        steps = {
            (mover, b) for last, here in steps for mover in arcs if mover != last for a, b in arcs[mover] if a == here
        }
        found |= {state for _, state in steps}
    return found


def others(sketch: Sketch, group: Iterable[str]) -> list[str]:
    return [maker for maker in sketch.arcs if maker not in set(group)]


def stable_alone(sketch: Sketch, maker: str, state: str) -> dict[str, bool]:
    """Whether a state is stable for one decision maker, under each concept."""

    def fears(there: str) -> bool:
        return not sketch.prefers(maker, there, state)

    gains = [b for a, b in sketch.gains(maker) if a == state]
    against = others(sketch, [maker])
    moves: dict[object, Arcs] = {other: sketch.arcs[other] for other in against}
    glad: dict[object, Arcs] = {other: sketch.gains(other) for other in against}
    caught = [[u for u in ends(moves, gain) if fears(u)] for gain in gains]
    return {
        "nash": not gains,
        "gmr": all(caught),
        "smr": all(any(all(fears(v) for a, v in sketch.arcs[maker] if a == u) for u in each) for each in caught),
        "seq": all(any(fears(u) for u in ends(glad, gain)) for gain in gains),
    }


def coalitions(makers: Iterable[str]) -> list[Coalition]:
    listed = list(makers)
    return [frozenset(c) for c in chain.from_iterable(combinations(listed, n) for n in range(1, len(listed) + 1))]


def coalition_gains(sketch: Sketch, group: Coalition) -> Arcs:
    """Pairs of states such that the coalition can go from one to the other and every member prefers the other."""
    arcs: dict[object, Arcs] = {maker: sketch.arcs[maker] for maker in group}
    return {
        (state, end)
        for state in sketch.states
        for end in ends(arcs, state)
        if all(sketch.prefers(maker, end, state) for maker in group)
    }


def stable_together(
    sketch: Sketch, group: Coalition, state: str, gains_of: Mapping[Coalition, Arcs]
) -> dict[str, bool]:
    """Whether a state is stable for a coalition, under each concept."""

    def fears(there: str) -> bool:
        return any(not sketch.prefers(maker, there, state) for maker in group)

    gains = [b for a, b in gains_of[group] if a == state]
    against = others(sketch, group)
    own: dict[object, Arcs] = {maker: sketch.arcs[maker] for maker in group}
    moves: dict[object, Arcs] = {other: sketch.arcs[other] for other in against}
    glad: dict[object, Arcs] = {rest: gains_of[rest] for rest in coalitions(against)}
    caught = [[u for u in ends(moves, gain) if fears(u)] for gain in gains]
    return {
        "nash": not gains,
        "gmr": all(caught),
        "smr": all(any(all(fears(v) for v in ends(own, u) - {u}) for u in each) for each in caught),
        "seq": all(any(fears(u) for u in ends(glad, gain)) for gain in gains),
    }
