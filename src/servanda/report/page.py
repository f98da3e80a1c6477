"""The report: one HTML file that opens offline, asks the network for nothing and is written whole or not at all.

The content policy of the page allows the two scripts it carries, by digest, and no other; text of the case reaches
the page only through the template's escaping or as escaped JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from servanda.forecast.vocabulary import words
from servanda.report import diagnosed, sections, switchboard
from servanda.report.assumptions import chapters, web_address
from servanda.report.bundle import atomic_write, chart_script
from servanda.report.charts import Figure, figures
from servanda.report.charts.shares import ranked
from servanda.report.words import GRADES, MONTHS, capital, full_date, likelihood, percent_with_odds, points
from servanda.runs import Run

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# Readers without scripts see still pictures of these; of the rest they have the tables.
STILL = (
    *("gates", "survival", "endings", "credibility", "frictions", "outcomes", "questions"),
    *("shares", "bond-frontier", "designs", "mirage", "windows"),
)
TEMPLATES = ("page.html.j2", "diagnosis.html.j2")
MOST_REPAIRS = 10

# What may stand unescaped in an address of a picture inside a double-quoted attribute.
_PLAIN = " ='/:;,.()-+*!@$~"
_NEEDLESS = re.compile(
    r' (?:aria-[a-z]+|role|pointer-events|class)="[^"]*"| (?:fill-|stroke-)?opacity="1"| stroke-miterlimit="10"'
    r'| transform="translate\(0,0\)"| font-family="sans-serif"'
)
# Paths without paint, and groups with nothing in them, leave no mark.
_UNSEEN = re.compile(r'<path d="[^"]*"/>|<g></g>')
_MONTH = "|".join(MONTHS)
_BREAKABLE = re.compile(rf"(?<=\d) (?=%|(?:{_MONTH})\b)|(?<=\b(?:{_MONTH})) (?=\d{{4}}\b)")
_PLACES = re.compile(r' (?:d|transform|[xy]2)="[^"]*"')
_DECIMAL = re.compile(r"(?<=\d)\.\d+")


def html(run: Run) -> str:
    """The report of a run as the text of one self-contained HTML page.

    Returns
    -------
    str
        Complete HTML with styles, scripts, data and still pictures inside.
    """
    warming = _warm_up()
    from altair.utils import schemapi

    # Specifications are checked by the tests; checking them again on every run would double the time of a report.
    with schemapi.debug_mode(False):
        album = figures(run)
        specifications = {name: figure.chart.to_dict(validate=False) for name, figure in album.items()}
    warming.join()
    stills = _stills(specifications)
    for specification in specifications.values():
        specification.pop("config", None)
        specification.pop("$schema", None)
    bundle, script = chart_script(), _asset("lattice.js") + _asset("page.js")
    lattice, rooms = run.diagnosis.lattice, diagnosed.rooms(run)
    board = switchboard.switchboard(lattice)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=run,
            case=run.case,
            album=album,
            stills=stills,
            charts=_embedded(
                {"config": _live_config(), "charts": specifications, "lattice": switchboard.data(lattice)}
            ),
            bundle=_safe(bundle),
            script=_safe(script),
            policy=_policy(bundle, script),
            css=_safe(_asset("page.css") + _dark_charts()),
            drafts=[sections.draft_brief(run, verdict) for verdict in run.drafts],
            chapters=chapters(run.case, run.provenance.settings),
            sources=[(s.name, s.title, web_address(s.url), s.grade) for s in run.case.sources],
            grades=GRADES,
            notes=_blocks(run.case.notes),
            sections=sections,
            why=[f"why:{v.draft}" for v in run.drafts if f"why:{v.draft}" in album],
            headline_words=words(run.verdict.probability),
            in_short=diagnosed.brief(run.diagnosis),
            rooms=rooms,
            sections_shown=[name for name, _ in rooms],
            words=diagnosed,
            board=board,
            drawn=ranked,
            pairs=switchboard.singles_and_pairs(lattice) if lattice is not None and board is not None else None,
            most_repairs=MOST_REPAIRS,
            sides={side.name: side.title or side.name for side in run.case.sides},
            titles={draft.name: draft.title or draft.name for draft in run.case.drafts},
        )
    )


def write(run: Run, path: Path) -> Path:
    """Write the report of a run to `path`, making its folder; returns the path.

    Raises
    ------
    OSError
        If the file cannot be written; an older report at `path` then stays as it was.
    """
    atomic_write(path, html(run))
    return path


def _live_config() -> dict[str, Any]:
    from servanda.report.charts import theme

    return theme.config() | {"background": "transparent"}


def _dark_charts() -> str:
    from servanda.report.charts import theme

    rules = (
        f':root[data-theme="dark"] .chart svg [{attribute}="{light}"] {{ {attribute}: {dark}; }}'
        for light, dark in theme.DARK.items()
        for attribute in ("fill", "stroke")
    )
    return "@media screen {\n" + "\n".join(rules) + "\n}\n"


def _warm_up() -> Thread:
    """Start the drawing engine, which takes half a second, beside the making of the charts."""
    import vl_convert

    smallest = {"data": {"values": [{}]}, "mark": "point"}
    thread = Thread(target=vl_convert.vegalite_to_svg, args=(smallest,), daemon=True)
    thread.start()
    return thread


def _stills(specifications: Mapping[str, dict[str, Any]]) -> dict[str, Markup]:
    import vl_convert

    pictures: dict[str, Markup] = {}
    for name in STILL:
        if name in specifications:
            svg = vl_convert.vegalite_to_svg(_still(specifications[name]))
            svg = _PLACES.sub(lambda found: _DECIMAL.sub("", found[0]), _NEEDLESS.sub("", svg))
            svg = _UNSEEN.sub("", svg).replace("<svg ", '<svg font-family="sans-serif" ', 1)
            svg = svg.replace("'", "&apos;").replace('"', "'")
            # Escaped already: `_PLAIN` lets through no character that could end the attribute.
            pictures[name] = _safe("data:image/svg+xml," + quote(svg, safe=_PLAIN))
    return pictures


def _still(specification: dict[str, Any]) -> dict[str, Any]:
    """The specification without what a still picture cannot use (dots on lines, unseen marks) and a short font name."""

    def unseen(layer: Any) -> bool:
        return isinstance(layer, dict) and isinstance(layer.get("mark"), dict) and layer["mark"].get("opacity") == 0

    def thin(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            dotted = value.get("type") == "line"
            return {name: thin(part, name) for name, part in value.items() if not (dotted and name == "point")}
        if isinstance(value, list) and key != "values":
            return [thin(part) for part in value if not unseen(part)]
        return value

    thinned: dict[str, Any] = thin(specification)
    thinned["config"] = thinned["config"] | {"font": "sans-serif"}
    return thinned


def _embedded(value: object) -> Markup:
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no character of markup is left in it


def _safe(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - files of this program, or text escaped already


def _policy(*scripts: str) -> str:
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'" for script in scripts
    )
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> str:
    return files("servanda.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined

    environment = Environment(
        loader=DictLoader({name: _asset(name) for name in TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_kept_together,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "full_date": full_date,
        "points": points,
        "percent": percent_with_odds,
        "likelihood": likelihood,
        "capital": capital,
        "anchor": _anchor,
        "friction_title": diagnosed.friction_title,
    }
    environment.tests["figure"] = lambda value: isinstance(value, Figure)
    return environment


def _kept_together(value: object) -> object:
    """Numbers and months stay on one line with their sign or year."""
    return _BREAKABLE.sub("\N{NO-BREAK SPACE}", value) if type(value) is str else value


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"


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
