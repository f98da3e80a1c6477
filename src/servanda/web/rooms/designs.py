"""Designs: what a mediator can change as controls, the answer at once, and the frontier of all combinations."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from servanda.diagnosis.answers import Design, Designs
from servanda.web.pages import case_page
from servanda.web.problems import Problem, responses
from servanda.web.results import Name, Scenario, ask, record_of, result_of

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.compile import Compiled
    from servanda.diagnosis.trials import Trials
    from servanda.live import Bench

router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
RunId = Annotated[str, Path(min_length=1, max_length=64, description="Id of a kept run, or its unique beginning.")]
SOLVING = responses(
    *("not-found", "bad-request", "case-error", "unknown-parameter", "unknown-friction", "unknown-draft"),
    *("too-large", "too-slow", "busy"),
)
Share = Annotated[float, Field(ge=0.0, le=1.0)]
POINTS = 11
MOST_DESIGNS = 1_500
GAINS_SECONDS = 30.0


class OptionShown(BaseModel):
    """One value a lever offers."""

    lever: str
    label: str
    value: float


class LeverShown(BaseModel):
    """A parameter that levers set, with what they offer.

    `held_by` has the frictions that set it instead once they are off, name and title.
    """

    parameter: str
    title: str
    note: str
    unit: str
    written: float = Field(description="Its value in the case as saved.")
    ranged: bool = Field(description="The options are points of a range.")
    options: list[OptionShown]
    held_by: dict[str, str]


class SideShown(BaseModel):
    """A party of the case."""

    side: str
    title: str


class LeversShown(BaseModel):
    """What a mediator can change, and the parties, in the order of the gains of a design."""

    levers: list[LeverShown]
    sides: list[SideShown]


class GainsAsked(Scenario):
    """A scenario, and the draft whose gains are wanted."""

    draft: Name


class GainTold(BaseModel):
    """What a draft is worth to a party over no deal, in points of who leads it at the start."""

    side: str
    title: str
    gain: float


class GainsTold(BaseModel):
    """The gains of the parties from a draft on the table, and what moving the levers costs."""

    draft: str
    gains: list[GainTold]
    price: float = Field(description="Points, all sides together; no part of the gains.")


class DesignShown(BaseModel):
    """A combination of levers for one draft; `overrides` are the parameter values behind it."""

    draft: str
    title: str
    label: str
    sign: Share
    ratify: Share
    keep: Share
    holds: Share = Field(description="Signed, ratified and kept.")
    life: float = Field(ge=0.0, description="Mean life once in force, years.")
    moved: list[tuple[str, str]]
    overrides: dict[str, float]
    gains: list[float]
    price: float
    binding: Literal["sign", "ratify", "keep"]
    frontier: bool
    robust: float | None
    settled: bool


class DesignsShown(BaseModel):
    """What a search of designs found, the likeliest to hold first."""

    sentence: str
    change: str
    searched: str
    verdict: Literal["holds", "draft", "structure"]
    threshold: float
    draws: int
    exhaustive: bool
    sides: list[str]
    nearest: int | None = Field(description="Its place among `designs`.")
    passing: int
    found: int = Field(description="How many designs were found; `designs` may hold fewer.")
    designs: list[DesignShown]
    islands: list[str]
    idle: list[str]


@router.get("/cases/{name}/designs", include_in_schema=False)
def designs_page(request: Request, name: Case) -> Response:
    """The page of designs."""
    return case_page(request, name, "designs.html", title="Designs")


@router.post("/api/cases/{name}/designs/levers", responses=SOLVING, tags=["live"])
async def offered(request: Request, name: Case, asked: Scenario) -> LeversShown:
    """What a mediator can change in a case, and the values each lever offers."""
    return LeversShown.model_validate(await ask(request, name, asked, f"{__name__}:levers"))


@router.post("/api/cases/{name}/designs/gains", responses=SOLVING, tags=["live"])
async def gained(request: Request, name: Case, asked: GainsAsked) -> GainsTold:
    """What one draft, on the table alone, is worth to each party over a world without a deal."""
    found = await ask(
        request, name, asked, f"{__name__}:gains", seconds=GAINS_SECONDS, draft=asked.draft, switched=sorted(asked.off)
    )
    return GainsTold.model_validate(found)


@router.get("/api/runs/{run}/designs", responses=responses("not-found", "conflict"), tags=["runs"])
def found(request: Request, run: RunId) -> DesignsShown:
    """The designs a kept run found, which of them pass and which are undominated."""
    result = result_of(request, run, ("designs", "run"))
    part = (result["diagnosis"] or {}).get("designs") if "diagnosis" in result else result
    return designs_shown(record_of(Designs, part))


# every question has this form, whatever it needs of it
def levers(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """What the levers of a case offer (runs in a solver process)."""
    from servanda.diagnosis.design_search import axes_of

    case, held = bench.case, _held(bench)
    units = {p.name: p.unit for p in case.parameters}
    shown = []
    for axis in axes_of(case.levers, bench.compiled.central.__getitem__, POINTS):
        pulled = {o.lever.name: o.lever for o in axis.options}
        notes = dict.fromkeys(lever.citation.note for lever in pulled.values() if lever.citation.note)
        shown.append(
            {
                "parameter": axis.parameter,
                "title": "; ".join(lever.title for lever in pulled.values()),
                "note": " ".join(notes),
                "unit": units.get(axis.parameter, ""),
                "written": axis.written,
                "ranged": all(lever.range is not None for lever in pulled.values()),
                "options": [{"lever": o.lever.title, "label": o.label, "value": o.value} for o in axis.options],
                "held_by": held.get(axis.parameter, {}),
            }
        )
    sides = [{"side": side.name, "title": side.title or side.name} for side in case.sides if side.party]
    return {"levers": shown, "sides": sides}


def gains(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """What a draft, alone on the table, is worth to each party (runs in a solver process)."""
    from servanda.case.messages import did_you_mean
    from servanda.compile import compile_case
    from servanda.diagnosis.cooperation import PRECISE, leaders, side_title
    from servanda.diagnosis.trials import Trials

    case, draft = bench.case, str(ask["draft"])
    names = [d.name for d in case.drafts]
    if draft not in names:
        raise Problem(422, "unknown-draft", f"no draft is called `{draft[:80]}`", did_you_mean(draft, names))
    index = names.index(draft)
    table = _tables(case)
    for menu in ((), (draft,)):
        if menu not in table:
            table[menu] = Trials(compile_case(case, menu=list(menu)), index if menu else None, 1, PRECISE)
    with_it, without = (table[menu].run([values], workers=1).value[:, 0] for menu in ((draft,), ()))
    off = set(ask.get("switched", ()))
    held = {name for name, frictions in _held(bench).items() if off & set(frictions)}
    return {
        "draft": draft,
        "price": price_of(bench.compiled, values, held),
        "gains": [
            {"side": side, "title": side_title(case, side), "gain": float(with_it[who] - without[who])}
            for side, who in leaders(table[(draft,)].compiled).items()
        ],
    }


def _held(bench: Bench) -> dict[str, dict[str, str]]:
    """The frictions that set a parameter of a lever when they are off: title by name, by parameter."""
    pulled = {lever.sets for lever in bench.case.levers}
    held: dict[str, dict[str, str]] = {}
    for friction in bench.case.frictions:
        for name, _ in friction.off:
            if name in pulled:
                held.setdefault(name, {})[friction.name] = friction.title or friction.name
    return held


def price_of(compiled: Compiled, values: Mapping[str, float], held: Collection[str] = ()) -> float:
    """What it costs to move the levers to where they stand, in points.

    A lever where the case has it costs nothing; elsewhere, for each side, what the actor who pays most pays, all sides
    together (as `servanda.diagnosis.design` has it).

    Parameters
    ----------
    values : parameter values instead of the central ones
    held : parameters that something else than a lever sets
    """
    from servanda.compile.evaluation import evaluate
    from servanda.diagnosis.design_search import axes_of

    case, now = compiled.case, {**compiled.central, **values}
    parameters = {name: np.array([[value]]) for name, value in now.items()}
    scope = compiled.layout.scope(compiled.codes[:1], parameters=parameters, period_years=compiled.game.period_years)
    side_of = {actor.name: actor.side for actor in case.actors}
    total = 0.0
    for axis in axes_of(case.levers, compiled.central.__getitem__, POINTS):
        if axis.parameter in held or now[axis.parameter] == axis.written:
            continue
        lever = min(axis.options, key=lambda o: abs(o.value - now[axis.parameter])).lever
        paid: dict[str, float] = {}
        for price in lever.prices:
            paid[price.actor] = paid.get(price.actor, 0.0) + float(evaluate(price.worth.node, scope)[0, 0])
        by_side: dict[str, float] = {}
        for actor, points in paid.items():
            by_side[side_of[actor]] = max(by_side.get(side_of[actor], points), points)
        total += sum(by_side.values())
    return total


# The worlds in which gains are found, of the cases a process was asked about last.
_WORLDS: OrderedDict[int, tuple[ResolvedCase, dict[tuple[str, ...], Trials]]] = OrderedDict()
_MOST_WORLDS = 2


def _tables(case: ResolvedCase) -> dict[tuple[str, ...], Trials]:
    """Trials of a case by the drafts on its table, those made so far."""
    if id(case) not in _WORLDS:
        while len(_WORLDS) >= _MOST_WORLDS:
            _WORLDS.popitem(last=False)
        _WORLDS[id(case)] = (case, {})
    _WORLDS.move_to_end(id(case))
    return _WORLDS[id(case)][1]


def designs_shown(found: Designs) -> DesignsShown:
    """A search as the page shows it."""
    from servanda.report import designed

    sentence, change = found.sentence, found.change
    # of very many, those that say something
    telling = [d for d in found.designs if d.frontier or not d.moved or d == found.nearest]
    shown = found.designs
    if len(shown) > MOST_DESIGNS:
        kept = {id(d) for d in (*telling, *shown[:MOST_DESIGNS])}
        shown = tuple(d for d in shown if id(d) in kept)
    return DesignsShown(
        sentence=sentence,
        change="" if change in sentence else change,
        searched=designed.searched(found),
        verdict=found.verdict,
        threshold=found.threshold,
        draws=found.draws,
        exhaustive=found.exhaustive,
        sides=list(found.sides),
        nearest=shown.index(found.nearest) if found.nearest in shown else None,
        passing=len(found.passing),
        found=len(found.designs),
        designs=[_design(design) for design in shown],
        islands=list(found.islands),
        idle=designed.idle_levers(found),
    )


def _design(design: Design) -> DesignShown:
    from servanda.diagnosis.design_words import described

    return DesignShown(
        draft=design.draft, title=design.title, sign=design.sign, ratify=design.ratify, keep=design.keep,
        holds=min(1.0, design.holds), life=design.life, label=described(design), moved=list(design.moved),
        overrides=dict(design.overrides), gains=list(design.gains), price=design.price, binding=design.binding,
        frontier=design.frontier, robust=design.robust, settled=design.settled,
    )  # fmt: skip
