"""Changing single numbers of a case in its text: comments, layout and everything else stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from servanda.case.document import Document, Mark, Tree, TreePath, clip, dotted
from servanda.case.reader import read_text
from servanda.errors import CaseError, Issue

LONGEST_VALUE = 2_000

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
# Texts that YAML takes for themselves without quotes, inside brackets too.
_PLAIN = re.compile(r"[A-Za-z0-9_.+(-](?:[A-Za-z0-9_.+*/()<>= %^-]*[A-Za-z0-9_.)%])?")
_NOTHING = frozenset(("~", "null", "Null", "NULL"))


@dataclass(frozen=True, slots=True)
class Amendment:
    """A new text for the value at a path, such as ``("parameters", "relief", "value")``.

    The last step may be a key that the case does not have yet; an empty `value` takes the key away.
    """

    path: TreePath
    value: str


def amend(text: str, amendments: Iterable[Amendment], file: str = "<text>") -> str:
    r"""The text of a case with some of its values replaced where they stand.

    Everything outside these values stays byte for byte as it was. A key that is not there yet is added behind the
    others of its mapping; a number written short (``relief: 0.4``) becomes a mapping where another key joins it.

    Parameters
    ----------
    text
        The case as written.
    amendments
        What to change, in order.
    file
        What messages call the text.

    Raises
    ------
    CaseError
        If the text cannot be read, a path leads nowhere, or the value cannot stand there; nothing is changed then.

    Examples
    --------
    >>> print(amend("parameters:\n  relief: 0.4  # a guess\n", [Amendment(("parameters", "relief"), "0.3 to 0.6")]))
    parameters:
      relief: 0.3 to 0.6  # a guess
    <BLANKLINE>
    """
    for amendment in amendments:
        text = _amended(text, amendment, file)
    return text


def parameter_amendments(
    text: str, name: str, value: str | None = None, central: str | None = None
) -> tuple[Amendment, ...]:
    """What to change to give a parameter another value or central value; None leaves it, "" takes the central one away.

    Raises
    ------
    CaseError
        If the case writes no such parameter.

    Examples
    --------
    >>> parameter_amendments("parameters: {a: 1}", "a", "1 to 3")
    (Amendment(path=('parameters', 'a'), value='1 to 3'),)
    """
    document = _read(text, "<text>")
    path: TreePath = ("parameters", name)
    node = document.node(path)
    if node is None:
        raise _refused(
            document, "unknown-parameter", f"the case writes no parameter `{clip(name)}`", "see its table", ()
        )
    short = isinstance(node, str)
    found = []
    if value is not None:
        found.append(Amendment(path if short else (*path, "value"), value))
    if central is not None and not (central == "" and (short or "central" not in node)):
        found.append(Amendment((*path, "central"), central))
    return tuple(found)


def _amended(text: str, amendment: Amendment, file: str) -> str:
    document = _read(text, file)
    path, value = amendment.path, amendment.value.strip()
    if len(value) > LONGEST_VALUE or _BREAK.search(value):
        message = f"`{clip(value)}` is no value of one line with at most {LONGEST_VALUE:,} characters"
        raise _refused(document, "wrong-type", message, "write a shorter one", path)
    held = document.node(path)
    above = document.node(path[:-1]) if path else None
    if isinstance(held, str) and value:
        changed, wanted = _replaced(document, path, value), value
    elif isinstance(held, str) and isinstance(above, dict) and len(above) > 1:
        changed, wanted = _removed(document, path), None
    elif held is None and value and isinstance(path[-1], str) and isinstance(above, dict) and above:
        changed, wanted = _added(document, path, value), value
    elif held is None and value and path[-1:] == ("central",) and isinstance(above, str):
        changed, wanted = _widened(document, path, value), value
    else:
        message = f"no value stands at `{clip(dotted(path))}` that could be changed like this"
        raise _refused(document, "wrong-type", message, "change it in the text", path)
    marked = "\ufeff" if text.startswith("\ufeff") else ""
    _assert_only(document, changed, path, wanted)
    return marked + changed


def _read(text: str, file: str) -> Document:
    document, issues = read_text(text, file)
    broken = tuple(issue for issue in issues if issue.severity == "error")
    if broken:
        raise CaseError(f"{file} cannot be read: {broken[0].message}", issues=broken)
    return document


def _refused(document: Document, code: str, message: str, hint: str, path: TreePath) -> CaseError:
    issue: Issue = document.issue(code, message, hint, path=path)
    return CaseError(message, issues=(issue,))


def _replaced(document: Document, path: TreePath, value: str) -> str:
    start, end = _span(document, document.values[path])
    return document.text[:start] + _scalar(value) + document.text[end:]


def _span(document: Document, mark: Mark) -> tuple[int, int]:
    """The characters of a value; the line break that ends a block text is not part of it."""
    said = document.text[mark.start : mark.end]
    if mark.style in ("|", ">"):
        return mark.start, mark.start + len(said.rstrip())
    return mark.start, mark.end


def _scalar(value: str) -> str:
    """The value as YAML that can stand in any place."""
    if _PLAIN.fullmatch(value) and value not in _NOTHING and not value.startswith(("- ", "---")):
        return value
    return "'" + value.replace("'", "''") + "'"


def _widened(document: Document, path: TreePath, value: str) -> str:
    """A number written short becomes a mapping of its value and the new key."""
    start, end = _span(document, document.values[path[:-1]])
    short = document.node(path[:-1])
    assert isinstance(short, str)
    mapping = f"{{value: {_scalar(short)}, {path[-1]}: {_scalar(value)}}}"
    return document.text[:start] + mapping + document.text[end:]


def _added(document: Document, path: TreePath, value: str) -> str:
    """A new key behind `value`, or behind the last key of its mapping."""
    above = document.node(path[:-1])
    assert isinstance(above, dict)
    neighbour = "value" if isinstance(above.get("value"), str) else list(above)[-1]
    beside = (*path[:-1], neighbour)
    key, end = document.keys[beside], _span(document, document.values[beside])[1]
    new = f"{path[-1]}: {_scalar(value)}"
    text = document.text
    if _in_brackets(document, path[:-1]):
        return f"{text[:end]}, {new}{text[end:]}"
    line_end = _BREAK.search(text, end)
    at = line_end.start() if line_end else len(text)
    line_break = line_end[0] if line_end else (_BREAK.search(text) or ["\n"])[0]
    return f"{text[:at]}{line_break}{' ' * (key.column - 1)}{new}{text[at:]}"


def _removed(document: Document, path: TreePath) -> str:
    """The text without a key and its value."""
    key, (_, end) = document.keys[path], _span(document, document.values[path])
    text, start = document.text, document.keys[path].start
    if _in_brackets(document, path[:-1]):
        if follows := re.compile(r"\s*,\s*").match(text, end):
            return text[:start] + text[follows.end() :]
        before = re.compile(r"\s*,\s*\Z").search(text, 0, start)
        return text[: before.start() if before else start] + text[end:]
    line_start = start - (key.column - 1)
    line_end = _BREAK.search(text, end)
    if text[line_start:start].strip() or line_end is None:
        # The first key behind a dash, or the last line: only the value can be told from the rest with certainty.
        message = f"`{path[-1]}` shares its line with something else"
        raise _refused(document, "wrong-type", message, "take it away in the text", path)
    return text[:line_start] + text[line_end.end() :]


def _in_brackets(document: Document, path: TreePath) -> bool:
    mark = document.values.get(path)
    return mark is not None and document.text[mark.start : mark.start + 1] == "{"


def _assert_only(document: Document, changed: str, path: TreePath, wanted: str | None) -> None:
    """Read the changed text again: the value at the path is the one wanted, and nothing else differs.

    Raises
    ------
    CaseError
        If the value cannot stand there.
    """
    expected: Any = deepcopy(document.tree)
    node = expected
    for position, step in enumerate(path[:-1]):
        if isinstance(node[step], str) and position == len(path) - 2:
            node[step] = {"value": node[step]}
        node = node[step]
    if wanted is None:
        del node[path[-1]]
    else:
        node[path[-1]] = wanted
    again, issues = read_text(changed, document.file)
    if issues or not _same(again.tree, expected):
        said = f"`{clip(wanted)}`" if wanted is not None else "nothing"
        raise _refused(document, "wrong-type", f"{said} cannot stand here", "change it in the text", path)


def _same(one: Tree, other: Tree) -> bool:
    return one == other
