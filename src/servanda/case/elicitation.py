"""From what people can say to the numbers a case needs: how surely somebody chooses, and what comes before what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from servanda.case.resolved_rankings import Ranking

# Eight draws in ten lie between these quantiles.
BAND = (0.1, 0.9)


def decisiveness_from_choice(picks: float, when_better_by: float) -> float:
    """Decisiveness of somebody who picks the better of two options this often when it is better by so many points.

    With logit choice the odds of the better option are exp(advantage × precision) to 1 (McFadden 1974), and
    decisiveness is the advantage at which they are 9 to 1.

    Parameters
    ----------
    picks
        How often the better option is picked, above 0.5 and below 1.
    when_better_by
        Its advantage in points of present value, above 0.

    Returns
    -------
    Decisiveness in points.

    Raises
    ------
    ValueError
        If a number lies outside its range: at 0.5 nothing is preferred, at 1 nothing is left to chance.

    Examples
    --------
    >>> decisiveness_from_choice(0.9, 12)
    12.0
    >>> round(decisiveness_from_choice(0.75, 10), 6)
    20.0
    """
    if not 0.5 < picks < 1.0:
        raise ValueError(f"`picks` lies between 0.5 and 1, not at {picks:g}: the better option is picked more often")
    if not 0.0 < when_better_by < math.inf:
        raise ValueError(f"`when_better_by` is a number of points above 0, not {when_better_by:g}")
    if picks == 0.9:
        return float(when_better_by)
    return when_better_by * math.log(9.0) / math.log(picks / (1.0 - picks))


@dataclass(frozen=True, slots=True)
class RankedNumber:
    """What a place in a ranking says of a number: its mean, and the band in which it lies eight times in ten."""

    name: str
    mean: float
    low: float
    high: float


def ranked(
    *order: str | Sequence[str], scale: tuple[float, float] = (0.0, 100.0), fixed: Mapping[str, float] | None = None
) -> tuple[RankedNumber, ...]:
    """Numbers of things of which only the order is known, every set of numbers in that order being equally likely.

    Parameters
    ----------
    order
        Names from lowest to highest; several names in one sequence stand at the same place.
    scale
        Ends between which all of them lie.
    fixed
        Numbers of those whose number is known.

    Returns
    -------
    One record a name, lowest first.

    Raises
    ------
    ValueError
        If a name stands twice, `fixed` names something else, or no numbers fit.

    Examples
    --------
    >>> for number in ranked("war", "siege", "truce", "peace", fixed={"war": 0, "peace": 100}):
    ...     print(f"{number.name:<6} {number.mean:5.1f}  {number.low:5.1f} to {number.high:.1f}")
    war      0.0    0.0 to 0.0
    siege   33.3    5.1 to 68.4
    truce   66.7   31.6 to 94.9
    peace  100.0  100.0 to 100.0
    """
    places = tuple((place,) if isinstance(place, str) else tuple(place) for place in order)
    known = dict(fixed or {})
    ranking = Ranking("", "", places, (float(scale[0]), float(scale[1])), tuple(known.items()))
    names = ranking.names
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"`{twice[0]}` stands twice")
    if strange := [name for name in known if name not in names]:
        raise ValueError(f"`{strange[0]}` is fixed and not ranked")
    if scale[0] > scale[1]:
        raise ValueError(f"the scale runs from {scale[0]:g} down to {scale[1]:g}: put the lower end first")
    if (clash := ranking.clash()) is not None:
        raise ValueError(f"{clash.message}: {clash.hint}")
    found = []
    for position, place in enumerate(places):
        number = ranking.number_of(position)
        low, high = (float(end) for end in number.quantile(BAND))
        found += [RankedNumber(name, number.central, low, high) for name in place]
    return tuple(found)
