"""The outline of an unfinished case text: its tree as far as one can guess it, and what is being written where.

The reader of case files refuses what is not YAML. While somebody types, the text rarely is; here lines are taken by
their indentation, brackets left open are closed by the next key that stands further left, and nothing is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from servanda.case.document import Tree, TreePath

Part = Literal["key", "value", "either", "text"]

_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'\[\]{},&*!|>%@`-][^#]*?|-[^\s#][^#]*?)\s*:(?=\s|$)""")
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?\s*(?:#.*)?")
_COMMENT = re.compile(r"(?:^|\s)#")
_DEEPEST = 40
# A key is looked for so far into a line; labels have at most 200 characters.
_LONGEST_KEY = 300
_MARK = re.compile(r"[\"'#{}\[\],:]")
_QUOTED = {"'": re.compile("'"), '"': re.compile('"')}


@dataclass(frozen=True, slots=True)
class Spot:
    """What is being written at the end of a text.

    `path` is the mapping of a key, or the place of a value; `either` is the first thing below a key or dash, which may
    become a key or a value; `text` is a comment or free text. `written` is what already stands there, from `start`.
    """

    path: TreePath
    part: Part
    written: str
    start: int


@dataclass
class _Frame:
    """An open block collection: its column, its node and the key (or number) whose value may still follow."""

    column: int
    path: TreePath
    node: dict[str, Tree] | list[Tree]
    last: str | int | None = None
    waiting: bool = False


@dataclass
class _Bracket:
    """An open flow collection."""

    path: TreePath
    node: dict[str, Tree] | list[Tree]
    key: str | None = None


@dataclass
class Outline:
    r"""The guessed tree of a text, and the spot at its end.

    >>> found = outline("sides:\n  us: {party: yes}\nactors:\n  eng")
    >>> found.tree, found.spot.path, found.spot.written
    ({'sides': {'us': {'party': 'yes'}}, 'actors': 'eng'}, ('actors',), 'eng')
    """

    tree: dict[str, Tree] = field(default_factory=dict)
    spot: Spot = Spot((), "key", "", 0)


def outline(text: str) -> Outline:
    """Read a text by its indentation; never fails."""
    return _Scribe(text).run()


class _Scribe:
    """Reads line by line; keeps the open block collections, the open brackets, and the scalar that may go on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Outline()
        self.frames = [_Frame(0, (), self.found.tree)]
        self.brackets: list[_Bracket] = []
        self.quote = ""
        self.token: list[str] = []
        self.last = False
        self.token_start = 0
        self.column = 0
        self.block: int | None = None
        self.scalar: int | None = None

    def run(self) -> Outline:
        start = 0
        # Only these breaks count for YAML as it is written here; splitlines knows more.
        lines = self.text.split("\n")
        for number, line in enumerate(lines, 1):
            self.last = number == len(lines)
            self._line(line.removesuffix("\r"), start)
            start += len(line) + 1
        return self.found

    def _line(self, line: str, start: int) -> None:
        content = line.lstrip(" ")
        column = len(line) - len(content)
        if (self.brackets or self.quote) and content.strip() and not self._torn(content, column):
            return self._flow(line, start, column)
        if self.block is not None and (column > self.block or not content.strip()):
            return self._spot((), "text", "", start + column)
        self.block = None
        if content.startswith("#"):
            return self._spot((), "text", "", start)
        if not content.strip():
            if self.last:
                self._flow_spot(start + column) if self.brackets else self._blank(column, start + column)
            return None
        return self._content(content, column, start + column)

    def _torn(self, content: str, column: int) -> bool:
        """Whether an open bracket or quote was forgotten: a key stands where the value cannot reach."""
        if column <= self.column and (_KEY.match(content, 0, _LONGEST_KEY) or content.startswith("- ")):
            self.brackets, self.quote = [], ""
            return True
        return False

    def _blank(self, column: int, start: int) -> None:
        """An empty line, which says by its column what it belongs to."""
        top = self._reached(column)
        if top.waiting and column > top.column and top.last is not None:
            return self._spot((*top.path, top.last), "either", "", start)
        if isinstance(top.node, list):
            return self._spot((*top.path, len(top.node)), "text", "", start)
        return self._spot(top.path, "key" if column == top.column else "text", "", start)

    def _reached(self, column: int) -> _Frame:
        """The innermost open collection that a line at this column can belong to."""
        return next((frame for frame in reversed(self.frames) if frame.column <= column), self.frames[0])

    def _content(self, content: str, column: int, start: int) -> None:
        while len(self.frames) > 1 and self.frames[-1].column > column:
            self.frames.pop()
        dashes = 0
        while (content == "-" or content.startswith("- ")) and dashes < _DEEPEST > len(self.frames):
            dashes += 1
            rest = content[1:].lstrip(" ")
            self._dash(column)
            self.scalar = None
            step = len(content) - len(rest)
            content, column, start = rest, column + step, start + step
            if not content or content.startswith("#"):
                top = self.frames[-1]
                return self._spot((*top.path, len(top.node) - 1), "either" if not content else "text", "", start)
        found = _KEY.match(content, 0, _LONGEST_KEY)
        top = self.frames[-1]
        if self.scalar is not None and column > self.scalar and not (found and top.waiting):
            return self._more(content, start)
        if found is None:
            return self._bare(content, column, start)
        if top.waiting and column > top.column:
            top = self._open(column, {})
        if not isinstance(top.node, dict) or len(self.frames) >= _DEEPEST:
            return self._spot((), "text", "", start)
        return self._key(top, found, content, column, start)

    def _key(self, top: _Frame, found: re.Match[str], content: str, column: int, start: int) -> None:
        assert isinstance(top.node, dict)
        key = _unquoted(found[1])
        rest = content[found.end() :]
        value = rest.lstrip(" \t")
        top.last, top.waiting, self.scalar = key, False, None
        path = (*top.path, key)
        at = start + found.end() + len(rest) - len(value)
        top.node.setdefault(key, "")
        if not value or value.startswith("#"):
            top.waiting = True
            # Right behind the colon nothing can be written: YAML wants a space there.
            part: Part = "value" if rest and not value else "text"
            return self._spot(path, part, "", at)
        self.column = column
        return self._value(value, path, column, at)

    def _value(self, value: str, path: TreePath, column: int, at: int) -> None:
        if _BLOCK.fullmatch(value):
            self.block = column
            return self._spot(path, "text", "", at)
        if value[0] in "{[":
            return self._flow(value, at, 0, path)
        if value[0] in "\"'":
            self._begin(at)
            self.quote, self.brackets = "", []
            return self._quoted(value, path, at)
        comment = _COMMENT.search(value)
        said = value[: comment.start()] if comment else value
        self._put(path, said.strip())
        self.scalar = column
        return self._spot(path, "text" if comment else "value", said, at)

    def _quoted(self, value: str, path: TreePath, at: int) -> None:
        """A quoted value of one line; one that goes on is taken as if it ended with the line."""
        closed = re.fullmatch(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?""", value)
        said = closed[1] if closed else value
        self._put(path, _unquoted(said))
        self.scalar = None if closed else self.column
        self._spot(path, "text" if closed else "value", value[1:], at + 1)

    def _more(self, content: str, start: int) -> None:
        """A line that continues the text above it."""
        top = self.frames[-1]
        path = (*top.path, top.last) if top.last is not None else top.path
        self._spot(path, "value", content, start)

    def _bare(self, content: str, column: int, start: int) -> None:
        """Text that is no key yet."""
        top = self.frames[-1]
        if content[0] in "{[":
            where = self._here(top, column)
            self.column = column
            return self._flow(content, start, 0, where)
        if top.waiting and (column > top.column or isinstance(top.node, list)):
            where = self._here(top, column)
            comment = _COMMENT.search(content)
            said = content[: comment.start()] if comment else content
            self._put(where, said.strip().strip("\"'"))
            self.scalar = top.column
            return self._spot(where, "either", said, start)
        return self._spot(top.path, "key", content, start)

    def _here(self, top: _Frame, column: int) -> TreePath:
        if top.waiting and top.last is not None and (column > top.column or isinstance(top.node, list)):
            return (*top.path, top.last)
        return top.path

    def _dash(self, column: int) -> None:
        top = self.frames[-1]
        if top.waiting and (isinstance(top.node, dict) or column > top.column):
            top = self._open(column, [])
        while len(self.frames) > 1 and isinstance(top.node, dict) and top.column >= column:
            self.frames.pop()
            top = self.frames[-1]
        if isinstance(top.node, list):
            top.node.append("")
            top.last, top.waiting = len(top.node) - 1, True

    def _open(self, column: int, node: dict[str, Tree] | list[Tree]) -> _Frame:
        """Give the waiting key or dash the collection that begins here."""
        top = self.frames[-1]
        assert top.last is not None
        path = (*top.path, top.last)
        held = _put_in(top.node, top.last, node)
        top.waiting = False
        frame = _Frame(column, path, held)
        self.frames.append(frame)
        return frame

    def _put(self, path: TreePath, value: Tree) -> None:
        node: Tree = self.found.tree
        for step in path[:-1]:
            node = _child(node, step)
        if path and isinstance(node, dict | list):
            _put_in(node, path[-1], value)

    def _flow(self, line: str, start: int, skip: int, path: TreePath | None = None) -> None:
        """Read brackets, from the first one (with `path`) or going on with open ones."""
        if path is not None:
            self._begin(start)
            self.quote = ""
        elif self.token and not self.quote:
            self.token.append(" ")
        position = skip
        while position < len(line):
            found = (_QUOTED[self.quote] if self.quote else _MARK).search(line, position)
            end = found.start() if found else len(line)
            if end > position:
                self._write(line[position:end], start + position)
            if found is None:
                break
            position = end + 1
            if found[0] == "#" and (end == 0 or line[end - 1] == " ") and not self.quote:
                return self._spot((), "text", "", start + end)
            if not self._mark(found[0], line, end, start, path):
                return None
        return self._flow_spot(start + len(line)) if self.last else None

    def _mark(self, mark: str, line: str, position: int, start: int, path: TreePath | None) -> bool:
        """Take a mark of punctuation; whether the brackets go on after it."""
        if self.quote:
            self.quote = ""
            self.token.append(mark)
        elif mark in "\"'" and not self.token:
            self._begin(start + position)
            self.quote, self.token = mark, [mark]
        elif mark in "{[" and not self.token:
            self._enter({} if mark == "{" else [], path, start + position + 1)
            if len(self.brackets) > _DEEPEST:
                self.brackets = []
                self._spot((), "text", "", start)
                return False
        elif mark in "}]":
            self._end_token()
            self.brackets.pop()
            self._begin(start + position + 1)
            if not self.brackets:
                self._spot((), "text", "", start + position + 1)
                return False
        elif mark == ",":
            self._end_token()
            self._begin(start + position + 1)
        elif mark == ":" and self._ends_key(line, position):
            self.brackets[-1].key = _unquoted("".join(self.token).strip())
            self._begin(start + position + 1)
        else:
            self._write(mark, start + position)
        return True

    def _write(self, said: str, at: int) -> None:
        if not self.token:
            kept = said.lstrip()
            if not kept:
                return
            self.token_start = at + len(said) - len(kept)
            said = kept
        self.token.append(said)

    def _ends_key(self, line: str, position: int) -> bool:
        bracket = self.brackets[-1]
        if not isinstance(bracket.node, dict) or bracket.key is not None or not self.token:
            return False
        return position + 1 == len(line) or line[position + 1] in " ,{}[]" or self.token[-1] in "\"'"

    def _begin(self, at: int) -> None:
        self.token, self.token_start = [], at

    def _enter(self, node: dict[str, Tree] | list[Tree], path: TreePath | None, at: int) -> None:
        if self.brackets:
            where = self._in_bracket()
            _put_in(self.brackets[-1].node, where[-1], node)
        else:
            where = path or ()
            self._put(where, node)
        self.brackets.append(_Bracket(where, node))
        self._begin(at)

    def _in_bracket(self) -> TreePath:
        """Where the next value of the innermost bracket goes."""
        bracket = self.brackets[-1]
        if isinstance(bracket.node, dict):
            return (*bracket.path, bracket.key or "")
        return (*bracket.path, len(bracket.node))

    def _end_token(self) -> None:
        said = "".join(self.token).strip()
        bracket = self.brackets[-1]
        if isinstance(bracket.node, list):
            if said:
                bracket.node.append(_unquoted(said))
        elif bracket.key is not None:
            if bracket.key not in bracket.node or said:
                bracket.node[bracket.key] = _unquoted(said)
            bracket.key = None
        elif said:
            bracket.node.setdefault(_unquoted(said), "")

    def _flow_spot(self, end: int) -> None:
        bracket = self.brackets[-1]
        said = "".join(self.token)
        start = self.token_start if said else end
        if said[:1] in ("'", '"'):
            said, start = said[1:], start + 1
        if isinstance(bracket.node, list):
            return self._spot(self._in_bracket(), "either", said, start)
        if bracket.key is None:
            return self._spot(bracket.path, "key", said, start)
        return self._spot(self._in_bracket(), "value", said, start)

    def _spot(self, path: TreePath, part: Part, written: str, start: int) -> None:
        self.found.spot = Spot(path, part, written, start)


def _put_in(node: dict[str, Tree] | list[Tree], step: str | int, value: Tree) -> dict[str, Tree] | list[Tree]:
    """Hold a value under a key or number; a collection that already stands under a key goes on."""
    if isinstance(node, dict) and isinstance(step, str):
        held = node.get(step)
        if isinstance(held, dict) and isinstance(value, dict):
            return held
        node[step] = value
    elif isinstance(node, list) and isinstance(step, int):
        if step < len(node):
            node[step] = value
        else:
            node.append(value)
    return value if isinstance(value, dict | list) else {}


def _child(node: Tree, step: str | int) -> Tree:
    if isinstance(node, dict) and isinstance(step, str):
        return node.get(step, "")
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return ""


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return inner.replace("''", "'") if text[0] == "'" else inner.replace('\\"', '"')
    return text
