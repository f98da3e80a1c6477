"""The three gates of a draft: would they sign, ratify and keep it. Gates only read what play says.

*Sign*: with the draft alone on the table, the probability that it is signed within the window; the margin is that of
the binding move at the most favourable date: of tabling and accepting, the weaker, for the pair of office-holders for
whom the weaker is strongest. *Ratify*: of the drafts signed in play, the share approved by everyone. *Keep*: survival
to the horizon of the draft put in force at the start; the margin is that of the most tempted office-holder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from servanda.diagnosis.credibility import Temptation
from servanda.diagnosis.findings import Gate, GateKind, Survival, Tightest
from servanda.diagnosis.margins import Point, labelled, moves_compared, point, state_of
from servanda.diagnosis.play import Crossing, Floats, Play, propagate
from servanda.equilibrium import Slot

SIGNED = ("ratifying", "phase", "in_force")


@dataclass(frozen=True)
class Signing:
    """Signing by date: `caught[t, draw]` probability that a draft is first signed in period t; `by_draft[draft]` in
    draw 0; `pair[draft]` the binding proposal and answer (None where no node was found).
    """

    caught: Floats
    by_draft: Floats
    pair: tuple[tuple[Point, Point] | None, ...]


def signings(play: Play, window: int) -> Signing:
    """Propagate from the start until something is signed, watching proposals and answers for `window` periods."""
    compiled = play.compiled
    drafts = range(len(compiled.case.drafts))
    signed = play.stage_mask(*SIGNED)
    out = np.flatnonzero(signed)
    crossing = Crossing.between(compiled, ~signed, signed)
    caught = np.zeros((play.periods, play.draws))
    by_draft = np.zeros(len(compiled.case.drafts))
    answers = {rule.side: index for index, rule in enumerate(compiled.rules) if rule.kind == "answer"}
    best: dict[int, tuple[float, Point, Point]] = {}

    def before(t: int, slot: Slot, array: Floats) -> None:
        stage = compiled.game.stages[slot.stage]
        index = crossing.outcomes[slot.stage]
        if len(index):
            flow = crossing.flow(play, slot, t, array, play.odds[t])
            caught[t] += flow.sum(axis=0)
            np.add.at(by_draft, compiled.draft[stage.outcome_state[index]], flow[:, 0])
        rule = compiled.rules[slot.stage]
        if rule.kind == "diplomacy" and t < window:
            other = next((s for side, s in answers.items() if side != rule.side), None)
            if other is not None:
                for d in drafts:
                    _consider(play, t, slot, other, d, array, best)

    def after(_t: int, slot: Slot, array: Floats) -> None:
        if len(crossing.outcomes[slot.stage]):
            array[out] = 0.0

    mass = np.repeat(compiled.game.start[:, None], play.draws, axis=1)
    propagate(play, mass, before=before, after=after)
    return Signing(caught, by_draft, tuple(best[d][1:] if d in best else None for d in drafts))


def _consider(
    play: Play,
    t: int,
    slot: Slot,
    answer_stage: int,
    draft: int,
    array: Floats,
    best: dict[int, tuple[float, Point, Point]],
) -> None:
    """Compare the chain table-accept of every pair of office-holders in one slot with the best seen so far."""
    compiled = play.compiled
    stage = compiled.game.stages[slot.stage]
    name = f"table {compiled.case.drafts[draft].name}"
    tabling = labelled(play, slot.stage, name)
    if not tabling.any():
        return
    others = np.isin(stage.label, [i for i, x in enumerate(compiled.game.labels.options) if not x.startswith("table ")])
    options = np.flatnonzero(tabling)
    rows = stage.row_of_option[options].astype(np.int64)
    weight = array[stage.state, draft + 1]
    answer = compiled.game.stages[answer_stage]
    answer_slot = next(
        s for s in play.period.slots if (s.stage, s.remaining, s.block) == (answer_stage, slot.remaining, slot.block)
    )
    tabled = stage.outcome_state[stage.outcome_start[options]]
    reply = np.searchsorted(answer.state, tabled).astype(np.int64)
    replies_weight = np.zeros(answer.rows)
    np.add.at(replies_weight, reply, weight[rows])
    total = float(weight[rows].sum())
    moves = (labelled(play, answer_stage, "accept"), labelled(play, answer_stage, "refuse"))
    for proposer in np.unique(stage.mover[rows]):
        mine = rows[stage.mover[rows] == proposer]
        offer = point(play, t, slot, draft + 1, int(proposer), mine, weight, (tabling, others))
        if offer is None or offer.likelihood < 0.05 * total:
            continue
        partial = np.zeros(answer.rows)
        chosen = stage.mover[rows] == proposer
        np.add.at(partial, reply[chosen], weight[rows[chosen]])
        for responder in np.unique(answer.mover[reply[chosen]]):
            said = point(play, t, answer_slot, draft + 1, int(responder), np.unique(reply[chosen]), partial, moves)
            if said is None or said.likelihood < 0.05 * total:
                continue
            chain = min(offer.margin, said.margin)
            if draft not in best or chain > best[draft][0]:
                best[draft] = (chain, offer, said)


@dataclass(frozen=True)
class Voting:
    """Ratification of every draft alone on the table: entered, approved and the tightest vote (None without voters)."""

    entered: Floats
    approved: Floats
    tightest: tuple[Point | None, ...]
    running: Floats
    in_force: Floats


def votes(play: Play) -> Voting:
    """Propagate from the start and count ratifications, entries into force and deals running at the end."""
    compiled = play.compiled
    drafts = range(len(compiled.case.drafts))
    pending = play.stage_mask("ratifying")
    live = compiled.live
    decided = Crossing.between(compiled, pending, ~pending)
    first_live = Crossing.between(compiled, ~live & ~play.stage_mask("suspended", "expiring"), live)
    entered, approved = np.zeros(play.draws), np.zeros(play.draws)
    in_force = np.zeros((len(compiled.case.drafts), play.draws))
    tight: dict[int, Point] = {}

    def before(t: int, slot: Slot, array: Floats) -> None:
        stage = compiled.game.stages[slot.stage]
        index = decided.outcomes[slot.stage]
        if len(index):
            flow = decided.flow(play, slot, t, array, play.odds[t])
            entered[:] += flow.sum(axis=0)
            approved[:] += flow[live[stage.outcome_state[index]]].sum(axis=0)
        starts = first_live.outcomes[slot.stage]
        if len(starts):
            np.add.at(
                in_force,
                compiled.draft[stage.outcome_state[starts]],
                first_live.flow(play, slot, t, array, play.odds[t]),
            )
        if compiled.rules[slot.stage].kind == "ratification":
            moves = (labelled(play, slot.stage, "approve"), labelled(play, slot.stage, "reject"))
            for d in drafts:
                rows = np.flatnonzero(compiled.draft[stage.state] == d)
                weight = array[stage.state, d + 1]
                for actor in np.unique(stage.mover[rows]):
                    found = point(play, t, slot, d + 1, int(actor), rows, weight, moves)
                    if found and (d not in tight or found.likelihood > tight[d].likelihood):
                        tight[d] = found

    mass = np.repeat(compiled.game.start[:, None], play.draws, axis=1)
    end = propagate(play, mass, before=before)
    running = np.array([[end[live & (compiled.draft == d), c].sum() for c in range(play.draws)] for d in drafts])
    return Voting(entered, approved, tuple(tight.get(d) for d in drafts), running, in_force)


def gates_of(
    play: Play, draft: int, signing: Signing, voting: Voting, survival: Survival, temptation: Temptation, window: int
) -> tuple[Gate, Gate, Gate]:
    """The three gates of one draft from what propagation found."""
    column = draft + 1
    chance = float(min(1.0, signing.caught[:window, column].sum()))
    pair = signing.pair[draft]
    binding = None if pair is None else min(pair, key=lambda p: p.margin)
    sign = _gate(play, "sign", chance, binding)
    entered, approved = float(voting.entered[column]), float(voting.approved[column])
    form = next(f for f in play.compiled.case.protocol.forms if f.name == play.compiled.case.drafts[draft].form)
    share = approved / entered if form.ratifiers and entered > 0.0 else float(not form.ratifiers)
    ratify = _gate(play, "ratify", share, voting.tightest[draft])
    if not form.ratifiers:
        ratify = Gate("ratify", 1.0, None, None, "Nobody has to approve it.")
    keep = _gate(play, "keep", survival.alive[-1], temptation.tightest)
    return sign, ratify, keep


def _gate(play: Play, kind: GateKind, probability: float, found: Point | None) -> Gate:
    probability = float(min(max(probability, 0.0), 1.0))
    if found is None:
        return Gate(kind, probability, None, None, "No office-holder ever comes to decide this.")
    actor = play.compiled.case.actors[found.actor]
    move, alternative = moves_compared(play, found)
    precision = float(play.solution.numbers.precision[found.actor, found.draw])
    odds = float(1.0 / (1.0 + np.exp(-precision * found.margin)))
    tight = Tightest(
        actor.name, actor.title, play.compiled.dates[found.period], move, alternative, found.margin, odds,
        state_of(play, found), min(1.0, found.likelihood),
    )  # fmt: skip
    when = f"{play.compiled.dates[found.period]:%b %Y}"
    better, worse = (move, alternative) if found.margin >= 0 else (alternative, move)
    sentence = f"Tightest for {actor.title} in {when}: to {better} beats to {worse} by {abs(found.margin):.1f} points."
    return Gate(kind, probability, found.margin, tight, sentence)
