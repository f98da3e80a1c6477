"""What pages ask of solver processes and of kept runs: scenarios, live answers, records read back, their figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from servanda.store.errors import NotFoundError
from servanda.store.records import SavedCase
from servanda.web.problems import Problem
from servanda.web.state import solvers, store

if TYPE_CHECKING:
    from servanda.live import Live
    from servanda.report.charts.figure import Figure, Table

Record = TypeVar("Record")
Name = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Scenario(BaseModel):
    """A version of a saved case, with parameter values set and frictions switched off."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=2**31 - 1, description="The newest, without it.")
    set: dict[Name, Number] = Field(default_factory=dict, max_length=500, description="Parameter values by name.")
    off: list[Name] = Field(default_factory=list, max_length=64, description="Names of the frictions switched off.")

    def payload(self, **more: Any) -> dict[str, Any]:
        """What a solver process is asked, beside the text of the case."""
        return {"set": self.set, "off": self.off, **more}


class TableShown(BaseModel):
    """A table of texts: one head a column; `numeric` columns are aligned to the right."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    numeric: list[bool]


class FigureShown(BaseModel):
    """A chart as a Vega-Lite specification, with the words and the table that say the same."""

    name: str
    title: str
    caption: str
    says: str
    spec: dict[str, Any] = Field(description="Vega-Lite, in the colours of light paper, without a configuration.")
    table: TableShown


def record_of(kind: type[Record], data: object) -> Record:
    """A frozen record from its plain data, as a run holds it; what the record does not know is left out.

    Raises
    ------
    Problem
        409 where the data are no such record: the run was made by another version of the program.

    Examples
    --------
    >>> from servanda.diagnosis.answers import BondPoint
    >>> record_of(BondPoint, {"bonds": [1, 2], "keep": 0.5, "sign": 1, "ratify": "inf", "holds": 0.5}).bonds
    (1.0, 2.0)
    """
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Problem(
            409,
            "conflict",
            f"this run cannot be read by this version of the program ({place}: {first['msg']})",
            "make the run again",
        ) from error


def table_shown(table: Table) -> TableShown:
    """A table of a report for a page."""
    return TableShown(
        caption=table.caption,
        columns=list(table.columns),
        rows=[list(row) for row in table.rows],
        numeric=[table.is_numeric(k) for k in range(len(table.columns))],
    )


def figures_shown(album: Mapping[str, Figure]) -> list[FigureShown]:
    """The figures of an album in its order."""
    shown = []
    for name, figure in album.items():
        spec = figure.chart.to_dict(validate=False)
        for needless in ("config", "$schema"):
            spec.pop(needless, None)
        shown.append(
            FigureShown(
                name=name, title=figure.title, caption=figure.caption, says=figure.alt, spec=spec,
                table=table_shown(figure.table),
            )
        )  # fmt: skip
    return shown


class DraftTold(BaseModel):
    """A draft alone on the table: its gates and how long it lasts."""

    draft: str
    title: str
    sign: float = Field(ge=0.0, le=1.0)
    ratify: float = Field(ge=0.0, le=1.0)
    keep: float = Field(ge=0.0, le=1.0)
    holds: float = Field(ge=0.0, le=1.0, description="Signed, ratified and kept.")
    life: float = Field(ge=0.0, description="Mean life once in force, years.")
    sentence: str


class VerdictTold(BaseModel):
    """The answer for one scenario, every number with everybody's play solved anew."""

    sentence: str
    probability: float = Field(ge=0.0, le=1.0, description="That the best draft is signed, ratified and kept.")
    settled: bool = Field(description="Play beyond the horizon became stationary; if not, the numbers are rough.")
    drafts: list[DraftTold]


def told(live: Live) -> dict[str, Any]:
    """A live answer as a page shows it: `VerdictTold` as plain data."""
    drafts = [
        {
            "draft": d.draft, "title": d.title, "sign": d.sign, "ratify": d.ratify, "keep": d.keep, "holds": d.holds,
            "life": d.mean_life, "sentence": d.sentence,
        }
        for d in live.drafts
    ]  # fmt: skip
    verdict = live.verdict
    return {
        "sentence": verdict.headline, "probability": verdict.probability, "settled": live.settled, "drafts": drafts
    }  # fmt: skip


async def ask(
    request: Request, name: str, asked: Scenario, function: str, *, seconds: float = 10.0, **more: Any
) -> Any:
    """The answer of a solver process for a version of a saved case.

    Raises
    ------
    Problem
        Unknown case, version, parameter or friction; a case with errors; or no answer within the limits.
    """
    saved = await run_in_threadpool(saved_case, request, name, asked.version)
    return await solvers(request).ask(saved.text, function, asked.payload(**more), seconds=seconds)


def saved_case(request: Request, name: str, version: int | None) -> SavedCase:
    """A version of a saved case, the newest if None.

    Raises
    ------
    Problem
        404 where there is none.
    """
    try:
        return store(request).case(name, version)
    except NotFoundError as error:
        raise Problem(404, "not-found", str(error)) from error


def result_of(request: Request, run: str, kinds: Iterable[str]) -> Any:
    """The result of a kept run of one of these kinds, as plain data.

    Raises
    ------
    Problem
        404 where there is no such run, or it is of another kind.
    """
    try:
        kept = store(request).run(run)
        if kept.kind in kinds:
            return store(request).result(kept)
    except NotFoundError as error:
        raise Problem(404, "not-found", str(error)) from error
    raise Problem(404, "not-found", f"the run `{run}` is of the kind `{kept.kind}`, which holds nothing of this")
