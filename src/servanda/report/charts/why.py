"""Figures that split a margin into named payoff terms."""

from __future__ import annotations

from textwrap import wrap

import altair as alt

from servanda.diagnosis.findings import DraftVerdict, Why
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import GATE_TITLES, capital, month, signed

MOST_TERMS = 9
TOTAL = "margin"
REST = "other terms"
NOTHING = 5e-4


def largest_first(why: Why, most: int = MOST_TERMS) -> list[tuple[str, float]]:
    """The terms that count, the largest first, then the sum of all others, if it is anything.

    A term counts if it is among the `most` largest and at least a fiftieth of the largest.
    """
    ranked = sorted(((r.term, r.points) for r in why.reasons), key=lambda pair: -abs(pair[1]))
    least = max(abs(ranked[0][1]) / 50, NOTHING) if ranked else NOTHING
    shown = [pair for pair in ranked[: most - 1] if abs(pair[1]) >= least]
    rest = sum(value for _, value in ranked[len(shown) :])
    return [*shown, (REST, rest)] if abs(rest) >= NOTHING else shown


def digits(why: Why) -> int:
    """Decimals that tell the parts of a margin apart: more where all are below one point."""
    return 1 if max((abs(r.points) for r in why.reasons), default=1.0) >= 1.0 else 2


def heading(why: Why) -> str:
    """Gate, actor and moves of a margin."""
    return f"{GATE_TITLES[why.gate]}: {capital(why.actor_title)}"


def _bar(term: str, start: float, end: float, role: str, places: int) -> theme.Row:
    return {
        "term": term,
        "from": round(start, 4),
        "to": round(end, 4),
        "edge": round(max(start, end), 4),
        "text": signed(end - start, places),
        "role": role,
    }


def _waterfall(why: Why) -> theme.TopLevel:
    rows: list[theme.Row] = []
    level = 0.0
    for term, value in largest_first(why):
        rows.append(_bar(term, level, level + value, "for" if value >= 0 else "against", digits(why)))
        level += value
    rows.append(_bar(TOTAL, 0.0, why.margin, TOTAL, digits(why)))
    low = min(0.0, *(min(row["from"], row["to"]) for row in rows))
    high = max(0.0, *(row["edge"] for row in rows))
    reach = max(high - low, 1e-6)
    scale = alt.Scale(domain=[low - 0.02 * reach, high + 0.17 * reach], nice=False)
    order = [row["term"] for row in rows]
    base = alt.Chart().encode(
        y=alt.Y("term:N", title=None, sort=order, axis=alt.Axis(ticks=False, domain=False, labelLimit=165)),
        tooltip=[alt.Tooltip("term:N", title="Term"), alt.Tooltip("text:N", title="Points")],
    )
    bars = base.mark_bar(height=12).encode(
        x=alt.X("from:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4)),
        x2=alt.X2("to:Q"),
        color=alt.Color(
            "role:N",
            legend=None,
            scale=alt.Scale(domain=["for", "against", TOTAL], range=[theme.BLUE, theme.VERMILLION, theme.INK]),
        ),
    )
    texts = base.mark_text(align="left", dx=4, fontSize=11).encode(
        x=alt.X("edge:Q", scale=scale), text=alt.Text("text:N")
    )
    zero = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED, strokeWidth=1).encode(x=alt.XDatum(0))
    subtitle = f"{why.move} rather than {why.alternative}, {month(why.date)}"
    return alt.layer(bars, zero, texts, data=theme.inline(rows)).properties(
        width=theme.PANEL_WIDTH - 175,
        height=22 * len(rows),
        title=alt.TitleParams(text=heading(why), subtitle=wrap(subtitle, 62)),
    )


def why_figure(verdict: DraftVerdict) -> Figure:
    """Waterfalls of every margin of one draft: terms add up to the margin."""
    panels = [_waterfall(why) for why in verdict.why]
    chart = alt.concat(*panels, columns=2, spacing=26).resolve_scale(color="independent", y="independent")
    parts = []
    for why in verdict.why:
        ranked = largest_first(why)
        lead = f", most of all {ranked[0][0]} ({signed(ranked[0][1])})" if ranked else ""
        parts.append(f"{heading(why)}, {why.move} rather than {why.alternative}: {signed(why.margin)} points{lead}")
    description = f"Why, for {verdict.title}. {'; '.join(parts)}."
    terms = dict.fromkeys(reason.term for why in verdict.why for reason in why.reasons)
    columns = [{reason.term: reason.points for reason in why.reasons} for why in verdict.why]
    size = {term: max(abs(column.get(term, 0.0)) for column in columns) for term in terms}
    rows = [
        (term, *(signed(column[term], 2) if term in column else "–" for column in columns))
        for term in sorted(terms, key=lambda term: -size[term])
    ]
    rows.append(("margin (sum of the terms)", *(signed(why.margin, 2) for why in verdict.why)))
    table = Table(
        f"{verdict.title}: every margin split into payoff terms, in points of present value",
        ("Term", *(f"{heading(w)}: {w.move} rather than {w.alternative}, {month(w.date)}" for w in verdict.why)),
        tuple(rows),
    )
    caption = (
        "Blue terms speak for the move the gate needs, orange-red ones against it; together they make the margin. "
        "Points of present value, mean over the situations in which the actor decides."
    )
    return Figure(f"Why: {verdict.title}", caption, description, theme.configured(chart, description), table)
