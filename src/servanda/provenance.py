"""How a result was made: digest of the case, settings and versions, carried by every run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """Enough to make a run again.

    `digest` is the SHA-256 of the resolved case's text; `settings` are (name, value) pairs as text; `versions` name the
    program, Python and the numerical libraries; `made_at` is UTC in ISO form.
    """

    case: str
    digest: str
    settings: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    made_at: str
