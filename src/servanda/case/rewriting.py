"""Expressions of a case that has lost some of its drafts: the same trees with those drafts gone, and their text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from servanda.case.expression import (
    NEVER,
    Binary,
    Call,
    Choice,
    Clock,
    DraftTerm,
    Expression,
    Is,
    Node,
    Number,
    Parameter,
    Rank,
    StockValue,
    Unary,
)

_FALSE: Node = NEVER.node
_TRUE: Node = Binary(">", Number(1.0), Number(0.0))
_Part = TypeVar("_Part")


def without_drafts(part: _Part, drafts: Collection[str], terms: Collection[str]) -> _Part:
    """A record, or tuple of them, in which no expression speaks of `drafts`, nor of terms other than `terms`."""
    if isinstance(part, Expression):
        node = pruned(part.node, drafts, terms)
        return part if node == part.node else cast("_Part", Expression(text_of(node), node, part.where))
    if isinstance(part, tuple):
        return cast("_Part", tuple(without_drafts(each, drafts, terms) for each in part))
    if is_dataclass(part) and not isinstance(part, type):
        values = {each.name: getattr(part, each.name) for each in fields(part)}
        changed = {name: without_drafts(value, drafts, terms) for name, value in values.items()}
        different = {name: value for name, value in changed.items() if value != values[name]}
        return replace(part, **different) if different else part
    return part


def pruned(node: Node, drafts: Collection[str], terms: Collection[str]) -> Node:
    """The tree where the draft is never one of `drafts` and every term but `terms` is 0.

    >>> text_of(pruned(Is("draft", ("pact", "treaty")), {"pact"}, ()))
    'draft is treaty'
    >>> text_of(pruned(Choice(Is("draft", ("pact",)), Number(1.0), Parameter("a")), {"pact"}, ()))
    'a'
    """

    def inside(part: Node) -> Node:
        return pruned(part, drafts, terms)

    match node:
        case Is(variable="draft", levels=levels):
            left = tuple(level for level in levels if level not in drafts)
            return Is("draft", left) if left else _FALSE
        case DraftTerm(term=term):
            return node if term in terms else Number(0.0)
        case Unary(operator=operator, operand=operand):
            inner = inside(operand)
            if operator == "not" and inner in (_TRUE, _FALSE):
                return _FALSE if inner == _TRUE else _TRUE
            return Unary(operator, inner)
        case Binary(operator="and" | "or" as operator, left=first, right=second):
            one, other = inside(first), inside(second)
            decisive, idle = (_FALSE, _TRUE) if operator == "and" else (_TRUE, _FALSE)
            if decisive in (one, other):
                return decisive
            return other if one == idle else one if other == idle else Binary(operator, one, other)
        case Binary(operator=operator, left=first, right=second):
            return Binary(operator, inside(first), inside(second))
        case Call(function=function, arguments=arguments):
            return Call(function, tuple(inside(argument) for argument in arguments))
        case Choice(condition=condition, yes=yes, no=no):
            decided = inside(condition)
            if decided in (_TRUE, _FALSE):
                return inside(yes if decided == _TRUE else no)
            return Choice(decided, inside(yes), inside(no))
        case _:
            return node


def text_of(node: Node) -> str:
    """The tree in words that the grammar reads as the same tree; dates are decimal years.

    >>> text_of(Binary("*", Binary("+", Number(1.0), Parameter("a")), Unary("-", Number(2.5))))
    '(1 + a) * -2.5'
    """
    return _written(node)[0]


_RELATION, _ATOM = 4, 8
_STRENGTH = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6}


def _written(node: Node) -> tuple[str, int]:
    """Text, and how tightly its outermost operator binds."""
    match node:
        case Number(value=value):
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value), _ATOM
        case Parameter(name=name) | StockValue(variable=name) | Clock(name=name):
            return name, _ATOM
        case DraftTerm(term=term):
            return f"draft.{term}", _ATOM
        case Is(variable=variable, levels=levels):
            return f"{variable} is {levels[0]}" if len(
                levels
            ) == 1 else f"{variable} in ({', '.join(levels)})", _RELATION
        case Rank(variable=variable, operator=operator, level=level):
            return f"{variable} {operator} {level}", _RELATION
        case Unary(operator="not", operand=operand):
            return f"not {_bracketed(operand, 3)}", 3
        case Unary(operand=operand):
            return f"-{_bracketed(operand, 7)}", 7
        case Binary(operator=operator, left=left, right=right):
            strength = _STRENGTH.get(operator, _RELATION)
            # comparisons do not chain, the other operators lean to the left
            least = strength + 1 if strength == _RELATION else strength
            return f"{_bracketed(left, least)} {operator} {_bracketed(right, strength + 1)}", strength
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(text_of(argument) for argument in arguments)})", _ATOM
        case Choice(condition=condition, yes=yes, no=no):
            return f"if {_bracketed(condition, 1)} then {_bracketed(yes, 1)} else {text_of(no)}", 0


def _bracketed(node: Node, least: int) -> str:
    text, strength = _written(node)
    return text if strength >= least else f"({text})"
