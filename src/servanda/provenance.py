"""How a result was made: digest of the case, settings and versions, carried by every run."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version

_LIBRARIES = ("numpy", "scipy", "numba")


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


def provenance_of(case: str, text: str, settings: Iterable[tuple[str, str]]) -> Provenance:
    """How a result is being made now: `text` is that of the resolved case.

    >>> provenance_of("pledge", "", [("draws", "64")]).settings
    (('draws', '64'),)
    """
    versions = [("servanda", version("servanda")), ("python", platform.python_version())]
    versions += [(name, version(name)) for name in _LIBRARIES]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Provenance(case, sha256(text.encode()).hexdigest(), tuple(settings), tuple(versions), now)
