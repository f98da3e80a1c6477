"""Records of an outlook: questions with bands, words, confidence and drivers; curves, fans, evidence, posteriors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from servanda.provenance import Provenance
from servanda.uncertainty.answers import Band, Box, Posterior, Sensitivity, Weighing


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A naive forecast set beside ours: `name` is `base rate`, `no change` or `coin`; `source` tells its origin."""

    name: str
    probability: float
    source: str


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far to trust a probability, kept apart from the probability itself.

    `level` is high, moderate or low: the worst of three readings. `grade` is the share of the drivers' weight that
    rests on sources (grades A and B) and not on judgement; `band` the width of the 80 % band over draws; `selection`
    the spread over the branches of the selection certificate (nan if not examined).
    """

    level: Literal["high", "moderate", "low"]
    grade: float
    band: float
    selection: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Driver:
    """A parameter that moves an answer: its share of the variance over draws, and the answer at both of its ends."""

    parameter: str
    title: str
    share: float
    at_low: float
    at_high: float
    grade: str


@dataclass(frozen=True, slots=True)
class QuestionOutlook:
    """The answer to one dated question. `before` and `after` the evidence: mean over draws and 80 % band."""

    question: str
    text: str
    timing: Literal["at", "by"]
    date: date
    before: Band
    after: Band
    words: str
    confidence: Confidence
    drivers: tuple[Driver, ...]
    benchmarks: tuple[Benchmark, ...]
    outcome: Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class OutlookCurve:
    """A probability by date: mean over draws and 80 % band after the evidence, and the mean before it.

    `kind`: `state` (probability that it holds at the date) or `event` (that it has happened by then).
    """

    name: str
    title: str
    kind: Literal["state", "event"]
    dates: tuple[date, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    before: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OutlookFan:
    """An indicator over states and draws together: mean and quantiles after the evidence, and the mean before it.

    `observed` are (date, low, high) of the evidence on this indicator.
    """

    name: str
    title: str
    unit: str
    dates: tuple[date, ...]
    mean: tuple[float, ...]
    q10: tuple[float, ...]
    q50: tuple[float, ...]
    q90: tuple[float, ...]
    before: tuple[float, ...]
    observed: tuple[tuple[date, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceFinding:
    """What one observation tells.

    `surprise` is the improbability of the observation given all others, in bits (-log2 of its mean likelihood);
    `shifts` are (question, answer with everything, answer without this piece); `largest` the largest shift in size.
    """

    key: str
    date: date
    what: str
    grade: str
    sources: tuple[str, ...]
    surprise: float
    shifts: tuple[tuple[str, float, float], ...]
    largest: float
    sentence: str


@dataclass(frozen=True, slots=True)
class GateOutlook:
    """The three gates of one draft over draws, before and after the evidence; `holds` is all three together."""

    draft: str
    title: str
    before: tuple[Band, Band, Band, Band]
    after: tuple[Band, Band, Band, Band]


@dataclass(frozen=True, slots=True)
class FrictionOutlook:
    """What a friction costs one draft over draws, before and after the evidence.

    The rise of the chance that the draft passes all three gates when the friction is switched off.
    """

    friction: str
    title: str
    draft: str
    before: Band
    after: Band


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything `servanda forecast` found.

    `since` is the date from which evidence is weighed (`as_of` if none is); `frictions` only where they were asked for;
    `overtaken` is evidence that is not weighed: later evidence on the same thing is, or its period is not played yet;
    `no_box` are the reasons why some quantities have no box.
    """

    case: str
    title: str
    as_of: date
    since: date
    headline: str
    questions: tuple[QuestionOutlook, ...]
    gates: tuple[GateOutlook, ...]
    frictions: tuple[FrictionOutlook, ...]
    curves: tuple[OutlookCurve, ...]
    fans: tuple[OutlookFan, ...]
    evidence: tuple[EvidenceFinding, ...]
    overtaken: tuple[str, ...]
    posteriors: tuple[Posterior, ...]
    weighing: Weighing
    sensitivity: tuple[Sensitivity, ...]
    boxes: tuple[Box, ...]
    no_box: tuple[str, ...]
    seconds: float
    provenance: Provenance
