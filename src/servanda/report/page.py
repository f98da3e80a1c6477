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
from typing import TYPE_CHECKING, Any

from servanda.forecast.vocabulary import words
from servanda.report import sections
from servanda.report.assumptions import chapters, web_address
from servanda.report.bundle import atomic_write, chart_script
from servanda.report.charts import Figure, figures
from servanda.report.words import GRADES, MONTHS, capital, full_date, likelihood, percent_with_odds, points
from servanda.run import Run

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# Readers without scripts see still pictures of these; of the rest they have the tables.
STILL = ("gates", "survival", "endings", "credibility", "frictions", "outcomes", "questions", "indicators")

_NEEDLESS = re.compile(r' (?:aria-[a-z]+|role|pointer-events|class)="[^"]*"')
_MONTH = "|".join(MONTHS)
_BREAKABLE = re.compile(rf"(?<=\d) (?=%|(?:{_MONTH})\b)|(?<=\b(?:{_MONTH})) (?=\d{{4}}\b)")
_LONG_DECIMAL = re.compile(r"(\d+\.\d)\d+")


def html(run: Run) -> str:
    """The report of a run as the text of one self-contained HTML page.

    Returns
    -------
    str
        Complete HTML with styles, scripts, data and still pictures inside.
    """
    from altair.utils import schemapi

    # Specifications are checked by the tests; checking them again on every run would double the time of a report.
    with schemapi.debug_mode(False):
        album = figures(run)
        specifications = {name: figure.chart.to_dict(validate=False) for name, figure in album.items()}
    stills = _stills(specifications)
    for specification in specifications.values():
        specification.pop("config", None)
        specification.pop("$schema", None)
    bundle, script = chart_script(), _asset("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=run,
            case=run.case,
            album=album,
            stills=stills,
            charts=_embedded({"config": _live_config(), "charts": specifications}),
            bundle=_safe(bundle),
            script=_safe(script),
            policy=_policy(bundle, script),
            css=_safe(_asset("page.css") + _dark_charts()),
            drafts=[sections.draft_brief(run, verdict) for verdict in run.drafts],
            chapters=chapters(run.case),
            sources=[(s.name, s.title, web_address(s.url), s.grade) for s in run.case.sources],
            grades=GRADES,
            notes=_blocks(run.case.notes),
            sections=sections,
            why=[f"why:{v.draft}" for v in run.drafts if f"why:{v.draft}" in album],
            headline_words=words(run.verdict.probability),
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


def _stills(specifications: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    import vl_convert

    pictures = {}
    for name in STILL:
        if name in specifications:
            svg = vl_convert.vegalite_to_svg(_without_points(specifications[name]))
            svg = _LONG_DECIMAL.sub(r"\1", _NEEDLESS.sub("", svg))
            pictures[name] = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
    return pictures


def _without_points(specification: dict[str, Any]) -> dict[str, Any]:
    """The specification without the dots on its lines and with a short font name: a tenth of the size as SVG."""

    def thin(value: Any) -> Any:
        if isinstance(value, dict):
            dotted = value.get("type") == "line"
            return {key: thin(part) for key, part in value.items() if not (dotted and key == "point")}
        return value if not isinstance(value, list) or key_is_data(value) else [thin(part) for part in value]

    def key_is_data(value: list[Any]) -> bool:
        return bool(value) and isinstance(value[0], dict) and "date" in value[0]

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

    return Markup(text)  # noqa: S704 - files of this program, never text of a case


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
        loader=DictLoader({"page.html.j2": _asset("page.html.j2")}),
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
        elif kind == "list":
            blocks[-1][1][-1] += " " + stripped
        elif kind == "paragraph":
            blocks[-1][1][-1] += " " + stripped
        else:
            blocks.append(("paragraph", [stripped]))
            kind = "paragraph"
    return blocks
