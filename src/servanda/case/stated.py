"""Every number that a case states: where it stands, where it comes from, and where a parameter is used."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from servanda.case import models, models_world, scalars
from servanda.case.annotations import is_alias, parts_of
from servanda.case.citation import UNCITED, Citation
from servanda.case.document import Document, Tree, TreePath
from servanda.case.uncertain import DistributionError, parse_uncertain

_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_LONGEST = 2_000
# What was observed, asked and expected is no assumption.
_LEFT_OUT = frozenset(("evidence", "expect", "claims", "sources"))
# Keys that only hold what is meant.
_UNSAID = frozenset(("value", "options", "outcomes", "terms", "choices", "off", "fixed"))
_NUMERIC = (scalars.NumberExpression, scalars.Decisiveness, scalars.Number, scalars.Between)
_READ = (*_NUMERIC, scalars.Condition)


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """One number, or expression with numbers in it, at its place in the text.

    `section` is the key of the case it belongs to, `name` says which it is there, `written` is its text. `central`,
    `low` and `high` are given where the text is a number or a distribution (infinite ends included), else NaN.
    `central_written` is the `central` of a parameter. `used` are the lines on which a parameter is read.
    """

    section: str
    name: str
    title: str
    path: TreePath
    written: str
    line: int
    unit: str = ""
    citation: Citation = UNCITED
    central: float = math.nan
    low: float = math.nan
    high: float = math.nan
    central_written: str = ""
    choices: tuple[tuple[str, float], ...] = ()
    used: tuple[int, ...] = ()


def stated_numbers(document: Document) -> tuple[StatedNumber, ...]:
    r"""All numbers of a read case in the order of its text; 0 and 1 outside parameters say nothing and are left out.

    The case may have errors: what has the wrong shape is passed over.

    Examples
    --------
    >>> from servanda.case.reader import read_text
    >>> document, _ = read_text("parameters: {toll: 2 to 4}\nlevers: {lower toll: {sets: toll, range: [0, 2]}}")
    >>> [(found.name, found.written, found.central, found.used) for found in stated_numbers(document)]
    [('toll', '2 to 4', 3.0, (2,)), ('lower toll: range: 2', '2', 2.0, ())]
    """
    walk = _Walk(document)
    if not isinstance(document.tree, dict):
        return ()
    for key, node in document.tree.items():
        if key in _hints_of(models.Case):
            walk.section = key
            walk.node(node, _hints_of(models.Case)[key], (key,), UNCITED)
    lines = {name: tuple(sorted(at)) for name, at in walk.used.items()}
    return tuple(walk.finished(found, lines) for found in walk.found)


@dataclass
class _Walk:
    """Goes through a tree beside the models that describe it."""

    document: Document
    section: str = ""
    found: list[StatedNumber] = field(default_factory=list)
    used: dict[str, set[int]] = field(default_factory=dict)

    def node(self, node: Tree, hint: Any, path: TreePath, cited: Citation) -> None:
        """Take one node with its annotation."""
        if isinstance(node, str):
            self._leaf(node, hint, path, cited)
        elif isinstance(node, list):
            for position, inner in enumerate(node):
                for part in parts_of(hint):
                    if get_origin(part) in (list, tuple):
                        self.node(inner, get_args(part)[0], (*path, position), cited)
                        break
        elif hint == scalars.Decisiveness:
            for key, inner in node.items():
                self.node(inner, scalars.NumberExpression, (*path, key), cited)
        else:
            self._mapping(node, hint, path, cited)

    def _mapping(self, node: dict[str, Tree], hint: Any, path: TreePath, cited: Citation) -> None:
        if hint == models_world.Price:
            for actor, price in node.items():
                named = price if isinstance(price, dict) else {"": price}
                for term, inner in named.items():
                    self.node(inner, scalars.NumberExpression, (*path, actor, *((term,) if term else ())), cited)
            return
        for part in parts_of(hint):
            if get_origin(part) is dict:
                for key, inner in node.items():
                    if self.section == "frictions":
                        self._use(key, self._line((*path, key), key=True))
                    self.node(inner, get_args(part)[1], (*path, key), cited)
                return
        if (model := _model(hint, node)) is None:
            return
        own = _citation(node)
        for key, inner in node.items():
            if key in _hints_of(model):
                self.node(inner, _hints_of(model)[key], (*path, key), own if own != UNCITED else cited)

    def _leaf(self, text: str, hint: Any, path: TreePath, cited: Citation) -> None:
        if self.section in ("parameters", "rankings"):
            if self._is_parameter(hint, path):
                self.found.append(self._stated(text, path, cited))
            return
        if any(is_alias(hint, alias) for alias in _READ):
            mark = self.document.values.get(path)
            for name in _NAME.finditer(text[:_LONGEST]):
                one_line = mark is None or "\n" not in self.document.text[mark.start : mark.end]
                line = self._line(path) if one_line else self.document.place_within(path, name.start()).line
                self._use(name[0], line)
        elif path[-1] == "sets" or path[-2:-1] == ("between",):
            self._use(text, self._line(path))
        numeric = any(is_alias(hint, alias) for alias in _NUMERIC) or path[-2:-1] in (
            ("values",),
            ("range",),
            ("access",),
        )
        if numeric and self.section not in _LEFT_OUT and _says_something(text):
            self.found.append(self._stated(text, path, cited))

    def _is_parameter(self, hint: Any, path: TreePath) -> bool:
        if self.section == "rankings":
            return len(path) == 4 and path[2] == "fixed"
        return len(path) == 2 or (len(path) == 3 and path[2] == "value" and hint == scalars.Quantity)

    def _use(self, name: str, line: int) -> None:
        self.used.setdefault(name, set()).add(line)

    def _line(self, path: TreePath, *, key: bool = False) -> int:
        return self.document.place(path, key=key).line

    def _stated(self, text: str, path: TreePath, cited: Citation) -> StatedNumber:
        above = self.document.node(path[:2])
        table = above if isinstance(above, dict) else {}
        steps = [str(step + 1) if isinstance(step, int) else step for step in path[1:] if step not in _UNSAID]
        name = ": ".join(steps) or str(path[0])
        title = _text(table, "title")
        unit = _text(table, "unit")
        if self.section == "parameters":
            name = str(path[1])
            return StatedNumber(
                self.section, name, title or name, path, text, self._line(path), unit, _citation(table),
                central_written=_text(table, "central"),
            )  # fmt: skip
        if self.section == "rankings":
            name = str(path[3])
            titles = table.get("titles")
            title = _text(titles, name) if isinstance(titles, dict) else ""
            return StatedNumber(self.section, name, title or name, path, text, self._line(path), unit, cited)
        return StatedNumber(self.section, name, title or str(path[1] if len(path) > 1 else path[0]), path, text,
                            self._line(path), unit, cited)  # fmt: skip

    def finished(self, stated: StatedNumber, lines: dict[str, tuple[int, ...]]) -> StatedNumber:
        """The number with its range and the lines that use it."""
        if stated.section in ("parameters", "rankings"):
            stated = replace(stated, used=lines.get(stated.name, ()))
        try:
            central = float(stated.central_written) if stated.central_written else None
            number = parse_uncertain(stated.written[:_LONGEST], central, self._choices(stated))
        except (DistributionError, ValueError, OverflowError):
            return stated
        low, high = number.support
        named = tuple((name, value) for name, value, _ in number.choices)
        return replace(stated, central=number.central, low=low, high=high, choices=named)

    def _choices(self, stated: StatedNumber) -> dict[str, float] | None:
        node = self.document.node((*stated.path[:2], "choices")) if stated.section == "parameters" else None
        if not isinstance(node, dict):
            return None
        return {name: float(value) for name, value in node.items() if isinstance(value, str)}


def _says_something(text: str) -> bool:
    """Whether an expression holds a number other than 0 and 1."""
    found = _NUMBER.findall(_DATE.sub("", text[:_LONGEST]))
    return any(float(number) not in (0.0, 1.0) for number in found)


def _text(node: dict[str, Tree], key: str) -> str:
    found = node.get(key, "")
    return found if isinstance(found, str) else ""


def _citation(node: dict[str, Tree]) -> Citation:
    said = node.get("source", "")
    sources = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    names = tuple(each for each in sources if isinstance(each, str) and each)
    return Citation(names, _text(node, "grade"), _text(node, "note"))


def _model(hint: Any, node: dict[str, Tree]) -> type[scalars.Written] | None:
    found = [part for part in parts_of(hint) if isinstance(part, type) and issubclass(part, scalars.Written)]
    kinds = [model for model in found if _text(node, "kind") in get_args(_hints_of(model).get("kind"))]
    return kinds[0] if kinds else found[0] if len(found) == 1 else None


@cache
def _hints_of(model: type[scalars.Written]) -> dict[str, Any]:
    """Annotation of every key as it is written in a file."""
    hints = get_type_hints(model, include_extras=True)
    return {info.alias or name: hints[name] for name, info in model.model_fields.items()}
