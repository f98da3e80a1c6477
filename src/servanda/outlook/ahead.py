"""Sweeps of many small studies in one set of processes, before anybody reads them.

Starting processes takes longer than solving a small case. Here each process is started once and sweeps one study after
the other, alone; what it found is kept where every sweep is kept, and reading it later takes no time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from math import prod
from pathlib import Path
from threading import Event

from servanda.ensemble import Ensemble
from servanda.ensemble.study import Rows
from servanda.outlook.forecasting import Settings
from servanda.uncertainty.executors import solved
from servanda.uncertainty.parts import about
from servanda.uncertainty.study import SweepError
from servanda.uncertainty.sweep import sweep

# states below which the draws of one day are solved sooner than processes are started
SMALL = 5_000


@dataclass(frozen=True)
class Bundle:
    """Studies to be swept whole, as one study whose draws they are; rows stay where sweeps are kept."""

    studies: tuple[Ensemble, ...]
    draws: int
    folder: Path

    @cached_property
    def digest(self) -> str:
        """Names the studies and how many draws of each."""
        return sha256(repr(([study.digest for study in self.studies], self.draws)).encode()).hexdigest()

    def solve(self, first: int, count: int) -> Rows:
        """Sweep the studies `first` to `first + count - 1`."""
        for study in self.studies[first : first + count]:
            sweep(study, self.draws, folder=self.folder, workers=1, chunk=study.chunk(self.draws))
        return {}


def sweep_ahead(
    studies: Sequence[Ensemble], settings: Settings, workers: int, tell: Callable[[float], None] | None = None
) -> int:
    """Sweep what is missing of all studies in one set of processes, large ones first; returns how many were swept.

    Nothing is done where less than two are missing, for one processor, or for a cluster: whoever reads them sweeps.

    Raises
    ------
    SweepError
        If a sweep cannot go on, or `settings.stop` was set (exit code 130). What was finished is kept.
    """
    folder = settings.sweeps
    missing = [study for study in studies if not _there(study, settings.draws, folder)]
    if settings.cluster is not None or workers < 2 or len(missing) < 2:
        return 0
    bundle = Bundle(tuple(sorted(missing, key=_size, reverse=True)), settings.draws, folder)
    ranges = [(k, 1) for k in range(len(missing))]
    stop: Event = settings.stop or Event()
    done = 0
    with closing(solved(bundle, ranges, workers=min(workers, len(missing)), stop=stop)) as answers:
        for _ in answers:
            done += 1
            if tell is not None:
                tell(done / len(missing))
    if done < len(missing):
        raise SweepError(f"stopped after {done} of {len(missing)} sweeps; they go on from there", exit_code=130)
    return done


def _there(study: Ensemble, draws: int, folder: Path) -> bool:
    try:
        kept = about(folder / study.digest[:32] / "sweep.parquet")
    except (OSError, ValueError, TypeError):
        return False
    return kept == {"study": study.digest, "first": 0, "end": draws}


def _size(study: Ensemble) -> int:
    """A rough number of states, for the order only."""
    return prod(len(v.levels) for v in study.case.variables) * (1 + len(study.case.drafts)) * study.case.periods


def is_small(study: Ensemble) -> bool:
    """Whether one process solves the draws of a study sooner than several are started."""
    return study.frame.compiled.game.states <= SMALL
