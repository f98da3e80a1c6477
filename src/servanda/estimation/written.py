"""A case file with estimates put into its parameters: only the texts that change are touched, comments stay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from servanda.case.document import Document, TreePath
from servanda.case.loading import load_text
from servanda.case.reader import read_file
from servanda.errors import CaseError
from servanda.estimation.answers import Estimate, Fit
from servanda.writing import atomic_write

GRADE = "M"


@dataclass(frozen=True, slots=True)
class _Edit:
    """Characters `start` to `end` of the text become `text`."""

    start: int
    end: int
    text: str


def write_estimates(found: Fit, case_file: str | Path, path: Path) -> tuple[str, ...]:
    """Write the case with the estimates in place, whole or not at all; returns the parameters that were left alone.

    Raises
    ------
    CaseError
        If the case file cannot be read, or would no longer be a case.
    OSError
        If the file cannot be written.
    """
    text, left = with_estimates(found, case_file)
    atomic_write(path, text)
    return left


def with_estimates(found: Fit, case_file: str | Path) -> tuple[str, tuple[str, ...]]:
    """The text of the case file with the estimates in place, and the parameters without an error, left as they were.

    Raises
    ------
    CaseError
        If the case file cannot be read, or would no longer be a case.
    """
    document, issues = read_file(Path(case_file))
    if issues:
        raise CaseError(f"{case_file} cannot be read", issues=tuple(issues))
    tree = document.tree if isinstance(document.tree, dict) else {}
    sources = tree.get("sources", {})
    name = next(n for n in ("panel", *(f"panel_{k}" for k in range(2, 10_000))) if n not in sources)
    known = [e for e in found.estimates if e.se is not None and (e.se_robust or e.se) > 0.0]
    edits = [edit for estimate in known for edit in _parameter(document, estimate, name)]
    if known:
        edits.append(_source(document, found, name))
    text = document.text
    # stable: what is inserted at one place keeps its order
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    load_text(text, str(case_file)).require()
    return text, tuple(e.name for e in found.estimates if e not in known)


def distribution(estimate: Estimate) -> str:
    """The estimate and its error as a distribution of the case language.

    >>> from servanda.estimation.answers import Estimate
    >>> distribution(Estimate("a", "A", "", "2 to 5", 3.5, 4.0, 0.5, 0.6, 3.0, 5.0, "log", 0.3))
    'lognormal(4, 0.15)'
    """
    assert estimate.se is not None
    error = _error(estimate)
    if estimate.scale == "log":
        return f"lognormal({estimate.value:.6g}, {error / estimate.value:.4g})"
    if estimate.scale == "as it is":
        return f"normal({estimate.value:.6g}, {error:.4g})"
    return f"{estimate.low:.6g} to {estimate.high:.6g}"


def _error(estimate: Estimate) -> float:
    """The larger of the two standard errors."""
    assert estimate.se is not None
    return max(estimate.se, estimate.se_robust or 0.0)


def _parameter(document: Document, estimate: Estimate, source: str) -> list[_Edit]:
    path: TreePath = ("parameters", estimate.name)
    mark = document.values[path]
    node = document.node(path)
    wanted = {"value": f'"{distribution(estimate)}"', "source": source}
    if "lognormal" not in wanted["value"]:
        wanted["central"] = f"{estimate.value:.6g}"
    if not isinstance(node, dict):
        inside = ", ".join(f"{key}: {value}" for key, value in wanted.items())
        return [_Edit(mark.start, mark.end, f"{{{inside}}}")]
    # what stood there before is replaced, also where nothing new would have to be said
    if "central" in node:
        wanted["central"] = f"{estimate.value:.6g}"
    if "grade" in node:
        wanted["grade"] = GRADE
    edits = []
    for key, value in wanted.items():
        if key in node:
            old = document.values[*path, key]
            edits.append(_Edit(old.start, _end(document.text, old.start, old.end), value))
    fresh = {key: value for key, value in wanted.items() if key not in node}
    if fresh:
        edits.append(_inserted(document, path, fresh))
    return edits


def _inserted(document: Document, path: TreePath, entries: dict[str, str]) -> _Edit:
    """New entries in front of the first of a mapping, in the style in which it is written."""
    node = document.node(path)
    assert isinstance(node, dict)
    first = document.keys[*path, next(iter(node))]
    if document.text[document.values[path].start] == "{":
        text = "".join(f"{key}: {value}, " for key, value in entries.items())
    else:
        text = "".join(f"{key}: {value}\n{' ' * (first.column - 1)}" for key, value in entries.items())
    return _Edit(first.start, first.start, text)


def _source(document: Document, found: Fit, name: str) -> _Edit:
    size = f"{found.choices:,} choices in {found.episodes:,} episodes"
    title = f"Estimated by servanda fit from {Path(found.panel).name}, {size}"
    title = title.replace("\\", "\\\\").replace('"', '\\"')
    entry = f'{{title: "{title}", grade: {GRADE}}}'
    if isinstance(document.node(("sources",)), dict) and document.node(("sources",)):
        return _inserted(document, ("sources",), {name: entry})
    at = document.keys["parameters",].start
    return _Edit(at, at, f"sources:\n  {name}: {entry}\n\n")


def _end(text: str, start: int, end: int) -> int:
    """Where a value really ends: marks of folded texts take the line break with them."""
    while end > start and text[end - 1] in "\r\n ":
        end -= 1
    return end
