"""Single assumptions that turn the verdict.

The verdict says whether some draft passes all gates with the threshold's probability. Every uncertain parameter is put
at each end of its range, one at a time, and every friction is switched off alone; an assumption *flips* the verdict if
the best of the drafts then falls on the other side. Ends are those of the range as written, the 5 % and 95 % points of
a distribution without ends, every value of a discrete choice, and for what is ranked the numbers of its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from servanda.case.resolved import Parameter, ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis.answers import Flip, Flips
from servanda.diagnosis.frictions import switched_off
from servanda.diagnosis.trials import Trials

Progress = Callable[[int, int], None]
MOVERS_SHOWN = 8
# a draft passed over when it is this unlikely: no single number lifts it past the best one
WORTH_TRYING = 0.02


@dataclass(frozen=True)
class _Variation:
    kind: str
    name: str
    title: str
    setting: str
    central: str
    grade: str
    overrides: Mapping[str, float]


def ends_of(parameter: Parameter) -> tuple[tuple[str, float], ...]:
    """Ends of a parameter's range, with how each is written; none for a certain one.

    >>> from servanda.case.uncertain import parse_uncertain
    >>> ends_of(Parameter("x", "x", parse_uncertain("2 to 5")))
    (('2', 2.0), ('5', 5.0))
    """
    number = parameter.number
    if number.certain:
        return ()
    if number.kind == "choice":
        return tuple((name, value) for name, value, _ in number.choices if value != number.central)
    low, high = number.neighbours
    points = (low, high) if np.isfinite([low, high]).all() else number.quantile([0.05, 0.95])
    return tuple((f"{x:.4g}", float(x)) for x in points if x != number.central)


def find_flips(
    case: ResolvedCase,
    passing: Mapping[str, float],
    *,
    threshold: float = 0.5,
    window: int,
    overrides: Mapping[str, float] | None = None,
    trials: Mapping[str, Trials] | None = None,
    progress: Progress | None = None,
) -> Flips | None:
    """Move one assumption at a time and see which ones turn the verdict; None for a case without drafts.

    Parameters
    ----------
    passing : probability that each draft, by name, passes all gates with nothing moved; only the best one and those of
        at least 2 % are tried
    trials : trials of drafts, where they are compiled already
    """
    if not case.drafts:
        return None
    fixed = dict(overrides or {})
    best = max(passing.values())
    drafts = [d for d in case.drafts if passing[d.name] >= min(best, WORTH_TRYING)]
    order = [d.name for d in case.drafts]
    known = trials or {}
    ready = {
        d.name: known.get(d.name) or Trials(compile_case(case, menu=[d.name]), order.index(d.name), window)
        for d in drafts
    }
    tried = _variations(case, ready[drafts[0].name], fixed)
    if not tried:
        return Flips(best, threshold, 0, (), (), "No number of the case is uncertain and no friction is named.")
    asked: list[Mapping[str, float]] = [fixed, *({**fixed, **v.overrides} for v in tried)]
    found = []
    for place, draft in enumerate(drafts):

        def tell(done: int, of: int, place: int = place) -> None:
            if progress is not None:
                progress(place * of + done, len(drafts) * of)

        found.append(ready[draft.name].run(asked, progress=tell).holds)
    table = np.array(found)
    base = float(table[:, 0].max())
    flips = []
    for number, variation in enumerate(tried, start=1):
        chance = float(table[:, number].max())
        winner = drafts[int(table[:, number].argmax())].title
        flips.append(
            Flip(
                variation.kind, variation.name, variation.title, variation.setting, variation.central, chance, winner,
                variation.grade,
            )
        )  # fmt: skip
    flips.sort(key=lambda f: -abs(f.probability - base))
    turned = tuple(f for f in flips if (f.probability >= threshold) != (base >= threshold))
    others = tuple(f for f in flips if f not in turned)
    sentence = _sentence(base, threshold, turned, others, len(tried))
    return Flips(base, threshold, len(tried), turned, others[:MOVERS_SHOWN], sentence)


def _variations(case: ResolvedCase, ready: Trials, fixed: Mapping[str, float]) -> list[_Variation]:
    found = []
    for p in case.parameters:
        if p.name in fixed:
            continue
        unit = f" {p.unit}" if p.unit else ""
        for written, value in ends_of(p):
            central = f"{p.number.central:.4g}{unit}"
            found.append(
                _Variation("parameter", p.name, p.title, f"{written}{unit}", central, p.citation.grade, {p.name: value})
            )
    for f in case.frictions:
        off = switched_off(ready.compiled, f, fixed)
        found.append(_Variation("friction", f.name, f.title, "switched off", "in place", f.citation.grade, off))
    return found


def _sentence(base: float, threshold: float, turned: Sequence[Flip], others: Sequence[Flip], tried: int) -> str:
    verdict = "passes" if base >= threshold else "does not pass"
    start = f"The best draft {verdict} ({100 * base:.0f} %). "
    if not turned:
        nearest = max(others, key=lambda f: f.probability if base < threshold else -f.probability)
        return (
            f"{start}None of {tried} single changes of one assumption turns that; the one that comes nearest is "
            f"{nearest.title} ({nearest.setting}): {100 * nearest.probability:.0f} %."
        )
    names = list(dict.fromkeys(f.title for f in turned))
    few = "; ".join(names[:3]) + ("; …" if len(names) > 3 else "")
    count = "One assumption" if len(names) == 1 else f"{len(names)} single assumptions"
    return f"{start}{count} of those tried can turn that alone: {few}."
