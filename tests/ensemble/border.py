"""A border dispute as a written case: two or three sides in drawn order, chance with a rate and a date, no deal."""

from __future__ import annotations

from collections.abc import Sequence

from servanda.case import load_text
from servanda.case.resolved import ResolvedCase

START, AS_OF = "2022-01-01", "2023-02-10"

_TEXT = """\
case: border
title: A border
start: {start}
as_of: {as_of}
learn_from: {start}
period: half-year
horizon: 2 years
sides:
  north: {{led_by: n}}
  south: {{led_by: s}}
{west_side}actors:
  n: {{side: north, decisiveness: 30, source: judgement}}
  s: {{side: south, decisiveness: 100, source: judgement}}
{west_actor}variables:
  tension: {{kind: condition, values: [calm, crisis], start: calm}}
  arms: {{kind: stock, levels: [l0, l1, l2], start: l1}}
parameters:
  scale: {{value: 1 to 3, source: judgement}}
  fear: {{value: 4 to 20, source: judgement}}
  rate: {{value: 0.2 to 0.8, source: judgement}}
  yield_of_work: {{value: {yield_of_work}, source: judgement}}
chance:
  incident: {{rate: rate, effects: {{tension: crisis}}}}
  inspection: {{dates: [2022-09-01], effects: {{arms: down}}}}
decisions:
  patrolling:
    by: north
    options:
      stay: {{effects: {{tension: calm}}}}
      push: {{outcomes: [{{odds: 0.6, effects: {{tension: crisis}}}}, {{effects: {{}}}}], source: judgement}}
  arming:
    by: south
    options:
      reduce: {{when: arms > l0, effects: {{arms: down}}}}
      wait: {{}}
      build:
        outcomes: [{{odds: yield_of_work, effects: {{arms: up}}}}, {{effects: {{}}}}]
        price: {{south: 1}}
        source: judgement
{west_decision}payoffs:
  n:
    fear: {{worth: -fear, per: arms, source: judgement}}
    calm: {{worth: 6, when: tension is calm, source: judgement}}
  s:
    strength: {{worth: 5 * scale, per: arms, source: judgement}}
    calm: {{worth: 4, when: tension is calm, source: judgement}}
{west_payoff}outcomes: {{war: tension is crisis and arms is l2}}
indicators:
  burden: {{value: scale * arms + (if tension is crisis then 1 else 0)}}
  late burden: {{value: if date > 2023-06-01 then arms else 0}}
questions:
  crisis then: {{text: Crisis?, holds: tension is crisis, at: 2023-08-20}}
  crisis first: {{text: Crisis?, holds: tension is crisis, at: 2023-02-10}}
  crisis on a start: {{text: Crisis?, holds: tension is crisis, at: 2023-07-01}}
  crisis last: {{text: Crisis?, holds: tension is crisis, at: 2023-12-31}}
  arms by: {{text: Arms?, holds: arms is l2 and tension is crisis, by: 2023-09-10}}
  arms by first: {{text: Arms?, holds: arms is l2, by: 2023-02-10}}
  arms by start: {{text: Arms?, holds: arms is l0 and tension is crisis, by: 2023-07-01}}
  arms by last: {{text: Arms?, holds: arms is l0 and tension is crisis, by: 2023-12-31}}
  late arms: {{text: Arms late?, holds: date > 2023-06-01 and arms is l2, by: 2023-09-10}}
  early arms: {{text: Arms early?, holds: date < 2023-06-01 and arms is l2, by: 2023-09-10}}
  late crisis: {{text: Crisis late?, holds: date > 2023-06-01 and tension is crisis, at: 2023-05-05}}
  oil: {{text: Does oil rise?, outside: no market is modelled, by: 2023-09-10}}
modelling: {{{modelling}, source: judgement}}
"""
_WEST_DECISION = """\
  mediating:
    by: west
    when: tension is crisis
    options:
      watch: {}
      mediate:
        outcomes: [{odds: 0.5, effects: {tension: calm}}, {effects: {}}]
        price: {west: 2}
        source: judgement
"""


def border(
    *evidence: str,
    west: bool = False,
    order: str = "",
    modelling: str = "terminal: settled",
    yield_of_work: str = "0.3 to 0.9",
    as_of: str = AS_OF,
    start: str = START,
    more: Sequence[tuple[str, str]] = (),
) -> ResolvedCase:
    """The case with this evidence (each a YAML mapping without its source)."""
    text = _TEXT.format(
        start=start,
        as_of=as_of,
        modelling=modelling,
        yield_of_work=yield_of_work,
        west_side="  west: {led_by: w}\n" if west else "",
        west_actor="  w: {side: west, decisiveness: 40, source: judgement}\n" if west else "",
        west_decision=_WEST_DECISION if west else "",
        west_payoff="  w:\n    calm: {worth: 9, when: tension is calm, source: judgement}\n" if west else "",
    )
    if order:
        text += f"protocol: {{order: {order}}}\n"
    if evidence:
        text += "evidence:\n" + "".join(f"  - {{{e}, source: judgement}}\n" for e in evidence)
    for old, new in more:
        assert old in text
        text = text.replace(old, new)
    return load_text(text, "border.yaml").require()
