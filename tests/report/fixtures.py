"""A whole Run made by hand, plausible but not computed: six drafts, 24 half-years from 2022-09-01."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

from servanda.case.resolved import Citation, Source
from servanda.diagnosis.findings import (
    CredibilityGap,
    DraftVerdict,
    Ending,
    FrictionEffect,
    Gate,
    Reason,
    Survival,
    Tightest,
    Why,
)
from servanda.equilibrium.outcome import Certificate, Selection, Spread, Status
from servanda.errors import Issue, Location
from servanda.forecast.projections import Answer, CalendarEvent, Forecast, IndicatorFan, OutcomePath, VariablePath
from servanda.forecast.vocabulary import words
from servanda.provenance import Provenance
from servanda.runs import GameSize, Run, Sharpness, Timing, Verdict
from tests.report.invented_case import ACTORS, DATES, DRAFTS, HOLDERS, PERIODS, TERMS, make_case

__all__ = ["PERIODS", "make_run", "with_hostile_titles"]


def _survival(draft: str, keep: float, shift: int) -> Survival:
    rate = -math.log(keep) / PERIODS
    alive = [1.0]
    for t in range(PERIODS):
        burst = 2.2 if t in (5, 13, 21) else 0.75
        alive.append(alive[-1] * math.exp(-rate * burst))
    shares = (
        ("exit", "us_opponent", "leave", "US administration, opponent leaves lawfully", 0.52),
        ("breach", "iran_principalist", "enrich", "Iranian president, principalist enriches beyond the cap", 0.2),
        ("linkage", "", "", "The region is at war", 0.13),
        ("breach", "us_opponent", "enforce", "US administration, opponent lets the waivers lapse", 0.11),
        ("chance", "", "", "Sabotage at a site", 0.04),
    )
    endings = []
    for kind, actor, option, label, share in shares:
        by_date = tuple(share * (1 - a) for a in alive[1:])
        title = ACTORS[actor][1] if actor else ""
        endings.append(Ending(kind, actor, title, option, label, by_date[-1], by_date, DATES[5 + shift % 3]))
    life = sum(alive) * 0.5
    kept = alive[-1] + sum(e.probability for e in endings if e.kind == "expiry")
    return Survival(tuple(alive), life, tuple(endings), kept)


def _credibility(scale: float) -> tuple[CredibilityGap, ...]:
    gaps = []
    for k, actor in enumerate(HOLDERS):
        side, title = ACTORS[actor]
        level = (-9.0, 7.5, -4.0, 2.0)[k] * scale
        gap = [
            None if actor == "us_opponent" and t < 5 else level + 4.0 * math.sin(t / 3 + k) - 0.1 * t
            for t in range(PERIODS)
        ]
        weight = tuple(0.0 if g is None else 0.5 * math.exp(-t / 14) for t, g in enumerate(gap))
        tempted = tuple(0.0 if g is None else 1 / (1 + math.exp(-g)) for g in gap)
        option = tuple("" if g is None else ("leave" if t % 3 else "enforce") for t, g in enumerate(gap))
        gaps.append(CredibilityGap(actor, title, side, tuple(gap), weight, tempted, option))
    return tuple(gaps)


def _why(scale: float) -> tuple[Why, ...]:
    rows = (
        ("sign", "iran_pragmatist", "accept", "refuse", (6.1, -2.4, 1.2, -3.3, 0.4, 2.0, 0.0)),
        ("keep", "us_opponent", "keep", "leave", (-3.1, -4.4, 0.9, -2.2, 1.4, 0.3, 2.8)),
        ("keep", "iran_principalist", "keep", "enrich", (2.1, 1.4, 3.9, -1.7, -2.0, 0.6, 0.0)),
    )
    result = []
    for gate, actor, move, other, parts in rows:
        reasons = tuple(Reason(t, p * scale) for t, p in zip(TERMS, parts, strict=True))
        margin = sum(r.points for r in reasons)
        result.append(
            Why(gate, actor, ACTORS[actor][1], DATES[5], move, other, margin, reasons, 3e-14)  # type: ignore[arg-type]
        )
    return tuple(result)


def _gates(draft: str, sign: float, ratify: float, keep: float) -> tuple[Gate, Gate, Gate]:
    def tightest(actor: str, move: str, other: str, margin: float, when: date) -> Tightest:
        odds = 1 / (1 + math.exp(-margin / 4))
        world = "white_house is us_opponent, programme is elevated, region is quiet"
        return Tightest(actor, ACTORS[actor][1], when, move, other, margin, odds, world, 0.31)

    signs = tightest("iran_pragmatist", "accept", "refuse", 4 * math.log(sign / (1 - sign)), DATES[2])
    senate = (
        tightest("congress", "approve", "reject", 4 * math.log(ratify / (1 - ratify)), DATES[3]) if ratify < 1 else None
    )
    keeps = tightest("us_opponent", "keep", "leave", -7.4, DATES[5])
    return (
        Gate("sign", sign, signs.margin, signs, "Signed within two years only if Iran's pragmatist gives way."),
        Gate(
            "ratify",
            ratify,
            senate.margin if senate else None,
            senate,
            "No ratifier has to approve." if senate is None else "Congress decides and is against.",
        ),
        Gate("keep", keep, keeps.margin, keeps, "Ends when the opponent takes the White House in Jan 2025."),
    )


def _drafts() -> tuple[DraftVerdict, ...]:
    verdicts = []
    for k, (name, (title, form, sign, ratify, keep)) in enumerate(DRAFTS.items()):
        verdicts.append(
            DraftVerdict(
                name,
                title,
                form,
                _gates(name, sign, ratify, keep),
                _survival(name, keep, k),
                _credibility(1 - 0.15 * k),
                _why(1 - 0.1 * k),
                sign * 0.4,
                sign * ratify * 0.4,
                sign * ratify * keep * 0.4,
                sign,
                sign * ratify * keep,
                f"{title}: {words(sign)} to be signed, and {words(keep)} to be kept.",
            )
        )
    return tuple(verdicts)


def _answers() -> tuple[Answer, ...]:
    rows = (
        ("deal_2025", "Is a deal in force on 20 January 2025?", "at", date(2025, 1, 20), 0.07, "no"),
        ("eu_text", "Is the EU text of August 2022 accepted by the end of 2022?", "by", date(2022, 12, 31), 0.12, "no"),
        ("restored", "Is the nuclear deal restored by the end of 2023?", "by", date(2023, 12, 31), 0.04, "no"),
        ("war_2027", "Is there war between the two sides before 2027?", "by", date(2026, 12, 31), 0.21, "yes"),
        ("weapon", "Has Iran a nuclear weapon before 2030?", "by", date(2029, 12, 31), 0.16, "unknown"),
        ("snapback", "Do UN sanctions snap back by 18 October 2025?", "by", date(2025, 10, 18), 0.51, "yes"),
        (
            "nullify",
            "Does Congress pass new sanctions that nullify relief by 2026?",
            "by",
            date(2026, 1, 1),
            0.0004,
            "no",
        ),
        (
            "exports",
            "Are shadow exports above 1,500 kb/d at the start of 2026?",
            "at",
            date(2026, 1, 1),
            0.83,
            "unknown",
        ),
    )
    return tuple(
        Answer(n, text, timing, day, p, max(0.0, p - 0.02), min(1.0, p + 0.03), words(p), known)  # type: ignore[arg-type]
        for n, text, timing, day, p, known in rows
    )


def _forecast() -> Forecast:
    deal = tuple(0.16 * math.exp(-((t - 5) ** 2) / 30) + 0.01 for t in range(PERIODS + 1))
    war = tuple(0.28 * (1 - math.exp(-t / 14)) for t in range(PERIODS + 1))
    none = tuple(1 - d - w for d, w in zip(deal, war, strict=True))
    ever = tuple(min(0.35, 0.02 * t) for t in range(PERIODS + 1))
    shares = (0.2, 0.1, 0.02, 0.03, 0.45, 0.2)
    by_draft = tuple((n, tuple(d * s for d in deal)) for n, s in zip(DRAFTS, shares, strict=True))
    fans = []
    for name, title, unit, low, mid, high in (
        ("exports", "Shadow oil exports", "kb/d", 600, 1100, 1700),
        ("breakout", "Breakout time", "months", 0.2, 0.6, 6),
        ("stockpile", "Enriched uranium stockpile", "kg", 300, 4200, 8900),
        ("incidents", "Gray-zone incidents", "a year", 2, 9, 21),
        ("relief", "Sanctions relief", "share", 0, 0.05, 0.8),
    ):
        grow = [1 + 0.02 * t for t in range(PERIODS + 1)]
        fans.append(
            IndicatorFan(
                name,
                title,
                unit,
                DATES,
                tuple(1.1 * mid * g for g in grow),
                tuple(low * g for g in grow),
                tuple(mid * g for g in grow),
                tuple(high * g for g in grow),
            )
        )
    paths = []
    for name, title, levels in (
        ("white_house", "White House", HOLDERS[:2]),
        ("presidency", "Presidency of Iran", HOLDERS[2:]),
        ("programme", "Enrichment programme", ("capped", "elevated", "threshold", "weapon")),
        ("sanctions", "Sanctions", ("enforced", "eroding", "waived", "nullified")),
        ("region", "Region", ("quiet", "incidents", "war")),
        ("know_how", "Know-how", ("basic", "advanced")),
    ):
        raw = [[1.0 + math.sin(t / 6 + k) * 0.8 for t in range(PERIODS + 1)] for k in range(len(levels))]
        total = [sum(r[t] for r in raw) for t in range(PERIODS + 1)]
        paths.append(
            VariablePath(
                name, title, levels, DATES, tuple(tuple(r[t] / total[t] for t in range(PERIODS + 1)) for r in raw)
            )
        )
    calendar = (
        CalendarEvent(date(2024, 7, 1), "Iranian election (early)"),
        CalendarEvent(date(2025, 1, 20), "US inauguration"),
        CalendarEvent(date(2025, 8, 1), "Iranian inauguration"),
        CalendarEvent(date(2025, 10, 18), "Termination Day"),
        CalendarEvent(date(2029, 1, 20), "US inauguration"),
        CalendarEvent(date(2029, 8, 1), "Iranian inauguration"),
        CalendarEvent(date(2033, 1, 20), "US inauguration"),
        CalendarEvent(date(2033, 8, 1), "Iranian inauguration"),
    )
    outcomes = OutcomePath(DATES, none, deal, war, by_draft, ever, war)
    return Forecast(outcomes, _answers(), tuple(fans), tuple(paths), calendar)


def make_run() -> Run:
    """The fake run every report test reads."""
    frictions = tuple(
        FrictionEffect(n, t, m, 0.021, off, 0.31, 0.31 + off, math.log(off / (1 - off)) - math.log(0.021 / 0.979))
        for n, t, m, off in (
            ("waiver", "Waiver volatility", "Relief ends with the office-holder who gave it.", 0.19),
            ("veto", "Domestic veto", "Successors judge the future by their own preferences.", 0.11),
            ("guarantee", "No guarantee", "Leaving a political commitment is cheap.", 0.094),
            ("snapback", "Snapback asymmetry", "Sanctions return, knowledge does not leave.", 0.052),
            ("linkage", "Regional linkage", "Quarrels elsewhere end the deal.", 0.034),
            ("show", "Performative talks", "Talking pays at home whatever comes of it.", 0.022),
            ("spoilers", "Spoilers", "Those outside the deal can wreck it.", 0.017),
            ("plan_b", "Plan B, Iran", "Trade elsewhere lowers the value of relief.", 0.0004),
        )
    )
    spreads = (
        Spread("a deal is in force at the horizon", 0.021, 0.0208, 0.0213, False),
        Spread("a deal is ever signed", 0.31, 0.30, 0.31, False),
        Spread("war by the horizon", 0.28, 0.26, 0.35, True),
    )
    branches = (
        "one period longer",
        "best settlement for US",
        "worst settlement for US",
        "best settlement for Iran",
        "worst settlement for Iran",
    )
    selection = Selection(0.02, branches, spreads, tuple((0.021, 0.31 - 0.002 * k, 0.26 + 0.02 * k) for k in range(5)))
    return Run(
        case=make_case(_answers()),
        verdict=Verdict(
            "No draft on the table can be kept: almost no chance (2 %) that any deal runs in September 2034.",
            0.021,
            words(0.021),
            (
                "The freeze is the likeliest to be signed (57 %) and the first to fall, in Jan 2025.",
                "The treaty would be kept best (46 %) but Congress does not approve it.",
                "Waiver volatility does most of the harm; no single friction's removal lets a deal hold.",
            ),
        ),
        drafts=_drafts(),
        forecast=_forecast(),
        frictions=frictions,
        status=Status.SOLVED,
        certificate=Certificate(
            3.1e-11,
            4.4e-13,
            0.42,
            "congress",
            "Congress, Mar 2024, treaty ratifying",
            310,
            9e-12,
            "change below 1e-11 of the value range",
        ),
        selection=selection,
        size=GameSize(21384, 61230, 154011, 402113, 812, 9, PERIODS, len(ACTORS)),
        sharpness=tuple(Sharpness(name, name.title(), 10.0, 0.2197, 21.9) for name in ("us", "iran")),
        timings=(Timing("read", 0.12), Timing("compile", 1.9), Timing("solve", 0.61), Timing("diagnose", 2.4)),
        peak_memory_mb=412.0,
        provenance=Provenance(
            "us-iran",
            "a3" * 32,
            (("tolerance", "1e-10"), ("window_years", "2")),
            (("servanda", "0.1.0"), ("python", "3.11.7"), ("numpy", "2.4.6")),
            "2026-01-05T10:00:00Z",
        ),
        warnings=(
            Issue(
                "warning",
                "unsourced",
                "`weight_7` has a number but no source",
                "add `source:` or `source: judgement`",
                Location("cases/us-iran/case.yaml", 210, 5),
                "parameters.weight_7",
                "  weight_7: 2 to 5",
            ),
        ),
    )


def with_hostile_titles(run: Run) -> Run:
    """The same run with markup and script in every free text of the case."""
    bad = "<script>alert('x')</script></textarea><img src=x onerror=alert(1)> {{7*7}} \u2028 </style>"
    case = replace(
        run.case,
        title=bad,
        description=bad,
        notes=bad,
        sources=(Source("IAEA22", bad, "javascript:alert(1)", "A"), *run.case.sources[1:]),
        parameters=(replace(run.case.parameters[0], title=bad, citation=Citation(("IAEA22",), "A", bad)),),
        drafts=tuple(replace(d, title=bad, summary=bad) for d in run.case.drafts),
    )
    drafts = tuple(replace(d, title=bad, sentence=bad) for d in run.drafts[:2])
    return replace(run, case=case, drafts=drafts, verdict=replace(run.verdict, headline=bad, details=(bad,)))
