"""A quarrel as a written case: two sides, one doubt whether the north is in earnest, signals that tell of it."""

from __future__ import annotations

from collections.abc import Sequence

from servanda.case import load_text
from servanda.case.resolved import ResolvedCase

AS_OF = "2023-01-01"
# two signals of one who is in earnest, an observed stock, and an indicator
SIGNALS = (
    "date: 2022-03-01, decision: signalling, option: reach_out, reliability: 0.9",
    "date: 2022-09-01, decision: signalling, option: reach_out, reliability: 0.8",
)
OTHERS = (
    "date: 2022-07-01, variable: arms, level: middle, reliability: 0.8",
    "date: 2023-01-01, indicator: burden, value: [0, 2], reliability: 0.9",
)

_TEXT = """\
case: quarrel
title: A quarrel
start: {start}
as_of: {as_of}
{learn_from}period: half-year
horizon: {horizon}
sides:
  north: {{party: yes, led_by: n}}
  south: {{party: yes, led_by: s}}
actors:
  n: {{side: north, decisiveness: 8, source: judgement}}
  s: {{side: south, decisiveness: 8, source: judgement}}
variables:
  embargo: {{kind: condition, values: [lifted, in_place], start: in_place}}
  arms: {{kind: stock, title: Arms, levels: [low, middle, high], start: middle}}
decisions:
  signalling:
    title: What the north signals
    by: north
    options:
      reach_out: {{price: {{north: (1 - earnest) * 6}}, source: judgement}}
      stall: {{price: {{north: earnest * 6}}, source: judgement}}
  trade:
    by: north
    options:
      lift: {{effects: {{embargo: lifted}}}}
      impose: {{effects: {{embargo: in_place}}}}
  arming:
    by: south
    options:
      reduce: {{when: arms > low, effects: {{arms: down}}}}
      pause: {{}}
      build: {{outcomes: [{{odds: success, effects: {{arms: up}}}}, {{effects: {{}}}}], source: judgement}}
{protocol}{drafts}payoffs:
  n:
    fear: {{worth: -12, per: arms, source: judgement}}
    pressure: {{worth: 4 * (1 - earnest), when: embargo is in_place, source: judgement}}
{peace}  s:
    hardship: {{worth: -hardship, when: embargo is in_place}}
    deterrent: {{worth: 0.5, per: arms, source: judgement}}
parameters:
  earnest:
    title: Whether the north is in earnest
    value: {earnest}
    choices: {{earnest: 1, for_show: 0}}
    source: judgement
  hardship: {{title: Hardship, value: {hardship}, unit: points a year, source: press}}
  success: {{title: Success of building, value: {success}, source: judgement}}
sources:
  press: {{title: A paper, url: "https://example.org/paper", grade: A}}
{war}indicators:
  burden: {{title: Burden, value: arms + (if embargo is in_place then 1 else 0), unit: units}}
{questions}modelling: {{{modelling}, source: judgement}}
"""
_PROTOCOL = "protocol: {{cooling_off: 1 year, forms: {{accord: {{title: Accord}}}}{start}}}\n"
_DRAFTS = """\
drafts:
  swap:
    title: Swap
    form: accord
    source: judgement
{on_table}    phases:
      - name: running
        owes:
          north: {{trade: {{must: [lift]}}}}
          south: {{arming: {{must_not: [build]}}}}
"""
_QUESTIONS = """\
questions:
  deal_by:
    text: Is there a deal by autumn 2024?
    holds: deal is live
    by: 2024-09-10
    benchmark: {probability: 0.3, source: press}
  deal_at: {text: Is there a deal on 1 July 2025?, holds: deal is live, at: 2025-07-01}
  armed: {text: Is the south armed to the teeth?, holds: arms is high, at: 2024-01-01}
  oil:
    {text: Does oil rise?, outside: no market is modelled, by: 2024-09-10, benchmark: {probability: 0.5, source: press}}
"""


def written(
    *evidence: str,
    drafts: bool = True,
    war: bool = True,
    certain: bool = False,
    questions: str = _QUESTIONS,
    as_of: str = AS_OF,
    start: str = "2022-01-01",
    learn_from: str = "",
    horizon: str = "4 years",
    deal: str = "",
    on_table: str = "",
    success: str = "0.3 to 0.9",
    modelling: str = "terminal: stationary",
    more: Sequence[tuple[str, str]] = (),
) -> str:
    """The text of the case with this evidence (each a YAML mapping without its source)."""
    text = _TEXT.format(
        start=start,
        as_of=as_of,
        learn_from=f"learn_from: {learn_from}\n" if learn_from else "",
        horizon=horizon,
        protocol=_PROTOCOL.format(start=f", start: {{{deal}}}" if deal else "") if drafts else "",
        drafts=_DRAFTS.format(on_table=f"    on_table: {{{on_table}}}\n" if on_table else "") if drafts else "",
        peace="    peace: {worth: 5 + 25 * earnest, when: deal is live, source: judgement}\n" if drafts else "",
        war="outcomes: {war: arms is high and embargo is in_place}\n" if war else "",
        questions=questions,
        earnest="1" if certain else '"one of {earnest: 0.6, for_show: 0.4}"',
        hardship="40" if certain else "10 to 80",
        success="0.6" if certain else success,
        modelling=modelling,
    )
    if certain:
        text = text.replace("    choices: {earnest: 1, for_show: 0}\n", "")
    if evidence:
        text += "evidence:\n" + "".join(f"  - {{{e}, source: press}}\n" for e in evidence)
    for old, new in more:
        assert old in text
        text = text.replace(old, new)
    return text


def quarrel(*evidence: str, **how: object) -> ResolvedCase:
    """The case itself."""
    return load_text(written(*evidence, **how), "quarrel.yaml").require()  # type: ignore[arg-type]
