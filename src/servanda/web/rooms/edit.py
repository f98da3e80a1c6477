"""The case as text: the page of the editor, suggestions while typing, and the verdict of a text not saved yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from servanda.web.pages import case_page
from servanda.web.problems import responses
from servanda.web.results import VerdictTold, told
from servanda.web.state import solvers

if TYPE_CHECKING:
    from servanda.live import Bench

router = APIRouter()
LONGEST = 1_000_000
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
Text = Annotated[str, Field(max_length=LONGEST, description="The whole case as written.")]


class Unfinished(BaseModel):
    """A text and where somebody writes in it."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    offset: int = Field(ge=0, le=LONGEST, description="The cursor, in characters from the beginning.")
    most: int = Field(30, ge=1, le=100, description="How many suggestions to give.")


class SuggestionShown(BaseModel):
    """Something that may stand at the cursor."""

    shown: str
    kind: str = Field(description="`key`, `name` or `word`.")
    about: str
    insert: str


class Suggestions(BaseModel):
    """What may stand in place of the characters from `start` to `end`, best first."""

    start: int
    end: int
    path: list[str | int] = Field(description="Where in the case that is.")
    suggestions: list[SuggestionShown]


class Tried(BaseModel):
    """A text that is not saved."""

    model_config = ConfigDict(extra="forbid")

    text: Text


@router.get("/cases/{name}/edit", include_in_schema=False)
def edit_page(request: Request, name: Case) -> Response:
    """The page of the editor."""
    return case_page(request, name, "edit.html", title="Case")


@router.post(
    "/api/edit/complete", summary="What may stand at the cursor", responses=responses("bad-request"), tags=["cases"]
)
def suggested(asked: Unfinished) -> Suggestions:
    """What may stand at the cursor, from the language and the names in the text, which need not be YAML yet."""
    from servanda.case.completion import complete

    found = complete(asked.text, asked.offset, most=asked.most)
    return Suggestions(
        start=found.start,
        end=found.end,
        path=list(found.path),
        suggestions=[
            SuggestionShown(shown=each.shown, kind=each.kind, about=each.about, insert=each.insert or each.shown)
            for each in found.suggestions
        ],
    )


@router.post(
    "/api/edit/try",
    summary="The verdict of a text",
    responses=responses("bad-request", "case-error", "too-large", "too-slow", "busy", "failed"),
    tags=["live"],
)
async def tried(request: Request, asked: Tried) -> VerdictTold:
    """The verdict of a text as it stands, saved or not."""
    answer = await solvers(request).ask(asked.text, f"{__name__}:verdict_of", {"set": {}, "off": []})
    return VerdictTold.model_validate(answer)


def verdict_of(bench: Bench, values: dict[str, float], _: dict[str, Any]) -> dict[str, Any]:
    """The verdict and the gates of every draft (runs in a solver process)."""
    return told(bench.answer(values))
