"""Figures of what each friction does: a waterfall of Shapley values, and the same in log-odds."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from servanda.diagnosis.answers import FrictionLattice, FrictionShare
from servanda.diagnosis.shapley import log_odds
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.measures import Measure
from servanda.report.words import capital, listed, signed

ON, OFF = "on", "off"
ALL_ON, ALL_OFF = "All frictions on", "All frictions off"
KINDS = ("removed first, alone", "Shapley value: mean over all orders", "removed last, after all others")
SHAPES = ("circle", "diamond", "square")
ROLES = {"raises": theme.BLUE, "lowers": theme.VERMILLION, "level": theme.INK}
# An order misleads where it shows less than this part of the Shapley value, or the other sign.
MISLEADING = 0.25


def ranked(lattice: FrictionLattice) -> list[FrictionShare]:
    """The frictions that touch the game, by the size of their Shapley value, whatever its sign."""
    return sorted((s for s in lattice.shares if s.friction not in lattice.unused), key=lambda s: -abs(s.shapley))


def misled(lattice: FrictionLattice) -> FrictionShare | None:
    """The friction about which removing it alone says least of what it does among the others, None if all agree."""
    largest = max((abs(share.shapley) for share in lattice.shares), default=0.0)
    wrong = [
        share
        for share in lattice.shares
        if abs(share.shapley) >= 0.1 * largest > 0.0
        and (share.alone * share.shapley < 0.0 or abs(share.alone) < MISLEADING * abs(share.shapley))
    ]
    return max(wrong, key=lambda share: abs(share.shapley - share.alone), default=None)


def asked(lattice: FrictionLattice) -> str:
    """The draft and the outcome of it that is followed."""
    return f"“{lattice.title}”: {lattice.outcome}" if lattice.title else lattice.outcome


def _titles(shares: Sequence[FrictionShare]) -> dict[str, str]:
    return {ON: ALL_ON} | {f"f{k:02}": share.title for k, share in enumerate(shares)} | {OFF: ALL_OFF}


def _steps(begin: float, end: float, parts: Sequence[float], texts: Sequence[str], ends: tuple[str, str],
           titles: dict[str, str], base: float) -> list[theme.Row]:  # fmt: skip
    """Rows of a waterfall from `begin` to `end`; the first and last bar start at `base`."""
    rows: list[theme.Row] = []

    def add(key: str, low: float, high: float, role: str, text: str) -> None:
        rows.append(
            {"key": key, "from": float(f"{low:.6g}"), "to": float(f"{high:.6g}"),
             "edge": float(f"{max(low, high):.6g}"), "role": role, "text": text, "title": titles[key]}
        )  # fmt: skip

    add(ON, base, begin, "level", ends[0])
    level = begin
    for k, (part, text) in enumerate(zip(parts, texts, strict=True)):
        add(f"f{k:02}", level, level + part, "raises" if part >= 0.0 else "lowers", text)
        level += part
    add(OFF, base, end, "level", ends[1])
    return rows


def _waterfall(rows: Sequence[theme.Row], titles: dict[str, str], axis: alt.Axis, width: int, room: float,
               errors: Sequence[theme.Row] = ()) -> theme.TopLevel:  # fmt: skip
    low = min(min(row["from"], row["to"]) for row in rows)
    high = max(max(row["edge"], *(e["high"] for e in errors)) if errors else row["edge"] for row in rows)
    reach = max(high - low, 1e-12)
    scale = alt.Scale(domain=[low - (0.02 * reach if low < 0.0 else 0.0), high + room * reach], nice=False, zero=False)
    base = alt.Chart().encode(
        y=theme.names_axis(titles, limit=290),
        tooltip=[alt.Tooltip("title:N", title="Friction"), alt.Tooltip("text:N", title="Change")],
    )
    bars = base.mark_bar(height=13).encode(
        x=alt.X("from:Q", title=None, scale=scale, axis=axis),
        x2=alt.X2("to:Q"),
        color=alt.Color("role:N", legend=None, scale=theme.palette(list(ROLES), list(ROLES.values()))),
    )
    texts = base.mark_text(align="left", dx=5, fontSize=11).encode(
        x=alt.X("edge:Q", scale=scale), text=alt.Text("text:N")
    )
    layers = [bars, texts]
    if errors:
        layers.insert(
            1,
            alt.Chart(theme.inline(errors))
            .mark_rule(color=theme.MUTED, strokeWidth=1.4)
            .encode(y=theme.names_axis(titles, limit=290), x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q")),
        )
    return alt.layer(*layers, data=theme.inline(rows)).properties(width=width, height=31 * len(titles))


def shares_figure(lattice: FrictionLattice) -> Figure:
    """A waterfall from all frictions on to all off by Shapley value, and beside it what other orders would show."""
    measure = Measure(lattice.unit)
    shares = ranked(lattice)
    titles = _titles(shares)
    decimals = measure.decimals([*(s.shapley for s in shares), *(s.alone for s in shares), *(s.last for s in shares)])
    texts = [measure.change(s.shapley, decimals) + (_error(s, measure, decimals)) for s in shares]
    rows = _steps(
        lattice.none_off, lattice.all_off, [s.shapley for s in shares], texts,
        (measure.level(lattice.none_off), measure.level(lattice.all_off)), titles, 0.0,
    )  # fmt: skip
    errors = [
        {"key": row["key"], "low": row["to"] - share.error, "high": row["to"] + share.error}
        for row, share in zip(rows[1:-1], shares, strict=True)
        if share.error > 0.0
    ]
    span = max(row["edge"] for row in rows)
    axis = alt.Axis(tickCount=5)
    if measure.probability:
        # Partial sums may pass certainty, the scale may not.
        axis = alt.Axis(format=theme.percent_format(span), values=theme.steps(min(1.0, 1.2 * span)))
    chart = alt.hconcat(
        _waterfall(rows, titles, axis, 290, 0.34 if errors else 0.24, errors).properties(
            title=alt.TitleParams(text="From all on to all off", subtitle=f"{lattice.outcome}, by Shapley value")
        ),
        _orders(shares, titles, measure),
        spacing=22,
    ).resolve_scale(color="independent", shape="independent", y="shared")
    caption = (
        f"Each bar is a friction's Shapley value: what its removal adds to the outcome ({asked(lattice)}), the mean "
        f"over all orders of removal, so that the bars add up, in {measure.steps}. Orange-red bars lower it. On the "
        "right, what the same removal does first, with every other friction still there, and last, with none left."
    )
    odd = misled(lattice)
    if odd is not None:
        caption += (
            f" Judged one at a time, “{odd.title}” is misread most: {measure.change(odd.alone, decimals)} alone, "
            f"{measure.change(odd.shapley, decimals)} as its share."
        )
    if not lattice.exact:
        caption += f" Estimated from {lattice.permutations:,} orders; thin lines are one standard error either way."
    if unsettled := sum(not settled for settled in lattice.settled):
        caption += f" In {unsettled:,} of {len(lattice.settled):,} subsets the far future did not settle."
    description = f"Shapley values of frictions for {asked(lattice)}. "
    description += f"{measure.level(lattice.none_off)} with all on, {measure.level(lattice.all_off)} with all off; "
    description += "; ".join(f"{s.title} {measure.change(s.shapley, decimals)}" for s in shares) + "."
    configured = theme.configured(chart, description)
    return Figure("What each friction does", caption, description, configured, _table(lattice, measure, decimals))


def _error(share: FrictionShare, measure: Measure, decimals: int) -> str:
    return f" ± {measure.scaled(share.error):.{decimals}f}" if share.error > 0.0 else ""


def _orders(shares: Sequence[FrictionShare], titles: dict[str, str], measure: Measure) -> theme.TopLevel:
    rows = [
        {"key": f"f{k:02}", "title": s.title, "kind": kind, "v": float(f"{measure.scaled(value):.5g}")}
        for k, s in enumerate(shares)
        for kind, value in zip(KINDS, (s.alone, s.shapley, s.last), strict=True)
    ]
    spans = [
        {"key": f"f{k:02}", "low": measure.scaled(min(s.alone, s.shapley, s.last)),
         "high": measure.scaled(max(s.alone, s.shapley, s.last))}
        for k, s in enumerate(shares)
    ]  # fmt: skip
    y = theme.rows_axis(titles, grid=True)
    x = alt.X("v:Q", title=measure.steps, axis=alt.Axis(tickCount=5))
    # Many frictions do the same in every order: larger open marks keep what lies beneath in sight.
    colours = [theme.ORANGE, theme.BLUE, theme.INK]
    legend = alt.Legend(title=None, orient="bottom", columns=1, labelLimit=300)
    marks = (
        alt.Chart(theme.inline(rows))
        .mark_point(size=62, strokeWidth=2, opacity=1)
        .encode(
            y=y,
            x=x,
            color=alt.Color("kind:N", scale=theme.palette(KINDS, colours), legend=legend),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=list(KINDS), range=list(SHAPES)), legend=legend),
            tooltip=[
                alt.Tooltip("title:N", title="Friction"),
                alt.Tooltip("kind:N", title="Order"),
                alt.Tooltip("v:Q", title=capital(measure.steps), format="+.2f"),
            ],
        )
    )
    between = (
        alt.Chart(theme.inline(spans))
        .mark_rule(color=theme.GREY, strokeWidth=1.2)
        .encode(y=y, x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    )
    zero = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED).encode(x=alt.XDatum(0))
    return alt.layer(zero, between, marks).properties(
        width=215,
        height=31 * len(titles),
        title=alt.TitleParams(text="The same removal in other orders", subtitle=f"change in {measure.steps}"),
    )


def _table(lattice: FrictionLattice, measure: Measure, decimals: int) -> Table:
    sampled = not lattice.exact
    odds = measure.probability
    rows = []
    for share in ranked(lattice):
        row = [share.title, measure.change(share.shapley, decimals)]
        if sampled:
            row.append(f"{measure.scaled(share.error):.{decimals}f}")
        row += [measure.change(share.alone, decimals), measure.change(share.last, decimals)]
        if odds:
            row.append(signed(share.log_odds, 2))
        rows.append(tuple(row))
    columns = ["Friction", "Shapley value"]
    columns += ["Standard error"] if sampled else []
    columns += ["Removed first, alone", "Removed last"] + (["Shapley value, log-odds"] if odds else [])
    return Table(
        f"What removing each friction adds, in {measure.steps}: {measure.level(lattice.none_off)} with all on, "
        f"{measure.level(lattice.all_off)} with all off",
        tuple(columns),
        tuple(rows),
    )


def log_odds_figure(lattice: FrictionLattice) -> Figure:
    """The waterfall in log-odds, where steps at the bottom of the scale count as much as those in its middle."""
    shares = sorted(ranked(lattice), key=lambda share: -abs(share.log_odds))
    titles = _titles(shares)
    begin, end = (log_odds(p) for p in (lattice.none_off, lattice.all_off))
    parts = [share.log_odds for share in shares]
    level, levels = begin, [begin, end]
    for part in parts:
        level += part
        levels.append(level)
    reach = max(levels) - min(levels) or 1.0
    measure = Measure(lattice.unit)
    ends = tuple(f"{signed(x)} ({measure.level(p)})" for x, p in ((begin, lattice.none_off), (end, lattice.all_off)))
    # The ends are levels on a scale without a foot: thin marks, not bars from somewhere.
    rows = _steps(begin, end, parts, [signed(x, 2) for x in parts], (ends[0], ends[1]), titles, begin)
    rows[0]["from"] = begin - reach / 150
    rows[-1]["from"] = end - reach / 150
    steps = _waterfall(rows, titles, alt.Axis(title="log-odds", tickCount=8), 520, 0.2)
    even = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED, strokeDash=[3, 3]).encode(x=alt.XDatum(0))
    crosses = min(levels) < 0.0 < max(levels)
    chart = alt.layer(even, steps) if crosses else steps
    lead = [share.title for share in shares[:3] if share.log_odds > 0.0]
    caption = (
        "Log-odds do not flatten at the ends of the scale: they show which frictions work even where the probability "
        "stays close to nothing. The steps are Shapley values and add up"
    )
    caption += "; the broken line is an even chance." if crosses else "."
    description = (
        f"Shapley values of frictions for the log-odds of {asked(lattice)}, from {signed(begin)} with all on to "
        f"{signed(end)} with all off; most of all {listed(lead) or 'none'}."
    )
    table = Table(
        "What removing each friction adds to the log-odds",
        ("Friction", "Shapley value, log-odds"),
        tuple((share.title, signed(share.log_odds, 2)) for share in shares),
    )
    return Figure("The same in log-odds", caption, description, theme.configured(chart, description), table)
