"""The generated schema and reference page: committed as generated, and true of the specimens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from servanda.case import reference, schema
from servanda.case.models import Case
from servanda.case.reader import Tree, read_text
from servanda.case.rules import RULES
from servanda.case.structure import structure

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = jsonschema.Draft202012Validator(schema.schema())
FILES = [*sorted((ROOT / "spec" / "valid").glob("*.yaml")), *sorted((ROOT / "cases").rglob("case.yaml"))]


def as_editors_see_it(tree: Tree) -> Any:
    """Plain scalars as YAML 1.2 types them."""
    if isinstance(tree, dict):
        return {key: as_editors_see_it(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [as_editors_see_it(value) for value in tree]
    if re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?", tree):
        return float(tree)
    return {"true": True, "false": False}.get(tree, tree)


def test_the_committed_schema_is_the_generated_one() -> None:
    assert (ROOT / "spec" / "case.schema.json").read_text("utf-8") == schema.text()


def test_the_committed_page_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "reference" / "language.md").read_text("utf-8") == reference.page()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.text()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem if path.stem != "case" else path.parent.name)
def test_editors_accept_valid_files(path: Path) -> None:
    tree = as_editors_see_it(read_text(path.read_text("utf-8"))[0].tree)
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(tree)] == []


@pytest.mark.parametrize(
    "name",
    ["unknown-key", "missing-key", "unknown-kind", "wrong-type", "wrong-type-list", "bad-name", "bad-grade-letter"],
)
def test_editors_refuse_wrong_shapes(name: str) -> None:
    tree = as_editors_see_it(read_text((ROOT / "spec" / "invalid" / f"{name}.yaml").read_text("utf-8"))[0].tree)
    assert not VALIDATOR.is_valid(tree)


def test_every_key_is_described() -> None:
    rows = reference.page()
    assert all(f"| `{info.alias or name}` |" in rows for name, info in Case.model_fields.items())
    described = [
        (model, name)
        for model, definition in schema.schema()["$defs"].items()
        for name, entry in definition.get("properties", {}).items()
        if not entry.get("description")
    ]
    assert described == []


def test_every_rule_stands_on_the_page() -> None:
    assert [code for code in RULES if f"| `{code}` |" not in reference.page()] == []


def test_structure_reports_all_wrong_shapes_at_once() -> None:
    document, found = read_text("case: X y\nsides: {a b: {}}\nactors: []\npayoffs: {n: {t: {wort: 1}}}\n")
    shape = structure(document, found)
    assert not shape.complete
    assert [(issue.code, issue.where.line) for issue in shape.issues if issue.code != "missing-key"] == [
        ("bad-name", 1),
        ("bad-name", 2),
        ("wrong-type", 3),
        ("unknown-key", 4),
    ]
