"""A first case file for an analyst to make their own: a small dispute, commented, that runs at once."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from importlib import resources

from servanda.case.dates import add_months
from servanda.case.scalars import LONGEST_NAME

LEGAL_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NO_NAME = "dispute"

# What YAML reads as plain text wherever it stands, also between braces.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9()/-]*(?: [A-Za-z0-9()/-]+)*")
_NULLS = frozenset({"null"})


@dataclass(frozen=True)
class Beginning:
    """What a first case is made of; every text may be any one line.

    `ratifier` is who on side A must approve, nobody if empty; `start` is the first day played.
    """

    name: str
    title: str = "An agreement between two sides"
    side_a: str = "Side A"
    side_b: str = "Side B"
    a_gives: str = "relief from sanctions"
    b_gives: str = "a weapons programme"
    ratifier: str = ""
    start: date = field(default_factory=lambda: first_of_month(date.today()))


def first_of_month(day: date) -> date:
    """The first day of a month.

    >>> first_of_month(date(2022, 9, 17)).isoformat()
    '2022-09-01'
    """
    return day.replace(day=1)


def legal(name: str) -> bool:
    """Whether a text can name a case: small letters, digits and dashes between them.

    >>> legal("minsk"), legal("Minsk II"), legal("-")
    (True, False, False)
    """
    return LEGAL_NAME.fullmatch(name) is not None and len(name) <= LONGEST_NAME


def suggestion(text: str) -> str:
    """The legal name nearest to a text.

    >>> suggestion("Économie & Missiles (2)"), suggestion("…")
    ('economie-missiles-2', 'dispute')
    """
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    name = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST_NAME].strip("-")
    return name or NO_NAME


def yaml_text(text: str) -> str:
    """A one-line text as YAML reads it back, quoted where it must be.

    >>> print(yaml_text("Trade and missiles"), yaml_text("Trade: missiles"))
    Trade and missiles "Trade: missiles"
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _NULLS:
        return text
    return json.dumps(text, ensure_ascii=False)


def compose(beginning: Beginning, shown: str = "") -> str:
    """The text of a commented case file; `shown` is how the command line names it.

    Raises
    ------
    OverflowError
        If the calendar ends before twelve years have passed.

    Examples
    --------
    >>> from servanda.case import parse_text
    >>> parse_text(compose(Beginning("first", title="Trade: a first try"))).title
    'Trade: a first try'
    """
    from jinja2 import Environment, StrictUndefined

    page = Environment(  # noqa: S701 no HTML: texts are quoted for YAML
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    page.filters.update(text=yaml_text)
    template = resources.files("servanda.case").joinpath("beginning.yaml.jinja").read_text("utf-8")
    start = beginning.start
    return page.from_string(template).render(
        name=beginning.name,
        title=beginning.title,
        side_a=beginning.side_a,
        side_b=beginning.side_b,
        a_gives=beginning.a_gives,
        b_gives=beginning.b_gives,
        ratifier=beginning.ratifier,
        shown=shown or beginning.name,
        start=start.isoformat(),
        election=add_months(start, 25).isoformat(),
        in_two_years=add_months(start, 24).isoformat(),
        in_five_years=add_months(start, 60).isoformat(),
        in_ten_years=add_months(start, 120).isoformat(),
    )
