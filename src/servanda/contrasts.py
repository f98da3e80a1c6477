"""Numbers of two runs side by side: gates and life of drafts, outcomes at the horizon, dated questions.

A difference is always b minus a, in probability or in years.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal, TypeVar

from servanda.diagnosis.findings import DraftVerdict, Gate
from servanda.forecast.vocabulary import words
from servanda.runs import Run

Unit = Literal["probability", "years"]
S = TypeVar("S")
T = TypeVar("T")

NOT_NEEDED = "not needed"
PLACE_IN_PLAY = (
    ("alone_signed", "Ever signed, alone on the table"),
    ("alone_running", "Running at the horizon, alone on the table"),
    ("signed", "Ever signed, every draft on the table"),
    ("in_force", "Ever in force, every draft on the table"),
    ("running_at_horizon", "Running at the horizon, every draft on the table"),
)
OUTCOMES = (
    ("deal", "A deal in force at the horizon"),
    ("war", "War at the horizon"),
    ("none", "Neither at the horizon"),
    ("ever_deal", "A deal in force at any time"),
    ("ever_war", "War at any time"),
)


@dataclass(frozen=True, slots=True)
class Contrast:
    """One number on both sides, a probability or years, with its words; None and no words where a side lacks it.

    `difference` is b minus a, None if a side lacks the number.

    >>> Contrast("outcomes.deal", "A deal", 0.25, 0.75).difference
    0.5
    """

    what: str
    title: str
    a: float | None
    b: float | None
    unit: Unit = "probability"
    words_a: str = ""
    words_b: str = ""
    difference: float | None = field(init=False)

    def __post_init__(self) -> None:
        both = None if self.a is None or self.b is None else self.b - self.a
        object.__setattr__(self, "difference", both)


@dataclass(frozen=True, slots=True)
class MainEnding:
    """What ends a draft in force most often, with the probability that it does so before the horizon."""

    kind: str
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class DraftContrast:
    """One draft on both sides, or two drafts: gates, life and place in play; names are empty where a side lacks it.

    The gates, all three together and the mean life are those of the draft alone on the table.
    """

    draft_a: str
    draft_b: str
    title_a: str
    title_b: str
    numbers: tuple[Contrast, ...]
    ends_a: MainEnding | None
    ends_b: MainEnding | None

    @property
    def holds(self) -> Contrast:
        """The probability of passing all three gates."""
        return next(n for n in self.numbers if n.what.endswith(".all"))


def change(contrast: Contrast) -> str:
    """The difference with its sign, in percentage points or years; zero only if it is zero, a dash where there is none.

    >>> [change(Contrast("", "", a, b)) for a, b in ((0.5, 0.625), (0.0005, 0.0001), (0.2, 0.2), (None, 0.2))]
    ['+12.5', '−<0.1', '0', '–']
    """
    if contrast.difference is None:
        return "–"
    if contrast.difference == 0.0:
        return "0"
    size = abs(contrast.difference) * (100.0 if contrast.unit == "probability" else 1.0)
    sign = "+" if contrast.difference > 0.0 else "\N{MINUS SIGN}"
    return sign + (f"{size:.1f}" if size >= 0.1 else "<0.1") + (" years" if contrast.unit == "years" else "")


def chance(what: str, title: str, a: float | None, b: float | None) -> Contrast:
    """Two probabilities with their words; None where a side lacks one.

    >>> chance("outcomes.war", "War", 0.02, 0.3).words_b
    'unlikely'
    """
    one, other = _bounded(a), _bounded(b)
    return Contrast(what, title, one, other, "probability", _words(one), _words(other))


def one_pair(a: DraftVerdict | None, b: DraftVerdict | None) -> DraftContrast:
    """A draft on both sides, or two drafts, or a draft that one side lacks."""
    one, other = _of(a, b, lambda v: v.draft)
    where = "draft" if one and other and one != other else f"drafts.{one or other}"
    numbers = [
        _gate(where, *_of(a, b, lambda v: v.gates[0])),
        _gate(where, *_of(a, b, lambda v: v.gates[1])),
        _gate(where, *_of(a, b, lambda v: v.gates[2])),
        chance(f"{where}.all", "All three gates", *_of(a, b, lambda v: v.holds)),
    ]
    lives = _of(a, b, lambda v: v.survival.mean_life_years)
    numbers.append(Contrast(f"{where}.mean_life_years", "Mean life once in force", lives[0], lives[1], "years"))
    for name, title in PLACE_IN_PLAY:
        numbers.append(chance(f"{where}.{name}", title, *_of(a, b, attrgetter(name))))
    titles = _of(a, b, lambda v: v.title)
    return DraftContrast(
        one or "", other or "", titles[0] or "", titles[1] or "", tuple(numbers), _ending(a), _ending(b)
    )


def drafts_by_name(a: Run, b: Run) -> tuple[DraftContrast, ...]:
    """Every draft of two runs, matched by name: the largest difference first, what only one side has last."""
    here, there = ({v.draft: v for v in r.drafts} for r in (a, b))
    pairs = [one_pair(here.get(name), there.get(name)) for name in dict.fromkeys((*here, *there))]
    return tuple(sorted(pairs, key=lambda pair: _size(pair.holds)))


def outcomes_at_the_end(a: Run, b: Run) -> tuple[Contrast, ...]:
    """Deal, war and neither at the horizon of each run, and deal and war at any time, with every draft on the table."""
    ends = [r.forecast.outcomes for r in (a, b)]
    return tuple(
        chance(f"outcomes.{name}", title, *(getattr(path, name)[-1] for path in ends)) for name, title in OUTCOMES
    )


def shared_questions(a: Run, b: Run) -> tuple[Contrast, ...]:
    """Every question both runs answer, matched by name: the largest difference first, both texts if they differ."""
    there = {answer.question: answer for answer in b.forecast.answers}
    found = []
    for one in a.forecast.answers:
        other = there.get(one.question)
        if other is not None:
            text = " | ".join(dict.fromkeys((one.text, other.text)))
            found.append(chance(f"questions.{one.question}", text, one.probability, other.probability))
    return tuple(sorted(found, key=_size))


def _of(a: S | None, b: S | None, part: Callable[[S], T]) -> tuple[T | None, T | None]:
    """A part of each side, None where there is no such side."""
    return None if a is None else part(a), None if b is None else part(b)


def _gate(where: str, a: Gate | None, b: Gate | None) -> Contrast:
    kind = next(gate.kind for gate in (a, b) if gate is not None)
    one, other = _of(a, b, lambda gate: gate.probability)
    said = _of(a, b, lambda gate: NOT_NEEDED if _waived(gate) else words(gate.probability))
    return Contrast(f"{where}.{kind}", kind.capitalize(), one, other, "probability", said[0] or "", said[1] or "")


def _waived(gate: Gate) -> bool:
    """Whether nobody has to approve: a form without ratifiers."""
    return gate.kind == "ratify" and gate.tightest is None and gate.probability >= 1.0


def _ending(verdict: DraftVerdict | None) -> MainEnding | None:
    endings = verdict.survival.endings if verdict else ()
    main = max(endings, key=lambda e: e.probability, default=None)
    return MainEnding(main.kind, main.label, main.probability) if main and main.probability > 0.0 else None


def _words(probability: float | None) -> str:
    return "" if probability is None else words(probability)


def _bounded(probability: float | None) -> float | None:
    # sums of probabilities leave [0, 1] by rounding
    return None if probability is None else min(1.0, max(0.0, probability))


def _size(contrast: Contrast) -> float:
    """Sort key: the largest difference first, none last."""
    return 1.0 if contrast.difference is None else -abs(contrast.difference)
