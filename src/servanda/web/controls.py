"""Which sliders and switches a case has: uncertain numbers and levers with their stops, and its frictions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from servanda.report.words import grade_title

if TYPE_CHECKING:
    from servanda.case.resolved import Lever, Parameter, ResolvedCase
    from servanda.live import Bench

STEPS = 20
SHOWN = 8
# Where a distribution has no ends, a slider reaches from this quantile to the one as far from the top.
TAIL = 0.025
LEVERS = "Levers"
GROUPS = (LEVERS, "Choices", "Prices and payoffs", "Odds and rates", "Shares and quantities")


def describe(bench: Bench, _values: dict[str, float], ask: dict[str, Any]) -> dict[str, Any]:
    """Dates, drafts and controls of a case (runs in a solver process).

    `ask` may name under `first` the parameters that matter most, in their order.
    """
    case = bench.case
    return {
        "title": case.title,
        "start": case.start.isoformat(),
        "as_of": case.as_of.isoformat(),
        "drafts": [{"name": draft.name, "title": draft.title or draft.name} for draft in case.drafts],
        "controls": controls(case, ask.get("first") or ()),
    }


def controls(case: ResolvedCase, first: Iterable[str] = ()) -> dict[str, Any]:
    """Sliders in the order in which they are shown, and switches; `shown` sliders stand above the fold."""
    levers = {lever.sets: lever for lever in case.levers}
    sources = {source.name: source.title for source in case.sources}
    sliders = [
        slider(parameter, levers.get(parameter.name), sources)
        for parameter in case.parameters
        if not parameter.number.certain or parameter.name in levers
    ]
    frictions = [{"name": f.name, "title": f.title or f.name, "mechanism": f.mechanism} for f in case.frictions]
    return {"parameters": _ordered(sliders, first), "frictions": frictions, "shown": SHOWN}


def _ordered(sliders: list[dict[str, Any]], first: Iterable[str]) -> list[dict[str, Any]]:
    """Those found to matter first, then levers, then the rest group by group.

    Levers keep half of the places above the fold where something else is found to matter.
    """
    rank = {name: k for k, name in enumerate(first)}
    found = sorted((s for s in sliders if s["name"] in rank), key=lambda s: rank[s["name"]])
    levers = [s for s in sliders if s["lever"] and s["name"] not in rank]
    top = (found[: SHOWN - min(len(levers), SHOWN // 2)] + levers)[:SHOWN] if found else levers[:SHOWN]
    names = {s["name"] for s in top}
    rest = sorted((s for s in sliders if s["name"] not in names), key=lambda s: GROUPS.index(s["group"]))
    return top + rest


def slider(parameter: Parameter, lever: Lever | None, sources: Mapping[str, str]) -> dict[str, Any]:
    """One slider as the page needs it: title, unit, central value, stops, names of stops, grade and source."""
    stops, names = stops_of(parameter, lever)
    cited = [sources.get(name, name) for name in parameter.citation.sources]
    grade = parameter.citation.grade
    told = "; ".join(dict.fromkeys([*([grade_title(grade)] if grade else []), *cited]))
    return {
        "name": parameter.name,
        "title": parameter.title or parameter.name,
        "unit": parameter.unit,
        "central": parameter.number.central,
        "stops": stops,
        "names": names,
        "lever": lever is not None,
        "group": _group(parameter, lever),
        "grade": grade,
        "source": told,
    }


def _group(parameter: Parameter, lever: Lever | None) -> str:
    if lever is not None:
        return LEVERS
    if parameter.number.kind == "choice":
        return "Choices"
    unit = parameter.unit.lower()
    if "point" in unit:
        return "Prices and payoffs"
    return "Odds and rates" if unit.startswith("per ") or "odds" in parameter.title.lower() else "Shares and quantities"


def stops_of(parameter: Parameter, lever: Lever | None = None) -> tuple[list[float], list[tuple[str, float]]]:
    """The values a slider stops at, ascending, with the central one among them, and the names of those that have one.

    A choice stops at its values, and so does a lever that is a choice of a certain number; whole numbers stop at whole
    numbers where they are few; everything else at about twenty equal steps, of the logarithm for a lognormal number.
    """
    number = parameter.number
    named = [(name.replace("_", " "), value) for name, value, _ in number.choices]
    if lever is not None:
        named += [(name, value) for name, value in lever.choices if value not in {v for _, v in named}]
    if number.kind == "choice" or (number.certain and lever is not None and lever.choices):
        return sorted({value for _, value in named} | {number.central}), named
    ends = [number.central, *(value for _, value in named)]
    if not number.certain:
        ends += _ends(parameter)
    for reach in () if lever is None else (lever.range, lever.access):
        ends += reach or ()
    low, high = min(ends), max(ends)
    fixed = {number.central, low, high, *(value for _, value in named)}
    return _spread(low, high, fixed, logarithmic=number.kind == "lognormal" and low > 0.0), named


def _ends(parameter: Parameter) -> tuple[float, float]:
    low, high = parameter.number.support
    if not (math.isfinite(low) and math.isfinite(high)) or parameter.number.kind in ("lognormal", "beta"):
        low, high = (float(f"{x:.6g}") for x in parameter.number.quantile([TAIL, 1.0 - TAIL]))
    return low, high


def _spread(low: float, high: float, fixed: set[float], *, logarithmic: bool = False) -> list[float]:
    """About twenty steps between low and high; `fixed` values, the ends among them, take the place of the next step.

    >>> _spread(0.0, 1.0, {0.0, 0.33, 1.0})[5:9]
    [0.25, 0.3, 0.33, 0.4]
    >>> len(_spread(15.0, 50.0, {15.0, 30.0, 50.0})), _spread(2.0, 2.0, {2.0})
    (36, [2.0])
    """
    if not low < high:
        return sorted(fixed)
    span = high - low
    whole = all(value == round(value) for value in (low, high, *fixed)) and STEPS // 2 <= span <= 2 * STEPS
    steps = round(span) if whole else STEPS
    if logarithmic:
        even = [low * (high / low) ** (k / steps) for k in range(steps + 1)]
    else:
        even = [low + span * k / steps for k in range(steps + 1)]
    kept = dict(enumerate(even))
    for value in fixed:
        kept.pop(min(range(len(even)), key=lambda k: abs(even[k] - value)), None)
    # without the digits that nobody set; the least of an even step stays apart from its neighbours
    digits = 4 - math.floor(math.log10(min(b - a for a, b in pairwise(even))))
    return sorted({*fixed, *(x for value in kept.values() if low < (x := round(value, digits)) < high)})


def neighbours(sliders: Iterable[Mapping[str, Any]], name: str, value: float) -> list[float]:
    """The stops below and above a value of one slider.

    >>> neighbours([{"name": "relief", "stops": [0.0, 0.5, 1.0]}], "relief", 0.5)
    [0.0, 1.0]
    """
    for entry in sliders:
        if entry["name"] == name:
            stops = entry["stops"]
            below = [s for s in stops if s < value - 1e-9 * max(1.0, abs(value))]
            above = [s for s in stops if s > value + 1e-9 * max(1.0, abs(value))]
            return [*below[-1:], *above[:1]]
    return []


def strongest(result: object) -> list[str]:
    """Parameters by how far they move an answer, from what a run of sensitivity found; [] if it holds no such list."""
    if isinstance(result, Mapping):
        for key in ("indices", "tornado"):
            if isinstance(result.get(key), list) and result[key]:
                return [
                    entry["parameter"] for entry in result[key] if isinstance(entry, Mapping) and "parameter" in entry
                ]
        parts: Iterable[object] = result.values()
    elif isinstance(result, list):
        parts = result
    else:
        return []
    return next((found for part in parts if (found := strongest(part))), [])
