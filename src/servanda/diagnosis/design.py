"""Design: every combination of what a mediator can change, for every draft, judged with everybody's play included.

A design is a draft and a choice for every lever. Its gates, its mean life and the gains of the parties come from the
game with that draft alone on the table; a gain is the value, at the start and to the actor who then leads the side, of
that game minus that of a world in which no draft can be tabled, under the same levers. Designs that are the same game
are one design, the one that moves least; a lever that changes no number of a draft's game is left out for that draft.

A lever at the value the case gives it anyway costs nothing; elsewhere it costs what its price comes to at the design's
values, for each side what the actor who pays most pays, all sides together. Prices are not part of the gains.

The *frontier* holds the designs that are undominated in the parties' gains, mean life and price, among those that pass
if any does. Numbers are compared as they are reported (gains to 0.1 points, life and price to 0.01): what differs by
less is the same, and of such designs the one likelier to hold stays.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Event

import numpy as np

from servanda.case.resolved import Draft, Lever, ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis import design_search as search
from servanda.diagnosis.answers import Design, Designs
from servanda.diagnosis.cooperation import PRECISE, leaders
from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.design_space import DesignSpace, Meter, Progress, World
from servanda.diagnosis.design_words import change_of, islands_of, sentence_of
from servanda.diagnosis.findings import Gate, Survival
from servanda.diagnosis.gates import gates_of, signing_of, voting_of
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.diagnosis.trials import Overrides, Trials
from servanda.equilibrium import Settings, solve
from servanda.errors import CaseError, Issue

LIMIT = 2000
POINTS = 3
EXAMINED = 8
SIGN_WINDOW_YEARS = 4.0
# a space with at most this many combinations for each game allowed is gone through, to see which are the same game
_WORTH_LISTING = 4


def search_designs(
    case: ResolvedCase,
    *,
    drafts: Sequence[str] | None = None,
    levers: Sequence[str] | None = None,
    threshold: float = 0.5,
    overrides: Mapping[str, float] | None = None,
    window: int | None = None,
    settings: Settings | None = None,
    draws: Sequence[Overrides] = (),
    limit: int = LIMIT,
    points: int = POINTS,
    progress: Progress | None = None,
) -> Designs:
    """Solve the designs of a case and say which pass, which are undominated, and what is missing where none passes.

    Parameters
    ----------
    drafts, levers : names of those that count (all, without them); the other levers stay as written
    threshold : probability of passing all gates at which a design passes
    overrides : parameter values that stand for the central ones throughout; levers go over them
    window : periods within which a draft must be signed (those of four years, without it)
    settings : only its `stop` is used
    draws : values of the uncertain parameters, over which the designs worth it are tried (`Design.robust`)
    limit : games that may be solved (draws not counted); larger spaces are searched (`Designs.method`)
    points : values into which a lever's range is cut, ends included
    progress : told how many games are solved, of how many as far as is known

    Raises
    ------
    CaseError
        Unknown draft, lever or parameter, a case without drafts, or numbers that make no sense.
    InterruptedSolveError
        If `settings.stop` is set meanwhile.

    >>> from servanda.case import read
    >>> found = search_designs(read("theory/durability-island"), points=5)
    >>> [(d.settings[0][1], round(d.holds, 1)) for d in found.designs], found.verdict
    ([('1', 1.0), ('0', 1.0), ('0.25', 1.0), ('0.5', 0.9), ('as written', 0.2), ('0.75', 0.1)], 'draft')
    """
    begun = time.perf_counter()
    chosen, pulled = _named(case, drafts, levers)
    given = dict(overrides or {})
    how = replace(settings or Settings(), stop=(settings.stop if settings else None) or Event())
    periods = window or max(1, min(case.periods, round(SIGN_WINDOW_YEARS * 12 / case.period_months)))
    meter = Meter(progress)
    nothing = World(Trials(compile_case(case, menu=()), None, periods, PRECISE).stopping(how), meter)
    spaces = [DesignSpace.of(case, d, pulled, given, points, periods, how, nothing, threshold) for d in chosen]
    method = _try_out(spaces, limit, meter, len(draws) * EXAMINED)
    found = [design for space in spaces for design in space.designs()]
    found = _with_frontier(sorted(found, key=lambda d: -d.holds), threshold)
    possible = [0]
    if draws:
        by_name = {space.draft.name: space for space in spaces}
        examined = _examined(found, threshold)
        meter.expected = meter.done + len(examined) * len(draws)
        tests = {d: by_name[found[d].draft].robustness(found[d], draws) for d in examined}
        found = [replace(design, robust=tests[d][0]) if d in tests else design for d, design in enumerate(found)]
        possible = [count for _, count in tests.values()]
    result = Designs(
        sides=tuple(leaders(nothing.trials.compiled)),
        threshold=threshold,
        designs=tuple(found),
        space=sum(space.declared for space in spaces),
        games=sum(space.world.games for space in spaces),
        exhaustive=method == search.EVERY,
        seconds=0.0,
        verdict=_verdict(found, threshold),
        nearest=found[0] if found else None,
        change="",
        draws=min(possible),
        method=method,
        idle=tuple((space.draft.title, space.idle) for space in spaces if space.idle),
        islands=islands_of(found, threshold),
    )
    result = replace(result, change=change_of(result, lambda design: _judged(design, spaces, periods, how)))
    sentence = sentence_of(result, everything=drafts is None and levers is None)
    return replace(result, sentence=sentence, seconds=time.perf_counter() - begun)


def _named(
    case: ResolvedCase, drafts: Sequence[str] | None, levers: Sequence[str] | None
) -> tuple[tuple[Draft, ...], tuple[Lever, ...]]:
    """Drafts and levers by name, in the order of the case."""
    from servanda.case.messages import did_you_mean

    issues = []
    if not case.drafts:
        issues.append(Issue("error", "no-drafts", "the case has no drafts to design", "add one under `drafts`"))
    for kind, wanted, known in (
        ("draft", drafts, [d.name for d in case.drafts]),
        ("lever", levers, [x.name for x in case.levers]),
    ):
        for name in wanted or ():
            if name not in known:
                hint = did_you_mean(name, known)
                issues.append(Issue("error", f"unknown-{kind}", f"no {kind} is called `{name}`", hint))
    if issues:
        raise CaseError("designs that cannot be searched", issues=tuple(issues))
    return (
        tuple(d for d in case.drafts if drafts is None or d.name in drafts),
        tuple(x for x in case.levers if levers is None or x.name in levers),
    )


def _try_out(spaces: Sequence[DesignSpace], limit: int, meter: Meter, later: int) -> str:
    """Solve every design, or search where there are more games than `limit`; returns how it was done."""
    sizes = [search.size_of(space.axes) for space in spaces]
    if sum(sizes) <= limit or (
        sum(sizes) <= _WORTH_LISTING * limit and sum(space.listed() for space in spaces) <= limit
    ):
        meter.expected = later + sum(sizes)
        for space in spaces:
            space.solve([search.as_written(space.axes), *search.everything(space.axes)])
        return search.EVERY
    evolving = search.optimiser_installed()
    meter.expected = limit + later
    left = limit
    for number, space in enumerate(sorted(spaces, key=lambda s: search.size_of(s.axes))):
        budget = max(1, left // (len(spaces) - number))
        space.solve([search.as_written(space.axes)])
        if search.size_of(space.axes) <= budget:
            space.solve(list(search.everything(space.axes)))
        else:
            seek = search.evolve if evolving else search.sample_and_climb
            seek(space.axes, space.score, space.spent, budget)
        left = max(0, left - space.world.games)
    return search.EVOLVED if evolving else search.SAMPLED


def _with_frontier(designs: list[Design], threshold: float) -> list[Design]:
    """The same designs, likeliest to hold first, with the undominated ones marked."""
    eligible = [i for i, d in enumerate(designs) if d.holds >= threshold] or list(range(len(designs)))
    if not eligible:
        return designs
    worth = np.array(
        [[*np.round(d.gains, 1), round(d.life, 2), -round(d.price, 2)] for d in (designs[i] for i in eligible)]
    )
    found = list(designs)
    for row, i in enumerate(eligible):
        no_worse = (worth >= worth[row]).all(axis=1)
        better = no_worse & (worth > worth[row]).any(axis=1)
        same_and_likelier = no_worse[:row] & ~better[:row]
        if not better.any() and not same_and_likelier.any():
            found[i] = replace(designs[i], frontier=True)
    return found


def _examined(designs: Sequence[Design], threshold: float) -> list[int]:
    """The designs whose robustness is worth looking at: the likeliest to hold, then the frontier that passes.

    Where nothing passes, the likeliest to hold of every draft.
    """
    if designs and designs[0].holds >= threshold:
        return [i for i, d in enumerate(designs) if i == 0 or d.frontier][:EXAMINED]
    first = {d.draft: i for i, d in reversed(list(enumerate(designs)))}
    return sorted(first.values())[:EXAMINED]


def _judged(design: Design, spaces: Sequence[DesignSpace], window: int, how: Settings) -> tuple[Gate, Survival]:
    """The binding gate of one design with its tightest move, and how it ends."""
    space = next(s for s in spaces if s.draft.name == design.draft)
    compiled, d = space.world.trials.compiled, space.index
    numbers = compiled.numbers([{**space.given, **dict(design.overrides)}])
    play = Play(compiled, solve(compiled.game, numbers, replace(how, tail_tolerance=max(how.tail_tolerance, 1e-6))))
    life, temptation = survival_of(play, d), temptation_of(play, d)
    gates = gates_of(play, d, signing_of(play, d, window), voting_of(play, d), life, temptation, window)
    return min(gates, key=lambda gate: gate.probability), life


def _verdict(designs: Sequence[Design], threshold: float) -> str:
    if any(d.holds >= threshold for d in designs if not d.moved):
        return "holds"
    return "draft" if any(d.holds >= threshold for d in designs) else "structure"
