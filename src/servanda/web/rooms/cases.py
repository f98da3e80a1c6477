"""The cases of the store: list, read, make, save, put aside; the shipped ones to start from; checking of a text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, model_validator

from servanda.store import CaseVersion, SavedCase, Store
from servanda.web.problems import IssueShown, Problem, responses
from servanda.web.solvers import Solvers
from servanda.web.state import solvers, store

router = APIRouter(tags=["cases"])

NAME = r"^[a-z0-9][a-z0-9-]{0,63}$"
MOST_VERSIONS = 2**31 - 1
LONGEST_TEXT = 1_000_000
_FOUNDING, _THEORY = "us-iran", "theory/"

CaseName = Annotated[str, Path(pattern=NAME, description="Name of a saved case.")]
Text = Annotated[str, Field(max_length=LONGEST_TEXT, description="The case as written, in YAML.")]
Title = Annotated[str, Field(max_length=300, description="Title; the one in the text if empty.")]
Note = Annotated[str, Field(max_length=2_000, description="What changed, and why.")]
Line = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*$")]
Kept = Annotated[Store, Depends(store)]
Asked = Annotated[Solvers, Depends(solvers)]


class Strict(BaseModel):
    """What may be sent: a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


class Health(BaseModel):
    """The server answers."""

    ok: Literal[True] = True


class VersionShown(BaseModel):
    """One version of a saved case, without its text."""

    name: str
    title: str
    version: int
    digest: str = Field(description="SHA-256 of the text.")
    saved_at: datetime
    note: str

    @classmethod
    def of(cls, saved: SavedCase | CaseVersion) -> Self:
        """What is shown of a version."""
        return cls(
            name=saved.name, title=saved.title, version=saved.version, digest=saved.digest, saved_at=saved.saved_at,
            note=saved.note,
        )  # fmt: skip


class CaseShown(VersionShown):
    """One version of a saved case with its text."""

    text: str

    @classmethod
    def of(cls, saved: SavedCase | CaseVersion) -> Self:
        """What is shown of a saved case."""
        assert isinstance(saved, SavedCase)
        return cls(text=saved.text, **VersionShown.of(saved).model_dump())


class CasesShown(BaseModel):
    """The newest version of every saved case, by name."""

    cases: list[VersionShown]


class VersionsShown(BaseModel):
    """All versions of a case, the newest first."""

    versions: list[VersionShown]


class Beginning(Strict):
    """What a first case is made of; what is left out stays a placeholder."""

    title: Line = "An agreement between two sides"
    side_a: Line = "Side A"
    side_b: Line = "Side B"
    a_gives: Line = "relief from sanctions"
    b_gives: Line = "a weapons programme"
    ratifier: Line = Field("", description="Who on side A must approve; nobody if empty.")
    start: date | None = Field(None, ge=date(1900, 1, 1), le=date(9900, 1, 1), description="First day played.")


class NewCase(Strict):
    """A new case: from a text, from a shipped case, or from a beginning; exactly one of the three."""

    name: str = Field(pattern=NAME)
    title: Title = ""
    note: Note = ""
    text: Text | None = None
    shipped: str | None = Field(None, max_length=200, description="Name of a shipped case, such as `us-iran`.")
    beginning: Beginning | None = None
    unfinished: bool = Field(False, description="Save a text that has errors, too.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.text, self.shipped, self.beginning)) != 1:
            raise ValueError("give exactly one of `text`, `shipped` and `beginning`")
        return self


class Saving(Strict):
    """A new version of a case, on top of the version that was seen."""

    text: Text
    title: Title = ""
    note: Note = ""
    seen: int = Field(ge=1, le=MOST_VERSIONS, description="The version this text was made from.")
    unfinished: bool = Field(False, description="Save a text that has errors, too.")


class Aside(Strict):
    """Whether a case is put aside."""

    archived: bool = True


class Checking(Strict):
    """A text to be read as a case."""

    text: Text


class Checked(BaseModel):
    """All that is wrong with a text; `ok` if nothing keeps it from being played."""

    ok: bool
    digest: str
    name: str = Field("", description="What the text calls the case.")
    title: str = ""
    issues: list[IssueShown]


class ShippedCase(BaseModel):
    """What the first lines of a shipped case say."""

    name: str
    title: str
    as_of: date | None
    shows: str
    group: Literal["founding", "historic", "theory"]


class ShippedCases(BaseModel):
    """The shipped cases: the founding one, history by date, theory by name."""

    cases: list[ShippedCase]


class ShippedText(ShippedCase):
    """A shipped case with its text."""

    text: str


@router.get("/api/health", summary="Whether the server answers")
async def health() -> Health:
    """Ask for nothing but an answer; needs no token."""
    return Health()


@router.get("/api/cases", summary="The saved cases")
def list_cases(
    store: Kept, archived: Annotated[bool, Query(description="Those put aside instead.")] = False
) -> CasesShown:
    """The newest version of every case."""
    return CasesShown(cases=[VersionShown.of(saved) for saved in store.cases(archived=archived)])


@router.post(
    "/api/cases",
    status_code=201,
    summary="Save a new case",
    responses=responses("case-error", "name-taken", "bad-name", "unknown-shipped-case", "too-large"),
)
async def create(new: NewCase, store: Kept, solvers: Asked) -> CaseShown:
    """Save the first version of a case from a text, a shipped case or a beginning."""
    text = await run_in_threadpool(_text_of, new)
    title = await _title(solvers, text, new.title, unfinished=new.unfinished)
    saved = await run_in_threadpool(store.create_case, new.name, text, title or new.name, new.note)
    return CaseShown.of(saved)


@router.get("/api/cases/{name}", summary="A saved case", responses=responses("not-found"))
def read(
    name: CaseName,
    store: Kept,
    version: Annotated[int | None, Query(ge=1, le=MOST_VERSIONS, description="The newest if left out.")] = None,
) -> CaseShown:
    """One version of a case with its text."""
    return CaseShown.of(store.case(name, version))


@router.put(
    "/api/cases/{name}",
    summary="Save a new version of a case",
    responses=responses("not-found", "stale-version", "case-error", "bad-name", "too-large"),
)
async def save(name: CaseName, saving: Saving, store: Kept, solvers: Asked) -> CaseShown:
    """Save on top of the version that was seen; where somebody saved a newer one meanwhile, nothing is saved."""
    before = await run_in_threadpool(store.case, name)
    title = await _title(solvers, saving.text, saving.title, unfinished=saving.unfinished)
    saved = await run_in_threadpool(
        store.save_case, name, saving.text, title or before.title, seen=saving.seen, note=saving.note
    )
    return CaseShown.of(saved)


@router.get("/api/cases/{name}/versions", summary="All versions of a case", responses=responses("not-found"))
def versions(name: CaseName, store: Kept) -> VersionsShown:
    """Every version that was ever saved, the newest first, without the texts."""
    return VersionsShown(versions=[VersionShown.of(version) for version in store.versions(name)])


@router.post("/api/cases/{name}/archive", summary="Put a case aside", responses=responses("not-found"))
def archive(name: CaseName, aside: Aside, store: Kept) -> VersionShown:
    """Put a case aside or bring it back; nothing is deleted."""
    store.archive_case(name, archived=aside.archived)
    return VersionShown.of(store.case(name))


@router.post("/api/check", summary="Check a text", responses=responses("too-large"))
async def check(checking: Checking, solvers: Asked) -> Checked:
    """Read a text as a case and say all that is wrong with it, each with its line."""
    return Checked.model_validate(await solvers.check(checking.text))


@router.get("/api/schema", summary="JSON Schema of a case")
def schema() -> dict[str, Any]:
    """What a case may hold, for editors."""
    from servanda.case.schema import schema as of_case

    return of_case()


@router.get("/api/shipped", summary="The shipped cases", tags=["shipped"])
def list_shipped() -> ShippedCases:
    """What there is to start from."""
    return ShippedCases(cases=_shipped())


@router.get(
    "/api/shipped/{name:path}",
    summary="A shipped case",
    tags=["shipped"],
    responses=responses("unknown-shipped-case"),
)
def read_shipped(name: Annotated[str, Path(max_length=200)]) -> ShippedText:
    """The text of a shipped case; of `theory/pledge` the last part is enough."""
    text = _shipped_text(name)
    from servanda.case.loading import known_as

    file = known_as()[name]
    found = next(each for each in _shipped() if known_as()[each.name] == file)
    return ShippedText(text=text, **found.model_dump())


def _shipped() -> list[ShippedCase]:
    from servanda.case.heads import heads

    order = ("founding", "historic", "theory")
    found = [
        ShippedCase(name=head.name, title=head.title, as_of=head.as_of, shows=head.shows, group=_group(head.name))
        for head in heads()
    ]
    return sorted(
        found,
        key=lambda case: (order.index(case.group), str(case.as_of) if case.group == "historic" else "", case.name),
    )


def _group(name: str) -> Literal["founding", "historic", "theory"]:
    return "founding" if name == _FOUNDING else "theory" if name.startswith(_THEORY) else "historic"


def _shipped_text(name: str) -> str:
    """Looked up among the names there are: what was asked for is never made into a path."""
    from servanda.case.loading import known_as
    from servanda.case.messages import did_you_mean

    known = known_as()
    if name not in known:
        hint = did_you_mean(name, known, "see /api/shipped")
        raise Problem(404, "unknown-shipped-case", f"no shipped case is called `{name[:80]}`", hint)
    return known[name].read_text(encoding="utf-8")


def _text_of(new: NewCase) -> str:
    if new.text is not None:
        return new.text
    if new.shipped is not None:
        return _shipped_text(new.shipped)
    from servanda.case.beginning import Beginning as Beginnings
    from servanda.case.beginning import compose, first_of_month, suggestion

    assert new.beginning is not None
    given = new.beginning.model_dump(exclude={"start"})
    filled = {key: text.strip() for key, text in given.items() if text.strip() or key == "ratifier"}
    start = new.beginning.start or first_of_month(date.today())
    try:
        return compose(Beginnings(suggestion(new.name), start=start, **filled))
    except (OverflowError, ValueError):
        raise Problem(422, "bad-request", f"no calendar holds the twelve years from {start}") from None


async def _title(solvers: Solvers, text: str, given: str, *, unfinished: bool) -> str:
    """The title of a text that may be saved: the one given, else the one in it.

    Raises
    ------
    Problem
        `case-error` where the text has errors and is not said to be unfinished.
    """
    checked = Checked.model_validate(await solvers.check(text))
    if not checked.ok and not unfinished:
        errors = [issue for issue in checked.issues if issue.severity == "error"]
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        hint = "mend it, or save it as unfinished"
        raise Problem(422, "case-error", f"the text has {count}", hint, tuple(i.model_dump() for i in checked.issues))
    return given.strip() or checked.title
