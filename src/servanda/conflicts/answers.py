"""Everything found about a conflict: stability alone and in coalitions, and the ways to and out of equilibria."""

from __future__ import annotations

from dataclasses import dataclass

from servanda.conflicts.coalitions import Coalition, CoalitionStability, coalition_stability
from servanda.conflicts.model import Conflict, improvements, members
from servanda.conflicts.sequences import reachable, sequence
from servanda.conflicts.stability import CONCEPTS, Stability, stability

MOST_MAKERS = 6

Steps = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Departure:
    """A coalition that can leave an equilibrium so that every member gains.

    `ends` is the set of all states it can gain by; `steps` are the moves, as (decision maker, state reached), to one of
    them, an equilibrium if there is one; `sanctioned` names the concepts under which the opponents deter them all.
    """

    coalition: Coalition
    start: int
    ends: int
    steps: Steps
    sanctioned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A way from the status quo to an equilibrium; `gladly` if everybody gains by its own step, no steps if none."""

    end: int
    steps: Steps
    gladly: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found; `together` is None where there are more than six decision makers."""

    conflict: Conflict
    alone: Stability
    together: CoalitionStability | None
    departures: tuple[Departure, ...]
    routes: tuple[Route, ...]

    @property
    def equilibria(self) -> int:
        """The set of states that are an equilibrium under at least one concept: those under GMR, the weakest."""
        return self.alone.equilibria("gmr")


def analyse(conflict: Conflict) -> Answer:
    """Test all states alone and in coalitions, and look for ways to and out of the equilibria.

    >>> from servanda.conflicts.reading import read
    >>> found = analyse(read("elmira"))
    >>> found.conflict.names(found.alone.equilibria("nash"))
    ('s5', 's8', 's9')
    """
    alone = stability(conflict)
    together = coalition_stability(conflict) if len(conflict.makers) <= MOST_MAKERS else None
    equilibria = alone.equilibria("gmr")
    departures = [] if together is None else _departures(conflict, together, equilibria)
    return Answer(conflict, alone, together, tuple(departures), tuple(_routes(conflict, equilibria)))


def _departures(conflict: Conflict, found: CoalitionStability, equilibria: int) -> list[Departure]:
    departures = []
    for start in members(equilibria):
        for group, gains in zip(found.coalitions, found.gains, strict=True):
            if len(group) == 1 or not gains[start]:
                continue
            end = next(members(gains[start] & equilibria or gains[start]))
            steps = sequence([conflict.moves[maker] for maker in group], start, end)
            departures.append(
                Departure(
                    group,
                    start,
                    gains[start],
                    tuple((group[mover], state) for mover, state in steps),
                    tuple(concept for concept in CONCEPTS if found.for_coalition(concept, group) >> start & 1),
                )
            )
    return departures


def _routes(conflict: Conflict, equilibria: int) -> list[Route]:
    if conflict.status_quo is None:
        return []
    gains = [improvements(moves, rank) for moves, rank in zip(conflict.moves, conflict.rank, strict=True)]
    start = conflict.status_quo
    gladly, anyhow = (reachable(movers)[start] for movers in (gains, conflict.moves))
    routes = []
    for end in members(equilibria & ~(1 << start)):
        willing = bool(gladly >> end & 1)
        possible = willing or anyhow >> end & 1
        steps = sequence(gains if willing else conflict.moves, start, end) if possible else ()
        routes.append(Route(end, steps, willing))
    return routes
