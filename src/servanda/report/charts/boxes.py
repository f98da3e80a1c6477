"""A box of parameters in which a condition holds: each limit as a bar within the whole range that was drawn."""

from __future__ import annotations

import math
from typing import Literal

import altair as alt

from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import number, percent
from servanda.uncertainty.answers import Box, BoxLimit

# Where the numbers of the whole range stand: the place, the field, the side to which the text is aligned.
ENDS: tuple[tuple[str, str, Literal["left", "right"]], ...] = (("zero", "least", "left"), ("one", "most", "right"))

THINNEST = 0.02


def box_figure(box: Box) -> Figure:
    """One row a limit: the whole range as a pale bar, the box as a dark one, both with their numbers."""
    titles = {limit.parameter: f"{limit.title} ({limit.unit})" if limit.unit else limit.title for limit in box.limits}
    rows = []
    for limit in box.limits:
        left, right = _place(limit)
        rows.append(
            {
                "key": limit.parameter, "title": titles[limit.parameter], "zero": 0.0, "one": 1.0,
                "from": left, "to": right, "text": words_of(limit), "chance": chance(limit.p_value),
                # the numbers behind choices mean nothing to a reader
                "least": "" if limit.choices else _brief(limit.support[0]),
                "most": "" if limit.choices else _brief(limit.support[1]),
            }
        )  # fmt: skip
    base = alt.Chart(theme.inline(rows)).encode(
        y=theme.names_axis(titles),
        tooltip=[
            alt.Tooltip("title:N", title="Parameter"),
            alt.Tooltip("text:N", title="Within"),
            alt.Tooltip("least:N", title="Drawn from"),
            alt.Tooltip("most:N", title="to"),
            alt.Tooltip("chance:N", title="Spurious"),
        ],
    )
    x = alt.X("zero:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    whole = base.mark_bar(height=16, color=theme.PALE).encode(x=x, x2=alt.X2("one:Q"))
    inside = base.mark_bar(height=16, color=theme.BLUE).encode(x=alt.X("from:Q"), x2=alt.X2("to:Q"))
    ends = [
        base.mark_text(align=align, baseline="top", dy=11, fontSize=11, color=theme.MUTED).encode(
            x=alt.X(f"{place}:Q"), text=alt.Text(f"{field}:N")
        )
        for place, field, align in ENDS
    ]
    text = base.mark_text(align="left").encode(x=theme.at_x(370), text=alt.Text("text:N"))
    chart = alt.layer(whole, inside, *ends, text).properties(width=360, height=50 * len(rows))
    description = (
        f"Box for “{box.title}”, {box.condition}: "
        + "; ".join(f"{titles[k.parameter]} {words_of(k)}" for k in box.limits)
        + f". Inside, {percent(box.density)} of the draws hold, of all draws {percent(box.base)}."
    )  # fmt: skip
    table = Table(
        "Limits of the box, and the chance that each is spurious",
        ("Parameter", "Within", "Drawn from", "to", "Spurious"),
        tuple(
            (
                titles[b.parameter], words_of(b), "–" if b.choices else _brief(b.support[0]),
                "–" if b.choices else _brief(b.support[1]), chance(b.p_value),
            )
            for b in box.limits
        ),
        (False, False, True, True, True),
    )  # fmt: skip
    caption = (
        f"Dark: where the parameter has to lie; pale: the range that was drawn. Inside the box {percent(box.density)} "
        f"of the draws hold (density), outside and inside together {percent(box.base)}. The box holds "
        f"{percent(box.coverage)} of all draws that hold (coverage) and {percent(box.mass)} of all draws."
    )
    return Figure("The box", caption, description, theme.configured(chart, description), table)


def _place(limit: BoxLimit) -> tuple[float, float]:
    """Where the bar begins and ends within the whole range, never too thin to be seen."""
    low, high = limit.support
    width = high - low if high > low else 1.0
    right = min(1.0, max((limit.high - low) / width, THINNEST))
    return round(max(0.0, min((limit.low - low) / width, right - THINNEST)), 4), round(right, 4)


def words_of(limit: BoxLimit) -> str:
    """A limit in words: only the sides that cut something off.

    >>> words_of(BoxLimit("p", "Price", "", 40.0, 71.5, (40.0, 140.0), 0.01))
    'at most 71.5'
    """
    if limit.choices:
        return " or ".join(choice.replace("_", " ") for choice in limit.choices)
    below, above = limit.high < limit.support[1], limit.low > limit.support[0]
    if below and above:
        return f"{_brief(limit.low)} to {_brief(limit.high)}"
    if below:
        return f"at most {_brief(limit.high)}"
    return f"at least {_brief(limit.low)}" if above else "anywhere"


def chance(p_value: float) -> str:
    """The chance that a restriction is spurious.

    >>> chance(0.034), chance(1e-9)
    ('3.4 %', '<0.1 %')
    """
    if not math.isfinite(p_value):
        return "–"
    return "<0.1 %" if p_value < 0.001 else f"{100 * p_value:.1f} %"


def path_table(box: Box) -> Table:
    """The boxes passed on the way: fewer limits cover more and are less dense."""
    return Table(
        "Boxes passed on the way: each further limit makes the box denser and lets more draws fall outside",
        ("Limits", "Draws that hold which it covers", "Draws inside that hold"),
        tuple((str(limits), percent(coverage), percent(density)) for coverage, density, limits in box.path),
    )


def _brief(value: float) -> str:
    return number(float(f"{value:.3g}")) if math.isfinite(value) else "–"
