"""Jobs: long work that survives a reload of the page and the end of the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from servanda.errors import Issue
from servanda.store import Job, JobState, NotFoundError, SavedCase, Store
from servanda.web.jobs import request_of
from servanda.web.kinds import KINDS, OtherSide
from servanda.web.pages import page
from servanda.web.problems import Problem, responses
from servanda.web.results import Name, Number
from servanda.web.state import jobs as jobs_of
from servanda.web.state import solvers as solvers_of
from servanda.web.state import store as store_of

router = APIRouter()
Id = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-z]+$", description="Id of a job.")]
CaseName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
KindName = Literal[
    "run", "forecast", "sensitivity", "sweep", "designs", "frictions", "enforcement", "backtest", "compare"
]
OVER = ("done", "failed", "cancelled")
SUITS = "servanda.web.rooms.jobs:suits"
# what a live question cannot have, a job may
_TOO_MUCH_LIVE = ("too-slow", "too-large", "busy")
_LOOK, _ALIVE, _TOLD = 0.5, 15.0, 0.002


class JobAsked(BaseModel):
    """A job: what is to be done, about which case, in which scenario."""

    model_config = ConfigDict(extra="forbid")

    kind: KindName
    case: CaseName
    version: int | None = Field(None, ge=1, le=2**31 - 1, description="The newest, without it.")
    set: dict[Name, Number] = Field(default_factory=dict, max_length=500, description="Parameter values by name.")
    off: list[Name] = Field(default_factory=list, max_length=64, description="Names of the frictions switched off.")
    options: dict[str, Any] = Field(
        default_factory=dict,
        max_length=16,
        description="By kind: run {diagnosis}, forecast {draws, leave_out}, sensitivity {draws, question}, "
        "sweep {draws}, designs {drafts, levers, draws}, frictions {draft}, enforcement {draft, patience}, "
        "backtest {draws}, compare {a, b}: each of these two "
        "a scenario {case, version, set, off}; without `a` it is that of the job.",
    )


class Begun(BaseModel):
    """A job that waits for its turn, or the same one that was asked for before."""

    id: str


class JobShown(BaseModel):
    """A job and how far it is."""

    id: str
    kind: str
    title: str = Field(description="The kind in words.")
    case: str
    version: int | None
    set: dict[str, float]
    off: list[str]
    options: dict[str, Any]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(ge=0.0, le=1.0)
    stage: str = Field(description="What is being done.")
    attempts: int = Field(description="How often a worker has taken it up.")
    created: datetime
    started: datetime | None
    finished: datetime | None
    stopping: bool = Field(description="Somebody has asked it to stop, and it has not yet.")
    error: str
    run: str | None = Field(description="The kept run of a job that is done.")


class JobsShown(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobShown]


def shown(job: Job) -> JobShown:
    """A job as the API tells it."""
    asked = job.request
    return JobShown(
        id=job.id, kind=job.kind, title=KINDS[job.kind].title if job.kind in KINDS else job.kind, case=job.case,
        version=asked.get("version"), set=asked.get("set") or {}, off=list(asked.get("off") or ()),
        options=asked.get("options") or {}, state=job.state, progress=job.progress, stage=job.stage,
        attempts=job.attempts, created=job.created, started=job.started, finished=job.finished,
        stopping=job.cancel_asked and job.state not in OVER, error=job.error, run=job.run,
    )  # fmt: skip


def suits(bench: Any, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - as all answers
    """Whether a scenario fits its case: whatever does not has been refused when this is called."""
    return {"set": values}


@router.get("/jobs", include_in_schema=False)
def jobs_page(request: Request) -> HTMLResponse:
    """The page of all jobs."""
    return page(request, "jobs.html", title="Jobs")


@router.post(
    "/api/jobs",
    status_code=202,
    summary="Start a job",
    tags=["jobs"],
    responses=responses(
        *("not-found", "bad-request", "case-error", "unknown-parameter", "unknown-friction", "failed", "busy")
    ),
)
async def start(request: Request, asked: JobAsked) -> Begun:
    """Put a job into the queue; a job that is already waiting or at work on the same is not doubled."""
    options = _options(asked)
    sides = [OtherSide(case=asked.case, version=asked.version, set=asked.set, off=asked.off)]
    sides += [OtherSide(**options[letter]) for letter in ("a", "b") if options.get(letter)]
    saved = [await run_in_threadpool(_saved, store_of(request), side) for side in sides]
    for side, one in zip(sides, saved, strict=True):
        await _check(request, side, one)
    for letter, one in zip([k for k in ("a", "b") if options.get(k)], saved[1:], strict=True):
        # what is newest now may not be when the job begins
        options[letter]["version"] = one.version
    wanted = request_of(saved[0].version, asked.set, asked.off, options)
    job = await run_in_threadpool(jobs_of(request).add, asked.kind, asked.case, wanted)
    return Begun(id=job.id)


@router.get("/api/jobs", summary="Jobs", tags=["jobs"], responses=responses("bad-request"))
def listed(
    request: Request,
    case: Annotated[CaseName | None, Query(description="Of this case.")] = None,
    kind: Annotated[KindName | None, Query(description="Of this kind.")] = None,
    state: Annotated[JobState | None, Query(description="In this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JobsShown:
    """Jobs, the newest first."""
    return JobsShown(jobs=[shown(job) for job in store_of(request).jobs(case, kind, state, limit)])


@router.get("/api/jobs/{job}", summary="One job", tags=["jobs"], responses=responses("not-found", "bad-request"))
def one(request: Request, job: Id) -> JobShown:
    """One job and how far it is."""
    return shown(_job(store_of(request), job))


@router.get(
    "/api/jobs/{job}/events",
    summary="A job as it goes on",
    tags=["jobs"],
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "`JobShown`, each time.",
        },
        **responses("not-found", "bad-request"),
    },
)
async def events(request: Request, job: Id) -> StreamingResponse:
    """The job each time something of it changes, as server-sent events, until it is over."""
    kept = store_of(request)
    first = await run_in_threadpool(_job, kept, job)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, kept, first), media_type="text/event-stream", headers=headers)


@router.post(
    "/api/jobs/{job}/cancel", summary="Stop a job", tags=["jobs"], responses=responses("not-found", "bad-request")
)
def cancel(request: Request, job: Id) -> JobShown:
    """Ask a job to stop; what it has solved is kept. One that is over stays as it is."""
    _job(store_of(request), job)
    return shown(jobs_of(request).cancel(job))


@router.post(
    "/api/jobs/{job}/resume",
    summary="Take a job up again",
    tags=["jobs"],
    responses=responses("not-found", "bad-request", "conflict"),
)
def resume(request: Request, job: Id) -> JobShown:
    """Put a job that failed or was stopped back into the queue; it goes on from what is kept."""
    if _job(store_of(request), job).state == "done":
        raise Problem(409, "conflict", "the job is done", "look at its run, or start another job")
    return shown(jobs_of(request).resume(job))


def _options(asked: JobAsked) -> dict[str, Any]:
    try:
        return KINDS[asked.kind].options.model_validate(asked.options).model_dump(mode="json")
    except ValidationError as error:
        issues = tuple(
            Issue("error", str(each["type"]), str(each["msg"]), path=".".join(map(str, ("options", *each["loc"]))))
            for each in error.errors()[:20]
        )
        said = f"a job of the kind `{asked.kind}` takes no such options: {issues[0].path}: {issues[0].message}"
        raise Problem(422, "bad-request", said, "see /api/openapi.json", issues) from error


def _saved(kept: Store, side: OtherSide) -> SavedCase:
    try:
        return kept.case(side.case, side.version)
    except NotFoundError as error:
        raise Problem(404, "not-found", str(error)) from error


async def _check(request: Request, side: OtherSide, saved: SavedCase) -> None:
    """Refuse a case with errors and a scenario that does not fit it, before anybody waits for it."""
    try:
        await solvers_of(request).ask(saved.text, SUITS, {"set": side.set, "off": side.off})
    except Problem as problem:
        if problem.code not in _TOO_MUCH_LIVE:
            raise


def _job(kept: Store, name: str) -> Job:
    try:
        return kept.job(name)
    except NotFoundError as error:
        raise Problem(404, "not-found", str(error), "see /jobs for those there are") from error


async def _events(request: Request, kept: Store, job: Job) -> AsyncIterator[str]:
    told: JobShown | None = None
    silent = 0.0
    while True:
        now = shown(job)
        if told is None or _changed(told, now):
            yield f"data: {json.dumps(now.model_dump(mode='json'), separators=(',', ':'))}\n\n"
            told, silent = now, 0.0
        elif silent >= _ALIVE:
            # a line that says nothing shows whether anybody still listens
            yield ": alive\n\n"
            silent = 0.0
        if now.state in OVER or await request.is_disconnected():
            return
        await asyncio.sleep(_LOOK)
        silent += _LOOK
        job = await run_in_threadpool(_job, kept, job.id)


def _changed(before: JobShown, now: JobShown) -> bool:
    return abs(now.progress - before.progress) >= _TOLD or any(
        getattr(before, name) != getattr(now, name) for name in ("state", "stage", "attempts", "stopping", "run")
    )
