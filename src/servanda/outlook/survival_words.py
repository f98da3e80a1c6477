"""What the survival of a handful of agreements says and does not say, in sentences made from the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from servanda.outlook.backtest_answers import Difference, Fate, ForecasterScore, Horizon, Life

ALIVE, LEFT, OTHERWISE = "alive", "left", "otherwise"
# Above this many cases it no longer matters how many more there would have to be.
_MANY = 10_000
# Cases named as those that make most of a difference, and the least part of it that is worth a name.
_SHOWN, _LEAST = 3, 0.005


def survival_words(
    horizons: Sequence[Horizon],
    lives: Sequence[Life],
    alive: Sequence[ForecasterScore],
    difference: Difference,
    left: Sequence[ForecasterScore],
    left_difference: Difference | None,
) -> tuple[str, tuple[str, ...]]:
    """The headline and the details of a survival record."""
    headline = (
        f"Alive: {_listed([_alive(h, first=h is horizons[0]) for h in horizons])}. The model expected "
        f"{_listed([f'{h.expected.mean:.1f}' for h in horizons])}"
    )
    if all(math.isfinite(h.base) for h in horizons):
        headline += f"; base rates {_listed([f'{h.known * h.base:.1f}' for h in horizons])}"
    details = [_against(alive, difference, "survival")] if difference.questions else []
    details += _where(lives, difference.questions)
    if left_difference is not None and left_difference.questions:
        details.append(_against(left, left_difference, "who left"))
    details += _fates(lives)
    pending = [h for h in horizons if h.pending]
    if pending:
        told = _listed([f"{h.pending} after {_years(h.years)}" for h in pending])
        details.append(f"Not known yet, and not scored: {told}.")
    return f"{headline}.", tuple(details)


def fate_words(fate: Fate) -> str:
    """A fate in words."""
    if fate.kind == LEFT:
        return f"{fate.party} left"
    return "alive" if fate.kind == ALIVE else "ended, nobody left"


def compared(difference: Difference) -> str:
    """How far our score is from the base rate's, how sure that is, and by how much chance alone would do it.

    >>> from servanda.uncertainty.answers import Interval
    >>> compared(Difference(Interval(-0.02, -0.07, 0.03), 12, 47, 0.41, 80.0))
    'better by 0.020; the interval over 12 cases, 0.070 better to 0.030 worse, includes zero'
    """
    found = difference.brier
    said = "as good" if abs(found.value) < 0.0005 else f"{_better(found.value)} by {abs(found.value):.3f}"
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return f"{said}; one case has no interval"
    zero = "includes" if found.low <= 0.0 <= found.high else "does not include"
    span = f"{_sided(found.low)} to {_sided(found.high)}"
    return f"{said}; the interval over {difference.cases} cases, {span}, {zero} zero"


def luck(difference: Difference) -> str:
    """What chance alone would do, and how many cases it would take to know; "" for a single case.

    >>> from servanda.uncertainty.answers import Interval
    >>> luck(Difference(Interval(-0.02, -0.07, 0.03), 12, 47, 0.41, 83.4))
    'Were the two equally good, chance would part them as far in 41 % of trials; some 84 such cases would tell'
    """
    if difference.cases < 2 or not math.isfinite(difference.chance):
        return ""
    said = f"Were the two equally good, chance would part them as far in {100 * difference.chance:.0f} % of trials"
    if math.isfinite(difference.needed) and difference.needed > difference.cases:
        many = f"some {math.ceil(difference.needed):,}" if difference.needed < _MANY else f"more than {_MANY:,}"
        said += f"; {many} such cases would tell"
    return said


def _against(scores: Sequence[ForecasterScore], difference: Difference, about: str) -> str:
    ours, base = scores[0], scores[1]
    told = (
        f"On {about} ({difference.questions} questions of {difference.cases} cases) our Brier score is "
        f"{ours.brier.value:.3f}, that of the base rate {base.brier.value:.3f}: {compared(difference)}."
    )
    more = luck(difference)
    return f"{told} {more}." if more else told


def _where(lives: Sequence[Life], questions: int) -> list[str]:
    """The cases on which most is lost and gained against the base rate, as parts of the mean difference."""
    parts = []
    for life in lives:
        told = [((p - y) ** 2 - (b - y) ** 2) for _, p, _, b, y in life.asked if y is not None and math.isfinite(b)]
        if told:
            parts.append((sum(told) / questions, life.case))
    lost = [f"{name} ({part:.3f})" for part, name in sorted(parts, reverse=True)[:_SHOWN] if part >= _LEAST]
    gained = [f"{name} ({-part:.3f})" for part, name in sorted(parts)[:_SHOWN] if part <= -_LEAST]
    said = [f"{verb} on {_listed(names)}" for verb, names in (("lost", lost), ("gained", gained)) if names]
    return [f"Against the base rate most is {', most '.join(said)}."] if said else []


def _fates(lives: Sequence[Life]) -> list[str]:
    """How often the likeliest fate came, and whether those who left were those most expected to."""
    known = [life for life in lives if life.right is not None]
    if not known:
        return []
    right = sum(bool(life.right) for life in known)
    stayed = sum(next(f for f in life.fates if f.kind == ALIVE).happened is True for life in known)
    told = (
        f"The fate we thought likeliest came in {right} of {len(known)} cases; who always says “alive” is right in "
        f"{stayed}."
    )
    found = [told]
    hits, tried, chance = 0, 0, 0.0
    for life in known:
        parties = [f for f in life.fates if f.kind == LEFT]
        if any(f.happened for f in parties):
            tried += 1
            hits += bool(max(parties, key=lambda f: f.probability).happened)
            chance += sum(bool(f.happened) for f in parties) / len(parties)
    if tried:
        some = "case" if tried == 1 else "cases"
        found.append(
            f"Somebody left in {tried} {some}; it was the party we held likeliest to in {hits} (a blind guess: "
            f"{chance:.1f})."
        )
    return found


def _alive(horizon: Horizon, *, first: bool) -> str:
    count = round(horizon.alive.value * horizon.known)
    if first:
        noun = "agreement" if horizon.known == 1 else "agreements"
        return f"{count} of {horizon.known} {noun} after {_years(horizon.years)}"
    return f"{count} of {horizon.known} after {horizon.years}"


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def _better(value: float) -> str:
    return "better" if value < 0.0 else "worse"


def _sided(value: float) -> str:
    return f"{abs(value):.3f} {_better(value)}"


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
