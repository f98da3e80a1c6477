"""A quarrel over land as a case, and its play once more by hand: values as dictionaries, orders written out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from servanda.case import load_text
from servanda.compile import Compiled, compile_case

LEVELS = ("shared", "east_has", "west_has")
TRUTH = {"cost": 3.0, "gain": 6.0, "sharp": 4.0}
# decision: whose, closed where, what taking leads to
DECISIONS = {"grab": ("anna", "east_has"), "seize": ("bert", "west_has")}

_TEXT = """\
case: quarrel
title: A quarrel over land
start: 2000-01-01
period: year
horizon: {years} years
values: {values}
sides: {{east: {{}}, west: {{}}}}
actors:
  anna: {{side: east, discount: 0.25, decisiveness: sharp, source: judgement}}
  bert: {{side: west, discount: 0.5, decisiveness: 5, source: judgement}}
variables:
  land: {{kind: condition, values: [shared, east_has, west_has], start: shared}}
decisions:
  grab:
    by: anna
    when: land is not east_has
    options: {grab}
  seize:
    by: bert
    when: land is not west_has
    options:
      wait: {{}}
      take: {{effects: {{land: west_has}}, price: {{bert: {{fight: cost}}}}}}
protocol: {{order: {order}}}
payoffs:
  anna:
    all of it: {{worth: gain{more}, when: land is east_has, source: judgement}}
    half of it: {{worth: 3, when: land is shared, source: judgement}}
  bert:
    all of it: {{worth: gain{more}, when: land is west_has, source: judgement}}
    half of it: {{worth: 3, when: land is shared, source: judgement}}
parameters:
  # what a fight costs
  cost: {{value: {cost}, unit: points, source: judgement}}
  gain:
    value: uniform(2, 12)  # of all the land
    source: judgement
    grade: J
  sharp: {{value: "lognormal(4, 0.5)", source: judgement}}
{parameters}"""

_WAIT, _TAKE = "wait: {}", "take: {effects: {land: east_has}, price: {anna: {fight: cost}}}"


def quarrel(
    *, order: str = "fixed", years: int = 4, values: str = "expected", cost: str = "1 to 6", more: str = "",
    parameters: str = "", swapped: bool = False,
) -> str:  # fmt: skip
    """The text of the case; `swapped` writes the options of `grab` the other way round and under other names."""
    options = f"{{{_WAIT}, {_TAKE}}}"
    if swapped:
        options = f"{{{_TAKE.replace('take', 'storm', 1)}, {_WAIT.replace('wait', 'rest', 1)}}}"
    return _TEXT.format(
        order=order, years=years, values=values, cost=cost, more=more, parameters=parameters, grab=options
    )


def compiled(**kinds: object) -> Compiled:
    """The quarrel, compiled."""
    return compile_case(load_text(quarrel(**kinds)).require())  # type: ignore[arg-type]


def written(folder: Path, rows: Sequence[str], columns: str = "episode,period,land,decision,option") -> Path:
    """A panel file of these rows."""
    path = folder / "panel.csv"
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


Values = dict[tuple[str, str], float]


def _moved(values: Values, decision: str, p: Mapping[str, float]) -> tuple[Values, dict[str, float]]:
    """Values before a decision from those after it, and the odds of taking by state."""
    actor, closed = DECISIONS[decision]
    rate = math.log(9.0) / (p["sharp"] if actor == "anna" else 5.0)
    before, odds = {}, {}
    for state in LEVELS:
        if state == closed:
            before |= {(a, state): values[a, state] for a in ("anna", "bert")}
            continue
        worth = {
            a: (values[a, state], values[a, closed] - (p["cost"] if a == actor else 0.0)) for a in ("anna", "bert")
        }
        wait, take = worth[actor]
        odds[state] = 1.0 / (1.0 + math.exp(rate * (wait - take)))
        for a in ("anna", "bert"):
            before[a, state] = (1.0 - odds[state]) * worth[a][0] + odds[state] * worth[a][1]
    return before, odds


def play_by_hand(p: Mapping[str, float], order: str, years: int) -> list[dict[tuple[str, bool], dict[str, float]]]:
    """Odds of taking, [year][decision, whether the other side is still to come][state]."""
    flow = {("anna", s): {"shared": 3.0, "east_has": p["gain"]}.get(s, 0.0) for s in LEVELS}
    flow |= {("bert", s): {"shared": 3.0, "west_has": p["gain"]}.get(s, 0.0) for s in LEVELS}
    rate = {"anna": 1 / 1.25, "bert": 1 / 1.5}

    def year(values: Values) -> tuple[Values, dict[tuple[str, bool], dict[str, float]]]:
        end = {(a, s): flow[a, s] + rate[a] * values[a, s] for a, s in values}
        west_last, seize_last = _moved(end, "seize", p)
        east_first, grab_first = _moved(west_last, "grab", p)
        odds = {("seize", False): seize_last, ("grab", True): grab_first}
        if order == "fixed":
            return east_first, odds
        east_last, grab_last = _moved(end, "grab", p)
        west_first, seize_first = _moved(east_last, "seize", p)
        odds |= {("grab", False): grab_last, ("seize", True): seize_first}
        return {k: 0.5 * (east_first[k] + west_first[k]) for k in end}, odds

    values = {(a, s): flow[a, s] / (1.0 - rate[a]) for a, s in flow}
    for _ in range(2000):
        values, _ = year(values)
    found = []
    for _ in range(years):
        values, odds = year(values)
        found.append(odds)
    return found[::-1]
