"""Statements about options, such as `accept and not delay`, `modify if insist`, `delay iff not insist`.

Weakest first: `iff`, `if`, `or`, `and`, `not`, brackets. `A if B` is false only where B is true and A is not. Every
state is a whole number whose bit k says whether option k is taken; a statement is looked at for many at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.bool_]
Masks = NDArray[np.int64]

WORDS = ("and", "or", "not", "if", "iff")
DEEPEST = 50
_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|([()]))")


@dataclass
class StatementError(Exception):
    """A statement that cannot be read: what is wrong at which character."""

    message: str
    hint: str
    offset: int
    code: str = "statement-syntax"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in reverse Polish order: numbers of options, and the words that join what stands before them."""

    parts: tuple[int | str, ...]

    def holds(self, masks: Masks) -> Truth:
        """Where the statement is true.

        >>> parse("a and not b", ["a", "b"]).holds(np.arange(4)).tolist()
        [False, True, False, False]
        """
        stack: list[Truth] = []
        for part in self.parts:
            if isinstance(part, int):
                stack.append((masks >> part) & 1 == 1)
            elif part == "not":
                stack.append(~stack.pop())
            else:
                second, first = stack.pop(), stack.pop()
                stack.append(_joined(part, first, second))
        return stack.pop()


def _joined(word: str, first: Truth, second: Truth) -> Truth:
    match word:
        case "and":
            return first & second
        case "or":
            return first | second
        case "if":
            return first | ~second
        case _:
            return ~(first ^ second)


def parse(text: str, options: Sequence[str]) -> Statement:
    """Read a statement about the named options.

    Raises
    ------
    StatementError
        With the place in the text.

    >>> parse("a if b or c", ["a", "b", "c"]).parts
    (0, 1, 2, 'or', 'if')
    """
    return _Parser(text, {name: number for number, name in enumerate(options)}).whole()


class _Parser:
    def __init__(self, text: str, numbers: dict[str, int]) -> None:
        self.text = text
        self.numbers = numbers
        self.parts: list[int | str] = []
        self.at = 0
        self.depth = 0

    def whole(self) -> Statement:
        self._level(0)
        word, offset = self._next()
        if word:
            raise StatementError(f"`{word}` is not expected here", "join statements by and, or, if, iff", offset)
        return Statement(tuple(self.parts))

    def _next(self) -> tuple[str, int]:
        """The next word and its place, without taking it."""
        rest = len(self.text) - len(self.text[self.at :].lstrip())
        if rest >= len(self.text):
            return "", max(0, len(self.text.rstrip()) - 1)
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise StatementError(f"`{self.text[rest]}` cannot stand in a statement", "write option names", rest)
        return found[0].strip(), rest

    def _take(self, word: str) -> None:
        self.at = self._next()[1] + len(word)

    def _level(self, level: int) -> None:
        joiner = ("iff", "if", "or", "and")[level]
        inner = self._negation if level == 3 else lambda: self._level(level + 1)
        inner()
        while self._next()[0] == joiner:
            self._take(joiner)
            inner()
            self.parts.append(joiner)

    def _negation(self) -> None:
        word, offset = self._next()
        self.depth += 1
        if self.depth > DEEPEST:
            raise StatementError(f"brackets are nested more than {DEEPEST} deep", "write it more simply", offset)
        if word == "not":
            self._take(word)
            self._negation()
            self.parts.append("not")
        elif word == "(":
            self._take(word)
            self._level(0)
            closing, offset = self._next()
            if closing != ")":
                raise StatementError("the bracket is not closed", "write )", offset)
            self._take(closing)
        else:
            self._option(word, offset)
        self.depth -= 1

    def _option(self, word: str, offset: int) -> None:
        from servanda.case.messages import did_you_mean

        if not word:
            raise StatementError("the statement ends too early", "name an option", offset)
        if word in (*WORDS, ")"):
            raise StatementError(f"an option is wanted here, not `{word}`", "name an option", offset)
        if word not in self.numbers:
            hint = did_you_mean(word, self.numbers)
            raise StatementError(f"no option is called `{word}`", hint, offset, "unknown-option")
        self._take(word)
        self.parts.append(self.numbers[word])
