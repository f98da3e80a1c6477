"""Survival of a draft put in force at the start, and the competing risks that end it.

*Alive* means not ended: live, suspended, or awaiting renewal. Every way out is a crossing from alive states to others,
so survival at the horizon and the probabilities of all endings add up to one exactly. A draft that reaches its own
sunset, or is not renewed there, has been kept: `Survival.kept` counts lawful expiry as well as survival.
"""

from __future__ import annotations

import numpy as np

from servanda.compile.rules import Rule
from servanda.diagnosis.findings import Ending, Survival
from servanda.diagnosis.play import ALIVE, Crossing, Floats, Play, propagate
from servanda.equilibrium import Slot

Key = tuple[int, int, int]


def survival_of(play: Play, draft: int) -> Survival:
    """Survival of a draft from its first phase at the start, as it is played in `play`."""
    compiled = play.compiled
    alive = play.stage_mask(*ALIVE, draft=draft)
    crossing = Crossing.between(compiled, alive, ~alive)
    mass = np.zeros((compiled.game.states, 1))
    mass[compiled.start_with_deal(draft)] = 1.0
    curve = np.zeros(play.periods + 1)
    ended: dict[Key, Floats] = {}
    dead = np.flatnonzero(~alive)

    def at_start(t: int, array: Floats) -> None:
        curve[t] = array.sum()

    def before(t: int, slot: Slot, array: Floats) -> None:
        index = crossing.outcomes[slot.stage]
        if not len(index):
            return
        stage = compiled.game.stages[slot.stage]
        flow = crossing.flow(play, slot, t, array, play.odds[t])[:, 0]
        options = stage.option_of_outcome[index]
        movers = stage.mover[stage.row_of_option[options]].astype(np.int64)
        keys = (movers + 1) * len(compiled.game.labels.options) + stage.label[options]
        for key in np.unique(keys[flow > 0.0]):
            mover, label = divmod(int(key), len(compiled.game.labels.options))
            found = ended.setdefault((slot.stage, mover - 1, label), np.zeros(play.periods))
            found[t] += flow[keys == key].sum()

    def after(_t: int, slot: Slot, array: Floats) -> None:
        if len(crossing.outcomes[slot.stage]):
            array[dead] = 0.0

    propagate(play, mass, before=before, after=after, at_start=at_start)
    return _survival(play, draft, curve, ended)


def _survival(play: Play, draft: int, curve: Floats, ended: dict[Key, Floats]) -> Survival:
    compiled = play.compiled
    years = compiled.game.period_years
    totals: dict[tuple[str, str, str, str], Floats] = {}
    parties = tuple(s.name for s in compiled.case.sides if s.party)
    for (stage, mover, label), by_period in ended.items():
        rule = compiled.rules[stage]
        option = compiled.game.labels.options[label]
        actor = compiled.case.actors[mover].name if mover >= 0 else ""
        kind = ending_kind(rule, option, parties)
        text = _ending_label(play, draft, rule, option, kind, compiled.case.actors[mover].title if actor else "")
        key = (kind, actor, option, text)
        totals[key] = totals.get(key, np.zeros(play.periods)) + by_period
    titles = {a.name: a.title for a in compiled.case.actors}
    endings = [
        Ending(
            kind=kind,
            actor=actor,
            actor_title=titles.get(actor, ""),
            option=option,
            label=text,
            probability=float(by_period.sum()),
            by_date=tuple(float(x) for x in np.cumsum(by_period)),
            peak_date=compiled.dates[int(by_period.argmax())],
        )
        for (kind, actor, option, text), by_period in totals.items()
    ]
    endings.sort(key=lambda e: -e.probability)
    return Survival(
        alive=tuple(float(x) for x in curve),
        mean_life_years=float((curve[:-1] + curve[1:]).sum() / 2 * years),
        endings=tuple(endings),
        kept=min(1.0, float(curve[-1]) + sum(e.probability for e in endings if e.kind == "expiry")),
    )


def ending_kind(rule: Rule, option: str, parties: tuple[str, ...] = ()) -> str:
    """What sort of ending a stage's option is: exit, breach, third party, expiry, lapse, linkage or chance.

    >>> ending_kind(Rule("diplomacy of us", "diplomacy", lambda codes: []), "withdraw")
    'exit'
    """
    if rule.kind == "diplomacy" or rule.kind == "answer":
        return "expiry" if "renew" in option or "expire" in option else "exit"
    if rule.kind in ("decision", "carried out"):
        return "breach" if rule.side in parties else "third party"
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
    if kind == "expiry":
        return f"{actor}: {option}" if actor else "runs to its end"
    if kind in ("breach", "third party"):
        titles = {o.name: o.title for d in play.compiled.case.decisions if d.name == rule.name for o in d.options}
        return f"{actor}: {titles.get(option, option)}"
    if kind == "chance":
        return rule.title
    return "lapses while suspended" if kind == "lapse" else option
