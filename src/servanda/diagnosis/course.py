"""The course of an agreement: how likely it stands where, what leads from place to place, and where it is tightest.

Everything is exact forward propagation of the solved odds over the calendar, from where things stand or from the
draft's first phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from scipy.special import expit

from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.findings import GateKind
from servanda.diagnosis.flow import Flow
from servanda.diagnosis.gates import sign_window, signing_of, voting_of
from servanda.diagnosis.margins import Point, moves_compared
from servanda.diagnosis.places import Ground, Place, Step, ground_of, step_title
from servanda.diagnosis.play import Play

Begins = Literal["start", "live"]


@dataclass(frozen=True, slots=True)
class Stay:
    """How much of its course an agreement spends in a place.

    `years` expected within the calendar; `ever` the probability of being there at all; at[t] that of being there at the
    start of period t (length periods + 1).
    """

    place: Place
    years: float
    ever: float
    at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Closest:
    """The period in which a move is tightest, of those in which it is open a twentieth as often as in its likeliest."""

    date: date
    margin: float
    odds: float


@dataclass(frozen=True, slots=True)
class Move:
    """A move or an event that takes an agreement from one place to another.

    `passages`: expected number within the calendar, by_period[t] its parts, `peak` the likeliest date (None if it is
    never taken); `odds`: mean odds where it can be taken, by decision of an actor or by period of an event; `margin`:
    its mean worth over the mover's best alternative, in points (None for events and where there is no alternative);
    `closest`: where that is smallest for a move towards an agreement, and largest for one away from it. `breaks`: it
    breaks or leaves a live deal.
    """

    step: Step
    actor: str
    actor_title: str
    side: str
    decision: str
    title: str
    kind: str
    breaks: bool
    passages: float
    by_period: tuple[float, ...]
    peak: date | None
    odds: float
    margin: float | None
    closest: Closest | None


@dataclass(frozen=True, slots=True)
class Passage:
    """Everything that leads from one place to another; `probability` that any of it happens within the calendar, which
    is not followed (None) out of a place where an agreement has ended.

    Places by index; `moves` in order of falling passages.
    """

    source: int
    target: int
    probability: float | None
    passages: float
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Narrow:
    """The point at which a gate is tightest, and the passage and move it is about (None where it changes no place).

    Of keeping that is the passage of `alternative`, the most tempting breach; of the others that of `title`, the move
    that the gate needs. `margin` is the worth of the latter over the former, `odds` its odds against that alone.
    """

    gate: GateKind
    passage: int | None
    move: int | None
    actor_title: str
    title: str
    alternative: str
    date: date
    margin: float
    odds: float


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one draft, alone on the table.

    `dates` of the starts of all periods and of the horizon; `narrow` the tightest move of every gate that has one, the
    tightest of all first.
    """

    draft: str
    title: str
    begins: Begins
    dates: tuple[date, ...]
    stays: tuple[Stay, ...]
    passages: tuple[Passage, ...]
    narrow: tuple[Narrow, ...]


def course_of(play: Play, draft: int, begins: Begins = "start") -> Course:
    """The course of a draft in a play in which it is alone on the table.

    Parameters
    ----------
    draft : index of the draft
    begins : from where things stand at the start of the case, or from the draft's first phase

    Examples
    --------
    >>> from servanda.case import read
    >>> from servanda.compile import compile_case
    >>> from servanda.equilibrium import solve
    >>> compiled = compile_case(read("theory/two-level-ratification"), menu=["x20"])
    >>> course = course_of(Play(compiled, solve(compiled.game, compiled.numbers())), 20)
    >>> [stay.place.title for stay in course.stays][:3]
    ['No talks', 'Talks', 'Tabled by home']
    """
    compiled = play.compiled
    ground = ground_of(compiled, draft)
    flow = Flow(play, ground)
    start = compiled.game.start
    if begins == "live":
        start = np.zeros(compiled.game.states)
        start[compiled.start_with_deal(draft)] = 1.0
    flow.follow(start)
    passages = _passages(flow)
    return Course(
        compiled.case.drafts[draft].name,
        compiled.case.drafts[draft].title,
        begins,
        compiled.dates[: play.periods + 1],
        _stays(flow),
        passages,
        _narrow(play, ground, draft, passages),
    )


def _stays(flow: Flow) -> tuple[Stay, ...]:
    years = flow.play.compiled.game.period_years
    ever = flow.ever
    return tuple(
        Stay(
            place,
            float((flow.at[i, :-1] + flow.at[i, 1:]).sum() / 2 * years),
            ever[i],
            tuple(float(min(1.0, max(0.0, x))) for x in flow.at[i]),
        )
        for i, place in enumerate(flow.ground.places)
    )


def _passages(flow: Flow) -> tuple[Passage, ...]:
    gone = flow.gone
    found = []
    for (source, target), p in flow.pairs.items():
        moves = sorted((_move(flow, int(i)) for i in np.flatnonzero(flow.pair_of_step == p)), key=lambda m: -m.passages)
        found.append(Passage(source, target, gone[p], sum(m.passages for m in moves), tuple(moves)))
    return tuple(found)


def _move(flow: Flow, index: int) -> Move:
    compiled, step, taken = flow.play.compiled, flow.ground.steps[index], flow.taken[index]
    rule = compiled.rules[step.stage]
    actor = compiled.case.actors[step.mover] if step.mover >= 0 else None
    weighed = flow.weighing.of(index, taken)
    total = float(taken.sum())
    closest = None
    if weighed.closest is not None:
        closest = Closest(compiled.dates[weighed.period], weighed.closest, weighed.closest_odds)
    return Move(
        step=step,
        actor=actor.name if actor else "",
        actor_title=actor.title if actor else "",
        side=actor.side if actor else "",
        decision=rule.title or rule.name,
        title=step_title(compiled, step),
        kind=rule.kind,
        breaks=weighed.breaks,
        passages=total,
        by_period=tuple(float(x) for x in taken),
        peak=compiled.dates[int(taken.argmax())] if total > 0.0 else None,
        odds=weighed.odds,
        margin=weighed.margin,
        closest=closest,
    )


def _narrow(play: Play, ground: Ground, draft: int, passages: tuple[Passage, ...]) -> tuple[Narrow, ...]:
    """The tightest point of every gate: of signing the weaker move of the binding pair, of keeping the worst breach."""
    pair = signing_of(play, draft, sign_window(play.compiled.case)).pair
    found: list[tuple[GateKind, Point | None, bool]] = [
        ("sign", min(pair, key=lambda p: p.margin) if pair else None, False),
        ("ratify", voting_of(play, draft).tightest, False),
        ("keep", temptation_of(play, draft).tightest, True),
    ]
    narrow = [_at(play, ground, passages, gate, point, tempted) for gate, point, tempted in found if point is not None]
    return tuple(sorted(narrow, key=lambda n: n.margin))


def _at(
    play: Play, ground: Ground, passages: tuple[Passage, ...], gate: GateKind, point: Point, tempted: bool
) -> Narrow:
    """The passage of the move that a gate needs, or of the one that would break it, at a point's heaviest node."""
    heaviest = int(point.weights.argmax())
    option = int((point.alternative if tempted else point.move)[heaviest])
    compiled = play.compiled
    steps = ground.stages[point.slot.stage]
    table = play.period.table(point.period)[compiled.game.stages[point.slot.stage].outcome_coefficient, 0]
    outcomes = np.flatnonzero(steps.option == option)
    where: tuple[int, int] | None = None
    if len(outcomes):
        likeliest = outcomes[int(table[steps.outcome[outcomes]].argmax())]
        where = _found(ground.steps[int(steps.step[likeliest])], passages)
    move, alternative = moves_compared(play, point)
    precision = float(play.solution.numbers.precision[point.actor, 0])
    return Narrow(
        gate=gate,
        passage=where[0] if where else None,
        move=where[1] if where else None,
        actor_title=compiled.case.actors[point.actor].title,
        title=move,
        alternative=alternative,
        date=compiled.dates[point.period],
        margin=point.margin,
        odds=float(expit(precision * point.margin)),
    )


def _found(step: Step, passages: tuple[Passage, ...]) -> tuple[int, int] | None:
    """Where a step stands among the moves of the passages."""
    for p, passage in enumerate(passages):
        for m, move in enumerate(passage.moves):
            if move.step == step:
                return p, m
    return None
