"""Sensitivity: what drives an answer over draws, the box of parameters in which it comes out, and one slider's line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from servanda.forecast.quantities import GATES, quantity_titles
from servanda.report import sensitivities
from servanda.report.charts.boxes import box_figure, chance, path_table, words_of
from servanda.report.charts.tornado import indices, measure_of, tornado, trusted
from servanda.report.sheet import drawing
from servanda.report.tables import plain_data
from servanda.store import SavedRun, Store
from servanda.uncertainty.answers import Box, Sensitivity
from servanda.web.pages import case_page
from servanda.web.problems import Problem, declare, responses
from servanda.web.results import (
    FigureShown,
    Scenario,
    TableShown,
    ask,
    figures_shown,
    record_of,
    saved_case,
    table_shown,
)
from servanda.web.state import solvers, store

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.live import Bench
    from servanda.uncertainty.factors import Factor
    from servanda.uncertainty.swept import Sweep

declare("no-draws", 409, "The draws of the run are not on this machine any more; the same job solves them again.")
router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
Quantity = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.\- ]{0,199}$")]
SOLVING = responses(
    *("not-found", "bad-request", "conflict", "case-error", "unknown-parameter", "unknown-friction", "failed"),
    *("too-large", "too-slow", "busy"),
)
EXPLAINED = responses(
    *("not-found", "bad-request", "no-draws", "case-error", "unknown-parameter", "unknown-friction", "failed"),
    *("too-large", "too-slow", "busy"),
)
# Kinds of runs whose draws are kept whole.
KINDS = ("sensitivity", "forecast", "sweep")
SECONDS = 60.0
AT_SECONDS = 20.0
MOST_POINTS = 600
# Where a chance of more than a half is too rare or too common to say where, that which a quarter of the draws exceed.
HALF, QUARTER = 0.5, 0.75
FIRST = "outcome.ever_deal"
_STUDY = re.compile(r"[0-9a-f]{32}")


class ExplainAsked(Scenario):
    """An answer to be explained over the draws kept for a scenario."""

    quantity: Quantity | None = Field(None, description="Such as `question.NAME`; without it, the one that leads.")
    above: bool = Field(True, description="The box is looked for where the answer is above the threshold, else below.")
    threshold: float | None = Field(None, ge=-1e9, le=1e9, description="Without it: a half, or the upper quarter.")


class PointAsked(Scenario):
    """A scenario whose answers are wanted, now or ahead of need."""

    ahead: bool = Field(False, description="Computed when nothing else is asked, and dropped for what is.")


class QuantityShown(BaseModel):
    """An answer that can be explained."""

    name: str
    title: str


class LimitShown(BaseModel):
    """A side of a box in words."""

    parameter: str
    title: str
    unit: str
    low: float
    high: float
    words: str
    spurious: str = Field(description="Chance that the limit is spurious.")


class ScatterShown(BaseModel):
    """Draws over two parameters, or over one and the answer; `box` is [left, right, bottom, top]."""

    across: str
    up: str
    up_is_answer: bool
    names: list[list[tuple[str, float]]] = Field(description="Names of the values of each axis, where it has some.")
    box: list[float]
    points: list[tuple[float, float, float, float]] = Field(description="Across, up, the answer, the draw's weight.")


class BoxShown(BaseModel):
    """Where in the parameters an answer comes out."""

    condition: str
    sentence: str
    density: float
    base: float
    limits: list[LimitShown]
    centre: dict[str, float] = Field(description="Values that set the sliders into the middle of the box.")
    figure: FigureShown
    path: TableShown
    scatter: ScatterShown


class ExplainedShown(BaseModel):
    """What drives an answer, and where it comes out."""

    run: str
    kind: str
    created: datetime
    quantity: str
    title: str
    quantities: list[QuantityShown]
    mean: float
    probability: bool
    draws: int
    sentence: str
    quality: str
    trusted: bool
    weighing: str
    above: bool
    threshold: float
    box: BoxShown | None
    reason: str = Field(description="Why there is no box, or why another threshold was taken.")
    figures: list[FigureShown]


class Explained(BaseModel):
    """What the newest kept draws of exactly this scenario tell, if there are any."""

    found: ExplainedShown | None


class HeadlinesTold(BaseModel):
    """Every answer that can be explained, at the numbers as they stand."""

    settled: bool
    answers: dict[str, float]


@router.get("/cases/{name}/sensitivity", include_in_schema=False)
def sensitivity_page(request: Request, name: Case) -> Response:
    """The page of sensitivity and scenario boxes."""
    return case_page(request, name, "sensitivity.html", title="Sensitivity")


@router.post("/api/cases/{name}/sensitivity", responses=EXPLAINED, tags=["runs"])
async def explain(request: Request, name: Case, asked: ExplainAsked) -> Explained:
    """What drives an answer over the draws kept for exactly this scenario, and the box where it comes out."""
    run = await run_in_threadpool(_newest, request, name, asked)
    if run is None:
        return Explained(found=None)
    more = {"quantity": asked.quantity or "", "above": asked.above, "threshold": asked.threshold}
    told = await ask(
        request, name, asked, f"{__name__}:explained", seconds=SECONDS, study=study_of(run), **more
    )  # fmt: skip
    return Explained(found=await run_in_threadpool(_shown, run, told))


@router.post("/api/cases/{name}/sensitivity/at", responses=SOLVING, tags=["live"])
async def at(request: Request, name: Case, asked: PointAsked) -> HeadlinesTold:
    """Every answer at the numbers as they stand, such as one point of the line along a slider."""
    saved = await run_in_threadpool(saved_case, request, name, asked.version)
    function = f"{__name__}:{'ahead' if asked.ahead else 'headlines'}"
    found = await solvers(request).ask(
        saved.text, function, asked.payload(), seconds=AT_SECONDS, background=asked.ahead
    )  # fmt: skip
    return HeadlinesTold.model_validate(found)


def headlines(bench: Bench, values: dict[str, float], _ask: dict[str, Any]) -> dict[str, Any]:
    """Every answer at the numbers as they stand (runs in a solver process)."""
    live = bench.answer(values)
    outcomes = live.forecast.outcomes
    answers = {f"question.{a.question}": a.probability for a in live.forecast.answers}
    answers |= {
        "outcome.deal": outcomes.deal[-1], "outcome.ever_deal": outcomes.ever_deal[-1],
        "outcome.ever_war": outcomes.ever_war[-1],
    }  # fmt: skip
    for draft in live.drafts:
        answers |= {f"gate.{draft.draft}.{gate}": float(getattr(draft, gate)) for gate in GATES}
    return {"settled": live.settled, "answers": answers}


def ahead(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """The same, asked ahead: under a name of its own, so that what is asked in earnest does not drop it."""
    return headlines(bench, values, ask)


def explained(bench: Bench, _values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """What drives an answer, and its box, over kept draws (runs in a solver process).

    Raises
    ------
    Problem
        409 where the draws are not there, 422 where they hold no such answer.
    """
    from servanda.outlook.readings import factors_of
    from servanda.uncertainty.sensitivity import sensitivity
    from servanda.uncertainty.weights import weigh

    swept = _swept(str(ask["study"]))
    case = bench.case
    titles = dict(quantities(case, swept.rows))
    name = ask["quantity"] or next((q for q in (FIRST, *titles) if q in titles), "")
    if name not in titles:
        said = f"these draws hold no answer `{name}`" if name else "these draws hold no answer that varies"
        raise Problem(422, "failed", said, "choose another answer")
    failed = swept["failure"] != ""
    seen = "likelihood.without" in swept or bool(np.abs(swept["likelihood"][~failed]).max(initial=0.0) > 1e-3)
    weights, weighing = weigh(
        swept["likelihood"] if seen else np.zeros(swept.draws), failed=failed, unsettled=~swept["settled"]
    )  # fmt: skip
    early = f"before.{name}"
    column = swept[early if weighing.tempering == 0.0 and early in swept else name]
    factors, x = factors_of(case, swept)
    used = np.isfinite(column) & (weights > 0.0)
    if used.sum() < 8:
        raise Problem(422, "failed", f"{int(used.sum())} draws are too few to say what drives “{titles[name]}”")
    x, y, w = x[used], column[used], weights[used] / weights[used].sum()
    driving = sensitivity(factors, x, y, w, quantity=name, title=titles[name])
    box, reason, threshold = _searched(factors, x, y, w, name, titles[name], ask)
    told = weighing.sentence if seen else "There is no evidence to weigh: all draws keep the same weight."
    return {
        "quantity": name, "title": titles[name], "quantities": [{"name": n, "title": t} for n, t in titles.items()],
        "sensitivity": plain_data(driving), "box": plain_data(box), "reason": reason, "threshold": threshold,
        "above": bool(ask["above"]),
        "weighing": told, "centre": centre(box, {p.name for p in case.parameters}) if box else {},
        "scatter": scatter(box, factors, x, y, w) if box else None,
    }  # fmt: skip


def quantities(case: ResolvedCase, swept: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, str]]:
    """Answers that draws hold and that vary, with what they are in words, questions first."""
    for name, title in quantity_titles(case, case.questions).items():
        if name not in swept:
            continue
        known = swept[name][np.isfinite(swept[name])]
        if known.size and np.ptp(known) > 1e-9:
            yield name, title


def _swept(study: str) -> Sweep:
    from servanda.outlook.forecasting import Settings
    from servanda.uncertainty.study import SweepError
    from servanda.uncertainty.swept import Sweep

    if not _STUDY.fullmatch(study):
        raise Problem(409, "no-draws", "this run does not say where its draws are kept", "make the run again")
    try:
        return Sweep.read(File(Settings().sweeps) / study / "sweep.parquet")
    except SweepError as error:
        said = "the draws of this run are not on this machine any more"
        raise Problem(409, "no-draws", said, "make the run again: the same draws are solved") from error


def _searched(
    factors: tuple[Factor, ...],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
    name: str,
    title: str,
    ask: Mapping[str, Any],
) -> tuple[Box | None, str, float]:
    """A box for the threshold asked for; without one, for a half, or else for the quarter of the draws at that end."""
    from servanda.uncertainty.discovery import find_box
    from servanda.uncertainty.weights import quantiles

    above = bool(ask["above"])
    likely = not name.endswith(".mean_life")
    given = ask.get("threshold")
    quarter = float(quantiles(y, w, QUARTER if above else 1.0 - QUARTER)[0])
    tried = [float(given)] if given is not None else [*([HALF] if likely else []), quarter]
    reasons: list[str] = []
    for threshold in tried:
        truth = y > threshold if above else y < threshold
        found = find_box(
            factors, x, truth, w, quantity=name, title=title, condition=condition(threshold, above=above, likely=likely)
        )
        if found.box is not None:
            return found.box, " ".join(reasons), threshold
        reasons.append(found.reason)
    return None, " ".join(reasons), tried[0]


def condition(threshold: float, *, above: bool, likely: bool) -> str:
    """A condition in words.

    >>> condition(0.5, above=True, likely=True), condition(2.5, above=False, likely=False)
    ('is likelier than not', 'is below 2.5 years')
    """
    if likely and threshold == HALF:
        return "is likelier than not" if above else "is less likely than not"
    amount = f"{100.0 * threshold:.3g} %" if likely else f"{threshold:.3g} years"
    return f"is {'above' if above else 'below'} {amount}"


def centre(box: Box, parameters: set[str]) -> dict[str, float]:
    """Values in the middle of a box: of a parameter that is one of several things, the first that lies inside."""
    found = {}
    for limit in box.limits:
        if limit.parameter in parameters:
            middle = limit.low if limit.choices else 0.5 * (limit.low + limit.high)
            rounded = float(f"{middle:.4g}")
            found[limit.parameter] = rounded if limit.low <= rounded <= limit.high else middle
    return found


def scatter(
    box: Box, factors: tuple[Factor, ...], x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64]
) -> dict[str, Any]:
    """Draws over the first two limits of a box, or over the only one and the answer; as many as a picture can show."""
    at = {factor.name: k for k, factor in enumerate(factors)}
    limits = box.limits[:2]
    columns = [x[:, at[limit.parameter]] for limit in limits]
    names = [list(factors[at[limit.parameter]].choices) for limit in limits]
    edges = [limit.low for limit in limits], [limit.high for limit in limits]
    if len(limits) == 1:
        columns.append(y)
        names.append([])
        edges[0].append(float(y.min()))
        edges[1].append(float(y.max()))
    some = np.linspace(0, len(y) - 1, min(len(y), MOST_POINTS)).round().astype(int)
    share = w / w.max()
    across, up = columns
    return {
        "across": _axis(limits[0].title, limits[0].unit),
        "up": _axis(limits[1].title, limits[1].unit) if len(limits) == 2 else box.title,
        "up_is_answer": len(limits) == 1,
        "names": names,
        "box": [edges[0][0], edges[1][0], edges[0][1], edges[1][1]],
        "points": [[float(across[k]), float(up[k]), float(y[k]), float(share[k])] for k in some],
    }


def _axis(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit else title


def study_of(run: SavedRun) -> str:
    """The folder in which the draws of a run are kept, "" if it does not say."""
    return dict(run.provenance.settings).get("study", "")


def _newest(request: Request, name: str, asked: Scenario) -> SavedRun | None:
    """The newest run of exactly this scenario that kept its draws."""
    kept: Store = store(request)
    saved = saved_case(request, name, asked.version)
    scenario = {"set": asked.set, "off": asked.off}
    found = [
        run
        for kind in KINDS
        for run in kept.runs(name, kind, limit=5, scenario=scenario, text=saved.text)
        if _STUDY.fullmatch(study_of(run))
    ]
    return max(found, key=lambda run: run.created, default=None)


def _shown(run: SavedRun, told: Mapping[str, Any]) -> ExplainedShown:
    driving = record_of(Sensitivity, told["sensitivity"])
    box = record_of(Box, told["box"]) if told["box"] else None
    with drawing():
        album = {"tornado": tornado(driving)} if driving.tornado else {}
        album |= {"indices": indices(driving)} if driving.indices else {}
        figures = figures_shown(album)
        shown = _box_shown(box, told) if box is not None else None
    return ExplainedShown(
        run=run.id, kind=run.kind, created=run.created, quantity=told["quantity"], title=told["title"],
        quantities=told["quantities"], mean=driving.mean, probability=measure_of(driving).probability,
        draws=driving.draws, sentence=sensitivities.leading(driving), quality=sensitivities.quality(driving),
        trusted=trusted(driving), weighing=told["weighing"], above=told["above"], threshold=told["threshold"],
        box=shown, reason=told["reason"], figures=figures,
    )  # fmt: skip


def _box_shown(box: Box, told: Mapping[str, Any]) -> BoxShown:
    return BoxShown(
        condition=box.condition, sentence=sensitivities.box_sentence(box), density=box.density, base=box.base,
        limits=[
            LimitShown(
                parameter=b.parameter, title=b.title, unit=b.unit, low=b.low, high=b.high, words=words_of(b),
                spurious=chance(b.p_value),
            )
            for b in box.limits
        ],
        centre=told["centre"], figure=figures_shown({"box": box_figure(box)})[0], path=table_shown(path_table(box)),
        scatter=ScatterShown.model_validate(told["scatter"]),
    )  # fmt: skip
