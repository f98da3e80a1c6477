"""Stages that move at once: who sits where, and where every combination of choices leads.

A simultaneous decision point is compiled to consecutive stages, one a *seat*. Each seat notes its choice in the state
and nothing else, so that later stages can carry the choices out; but a later seat must not read what an earlier one has
noted. The states that a seat cannot tell apart are its *information set*: one set of odds holds for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from servanda.game.game import Stage

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Together:
    """A group of stages that move at once; node r is a state in which it is reached, seat k the k-th of its stages.

    state[node]; mover[node, seat] (-1: this seat does not move here) and count[node, seat] options;
    first[node, seat]: the seat's first option at the node; profile_start[node + 1] and terminal[profile]: the state
    after each profile, in lexicographic order, the first seat slowest; copy_start[node * seats + seat + 1] and
    copy_first[j]: first options of all the rows of an information set. Options count through all stages of the group
    in order; price_start, price_actor, price_coefficient are theirs.
    """

    stages: tuple[int, ...]
    state: Ints
    mover: Ints
    count: Ints
    first: Ints
    profile_start: Ints
    terminal: Ints
    copy_start: Ints
    copy_first: Ints
    price_start: Ints
    price_actor: Ints
    price_coefficient: Ints
    options: int

    @property
    def structure(self) -> tuple[Ints, ...]:
        """The arrays in the order that the kernel takes them."""
        return (
            self.mover, self.count, self.first, self.profile_start, self.terminal, self.copy_start, self.copy_first,
            self.price_start, self.price_actor, self.price_coefficient,
        )  # fmt: skip


def together_of(stages: Sequence[Stage], group: tuple[int, ...]) -> Together:
    """Read a group's seats off its stages.

    Raises
    ------
    ValueError
        If a seat has chance in it, or its menu depends on what an earlier seat has chosen.
    """
    seats = [stages[i] for i in group]
    offset = np.cumsum([0, *(s.options for s in seats)])
    if any((np.diff(s.outcome_start) != 1).any() for s in seats):
        raise ValueError("what follows a choice at a simultaneous decision point comes after all have chosen")
    nodes = seats[0].rows
    rows = [[np.array([r])] for r in range(nodes)]
    terminal: list[NDArray[np.int32]] = []
    for r in range(nodes):
        here = rows[r][0]
        for k, seat in enumerate(seats):
            counts = seat.option_start[here + 1] - seat.option_start[here]
            if (counts != counts[0]).any() or (seat.mover[here] != seat.mover[here[0]]).any():
                raise ValueError(f"the menu of {seat.name} depends on what was chosen at the same time")
            options = seat.option_start[here][:, None] + np.arange(counts[0])
            after = seat.outcome_state[seat.outcome_start[options.reshape(-1)]]
            if k + 1 == len(seats):
                terminal.append(after)
                continue
            here = np.searchsorted(seats[k + 1].state, after)
            if (here == seats[k + 1].rows).any() or (seats[k + 1].state[here % seats[k + 1].rows] != after).any():
                raise ValueError(f"{seats[k + 1].name} has no row where {seat.name} leads")
            rows[r].append(here)
    first_rows = np.array([[int(at[0]) for at in node] for node in rows], dtype=np.int32).reshape(nodes, len(seats))

    def each(read: Sequence[Ints]) -> Ints:
        columns = [array[first_rows[:, k]] for k, array in enumerate(read)]
        return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.int32)

    copies = [seats[k].option_start[at] + offset[k] for node in rows for k, at in enumerate(node)]
    return Together(
        stages=group,
        state=seats[0].state,
        mover=each([s.mover for s in seats]),
        count=each([np.diff(s.option_start) for s in seats]),
        first=each([s.option_start[:-1] + offset[k] for k, s in enumerate(seats)]),
        profile_start=_starts([len(t) for t in terminal]),
        terminal=_joined(terminal),
        copy_start=_starts([len(c) for c in copies]),
        copy_first=_joined(copies),
        price_start=_starts(np.concatenate([np.diff(s.price_start) for s in seats]).tolist()),
        price_actor=_joined([s.price_actor for s in seats]),
        price_coefficient=_joined([s.price_coefficient for s in seats]),
        options=int(offset[-1]),
    )


def _starts(lengths: Sequence[int]) -> Ints:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)


def _joined(parts: Sequence[NDArray[np.signedinteger]]) -> Ints:
    return np.concatenate(parts).astype(np.int32) if parts else np.zeros(0, np.int32)
