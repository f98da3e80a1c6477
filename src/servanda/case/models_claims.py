"""The written case, claims: hypotheses of the analysis, each with tests that can come out against it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from servanda.case.document import clip
from servanda.case.scalars import Cited, Label, Name, Number, Text, Written, YesNo, fail


def _rank(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,3}", value.strip()):
        return int(value)
    shown = clip(value) if isinstance(value, str) else "this"
    raise fail("wrong-type", f"`{shown}` is not a rank", "write a whole number from 1, like `rank: 1`")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


Rank = Annotated[int, BeforeValidator(_rank), WithJsonSchema({"type": "integer", "minimum": 1})]
_Whom = Annotated[list[Name], Field(min_length=1)]
Whom = Annotated[list[Name], BeforeValidator(_listed, json_schema_input_type=Name | _Whom), Field(min_length=1)]


class Gate(Written):
    """One gate of one draft."""

    draft: Name = Field(description="The draft.")
    gate: Literal["sign", "ratify", "keep", "all"] = Field(description="The gate, or `all` of them together.")


class End(Written):
    """Who ends one draft."""

    draft: Name = Field(description="The draft.")
    by: Whom = Field(description="Actors, offices (all their holders) or sides (all their actors) of the parties.")


class ClaimTest(Written):
    """One quantity of the result, and where it lies if the claim is right."""

    friction: Label | None = Field(
        default=None,
        description="Shapley value of this friction, switched off, for the probability that the best draft is signed, "
        "ratified and kept.",
    )
    friction_alone: Label | None = Field(
        default=None, description="Change of that probability with this friction alone switched off."
    )
    friction_log_odds: Label | None = Field(
        default=None, description="Shapley value of this friction, switched off, for the log-odds of that probability."
    )
    gate: Gate | None = Field(default=None, description="Probability that the draft passes the gate.")
    ends: End | None = Field(
        default=None, description="Probability that the draft, once in force, is ended by them through breach or exit."
    )
    question: Label | None = Field(default=None, description="Probability of this dated question.")
    outcome: Literal["deal", "war", "neither"] | None = Field(
        default=None, description="Probability of this outcome at the horizon, every draft on the menu."
    )
    ever: Literal["deal", "war"] | None = Field(
        default=None, description="Probability that it happens at all before the horizon, every draft on the menu."
    )
    smallest_repair: YesNo = Field(
        default=False,
        description="Smallest number of frictions without which the best draft passes all gates with one half or more "
        "(`at_least: 2` says that no single one suffices).",
    )
    overlap: Name | None = Field(
        default=None,
        description="1 if the stated positions of both parties on this draft reach 0.5 on the mean, otherwise 0.",
    )
    gain: Name | None = Field(
        default=None, description="Gain of this side, in points, from the draft likeliest to hold, over no deal."
    )
    at_least: Number | None = Field(default=None, description="The claim is right only if the quantity reaches this.")
    at_most: Number | None = Field(default=None, description="The claim is right only if it does not exceed this.")
    rank: Rank | None = Field(
        default=None,
        description="Beside `friction` only: it is among the first so many by Shapley value for the probability.",
    )


Tests = Annotated[
    list[ClaimTest],
    BeforeValidator(_listed, json_schema_input_type=ClaimTest | Annotated[list[ClaimTest], Field(min_length=1)]),
    Field(min_length=1),
]


class Claim(Cited):
    """A hypothesis of the analysis that the results are held against."""

    text: Text = Field(description="The claim, as a sentence.")
    finds: Tests = Field(
        description="What the results must show for the claim to agree: each test has exactly one quantity, and "
        "`at_least`, `at_most` or `rank`; all tests must come out."
    )
