"""Small cases as written text: every part of the deal machine can be switched on, numbers are parameters."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from servanda.case import load_text
from servanda.case.resolved import ResolvedCase


@dataclass(frozen=True)
class Sketch:
    """Two parties, an arms stock, sanctions, up to two drafts; defaults give the smallest machine.

    `also` adds lines to sections, such as ("frictions", "  doubt: {off: {detection: 1}}").
    """

    levels: int = 3
    ratchet: bool = False
    office: bool = True
    order: str = "drawn"
    years: int = 2
    values: str = "expected"
    drafts: int = 1
    phases: int = 1
    lasts: str = "1 year"
    advance: bool = False
    ratifiers: int = 0
    delay: str = "6 months"
    leads_to: str = "collapse"
    hidden: bool = False
    sunset: str = ""
    renewal: bool = False
    linkage: str = ""
    shock: str = ""
    shock_timing: str = "rate: shock_rate"
    dated: bool = False
    lottery: bool = False
    spoiler: str = ""
    detection: float = 0.5
    bond: float = 0.0
    exit_price: float = 0.0
    pain: float = 20.0
    gain: float = 15.0
    audience: float = 2.0
    dove_wins: float = 0.4
    war: bool = True
    also: tuple[tuple[str, str], ...] = ()

    @property
    def third(self) -> str:
        return "  outside: {led_by: spoiler}\n" if self.spoiler else ""

    @property
    def third_actor(self) -> str:
        return "  spoiler: {side: outside, decisiveness: 6, source: judgement}\n" if self.spoiler else ""

    @property
    def per_term(self) -> str:
        return "per: draft.worth, " if self.drafts else ""

    @property
    def text(self) -> str:
        parts = [_HEAD.format(s=self, lead="presidency" if self.office else "dove"), _variables(self), _chance(self)]
        parts += [_decisions(self), _protocol(self), _drafts(self), _REST.format(s=self)]
        parts.append(f"  income: {{worth: {'if date < 2023-01-01 then 10 else 20' if self.dated else '10'}}}\n")
        if self.spoiler:
            parts.append("  spoiler:\n    grudge: {worth: -12, when: deal is live, source: judgement}\n")
        return _with("".join(parts) + _questions(self), self.also)

    @property
    def case(self) -> ResolvedCase:
        return load_text(self.text, "sketch.yaml").require()


_HEAD = """\
case: sketch
title: A sketch
start: 2022-01-01
period: half-year
horizon: {s.years} years
values: {s.values}
sides:
  north: {{party: yes, led_by: {lead}}}
  south: {{party: yes, led_by: council}}
{s.third}actors:
  dove: {{side: north, decisiveness: 10, source: judgement}}
  hawk: {{side: north, decisiveness: 10, discount: 0.1, source: judgement}}
  senate: {{side: north, decisiveness: 10, source: judgement}}
  council: {{side: south, decisiveness: 8, source: judgement}}
{s.third_actor}parameters:
  detection: {{value: {s.detection}, source: judgement}}
  bond: {{value: {s.bond}, source: judgement}}
  exit_price: {{value: {s.exit_price}, source: judgement}}
  pain: {{value: {s.pain}, source: judgement}}
  gain: {{value: {s.gain}, source: judgement}}
  audience: {{value: {s.audience}, source: judgement}}
  dove_wins: {{value: {s.dove_wins}, source: judgement}}
  shock_rate: {{value: 0.3, source: judgement}}
"""

_SPOILER = """\
  spoiling:
    by: spoiler
    when: not deal is none
    options:
      watch: {{}}
      raid:
        outcomes: [{{odds: 0.5, effects: {{deal: {s.spoiler}, arms: up}}}}, {{effects: {{}}}}]
        price: {{outside: 2}}
        source: judgement
"""

_REST = """\
payoffs:
  dove:
    trade: {{worth: gain, when: sanctions is eased}}
    fear: {{worth: -8, per: arms, source: judgement}}
  hawk:
    fear: {{worth: -12, per: arms, source: judgement}}
    giving in: {{worth: -gain, when: deal is live}}
  senate:
    honour: {{worth: 4, {s.per_term}when: deal is live, source: judgement}}
  council:
    hardship: {{worth: -pain, when: sanctions is full}}
    deterrent: {{worth: 6, per: arms, source: judgement}}
  """


def _variables(s: Sketch) -> str:
    levels = ", ".join(f"l{k}" for k in range(s.levels))
    lines = [
        "variables:",
        "  sanctions: {kind: condition, values: [eased, full], start: full}",
        f"  arms: {{kind: stock, levels: [{levels}], ratchet: {'yes' if s.ratchet else 'no'}, start: l1}}",
    ]
    if s.office:
        lines.append("  presidency: {kind: office, side: north, holders: [dove, hawk], start: dove}")
    return "\n".join(lines) + "\n"


def _chance(s: Sketch) -> str:
    lines = []
    if s.office:
        lines += [
            "  election:",
            "    every: {years: 2, from: 2022-11-08}",
            "    variable: presidency",
            "    holders: {dove: dove_wins, hawk: 1 - dove_wins}",
        ]
    if s.shock:
        lines += ["  shock:", "    when: arms > l0", f"    {s.shock_timing}", f"    effects: {{deal: {s.shock}}}"]
    return "\n".join(["chance:", *lines]) + "\n" if lines else ""


def _decisions(s: Sketch) -> str:
    build = "effects: {arms: up}"
    if s.lottery:
        build = "outcomes: [{odds: 0.7, effects: {arms: up}}, {effects: {}}], source: judgement"
    hidden = ", hidden: yes" if s.hidden else ""
    return f"""\
decisions:
  sanctioning:
    by: north
    options:
      ease: {{effects: {{sanctions: eased}}}}
      press: {{effects: {{sanctions: full}}, price: {{north: 1}}, source: judgement}}
  arming:
    by: south
    options:
      reduce: {{when: arms > l0, effects: {{arms: down}}}}
      wait: {{}}
      build: {{{build}{hidden}}}
""" + (_SPOILER.format(s=s) if s.spoiler else "")


def _protocol(s: Sketch) -> str:
    ratifiers = [f"{{by: senate, delay: {s.delay}}}", "{by: council}"][: s.ratifiers]
    return f"""\
protocol:
  order: {s.order}
  cooling_off: 1 year
  talks:
    seek_price: {{hawk: audience}}
  forms:
    pact: {{ratifiers: [{", ".join(ratifiers)}], exit_price: {{north: exit_price, south: exit_price}}}}
"""


def _drafts(s: Sketch) -> str:
    return "drafts:\n" + "".join(_draft(s, k) for k in range(s.drafts)) if s.drafts else ""


def _draft(s: Sketch, index: int) -> str:
    lines = [
        f"  draft{index}:",
        "    form: pact",
        f"    terms: {{worth: {index + 1}}}",
        "    source: judgement",
        "    phases:",
    ]
    for k in range(s.phases):
        lines.append(f"      - name: p{k}")
        if k < s.phases - 1:
            lines.append(f"        lasts: {s.lasts}")
            if s.advance:
                lines.append("        advance_when: sanctions is eased")
        lines += ["        owes:", "          north: {sanctioning: {must: [ease]}}"]
        if k == s.phases - 1:
            lines.append(f"          south: {{arming: {{must_not: [build{', wait' if index else ''}]}}}}")
    lines += ["    verification: {detection: detection}", "    breach:"]
    lines += [
        f"      north: {{leads_to: {s.leads_to}, price: {{north: bond}}}}",
        f"      south: {{leads_to: {s.leads_to}, effects: {{sanctions: full}}, price: {{south: bond}}}}",
    ]
    if s.sunset:
        lines.append(f"    sunset: {s.sunset}")
    if s.renewal:
        lines.append("    renewal: yes")
    if s.linkage:
        lines.append(f"    linkage: [{{when: arms is l{s.levels - 1}, leads_to: {s.linkage}, note: too many arms}}]")
    return "\n".join(lines) + "\n"


def _questions(s: Sketch) -> str:
    dates = [f"{2022 + k // 2}-{'07' if k % 2 else '01'}-15" for k in range(1, 2 * s.years)]
    lines = ["outcomes:", f"  war: arms is l{s.levels - 1} and sanctions is full"] if s.war else []
    lines += ["indicators:", "  arms held: {value: arms}", "questions:"]
    for k, day in enumerate(dates):
        lines.append(f"  by_{k}: {{text: Is there a deal by then?, holds: deal is live, by: {day}}}")
        lines.append(f"  at_{k}: {{text: Is there a deal then?, holds: deal is live, at: {day}}}")
    return "\n".join(lines) + "\n"


def _with(text: str, also: tuple[tuple[str, str], ...]) -> str:
    """The text with lines added at the head of sections ("parameters", "  dove"); a section that is missing is made."""
    for section, line in reversed(also):
        head = f"\n{section}:\n"
        text = text.replace(head, f"{head}{line}\n", 1) if head in text else f"{text}{section}:\n{line}\n"
    return text


numbers = st.sampled_from([0.0, 1.0, 5.0, 20.0, 60.0])


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    """Any small case that `Sketch` can write."""
    sunset = draw(st.sampled_from(["", "2023-03-01", "{mean: 18 months}"]))
    return Sketch(
        levels=draw(st.integers(2, 3)),
        ratchet=draw(st.booleans()),
        office=draw(st.booleans()),
        order=draw(st.sampled_from(["drawn", "fixed"])),
        drafts=draw(st.integers(1, 2)),
        phases=draw(st.integers(1, 2)),
        advance=draw(st.booleans()),
        ratifiers=draw(st.integers(0, 2)),
        delay=draw(st.sampled_from(["6 months", "2 years"])),
        leads_to=draw(st.sampled_from(["collapse", "suspension"])),
        hidden=draw(st.booleans()),
        sunset=sunset,
        renewal=bool(sunset) and draw(st.booleans()),
        linkage=draw(st.sampled_from(["", "collapse", "suspension"])),
        shock=draw(st.sampled_from(["", "ended", "suspended"])),
        shock_timing=draw(st.sampled_from(["rate: shock_rate", "odds: 0.25", "dates: [2023-05-01]"])),
        dated=draw(st.booleans()),
        lottery=draw(st.booleans()),
        spoiler=draw(st.sampled_from(["", "ended", "suspended", "none"])),
        detection=draw(st.sampled_from([0.0, 0.3, 1.0])),
        bond=draw(numbers),
        exit_price=draw(numbers),
        pain=draw(numbers),
        gain=draw(numbers),
        dove_wins=draw(st.sampled_from([0.0, 0.4, 1.0])),
    )
