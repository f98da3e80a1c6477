"""What may stand at a place of a case text that is being written: keys, names, levels and words, best first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from servanda.case import models, models_world, scalars
from servanda.case.annotations import is_alias, parts_of
from servanda.case.declared import Declared, Named, levels_of, names_at
from servanda.case.document import Tree, TreePath
from servanda.case.outline import Spot, outline
from servanda.case.shape import models_at
from servanda.case.uncertain import FORMS

Kind = Literal["key", "name", "word"]

MOST = 60
_WORD = re.compile(r"(?:draft\.[A-Za-z0-9_]*|[A-Za-z_][A-Za-z0-9_]*)\Z")
_LEVEL_OF = re.compile(
    r"\b([A-Za-z_][A-Za-z0-9_]*)\s*(?:\bis\s+(?:not\s+)?|\bin\s*\((?:[^()]*,)?\s*|(?:[<>]=?|[=!]=)\s*)\Z"
)
_AFTER_OPERAND = re.compile(r"[A-Za-z0-9_)\].]\s+\Z")
_OPERATOR = re.compile(r"\b(?:is|not|in|and|or|if|then|else)\s+\Z")
_FUNCTIONS = ("min(", "max(", "abs(", "exp(", "log(", "sqrt(")
# What many tables share stands last.
_SHARED = frozenset(scalars.Cited.model_fields)
_PERIODS = ("month", "quarter", "half-year", "year")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may stand here: `shown` in the list, `insert` in the text, `about` in words."""

    shown: str
    kind: Kind
    about: str = ""
    insert: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions for the characters from `start` to `end` of the text, and the path of what is written there."""

    start: int
    end: int
    path: TreePath
    suggestions: tuple[Suggestion, ...]


def complete(text: str, offset: int, *, most: int = MOST) -> Completion:
    r"""What may stand at a place of a text, which need not be YAML yet.

    Parameters
    ----------
    text
        The whole case text.
    offset
        Where the cursor stands, in characters from the beginning.
    most
        How many suggestions to give.

    Returns
    -------
    What fits what is already written there, keys that are required first; empty inside free text and comments.

    Examples
    --------
    >>> text = "sides:\n  us: {party: yes}\nactors:\n  engager:\n    side: "
    >>> [found.shown for found in complete(text, len(text)).suggestions]
    ['us']
    >>> [found.shown for found in complete("tit", 3).suggestions]
    ['title']
    """
    before = text[: max(0, min(offset, len(text)))]
    spot = outline(before).spot
    if spot.part == "text":
        return Completion(len(before), len(before), spot.path, ())
    declared = Declared(outline(text).tree)
    found: list[Suggestion] = []
    start = spot.start
    if spot.part in ("key", "either"):
        found += _keys(spot, declared)
    if spot.part in ("value", "either"):
        values, inside = _values(spot, declared)
        found += values
        start += inside
    written = before[start:]
    fitting = _fitting(written, found)
    # In front of a word nothing is replaced, inside it the whole of it.
    rest = _rest_of_word(text, len(before)) if written else ""
    return Completion(start, len(before) + len(rest), spot.path, tuple(fitting[:most]))


def _rest_of_word(text: str, offset: int) -> str:
    found = re.compile(r"[A-Za-z0-9_]*").match(text, offset)
    return found[0] if found else ""


def _fitting(written: str, found: Iterable[Suggestion]) -> list[Suggestion]:
    """Those that begin with what is written, then those that hold it; each once."""
    low = written.strip().lower()
    unique = list(dict.fromkeys(found))
    first = [each for each in unique if each.shown.lower().startswith(low)]
    return first + [each for each in unique if low and each not in first and low in each.shown.lower()]


def _keys(spot: Spot, declared: Declared) -> Iterator[Suggestion]:
    """Keys that the models know here and nobody has written yet, then names where names are keys."""
    held = declared.node(spot.path)
    own = spot.written.strip().strip("\"'")
    # What is being written has no value yet; a key that has one stands there already.
    there = {key for key, value in held.items() if key != own or value} if isinstance(held, dict) else set()
    models_here = models_at(spot.path, declared.tree)
    fields = [(model, name, info) for model in models_here for name, info in model.model_fields.items()]
    for model, name, info in sorted(fields, key=lambda each: (not each[2].is_required(), each[1] in _SHARED)):
        key = info.alias or name
        if key not in there:
            needed = "required. " if info.is_required() else ""
            yield Suggestion(key, "key", needed + _clipped(info.description or ""), _opened(key, _hint(model, name)))
    for named in names_at((*spot.path, "*"), declared, keys=True):
        if named.name not in there:
            yield Suggestion(named.name, "key", named.about, f"{named.name}: ")


def _opened(key: str, hint: Any) -> str:
    """The key as it is inserted: nothing on its line where only a mapping can follow."""
    shapes = {get_origin(part) or part for part in parts_of(hint)}
    nested = shapes and all(shape is dict or _is_written(shape) for shape in shapes)
    return f"{key}:" if nested else f"{key}: "


def _values(spot: Spot, declared: Declared) -> tuple[list[Suggestion], int]:
    """Values that may stand at a path, and how far into what is written the word begins that they replace."""
    named = [Suggestion(n.name, "name", n.about, n.name) for n in names_at(spot.path, declared, keys=False)]
    if named:
        return named, 0
    for hint, about in _hints(spot.path, declared.tree):
        if (
            is_alias(hint, scalars.NumberExpression)
            or is_alias(hint, scalars.Condition)
            or is_alias(hint, scalars.Decisiveness)
        ):
            return _expression(spot.written, declared, condition=is_alias(hint, scalars.Condition), about=about)
        if words := list(_words(hint, spot, declared)):
            return words, 0
    return [], 0


def _words(hint: Any, spot: Spot, declared: Declared) -> Iterator[Suggestion]:
    if is_alias(hint, scalars.YesNo):
        yield from (Suggestion(word, "word", "", word) for word in ("yes", "no"))
    elif is_alias(hint, scalars.Grade):
        yield from (Suggestion(grade, "word", _GRADES[grade[:1]], grade) for grade in scalars.GRADES)
    elif is_alias(hint, scalars.Duration):
        yield from (Suggestion(word, "word", "a duration", word) for word in ("6 months", "1 year", "2 years"))
    elif is_alias(hint, scalars.Day):
        days = [declared.tree.get(key) for key in ("start", "as_of")]
        yield from (
            Suggestion(day, "word", "a date", day) for day in dict.fromkeys(days) if isinstance(day, str) and day
        )
    elif is_alias(hint, scalars.Quantity) or is_alias(hint, models.ParameterText):
        if spot.path[:1] == ("modelling",):
            return
        for form in re.findall(r"[a-z]+\([a-z, ]+\)|`[^`]+`", FORMS):
            yield Suggestion(form.strip("`"), "word", "a distribution", form.strip("`"))
    elif spot.path == ("period",):
        yield from (Suggestion(word, "word", "", word) for word in _PERIODS)
    for part in parts_of(hint):
        if get_origin(part) is Literal:
            yield from (Suggestion(str(word), "word", "", str(word)) for word in get_args(part))


_GRADES = {
    "A": "official text, news agency or known institute",
    "B": "mirror, encyclopaedia or advocacy",
    "C": "secondary pointer",
    "M": "general knowledge",
    "J": "judgement",
}


def _expression(written: str, declared: Declared, *, condition: bool, about: str) -> tuple[list[Suggestion], int]:
    """Names and words that can go on with an expression."""
    word = _WORD.search(written)
    at = word.start() if word else len(written)
    before = written[:at]
    if level_of := _LEVEL_OF.search(before):
        levels = levels_of(level_of[1], declared)
        if levels:
            return [_name(level) for level in levels], at
    if _AFTER_OPERAND.search(before) and not _OPERATOR.search(before):
        words = ("is", "is not", "in (", "and", "or", "then", "else")
        return [Suggestion(each, "word", "", f"{each} ".replace("( ", "(")) for each in words], at
    names: list[Named] = []
    variables = [*declared.variables, *_BUILT_IN]
    if about.startswith("Structural"):
        names = [*variables, *declared.terms]
    elif condition:
        names = [*variables, *declared.parameters, *declared.terms]
    else:
        names = [*declared.parameters, *declared.terms, *variables]
    functions = [] if about.startswith("Structural") else [Suggestion(f, "word", "a function", f) for f in _FUNCTIONS]
    starts = [Suggestion(each, "word", "", f"{each} ") for each in (("not",) if condition else ("if",))]
    return [*map(_name, names), *functions, *starts], at


_BUILT_IN = (
    Named("deal", "where the agreement stands"),
    Named("draft", "the draft on the table or in force"),
    Named("phase", "number of the current phase"),
    *(Named(clock, "the calendar") for clock in ("date", "period_years")),
)


def _name(named: Named) -> Suggestion:
    return Suggestion(named.name, "name", named.about, named.name)


def _hints(path: TreePath, tree: Tree) -> Iterator[tuple[Any, str]]:
    """Annotations of the value at a path, each with the description of the key that holds it."""
    for length in range(len(path) - 1, -1, -1):
        rest = path[length:]
        for model in models_at(path[:length], tree):
            for name, info in model.model_fields.items():
                if (info.alias or name) == rest[0]:
                    for hint in _inside(_hint(model, name), rest[1:]):
                        yield hint, info.description or ""
                    return


def _inside(hint: Any, steps: TreePath) -> Iterator[Any]:
    """The annotations inside nested mappings and lists; every alternative of a union."""
    if not steps:
        yield hint
        return
    if hint == models_world.Price:
        yield from [scalars.NumberExpression] if len(steps) in (1, 2) else []
        return
    for part in parts_of(hint):
        if get_origin(part) is dict:
            yield from _inside(get_args(part)[1], steps[1:])
        elif get_origin(part) in (list, tuple):
            yield from _inside(get_args(part)[0], steps[1:])


def _is_written(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, scalars.Written)


@cache
def _hints_of(model: type[scalars.Written]) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


def _hint(model: type[scalars.Written], name: str) -> Any:
    return _hints_of(model)[name]


def _clipped(text: str) -> str:
    return text if len(text) <= 160 else text[:159].rsplit(" ", 1)[0] + " …"
