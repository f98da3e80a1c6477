"""The resolved case: nothing implied, every expression parsed and bound; the only thing the compiler reads.

Built by `servanda.case.resolve` from the written case. Order of all tuples is the order of the file.
Durations are years, dates `datetime.date`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from servanda.case.expression import Expression
from servanda.case.resolved_claims import ClaimTest
from servanda.case.uncertain import UncertainNumber
from servanda.errors import NOWHERE, Location


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a number comes from: source identifiers (or `judgement`), grade of evidence, a note."""

    sources: tuple[str, ...] = ()
    grade: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An entry of the bibliography."""

    name: str
    title: str
    url: str
    grade: str


@dataclass(frozen=True, slots=True)
class Side:
    """Actors of one country or group; `led_by` is an actor or an office variable ("" if nobody leads it)."""

    name: str
    title: str
    party: bool
    led_by: str
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who decides and has payoffs; `discount` per year, `decisiveness` in points."""

    name: str
    side: str
    title: str
    discount: Expression
    decisiveness: Expression
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Variable:
    """A finite variable; `values` (one number a level) are ranks 0, 1, … unless given. Office levels are actors."""

    name: str
    kind: Literal["office", "stock", "condition"]
    title: str
    levels: tuple[str, ...]
    start: str
    values: tuple[float, ...]
    unit: str = ""
    ratchet: bool = False
    side: str = ""
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Change:
    """One effect: set `variable` to a level (`to`), or move a stock by `step` levels (clamped; `to` is then "").

    `variable == "deal"` with `to` in ended, suspended, none acts on the deal machine.
    """

    variable: str
    to: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Effects with their odds; `odds` is None for the outcome that takes the remainder."""

    odds: Expression | None
    effects: tuple[Change, ...]
    where: Location = NOWHERE


SURELY_NOTHING = (Outcome(None, ()),)


@dataclass(frozen=True, slots=True)
class Price:
    """One-off points that `actor` pays (positive is a cost), under the name of a payoff term."""

    actor: str
    term: str
    worth: Expression


@dataclass(frozen=True, slots=True)
class Timing:
    """When a chance event can happen: always, on dates, at a yearly rate, or with odds each period."""

    kind: Literal["always", "dates", "rate", "odds"]
    dates: tuple[date, ...] = ()
    amount: Expression | None = None


@dataclass(frozen=True, slots=True)
class ChanceEvent:
    """Something that happens by itself, with its odds and effects."""

    name: str
    title: str
    when: Expression | None
    timing: Timing
    outcomes: tuple[Outcome, ...]
    prices: tuple[Price, ...] = ()
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Option:
    """One thing an actor can do at a decision point; `hidden` if a breach by it may go unnoticed."""

    name: str
    title: str
    when: Expression | None
    prices: tuple[Price, ...]
    outcomes: tuple[Outcome, ...]
    hidden: bool = False
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision point; `by` is an actor or an office variable (a side is resolved to whoever leads it)."""

    name: str
    title: str
    by: str
    when: Expression | None
    options: tuple[Option, ...]
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Ratifier:
    """Somebody who must approve a signed draft; `delay` is the mean time to the vote in years."""

    name: str
    by: str
    delay: float
    approve_prices: tuple[Price, ...] = ()
    reject_prices: tuple[Price, ...] = ()
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Form:
    """Legal form of a draft: who must approve, what leaving and signing cost."""

    name: str
    title: str
    ratifiers: tuple[Ratifier, ...] = ()
    exit_prices: tuple[Price, ...] = ()
    sign_prices: tuple[Price, ...] = ()
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Protocol:
    """Who proposes, what talking and answering cost, and how long the deal machine waits."""

    order: Literal["drawn", "fixed"]
    proposers: tuple[str, ...]
    talks_when: Expression | None
    seek_prices: tuple[Price, ...]
    walk_out_prices: tuple[Price, ...]
    table_prices: tuple[Price, ...]
    accept_prices: tuple[Price, ...]
    refuse_prices: tuple[Price, ...]
    cooling_off: float
    lapse: float
    forms: tuple[Form, ...]
    talks_citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Obligation:
    """In one phase a side may choose only `permitted` options at `decision`."""

    side: str
    decision: str
    permitted: tuple[str, ...]
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a draft: how long it lasts on average, what lets it advance, what each side owes."""

    name: str
    title: str
    lasts: float
    advance_when: Expression | None
    owes: tuple[Obligation, ...]
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows when `side` breaks the deal (noticed) or leaves it lawfully."""

    side: str
    leads_to: Literal["collapse", "suspension"]
    outcomes: tuple[Outcome, ...]
    prices: tuple[Price, ...]
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Linkage:
    """Something outside a deal that brings it down."""

    when: Expression
    leads_to: Literal["collapse", "suspension"]
    note: str = ""
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Draft:
    """An agreement on the table. `breaches` and `exits` hold one consequence for each party."""

    name: str
    title: str
    summary: str
    form: str
    proposers: tuple[str, ...]
    terms: tuple[tuple[str, Expression], ...]
    phases: tuple[Phase, ...]
    detection: Expression
    breaches: tuple[Consequence, ...]
    exits: tuple[Consequence, ...]
    sunset_date: date | None = None
    sunset_mean: float | None = None
    renewal: bool = False
    linkage: tuple[Linkage, ...] = ()
    positions: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()
    verification_citation: Citation = Citation()
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class PayoffTerm:
    """A named flow payoff of one actor, points per year: worth × per, while `when` holds."""

    actor: str
    name: str
    worth: Expression
    when: Expression | None = None
    per: Expression | None = None
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named number, certain or uncertain."""

    name: str
    title: str
    number: UncertainNumber
    unit: str = ""
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Friction:
    """A mechanism that can be switched off by giving parameters other values."""

    name: str
    title: str
    mechanism: str
    off: tuple[tuple[str, Expression], ...]
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Lever:
    """Something a mediator can change: values of one parameter, with its price.

    `access`, on at most one lever, is the range over which its parameter, the depth of access, is swept.
    """

    name: str
    title: str
    sets: str
    choices: tuple[tuple[str, float], ...] = ()
    range: tuple[float, float] | None = None
    access: tuple[float, float] | None = None
    prices: tuple[Price, ...] = ()
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Indicator:
    """A reported quantity as a function of the state."""

    name: str
    title: str
    value: Expression
    unit: str = ""
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Question:
    """A dated question: does `holds` hold at the date (`at`), or ever between `as_of` and the date (`by`)."""

    name: str
    text: str
    holds: Expression
    timing: Literal["at", "by"]
    date: date
    outcome: Literal["yes", "no", "unknown"] = "unknown"
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Evidence:
    """A dated observation: of a variable (`what` level), a decision (`what` option) or an indicator (interval)."""

    date: date
    kind: Literal["variable", "decision", "indicator"]
    name: str
    what: str = ""
    low: float = 0.0
    high: float = 0.0
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Expectation:
    """A range in which a quantity of the case is expected to lie."""

    quantity: str
    low: float
    high: float
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Claim:
    """A hypothesis of the analysis; it agrees with the results if every test comes out."""

    name: str
    text: str
    tests: tuple[ClaimTest, ...]
    citation: Citation = Citation()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class ResolvedCase:
    """A whole case with nothing implied."""

    name: str
    title: str
    description: str
    notes: str
    start: date
    as_of: date
    period_months: int
    periods: int
    values: Literal["expected", "taste"]
    sources: tuple[Source, ...]
    sides: tuple[Side, ...]
    actors: tuple[Actor, ...]
    variables: tuple[Variable, ...]
    chance: tuple[ChanceEvent, ...]
    decisions: tuple[Decision, ...]
    protocol: Protocol
    drafts: tuple[Draft, ...]
    payoffs: tuple[PayoffTerm, ...]
    parameters: tuple[Parameter, ...]
    frictions: tuple[Friction, ...]
    levers: tuple[Lever, ...]
    war: Expression | None
    indicators: tuple[Indicator, ...]
    questions: tuple[Question, ...]
    evidence: tuple[Evidence, ...]
    expect: tuple[Expectation, ...]
    claims: tuple[Claim, ...] = ()
    file: str = ""
