"""Rankings of a resolved case: things in order, with every set of numbers that keeps the order equally likely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from servanda.case.citation import UNCITED, Citation
from servanda.case.uncertain import UncertainNumber, certain
from servanda.errors import NOWHERE, Location

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Gaps = Literal["any", "even"]


@dataclass(frozen=True, slots=True)
class Clash:
    """What no set of numbers can meet: at the fixed number of `name`, or at the scale if empty."""

    code: str
    message: str
    hint: str
    name: str = ""


@dataclass(frozen=True)
class Ranking:
    """Things ranked from lowest to highest; each of them is a parameter of its own name.

    `places` are the names at each place, tied ones together, lowest place first; `scale` the ends between which all
    numbers lie; `fixed` the names whose number is known. With `gaps` "any" every set of numbers that keeps the order is
    equally likely; with "even" the distances between two fixed numbers, or to an end of the scale, are equal.
    """

    name: str
    title: str
    places: tuple[tuple[str, ...], ...]
    scale: tuple[float, float] = (0.0, 100.0)
    fixed: tuple[tuple[str, float], ...] = ()
    gaps: Gaps = "any"
    unit: str = ""
    titles: tuple[tuple[str, str], ...] = ()
    citation: Citation = UNCITED
    where: Location = NOWHERE

    @property
    def names(self) -> tuple[str, ...]:
        """All ranked names, lowest first."""
        return tuple(name for place in self.places for name in place)

    @cached_property
    def anchors(self) -> dict[int, float]:
        """Number of every place that is fixed."""
        known = dict(self.fixed)
        found = {}
        for position, place in enumerate(self.places):
            if given := [known[name] for name in place if name in known]:
                found[position] = given[0]
        return found

    @cached_property
    def stretches(self) -> tuple[tuple[tuple[int, ...], float, float], ...]:
        """Runs of places that are not fixed, each with the numbers between which it lies."""
        found: list[tuple[tuple[int, ...], float, float]] = []
        free: list[int] = []
        low = self.scale[0]
        for position in range(len(self.places) + 1):
            high = self.scale[1] if position == len(self.places) else self.anchors.get(position)
            if high is None:
                free.append(position)
                continue
            if free:
                found.append((tuple(free), low, high))
            free, low = [], high
        return tuple(found)

    @property
    def loose(self) -> tuple[int, ...]:
        """Places that are drawn, lowest first."""
        return () if self.gaps == "even" else tuple(place for run, _, _ in self.stretches for place in run)

    def clash(self) -> Clash | None:
        """The first reason, from the lowest place up, why no numbers fit; None if some do."""
        low, high = self.scale
        if low == high:
            hint = "give two different ends, the lower one first"
            return Clash("ranking-without-room", f"the scale begins and ends at {low:g}", hint)
        known = dict(self.fixed)
        anchors = [(k, known[name], name) for k, place in enumerate(self.places) for name in place if name in known]
        for (place, value, name), before in zip(anchors, (None, *anchors), strict=False):
            if not low <= value <= high:
                message = f"`{name}` is fixed at {value:g}, outside the scale from {low:g} to {high:g}"
                return Clash("anchor-outside-scale", message, "move it, or widen the scale", name)
            if before is not None and (value != before[1] if place == before[0] else value <= before[1]):
                order = "equal to" if place == before[0] else "above"
                message = f"`{name}` is ranked {order} `{before[2]}`, but {value:g} is not {order} {before[1]:g}"
                return Clash("anchors-against-order", message, "mend the order or the numbers", name)
            below = before is None and place > 0 and value == low
            above = place == anchors[-1][0] < len(self.places) - 1 and value == high
            if below or above:
                message = f"nothing fits {'below' if below else 'above'} `{name}`, fixed at the end of the scale"
                return Clash("ranking-without-room", message, "move it, or widen the scale", name)
        return None

    def number_of(self, position: int) -> UncertainNumber:
        """The number of a place taken by itself: that of one order statistic of uniform draws.

        Of n draws from a range, the k-th lowest has a Beta(k, n + 1 - k) distribution over it, with its mean at
        k / (n + 1) of the way (David and Nagaraja 2003). The mean is the central value.

        >>> three = Ranking("r", "r", (("a",), ("b",), ("c",)))
        >>> three.number_of(0).central, three.number_of(0).support
        (25.0, (0.0, 100.0))
        """
        if position in self.anchors:
            return certain(self.anchors[position])
        run, low, high = next(stretch for stretch in self.stretches if position in stretch[0])
        rank, count = run.index(position) + 1, len(run)
        central = low + (high - low) * rank / (count + 1)
        if self.gaps == "even":
            return certain(central)
        text = f"place {rank} of {count} between {low:g} and {high:g}"
        return UncertainNumber("ranked", (float(rank), float(count + 1 - rank), low, high), (), central, text)

    def spread(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers of all loose places for independent uniform draws.

        Parameters
        ----------
        uniform
            One column a loose place, [draw, loose place], in (0, 1).

        Returns
        -------
        Numbers, [draw, loose place], not falling from column to column. The highest of n in a stretch is its n-th root
        of a uniform draw; given it, the others are n - 1 draws below it, and so on down.

        Examples
        --------
        >>> import numpy as np
        >>> Ranking("r", "r", (("a",), ("b",))).spread(np.array([[0.5, 0.25]])).tolist()
        [[25.0, 50.0]]
        """
        import numpy as np

        found = np.empty_like(uniform)
        last = uniform.shape[1]
        for run, low, high in reversed(self.stretches if self.loose else ()):
            ceiling = np.full(uniform.shape[0], high)
            for below in range(len(run), 0, -1):
                last -= 1
                ceiling = low + (ceiling - low) * uniform[:, last] ** (1.0 / below)
                found[:, last] = ceiling
        return found
