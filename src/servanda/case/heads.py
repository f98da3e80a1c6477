"""The heads of the shipped cases: what each is called and what it shows, read without reading the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from servanda.case.dates import parse_date
from servanda.case.loading import shipped
from servanda.case.models import Case
from servanda.case.reader import read_text

# What a reader is told before the case itself begins; any other key ends the head.
_HEAD = ("case", "title", "description", "notes", "start", "as_of", "learn_from", "period", "horizon", "values")
_LONGEST_HEAD = 100_000
_KEY = re.compile(r"([A-Za-z_]\w*)\s*:")
# No sentence ends with an initial, as in U.S.
_SENTENCE = re.compile(r".*?(?<![A-Z])[.?!](?=\s|$)")


@dataclass(frozen=True)
class Head:
    """What the first lines of a case file say; `as_of` is None where no date could be read.

    `shows` is the first sentence of the description.
    """

    name: str
    title: str
    as_of: date | None
    shows: str
    file: Path


def heads() -> tuple[Head, ...]:
    """Heads of all shipped cases, by name.

    >>> [head.title for head in heads() if head.name == "theory/pledge"]
    ['The pledge that keeps a contract']
    """
    return tuple(_head(name, file) for name, file in shipped().items())


def _head(name: str, file: Path) -> Head:
    said = _read(file)
    as_of = parse_date(said.get("as_of", "")) or parse_date(said.get("start", ""))
    return Head(name, said.get("title", name), as_of, first_sentence(said.get("description", "")), file)


def _read(file: Path) -> dict[str, str]:
    """The texts of the head; of the whole file where they do not stand at its beginning."""
    try:
        with file.open(encoding="utf-8") as lines:
            start = lines.read(_LONGEST_HEAD)
            said = _texts(_beginning(start))
            if {"title", "start"} <= set(said):
                return said
            return _texts(start + lines.read())
    except UnicodeDecodeError:
        return {}


def _beginning(text: str) -> str:
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        if (key := _KEY.match(line)) and key[1] not in _HEAD and key[1] in Case.model_fields:
            break
        kept.append(line)
    return "".join(kept)


def _texts(text: str) -> dict[str, str]:
    document, issues = read_text(text)
    if issues or not isinstance(document.tree, dict):
        return {}
    return {key: value.strip() for key, value in document.tree.items() if isinstance(value, str)}


def first_sentence(text: str) -> str:
    """The first sentence of a text, on one line.

    >>> first_sentence("Can it be kept? That is the question.")
    'Can it be kept?'
    """
    line = " ".join(text.split())
    found = _SENTENCE.match(line)
    return found[0] if found else line
