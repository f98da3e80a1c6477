"""The written case: what an analyst writes, with its shorthand; the reference page and the schema come from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from servanda.case.models_claims import Claim
from servanda.case.models_drafts import Draft, Protocol, Stage
from servanda.case.models_world import (
    Actor,
    ChanceEvent,
    Decision,
    PayoffTerm,
    Price,
    Side,
    Simultaneous,
    Source,
    Variable,
)
from servanda.case.scalars import (
    Between,
    CaseName,
    Cited,
    Condition,
    Day,
    Label,
    Name,
    Number,
    NumberExpression,
    NumberOrBetween,
    OwnName,
    Place,
    Quantity,
    Text,
    Written,
)


class Parameter(Cited):
    """A named number, certain or uncertain."""

    value: Quantity = Field(
        description="A number or distribution: `2 to 5` (triangular), `uniform(a, b)`, `normal(mean, sd)`, "
        "`lognormal(median, sigma)`, `beta(a, b)`, `triangular(low, mode, high)`, `one of {name: weight, …}`."
    )
    central: Number | None = Field(
        default=None,
        description="The value used where one number is wanted; mode, median or heaviest choice if absent.",
    )
    choices: dict[Name, Number] = Field(default={}, description="Numbers of the names in `one of {…}`.")
    unit: Text | None = Field(default=None, description="Unit.")
    title: Text | None = Field(default=None, description="Name shown to readers.")


def _parameter(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


ParameterText = Annotated[
    Parameter,
    BeforeValidator(_parameter, json_schema_input_type=Quantity | Parameter),
]


class Friction(Cited):
    """A mechanism that can be switched off, by giving parameters other values."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    mechanism: Text | None = Field(default=None, description="How it works.")
    off: dict[Name, NumberExpression] = Field(
        description="Parameter to its value (constant) when the mechanism is off.", min_length=1
    )


class Lever(Cited):
    """Something that a mediator can change."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    sets: Name = Field(description="The parameter it sets.")
    choices: dict[Label, Number] = Field(default={}, description="Named values it can take.")
    range: Between | None = Field(default=None, description="[low, high] it can take, instead of `choices`.")
    access: Between | None = Field(
        default=None,
        description="Marks the lever of verification: its parameter is the depth of access, and [low, high] is where "
        "the trade-off of access against exposure is drawn. At most one lever has it.",
    )
    price: Price = Field(default={}, description="One-off points it costs actors or sides.")


class WarOutcome(Written):
    """How outcomes are told apart."""

    war: Condition | None = Field(default=None, description="When the state counts as war, or `never`.")


class Indicator(Cited):
    """A reported quantity."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    value: NumberExpression = Field(description="Its value in a state.")
    unit: Text | None = Field(default=None, description="Unit.")


class Benchmark(Cited):
    """How often such things come true: a forecast made without looking at the case."""

    probability: Number = Field(description="The base rate, in [0, 1].")


class Question(Cited):
    """A dated question with a yes or no answer."""

    text: Text = Field(description="The question as asked.")
    holds: Condition | None = Field(default=None, description="The condition that makes it yes.")
    outside: Text | None = Field(
        default=None, description="Why the model has no answer, instead of `holds`: nothing that it knows decides it."
    )
    at: Day | None = Field(default=None, description="Yes if the condition holds on this date.")
    by: Day | None = Field(
        default=None, description="Yes if it ever holds between the day on which it is put and this date."
    )
    asked: Day | None = Field(
        default=None,
        description="The day on which it is put, `as_of` if absent; a question put earlier belongs to backtests only.",
    )
    benchmark: Benchmark | None = Field(default=None, description="The base rate that forecasts are held against.")
    outcome: Literal["yes", "no", "unknown"] = Field(default="unknown", description="What happened.")


class Evidence(Cited):
    """A dated observation of a variable, a decision, an indicator or the deal.

    Up to `learn_from` it tells where things stood; after it, it is weighed.
    """

    date_: Day = Field(alias="date", description="Date of the observation.")
    name: Label | None = Field(default=None, description="Name of the observation, its date and content if absent.")
    variable: Name | None = Field(default=None, description="Observed variable, with `level`.")
    level: Name | None = Field(default=None, description="Its level.")
    decision: Name | None = Field(default=None, description="Observed decision, with `option`.")
    option: Name | None = Field(default=None, description="The option taken.")
    indicator: Label | None = Field(default=None, description="Observed indicator, with `value`.")
    value: NumberOrBetween | None = Field(default=None, description="Its value, or [low, high].")
    deal: Stage | None = Field(default=None, description="Observed stage of the deal.")
    draft: Name | None = Field(
        default=None, description="Beside `deal`: the draft that is ratifying, in a phase, in force or suspended."
    )
    phase: Name | None = Field(default=None, description="Beside `deal`: the phase of that draft.")
    reliability: Number | None = Field(
        default=None,
        description="Probability that the observation is right, above 0.5 up to 1; by its grade if absent.",
    )


class Correlation(Cited):
    """Uncertain parameters that go together."""

    between: list[Name] = Field(description="Uncertain parameters, every pair of which is correlated.", min_length=2)
    correlation: Number = Field(description="Rank correlation of each pair, between -1 and 1 (Gaussian copula).")


class Ranking(Cited):
    """Things in order whose numbers nobody knows: every set of numbers that keeps the order is equally likely."""

    title: Text | None = Field(default=None, description="Name shown to readers.")
    order: list[Place] = Field(
        description="Names from lowest to highest, worst to best; names in brackets stand at the same place. Each is a "
        "parameter, which expressions read by its name.",
        min_length=1,
    )
    scale: Between = Field(default=(0.0, 100.0), description="[low, high] between which all of them lie.")
    fixed: dict[Name, Number] = Field(default={}, description="Those whose number is known.")
    gaps: Literal["any", "even"] = Field(
        default="any",
        description="`any`: they lie anywhere in order, and are drawn; `even`: as far from each other as from what is "
        "fixed, or from the ends of the scale, beside them.",
    )
    unit: Text | None = Field(default=None, description="Unit.")
    titles: dict[Name, Text] = Field(default={}, description="Names of them shown to readers.")


class Modelling(Cited):
    """Choices of the model itself that are uncertain: a name, or `one of {name: weight, …}`."""

    terminal: Quantity | None = Field(
        default=None,
        description="What follows the horizon: `stationary` (the last period's world goes on) or `settled` "
        "(nothing changes any more); `stationary` if absent.",
    )
    order: Quantity | None = Field(
        default=None, description="Order in which sides move, `drawn` or `fixed`; that of `protocol` if absent."
    )


class Expectation(Written):
    """A result that the author expects, checked by `servanda test`."""

    quantity: Text = Field(
        description="`P(QUESTION)`, `outcome(deal|war|none, DATE)`, `sign(DRAFT)`, `ratify(DRAFT)` or `keep(DRAFT)`."
    )
    between: Between = Field(description="[low, high] in which it should lie.")


class Case(Written):
    """A whole case."""

    case: CaseName = Field(description="Identifier with dashes.")
    title: Text = Field(description="Name shown to readers.")
    description: Text | None = Field(default=None, description="What the case is about.")
    notes: Text | None = Field(default=None, description="Longer remarks (Markdown).")
    start: Day = Field(description="First day modelled.")
    as_of: Day | None = Field(
        default=None, description="Date of information: evidence up to it is used; `start` if absent."
    )
    learn_from: Day | None = Field(
        default=None,
        description="Evidence later than this is weighed in forecasts, earlier evidence says where things stood; "
        "a whole number of periods before `start`, which it is if absent.",
    )
    period: Text = Field(description="`month`, `quarter`, `half-year`, `year` or `N months`.")
    horizon: Text = Field(description="`N years`, `N months` or a date.")
    values: Literal["expected", "taste"] = Field(
        default="expected", description="Convention for values: `expected`, or `taste` (pays for noise)."
    )
    sources: dict[Label, Source] = Field(default={}, description="Bibliography.")
    sides: dict[OwnName, Side] = Field(description="Countries or groups.")
    actors: dict[OwnName, Actor] = Field(description="Who decides or has payoffs.")
    variables: dict[OwnName, Variable] = Field(default={}, description="The state of the world.")
    chance: dict[Label, ChanceEvent] = Field(default={}, description="What happens by itself, in order.")
    decisions: dict[OwnName, Decision] = Field(default={}, description="Who decides what, in order.")
    simultaneous: dict[OwnName, Simultaneous] = Field(
        default={}, description="Decisions taken at the same time; they come after all others of the period."
    )
    protocol: Protocol = Field(default=Protocol(), description="How sides negotiate.")
    drafts: dict[OwnName, Draft] = Field(default={}, description="Agreements that can be tabled.")
    payoffs: dict[Name, dict[Label, PayoffTerm]] = Field(description="Payoff terms by actor.")
    parameters: dict[OwnName, ParameterText] = Field(default={}, description="Named numbers.")
    rankings: dict[Label, Ranking] = Field(default={}, description="Parameters of which only the order is known.")
    correlations: list[Correlation] = Field(default=[], description="Uncertain parameters that go together.")
    modelling: Modelling = Field(default=Modelling(), description="Choices of the model itself that are uncertain.")
    frictions: dict[Label, Friction] = Field(default={}, description="Mechanisms that can be switched off.")
    levers: dict[Label, Lever] = Field(default={}, description="What a mediator can change.")
    outcomes: WarOutcome = Field(default=WarOutcome(), description="How outcomes are told apart.")
    indicators: dict[Label, Indicator] = Field(default={}, description="Reported quantities.")
    questions: dict[Label, Question] = Field(default={}, description="Dated questions.")
    evidence: list[Evidence] = Field(default=[], description="Dated observations.")
    expect: list[Expectation] = Field(default=[], description="Results that the author expects.")
    claims: dict[Label, Claim] = Field(default={}, description="Hypotheses of the analysis, and what tests them.")

    @property
    def ranked(self) -> tuple[str, ...]:
        """Names of all parameters that stand in a ranking."""
        return tuple(name for ranking in self.rankings.values() for place in ranking.order for name in place)
