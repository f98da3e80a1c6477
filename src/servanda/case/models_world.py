"""The written case, world part: sides, actors, variables, chance, decisions, payoffs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from servanda.case.scalars import (
    Cited,
    Condition,
    Day,
    Decisiveness,
    LevelName,
    Name,
    Number,
    NumberExpression,
    SourceGrade,
    Text,
    Written,
    YesNo,
    fail,
    label,
)

# Stands for the name of a price without one; no file can hold it, control characters are refused.
UNNAMED = "\x00"


def _prices(value: Any) -> Any:
    if isinstance(value, str):
        return {UNNAMED: value}
    if isinstance(value, dict):
        return value
    raise fail("wrong-type", "a price is a number or a mapping of named numbers", "write `price: {ACTOR: 3}`")


def _price_name(text: str) -> str:
    return text if text == UNNAMED else label(text)


PriceTerms = Annotated[
    dict[Annotated[str, AfterValidator(_price_name)], NumberExpression],
    BeforeValidator(_prices),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["number", "string"]},
                {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
            ]
        }
    ),
]
Price = Annotated[dict[Name, PriceTerms], Field(description="One-off points paid, by actor or side.")]
Effects = dict[Name, Text]


class Source(Written):
    """A bibliography entry that numbers may cite."""

    title: Text = Field(description="Title, with author and year.")
    url: Text | None = Field(default=None, description="Address.")
    grade: SourceGrade = Field(
        description="A official text, news agency or known institute; B mirror, encyclopaedia or advocacy; "
        "C secondary pointer; M general knowledge."
    )


class Side(Written):
    """A country or group of actors; parties negotiate."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    party: YesNo = Field(default=False, description="Whether this side negotiates drafts.")
    led_by: Name | None = Field(
        default=None,
        description="Actor or office that speaks for the side; parties need one, others have their only actor.",
    )


class Actor(Cited):
    """Somebody who decides, or whose payoffs matter."""

    side: Name = Field(description="The side of the actor.")
    title: Text | None = Field(default=None, description="Name shown to readers.")
    discount: NumberExpression = Field(default="0.05", description="Discount rate per year.")
    decisiveness: Decisiveness = Field(
        description="Points of present value at which the actor picks the better of two options nine times in ten; or "
        "`{picks: SHARE, when_better_by: POINTS}`, how often it picks the better option (above 0.5 and below 1) "
        "when that is better by so many points."
    )


class Office(Written):
    """Who holds power: its levels are actors."""

    kind: Literal["office"] = Field(description="`office`.")
    side: Name = Field(description="Side whose actors can hold it.")
    holders: list[Name] = Field(description="Actors who can hold it.", min_length=1)
    start: Name = Field(description="Holder at the start.")
    title: Text | None = Field(default=None, description="Name shown to readers.")


class Drift(Written):
    """Steady change of a stock by one level."""

    rate: NumberExpression = Field(description="Rate per year.")
    when: Condition | None = Field(default=None, description="Structural condition; always if absent.")


class Stock(Cited):
    """An ordered quantity."""

    kind: Literal["stock"] = Field(description="`stock`.")
    levels: list[LevelName] = Field(description="Names of the levels, lowest first.", min_length=2)
    values: list[Number] | None = Field(default=None, description="One number a level; ranks 0, 1, 2… if absent.")
    unit: Text | None = Field(default=None, description="Unit of the values.")
    ratchet: YesNo = Field(default=False, description="Whether it never falls.")
    start: LevelName = Field(description="Level at the start.")
    title: Text | None = Field(default=None, description="Name shown to readers.")
    growth: Drift | None = Field(
        default=None, description="Short for a chance event `NAME grows` that raises it by one level."
    )
    decay: Drift | None = Field(
        default=None, description="Short for a chance event `NAME decays` that lowers it by one level."
    )


class NamedCondition(Cited):
    """A circumstance with a few named values."""

    kind: Literal["condition"] = Field(description="`condition`.")
    values: list[LevelName] = Field(description="Names of the values.", min_length=2)
    start: LevelName = Field(description="Value at the start.")
    title: Text | None = Field(default=None, description="Name shown to readers.")


Variable = Annotated[Office | Stock | NamedCondition, Field(discriminator="kind")]


class Outcome(Written):
    """Effects with their odds."""

    odds: NumberExpression | None = Field(
        default=None, description="Odds in [0, 1]; one outcome may omit them and takes the remainder."
    )
    effects: Effects = Field(
        description="Map of variable to a level, `up`, `down`, `up 2`…; `deal` may become ended, suspended or none."
    )


class Every(Written):
    """Regular dates."""

    years: Number = Field(description="Years between two dates, a whole number of months.", gt=0)
    from_: Day = Field(alias="from", description="First date.")


class ChanceEvent(Cited):
    """Something that happens by itself: on dates, at a rate, with odds, or every period."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    when: Condition | None = Field(default=None, description="Structural condition; always if absent.")
    dates: list[Day] | None = Field(default=None, description="Dates on which it happens.", min_length=1)
    every: Every | None = Field(default=None, description="Regular dates on which it happens.")
    rate: NumberExpression | None = Field(default=None, description="Rate per year.")
    odds: NumberExpression | None = Field(default=None, description="Odds per period.")
    effects: Effects | None = Field(default=None, description="What it does, surely.")
    outcomes: list[Outcome] | None = Field(default=None, description="What it may do, with odds.", min_length=1)
    holders: dict[Name, NumberExpression] | None = Field(
        default=None, description="Odds of each next holder of the office named by `variable`.", min_length=1
    )
    variable: Name | None = Field(default=None, description="The office that `holders` speaks of.")
    price: Price = Field(default={}, description="One-off points it costs actors or sides.")


class Option(Cited):
    """One thing that a decision maker can do."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    when: Condition | None = Field(default=None, description="Structural condition under which it can be chosen.")
    price: Price = Field(default={}, description="One-off points it costs actors or sides.")
    effects: Effects | None = Field(default=None, description="What it does, surely.")
    outcomes: list[Outcome] | None = Field(default=None, description="What it may do, with odds.", min_length=1)
    hidden: YesNo = Field(default=False, description="Whether a breach by it is noticed only with the detection odds.")


class Decision(Written):
    """A decision point of every period in which `when` holds."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    by: Name = Field(description="Actor, office or side that decides; a side stands for whoever leads it.")
    when: Condition | None = Field(default=None, description="Structural condition; always if absent.")
    options: dict[LevelName, Option] = Field(description="What can be chosen, in order.")


def _options(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Options = Annotated[
    list[LevelName],
    Field(min_length=1),
    BeforeValidator(_options, json_schema_input_type=LevelName | list[LevelName]),
]


class Profile(Cited):
    """What follows from choices that were made at the same time, besides what each option does by itself."""

    chosen: dict[Name, Options] = Field(
        description="Option (or list of options) by decision; decisions left out may have gone any way.", min_length=1
    )
    when: Condition | None = Field(
        default=None,
        description="Structural condition, read after the options have been carried out; always if absent.",
    )
    price: Price = Field(default={}, description="One-off points it costs actors or sides; negative points are gains.")
    effects: Effects | None = Field(default=None, description="What it does, surely.")
    outcomes: list[Outcome] | None = Field(default=None, description="What it may do, with odds.", min_length=1)


class Simultaneous(Written):
    """Decisions taken at the same time: nobody knows what the others choose."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    decisions: list[Name] = Field(description="The decisions, of different actors; carried out in this order.")
    profiles: list[Profile] = Field(
        default=[], description="What follows from combinations of choices; all that fit apply, in order."
    )


class PayoffTerm(Cited):
    """A named part of an actor's payoff."""

    worth: NumberExpression = Field(description="Points per year.")
    when: Condition | None = Field(default=None, description="Condition under which it is paid.")
    per: NumberExpression | None = Field(default=None, description="Number that multiplies it.")
