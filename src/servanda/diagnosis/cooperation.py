"""The benefit of cooperation: what a draft is worth to each side, and how much of it mistrust costs.

A side's gain is the value, at the start and to the actor who then leads it, of the world with a draft minus that of a
world in which no draft can be tabled. Three worlds are compared with that one: the draft on the table and everybody
free; the draft in force and everybody free; the draft in force and nobody able to break or leave it. The share of the
last gain that is lost between the last two is the price of mistrust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from servanda.case.messages import did_you_mean
from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.compile.bonds import bound_parameter
from servanda.compile.deal_rules import OFF_THE_TABLE
from servanda.compile.rules import Movers
from servanda.diagnosis.answers import Cooperation, SideGain
from servanda.diagnosis.headlines import Floats
from servanda.diagnosis.trials import SETTINGS, Trials
from servanda.equilibrium import Settings
from servanda.errors import CaseError, Issue

# Gains are small differences of large values: they ask for more than probabilities do.
PRECISE = replace(SETTINGS, tail_tolerance=1e-6, tail_steps=1000)
# A gain below this many points is nothing: less than the last digit of the values it comes from.
_NOTHING = 1e-3


def cooperation(
    case: ResolvedCase,
    drafts: Sequence[str] | None = None,
    overrides: Mapping[str, float] | None = None,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Cooperation, ...]:
    """What each draft, alone on the table, is worth to each party.

    Parameters
    ----------
    drafts : names of drafts (all, without them)
    overrides : parameter values that hold throughout
    settings : only its `stop` is used
    progress : told how many drafts are done, of how many

    Raises
    ------
    CaseError
        Unknown draft or parameter.
    InterruptedSolveError
        If `settings.stop` is set meanwhile.

    >>> from servanda.case import read
    >>> (found,) = cooperation(read("theory/two-level-ratification"), ["x10"])
    >>> [(gain.side, round(gain.in_force), gain.lost is None) for gain in found.gains]
    [('home', 7, False), ('abroad', 21, False)]
    """
    names = [d.name for d in case.drafts] if drafts is None else list(drafts)
    for name in names:
        draft_index(case, name)
    if not names:
        return ()
    given = dict(overrides or {})
    how = settings or Settings()
    nothing = without_deal(case, given, how)
    found = []
    for name in names:
        compiled = compile_case(case, menu=[name], bonds=True)
        index = draft_index(case, name)
        gains = gains_of(compiled, index, nothing, given, how)
        title = case.drafts[index].title
        found.append(Cooperation(name, title, gains, _sentence(title, gains)))
        if progress is not None:
            progress(len(found), len(names))
    return tuple(found)


def draft_index(case: ResolvedCase, name: str) -> int:
    """Position of a draft in the case.

    Raises
    ------
    CaseError
        If there is no draft of this name.
    """
    names = [d.name for d in case.drafts]
    if name not in names:
        hint = did_you_mean(name, names) if names else "the case has no drafts"
        raise CaseError(
            f"no draft is called {name}",
            issues=(Issue("error", "unknown-draft", f"no draft of {case.name} is called `{name}`", hint),),
        )
    return names.index(name)


def without_deal(case: ResolvedCase, overrides: Mapping[str, float], settings: Settings) -> Floats:
    """Values at the start in a world where no draft can be tabled, [actor]."""
    trials = Trials(compile_case(case, menu=()), None, 1, PRECISE).stopping(settings)
    return np.asarray(trials.run([overrides]).value[:, 0])


def gains_of(
    compiled: Compiled, draft: int, nothing: Floats, overrides: Mapping[str, float], settings: Settings
) -> tuple[SideGain, ...]:
    """Gains of the parties from the draft alone on the table.

    Parameters
    ----------
    compiled : with this draft on the menu, and with bonds
    nothing : values at the start without a deal, [actor]
    """
    never = {bound_parameter(side): OFF_THE_TABLE for side in compiled.bonded}
    found = Trials(compiled, draft, 1, PRECISE).stopping(settings).run([overrides, {**overrides, **never}])
    gains = []
    for side, leader in leaders(compiled).items():
        base = float(nothing[leader])
        bound = float(found.value_in_force[leader, 1]) - base
        in_force = float(found.value_in_force[leader, 0]) - base
        actor = compiled.case.actors[leader]
        gains.append(
            SideGain(
                side=side,
                title=side_title(compiled.case, side),
                actor=actor.name,
                actor_title=actor.title,
                no_deal=base,
                offered=float(found.value[leader, 0]) - base,
                in_force=in_force,
                bound=bound,
                lost=1.0 - in_force / bound if bound > _NOTHING else None,
            )
        )
    return tuple(gains)


def leaders(compiled: Compiled) -> dict[str, int]:
    """The actor (its index) who leads each party at the start."""
    movers, start = Movers(compiled.layout), np.array([compiled.layout.start])
    return {s.name: int(movers.of(s.name, start)[0]) for s in compiled.case.sides if s.party}


def side_title(case: ResolvedCase, side: str) -> str:
    """Title of a side."""
    return next(s.title for s in case.sides if s.name == side)


def _sentence(title: str, gains: tuple[SideGain, ...]) -> str:
    worth = " and ".join(f"{signed_points(g.bound)} points to {g.title}" for g in gains)
    text = f"If nobody could break “{title}”, it would be worth {worth}."
    lost = [f"{_share(g.lost)} of it for {g.title}" for g in gains if g.lost is not None and g.lost >= 0.0]
    if lost:
        text = f"{text} Mistrust costs {' and '.join(lost)}."
    better = [g.title for g in gains if g.lost is not None and g.lost < 0.0]
    return f"{text} Free to break it, {' and '.join(better)} would gain more." if better else text


def _share(lost: float) -> str:
    if lost > 1.0:
        return "more than all"
    return "nothing" if lost < 0.005 else f"{100 * lost:.0f} %"


def signed_points(points: float) -> str:
    """Points with their sign, as everywhere in the report.

    >>> signed_points(-12.61)
    '−12.6'
    """
    return f"{points:+.1f}".replace("-", "−")
