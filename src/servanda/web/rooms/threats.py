"""Threats: whether any enforcement could keep the drafts of a case, from the newest kept runs that asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from servanda.bounds.answers import Enforcement
from servanda.store import SavedRun
from servanda.web.pages import case_page
from servanda.web.problems import responses
from servanda.web.results import (
    FigureShown,
    Scenario,
    TableShown,
    figures_shown,
    record_of,
    result_of,
    saved_case,
    table_shown,
)
from servanda.web.rooms.frictions import MOST_RUNS, RunBrief, same_scenario
from servanda.web.state import store

router = APIRouter()
Case = Annotated[str, Path(max_length=64, description="Name of a saved case.")]
RunId = Annotated[str, Path(min_length=1, max_length=64, description="Id of a kept run, or its unique beginning.")]
KINDS = ("enforcement", "run")
Gains = tuple[float, float]


class PlaceShown(BaseModel):
    """What is within reach from one place; shares of the gains are None where there is nothing to gain together."""

    place: str
    share: float | None = Field(description="What threats could support.")
    kept_share: float | None = Field(description="… while neither side breaks or leaves the draft.")
    play_share: float | None = Field(description="What play as it is reaches.")
    turnover_share: float | None = Field(description="What it reaches as offices change hands.")
    play: Gains = Field(description="Gains of the two sides over no deal, points.")
    best: Gains | None = Field(description="The enforceable point with the largest share.")
    table: TableShown


class AnswerShown(BaseModel):
    """What threats could do for one draft, in words first."""

    answer: str
    keepable: bool | None = Field(description="Whether threats could keep the draft; null without a draft.")
    breaker: str | None = Field(description="The side that would break it whatever is promised.")
    sides: tuple[str, str]
    conditions: list[str]
    cautions: list[str]
    places: list[PlaceShown]
    patience: float | None = Field(description="Least discount factor per year at which the draft can be kept.")
    patience_asked: bool
    gain: float | None = Field(description="Largest gain from deviating, a share of the range of payoffs.")
    hair: bool | None = Field(description="Whether a change in the fifth digit of the payoffs moves the answer.")
    certificates: TableShown
    figure: FigureShown


class ThreatShown(BaseModel):
    """One draft ("": a case without drafts, as it stands): the answer, or the reason why there is none."""

    draft: str
    title: str
    run: RunBrief
    reason: str
    found: AnswerShown | None


class ThreatsShown(BaseModel):
    """The drafts about which a kept run has asked."""

    drafts: list[ThreatShown]
    shares: TableShown | None = Field(description="All that were answered side by side.")


@router.get("/cases/{name}/threats", include_in_schema=False)
def threats_page(request: Request, name: Case) -> Response:
    """The page of threats."""
    return case_page(request, name, "threats.html", title="Threats")


@router.post("/api/cases/{name}/threats", responses=responses("not-found", "bad-request", "conflict"), tags=["runs"])
def known(request: Request, name: Case, asked: Scenario) -> ThreatsShown:
    """What kept runs know of a scenario: for each draft the newest answer, before all one with its least patience."""
    written = saved_case(request, name, asked.version).digest
    found: dict[str, tuple[SavedRun, Mapping[str, Any]]] = {}
    for run in _runs(request, written):
        if not same_scenario(run, asked.set, asked.off):
            continue
        for one in parts_of(store(request).result(run)):
            draft = one["draft"] or ""
            if draft not in found or (_patient(one) and not _patient(found[draft][1])):
                found[draft] = (run, one)
    return threats_shown(found.values())


@router.get("/api/runs/{run}/threats", responses=responses("not-found", "conflict"), tags=["runs"])
def found_by(request: Request, run: RunId) -> ThreatsShown:
    """What one kept run found about what threats could do."""
    result = result_of(request, run, KINDS)
    kept = store(request).run(run)
    return threats_shown((kept, one) for one in parts_of(result))


def _runs(request: Request, digest: str) -> list[SavedRun]:
    """Runs of a text that may hold answers, the newest first."""
    kept = [run for kind in KINDS for run in store(request).runs(kind=kind, digest=digest, limit=MOST_RUNS)]
    whole = [run for run in kept if run.kind != "run" or run.options.get("diagnosis") or run.options.get("deep")]
    return sorted(whole, key=lambda run: run.created, reverse=True)


def parts_of(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The answers in the result of a run, draft by draft; none where nobody asked."""
    return list(result.get("threats") or ())


def _patient(one: Mapping[str, Any]) -> bool:
    return bool(one["found"] and one["found"]["patience_asked"])


def threats_shown(found: Iterable[tuple[SavedRun, Mapping[str, Any]]]) -> ThreatsShown:
    """Answers as the page shows them.

    Raises
    ------
    Problem
        409 where a run was made by another version of the program.
    """
    from servanda.report.enforced import shares_table
    from servanda.report.sheet import drawing

    answers: list[Enforcement] = []
    shown: list[ThreatShown] = []
    with drawing():
        for run, one in found:
            answer = record_of(Enforcement, one["found"]) if one["found"] else None
            answers += [] if answer is None else [answer]
            brief = RunBrief(id=run.id, created=run.created, seconds=run.seconds, headline=run.headline)
            shown.append(
                ThreatShown(
                    draft=one["draft"] or "", title=one["title"], run=brief, reason=one["reason"],
                    found=None if answer is None else _answer(answer),
                )
            )  # fmt: skip
    return ThreatsShown(drafts=shown, shares=table_shown(shares_table(answers)) if answers else None)


def _answer(found: Enforcement) -> AnswerShown:
    from servanda.report import enforced
    from servanda.report.sections import threat_figure

    places = [
        PlaceShown(
            place=one.place, share=one.share, kept_share=one.kept_share, play_share=one.play_share,
            turnover_share=one.turnover_share, play=one.play, best=one.best,
            table=table_shown(enforced.gains_table(found, one)),
        )
        for one in found.standings
    ]  # fmt: skip
    (figure,) = figures_shown({"threats": threat_figure(found)})
    return AnswerShown(
        answer=enforced.answer(found), keepable=found.keepable, breaker=found.breaker, sides=found.sides,
        conditions=enforced.conditions(found), cautions=enforced.cautions(found), places=places,
        patience=found.patience, patience_asked=found.patience_asked, gain=found.gain, hair=found.hair,
        certificates=table_shown(enforced.certificates(found)), figure=figure,
    )  # fmt: skip
