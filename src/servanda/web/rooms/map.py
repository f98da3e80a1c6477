"""The map of an agreement: its places and the moves between them as a graph, with what is tightest marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from servanda.web.pages import case_page
from servanda.web.problems import Problem, responses
from servanda.web.results import Name, Scenario, ask

if TYPE_CHECKING:
    from servanda.diagnosis.course import Course, Move, Narrow, Passage
    from servanda.live import Bench

router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
SOLVING = responses(
    *("not-found", "bad-request", "case-error", "unknown-parameter", "unknown-friction", "unknown-draft"),
    *("too-large", "too-slow", "busy"),
)
# a map follows every draft's passages one by one, which takes several times as long as a verdict
SECONDS = 20.0
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class MapAsked(Scenario):
    """A scenario, the draft whose map is wanted, and from where its course begins."""

    draft: Name | None = Field(None, description="The first draft of the case, without it.")
    begins: Literal["start", "live"] = Field(
        "start", description="`start`: where things stand; `live`: the draft in its first phase."
    )


class PlaceShown(BaseModel):
    """Where an agreement can stand, with its box on paper."""

    name: str
    title: str
    stage: str
    years: float = Field(ge=0.0, description="Expected years spent there before the horizon.")
    ever: Share = Field(description="Probability of standing there at any time.")
    at: list[Share] = Field(description="Probability of standing there, by date.")
    box: tuple[float, float, float, float] = Field(description="Left, top, width, height.")


class ClosestShown(BaseModel):
    """The period in which a move is tightest."""

    date: str
    margin: float
    odds: Share


class MoveShown(BaseModel):
    """An option of an actor, or something that happens, that leads along a passage."""

    actor: str = Field(description="Title of who moves; empty for what nobody decides.")
    decision: str
    title: str
    breaks: bool = Field(description="It breaks or leaves a live deal.")
    passages: float = Field(ge=0.0, description="Expected number before the horizon.")
    peak: str | None = Field(description="The likeliest date.")
    odds: Share = Field(description="Mean odds where it is open: by decision of an actor, by period of an event.")
    margin: float | None = Field(description="Mean worth over the mover's best alternative, in points.")
    closest: ClosestShown | None


class PassageShown(BaseModel):
    """Everything that leads from one place to another, by index of the places."""

    source: int
    target: int
    probability: Share | None = Field(
        description="That it happens at least once; None out of an end, where only counted."
    )
    passages: float = Field(ge=0.0, description="Expected number.")
    by_period: list[float]
    moves: list[MoveShown] = Field(description="The most frequent first.")


class NarrowShown(BaseModel):
    """Where a gate is tightest; `passage` and `move` by index, None where it leads nowhere."""

    gate: Literal["sign", "ratify", "keep"]
    passage: int | None
    move: int | None
    date: str
    margin: float
    odds: Share
    says: str


class LineShown(BaseModel):
    """A line of the drawing and the passages it stands for; `path` in SVG's language."""

    passages: list[int]
    source: int
    target: int
    path: str
    label: tuple[float, float]


class MapShown(BaseModel):
    """The course of one draft, alone on the table, and its drawing."""

    draft: str
    title: str
    begins: Literal["start", "live"]
    settled: bool = Field(description="Play beyond the horizon became stationary; if not, the numbers are rough.")
    dates: list[str] = Field(description="Starts of all periods, and the horizon.")
    places: list[PlaceShown]
    passages: list[PassageShown]
    narrow: list[NarrowShown] = Field(description="The tightest point of every gate, the tightest of all first.")
    lines: list[LineShown]
    ends: tuple[float, float, float, float] | None = Field(description="The frame around all ends.")
    size: tuple[float, float]
    says: str


@router.get("/cases/{name}/map", include_in_schema=False)
def map_page(request: Request, name: Case) -> Response:
    """The page of the map."""
    return case_page(request, name, "map.html", title="Map of the agreement")


@router.post("/api/cases/{name}/map", responses=SOLVING, tags=["live"])
async def mapped(request: Request, name: Case, asked: MapAsked) -> MapShown:
    """The map of a draft alone on the table: where it stands how long, what leads on, and where it is tightest."""
    more = {"draft": asked.draft, "begins": asked.begins}
    found = await ask(request, name, asked, "servanda.web.rooms.map:answer", seconds=SECONDS, **more)
    return MapShown.model_validate(found)


def answer(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """The map of one draft at some parameter values (runs in a solver process).

    Raises
    ------
    Problem
        422 where the case has no such draft, or none at all.
    """
    from servanda.diagnosis.course import course_of
    from servanda.equilibrium.outcome import Status

    names = [draft.name for draft in bench.case.drafts]
    wanted = ask.get("draft") or (names[0] if names else "")
    if wanted not in names:
        hint = f"its drafts: {', '.join(names)}" if names else "a case without drafts has no map of an agreement"
        raise Problem(422, "unknown-draft", f"no draft of this case is called `{wanted}`", hint)
    play = bench.alone(wanted, values)
    course = course_of(play, names.index(wanted), ask.get("begins", "start"))
    return shown(course, settled=play.solution.status is Status.SOLVED)


def shown(course: Course, *, settled: bool) -> dict[str, Any]:
    """A course and its drawing: `MapShown` as plain data."""
    from servanda.web.drawing import drawn

    drawing = drawn(course)
    return {
        "draft": course.draft,
        "title": course.title,
        "begins": course.begins,
        "settled": settled,
        "dates": [day.isoformat() for day in course.dates],
        "places": [
            {
                "name": stay.place.name, "title": stay.place.title, "stage": stay.place.stage, "years": stay.years,
                "ever": stay.ever, "at": [round(p, 6) for p in stay.at],
                "box": (box.x, box.y, box.width, box.height),
            }
            for stay, box in zip(course.stays, drawing.boxes, strict=True)
        ],
        "passages": [_passage(passage) for passage in course.passages],
        "narrow": [_narrow(narrow) for narrow in course.narrow],
        "lines": [
            {
                "passages": list(line.passages), "source": line.source, "target": line.target, "path": line.path,
                "label": line.label,
            }
            for line in drawing.lines
        ],
        "ends": None if (e := drawing.ends) is None else (e.x, e.y, e.width, e.height),
        "size": (drawing.width, drawing.height),
        "says": says(course),
    }  # fmt: skip


def _passage(passage: Passage) -> dict[str, Any]:
    by_period = [round(sum(parts), 6) for parts in zip(*(m.by_period for m in passage.moves), strict=True)]
    return {
        "source": passage.source, "target": passage.target, "probability": passage.probability,
        "passages": passage.passages, "by_period": by_period, "moves": [_move(m) for m in passage.moves],
    }  # fmt: skip


def _move(move: Move) -> dict[str, Any]:
    from servanda.report.words import capital

    closest = move.closest
    return {
        "actor": move.actor_title,
        "decision": capital(move.decision),
        "title": move.title,
        "breaks": move.breaks,
        "passages": move.passages,
        "peak": move.peak.isoformat() if move.peak else None,
        "odds": min(1.0, max(0.0, move.odds)),
        "margin": move.margin,
        "closest": None
        if closest is None
        else {"date": closest.date.isoformat(), "margin": closest.margin, "odds": min(1.0, max(0.0, closest.odds))},
    }


def _narrow(narrow: Narrow) -> dict[str, Any]:
    return {
        "gate": narrow.gate, "passage": narrow.passage, "move": narrow.move, "date": narrow.date.isoformat(),
        "margin": narrow.margin, "odds": narrow.odds, "says": narrow_says(narrow),
    }  # fmt: skip


def narrow_says(narrow: Narrow) -> str:
    """One sentence on where a gate is tightest."""
    from servanda.report.words import month

    better, worse = (narrow.title, narrow.alternative)
    if narrow.margin < 0.0:
        better, worse = worse, better
    return (
        f"{narrow.gate.capitalize()} is tightest for {narrow.actor_title} in {month(narrow.date)}: "
        f"“{better}” is better than “{worse}” by {abs(narrow.margin):.1f} points."
    )


def says(course: Course) -> str:
    """The map in a few words: where the draft spends its time, where it stands at the horizon, how it ends."""
    from servanda.report.words import month, percent

    running = [s for s in course.stays if s.place.stage in ("phase", "in_force")]
    ends = sorted((s for s in course.stays if s.place.stage == "ended"), key=lambda s: -s.ever)
    longest = max(course.stays, key=lambda s: s.years)
    told = [f"Most time is spent at “{longest.place.title}”: {longest.years:.1f} of {_years(course):.1f} years."]
    if course.begins == "start":
        first = max((s.ever for s in running), default=0.0)
        told.append(f"The draft ever begins to run with probability {percent(first)}.")
    at_end = min(1.0, sum(s.at[-1] for s in running))
    told.append(f"It runs in {month(course.dates[-1])} with probability {percent(at_end)}.")
    if ends and ends[0].ever > 0.0:
        told.append(f"The likeliest end at any time: “{ends[0].place.title}” ({percent(ends[0].ever)}).")
    return " ".join(told).replace(" %", "\N{NO-BREAK SPACE}%")


def _years(course: Course) -> float:
    return sum(stay.years for stay in course.stays)
