"""Cases broken at random: the reader always ends in a case or in errors with places, never in a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import dump, load_text, parse_text
from servanda.case.reader import Tree, TreePath, read_text
from servanda.case.rules import RULES

SPEC = Path(__file__).resolve().parents[2] / "spec" / "valid"
TREES = [read_text(path.read_text("utf-8"))[0].tree for path in sorted(SPEC.glob("*.yaml"))]


def paths(tree: Tree, here: TreePath = ()) -> Iterator[TreePath]:
    yield here
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from paths(value, (*here, key))
    elif isinstance(tree, list):
        for position, value in enumerate(tree):
            yield from paths(value, (*here, position))


def parts(tree: Tree) -> Iterator[Tree]:
    yield tree
    for value in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from parts(value)


def replaced(tree: Tree, path: TreePath, value: Tree) -> Tree:
    if not path:
        return value
    if isinstance(tree, dict):
        return {key: replaced(inner, path[1:], value) if key == path[0] else inner for key, inner in tree.items()}
    if isinstance(tree, list):
        return [replaced(inner, path[1:], value) if at == path[0] else inner for at, inner in enumerate(tree)]
    return tree


PATHS = [sorted(paths(tree), key=str) for tree in TREES]
PARTS: list[Tree] = [part for tree in TREES for part in parts(tree)]
ODD: list[Tree] = [
    "",
    "zz",
    "0",
    "-1",
    "1e400",
    "nan",
    "deal",
    "draft",
    "live",
    "up",
    "date",
    "1 / 0",
    "2022-02-30",
    [],
    {},
]
ODD += [
    ["a", "a"],
    {"zz": "1"},
    {"deal": "ended"},
    {"value": "2 to 1"},
    "a is b",
    "draft.zz",
    "phase > 1",
    "9999-12-31",
]
ODD += ["0001-01-01", "9999 years", "1e300", "1e-300 years", [["1", "2"]], "judgement", "north", "s"]


@st.composite
def broken(draw: st.DrawFn) -> Tree:
    which = draw(st.integers(0, len(TREES) - 1))
    tree = TREES[which]
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PATHS[which]))
        tree = replaced(tree, path, draw(st.one_of(st.sampled_from(ODD), st.sampled_from(PARTS))))
    return tree


@given(broken())
def test_broken_cases_end_in_a_case_or_in_errors(tree: Tree) -> None:
    loaded = load_text(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False))
    errors = [issue for issue in loaded.issues if issue.severity == "error"]
    assert (loaded.case is None) == bool(errors)
    assert all(issue.code in RULES and issue.where.line >= 1 and issue.where.column >= 1 for issue in loaded.issues)
    assert all(issue.severity == RULES[issue.code].severity for issue in loaded.issues)
    if loaded.case is not None:
        text = dump(loaded.case)
        assert dump(parse_text(text)) == text
