"""The written case, negotiation part: protocol, legal forms, drafts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from servanda.case.models_world import Effects, Outcome, Price
from servanda.case.scalars import (
    Cited,
    Condition,
    Day,
    Duration,
    Label,
    Name,
    Number,
    NumberExpression,
    OwnName,
    Text,
    Written,
    YesNo,
)


class Talks(Cited):
    """When talks are possible, and what the moves at the table cost."""

    when: Condition | None = Field(default=None, description="Structural condition under which talks are possible.")
    seek_price: Price = Field(default={}, description="Price of seeking talks.")
    walk_out_price: Price = Field(default={}, description="Price of walking out.")
    table_price: Price = Field(default={}, description="Price of tabling a draft.")
    accept_price: Price = Field(default={}, description="Price of accepting a draft.")
    refuse_price: Price = Field(default={}, description="Price of refusing a draft.")


class Ratifier(Cited):
    """Somebody who must approve a signed draft."""

    by: Name = Field(description="Actor, office or side that approves or rejects.")
    name: Label | None = Field(default=None, description="Name of the step; `by` if absent.")
    delay: Duration | None = Field(default=None, description="Mean time until it decides; one period if absent.")
    approve_price: Price = Field(default={}, description="Price of approving.")
    reject_price: Price = Field(default={}, description="Price of rejecting.")


class Form(Cited):
    """Legal form of a draft."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    ratifiers: list[Ratifier] = Field(default=[], description="Who must approve, in order.")
    exit_price: Price = Field(default={}, description="Price of leaving lawfully, paid when a side leaves.")
    sign_price: Price = Field(default={}, description="Price of signing.")


Stage = Literal["none", "talks", "ratifying", "phase", "in_force", "suspended", "ended"]


class DealStart(Written):
    """Where the deal stands at `start`."""

    deal: Stage = Field(description="Its stage.")
    draft: Name | None = Field(
        default=None, description="The draft that is ratifying, in a phase, in force or suspended."
    )
    phase: Name | None = Field(default=None, description="The phase of that draft; the last one is in force.")


class Protocol(Written):
    """How sides negotiate."""

    order: Literal["drawn", "fixed"] = Field(
        default="drawn", description="Order in which sides move: `drawn` each period, or `fixed`."
    )
    proposers: list[Name] | None = Field(
        default=None, description="Sides that may table drafts; the parties if absent."
    )
    talks: Talks = Field(default=Talks(), description="Talks and the prices of their moves.")
    cooling_off: Duration | None = Field(
        default=None, description="Mean time from an ended deal until new talks are possible; one period if absent."
    )
    lapse: Duration = Field(default=1.0, description="Mean time until a suspended deal lapses.")
    forms: dict[OwnName, Form] = Field(default={}, description="Legal forms by name.")
    start: DealStart = Field(
        default=DealStart(deal="none"), description="Where the deal stands at `start`; none if absent."
    )


class Duty(Written):
    """Options of one decision that a side must choose from, or must not choose."""

    must: list[Name] | None = Field(default=None, description="The only permitted options.", min_length=1)
    must_not: list[Name] | None = Field(default=None, description="Forbidden options.", min_length=1)


class Phase(Written):
    """A stage of a deal; the last one is called in force."""

    name: Name = Field(description="Name of the phase.")
    title: Text | None = Field(default=None, description="Name shown to readers.")
    lasts: Duration | None = Field(default=None, description="Mean time; one period if absent. Not on the last phase.")
    advance_when: Condition | None = Field(
        default=None, description="Structural condition for moving on. Not on the last phase."
    )
    owes: dict[Name, dict[Name, Duty]] = Field(default={}, description="What each party owes, decision by decision.")


class Verification(Cited):
    """How hidden breaches are found."""

    detection: NumberExpression = Field(default="1", description="Odds per period that a hidden breach is noticed.")


class Breach(Cited):
    """What follows when a side breaks the deal and is noticed."""

    leads_to: Literal["collapse", "suspension"] = Field(default="collapse", description="What becomes of the deal.")
    effects: Effects | None = Field(default=None, description="What follows, surely.")
    outcomes: list[Outcome] | None = Field(default=None, description="What may follow, with odds.", min_length=1)
    price: Price = Field(default={}, description="One-off points it costs actors or sides.")


class Exit(Cited):
    """What follows when a side leaves lawfully."""

    effects: Effects | None = Field(default=None, description="What follows, surely.")
    outcomes: list[Outcome] | None = Field(default=None, description="What may follow, with odds.", min_length=1)
    price: Price = Field(default={}, description="Points it costs, on top of the exit price of the form.")


class Withdrawal(Cited):
    """What follows when a side withdraws its signature from a draft that awaits ratification."""

    effects: Effects | None = Field(default=None, description="What follows, surely.")
    outcomes: list[Outcome] | None = Field(default=None, description="What may follow, with odds.", min_length=1)
    price: Price = Field(default={}, description="One-off points it costs actors or sides.")


class Linkage(Written):
    """An outside event that brings the deal down."""

    when: Condition = Field(description="Structural condition, checked each period.")
    leads_to: Literal["collapse", "suspension"] = Field(description="What becomes of the deal.")
    note: Text | None = Field(default=None, description="Remark for the reader.")


class Sunset(Written):
    """End of the deal: a date, or a mean life."""

    date_: Day | None = Field(default=None, alias="date", description="The date on which it expires.")
    mean: Duration | None = Field(default=None, description="Mean time until it expires.")


def _sunset(value: Any) -> Any:
    return {"date": value} if isinstance(value, str) else value


SunsetText = Annotated[
    Sunset,
    BeforeValidator(_sunset),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date"},
                {
                    "type": "object",
                    "properties": {"mean": {"type": "string"}, "date": {"type": "string", "format": "date"}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class OnTable(Written):
    """When a draft can be tabled."""

    from_: Day | None = Field(default=None, alias="from", description="First day; always if absent.")
    until: Day | None = Field(default=None, description="First day on which it can no longer be; never if absent.")


class Draft(Cited):
    """An agreement that can be tabled: it says which options it permits, and what follows."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    summary: Text | None = Field(default=None, description="What it says, in a sentence or two.")
    form: Name = Field(description="Legal form, one of `protocol: forms`.")
    proposers: list[Name] | None = Field(
        default=None, description="Sides that may table it; those of the protocol if absent."
    )
    on_table: OnTable = Field(
        default=OnTable(), description="When it can be tabled; a case has the drafts of its own time only."
    )
    terms: dict[OwnName, NumberExpression] = Field(
        default={}, description="Numbers that expressions read as `draft.TERM`; constant."
    )
    phases: list[Phase] = Field(description="Stages, in order.", min_length=1)
    verification: Verification = Field(default=Verification(), description="How likely a hidden breach is found.")
    breach: dict[Name, Breach] = Field(default={}, description="What follows a noticed breach, by breaching side.")
    exit: dict[Name, Exit] = Field(default={}, description="What follows lawful exit, by leaving side.")
    withdrawal: dict[Name, Withdrawal] = Field(
        default={},
        description="What follows when a side withdraws its signature before the draft is ratified; it is free and "
        "does nothing else if absent.",
    )
    sunset: SunsetText | None = Field(default=None, description="A date, or `{mean: DURATION}`; never if absent.")
    renewal: YesNo = Field(default=False, description="Whether it can be renewed at its sunset.")
    linkage: list[Linkage] = Field(default=[], description="Outside events that bring it down.")
    positions: dict[Name, dict[Label, Number]] = Field(
        default={}, description="Stated positions of each side on each issue."
    )
