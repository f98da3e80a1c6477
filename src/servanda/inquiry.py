"""The whole diagnosis on one page: what stands in the way, what it would take, when, and what the analysis claims.

Each part can also be asked for alone. Finished trials are kept in the user's cache folder, keyed by everything their
numbers depend on, so that long parts resume after an interruption and repeated ones are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from threading import Event
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import ResolvedCase
from servanda.claims import Evidence, claim_draws, examine_claims
from servanda.diagnosis.access import access
from servanda.diagnosis.answers import ClaimFinding, Diagnosis, Flips, FrictionLattice
from servanda.diagnosis.cooperation import cooperation
from servanda.diagnosis.design import search_designs
from servanda.diagnosis.findings import DraftVerdict
from servanda.diagnosis.flips import find_flips
from servanda.diagnosis.gates import sign_window
from servanda.diagnosis.lattice import friction_lattice
from servanda.diagnosis.mirage import believed, mirage
from servanda.diagnosis.trials import SETTINGS, Trials, remembering
from servanda.diagnosis.trust import cost_of_trust
from servanda.diagnosis.windows import windows
from servanda.equilibrium import Selection
from servanda.errors import CaseError, Issue
from servanda.forecast.projections import Forecast
from servanda.ledger import cache_folder
from servanda.uncertainty.draws import parameter_draws

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]


@contextmanager
def kept_trials(*, fresh: bool = False) -> Iterator[None]:
    """Keep finished trials in the user's cache folder and read them back (`fresh`: neither)."""
    with remembering(None if fresh else cache_folder() / "trials"):
        yield


def periods_to(case: ResolvedCase, until: date | None) -> int | None:
    """Whole periods from the start of the case to a date; None for no date.

    Raises
    ------
    CaseError
        If the date lies before the end of the first period or beyond the horizon.
    """
    if until is None:
        return None
    months = 12 * (until.year - case.start.year) + until.month - case.start.month - (until.day < case.start.day)
    periods = months // case.period_months
    if not 1 <= periods <= case.periods:
        years = case.periods * case.period_months / 12
        said = f"{until.isoformat()} is no date to which {case.name} can be followed"
        hint = f"name a date within {years:g} years of {case.start.isoformat()}, a period of the case at least"
        raise CaseError(said, issues=(Issue("error", "date-out-of-range", said, hint),))
    return periods


def likeliest(case: ResolvedCase, window: int, overrides: Mapping[str, float], stop: Event | None) -> dict[str, float]:
    """Probability that each draft, alone on the table, passes all gates, by name, the likeliest first."""
    found = {d.name: float(Trials.of(case, d.name, window, stop).run([overrides]).holds[0]) for d in case.drafts}
    return dict(sorted(found.items(), key=lambda x: -x[1]))


def explain_frictions(
    case: ResolvedCase,
    draft: str | None = None,
    *,
    outcome: str = "kept",
    threshold: float | None = None,
    overrides: Mapping[str, float] | None = None,
    until: date | None = None,
    flips: bool = True,
    fresh: bool = False,
    stop: Event | None = None,
    progress: Progress | None = None,
) -> tuple[FrictionLattice, Flips | None]:
    """The friction lattice of a draft, and the single assumptions that turn the verdict.

    Parameters
    ----------
    draft : name of the draft alone on the table, `all` for play with every draft, None for the likeliest to hold
    outcome, threshold : see `servanda.diagnosis.lattice.friction_lattice`; the threshold is one half of a probability
        and 0 points of a gain, unless given
    until : date to which a deal must be kept (the horizon, unless given); single assumptions are tried to the horizon
    fresh : solve again what has been solved and kept before
    stop : set it to call everything off

    Raises
    ------
    InterruptedSolveError
        If `stop` is set meanwhile.
    CaseError
        Without frictions, or for a draft or an outcome that does not exist.
    """
    given, window, stop = dict(overrides or {}), sign_window(case), stop or Event()
    if not case.frictions:
        raise CaseError(
            "the case names no frictions",
            issues=(
                Issue(
                    "error", "no-frictions", f"{case.name} names no frictions", "add a `frictions:` block to the case"
                ),
            ),
        )

    def tell(stage: str, begin: float, end: float) -> Callable[[int, int], None]:
        def told(done: int, of: int) -> None:
            if progress is not None:
                progress(f"{stage} {done}/{of}", begin + (end - begin) * done / max(of, 1))

        return told

    with kept_trials(fresh=fresh):
        passing = likeliest(case, window, given, stop) if flips or draft is None else {}
        wanted = None if draft == "all" else (draft or next(iter(passing), None))
        trials = Trials.of(case, wanted, window, stop, periods_to(case, until))
        points = outcome in {s.name for s in case.sides}
        bar = threshold if threshold is not None else (0.0 if points else 0.5)
        try:
            lattice = friction_lattice(
                case, wanted, outcome=outcome, threshold=bar, window=window, overrides=given, trials=trials,
                progress=tell("subsets", 0.0, 0.85 if flips else 1.0),
            )  # fmt: skip
        except ValueError as error:
            raise CaseError(str(error), issues=(Issue("error", "unknown-outcome", str(error)),)) from error
        assert lattice is not None
        turned = None
        if flips and case.drafts:
            ready = {} if wanted is None or until is not None else {wanted: trials}
            turned = find_flips(
                case, passing, window=window, overrides=given, trials=ready, progress=tell("flips", 0.85, 1.0)
            )
    return lattice, turned


PARTS = ("frictions", "flips", "cooperation", "trust", "designs", "mirage", "windows", "access", "claims")
QUICK = frozenset({"cooperation", "mirage", "windows"})
EVERYTHING = frozenset(PARTS)
CLAIM_DRAWS = 16


@dataclass(frozen=True)
class Judged:
    """What a run has found when the diagnosis begins."""

    drafts: tuple[DraftVerdict, ...]
    forecast: Forecast
    selection: Selection


def diagnose(
    case: ResolvedCase,
    judged: Judged,
    *,
    parts: Collection[str] = EVERYTHING,
    overrides: Mapping[str, float] | None = None,
    window: int,
    draws: int = 32,
    fresh: bool = False,
    stop: Event | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """The parts of the diagnosis asked for; those that need drafts, frictions, levers or claims only where they exist.

    Parameters
    ----------
    judged : verdicts, forecast and selection of a run with the same overrides
    parts : any of `PARTS`
    window : periods within which a draft must be signed
    draws : parameter draws for the robustness of designs; claims, which take a lattice of their own in each, get fewer
    fresh : solve again what has been solved and kept before
    """
    given, how = dict(overrides or {}), replace(SETTINGS, stop=stop)
    wanted = [p for p in PARTS if p in parts]
    names = [d.name for d in case.drafts]
    passing = {d.draft: d.holds for d in sorted(judged.drafts, key=lambda d: -d.holds)}
    best = next(iter(passing), None)
    clock = _Stages(wanted, progress)
    found = Diagnosis()
    with kept_trials(fresh=fresh):
        if "frictions" in wanted and case.frictions and (case.drafts or case.war):
            trials = Trials.of(case, best, window, stop)
            lattice = friction_lattice(
                case, best, window=window, overrides=given, trials=trials, progress=clock.of("frictions")
            )
            found = replace(found, lattice=lattice)
        if not case.drafts or best is None:
            return replace(found, claims=_claims(case, judged, found, {})) if "claims" in wanted else found
        if "flips" in wanted:
            flips = find_flips(case, passing, window=window, overrides=given, progress=clock.of("flips"))
            found = replace(found, flips=flips)
        if "cooperation" in wanted:
            gains = cooperation(case, names, given, how, clock.of("cooperation"))
            found = replace(found, cooperation=gains)
        if "trust" in wanted and len([s for s in case.sides if s.party]) > 1:
            bonds = cost_of_trust(case, best, overrides=given, window=window, settings=how, progress=clock.of("trust"))
            found = replace(found, trust=bonds)
        wide = draws if {"designs", "claims"} & set(wanted) else 0
        drawn = tuple({**d, **given} for d in parameter_draws(case, wide))
        if "designs" in wanted and case.levers:
            designs = search_designs(
                case, overrides=given, window=window, settings=how, draws=drawn, progress=clock.of("designs")
            )
            found = replace(found, designs=designs)
        if "mirage" in wanted:
            trusted = believed(case, overrides=given, window=window, settings=how, progress=clock.of("mirage"))
            found = replace(found, mirage=mirage(case, passing, trusted))
        if "windows" in wanted:
            # designs come in order of falling odds; those that move nothing are drafts, and are shown as such
            shown = [d for d in found.designs.designs if d.moved][:2] if found.designs is not None else []
            by_date = windows(
                case, names, designs=shown, overrides=given,
                sign_years=window * case.period_months / 12, settings=how, progress=clock.of("windows"),
            )  # fmt: skip
            found = replace(found, windows=by_date)
        if "access" in wanted:
            depths = access(case, names, overrides=given, window=window, settings=how, progress=clock.of("access"))
            found = replace(found, access=depths)
        if "claims" in wanted and case.claims:
            varied = claim_draws(case, best, drawn[:CLAIM_DRAWS], window, stop, clock.of("claims"))
            found = replace(found, claims=_claims(case, judged, found, varied))
    return found


def _claims(
    case: ResolvedCase, judged: Judged, found: Diagnosis, draws: Mapping[tuple[str, ...], Floats]
) -> tuple[ClaimFinding, ...]:
    evidence = Evidence(
        case, judged.drafts, judged.forecast, judged.selection, found.lattice, found.mirage, found.cooperation, draws
    )
    return examine_claims(evidence)


class _Stages:
    """Shares of the whole told part by part."""

    _COST: ClassVar[Mapping[str, float]] = {"frictions": 8.0, "flips": 3.0, "trust": 4.0, "designs": 8.0, "claims": 6.0}

    def __init__(self, parts: Sequence[str], progress: Progress | None) -> None:
        costs = [self._COST.get(p, 1.0) for p in parts]
        total = sum(costs) or 1.0
        self._begin = {p: sum(costs[:i]) / total for i, p in enumerate(parts)}
        self._share = {p: c / total for p, c in zip(parts, costs, strict=True)}
        self._progress = progress

    def of(self, part: str) -> Callable[[int, int], None]:
        """What the part's own progress is told to."""

        def told(done: int, of: int) -> None:
            if self._progress is not None:
                self._progress(part, self._begin[part] + self._share[part] * done / max(of, 1))

        return told
