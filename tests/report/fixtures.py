"""A whole Run made by hand, plausible but not computed: six drafts, 24 half-years from 2022-09-01."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

from servanda.case.expression import Expression, Number
from servanda.case.resolved import (
    SURELY_NOTHING,
    Actor,
    ChanceEvent,
    Citation,
    Consequence,
    Decision,
    Draft,
    Form,
    Friction,
    Indicator,
    Lever,
    Option,
    Outcome,
    Parameter,
    PayoffTerm,
    Phase,
    Price,
    Protocol,
    Question,
    Ratifier,
    ResolvedCase,
    Side,
    Source,
    Timing as When,
    Variable,
)
from servanda.case.uncertain import UncertainNumber, parse_uncertain
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
from servanda.run import GameSize, Run, Timing, Verdict

PERIODS = 24
DATES = tuple(date(2022 + (8 + 6 * t) // 12, (8 + 6 * t) % 12 + 1, 1) for t in range(PERIODS + 1))

ACTORS = {
    "us_engager": ("us", "US administration, engager"),
    "us_opponent": ("us", "US administration, opponent"),
    "iran_pragmatist": ("iran", "Iranian president, pragmatist"),
    "iran_principalist": ("iran", "Iranian president, principalist"),
    "congress": ("us", "Congress (pivotal member)"),
    "supreme_council": ("iran", "Supreme National Security Council"),
    "ally": ("allies", "Regional ally outside the deal"),
    "guards": ("guards", "Revolutionary Guards"),
    "firms": ("firms", "Outside investors"),
}
HOLDERS = ("us_engager", "us_opponent", "iran_pragmatist", "iran_principalist")
DRAFTS = {
    "narrow": ("Narrow text of August 2022", "political", 0.24, 1.0, 0.03),
    "guaranteed": ("Narrow text with a guarantee", "agreement", 0.06, 0.41, 0.19),
    "treaty": ("Treaty with the advice of the Senate", "treaty", 0.004, 0.00002, 0.46),
    "broad": ("Longer and stronger", "agreement", 0.011, 0.62, 0.08),
    "freeze": ("Small reversible freeze", "political", 0.57, 1.0, 0.012),
    "gradual": ("Sequence with escrowed relief", "agreement", 0.33, 0.52, 0.27),
}
TERMS = (
    "sanctions relief",
    "audience at home",
    "fear of snapback",
    "regional standing",
    "nuclear risk",
    "investment",
    "price of leaving",
)


def expression(text: str) -> Expression:
    return Expression(text, Number(0.0))


def _case() -> ResolvedCase:
    judged = Citation(("judgement",), "J:B", "central of three published guesses")
    cited = Citation(("IAEA22",), "A", "")
    names = [
        ("waiver_survival", "Odds that a waiver is renewed after a change of office", "0.05 to 0.4", "", judged),
        ("oil_price", "Brent crude, mean", "normal(82, 14)", "USD a barrel", Citation(("EIA",), "A", "real, 2022")),
        ("payback", "Payback of an upstream project", "6 to 12", "years", Citation(("WB", "IAEA22"), "B", "")),
        ("turnover_us", "Odds that the office changes hands in the US", "0.5", "", judged),
        ("in_earnest", "Whether talks are meant", "one of {earnest: 0.6, show: 0.4}", "", judged),
    ]
    parameters = [Parameter(n, t, _number(x), u, c) for n, t, x, u, c in names]
    parameters += [
        Parameter(f"weight_{i}", f"Weight of mechanism {i}", _number("2 to 5"), "points per year", judged)
        for i in range(45)
    ]
    payoffs = tuple(
        PayoffTerm(actor, term, expression(f"weight_{k} * draft.relief"), None, None, judged if k % 2 else cited)
        for actor in ACTORS
        for k, term in enumerate(TERMS)
    )
    prices = (Price("us_opponent", "price of leaving", expression("exit_price")),)
    drafts = tuple(
        Draft(
            name,
            title,
            f"What the draft called {title.lower()} asks of both.",
            form,
            ("us", "iran"),
            (("relief", expression("0.8")), ("scope", expression("1"))),
            (Phase("first", "First steps", 0.5, None, ()), Phase("in_force", "In force", 0.0, None, ())),
            expression("0.9"),
            tuple(Consequence(s, "collapse", SURELY_NOTHING, ()) for s in ("us", "iran")),
            tuple(Consequence(s, "collapse", SURELY_NOTHING, prices) for s in ("us", "iran")),
            sunset_date=date(2031, 1, 1),
            positions=(("us", (("enrichment cap", 3.67), ("duration", 12.0))), ("iran", (("enrichment cap", 5.0),))),
            citation=cited,
        )
        for name, (title, form, *_) in DRAFTS.items()
    )
    protocol = Protocol(
        "drawn",
        ("us", "iran"),
        None,
        (),
        (),
        (),
        (),
        (),
        0.5,
        1.0,
        (
            Form("political", "Political commitment"),
            Form("agreement", "Executive agreement with review", (Ratifier("Review", "congress", 0.25),)),
            Form("treaty", "Treaty", (Ratifier("Senate", "congress", 0.5), Ratifier("Council", "supreme_council", 0.5))),
        ),
    )
    white_house = Variable(
        "white_house", "office", "White House", HOLDERS[:2], HOLDERS[0], (0.0, 1.0), side="us", citation=cited
    )
    programme = Variable(
        "programme", "stock", "Enrichment programme", ("capped", "elevated", "threshold", "weapon"), "elevated",
        (300.0, 3900.0, 8000.0, 9000.0), "kg", citation=cited,
    )  # fmt: skip
    election = ChanceEvent(
        "US election", "US presidential inauguration", None,
        When("dates", (date(2025, 1, 20), date(2029, 1, 20), date(2033, 1, 20))),
        (Outcome(expression("turnover_us"), ()), Outcome(None, ())), citation=judged,
    )  # fmt: skip
    questions = tuple(
        Question(a.question, a.text, expression("deal is live"), a.timing, a.date, a.outcome) for a in _answers()
    )
    return ResolvedCase(
        name="us-iran",
        title="US-Iran nuclear diplomacy",
        description="Whether any draft on the table in September 2022 could be signed, ratified and kept.",
        notes="## Scope\n\nThe case starts after the *final text* of August 2022 lapsed.\n\n- one item\n- another\n",
        start=date(2022, 9, 1),
        as_of=date(2022, 9, 1),
        period_months=6,
        periods=PERIODS,
        values="expected",
        sources=(
            Source("IAEA22", "IAEA Board report GOV/2022/39", "https://www.iaea.org/documents", "A"),
            Source("EIA", "EIA short-term energy outlook", "https://www.eia.gov/steo", "A"),
            Source("WB", "World Bank country note", "", "B"),
        ),
        sides=(
            Side("us", "United States", True, "white_house"),
            Side("iran", "Iran", True, "presidency"),
            Side("allies", "Regional allies", False, "ally"),
        ),
        actors=tuple(
            Actor(n, s, t, expression("0.05"), expression("12"), judged) for n, (s, t) in ACTORS.items()
        ),
        variables=(white_house, programme),
        chance=(election,),
        decisions=(
            Decision(
                "sanctions", "Keep or drop the waivers", "white_house", None,
                (
                    Option("waive", "Renew the waivers", None, (), SURELY_NOTHING, citation=judged),
                    Option("enforce", "Let the waivers lapse", None, prices, SURELY_NOTHING, citation=judged),
                ),
            ),
        ),  # fmt: skip
        protocol=protocol,
        drafts=drafts,
        payoffs=payoffs,
        parameters=tuple(parameters),
        frictions=(
            Friction("waiver", "Waiver volatility", "Relief ends with the office-holder.",
                     (("waiver_survival", expression("1")),), judged),
        ),  # fmt: skip
        levers=(Lever("escrow", "Escrowed relief", "weight_3", (("none", 0.0), ("half", 0.5)), citation=judged),),
        war=expression("region is war"),
        indicators=(Indicator("exports", "Shadow oil exports", expression("1"), "kb/d", cited),),
        questions=questions,
        evidence=(),
        expect=(),
        file="cases/us-iran/case.yaml",
    )


def _number(text: str) -> UncertainNumber:
    return parse_uncertain(text, choices={"earnest": 1.0, "show": 0.0} if "earnest" in text else None)


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
    return Survival(tuple(alive), life, tuple(endings))


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
    senate = tightest("congress", "approve", "reject", 4 * math.log(ratify / (1 - ratify)), DATES[3]) if ratify < 1 else None
    keeps = tightest("us_opponent", "keep", "leave", -7.4, DATES[5])
    return (
        Gate("sign", sign, signs.margin, signs, "Signed within two years only if Iran's pragmatist gives way."),
        Gate("ratify", ratify, senate.margin if senate else None, senate,
             "No ratifier has to approve." if senate is None else "Congress decides and is against."),
        Gate("keep", keep, keeps.margin, keeps, "Ends when the opponent takes the White House in Jan 2025."),
    )  # fmt: skip


def _drafts() -> tuple[DraftVerdict, ...]:
    verdicts = []
    for k, (name, (title, form, sign, ratify, keep)) in enumerate(DRAFTS.items()):
        verdicts.append(
            DraftVerdict(
                name, title, form, _gates(name, sign, ratify, keep), _survival(name, keep, k),
                _credibility(1 - 0.15 * k), _why(1 - 0.1 * k), sign * 0.4, sign * ratify * 0.4,
                sign * ratify * keep * 0.4, sign, sign * ratify * keep,
                f"{title}: {words(sign)} to be signed, and {words(keep)} to be kept.",
            )
        )  # fmt: skip
    return tuple(verdicts)


def _answers() -> tuple[Answer, ...]:
    rows = (
        ("deal_2025", "Is a deal in force on 20 January 2025?", "at", date(2025, 1, 20), 0.07, "no"),
        ("eu_text", "Is the EU text of August 2022 accepted by the end of 2022?", "by", date(2022, 12, 31), 0.12, "no"),
        ("restored", "Is the nuclear deal restored by the end of 2023?", "by", date(2023, 12, 31), 0.04, "no"),
        ("war_2027", "Is there war between the two sides before 2027?", "by", date(2026, 12, 31), 0.21, "yes"),
        ("weapon", "Has Iran a nuclear weapon before 2030?", "by", date(2029, 12, 31), 0.16, "unknown"),
        ("snapback", "Do UN sanctions snap back by 18 October 2025?", "by", date(2025, 10, 18), 0.51, "yes"),
        ("nullify", "Does Congress pass new sanctions that nullify relief by 2026?", "by", date(2026, 1, 1), 0.0004, "no"),
        ("exports", "Are shadow exports above 1,500 kb/d at the start of 2026?", "at", date(2026, 1, 1), 0.83, "unknown"),
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
                name, title, unit, DATES,
                tuple(1.1 * mid * g for g in grow), tuple(low * g for g in grow),
                tuple(mid * g for g in grow), tuple(high * g for g in grow),
            )
        )  # fmt: skip
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
            VariablePath(name, title, levels, DATES,
                         tuple(tuple(r[t] / total[t] for t in range(PERIODS + 1)) for r in raw))
        )  # fmt: skip
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
    branches = ("one period longer", "best settlement for US", "worst settlement for US", "best settlement for Iran",
                "worst settlement for Iran")  # fmt: skip
    selection = Selection(0.02, branches, spreads, tuple((0.021, 0.31 - 0.002 * k, 0.26 + 0.02 * k) for k in range(5)))
    return Run(
        case=_case(),
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
        certificate=Certificate(3.1e-11, 4.4e-13, 0.42, "congress", "Congress, Mar 2024, treaty ratifying", 310, 9e-12,
                                "change below 1e-11 of the value range"),
        selection=selection,
        size=GameSize(21384, 61230, 154011, 402113, 812, 9, PERIODS, len(ACTORS)),
        timings=(Timing("read", 0.12), Timing("compile", 1.9), Timing("solve", 0.61), Timing("diagnose", 2.4)),
        peak_memory_mb=412.0,
        provenance=Provenance("us-iran", "a3" * 32, (("tolerance", "1e-10"), ("window_years", "2")),
                              (("servanda", "0.1.0"), ("python", "3.11.7"), ("numpy", "2.4.6")), "2026-01-05T10:00:00Z"),
        warnings=(
            Issue("warning", "unsourced", "`weight_7` has a number but no source", "add `source:` or `source: judgement`",
                  Location("cases/us-iran/case.yaml", 210, 5), "parameters.weight_7", "  weight_7: 2 to 5"),
        ),
    )  # fmt: skip


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
