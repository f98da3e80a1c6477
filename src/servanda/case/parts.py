"""Text of an expression to the parts that its grammar sees, each with its place; names have no meaning yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from servanda.case.document import clip

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput

LONGEST = 2_000
DEEPEST = 40

# The rules of `grammar.lark` that leave a part; the others only order the operators.
_RULES = (
    "if_then_else",
    "either",
    "both",
    "negated",
    "compared",
    "has_level",
    "lacks_level",
    "has_one_of",
    "arithmetic",
    "minus",
    "number",
    "date",
    "draft_term",
    "name",
    "call",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in an expression, `offset` characters into its text."""

    code: str
    message: str
    hint: str
    offset: int


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text as the grammar sees it, before names have a meaning."""

    rule: str
    text: str
    start: int
    parts: tuple[Part, ...]
    depth: int


_PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")


@lru_cache(maxsize=8192)
def read_parts(text: str) -> Part | Fault:
    """Read a text by the grammar; the first thing that cannot stand where it stands is the fault."""
    if len(text) > LONGEST:
        return Fault(
            "expression-too-long",
            f"the expression has {len(text):,} characters, more than {LONGEST:,}",
            "name parts of it: parameters, indicators, several payoff terms",
            0,
        )
    if _PLAIN_NUMBER.fullmatch(text):
        return Part("number", text, 0, (), 1)
    part = _read_by_grammar(text)
    if isinstance(part, Part) and part.depth > DEEPEST:
        return Fault(
            "expression-too-deep",
            f"the expression is nested {part.depth} deep, more than {DEEPEST}",
            "split it into several parameters or payoff terms",
            part.start,
        )
    return part


def _read_by_grammar(text: str) -> Part | Fault:
    from lark import Token
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    try:
        return cast("Part", _grammar().parse(text))
    except UnexpectedCharacters as failure:
        return Fault(
            "bad-expression",
            f"`{failure.char}` cannot stand here",
            _expectation(failure.allowed or ()),
            _offset(failure),
        )
    except UnexpectedToken as failure:
        token: Token = failure.token
        if token.type == "$END":
            return Fault(
                "bad-expression", "the expression ends too early", _expectation(failure.expected), max(len(text) - 1, 0)
            )
        return Fault(
            "bad-expression",
            f"`{clip(str(token))}` cannot stand here",
            _expectation(failure.expected),
            token.start_pos or 0,
        )
    except UnexpectedInput as failure:
        return Fault("bad-expression", "this is not an expression", "see the grammar", _offset(failure))


def _offset(failure: UnexpectedInput) -> int:
    # Only the texts of the parser's own errors are typed as having a place.
    position: int | None = failure.pos_in_stream
    return 0 if position is None else position


_TERMINALS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "DATE": "a date",
    "FUNCTION": "min, max, abs, exp, log or sqrt",
    "COMPARISON": "a comparison",
    "SIGN": "+ or -",
    "TIMES": "* or /",
    "RPAR": ")",
    "LPAR": "(",
    "COMMA": "a comma",
    "$END": "the end",
}
_UNSAID = {"DRAFT_TERM", "MINUS", "IF", "NOT"}


def _expectation(terminals: Collection[str]) -> str:
    said = sorted({_TERMINALS.get(name, name.lower()) for name in terminals if name not in _UNSAID})
    return "expected " + ", ".join(said) if said else "see the grammar of expressions"


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    from lark import Lark, Token, Transformer

    def leaf(token: Token) -> Part:
        return Part("token", str(token), token.start_pos or 0, (), 0)

    def builder(rule: str) -> Callable[[object, list[Any]], Part]:
        def build(_: object, children: list[Any]) -> Part:
            parts = tuple(child if isinstance(child, Part) else leaf(child) for child in children)
            start = min(part.start for part in parts)
            if rule in ("number", "date", "name", "draft_term"):
                return Part(rule, parts[0].text, start, (), 1)
            return Part(rule, "", start, parts, 1 + max(part.depth for part in parts))

        return build

    # Parts are built bottom-up while the parser runs, so that deep texts cannot exhaust the stack.
    to_parts = type("ToParts", (Transformer,), {rule: builder(rule) for rule in _RULES})
    text = resources.files("servanda.case").joinpath("grammar.lark").read_text("utf-8")
    return Lark(text, parser="lalr", transformer=to_parts())
