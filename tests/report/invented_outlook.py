"""A whole Outlook made by hand, plausible but not computed: 13 questions, 25 half-years, 18 pieces of evidence."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

from servanda.forecast.vocabulary import words
from servanda.outlook.answers import (
    Benchmark,
    Confidence,
    Driver,
    EvidenceFinding,
    FrictionOutlook,
    GateOutlook,
    Outlook,
    OutlookCurve,
    OutlookFan,
    QuestionOutlook,
)
from servanda.provenance import Provenance
from servanda.uncertainty.answers import (
    Band,
    Box,
    BoxLimit,
    Interval,
    Posterior,
    Sensitivity,
    SensitivityIndex,
    TornadoBar,
    Weighing,
)

DATES = tuple(date(2022 + (k + 1) // 2, 3 if k % 2 else 9, 1) for k in range(25))
PARAMETERS = (
    ("us_earnest", "How surely the US engager seeks a deal and not a show of talks", "", "J"),
    ("waiver_survival", "Chance that a waiver outlives a change of office", "a renewal", "B"),
    ("oil_price", "Oil price", "USD a barrel", "A"),
    ("resilience_growth", "Growth of outlets outside the West", "a year", "C"),
    ("sabotage_rate", "Sabotage at enrichment sites", "a year", "B"),
    ("audience_us", "Audience price of an agreement with Iran for a US administration", "points", "J"),
    ("audience_iran", "Audience price of a torn-up agreement in Iran", "points", "J"),
    ("discount_iran", "Discount rate of the Iranian leadership", "a year", "J:B"),
    ("war_price", "Price of war for the United States", "points", "M"),
    ("snapback_pain", "Pain of returned UN sanctions", "points a year", "J"),
    ("investment_gain", "Gain from long-lived foreign investment", "points a year", "C"),
    ("decisiveness", "Decisiveness", "points", "J"),
)
QUESTIONS = (
    ("eu-text-2022", "Will the text of August 2022 be accepted by the end of 2022?", "by", (2022, 12, 31), 0.11, "no"),
    ("restored-2023", "Will the deal of 2015 be restored, in whatever legal form, by the end of 2023?", "by",
     (2023, 12, 31), 0.06, "no"),
    ("any-deal-2025", "Will any deal or understanding be alive when the next US President is inaugurated?", "at",
     (2025, 1, 20), 0.27, "no"),
    ("caps-termination-day", "Will a deal be in force on Termination Day (18 October 2025)?", "at",
     (2025, 10, 18), 0.04, "no"),
    ("file-closed-2025", "Will the safeguards file have been closed by Termination Day?", "by",
     (2025, 10, 18), 0.22, "no"),
    ("threshold-2025", "Will Iran still be at the threshold or beyond it on Termination Day?", "at",
     (2025, 10, 18), 0.71, "yes"),
    ("war-2027", "Will there be war by the end of 2026?", "by", (2026, 12, 31), 0.34, "yes"),
    ("war-2030", "Will there be war by the end of 2029?", "by", (2029, 12, 31), 0.49, "unknown"),
    ("weapon-2030", "Will Iran have a weapon by the end of 2029?", "by", (2029, 12, 31), 0.16, "unknown"),
    ("relief-nullified-2030", "Will relief under a deal have been nullified in practice by the end of 2029?", "by",
     (2029, 12, 31), 0.004, "unknown"),
    ("investment-2030", "Will long-lived foreign investment under relief have begun by the end of 2029?", "by",
     (2029, 12, 31), 0.03, "unknown"),
    ("enforced-2026", "Will sanctions be fully enforced, without a deal, at the end of 2026?", "at",
     (2026, 12, 31), 0.58, "unknown"),
    ("resilience-2028", "Will Iran have built outlets outside the West by the end of 2028?", "at",
     (2028, 12, 31), 0.93, "unknown"),
)  # fmt: skip
PIECES = (
    ((2021, 4, 6), "Talks open in Vienna with the other side in another hotel", "A", 0.4),
    ((2021, 4, 11), "Power cut at Natanz after an explosion", "A", 2.6),
    ((2021, 4, 16), "Enrichment to 60 per cent begins", "A", 4.1),
    ((2021, 6, 18), "A principalist is elected president", "A", 0.2),
    ((2021, 11, 29), "Talks resume after five months with new demands", "A", 1.1),
    ((2022, 2, 4), "The United States restores civil nuclear waivers", "A", 1.8),
    ((2022, 3, 5), "A third party asks for written guarantees and stops the talks for a week", "B", 3.0),
    ((2022, 3, 11), "Talks pause with a nearly finished text", "A", 0.9),
    ((2022, 4, 1), "Exports of crude oil estimated between 600 and 1,000 kb/d", "B", 1.2),
    ((2022, 5, 30), "Stock of 60 per cent material reported at 43 kg", "A", 0.7),
    ((2022, 6, 8), "The Board of Governors censures; cameras are switched off", "A", 2.2),
    ((2022, 7, 1), "Indirect talks in Doha end after two days without result", "A", 1.4),
    ((2022, 8, 8), "The final text is tabled", "A", 3.3),
    ((2022, 8, 15), "First answer: yes, with three remarks", "B", 1.0),
    ((2022, 8, 24), "US reply", "A", 0.3),
    ((2022, 9, 1), "Second answer, called not constructive", "A", 5.2),
    ((2022, 9, 7), "Stock of 60 per cent material reported at 55 to 56 kg", "A", 0.5),
    ((2022, 9, 10), "Three European governments doubt that a deal is sought at all", "A", 2.9),
)


def clip(value: float) -> float:
    return min(1.0, max(0.0, value))


def _band(mean: float, spread: float) -> Band:
    return Band(mean, clip(mean - 0.6 * spread * (0.3 + mean)), clip(mean + spread * (1.2 - mean)))


def _confidence(k: int) -> Confidence:
    level = ("moderate", "low", "high")[k % 3]
    grade, width = (0.62, 0.31, 0.84)[k % 3], (0.24, 0.47, 0.08)[k % 3]
    selection = math.nan if k == 4 else (0.012, 0.19, 0.001)[k % 3]
    sentence = {
        "moderate": "Moderate: 62 % of what drives it rests on sources, and the band is 24 points wide.",
        "low": "Low: what drives it is mostly judgement, and the answer hangs on how the far future was closed.",
        "high": "High: the drivers are sourced and the band is narrow.",
    }[level]
    return Confidence(level, grade, width, selection, sentence)  # type: ignore[arg-type]


def _drivers(k: int, p: float) -> tuple[Driver, ...]:
    found = []
    for j in range(5):
        name, title, _, grade = PARAMETERS[(k + 2 * j) % len(PARAMETERS)]
        turn = -1.0 if (k + j) % 2 else 1.0
        reach = 0.35 * p * (1 - p) / (j + 0.5)
        found.append(Driver(name, title, 0.42 / (j + 1), clip(p - turn * reach), clip(p + turn * reach), grade))
    return tuple(found)


def make_questions() -> tuple[QuestionOutlook, ...]:
    found = []
    for k, (name, text, timing, day, p, outcome) in enumerate(QUESTIONS):
        before = clip(p * (0.62 + 0.09 * (k % 7)) + 0.03)
        rate = (0.18, 0.12, 0.35, 0.3, 0.25, 0.6, 0.05, 0.09, 0.11, 0.02, 0.2, 0.5, 0.4)[k]
        benchmarks = [
            Benchmark("base rate", rate, "Share of comparable talks, constant hazard"),
            Benchmark("no change", 1.0 if outcome == "yes" and timing == "at" else 0.0, "The state as of the date"),
            Benchmark("coin", 0.5, "One half"),
        ]
        found.append(
            QuestionOutlook(
                name, text, timing, date(*day), _band(before, 0.3), _band(p, 0.2), words(p), _confidence(k),
                _drivers(k, p), tuple(benchmarks[1 if k == 8 else 0 :]), outcome,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return tuple(found)


def _curves() -> tuple[OutlookCurve, ...]:
    found = []
    for name, title, kind, top, rate in (
        ("deal", "Any deal alive", "state", 0.31, 6.0),
        ("deal", "A deal has been alive", "event", 0.5, 9.0),
        ("war", "War", "event", 0.62, 16.0),
        ("signed", "A draft signed", "event", 0.44, 7.0),
        ("weapon", "A weapon", "event", 0.21, 30.0),
        ("nullified", "Relief nullified", "event", 0.006, 18.0),
    ):
        mean = [top * (1 - math.exp(-t / rate)) for t in range(25)]
        if kind == "state":
            mean = [m * math.exp(-t / 20) for t, m in enumerate(mean)]
        found.append(
            OutlookCurve(
                name, title, kind, DATES, tuple(mean), tuple(0.55 * m for m in mean),  # type: ignore[arg-type]
                tuple(clip(1.5 * m) for m in mean), () if name == "weapon" else tuple(0.8 * m for m in mean),
            )
        )  # fmt: skip
    return tuple(found)


def _fans() -> tuple[OutlookFan, ...]:
    found = []
    for name, title, unit, low, mid, high, observed in (
        ("exports", "Shadow oil exports", "kb/d", 600, 1100, 1700, ((2022, 4, 600, 1000), (2022, 9, 750, 1150))),
        ("breakout", "Breakout time", "months", 0.2, 0.6, 6, ()),
        ("stockpile", "Enriched uranium stockpile", "kg", 2300, 4200, 8900, ((2022, 9, 3940, 3941),)),
        ("incidents", "Gray-zone incidents", "a year", 2, 9, 21, ((2022, 3, 6, 14),)),
        ("relief", "Sanctions relief", "share", 0, 0.05, 0.8, ()),
        (
            "trade",
            "Trade with China and Russia as a share of all trade outside the region",
            "share",
            0.3,
            0.42,
            0.6,
            (),
        ),
        ("investment", "Foreign investment under relief", "billion USD", 0, 0.4, 3, ()),
    ):
        grow = [1 + 0.02 * t for t in range(25)]
        wide = [min(1.0, 0.2 + 0.1 * t) for t in range(25)]
        found.append(
            OutlookFan(
                name, title, unit, DATES,
                tuple(1.05 * mid * g for g in grow),
                tuple((mid + (low - mid) * w) * g for g, w in zip(grow, wide, strict=True)),
                tuple(mid * g for g in grow),
                tuple((mid + (high - mid) * w) * g for g, w in zip(grow, wide, strict=True)),
                tuple(0.93 * mid * g for g in grow),
                tuple((date(y, m, 1), float(a), float(b)) for y, m, a, b in observed),
            )
        )  # fmt: skip
    return tuple(found)


def _frictions() -> tuple[FrictionOutlook, ...]:
    return tuple(
        FrictionOutlook(
            name, title, "Freeze for frozen funds", Band(rise, 0.4 * rise - 0.01, 1.8 * rise + 0.01),
            Band(0.8 * rise, 0.4 * rise, 1.3 * rise),
        )
        for name, title, rise in (
            ("waiver", "Relief lasts no longer than the office-holder who gave it", 0.21),
            ("veto", "Domestic veto", 0.07),
            ("spoilers", "Spoilers", 0.004),
            ("show", "Performative talks", -0.03),
        )
    )  # fmt: skip


def _evidence(questions: tuple[QuestionOutlook, ...]) -> tuple[EvidenceFinding, ...]:
    found = []
    for k, (day, what, grade, surprise) in enumerate(PIECES):
        shifts = []
        for j, q in enumerate(questions):
            change = 0.11 * math.sin(1.7 * k + 0.6 * j) * surprise / 5 * q.after.mean * (1 - q.after.mean) * 4
            shifts.append((q.question, q.after.mean, clip(q.after.mean - change)))
        widest = max(shifts, key=lambda shift: abs(shift[1] - shift[2]))
        largest = widest[1] - widest[2]
        sentence = f"{what}: {abs(100 * largest):.1f} points on “{widest[0]}”."
        found.append(
            EvidenceFinding(f"piece-{k + 1}", date(*day), what, grade, ("IAEA22", "EU22"), surprise, tuple(shifts),
                            largest, sentence)
        )  # fmt: skip
    return tuple(found)


def _posteriors() -> tuple[Posterior, ...]:
    found = [
        Posterior("us_talks", "Is the US administration in earnest?", "", Band(0.5, 0, 1), Band(0.41, 0, 1),
                  (("in earnest", 0.5, 0.41), ("for show", 0.5, 0.59))),
        Posterior("iran_talks", "Is the Iranian leadership in earnest?", "", Band(0.5, 0, 1), Band(0.22, 0, 1),
                  (("in earnest", 0.5, 0.22), ("for show", 0.35, 0.61), ("to gain time until the next election is over",
                                                                        0.15, 0.17))),
    ]  # fmt: skip
    for k, (name, title, unit, _) in enumerate(PARAMETERS[:10]):
        centre, spread = (82.0, 25.0) if name == "oil_price" else (0.3 + 0.7 * k, 0.2 + 0.3 * k)
        move = 0.5 * math.cos(k * 1.3) / (1 + 0.2 * k)
        before = Band(centre, centre - spread, centre + spread)
        after = Band(centre + move * spread, centre + (move - 0.7) * spread, centre + (move + 0.6) * spread)
        found.append(Posterior(name, title, unit, before, after))
    return tuple(found)


def make_sensitivity(quantity: str = "question.any-deal-2025", *, quality: float = 0.91) -> Sensitivity:
    indices, bars = [], []
    for k, (name, title, unit, _) in enumerate(PARAMETERS[:10]):
        first = 0.36 * math.exp(-k / 2.2)
        total = first + 0.09 * math.exp(-k / 4)
        delta = 0.3 * math.exp(-k / 3)
        indices.append(
            SensitivityIndex(
                name, title, Interval(first, max(0.0, first - 0.05), first + 0.06),
                Interval(total, max(0.0, total - 0.07), total + 0.08), Interval(delta, delta - 0.02, delta + 0.02),
            )
        )  # fmt: skip
        reach = (0.14 if k % 3 else -0.15) * math.exp(-k / 3.5)
        low, high = (62.5, 107.5) if name == "oil_price" else (0.02 * (k + 1), 1.25 * (k + 1))
        bars.append(TornadoBar(name, title, unit, 0.27 - reach, 0.27 + 0.8 * reach, low, high))
    bars.sort(key=lambda bar: -abs(bar.at_high - bar.at_low))
    sentence = (
        "Three parameters carry 71 % of the variance."
        if quality >= 0.7
        else f"The surrogate explains only {100 * quality:.0f} % of the variance: total effects are not to be trusted."
    )
    return Sensitivity(
        quantity, "Will any deal or understanding be alive when the next US President is inaugurated?", 1024, 0.27,
        0.16, "surrogate", quality, tuple(indices), tuple(bars), sentence,
    )  # fmt: skip


def make_box() -> Box:
    return Box(
        "question.any-deal-2025",
        "Will any deal or understanding be alive when the next US President is inaugurated?",
        "at least 50 %",
        (
            BoxLimit("us_earnest", PARAMETERS[0][1], "", 0.62, 1.0, (0.0, 1.0), 1e-9),
            BoxLimit("oil_price", "Oil price", "USD a barrel", 40.0, 71.5, (40.0, 140.0), 0.0021),
            BoxLimit("audience_us", PARAMETERS[5][1], "points", 0.5, 4.25, (0.5, 18.0), 0.034),
        ),
        0.63, 0.71, 0.14, 0.158,
        ((1.0, 0.158, 0), (0.91, 0.33, 1), (0.78, 0.52, 2), (0.63, 0.71, 3), (0.4, 0.79, 4)),
        "A deal is alive with at least 50 % in 71 % of the draws in which the US engager seeks a deal with at least "
        "0.62, oil costs at most 71.5 USD and the audience price is at most 4.25 points; these hold 63 % of all such "
        "draws.",
    )  # fmt: skip


def make_provenance(case: str = "us-iran") -> Provenance:
    return Provenance(
        case, "b7" * 32, (("draws", "256"), ("seed", "20220901")),
        (("servanda", "0.1.0"), ("python", "3.11.7"), ("numpy", "2.4.6")), "2026-01-05T10:00:00Z",
    )  # fmt: skip


def make_outlook() -> Outlook:
    """The outlook every test reads."""
    questions = make_questions()
    drafts = ("Text of August 2022", "August text with a guarantee", "Treaty with two thirds of the Senate",
              "Longer and stronger", "Freeze for frozen funds", "Gradual sequence with escrow")  # fmt: skip
    gates = []
    for k, title in enumerate(drafts):
        values = (0.7 - 0.1 * k, 1.0 if k % 2 == 0 else 0.24, 0.2 + 0.1 * k)
        product = values[0] * values[1] * values[2]
        before = tuple(_band(v, 0.3) if v < 1 else Band(1.0, 1.0, 1.0) for v in (*values, product))
        after = tuple(_band(0.85 * v, 0.2) if v < 1 else Band(1.0, 1.0, 1.0) for v in (*values, product))
        gates.append(GateOutlook(f"draft{k}", title, before, after))  # type: ignore[arg-type]
    return Outlook(
        "us-iran", "US-Iran nuclear diplomacy", date(2022, 9, 1), date(2021, 4, 6),
        "Any deal alive when the next US President is inaugurated: unlikely (27 %), with moderate confidence; war by "
        "the end of 2026 is likelier (34 %).",
        questions, tuple(gates), _frictions(), _curves(), _fans(), _evidence(questions),
        ("2021-04-07: the deal is in talks", "2021-05-01: Safeguards file is open"), _posteriors(),
        Weighing(256, 3, 5, 71.4, 0.62, 11.2, -31.7,
                 "The evidence leaves the weight of 71 draws out of 248; likelihoods were raised to the power 0.62, "
                 "without which 11 would be left."),
        (make_sensitivity(), replace(make_sensitivity("question.war-2030", quality=0.43),
                                     title="Will there be war by the end of 2029?")),
        (make_box(),), ("No range of a few parameters tells when war is likelier than not: chance does as well.",),
        41.3, make_provenance(),
    )  # fmt: skip


def awkward() -> dict[str, Outlook]:
    """Outlooks at the edges of what the record allows."""
    full = make_outlook()
    never = Band(0.0, 0.0, 0.0)
    return {
        "bare": replace(
            full, questions=(), gates=(), frictions=(), curves=(), fans=(), evidence=(), overtaken=(), posteriors=(),
            sensitivity=(), boxes=(), since=full.as_of,
            weighing=Weighing(256, 0, 0, 256.0, 1.0, 256.0, 0.0, "No evidence is weighed."),
        ),
        "one of each": replace(
            full, questions=full.questions[:1], gates=full.gates[:1], curves=full.curves[:1], fans=full.fans[:1],
            evidence=full.evidence[:1], posteriors=full.posteriors[2:3], sensitivity=full.sensitivity[:1],
        ),
        "nothing moves": replace(
            full,
            questions=tuple(replace(q, before=never, after=never, drivers=()) for q in full.questions),
            evidence=tuple(
                replace(e, surprise=math.inf if k == 0 else 0.0, shifts=(), largest=0.0)
                for k, e in enumerate(full.evidence)
            ),
            posteriors=tuple(replace(p, after=p.before) for p in full.posteriors),
            sensitivity=(replace(full.sensitivity[0], indices=(), tornado=(), deviation=0.0, quality=math.nan),),
            curves=tuple(replace(c, mean=(0.0,) * 25, low=(0.0,) * 25, high=(0.0,) * 25) for c in full.curves),
        ),
        "not finite": replace(
            full,
            questions=tuple(
                replace(q, confidence=replace(q.confidence, grade=math.nan, band=math.nan)) for q in full.questions
            ),
            evidence=tuple(replace(e, surprise=math.inf) for e in full.evidence),
            sensitivity=(
                replace(
                    full.sensitivity[0],
                    indices=tuple(
                        replace(i, total=Interval(math.nan, math.nan, math.nan)) for i in full.sensitivity[0].indices
                    ),
                ),
            ),
            weighing=replace(full.weighing, log_evidence=-math.inf),
        ),
    }  # fmt: skip
