"""A resolved case made by hand: the actors, drafts, payoffs and parameters the fake run speaks of."""

from __future__ import annotations

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
    Variable,
)
from servanda.case.resolved import (
    Timing as When,
)
from servanda.case.uncertain import UncertainNumber, parse_uncertain
from servanda.forecast.projections import Answer

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


def make_case(answers: tuple[Answer, ...]) -> ResolvedCase:
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
            Form(
                "treaty", "Treaty", (Ratifier("Senate", "congress", 0.5), Ratifier("Council", "supreme_council", 0.5))
            ),
        ),
    )
    white_house = Variable(
        "white_house", "office", "White House", HOLDERS[:2], HOLDERS[0], (0.0, 1.0), side="us", citation=cited
    )
    programme = Variable(
        "programme",
        "stock",
        "Enrichment programme",
        ("capped", "elevated", "threshold", "weapon"),
        "elevated",
        (300.0, 3900.0, 8000.0, 9000.0),
        "kg",
        citation=cited,
    )
    election = ChanceEvent(
        "US election",
        "US presidential inauguration",
        None,
        When("dates", (date(2025, 1, 20), date(2029, 1, 20), date(2033, 1, 20))),
        (Outcome(expression("turnover_us"), ()), Outcome(None, ())),
        citation=judged,
    )
    questions = tuple(
        Question(a.question, a.text, expression("deal is live"), a.timing, a.date, a.outcome) for a in answers
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
        actors=tuple(Actor(n, s, t, expression("0.05"), expression("12"), judged) for n, (s, t) in ACTORS.items()),
        variables=(white_house, programme),
        chance=(election,),
        decisions=(
            Decision(
                "sanctions",
                "Keep or drop the waivers",
                "white_house",
                None,
                (
                    Option("waive", "Renew the waivers", None, (), SURELY_NOTHING, citation=judged),
                    Option("enforce", "Let the waivers lapse", None, prices, SURELY_NOTHING, citation=judged),
                ),
            ),
        ),
        protocol=protocol,
        drafts=drafts,
        payoffs=payoffs,
        parameters=tuple(parameters),
        frictions=(
            Friction(
                "waiver",
                "Waiver volatility",
                "Relief ends with the office-holder.",
                (("waiver_survival", expression("1")),),
                judged,
            ),
        ),
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
