"""Figures of the cost of trust: what one side's bond does, which bonds suffice together, what cooperation is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from servanda.diagnosis.answers import BondPoint, Cooperation, SideBond, Trust
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import fine_percent, listed, number, percent, points

LINES = ("kept", "signed, ratified and kept")
GAINS = ("on the table, everybody free", "in force, everybody free", "in force, nobody can break it")
FLAT = 0.01
MOST_DRAFTS = 8


def _reach(side: SideBond, curve: Sequence[tuple[float, BondPoint]]) -> float:
    """The bond up to which a curve is worth drawing: past the least that suffices and past the last that moves it."""
    end = curve[-1][1].keep
    moving = max((k for k, (_, p) in enumerate(curve) if abs(p.keep - end) > FLAT), default=0)
    wanted = curve[min(moving + 1, len(curve) - 1)][0]
    if side.least:
        wanted = max(min(wanted, 6.0 * side.least), 1.4 * side.least)
    return min(wanted, curve[-1][0]) or curve[-1][0] or 1.0


def _within(reach: float, curve: Sequence[tuple[float, BondPoint]]) -> list[tuple[float, float, float]]:
    """Bond, chance to be kept and chance of all gates up to `reach`, there on the straight line to the next point."""
    every = [(bond, at.keep, at.holds) for bond, at in curve]
    inside = [point for point in every if point[0] <= reach]
    if len(inside) == len(every) or not inside or inside[-1][0] == reach:
        return inside
    last, following = inside[-1], every[len(inside)]
    part = (reach - last[0]) / (following[0] - last[0])
    keep, holds = (a + part * (b - a) for a, b in zip(last[1:], following[1:], strict=True))
    return [*inside, (reach, keep, holds)]


def _own(trust: Trust, side: SideBond) -> list[tuple[float, BondPoint]]:
    index = trust.sides.index(side.side)
    return sorted(((p.bonds[index], p) for p in side.curve), key=lambda pair: pair[0])


def bonds_figure(trust: Trust) -> Figure:
    """The chance of being kept by the bond of one side alone, one panel a side."""
    panels, parts, rows = [], [], []
    for side in trust.each:
        curve = _own(trust, side)
        if not curve:
            continue
        panels.append(_alone(trust, side, curve))
        if side.least is None:
            best = max(curve, key=lambda pair: pair[1].keep)
            parts.append(
                f"{side.title}: no bond up to {number(curve[-1][0])} points suffices, {percent(best[1].keep)} at most"
            )
        else:
            parts.append(f"{side.title}: {number(round(side.least, 2))} points suffice")
        rows += [
            (side.title, number(bond), *(fine_percent(p) for p in (at.sign, at.ratify, at.keep, at.holds)))
            for bond, at in curve
        ]
    chart = alt.concat(*panels, columns=2, spacing=30).resolve_scale(color="shared", strokeDash="shared")
    description = (
        f"Chance that “{trust.title}” is kept by the bond of one side alone, {percent(trust.without.keep)} without "
        f"any. {'; '.join(parts)}."
    )
    caption = (
        "A bond is a pledge lost on breach or exit. One side posts it, the other posts nothing, and everybody's play "
        f"answers. The level line is the target of {percent(trust.target)}; points are the posting side's own."
    )
    table = Table(
        f"Gates of {trust.title} by the bond of one side alone, in its own points",
        ("Side", "Bond", "Sign", "Ratify", "Keep", "All three"),
        tuple(rows),
    )
    title = "What one side's bond would do"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def _alone(trust: Trust, side: SideBond, curve: Sequence[tuple[float, BondPoint]]) -> theme.TopLevel:
    reach = _reach(side, curve)
    rows = [
        {"bond": float(f"{bond:.5g}"), "line": line, "p": round(value, 5)}
        for bond, *values in _within(reach, curve)
        for line, value in zip(LINES, values, strict=True)
    ]
    legend = theme.below(2, lines=True)
    scale = alt.Scale(domain=[0, reach], nice=False)
    x = alt.X("bond:Q", title="bond, points", scale=scale, axis=alt.Axis(tickCount=5))
    lines = (
        alt.Chart(theme.inline(rows))
        .mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=20, filled=True))
        .encode(
            x=x,
            y=theme.percent_axis("p", None),
            color=alt.Color("line:N", scale=theme.palette(LINES), legend=legend),
            strokeDash=alt.StrokeDash("line:N", scale=theme.dashes(LINES), legend=legend),
            tooltip=[
                alt.Tooltip("line:N", title="Outcome"),
                alt.Tooltip("bond:Q", title="Bond, points"),
                alt.Tooltip("p:Q", title="Probability", format=".1%"),
            ],
        )
    )
    target = (
        alt.Chart(theme.inline([{}]))
        .mark_rule(color=theme.INK, strokeWidth=1.1, strokeDash=[2, 2])
        .encode(y=alt.YDatum(trust.target))
    )
    layers: list[alt.Chart] = [target, lines]
    if side.least is None:
        subtitle = "no bond suffices"
    else:
        subtitle = f"at least {number(round(side.least, 2))} points"
        mark = alt.Chart(theme.inline([{"bond": side.least, "p": trust.target}]))
        layers.append(
            mark.mark_point(shape="diamond", size=150, filled=True, color=theme.INK, opacity=1).encode(
                x=x, y=alt.Y("p:Q"), tooltip=[alt.Tooltip("bond:Q", title="Least bond, points", format=".4~g")]
            )
        )
    return alt.layer(*layers).properties(
        width=theme.PANEL_WIDTH - 40, height=200, title=alt.TitleParams(text=side.title, subtitle=subtitle)
    )


def bond_frontier_figure(trust: Trust) -> Figure:
    """The least bonds of two sides together: one posts more as the other posts less."""
    first, second = ([s.title for s in trust.each if s.side == side][:1] or [side] for side in trust.sides[:2])
    names = (first[0], second[0])
    rows = [
        {
            "a": float(f"{p.bonds[0]:.5g}"), "b": float(f"{p.bonds[1]:.5g}"), "order": k,
            "keep": fine_percent(p.keep), "holds": fine_percent(p.holds),
        }
        for k, p in enumerate(trust.frontier)
    ]  # fmt: skip
    tips = [
        alt.Tooltip("a:Q", title=f"Bond of {names[0]}"),
        alt.Tooltip("b:Q", title=f"Bond of {names[1]}"),
        alt.Tooltip("keep:N", title="Kept"),
        alt.Tooltip("holds:N", title="Signed, ratified and kept"),
    ]
    titles = [f"bond of {name}, its own points" for name in names]
    x = alt.X("a:Q", title=titles[0], scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=8))
    y = alt.Y("b:Q", title=titles[1], scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=8))
    line = (
        alt.Chart(theme.inline(rows))
        .mark_line(color=theme.BLUE, strokeWidth=2.2, point=alt.OverlayMarkDef(size=46, filled=True, color=theme.BLUE))
        .encode(x=x, y=y, order=alt.Order("order:Q"), tooltip=tips)
    )
    layers: list[alt.Chart] = [line]
    cheapest = trust.cheapest
    if cheapest is not None:
        at = alt.Chart(theme.inline([{"a": cheapest.bonds[0], "b": cheapest.bonds[1], "text": "least burden"}]))
        layers += [
            at.mark_point(shape="diamond", size=190, filled=True, color=theme.VERMILLION, opacity=1).encode(x=x, y=y),
            at.mark_text(align="left", dx=13, dy=-9, fontWeight=600).encode(x=x, y=y, text=alt.Text("text:N")),
        ]
    chart = alt.layer(*layers).properties(width=560, height=300)
    ends = trust.frontier[0], trust.frontier[-1]
    parts = [f"{listed([f'{n} {number(b)}' for n, b in zip(names, p.bonds, strict=False)])} points" for p in ends]
    description = f"Least bonds with which “{trust.title}” is kept with {percent(trust.target)}: from {parts[0]} to "
    description += parts[1]
    if cheapest is not None:
        pair = listed([f"{n} {number(b)}" for n, b in zip(names, cheapest.bonds, strict=False)])
        description += f"; the least burden at {pair} points"
    description += "."
    caption = (
        f"On the line the draft is kept with {percent(trust.target)}; one per cent less of either bond misses it. "
        "Above and to the right there is more than needed. Points of two sides are not one currency: the diamond is "
        "where the shares of what each side gains from the agreement add up to least."
    )
    table = Table(
        f"Least bonds together, for {trust.title}",
        (f"Bond of {names[0]}", f"Bond of {names[1]}", "Sign", "Ratify", "Keep", "All three"),
        tuple(
            (number(p.bonds[0]), number(p.bonds[1]), *(fine_percent(v) for v in (p.sign, p.ratify, p.keep, p.holds)))
            for p in trust.frontier
        ),
        (True,) * 6,
    )
    title = "Which bonds suffice together"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def cooperation_figure(found: Sequence[Cooperation], titles: Mapping[str, str]) -> Figure:
    """Bars of each side's gain over no deal, by draft: offered, in force, and in force with nobody able to break it."""
    sides = list(dict.fromkeys(gain.side for one in found for gain in one.gains))
    shown = sorted(found, key=lambda one: -min((gain.bound for gain in one.gains), default=0.0))[:MOST_DRAFTS]
    shown = [one for one in found if one in shown]
    keys = {one.draft: titles[one.draft] for one in shown}
    panels = [_gains(shown, side, keys, first=k == 0) for k, side in enumerate(sides)]
    chart = alt.hconcat(*panels, spacing=26).resolve_scale(color="shared", y="shared")
    best = max(found, key=lambda one: min((gain.bound for gain in one.gains), default=0.0))
    parts = "; ".join(
        f"{gain.title} {points(gain.in_force)}, {points(gain.bound)} if nobody could break it" for gain in best.gains
    )
    description = f"Gain of each side over no deal, by draft. {titles[best.draft]}, in force at the start: {parts}."
    caption = (
        "Gain over a world in which no draft can be tabled, in points of present value of whoever leads the side at "
        "the start: with the draft on the table; in force at the start, everybody free to break it; and in force with "
        "nobody able to break or leave it. What the last has over the second is the price of mistrust, named as a "
        "share. Sides have scales of their own."
    )
    if len(shown) < len(found):
        caption += f" Drawn are the {len(shown)} drafts that would bring the most; the table has all {len(found)}."
    table = Table(
        "Benefit of cooperation: gain over no deal, in points of present value of the leader at the start",
        ("Draft", "Side", "Leader", "On the table", "In force", "Nobody can break it", "Price of mistrust"),
        tuple(
            (
                titles[one.draft], gain.title, gain.actor_title, points(gain.offered), points(gain.in_force),
                points(gain.bound), mistrust(gain.lost),
            )
            for one in found
            for gain in one.gains
        ),
        (False, False, False, True, True, True, True),
    )  # fmt: skip
    title = "What cooperation is worth, and what mistrust takes of it"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def mistrust(lost: float | None) -> str:
    """The price of mistrust as a share of what the agreement would be worth.

    >>> mistrust(0.634), mistrust(1.7), mistrust(-0.2), mistrust(None)
    ('63 %', 'all of it and more', 'none', 'nothing to lose')
    """
    if lost is None:
        return "nothing to lose"
    if lost > 1.0:
        return "all of it and more"
    return "none" if lost <= 0.0 else percent(lost)


def _gains(found: Sequence[Cooperation], side: str, keys: Mapping[str, str], *, first: bool) -> theme.TopLevel:
    rows: list[theme.Row] = []
    for one in found:
        for gain in one.gains:
            if gain.side != side:
                continue
            for kind, value in zip(GAINS, (gain.offered, gain.in_force, gain.bound), strict=True):
                text = points(value)
                if kind == GAINS[1] and gain.lost is not None and gain.lost > 0.0:
                    text += f" (mistrust: {mistrust(gain.lost)})"
                rows.append(
                    {"key": one.draft, "kind": kind, "v": round(value, 3), "edge": round(max(value, 0.0), 3),
                     "text": text, "draft": keys[one.draft]}
                )  # fmt: skip
    low, high = min(0.0, *(row["v"] for row in rows)), max(0.0, *(row["v"] for row in rows))
    reach = max(high - low, 1e-9)
    scale = alt.Scale(domain=[low - 0.03 * reach, high + 0.45 * reach], nice=False)
    y = theme.names_axis(keys, width=28, limit=190, lines=3) if first else theme.rows_axis(keys)
    base = alt.Chart().encode(
        y=y,
        yOffset=alt.YOffset("kind:N", scale=alt.Scale(domain=list(GAINS))),
        tooltip=[
            alt.Tooltip("draft:N", title="Draft"),
            alt.Tooltip("kind:N", title="The draft"),
            alt.Tooltip("text:N", title="Gain, points"),
        ],
    )
    colours = theme.palette(GAINS, [theme.PALE, theme.BLUE, theme.GREEN])
    bars = base.mark_bar(height=11).encode(
        x=alt.X("v:Q", title="points", scale=scale, axis=alt.Axis(tickCount=4)),
        color=alt.Color("kind:N", scale=colours, legend=alt.Legend(title=None, orient="bottom", labelLimit=260)),
    )
    texts = base.mark_text(align="left", dx=4, fontSize=10.5).encode(
        x=alt.X("edge:Q", scale=scale), text=alt.Text("text:N")
    )
    zero = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED).encode(x=alt.XDatum(0))
    title = next(gain.title for one in found for gain in one.gains if gain.side == side)
    return alt.layer(bars, zero, texts, data=theme.inline(rows)).properties(
        width=300, height=52 * len(keys), title=alt.TitleParams(text=title)
    )
