"""What threats could do for the drafts of a case, one after the other; each answer is kept as it is finished.

A draft takes from seconds to a minute. Answers are kept in the user's cache folder, one file each under everything it
depends on, so that long work resumes after an interruption and repeated work is read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from threading import Event

from pydantic import TypeAdapter, ValidationError

from servanda.bounds.answers import Enforcement
from servanda.case.resolved import ResolvedCase
from servanda.case.written import dump
from servanda.diagnosis.cooperation import draft_index
from servanda.enforcement import enforcement
from servanda.equilibrium import Settings
from servanda.equilibrium.unrolled import TooLargeError
from servanda.errors import CaseError
from servanda.ledger import cache_folder, engine_digest
from servanda.runs import Threats
from servanda.writing import atomic_write

Progress = Callable[[str, float], None]
# How much of the work is done when each of its steps begins, and how much where patience is asked for as well.
STEPS = (
    ("solving play as", 0.85, 0.12),
    ("solving play", 0.0, 0.0),
    ("writing out the game", 0.03, 0.01),
    ("payoff sets", 0.06, 0.02),
    ("writing out strategies", 0.9, 0.13),
    ("strategies", 0.95, 0.14),
    ("looking for", 0.15, 0.15),
)
_log = logging.getLogger("servanda")


@dataclass(frozen=True)
class _Kept:
    """An answer as its file holds it."""

    found: Enforcement | None
    reason: str = ""


def weigh_threats(
    case: ResolvedCase,
    drafts: Sequence[str] | None = None,
    overrides: Mapping[str, float] | None = None,
    *,
    patience: bool = False,
    fresh: bool = False,
    stop: Event | None = None,
    progress: Progress | None = None,
) -> tuple[Threats, ...]:
    """What threats could do for each draft alone on the table, or why that cannot be worked out.

    Parameters
    ----------
    drafts : their names; all of the case if None (of a case without drafts: the case as it stands)
    overrides : parameter values that hold throughout
    patience : also look for the least patience at which each draft can be kept, which takes minutes
    fresh : work out again what has been worked out and kept
    stop : set it to call everything off; finished drafts are kept
    progress : told the step and the share of the whole that is done

    Raises
    ------
    CaseError
        Unknown draft.
    InterruptedSolveError
        If `stop` is set meanwhile.

    >>> from servanda.case import read
    >>> [one.reason for one in weigh_threats(read("theory/investment-reversal"))][0][:40]
    'investment-reversal has 1 sides that cou'
    """
    names = [d.name for d in case.drafts] if drafts is None else list(drafts)
    titles = {name: case.drafts[draft_index(case, name)].title or name for name in names}
    wanted: list[str | None] = [*names] or [None]
    given, settings = dict(overrides or {}), Settings(stop=stop)
    found = []
    for k, name in enumerate(wanted):
        step = _steps(progress, k, len(wanted), settings, patience=patience)
        found.append(_one(case, name, titles[name] if name else case.title, given, settings, patience, fresh, step))
    return tuple(found)


def could_be_asked(case: ResolvedCase) -> bool:
    """Whether the case has the two sides between which threats are weighed.

    >>> from servanda.case import read
    >>> could_be_asked(read("theory/pledge")), could_be_asked(read("theory/investment-reversal"))
    (True, False)
    """
    parties = sum(s.party for s in case.sides)
    return (parties or len(case.sides)) == 2


def _one(
    case: ResolvedCase, name: str | None, title: str, given: Mapping[str, float], settings: Settings, patience: bool,
    fresh: bool, step: Callable[[str], None],
) -> Threats:  # fmt: skip
    step("solving play")
    path = cache_folder() / "threats" / f"{_key(case, name, given, settings, patience)}.json"
    known = None if fresh else _read(path)
    if known is not None:
        return Threats(name, title, known.found, known.reason)
    try:
        answer = _Kept(
            enforcement(case, name, given, thorough=True, patience=patience, settings=settings, progress=step)
        )
    except (CaseError, TooLargeError) as error:
        # a refusal takes time, too, and is as much an answer as any
        answer = _Kept(None, _reason(error))
    if not fresh:
        try:
            atomic_write(path, json.dumps(asdict(answer)))
        except OSError as error:
            _log.warning("what was found cannot be kept in %s (%s)", path.parent, error.strerror)
    return Threats(name, title, answer.found, answer.reason)


def _reason(error: CaseError | TooLargeError) -> str:
    hint = next((i.hint for i in error.issues if i.hint), "") if isinstance(error, CaseError) else ""
    return f"{error.message}: {hint}" if hint else error.message


def _steps(
    progress: Progress | None, k: int, count: int, settings: Settings, *, patience: bool
) -> Callable[[str], None]:
    """What one draft of several tells its steps to; it ends the work where that is called off."""
    begun = 0.0

    def told(step: str) -> None:
        nonlocal begun
        settings.check()
        share = next((late if patience else usual for start, usual, late in STEPS if step.startswith(start)), begun)
        begun = max(begun, share)
        if progress is not None:
            progress(f"draft {k + 1} of {count}: {step}" if count > 1 else step, (k + begun) / count)

    return told


def _key(case: ResolvedCase, name: str | None, given: Mapping[str, float], settings: Settings, patience: bool) -> str:
    key = blake2b(digest_size=16)
    for part in (_engine().hex(), dump(case), repr(name), repr(sorted(given.items())), repr(settings), repr(patience)):
        key.update(part.encode() + b"\0")
    return key.hexdigest()


@cache
def _engine() -> bytes:
    """Digest of the source that makes these answers."""
    key = blake2b(engine_digest("bounds"), digest_size=16)
    here = Path(__file__)
    for file in (here.parent.parent / "enforcement.py", here):
        key.update(file.read_bytes())
    return key.digest()


def _read(path: Path) -> _Kept | None:
    """An answer that is kept, None where there is none that can be read."""
    try:
        return TypeAdapter(_Kept).validate_python(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        _log.warning("an answer that was kept in %s cannot be read (%s); it is worked out again", path, type(error))
        return None
