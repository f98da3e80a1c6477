"""A read case file: its text, its tree of mappings, lists and texts, and the place of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from servanda.errors import Issue, Location, Severity

LONGEST_SHOWN = 200

Tree = str | list["Tree"] | dict[str, "Tree"]
TreePath = tuple[str | int, ...]

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Mark:
    """Place of one key or value: 1-based line and column, and its span of characters in the text."""

    line: int
    column: int
    start: int
    end: int
    style: str = ""


@dataclass
class Document:
    """A read file: its tree, the place of every key and value, and its text.

    `keys` and `values` map the path of a node (``("drafts", "narrow", "phases", 0)``) to its place.
    """

    file: str
    text: str
    tree: Tree = ""
    keys: dict[TreePath, Mark] = field(default_factory=dict)
    values: dict[TreePath, Mark] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines = _LINE_BREAK.split(self.text)

    def place(self, path: TreePath, *, key: bool = False) -> Location:
        """Where a node, or its key, stands; the nearest enclosing node if the file does not hold it."""
        for length in range(len(path), -1, -1):
            part = path[:length]
            mark = self.keys.get(part) if key or length < len(path) else None
            mark = mark or self.values.get(part) or self.keys.get(part)
            if mark is not None:
                return Location(self.file, mark.line, mark.column)
        return Location(self.file, 1, 1)

    def place_within(self, path: TreePath, offset: int) -> Location:
        """Where the character at `offset` of a text value stands, also in folded and block scalars."""
        mark = self.values.get(path)
        node = self.node(path)
        if mark is None or not isinstance(node, str):
            return self.place(path)
        start = _content_start(self.text, mark)
        wanted = sum(1 for character in node[:offset] if not character.isspace())
        position = start
        for position in range(start, mark.end):
            if self.text[position].isspace():
                continue
            if wanted == 0:
                break
            wanted -= 1
        else:
            position = max(start, mark.end - 1) if start < mark.end else start
        before = self.text[mark.start : position]
        breaks = list(_LINE_BREAK.finditer(before))
        column = mark.column + len(before) if not breaks else len(before) - breaks[-1].end() + 1
        return Location(self.file, mark.line + len(breaks), column)

    def place_of_index(self, index: int) -> Location:
        """Where a character of the text stands."""
        breaks = list(_LINE_BREAK.finditer(self.text, 0, index))
        return Location(self.file, len(breaks) + 1, index - (breaks[-1].end() if breaks else 0) + 1)

    def node(self, path: TreePath) -> Tree | None:
        """The part of the tree at `path`, or None."""
        here: Tree | None = self.tree
        for step in path:
            if isinstance(here, dict) and isinstance(step, str):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return None
        return here

    def issue(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        path: TreePath = (),
        where: Location | None = None,
        key: bool = False,
        severity: Severity = "error",
    ) -> Issue:
        """An issue at a node (or at `where`), with the text of its line."""
        place = where or self.place(path, key=key)
        shown = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else ""
        if len(shown) > LONGEST_SHOWN:
            shown = shown[:LONGEST_SHOWN] + "…"
        return Issue(severity, code, message, hint, place, dotted(path), shown)


def dotted(path: TreePath) -> str:
    """A path as issues show it.

    >>> dotted(("drafts", "narrow", "phases", 0))
    'drafts.narrow.phases.0'
    """
    return ".".join(str(step) for step in path)


def clip(text: str, longest: int = 60) -> str:
    """The text, cut where it would drown the message around it.

    >>> clip("abcdef", 3)
    'abc…'
    """
    return text if len(text) <= longest else text[:longest] + "…"


def _content_start(text: str, mark: Mark) -> int:
    if mark.style in ("'", '"'):
        return mark.start + 1
    if mark.style in ("|", ">"):
        # The header line of a block scalar (`|`, `>-`, a comment) is not part of its value.
        found = _LINE_BREAK.search(text, mark.start, mark.end)
        return found.end() if found else mark.end
    return mark.start
