"""The specimens: every valid file resolves, every invalid one shows its rule, at its place, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from servanda.case import dump, load, load_text
from servanda.case.messages import texts_of
from servanda.case.rules import RULES

SPEC = Path(__file__).resolve().parents[2] / "spec"
VALID = sorted((SPEC / "valid").glob("*.yaml"))
INVALID = sorted((SPEC / "invalid").glob("*.yaml"))
WARNED = sorted((SPEC / "warned").glob("*.yaml"))


def expected(path: Path) -> tuple[str, int, int]:
    found = re.match(rb"# expect: (\S+) at (\d+):(\d+)\n", path.read_bytes())
    assert found is not None, f"{path.name} does not say what to expect"
    return found[1].decode(), int(found[2]), int(found[3])


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_files_resolve_without_a_word(path: Path) -> None:
    loaded = load(path)
    assert texts_of(loaded.issues) == ""
    assert loaded.case is not None


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_files_show_their_rule(path: Path) -> None:
    loaded = load(path)
    assert loaded.case is None
    assert [
        (issue.code, issue.where.line, issue.where.column) for issue in loaded.issues if issue.severity == "error"
    ] == [expected(path)]
    assert all(issue.hint and issue.shown.strip() for issue in loaded.issues if issue.code != "not-utf8")


@pytest.mark.parametrize("path", WARNED, ids=lambda path: path.stem)
def test_doubtful_files_are_used_with_a_warning(path: Path) -> None:
    loaded = load(path)
    assert loaded.case is not None
    assert [(issue.severity, issue.code, issue.where.line, issue.where.column) for issue in loaded.issues] == [
        ("warning", *expected(path))
    ]


@pytest.mark.parametrize("path", [*VALID, *WARNED], ids=lambda path: path.stem)
def test_dumped_files_resolve_to_themselves(path: Path) -> None:
    text = dump(load(path).require())
    again = load_text(text)
    assert again.case is not None, texts_of(again.issues)
    assert dump(again.case) == text


# These need a file that is too large to keep, or no file at all.
WITHOUT_SPECIMEN = {
    "unreadable-file",
    "file-too-large",
    "too-many-nodes",
    "too-many-issues",
    "unknown-case",
    "day-not-known",
}


def test_every_rule_has_a_specimen() -> None:
    shown = {expected(path)[0] for path in (*INVALID, *WARNED)}
    assert set(RULES) - shown == WITHOUT_SPECIMEN
    assert len(RULES) >= 45


def test_specimens_are_named_after_their_rule() -> None:
    names = {path.stem for path in INVALID}
    assert {expected(path)[0] for path in INVALID} <= names | {"unknown-case"}


def test_every_rule_of_the_code_is_listed() -> None:
    written = re.compile(r"\"([a-z]+(?:-[a-z0-9]+)+)\"")
    folder = Path(__file__).resolve().parents[2] / "src" / "servanda" / "case"
    texts = [path.read_text("utf-8") for path in folder.glob("*.py") if path.name != "rules.py"]
    assert {code for text in texts for code in written.findall(text)} - set(RULES) == {
        "half-year",
        "utf-8",
        "utf-8-sig",
    }


def test_severities_are_those_of_the_table() -> None:
    found = {(issue.code, issue.severity) for path in (*INVALID, *WARNED) for issue in load(path).issues}
    assert {(code, RULES[code].severity) for code, _ in found} == found
