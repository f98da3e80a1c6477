"""Verification access against exposure: what depth of access makes a deal keepable, and what it does to the signature.

More access finds more, so breaking in secret pays less; it also exposes more, so the deal is worth less to the side
that is inspected (the trade-off of transparency and security in arms control, Coe and Vaynman 2020). Which of the two
prevails at what depth is computed by solving the game at every depth of a grid; what access finds and what exposure
costs is whatever the case says.

Kept means not ended. A breach that nobody notices ends nothing, so a side can also keep a deal by breaking it unseen;
and a side that would have broken a deal has kept it if the other was faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import Lever, ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis.answers import Access, AccessPoint
from servanda.diagnosis.cooperation import draft_index, side_title
from servanda.diagnosis.trials import Trials
from servanda.equilibrium import Settings

Floats = NDArray[np.float64]
Range = tuple[float, float]


def access(
    case: ResolvedCase,
    drafts: Sequence[str],
    *,
    points: int = 9,
    threshold: float = 0.5,
    overrides: Mapping[str, float] | None = None,
    window: int,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Access, ...]:
    """The sweep of every draft to which the depth of access matters; none if no lever of the case is marked `access`.

    Parameters
    ----------
    points : depths evenly spaced over the range of the lever; the central depth is added where it lies between them
    threshold : probability from which a party keeps a draft, and from which a draft passes all gates
    overrides : parameter values that hold throughout
    window : periods within which a draft must be signed
    settings : whose `stop` is obeyed
    progress : told how many drafts are done, of how many

    Raises
    ------
    CaseError
        Unknown draft or parameter, or a number that makes no sense at some depth.
    InterruptedSolveError
        If `settings.stop` is set meanwhile.
    ValueError
        Fewer than two points, or a case that asks for other than expected values.
    """
    lever = next((x for x in case.levers if x.access is not None), None)
    if lever is None or lever.access is None:
        return ()
    found = []
    for done, name in enumerate(drafts, start=1):
        swept = sweep(
            case, name, lever, lever.access, points=points, threshold=threshold, overrides=overrides, window=window,
            settings=settings,
        )  # fmt: skip
        if swept is not None:
            found.append(swept)
        if progress is not None:
            progress(done, len(drafts))
    return tuple(found)


def sweep(
    case: ResolvedCase,
    draft: str,
    lever: Lever,
    between: Range,
    *,
    points: int = 9,
    threshold: float = 0.5,
    overrides: Mapping[str, float] | None = None,
    window: int,
    settings: Settings | None = None,
) -> Access | None:
    """One draft at depths from one end to the other of a lever's range; None if the lever changes no number of it."""
    index = draft_index(case, draft)
    if points < 2:
        raise ValueError("a sweep takes two points at least")
    compiled = compile_case(case, menu=[draft])
    trials = Trials(compiled, index, window)
    if settings is not None:
        trials = trials.stopping(settings)
    given = dict(overrides or {})
    central = {**compiled.central, **given}[lever.sets]
    depths = _depths(between, points, central)
    swept = [{**given, lever.sets: float(x)} for x in depths]
    if len(set(trials.keys(swept))) == 1:
        return None
    numbers = trials.run(swept)
    parties = [i for i, s in enumerate(case.sides) if s.party]
    kept_by = 1.0 - numbers.ended_by[parties]
    parameter = next(p for p in case.parameters if p.name == lever.sets)
    answer = Access(
        draft=draft,
        title=case.drafts[index].title,
        lever=lever.title,
        parameter=lever.sets,
        unit=parameter.unit,
        central=float(central),
        threshold=threshold,
        sides=tuple(case.sides[i].name for i in parties),
        points=tuple(
            AccessPoint(
                float(x), float(numbers.sign[j]), float(numbers.ratify[j]), float(numbers.keep[j]),
                float(numbers.mean_life[j]), tuple(float(k) for k in kept_by[:, j]),
            )
            for j, x in enumerate(depths)
        ),
        both=widest_range(depths, kept_by, threshold),
        passes=widest_range(depths, numbers.holds[None], threshold),
    )  # fmt: skip
    return replace(answer, sentence=_sentence(answer, case))


def _depths(between: Range, points: int, central: float) -> Floats:
    """An even grid with the central depth on it, in the place of a point that differs by rounding only."""
    even = np.linspace(*between, points)
    if not between[0] <= central <= between[1]:
        return even
    apart = np.abs(even - central) > 1e-9 * (between[1] - between[0])
    return np.sort(np.append(even[apart], central))


def widest_range(x: Floats, curves: Floats, threshold: float) -> Range | None:
    """The widest range in which every curve, interpolated linearly, is at the threshold or above it; None if nowhere.

    Parameters
    ----------
    x : rising places
    curves : curves[curve, place]

    >>> widest_range(np.array([0.0, 1.0, 2.0]), np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]), 0.5)
    (0.5, 1.5)
    >>> widest_range(np.array([0.0, 1.0]), np.array([[1.0, 0.0], [0.0, 0.9]]), 0.5) is None
    True
    """
    found: list[Range] = []
    for i in range(len(x) - 1):
        inside = _within(x[i : i + 2], curves[:, i : i + 2], threshold)
        if inside is None:
            continue
        if found and found[-1][1] == inside[0]:
            inside = (found.pop()[0], inside[1])
        found.append(inside)
    return max(found, key=lambda r: r[1] - r[0], default=None)


def _within(x: Floats, curves: Floats, threshold: float) -> Range | None:
    """The part of one segment in which every curve reaches the threshold."""
    low, high = float(x[0]), float(x[1])
    for first, last in curves:
        if first < threshold and last < threshold:
            return None
        if first >= threshold and last >= threshold:
            continue
        crossing = float(x[0] + (threshold - first) / (last - first) * (x[1] - x[0]))
        if first < threshold:
            low = max(low, crossing)
        else:
            high = min(high, crossing)
    return (low, high) if low <= high else None


def _sentence(found: Access, case: ResolvedCase) -> str:
    titles = [side_title(case, s) for s in found.sides]
    unit = f" ({found.unit})" if found.unit else ""
    bar = f"{100 * found.threshold:.0f} %"
    if found.both is not None:
        text = f"Every party leaves “{found.title}” standing with at least {bar} at {_span(found.both)}{unit}."
    else:
        best = [max(p.kept_by[i] for p in found.points) for i in range(len(titles))]
        most = ", ".join(f"{title} {100 * b:.0f} %" for title, b in zip(titles, best, strict=True))
        text = f"At no depth of access does every party leave “{found.title}” standing with at least {bar}"
        text += f" (at the depth that suits it best: {most})."
    if found.passes is not None:
        return f"{text} It passes all gates at {_span(found.passes)}{unit}."
    top = max(found.points, key=lambda p: p.holds)
    if top.holds < 0.005:
        return f"{text} It passes all gates at no depth, and comes near it at none."
    return f"{text} It passes all gates at no depth; nearest at {top.depth:.2g} ({100 * top.holds:.0f} %)."


def _span(between: Range) -> str:
    return f"depths from {between[0]:.2g} to {between[1]:.2g}" if between[0] < between[1] else f"depth {between[0]:.2g}"
