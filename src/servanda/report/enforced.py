"""What threats could do for a draft, in sentences, on the terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from servanda.bounds.answers import Enforcement, Pair, Standing
from servanda.report.words import MINUS, capital, listed, number, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from servanda.report.charts.figure import Table as PlainTable
    from servanda.runs import Threats

WIDTH = 100
NEAR = 0.05
"""Shares closer than this count as alike."""


def enforced_json(found: Enforcement) -> dict[str, object]:
    """Everything found, with its sentences."""
    return {**asdict(found), "sentences": list(sentences(found))}


def sentences(found: Enforcement) -> tuple[str, ...]:
    """What was found in words, the answer first.

    >>> from servanda.case import read
    >>> from servanda.enforcement import enforcement
    >>> sentences(enforcement(read("theory/pledge")))[0]
    'No threat, however harsh, could keep “Contract”: Host country would break it whatever is promised.'
    """
    return (answer(found), *_reserves(found))


def answer(found: Enforcement) -> str:
    """The bottom line."""
    if found.empty:
        return (
            "Nothing can be said to be enforceable: no pure strategies form an equilibrium in every subgame, on path "
            "or off."
        )
    if found.draft is not None and found.keepable is False:
        why = f": {found.breaker} would break it whatever is promised" if found.breaker else ""
        text = f"No threat, however harsh, could keep “{found.title}”{why}."
        start = found.standings[0]
        if start.share is not None and start.share > NEAR:
            text += f" Without keeping it, threats could still support {share(start.share)} of the gains at the start."
        return text
    place = found.standings[-1]
    if place.share is None:
        return "There is nothing to gain together: no play, enforced or not, makes both better off than no deal."
    reached, could = place.play_share or 0.0, place.share if place.kept_share is None else place.kept_share
    # two comparisons: what threats could do, and what is done without them
    text = f"Threats could support {share(could)} of the gains"
    text += " of a draft that is kept" if place.kept_share is not None else ""
    if could <= NEAR:
        return f"{text}: no enforcement makes both noticeably better off than no deal."
    text = f"{text}; play as it is reaches {share(reached)}"
    if reached >= could - NEAR:
        return f"{text}: more enforcement would add little."
    return f"{text}: the structure lacks not incentives but credible punishment."


def share(value: float) -> str:
    """A share of gains in words.

    >>> share(0.8), share(-0.2), share(0.002), share(1.0)
    ('80 %', 'less than nothing', 'nothing', 'all')
    """
    if value < -0.005:
        return "less than nothing"
    if value < 0.005:
        return "nothing"
    return "all" if value > 0.995 else f"{100 * value:.0f} %"


def _reserves(found: Enforcement) -> list[str]:
    proof = proven(found)
    return [*conditions(found), *cautions(found), *([proof] if proof else [])]


def conditions(found: Enforcement) -> list[str]:
    """What gains are counted from and for whom, what real succession does to them, and the least patience."""
    base = "no deal" if found.draft is not None else "what each can assure itself alone"
    text = [
        f"Gains are counted from {base}, to those who stand for the sides: {found.leaders[0]}; {found.leaders[1]}. "
        "Offices of the two sides do not change hands."
    ]
    place = found.standings[-1]
    if place.turnover_share is not None:
        text.append(f"As offices do change hands, play reaches {share(place.turnover_share)} of the gains.")
    if found.breaker and found.breach:
        where = f" (where {found.where})" if found.where else ""
        text.append(f"The first break that nothing can deter is that of {found.breaker} at “{found.breach}”{where}.")
    if found.keepable is False and (place.play_share or 0.0) > NEAR:
        text.append(
            f"Play as it is reaches {share(place.play_share or 0.0)} all the same: to be kept means never to be broken "
            "or left, unseen breaches included, and a draft that is broken some day may be worth much until then."
        )
    text += _renegotiated(found)
    if found.patience_asked and found.patience is None:
        text.append("At no patience looked at could the draft be kept.")
    elif found.patience is not None:
        rate = 1.0 / found.patience - 1.0
        text.append(
            f"The draft can be kept from a discount factor of {found.patience:.4f} a year on (a discount rate of "
            f"{100 * rate:.1f} % at most)."
        )
    return text


def _renegotiated(found: Enforcement) -> list[str]:
    if found.hazard is None:
        return []
    odds = f"With odds of {100 * found.hazard:.0f} % a year that the two sit down anew and threats are bygones"
    reached = found.standings[-1].renegotiated_share
    if reached is None:
        return [f"{odds}, nothing can be said: {found.renegotiation or 'the sets are empty'}"]
    return [f"{odds}, threats could support {share(reached)} of the gains."]


def cautions(found: Enforcement) -> list[str]:
    """What weakens the answer."""
    text = []
    if found.outer:
        text.append("The sets still shrink: what is shown is an outer bound. What it rules out is ruled out.")
    if not found.settled:
        text.append("Play beyond the horizon has not settled: the odds of third parties are rough.")
    if found.hair:
        text.append("The sets hang on a hair: a change of the payoffs in the fifth digit moves a corner of them.")
    return text


def proven(found: Enforcement) -> str:
    """What strategies that were written out show, "" if there are none."""
    if found.gain is None:
        return ""
    if found.gain == 0.0:
        return "From strategies written out for every corner no deviation gains anything."
    return f"Strategies written out for every corner gain at most {found.gain:.0e} of the range by deviating."


def print_enforced(found: Enforcement, console: Console) -> None:
    """The answer, a table of gains by place, and the reserves."""
    width = min(console.width, WIDTH)
    first, *others = sentences(found)
    console.print(Text(first, style="bold"), width=width)
    for place in found.standings:
        console.print(Text(), width=width)
        console.print(_table(found, place), width=width)
    console.print(Text(), width=width)
    for sentence in others:
        console.print(Text(sentence), width=width)
    size = f"{found.nodes:,} nodes written out, {found.states:,} states solved."
    console.print(Text(f"{size} {found.status}"), width=width)


def rows_of(place: Standing) -> list[tuple[str, str, str, str]]:
    """What is within reach from a place: what, the gains of the two, and the share of the gains.

    The first row holds largest gains that need not go together.
    """
    rows = [("largest enforceable gain, each alone", *_gains(place.greatest), "")]
    rows.append(("evenest enforceable point", *_gains(place.best), _share(place.share)))
    if place.kept is not None:
        rows.append(("… while the draft is kept", "", "", _share(place.kept_share) if place.kept else "impossible"))
    if place.renegotiated is not None:
        rows.append(("… if the two may sit down anew", "", "", _share(place.renegotiated_share)))
        rows.append(("what they would agree then", *_gains(place.agreed), ""))
    rows.append(("play as it is, by the two", *_gains(place.play), _share(place.play_share)))
    if place.turnover is not None:
        rows.append(("play as offices change hands", *_gains(place.turnover), _share(place.turnover_share)))
    return rows


def _table(found: Enforcement, place: Standing) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"Gains {place.place}, points", title_justify="left")
    table.add_column("")
    for side in found.sides:
        table.add_column(side, justify="right")
    table.add_column("share of the gains", justify="right")
    for row in rows_of(place):
        table.add_row(*row)
    return table


def _gains(gains: Pair | None) -> tuple[str, str]:
    return ("–", "–") if gains is None else (signed(gains[0]), signed(gains[1]))


def _share(value: float | None) -> str:
    if value is None:
        return "–"
    text = f"{abs(100 * value):.0f} %"
    return f"{MINUS}{text}" if value <= -0.005 else text


def coordinates(corners: tuple[Pair, ...]) -> str:
    """Corners of a polygon as text, those that are one to the eye as one.

    >>> coordinates(((0.0, 1.5), (0.0001, 1.5), (-2.0, 0.0), (0.0, 1.5)))
    '(0, 1.5), (−2, 0)'
    """
    shown = dict.fromkeys(f"({number(round(x, 2) + 0.0)}, {number(round(y, 2) + 0.0)})" for x, y in corners)
    return ", ".join(shown) or "empty"


def answered(threats: Sequence[Threats]) -> list[Enforcement]:
    """What was found for the drafts for which anything was."""
    return [one.found for one in threats if one.found is not None]


def refused(threats: Sequence[Threats]) -> list[tuple[str, str]]:
    """Why nothing was found, and for which drafts: reasons that are the same stand once, as (titles, reason)."""
    by_reason: dict[str, list[str]] = {}
    for one in threats:
        if one.found is None:
            by_reason.setdefault(one.reason, []).append(f"“{one.title}”")
    return [(listed(titles), f"{reason.rstrip('.')}.") for reason, titles in by_reason.items()]


def overall(threats: Sequence[Threats], first: str = "") -> str:
    """The bottom line of several drafts: the answer for the first, and which others no threat could keep.

    Parameters
    ----------
    first : the draft to speak of first, if anything was found for it
    """
    found = sorted(answered(threats), key=lambda one: one.draft != first)
    if not found:
        return " ".join(f"{titles}: {reason}" for titles, reason in refused(threats))
    lost = [f"“{one.title}”" for one in found[1:] if one.keepable is False]
    text = answer(found[0])
    if len(found) > 1 and found[0].keepable is not False:
        # the answer for one draft names it only where it cannot be kept
        text = f"“{found[0].title}”: {text[0].lower()}{text[1:]}"
    if not lost:
        return text
    return f"{text} {'Nor could any' if found[0].keepable is False else 'No threat could'} keep {listed(lost)}."


def shares_table(found: Sequence[Enforcement]) -> PlainTable:
    """One draft a row: the share of the gains that threats could support, beside what play reaches.

    Shares are those with the draft in force, which is where it is kept or not.
    """
    from servanda.report.charts.figure import Table as PlainTable

    turnover = any(one.standings[-1].turnover is not None for one in found)
    kept = any(one.draft is not None for one in found)
    heads = ["Threats could support", *(["… while it is kept"] if kept else []), "Play as it is reaches"]
    rows = []
    for one in found:
        place = one.standings[-1]
        cells = [_share(place.share)]
        if kept:
            cells.append("impossible" if one.keepable is False else _share(place.kept_share))
        cells.append(_share(place.play_share))
        if turnover:
            cells.append(_share(place.turnover_share))
        rows.append((one.title, *cells))
    return PlainTable(
        f"Share of the gains within reach, {found[0].standings[-1].place}",
        ("Draft" if kept else "Case", *heads, *(["… as offices change hands"] if turnover else [])),
        tuple(rows),
    )


def gains_table(found: Enforcement, place: Standing) -> PlainTable:
    """What is within reach from a place, in points and as a share of the gains."""
    from servanda.report.charts.figure import Table as PlainTable

    rows = tuple((capital(what), *rest) for what, *rest in rows_of(place))
    return PlainTable(f"Gains {place.place}, points", ("What", *found.sides, "Share of the gains"), rows)


def certificates(found: Enforcement) -> PlainTable:
    """How the sets were found, what proves them, and what they hang on."""
    from servanda.report.charts.figure import Table as PlainTable

    hair = {None: "not looked at", True: "yes: in the fifth digit of the payoffs", False: "no"}[found.hair]
    proof = "not written out: too many corners"
    if found.gain is not None:
        proof = f"{found.gain:.0e} of the range of payoffs" if found.gain > 0.0 else "none"
    return PlainTable(
        "Certificates",
        ("Check", "Found"),
        (
            ("How the sets were found", found.status.removeprefix("Found: ")),
            ("What is shown", "an outer bound: it still shrinks" if found.outer else "the sets, to the tolerance"),
            ("Largest gain from deviating in strategies that support them", proof),
            ("Hangs on a hair", hair),
            ("Play of third parties", "settled" if found.settled else "not settled beyond the horizon"),
            ("Size of the game", f"{found.nodes:,} nodes written out, {found.states:,} states solved"),
        ),
        (False, False),
    )
