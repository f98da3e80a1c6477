"""Survival of a draft put in force at the start, and the competing risks that end it.

*Alive* means not ended: live, suspended, or awaiting renewal. Every way out is a crossing from alive states to others,
so survival at the horizon and the probabilities of all endings add up to one exactly.
"""

from __future__ import annotations

import numpy as np

from servanda.compile.rules import Rule
from servanda.diagnosis.findings import Ending, Survival
from servanda.diagnosis.play import Crossing, Floats, Play, propagate
from servanda.equilibrium import Slot

ALIVE = ("phase", "in_force", "suspended", "expiring")
Key = tuple[int, int, int]


def survivals(play: Play) -> tuple[Survival, ...]:
    """Survival of every draft alone on the table (draw d + 1), from its first phase at the start."""
    compiled = play.compiled
    drafts = compiled.case.drafts
    alive = play.stage_mask(*ALIVE)
    crossing = Crossing.between(compiled, alive, ~alive)
    mass = np.zeros((compiled.game.states, play.draws))
    for d in range(len(drafts)):
        mass[compiled.start_with_deal(d), d + 1] = 1.0
    curve = np.zeros((play.periods + 1, play.draws))
    ended: dict[Key, Floats] = {}
    dead = np.flatnonzero(~alive)

    def at_start(t: int, array: Floats) -> None:
        curve[t] = array.sum(axis=0)

    def before(t: int, slot: Slot, array: Floats) -> None:
        stage = compiled.game.stages[slot.stage]
        index = crossing.outcomes[slot.stage]
        if not len(index):
            return
        flow = crossing.flow(play, slot, t, array, play.odds[t])
        options = stage.option_of_outcome[index]
        movers = stage.mover[stage.row_of_option[options]]
        keys = np.stack([movers, stage.label[options]], axis=1)
        for mover, label in np.unique(keys, axis=0):
            part = flow[(movers == mover) & (stage.label[options] == label)].sum(axis=0)
            if part.any():
                key = (slot.stage, int(mover), int(label))
                ended.setdefault(key, np.zeros((play.periods, play.draws)))[t] += part

    def after(_t: int, slot: Slot, array: Floats) -> None:
        if len(crossing.outcomes[slot.stage]):
            array[dead] = 0.0

    propagate(play, mass, before=before, after=after, at_start=at_start)
    return tuple(
        _survival(play, d, curve[:, d + 1], {k: v[:, d + 1] for k, v in ended.items()}) for d in range(len(drafts))
    )


def _survival(play: Play, draft: int, curve: Floats, ended: dict[Key, Floats]) -> Survival:
    compiled = play.compiled
    years = compiled.game.period_years
    endings = []
    for (stage, mover, label), by_period in ended.items():
        total = float(by_period.sum())
        if total <= 0.0:
            continue
        rule = compiled.rules[stage]
        option = compiled.game.labels.options[label]
        actor = compiled.case.actors[mover] if mover >= 0 else None
        kind = ending_kind(rule, option)
        name = actor.title if actor else ""
        endings.append(
            Ending(
                kind=kind,
                actor=actor.name if actor else "",
                actor_title=name,
                option=option,
                label=_ending_label(play, draft, rule, option, kind, name),
                probability=total,
                by_date=tuple(float(x) for x in np.cumsum(by_period)),
                peak_date=compiled.dates[int(by_period.argmax())],
            )
        )
    endings.sort(key=lambda e: -e.probability)
    return Survival(
        alive=tuple(float(x) for x in curve),
        mean_life_years=float((curve[:-1] + curve[1:]).sum() / 2 * years),
        endings=tuple(endings),
    )


def ending_kind(rule: Rule, option: str) -> str:
    """What sort of ending a stage's option is: exit, breach, expiry, lapse, linkage or chance.

    >>> ending_kind(Rule("diplomacy of us", "diplomacy", lambda codes: []), "withdraw")
    'exit'
    """
    if rule.kind == "diplomacy" or rule.kind == "answer":
        return "expiry" if "renew" in option or "expire" in option else "exit"
    if rule.kind == "decision":
        return "breach" if rule.side else "chance"
    if rule.kind == "clock":
        return "lapse" if option == "lapse" else "expiry"
    return rule.kind


def _ending_label(play: Play, draft: int, rule: Rule, option: str, kind: str, actor: str) -> str:
    if kind == "linkage":
        note = next(
            (
                x.note
                for x in play.compiled.case.drafts[draft].linkage
                if f"linkage: {x.when.text}" == option and x.note
            ),
            "",
        )
        return f"linkage: {note or option.removeprefix('linkage: ')}"
    if kind == "exit":
        return f"{actor} withdraws"
    if kind == "breach":
        titles = {o.name: o.title for d in play.compiled.case.decisions if d.name == rule.name for o in d.options}
        return f"{actor}: {titles.get(option, option)}"
    if kind == "chance":
        return rule.title
    return {"expiry": "expires", "lapse": "lapses while suspended"}.get(kind, option)
