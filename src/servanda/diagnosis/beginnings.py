"""The three gates of a draft by the date at which it is sought, the world having run without a deal until then.

Worlds at a date are distributions over states in which nothing is in force. They are played on as in the game with the
draft alone on the table: states carry the same codes in both games, and whatever can be reached without a deal can be
reached with one. For the third gate the draft is put in force in each of these worlds. Where that cannot be (in a war
that ends every deal, say), the world is left out: *keep* is conditional on a world in which the draft can stand.

All dates are columns of one pass over the calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.diagnosis.gates import SIGNED
from servanda.diagnosis.play import ALIVE, Crossing, Floats, Mask, Play
from servanda.diagnosis.survival import ending_kind
from servanda.equilibrium import Slot


@dataclass(frozen=True)
class Beginnings:
    """Periods at which a draft is sought, and the periods that each gate is given from there.

    Votes are counted over the longer of the two windows.
    """

    periods: tuple[int, ...]
    sign: int
    keep: int

    @property
    def reach(self) -> int:
        """Periods that every beginning needs before the end of the calendar."""
        return max(self.sign, self.keep)


@dataclass(frozen=True)
class GatesByDate:
    """sign[j], ratify[j], keep[j] of a draft sought at the j-th beginning.

    `able[j]`: share of the worlds in which it could be put in force.
    """

    sign: Floats
    ratify: Floats
    keep: Floats
    able: Floats


def gates_by_date(play: Play, draft: int, worlds: Floats, when: Beginnings) -> GatesByDate:
    """The gates of a draft from given worlds on.

    Parameters
    ----------
    play : play with the draft alone on the table
    worlds : worlds[state, j], states of `play` without a deal; every column sums to one
    when : the j-th beginning belongs to the j-th column

    Raises
    ------
    LookupError
        If some world cannot stand at the start of a period of `play`.

    >>> from servanda.case import find, load
    >>> from servanda.compile import compile_case
    >>> from servanda.equilibrium import solve
    >>> compiled = compile_case(load(find("theory/two-level-ratification")).require(), menu=["x16"])
    >>> play = Play(compiled, solve(compiled.game, compiled.numbers()))
    >>> found = gates_by_date(play, 16, compiled.game.start[:, None], Beginnings((0,), 4, 20))
    >>> [round(float(x[0]), 3) for x in (found.sign, found.ratify, found.keep)]
    [1.0, 1.0, 1.0]
    """
    compiled = play.compiled
    stands = standing(compiled, draft)
    if (worlds[~stands] > 0.0).any():
        raise LookupError("a world without a deal that the game with the draft does not know")
    signed = play.stage_mask(*SIGNED)
    sign, _ = _flows(play, when.periods, when.sign, worlds, (~signed, signed), absorb=True)
    return GatesByDate(
        np.minimum(sign.sum(axis=0), 1.0), _ratify(play, draft, worlds, when), *_keep(play, draft, worlds, when, stands)
    )


def standing(compiled: Compiled, draft: int) -> Mask:
    """States that can stand at the start of a period, with the draft sought or in force from the first.

    Others are only passed through, such as a deal in the moment in which a war ends it.
    """
    rules, schedule = compiled.rules, compiled.game.schedule
    full = (1 << len(schedule.blocks)) - 1

    def through(states: Mask, stages: Sequence[int]) -> Mask:
        for index in stages:
            stage = compiled.game.stages[index]
            after = states.copy()
            if rules[index].dates is None:
                after[stage.state] = False
            after[stage.outcome_state[states[stage.source_of_outcome]]] = True
            states = after
        return states

    def period(states: Mask) -> Mask:
        at = {full: through(states, schedule.opening)}
        for remaining in range(full, 0, -1):
            for block, stages in enumerate(schedule.blocks):
                if remaining >> block & 1:
                    rest = remaining ^ (1 << block)
                    moved = through(at[remaining], stages)
                    at[rest] = at[rest] | moved if rest in at else moved
        return through(at[0], schedule.closing)

    found = compiled.game.start > 0.0
    found[compiled.start_with_deal(draft)] = True
    fresh = found
    while fresh.any():
        fresh = period(fresh) & ~found
        found = found | fresh
    return found


def _ratify(play: Play, draft: int, worlds: Floats, when: Beginnings) -> Floats:
    case = play.compiled.case
    form = next(f for f in case.protocol.forms if f.name == case.drafts[draft].form)
    if not form.ratifiers:
        return np.ones(len(when.periods))
    pending, live = play.stage_mask("ratifying"), play.compiled.live

    def approved(stage: int, outcomes: NDArray[np.int64]) -> Mask:
        return np.asarray(live[play.compiled.game.stages[stage].outcome_state[outcomes]])

    votes, _ = _flows(play, when.periods, when.reach, worlds, (pending, ~pending), absorb=False, second=approved)
    decided = votes.sum(axis=0)
    return np.asarray(np.divide(votes[1], decided, out=np.zeros_like(decided), where=decided > 0.0))


def _keep(play: Play, draft: int, worlds: Floats, when: Beginnings, stands: Mask) -> tuple[Floats, Floats]:
    compiled = play.compiled
    alive = play.stage_mask(*ALIVE, draft=draft)
    labels = compiled.game.labels.options
    parties = tuple(s.name for s in compiled.case.sides if s.party)

    def lawful(stage: int, outcomes: NDArray[np.int64]) -> Mask:
        found = compiled.game.stages[stage]
        ways = [labels[i] for i in found.label[found.option_of_outcome[outcomes]]]
        return np.array([ending_kind(compiled.rules[stage], w, parties) == "expiry" for w in ways], dtype=bool)

    level = compiled.layout.levels[int(compiled.deal_level[compiled.start_with_deal(draft)])]
    codes = compiled.layout.with_deal(compiled.codes, level)
    place = np.minimum(np.searchsorted(compiled.codes, codes), compiled.game.states - 1)
    can = (compiled.codes[place] == codes) & stands[place]
    in_force = np.zeros_like(worlds)
    np.add.at(in_force, place[can], worlds[can])
    able = in_force.sum(axis=0)
    in_force = np.divide(in_force, able, out=np.zeros_like(in_force), where=able > 0.0)
    ended, end = _flows(play, when.periods, when.keep, in_force, (alive, ~alive), absorb=True, second=lawful)
    return np.minimum(end[alive].sum(axis=0) + ended[1], 1.0), np.asarray(able)


def _flows(
    play: Play,
    begins: Sequence[int],
    length: int,
    mass: Floats,
    between: tuple[Mask, Mask],
    *,
    absorb: bool,
    second: Callable[[int, NDArray[np.int64]], Mask] | None = None,
) -> tuple[Floats, Floats]:
    """What crosses from one set of states to another, [kind, column], and where the rest is in the end.

    Column j moves through `length` periods from `begins[j]` on. With `absorb` nothing stays in the second set; outcomes
    for which `second(stage, outcomes)` holds are counted as kind 1, the others as kind 0.
    """
    crossing = Crossing.between(play.compiled, *between)
    kinds = [
        np.zeros(len(x), dtype=bool) if second is None else second(stage, x)
        for stage, x in enumerate(crossing.outcomes)
    ]
    arrived = np.flatnonzero(between[1])
    counts, mass = np.zeros((2, len(begins))), mass.copy()
    for t in range(min(begins), min(play.periods, max(begins) + length)):
        moving = np.flatnonzero([b <= t < b + length for b in begins])

        def before(slot: Slot, array: Floats, t: int = t, moving: NDArray[np.int64] = moving) -> None:
            kind = kinds[slot.stage]
            if len(kind):
                flow = crossing.flow(play, slot, t, array, play.odds[t])
                counts[0, moving] += flow[~kind].sum(axis=0)
                counts[1, moving] += flow[kind].sum(axis=0)

        def after(slot: Slot, array: Floats) -> None:
            if absorb and len(kinds[slot.stage]):
                array[arrived] = 0.0

        if len(moving):
            mass[:, moving] = play.period.forward(np.ascontiguousarray(mass[:, moving]), t, play.odds[t], before, after)
    return counts, mass
