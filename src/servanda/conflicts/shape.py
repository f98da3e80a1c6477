"""Reads the tree of a file by hand, and reports everything that is not of the shape it should be, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from servanda.case.document import Document, Tree, TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.conflicts.statements import WORDS, Statement, StatementError, parse
from servanda.errors import Issue

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 80


class Shape:
    """A document being read; `issues` grows, and what cannot be used comes back empty."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.issues: list[Issue] = []

    def complain(self, code: str, message: str, hint: str, path: TreePath, *, key: bool = False) -> None:
        """Report an issue at a node, or at its key."""
        self.issues.append(self.document.issue(code, message, hint, path=path, key=key))

    def mapping(self, path: TreePath, known: Sequence[str] = (), needed: Sequence[str] = ()) -> dict[str, Tree]:
        """A mapping with its unknown keys left out; any key may stand there if none is known."""
        node = self.document.node(path)
        if not isinstance(node, dict):
            self.complain("wrong-type", f"{_told(path)} must be a mapping", "write `key: value` lines below it", path)
            return {}
        for key in node:
            if known and key not in known:
                hint = did_you_mean(key, known)
                self.complain("unknown-key", f"`{clip(key)}` is not a key here", hint, (*path, key), key=True)
        for key in needed:
            if key not in node:
                self.complain("missing-key", f"{_told(path)} needs `{key}`", f"add `{key}`", path, key=True)
        return {key: value for key, value in node.items() if not known or key in known}

    def named(self, path: TreePath, least: int = 1) -> dict[str, Tree]:
        """A mapping whose keys are names; those that are none are left out."""
        found = {key: value for key, value in self.mapping(path).items() if self.name(key, (*path, key))}
        node = self.document.node(path)
        if isinstance(node, dict) and len(node) < least:
            self.complain("too-few", f"{_told(path)} needs at least {least}", "add what is missing", path, key=True)
        return found

    def name(self, text: str, path: TreePath) -> bool:
        """Whether a key is a usable name."""
        if _NAME.fullmatch(text) and len(text) <= _LONGEST and text not in WORDS:
            return True
        hint = "use letters, digits and _, not starting with a digit, and no word of statements"
        self.complain("bad-name", f"`{clip(text)}` is not a name", hint, path, key=True)
        return False

    def text(self, path: TreePath) -> str:
        """A text on one line, empty if the key is not there."""
        node = self.document.node(path)
        if node is None or isinstance(node, str):
            return " ".join((node or "").split())
        self.complain("wrong-type", f"{_told(path)} must be a text", "write one value after the colon", path)
        return ""

    def items(self, path: TreePath) -> list[TreePath]:
        """The paths of the entries of a list; a single text or mapping stands for a list of itself."""
        node = self.document.node(path)
        if node is None:
            return []
        return [(*path, at) for at in range(len(node))] if isinstance(node, list) else [path]

    def one_of(self, path: TreePath, words: Sequence[str], code: str, what: str) -> str:
        """A text that is one of some words; empty, with an issue, if it is not."""
        text = self.text(path)
        if text in words:
            return text
        if isinstance(self.document.node(path), str):
            self.complain(code, f"`{clip(text)}` is not {what}", did_you_mean(text, words), path)
        return ""

    def statement(self, path: TreePath, options: Sequence[str]) -> Statement | None:
        """A statement about options; None, with an issue at the very word, if it cannot be read."""
        node = self.document.node(path)
        if not isinstance(node, str):
            self.complain("wrong-type", f"{_told(path)} must be a statement", "write option names, and, or, not", path)
            return None
        try:
            return parse(node, options)
        except StatementError as error:
            where = self.document.place_within(path, error.offset)
            self.issues.append(self.document.issue(error.code, error.message, error.hint, path=path, where=where))
            return None

    def statements(self, path: TreePath, options: Sequence[str]) -> list[Statement]:
        """A list of statements."""
        found = [self.statement(each, options) for each in self.items(path)]
        return [statement for statement in found if statement is not None]


def _told(path: Iterable[str | int]) -> str:
    steps = list(path)
    return f"`{clip(str(steps[-1]))}`" if steps else "the conflict"
