"""The assumptions of a case as rows for a reader: value, range, unit, grade, sources, note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from servanda.case.resolved import Citation, Parameter, Price, ResolvedCase, Source
from servanda.report.words import grade_title, number

JUDGEMENT = "judgement"


@dataclass(frozen=True, slots=True)
class Reference:
    """A source by title; `url` is empty where there is none or it is no web address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """One number of the case; `range` is the distribution as written, a dash for a certain number."""

    name: str
    title: str
    value: str
    range: str
    unit: str
    grade: str
    grade_title: str
    sources: tuple[Reference, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """Assumptions of one kind under a heading."""

    name: str
    title: str
    rows: tuple[Assumption, ...]


def web_address(url: str) -> str:
    """The address if it is plain http or https, else nothing: no other scheme becomes a link.

    >>> web_address("https://www.iaea.org/x"), web_address("javascript:alert(1)")
    ('https://www.iaea.org/x', '')
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def _cited(citation: Citation, sources: Mapping[str, Source]) -> tuple[Reference, ...]:
    found = []
    for name in citation.sources:
        if name in sources:
            found.append(Reference(sources[name].title, web_address(sources[name].url)))
        else:
            found.append(Reference(name, ""))
    return tuple(found)


def _row(name: str, title: str, value: str, citation: Citation, sources: Mapping[str, Source],
         *, range_: str = "–", unit: str = "") -> Assumption:  # fmt: skip
    return Assumption(
        name, title, value, range_, unit, citation.grade, grade_title(citation.grade) if citation.grade else "",
        _cited(citation, sources), citation.note,
    )  # fmt: skip


def _parameter(parameter: Parameter, chosen: str | None, sources: Mapping[str, Source]) -> Assumption:
    uncertain = parameter.number
    central = number(uncertain.central)
    row = _row(
        parameter.name,
        parameter.title,
        central,
        parameter.citation,
        sources,
        range_="–" if uncertain.certain else uncertain.text,
        unit=parameter.unit,
    )
    if chosen is None:
        return row
    note = f"Set for this run; the case says {central}."
    return replace(row, value=number(float(chosen)), note=f"{note} {row.note}".strip())


def _prices(prices: Iterable[Price]) -> str:
    return "; ".join(f"{p.actor}, {p.term}: {p.worth.text}" for p in prices)


def chapters(case: ResolvedCase, settings: Iterable[tuple[str, str]] = ()) -> tuple[Chapter, ...]:
    """Every assumption of a case, by kind, in the order of the file; kinds with nothing to show are left out.

    Parameters
    ----------
    case
        The resolved case.
    settings
        Settings of the run as (name, value); `set NAME` gives the value of a parameter used instead of the central one.
    """
    chosen = {name.removeprefix("set "): value for name, value in settings if name.startswith("set ")}
    sources = {source.name: source for source in case.sources}
    parameters = tuple(_parameter(p, chosen.get(p.name), sources) for p in case.parameters)
    actor_titles = {actor.name: actor.title or actor.name for actor in case.actors}
    payoffs = []
    for term in case.payoffs:
        value = term.worth.text
        if term.per is not None:
            value += f" per {term.per.text}"
        if term.when is not None:
            value += f", when {term.when.text}"
        payoffs.append(
            _row(term.name, actor_titles.get(term.actor, term.actor), value, term.citation, sources,
                 unit="points per year")
        )  # fmt: skip
    actors = tuple(
        _row(a.name, a.title, f"discount {a.discount.text}, decisiveness {a.decisiveness.text}", a.citation, sources,
             unit="per year; points")
        for a in case.actors
    )  # fmt: skip
    moves = tuple(
        _row(f"{d.name}: {o.name}", o.title or d.title, _prices(o.prices) or "no price", o.citation, sources,
             unit="points, once" if o.prices else "")
        for d in case.decisions
        for o in d.options
    )  # fmt: skip
    chance = tuple(
        _row(e.name, e.title, _odds(e.timing.amount.text if e.timing.amount else "", [o.odds for o in e.outcomes]),
             e.citation, sources, unit="yearly rate" if e.timing.kind == "rate" else "odds")
        for e in case.chance
    )  # fmt: skip
    found = (
        Chapter("parameters", "Parameters", parameters),
        Chapter("payoffs", "Payoff terms", tuple(payoffs)),
        Chapter("actors", "Actors", actors),
        Chapter("moves", "Moves and their prices", moves),
        Chapter("chance", "Chance events", chance),
    )
    return tuple(chapter for chapter in found if chapter.rows)


def _odds(amount: str, outcomes: Iterable[object]) -> str:
    texts = [getattr(odds, "text", "the rest") for odds in outcomes]
    parts = [amount] if amount else []
    if len(texts) > 1:
        parts.append("outcomes " + " / ".join(texts))
    return ", ".join(parts) or "surely"
