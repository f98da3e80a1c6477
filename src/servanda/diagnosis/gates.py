"""The three gates of a draft: would they sign, ratify and keep it. Gates only read what play says.

*Sign*: with the draft alone on the table, the probability that it is signed within the window; the margin is that of
the binding move at the most favourable date: of tabling and accepting, the weaker, for the pair of office-holders for
whom the weaker is strongest. *Ratify*: of the drafts signed in play, the share approved by everyone. *Keep*: the draft,
put in force at the start, is kept to the horizon or to its own lawful end; the margin is that of the most tempted
office-holder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled
from servanda.diagnosis.credibility import Temptation
from servanda.diagnosis.findings import Gate, GateKind, Survival, Tightest
from servanda.diagnosis.margins import Point, labelled, moves_compared, point, state_of
from servanda.diagnosis.play import Crossing, Floats, Mask, Play, propagate
from servanda.equilibrium import Slot

Watch = Callable[[int, Slot, Floats], None]
SIGNED = ("ratifying", "phase", "in_force")
# a pair of office-holders counts only if it is there in at least one case in twenty
LIKELY_PAIR = 0.05


def sign_window(case: ResolvedCase, years: float = 4.0) -> int:
    """Periods within which a draft must be signed to pass the first gate."""
    return max(1, min(case.periods, round(years * 12 / case.period_months)))


@dataclass(frozen=True)
class Signing:
    """First signing by period, caught[t, draft], and the binding proposal and answer of the draft that was watched."""

    caught: Floats
    pair: tuple[Point, Point] | None


def first_entries(play: Play, target: Mask, watch: Watch | None = None) -> Floats:
    """Probability that each draft is the first to bring the world into `target` states, caught[t, draft].

    What is there from the start counts in the first period.
    `watch(t, slot, mass)` sees the mass that has not been there yet, before every stage.
    """
    compiled = play.compiled
    inside = np.flatnonzero(target)
    crossing = Crossing.between(compiled, ~target, target)
    caught = np.zeros((play.periods, len(compiled.case.drafts)))
    begun = inside[compiled.game.start[inside] > 0.0]
    np.add.at(caught[0], compiled.draft[begun], compiled.game.start[begun])

    def before(t: int, slot: Slot, array: Floats) -> None:
        stage = compiled.game.stages[slot.stage]
        index = crossing.outcomes[slot.stage]
        if len(index):
            flow = crossing.flow(play, slot, t, array, play.odds[t])
            np.add.at(caught[t], compiled.draft[stage.outcome_state[index]], flow[:, 0])
        if watch is not None:
            watch(t, slot, array)

    def after(_t: int, slot: Slot, array: Floats) -> None:
        if len(crossing.outcomes[slot.stage]):
            array[inside] = 0.0

    start = compiled.game.start[:, None].copy()
    start[inside] = 0.0
    propagate(play, start, before=before, after=after)
    return caught


def first_signed(play: Play) -> Floats:
    """Probability that each draft is the first to be signed, [draft]."""
    return np.asarray(first_entries(play, play.stage_mask(*SIGNED)).sum(axis=0))


def first_live(play: Play) -> Floats:
    """Probability that each draft is the first to become live, [draft]."""
    return np.asarray(first_entries(play, play.compiled.live).sum(axis=0))


def signing_of(play: Play, draft: int, window: int) -> Signing:
    """Propagate from the start until something is signed, watching one draft's proposals and answers in the window."""
    rules = play.compiled.rules
    answers = {rule.side: index for index, rule in enumerate(rules) if rule.kind == "answer"}
    best: list[tuple[float, Point, Point]] = []

    def watch(t: int, slot: Slot, array: Floats) -> None:
        rule = rules[slot.stage]
        if rule.kind == "diplomacy" and t < window:
            other = next(s for side, s in answers.items() if side != rule.side)
            best.extend(_chains(play, t, slot, other, draft, array))

    caught = first_entries(play, play.stage_mask(*SIGNED), watch)
    strongest = max(best, key=lambda x: x[0], default=None)
    return Signing(caught, None if strongest is None else strongest[1:])


def _chains(
    play: Play, t: int, slot: Slot, answer_stage: int, draft: int, array: Floats
) -> list[tuple[float, Point, Point]]:
    """Tabling and accepting in one slot for every pair of office-holders: (weaker margin, proposal, answer)."""
    compiled = play.compiled
    stage = compiled.game.stages[slot.stage]
    tabling = labelled(play, slot.stage, f"table {compiled.case.drafts[draft].name}")
    options = np.flatnonzero(tabling)
    rows = stage.row_of_option[options].astype(np.int64)
    weight = array[stage.state, 0]
    total = float(weight[rows].sum())
    if total <= 0.0:
        return []
    labels = compiled.game.labels.options
    others = np.isin(stage.label, [i for i, x in enumerate(labels) if not x.startswith("table ")])
    answer = compiled.game.stages[answer_stage]
    answer_slot = next(
        s for s in play.period.slots if (s.stage, s.remaining, s.block) == (answer_stage, slot.remaining, slot.block)
    )
    reply = np.searchsorted(answer.state, stage.outcome_state[stage.outcome_start[options]]).astype(np.int64)
    moves = (labelled(play, answer_stage, "accept"), labelled(play, answer_stage, "refuse"))
    found = []
    for proposer in np.unique(stage.mover[rows]):
        mine = stage.mover[rows] == proposer
        offer = point(play, t, slot, int(proposer), rows[mine], weight, (tabling, others))
        if offer is None or offer.likelihood < LIKELY_PAIR * total:
            continue
        arriving = np.zeros(answer.rows)
        np.add.at(arriving, reply[mine], weight[rows[mine]])
        for responder in np.unique(answer.mover[reply[mine]]):
            said = point(play, t, answer_slot, int(responder), np.unique(reply[mine]), arriving, moves)
            if said is not None and said.likelihood >= LIKELY_PAIR * total:
                found.append((min(offer.margin, said.margin), offer, said))
    return found


@dataclass(frozen=True)
class Voting:
    """What became of a draft in play: votes decided and approved, the tightest vote, running at the end."""

    decided: float
    approved: float
    tightest: Point | None
    running: Floats


def voting_of(play: Play, draft: int) -> Voting:
    """Propagate from the start, count the votes decided, and see which drafts run at the horizon, running[draft]."""
    compiled = play.compiled
    pending = play.stage_mask("ratifying")
    crossing = Crossing.between(compiled, pending, ~pending)
    counts = np.zeros(2)
    votes: list[Point] = []

    def before(t: int, slot: Slot, array: Floats) -> None:
        stage = compiled.game.stages[slot.stage]
        index = crossing.outcomes[slot.stage]
        if len(index):
            flow = crossing.flow(play, slot, t, array, play.odds[t])[:, 0]
            counts[0] += flow.sum()
            counts[1] += flow[compiled.live[stage.outcome_state[index]]].sum()
        if compiled.rules[slot.stage].kind == "ratification":
            moves = (labelled(play, slot.stage, "approve"), labelled(play, slot.stage, "reject"))
            rows = np.flatnonzero(compiled.draft[stage.state] == draft)
            weight = array[stage.state, 0]
            found = [point(play, t, slot, int(a), rows, weight, moves) for a in np.unique(stage.mover[rows])]
            votes.extend(p for p in found if p is not None)

    end = propagate(play, compiled.game.start[:, None].copy(), before=before)[:, 0]
    heaviest = max((p.likelihood for p in votes), default=0.0)
    likely = [p for p in votes if p.likelihood >= 0.5 * heaviest]
    return Voting(
        float(counts[0]), float(counts[1]), min(likely, key=lambda p: p.margin, default=None), _live(play, end)
    )


def running_at_horizon(play: Play) -> Floats:
    """Probability that each draft is live at the horizon, [draft]."""
    return _live(play, propagate(play, play.compiled.game.start[:, None].copy())[:, 0])


def _live(play: Play, mass: Floats) -> Floats:
    compiled = play.compiled
    drafts = max(1, len(compiled.case.drafts))
    shares = np.bincount(compiled.draft[compiled.live], mass[compiled.live], minlength=drafts)
    return np.asarray(shares, dtype=np.float64)


def gates_of(
    play: Play, draft: int, signing: Signing, voting: Voting, survival: Survival, temptation: Temptation, window: int
) -> tuple[Gate, Gate, Gate]:
    """The three gates of one draft from what propagation found."""
    begun = play.compiled.game.start
    binding = None if signing.pair is None else min(signing.pair, key=lambda p: p.margin)
    if begun[play.stage_mask(*SIGNED, draft=draft)].sum() > 0.0:
        sign = Gate("sign", 1.0, None, None, "It is signed already.")
    else:
        sign = _gate(play, "sign", float(signing.caught[:window, draft].sum()), binding)
    ratify = Gate("ratify", 1.0, None, None, "Nobody has to approve it.")
    if already_live(play.compiled, draft):
        ratify = Gate("ratify", 1.0, None, None, "It is approved already.")
    elif needs_approval(play.compiled, draft):
        ratify = _gate(play, "ratify", _approved(play, draft, voting), voting.tightest)
    return sign, ratify, _gate(play, "keep", survival.kept, temptation.tightest)


def passing(play: Play, draft: int, survival: Survival, window: int) -> float:
    """Probability that a draft alone on the table passes all three gates, without their margins."""
    signed = float(first_entries(play, play.stage_mask(*SIGNED))[:window, draft].sum())
    return min(1.0, signed) * _approved(play, draft, voting_of(play, draft)) * survival.kept


def already_live(compiled: Compiled, draft: int) -> bool:
    """Whether a draft is live at the start."""
    return bool(compiled.game.start[compiled.live & (compiled.draft == draft)].sum() > 0.0)


def needs_approval(compiled: Compiled, draft: int) -> bool:
    """Whether somebody still has to approve a draft."""
    case = compiled.case
    ratifiers = next(f.ratifiers for f in case.protocol.forms if f.name == case.drafts[draft].form)
    return bool(ratifiers) and not already_live(compiled, draft)


def _approved(play: Play, draft: int, voting: Voting) -> float:
    if not needs_approval(play.compiled, draft):
        return 1.0
    return voting.approved / voting.decided if voting.decided > 0.0 else 0.0


def _gate(play: Play, kind: GateKind, probability: float, found: Point | None) -> Gate:
    probability = float(min(max(probability, 0.0), 1.0))
    if found is None:
        return Gate(kind, probability, None, None, "No office-holder ever comes to decide this.")
    actor = play.compiled.case.actors[found.actor]
    move, alternative = moves_compared(play, found)
    precision = float(play.solution.numbers.precision[found.actor, 0])
    odds = float(expit(precision * found.margin))
    tight = Tightest(
        actor.name, actor.title, play.compiled.dates[found.period], move, alternative, found.margin, odds,
        state_of(play, found), min(1.0, found.likelihood),
    )  # fmt: skip
    when = f"{play.compiled.dates[found.period]:%b %Y}"
    better, worse = (move, alternative) if found.margin >= 0 else (alternative, move)
    sentence = (
        f"Tightest for {actor.title} in {when}: “{better}” is better than “{worse}” by {abs(found.margin):.1f} points."
    )
    return Gate(kind, probability, found.margin, tight, sentence)
