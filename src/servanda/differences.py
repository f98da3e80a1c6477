"""What differs between two inputs: two resolved cases with the values set in each, or two drafts.

Compared is the written form of the resolved cases, in which nothing is implied. Whatever has a name is matched by its
name, never by its place in a list; where the same names come in another order, that is a difference of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from servanda.case.resolved import Parameter, ResolvedCase
from servanda.case.written import Plain, number_text, plain

_WORDING = frozenset(
    {"case", "title", "description", "notes", "note", "source", "grade", "url", "summary", "mechanism", "text"}
)
_CITED = frozenset({"source", "grade", "note"})
# Below these keys stand names the author chose, which may be spelt like the keys above.
_FREE = frozenset({"terms", "off", "effects", "choices", "positions"})
# Sections of sections: what only one side has is listed by its parts.
_DEEP = frozenset({"payoffs", "protocol", "draft"})


@dataclass(frozen=True, slots=True)
class InputDifference:
    """One place where two inputs differ; `a` and `b` are what stands there, empty where a side has nothing.

    `what` is a dotted path of names (``parameters.oil_relief``); `wording` is True where titles, notes, sources or
    grades differ, which moves no result.
    """

    what: str
    a: str
    b: str
    wording: bool = False


def case_differences(
    a: ResolvedCase, b: ResolvedCase, set_a: Mapping[str, float], set_b: Mapping[str, float]
) -> tuple[InputDifference, ...]:
    """Every place where two cases differ: parameters first, then the order of the file, wording last.

    Parameters
    ----------
    set_a, set_b : values that stand in for central ones

    Examples
    --------
    >>> from servanda.case import read
    >>> case = read("theory/holdup-bond")
    >>> case_differences(case, case, {}, {})
    ()
    >>> [(d.what, d.a, d.b) for d in case_differences(case, case, {}, {"bond": 2.0})]
    [('parameters.bond', '7', '2, set (central 7)')]
    """
    found = list(_parameters(a, b, set_a, set_b))
    sides = [{key: part for key, part in plain(case).items() if key != "parameters"} for case in (a, b)]
    found += _walk((), *sides)
    return _in_order(found)


def draft_differences(a: ResolvedCase, draft_a: str, b: ResolvedCase, draft_b: str) -> tuple[InputDifference, ...]:
    """Every place where two drafts differ, of one case or of two: form and what it costs, terms, phases, sunset, ….

    Raises
    ------
    KeyError
        If a case has no such draft.

    Examples
    --------
    >>> from servanda.case import read
    >>> case = read("theory/two-level-ratification")
    >>> [(d.what, d.a, d.b) for d in draft_differences(case, "x00", case, "x20") if not d.wording]
    [('draft.terms.x', '0', '1')]
    """
    return _in_order(list(_walk(("draft",), _draft(a, draft_a), _draft(b, draft_b))))


def _draft(case: ResolvedCase, name: str) -> Plain:
    written = plain(case)
    draft: Plain = dict(written["drafts"][name])
    forms = written.get("protocol", {}).get("forms", {})
    draft["form"] = {"name": draft.get("form", ""), **forms.get(draft.get("form", ""), {})}
    return draft


def _in_order(found: list[InputDifference]) -> tuple[InputDifference, ...]:
    return tuple(sorted(found, key=lambda difference: difference.wording))


def _parameters(
    a: ResolvedCase, b: ResolvedCase, set_a: Mapping[str, float], set_b: Mapping[str, float]
) -> Iterator[InputDifference]:
    here, there = ({p.name: p for p in case.parameters} for case in (a, b))
    kept: list[Plain] = []
    for case in (a, b):
        described = plain(case).get("parameters", {})
        kept.append(
            {
                name: {key: part for key, part in parts.items() if key not in ("value", "central")}
                for name, parts in described.items()
            }
        )
    for name in _union(_union(here, there), _union(set_a, set_b)):
        one, other = here.get(name), there.get(name)
        if _number(one, set_a.get(name)) != _number(other, set_b.get(name)):
            path = f"parameters.{name}"
            yield InputDifference(path, _shown(one, set_a.get(name)), _shown(other, set_b.get(name)))
        if one is not None and other is not None:
            # what is ranked stands under its ranking
            yield from _walk(("parameters", name), kept[0].get(name, {}), kept[1].get(name, {}))
    yield from _order(("parameters",), here, there)


def _number(parameter: Parameter | None, value: float | None) -> tuple[object, ...]:
    """What identifies a number: the value in use, the central one and the distribution (choices have a place below)."""
    if parameter is None:
        return (value,)
    number = parameter.number
    used = number.central if value is None else value
    return used, number.central, number.kind, number.arguments, tuple((name, odds) for name, _, odds in number.choices)


def _shown(parameter: Parameter | None, value: float | None) -> str:
    if parameter is None:
        return "" if value is None else f"{number_text(value)}, set"
    number = parameter.number
    spread = "" if number.certain else number.text
    if value is None:
        return number_text(number.central) + (f" ({spread})" if spread else "")
    return f"{number_text(value)}, set (central {number_text(number.central)}{f', {spread}' if spread else ''})"


def _walk(path: tuple[str, ...], a: Any, b: Any) -> Iterator[InputDifference]:
    one, other = _by_name(a), _by_name(b)
    if not a and _listed_by_parts(path, b):
        one = {}
    if not b and _listed_by_parts(path, a):
        other = {}
    if one is None or other is None:
        text_a, text_b = _text(a), _text(b)
        if text_a != text_b:
            leaf = one is None and other is None
            yield InputDifference(".".join(path), text_a, text_b, path[0] == "sources" or (leaf and _is_wording(path)))
        return
    for key in _union(one, other):
        yield from _walk((*path, key), one.get(key), other.get(key))
    yield from _order(path, one, other)


def _order(path: tuple[str, ...], a: Mapping[str, object], b: Mapping[str, object]) -> Iterator[InputDifference]:
    shared_a, shared_b = [k for k in a if k in b], [k for k in b if k in a]
    if shared_a != shared_b:
        yield InputDifference(f"{'.'.join(path)} (order)", ", ".join(shared_a), ", ".join(shared_b))


def _listed_by_parts(path: tuple[str, ...], only: Any) -> bool:
    """Whether what one side lacks is listed entry by entry: sections, and lists of named things."""
    if not isinstance(only, dict):
        return _by_name(only) is not None
    return len(path) == 1 or (len(path) == 2 and path[0] in _DEEP)


def _is_wording(path: tuple[str, ...]) -> bool:
    chosen = any(key in _FREE or key.endswith("price") for key in path[:-1])
    return path[-1] in _WORDING and not chosen


def _union(a: Iterable[str], b: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*a, *b)))


def _by_name(value: Any) -> dict[str, Any] | None:
    """A mapping, or a list of mappings as one keyed by what names its entries; None for texts."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        return None
    found: dict[str, Any] = {}
    for entry in value:
        name, again = _name(entry), 2
        while name in found:
            name, again = f"{_name(entry)} #{again}", again + 1
        found[name] = entry
    return found


def _name(entry: Plain) -> str:
    """What tells an entry of a list from its neighbours: its name, or else what it is about."""
    for key in ("name", "quantity"):
        if entry.get(key):
            return str(entry[key])
    if "date" in entry:
        about = next((entry[key] for key in ("variable", "decision", "indicator") if key in entry), "")
        return f"{entry['date']} {about}".strip()
    if "effects" in entry:
        return _text(entry["effects"]) or "nothing"
    if "by" in entry:
        return str(entry["by"])
    return _text(entry.get("when")) or "entry"


def _text(value: Any) -> str:
    """A part of a case in one line: a thing with a title by its title, sources and notes left out."""
    if value is None:
        return ""
    if isinstance(value, dict):
        if value.get("title"):
            return str(value["title"])
        said = {key: part for key, part in value.items() if key not in _CITED} or value
        return ", ".join(f"{key}: {_braced(part)}" for key, part in said.items())
    if isinstance(value, list):
        return ", ".join(_braced(part) for part in value)
    return str(value)


def _braced(value: Any) -> str:
    return f"{{{_text(value)}}}" if isinstance(value, dict) else _text(value)
