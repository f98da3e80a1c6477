"""The library: the shipped cases in groups, what each shows and expects, and how well the method did on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from servanda.web.pages import page
from servanda.web.problems import Problem, responses
from servanda.web.state import store

if TYPE_CHECKING:
    from servanda.case.heads import Head

router = APIRouter()
Kind = Literal["founding", "historic", "theory"]
GROUPS: tuple[tuple[Kind, str, str], ...] = (
    ("founding", "The founding case", "The dispute from which the method was drawn, mechanism by mechanism."),
    ("historic", "Historic cases", "Agreements kept or broken, frozen at their signature and scored by what happened."),
    ("theory", "Cases whose answer is published", "Small games of the literature, each with the published number."),
)
_FOUNDING, _THEORY = "us-iran", "theory/"
_SCORES = "docs/reference/library.md"
Shipped = Annotated[str, Path(max_length=200, description="Name of a shipped case, such as `theory/pledge`.")]


class ExpectationShown(BaseModel):
    """A result that the author of a case expects."""

    quantity: str
    low: str
    high: str


class FateShown(BaseModel):
    """What was said of an agreement at its signature, and what became of it."""

    frozen_at: str
    horizons: dict[str, str] = Field(
        description="By years after signature: our probability that it is alive, and whether it was."
    )
    likeliest: str
    happened: str
    right: str


class ScoredShown(BaseModel):
    """A backtest of a copy of the case among your runs."""

    run: str
    case: str
    created: str
    headline: str


class ShippedShown(BaseModel):
    """A shipped case as the library lists it."""

    name: str
    title: str
    as_of: date | None
    shows: str
    description: str
    lines: int
    drafts: int
    numbers: int = Field(description="Named parameters.")
    questions: int
    settled: int = Field(description="Questions of which it is known whether they came true.")
    claims: int
    expected: list[ExpectationShown]
    fate: FateShown | None
    copies: list[str] = Field(description="Saved cases that say of themselves that they are this one.")
    scored: list[ScoredShown]


class GroupShown(BaseModel):
    """Shipped cases of one kind."""

    name: Kind
    title: str
    about: str
    cases: list[ShippedShown]


class LibraryShown(BaseModel):
    """All shipped cases, and what the whole library says about the method."""

    groups: list[GroupShown]
    score: str = Field(
        description="How well the method did over all historic cases, empty where the page is not installed."
    )
    made: str = Field(description="When and how that was found.")


@router.get("/library", include_in_schema=False)
def library_page(request: Request) -> Response:
    """The page of the library."""
    return page(request, "library.html", title="Library", shipped=None)


@router.get("/library/{name:path}", include_in_schema=False)
def shipped_page(request: Request, name: Shipped) -> Response:
    """A shipped case, to be read."""
    from servanda.case.heads import heads

    found = next((head for head in heads() if name in (head.name, head.name.rpartition("/")[2])), None)
    if found is None:
        raise Problem(404, "not-found", f"no shipped case is called `{name[:80]}`", "the library lists them all")
    shipped = {
        "name": found.name,
        "title": found.title,
        "as_of": _date_of(found),
        "short": found.name.rpartition("/")[2],
    }
    return page(request, "library.html", title=found.title, shipped=shipped)


@router.get("/api/library", summary="The library", responses=responses(), tags=["shipped"])
def library(request: Request) -> LibraryShown:
    """Every shipped case with what it expects, what became of it, and how your own backtests of it came out."""
    copies, scored = _saved(request)
    groups = [
        GroupShown(name=name, title=title, about=about, cases=[_shown(head, copies, scored) for head in _heads(name)])
        for name, title, about in GROUPS
    ]
    score, made, _ = _scores()
    return LibraryShown(groups=groups, score=score, made=made)


def _saved(request: Request) -> tuple[dict[str, list[str]], dict[str, list[ScoredShown]]]:
    """Names of saved cases and their backtests, by the name that the text gives the case."""
    kept = store(request)
    called: dict[str, str] = {}
    copies: dict[str, list[str]] = {}
    for saved in kept.cases():
        named = _called(saved.text)
        called[saved.name] = named
        copies.setdefault(named, []).append(saved.name)
    scored: dict[str, list[ScoredShown]] = {}
    for run in kept.runs(kind="backtest", limit=100):
        shown = ScoredShown(run=run.id, case=run.case, created=run.created.isoformat(), headline=run.headline)
        scored.setdefault(called.get(run.case, run.case), []).append(shown)
    return copies, scored


def _called(text: str) -> str:
    line = next((line for line in text[:20_000].splitlines() if line.startswith("case:")), "")
    return line.removeprefix("case:").split("#")[0].strip().strip("\"'")


def _heads(group: str) -> list[Head]:
    from servanda.case.heads import heads

    def kind(name: str) -> str:
        return "founding" if name == _FOUNDING else "theory" if name.startswith(_THEORY) else "historic"

    found = [head for head in heads() if kind(head.name) == group]
    return sorted(found, key=lambda head: (str(head.as_of), head.name)) if group == "historic" else found


def _date_of(head: Head) -> date | None:
    # the calendar of a theory case stands for no real date
    return None if head.name.startswith(_THEORY) else head.as_of


def _shown(head: Head, copies: dict[str, list[str]], scored: dict[str, list[ScoredShown]]) -> ShippedShown:
    told = _told(head.name)
    own = told["called"]
    return ShippedShown(
        name=head.name,
        title=head.title,
        as_of=_date_of(head),
        shows=head.shows,
        fate=_scores()[2].get(head.name),
        copies=copies.get(own, []),
        scored=scored.get(own, [])[:5],
        **{key: value for key, value in told.items() if key != "called"},
    )


@cache
def _told(name: str) -> dict[str, Any]:
    """What the text of a shipped case says of itself, read without resolving it."""
    from servanda.case.loading import shipped
    from servanda.case.reader import read_text

    text = shipped()[name].read_text(encoding="utf-8")
    tree = read_text(text, name)[0].tree
    case: dict[str, Any] = tree if isinstance(tree, dict) else {}
    questions = case.get("questions", {})
    expected = [
        ExpectationShown(quantity=each["quantity"], low=each["between"][0], high=each["between"][1])
        for each in case.get("expect", [])
    ]
    return {
        "called": case.get("case", name),
        "description": " ".join(case.get("description", "").split()),
        "lines": text.count("\n") + 1,
        "drafts": len(case.get("drafts", {})),
        "numbers": len(case.get("parameters", {})),
        "questions": len(questions),
        "settled": sum(1 for each in questions.values() if each.get("outcome") in ("yes", "no")),
        "claims": len(case.get("claims", {})),
        "expected": expected,
    }


@cache
def _scores() -> tuple[str, str, dict[str, FateShown]]:
    """The bottom line of the scored library, how it was made, and the fate of each agreement by case.

    All of them are empty where the page is not there: it belongs to the source, not to the package.
    """
    from servanda.case.loading import library as folder

    path = folder().parent / _SCORES
    if not path.is_file():
        return "", "", {}
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    score = next((line.strip("* ") for line in lines if line.startswith("**")), "")
    made = next((line for line in lines if line.startswith("The page is made by the program:")), "").replace("`", "")
    made = made.replace("The page is made by the program:", "Found by")
    lives, ends = _rows(lines, "Frozen at"), _rows(lines, "Likeliest")
    found = {}
    for name, row in lives.items():
        end = ends.get(name, {})
        found[name] = FateShown(
            frozen_at=row.get("Frozen at", ""),
            horizons={key: value for key, value in row.items() if key.endswith(("year", "years"))},
            likeliest=end.get("Likeliest", ""),
            happened=end.get("What happened", ""),
            right=end.get("Right", ""),
        )
    return score, made, found


def _rows(lines: list[str], column: str) -> dict[str, dict[str, str]]:
    """Rows of the table that has this column, by their first cell."""
    found: dict[str, dict[str, str]] = {}
    heads: list[str] = []
    for cells in _cells(lines):
        if not cells:
            heads = []
        elif not heads:
            heads = cells
        elif column in heads and not set("".join(cells)) <= set("- :"):
            found[cells[0]] = dict(zip(heads, cells, strict=False))
    return found


def _cells(lines: list[str]) -> Iterator[list[str]]:
    for line in lines:
        bare = line.strip()
        yield [cell.strip().replace("\\", "") for cell in bare.strip("|").split("|")] if bare.startswith("|") else []
