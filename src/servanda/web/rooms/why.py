"""Why a gate is as tight as it is: the margin of its tightest move, split into named payoff terms."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from servanda.web.pages import case_page
from servanda.web.results import ask
from servanda.web.rooms.credibility import OfDraft, draft_index
from servanda.web.rooms.verdict import SOLVING, Case, Share, clipped

if TYPE_CHECKING:
    from servanda.diagnosis.findings import Gate, GateKind, Why
    from servanda.diagnosis.margins import Point
    from servanda.live import Bench

router = APIRouter()
ANSWER = "servanda.web.rooms.why:answer"


class Term(BaseModel):
    """One payoff term's share of a margin, points of present value."""

    term: str
    points: float


class Move(BaseModel):
    """The move of a gate that was split: positive terms speak for it, negative ones for the alternative."""

    actor: str
    date: date
    move: str
    alternative: str
    margin: float
    odds: Share | None = Field(description="Probability of the move; null where another is tighter.")
    likelihood: float | None = Field(description="How likely it is that the actor decides then.")
    state: str = Field(description="The likeliest situation, in the words of the case.")
    terms: list[Term] = Field(description="All of them, the largest first; they add up to the margin.")
    residual: float = Field(description="Margin minus the sum of its terms, found by other code.")


class GateShown(BaseModel):
    """One gate with the moves that were split; none where nobody decides."""

    kind: Literal["sign", "ratify", "keep"]
    title: str
    probability: Share
    sentence: str
    moves: list[Move]


class WhyAnswer(BaseModel):
    """The three gates of one draft alone on the table."""

    draft: str
    title: str
    gates: list[GateShown]
    note: str = Field(description="Why nothing was split, if so.")


@router.get("/cases/{name}/why", include_in_schema=False)
def why_page(request: Request, name: Case) -> Response:
    """The page of reasons."""
    return case_page(request, name, "why.html", title="Why")


@router.post("/api/cases/{name}/why", responses=SOLVING, tags=["live"])
async def why(request: Request, name: Case, asked: OfDraft) -> WhyAnswer:
    """What speaks for and against the tightest move of each gate of a draft."""
    return WhyAnswer.model_validate(await ask(request, name, asked, ANSWER, draft=asked.draft))


def answer(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """Gates and their margins in named terms (runs in a solver process)."""
    from servanda.diagnosis.credibility import temptation_of
    from servanda.diagnosis.gates import gates_of, sign_window, signing_of, voting_of
    from servanda.diagnosis.survival import survival_of
    from servanda.diagnosis.why import explain

    index = draft_index(bench.case, ask.get("draft") or "")
    draft = bench.case.drafts[index]
    play = bench.alone(draft.name, values)
    window = sign_window(bench.case)
    signing, voting = signing_of(play, index, window), voting_of(play, index)
    life, temptation = survival_of(play, index), temptation_of(play, index)
    gates = gates_of(play, index, signing, voting, life, temptation, window)
    points: list[tuple[GateKind, Point]] = [("sign", p) for p in signing.pair or ()]
    points += [("ratify", voting.tightest)] if voting.tightest is not None else []
    points += [("keep", temptation.tightest)] if temptation.tightest is not None else []
    taste = bench.case.values == "taste"
    reasons = () if taste else explain(play, points)
    return {
        "draft": draft.name,
        "title": draft.title or draft.name,
        "gates": [_gate(gate, [r for r in reasons if r.gate == gate.kind]) for gate in gates],
        "note": "Under taste values what an actor gains by having options belongs to no payoff term." if taste else "",
    }


def _gate(gate: Gate, reasons: list[Why]) -> dict[str, Any]:
    from servanda.report.words import GATE_TITLES

    tight = gate.tightest
    # the margin of the gate is that of its tightest move; a move that is split beside it comes after
    ordered = sorted(reasons, key=lambda r: r.margin)
    return {
        "kind": gate.kind,
        "title": GATE_TITLES[gate.kind],
        "probability": clipped(gate.probability),
        "sentence": gate.sentence,
        "moves": [_move(reason, gate if tight is not None and _same(reason, gate) else None) for reason in ordered],
    }


def _same(reason: Why, gate: Gate) -> bool:
    tight = gate.tightest
    return tight is not None and (tight.actor, tight.date, tight.move) == (reason.actor, reason.date, reason.move)


def _move(reason: Why, gate: Gate | None) -> dict[str, Any]:
    tight = gate.tightest if gate is not None else None
    return {
        "actor": reason.actor_title,
        "date": reason.date.isoformat(),
        "move": reason.move,
        "alternative": reason.alternative,
        "margin": reason.margin,
        "odds": None if tight is None else tight.odds,
        "likelihood": None if tight is None else tight.likelihood,
        "state": "" if tight is None else tight.state,
        "terms": [{"term": r.term, "points": r.points} for r in reason.reasons],
        "residual": reason.residual,
    }
