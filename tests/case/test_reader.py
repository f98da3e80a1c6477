"""Reading YAML: places, refusals, bombs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import load_text
from servanda.case.reader import LARGEST_FILE, read_file, read_text
from servanda.errors import Location


def places(text: str) -> list[tuple[str, int, int]]:
    return [(issue.code, issue.where.line, issue.where.column) for issue in read_text(text, "c.yaml")[1]]


def test_every_scalar_is_text() -> None:
    document, issues = read_text("a: no\nb: 08\nc: 12:30\nd: 2022-09-01\ne: 1e-3\nf: 'yes'\ng: [1, {h: true}]\n")
    assert issues == []
    assert document.tree == {
        "a": "no",
        "b": "08",
        "c": "12:30",
        "d": "2022-09-01",
        "e": "1e-3",
        "f": "yes",
        "g": ["1", {"h": "true"}],
    }


def test_keys_and_values_know_their_places() -> None:
    document, _ = read_text("a: 1\nbé:\n  - c: x\n    d: y\n", "c.yaml")
    assert document.place(("bé", 0, "d"), key=True) == Location("c.yaml", 4, 5)
    assert document.place(("bé", 0, "d")) == Location("c.yaml", 4, 8)
    assert document.place(("bé", 0, "missing")) == Location("c.yaml", 3, 5)


@pytest.mark.parametrize(
    ("text", "offset", "line", "column"),
    [
        ("a: one two", 4, 1, 8),
        ("a: 'one two'", 4, 1, 9),
        ("a: one\n  two", 4, 2, 3),
        ("a: >-\n  one\n  two", 4, 3, 3),
        ("a: |  # remark\n    one\n    two", 4, 3, 5),
        ("é: [x, öne two]", 4, 1, 12),
    ],
)
def test_characters_of_values_know_their_places(text: str, offset: int, line: int, column: int) -> None:
    document, issues = read_text(text, "c.yaml")
    path = ("é", 1) if text.startswith("é") else ("a",)
    assert issues == []
    assert document.place_within(path, offset) == Location("c.yaml", line, column)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\na: 2\n", [("duplicate-key", 2, 1)]),
        ("a: {b: 1, c: 2, b: 3}\n", [("duplicate-key", 1, 17)]),
        ("a: &x 1\n", [("alias-or-anchor", 1, 4)]),
        ("a: [&x [*x]]\n", [("alias-or-anchor", 1, 5)]),
        ("a: &x {b: *x}\n", [("alias-or-anchor", 1, 4)]),
        ("a: *x\n", [("alias-or-anchor", 1, 4)]),
        ("<<: *x\n", [("alias-or-anchor", 1, 5)]),
        ("a: !!python/object:os.system x\n", [("tag", 1, 4)]),
        ("a: ! x\n", [("tag", 1, 4)]),
        ("a:\nb: ~\nc: null\nd: ''\n", [("null-value", 1, 1), ("null-value", 2, 1), ("null-value", 3, 1)]),
        ("- a\n-\n", [("null-value", 2, 2)]),
        ("a: 1\n---\nb: 2\n", [("yaml-syntax", 2, 1)]),
        ("a: b: c\n", [("yaml-syntax", 1, 5)]),
        ("a: 1\n\tb: 2\n", [("yaml-syntax", 2, 1)]),
        ("a: [1, 2\nb: 3\n", [("yaml-syntax", 2, 2)]),
        ("a: 'x\n", [("yaml-syntax", 2, 1)]),
        ("? [a, b]\n: 1\n", [("wrong-type", 1, 3)]),
        ("a: \x00\n", [("control-character", 1, 4)]),
        ("a: 1\nb: x\x1b[31m\n", [("control-character", 2, 5)]),
        ("", [("not-a-mapping", 1, 1)]),
        ("# only a remark\n", [("not-a-mapping", 1, 1)]),
        ("a: {b: max(1, 2, 3), c: 4}\n", [("yaml-syntax", 1, 8)]),
    ],
)
def test_refusals(text: str, found: list[tuple[str, int, int]]) -> None:
    assert places(text) == found


def test_a_value_torn_by_commas_is_put_together() -> None:
    document, _ = read_text("a: {b: max(1, 2, 3), c: 4}\n")
    assert document.tree == {"a": {"b": "max(1, 2, 3)", "c": "4"}}


def test_a_byte_order_mark_is_no_content() -> None:
    assert read_text("\ufeffa: 1\n")[0].tree == {"a": "1"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 1_000_000, "too-deep"),
        ("{a: " * 400_000, "too-deep"),
        ("- " * 900_000, "too-deep"),
        ("? " * 900_000, "wrong-type"),
        ("a: [" + "x, " * 250_000 + "x]", "too-many-nodes"),
        ("x" * (LARGEST_FILE + 1), "file-too-large"),
        ("a: '" + "x" * 1_000_000, "yaml-syntax"),
        ("!" * 1_000_000, "tag"),
        ("&a " * 600_000, "alias-or-anchor"),
    ],
)
def test_bombs_are_refused_in_time(text: str, code: str) -> None:
    began = time.process_time()
    issues = read_text(text)[1]
    assert [issue.code for issue in issues] == [code]
    assert time.process_time() - began < 5
    assert all(len(issue.shown) < 300 and len(issue.message) < 300 for issue in issues)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    began = time.process_time()
    document, issues = read_file(path)
    assert [(issue.code, issue.where) for issue in issues] == [("file-too-large", Location(str(path)))]
    assert time.process_time() - began < 0.05
    assert document.text == ""


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing.yaml", tmp_path / "pipe", Path("a\x00b")):
        assert [issue.code for issue in read_file(path)[1]] == ["unreadable-file"]


def test_other_encodings_are_refused_at_their_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: 1\nb: é caf".encode() + b"\xe9\n")
    (issue,) = read_file(path)[1]
    assert (issue.code, issue.where.line, issue.where.column) == ("not-utf8", 2, 9)


@given(st.text(max_size=80))
def test_no_text_crashes_the_reader(text: str) -> None:
    document, issues = read_text(text)
    assert issues or document.values
    assert all(issue.where.line >= 1 and issue.where.column >= 1 for issue in issues)


@given(st.lists(st.sampled_from(list("abc:-[]{},#'\"|>&*!?% \n\t~")), max_size=60).map("".join))
def test_no_row_of_yaml_signs_crashes_the_reader(text: str) -> None:
    document, issues = read_text(text)
    assert issues or document.values


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("case: x\n" + "".join(f"k{at}:\n" for at in range(20_000)), "null-value"),
        ("case: x\nparameters: {p: " + "1" * 1_000_000 + "x}\n", "distribution-bad"),
        ("case: x\nparameters: {p: {value: 1, central: " + "1" * 1_000_000 + "x}}\n", "wrong-type"),
        ("case: x\nlapse: " + " " * 1_000_000 + "x\n", "unknown-key"),
        ("case: x\nlevers: {l: {sets: p, range: [" + "1, " * 50_000 + "1]}}\n", "wrong-type"),
        (
            "case: x\nindicators:\n"
            + "".join(f"  i{at}: {{value: near{at} + naer{at}}}\n" for at in range(9_000))
            + "parameters: {"
            + ", ".join(f"near_{at}: 1" for at in range(2_000))
            + "}\n",
            "unknown-parameter",
        ),
    ],
)
def test_floods_of_errors_are_answered_in_time(text: str, code: str) -> None:
    began = time.process_time()
    issues = load_text(text).issues
    assert time.process_time() - began < 5
    assert code in {issue.code for issue in issues}
    assert len(issues) <= 201
    assert all(len(issue.message) < 400 and len(issue.hint) < 400 for issue in issues)
