"""Stability against coalitions: what several decision makers can do together.

A coalition H is any non-empty set of decision makers. It has a coalition improvement from s to t if a legal sequence of
moves by its members leads from s to t and t is better than s for *every* member; steps on the way need not pay. It
is sanctioned if its opponents N - H can bring about from t a state that is no better than s for *some* member. State s
is, for H,

- coalition Nash: H has no coalition improvement;
- coalition GMR: every coalition improvement is sanctioned by a legal sequence of moves of the opponents;
- coalition SMR: so, and whatever H can bring about from the sanction is no better than s for some member;
- coalition SEQ: every coalition improvement is sanctioned by a sequence of coalition improvements, each by a coalition
  of opponents, no coalition twice in a row.

A state stable for every coalition is coalition stable. For a coalition of one, the first three are the definitions for
single decision makers; the last lets opponents sanction in coalitions too, so that it holds wherever SEQ does.

References: kilgour2001, inohara2008coalition, inohara2008interrelationships.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from servanda.conflicts.model import Conflict, no_better
from servanda.conflicts.sequences import reachable
from servanda.conflicts.stability import CONCEPTS, Stakes, judge

Coalition = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CoalitionStability:
    """Which states are stable for which coalition.

    `coalitions` are tuples of numbers of decision makers, small ones first; `gains[h][s]` is the set of coalition
    improvements of coalition h from s; `stable[c][h]` the set of states stable for it under `CONCEPTS[c]`.
    """

    coalitions: tuple[Coalition, ...]
    gains: tuple[tuple[int, ...], ...]
    stable: tuple[tuple[int, ...], ...]

    def for_coalition(self, concept: str, coalition: Coalition) -> int:
        """The set of states stable for one coalition."""
        return self.stable[CONCEPTS.index(concept)][self.coalitions.index(coalition)]

    def equilibria(self, concept: str) -> int:
        """The set of states stable for every coalition."""
        found = -1
        for stable in self.stable[CONCEPTS.index(concept)]:
            found &= stable
        return found


def coalitions_of(makers: Sequence[int]) -> tuple[Coalition, ...]:
    """All non-empty coalitions, small ones first.

    >>> coalitions_of([0, 1])
    ((0,), (1,), (0, 1))
    """
    return tuple(group for size in range(1, len(makers) + 1) for group in combinations(makers, size))


def coalition_stability(conflict: Conflict) -> CoalitionStability:
    """Test every state for every coalition under the four concepts.

    >>> from servanda.conflicts.model import conflict_of
    >>> dilemma = conflict_of(
    ...     "dilemma", ["cc", "dc", "cd", "dd"],
    ...     {"row": {"cc": ["dc"], "dc": ["cc"], "cd": ["dd"], "dd": ["cd"]},
    ...      "col": {"cc": ["cd"], "cd": ["cc"], "dc": ["dd"], "dd": ["dc"]}},
    ...     {"row": ["dc", "cc", "dd", "cd"], "col": ["cd", "cc", "dd", "dc"]})
    >>> found = coalition_stability(dilemma)
    >>> dilemma.names(found.gains[2][3]), dilemma.names(found.equilibria("seq"))
    (('cc',), ('cc',))
    """
    everybody = coalitions_of(range(len(conflict.makers)))
    worse = [no_better(rank) for rank in conflict.rank]
    nothing = (0,) * len(conflict.states)
    own = {group: reachable([conflict.moves[maker] for maker in group]) for group in everybody}
    feared = {group: _any_of([worse[maker] for maker in group]) for group in everybody}
    gains = {
        group: tuple(there & ~no for there, no in zip(own[group], feared[group], strict=True)) for group in everybody
    }
    found = []
    for group in everybody:
        others = tuple(maker for maker in range(len(conflict.makers)) if maker not in group)
        anyhow = own[others] if others else nothing
        gladly = reachable([gains[rest] for rest in coalitions_of(others)]) if others else nothing
        found.append(judge(Stakes(gains[group], own[group], feared[group]), anyhow, gladly))
    return CoalitionStability(everybody, tuple(gains[group] for group in everybody), tuple(zip(*found, strict=True)))


def _any_of(sets: Sequence[Sequence[int]]) -> tuple[int, ...]:
    found = tuple(sets[0])
    for more in sets[1:]:
        found = tuple(one | other for one, other in zip(found, more, strict=True))
    return found
