"""How many stationary plays a case has beyond its calendar, as far as a search can tell.

Backward induction finds one play, given what it assumes beyond the horizon. This module asks the second engine
(`servanda.equilibrium.search`) for all stationary equilibria of an average period that goes on for ever, from many
starts, and says what is done in each of them in the first such period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.equilibrium.search import equilibria
from servanda.equilibrium.stationary import Equilibrium
from servanda.equilibrium.unrolled import unroll

Floats = NDArray[np.float64]
NODES = 5_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody does at one node of the first period: how likely the node is, and the odds of its options."""

    actor: str
    place: str
    likelihood: float
    odds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class StationaryPlay:
    """One stationary equilibrium.

    `share` is the part of all starts that led to it; `stable`: damped answers come back to it (None: not computed);
    `principal`: it lies on the branch from even odds; values are points of present value at the start, by actor.
    """

    origin: str
    principal: bool
    share: float
    stable: bool | None
    residual: float
    regret: float
    choices: tuple[Choice, ...]
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Multiplicity:
    """All stationary plays found; `folds` counts the turning points of the principal branch."""

    nodes: int
    sentence: str
    folds: int
    found: tuple[StationaryPlay, ...]


def multiplicity(
    compiled: Compiled,
    overrides: Mapping[str, float] | None = None,
    *,
    starts: int = 30,
    seed: int = 0,
    limit: int = NODES,
) -> Multiplicity:
    """Search for stationary plays of a case from its start.

    Raises
    ------
    CaseError
        Unknown parameter, or a number that makes no sense.
    TooLargeError
        If the written-out game has more than `limit` nodes.
    """
    unrolled = unroll(compiled.game, compiled.numbers([dict(overrides or {})]), reached=True, limit=limit)
    pure = min(64, starts)
    many = equilibria(unrolled.game, unrolled.precision, taste=unrolled.taste, starts=starts, pure=pure, seed=seed)
    first = int(unrolled.first[int(np.flatnonzero(compiled.game.start)[0])])
    main = many.branch.equilibrium
    plays = []
    for each in many.found:
        on_branch = many.branch.arrived and float(np.abs(each.odds - main.odds).max(initial=0.0)) <= many.tolerance
        values = tuple((a.title, float(v)) for a, v in zip(compiled.case.actors, each.values[first], strict=True))
        plays.append(
            StationaryPlay(
                origin=each.origin,
                principal=on_branch,
                share=each.share,
                stable=None if each.stability is None or np.isnan(each.stability.growth) else each.stability.stable,
                residual=each.certificate.odds_error,
                regret=each.certificate.regret,
                choices=_choices(each, first, compiled),
                values=values,
            )
        )
    return Multiplicity(unrolled.game.states, many.sentence, len(many.branch.folds), tuple(plays))


def _choices(found: Equilibrium, first: int, compiled: Compiled, most: int = 8) -> tuple[Choice, ...]:
    """What is done in the first period: the nodes with a choice, the likeliest first."""
    game = found.game
    weight = _reach(found, first)
    titles = {a.name: a.title for a in compiled.case.actors}
    listed: list[Choice] = []
    for state in np.argsort(-weight, kind="stable"):
        if weight[state] <= 1e-6 or len(listed) >= most:
            break
        for seat in range(int(game.seat_start[state]), int(game.seat_start[state + 1])):
            span = range(int(game.option_start[seat]), int(game.option_start[seat + 1]))
            if len(span) < 2:
                continue
            odds = tuple((game.option_label(o), float(found.odds[o])) for o in span)
            actor = titles.get(game.who(int(game.seat_actor[seat])), "")
            # a node of several seats is called after the first of them: the options say what is decided
            place = game.state_label(int(state)).partition(": ")[2]
            listed.append(Choice(actor, place, float(weight[state]), odds))
    return tuple(listed[:most])


def _reach(found: Equilibrium, first: int) -> Floats:
    """Probability that each node is passed in the first period, from where play begins to where it is discounted."""
    game = found.game
    profiles, options = game.entries
    odds = np.ones(game.profiles)
    np.multiply.at(odds, profiles, found.odds[options])
    inside = (game.discount >= 1.0).all(axis=1)
    total = np.zeros(game.states)
    mass = np.zeros(game.states)
    mass[first] = 1.0
    while mass.max(initial=0.0) > 1e-9:
        total += mass
        onward = np.where(inside, mass, 0.0)[game.state_of_profile] * odds
        mass = np.asarray(game.successors.T @ onward)
    return total
