"""A run as plain data for JSON: records become objects, enumerations their names, dates ISO text."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from servanda.case.expression import Expression
from servanda.case.messages import json_of
from servanda.errors import Location
from servanda.runs import Run


def to_dict(run: Run) -> dict[str, Any]:
    """Everything in a run as nested dicts, lists, texts, numbers, booleans and None; keys are the records' fields.

    Expressions become their text, places in files are left out, the status becomes its name and sentence, and numbers
    that are not finite become the texts "nan", "inf" and "-inf", which JSON can carry.

    Examples
    --------
    >>> plain_data((date(2022, 9, 1), 0.5, float("inf")))
    ['2022-09-01', 0.5, 'inf']
    """
    data: dict[str, Any] = plain_data(run)
    data["status"] = {"name": run.status.name.lower().replace("_", "-"), "sentence": run.status.value}
    data["warnings"] = [json_of(issue) for issue in run.warnings]
    return data


def plain_data(value: object) -> Any:
    """One value of a record as JSON can carry it.

    Raises
    ------
    TypeError
        If the value is of a kind no record holds.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.name.lower()
        case Expression():
            return value.text
        case Location():
            return str(value)
        case tuple() | list():
            return [plain_data(part) for part in value]
        case dict():
            return {str(key): plain_data(part) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain_data(getattr(value, f.name)) for f in fields(value) if f.name != "where"}
    raise TypeError(f"a record holds no {type(value).__name__}")


def to_json(value: object) -> str:
    """Plain data as JSON text: two blanks of indent, no escapes of letters, no numbers that JSON lacks."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
