"""Two scenarios side by side: the verdict, every draft's gates, outcomes, questions, and what differs in the input."""

from __future__ import annotations

import asyncio
import bz2
import json
from base64 import b85decode, b85encode
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from servanda.errors import CaseError
from servanda.web.pages import case_page
from servanda.web.problems import Problem, responses
from servanda.web.results import Name, Number, Scenario, saved_case
from servanda.web.state import solvers, store

if TYPE_CHECKING:
    from servanda.contrasts import Contrast
    from servanda.live import Bench
    from servanda.store import SavedCase

router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
SOLVING = responses(
    *(
        "not-found",
        "bad-request",
        "case-error",
        "unknown-parameter",
        "unknown-friction",
        "too-large",
        "too-slow",
        "busy",
    )
)
ROOM = "servanda.web.rooms.compare"
SHOWN = 200
LONGEST = 240
# letters of a question that a solver process takes
LONGEST_QUESTION = 60_000
NAMED = 3
GATES = (("sign", "Sign"), ("ratify", "Ratify"), ("keep", "Keep"), ("holds", "All three gates"))
OFF = ("at work", "off")


class SideAsked(BaseModel):
    """One side of a comparison: a version of any saved case, with values set and frictions switched off."""

    model_config = ConfigDict(extra="forbid")

    case: str = Field(min_length=1, max_length=64)
    version: int | None = Field(None, ge=1, le=2**31 - 1, description="The newest, without it.")
    set: dict[Name, Number] = Field(default_factory=dict, max_length=500)
    off: list[Name] = Field(default_factory=list, max_length=64)


class ComparisonAsked(Scenario):
    """Two sides; a side left out is the scenario itself."""

    a: SideAsked | None = None
    b: SideAsked | None = None


class SideShown(BaseModel):
    """One side and its verdict."""

    case: str
    title: str
    version: int
    label: str
    headline: str
    probability: float = Field(ge=0.0, le=1.0)
    words: str
    settled: bool = Field(description="Play beyond the horizon became stationary; if not, the numbers are rough.")
    horizon: str


class InputShown(BaseModel):
    """A place where the inputs differ, by its path; empty where a side has nothing there."""

    what: str
    a: str
    b: str


class ContrastShown(BaseModel):
    """A number on both sides, a probability or years; None where a side lacks it."""

    what: str
    title: str
    a: float | None
    b: float | None
    unit: str
    words_a: str
    words_b: str
    difference: float | None = Field(description="B minus A.")
    change: str = Field(description="The difference in percentage points or years, as a text.")


class DraftShown(BaseModel):
    """A draft on both sides, alone on the table; a name is empty where a side lacks it."""

    draft_a: str
    draft_b: str
    title: str
    numbers: list[ContrastShown]


class ComparisonShown(BaseModel):
    """Two scenarios side by side."""

    a: SideShown
    b: SideShown
    says: str
    headline: ContrastShown | None = Field(description="None where the headlines speak of different things.")
    input: list[InputShown]
    wording: int = Field(description="How many differences of titles, notes, sources or grades there are besides.")
    left: int = Field(description="How many more differences there are than shown.")
    listed: bool = Field(description="False where both cases are too long to be set side by side at once.")
    drafts: list[DraftShown]
    outcomes: list[ContrastShown]
    questions: list[ContrastShown]


@router.get("/cases/{name}/compare", include_in_schema=False)
def compare_page(request: Request, name: Case) -> Response:
    """The page that sets two scenarios side by side."""
    others = [{"name": c.name, "title": c.title or c.name} for c in store(request).cases() if c.name != name]
    return case_page(request, name, "compare.html", title="Compare", others=others)


@router.post("/api/cases/{name}/compare", responses=SOLVING, tags=["live"])
async def compared(request: Request, name: Case, asked: ComparisonAsked) -> ComparisonShown:
    """Two scenarios, both solved anew, with every headline number side by side and what differs in the input."""
    here = SideAsked(case=name, version=asked.version, set=asked.set, off=asked.off)
    sides = (asked.a or here, asked.b or here)
    kept = [await asyncio.to_thread(saved_case, request, side.case, side.version) for side in sides]
    found = await asyncio.gather(
        *(_solved(request, mark, side, saved) for mark, side, saved in zip("AB", sides, kept, strict=True)),
        return_exceptions=True,
    )
    for one in found:
        if isinstance(one, BaseException):
            raise one
    # afterwards: a process that holds the case is free then, and no other need compile it for this alone
    differences = await _input(request, sides, kept)
    a, b = found
    return ComparisonShown.model_validate(shown(a, b, differences))  # type: ignore[arg-type]


async def _solved(request: Request, mark: str, side: SideAsked, saved: SavedCase) -> dict[str, Any]:
    payload = {"set": side.set, "off": side.off, "given": side.set, "without": side.off}
    try:
        found = await solvers(request).ask(saved.text, f"{ROOM}:answer", payload)
    except Problem as problem:
        said = f"{mark}: {problem.message}"
        raise Problem(problem.status, problem.code, said, problem.hint, problem.issues, problem.headers) from problem
    except CaseError as error:
        raise CaseError(f"{mark}: {error.message}", issues=error.issues) from error
    return {**found, "version": saved.version}


async def _input(request: Request, sides: tuple[SideAsked, ...], kept: list[SavedCase]) -> dict[str, Any]:
    """What differs in the input: the longer text is the one asked about, the other travels along."""
    long, short = (0, 1) if len(kept[0].text) >= len(kept[1].text) else (1, 0)
    same = kept[long].digest == kept[short].digest
    payload = {
        "set": sides[long].set, "off": sides[long].off, "without": sides[long].off, "swapped": long == 1,
        "other": {
            "text": None if same else packed(kept[short].text), "set": sides[short].set, "off": sides[short].off,
        },
    }  # fmt: skip
    if len(json.dumps(payload)) > LONGEST_QUESTION:
        return {"input": [], "left": 0, "wording": 0, "listed": False}
    return await solvers(request).ask(kept[long].text, f"{ROOM}:differences", payload)


def packed(text: str) -> str:
    """A text made short, as letters.

    >>> unpacked(packed("case: x"))
    'case: x'
    """
    return b85encode(bz2.compress(text.encode())).decode()


def unpacked(text: str) -> str:
    """The text that was packed."""
    return bz2.decompress(b85decode(text)).decode()


def answer(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """The headline numbers of one side (runs in a solver process)."""
    from servanda.contrasts import OUTCOMES

    live = bench.answer(values)
    path = live.forecast.outcomes
    answers = live.forecast.answers
    return {
        "case": bench.case.name,
        "title": bench.case.title,
        "label": label(bench, ask.get("given") or {}, ask.get("without") or ()),
        "headline": live.verdict.headline,
        "probability": min(1.0, max(0.0, live.verdict.probability)),
        "words": live.verdict.words,
        "settled": live.settled,
        "horizon": path.dates[-1].isoformat(),
        "subject": "drafts" if live.drafts else answers[0].question if answers else "war",
        "drafts": [
            {
                "draft": d.draft, "title": d.title, "sign": d.sign, "ratify": d.ratify, "keep": d.keep,
                "holds": d.holds, "life": d.mean_life,
            }
            for d in live.drafts
        ],
        "outcomes": {name: getattr(path, name)[-1] for name, _ in OUTCOMES},
        "questions": [{"name": a.question, "text": a.text, "probability": a.probability} for a in answers],
    }  # fmt: skip


def label(bench: Bench, given: Mapping[str, float], without: Iterable[str]) -> str:
    """What was changed in the case, in a few words: the first values set, and the frictions off."""
    from servanda.report.words import counted, number

    titles = {f.name: f.title or f.name for f in bench.case.frictions}
    named = {p.name: p for p in bench.case.parameters}
    values = [
        f"{named[name].title or name} at {number(value)} {named[name].unit}".strip() for name, value in given.items()
    ]
    off = [f"without “{titles.get(name, name)}”" for name in without]
    if not values and not off:
        return "as saved"
    told = values[:NAMED] + ([f"{counted(len(values) - NAMED, 'more value')} set"] if len(values) > NAMED else [])
    told += off if len(off) <= NAMED else [f"{counted(len(off), 'friction')} switched off"]
    return "; ".join(told)


def differences(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """What differs between the inputs of two sides, one of which is this case (runs in a solver process).

    Raises
    ------
    CaseError
        If the other case has errors.
    Problem
        If it has no parameter or friction of a name that is given for it.
    """
    from servanda.case.loading import parse_text
    from servanda.differences import case_differences
    from servanda.web.solving import scenario_values

    other, swapped = ask["other"], ask["swapped"]
    case = bench.case
    if other["text"] is not None:
        case = parse_text(unpacked(other["text"]), "case")
    theirs = scenario_values(case, other["set"], other["off"], bench if case is bench.case else None)
    pairs = [(bench.case, values, ask["without"]), (case, theirs, other["off"])]
    (a, set_a, off_a), (b, set_b, off_b) = reversed(pairs) if swapped else pairs
    found = case_differences(a, b, set_a, set_b)
    off = [(f"frictions.{name}", name in off_a, name in off_b) for name in dict.fromkeys((*off_a, *off_b))]
    shown = [{"what": what, "a": OFF[here], "b": OFF[there]} for what, here, there in off if here != there]
    shown += [{"what": d.what, "a": _clipped(d.a), "b": _clipped(d.b)} for d in found if not d.wording]
    wording = sum(d.wording for d in found)
    return {"input": shown[:SHOWN], "left": max(0, len(shown) - SHOWN), "wording": wording, "listed": True}


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def shown(a: Mapping[str, Any], b: Mapping[str, Any], differences: Mapping[str, Any]) -> dict[str, Any]:
    """Two answers set side by side: `ComparisonShown` as plain data."""
    from servanda.contrasts import OUTCOMES, chance

    alike = a["subject"] == b["subject"]
    headline = chance("headline", "The headline", a["probability"], b["probability"]) if alike else None
    texts = [{q["name"]: q for q in side["questions"]} for side in (a, b)]
    questions = [
        chance(
            f"questions.{name}",
            " | ".join(dict.fromkeys((texts[0][name]["text"], texts[1][name]["text"]))),
            texts[0][name]["probability"],
            texts[1][name]["probability"],
        )
        for name in texts[0]
        if name in texts[1]
    ]
    outcomes = [chance(f"outcomes.{k}", title, a["outcomes"][k], b["outcomes"][k]) for k, title in OUTCOMES]
    return {
        "a": {k: a[k] for k in SideShown.model_fields},
        "b": {k: b[k] for k in SideShown.model_fields},
        "says": says(headline),
        "headline": None if headline is None else _contrast(headline),
        **differences,
        "drafts": _drafts(a, b),
        "outcomes": [_contrast(c) for c in outcomes],
        "questions": [_contrast(c) for c in sorted(questions, key=_size)],
    }


def _drafts(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[dict[str, Any]]:
    from servanda.contrasts import Contrast, chance

    here, there = ({d["draft"]: d for d in side["drafts"]} for side in (a, b))
    found = []
    for name in dict.fromkeys((*here, *there)):
        one, other = here.get(name, {}), there.get(name, {})
        numbers = [chance(f"drafts.{name}.{k}", title, one.get(k), other.get(k)) for k, title in GATES]
        life = Contrast(f"drafts.{name}.life", "Mean life once in force", one.get("life"), other.get("life"), "years")
        titles = " | ".join(dict.fromkeys(d["title"] for d in (one, other) if d))
        pair = {"draft_a": one.get("draft", ""), "draft_b": other.get("draft", ""), "title": titles}
        found.append((_size(numbers[-1]), {**pair, "numbers": [_contrast(n) for n in (*numbers, life)]}))
    return [draft for _, draft in sorted(found, key=lambda sized: sized[0])]


def _size(contrast: Contrast) -> float:
    """Sort key: the largest difference first, none last."""
    return 1.0 if contrast.difference is None else -abs(contrast.difference)


def _contrast(contrast: Contrast) -> dict[str, Any]:
    from servanda.contrasts import change

    told = {k: getattr(contrast, k) for k in ContrastShown.model_fields if k != "change"}
    return {**told, "change": change(contrast)}


def says(headline: Contrast | None) -> str:
    r"""The difference of the two verdicts in one sentence.

    >>> from servanda.contrasts import chance
    >>> says(chance("headline", "", 0.125, 0.375))
    'B is likelier than A by 25.0 percentage points: unlikely (38\xa0%) against very unlikely (12\xa0%).'
    """
    from servanda.contrasts import change
    from servanda.report.words import percent

    if headline is None or headline.a is None or headline.b is None or headline.difference is None:
        return "The two verdicts speak of different things."
    if headline.difference == 0.0:
        said = f"No difference: {headline.words_a} ({percent(headline.a)}) on both sides."
        return said.replace(" %", "\N{NO-BREAK SPACE}%")
    more = "likelier" if headline.difference > 0.0 else "less likely"
    size = change(headline)[1:]
    told = f"{headline.words_b} ({percent(headline.b)}) against {headline.words_a} ({percent(headline.a)})"
    return f"B is {more} than A by {size} percentage points: {told}.".replace(" %", "\N{NO-BREAK SPACE}%")
