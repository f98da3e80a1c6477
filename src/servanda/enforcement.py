"""Could any enforcement do? What the harshest credible threats could support, beside what play as it is reaches.

One draft stands alone on the table. Each of the two parties is taken as one player of one mind: it has the payoffs and
the discount rate of the actor who leads it at the start, and offices of the parties do not change hands, since a side
whose rulers alternate has no one to threaten with. Ratifiers, third parties and spoilers are no players: they choose by
the odds of the solved play beyond the horizon. The calendar is the average one, for ever. What each of the two has done
is public, hidden breaches too, and choices are sharp. All this favours enforcement: what cannot be kept here cannot be
kept by threats at all, and what can be kept here may still be out of reach of real governments.

Gains are counted from no deal: play in the world where no draft can be tabled, made up in the same way. A case without
drafts is taken as it stands, and gains are counted from what each can assure itself alone. A *share of the gains* is
the least of the two gains, each over what its player would gain at the point that both could bind themselves to and
that gives each the same share of its largest gain (Kalai and Smorodinsky 1975). One means everything, zero no deal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from servanda.bounds import (
    NegotiatedSets,
    Negotiation,
    Settings,
    certify_sets,
    critical_patience,
    knife_edge,
    negotiated_sets,
    payoff_sets,
    with_patience,
)
from servanda.bounds.answers import TOLERANCE, Enforcement, Pair, Standing
from servanda.bounds.keeping import assured, enforceable_sets, feasible_sets, first_breach, kept_sets
from servanda.bounds.payoff_sets import Bound, PayoffSets
from servanda.bounds.shares import even, largest
from servanda.bounds.sides import Sided, between
from servanda.case.resolved import DealStart, ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.cooperation import draft_index, leaders, side_title
from servanda.equilibrium import Period
from servanda.equilibrium import Settings as SolveSettings
from servanda.equilibrium.solve import continuation
from servanda.equilibrium.unrolled import TooLargeError, unroll
from servanda.errors import CaseError, Issue

Floats = NDArray[np.float64]
STATES = 3_000
"""States after reduction for which the sets take seconds."""
NODES = 100_000
ROUGH = 1e-3
"""Accuracy for more states than `STATES`."""
_BARGAINS = 400
"""Steps back from the last period with negotiations."""
CERTIFIED = 400
"""Corners up to which strategies are written out for each of them."""
_NOTHING = 1e-3


@dataclass(frozen=True)
class _World:
    """A case compiled with its two sides, and the play of everybody in its average period."""

    compiled: Compiled
    leaders: tuple[int, int]
    values: Floats
    odds: Floats
    settled: bool


def enforcement(
    case: ResolvedCase,
    draft: str | None = None,
    overrides: Mapping[str, float] | None = None,
    *,
    thorough: bool = False,
    patience: bool = False,
    tolerance: float | None = None,
    limit: int = STATES,
    hazard: float | None = None,
    settings: SolveSettings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Enforcement:
    """What threats could support, for a draft alone on the table.

    Parameters
    ----------
    draft : its name; the first of the case if None (of a case without drafts: the case as it stands)
    overrides : parameter values that hold throughout
    thorough : also write out strategies that prove the sets, and look whether they hang on a hair
    patience : also look for the least patience at which the draft can be kept
    tolerance : of the sets, relative to the range of payoffs; 1e-4, or 1e-3 for more than 3,000 states, if None
    limit : most states after reduction
    hazard : also what threats support if the two may sit down anew, with these odds a year
    progress : told what is being done; what it raises ends the work

    Raises
    ------
    CaseError
        Unknown draft or parameter, or a case without two sides.
    TooLargeError
        If the game has more states than the limit.

    >>> from servanda.case import read
    >>> found = enforcement(read("theory/pledge"), overrides={"gain": 2.0})
    >>> found.keepable, enforcement(read("theory/pledge"), overrides={"gain": 10.0}).keepable
    (True, False)
    """
    tell = progress or (lambda _: None)
    given, how = dict(overrides or {}), settings or SolveSettings()
    sides = _sides(case)
    name = draft if draft is not None else case.drafts[0].name if case.drafts else None
    index = None if name is None else draft_index(case, name)
    frozen = with_offices_held(case, sides)
    menu = () if name is None else (name,)
    tell("solving play")
    world = _world(frozen, menu, given, how)
    starts, places = _places(world.compiled, index)
    tell("writing out the game")
    sided = _sided(world, sides, starts, given, limit)
    game = sided.game
    within = tolerance if tolerance is not None else TOLERANCE if game.states <= STATES else ROUGH
    fine = Settings(tolerance=within, steps=5_000, widen=0.2)

    def part(step: str) -> Callable[[float], None]:
        return lambda done: tell(f"{step}: {100 * done:.0f} %")

    title = f"payoff sets of {game.states} states"
    tell(title)
    feasible = feasible_sets(game)
    sets = enforceable_sets(game, feasible, fine, part(title))
    kept = None
    if index is not None and not sets.empty:
        kept = kept_sets(game, sets, ~sided.marked, fine, part(f"{title}, the draft kept"), sided.state[-1])
    met: NegotiatedSets | None = None
    if hazard is not None and not sets.empty:
        tell(f"{title}, with talks from scratch")
        chance = 1.0 - (1.0 - hazard) ** (case.period_months / 12.0)
        rough = replace(fine, tolerance=max(ROUGH, within))
        met = negotiated_sets(game, chance, periods=_BARGAINS, settings=rough, sets=sets)
    anew = met if met is not None and met.status is Negotiation.SETTLED else None
    in_force = sided.state[-1]
    base = assured(game)[sided.state[0]]
    turnover = None
    if index is not None:
        base = _at_start(_world(without_a_deal(frozen), (), given, how))
    if frozen != case:
        tell("solving play as offices change hands")
        true = _world(case, menu, given, how)
        nothing = _at_start(_world(without_a_deal(case), (), given, how)) if index is not None else base
        turnover = [true.values[s, list(true.leaders)] - nothing for s in _places(true.compiled, index)[0]]
    standings = tuple(
        _standing(
            place,
            (feasible[s] - base, sets.vertices[s] - base),
            None if kept is None or place == "at the start" else kept.vertices[s] - base,
            world.values[starts[k], list(world.leaders)] - base,
            None if turnover is None else turnover[k],
            max(_NOTHING, 2.0 * within * sets.scale),
            None if anew is None else (anew.vertices[s] - base, anew.agreed[s] - base),
        )
        for k, (place, s) in enumerate(zip(places, sided.state, strict=True))
    )
    keepable = None if index is None else kept is not None and len(kept.vertices[in_force]) > 0
    titles = (side_title(case, sides[0]), side_title(case, sides[1]))
    cause = first_breach(game, ~sided.marked, kept, in_force) if kept is not None and keepable is False else None
    decision, _, where = ("" if cause is None else game.state_label(cause[1])).partition(": ")
    gain, hair = (None, None) if not thorough else _proof(sided, sets, fine, tell)
    least = None
    if patience and index is not None:
        tell("looking for the least patience")
        least = _patience(sided, fine, case.period_months)
    actors = [case.actors[k].title for k in world.leaders]
    return Enforcement(
        case=case.name,
        draft=name,
        title=case.title if index is None else case.drafts[index].title,
        sides=titles,
        leaders=(actors[0], actors[1]),
        no_deal=_pair(base),
        standings=standings,
        empty=sets.empty,
        keepable=keepable,
        outer=sets.status is Bound.STEP_LIMIT or (kept is not None and not kept.settled),
        breaker=None if cause is None else titles[cause[0]],
        status=sets.status.value,
        nodes=sided.nodes,
        states=game.states,
        gain=gain,
        hair=hair,
        patience=least,
        patience_asked=patience and index is not None,
        settled=world.settled,
        tolerance=within,
        breach=None if cause is None else _decision(case, decision),
        where=where or None,
        hazard=hazard,
        renegotiation=None if met is None else met.status.value,
    )


def with_offices_held(case: ResolvedCase, sides: tuple[str, str]) -> ResolvedCase:
    """The case in which no chance event changes who holds an office of these sides."""
    offices = {v.name for v in case.variables if v.kind == "office" and v.side in sides}
    events = []
    for event in case.chance:
        outcomes = tuple(
            replace(o, effects=tuple(c for c in o.effects if c.variable not in offices)) for o in event.outcomes
        )
        if any(o.effects for o in outcomes) or event.prices or not any(o.effects for o in event.outcomes):
            events.append(replace(event, outcomes=outcomes))
    return replace(case, chance=tuple(events))


def without_a_deal(case: ResolvedCase) -> ResolvedCase:
    """The case begun without a deal, where one is live at its start."""
    begun = case.protocol.start
    return replace(case, protocol=replace(case.protocol, start=DealStart())) if begun.draft else case


def _places(compiled: Compiled, draft: int | None) -> tuple[list[int], tuple[str, ...]]:
    """The states to look from: the start, and the start with the draft in force; one if it is in force then."""
    start = int(np.flatnonzero(compiled.game.start)[0])
    if draft is None:
        return [start], ("at the start",)
    live = compiled.start_with_deal(draft)
    return ([live], ("in force",)) if live == start else ([start, live], ("at the start", "in force"))


def _sides(case: ResolvedCase) -> tuple[str, str]:
    """The two parties, or the two sides of a case without parties."""
    parties = [s.name for s in case.sides if s.party] or [s.name for s in case.sides]
    if len(parties) != 2:
        what = f"{case.name} has {len(parties)} sides that could bind themselves, and threats are weighed between two"
        hint = "mark the two sides of the agreement with `party: yes`"
        raise CaseError(what, issues=(Issue("error", "not-two-parties", what, hint),))
    return parties[0], parties[1]


def _world(case: ResolvedCase, menu: tuple[str, ...], given: Mapping[str, float], how: SolveSettings) -> _World:
    compiled = compile_case(case, menu=menu)
    period = Period(compiled.game, compiled.numbers([given]), threads=False)
    beyond = continuation(period, how)
    assert beyond.advantage is not None
    # without parties, the first actor of each side stands for it
    led = leaders(compiled) or {
        s.name: next(k for k, a in enumerate(case.actors) if a.side == s.name) for s in case.sides
    }
    first, second = led.values()
    return _World(
        compiled, (first, second), beyond.values, period.odds(beyond.advantage)[:, 0], bool(beyond.settled[0])
    )


def _at_start(world: _World) -> Floats:
    return np.asarray(world.compiled.game.start @ world.values[:, list(world.leaders)])


def _sided(world: _World, sides: tuple[str, str], starts: list[int], given: Mapping[str, float], limit: int) -> Sided:
    """The game between the two sides from these states on."""
    compiled = world.compiled
    case = compiled.case
    first = np.zeros(compiled.game.states)
    first[starts] = 1.0 / len(set(starts))
    numbers = compiled.numbers([given])
    written = unroll(replace(compiled.game, start=first), numbers, reached=True, limit=NODES)
    names = [a.name for a in case.actors]
    player = np.full(len(names), -1)
    for k, side in enumerate(sides):
        led_by = next(s.led_by for s in case.sides if s.name == side)
        office = next((v.levels for v in case.variables if v.name == led_by and v.kind == "office"), ())
        for actor in (*office, names[world.leaders[k]]):
            player[names.index(actor)] = k
    period = Period(compiled.game, numbers, threads=False)
    breaking = np.zeros(period.options, dtype=bool)
    for slot in period.slots:
        breaking[slot.options] = compiled.breaks[slot.stage]
    roots = [int(written.first[s]) for s in starts]
    titles = (side_title(case, sides[0]), side_title(case, sides[1]))
    try:
        sided = between(
            written.game, player, world.leaders, written.odds(world.odds[:, None])[:, 0], roots,
            breaking[written.option], titles,
        )  # fmt: skip
    except ValueError as error:
        raise CaseError(f"{case.name}: {error}") from error
    if sided.game.states > limit:
        raise TooLargeError(
            f"between its two sides, the game has {sided.game.states:,} states after reduction, and payoff sets are "
            f"computed for {limit:,} at most; use fewer levels, or raise the limit and wait"
        )
    return sided


def _standing(
    place: str,
    polygons: tuple[Floats, Floats],
    kept: Floats | None,
    play: Floats,
    turnover: Floats | None,
    least: float,
    anew: tuple[Floats, Floats] | None,
) -> Standing:
    feasible, enforceable = polygons
    unit = largest(feasible)
    found: dict[str, float | None] = dict.fromkeys(("share", "kept", "play", "turnover", "anew"))
    best = None
    if unit is not None and min(unit) > least:
        whole = even(feasible, unit)
        assert whole is not None
        full = whole[0]
        each = {"share": enforceable, "kept": kept, "play": play[None], "turnover": turnover}
        each["anew"] = None if anew is None else anew[0]
        for name, points in each.items():
            if points is None:
                continue
            at = even(np.atleast_2d(points), unit)
            # an empty set supports nothing
            found[name] = 0.0 if at is None else at[0] / full
            if name == "kept" and found["share"] is not None:
                # both are outer bounds, and what is kept lies within what is enforceable
                found[name] = min(found["share"], found[name] or 0.0)
            if name == "share" and at is not None:
                best = _pair(at[1])
    corner = None if len(enforceable) == 0 else _pair(enforceable.max(axis=0))
    return Standing(
        place, _corners(feasible), _corners(enforceable), None if kept is None else _corners(kept), _pair(play),
        None if turnover is None else _pair(turnover), corner, best, found["share"], found["kept"], found["play"],
        found["turnover"], None if anew is None else _corners(anew[0]), None if anew is None else _pair(anew[1]),
        found["anew"],
    )  # fmt: skip


def _proof(
    sided: Sided, sets: PayoffSets, how: Settings, tell: Callable[[str], None]
) -> tuple[float | None, bool | None]:
    """Largest gain from deviating in strategies for the corners, and whether the sets hang on a hair."""
    if sum(len(sets.corners(s)) for s in range(sided.game.states)) > CERTIFIED and not sets.empty:
        tell("strategies left out: too many corners")
        return None, None
    tell("writing out strategies")
    exact = payoff_sets(sided.game, replace(how, tolerance=1e-9, steps=100_000))
    certificate = certify_sets(sided.game, exact)
    return None if certificate is None else certificate.gain, knife_edge(sided.game, exact).sharp()


def _patience(sided: Sided, how: Settings, months: int) -> float | None:
    """Least discount factor per year at which neither party ever breaks or leaves the draft, None if there is none."""

    def asked(sets: PayoffSets, factor: float) -> bool:
        if sets.empty:
            return False
        return len(kept_sets(with_patience(sided.game, factor), sets, ~sided.marked, how).vertices[sided.state[-1]]) > 0

    years = months / 12.0
    grid = np.array([0.05, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97, 0.985]) ** years
    found = critical_patience(sided.game, asked, grid, 1e-5, replace(how, tolerance=1e-7))
    return found.per_year(1.0 / years)


def _decision(case: ResolvedCase, name: str) -> str:
    """The title of a decision, or the name of a stage that is none."""
    return next((d.title or name for d in case.decisions if d.name == name), name)


def _pair(point: Floats) -> Pair:
    return float(point[0]), float(point[1])


def _corners(polygon: Floats) -> tuple[Pair, ...]:
    return tuple(_pair(p) for p in polygon)
