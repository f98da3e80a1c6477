"""The forecast: dated questions over draws, the evidence piece by piece, and the register of what was published."""

from __future__ import annotations

from datetime import date
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from servanda.forecast.register import Forecasts, Outcome, RegisterError
from servanda.kernels.lanes import LANES
from servanda.outlook.answers import Outlook
from servanda.store import NotFoundError, SavedRun, Store
from servanda.store.records import RESULT
from servanda.web.outlooks import (
    BandShown,
    BenchmarkShown,
    Chance,
    ChoiceShown,
    ForecastShown,
    PublishedShown,
    band_shown,
    choice_shown,
    entry_shown,
    forecast_figures,
    forecast_shown,
    happened,
    outlook_of,
    publishable,
)
from servanda.web.pages import case_page
from servanda.web.problems import Problem, responses
from servanda.web.results import FigureShown, Name, Scenario, ask, saved_case
from servanda.web.state import solvers, store

if TYPE_CHECKING:
    from servanda.live import Bench
    from servanda.outlook.toggled import Toggle

router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
RunId = Annotated[str, Path(min_length=1, max_length=64, description="Id of a kept run, or its unique beginning.")]
RunName = Annotated[str, Field(min_length=1, max_length=64, description="Id of a kept run, or its unique beginning.")]
SOLVING = responses(
    *("not-found", "bad-request", "conflict", "case-error", "unknown-parameter", "unknown-friction", "failed"),
    *("too-large", "too-slow", "busy"),
)
# Draws that are filtered anew for a part of the evidence; more would be a job, and are hardly needed for a mean.
MOST_DRAWS = 256
PREPARING, FILTERING = 180.0, 120.0
# As many sixteens of draws are solved at once as can be begun in this time.
STEP_SECONDS = 2.0
_MOST_TOGGLES = 2


class ForecastFound(BaseModel):
    """The newest forecast of exactly this scenario, if one was made."""

    forecast: ForecastShown | None


class FiguresShown(BaseModel):
    """Pictures of a kept forecast."""

    figures: list[FigureShown]


class CentralAnswer(BaseModel):
    """A dated question at the numbers as they stand, nothing drawn and no evidence weighed."""

    question: str
    text: str
    timing: str
    date: date
    probability: Chance
    words: str
    benchmarks: list[BenchmarkShown]


class CentralAnswers(BaseModel):
    """The dated questions at the numbers as they stand."""

    settled: bool
    questions: list[CentralAnswer]


class ToggleAsked(Scenario):
    """Evidence to be weighed, over the draws of a kept forecast."""

    run: RunName


class PiecesAsked(ToggleAsked):
    """A part of the evidence by the keys of its pieces."""

    pieces: list[Name] = Field(max_length=500)


class PreparedAsked(ToggleAsked):
    """Draws to be solved and kept from `first` on."""

    first: int = Field(0, ge=0, lt=MOST_DRAWS, multiple_of=LANES)


class Prepared(BaseModel):
    """How many of the first draws are kept by now, of how many."""

    done: int
    of: int


class PartAnswer(BaseModel):
    """One answer with a part of the evidence."""

    question: str
    band: BandShown


class PartShown(BaseModel):
    """Answers with a part of the evidence, each draw filtered anew."""

    pieces: list[str]
    draws: int
    effective: float
    possible: bool = Field(description="False: no draw can produce these pieces together; nothing was weighed then.")
    answers: list[PartAnswer]
    choices: list[ChoiceShown]


class PublishAsked(BaseModel):
    """The run whose forecast is to be published."""

    model_config = ConfigDict(extra="forbid")

    run: RunName


class Published(BaseModel):
    """The published forecasts of a case, the newest first, and the state of the whole register."""

    entries: list[PublishedShown]
    sound: bool
    reason: str
    head: str = Field(description="Digest of the last entry: kept elsewhere, it shows whether the end was cut off.")


@router.get("/cases/{name}/forecast", include_in_schema=False)
def forecast_page(request: Request, name: Case) -> Response:
    """The page of the forecast."""
    return case_page(request, name, "forecast.html", title="Forecast")


@router.post("/api/cases/{name}/forecast", responses=responses("not-found", "bad-request", "conflict"), tags=["runs"])
def forecast(request: Request, name: Case, asked: Scenario) -> ForecastFound:
    """The newest kept forecast of exactly this scenario: questions, evidence, figures."""
    saved = saved_case(request, name, asked.version)
    found = store(request).runs(
        name, "forecast", limit=1, scenario={"set": asked.set, "off": asked.off}, text=saved.text
    )  # fmt: skip
    if not found:
        return ForecastFound(forecast=None)
    return ForecastFound(forecast=forecast_shown(_outlook(store(request), found[0]), found[0]))


@router.get(
    "/api/cases/{name}/forecast/figures/{run}",
    responses=responses("not-found", "bad-request", "conflict"),
    tags=["runs"],
)
def figures(request: Request, name: Case, run: RunId) -> FiguresShown:
    """The pictures of a kept forecast, each with its words and its table."""
    kept = store(request)
    found = _run(kept, run)
    if found.case != name:
        raise Problem(404, "not-found", f"the run `{run}` is of the case `{found.case}`")
    return FiguresShown(figures=forecast_figures(found.files[RESULT], lambda: _outlook(kept, found)))


@router.post("/api/cases/{name}/forecast/central", responses=SOLVING, tags=["live"])
async def at_centre(request: Request, name: Case, asked: Scenario) -> CentralAnswers:
    """The dated questions at the numbers as they stand, solved at once."""
    return CentralAnswers.model_validate(await ask(request, name, asked, f"{__name__}:central"))


@router.post("/api/cases/{name}/forecast/prepare", responses=SOLVING, tags=["live"])
async def prepared(request: Request, name: Case, asked: PreparedAsked) -> Prepared:
    """Solve the next draws whose evidence is to be weighed in parts, and keep what that needs.

    Called again with `first` at `done` until all are there; draws kept from before take no time.
    """
    saved = await run_in_threadpool(saved_case, request, name, asked.version)
    how = await run_in_threadpool(_how, request, asked.run)
    payload = asked.payload(first=asked.first, **how)
    found = await solvers(request).ask(
        saved.text, f"{__name__}:prepare", payload, seconds=PREPARING, background=True
    )  # fmt: skip
    return Prepared.model_validate(found)


@router.post("/api/cases/{name}/forecast/part", responses=SOLVING, tags=["live"])
async def in_part(request: Request, name: Case, asked: PiecesAsked) -> PartShown:
    """Answers with any part of the evidence, every draw filtered anew."""
    how = await run_in_threadpool(_how, request, asked.run)
    pieces = sorted(set(asked.pieces))
    found = await ask(request, name, asked, f"{__name__}:part", seconds=FILTERING, pieces=pieces, **how)
    return PartShown.model_validate(found)


@router.post(
    "/api/cases/{name}/forecast/publish",
    status_code=201,
    responses=responses("not-found", "bad-request", "conflict"),
    tags=["register"],
)
def publish(request: Request, name: Case, asked: PublishAsked) -> PublishedShown:
    """Put a kept forecast into the register, which is never changed after."""
    kept = store(request)
    run = _run(kept, asked.run)
    if run.case != name:
        raise Problem(404, "not-found", f"the run `{asked.run}` is of the case `{run.case}`")
    what = publishable(_outlook(kept, run), run)
    try:
        for entry in kept.forecasts():
            if isinstance(entry.what, Forecasts) and ("run", run.id) in entry.what.settings:
                said = f"this forecast was published as entry {entry.number} already"
                raise Problem(409, "conflict", said, "what is published stays; make a new forecast to publish another")
        entry = kept.publish(what)
    except RegisterError as error:
        raise Problem(409, "conflict", error.message, "nothing was added; see `servanda store verify`") from error
    return entry_shown(entry, what, {})


@router.get("/api/cases/{name}/forecasts", responses=responses("not-found"), tags=["register"])
def published(request: Request, name: Case) -> Published:
    """What was published of a case, with what became of it."""
    saved_case(request, name, None)
    kept = store(request)
    state = kept.verify()
    entries = kept.forecasts() if state.sound else ()
    outcomes = {
        (e.what.case, e.what.question, e.what.date): happened(e.what) for e in entries if isinstance(e.what, Outcome)
    }
    found = [
        entry_shown(e, e.what, outcomes)
        for e in entries
        if isinstance(e.what, Forecasts) and dict(e.what.settings).get("saved case", e.what.case) == name
    ]
    return Published(entries=found[::-1], sound=state.sound, reason=state.reason, head=state.head)


def central(bench: Bench, values: dict[str, float], _ask: dict[str, Any]) -> dict[str, Any]:
    """The dated questions at the numbers as they stand (runs in a solver process)."""
    from servanda.forecast.benchmarks import naive

    live = bench.answer(values)
    known = {question.name: question for question in bench.case.questions}
    return {
        "settled": live.settled,
        "questions": [
            {
                "question": a.question, "text": a.text, "timing": a.timing, "date": a.date.isoformat(),
                "probability": min(max(a.probability, 0.0), 1.0), "words": a.words,
                "benchmarks": [
                    {"name": n, "probability": p, "source": s} for n, p, s in naive(bench.compiled, known[a.question])
                ],
            }
            for a in live.forecast.answers
        ],
    }  # fmt: skip


def prepare(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """Solve and keep the next draws that are missing from `first` on (runs in a solver process)."""
    toggle = _toggle(bench, values, ask)
    draws = int(ask["draws"])
    there, begun = max(toggle.there(draws), int(ask["first"])), perf_counter()
    while there < draws:
        toggle.solve(there)
        there = min(there + LANES, draws)
        if perf_counter() - begun > STEP_SECONDS:
            break
    return {"done": there, "of": draws}


def part(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """Answers with a part of the evidence over the first draws (runs in a solver process).

    Raises
    ------
    Problem
        422 where a piece is none of the case.
    """
    toggle = _toggle(bench, values, ask)
    strange = sorted(set(ask["pieces"]) - set(toggle.pieces))
    if strange:
        raise Problem(422, "failed", f"no evidence that is weighed is called `{strange[0][:80]}`")
    found = toggle.answer(ask["pieces"], int(ask["draws"]), float(ask["power"]) or None)
    return {
        "pieces": list(found.pieces), "draws": found.draws, "effective": found.effective, "possible": found.possible,
        "answers": [
            {"question": name.removeprefix("question."), "band": band_shown(band).model_dump()}
            for name, band in found.answers
            if name.startswith("question.")
        ],
        "choices": [choice_shown(p).model_dump() for p in found.choices],
    }  # fmt: skip


_TOGGLES: list[Toggle] = []


def _toggle(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> Toggle:
    """The draws of a kept forecast; those of the last few are held compiled."""
    from servanda.ensemble import Ensemble
    from servanda.outlook.toggled import Toggle

    day, seed = date.fromisoformat(ask["day"]), int(ask["seed"])
    wanted = day, seed, tuple(sorted(values.items()))
    found = next(
        (
            held
            for held in _TOGGLES
            if held.study.case is bench.case and (held.study.day, held.study.seed, held.study.overrides) == wanted
        ),
        None,
    )
    if found is None:
        found = Toggle(Ensemble.of(bench.case, day=day, seed=seed, overrides=values))
    else:
        _TOGGLES.remove(found)
    _TOGGLES.insert(0, found)
    del _TOGGLES[_MOST_TOGGLES:]
    return found


def _run(kept: Store, name: str) -> SavedRun:
    try:
        run = kept.run(name)
    except NotFoundError as error:
        raise Problem(404, "not-found", str(error)) from error
    if run.kind != "forecast":
        raise Problem(404, "not-found", f"the run `{name}` is of the kind `{run.kind}`: it holds no forecast")
    return run


def _how(request: Request, name: str) -> dict[str, Any]:
    """How a kept forecast drew and weighed, for functions that go on with its draws."""
    run = _run(store(request), name)
    settings = dict(run.provenance.settings)
    try:
        power = float(store(request).result(run)["weighing"]["tempering"])
        draws, seed, day = int(settings["draws"]), int(settings["seed"]), date.fromisoformat(settings["day"])
    except (KeyError, TypeError, ValueError) as error:
        raise Problem(404, "not-found", f"the run `{name}` does not say which draws it solved") from error
    return {"draws": min(draws, MOST_DRAWS), "seed": seed, "day": day.isoformat(), "power": power}


def _outlook(kept: Store, run: SavedRun) -> Outlook:
    return outlook_of(kept.result(run))
