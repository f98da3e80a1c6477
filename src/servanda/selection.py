"""The selection certificate: which headline numbers hang on how the far future was closed.

Backward induction is unique given the horizon and the values there, which only moves multiplicity to those values. So
the game is solved again with the horizon one period longer, from the values of a world in which every state lasts, and
from each leading side's best and worst settlement (beyond the horizon everybody serves, or thwarts, that side's
leader).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from servanda.diagnosis.findings import DraftVerdict
from servanda.diagnosis.gates import passing
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.equilibrium import Selection, Settings, Spread, solve
from servanda.equilibrium.parallel import side_by_side
from servanda.equilibrium.solve import with_terminal
from servanda.forecast.projections import Forecast
from servanda.forecast.propagation import forecast


def select(
    play: Play,
    settings: Settings,
    judged: Sequence[tuple[DraftVerdict, Play]],
    projected: Forecast,
    window: int,
    tolerance: float,
    *,
    branch: bool = True,
) -> Selection:
    """Solve again with a longer horizon and other terminal values; report the spread of every headline number.

    `window` is that of the first gate, in periods. Of the drafts only the one likeliest to pass all gates is followed.
    Without `branch` nothing is solved again, and every number is its own spread.
    """
    case = play.compiled.case
    best = max(range(len(judged)), key=lambda d: judged[d][0].holds, default=None)
    names = ["a deal in force at the horizon", "ever a deal in force", "ever war"]
    names += [f"question {q.name}" for q in case.answerable]
    path = projected.outcomes
    value = [path.deal[-1], path.ever_deal[-1], path.ever_war[-1], *(a.probability for a in projected.answers)]
    alone: tuple[int, Play] | None = None
    if best is not None:
        alone = (best, judged[best][1])
        title = case.drafts[best].title
        names += [f"all three gates of {title}", f"mean life of {title} (years)"]
        value += [judged[best][0].holds, judged[best][0].survival.mean_life_years]
    if not branch:
        spreads = tuple(Spread(n, v, v, v, False) for n, v in zip(names, value, strict=True))
        return Selection(tolerance, (), spreads, ())
    solver = replace(settings, block_threads=False, polish=False)
    branches: list[tuple[str, Settings]] = [
        ("horizon one period longer", replace(solver, extra_periods=1)),
        ("every state lasts beyond the horizon", with_terminal(solver, "settled")),
    ]
    for actor in play.compiled.leaders:
        title = case.actors[actor].title
        branches.append((f"best settlement for {title}", with_terminal(solver, "best", actor)))
        branches.append((f"worst settlement for {title}", with_terminal(solver, "worst", actor)))
    rows = side_by_side(lambda k: _headlines(play, alone, branches[k][1], window), range(len(branches)), settings.stop)
    table = np.array([value, *rows])
    spreads = tuple(
        Spread(n, v, float(lo), float(hi), bool(hi - lo > tolerance))
        for n, v, lo, hi in zip(names, value, table.min(axis=0), table.max(axis=0), strict=True)
    )
    return Selection(tolerance, tuple(n for n, _ in branches), spreads, tuple(tuple(r) for r in rows))


def _headlines(play: Play, alone: tuple[int, Play] | None, settings: Settings, window: int) -> list[float]:
    """Headline numbers of a branch at the same dates as the base."""
    compiled = play.compiled
    periods = compiled.case.periods
    first = solve(compiled.game, play.solution.numbers, settings, warm=play.solution.terminal)
    base = replace(first, advantage=first.advantage[:periods])
    path = forecast(compiled, base, details=False)
    numbers = [path.outcomes.deal[-1], path.outcomes.ever_deal[-1], path.outcomes.ever_war[-1]]
    numbers += [a.probability for a in path.answers]
    if alone is not None:
        draft, (small, known) = alone[0], (alone[1].compiled, alone[1].solution)
        # what lies beyond the horizon is bounded by the same values whatever the menu of drafts
        bounded = first.terminal[compiled.states_of(small)]
        given = known.terminal if settings.terminal.kind == "stationary" else bounded
        other = solve(small.game, known.numbers, settings, terminal=given)
        branch = Play(small, replace(other, advantage=other.advantage[:periods]))
        life = survival_of(branch, draft)
        numbers += [passing(branch, draft, life, window), life.mean_life_years]
    return numbers


def with_bands(projected: Forecast, selection: Selection) -> Forecast:
    """The forecast with each question's answer spanning the branches of the certificate."""
    bands = {s.quantity.removeprefix("question "): s for s in selection.spreads if s.quantity.startswith("question ")}
    answers = tuple(replace(a, low=bands[a.question].low, high=bands[a.question].high) for a in projected.answers)
    return replace(projected, answers=answers)
