"""Words, texts and numbers of Gambit's file formats, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from servanda.bridges.tree import GameFileError
from servanda.errors import Issue, Location

_TOKEN = re.compile(
    r"""(?P<blank>[\s]+)
      | "(?P<text>(?:[^"\\]|\\"|\\)*)"
      | (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?:/[0-9]+)?)(?![\w.])
      | (?P<word>[A-Za-z]+)
      | (?P<mark>[{},])""",
    re.VERBOSE,
)
_LARGEST_EXPONENT = 400
_LONGEST_DECIMAL = 60


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a file: `kind` is text, number, word, mark or end; `at` its offset."""

    kind: str
    text: str
    at: int

    def __str__(self) -> str:
        return {"end": "the end of the file", "text": f'"{self.text}"'}.get(self.kind, f"`{self.text}`")


class Scanner:
    r"""A file read piece by piece.

    Raises
    ------
    GameFileError
        For anything that is no piece of such a file, or not the piece asked for, with line and column.

    >>> scan = Scanner('NFG 1 "a \\"b\\"" 1/2', "x.nfg")
    >>> [str(scan.take()) for _ in range(5)]
    ['`NFG`', '`1`', '"a "b""', '`1/2`', 'the end of the file']
    """

    def __init__(self, text: str, file: str = "", kind: str = "game-file") -> None:
        self._text, self._file, self._kind = text, file, kind
        self._tokens = self._split()
        self._next = 0

    def _split(self) -> list[Token]:
        found, at = [], 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                if self._text[at] == '"':
                    self.fail(at, "a text begins here and never ends", 'close it with "')
                self.fail(at, f"`{self._text[at]}` cannot stand here", "numbers are written 3, -0.5, 1e-3 or 1/3")
            kind = str(match.lastgroup)
            if kind != "blank":
                said = match[kind]
                found.append(Token(kind, said.replace('\\"', '"') if kind == "text" else said, at))
            at = match.end()
        found.append(Token("end", "", len(self._text)))
        return found

    def fail(self, at: int, message: str, hint: str = "") -> NoReturn:
        """Raise the error of a place."""
        line = self.line(at)
        start = self._text.rfind("\n", 0, at) + 1
        stop = self._text.find("\n", at)
        shown = self._text[start : stop if stop >= 0 else len(self._text)]
        where = Location(self._file, line, at - start + 1)
        issue = Issue("error", self._kind, message, hint, where, shown=shown[:200])
        raise GameFileError(f"{where}: {message}", issues=(issue,))

    def line(self, at: int) -> int:
        """Line of an offset, from 1 on."""
        return self._text.count("\n", 0, at) + 1

    @property
    def ahead(self) -> Token:
        """The next piece, not yet taken."""
        return self._tokens[self._next]

    def sees(self, kind: str, text: str | None = None) -> bool:
        """Whether the next piece is of this kind (and says this)."""
        return self.ahead.kind == kind and (text is None or self.ahead.text == text)

    def take(self) -> Token:
        """The next piece."""
        token = self.ahead
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def skip(self, mark: str) -> bool:
        """Take a mark if it comes next."""
        if self.sees("mark", mark):
            self.take()
            return True
        return False

    def expect(self, mark: str, what: str) -> Token:
        """Take a mark that must come next."""
        if not self.sees("mark", mark):
            self.fail(self.ahead.at, f"{what} needs `{mark}` here, not {self.ahead}")
        return self.take()

    def text(self, what: str) -> str:
        """Take a text in quotes."""
        if not self.sees("text"):
            self.fail(self.ahead.at, f"{what} is a text in quotes, not {self.ahead}")
        return self.take().text

    def whole(self, what: str, least: int = 0) -> int:
        """Take a whole number."""
        token = self.ahead
        if token.kind != "number" or not re.fullmatch(r"\+?[0-9]+", token.text) or int(token.text) < least:
            self.fail(token.at, f"{what} is a whole number from {least} on, not {token}")
        return int(self.take().text)

    def number(self, what: str) -> Fraction:
        """Take a number, exactly as written."""
        token = self.ahead
        if token.kind != "number":
            self.fail(token.at, f"{what} is a number, not {token}")
        upper, _, lower = token.text.partition("/")
        power = re.search(r"[eE]([+-]?[0-9]+)", upper)
        if power is not None and abs(int(power[1])) > _LARGEST_EXPONENT:
            self.fail(token.at, f"`{token.text}` is too large or too small")
        if lower and int(lower) == 0:
            self.fail(token.at, f"`{token.text}` divides by zero")
        self.take()
        return Fraction(upper) / int(lower or 1)

    def listed(self, what: str) -> list[Fraction]:
        """Take numbers in braces, commas between them or not."""
        self.expect("{", what)
        found = []
        while not self.skip("}"):
            found.append(self.number(what))
            self.skip(",")
        return found

    def texts(self, what: str) -> list[str]:
        """Take texts in braces."""
        self.expect("{", what)
        found = []
        while not self.skip("}"):
            found.append(self.text(what))
            self.skip(",")
        return found

    def head(self, word: str, version: int) -> tuple[str, tuple[str, ...]]:
        """Take the first line: the word, the version, R or D, the title and the players."""
        if not self.sees("word", word):
            self.fail(self.ahead.at, f"the file begins with {self.ahead}, not with `{word}`")
        self.take()
        at = self.ahead.at
        if self.whole("the version") != version:
            self.fail(at, f"version {version} of the format is read, no other")
        if not (self.sees("word", "R") or self.sees("word", "D")):
            self.fail(self.ahead.at, f"the kind of numbers is `R` or `D`, not {self.ahead}")
        self.take()
        title, at = self.text("the title"), self.ahead.at
        players = self.texts("the list of players")
        if not players:
            self.fail(at, "a game needs a player")
        return title, tuple(players)


def quoted(text: str) -> str:
    r"""A text in quotes as Gambit reads it: quotes escaped, and no backslash where it would escape one.

    >>> print(quoted('say "no"'))
    "say \"no\""
    """
    safe = re.sub(r'\\(?="|$)', "/", text)
    return '"' + safe.replace('"', '\\"') + '"'


def written(value: Fraction) -> str:
    """A number as a decimal if it has a short one, as a fraction otherwise: read back, it is the same.

    >>> written(Fraction(-5, 4)), written(Fraction(1, 3)), written(Fraction(100))
    ('-1.25', '1/3', '100')
    """
    lower, twos, fives = value.denominator, 0, 0
    if lower == 1:
        return str(value.numerator)
    while lower % 2 == 0:
        lower, twos = lower // 2, twos + 1
    while lower % 5 == 0:
        lower, fives = lower // 5, fives + 1
    places = max(twos, fives)
    if lower != 1 or places > _LONGEST_DECIMAL:
        return f"{value.numerator}/{value.denominator}"
    whole = abs(value.numerator) * 10**places // value.denominator
    body = str(whole).rjust(places + 1, "0")
    return ("-" if value < 0 else "") + body[:-places] + "." + body[-places:]


def braced(items: Iterable[str], write: Callable[[str], str] = str, between: str = " ") -> str:
    """Items in braces.

    >>> braced(["1", "2"], between=", ")
    '{ 1, 2 }'
    """
    return "{ " + between.join(map(write, items)) + " }"
