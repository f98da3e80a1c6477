"""The numbers of a case as a table: where each stands, where it comes from, and changing it in the text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from servanda.web.pages import case_page
from servanda.web.problems import IssueShown, responses
from servanda.web.state import solvers, store

if TYPE_CHECKING:
    from servanda.case.document import Document
    from servanda.case.stated import StatedNumber

router = APIRouter()
JUDGEMENT = "judgement"
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
Step = Annotated[str, Field(max_length=200)] | Annotated[int, Field(ge=0, le=1_000_000)]
SECTIONS = {
    "parameters": "Parameters",
    "rankings": "Rankings",
    "actors": "Actors",
    "variables": "Stocks",
    "chance": "Chance events",
    "decisions": "Moves",
    "simultaneous": "Moves made at once",
    "protocol": "Talks and forms",
    "drafts": "Drafts",
    "payoffs": "Payoffs",
    "correlations": "Correlations",
    "modelling": "The model itself",
    "frictions": "Frictions",
    "levers": "Levers",
    "outcomes": "Outcomes",
    "indicators": "Indicators",
    "questions": "Base rates",
}


class SourceShown(BaseModel):
    """Where a number comes from; `url` is empty where there is none or it is no web address."""

    name: str
    title: str
    url: str
    grade: str


class NumberShown(BaseModel):
    """One number of a case; ends of its range are null where there are none."""

    section: str = Field(description="The key of the case it belongs to.")
    group: str = Field(description="That key in words.")
    name: str
    title: str
    path: list[str | int] = Field(description="Where it stands in the case.")
    written: str = Field(description="Its text: a number, a distribution or an expression.")
    central: float | None
    central_written: str = Field(description="The key `central` of a parameter, empty without one.")
    low: float | None
    high: float | None
    certain: bool = Field(description="Whether it is a plain number.")
    choices: dict[str, float]
    unit: str
    grade: str
    grade_title: str
    judgement: bool = Field(description="Whether it rests on a judgement rather than on a document.")
    sources: list[SourceShown]
    note: str
    line: int
    used: list[int] = Field(description="Lines on which a parameter is read.")


class PlaceShown(BaseModel):
    """What a place in a ranking says of a number: its mean, and the band in which it lies eight times in ten."""

    name: str
    title: str
    place: int = Field(description="From 1, lowest first; names at the same place are tied.")
    fixed: bool
    mean: float
    low: float
    high: float


class RankingShown(BaseModel):
    """Things in order of which no more is known than the order and some of the numbers."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    line: int
    note: str
    places: list[PlaceShown]
    trouble: str = Field("", description="Why no numbers fit, if none do.")


class NumbersShown(BaseModel):
    """All numbers of one version of a case."""

    version: int
    newest: int
    numbers: list[NumberShown]
    rankings: list[RankingShown]
    sources: list[SourceShown]
    unread: str = Field("", description="Why the text cannot be read, if it cannot.")


class Change(BaseModel):
    """A new text for one number; an empty one takes the key away."""

    model_config = ConfigDict(extra="forbid")

    path: list[Step] = Field(min_length=1, max_length=30)
    value: str = Field(max_length=2_000)


class Amended(BaseModel):
    """Changes of a version, checked, and saved as a new version if wanted."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31 - 1, description="The version that was seen.")
    changes: list[Change] = Field(min_length=1, max_length=200)
    note: str = Field("", max_length=500)
    save: bool = Field(False, description="Save what comes out as a new version, if it has no errors.")


class LineChanged(BaseModel):
    """A line before and after; the other one is empty where a line came or went."""

    line: int
    before: str
    after: str


class AmendmentShown(BaseModel):
    """What the changes come to."""

    ok: bool = Field(description="Whether the changed text is a case without errors.")
    issues: list[IssueShown]
    lines: list[LineChanged]
    version: int = Field(description="The version that was seen, or the new one if it was saved.")
    saved: bool


@router.get("/cases/{name}/parameters", include_in_schema=False)
def parameters_page(request: Request, name: Case) -> Response:
    """The page of the numbers."""
    return case_page(request, name, "parameters.html", title="Numbers")


@router.get(
    "/api/parameters/{name}",
    summary="The numbers of a case",
    responses=responses("not-found", "bad-request"),
    tags=["cases"],
)
def numbers(
    request: Request, name: Case, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> NumbersShown:
    """Every number of a version of a case, with its source, its grade and the lines where it is used."""
    saved = store(request).case(name, version)
    found = _numbers_of(saved.text)
    newest = saved.version if version is None else store(request).case(name).version
    return found.model_copy(update={"version": saved.version, "newest": newest})


@router.post(
    "/api/parameters/{name}/amend",
    summary="Change numbers in the text",
    responses=responses(
        "not-found", "bad-request", "case-error", "stale-version", "bad-name", "too-large", "too-slow", "busy"
    ),
    tags=["cases"],
)
async def amended(request: Request, name: Case, asked: Amended) -> AmendmentShown:
    """Change numbers where they stand in the text, everything else as it was; check it, and save it if wanted."""
    from servanda.case.amendment import Amendment, amend

    saved = await run_in_threadpool(store(request).case, name, asked.version)
    changes = [Amendment(tuple(change.path), change.value) for change in asked.changes]
    text = await run_in_threadpool(amend, saved.text, changes, "case")
    checked = await solvers(request).check(text)
    shown = AmendmentShown(
        ok=checked["ok"], issues=checked["issues"], lines=_lines_changed(saved.text, text), version=saved.version,
        saved=False,
    )  # fmt: skip
    if not asked.save or not checked["ok"]:
        return shown
    title = str(checked.get("title") or saved.title)
    note = asked.note.strip() or _note(asked.changes)
    kept = await run_in_threadpool(store(request).save_case, name, text, title, seen=saved.version, note=note)
    return shown.model_copy(update={"version": kept.version, "saved": True})


def _note(changes: Iterable[Change]) -> str:
    said = [f"{_called(change.path)} {change.value or 'taken away'}" for change in changes]
    shown = ", ".join(said[:3]) + (f" and {len(said) - 3} more" if len(said) > 3 else "")
    return shown[:200]


def _called(path: list[str | int]) -> str:
    steps = [str(step) for step in path[1:] if step != "value"]
    return " ".join(steps) or str(path[0])


@lru_cache(maxsize=16)
def _numbers_of(text: str) -> NumbersShown:
    from servanda.case.reader import read_text
    from servanda.case.stated import stated_numbers

    document, issues = read_text(text, "case")
    broken = next((issue for issue in issues if issue.severity == "error"), None)
    unread = f"{broken.message} (line {broken.where.line})" if broken else ""
    sources = _sources(document)
    return NumbersShown(
        version=1,
        newest=1,
        numbers=[_shown(stated, sources) for stated in stated_numbers(document)],
        rankings=_rankings(document),
        sources=list(sources.values()),
        unread=unread,
    )


def _sources(document: Document) -> dict[str, SourceShown]:
    from servanda.report.assumptions import web_address

    node = document.node(("sources",))
    found = {}
    for name, source in node.items() if isinstance(node, dict) else ():
        said = source if isinstance(source, dict) else {}
        texts = {key: value for key, value in said.items() if isinstance(value, str)}
        found[name] = SourceShown(
            name=name,
            title=texts.get("title", name),
            url=web_address(texts.get("url", "")),
            grade=texts.get("grade", ""),
        )
    return found


def _shown(stated: StatedNumber, sources: dict[str, SourceShown]) -> NumberShown:
    from servanda.report.words import grade_title

    cited = stated.citation
    grade = cited.grade or _best_grade(cited.sources, sources)
    known = [sources.get(n) or SourceShown(name=n, title=n, url="", grade="") for n in cited.sources]
    return NumberShown(
        section=stated.section,
        group=SECTIONS.get(stated.section, stated.section),
        name=stated.name,
        title=stated.title,
        path=list(stated.path),
        written=stated.written,
        central=_finite(stated.central),
        central_written=stated.central_written,
        low=_finite(stated.low),
        high=_finite(stated.high),
        certain=math.isfinite(stated.low) and stated.low == stated.high,
        choices=dict(stated.choices),
        unit=stated.unit,
        grade=grade,
        grade_title=grade_title(grade) if grade else "",
        judgement=grade.startswith("J") or JUDGEMENT in cited.sources,
        sources=known,
        note=cited.note,
        line=stated.line,
        used=list(stated.used),
    )


def _best_grade(names: Iterable[str], sources: dict[str, SourceShown]) -> str:
    """The grade that holds where none is written: the best of the sources, J for a judgement."""
    grades = sorted(sources[name].grade for name in names if name in sources and sources[name].grade)
    return grades[0] if grades else "J" if JUDGEMENT in names else ""


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _rankings(document: Document) -> list[RankingShown]:
    node = document.node(("rankings",))
    return [
        _ranking(document, name, each)
        for name, each in (node.items() if isinstance(node, dict) else ())
        if isinstance(each, dict)
    ]


def _ranking(document: Document, name: str, node: dict[str, Any]) -> RankingShown:
    from servanda.case.elicitation import ranked

    order = node.get("order")
    entries = order if isinstance(order, list) else []
    places = [
        [entry] if isinstance(entry, str) else [each for each in entry if isinstance(each, str)] for entry in entries
    ]
    titles = node.get("titles")
    known = titles if isinstance(titles, dict) else {}
    trouble, found, fixed, scale = "", [], {}, (0.0, 100.0)
    try:
        ends = node.get("scale", ["0", "100"])
        scale = (float(ends[0]), float(ends[1]))
        anchors = node.get("fixed")
        fixed = {key: float(value) for key, value in (anchors.items() if isinstance(anchors, dict) else ())}
        numbers = {number.name: number for number in ranked(*places, scale=scale, fixed=fixed)}
        found = [
            PlaceShown(
                name=each, title=str(known.get(each, each)), place=place, fixed=each in fixed, mean=numbers[each].mean,
                low=numbers[each].low, high=numbers[each].high,
            )
            for place, names in enumerate(places, 1)
            for each in names
        ]  # fmt: skip
    except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        trouble = str(error) or "the ranking cannot be read"
    texts = {key: value for key, value in node.items() if isinstance(value, str)}
    return RankingShown(
        name=name, title=texts.get("title", name), unit=texts.get("unit", ""), low=scale[0], high=scale[1],
        line=document.place(("rankings", name), key=True).line, note=texts.get("note", ""), places=found,
        trouble=trouble,
    )  # fmt: skip


def _lines_changed(before: str, after: str) -> list[LineChanged]:
    """Lines that differ; a change of numbers moves few of them."""
    old, new = before.splitlines(), after.splitlines()
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if len(gone) == len(come):
        pairs = [(k, one, other) for k, (one, other) in enumerate(zip(gone, come, strict=True)) if one != other]
        return [LineChanged(line=start + k + 1, before=one, after=other) for k, one, other in pairs[:400]]
    shown = [LineChanged(line=start + k + 1, before=line, after="") for k, line in enumerate(gone[:200])]
    return [*shown, *(LineChanged(line=start + k + 1, before="", after=line) for k, line in enumerate(come[:200]))]
