"""The reference page of the case language, from the models and rules; `python -m servanda.case.reference` prints it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic_core import PydanticUndefined

from servanda.case import models, models_claims, models_drafts, models_world, scalars
from servanda.case.citation import RELIABILITY
from servanda.case.reader import DEEPEST as DEEPEST_NODES
from servanda.case.rules import GROUPS
from servanda.case.scalars import RESERVED, Cited, Written
from servanda.case.shape import parts_of

_WORDS: tuple[tuple[Any, str], ...] = (
    (scalars.Text, "text"),
    (scalars.Name, "name"),
    (scalars.OwnName, "new name"),
    (scalars.LevelName, "new level"),
    (scalars.Label, "label"),
    (scalars.CaseName, "name with dashes"),
    (scalars.Number, "number"),
    (scalars.YesNo, "yes or no"),
    (scalars.Day, "date"),
    (scalars.Duration, "duration"),
    (scalars.Grade, "grade"),
    (scalars.NumberExpression, "number expression"),
    (scalars.Decisiveness, "number expression or `{picks: …, when_better_by: …}`"),
    (scalars.Condition, "condition"),
    (scalars.References, "one or more source names"),
    (scalars.Place, "new name or list of new names"),
    (scalars.Between, "[low, high]"),
    (scalars.NumberOrBetween, "number or [low, high]"),
    (scalars.Quantity, "number or distribution"),
    (models_world.Price, "price"),
    (models_world.Effects, "effects"),
    (models_claims.Rank, "whole number from 1"),
    (models_claims.Whom, "name or list of names"),
    (models_claims.Tests, "[ClaimTest](#claimtest) or list of them"),
    (models_drafts.SunsetText, "date or `{mean: duration}`"),
    (models.ParameterText, "number, distribution or [Parameter](#parameter)"),
)


def _reliabilities() -> str:
    shown = [f"{grade or 'without a grade'} {value:g}" for grade, value in RELIABILITY.items()]
    return ", ".join(shown[:-1]) + " and " + shown[-1]


_INTRODUCTION = f"""# The case language

A case is one YAML file of at most 2 MB, nested at most {DEEPEST_NODES} deep. Every scalar is read as text and typed by
its key, so `no`, `08`, `12:30` and dates mean what they say. Unknown and duplicate keys, empty values, anchors, aliases
and tags are errors. All errors are reported at once, each with its line, its column and one way out.

**Values.** *Name*: letters, digits and `_`, not beginning with a digit. *Label*: one line of free text. *Date*:
`YYYY-MM-DD`. *Duration*: `6 months`, `2 years`. *Yes or no*: `yes`, `no`, `true`, `false`. *Effects*: a mapping of
variable to a level, or for a stock `up`, `down`, `up 2`, `down 2` (clamped at the ends); the key `deal` may become
`ended`, `suspended` or `none`. *Price*: a mapping of actor or side to a number expression, or to a mapping of named
number expressions; one-off points, positive is a cost; a side stands for each of its actors.

**Reserved words.** {", ".join(f"`{word}`" for word in sorted(RESERVED))}. Levels and options may
be called `none`, `yes`, `no` and `live`; none is called `up` or `down`.

**Sources.** Where a table lists `source`, `grade` and `note`, every number other than 0 and 1 should have a source.
Grades: A official text, news agency or known institute; B mirror, encyclopaedia or advocacy; C secondary pointer; M
general knowledge; J judgement, `J:A` a judgement resting on sources of grade A. Without `grade`, the best grade of the
sources holds. An observation without `reliability` is right with a probability that goes by its grade:
{_reliabilities()}.

**Dates.** A case stands on its date of information, `as_of`. Drafts that were on the table at no time from `start` to
`as_of`, evidence before `start`, questions asked earlier and earlier dates of chance events are its history: they
are no part of the case itself, and serve to freeze it on an earlier day. A case frozen on a day has the drafts that
were then on the table, starts where things had last been observed, and knows nothing later; where nothing had been
observed of a variable, the start that the case declares is taken. Expressions that speak of a draft which is not on
the table read as if the draft were never that one, and its terms as 0.
"""

_EXPRESSIONS = """## Expressions

Numbers, parameter names and names of stocks (their value at the present level, or their rank), `+ - * /`, brackets,
`min(a, b)`, `max(a, b)`, `abs(a)`, `exp(a)`, `log(a)` (natural), `sqrt(a)`, and `if CONDITION then X else Y`. A date
`YYYY-MM-DD` is its decimal year.

Conditions: `VARIABLE is LEVEL`, `VARIABLE is not LEVEL`, `VARIABLE in (A, B)`, comparisons `< <= > >= == !=` between
numbers or between a stock and one of its levels (by rank), `and`, `or`, `not`. Beside a stock, a name that is one of
its levels is read as that level, whatever else it names.

Built in: `deal` (none, talks, tabled, ratifying, phase, in_force, suspended, expiring, ended; `live` stands for phase
and in_force), `draft` (none, or a draft), `phase` (number of the current phase of a live deal, otherwise 0), `date`
(decimal year at the middle of the period), `period_years`, and `draft.TERM` (the number of that term in the draft now
tabled, ratifying, live, suspended or expiring; otherwise 0).

*Structural* conditions decide which states and options exist: they read variables, `deal`, `draft` and `phase` only.
*Constant* expressions (discount, decisiveness, terms of drafts, frictions) read numbers and parameters only.
At most 2,000 characters, nested at most 40 deep; a sum of n terms is nested n deep.

```text
{grammar}```
"""


def page() -> str:
    """The page as Markdown."""
    grammar = resources.files("servanda.case").joinpath("grammar.lark").read_text("utf-8")
    sections = [_INTRODUCTION, "## Keys\n"]
    sections += [_section(model) for model in _models(models.Case, [])]
    sections += [_EXPRESSIONS.replace("{grammar}", grammar), *_rules()]
    return "\n".join(sections)


def _models(model: type[Written], seen: list[type[Written]]) -> list[type[Written]]:
    if model not in seen:
        seen.append(model)
        for info in model.model_fields.values():
            for inner in _inner_models(info.annotation):
                _models(inner, seen)
    return seen


def _inner_models(annotation: Any) -> Iterator[type[Written]]:
    for part in parts_of(annotation):
        if isinstance(part, type) and issubclass(part, Written):
            yield part
        elif get_origin(part) in (dict, list, tuple):
            for argument in get_args(part):
                yield from _inner_models(argument)


def _section(model: type[Written]) -> str:
    hints = get_type_hints(model, include_extras=True)
    lines = [f"### {model.__name__}", "", (model.__doc__ or "").strip(), ""]
    lines += ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    # What a table shares with many others stands last.
    for name, info in sorted(model.model_fields.items(), key=lambda field: field[0] in Cited.model_fields):
        default = "required" if info.is_required() else _default(info.default)
        cells = [f"`{info.alias or name}`", _type(hints[name]), default, info.description or ""]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is None or value in ({}, []) or value is PydanticUndefined or isinstance(value, Written):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "`1 year`" if isinstance(value, float) else f"`{value}`"


def _type(hint: Any) -> str:
    for alias, word in _WORDS:
        if hint == alias:
            return word
    if get_origin(hint) is Annotated:
        return _type(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_type(part) for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(hint))
    if get_origin(hint) is dict:
        key, value = get_args(hint)
        return f"mapping of {_type(key)} to {_type(value)}"
    if get_origin(hint) is list:
        return f"list of {_type(get_args(hint)[0])}"
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def _rules() -> list[str]:
    lines = ["## Rules\n", "Errors stop a case from being used; warnings do not.\n"]
    for title, rules in GROUPS:
        rows = "\n".join(f"| `{rule.code}` | {rule.meaning} |" for rule in rules)
        lines.append(f"### {title}\n\n| code | what the rule asks for |\n| --- | --- |\n{rows}\n")
    return lines


if __name__ == "__main__":
    print(page(), end="")
