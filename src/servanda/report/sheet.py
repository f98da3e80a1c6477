"""A page of the report family: one HTML file with its styles, scripts, data and still pictures inside.

Every page has the same look and the same promises: it opens offline, asks the network for nothing, allows no scripts
but its own two, by digest, and text of a case reaches it only through the template's escaping or as escaped JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from servanda.report.bundle import chart_script
from servanda.report.charts.figure import Figure
from servanda.report.words import MONTHS, capital, full_date, likelihood, percent, percent_with_odds

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = (
    *("parts.html.j2", "sheet.html.j2", "page.html.j2", "diagnosis.html.j2", "threats.html.j2"),
    *("forecast.html.j2", "backtest.html.j2"),
)

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


@contextmanager
def drawing() -> Iterator[None]:
    """The time in which figures are made: the drawing engine wakes up beside, and nothing is checked.

    Specifications are checked by the tests; checking them again for every page would double its time.
    """
    from altair.utils import schemapi

    _warm_up()
    with schemapi.debug_mode(False):
        yield


def fill(
    template: str,
    album: Mapping[str, Figure],
    stills: Iterable[str],
    *,
    style: str = "",
    script: str = "",
    data: Mapping[str, object] | None = None,
    **context: object,
) -> str:
    """The text of a page: a template filled with figures and whatever else it names.

    Parameters
    ----------
    template
        The file name of one of `TEMPLATES`.
    album
        Figures by the name under which the template shows them, made while `drawing`.
    stills
        Figures of which readers without scripts see a picture; of the others they have words and the table.
    style
        Rules of style for this kind of page, after those of every page.
    script
        Code for this kind of page, before that of every page.
    data
        What the code reads beside the charts, as JSON will hold it.
    context
        Whatever else the template names.
    """
    with drawing():
        specifications = {name: figure.chart.to_dict(validate=False) for name, figure in album.items()}
    pictures = still_pictures(specifications, stills)
    for specification in specifications.values():
        specification.pop("config", None)
        specification.pop("$schema", None)
    bundle, own = chart_script(), script + asset("page.js")
    return (
        _environment()
        .get_template(template)
        .render(
            album=album,
            stills=pictures,
            charts=embedded({"config": live_config(), "charts": specifications, **(data or {})}),
            bundle=safe(bundle),
            script=safe(own),
            policy=policy(bundle, own),
            css=safe(asset("page.css") + style + dark_charts()),
            **context,
        )
    )


def still_pictures(specifications: Mapping[str, dict[str, Any]], names: Iterable[str]) -> dict[str, Markup]:
    """Pictures of some charts as addresses that hold the whole picture, fit for a double-quoted attribute."""
    import vl_convert

    _warm_up().join()
    pictures: dict[str, Markup] = {}
    for name in names:
        if name in specifications:
            svg = vl_convert.vegalite_to_svg(_still(specifications[name]))
            svg = _PLACES.sub(lambda found: _DECIMAL.sub("", found[0]), _NEEDLESS.sub("", svg))
            svg = _UNSEEN.sub("", svg).replace("<svg ", '<svg font-family="sans-serif" ', 1)
            svg = svg.replace("'", "&apos;").replace('"', "'")
            # Escaped already: `_PLAIN` lets through no character that could end the attribute.
            pictures[name] = safe("data:image/svg+xml," + quote(svg, safe=_PLAIN))
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


def live_config() -> dict[str, Any]:
    """The configuration of charts that stand on the paper of the page, light or dark."""
    from servanda.report.charts import theme

    return theme.config() | {"background": "transparent"}


def dark_charts() -> str:
    """Rules of style that turn the colours of charts into those for dark paper."""
    from servanda.report.charts import theme

    rules = (
        f':root[data-theme="dark"] .chart svg [{attribute}="{light}"] {{ {attribute}: {dark}; }}'
        for light, dark in theme.DARK.items()
        for attribute in ("fill", "stroke")
    )
    return "@media screen {\n" + "\n".join(rules) + "\n}\n"


def embedded(value: object) -> Markup:
    """A value as JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return safe(text)


def safe(text: str) -> Markup:
    """Text that goes into a page as it is: files of this program, or text escaped already."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - see above


def policy(*scripts: str) -> str:
    """A content policy that allows these scripts, by digest, and no other, and fetches nothing."""
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'" for script in scripts
    )
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def asset(name: str) -> str:
    """The text of a template, a style sheet or a script of this program."""
    return files("servanda.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _warm_up() -> Thread:
    """Start the drawing engine, which takes half a second, beside the making of the first charts."""
    import vl_convert

    smallest = {"data": {"values": [{}]}, "mark": "point"}
    thread = Thread(target=vl_convert.vegalite_to_svg, args=(smallest,), daemon=True)
    thread.start()
    return thread


@cache
def _environment() -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined

    environment = Environment(
        loader=DictLoader({name: asset(name) for name in TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_kept_together,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "full_date": full_date,
        "percent": percent,
        "percent_with_odds": percent_with_odds,
        "likelihood": likelihood,
        "capital": capital,
        "anchor": anchor,
    }
    return environment


def _kept_together(value: object) -> object:
    """Numbers and months stay on one line with their sign or year."""
    return _BREAKABLE.sub("\N{NO-BREAK SPACE}", value) if type(value) is str else value


def anchor(name: str) -> str:
    """A name fit for an address within the page.

    >>> anchor("tornado:question.any-deal-2025")
    'tornado-question-any-deal-2025'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"
