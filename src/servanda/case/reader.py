"""YAML text to a plain tree of mappings, lists and texts with the place of every key and value.

Every scalar stays text: the models give it a type. What a reviewer could misread is refused: duplicate keys, anchors,
aliases, tags, several documents, empty values. The libyaml events are composed here, without recursion, so that depth
and size are bounded while the file is read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from servanda.case.document import Document, Mark, Tree, TreePath, clip
from servanda.errors import Issue, Location

LARGEST_FILE = 2_000_000
DEEPEST = 30
MOST_NODES = 200_000

if not yaml.__with_libyaml__:
    raise ImportError("PyYAML was built without libyaml, which the case reader needs: reinstall the PyYAML wheel")

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Ends the key of a value that goes to a place nobody reads; no text holds a NUL.
_IGNORED = "\x00"
_EMPTY = {"", "~", "null", "Null", "NULL"}


class RefusedError(Exception):
    """Reading stopped: the issue says why."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


def read_file(path: Path, shown_as: str = "") -> tuple[Document, list[Issue]]:
    """Read a case file of at most 2 MB; a refused file gives an empty tree and its issues."""
    file = shown_as or str(path)
    try:
        text = _file_text(path, file)
    except RefusedError as refusal:
        return Document(file, ""), [refusal.issue]
    return read_text(text, file)


def _file_text(path: Path, file: str) -> str:
    empty = Document(file, "")
    whole = Location(file)
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to must not hang.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise RefusedError(
                    empty.issue("unreadable-file", f"{file} is not a file", "name a YAML file", where=whole)
                )
            content = b"" if status.st_size > LARGEST_FILE else stream.read(LARGEST_FILE + 1)
            size = max(status.st_size, len(content))
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or str(failure)
        raise RefusedError(
            empty.issue(
                "unreadable-file", f"{file} cannot be read: {reason}", "check the path and the rights", where=whole
            )
        ) from failure
    if size > LARGEST_FILE:
        raise RefusedError(
            empty.issue(
                "file-too-large",
                f"{file} holds {size:,} bytes, more than the {LARGEST_FILE:,} a case may have",
                "keep data out of the case file",
                where=whole,
            )
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        before = content[: failure.start]
        line = before.count(b"\n") + 1
        tail = before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")
        raise RefusedError(
            empty.issue(
                "not-utf8",
                f"byte {failure.start:,} is not UTF-8 text",
                "save the file as UTF-8",
                where=Location(file, line, len(tail) + 1),
            )
        ) from failure


def read_text(text: str, file: str = "<text>") -> tuple[Document, list[Issue]]:
    """Read a case text into a document; issues of the YAML itself end the reading or, like duplicate keys, do not."""
    document = Document(file, text.removeprefix("\ufeff"))
    text = document.text
    if len(text) > LARGEST_FILE:
        message = f"the text holds {len(text):,} characters, more than {LARGEST_FILE:,}"
        return document, [document.issue("file-too-large", message, "keep data out of the case file")]
    if found := _CONTROL.search(text):
        where = document.place_of_index(found.start())
        message = f"a control character (code {ord(found[0])}) stands here"
        return document, [document.issue("control-character", message, "delete it", where=where)]
    composer = _Composer(document)
    try:
        composer.run()
    except RefusedError as refusal:
        composer.issues.append(refusal.issue)
        document.tree = ""
    return document, composer.issues


@dataclass
class _Frame:
    """An open collection: its path and, in a mapping, the key that waits for a value and the last that has one."""

    path: TreePath
    node: dict[str, Tree] | list[Tree]
    key: str | None = None
    flow: bool = False
    last: str | None = None


class _Composer:
    """Builds the tree from events; keeps its own stack."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.issues: list[Issue] = []
        self.stack: list[_Frame] = []
        self.nodes = 0
        self.documents = 0
        self.torn: set[TreePath] = set()

    def run(self) -> None:
        try:
            for event in self._events():
                self._take(event)
        except yaml.MarkedYAMLError as failure:
            raise RefusedError(self._syntax_issue(failure)) from failure
        except yaml.YAMLError as failure:
            issue = self.document.issue("yaml-syntax", f"this is not YAML: {failure}", "save the file as plain text")
            raise RefusedError(issue) from failure
        if self.documents == 0:
            raise RefusedError(
                self.document.issue("not-a-mapping", "the file is empty", "start with `case: name-of-the-case`")
            )

    def _events(self) -> Iterator[yaml.Event]:
        loader = yaml.CSafeLoader(self.document.text)
        try:
            while (event := loader.get_event()) is not None:
                yield event
        finally:
            loader.dispose()

    def _syntax_issue(self, failure: yaml.MarkedYAMLError) -> Issue:
        mark = failure.problem_mark or failure.context_mark
        where = Location(self.document.file, mark.line + 1, mark.column + 1) if mark else None
        message = "this is not YAML: " + ", ".join(part for part in (failure.context, failure.problem) if part)
        hint = "check the indentation, colons and quotes here"
        if "mapping values are not allowed" in (failure.problem or ""):
            hint = "put quotes around a text that contains a colon followed by a space"
        elif failure.problem and "found character that cannot start any token" in failure.problem:
            hint = "indent with spaces, not tabs; put quotes around a text that starts with %, @ or `"
        return self.document.issue("yaml-syntax", message, hint, where=where)

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._check(event)
            self._take_scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._check(event)
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event, flow=bool(event.flow_style))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            frame = self.stack.pop()
            mark = self.document.values[frame.path]
            self.document.values[frame.path] = Mark(mark.line, mark.column, mark.start, _mark(event, "").end)
        elif isinstance(event, yaml.AliasEvent):
            raise self._refuse(
                "alias-or-anchor", f"`*{clip(str(event.anchor))}` repeats another node", "write it out", event
            )
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._refuse("yaml-syntax", "a second document begins here", "keep one case per file", event)

    def _check(self, event: yaml.NodeEvent) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self._refuse(
                "too-many-nodes", f"the file holds more than {MOST_NODES:,} nodes", "keep data out of the case", event
            )
        if event.anchor is not None:
            raise self._refuse(
                "alias-or-anchor", f"`&{clip(str(event.anchor))}` names a node", "write repeated parts out", event
            )
        if (tag := _tag(event)) is not None:
            raise self._refuse("tag", f"the tag `{clip(tag)}` stands here", "delete the tag", event)

    def _refuse(self, code: str, message: str, hint: str, event: yaml.Event) -> RefusedError:
        mark = _mark(event, "")
        place = Location(self.document.file, mark.line, mark.column)
        return RefusedError(self.document.issue(code, message, hint, where=place))

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        frame = self.stack[-1] if self.stack else None
        style = event.style or ""
        mark = _mark(event, style)
        if frame is not None and isinstance(frame.node, dict) and frame.key is None:
            self._take_key(frame, event.value, mark)
            return
        if frame is not None and frame.key == _IGNORED:
            frame.key = None
            return
        path = self._place_value(event.value, mark)
        if not style and event.value in _EMPTY:
            self.issues.append(
                self.document.issue(
                    "null-value", "no value stands here", "give a value, or delete the key", path=path, key=True
                )
            )

    def _take_key(self, frame: _Frame, key: str, mark: Mark) -> None:
        if self._is_torn_off(frame, key, mark):
            frame.key = _IGNORED
            return
        path = (*frame.path, key)
        if key in frame.node:
            first = self.document.keys[path]
            where = Location(self.document.file, mark.line, mark.column)
            self.issues.append(
                self.document.issue(
                    "duplicate-key",
                    f"the key `{clip(key)}` already stands in line {first.line}",
                    "keep one of the two",
                    path=path,
                    where=where,
                )
            )
            # The second value goes to a place nobody reads, so that the first keeps its marks.
            frame.key = key + _IGNORED
        else:
            frame.key = key
            self.document.keys[path] = mark

    def _is_torn_off(self, frame: _Frame, key: str, mark: Mark) -> bool:
        """Whether a key of a flow mapping is really the rest of the value before it, which has an open bracket."""
        value = frame.node.get(frame.last) if isinstance(frame.node, dict) and frame.last is not None else None
        if not frame.flow or mark.style or not isinstance(value, str) or value.count("(") <= value.count(")"):
            return False
        assert isinstance(frame.node, dict)
        assert frame.last is not None
        path = (*frame.path, frame.last)
        first = self.document.values[path]
        if first.style:
            return False
        if path not in self.torn:
            self.torn.add(path)
            message = f"inside {{ }} the comma ends `{clip(value)}`"
            hint = "put quotes around the whole value, or write it on a line of its own"
            self.issues.append(self.document.issue("yaml-syntax", message, hint, path=path))
        frame.node[frame.last] = f"{value}, {key}"
        self.document.values[path] = Mark(first.line, first.column, first.start, mark.end)
        return True

    def _open(self, node: dict[str, Tree] | list[Tree], event: yaml.Event, *, flow: bool) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.node, dict) and frame.key is None:
            raise self._refuse("wrong-type", "a key must be a text", "write `key: value`", event)
        if len(self.stack) >= DEEPEST:
            raise self._refuse("too-deep", f"nodes are nested more than {DEEPEST} deep", "flatten the file", event)
        path = self._place_value(node, _mark(event, ""))
        self.stack.append(_Frame(path, node, flow=flow))

    def _place_value(self, node: Tree, mark: Mark) -> TreePath:
        path: TreePath = ()
        if not self.stack:
            self.document.tree = node
        elif isinstance((frame := self.stack[-1]).node, dict):
            assert frame.key is not None
            path = (*frame.path, frame.key)
            if not frame.key.endswith(_IGNORED):
                frame.node[frame.key] = node
                frame.last = frame.key
            frame.key = None
        else:
            path = (*frame.path, len(frame.node))
            frame.node.append(node)
        self.document.values[path] = mark
        return path


def _mark(event: yaml.Event, style: str) -> Mark:
    start, end = event.start_mark, event.end_mark
    assert start is not None
    assert end is not None
    return Mark(start.line + 1, start.column + 1, start.index, end.index, style)


def _tag(event: yaml.NodeEvent) -> str | None:
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
        return event.tag
    return None
