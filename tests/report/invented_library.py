"""A backtest of several cases made by hand, as the library's: survival of five agreements and many questions."""

from __future__ import annotations

from dataclasses import replace

from servanda.outlook.backtest_answers import Backtest, Difference
from servanda.outlook.library import CHOSEN
from servanda.outlook.survival import survival_of
from servanda.uncertainty.answers import Interval
from tests.outlook.invented_survival import AGREEMENTS, asked
from tests.report.invented_backtest import make_backtest
from tests.report.invented_outlook import make_provenance

NAMES = tuple(row[0] for row in AGREEMENTS)


def make_library() -> Backtest:
    """Five cases with survival and 45 questions, and a sixth without an agreement."""
    whole = make_backtest()
    names = (*NAMES, "summit-2019")
    return replace(
        whole,
        cases=names,
        questions=tuple(replace(q, case=name) for name in NAMES for q in whole.questions),
        frames=tuple(replace(f, case=name) for name in NAMES for f in whole.frames),
        provenance=tuple(make_provenance(name) for name in names),
        difference=Difference(Interval(-0.02, -0.07, 0.03), 5, 40, 0.41, 80.0),
        survival=survival_of(asked(), names),
        left_out=(
            ("theory/pledge", "theory"),
            ("theory/holdup-bond", "theory"),
            ("new", "none of its questions is settled"),
        ),
        chosen=CHOSEN,
    )


def awkward() -> dict[str, Backtest]:
    """Libraries at the edges of what the record allows."""
    whole = make_library()
    questions = [p for p in asked() if not p.party]
    return {
        "nobody asked who left": replace(whole, survival=survival_of(questions, NAMES)),
        "no base rates": replace(whole, survival=survival_of([replace(p, naive={}) for p in asked()], NAMES)),
        "two agreements": replace(
            whole, survival=survival_of([p for p in asked() if p.case in NAMES[:2]], NAMES[:2]), left_out=(), chosen=""
        ),
        "one horizon": replace(
            whole, survival=survival_of([p for p in asked() if p.years == 1 and not p.party], NAMES)
        ),
        "nothing else": replace(whole, questions=(), scores=(), calibration=(), frames=(), details=(), provenance=()),
    }
