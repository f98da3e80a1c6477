"""Frozen frames one after the other: what was learnt up to each date, from the evidence since the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from servanda.case.freeze import freeze
from servanda.case.resolved import ResolvedCase
from servanda.ensemble import Ensemble
from servanda.errors import CaseError
from servanda.outlook.forecasting import Settings
from servanda.uncertainty.answers import Weighing
from servanda.uncertainty.sweep import sweep
from servanda.uncertainty.swept import Sweep
from servanda.uncertainty.weights import weigh

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """A case as it stood on a day, solved for all draws, with weights from all that had been seen by then.

    `likelihood[draw]` is the log-likelihood of all evidence up to the day, over this and the frames before it (nan for
    a draw that failed in one of them); `pieces` how many pieces that is.
    """

    case: ResolvedCase
    day: date
    state: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...]
    study: Ensemble
    swept: Sweep
    likelihood: Floats
    pieces: int
    weights: Floats
    weighing: Weighing

    def column(self, name: str) -> Floats:
        """A column of the sweep after the evidence, or before that of this stretch if no draw can produce it all."""
        return self.swept[f"before.{name}" if self.weighing.tempering == 0.0 else name]


def studies_of(case: ResolvedCase, days: Sequence[date], settings: Settings) -> tuple[Ensemble, ...]:
    """The studies that `steps` sweeps, one a day in order, each learning from what was seen since the day before it."""
    ordered = sorted(set(days))
    before = [None, *ordered[:-1]]
    return tuple(
        Ensemble.of(
            case, day=day, learn_from=since, seed=settings.seed, paths=False, leave_out=False,
            overrides=settings.overrides,
        )
        for day, since in zip(ordered, before, strict=True)
    )  # fmt: skip


def steps(
    case: ResolvedCase, days: Sequence[date], settings: Settings, tell: Callable[[float], None] | None = None
) -> tuple[Step, ...]:
    """Freeze a case on several days, in order, each learning from what was seen since the day before it.

    A draw is the same set of parameters on every day, so what the evidence of one stretch says of it carries over. The
    stretch is modelled from the first date that is a whole number of periods before its end; the state there is what
    had been observed. The first day has no stretch before it, unless it is the case's own: then what the case says to
    learn from.

    Raises
    ------
    CaseError
        If the case cannot be frozen on a day, or no draw can be solved.
    SweepError
        If a sweep cannot go on.
    """
    found: list[Step] = []
    gone = np.zeros(settings.draws)
    lost = np.zeros(settings.draws, dtype=bool)
    pieces = 0
    studies = studies_of(case, days, settings)
    for number, (day, study) in enumerate(zip(sorted(set(days)), studies, strict=True)):

        def told(done: int, of: int, _: float, number: int = number) -> None:
            if tell is not None:
                tell((number + done / of) / len(studies))

        done = sweep(
            study, settings.draws, folder=settings.sweeps, workers=settings.workers, cluster=settings.cluster,
            chunk=study.chunk(settings.draws, settings.workers, cluster=settings.cluster is not None),
            progress=told, stop=settings.stop,
        )  # fmt: skip
        lost = lost | (done["failure"] != "")
        if lost.all():
            why = next((text for text in done["failure"] if text), "each failed on some day before")
            raise CaseError(f"no draw of {case.name} on {day} could be solved: {why}", issues=())
        if study.frame.seen:
            # without evidence the filter leaves rounding errors, which are none
            gone = gone + np.where(lost, np.nan, done["likelihood"])
        weights, weighing = weigh(gone, failed=lost, unsettled=~done["settled"])
        frozen = freeze(case, day)
        pieces += len(study.frame.seen)
        found.append(
            Step(frozen.case, day, frozen.state, frozen.assumed, study, done, gone, pieces, weights, weighing)
        )  # fmt: skip
    return tuple(found)
