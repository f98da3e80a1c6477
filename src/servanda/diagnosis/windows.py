"""How the chance of a deal moves with the date at which it is sought.

Offices change hands, know-how grows and alternatives mature while nothing is agreed. The world without a deal (no draft
can be tabled, and everybody knows it) is followed to each date; there a draft comes on the table, alone, and its gates
are those of `servanda.diagnosis.gates`, with as many years to be signed and to be kept as at every other date. A design
is a draft with other parameter values from that date on; until then the world is the same for all.

A draft that ends on a fixed date has less to live through the later it is sought.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.answers import Design, Window, Windows
from servanda.diagnosis.beginnings import Beginnings, gates_by_date
from servanda.diagnosis.cooperation import draft_index, leaders
from servanda.diagnosis.play import Floats, Play, propagate
from servanda.equilibrium import Settings, solve
from servanda.equilibrium.parallel import side_by_side

MOST_DATES = 14


def windows(
    case: ResolvedCase,
    drafts: Sequence[str],
    *,
    designs: Sequence[Design] = (),
    overrides: Mapping[str, float] | None = None,
    sign_years: float = 4.0,
    keep_years: float | None = None,
    threshold: float = 0.5,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Windows:
    """The gates of drafts and designs, each alone on the table, by the date at which it is sought.

    Dates run by the year (by more where there would be over fourteen) from the start of the case to the last from which
    both windows end within the calendar. Nothing closes where nothing ever passes: `closes` is then None and `never`
    set.

    Parameters
    ----------
    drafts : names of the drafts shown as they are written
    designs : drafts shown with other parameter values
    overrides : parameter values that hold throughout; a design's own go before them
    sign_years : time to sign; at most the horizon
    keep_years : time to be kept; half the horizon unless given
    threshold : probability from which something passes all gates
    settings : of the solver; continuations are found to a millionth of the range of values at best
    progress : told how many drafts and designs are done, of how many

    Raises
    ------
    CaseError
        Unknown draft or parameter, or a number that makes no sense.
    InterruptedSolveError
        If `settings.stop` is set meanwhile.

    >>> from servanda.case import find, load
    >>> found = windows(load(find("theory/two-level-ratification")).require(), ["x18"], keep_years=18.0)
    >>> [f"{d:%Y} {p:.2f}" for d, p in zip(found.dates, found.windows[0].ratify)], found.never
    (['2000 0.00', '2001 0.00', '2002 0.00'], True)
    """
    shown = _shown(case, drafts, designs, dict(overrides or {}))
    how = settings or Settings()
    how = replace(how, block_threads=False, tail_tolerance=max(how.tail_tolerance, 1e-6))
    when = beginnings(case, sign_years, keep_years)
    without = world_without_deal(case, when.periods, dict(overrides or {}), how)
    compiled = {name: compile_case(case, menu=[name]) for name in dict.fromkeys(s.draft for s in shown)}
    done, lock = [0], threading.Lock()

    def window(index: int) -> Window:
        one = shown[index]
        game = compiled[one.draft]
        play = Play(game, solve(game.game, game.numbers([one.overrides]), how))
        worlds = np.zeros((game.game.states, len(when.periods)))
        worlds[game.states_of(without.compiled)] = without.worlds
        gates = gates_by_date(play, draft_index(case, one.draft), worlds, when)
        with lock:
            done[0] += 1
            if progress is not None:
                progress(done[0], len(shown))
        return Window(one.draft, one.label, *(tuple(x.tolist()) for x in (gates.sign, gates.ratify, gates.keep)))

    found = tuple(side_by_side(window, range(len(shown)), how.stop))
    years = case.period_months / 12
    dates = tuple(without.compiled.dates[t] for t in when.periods)
    passes = [any(w.holds[j] >= threshold for w in found) for j in range(len(dates))]
    last = max((j for j, p in enumerate(passes) if p), default=-1)
    answer = Windows(
        dates=dates,
        sign_years=when.sign * years,
        keep_years=when.keep * years,
        threshold=threshold,
        windows=found,
        sides=without.sides,
        no_deal=without.values,
        offices=without.offices,
        closes=dates[last + 1] if 0 <= last < len(dates) - 1 else None,
        never=last < 0,
    )
    return replace(answer, sentence=_sentence(answer, case))


def beginnings(case: ResolvedCase, sign_years: float, keep_years: float | None) -> Beginnings:
    """Periods at which a draft may be sought, and the windows in periods, each clipped to the calendar.

    >>> from servanda.case import find, load
    >>> beginnings(load(find("us-iran")).require(), 4.0, None)
    Beginnings(periods=(0, 2, 4, 6, 8, 10, 12), sign=8, keep=12)
    """
    years = case.period_months / 12

    def clipped(length: float) -> int:
        return max(1, min(case.periods, round(length / years)))

    sign = clipped(sign_years)
    keep = (case.periods + 1) // 2 if keep_years is None else clipped(keep_years)
    yearly = max(1, round(1 / years))
    room = case.periods - max(sign, keep)
    step = yearly * max(1, -(-(room // yearly + 1) // MOST_DATES))
    return Beginnings(tuple(range(0, room + 1, step)), sign, keep)


@dataclass(frozen=True)
class WorldWithoutDeal:
    """The world in which no draft can be tabled, at some dates.

    worlds[state, j]; `values[side][j]` for the parties in `sides`; offices as in `Windows`.
    """

    compiled: Compiled
    worlds: Floats
    sides: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    offices: tuple[tuple[str, str, tuple[float, ...]], ...]


def world_without_deal(
    case: ResolvedCase, periods: Sequence[int], overrides: Mapping[str, float], settings: Settings
) -> WorldWithoutDeal:
    """Solve and follow the world without a deal to the start of each of these periods (rising)."""
    compiled = compile_case(case, menu=())
    game = compiled.game
    play = Play(compiled, solve(game, compiled.numbers([overrides]), settings))
    wanted = {t: j for j, t in enumerate(periods)}
    worlds = np.zeros((game.states, len(periods)))

    def seen(t: int, mass: Floats) -> None:
        if t in wanted:
            worlds[:, wanted[t]] = mass[:, 0]

    propagate(play, game.start[:, None].copy(), at_start=seen)
    led = leaders(compiled)
    values = np.zeros((len(led), len(periods)))
    ahead = play.solution.terminal.copy()
    for t in reversed(range(play.periods)):
        settings.check()
        play.period.backward(ahead, t)
        if t in wanted:
            values[:, wanted[t]] = worlds[:, wanted[t]] @ ahead[:, list(led.values())]
    return WorldWithoutDeal(
        compiled, worlds, tuple(led), tuple(tuple(row) for row in values.tolist()), _offices(compiled, worlds)
    )


def _offices(compiled: Compiled, worlds: Floats) -> tuple[tuple[str, str, tuple[float, ...]], ...]:
    titles = {a.name: a.title for a in compiled.case.actors}
    found = []
    for office in (v for v in compiled.case.variables if v.kind == "office"):
        holder = compiled.layout.digit(compiled.codes, office.name)
        for level, name in enumerate(office.levels):
            odds = worlds[holder == level].sum(axis=0)
            found.append((office.title, titles[name], tuple(float(x) for x in odds)))
    return tuple(found)


@dataclass(frozen=True)
class _Shown:
    """A draft or design with its parameter values."""

    draft: str
    label: str
    overrides: dict[str, float]


def _shown(
    case: ResolvedCase, drafts: Sequence[str], designs: Sequence[Design], overrides: dict[str, float]
) -> list[_Shown]:
    found = [_Shown(name, case.drafts[draft_index(case, name)].title, overrides) for name in drafts]
    return found + [_Shown(d.draft, d.label, {**overrides, **dict(d.overrides)}) for d in designs]


def _sentence(found: Windows, case: ResolvedCase) -> str:
    if not found.windows:
        return ""
    told = _told(found, case)
    # windows are of texts sought from no deal, whatever has been signed
    return f"Were there no deal yet: {told[0].lower()}{told[1:]}" if case.protocol.start.draft else told


def _told(found: Windows, case: ResolvedCase) -> str:
    first, last = (f"{d:%B %Y}" for d in (found.dates[0], found.dates[-1]))
    best = max(found.windows, key=lambda w: max(w.holds))
    top = int(np.argmax(best.holds))
    chance = f"{100 * best.holds[top]:.0f} %"
    when = f"{found.dates[top]:%B %Y}"
    ends = _sunset(found, best, case)
    if found.never:
        span = f"in {first}" if len(found.dates) == 1 else f"at any date from {first} to {last}"
        text = f"Nothing shown passes all gates if it is sought {span}"
        if best.holds[top] < 0.005:
            return f"{text}, or comes near it."
        return f"{text}: “{best.label}” comes nearest, in {when} ({chance}).{_drift(best)}{ends}"
    best_of_all = f"Best is “{best.label}” sought in {when} ({chance}).{ends}"
    if found.closes is not None:
        return f"The window closes: from {found.closes:%B %Y} on nothing shown passes all gates any more. {best_of_all}"
    opens = next(d for j, d in enumerate(found.dates) if any(w.holds[j] >= found.threshold for w in found.windows))
    begun = "" if opens == found.dates[0] else f" It opens in {opens:%B %Y}."
    return f"The window is still open in {last}, the last date that can be examined.{begun} {best_of_all}"


def _drift(one: Window) -> str:
    if abs(one.holds[-1] - one.holds[0]) < 0.01:
        return ""
    way = "helps" if one.holds[-1] > one.holds[0] else "harms"
    return f" Waiting {way} it: {100 * one.holds[0]:.0f} % at first, {100 * one.holds[-1]:.0f} % at the last date."


def _sunset(found: Windows, one: Window, case: ResolvedCase) -> str:
    """A warning where a fixed sunset makes late beginnings easy."""
    ends = case.drafts[draft_index(case, one.draft)].sunset_date
    if ends is None or (ends - found.dates[-1]).days / 365.25 >= found.keep_years:
        return ""
    return f" Its text ends in {ends:%B %Y} whenever it begins: the later it is sought, the less there is to keep."
