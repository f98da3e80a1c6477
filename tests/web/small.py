"""A small case with something for every page: two drafts, frictions, a lever, questions, evidence; solved at once."""

from __future__ import annotations

from datetime import date
from functools import cache

from servanda.case.beginning import Beginning, compose

NAME = "small"
DRAFTS = ("agreement", "inspected")
_EVIDENCE = """
evidence:
  - {date: 2024-02-01, variable: fighting, level: no, source: judgement, grade: J, note: Nobody fights.}
  - {date: 2024-03-01, variable: resilience, level: weak, source: judgement, grade: J, note: Trade is down.}
  - {date: 2024-05-01, decision: policy_b, option: keep, source: judgement, grade: J, note: Nothing was given up.}
"""


@cache
def text() -> str:
    """The case as written: the beginning of a case, with a second draft and evidence of half a year."""
    begun = compose(Beginning("small", title="A small dispute", start=date(2024, 1, 1)))
    begun = begun.replace("start: 2024-01-01\n", "start: 2024-01-01\nas_of: 2024-07-01\n")
    start = begun.index("  agreement:\n")
    end = begun.index("# ----", start)
    second = (
        begun[start:end]
        .replace("  agreement:\n", "  inspected:\n")
        .replace("title: The agreement\n", "title: The agreement with inspectors everywhere\n")
        .replace("detection: seen_on_site", "detection: 0.9")
    )
    return begun[:end] + second + begun[end:] + _EVIDENCE
