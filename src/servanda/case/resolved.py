"""The resolved case: nothing implied, every expression parsed and bound; the only thing the compiler reads.

Built by `servanda.case.resolve` from the written case. Order of all tuples is the order of the file.
Durations are years, dates `datetime.date`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from servanda.case.citation import UNCITED, Citation
from servanda.case.expression import Expression
from servanda.case.resolved_claims import ClaimTest
from servanda.case.resolved_numbers import AS_DECLARED, Correlation, Friction, Modelling, Parameter
from servanda.case.resolved_rankings import Ranking
from servanda.case.resolved_readings import (
    DealStage,
    Evidence,
    Expectation,
    Indicator,
    Question,
    QuestionBenchmark,
)
from servanda.errors import NOWHERE, Location

__all__ = [
    "SURELY_NOTHING",
    "Actor",
    "ChanceEvent",
    "Change",
    "Citation",
    "Claim",
    "Consequence",
    "Correlation",
    "DealStage",
    "DealStart",
    "Decision",
    "Draft",
    "Evidence",
    "Expectation",
    "Form",
    "Friction",
    "Indicator",
    "Lever",
    "Linkage",
    "Modelling",
    "Obligation",
    "Option",
    "Outcome",
    "Parameter",
    "PayoffTerm",
    "Phase",
    "Price",
    "Protocol",
    "Question",
    "QuestionBenchmark",
    "Ratifier",
    "ResolvedCase",
    "Side",
    "Source",
    "Timing",
    "Variable",
]


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
    citation: Citation = UNCITED
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
    citation: Citation = UNCITED
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
    citation: Citation = UNCITED
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
    citation: Citation = UNCITED
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
class Profile:
    """What follows from choices made at the same time: `chosen` are (decision, options); the rest went any way."""

    chosen: tuple[tuple[str, tuple[str, ...]], ...]
    when: Expression | None
    prices: tuple[Price, ...]
    outcomes: tuple[Outcome, ...]
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Simultaneous:
    """Decisions taken at the same time, carried out in order; profiles that fit the choices follow, in order."""

    name: str
    title: str
    decisions: tuple[str, ...]
    profiles: tuple[Profile, ...] = ()
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Ratifier:
    """Somebody who must approve a signed draft; `delay` is the mean time to the vote in years."""

    name: str
    by: str
    delay: float
    approve_prices: tuple[Price, ...] = ()
    reject_prices: tuple[Price, ...] = ()
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Form:
    """Legal form of a draft: who must approve, what leaving and signing cost."""

    name: str
    title: str
    ratifiers: tuple[Ratifier, ...] = ()
    exit_prices: tuple[Price, ...] = ()
    sign_prices: tuple[Price, ...] = ()
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class DealStart:
    """Where the deal machine stands when a case starts.

    `draft` is named with ratifying, phase, in_force and suspended, `phase` with phase only: the last phase is in_force.
    """

    stage: DealStage = "none"
    draft: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Protocol:
    """Who proposes, what talking and answering cost, how long the deal machine waits, and where it starts."""

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
    talks_citation: Citation = UNCITED
    where: Location = NOWHERE
    start: DealStart = DealStart()


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
    citation: Citation = UNCITED
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
    """An agreement on the table. `breaches` and `exits` hold one consequence for each party, `withdrawals` (of a
    signature) only those that are written.

    `on_table` is the first day on which it can be tabled, and the first on which it can no longer be (None: no limit).
    """

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
    verification_citation: Citation = UNCITED
    citation: Citation = UNCITED
    where: Location = NOWHERE
    on_table: tuple[date | None, date | None] = (None, None)
    withdrawals: tuple[Consequence, ...] = ()


@dataclass(frozen=True, slots=True)
class PayoffTerm:
    """A named flow payoff of one actor, points per year: worth × per, while `when` holds."""

    actor: str
    name: str
    worth: Expression
    when: Expression | None = None
    per: Expression | None = None
    citation: Citation = UNCITED
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
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Claim:
    """A hypothesis of the analysis; it agrees with the results if every test comes out."""

    name: str
    text: str
    tests: tuple[ClaimTest, ...]
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class ResolvedCase:
    """A whole case with nothing implied.

    `learn_from` is the date after which evidence is weighed, never later than `start`. `history` is the case as written
    with all drafts, evidence, questions and dates, if some of them are not part of the case as it stands on its date of
    information; it is no part of what the case says, so neither comparison nor `dump` looks at it.
    """

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
    learn_from: date = date.max
    correlations: tuple[Correlation, ...] = ()
    modelling: Modelling = AS_DECLARED
    simultaneous: tuple[Simultaneous, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    history: ResolvedCase | None = field(default=None, repr=False, compare=False)

    @property
    def answerable(self) -> tuple[Question, ...]:
        """The questions that the model can answer: those not declared outside it."""
        return tuple(q for q in self.questions if not q.outside)

    def __post_init__(self) -> None:
        if self.learn_from > self.start:
            object.__setattr__(self, "learn_from", self.start)
