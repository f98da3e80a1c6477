"""What a search of designs says in words: the answer, and what would have to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby
from math import prod

from servanda.diagnosis.answers import Design, Designs
from servanda.diagnosis.findings import Gate, Survival

Judge = Callable[[Design], tuple[Gate, Survival]]
_BEING = {"sign": "being signed", "ratify": "being ratified", "keep": "being kept"}
_NEARLY_SURE = 0.95


def described(design: Design) -> str:
    """A design by its draft and what was changed in it.

    >>> described(Design("a", "The pact", (), (), 1, 1, 1, (), 1, 0, "keep", False, moved=(("Escrow", "half"),)))
    'The pact (Escrow: half)'
    """
    moved = "; ".join(f"{lever}: {choice}" for lever, choice in design.moved)
    return f"{design.title} ({moved})" if moved else f"{design.title} as written"


def chance(p: float) -> str:
    """A probability in per cent.

    >>> chance(0.374), chance(0.0004), chance(0.996), chance(0.9999), chance(1.0)
    ('37 %', '<0.1 %', '99.6 %', '>99.9 %', '100 %')
    """
    if 0.0 < p < 0.001:
        return "<0.1 %"
    if 0.999 < p < 1.0:
        return ">99.9 %"
    return f"{100 * p:.1f} %" if 0.0 < p < 0.01 or 0.99 < p < 1.0 else f"{100 * p:.0f} %"


def sentence_of(found: Designs, *, everything: bool = True) -> str:
    """The answer in one or two sentences: is it the draft, or is it the structure.

    Parameters
    ----------
    everything : all drafts and all levers of the case were tried, so that failure can be blamed on the structure
    """
    if found.nearest is None:
        return "No design was tried."
    best = max((d for d in found.designs if not d.moved), key=lambda d: d.holds)
    count, passing = len(found.designs), len(found.passing)
    among = f"{count:,} different design{'s' if count != 1 else ''}" if found.exhaustive else f"the {count:,} tried"
    nearest = f"is {described(found.nearest)}, with probability {chance(found.nearest.holds)}."
    if found.verdict == "structure":
        hedge = "" if found.exhaustive else ", as far as the search went"
        opening = f"It is the structure, not the draft{hedge}: none" if everything else "None"
        return (
            f"{opening} of {among} is signed, ratified and kept with probability {chance(found.threshold)} or more. "
            f"The nearest {nearest}"
        )
    share = f"{passing:,} of {among} {'passes' if passing == 1 else 'pass'}. The likeliest to hold {nearest}"
    if found.verdict == "holds":
        return f"{best.title} passes all gates as written, with probability {chance(best.holds)}; {share}"
    return (
        f"It is the draft, not the structure: as written the best one, {best.title}, holds with probability "
        f"{chance(best.holds)}, but {share}"
    )


def change_of(found: Designs, judge: Judge) -> str:
    """What would have to change: the smallest change that passes, or what stands against the nearest design."""
    if found.nearest is None or found.verdict == "holds":
        return ""
    if found.verdict == "draft":
        least = min(found.passing, key=lambda d: (len(d.moved), d.price, -d.holds))
        count = "one lever" if len(least.moved) == 1 else f"{len(least.moved)} levers"
        return f"The fewest changes that pass, {count}: {described(least)}, with probability {chance(least.holds)}."
    gate, life = judge(found.nearest)
    others = prod(p for kind, p in _gates(found.nearest) if kind != gate.kind)
    opening = f"The nearest design fails most at {_BEING[gate.kind]} ({chance(gate.probability)})."
    if others < _NEARLY_SURE:
        opening += f" Past that gate for sure, it would hold with probability {chance(others)}."
    tight = gate.tightest
    if tight is not None and tight.margin < 0.0:
        return (
            f"{opening} In {tight.date:%b %Y} {tight.actor_title} prefers “{tight.alternative}” to “{tight.move}” by "
            f"{-tight.margin:.1f} points: at least as much would have to change for that one to come round."
        )
    if gate.kind != "keep":
        if tight is None:
            return f"{opening} Hardly anybody ever comes to decide this."
        return (
            f"{opening} No move stands against it at the best moment: in {tight.date:%b %Y} {tight.actor_title} "
            f"prefers “{tight.move}” by {tight.margin:.1f} points. What fails is that the moment seldom comes."
        )
    ending = max((e for e in life.endings if e.kind != "expiry"), key=lambda e: e.probability, default=None)
    if ending is None:
        return opening
    return (
        f"{opening} No office-holder is tempted at the tightest date on the whole; what ends it most is "
        f"“{ending.label}” ({chance(ending.probability)}), likeliest in {ending.peak_date:%b %Y}."
    )


def _gates(design: Design) -> tuple[tuple[str, float], ...]:
    return ("sign", design.sign), ("ratify", design.ratify), ("keep", design.keep)


def islands_of(designs: Sequence[Design], threshold: float) -> tuple[str, ...]:
    """Sentences on levers of which the passing values fall apart, everything else being the same.

    A deal may pass at low and at high values of a lever and fail in between; a search over few points, or one that
    climbs, can miss that. Of several such places of one lever in one draft the one with the likeliest design is told.
    """
    found: dict[tuple[str, str], tuple[float, str]] = {}
    for k in range(max((len(d.overrides) for d in designs), default=0)):
        lines: defaultdict[tuple[object, ...], list[Design]] = defaultdict(list)
        for design in designs:
            if k < len(design.overrides):
                rest = (*design.overrides[:k], *design.overrides[k + 1 :])
                lines[design.draft, design.overrides[k][0], rest].append(design)
        for line in lines.values():
            line.sort(key=lambda d: d.overrides[k][1])
            runs = [(ok, list(run)) for ok, run in groupby(line, key=lambda d: d.holds >= threshold)]
            passing = [run for ok, run in runs if ok]
            if len(passing) < 2:
                continue
            lever = line[0].settings[k][0]
            spans = [" to ".join(dict.fromkeys((run[0].settings[k][1], run[-1].settings[k][1]))) for run in passing]
            text = f"{line[0].title} passes with {lever} at {' and at '.join(spans)}, and fails in between."
            best = max(d.holds for d in line)
            if best > found.get((line[0].draft, lever), (-1.0, ""))[0]:
                found[line[0].draft, lever] = best, text
    return tuple(text for _, text in found.values())
