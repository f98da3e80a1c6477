"""Figures of when: the chance of a deal by the date at which it is sought, and the world it would be sought in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import altair as alt

from servanda.diagnosis.answers import Windows
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import fine_percent, full_date, likelihood, month, number, percent, points

Events = Sequence[tuple[date, str]]
MOST_LINES = len(theme.CATEGORY)
GATES = {"sign": "signed within the window", "keep": "kept, once in force"}


def windows_figure(windows: Windows, labels: Sequence[str], events: Events) -> Figure:
    """Lines of the chance to pass all gates by date of beginning; below, signing and keeping.

    Parameters
    ----------
    labels
        What to call each of `Windows.windows`, no two alike.
    """
    every = [*zip(labels, windows.windows, strict=True)]
    drawn = sorted(sorted(range(len(every)), key=lambda k: -max(every[k][1].holds))[:MOST_LINES])
    labels, shown = [every[k][0] for k in drawn], [every[k][1] for k in drawn]
    series = {
        "holds": [window.holds for window in shown],
        "sign": [window.sign for window in shown],
        "keep": [window.keep for window in shown],
    }
    whole = _lines(windows, labels, series["holds"], "signed, ratified and kept", 250)
    marked = [event for event in events if event[0] <= windows.dates[-1]]
    top = alt.layer(*_closing(windows), *theme.event_layers(marked, windows.dates), *whole).properties(
        width=theme.WIDTH, height=250
    )
    small = [
        alt.layer(*_lines(windows, labels, series[gate], None, 140)).properties(
            width=theme.PANEL_WIDTH - 18, height=140, title=alt.TitleParams(text=title)
        )
        for gate, title in GATES.items()
    ]
    chart = alt.vconcat(top, alt.hconcat(*small, spacing=30), spacing=24).resolve_scale(
        color="shared", strokeDash="shared"
    )
    best = max(
        ((p, label, day) for label, values in zip(labels, series["holds"], strict=True)
         for day, p in zip(windows.dates, values, strict=True)),
        key=lambda found: found[0],
    )  # fmt: skip
    description = (
        f"Chance to be signed, ratified and kept by date of beginning. Highest: {best[1]}, begun in {month(best[2])}: "
        f"{likelihood(best[0])}. {closing(windows)}"
    )
    caption = (
        f"What each draft would have come to, had its negotiation begun at that date in a world that had run without a "
        f"deal until then. At every date there are {number(windows.sign_years)} years to sign and the draft must then "
        f"be kept for {number(windows.keep_years)} years or to its own lawful end. {closing(windows)}"
    )
    if _ceiling(windows, series["holds"]) >= windows.threshold:
        caption += f" The level line is {percent(windows.threshold)}."
    if len(drawn) < len(every):
        caption += f" Drawn are the {len(drawn)} with the highest chance; the table has all {len(every)}."
    columns = tuple(month(day) for day in windows.dates)
    rows = []
    for label, window in every:
        for name, values in (
            ("all three", window.holds), ("sign", window.sign), ("ratify", window.ratify), ("keep", window.keep)
        ):  # fmt: skip
            rows.append((label, name, *(fine_percent(p) for p in values)))
    table = Table(
        "Gates of each draft by date of beginning",
        ("Draft", "Gate", *columns),
        tuple(rows),
        (False, False, *(True for _ in columns)),
    )
    title = "When a deal could be sought"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def closing(windows: Windows) -> str:
    """When nothing passes any more, in a sentence."""
    bound = percent(windows.threshold)
    if windows.never:
        return f"Nothing shown reaches {bound} at any date."
    if windows.closes is None:
        return f"Something shown still reaches {bound} at the last date."
    return f"From {full_date(windows.closes)} on nothing shown reaches {bound}: the window is closed."


def _x(windows: Windows) -> alt.X:
    return theme.time_axis(months=(windows.dates[-1] - windows.dates[0]).days < 6 * 365, ticks=8)


def _lines(windows: Windows, labels: Sequence[str], series: Sequence[Sequence[float]], title: str | None,
           height: int) -> list[alt.Chart]:  # fmt: skip
    legend = theme.below(2, lines=True)
    legend.labelLimit = 400
    ceiling = _ceiling(windows, series)
    lines = (
        theme.folded(list(zip(labels, series, strict=True)), windows.dates, name="draft")
        .mark_line(strokeWidth=2.3, point=alt.OverlayMarkDef(size=18, filled=True))
        .encode(
            x=_x(windows),
            y=alt.Y(
                "p:Q",
                title=title,
                scale=alt.Scale(domain=[0, ceiling]),
                axis=alt.Axis(format=theme.percent_format(ceiling), tickCount=5 if height > 200 else 3),
            ),
            color=alt.Color("draft:N", scale=theme.palette(labels), legend=legend),
            strokeDash=alt.StrokeDash("draft:N", scale=theme.dashes(labels), legend=legend),
            tooltip=[
                alt.Tooltip("draft:N", title="Draft"),
                theme.day_tip("Begun"),
                alt.Tooltip("p:Q", title="Probability", format=".1%"),
            ],
        )
    )
    if title is None or ceiling < windows.threshold:
        return [lines]
    rule = (
        alt.Chart(theme.inline([{}]))
        .mark_rule(color=theme.INK, strokeWidth=1.1, strokeDash=[2, 2])
        .encode(y=alt.YDatum(windows.threshold))
    )
    return [rule, lines]


def _ceiling(windows: Windows, series: Sequence[Sequence[float]]) -> float:
    """The top of the scale: chances of a few in a hundred would lie on the floor of a full one."""
    top = max((p for values in series for p in values), default=1.0)
    if top > 0.8 * windows.threshold:
        return 1.0
    return min(1.0, 1.2 * windows.threshold) if top > 0.2 * windows.threshold else max(0.01, 1.15 * top)


def _closing(windows: Windows) -> list[alt.Chart]:
    if windows.closes is None:
        return []
    left = windows.closes > windows.dates[len(windows.dates) // 2]
    data = theme.inline([{"date": windows.closes.isoformat(), "text": f"closed from {month(windows.closes)}"}])
    end = theme.inline([{"date": windows.closes.isoformat(), "end": windows.dates[-1].isoformat()}])
    x = alt.X("date:T", scale=alt.Scale(type="utc"))
    return [
        alt.Chart(end).mark_rect(color=theme.FAINT).encode(x=x, x2=alt.X2("end:T")),
        alt.Chart(data).mark_rule(color=theme.INK, strokeWidth=1.6).encode(x=x),
        alt.Chart(data)
        .mark_text(align="right" if left else "left", dx=-6 if left else 6, fontWeight=600)
        .encode(x=x, y=theme.at_y(10), text=alt.Text("text:N")),
    ]


def world_figure(windows: Windows, sides: Mapping[str, str], events: Events) -> Figure:
    """Who would hold each office, and what no deal is worth to each side, by date, in a world without a deal."""
    offices = list(dict.fromkeys(office for office, _, _ in windows.offices))
    panels: list[theme.TopLevel] = [_office(windows, office) for office in offices]
    titles = [sides.get(side, side) for side in windows.sides]
    marks = theme.event_layers(events, windows.dates, labels=False)
    for side, values in zip(titles, windows.no_deal, strict=True):
        middle, reach = (max(values) + min(values)) / 2, max(values) - min(values)
        # A change of a hundredth is not drawn as a landslide.
        reach = max(0.55 * reach, 0.02 * abs(middle), 0.1)
        rows = [{"date": d.isoformat(), "v": float(f"{v:.5g}")} for d, v in zip(windows.dates, values, strict=True)]
        line = (
            alt.Chart(theme.inline(rows))
            .mark_line(color=theme.BLUE, strokeWidth=2.3, point=alt.OverlayMarkDef(size=20, color=theme.BLUE))
            .encode(
                x=_x(windows),
                y=alt.Y(
                    "v:Q",
                    title="points",
                    scale=alt.Scale(domain=[middle - reach, middle + reach], nice=True),
                    axis=alt.Axis(tickCount=4),
                ),
                tooltip=[theme.day_tip(), alt.Tooltip("v:Q", title="Value of no deal, points", format=",.1f")],
            )
        )
        panels.append(
            alt.layer(*marks, line).properties(
                width=theme.PANEL_WIDTH - 20, height=130, title=alt.TitleParams(text=f"No deal, to {side}")
            )
        )
    chart = alt.concat(*panels, columns=2, spacing=26).resolve_scale(color="independent", y="independent")
    changes = "; ".join(
        f"no deal is worth {points(values[-1] - values[0])} points to {side} at the last date against the first"
        for side, values in zip(titles, windows.no_deal, strict=True)
    )
    description = f"The world in which a deal would be sought, by date. {changes[:1].upper()}{changes[1:]}."
    caption = (
        "The world without a deal until then: the odds of each holder of an office, and the value of no deal to the "
        "party's leader at the start, in its own points. Where that rises, waiting pays and a deal must offer more."
    )
    columns = tuple(month(day) for day in windows.dates)
    rows_ = [(office, holder, *(percent(p) for p in odds)) for office, holder, odds in windows.offices]
    rows_ += [
        ("Value of no deal, points", side, *(number(round(v, 1)) for v in values))
        for side, values in zip(titles, windows.no_deal, strict=True)
    ]
    table = Table(
        "Holders of office and value of no deal by date",
        ("What", "Who", *columns),
        tuple(rows_),
        (False, False, *(True for _ in columns)),
    )
    title = "The world in which it would be sought"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def _office(windows: Windows, office: str) -> alt.Chart:
    holders = [(holder, odds) for name, holder, odds in windows.offices if name == office]
    keys = {holder: f"h{k:02}" for k, (holder, _) in enumerate(holders)}
    rows = [
        {"date": day.isoformat(), "holder": holder, "order": keys[holder], "p": round(odds[t], 4)}
        for holder, odds in holders
        for t, day in enumerate(windows.dates)
    ]
    made: alt.Chart = (
        alt.Chart(theme.inline(rows), title=office)
        .mark_area(interpolate="step-after")
        .encode(
            x=_x(windows),
            y=theme.percent_axis("p", None).stack("zero"),
            color=alt.Color(
                "holder:N",
                title=None,
                scale=theme.palette(list(keys)),
                legend=alt.Legend(orient="bottom", columns=1 if max(map(len, keys)) > 26 else 2, labelLimit=360),
            ),
            order=alt.Order("order:O"),
        )
        .properties(width=theme.PANEL_WIDTH - 20, height=130)
    )
    return made
