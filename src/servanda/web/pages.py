"""Pages as the server fills them: the frame of every page, and of the pages of a case with the scenario beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import anyio.from_thread
from fastapi import Request
from fastapi.responses import HTMLResponse

from servanda.errors import CaseError
from servanda.store import NotFoundError, SavedCase
from servanda.web.problems import Problem
from servanda.web.state import solvers, store

if TYPE_CHECKING:
    from jinja2 import Environment

PLACES = (("/", "Cases"), ("/library", "Library"), ("/runs", "Runs"), ("/jobs", "Jobs"))
CASE_PAGES = (
    ("verdict", "Verdict"),
    ("credibility", "Credibility"),
    ("why", "Why"),
    ("frictions", "Frictions and repairs"),
    ("designs", "Designs"),
    ("threats", "Threats"),
    ("forecast", "Forecast"),
    ("sensitivity", "Sensitivity"),
    ("compare", "Compare"),
    ("map", "Map"),
    ("parameters", "Numbers"),
    ("edit", "Case"),
)
# What of an address belongs to the scenario and goes along from page to page.
CARRIED = ("version", "set", "off", "draft")
DESCRIBE = "servanda.web.controls:describe"
# The first question about a case also starts a process and compiles the case.
SECONDS_TO_DESCRIBE = 30.0


@dataclass(frozen=True)
class Trouble:
    """Why a version of a case cannot be played: the problem that asking it met."""

    code: str
    message: str
    hint: str = ""
    issues: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class CaseShown:
    """A saved case as templates see it; what only a case without errors has is empty where there is `trouble`.

    `page` is the stem of the page at hand, `query` the scenario as the end of an address, "" or with its question mark;
    `parameters`, `frictions` and `controls` are as `servanda.web.controls.describe` gives them.
    """

    name: str
    title: str
    version: int
    newest: int
    versions: tuple[Any, ...]
    note: str
    page: str
    query: str
    start: date | None
    as_of: date | None
    drafts: tuple[Mapping[str, str], ...]
    parameters: tuple[Mapping[str, Any], ...]
    frictions: tuple[Mapping[str, Any], ...]
    controls: Mapping[str, Any]
    trouble: Trouble | None


def page(request: Request, template: str, *, title: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page of the workbench: a template filled with what its room gives it."""
    text = (
        _environment()
        .get_template(template)
        .render(title=title, places=PLACES, here=_here(request), look=_look(), case_pages=CASE_PAGES, **context)
    )
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


def case_page(request: Request, name: str, template: str, *, title: str = "", **context: Any) -> HTMLResponse:
    """A page of a saved case, in the version its address names; called from a route that is not `async`.

    The template sees the case as `case`, a `CaseShown`. An unknown case or version gives a page that says so.
    """
    try:
        shown = case_shown(request, name, template.rsplit("/", 1)[-1].removesuffix(".html"))
    except Problem as problem:
        return problem_page(request, problem)
    heading = f"{title}: {shown.title}" if title else shown.title
    data = {
        "name": shown.name, "title": shown.title, "version": shown.version, "newest": shown.newest, "page": shown.page,
        "start": shown.start, "as_of": shown.as_of, "drafts": shown.drafts, "controls": shown.controls or None,
        "trouble": asdict(shown.trouble) if shown.trouble else None,
    }  # fmt: skip
    return page(request, template, title=heading, case=shown, case_data=_embedded(data), **context)


def problem_page(request: Request, problem: Problem) -> HTMLResponse:
    """What a person sees instead of a page that cannot be given."""
    return page(request, "problem.html", title="Not to be shown", status=problem.status, problem=problem)


def case_shown(request: Request, name: str, stem: str) -> CaseShown:
    """A saved case with all that its pages share.

    Raises
    ------
    Problem
        404 where no such case or version is saved.
    """
    kept = store(request)
    try:
        saved = kept.case(name, _version(request))
        versions = kept.versions(name)
    except NotFoundError as error:
        raise Problem(404, "not-found", str(error), "the cases that are saved stand on the first page") from error
    told, trouble = _described(request, saved)
    return CaseShown(
        name=saved.name,
        title=saved.title or saved.name,
        version=saved.version,
        newest=max(v.version for v in versions),
        versions=tuple(sorted(versions, key=lambda v: -v.version)),
        note=saved.note,
        page=stem,
        query=carried(request.query_params.multi_items()),
        start=date.fromisoformat(told["start"]) if told else None,
        as_of=date.fromisoformat(told["as_of"]) if told else None,
        drafts=tuple(told.get("drafts", ())),
        parameters=tuple(told.get("controls", {}).get("parameters", ())),
        frictions=tuple(told.get("controls", {}).get("frictions", ())),
        controls=told.get("controls", {}),
        trouble=trouble,
    )


def carried(query: Sequence[tuple[str, str]]) -> str:
    """The scenario in a query, as the end of the address of another page.

    >>> carried([("set", "relief:0.6"), ("a", "x"), ("off", "waiver volatility")])
    '?set=relief:0.6&off=waiver+volatility'
    """
    kept = [(key, value) for key, value in query if key in CARRIED]
    return f"?{urlencode(kept, safe=':')}" if kept else ""


def _version(request: Request) -> int | None:
    text = request.query_params.get("version")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Problem(404, "not-found", "there is no such version of the case", "versions count from 1")
    return int(text)


def _described(request: Request, saved: SavedCase) -> tuple[dict[str, Any], Trouble | None]:
    """What the controls show, from a solver process; nothing, and why, where the case cannot be read."""
    payload = {"set": {}, "off": [], "first": _order(request, saved.name)}
    try:
        asked = partial(solvers(request).ask, saved.text, DESCRIBE, payload, seconds=SECONDS_TO_DESCRIBE)
        return anyio.from_thread.run(asked), None
    except Problem as problem:
        told = problem.body()["error"]
        return {}, Trouble(told["code"], told["message"], told["hint"], tuple(told["issues"]))
    except CaseError as error:
        from servanda.case.messages import json_of

        return {}, Trouble("case-error", error.message, "", tuple(json_of(issue) for issue in error.issues))


def _order(request: Request, name: str) -> list[str]:
    """Parameters that the newest run of sensitivity found to matter, the strongest first; none without such a run."""
    from servanda.web.controls import strongest

    kept = store(request)
    for run in kept.runs(case=name, kind="sensitivity", limit=1):
        return strongest(json.loads(kept.blob(run.files["result.json"])))
    return []


def _here(request: Request) -> str:
    path = request.url.path
    if path.startswith("/cases/"):
        return "/"
    return next((place for place, _ in PLACES[1:] if path == place or path.startswith(f"{place}/")), path)


def _embedded(value: object) -> Any:
    from servanda.report.sheet import embedded
    from servanda.report.tables import plain_data

    return embedded(plain_data(value))


@cache
def _look() -> Any:
    """Configuration and colours of charts, as JSON for the page."""
    from servanda.report.charts import theme
    from servanda.report.sheet import embedded, live_config

    names = ("ink", "muted", "grid", "paper", "blue", "orange", "green", "vermillion", "purple", "sky", "olive", "grey")
    colours = {name: getattr(theme, name.upper()) for name in (*names, "pale", "faint")}
    return embedded(
        {
            "config": live_config(), "colours": colours, "category": theme.CATEGORY, "dashes": theme.DASHES,
            "tones": theme.TONES, "warm": theme.WARM,
        }
    )  # fmt: skip


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from servanda.report import words
    from servanda.report.sheet import anchor

    environment = Environment(
        loader=PackageLoader("servanda.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "full_date": words.full_date,
        "month": words.month,
        "percent": words.percent,
        "likelihood": words.likelihood,
        "number": words.number,
        "capital": words.capital,
        "counted": words.counted,
        "anchor": anchor,
        "json": _embedded,
        "address": lambda text: quote(str(text), safe=""),
    }
    return environment
