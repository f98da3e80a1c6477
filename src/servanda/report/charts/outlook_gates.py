"""Figures of drafts over draws: the gates, and what frictions cost, before and after the evidence."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from servanda.outlook.answers import FrictionOutlook, GateOutlook
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.outlook_paths import over_plot
from servanda.report.charts.plain import distinct
from servanda.report.words import GATE_TITLES, likelihood, percent, signed
from servanda.uncertainty.answers import Band

BEFORE, AFTER = "before it", "after the evidence"
# Of the two marks of a row: kind, pixels below the middle, inside, colour and width of the line, size of the dot.
MARKS = ((AFTER, 4, theme.BLUE, theme.INK, 1.6, 70), (BEFORE, -8, theme.PAPER, theme.GREY, 1.0, 40))


def banded(band: Band) -> str:
    """A mean with its band.

    >>> banded(Band(0.27, 0.1, 0.45))
    '27 % (10 % to 45 %)'
    """
    return f"{percent(band.mean)} ({percent(band.low)} to {percent(band.high)})"


def gate_dots(gates: Sequence[GateOutlook]) -> Figure:
    """The three gates of every draft and all together: filled after the evidence with its band, hollow before."""
    titles = distinct([(g.draft, g.title) for g in gates])
    heads = (*GATE_TITLES.values(), "All three")
    rows = [
        {
            "key": g.draft, "title": titles[g.draft], "gate": head, "kind": kind, "p": round(band.mean, 5),
            "low": round(band.low, 5), "high": round(band.high, 5), "told": banded(band),
        }
        for g in gates
        for kind, bands in ((AFTER, g.after), (BEFORE, g.before))
        for head, band in zip(heads, bands, strict=True)
    ]  # fmt: skip
    panels = [_gate_panel([row for row in rows if row["gate"] == head], head, titles, k == 0)
              for k, head in enumerate(heads)]  # fmt: skip
    chart = alt.concat(*panels, columns=len(panels), spacing=22)
    best = max(gates, key=lambda g: g.after[3].mean)
    description = (
        f"Gates of {len(gates)} drafts before and after the evidence. Likeliest through all three: {best.title}, "
        f"{likelihood(best.after[3].mean)}, before the evidence {percent(best.before[3].mean)}."
    )
    table = Table(
        "Gates of each draft: mean over draws and 80 % band, after and before the evidence",
        ("Draft", "When", *heads),
        tuple(
            (g.title, when, *(banded(band) for band in bands))
            for g in gates
            for when, bands in (("after", g.after), ("before", g.before))
        ),
        (False, False, True, True, True, True),
    )
    caption = (
        "Each draft alone on the table. Filled: after the evidence, with the band of eight draws in ten; hollow: "
        "before it. Each gate is asked given the one before."
    )
    return Figure("The gates, before and after the evidence", caption, description,
                  theme.configured(chart, description), table)  # fmt: skip


def _gate_panel(
    rows: Sequence[theme.Row], head: str, titles: dict[str, str], named: bool
) -> alt.LayerChart | alt.FacetChart:
    rows_ = theme.names_axis(titles, width=30, limit=220) if named else theme.rows_axis(titles)
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("p:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", values=[0, 0.5, 1], grid=True))
    tips = [
        alt.Tooltip("title:N", title="Draft"),
        alt.Tooltip("kind:N", title=head),
        alt.Tooltip("told:N", title="Probability"),
    ]
    layers = alt.layer(*_pairs(rows, rows_, x, tips), title=over_plot([head]))
    return layers.properties(width=140, height=max(50, 38 * len(titles)))


def _pairs(rows: Sequence[theme.Row], y: alt.Y, x: alt.X, tips: list[alt.Tooltip]) -> list[alt.Chart]:
    """Dots with their bands, those after the evidence filled and below those before it."""
    layers = []
    for kind, below, fill, line, width, size in MARKS:
        base = alt.Chart(theme.inline([row for row in rows if row["kind"] == kind])).encode(y=y, tooltip=tips)
        layers += [
            base.mark_rule(color=line, strokeWidth=width, yOffset=below, y2Offset=below).encode(
                x=alt.X("low:Q", title=None), x2=alt.X2("high:Q")
            ),
            base.mark_point(size=size, fill=fill, stroke=theme.BLUE, strokeWidth=1.6, opacity=1, yOffset=below).encode(
                x=x
            ),
        ]
    return layers


def points_of(band: Band) -> str:
    """A change of a probability with its band, in percentage points.

    >>> points_of(Band(0.031, -0.002, 0.08))
    '+3.1 (−0.2 to +8.0)'
    """
    return f"{signed(100 * band.mean)} ({signed(100 * band.low)} to {signed(100 * band.high)})"


def friction_dots(frictions: Sequence[FrictionOutlook]) -> Figure:
    """What switching each friction off adds to the chance that a draft passes all gates, before and after."""
    titles = distinct([(f.friction, f.title) for f in frictions])
    rows = [
        {
            "key": f.friction, "title": titles[f.friction], "kind": kind, "p": round(100 * band.mean, 4),
            "low": round(100 * band.low, 4), "high": round(100 * band.high, 4), "told": points_of(band),
        }
        for f in frictions
        for kind, band in ((AFTER, f.after), (BEFORE, f.before))
    ]  # fmt: skip
    x = alt.X("p:Q", title="percentage points", axis=alt.Axis(tickCount=6, grid=True), scale=alt.Scale(nice=True))
    tips = [
        alt.Tooltip("title:N", title="Friction"),
        alt.Tooltip("kind:N", title="When"),
        alt.Tooltip("told:N", title="Points"),
    ]
    zero = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED).encode(x=alt.XDatum(0))
    chart = alt.layer(zero, *_pairs(rows, theme.names_axis(titles), x, tips)).properties(
        width=430, height=max(50, 38 * len(titles))
    )
    draft, first = frictions[0].draft, frictions[0]
    description = (
        f"What switching each friction off alone adds to the chance that “{draft}” is signed, ratified and kept. "
        f"First: {first.title}, {points_of(first.after)} percentage points after the evidence, "
        f"{points_of(first.before)} before it."
    )
    table = Table(
        f"What switching each friction off adds for “{draft}”: percentage points and band of eight draws in ten",
        ("Friction", "After the evidence", "Before it"),
        tuple((titles[f.friction], points_of(f.after), points_of(f.before)) for f in frictions),
    )
    caption = (
        f"Rise of the chance that “{draft}” passes all three gates when one friction alone is switched off, "
        "everybody's play included. Filled: after the evidence, with the band of eight draws in ten; hollow: "
        "before it. Left of zero the friction helps the draft."
    )
    title = "What each friction costs"
    return Figure(title, caption, description, theme.configured(chart, description), table)
