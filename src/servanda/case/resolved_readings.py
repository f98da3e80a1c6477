"""What is read off a resolved case or held against it: indicators, questions, evidence, expectations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from servanda.case.citation import UNCITED, Citation
from servanda.case.expression import Expression
from servanda.errors import NOWHERE, Location

DealStage = Literal["none", "talks", "ratifying", "phase", "in_force", "suspended", "ended"]
# a field called `date` hides the type below it
_Day: TypeAlias = date


@dataclass(frozen=True, slots=True)
class Indicator:
    """A reported quantity as a function of the state."""

    name: str
    title: str
    value: Expression
    unit: str = ""
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class QuestionBenchmark:
    """The base rate of a question: how often such things come true."""

    probability: float
    citation: Citation = UNCITED


@dataclass(frozen=True, slots=True)
class Question:
    """A dated question: does `holds` hold at the date (`at`), or ever between the asking and the date (`by`).

    `asked` is the date at which it is put (None: the date of information). `outside` says why the model has no answer;
    `holds` then never holds and means nothing.
    """

    name: str
    text: str
    holds: Expression
    timing: Literal["at", "by"]
    date: date
    outcome: Literal["yes", "no", "unknown"] = "unknown"
    citation: Citation = UNCITED
    where: Location = NOWHERE
    asked: _Day | None = None
    outside: str = ""
    benchmark: QuestionBenchmark | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A dated observation, right with probability `reliability` in (0.5, 1].

    By kind: `variable` `name` at level `what`; `decision` `name` taking option `what`; `indicator` `name` between `low`
    and `high`; `deal` at stage `name` (see `DealStart`) of draft `what` ("" for none), in phase `phase`. `key` names it
    in results; `title` is the text for people.
    """

    date: date
    kind: Literal["variable", "decision", "indicator", "deal"]
    name: str
    what: str = ""
    low: float = 0.0
    high: float = 0.0
    citation: Citation = UNCITED
    where: Location = NOWHERE
    phase: str = ""
    reliability: float = 0.85
    key: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A range in which a quantity of the case is expected to lie."""

    quantity: str
    low: float
    high: float
    where: Location = NOWHERE
