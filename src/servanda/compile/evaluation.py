"""Evaluation of expression trees over arrays of states and draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.grammar import DEAL_STATES
from servanda.case.resolved import Draft, Variable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scope:
    """What names stand for while an expression is evaluated.

    digits[variable] are level ranks and `deal_stage`, `draft`, `phase` codes, all of shape [state, 1];
    parameters[name] of shape [1, draw]; `date` is a decimal year.
    """

    variables: Mapping[str, Variable]
    digits: Mapping[str, NDArray[np.int64]]
    drafts: tuple[Draft, ...] = ()
    deal_stage: NDArray[np.int64] = field(default_factory=lambda: np.zeros((1, 1), np.int64))
    draft: NDArray[np.int64] = field(default_factory=lambda: np.full((1, 1), -1, np.int64))
    phase: NDArray[np.int64] = field(default_factory=lambda: np.zeros((1, 1), np.int64))
    parameters: Mapping[str, Array] = field(default_factory=dict)
    date: float = 0.0
    period_years: float = 1.0


STAGES = DEAL_STATES


def evaluate(node: syntax.Node, scope: Scope) -> Array:
    """The value of a tree as an array that broadcasts to [state, draw]; conditions are 0.0 or 1.0.

    >>> tree = syntax.Binary("+", syntax.Number(1.0), syntax.Parameter("a"))
    >>> evaluate(tree, Scope({}, {}, parameters={"a": np.array([[2.0, 3.0]])}))
    array([[3., 4.]])
    """
    match node:
        case syntax.Number(value=value):
            return np.array([[value]])
        case syntax.Parameter(name=name):
            return scope.parameters[name]
        case syntax.StockValue(variable=name):
            return np.asarray(scope.variables[name].values, dtype=np.float64)[scope.digits[name]]
        case syntax.Is(variable="deal", levels=levels):
            return np.isin(scope.deal_stage, [STAGES.index(x) for x in levels]).astype(np.float64)
        case syntax.Is(variable="draft", levels=levels):
            names = [d.name for d in scope.drafts]
            return np.isin(scope.draft, [-1 if x == "none" else names.index(x) for x in levels]).astype(np.float64)
        case syntax.Is(variable=name, levels=levels):
            order = scope.variables[name].levels
            return np.isin(scope.digits[name], [order.index(x) for x in levels]).astype(np.float64)
        case syntax.Rank(variable=name, operator=operator, level=level):
            return _compare(operator, scope.digits[name], np.array([[scope.variables[name].levels.index(level)]]))
        case syntax.DraftTerm(term=term):
            total = np.zeros((1, 1))
            for index, draft in enumerate(scope.drafts):
                for name, worth in draft.terms:
                    if name == term:
                        total = total + (scope.draft == index) * evaluate(worth.node, scope)
            return total
        case syntax.Clock(name="date"):
            return np.array([[scope.date]])
        case syntax.Clock(name="period_years"):
            return np.array([[scope.period_years]])
        case syntax.Clock():
            return scope.phase.astype(np.float64)
        case syntax.Unary(operator=operator, operand=operand):
            inner = evaluate(operand, scope)
            return -inner if operator == "-" else 1.0 - (inner != 0.0)
        case syntax.Binary(operator=operator, left=left, right=right):
            return _binary(operator, evaluate(left, scope), evaluate(right, scope))
        case syntax.Call(function=function, arguments=arguments):
            return _call(function, [evaluate(a, scope) for a in arguments])
        case syntax.Choice(condition=condition, yes=yes, no=no):
            test = evaluate(condition, scope) != 0.0
            return np.where(test, evaluate(yes, scope), evaluate(no, scope))


def _compare(operator: str, a: NDArray[np.generic], b: NDArray[np.generic]) -> Array:
    compared = {
        "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
    }[operator](a, b)  # fmt: skip
    return np.asarray(compared, dtype=np.float64)


def _binary(operator: str, a: Array, b: Array) -> Array:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(a / b, dtype=np.float64)
        case "and":
            return np.asarray((a != 0.0) & (b != 0.0), dtype=np.float64)
        case "or":
            return np.asarray((a != 0.0) | (b != 0.0), dtype=np.float64)
        case _:
            return _compare(operator, a, b)


def _call(function: str, values: list[Array]) -> Array:
    match function:
        case "abs":
            return np.abs(values[0])
        case "exp":
            with np.errstate(over="ignore"):
                return np.exp(values[0])
        case "sqrt":
            with np.errstate(invalid="ignore"):
                return np.asarray(np.sqrt(values[0]), dtype=np.float64)
        case "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.log(values[0]), dtype=np.float64)
        case "min":
            out = values[0]
            for v in values[1:]:
                out = np.minimum(out, v)
            return out
        case _:
            out = values[0]
            for v in values[1:]:
                out = np.maximum(out, v)
            return out


def references(node: syntax.Node, drafts: tuple[Draft, ...]) -> frozenset[str]:
    """Names of the state components a tree reads: variables, and `deal`, `draft`, `phase`.

    >>> sorted(references(syntax.Binary("*", syntax.StockValue("stock"), syntax.Is("deal", ("talks",))), ()))
    ['deal', 'stock']
    """
    found: set[str] = set()
    for part in syntax.walk(node):
        match part:
            case syntax.StockValue(variable=name) | syntax.Is(variable=name) | syntax.Rank(variable=name):
                found.add(name)
            case syntax.DraftTerm(term=term):
                found.add("draft")
                for draft in drafts:
                    for name, worth in draft.terms:
                        if name == term:
                            found |= references(worth.node, ())
            case syntax.Clock(name="phase"):
                found.add("phase")
            case _:
                continue
    return frozenset(found)


def parameters_of(node: syntax.Node, drafts: tuple[Draft, ...]) -> frozenset[str]:
    """Names of the parameters a tree reads, also through the terms of drafts.

    >>> sorted(parameters_of(syntax.Binary("*", syntax.Parameter("b"), syntax.Parameter("a")), ()))
    ['a', 'b']
    """
    found: set[str] = set()
    for part in syntax.walk(node):
        if isinstance(part, syntax.Parameter):
            found.add(part.name)
        elif isinstance(part, syntax.DraftTerm):
            for draft in drafts:
                for name, worth in draft.terms:
                    if name == part.term:
                        found |= parameters_of(worth.node, ())
    return frozenset(found)


def is_dated(node: syntax.Node, drafts: tuple[Draft, ...]) -> bool:
    """Whether the value of a tree changes with the calendar."""
    for part in syntax.walk(node):
        if isinstance(part, syntax.Clock) and part.name == "date":
            return True
        if isinstance(part, syntax.DraftTerm):
            for draft in drafts:
                for name, worth in draft.terms:
                    if name == part.term and is_dated(worth.node, ()):
                        return True
    return False
