"""Syntax trees of the expressions of the case language: parsed, bound to names, never evaluated by Python.

A tree is built by `servanda.case.grammar` and evaluated over arrays by `servanda.compile.coefficients`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from servanda.errors import NOWHERE, Location

BinaryOperator = Literal["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
FunctionName = Literal["min", "max", "abs", "exp", "log", "sqrt"]


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number; dates are decimal years."""

    value: float


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named parameter of the case."""

    name: str


@dataclass(frozen=True, slots=True)
class StockValue:
    """The numeric value of a stock at its present level."""

    variable: str


@dataclass(frozen=True, slots=True)
class Is:
    """Whether a variable (or `deal`, `draft`) has one of these levels."""

    variable: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rank:
    """A stock compared with one of its levels by rank."""

    variable: str
    operator: Literal["<", "<=", ">", ">=", "==", "!="]
    level: str


@dataclass(frozen=True, slots=True)
class DraftTerm:
    """The number that the draft now on the table or live gives to one of its terms; 0 without a draft."""

    term: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A number every case has: `date` (decimal year, middle of the period), `period_years`, `phase`."""

    name: Literal["date", "period_years", "phase"]


@dataclass(frozen=True, slots=True)
class Unary:
    """Negation of a number or of a condition."""

    operator: Literal["-", "not"]
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two numbers or conditions joined by an operator."""

    operator: BinaryOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers."""

    function: FunctionName
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`if condition then yes else no`."""

    condition: Node
    yes: Node
    no: Node


Node = Number | Parameter | StockValue | Is | Rank | DraftTerm | Clock | Unary | Binary | Call | Choice


@dataclass(frozen=True, slots=True)
class Expression:
    """A bound syntax tree with the text it came from and its place in the case file."""

    text: str
    node: Node
    where: Location = NOWHERE


ZERO = Expression("0", Number(0.0))
ONE = Expression("1", Number(1.0))
NEVER = Expression("0 > 1", Binary(">", Number(0.0), Number(1.0)))
"""A condition that no state meets, in words that the grammar reads."""


def children(node: Node) -> tuple[Node, ...]:
    """The direct parts of a node, left to right."""
    match node:
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Call(arguments=arguments):
            return arguments
        case Choice(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents before children.

    >>> [type(n).__name__ for n in walk(Binary("+", Number(1.0), Parameter("a")))]
    ['Binary', 'Number', 'Parameter']
    """
    yield node
    for child in children(node):
        yield from walk(child)
