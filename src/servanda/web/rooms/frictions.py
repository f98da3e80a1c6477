"""Frictions and repairs: what stands in the way, switched off piece by piece, and what trust would cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from servanda.diagnosis.answers import Cooperation, Diagnosis, Flip, Flips, FrictionLattice, Trust
from servanda.report.measures import Measure, measure_of
from servanda.store import SavedRun
from servanda.web.pages import case_page
from servanda.web.problems import responses
from servanda.web.results import (
    FigureShown,
    Name,
    Scenario,
    TableShown,
    figures_shown,
    record_of,
    result_of,
    saved_case,
    table_shown,
)
from servanda.web.state import store

router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
RunId = Annotated[str, Path(min_length=1, max_length=64, description="Id of a kept run, or its unique beginning.")]
MOST_REPAIRS = 60
MOST_RUNS = 500


class FrictionShown(BaseModel):
    """A friction and its share; `bit` is its place in the masks of the lattice, None where it touches nothing."""

    name: str
    title: str
    mechanism: str
    bit: int | None
    shapley: float
    log_odds: float | None
    alone: float
    last: float
    error: float = Field(description="Standard error of the share; 0 where every subset was solved.")
    texts: dict[str, str] = Field(description="The same numbers as the report writes them.")


class RepairShown(BaseModel):
    """A smallest set of frictions whose removal reaches the threshold, and the outcome then."""

    off: list[str]
    titles: list[str]
    value: float
    says: str


class FlipShown(BaseModel):
    """A single assumption and the chance of the best draft once it is set so."""

    kind: str
    name: str
    title: str
    setting: str
    central: str
    probability: float
    draft: str
    grade: str
    turns: bool = Field(description="Whether the verdict is another one then.")


class LatticeColumn(BaseModel):
    """A headline number under every subset, by mask."""

    title: str
    unit: str
    values: list[float]


class LatticeShown(BaseModel):
    """Headline numbers under every subset of the frictions: bit `b` of a mask is the friction with this `bit`."""

    columns: list[LatticeColumn]
    unsettled: list[int] = Field(description="Masks whose numbers are rough.")


class FrictionsShown(BaseModel):
    """What a run found about the frictions of a case."""

    draft: str
    title: str
    outcome: str
    unit: str
    threshold: float
    sentence: str
    shares: str = Field(description="The largest shares in one sentence.")
    none_off: str
    all_off: str
    steps: str = Field(description="The unit of a change.")
    exact: bool
    games: int
    seconds: float
    frictions: list[FrictionShown]
    repair: str = Field(description="The smallest repair in one sentence.")
    repairs: list[RepairShown]
    repairs_caption: str
    repairs_left: int = Field(description="How many more repairs there are than shown.")
    lattice: LatticeShown | None = Field(description="None where subsets were sampled.")
    figures: list[FigureShown]
    flips: str
    assumptions: list[FlipShown]


class TrustShown(BaseModel):
    """What a run found about the cost of trust and the benefit of cooperation; empty where it did not look."""

    sentence: str
    notes: list[str]
    bonds: TableShown | None
    cooperation: list[str]
    figures: list[FigureShown]


class Sought(Scenario):
    """A scenario, and what a kept run of it should hold.

    Values of the parameters in `left` do not count: the run varies them itself.
    """

    kind: Literal["frictions", "designs", "run"]
    draft: Annotated[str, Field(max_length=200)] = Field(
        "", description="Explained by the run; the likeliest if empty."
    )
    left: list[Name] = Field(default_factory=list, max_length=500)


class RunBrief(BaseModel):
    """A kept run in short."""

    id: str
    created: datetime
    seconds: float
    headline: str


class RunFound(BaseModel):
    """The newest kept run of a scenario, if there is one."""

    run: RunBrief | None


@router.get("/cases/{name}/frictions", include_in_schema=False)
def frictions_page(request: Request, name: Case) -> Response:
    """The page of frictions and repairs."""
    return case_page(request, name, "frictions.html", title="Frictions and repairs")


@router.post("/api/cases/{name}/newest-run", responses=responses("not-found", "bad-request"), tags=["runs"])
def newest(request: Request, name: Case, asked: Sought) -> RunFound:
    """The newest kept run of a kind for a scenario; of frictions and designs, one that looks at all of them."""
    written = saved_case(request, name, asked.version).digest
    for run in store(request).runs(kind=asked.kind, digest=written, limit=MOST_RUNS):
        if answers(run, asked):
            brief = RunBrief(id=run.id, created=run.created, seconds=run.seconds, headline=run.headline)
            return RunFound(run=brief)
    return RunFound(run=None)


def answers(run: SavedRun, asked: Sought) -> bool:
    """Whether a run of the same text was asked for just this."""
    options = run.options
    if not same_scenario(run, asked.set, asked.off, asked.left):
        return False
    if asked.kind == "frictions":
        usual = options.get("outcome") in (None, "kept") and options.get("until") is None
        return usual and options.get("threshold") is None and (options.get("draft") or "") == asked.draft
    if asked.kind == "designs":
        return not options.get("drafts") and not options.get("levers")
    return bool(options.get("diagnosis") or options.get("deep"))


def same_scenario(run: SavedRun, given: Mapping[str, float], off: Iterable[str], left: Iterable[str] = ()) -> bool:
    """Whether a run was made with these values and frictions off; values of the parameters in `left` do not count."""
    apart = set(left)
    held = {name: float(value) for name, value in (run.scenario.get("set") or {}).items() if name not in apart}
    wanted = {name: value for name, value in given.items() if name not in apart}
    return held == wanted and set(run.scenario.get("off") or ()) == set(off)


@router.get("/api/runs/{run}/frictions", responses=responses("not-found", "conflict"), tags=["runs"])
def found(request: Request, run: RunId) -> FrictionsShown:
    """What a kept run found about frictions: shares, interactions, smallest repairs, and every subset solved."""
    result = result_of(request, run, ("frictions", "run"))
    return frictions_shown(*lattice_and_flips(result))


@router.get("/api/runs/{run}/trust", responses=responses("not-found", "conflict"), tags=["runs"])
def trusted(request: Request, run: RunId) -> TrustShown:
    """What a kept run with its diagnosis found about the cost of trust and the benefit of cooperation."""
    part = result_of(request, run, ("run",)).get("diagnosis") or {}
    trust = record_of(Trust, part["trust"]) if part.get("trust") else None
    return trust_shown(trust, record_of(tuple[Cooperation, ...], part.get("cooperation") or ()))


def lattice_and_flips(result: Mapping[str, Any]) -> tuple[FrictionLattice, Flips | None]:
    """The records in the result of a run of frictions, or of a run with its diagnosis.

    Raises
    ------
    Problem
        409 where there are none.
    """
    # a whole run keeps single effects under `frictions`, and the lattice in its diagnosis
    whole = "diagnosis" in result
    part = (result["diagnosis"] or {}) if whole else result
    lattice, flips = part.get("lattice" if whole else "frictions"), part.get("flips")
    return record_of(FrictionLattice, lattice), record_of(Flips, flips) if flips else None


def frictions_shown(lattice: FrictionLattice, flips: Flips | None) -> FrictionsShown:
    """The lattice and the single assumptions as the page shows them."""
    from servanda.report import diagnosed
    from servanda.report.charts.diagnosis import told_apart
    from servanda.report.charts.interactions import interactions_figure, pairs
    from servanda.report.charts.plain import plain
    from servanda.report.charts.shares import log_odds_figure, ranked, shares_figure
    from servanda.report.sheet import drawing
    from servanda.report.switchboard import used
    from servanda.report.words import capital, signed

    lattice = told_apart(Diagnosis(lattice=plain(lattice))).lattice or lattice
    measure = Measure(lattice.unit)
    bits = {lattice.frictions[bit]: place for place, bit in enumerate(used(lattice))}
    by_size = [*ranked(lattice), *(s for s in lattice.shares if s.friction in lattice.unused)]
    decimals = measure.decimals([x for s in by_size for x in (s.shapley, s.alone, s.last)])
    shown = [
        FrictionShown(
            name=s.friction, title=s.title, mechanism=s.mechanism, bit=bits.get(s.friction), shapley=s.shapley,
            log_odds=s.log_odds if measure.probability else None, alone=s.alone, last=s.last, error=s.error,
            texts={
                "shapley": measure.change(s.shapley, decimals), "alone": measure.change(s.alone, decimals),
                "last": measure.change(s.last, decimals), "log_odds": signed(s.log_odds, 2),
            },
        )
        for s in by_size
    ]  # fmt: skip
    with drawing():
        album = {"shares": shares_figure(lattice)} if ranked(lattice) else {}
        if album and measure.probability:
            album["log-odds"] = log_odds_figure(lattice)
        if pairs(lattice):
            album["interactions"] = interactions_figure(lattice)
        figures = figures_shown(album)
    return FrictionsShown(
        draft=lattice.draft,
        title=lattice.title,
        outcome=lattice.outcome,
        unit=lattice.unit,
        threshold=lattice.threshold,
        sentence=lattice.sentence,
        shares=capital(diagnosed.leading(lattice)),
        none_off=measure.level(lattice.none_off),
        all_off=measure.level(lattice.all_off),
        steps=measure.steps,
        exact=lattice.exact,
        games=lattice.games,
        seconds=lattice.seconds,
        frictions=shown,
        repair=capital(diagnosed.smallest_repair(lattice)),
        repairs=[
            RepairShown(off=list(r.frictions), titles=list(r.titles), value=r.value, says=measure.worded(r.value))
            for r in lattice.repairs[:MOST_REPAIRS]
        ],
        repairs_caption=diagnosed.repairs_caption(lattice),
        repairs_left=max(0, len(lattice.repairs) - MOST_REPAIRS),
        lattice=_lattice_shown(lattice),
        figures=figures,
        flips=diagnosed.flips_sentence(flips) if flips is not None and flips.tried else "",
        assumptions=[] if flips is None else [*(_flip(f, True) for f in flips.flips), *map(_mover, flips.movers)],
    )


def _flip(flip: Flip, turns: bool) -> FlipShown:
    return FlipShown(
        kind=flip.kind, name=flip.name, title=flip.title or flip.name, setting=flip.setting, central=flip.central,
        probability=flip.probability, draft=flip.draft, grade=flip.grade, turns=turns,
    )  # fmt: skip


def _mover(flip: Flip) -> FlipShown:
    return _flip(flip, False)


def _lattice_shown(lattice: FrictionLattice) -> LatticeShown | None:
    from servanda.report.switchboard import data

    found = data(lattice)
    if found is None:
        return None
    titles = ["The outcome", *(measure_of(name)[0] for name, _ in lattice.headlines)]
    columns = [
        LatticeColumn(title=title, unit=column["unit"], values=column["values"])
        for title, column in zip(titles, found["columns"], strict=True)
    ]
    return LatticeShown(columns=columns, unsettled=found["unsettled"])


def trust_shown(trust: Trust | None, cooperation: tuple[Cooperation, ...]) -> TrustShown:
    """Bonds and gains as the page shows them."""
    from servanda.report import diagnosed
    from servanda.report.charts.diagnosis import told_apart
    from servanda.report.charts.plain import plain
    from servanda.report.charts.trust import bond_frontier_figure, bonds_figure, cooperation_figure
    from servanda.report.sheet import drawing

    trust, cooperation = plain(trust), told_apart(Diagnosis(cooperation=plain(cooperation))).cooperation
    sentence, notes, bonds = "", [], None
    with drawing():
        album = {}
        if trust is not None:
            sentence = diagnosed.trust_sentence(trust)
            notes = [] if trust.reason in sentence else [trust.reason]
            notes += [f"{side.title}: {side.reason}" for side in trust.each if side.reason]
            notes += list(trust.reversals)
            if not diagnosed.needless(trust):
                bonds = table_shown(diagnosed.trust_table(trust))
            if any(len(side.curve) > 1 and side.least != 0.0 for side in trust.each):
                album["bonds"] = bonds_figure(trust)
            if len(trust.frontier) > 1 and len(trust.sides) == 2:
                album["bond-frontier"] = bond_frontier_figure(trust)
        if any(one.gains for one in cooperation):
            album["cooperation"] = cooperation_figure(cooperation, {one.draft: one.title for one in cooperation})
        figures = figures_shown(album)
    return TrustShown(
        sentence=sentence, notes=notes, bonds=bonds, figures=figures,
        cooperation=[one.sentence for one in cooperation if one.sentence],
    )  # fmt: skip
