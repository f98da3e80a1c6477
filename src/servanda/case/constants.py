"""Values that an expression has whatever the state: at the central values of the parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from servanda.case.expression import (
    Binary,
    Call,
    Choice,
    Expression,
    Node,
    Number,
    Parameter,
    Unary,
)


def value_of(node: Node, parameters: Mapping[str, float]) -> float | None:
    """The number (1 or 0 for a condition) if it does not depend on the state; NaN where it is undefined.

    >>> value_of(Binary("*", Number(2.0), Parameter("a")), {"a": 3.0})
    6.0
    """
    match node:
        case Number(value=value):
            # NaN marks an expression that could not be read.
            return None if math.isnan(value) else value
        case Parameter(name=name):
            return parameters.get(name)
        case Unary(operator=operator, operand=operand):
            inner = value_of(operand, parameters)
            if inner is None:
                return None
            return -inner if operator == "-" else float(not inner)
        case Binary(operator=operator, left=left, right=right):
            first, second = value_of(left, parameters), value_of(right, parameters)
            return None if first is None or second is None else _combined(operator, first, second)
        case Call(function=function, arguments=arguments):
            inner_values = [value_of(argument, parameters) for argument in arguments]
            known = [value for value in inner_values if value is not None]
            return _called(function, known) if len(known) == len(inner_values) else None
        case Choice(condition=condition, yes=yes, no=no):
            decided = value_of(condition, parameters)
            return None if decided is None else value_of(yes if decided else no, parameters)
        case _:
            return None


def _combined(operator: str, first: float, second: float) -> float:
    match operator:
        case "+":
            return first + second
        case "-":
            return first - second
        case "*":
            return first * second
        case "/":
            return first / second if second else math.nan
        case "and":
            return float(bool(first) and bool(second))
        case "or":
            return float(bool(first) or bool(second))
        case _:
            return float(_COMPARISONS[operator](first, second))


_COMPARISONS = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "==": float.__eq__,
    "!=": float.__ne__,
}


def _called(function: str, values: list[float]) -> float:
    match function:
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "abs":
            return abs(values[0])
        case "sqrt":
            return math.sqrt(values[0]) if values[0] >= 0 else math.nan
        case "log":
            return math.log(values[0]) if values[0] > 0 else math.nan
        case _:
            return math.exp(values[0]) if values[0] < 700 else math.inf


def constants_of(expression: Expression, parameters: Mapping[str, float]) -> Iterator[float]:
    """The constant values an expression can take: its value, or those of the branches of its choices."""
    waiting: list[Node] = [expression.node]
    while waiting:
        node = waiting.pop()
        value = value_of(node, parameters)
        if value is not None:
            yield value
        elif isinstance(node, Choice):
            waiting.extend((node.no, node.yes))
