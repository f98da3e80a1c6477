"""The figure of verification access: who keeps a draft, and who would sign it, by how deep inspectors may look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

import altair as alt

from servanda.diagnosis.answers import Access
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import fine_percent, number, percent, years

MOST_PANELS = 8


def access_figure(found: Sequence[Access], sides: Mapping[str, str]) -> Figure:
    """Lines of signing, keeping and each party's own keeping by depth, one panel a draft; shaded where all keep.

    Parameters
    ----------
    sides
        Titles of the parties by name.
    """
    names = list(dict.fromkeys(sides.get(side, side) for access in found for side in access.sides))
    drawn = found[:MOST_PANELS]
    lines = ["signed", "kept", *(f"not ended by {name}" for name in names)]
    panels = [_panel(access, [sides.get(side, side) for side in access.sides], lines) for access in drawn]
    chart = alt.concat(*panels, columns=2, spacing=26).resolve_scale(color="shared", strokeDash="shared")
    description = f"Keeping and signing by {found[0].lever}. " + "; ".join(
        f"{access.title}: {where(access)}" for access in found
    ) + "."  # fmt: skip
    caption = (
        f"Shaded: the depths at which every party itself keeps the draft with {percent(found[0].threshold)} or more. "
        "More access finds more and exposes more; willingness to sign is the line of those signed. The upright line is "
        "the depth the case supposes."
    )
    if len(drawn) < len(found):
        caption += f" The first {len(drawn)} of {len(found)} drafts; the table has all."
    table = Table(
        "Gates and mean life by depth of access",
        ("Draft", "Depth", "Sign", "Ratify", "Keep", "All three", *(f"Not ended by {name}" for name in names),
         "Mean life"),
        tuple(
            (
                access.title, f"{number(at.depth)} {access.unit}".strip(),
                *(fine_percent(p) for p in (at.sign, at.ratify, at.keep, at.holds)),
                *_by_side(access, at.kept_by, names, sides), years(at.life),
            )
            for access in found
            for at in access.points
        ),
    )  # fmt: skip
    title = "How deep inspectors may look"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def where(access: Access) -> str:
    """The depths at which both parties keep, and at which all gates pass, in words."""
    unit = f" {access.unit}" if access.unit else ""

    def span(ends: tuple[float, float]) -> str:
        return f"from {number(ends[0])} to {number(ends[1])}{unit}"

    kept = (
        f"every party keeps it at depths {span(access.both)}" if access.both else "no depth makes every party keep it"
    )
    if access.passes:
        return f"{kept}; it passes all gates {span(access.passes)}"
    return f"{kept}; it passes all gates nowhere"


def _by_side(access: Access, kept: Sequence[float], names: Sequence[str], sides: Mapping[str, str]) -> list[str]:
    own = {sides.get(side, side): p for side, p in zip(access.sides, kept, strict=True)}
    return [fine_percent(own[name]) if name in own else "–" for name in names]


def _panel(access: Access, names: Sequence[str], lines: Sequence[str]) -> theme.TopLevel:
    rows = [
        {"depth": float(f"{at.depth:.5g}"), "line": line, "p": round(p, 5)}
        for at in access.points
        for line, p in (
            ("signed", at.sign),
            ("kept", at.keep),
            *((f"not ended by {name}", p) for name, p in zip(names, at.kept_by, strict=True)),
        )
    ]
    unit = f", {access.unit}" if access.unit else ""
    depths = [at.depth for at in access.points]
    x = alt.X(
        "depth:Q",
        title=wrap(f"{access.lever}{unit}", 52),
        scale=alt.Scale(domain=[min(depths), max(depths)], nice=False),
    )
    legend = theme.below(2, lines=True)
    legend.labelLimit = 330
    layers: list[alt.Chart] = []
    if access.both is not None:
        shade = theme.inline([{"depth": access.both[0], "end": access.both[1]}])
        layers.append(alt.Chart(shade).mark_rect(color=theme.TONES[0]).encode(x=x, x2=alt.X2("end:Q")))
    layers += [
        alt.Chart(theme.inline([{}]))
        .mark_rule(color=theme.INK, strokeWidth=1.1, strokeDash=[2, 2])
        .encode(y=alt.YDatum(access.threshold)),
        alt.Chart(theme.inline([{"depth": access.central}]))
        .mark_rule(color=theme.MUTED, strokeWidth=1.4)
        .encode(x=x, tooltip=[alt.Tooltip("depth:Q", title="Depth the case supposes")]),
        alt.Chart(theme.inline(rows))
        .mark_line(strokeWidth=2.3)
        .encode(
            x=x,
            y=theme.percent_axis("p", None),
            color=alt.Color("line:N", scale=theme.palette(lines), legend=legend),
            strokeDash=alt.StrokeDash("line:N", scale=theme.dashes(lines), legend=legend),
            tooltip=[
                alt.Tooltip("line:N", title="Outcome"),
                alt.Tooltip("depth:Q", title="Depth"),
                alt.Tooltip("p:Q", title="Probability", format=".1%"),
            ],
        ),
    ]
    subtitle = "every party keeps it in the shaded range" if access.both else "every party keeps it nowhere"
    return alt.layer(*layers).properties(
        width=theme.PANEL_WIDTH - 36, height=170, title=alt.TitleParams(text=access.title, subtitle=subtitle)
    )
