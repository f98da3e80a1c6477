"""The first page: what the workbench does, the cases at hand, what to start from, what runs and what has run."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from servanda.store import CaseVersion, SavedCase, SavedRun
from servanda.web.pages import page
from servanda.web.state import store

router = APIRouter()
FOUNDING, THEORY = "us-iran", "theory/"
GROUPS = {"founding": "The founding case", "historic": "Historic cases", "theory": "Theory cases with known answers"}
RECENT = 6


@dataclass(frozen=True)
class CaseAtHand:
    """A saved case in its newest version, and the last verdict if one was kept; `older` if a former version gave it."""

    case: SavedCase | CaseVersion
    verdict: str
    run: SavedRun | None
    older: bool


@router.get("/", include_in_schema=False)
def home(request: Request) -> Response:
    """The first page."""
    kept = store(request)
    cases = [_at_hand(case, kept.runs(case=case.name, kind="run", limit=1)) for case in kept.cases()]
    cases.sort(key=lambda each: each.case.saved_at, reverse=True)
    jobs = [job for job in kept.jobs() if job.state in ("queued", "running")]
    return page(
        request,
        "home.html",
        title="Can the agreement be kept?",
        cases=cases,
        shipped=shipped(),
        founding=FOUNDING,
        groups=GROUPS,
        jobs=jobs,
        runs=kept.runs(limit=RECENT),
        taken=[case.name for case in kept.cases()] + [case.name for case in kept.cases(archived=True)],
    )


def _at_hand(case: SavedCase | CaseVersion, runs: tuple[SavedRun, ...]) -> CaseAtHand:
    run = next(iter(runs), None)
    if run is None:
        return CaseAtHand(case, "", None, older=False)
    return CaseAtHand(case, run.headline, run, older=run.written != case.digest)


def shipped() -> list[tuple[str, list[tuple[str, str]]]]:
    """The shipped cases by group, as (name, title with its year): the founding one, history by date, theory by name.

    >>> [group for group, _ in shipped()], shipped()[0][1][0][0]
    (['founding', 'historic', 'theory'], 'us-iran')
    """
    from servanda.case.heads import heads

    found: dict[str, list[tuple[str, str, str]]] = {group: [] for group in GROUPS}
    for head in heads():
        group = "founding" if head.name == FOUNDING else "theory" if head.name.startswith(THEORY) else "historic"
        year = str(head.as_of.year) if head.as_of and group != "theory" else ""
        title = head.title if year in head.title else f"{head.title} ({year})"
        found[group].append((str(head.as_of) if group == "historic" else head.name, head.name, title))
    named = {group: [(name, title) for _, name, title in sorted(entries)] for group, entries in found.items()}
    return [(group, entries) for group, entries in named.items() if entries]
