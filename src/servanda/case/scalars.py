"""Types of the scalars and small shapes of a written case; each failure carries the code of its rule."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from servanda.case.dates import parse_date, parse_duration
from servanda.case.document import clip

GRADES = ("A", "B", "C", "M", "J", "J:A", "J:B", "J:C", "J:M")
RESERVED = frozenset({"deal", "draft", "phase", "date", "period_years", "live", "none", "yes", "no"}) | frozenset(
    {"and", "or", "not", "is", "in", "if", "then", "else", "min", "max", "abs", "exp", "log", "sqrt"}
)
# A level is read only after `is`, `in` or a comparison, where these cannot be taken for anything else.
LEVEL_WORDS = frozenset({"none", "yes", "no", "live"})
STEP_WORDS = frozenset({"up", "down"})

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
LONGEST_NAME = 80


def fail(code: str, message: str, hint: str) -> PydanticCustomError:
    """The error pydantic carries to the reader: rule, message and way out."""
    return PydanticCustomError(code, "{text}", {"text": message, "hint": hint})


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise fail("wrong-type", f"a text is wanted here, not a {_shape(value)}", "write one value after the colon")


def _shape(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "text"


def _filled(text: str) -> str:
    if text.strip():
        return text
    raise fail("null-value", "the text is empty", "write something, or delete the key")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text) or len(text) > LONGEST_NAME:
        raise fail(
            "bad-name",
            f"`{clip(text)}` is not a name",
            "use letters, digits and _, not starting with a digit, at most 80 of them",
        )
    return text


def _own_name(text: str) -> str:
    if _name(text) in RESERVED:
        raise fail("reserved-name", f"`{text}` is a word of the language", "choose another name")
    return text


def _level_name(text: str) -> str:
    if _name(text) in (RESERVED - LEVEL_WORDS) | STEP_WORDS:
        raise fail("reserved-name", f"`{text}` is a word of the language", "choose another name")
    return text


def label(text: str) -> str:
    """Check a free text name: one short printable line."""
    if not text.strip() or len(text) > 200 or not text.isprintable() or text != text.strip():
        raise fail("bad-name", f"`{clip(text)}` is not a usable label", "write one short line")
    return text


def _case_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text) or len(text) > LONGEST_NAME:
        raise fail(
            "bad-name", f"`{clip(text)}` is not a case name", "use small letters, digits and dashes, like us-iran-2022"
        )
    return text


def _number(value: Any) -> float:
    text = _text(value)
    if not _NUMBER.fullmatch(text.strip()):
        raise fail("wrong-type", f"`{clip(text)}` is not a number", "write a number like 12, 0.5 or 1e-3")
    number = float(text)
    if abs(number) > 1e300:
        raise fail("wrong-type", f"`{clip(text)}` is too large a number", "write a number below 1e300")
    return number


def _yes_no(value: Any) -> bool:
    if (text := _text(value)) in ("yes", "true"):
        return True
    if text in ("no", "false"):
        return False
    raise fail("wrong-type", f"`{clip(text)}` is neither yes nor no", "write yes or no")


def _day(value: Any) -> date:
    if (day := parse_date(_text(value))) is not None:
        return day
    if re.fullmatch(r"\s*\d{4}-\d{2}-\d{2}\s*", _text(value)):
        raise fail("bad-date", f"there is no day `{clip(value)}`", "look at the calendar: month, then day")
    raise fail("bad-date", f"`{clip(value)}` is not a date", "write YYYY-MM-DD, like 2022-09-01")


def _duration(value: Any) -> float:
    if (years := parse_duration(_text(value))) is not None and 0 < years <= 10_000:
        return years
    raise fail("bad-duration", f"`{clip(value)}` is not a duration", "write `6 months` or `2 years`")


def _grade(value: Any) -> str:
    if (text := _text(value)) in GRADES:
        return text
    raise fail("bad-grade", f"`{clip(text)}` is not a grade of evidence", "write one of " + ", ".join(GRADES))


_CHOICE_KEYS = ("picks", "when_better_by")


def _decisiveness(value: Any) -> str:
    if not isinstance(value, dict):
        return _text(value)
    if strange := [key for key in value if key not in _CHOICE_KEYS]:
        raise fail("unknown-key", f"`{clip(strange[0])}` is not a key here", "write picks and when_better_by")
    if lacking := [key for key in _CHOICE_KEYS if key not in value]:
        hint = "write `{picks: 0.75, when_better_by: 10}`, or points alone"
        raise fail("missing-key", f"`decisiveness` needs `{lacking[0]}`", hint)
    picks, better_by = (_filled(_text(value[key])).strip() for key in _CHOICE_KEYS)
    if _NUMBER.fullmatch(picks):
        return _of_choice(_number(picks), better_by)
    return f"({better_by}) * log(9) / log(({picks}) / (1 - ({picks})))"


def _of_choice(picks: float, better_by: str) -> str:
    from servanda.case.elicitation import decisiveness_from_choice

    if not 0.5 < picks < 1:
        message = f"picks is {picks:g}, and the better of two options is picked more than half the time, never always"
        raise fail("picks-out-of-range", message, "give a share between 0.5 and 1")
    if _NUMBER.fullmatch(better_by):
        return f"{_number(better_by) * decisiveness_from_choice(picks, 1):.12g}"
    return f"({better_by}) * {decisiveness_from_choice(picks, 1):.12g}"


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _place(value: Any) -> Any:
    if isinstance(value, str | list):
        return _listed(value)
    raise fail("wrong-type", "a name or a list of names is wanted here", "write NAME, or [NAME, NAME] for equals")


def _pair(value: Any) -> Any:
    if isinstance(value, str):
        return [value, value]
    if isinstance(value, list) and len(value) == 2:
        return value
    raise fail("wrong-type", "a number or [low, high] is wanted here", "write 3 or [2, 4]")


def _interval(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 2:
        return value
    raise fail("wrong-type", "[low, high] is wanted here", "write two numbers, like [2, 4]")


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] <= pair[1]:
        return pair
    raise fail("interval-reversed", f"{pair[0]:g} is greater than {pair[1]:g}", "put the smaller number first")


_ANY_TEXT = {"type": ["string", "number", "boolean"]}
_NAME_SCHEMA = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "maxLength": LONGEST_NAME}

Text = Annotated[str, BeforeValidator(_text), AfterValidator(_filled), WithJsonSchema(_ANY_TEXT)]
Name = Annotated[str, BeforeValidator(_text), AfterValidator(_name), WithJsonSchema(_NAME_SCHEMA)]
OwnName = Annotated[str, BeforeValidator(_text), AfterValidator(_own_name), WithJsonSchema(_NAME_SCHEMA)]
LevelName = Annotated[str, BeforeValidator(_text), AfterValidator(_level_name), WithJsonSchema(_NAME_SCHEMA)]
Label = Annotated[str, BeforeValidator(_text), AfterValidator(label), WithJsonSchema({"type": "string"})]
CaseName = Annotated[str, BeforeValidator(_text), AfterValidator(_case_name), WithJsonSchema({"type": "string"})]
Number = Annotated[float, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"enum": ["yes", "no", True, False]})]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Duration = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\s*[0-9.eE+-]+\s*(months?|years?)\s*$"}),
]
Grade = Annotated[str, BeforeValidator(_grade), WithJsonSchema({"enum": list(GRADES)})]
SourceGrade = Literal["A", "B", "C", "M"]
NumberExpression = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_filled),
    WithJsonSchema({"type": ["number", "string"], "description": "an expression that gives a number"}),
]
Decisiveness = Annotated[
    str,
    BeforeValidator(_decisiveness),
    AfterValidator(_filled),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["number", "string"]},
                {
                    "type": "object",
                    "properties": {
                        "picks": {"type": ["number", "string"]},
                        "when_better_by": {"type": ["number", "string"]},
                    },
                    "required": list(_CHOICE_KEYS),
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Condition = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_filled),
    WithJsonSchema({"type": "string", "description": "an expression that is true or false"}),
]
References = Annotated[
    list[Label],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Place = Annotated[
    list[OwnName],
    Field(min_length=1),
    BeforeValidator(_place),
    WithJsonSchema({"anyOf": [_NAME_SCHEMA, {"type": "array", "items": _NAME_SCHEMA, "minItems": 1}]}),
]
Between = Annotated[tuple[Number, Number], BeforeValidator(_interval), AfterValidator(_ordered)]
NumberOrBetween = Annotated[
    tuple[Number, Number],
    BeforeValidator(_pair),
    AfterValidator(_ordered),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]
Quantity = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["number", "string"]})]


class Written(BaseModel):
    """Part of a written case: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Cited(Written):
    """Part of a written case that says where its numbers come from."""

    source: References = Field(
        default=[], description="Identifiers under `sources`, or `judgement`, for the numbers written here."
    )
    grade: Grade | None = Field(
        default=None,
        description="Grade of evidence: A, B, C, M, or J (judgement; J:A… rests on sources of that grade).",
    )
    note: Text | None = Field(default=None, description="Remark for the reader.")
