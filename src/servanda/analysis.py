"""The whole product on one page: case -> compiled game -> solution -> gates, reasons, forecast, certificates -> Run."""

from __future__ import annotations

import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import ResolvedCase
from servanda.case.written import dump
from servanda.compile import Compiled, compile_case
from servanda.compile.evaluation import evaluate
from servanda.diagnosis.credibility import temptations
from servanda.diagnosis.findings import DraftVerdict, FrictionEffect
from servanda.diagnosis.gates import gates_of, signings, votes
from servanda.diagnosis.margins import Point
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survivals
from servanda.diagnosis.why import explain
from servanda.equilibrium import Selection, Solution, Spread, Status, certify, solve
from servanda.equilibrium import Settings as SolverSettings
from servanda.equilibrium.solve import with_terminal
from servanda.errors import Issue
from servanda.forecast.projections import Forecast
from servanda.forecast.propagation import answer_questions, forecast
from servanda.forecast.vocabulary import words
from servanda.provenance import Provenance
from servanda.run import GameSize, Run, Timing, Verdict

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]


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
    solver: SolverSettings = SolverSettings()


class _Clock:
    """Times stages and tells progress."""

    def __init__(self, progress: Progress | None) -> None:
        self.timings: list[Timing] = []
        self._progress = progress or (lambda stage, done: None)

    @contextmanager
    def stage(self, name: str, done: float):  # type: ignore[no-untyped-def]
        self._progress(name, done)
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
    clock = _Clock(progress)
    with clock.stage("compile", 0.0):
        compiled = compile_case(case)
    with clock.stage("coefficients", 0.1):
        menus = [{**how.overrides}, *({**how.overrides, **compiled.only(d.name)} for d in case.drafts)]
        numbers = compiled.numbers(menus)
    with clock.stage("solve", 0.15):
        solution = solve(compiled.game, numbers, how.solver)
    play = Play(compiled, solution)
    with clock.stage("gates", 0.3):
        drafts = judge(play, how) if case.drafts else ()
    with clock.stage("forecast", 0.5):
        projected = forecast(compiled, solution)
    with clock.stage("frictions", 0.6):
        frictions = friction_effects(compiled, how) if how.frictions and case.frictions else ()
    with clock.stage("certificate", 0.75):
        certificate = certify(solution)
    status = solution.status
    if status is Status.SOLVED and certificate.value_error > 1e-6 * max(1.0, float(np.ptp(solution.values))):
        status = Status.UNCERTIFIED
    with clock.stage("selection", 0.8):
        selection = select(compiled, how, solution, drafts, projected)
    projected = _with_bands(projected, selection)
    clock.stage("done", 1.0).__enter__()
    game = compiled.game
    return Run(
        case=case,
        verdict=_verdict(case, drafts, projected, solution.periods),
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


def judge(play: Play, how: Settings) -> tuple[DraftVerdict, ...]:
    """The three gates of every draft, with survival, credibility and reasons."""
    case = play.compiled.case
    window = max(1, min(play.periods, round(how.sign_window_years / play.compiled.game.period_years)))
    signing, voting = signings(play, window), votes(play)
    lives, tempted = survivals(play), temptations(play)
    found = []
    for d, draft in enumerate(case.drafts):
        gates = gates_of(play, d, signing, voting, lives[d], tempted[d], window)
        points: list[tuple[str, Point]] = []
        if signing.pair[d] is not None:
            points += [("sign", p) for p in signing.pair[d]]  # type: ignore[union-attr]
        if voting.tightest[d] is not None:
            points.append(("ratify", voting.tightest[d]))  # type: ignore[arg-type]
        if tempted[d].tightest is not None:
            points.append(("keep", tempted[d].tightest))  # type: ignore[arg-type]
        found.append(
            DraftVerdict(
                draft=draft.name,
                title=draft.title,
                form=draft.form,
                gates=gates,
                survival=lives[d],
                credibility=tempted[d].gaps,
                why=explain(play, points),  # type: ignore[arg-type]
                signed=float(signing.by_draft[d]),
                in_force=float(min(1.0, voting.in_force[d, 0])),
                running_at_horizon=float(voting.running[d, 0]),
                alone_signed=float(signing.caught[:window, d + 1].sum()),
                alone_running=float(voting.running[d, d + 1]),
                sentence=_sentence(gates),
            )
        )
    return tuple(found)


def friction_effects(compiled: Compiled, how: Settings) -> tuple[FrictionEffect, ...]:
    """Every friction switched off alone, all drafts on the table."""
    case = compiled.case
    draws: list[dict[str, float]] = [dict(how.overrides)]
    base = compiled.layout.scope(
        compiled.codes[:1],
        parameters={k: np.array([[v]]) for k, v in {**compiled.central, **how.overrides}.items()},
        period_years=compiled.game.period_years,
    )
    for friction in case.frictions:
        off = {name: float(evaluate(worth.node, base)[0, 0]) for name, worth in friction.off}
        draws.append({**how.overrides, **off})
    running, signed = [], []
    for first in range(0, len(draws), 7):
        numbers = compiled.numbers(draws[first : first + 7])
        play = Play(compiled, solve(compiled.game, numbers, how.solver))
        live, ever = outcome_by_draw(play)
        running += list(live)
        signed += list(ever)
    return tuple(
        FrictionEffect(
            f.name, f.title, f.mechanism, running[0], running[k], signed[0], signed[k],
            _log_odds(running[k]) - _log_odds(running[0]),
        )
        for k, f in enumerate(case.frictions, start=1)
    )  # fmt: skip


def outcome_by_draw(play: Play) -> tuple[Floats, Floats]:
    """P(a deal is live at the horizon) and P(one was ever live) of every draw."""
    from servanda.diagnosis.play import propagate

    compiled = play.compiled
    live = np.flatnonzero(compiled.live)
    end = propagate(play, np.repeat(compiled.game.start[:, None], play.draws, axis=1))
    ever = np.zeros(play.draws)

    def after(_t: int, _slot: object, array: Floats) -> None:
        ever[:] += array[live].sum(axis=0)
        array[live] = 0.0

    propagate(play, np.repeat(compiled.game.start[:, None], play.draws, axis=1), after=after)
    return end[live].sum(axis=0), ever


def select(
    compiled: Compiled, how: Settings, solution: Solution, drafts: tuple[DraftVerdict, ...], projected: Forecast
) -> Selection:
    """Solve again with a longer horizon and other terminal values; report the spread of every headline number."""
    case = compiled.case
    names = ["a deal in force at the horizon", "ever a deal in force", "ever war"]
    names += [f"question {q.name}" for q in case.questions]
    names += [f"keep {d.name}" for d in case.drafts]
    path = projected.outcomes
    value = [path.deal[-1], path.ever_deal[-1], path.ever_war[-1]]
    value += [a.probability for a in projected.answers] + [d.survival.alive[-1] for d in drafts]
    if not how.select:
        spreads = tuple(Spread(n, v, v, v, False) for n, v in zip(names, value, strict=True))
        return Selection(how.selection_tolerance, (), spreads, ())
    leaders = _leaders(compiled)
    branches: list[tuple[str, SolverSettings]] = [
        ("horizon one period longer", replace(how.solver, extra_periods=1)),
        ("every state lasts beyond the horizon", with_terminal(how.solver, "settled")),
    ]
    for actor in leaders:
        title = case.actors[actor].title
        branches.append((f"best settlement for {title}", with_terminal(how.solver, "best", actor)))
        branches.append((f"worst settlement for {title}", with_terminal(how.solver, "worst", actor)))
    rows = []
    for _, settings in branches:
        other = Play(compiled, solve(compiled.game, solution.numbers, settings))
        rows.append(_headlines(other, compiled))
    table = np.array([value, *rows])
    spreads = tuple(
        Spread(n, v, float(lo), float(hi), bool(hi - lo > how.selection_tolerance))
        for n, v, lo, hi in zip(names, value, table.min(axis=0), table.max(axis=0), strict=True)
    )
    return Selection(how.selection_tolerance, tuple(n for n, _ in branches), spreads, tuple(tuple(r) for r in rows))


def _headlines(play: Play, compiled: Compiled) -> list[float]:
    """Headline numbers of a branch at the same dates as the base."""
    periods = compiled.case.periods
    trimmed = replace(play.solution, advantage=play.solution.advantage[:periods])
    again = Play(compiled, trimmed)
    projected = forecast(compiled, trimmed)
    path = projected.outcomes
    lives = survivals(again) if compiled.case.drafts else ()
    return [
        path.deal[-1], path.ever_deal[-1], path.ever_war[-1], *(float(p) for p in answer_questions(compiled, trimmed)),
        *(s.alive[-1] for s in lives),
    ]  # fmt: skip


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


def _sentence(gates: tuple[object, ...]) -> str:
    sign, ratify, keep = (g.probability for g in gates)  # type: ignore[attr-defined]
    weakest = min((("signature", sign), ("ratification", ratify), ("being kept", keep)), key=lambda x: x[1])
    whole = sign * ratify * keep
    if whole >= 0.5:
        return f"Can hold: {whole:.0%} through all three gates."
    return f"Fails most at {weakest[0]} ({words(weakest[1])}, {weakest[1]:.1%})."


def _verdict(case: ResolvedCase, drafts: tuple[DraftVerdict, ...], projected: Forecast, periods: int) -> Verdict:
    path = projected.outcomes
    live, ever = path.deal[-1], path.ever_deal[-1]
    end = f"{path.dates[-1]:%B %Y}"
    p = min(1.0, max(0.0, live))
    if not drafts:
        headline = f"No draft is on the table; war comes before {end} with probability {path.ever_war[-1]:.1%}."
        return Verdict(headline, path.ever_war[-1], words(path.ever_war[-1]), ())
    best = max(drafts, key=lambda d: d.holds)
    headline = (
        f"A deal in force in {end}: {words(p)} ({_percent(p)}). "
        f"The draft most likely to be signed, ratified and kept is “{best.title}” ({_percent(best.holds)})."
    )
    details = (
        f"Some deal enters into force at some time: {words(min(1.0, ever))} ({_percent(ever)}).",
        f"Without a deal or war at the horizon: {_percent(path.none[-1])}; war at any time: {_percent(path.ever_war[-1])}.",
        f"{best.title}: {best.sentence}",
    )
    return Verdict(headline, p, words(p), details)


def _percent(p: float) -> str:
    if p < 0.001:
        return "less than 0.1 %"
    return f"{100 * p:.1f} %" if p < 0.1 or p > 0.9 else f"{100 * p:.0f} %"


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
