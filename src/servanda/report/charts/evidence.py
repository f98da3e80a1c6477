"""Figures of what the evidence did: which pieces moved an answer, which surprised, and what they say of parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap

import altair as alt

from servanda.outlook.answers import EvidenceFinding
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.outlook_paths import over_plot
from servanda.report.charts.plain import distinct
from servanda.report.words import counted, full_date, number, percent, signed
from servanda.uncertainty.answers import Band, Posterior

MOST_PIECES = 20
MOST_PARAMETERS = 12
CHOOSER = "choose-shifts"
BEFORE, AFTER = "before the evidence", "after it"


def wording(piece: EvidenceFinding) -> str:
    """What was observed, without the date where the wording begins with it."""
    return piece.what.removeprefix(f"{piece.date.isoformat()}: ")


def labels(evidence: Sequence[EvidenceFinding]) -> dict[str, str]:
    """Date and wording of each piece, no two alike."""
    return distinct([(e.key, f"{full_date(e.date)}: {wording(e)}") for e in evidence])


def choice_name(name: str) -> str:
    """A choice as a reader writes it.

    >>> choice_name("for_show")
    'for show'
    """
    return name.replace("_", " ")


def shifts(evidence: Sequence[EvidenceFinding], questions: Mapping[str, str]) -> Figure | None:
    """Bars of how far each piece moved the answer to a question that the reader chooses; None if none was examined."""
    told = [(e, {name: (full, without) for name, full, without in e.shifts}) for e in evidence]
    moved = {
        name: sum(abs(full - without) for _, by in told for full, without in [by.get(name, (0.0, 0.0))])
        for name in questions
        if any(name in by for _, by in told)
    }
    if not moved:
        return None
    first = max(moved, key=lambda name: moved[name])
    shown = sorted((one for one in told if one[1]), key=lambda one: -abs(one[0].largest))[:MOST_PIECES]
    titles, every = labels([e for e, _ in shown]), labels(evidence)
    rows = [
        {
            "q": name, "key": e.key, "piece": titles[e.key], "shift": round(100 * (full - without), 4),
            "size": round(abs(100 * (full - without)), 4), "text": signed(100 * (full - without)),
            "edge": round(max(0.0, 100 * (full - without)), 4),
            "told": f"{percent(without)} without it, {percent(full)} with it",
            "sign": "up" if full >= without else "down",
        }
        for e, by in shown
        for name, (full, without) in by.items()
        if name in questions
    ]  # fmt: skip
    select = alt.binding_select(
        options=list(moved), labels=[questions[name] for name in moved], name="Question ", element=f"#{CHOOSER}"
    )
    chosen = alt.param(name="chosen", value=first, bind=select)
    y = theme.names_axis(titles, width=48, limit=340)
    y["scale"] = alt.Undefined
    y["sort"] = alt.EncodingSortField(field="size", op="max", order="descending")
    base = (
        alt.Chart(theme.inline(rows))
        .transform_filter("datum.q === chosen")
        .encode(
            y=y,
            tooltip=[alt.Tooltip("piece:N", title="Evidence"), alt.Tooltip("told:N", title="Answer")],
        )
    )
    bars = base.mark_bar(height=13).encode(
        x=alt.X("shift:Q", title="percentage points", axis=alt.Axis(tickCount=6)),
        color=alt.Color(
            "sign:N", legend=None, scale=theme.palette(["up", "down"], [theme.BLUE, theme.VERMILLION])
        ),
    )  # fmt: skip
    texts = base.mark_text(align="left", dx=5).encode(x=alt.X("edge:Q"), text=alt.Text("text:N"))
    zero = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED).encode(x=alt.XDatum(0))
    chart = alt.layer(bars, zero, texts).add_params(chosen).properties(
        width=430, height=max(60, 34 * len(shown))
    )  # fmt: skip
    lead = max(shown, key=lambda one: abs(_shift(one[1], first)))
    description = (
        f"How far each piece of evidence moved the answer to “{questions[first]}”. Most: {titles[lead[0].key]}, "
        f"{signed(100 * _shift(lead[1], first))} percentage points."
    )
    ordered = list(moved)
    table = Table(
        "Shift of each answer by each piece of evidence, in points: with everything minus without this piece",
        ("Evidence", "Grade", *(questions[name] for name in ordered)),
        tuple(
            (every[e.key], e.grade, *(signed(100 * _shift(by, name)) if name in by else "–" for name in ordered))
            for e, by in told
            if by
        ),
        (False, False, *(True for _ in ordered)),
    )
    caption = (
        "Answer with all evidence minus the answer without this one piece, the largest first. Pieces that say the same "
        "each count little: leaving one out changes nothing as long as the other stays."
    )
    if len(told) > len(shown):
        caption += f" The {len(shown)} of {len(told)} pieces that moved any answer most; the others are in the table."
    return Figure("Which pieces moved the answer", caption, description, theme.configured(chart, description), table)


def _shift(by: Mapping[str, tuple[float, float]], name: str) -> float:
    full, without = by.get(name, (0.0, 0.0))
    return full - without


def bits(surprise: float) -> str:
    """A surprise in bits.

    >>> bits(3.04), bits(float("inf"))
    ('3.0', '∞')
    """
    return f"{surprise:.1f}" if math.isfinite(surprise) else "∞"


def surprises(evidence: Sequence[EvidenceFinding]) -> Figure:
    """Bars of the surprise of each piece in bits, in the order of their dates."""
    shown = sorted(evidence, key=lambda e: e.date)
    titles = labels(shown)
    longest = max((e.surprise for e in shown if math.isfinite(e.surprise)), default=1.0)
    rows = [
        {
            "key": e.key, "piece": titles[e.key],
            "bits": round(e.surprise, 4) if math.isfinite(e.surprise) else round(longest + 1.0, 4),
            "text": bits(e.surprise) if math.isfinite(e.surprise) else "∞: impossible in every draw", "grade": e.grade,
        }
        for e in shown
    ]  # fmt: skip
    base = alt.Chart(theme.inline(rows)).encode(
        y=theme.names_axis(titles, width=48, limit=340),
        x=alt.X("bits:Q", title="bits of surprise", axis=alt.Axis(tickCount=6), scale=alt.Scale(domainMin=0)),
        tooltip=[
            alt.Tooltip("piece:N", title="Evidence"),
            alt.Tooltip("text:N", title="Bits"),
            alt.Tooltip("grade:N", title="Grade"),
        ],
    )
    bars = base.mark_bar(height=13, color=theme.BLUE)
    texts = base.mark_text(align="left", dx=5).encode(text=alt.Text("text:N"))
    chart = alt.layer(bars, texts).properties(width=430, height=max(60, 34 * len(rows)))
    most = max(shown, key=lambda e: e.surprise)
    description = (
        f"Surprise of {counted(len(shown), 'piece')} of evidence, in order of date. Most surprising: "
        f"{titles[most.key]}, {bits(most.surprise)} bits."
    )
    table = Table(
        "Surprise of each piece of evidence",
        ("Evidence", "Grade", "Sources", "Bits", "Largest shift of any answer, in points"),
        tuple(
            (titles[e.key], e.grade, ", ".join(e.sources) or "–", bits(e.surprise), f"{100 * abs(e.largest):.1f}")
            for e in shown
        ),
        (False, False, False, True, True),
    )
    caption = (
        "How improbable each observation was, given all the others: 1 bit is the toss of a coin, 3 bits three heads in "
        "a row. A surprising piece means that the model was wrong, that it has learned something, or that the "
        "report is doubtful."
    )
    return Figure("What surprised", caption, description, theme.configured(chart, description), table)


def choices(posteriors: Sequence[Posterior]) -> Figure | None:
    """Bars of the choices of categorical parameters, before and after; None if there is no such parameter."""
    found = [p for p in posteriors if p.choices]
    if not found:
        return None
    colour = theme.palette([BEFORE, AFTER], [theme.PALE, theme.BLUE])
    panels = []
    for p in found:
        titles = {f"c{k}": choice_name(name) for k, (name, _, _) in enumerate(p.choices)}
        rows = [
            {
                "key": f"c{k}", "name": choice_name(name), "when": when, "p": round(share, 5),
                "text": f"{percent(before)} → {percent(after)}" if when == AFTER else "",
            }
            for k, (name, before, after) in enumerate(p.choices)
            for when, share in ((BEFORE, before), (AFTER, after))
        ]  # fmt: skip
        base = alt.Chart(theme.inline(rows)).encode(
            y=theme.names_axis(titles, width=26, limit=170),
            x=alt.X("p:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=3)),
            tooltip=[
                alt.Tooltip("name:N", title=p.title),
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip("p:Q", title="Probability", format=".1%"),
            ],
        )
        color = alt.Color("when:N", scale=colour, legend=alt.Legend(title=None))
        before = base.transform_filter(f"datum.when === '{BEFORE}'").mark_bar(height=9, yOffset=-6)
        after = base.transform_filter(f"datum.when === '{AFTER}'").mark_bar(height=9, yOffset=5)
        text = base.mark_text(align="left", dx=0).encode(x=theme.at_x(180), text=alt.Text("text:N"))
        panels.append(
            alt.layer(
                before.encode(color=color), after.encode(color=color), text, title=over_plot(wrap(p.title, 44))
            ).properties(width=170, height=max(40, 38 * len(titles)))
        )
    chart = alt.concat(*panels, columns=2, spacing=30)
    description = "Choices before and after the evidence. " + "; ".join(
        f"{p.title}: {choice_name(name)} {percent(before)}, then {percent(after)}"
        for p in found
        for name, before, after in p.choices
    )
    table = Table(
        "Probability of each choice before and after the evidence",
        ("Parameter", "Choice", "Before", "After", "Odds multiplied by"),
        tuple(
            (p.title, choice_name(name), percent(before), percent(after), _odds_ratio(before, after))
            for p in found
            for name, before, after in p.choices
        ),
        (False, False, True, True, True),
    )
    caption = (
        "Which of several worlds one is in, before and after the evidence: what the parties do says what they are. The "
        "prior is a judgement of the case; the evidence multiplies its odds."
    )
    return Figure("In earnest or for show: what the evidence says of the parties", caption, description,
                  theme.configured(chart, description), table)  # fmt: skip


def _odds_ratio(before: float, after: float) -> str:
    if not (0.0 < before < 1.0 and 0.0 < after < 1.0):
        return "–"
    return number(float(f"{after / (1 - after) / (before / (1 - before)):.2g}"))


def moved(posteriors: Sequence[Posterior]) -> Figure | None:
    """Bands of the parameters that the evidence moved most, before and after, in widths of the band before."""
    found = [p for p in posteriors if not p.choices and p.before.high > p.before.low]
    if not found:
        return None
    shown = sorted(found, key=lambda p: -abs(_move(p)))[:MOST_PARAMETERS]
    titles = {p.parameter: p.title for p in shown}
    rows = []
    for p in shown:
        width = p.before.high - p.before.low
        place = {
            field: round((value - p.before.mean) / width, 4)
            for field, value in (("b0", p.before.low), ("b1", p.before.high), ("a0", p.after.low), ("a1", p.after.high),
                                 ("m0", p.before.mean), ("m1", p.after.mean))
        }  # fmt: skip
        text = f"{_number(p.before.mean)} → {_number(p.after.mean)} {p.unit}".strip()
        told = {"was": _written(p.before), "is": _written(p.after), "text": text}
        rows.append({"key": p.parameter, "title": p.title, **told, **place})
    base = alt.Chart(theme.inline(rows)).encode(
        y=theme.names_axis(titles),
        tooltip=[
            alt.Tooltip("title:N", title="Parameter"),
            alt.Tooltip("was:N", title="Before"),
            alt.Tooltip("is:N", title="After"),
        ],
    )
    axis = alt.Axis(tickCount=5, format="+.2~f")
    x = alt.X("b0:Q", title="widths of the band before, from the mean before", axis=axis)
    before = base.mark_bar(height=14, color=theme.PALE).encode(x=x, x2=alt.X2("b1:Q"))
    after = base.mark_rule(color=theme.INK, strokeWidth=1.6).encode(x=alt.X("a0:Q"), x2=alt.X2("a1:Q"))
    dot = base.mark_point(size=70, filled=True, opacity=1, color=theme.BLUE).encode(x=alt.X("m1:Q"))
    tick = base.mark_tick(color=theme.MUTED, thickness=1.5, size=14).encode(x=alt.X("m0:Q"))
    text = base.mark_text(align="left").encode(x=theme.at_x(390), text=alt.Text("text:N"))
    chart = alt.layer(before, tick, after, dot, text).properties(width=380, height=max(50, 36 * len(rows)))
    lead = shown[0]
    description = (
        f"Parameters that the evidence moved most. First: {lead.title}, {_written(lead.before)} before, "
        f"{_written(lead.after)} after."
    )
    table = Table(
        "Parameters before and after the evidence, the most moved first: mean and band of eight draws in ten",
        ("Parameter", "Unit", "Before", "After", "Move, in widths of the band before"),
        tuple(
            (p.title, p.unit or "–", _written(p.before), _written(p.after), signed(_move(p), 2))
            for p in sorted(found, key=lambda p: -abs(_move(p)))
        ),
        (False, False, True, True, True),
    )
    caption = (
        "Pale bar: the band before the evidence, with a tick at its mean. Dot and line: mean and band after it. Each "
        "row is drawn in widths of its own band, so that units do not matter."
    )
    return Figure("The parameters that moved most", caption, description, theme.configured(chart, description), table)


def _move(p: Posterior) -> float:
    width = p.before.high - p.before.low
    return (p.after.mean - p.before.mean) / width if width > 0.0 else 0.0


def _number(value: float) -> str:
    return number(float(f"{value:.3g}")) if math.isfinite(value) else "–"


def _written(band: Band) -> str:
    return f"{_number(band.mean)} ({_number(band.low)} to {_number(band.high)})"
