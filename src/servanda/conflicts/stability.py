"""Stability of states for single decision makers: Nash, general and symmetric metarational, sequential.

A decision maker i has an improvement from s if it can move alone to a state t better for it. Its opponents N - i
*sanction* the improvement if from t they can bring about a state u that is no better for i than s. State s is, for i,

- Nash stable (R): i has no improvement;
- general metarational (GMR): every improvement is sanctioned by some legal sequence of moves of the opponents;
- symmetric metarational (SMR): so, and from u no move of i alone leads to a state better than s;
- sequential (SEQ): every improvement is sanctioned by a legal sequence of *improvements* of the opponents, each of
  whom gains by its own step.

With three or more decision makers a sanction is a sequence of several movers, nobody twice in a row. An equilibrium
is a state stable for everybody. The answers are exact.

References: fang1993, nash1950, howard1971, fraser1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from servanda.conflicts.model import Conflict, improvements, members, no_better
from servanda.conflicts.sequences import reachable

CONCEPTS = ("nash", "gmr", "smr", "seq")


@dataclass(frozen=True, slots=True)
class Stability:
    """Which states are stable: `stable[c][i]` is the set of states stable for decision maker i under `CONCEPTS[c]`."""

    stable: tuple[tuple[int, ...], ...]

    def for_maker(self, concept: str, maker: int) -> int:
        """The set of states stable for one decision maker."""
        return self.stable[CONCEPTS.index(concept)][maker]

    def equilibria(self, concept: str) -> int:
        """The set of states stable for every decision maker.

        >>> Stability(((0b011, 0b110), (7, 7), (7, 7), (7, 7))).equilibria("nash")
        2
        """
        found = -1
        for stable in self.stable[CONCEPTS.index(concept)]:
            found &= stable
        return found


@dataclass(frozen=True, slots=True)
class Stakes:
    """What one side of a question of stability can do and fears, for every state s a set of states.

    `gains[s]`: what it can bring about from s that is better; `own[s]`: all that it can bring about; `feared[s]`: what
    is no better than s (for a coalition: for one member at least).
    """

    gains: Sequence[int]
    own: Sequence[int]
    feared: Sequence[int]


def stability(conflict: Conflict) -> Stability:
    """Test every state for every decision maker under the four concepts.

    >>> from servanda.conflicts.model import conflict_of
    >>> chicken = conflict_of(
    ...     "chicken", ["cc", "dc", "cd", "dd"],
    ...     {"row": {"cc": ["dc"], "dc": ["cc"], "cd": ["dd"], "dd": ["cd"]},
    ...      "col": {"cc": ["cd"], "cd": ["cc"], "dc": ["dd"], "dd": ["dc"]}},
    ...     {"row": ["dc", "cc", "cd", "dd"], "col": ["cd", "cc", "dc", "dd"]})
    >>> found = stability(chicken)
    >>> [chicken.names(found.equilibria(concept)) for concept in ("nash", "smr")]
    [('dc', 'cd'), ('cc', 'dc', 'cd')]
    """
    gains = [improvements(moves, rank) for moves, rank in zip(conflict.moves, conflict.rank, strict=True)]
    found = []
    for maker, moves in enumerate(conflict.moves):
        others = [other for other in range(len(conflict.makers)) if other != maker]
        stakes = Stakes(gains[maker], moves, no_better(conflict.rank[maker]))
        anyhow = reachable([conflict.moves[other] for other in others]) or (0,) * len(moves)
        gladly = reachable([gains[other] for other in others]) or (0,) * len(moves)
        found.append(judge(stakes, anyhow, gladly))
    return Stability(tuple(zip(*found, strict=True)))


def judge(stakes: Stakes, anyhow: Sequence[int], gladly: Sequence[int]) -> tuple[int, ...]:
    """The sets of states stable under the four concepts, for one decision maker or coalition.

    Parameters
    ----------
    stakes
        What it can do and fears.
    anyhow
        For every state what its opponents can bring about from there by any moves.
    gladly
        Likewise, by improvements.
    """
    stable = [0, 0, 0, 0]
    for state, (gains, feared) in enumerate(zip(stakes.gains, stakes.feared, strict=True)):
        bit = 1 << state
        if not gains:
            stable = [found | bit for found in stable]
            continue
        if all(anyhow[gain] & feared for gain in members(gains)):
            stable[1] |= bit
            if all(_no_way_out(stakes.own, anyhow[gain] & feared, feared) for gain in members(gains)):
                stable[2] |= bit
        if all(gladly[gain] & feared for gain in members(gains)):
            stable[3] |= bit
    return tuple(stable)


def _no_way_out(own: Sequence[int], sanctions: int, feared: int) -> bool:
    return any(not own[sanction] & ~feared for sanction in members(sanctions))
