"""Kept runs: all of them, and one with what it found, how it was made, its files, and what differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from servanda.store import SavedRun, Store
from servanda.store.comparing import numbers_in, unlike
from servanda.store.errors import NotFoundError
from servanda.store.exporting import run_archive, run_file, run_tables
from servanda.store.records import REPORT
from servanda.web.kinds import KINDS
from servanda.web.pages import page
from servanda.web.problems import Problem, responses
from servanda.web.security import REPORT_POLICY
from servanda.web.state import store

router = APIRouter()
RunId = Annotated[str, Path(max_length=64, description="Id of a kept run, or the beginning of one.")]
# The page of a case that shows a run of each kind.
SHOWN_ON = {
    "run": ("verdict", "Verdict"), "forecast": ("forecast", "Forecast"), "frictions": ("frictions", "Frictions"),
    "designs": ("designs", "Designs"), "enforcement": ("threats", "Threats"),
    "sensitivity": ("sensitivity", "Sensitivity"), "compare": ("compare", "Compare"),
}  # fmt: skip
_MOST_ROWS = 400
_MOST_DIFFERENCES = 400


class RunListed(BaseModel):
    """A kept run without its contents."""

    id: str
    kind: str
    case: str
    title: str
    version: int | None = Field(description="Of the saved case, none where the case came from elsewhere.")
    scenario: dict[str, Any] = Field(description="`set`: parameter values; `off`: frictions switched off.")
    digest: str = Field(description="SHA-256 of the resolved case.")
    written: str = Field(description="SHA-256 of the case as written.")
    created: datetime
    seconds: float
    headline: str


class RunsListed(BaseModel):
    """Kept runs, the newest first."""

    runs: list[RunListed]


class How(BaseModel):
    """How a run was made."""

    case: str
    digest: str
    settings: dict[str, str]
    versions: dict[str, str]
    made_at: str


class RunShown(RunListed):
    """A kept run with everything it found."""

    options: dict[str, Any] = Field(description="What else was asked for.")
    provenance: How
    files: dict[str, str] = Field(description="Digests of its files by name.")
    result: Any = Field(description="The whole record; its keys depend on the kind.")


class TableKept(BaseModel):
    """A table of a run."""

    name: str
    columns: list[str]
    rows: list[list[Any]]
    count: int = Field(ge=0, description="Rows there are; at most 400 are given.")


class TablesKept(BaseModel):
    """The tables of a run."""

    tables: list[TableKept]


class DifferenceShown(BaseModel):
    """One value in which two runs differ."""

    path: str
    before: str
    after: str


class DifferencesShown(BaseModel):
    """What differs between two runs; times, memory and versions are left out."""

    a: RunListed
    b: RunListed
    same: bool
    numbers: int = Field(ge=0, description="Numbers compared.")
    count: int = Field(ge=0, description="Values that differ; at most 400 are given.")
    scenario: list[DifferenceShown]
    differences: list[DifferenceShown]


@router.get("/runs", include_in_schema=False)
def runs_page(request: Request) -> Response:
    """The page of all runs."""
    kept = store(request)
    names = sorted({run.case for run in kept.runs(limit=1000)} | {case.name for case in kept.cases()})
    return page(request, "runs.html", title="Runs", cases=names, kinds=tuple(KINDS), where=kept.address)


@router.get("/runs/{run}", include_in_schema=False)
def run_page(request: Request, run: RunId) -> Response:
    """The page of one run."""
    kept = _run(store(request), run)
    others = [one for one in store(request).runs(case=kept.case, kind=kept.kind, limit=50) if one.id != kept.id]
    return page(
        request,
        "run.html",
        title=f"{kept.title or kept.case}: {kept.kind}",
        run=kept,
        address=_shown_on(store(request), kept),
        given=_given(kept.scenario),
        kind_title=KINDS[kept.kind].title if kept.kind in KINDS else kept.kind.capitalize(),
        again=_again(kept),
        others=others,
        has_report=REPORT in kept.files,
        settings=kept.provenance.settings,
        versions=kept.provenance.versions,
    )


@router.get("/api/runs", responses=responses("bad-request"), tags=["runs"])
def listed(
    request: Request,
    case: Annotated[str | None, Query(max_length=200)] = None,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    digest: Annotated[str | None, Query(max_length=64, description="Of the resolved case, or as written.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> RunsListed:
    """Kept runs, the newest first."""
    return RunsListed(runs=[_listed(run) for run in store(request).runs(case, kind, digest, limit)])


@router.get("/api/runs/{run}", responses=responses("not-found", "broken-content"), tags=["runs"])
def shown(request: Request, run: RunId) -> RunShown:
    """One kept run with everything it found and how it was made."""
    kept = _run(store(request), run)
    how = asdict(kept.provenance)
    return RunShown(
        **_listed(kept).model_dump(),
        options=dict(kept.options),
        provenance=How(**{**how, "settings": dict(how["settings"]), "versions": dict(how["versions"])}),
        files=dict(kept.files),
        result=store(request).result(kept),
    )


@router.get("/api/runs/{run}/tables", responses=responses("not-found", "broken-content"), tags=["runs"])
def tables(request: Request, run: RunId) -> TablesKept:
    """The tables of a run, the first 400 rows of each."""
    found = run_tables(store(request), _run(store(request), run))
    return TablesKept(
        tables=[
            TableKept(
                name=name,
                columns=(columns := list(dict.fromkeys(key for row in rows for key in row))),
                rows=[[_cell(row.get(column)) for column in columns] for row in rows[:_MOST_ROWS]],
                count=len(rows),
            )
            for name, rows in found.items()
        ]
    )


@router.get("/api/runs/{run}/differences", responses=responses("not-found", "broken-content"), tags=["runs"])
def differences(
    request: Request, run: RunId, other: Annotated[str, Query(max_length=64, description="Id of another run.")]
) -> DifferencesShown:
    """Every value in which another run differs from this one, to the last bit."""
    kept = store(request)
    a, b = _run(kept, run), _run(kept, other)
    before = kept.result(a)
    found = unlike(before, kept.result(b))
    asked = unlike(_asked(a), _asked(b))
    return DifferencesShown(
        a=_listed(a),
        b=_listed(b),
        same=not found,
        numbers=numbers_in(before),
        count=len(found),
        scenario=[DifferenceShown(**asdict(one)) for one in asked],
        differences=[DifferenceShown(**asdict(one)) for one in found[:_MOST_DIFFERENCES]],
    )


def _given_as(kind: str, what: str) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that gives a file."""
    failing = responses("not-found", "broken-content")
    return {200: {"content": {kind: {}}, "description": what}, **failing}


@router.get(
    "/api/runs/{run}/report",
    response_class=Response,
    responses=_given_as("text/html", "The page."),
    tags=["runs"],
)
def report(request: Request, run: RunId) -> Response:
    """The report of a run, a page of its own that reaches nothing."""
    kept = _run(store(request), run)
    if REPORT not in kept.files:
        raise Problem(404, "not-found", "no report was written when this run was made", "make it again with a report")
    headers = {"content-security-policy": REPORT_POLICY, "x-frame-options": "SAMEORIGIN"}
    return Response(store(request).blob(kept.files[REPORT]), media_type="text/html; charset=utf-8", headers=headers)


@router.get(
    "/api/runs/{run}/archive",
    response_class=Response,
    responses=_given_as("application/zip", "The archive."),
    tags=["runs"],
)
def archive(request: Request, run: RunId) -> Response:
    """A run as one archive: the case, what was found, tables, report, provenance, a README."""
    kept = _run(store(request), run)
    return _download(run_archive(store(request), kept), f"{kept.kind}-{kept.id}.zip", "application/zip")


@router.get(
    "/api/runs/{run}/files/{name:path}",
    response_class=Response,
    responses=_given_as("application/octet-stream", "The file."),
    tags=["runs"],
)
def file(request: Request, run: RunId, name: Annotated[str, Path(max_length=200)]) -> Response:
    """One file of a run, such as `result.json`, `case.yaml` or `tables/drafts.csv`."""
    kept = _run(store(request), run)
    data = run_file(store(request), kept, name)
    # always a download: as a page, a page that was kept is shown by its own address, apart from ours
    return _download(data, f"{kept.id}-{name.rpartition('/')[2]}", "application/octet-stream")


def _run(kept: Store, run: str) -> SavedRun:
    try:
        return kept.run(run)
    except NotFoundError as error:
        raise Problem(404, "not-found", str(error), "the page Runs lists all that are kept") from error


def _listed(run: SavedRun) -> RunListed:
    return RunListed(
        id=run.id, kind=run.kind, case=run.case, title=run.title, version=run.version, scenario=dict(run.scenario),
        digest=run.digest, written=run.written, created=run.created, seconds=run.seconds, headline=run.headline,
    )  # fmt: skip


def _download(data: bytes, name: str, kind: str) -> Response:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{safe}"'})


def _asked(run: SavedRun) -> dict[str, Any]:
    """What a run was asked, as two runs are compared."""
    scenario = {"set": dict(run.scenario.get("set") or {}), "off": sorted(run.scenario.get("off") or ())}
    return {"case": run.digest[:12], **scenario, "options": dict(run.options)}


def _again(run: SavedRun) -> dict[str, Any] | None:
    """What to ask of the jobs for the same once more; None where no job made it: the options of commands are others."""
    if run.options.get("by") != "job" or run.version is None or run.kind not in KINDS:
        return None
    known = KINDS[run.kind].options.model_fields
    return {
        "kind": run.kind, "case": run.case, "version": run.version, "set": dict(run.scenario.get("set") or {}),
        "off": list(run.scenario.get("off") or ()),
        "options": {name: value for name, value in run.options.items() if name in known},
    }  # fmt: skip


def _given(scenario: Mapping[str, Any]) -> list[str]:
    """The scenario in words, one thing a line."""
    values = [f"{name} = {value:g}" for name, value in dict(scenario.get("set") or {}).items()]
    return values + [f"without {name}" for name in scenario.get("off") or ()]


def _shown_on(kept: Store, run: SavedRun) -> tuple[str, str] | None:
    """The page of the saved case that shows this run's scenario, and its title; None where there is no such case."""
    if run.version is None or run.kind not in SHOWN_ON:
        return None
    try:
        kept.case(run.case, run.version)
    except NotFoundError:
        return None
    query: list[tuple[str, str]] = [("version", str(run.version))]
    query += [("set", f"{name}:{value!r}") for name, value in dict(run.scenario.get("set") or {}).items()]
    query += [("off", str(name)) for name in run.scenario.get("off") or ()]
    stem, title = SHOWN_ON[run.kind]
    return f"/cases/{run.case}/{stem}?{urlencode(query, safe=':')}", title


def _cell(value: Any) -> bool | int | float | str | None:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
