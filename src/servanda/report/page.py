"""The report of a run: one HTML file that opens offline, asks the network for nothing and is written whole or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from servanda.analysis.threats import could_be_asked
from servanda.forecast.vocabulary import words
from servanda.report import diagnosed, enforced, sections, switchboard
from servanda.report.assumptions import chapters, web_address
from servanda.report.charts import figures
from servanda.report.charts.shares import ranked
from servanda.report.sheet import asset, drawing, fill
from servanda.report.words import GRADES
from servanda.runs import Run
from servanda.writing import atomic_write

# Readers without scripts see still pictures of these; of the rest they have the tables.
STILL = (
    *("gates", "survival", "endings", "credibility", "frictions", "outcomes", "questions"),
    *("shares", "bond-frontier", "designs", "mirage", "windows"),
)
MOST_REPAIRS = 10


def html(run: Run) -> str:
    """The report of a run as the text of one self-contained HTML page.

    Returns
    -------
    str
        Complete HTML with styles, scripts, data and still pictures inside.
    """
    threats = sections.threats(run)
    with drawing():
        album = figures(run) | sections.threat_figures(threats)
    lattice, found = run.diagnosis.lattice, with_threats(diagnosed.rooms(run), asked=could_be_asked(run.case))
    board = switchboard.switchboard(lattice)
    why = [f"why:{v.draft}" for v in run.drafts if f"why:{v.draft}" in album]
    return fill(
        "page.html.j2",
        album,
        (*STILL, *(name for name in album if name.startswith("threats:"))),
        script=asset("lattice.js"),
        data={"lattice": switchboard.data(lattice)},
        run=run,
        case=run.case,
        rooms=rooms(found, why=bool(why)),
        drafts=[sections.draft_brief(run, verdict) for verdict in run.drafts],
        chapters=chapters(run.case, run.provenance.settings),
        sources=[(s.name, s.title, web_address(s.url), s.grade) for s in run.case.sources],
        grades=GRADES,
        notes=_blocks(run.case.notes),
        sections=sections,
        why=why,
        headline_words=words(run.verdict.probability),
        in_short=sections.in_short(run),
        threats=threats,
        enforced=enforced,
        sections_shown=[name for name, _ in found],
        words=diagnosed,
        board=board,
        drawn=ranked,
        pairs=switchboard.singles_and_pairs(lattice) if lattice is not None and board is not None else None,
        most_repairs=MOST_REPAIRS,
        sides={side.name: side.title or side.name for side in run.case.sides},
        titles={draft.name: draft.title or draft.name for draft in run.case.drafts},
    )


def rooms(found: Sequence[tuple[str, str]], *, why: bool) -> tuple[tuple[str, str], ...]:
    """The sections of the page around those of the diagnosis, as (anchor, title in the contents)."""
    before = (
        ("bottom-line", "Bottom line"),
        ("drafts", "Drafts by gate"),
        ("lasting", "What ends them"),
        ("credibility", "Who is tempted"),
        *((("why", "Why"),) if why else ()),
    )
    after = (
        ("forecast", "Forecast"),
        ("quantities", "Quantities"),
        ("assumptions", "Assumptions"),
        ("method", "Method"),
    )
    return (*before, *found, *after)


def with_threats(found: Sequence[tuple[str, str]], *, asked: bool) -> tuple[tuple[str, str], ...]:
    """The sections of the diagnosis with that of threats, where it can be asked for, after what it would take."""
    names = [name for name, _ in found]
    after = max((names.index(name) + 1 for name in ("frictions", "remedies") if name in names), default=0)
    return (*found[:after], *([("threats", "Threats")] if asked else []), *found[after:])


def write(run: Run, path: Path) -> Path:
    """Write the report of a run to `path`, making its folder; returns the path.

    Raises
    ------
    OSError
        If the file cannot be written; an older report at `path` then stays as it was.
    """
    atomic_write(path, html(run))
    return path


def _blocks(text: str) -> list[tuple[str, list[str]]]:
    """Plain reading of a light mark-up: headings, lists and paragraphs as (kind, lines); nothing becomes HTML."""
    blocks: list[tuple[str, list[str]]] = []
    kind = ""
    for line in (*text.splitlines(), ""):
        stripped = line.strip()
        if not stripped:
            kind = ""
        elif stripped.startswith("#"):
            blocks.append(("heading", [stripped.lstrip("# ")]))
            kind = ""
        elif stripped[:2] in ("- ", "* "):
            if kind != "list":
                blocks.append(("list", []))
            blocks[-1][1].append(stripped[2:])
            kind = "list"
        elif kind in ("list", "paragraph"):
            blocks[-1][1][-1] += " " + stripped
        else:
            blocks.append(("paragraph", [stripped]))
            kind = "paragraph"
    return blocks
