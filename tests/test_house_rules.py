"""The rules of the house: the tree keeps them, and each is seen when it is broken."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = runpy.run_path(str(ROOT / ".ci" / "house_rules.py"))
HOME = "/".join(["", "home", "someone"])


def found(path: str, text: str) -> list[str]:
    return list(RULES["complaints"](Path(path), text))


def test_the_tree_keeps_them() -> None:
    files = {path: RULES["text_of"](path) for path in RULES["files"]()}
    assert Path("pyproject.toml") in files
    assert [line for path, text in files.items() if text is not None for line in RULES["complaints"](path, text)] == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("src/servanda/utils.py", "", "the name 'utils' says nothing"),
        ("src/servanda/core/hull.py", "", "the name 'core' says nothing"),
        ("src/servanda/game/game.py", "x = 1\n" * 451, "451 lines, at most 450"),
        ("src/servanda/report/page.py", "x = 1\nimport servanda as sv\n", "page.py:2: servanda imports its own top"),
        ("src/servanda/report/page.py", "from servanda import read\n", "page.py:1: servanda imports its own top"),
        ("docs/page.md", f"one\n\nsee {HOME}/case.yaml\n", "page.md:3: a path of one machine"),
        ("requirements/run.txt", "--index-url https://example.org\n", "names a host"),
    ],
)
def test_a_broken_rule_is_seen(path: str, text: str, said: str) -> None:
    (line,) = found(path, text)
    assert said in line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/servanda/game/game.py", "x = 1\n" * 450),
        ("src/servanda/report/page.py", "from servanda.case import read\n"),
        ("docs/page.md", f"https://example.org{HOME}\n"),
        ("tests/test_use.py", "import servanda as sv\n"),
    ],
)
def test_what_is_allowed_passes(path: str, text: str) -> None:
    assert found(path, text) == []
