"""The whole product on one page: case -> compiled game -> solution -> gates, reasons, forecast, certificates -> Run."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from threading import Event
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import Friction, ResolvedCase
from servanda.case.written import dump
from servanda.compile import Compiled, compile_case
from servanda.compile.evaluation import evaluate
from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.findings import DraftVerdict, FrictionEffect, Gate, GateKind
from servanda.diagnosis.gates import entered, gates_of, signing_of, voting_of
from servanda.diagnosis.margins import Point
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.diagnosis.why import explain
from servanda.equilibrium import Selection, Solution, Spread, Status, certify, solve
from servanda.equilibrium import Settings as SolverSettings
from servanda.equilibrium.solve import with_terminal
from servanda.errors import Issue
from servanda.forecast.projections import Forecast
from servanda.forecast.propagation import forecast
from servanda.forecast.vocabulary import percent, words
from servanda.provenance import Provenance
from servanda.runs import GameSize, Run, Timing, Verdict

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Settings:
    """What to compute.

    sign_window_years: how long the negotiators have to sign (gate 1); select: run the selection certificate; frictions:
    switch every friction off alone; selection_tolerance: spread above which a headline number is called
    selection-dependent; overrides: parameter values instead of the central ones; solver: see `servanda.equilibrium`.
    """

    sign_window_years: float = 4.0
    select: bool = True
    frictions: bool = True
    selection_tolerance: float = 0.05
    overrides: Mapping[str, float] = field(default_factory=dict)
    solver: SolverSettings = field(default_factory=SolverSettings)


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
    with clock.stage("drafts", 0.15):
        judged = judge(play, how)
    drafts = tuple(verdict for verdict, _ in judged)
    with clock.stage("forecast", 0.5):
        projected = forecast(compiled, solution)
    with clock.stage("frictions", 0.55):
        frictions = friction_effects(play, how) if how.frictions and case.frictions else ()
    with clock.stage("certificate", 0.7):
        certificate = certify(solution)
    status = solution.status
    if status is Status.SOLVED and certificate.value_error > 1e-6 * max(1.0, float(np.ptp(solution.values))):
        status = Status.UNCERTIFIED
    with clock.stage("selection", 0.75):
        selection = select(play, how, judged, projected)
    clock.progress("report", 1.0)
    projected = _with_bands(projected, selection)
    game = compiled.game
    return Run(
        case=case,
        verdict=_verdict(drafts, projected),
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
        timings=tuple(clock.timings),
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        provenance=provenance(case, how),
        warnings=tuple(warnings),
    )  # fmt: skip


def judge(play: Play, how: Settings) -> tuple[tuple[DraftVerdict, Solution], ...]:
    """The three gates of every draft alone on the table, with survival, credibility and reasons; and its solution.

    The solutions come without the odds of each period, which are large.
    """
    compiled, case = play.compiled, play.compiled.case
    if not case.drafts:
        return ()
    window = _window(play, how)
    together = signing_of(play, None, window).caught.sum(axis=0)
    running = voting_of(play, None).running
    ever = entered(play)
    solver = replace(how.solver, block_threads=False)

    def judged(d: int) -> tuple[DraftVerdict, Solution]:
        numbers = compiled.numbers([{**how.overrides, **compiled.only(case.drafts[d].name)}])
        one = Play(compiled, solve(compiled.game, numbers, solver, warm=play.solution.terminal))
        return verdict(d, one), replace(one.solution, advantage=())

    def verdict(d: int, one: Play) -> DraftVerdict:
        draft = case.drafts[d]
        signing, voting = signing_of(one, d, window), voting_of(one, d)
        life, temptation = survival_of(one, d), temptation_of(one, d)
        gates = gates_of(one, d, signing, voting, life, temptation, window)
        points: list[tuple[GateKind, Point]] = [("sign", p) for p in signing.pair or ()]
        if voting.tightest is not None:
            points.append(("ratify", voting.tightest))
        if temptation.tightest is not None:
            points.append(("keep", temptation.tightest))
        return DraftVerdict(
            draft=draft.name,
            title=draft.title,
            form=draft.form,
            gates=gates,
            survival=life,
            credibility=temptation.gaps,
            why=explain(one, points),
            signed=float(together[d]),
            in_force=float(ever[d]),
            running_at_horizon=float(running[d]),
            alone_signed=float(signing.caught[:, d].sum()),
            alone_running=float(voting.running[d]),
            sentence=_sentence(gates),
        )

    return tuple(side_by_side(judged, range(len(case.drafts)), how.solver.stop))


def side_by_side(task: Callable[[int], Result], items: Sequence[int], stop: Event | None) -> list[Result]:
    """Run independent solves in threads, one a core (the kernels release the interpreter's lock)."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="servanda-solve") as pool:
        try:
            return list(pool.map(task, items))
        except BaseException:
            # leaving the pool waits for its threads: tell their solves to end, so that Ctrl-C is obeyed at once
            if stop is not None:
                stop.set()
            raise


def _window(play: Play, how: Settings) -> int:
    return max(1, min(play.periods, round(how.sign_window_years / play.compiled.game.period_years)))


def friction_effects(play: Play, how: Settings) -> tuple[FrictionEffect, ...]:
    """Every friction switched off alone, and all together, with all drafts on the table."""
    compiled = play.compiled
    # a hundred-thousandth of the range of values moves no reported digit of these probabilities
    solver = replace(how.solver, block_threads=False, polish=False, tail_tolerance=1e-5, tail_steps=200)

    frictions = compiled.case.frictions
    count = len(frictions)

    def without(index: int) -> tuple[float, float, bool]:
        off: dict[str, float] = {}
        for friction in frictions[index : index + 1] or frictions:
            off |= switched_off(compiled, friction, how.overrides)
        numbers = compiled.numbers([{**how.overrides, **off}])
        solution = solve(compiled.game, numbers, solver, warm=play.solution.terminal)
        return *outcome_of(Play(compiled, solution)), solution.status is Status.SOLVED

    on = outcome_of(play)
    off = side_by_side(without, range(count + 1), how.solver.stop)
    names = [(f.name, f.title, f.mechanism) for f in frictions]
    names.append(("all", "All frictions together", "Every mechanism above switched off at once."))
    return tuple(
        FrictionEffect(*name, on[0], running, on[1], signed, _log_odds(running) - _log_odds(on[0]), settled)
        for name, (running, signed, settled) in zip(names, off, strict=True)
    )


def switched_off(compiled: Compiled, friction: Friction, overrides: Mapping[str, float]) -> dict[str, float]:
    """Parameter values with which a friction is off."""
    parameters = {k: np.array([[v]]) for k, v in {**compiled.central, **overrides}.items()}
    years = compiled.game.period_years
    scope = compiled.layout.scope(compiled.codes[:1], parameters=parameters, period_years=years)
    return {name: float(evaluate(worth.node, scope)[0, 0]) for name, worth in friction.off}


def outcome_of(play: Play) -> tuple[float, float]:
    """P(a deal is live at the horizon) and P(one was ever signed)."""
    running = voting_of(play, None).running
    return float(running.sum()), float(signing_of(play, None, 0).caught.sum())


def select(
    play: Play, how: Settings, judged: Sequence[tuple[DraftVerdict, Solution]], projected: Forecast
) -> Selection:
    """Solve again with a longer horizon and other terminal values; report the spread of every headline number.

    Of the drafts only the one most likely to pass all gates is followed.
    """
    case = play.compiled.case
    best = max(range(len(judged)), key=lambda d: judged[d][0].holds, default=None)
    names = ["a deal in force at the horizon", "ever a deal in force", "ever war"]
    names += [f"question {q.name}" for q in case.questions]
    path = projected.outcomes
    value = [path.deal[-1], path.ever_deal[-1], path.ever_war[-1], *(a.probability for a in projected.answers)]
    alone: tuple[int, Solution] | None = None
    if best is not None:
        alone = (best, judged[best][1])
        names.append(f"mean life of {case.drafts[best].title} (years)")
        value.append(judged[best][0].survival.mean_life_years)
    if not how.select:
        spreads = tuple(Spread(n, v, v, v, False) for n, v in zip(names, value, strict=True))
        return Selection(how.selection_tolerance, (), spreads, ())
    solver = replace(how.solver, block_threads=False, polish=False)
    branches: list[tuple[str, SolverSettings]] = [
        ("horizon one period longer", replace(solver, extra_periods=1)),
        ("every state lasts beyond the horizon", with_terminal(solver, "settled")),
    ]
    for actor in _leaders(play.compiled):
        title = case.actors[actor].title
        branches.append((f"best settlement for {title}", with_terminal(solver, "best", actor)))
        branches.append((f"worst settlement for {title}", with_terminal(solver, "worst", actor)))
    rows = side_by_side(lambda k: _headlines(play, alone, branches[k][1]), range(len(branches)), how.solver.stop)
    table = np.array([value, *rows])
    spreads = tuple(
        Spread(n, v, float(lo), float(hi), bool(hi - lo > how.selection_tolerance))
        for n, v, lo, hi in zip(names, value, table.min(axis=0), table.max(axis=0), strict=True)
    )
    return Selection(how.selection_tolerance, tuple(n for n, _ in branches), spreads, tuple(tuple(r) for r in rows))


def _headlines(play: Play, alone: tuple[int, Solution] | None, settings: SolverSettings) -> list[float]:
    """Headline numbers of a branch at the same dates as the base."""
    compiled = play.compiled
    periods = compiled.case.periods
    first = solve(compiled.game, play.solution.numbers, settings, warm=play.solution.terminal)
    base = replace(first, advantage=first.advantage[:periods])
    path = forecast(compiled, base, details=False)
    numbers = [path.outcomes.deal[-1], path.outcomes.ever_deal[-1], path.outcomes.ever_war[-1]]
    numbers += [a.probability for a in path.answers]
    if alone is not None:
        draft, known = alone
        # what lies beyond the horizon is bounded by the same values whatever the menu of drafts
        given = known.terminal if settings.terminal.kind == "stationary" else first.terminal
        other = solve(compiled.game, known.numbers, settings, terminal=given)
        branch = Play(compiled, replace(other, advantage=other.advantage[:periods]))
        numbers.append(survival_of(branch, draft).mean_life_years)
    return numbers


def _leaders(compiled: Compiled) -> list[int]:
    """Actors who lead the parties at the start (or the first two actors of a case without parties)."""
    case = compiled.case
    start = {v.name: v.start for v in case.variables}
    index = {a.name: i for i, a in enumerate(case.actors)}
    leaders = [index[start.get(s.led_by, s.led_by)] for s in case.sides if s.party and s.led_by]
    return leaders[:2] if leaders else list(range(min(2, len(case.actors))))


def _with_bands(projected: Forecast, selection: Selection) -> Forecast:
    bands = {s.quantity.removeprefix("question "): s for s in selection.spreads if s.quantity.startswith("question ")}
    answers = tuple(replace(a, low=bands[a.question].low, high=bands[a.question].high) for a in projected.answers)
    return replace(projected, answers=answers)


def _sentence(gates: tuple[Gate, Gate, Gate]) -> str:
    sign, ratify, keep = (g.probability for g in gates)
    weakest = min((("signature", sign), ("ratification", ratify), ("being kept", keep)), key=lambda x: x[1])
    whole = sign * ratify * keep
    if whole >= 0.5:
        return f"Can hold: {percent(whole)} through all three gates."
    return f"Fails most at {weakest[0]}: {words(weakest[1])} ({percent(weakest[1])})."


def _verdict(drafts: tuple[DraftVerdict, ...], projected: Forecast) -> Verdict:
    path = projected.outcomes
    live, ever = path.deal[-1], path.ever_deal[-1]
    end = f"{path.dates[-1]:%B %Y}"
    p = min(1.0, max(0.0, live))
    if not drafts:
        return _verdict_without_drafts(projected, end)
    best = max(drafts, key=lambda d: d.holds)
    chance = best.holds
    if chance < 0.5:
        passes = f"passes all three gates with probability {percent(chance)} ({words(chance)})"
        if len(drafts) > 1:
            headline = f"None of the {len(drafts)} drafts can be expected to be signed, ratified and kept: the best, "
            headline += f"“{best.title}”, {passes}."
        else:
            headline = f"The draft cannot be expected to be signed, ratified and kept: it {passes}."
    else:
        headline = f"“{best.title}” can hold: it passes all three gates with probability {percent(chance)}."
    details = (
        f"In play with every draft on the table a deal is in force in {end}: {words(p)} ({percent(p)}).",
        f"Some deal enters into force at some time: {percent(ever)} ({words(min(1.0, ever))}).",
        f"War at any time: {percent(path.ever_war[-1])}; neither deal nor war in {end}: {percent(path.none[-1])}.",
        f"{best.title}: {best.sentence}",
    )
    return Verdict(headline, chance, words(chance), details)


def _verdict_without_drafts(projected: Forecast, end: str) -> Verdict:
    """A case without drafts is asked its first question, or for war."""
    war = projected.outcomes.ever_war[-1]
    if projected.answers and war == 0.0:
        first = projected.answers[0]
        headline = f"No draft is on the table. {first.text} {words(first.probability).capitalize()}"
        return Verdict(f"{headline} ({percent(first.probability)}).", first.probability, first.words, ())
    headline = f"No draft is on the table; war comes before {end}: {words(war)} ({percent(war)})."
    return Verdict(headline, war, words(war), ())


def _log_odds(p: float) -> float:
    q = min(max(p, 1e-15), 1.0 - 1e-15)
    return float(np.log(q / (1.0 - q)))


def provenance(case: ResolvedCase, how: Settings) -> Provenance:
    """Digest of the resolved case, settings and versions."""
    digest = sha256(dump(case).encode()).hexdigest()
    settings = [
        ("sign_window_years", str(how.sign_window_years)),
        ("selection_tolerance", str(how.selection_tolerance)),
        ("tail_tolerance", str(how.solver.tail_tolerance)),
        ("values", case.values),
        *[(f"set {k}", repr(v)) for k, v in sorted(how.overrides.items())],
    ]
    packages = [("servanda", version("servanda")), ("python", platform.python_version())]
    packages += [(name, version(name)) for name in ("numpy", "scipy", "numba")]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Provenance(case.name, digest, tuple(settings), tuple(packages), now)


def moved(play: Play, overrides: Mapping[str, float], tolerance: float = 1e-4) -> Play:
    """The play after some parameters have moved: structure kept, only the table recomputed, continuation started warm.

    For sliders: values beyond the horizon are found to `tolerance` (relative), enough for what a screen shows.
    """
    compiled = play.compiled
    how = replace(play.solution.settings, tail_tolerance=tolerance, polish=False)
    return Play(compiled, solve(compiled.game, compiled.numbers([overrides]), how, warm=play.solution.terminal))
