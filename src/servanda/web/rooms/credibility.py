"""Credibility through time: how tempted each office-holder is to break or leave a draft in force, and who ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from servanda.web.pages import case_page
from servanda.web.problems import Problem
from servanda.web.results import Scenario, ask
from servanda.web.rooms.verdict import SOLVING, Case, Event, Share, clipped

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.diagnosis.findings import CredibilityGap, Ending
    from servanda.live import Bench

router = APIRouter()
ANSWER = "servanda.web.rooms.credibility:answer"
# Endings less likely than this are added up.
LEAST = 0.005
# Moments less likely than this do not count for who is tempted most.
LIKELY = 0.05
MOST_ENDINGS = 6


class OfDraft(Scenario):
    """A scenario and one draft, the first of the case if none is named."""

    draft: Annotated[str, Field(max_length=200, description="Name of a draft.")] = ""


class Holder(BaseModel):
    """One office-holder through time; a gap above zero is a temptation, null where the holder never decides."""

    actor: str
    title: str
    side: str
    gap: list[float | None] = Field(description="Points of present value, one a period.")
    weight: list[Share] = Field(description="Probability that the holder decides then with the draft running.")
    tempted: list[Share] = Field(description="The share of it in which breaking or leaving is better.")
    option: list[str] = Field(description="What tempts most.")


class EndingShown(BaseModel):
    """One way the draft ends: `by_date` the probability that it has ended so by the end of each period."""

    kind: str
    label: str
    probability: Share
    by_date: list[Share]
    peak: date | None = Field(description="First day of the period in which it is likeliest.")


class CredibilityAnswer(BaseModel):
    """One draft, alone on the table and put in force at the start."""

    draft: str
    title: str
    dates: list[date]
    keep: Share = Field(description="Kept to the horizon or to its own lawful end.")
    life: float = Field(ge=0.0, description="Mean life, years up to the horizon.")
    alive: list[Share]
    holders: list[Holder]
    endings: list[EndingShown]
    events: list[Event]
    sentence: str = Field(description="Whether anybody is tempted.")
    detail: str = Field(description="Who most, when and by what.")


@router.get("/cases/{name}/credibility", include_in_schema=False)
def credibility_page(request: Request, name: Case) -> Response:
    """The page of credibility through time."""
    return case_page(request, name, "credibility.html", title="Credibility")


@router.post("/api/cases/{name}/credibility", responses=SOLVING, tags=["live"])
async def credibility(request: Request, name: Case, asked: OfDraft) -> CredibilityAnswer:
    """Who is tempted to break or leave a draft in force, when, and what ends it."""
    return CredibilityAnswer.model_validate(await ask(request, name, asked, ANSWER, draft=asked.draft))


def draft_index(case: ResolvedCase, name: str) -> int:
    """The place of a draft in the case; of the first, if no name is given.

    Raises
    ------
    Problem
        Where the case has no such draft, or none at all.
    """
    if not case.drafts:
        raise Problem(422, "unknown-draft", "no draft is on the table", "write a draft into the case first")
    names = [draft.name for draft in case.drafts]
    if not name:
        return 0
    if name not in names:
        raise Problem(422, "unknown-draft", f"no draft is called `{name[:80]}`", f"drafts: {', '.join(names)[:300]}")
    return names.index(name)


def answer(bench: Bench, values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """Temptation, survival and endings of one draft (runs in a solver process)."""
    from servanda.diagnosis.credibility import temptation_of
    from servanda.diagnosis.survival import survival_of
    from servanda.forecast.propagation import calendar

    index = draft_index(bench.case, ask.get("draft") or "")
    draft = bench.case.drafts[index]
    play = bench.alone(draft.name, values)
    life = survival_of(play, index)
    gaps = temptation_of(play, index).gaps
    dates = play.compiled.dates[: play.periods + 1]
    title = draft.title or draft.name
    said, detail = sentences(title, gaps, dates)
    return {
        "draft": draft.name,
        "title": title,
        "dates": [day.isoformat() for day in dates],
        "keep": clipped(life.kept),
        "life": life.mean_life_years,
        "alive": [clipped(p) for p in life.alive],
        "holders": [
            {
                "actor": gap.actor, "title": gap.actor_title, "side": gap.side, "gap": list(gap.gap),
                "weight": [clipped(w) for w in gap.weight], "tempted": [clipped(w) for w in gap.tempted],
                "option": list(gap.option),
            }
            for gap in gaps
        ],
        "endings": _endings(life.endings, len(dates) - 1),
        "events": [{"date": e.date.isoformat(), "label": e.label} for e in calendar(bench.compiled)],
        "sentence": said,
        "detail": detail,
    }  # fmt: skip


def _endings(found: Sequence[Ending], periods: int) -> list[dict[str, Any]]:
    """The likeliest endings one by one, the rest added up."""
    from servanda.report.words import ENDING_TITLES, counted

    listed = [e for e in found if e.probability >= LEAST][:MOST_ENDINGS]
    rest = [e for e in found if e not in listed and e.probability > 0.0]
    shown: list[dict[str, Any]] = [
        {
            "kind": ENDING_TITLES[e.kind], "label": e.label, "probability": clipped(e.probability),
            "by_date": [clipped(p) for p in e.by_date], "peak": e.peak_date.isoformat(),
        }
        for e in listed
    ]  # fmt: skip
    if rest:
        together = [clipped(sum(e.by_date[t] for e in rest)) for t in range(periods)]
        label = counted(len(rest), "other way" if listed else "way")
        label += ", each rarer" if listed and len(rest) > 1 else ""
        shown.append({"kind": "other", "label": label, "probability": together[-1], "by_date": together, "peak": None})
    return shown


def sentences(title: str, gaps: Sequence[CredibilityGap], dates: Sequence[date]) -> tuple[str, str]:
    """Whether anybody is tempted, and who most, when and by what; only likely moments count, as for the third gate."""
    from servanda.report.words import month, percent

    found = [
        (value, gap, t)
        for gap in gaps
        for t, value in enumerate(gap.gap)
        if value is not None and gap.weight[t] >= LIKELY
    ]
    if not found:
        return f"Nobody who can break or leave “{title}” is likely to decide while it runs.", ""
    value, gap, t = max(found, key=lambda entry: entry[0])
    when, what = month(dates[t]), f"“{gap.option[t]}”"
    reached = "Of the moments that at least one course of events in twenty reaches, this is the most tempting"
    if value > 0.0:
        detail = f"{what} is then better than keeping by {value:.1f} points of present value, on average"
        detail += f"; better at all in {percent(gap.tempted[t])} of the situations. {reached}."
        return f"Tempted most: {gap.actor_title}, in {when}.", detail
    detail = f"Nearest to it is {gap.actor_title} in {when}: keeping is better than {what} by {-value:.1f} points"
    return "Nobody in office is tempted, on average.", f"{detail}. {reached}."
