"""Whether structural conditions can hold, found by trying the levels of the variables they name.

Three-valued: what cannot be told (the stage of a deal, a large product of levels) counts as possible, so a rule built
on this never blames a case that is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from servanda.case.expression import Binary, Choice, Clock, Expression, Is, Node, Number, Rank, StockValue, Unary, walk
from servanda.case.grammar import LIVE
from servanda.case.resolved import Variable

MOST_ASSIGNMENTS = 4_096

State = Mapping[str, str]


def assignments(
    conditions: Sequence[Expression | None], variables: Mapping[str, Variable]
) -> Iterator[dict[str, str]] | None:
    """All assignments of levels to the variables that the conditions name; None if there are too many."""
    named = dict.fromkeys(
        node.variable
        for condition in conditions
        if condition is not None
        for node in walk(condition.node)
        if isinstance(node, Is | Rank | StockValue) and node.variable in variables
    )
    size = 1
    for name in named:
        size *= len(variables[name].levels)
    if size > MOST_ASSIGNMENTS:
        return None
    levels = [variables[name].levels for name in named]
    return (dict(zip(named, chosen, strict=True)) for chosen in product(*levels))


def holds(
    condition: Expression | None, state: State, variables: Mapping[str, Variable], draft: str = ""
) -> bool | None:
    """Whether a condition holds, None if that cannot be told; `draft` is the live draft, if one is known to live."""
    if condition is None:
        return True
    value = _value(condition.node, state, variables, draft)
    return None if value is None else bool(value)


def _value(node: Node, state: State, variables: Mapping[str, Variable], draft: str) -> float | None:
    match node:
        case Number(value=value):
            return value
        case Clock():
            return None
        case StockValue(variable=name):
            variable = variables[name]
            return variable.values[variable.levels.index(state[name])]
        case Rank(variable=name, operator=operator, level=level):
            levels = variables[name].levels
            return _compare(operator, levels.index(state[name]), levels.index(level))
        case Is(variable="deal", levels=levels):
            return _membership(LIVE, levels) if draft else None
        case Is(variable="draft", levels=levels):
            return float(draft in levels) if draft else None
        case Is(variable=name, levels=levels):
            return float(state[name] in levels)
        case Unary(operator=operator, operand=operand):
            inner = _value(operand, state, variables, draft)
            if inner is None:
                return None
            return -inner if operator == "-" else float(not inner)
        case Binary(operator="and" | "or" as operator, left=left, right=right):
            parts = [_value(left, state, variables, draft), _value(right, state, variables, draft)]
            return _joined(operator, parts)
        case Binary(operator=operator, left=left, right=right):
            first, second = _value(left, state, variables, draft), _value(right, state, variables, draft)
            if first is None or second is None or operator in "+-*/":
                return None
            return _compare(operator, first, second)
        case Choice(condition=condition, yes=yes, no=no):
            decided = _value(condition, state, variables, draft)
            return None if decided is None else _value(yes if decided else no, state, variables, draft)
        case _:
            return None


def _membership(possible: tuple[str, ...], levels: tuple[str, ...]) -> float | None:
    inside = [level in levels for level in possible]
    return 1.0 if all(inside) else None if any(inside) else 0.0


def _joined(operator: str, parts: list[float | None]) -> float | None:
    decisive = operator == "or"
    if any(part is not None and bool(part) == decisive for part in parts):
        return float(decisive)
    return None if None in parts else float(not decisive)


def _compare(operator: str, first: float, second: float) -> float:
    match operator:
        case "<":
            return float(first < second)
        case "<=":
            return float(first <= second)
        case ">":
            return float(first > second)
        case ">=":
            return float(first >= second)
        case "==":
            return float(first == second)
        case _:
            return float(first != second)
