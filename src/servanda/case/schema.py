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
        **{key: value for key, value in generated.items() if key != "title"},
    }


def text() -> str:
    """The schema as the text of `spec/case.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
