"""The whole product on one page: case -> compiled game -> solution -> gates, reasons, forecast, certificates -> Run."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event

import numpy as np

from servanda.analysis.threats import weigh_threats
from servanda.case.resolved import ResolvedCase
from servanda.case.written import dump
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.drafts import judge_drafts
from servanda.diagnosis.frictions import friction_effects
from servanda.diagnosis.play import Play
from servanda.equilibrium import Settings as SolverSettings
from servanda.equilibrium import Status, certify, solve
from servanda.errors import Issue
from servanda.forecast.propagation import forecast
from servanda.game import Numbers
from servanda.game.game import flow_payoffs
from servanda.inquiry import EVERYTHING, QUICK, Judged, diagnose, kept_trials
from servanda.provenance import Provenance, provenance_of
from servanda.runs import GameSize, Run, Sharpness, Threats, Timing
from servanda.selection import select, with_bands
from servanda.verdict import draft_sentence, verdict_of

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What to compute.

    sign_window_years: how long the negotiators have to sign (gate 1); select: run the selection certificate; frictions:
    switch every friction off alone; diagnosis: parts of `servanda.inquiry.PARTS` to work out; threats: work out what
    threats could do for each draft (None: where all of the diagnosis is asked for); fresh: solve again what earlier
    runs have solved and kept; selection_tolerance: spread above which a headline number is called selection-dependent;
    overrides: parameter values instead of the central ones; solver: see `servanda.equilibrium`.
    """

    sign_window_years: float = 4.0
    select: bool = True
    frictions: bool = True
    diagnosis: Collection[str] = QUICK
    threats: bool | None = None
    fresh: bool = False
    selection_tolerance: float = 0.05
    overrides: Mapping[str, float] = field(default_factory=dict)
    solver: SolverSettings = field(default_factory=SolverSettings)

    @property
    def asks_threats(self) -> bool:
        """Whether to work out what threats could do."""
        return set(self.diagnosis) >= EVERYTHING if self.threats is None else self.threats


class _Clock:
    """Times stages and tells progress."""

    def __init__(self, progress: Progress | None) -> None:
        self.timings: list[Timing] = []
        self._progress = progress

    def progress(self, stage: str, done: float) -> None:
        """Pass on how far the run is, if anybody listens."""
        if self._progress is not None:
            self._progress(stage, done)

    @contextmanager
    def stage(self, name: str, done: float) -> Iterator[None]:
        """Time one stage, beginning at a share `done` of the run."""
        self.progress(name, done)
        begun = time.perf_counter()
        yield
        self.timings.append(Timing(name, time.perf_counter() - begun))


def run(
    case: ResolvedCase,
    settings: Settings | None = None,
    progress: Progress | None = None,
    warnings: Sequence[Issue] = (),
) -> Run:
    """Compile, solve, judge, explain, forecast and certify a case.

    Raises
    ------
    CaseError
        If the case makes no sense as a game (numbers out of range, too many states).
    """
    how = settings or Settings()
    how = replace(how, solver=replace(how.solver, stop=how.solver.stop or Event()))
    clock = _Clock(progress)
    with clock.stage("compile", 0.0):
        compiled = compile_case(case)
    with clock.stage("coefficients", 0.05):
        numbers = compiled.numbers([how.overrides])
    with clock.stage("solve", 0.1):
        solution = solve(compiled.game, numbers, how.solver)
    play = Play(compiled, solution)
    window = max(1, min(case.periods, round(how.sign_window_years / compiled.game.period_years)))
    with clock.stage("drafts", 0.15):
        judged = judge_drafts(
            play, how.overrides, how.solver, window, lambda share: clock.progress("drafts", 0.15 + 0.3 * share)
        )
    drafts = tuple(replace(found, sentence=draft_sentence(found.gates)) for found, _ in judged)
    with clock.stage("forecast", 0.45):
        projected = forecast(compiled, solution, overrides=how.overrides)
    with clock.stage("frictions", 0.5), kept_trials(fresh=how.fresh):
        frictions = friction_effects(compiled, how.overrides, how.solver) if how.frictions else ()
    with clock.stage("certificate", 0.7):
        certificate = certify(solution)
    status = weakest((solution.status, *(alone.solution.status for _, alone in judged)))
    if status is Status.SOLVED and certificate.value_error > 1e-6 * max(1.0, float(np.ptp(solution.values))):
        status = Status.UNCERTIFIED
    with clock.stage("selection", 0.75):
        selection = select(play, how.solver, judged, projected, window, how.selection_tolerance, branch=how.select)
    projected = with_bands(projected, selection)
    diagnosed = 0.9 if how.asks_threats else 1.0
    with clock.stage("diagnosis", 0.8):
        diagnosis = diagnose(
            case, Judged(drafts, projected, selection), parts=how.diagnosis, overrides=how.overrides, window=window,
            fresh=how.fresh, stop=how.solver.stop,
            progress=lambda part, share: clock.progress(part, 0.8 + (diagnosed - 0.8) * share),
        )  # fmt: skip
    enforced: tuple[Threats, ...] = ()
    if how.asks_threats:
        with clock.stage("threats", diagnosed):
            enforced = weigh_threats(
                case, overrides=how.overrides, fresh=how.fresh, stop=how.solver.stop,
                progress=lambda step, share: clock.progress(f"threats, {step}", diagnosed + (1 - diagnosed) * share),
            )  # fmt: skip
    clock.progress("report", 1.0)
    game = compiled.game
    return Run(
        case=case,
        verdict=verdict_of(drafts, projected, case.protocol.start),
        drafts=drafts,
        forecast=projected,
        frictions=frictions,
        status=status,
        certificate=certificate,
        selection=selection,
        size=GameSize(
            game.states, sum(s.rows for s in game.stages), sum(s.options for s in game.stages),
            sum(len(s.outcome_state) for s in game.stages), compiled.registry.size, len(game.stages), case.periods,
            game.actors,
        ),
        sharpness=sharpness(compiled, numbers),
        timings=tuple(clock.timings),
        peak_memory_mb=_peak_memory_mb(),
        provenance=provenance(case, how),
        warnings=tuple(warnings),
        diagnosis=diagnosis,
        threats=enforced,
    )  # fmt: skip


def weakest(statuses: Iterable[Status]) -> Status:
    """The status of a run that rests on several solves: solved only if all are, otherwise the first that is not.

    >>> weakest([Status.SOLVED, Status.STALLED, Status.STEP_LIMIT]).name
    'STALLED'
    """
    return next((s for s in statuses if s is not Status.SOLVED), Status.SOLVED)


def sharpness(compiled: Compiled, numbers: Numbers) -> tuple[Sharpness, ...]:
    """Decisiveness, precision and scale-free precision of every actor, at the first period's payoffs."""
    flow = flow_payoffs(compiled.game, numbers.at(0))[:, :, 0]
    span = np.ptp(flow, axis=0) if len(flow) else np.zeros(compiled.game.actors)
    return tuple(
        Sharpness(a.name, a.title, float(np.log(9.0) / x), float(x), float(x * width))
        for a, x, width in zip(compiled.case.actors, numbers.precision[:, 0], span, strict=True)
    )


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kilobytes
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def provenance(case: ResolvedCase, how: Settings) -> Provenance:
    """Digest of the resolved case, settings and versions."""
    settings = [
        ("sign_window_years", str(how.sign_window_years)),
        ("selection_tolerance", str(how.selection_tolerance)),
        ("tail_tolerance", str(how.solver.tail_tolerance)),
        ("values", case.values),
        *[(f"set {k}", repr(v)) for k, v in sorted(how.overrides.items())],
    ]
    return provenance_of(case.name, dump(case), settings)
