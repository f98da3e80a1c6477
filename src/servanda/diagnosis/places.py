"""The places of the deal machine and the steps between them: thousands of states seen as the few that a person names.

A *place* is where an agreement stands (talks, tabled, a phase, …); an agreement that has ended stands in a place of its
own for every cause. A *step* leads from one place to another: an actor's option, or something that happens. Places and
steps belong to the compiled case and never change with its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled
from servanda.compile.evaluation import STAGES
from servanda.compile.layout import DealLevel
from servanda.compile.rules import Rule
from servanda.diagnosis.survival import ending_kind

Index = NDArray[np.int64]
ENDED = STAGES.index("ended")
_ORDER = {"none": 0, "talks": 1, "tabled": 2, "ratifying": 3, "phase": 10, "in_force": 90, "suspended": 91,
          "expiring": 92, "ended": 99}  # fmt: skip
_CLOCK = {
    "advance": "the phase is completed",
    "expiry": "the term runs out",
    "lapse": "nobody takes it up again in time",
    "cooling off": "the cooling-off is over",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agreement stands; `rank` orders places from no talks to the end, `cause` says what ended it."""

    name: str
    title: str
    stage: str
    rank: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from one place to another: an option of an actor (index, -1 for chance) at a stage of the period."""

    source: int
    target: int
    stage: int
    mover: int
    label: int


@dataclass(frozen=True)
class StageSteps:
    """The outcomes of one stage that change the place, with their step.

    outcome[j], option[j], source state[j], target state[j], step[j], for outcomes from places that are not ends; for
    those from ends, `ended` holds the same without steps: the steps of cause k are `leaving[k]`.
    """

    outcome: Index
    option: Index
    state: Index
    target: Index
    step: Index
    cause: Index
    ended: Index
    leaving: tuple[int, ...]


@dataclass(frozen=True)
class Ground:
    """All places of a compiled case, all steps, and where they stand in its arrays.

    place[state] is the place of a state, -1 where the agreement has ended: then the cause decides, and place
    `causes[k]` is that of cause k.
    """

    places: tuple[Place, ...]
    steps: tuple[Step, ...]
    stages: tuple[StageSteps, ...]
    place: Index
    causes: tuple[int, ...]


def ground_of(compiled: Compiled, draft: int) -> Ground:
    """The places and steps of a compiled case as seen from one draft; those of any other draft are one place."""
    case = compiled.case
    levels = compiled.layout.levels
    reached = set(np.unique(compiled.deal_level).tolist())
    found: dict[str, Place] = {}
    for index, level in enumerate(levels):
        if index in reached and level.stage != "ended":
            one = _place(case, level, draft)
            found.setdefault(one.name, one)
    begun = bool((compiled.game.start[compiled.deal_stage == ENDED] > 0.0).any())
    causes: dict[str, Place] = {}
    if begun:
        causes["before"] = Place("ended: before", "Ended before the start", "ended", 99, "before")
    alive = np.isin(compiled.deal_stage, [STAGES.index(s) for s in ("phase", "in_force", "suspended", "expiring")])
    for index, rule in enumerate(compiled.rules):
        for label, running in _ending_options(compiled, index, alive):
            one = _cause(case, rule, label, running)
            causes.setdefault(one.cause, one)
    places = sorted(found.values(), key=lambda p: p.rank)
    ordered = sorted(causes.values(), key=lambda p: p.cause)
    position = {p.name: i for i, p in enumerate((*places, *ordered))}
    of_level = np.array(
        [-1 if x.stage == "ended" else position.get(_place(case, x, draft).name, -1) for x in levels], dtype=np.int64
    )
    here = of_level[compiled.deal_level]
    ends = {p.cause: position[p.name] for p in ordered}
    steps: dict[tuple[int, int, int, int, int], int] = {}
    stages = tuple(_stage_steps(compiled, s, here, alive, ends, steps) for s in range(len(compiled.rules)))
    return Ground((*places, *ordered), tuple(Step(*key) for key in steps), stages, here, tuple(ends.values()))


def _ending_options(compiled: Compiled, index: int, alive: NDArray[np.bool_]) -> Sequence[tuple[str, bool]]:
    """Labels of a stage's options that can end an agreement, each with whether it was running."""
    stage = compiled.game.stages[index]
    source = stage.source_of_outcome
    ending = (compiled.deal_stage[stage.outcome_state] == ENDED) & (compiled.deal_stage[source] != ENDED)
    pairs = np.unique(np.stack([stage.label[stage.option_of_outcome[ending]], alive[source[ending]]]), axis=1)
    return [(compiled.game.labels.options[int(label)], bool(running)) for label, running in pairs.T]


def _stage_steps(
    compiled: Compiled, index: int, here: Index, alive: NDArray[np.bool_], ends: dict[str, int],
    steps: dict[tuple[int, int, int, int, int], int],
) -> StageSteps:  # fmt: skip
    stage, rule = compiled.game.stages[index], compiled.rules[index]
    source, target = stage.source_of_outcome, stage.outcome_state
    over = compiled.deal_stage[source] == ENDED
    outcome = np.flatnonzero(~over & (here[source] != here[target]))
    option = stage.option_of_outcome[outcome].astype(np.int64)
    to = here[target[outcome]].copy()
    running = alive[source[outcome]]
    order = {place: k for k, place in enumerate(ends.values())}
    for label in np.unique(stage.label[option[to < 0]]) if len(option) else ():
        for was in (False, True):
            hit = (here[target[outcome]] < 0) & (stage.label[option] == label) & (running == was)
            if hit.any():
                to[hit] = ends[_cause(compiled.case, rule, compiled.game.labels.options[int(label)], was).cause]
    mover = stage.mover[stage.row_of_option[option]]
    keys = np.stack([here[source[outcome]], to, np.full(len(outcome), index), mover, stage.label[option]], axis=1)
    kinds, which = np.unique(keys, axis=0, return_inverse=True) if len(keys) else (keys, np.zeros(0, np.int64))
    keyed = [(int(k[0]), int(k[1]), index, int(k[3]), int(k[4])) for k in kinds]
    numbers = np.array([steps.setdefault(key, len(steps)) for key in keyed], dtype=np.int64)
    ended = np.flatnonzero(over & (here[target] >= 0))
    leaving: list[int] = []
    if len(ended):
        at = stage.option_of_outcome[ended[0]]
        after = int(here[target[ended[0]]])
        moved = int(stage.mover[stage.row_of_option[at]])
        keys_out = [(place, after, index, moved, int(stage.label[at])) for place in ends.values()]
        leaving += [steps.setdefault(key, len(steps)) for key in keys_out]
    return StageSteps(
        outcome, option, source[outcome].astype(np.int64), target[outcome].astype(np.int64),
        numbers[np.asarray(which).reshape(-1)] if len(keys) else np.zeros(0, np.int64),
        np.array([order.get(int(x), -1) for x in to], dtype=np.int64), ended, tuple(leaving),
    )  # fmt: skip


def _place(case: ResolvedCase, level: DealLevel, draft: int) -> Place:
    if level.draft >= 0 and level.draft != draft:
        return Place("another", "Another draft", "another", 95)
    rank = _ORDER[level.stage]
    match level.stage:
        case "none":
            return Place("none", "No talks", "none", rank)
        case "talks":
            return Place("talks", "Talks", "talks", rank)
        case "tabled":
            side = case.sides[level.side]
            return Place(f"tabled by {side.name}", f"Tabled by {side.title}", "tabled", rank)
        case "ratifying":
            form = next(f for f in case.protocol.forms if f.name == case.drafts[draft].form)
            name = form.ratifiers[level.ratifier].name.replace("_", " ")
            return Place(
                f"ratifying {level.ratifier + 1}", f"Signed; before {name}", "ratifying", rank + level.ratifier
            )
        case "phase":
            title = case.drafts[draft].phases[level.phase].title
            return Place(f"phase {level.phase + 1}", f"Phase {level.phase + 1}: {title}", "phase", rank + level.phase)
        case "in_force":
            return Place("in force", "In force", "in_force", rank)
        case "suspended":
            return Place("suspended", "Suspended", "suspended", rank)
        case _:
            return Place("expiring", "Up for renewal", "expiring", rank)


def _cause(case: ResolvedCase, rule: Rule, label: str, running: bool) -> Place:
    """The place of agreements that a stage's option has ended."""
    parties = tuple(s.name for s in case.sides if s.party)
    kind = ending_kind(rule, label, parties)
    side = next((s.title for s in case.sides if s.name == rule.side), "")
    title = {
        "breach": f"{side} breaks it" if running else f"{side} ends it before force",
        "exit": f"{side} leaves it" if running else f"{side} takes back its signature",
        "third party": f"{side} brings it down",
        "ratification": "Rejected",
        "expiry": "Run its term",
        "lapse": "Lapsed",
        "linkage": "Fallen with something linked",
    }.get(kind, "Brought down by events")
    named = f"{kind}{'' if running else ' before force'} {rule.side}" if kind in ("breach", "exit") else kind
    named = f"third party {rule.side}" if kind == "third party" else named
    return Place(f"ended: {named}", title, "ended", 99, named)


def step_title(compiled: Compiled, step: Step) -> str:
    """What is done or happens in a step, as a person would say it, without who does it."""
    case, rule = compiled.case, compiled.rules[step.stage]
    name = compiled.game.labels.options[step.label]
    if rule.kind in ("decision", "carried out"):
        titles = {o.name: o.title for d in case.decisions if d.name == rule.name for o in d.options}
        return titles.get(name, name)
    if rule.kind == "chance":
        return rule.title
    if rule.kind == "clock":
        return _CLOCK.get(name, name)
    if rule.kind == "linkage":
        links = (x for d in case.drafts for x in d.linkage)
        return next((x.note for x in links if x.note and f"linkage: {x.when.text}" == name), "") or name
    if name.startswith("table "):
        return "table the draft"
    return name
