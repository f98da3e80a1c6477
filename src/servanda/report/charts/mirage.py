"""The figure of the mirage: what was said beside what could be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from servanda.diagnosis.answers import DraftOverlap, Mirage
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import counted, fine_percent, number

HALF = 0.5
CHANCES = 260
ENDS = ("signed and ratified, if nobody could break it", "signed, ratified and kept, as things are")
SHAPES = ("circle", "square", "triangle-up", "diamond")


def mirage_figure(mirage: Mirage, sides: Sequence[str]) -> Figure:
    """Stated positions of each party by draft, and beside them the chance believed and the chance enforceable.

    Parameters
    ----------
    sides
        Titles of the parties, in the order of `Mirage.sides`.
    """
    keys = {one.draft: one.title for one in mirage.drafts}
    height = max(70, 34 * len(keys))
    stated = _stated(mirage, sides, keys).properties(
        width=260, height=height,
        title=alt.TitleParams(text="What was said", subtitle="how far the text meets each side's public demands"),
    )  # fmt: skip
    chances = _chances(mirage, keys).properties(
        width=CHANCES, height=height, title=alt.TitleParams(text="What would come of it", subtitle="probability")
    )
    chart = alt.hconcat(stated, chances, spacing=24).resolve_scale(color="independent", shape="independent", y="shared")
    near = [one for one in mirage.drafts if one.apparent]
    parts = "; ".join(
        f"{one.title}, {fine_percent(one.believed)} if nobody could break it, {fine_percent(one.enforceable)} as is"
        for one in near or mirage.drafts
    )
    description = f"Stated positions overlap on {len(near)} of {counted(len(mirage.drafts), 'draft')}: {parts}."
    caption = (
        "On the left, the mean of each party's stated positions: at one the text meets all its public demands; beyond "
        "the level line at one half on every side the draft looks within reach (*). On the right, the chance that it "
        "is signed and ratified if nobody could break it, and that it is signed, ratified and kept as things are: the "
        "line between the two is the mirage."
    )
    table = Table(
        "Stated and enforceable agreement by draft",
        ("Draft", *(f"Stated: {side}" for side in sides), "Within reach of what was said", "If nobody could break it",
         "As things are"),
        tuple(
            (
                one.title, *(number(round(p, 2)) for p in one.stated), "yes" if one.apparent else "no",
                fine_percent(one.believed), fine_percent(one.enforceable),
            )
            for one in mirage.drafts
        ),
        (False, *(True for _ in sides), False, True, True),
    )  # fmt: skip
    title = "Within reach, and out of it"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def _stated(mirage: Mirage, sides: Sequence[str], keys: Mapping[str, str]) -> theme.TopLevel:
    rows = [
        {"key": one.draft, "draft": one.title, "side": side, "p": round(value, 4)}
        for one in mirage.drafts
        for side, value in zip(sides, one.stated, strict=False)
    ]
    starred = {one.draft: f"{one.title} *" if one.apparent else one.title for one in mirage.drafts}
    y = theme.names_axis({key: starred[key] for key in keys}, width=34, limit=240)
    legend = alt.Legend(title=None, orient="bottom", columns=2)
    marks = (
        alt.Chart(theme.inline(rows))
        .mark_point(size=95, filled=True, opacity=1)
        .encode(
            y=y,
            x=alt.X("p:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5)),
            color=alt.Color("side:N", scale=theme.palette(sides), legend=legend),
            shape=alt.Shape(
                "side:N", legend=legend,
                scale=alt.Scale(domain=list(sides), range=[SHAPES[k % len(SHAPES)] for k in range(len(sides))]),
            ),
            tooltip=[
                alt.Tooltip("draft:N", title="Draft"),
                alt.Tooltip("side:N", title="Side"),
                alt.Tooltip("p:Q", title="Stated position, mean", format=".2f"),
            ],
        )
    )  # fmt: skip
    half = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED, strokeDash=[3, 3]).encode(x=alt.XDatum(HALF))
    return alt.layer(half, marks)


def _chances(mirage: Mirage, keys: Mapping[str, str]) -> theme.TopLevel:
    y = theme.rows_axis(keys)
    x = alt.X("p:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    spans = [
        {"key": one.draft, "low": round(min(one.believed, one.enforceable), 5),
         "high": round(max(one.believed, one.enforceable), 5), "text": _gap(one)}
        for one in mirage.drafts
    ]  # fmt: skip
    ends = [
        {"key": one.draft, "draft": one.title, "end": end, "p": round(p, 5), "text": fine_percent(p)}
        for one in mirage.drafts
        for end, p in zip(ENDS, (one.believed, one.enforceable), strict=True)
    ]
    base = alt.Chart(theme.inline(spans)).encode(y=y)
    between = base.mark_rule(color=theme.PALE, strokeWidth=5).encode(x=alt.X("low:Q", title=None), x2=alt.X2("high:Q"))
    texts = base.mark_text(align="left", dx=12, fontSize=11).encode(x=theme.at_x(CHANCES), text=alt.Text("text:N"))
    legend = alt.Legend(title=None, orient="bottom", columns=1, labelLimit=340)
    marks = (
        alt.Chart(theme.inline(ends))
        .mark_point(size=100, filled=True, opacity=1)
        .encode(
            y=y,
            x=x,
            color=alt.Color("end:N", scale=theme.palette(ENDS, [theme.SKY, theme.INK]), legend=legend),
            shape=alt.Shape("end:N", scale=alt.Scale(domain=list(ENDS), range=["circle", "diamond"]), legend=legend),
            tooltip=[
                alt.Tooltip("draft:N", title="Draft"),
                alt.Tooltip("end:N", title="Outcome"),
                alt.Tooltip("text:N", title="Probability"),
            ],
        )
    )
    return alt.layer(between, marks, texts)


def _gap(one: DraftOverlap) -> str:
    return f"{fine_percent(one.believed)} → {fine_percent(one.enforceable)}"
