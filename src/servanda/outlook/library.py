"""The library of historic cases: which shipped cases are scored together, which are not, and how they were chosen."""

from __future__ import annotations

from dataclasses import dataclass

from servanda.case.loading import load, shipped
from servanda.case.messages import summary
from servanda.case.resolved import ResolvedCase

THEORY = "theory/"
CHOSEN = (
    "The cases were chosen because they are famous, not drawn at random; among deals between rivals those that failed "
    "are the more famous ones, so failures are likely over-represented. Whoever wrote the cases knew how each went. "
    "Fixed before any was solved, and the same for every case but the founding one, are the conventions: words for "
    "payoffs and prices, the cost of leaving by legal form, turnover, odds of detection and precision. Mistakes of "
    "logic that were mended afterwards stand in the notes of each case. Base rates are those of the class of each text."
)


@dataclass(frozen=True)
class Library:
    """Cases to score together, and (name, why) of the shipped cases that are left out."""

    cases: tuple[ResolvedCase, ...]
    left_out: tuple[tuple[str, str], ...]


def library() -> Library:
    """The founding case and the historic ones in the order of their dates; cases of theory are left out.

    A case that cannot be read, or of whose questions none is settled, is left out and says so.

    >>> chosen = library()
    >>> "us-iran" in [case.name for case in chosen.cases], ("theory/pledge", "theory") in chosen.left_out
    (True, True)
    """
    found, left_out = [], []
    for name, file in shipped().items():
        if name.startswith(THEORY):
            left_out.append((name, "theory"))
            continue
        loaded = load(file)
        if loaded.case is None:
            left_out.append((name, f"cannot be read: {summary(loaded.issues)}"))
        elif not any(q.outcome != "unknown" for q in (loaded.case.history or loaded.case).questions):
            left_out.append((name, "none of its questions is settled"))
        else:
            found.append(loaded.case)
    return Library(tuple(sorted(found, key=lambda case: (case.as_of, case.name))), tuple(left_out))
