"""Rules of the house that no linter knows: names, lengths, paths, hosts. Exit code 1 if any is broken."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", ".venv-peers", "build", "dist", "runs", "__pycache__", "LICENSE"}
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "core", "base", "manager", "managers"}
LONGEST = 450
MACHINE_PATH = re.compile(r"(?<![\w./:-])/(?:tmp|work|root|home)/[\w.-]")
SELF_IMPORT = re.compile(r"^(?:import servanda(?: as \w+)?|from servanda import .*)\s*$", re.MULTILINE)


def files() -> Iterator[Path]:
    """Every file of the project, relative to its root; caches and built things left out."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.name in NOT_OURS or path.name.endswith("_cache") or path.name == ".hypothesis":
                continue
            if path.is_dir():
                folders.append(path)
            else:
                yield path.relative_to(ROOT)


def text_of(path: Path) -> str | None:
    """The text of a file, or None for a binary one."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def line_of(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


def complaints(path: Path, text: str) -> Iterator[str]:
    """What is wrong with one file."""
    if path.suffix == ".py":
        if vague := VAGUE.intersection([*path.parent.parts, path.stem]):
            yield f"{path}: the name {vague.pop()!r} says nothing; take the noun of the field"
        if (lines := text.count("\n")) > LONGEST:
            yield f"{path}: {lines} lines, at most {LONGEST}; perhaps two rooms in one"
        if path.parts[:2] == ("src", "servanda"):
            for match in SELF_IMPORT.finditer(text):
                yield f"{path}:{line_of(text, match)}: servanda imports its own top, not a module"
    for match in MACHINE_PATH.finditer(text):
        yield f"{path}:{line_of(text, match)}: a path of one machine ({match.group()}…)"
    if path.parts[0] == "requirements" and "://" in text:
        yield f"{path}: names a host; the locks hold names, versions and hashes only"


def main() -> int:
    found = [line for path in files() if (text := text_of(path)) is not None for line in complaints(path, text)]
    for line in found:
        print(line)
    print(f"house rules: {len(found)} broken" if found else "house rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
