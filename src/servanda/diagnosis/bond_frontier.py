"""The frontier of two bonds: from one side posting most to the other posting most, neither bond can be cut.

It is found along half-lines. They start at the *corner*: for each side the bond that not even the largest bond of the
other makes superfluous (zero where the other's alone suffices). From there every direction trades one bond against the
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from servanda.diagnosis.answers import BondPoint
from servanda.diagnosis.least_bonds import Bonds, Bracket, Path, Pledges

Two = tuple[float, float]
# Half-lines between the ends of the frontier.
_DIRECTIONS = 7
# Points that save less than this share of a bond for more of the other are not shown.
_TELLING = 0.02
_NOTHING = (0.0, 0.0)


@dataclass(frozen=True)
class Frontier:
    """Bonds of two sides and what they achieve.

    alone[side]: the least bond of a side if the other posts nothing (None: none suffices); curves[side]: points at
    rising bonds of a side alone; beside[side]: the same with the other's bond at its largest (empty where the other's
    alone suffices); points: the frontier, the first side's largest bond first.
    """

    alone: tuple[float | None, float | None]
    curves: tuple[tuple[BondPoint, ...], tuple[BondPoint, ...]]
    beside: tuple[tuple[BondPoint, ...], tuple[BondPoint, ...]]
    points: tuple[BondPoint, ...]


def frontier_of(pledges: Pledges, unit: float, grid: Sequence[float]) -> Frontier:
    """Find the frontier.

    Parameters
    ----------
    unit : a bond too small to matter much, in points
    grid : rising bonds at which to look, from 0 to the largest
    """
    axes = [Path(_NOTHING, _axis(k)) for k in (0, 1)]
    curves = pledges.scan(axes, grid)
    alone = _alone(pledges, axes, curves)
    needed = [k for k in (0, 1) if alone[1 - k] is None]
    far = [Path(_axis(1 - k, grid[-1]), _axis(k)) for k in needed]
    scans = dict(zip(needed, pledges.scan(far, grid), strict=True))
    corner = _corner(pledges, dict(zip(needed, far, strict=True)), scans)
    points: list[Bonds] = [_axis(k, least) for k in (0, 1) if (least := alone[k]) is not None]
    if corner is not None and alone != (0.0, 0.0):
        points += _between(pledges, corner, alone, unit)
        if not points:
            points = pledges.settle([(corner[0], grid[-1]), (grid[-1], corner[1])])
    beside = (tuple(scans.get(0, ())), tuple(scans.get(1, ())))
    return Frontier(alone, (tuple(curves[0]), tuple(curves[1])), beside, tuple(pledges.solve(_telling(points))))


def _axis(k: int, bond: float = 1.0) -> Two:
    return (bond, 0.0) if k == 0 else (0.0, bond)


def _bonds(points: Sequence[BondPoint], k: int) -> list[float]:
    return [p.bonds[k] for p in points]


def _alone(
    pledges: Pledges, axes: Sequence[Path], curves: Sequence[Sequence[BondPoint]]
) -> tuple[float | None, float | None]:
    if pledges.reaches(_NOTHING):
        return 0.0, 0.0
    steps = [pledges.first_step(axes[k], _bonds(curves[k], k)) for k in (0, 1)]
    points = pledges.settle(pledges.narrow([s for s in steps if s is not None]))
    first, second = (next((p[k] for p in points if p[k] > 0.0), None) for k in (0, 1))
    return first, second


def _corner(pledges: Pledges, far: dict[int, Path], scans: dict[int, list[BondPoint]]) -> Two | None:
    """The least bond of each side beside the other's largest; None if even that does not suffice."""
    steps: dict[int, Bracket] = {}
    for k, path in far.items():
        if pledges.reaches(path.start):
            continue
        step = pledges.first_step(path, _bonds(scans[k], k))
        if step is None:
            return None
        steps[k] = step
    found = dict(zip(steps, pledges.narrow(list(steps.values())), strict=True))
    return (found[0][0] if 0 in found else 0.0), (found[1][1] if 1 in found else 0.0)


def _between(pledges: Pledges, corner: Two, alone: tuple[float | None, float | None], unit: float) -> list[Bonds]:
    """Settled points along half-lines from the corner."""
    if pledges.reaches(corner):
        return pledges.settle([corner])
    scale = [0.0, 0.0]
    for k, least in enumerate(alone):
        scale[k] = max(0.5 * corner[k], 4.0 * unit) if least is None else least - corner[k]
        if least is not None and scale[k] <= _TELLING * least:
            return []  # the other side's bond hardly makes up for this one
    turns = [(i + 0.5) / _DIRECTIONS * pi / 2.0 for i in range(_DIRECTIONS)]
    paths = [Path(corner, (scale[0] * cos(x), scale[1] * sin(x))) for x in turns]
    return pledges.settle(pledges.narrow(_outwards(pledges, paths)))


def _outwards(pledges: Pledges, paths: Sequence[Path]) -> list[Bracket]:
    """The first step of each half-line that reaches the target, looked for farther and farther out."""
    found, low = [], dict.fromkeys(paths, 0.0)
    for part in ((0.7, 1.0), (1.4, 2.0), (3.0, 5.0), (10.0, 30.0), (100.0, 300.0)):
        pledges.solve([path.at(x) for path in low for x in part])
        for path in list(low):
            step = pledges.first_step(path, [low[path], *part])
            low[path] = part[-1]
            if step is not None:
                found.append(step)
                del low[path]
    return found


def _telling(points: Sequence[Bonds]) -> list[Bonds]:
    """The points in order, without those that another makes superfluous, all but 2 %."""
    kept = list(dict.fromkeys(points))
    for k in (0, 1):
        fewer: list[Bonds] = []
        for p in sorted(kept, key=lambda p: (p[1 - k], p[k])):
            if not any(q[k] <= p[k] * (1.0 + _TELLING) and q[1 - k] <= p[1 - k] for q in fewer):
                fewer.append(p)
        kept = fewer
    return sorted(kept, key=lambda p: (-p[0], p[1]))
