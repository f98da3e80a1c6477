"""JSON Schema of a written case, for editors; `python -m servanda.case.schema` prints it."""

from __future__ import annotations

import json
from typing import Any

from servanda.case.models import Case


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a written case."""
    generated = Case.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Servanda case",
        **{key: value for key, value in _tidied(generated).items() if key != "title"},
    }


def _tidied(node: Any) -> Any:
    """A schema without made-up titles and empty defaults, whose mappings take matching names only."""
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("properties", "$defs", "patternProperties"):
            kept[key] = {name: _tidied(inner) for name, inner in value.items()}
        elif key != "title" and not (key == "default" and (value is None or isinstance(value, dict | list))):
            kept[key] = _tidied(value)
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept


def text() -> str:
    """The schema as the text of `spec/case.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
