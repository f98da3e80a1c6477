r"""Legal sequences of moves by several movers, in which nobody moves twice in a row.

What a group H can bring about from a state s, its reachable list R_H(s), is where legal sequences by members of H can
end. The standard recursion keeps, beside the list, who can have made the last move: with Ω_H(s, t) the possible last
movers of sequences from s to t,

    t ∈ R_j(s), j ∈ H                              gives t ∈ R_H(s), j ∈ Ω_H(s, t)
    t ∈ R_H(s), u ∈ R_j(t), Ω_H(s, t) ≠ {j}        gives u ∈ R_H(s), j ∈ Ω_H(s, u)

until nothing is added. Here it is run backward for all starts at once: A_j(t), where sequences can end that go on from
t after j has moved, is the union over k ≠ j and u ∈ R_k(t) of {u} ∪ A_k(u). The smallest solution is exact. Given
improvements in the place of moves it is the list R⁺_H, in which every mover gains by its own step.

The start itself is left out of its list: no definition of stability needs it.

References: fang1993 (chapter 3).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from servanda.conflicts.model import members


def reachable(movers: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Where legal sequences can end, for every start.

    Parameters
    ----------
    movers
        `movers[j][s]`: the set of states that mover j reaches from s in one step. A mover can be a coalition.

    Returns
    -------
    tuple
        For every start the set of states reached by one or more steps, the start excepted.

    >>> reachable([[0b010, 0b100, 0]])
    (2, 4, 0)
    >>> reachable([[0b010, 0b100, 0], [0, 0b001, 0]])
    (2, 5, 0)
    """
    acting = [list(moves) for moves in movers if any(moves)]
    if not acting:
        return (0,) * (len(movers[0]) if movers else 0)
    states = range(len(acting[0]))
    step = [list(moves) for moves in acting]
    after = [[0] * len(states) for _ in acting]
    while any(changed := _after(step, after)):
        for moves, ends, now, grown in zip(acting, step, after, changed, strict=True):
            for state in states:
                for through in members(moves[state] & grown):
                    ends[state] |= now[through]
    found = [0] * len(states)
    for ends in step:
        found = [all_ends | more for all_ends, more in zip(found, ends, strict=True)]
    return tuple(ends & ~(1 << state) for state, ends in enumerate(found))


def _after(step: Sequence[Sequence[int]], after: Sequence[list[int]]) -> list[int]:
    """Bring `after` up to date: what everybody but the last mover reaches; gives the states that grew, by mover."""
    grown = [0] * len(step)
    for state in range(len(after[0])):
        below = [0]
        for ends in step:
            below.append(below[-1] | ends[state])
        above = 0
        for mover in range(len(step) - 1, -1, -1):
            others = below[mover] | above
            above |= step[mover][state]
            if others != after[mover][state]:
                after[mover][state] = others
                grown[mover] |= 1 << state
    return grown


def sequence(movers: Sequence[Sequence[int]], start: int, end: int) -> tuple[tuple[int, int], ...]:
    """A shortest legal sequence from `start` to `end` as (mover, state reached) steps; empty if there is none.

    >>> sequence([[0b010, 0b100, 0], [0, 0b001, 0]], 0, 2)
    ()
    >>> sequence([[0b010, 0, 0], [0, 0b100, 0]], 0, 2)
    ((0, 1), (1, 2))
    """
    first = (-1, start)
    came: dict[tuple[int, int], tuple[int, int]] = {first: first}
    waiting = deque([first])
    while waiting:
        here = waiting.popleft()
        if here[1] == end and here != first:
            steps = []
            while here != first:
                steps.append(here)
                here = came[here]
            return tuple(reversed(steps))
        for mover, moves in enumerate(movers):
            if mover == here[0]:
                continue
            for state in members(moves[here[1]]):
                if (mover, state) not in came:
                    came[mover, state] = here
                    waiting.append((mover, state))
    return ()
