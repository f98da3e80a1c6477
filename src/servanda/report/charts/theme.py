"""Colours, type and axes shared by every chart, for light and dark paper.

Charts name colours of the light palette (Okabe and Ito's, fit for colour-blind readers, without its yellow, which is
too faint on white); `DARK` says what each becomes on dark paper. Line styles repeat what colour says.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import wrap
from typing import Any

import altair as alt

INK = "#1b1f24"
MUTED = "#57606a"
GRID = "#e3e6ea"
PAPER = "#ffffff"
BLUE = "#0072b2"
ORANGE = "#e69f00"
GREEN = "#009e73"
VERMILLION = "#d55e00"
PURPLE = "#cc79a7"
SKY = "#56b4e9"
OLIVE = "#8a6d1a"
GREY = "#8a929b"
PALE = "#ccd2d9"
FAINT = "#f1f3f5"

# Ordered levels, low to high, as tones of one colour.
TONES = ("#cfe3f2", "#8fc0e3", "#4a96cc", "#1f6aa5", "#0a3f6b")
# Tones against them, low to high, for numbers below zero.
WARM = ("#fae0cf", "#efa679", "#c2571a")

DARK: Mapping[str, str] = {
    INK: "#e6e9ec",
    MUTED: "#a5afb9",
    GRID: "#2d333b",
    PAPER: "#171b21",
    BLUE: "#4fa8e0",
    ORANGE: "#f0b43c",
    GREEN: "#35c59b",
    VERMILLION: "#f07f3c",
    PURPLE: "#e09bc4",
    SKY: "#9bd5f5",
    OLIVE: "#d6c46a",
    GREY: "#8b95a0",
    PALE: "#454d57",
    FAINT: "#20262d",
    **dict(zip(TONES, ("#223a4d", "#2d5f86", "#4a96cd", "#83bde5", "#cbe4f6"), strict=True)),
    **dict(zip(WARM, ("#4a3325", "#a3592c", "#f79a63"), strict=True)),
}

CATEGORY = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, OLIVE, GREY)
DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [12, 4], [2, 5], [6, 2, 2, 2, 2, 2])
FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
WIDTH = 850
PANEL_WIDTH = 412
PIXELS_PER_LETTER = 5.9

Row = dict[str, Any]
TopLevel = alt.Chart | alt.LayerChart | alt.FacetChart | alt.ConcatChart


def config(dark: bool = False) -> dict[str, Any]:
    """Vega-Lite configuration of a chart on light or dark paper."""
    shade = (lambda c: DARK[c]) if dark else (lambda c: c)
    ink, muted, grid = shade(INK), shade(MUTED), shade(GRID)
    return {
        "background": shade(PAPER),
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": muted,
            "titleColor": muted,
            "gridColor": grid,
            "domainColor": grid,
            "tickColor": grid,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelLimit": 260,
        },
        "axisX": {"grid": False},
        "legend": {
            "orient": "top",
            "labelColor": ink,
            "titleColor": muted,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "labelLimit": 240,
            "symbolStrokeWidth": 2.5,
        },
        "header": {"labelColor": ink, "titleColor": muted, "labelFontSize": 13, "labelFontWeight": 600,
                   "labelAnchor": "start", "labelLimit": PANEL_WIDTH, "labelPadding": 6},
        "title": {"color": ink, "subtitleColor": muted, "fontSize": 13, "subtitleFontSize": 12, "anchor": "start",
                  "fontWeight": 600, "limit": 420},
        "text": {"color": ink, "fontSize": 12},
    }  # fmt: skip


def configured(chart: TopLevel, description: str) -> TopLevel:
    """The chart with the light configuration and a description in words."""
    finished = chart.properties(description=description)
    finished.config = alt.Config(**config())
    return finished


def below(columns: int = 4, *, lines: bool = False) -> alt.Legend:
    """A legend under the plot, where event labels cannot meet it; long samples show how lines are dashed."""
    if lines:
        return alt.Legend(title=None, orient="bottom", columns=columns, symbolType="stroke", symbolSize=900)
    return alt.Legend(title=None, orient="bottom", columns=columns)


def inline(rows: Sequence[Row]) -> alt.InlineData:
    """Rows as data inside the specification."""
    return alt.InlineData(values=list(rows))


def day_tip(title: str = "Date") -> alt.Tooltip:
    """The date in a tooltip, in UTC like the axis."""
    return alt.Tooltip("date:T", title=title, timeUnit="utcyearmonthdate", format="%-d %b %Y")


def time_axis(title: str | None = None, *, ticks: int = 12, months: bool = False) -> alt.X:
    """The calendar: field `date` in ISO form, read and written as UTC so that no reader's time zone shifts a month.

    `months` names months as well, for spans of a few years.
    """
    return alt.X(
        "date:T",
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(format="%b %Y" if months else "%Y", title=title, tickCount=ticks, labelFlush=False),
    )


def folded(series: Sequence[tuple[str, Sequence[float]]], dates: Sequence[date], *, name: str) -> alt.Chart:
    """A chart over wide rows, one a date, with fields `date`, `p` and, under `name`, the title of each series.

    Wide rows are a third of the size of long ones; the titles stand in a small table beside them.
    """
    keys = [f"s{k:02}" for k in range(len(series))]
    rows = [
        {"date": day.isoformat()} | {key: round(values[t], 5) for key, (_, values) in zip(keys, series, strict=True)}
        for t, day in enumerate(dates)
    ]
    titles = inline([{"key": key, name: title} for key, (title, _) in zip(keys, series, strict=True)])
    chart: alt.Chart = (
        alt.Chart(inline(rows))
        .transform_fold([*keys], as_=["key", "p"])
        .transform_lookup("key", from_=alt.LookupData(titles, key="key", fields=[name]))
    )
    return chart


def percent_axis(field: str, title: str | None, *, top: float = 1.0) -> alt.Y:
    """A probability axis from 0 to `top`."""
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(domain=[0, top]), axis=alt.Axis(format=".0%", tickCount=5))


def palette(names: Sequence[str], colours: Sequence[str] = CATEGORY) -> alt.Scale:
    """One colour a name, in order, repeating past the end."""
    return alt.Scale(domain=list(names), range=[colours[k % len(colours)] for k in range(len(names))])


def tones(names: Sequence[str]) -> alt.Scale:
    """Tones of one colour for ordered levels, spread over the whole range."""
    last = len(TONES) - 1
    steps = [round(k * last / max(len(names) - 1, 1)) for k in range(len(names))]
    return alt.Scale(domain=list(names), range=[TONES[step] for step in steps])


def at_y(pixel: float) -> alt.YValue:
    """A fixed height in pixels from the top of the plot."""
    return alt.YValue(pixel)  # type: ignore[no-untyped-call]  # altair gives it no types


def at_x(pixel: float) -> alt.XValue:
    """A fixed place in pixels from the left of the plot."""
    return alt.XValue(pixel)  # type: ignore[no-untyped-call]  # altair gives it no types


def names_axis(titles: Mapping[str, str], *, width: int = 42, limit: float = 300, lines: int = 2) -> alt.Y:
    """A vertical axis of field `key` in the order of `titles`, labelled with them in lines of `width` letters.

    Keys keep marks apart whose titles are alike or are cut short.
    """
    broken = {key: wrap(title, width, max_lines=lines, placeholder=" …") or [""] for key, title in titles.items()}
    axis = alt.Axis(
        labelExpr=f"({json.dumps(broken)})[datum.value]", labelLimit=limit, labelPadding=8, ticks=False, domain=False,
        title=None,
    )  # fmt: skip
    if any(len(parts) > 1 for parts in broken.values()):
        # A label of several lines hangs from its first: raise it by half of the others.
        axis.labelOffset = {
            "condition": [
                {"test": f"indexof({json.dumps(keys)}, datum.value) >= 0", "value": -7 * (count - 1)}
                for count in range(2, lines + 1)
                if (keys := [key for key, parts in broken.items() if len(parts) == count])
            ],
            "value": 0,
        }
    return alt.Y("key:N", sort=None, scale=alt.Scale(domain=list(titles)), axis=axis)


def rows_axis(titles: Mapping[str, str], *, grid: bool = False) -> alt.Y:
    """The same rows beside a panel that names them already."""
    axis = alt.Axis(labels=False, ticks=False, domain=False, title=None, grid=grid)
    return alt.Y("key:N", sort=None, scale=alt.Scale(domain=list(titles)), axis=axis)


def steps(high: float, count: int = 5) -> list[float]:
    """Round numbers from zero up to `high`, about `count` of them.

    >>> steps(0.96), steps(1.0, 3)
    ([0.0, 0.2, 0.4, 0.6, 0.8], [0.0, 0.5, 1.0])
    """
    size = 10.0 ** math.floor(math.log10(high / count)) if high > 0.0 else 1.0
    step = size * next(k for k in (1.0, 2.0, 5.0, 10.0) if high / (size * k) <= count)
    return [round(k * step, 12) for k in range(math.floor(high / step + 1e-9) + 1)]


def percent_format(span: float) -> str:
    """The format of a percentage axis that covers `span`: as many decimals as its steps need.

    >>> percent_format(0.6), percent_format(0.03), percent_format(0.0004)
    ('.0%', '.1%', '.3%')
    """
    return next((f".{k}%" for k in range(6) if span >= 10.0 ** -(k + 1)), ".1e")


def dashes(names: Sequence[str]) -> alt.Scale:
    """One dash pattern a name, in order, so that lines differ without colour."""
    return alt.Scale(domain=list(names), range=[DASHES[k % len(DASHES)] for k in range(len(names))])


def lanes(spans: Sequence[tuple[float, float]]) -> list[int]:
    """The lowest free lane for each horizontal span (left, right), taken from left to right.

    >>> lanes([(0, 10), (5, 15), (12, 20)])
    [0, 1, 0]
    """
    ends: list[float] = []
    taken = []
    for left, right in spans:
        lane = next((k for k, end in enumerate(ends) if end <= left), len(ends))
        if lane == len(ends):
            ends.append(right)
        else:
            ends[lane] = right
        taken.append(lane)
    return taken


def event_layers(
    events: Sequence[tuple[date, str]], dates: Sequence[date], *, width: int = WIDTH, labels: bool = True
) -> list[alt.Chart]:
    """Thin rules at dated events, with labels stacked in lanes above the plot so that none covers another."""
    first, last = dates[0], dates[-1]
    shown = sorted((day, label) for day, label in events if first < day <= last)
    if not shown:
        return []
    span = max((last - first).days, 1)
    spots = [width * (day - first).days / span for day, _ in shown]
    lengths = [len(label) * PIXELS_PER_LETTER + 10 for _, label in shown]
    ends_left = [spot + length > width for spot, length in zip(spots, lengths, strict=True)]
    spans = [(s - n, s) if left else (s, s + n) for s, n, left in zip(spots, lengths, ends_left, strict=True)]
    rows: list[Row] = [
        {"date": day.isoformat(), "event": label, "lane": lane, "left": left}
        for (day, label), lane, left in zip(shown, lanes(spans), ends_left, strict=True)
    ]
    x = alt.X("date:T", scale=alt.Scale(type="utc"))
    layers = [
        alt.Chart(inline(rows))
        .mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=1)
        .encode(x=x, tooltip=[alt.Tooltip("event:N", title="Event")])
    ]
    if labels:
        for lane in range(max(int(r["lane"]) for r in rows) + 1):
            for left in (False, True):
                part = [r for r in rows if r["lane"] == lane and r["left"] is left]
                if part:
                    layers.append(
                        alt.Chart(inline(part))
                        .mark_text(align="right" if left else "left", dx=-3 if left else 3, fontSize=11, color=MUTED)
                        .encode(x=x, y=at_y(-8 - 14 * lane), text=alt.Text("event:N"))
                    )
    return layers
