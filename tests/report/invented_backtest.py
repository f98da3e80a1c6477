"""A whole Backtest made by hand, plausible but not computed: eight questions at six dates, one without an answer."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

from servanda.forecast.vocabulary import words
from servanda.outlook.answers import Benchmark
from servanda.outlook.backtest_answers import Backtest, CalibrationBin, ForecasterScore, FrozenFrame, Scored
from servanda.uncertainty.answers import Interval
from tests.report.invented_outlook import _band, make_provenance

ASKED = (
    ((2013, 12, 1), "jpoa-final", "Will the interim agreement become a final one by the end of 2015?", (2015, 12, 31),
     0.41, 0.33, 0.0, True),
    ((2015, 7, 15), "jcpoa-adopted", "Will the agreement of Vienna be implemented within a year?", (2016, 7, 14),
     0.83, 0.7, 0.0, True),
    ((2015, 7, 15), "jcpoa-2019", "Will all parties still be in the agreement on 15 July 2019?", (2019, 7, 15),
     0.36, 0.72, 1.0, False),
    ((2018, 5, 9), "iran-limits", "Will Iran exceed the limit on stocks by the end of 2019?", (2019, 12, 31),
     0.64, 0.4, 0.0, True),
    ((2018, 5, 9), "new-deal", "Will a new agreement be signed before the next US inauguration?", (2021, 1, 20),
     0.09, 0.15, 0.0, False),
    ((2020, 8, 15), "snapback-2020", "Will UN sanctions be enforced again by the Council by the end of 2020?",
     (2020, 12, 31), None, 0.1, 0.0, False),
    ((2020, 8, 15), "talks-2021", "Will both sides be in talks by the end of June 2021?", (2021, 6, 30),
     0.55, 0.3, 0.0, True),
    ((2021, 4, 6), "back-2021", "Will the United States be back in the agreement by the end of 2021?", (2021, 12, 31),
     0.31, 0.2, 0.0, False),
    ((2022, 8, 10), "final-text", "Will the final text be accepted by the end of 2022?", (2022, 12, 31),
     0.12, 0.2, 0.0, False),
)  # fmt: skip


def score(name: str, p: float, outcome: bool) -> tuple[str, float, float]:
    clipped = min(0.995, max(0.005, p))
    hit = clipped if outcome else 1 - clipped
    return name, (1 - hit) ** 2, -math.log(hit)


def _scored() -> tuple[Scored, ...]:
    found = []
    for frozen, name, text, day, ours, base, still, outcome in ASKED:
        naive = (("base rate", base), ("no change", still), ("coin", 0.5))
        scores = [score(n, p, outcome) for n, p in naive]
        if ours is not None:
            scores.insert(0, score("servanda", ours, outcome))
        found.append(
            Scored(
                "us-iran", date(*frozen), name, text, date(*day), ours, None if ours is None else _band(ours, 0.2),
                "" if ours is None else words(ours),
                tuple(Benchmark(n, p, "comparable agreements") for n, p in naive), outcome, tuple(scores),
                "" if ours is not None else "Votes of the Security Council are no state of the model.",
                "",
            )
        )  # fmt: skip
    return tuple(found)


def _scores(questions: tuple[Scored, ...]) -> tuple[ForecasterScore, ...]:
    found = []
    answered = [q for q in questions if q.probability is not None]
    base = sum(s[1] for q in answered for s in q.scores if s[0] == "base rate") / len(answered)
    for name, better in (("servanda", 0.86), ("base rate", 0.0), ("no change", 0.21), ("coin", 0.4)):
        own = [s for q in answered for s in q.scores if s[0] == name]
        brier, log = (sum(s[k] for s in own) / len(own) for k in (1, 2))
        skill = 1 - brier / base
        found.append(
            ForecasterScore(
                name, len(own), Interval(brier, 0.55 * brier, 1.5 * brier), Interval(log, 0.6 * log, 1.5 * log),
                Interval(skill, skill - 0.4, skill + 0.25), better,
            )
        )  # fmt: skip
    return tuple(found)


def make_backtest() -> Backtest:
    """The backtest every test reads."""
    questions = _scored()
    frames = []
    for k, frozen in enumerate(dict.fromkeys(q.frozen for q in questions)):
        frames.append(
            FrozenFrame(
                "us-iran", frozen,
                (("White House", "us_engager" if k != 2 else "us_opponent"),
                 ("Programme", ("capped", "capped", "capped", "elevated", "elevated", "threshold")[k]),
                 ("Deal", ("phase 1", "ratifying", "in force", "none", "talks", "tabled")[k])),
                (("jpoa",), ("jcpoa",), ("jcpoa",), (), ("jcpoa", "interim"), ("narrow",))[k],
                ("Know-how is not observed: taken from the level of the programme",) if k < 3 else (),
                (4, 9, 14, 21, 24, 38)[k], (128.0, 97.2, 61.0, 44.5, 40.9, 31.3)[k], 1.0 if k < 4 else 0.7, 128,
                2 if k == 3 else 0,
            )
        )  # fmt: skip
    bins = (
        CalibrationBin(0.0, 0.2, 2, 0.105, Interval(0.0, 0.0, 0.66)),
        CalibrationBin(0.2, 0.4, 2, 0.335, Interval(0.0, 0.0, 0.66)),
        CalibrationBin(0.4, 0.6, 2, 0.48, Interval(1.0, 0.34, 1.0)),
        CalibrationBin(0.6, 0.8, 1, 0.64, Interval(1.0, 0.21, 1.0)),
        CalibrationBin(0.8, 1.0, 1, 0.83, Interval(1.0, 0.21, 1.0)),
    )
    return Backtest(
        ("us-iran",), tuple(frames), questions, _scores(questions), bins,
        "On eight settled questions the Brier score is 0.135 against 0.233 of the base rate; eight questions prove "
        "little.",
        ("It did worse than the base rate on 1 of 8 questions.",
         "One question has no answer in the model and is not scored."),
        193.0, (make_provenance(),),
    )  # fmt: skip


def awkward() -> dict[str, Backtest]:
    """Backtests at the edges of what the record allows."""
    full = make_backtest()
    outside = tuple(q for q in full.questions if q.probability is None)
    return {
        "nothing answered": replace(full, questions=outside, scores=(), calibration=()),
        "nothing asked": replace(full, questions=(), scores=(), calibration=(), frames=(), details=(), provenance=()),
        "one question": replace(full, questions=full.questions[:1], frames=full.frames[:1]),
        "two cases": replace(
            full,
            cases=("us-iran", "theory/pledge"),
            questions=(*full.questions, replace(full.questions[0], case="theory/pledge")),
            frames=(*full.frames, replace(full.frames[0], case="theory/pledge")),
            provenance=(make_provenance(), make_provenance("theory/pledge")),
        ),
        "no base rate": replace(
            full,
            questions=tuple(
                replace(q, benchmarks=q.benchmarks[1:], scores=tuple(s for s in q.scores if s[0] != "base rate"))
                for q in full.questions
            ),
            scores=tuple(
                replace(s, skill=Interval(math.nan, math.nan, math.nan), better_than_base=math.nan)
                for s in full.scores
                if s.forecaster != "base rate"
            ),
        ),
    }
