"""The verdict page: whether any draft can be signed, ratified and kept, refreshed with every move of the scenario."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, model_validator

from servanda.errors import CaseError
from servanda.web.controls import neighbours
from servanda.web.pages import DESCRIBE, carried, case_page
from servanda.web.problems import Problem, responses
from servanda.web.results import Name, Scenario, saved_case
from servanda.web.state import solvers

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.live import Bench, LiveDraft

router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
SOLVING = responses(
    *("not-found", "bad-request", "case-error", "unknown-parameter", "unknown-friction", "unknown-draft", "failed"),
    *("too-large", "too-slow", "busy"),
)
ANSWER = "servanda.web.rooms.verdict:answer"
# What is asked ahead for the neighbouring stops, by page.
AHEAD = {
    "verdict": ANSWER,
    "credibility": "servanda.web.rooms.credibility:answer",
    "why": "servanda.web.rooms.why:answer",
}


class EndedBy(BaseModel):
    """Who ends a draft in force, a side or its own end, and how likely that is before the horizon."""

    who: str
    probability: Share


class DraftAnswer(BaseModel):
    """One draft alone on the table."""

    draft: str
    title: str
    form: str = Field(description="Its legal form.")
    sign: Share
    ratify: Share
    keep: Share
    holds: Share = Field(description="Signed, ratified and kept.")
    waived: bool = Field(description="Nobody has to ratify it.")
    life: float = Field(ge=0.0, description="Mean life once in force, years up to the horizon.")
    sentence: str
    alive: list[Share] = Field(description="Probability that it still runs at each date, had it entered into force.")
    ended_by: list[EndedBy]


class OutcomesAnswer(BaseModel):
    """Exclusive outcomes at each date with every draft on the table."""

    dates: list[date]
    deal: list[Share]
    none: list[Share]
    war: list[Share]
    ever_deal: list[Share]
    ever_war: list[Share]


class QuestionAnswer(BaseModel):
    """A dated question of the case."""

    question: str
    text: str
    timing: Literal["at", "by"]
    date: date
    probability: Share
    words: str
    outcome: Literal["yes", "no", "unknown"]


class Event(BaseModel):
    """A dated event of the case."""

    date: date
    label: str


class VerdictAnswer(BaseModel):
    """Every headline number of one scenario, everybody's play solved anew."""

    sentence: str
    probability: Share
    words: str
    details: list[str]
    settled: bool = Field(description="Play beyond the horizon became stationary; if not, the numbers are rough.")
    dates: list[date] = Field(description="First day of every period, and the end of the horizon.")
    drafts: list[DraftAnswer]
    outcomes: OutcomesAnswer
    questions: list[QuestionAnswer]
    events: list[Event]


class Ahead(Scenario):
    """A scenario whose neighbours on one slider, or beyond one switch, may be asked for next: exactly one is named."""

    page: Literal["verdict", "credibility", "why"] = "verdict"
    draft: Annotated[str, Field(max_length=200)] = ""
    parameter: Name | None = None
    friction: Name | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.parameter is None) == (self.friction is None):
            raise ValueError("name a parameter or a friction")
        return self


class AheadAnswer(BaseModel):
    """How many neighbouring stops are answered now."""

    answered: int = Field(ge=0, le=2)


@router.get("/cases/{name}", include_in_schema=False)
@router.get("/cases/{name}/", include_in_schema=False)
def case_itself(request: Request, name: Case) -> Response:
    """The pages of a case begin with its verdict."""
    return RedirectResponse(f"/cases/{name}/verdict{carried(request.query_params.multi_items())}", status_code=307)


@router.get("/cases/{name}/verdict", include_in_schema=False)
def verdict_page(request: Request, name: Case) -> Response:
    """The page of the verdict."""
    return case_page(request, name, "verdict.html", title="Verdict")


@router.post("/api/cases/{name}/verdict", responses=SOLVING, tags=["live"])
async def verdict(request: Request, name: Case, asked: Scenario) -> VerdictAnswer:
    """Every headline number of a scenario."""
    saved = await run_in_threadpool(saved_case, request, name, asked.version)
    return VerdictAnswer.model_validate(await solvers(request).ask(saved.text, ANSWER, asked.payload()))


@router.post("/api/cases/{name}/prefetch", responses=SOLVING, tags=["live"])
async def prefetch(request: Request, name: Case, asked: Ahead) -> AheadAnswer:
    """Answer ahead of need what the next move of one slider or switch asks; gives way to what is asked in earnest."""
    saved = await run_in_threadpool(saved_case, request, name, asked.version)
    ask = solvers(request).ask
    told = await ask(saved.text, DESCRIBE, {"set": {}, "off": [], "first": []})
    sliders = told["controls"]["parameters"]
    more = {} if asked.page == "verdict" else {"draft": asked.draft}
    if asked.friction is not None:
        if asked.friction not in [entry["name"] for entry in told["controls"]["frictions"]]:
            raise Problem(422, "unknown-friction", f"no switch is called `{asked.friction}`")
        payloads = [{"set": asked.set, "off": sorted({*asked.off} ^ {asked.friction}), **more}]
    else:
        payloads = [{**payload, **more} for payload in _beside(asked, sliders)]
    found = await asyncio.gather(
        *(ask(saved.text, AHEAD[asked.page], payload, background=True) for payload in payloads), return_exceptions=True
    )
    for failure in found:
        # A neighbour that cannot be answered says so when it is asked for; other faults are faults here too.
        if isinstance(failure, BaseException) and not isinstance(failure, Problem | CaseError):
            raise failure
    return AheadAnswer(answered=sum(isinstance(one, dict) for one in found))


def _beside(asked: Ahead, sliders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The scenarios one stop away on the slider that is named."""
    name = asked.parameter or ""
    central = {entry["name"]: entry["central"] for entry in sliders}
    if name not in central:
        raise Problem(422, "unknown-parameter", f"no slider moves `{name}`")
    found = []
    for stop in neighbours(sliders, name, asked.set.get(name, central[name])):
        values = {key: value for key, value in asked.set.items() if key != name}
        if stop != central[name]:
            values[name] = stop
        found.append({"set": values, "off": asked.off})
    return found


def answer(bench: Bench, values: dict[str, float], _ask: dict[str, Any]) -> dict[str, Any]:
    """Every headline number at some parameter values (runs in a solver process)."""
    from servanda.forecast.propagation import calendar

    live = bench.answer(values)
    path = live.forecast.outcomes
    return {
        "sentence": live.verdict.headline,
        "probability": clipped(live.verdict.probability),
        "words": live.verdict.words,
        "details": list(live.verdict.details),
        "settled": live.settled,
        "dates": [day.isoformat() for day in path.dates],
        "drafts": [_draft(bench.case, draft) for draft in live.drafts],
        "outcomes": {
            "dates": [day.isoformat() for day in path.dates],
            **{
                name: [clipped(p) for p in getattr(path, name)]
                for name in ("deal", "none", "war", "ever_deal", "ever_war")
            },
        },
        "questions": [
            {
                "question": a.question, "text": a.text, "timing": a.timing, "date": a.date.isoformat(),
                "probability": clipped(a.probability), "words": a.words, "outcome": a.outcome,
            }
            for a in live.forecast.answers
        ],
        "events": [{"date": e.date.isoformat(), "label": e.label} for e in calendar(bench.compiled)],
    }  # fmt: skip


def _draft(case: ResolvedCase, live: LiveDraft) -> dict[str, Any]:
    written = next(draft for draft in case.drafts if draft.name == live.draft)
    form = next(form for form in case.protocol.forms if form.name == written.form)
    return {
        "draft": live.draft,
        "title": live.title,
        "form": form.title or form.name,
        "sign": clipped(live.sign),
        "ratify": clipped(live.ratify),
        "keep": clipped(live.keep),
        "holds": clipped(live.holds),
        "waived": not form.ratifiers,
        "life": live.mean_life,
        "sentence": live.sentence,
        "alive": [clipped(p) for p in live.survival],
        "ended_by": [{"who": who, "probability": clipped(p)} for who, p in live.ended_by],
    }


def clipped(probability: float) -> float:
    """A probability without the rounding excess of sums."""
    return min(1.0, max(0.0, float(probability)))
