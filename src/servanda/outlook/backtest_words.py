"""What a backtest says in sentences: of one forecast, and of all of them together."""

from __future__ import annotations

from collections.abc import Sequence

from servanda.forecast.benchmarks import COIN, NO_CHANGE
from servanda.forecast.scores import BASE_RATE
from servanda.forecast.vocabulary import percent
from servanda.outlook.answers import Benchmark
from servanda.outlook.backtest_answers import Difference, ForecasterScore, Scored
from servanda.outlook.survival import OURS
from servanda.outlook.survival_words import compared, luck


def said_of(probability: float | None, benchmarks: Sequence[Benchmark], *, happened: bool) -> str:
    """How one forecast went: on which side of even it was, and whether the base rate was nearer."""
    if probability is None:
        return "The model has no answer."
    truth = float(happened)
    base = next((b.probability for b in benchmarks if b.name == BASE_RATE), None)
    right = "right" if (probability > 0.5) == happened else "wrong"
    # what reads as 50 % is on no side
    side = "on neither side of even" if percent(probability) == percent(0.5) else f"on the {right} side of even"
    said = f"Came {'true' if happened else 'out false'}; our {percent(probability)} was {side}"
    if base is None:
        return f"{said}."
    ours, theirs = abs(probability - truth), abs(base - truth)
    beside = f"{'nearer' if ours < theirs else 'farther from'} the truth than" if ours != theirs else "no nearer than"
    return f"{said}, {beside} the base rate of {percent(base)}."


def summary(
    scored: Sequence[Scored],
    standings: Sequence[ForecasterScore],
    own: Sequence[ForecasterScore],
    difference: Difference | None,
) -> tuple[str, tuple[str, ...]]:
    """The headline and the details of a backtest: whom the model beats, how sure that is, and what speaks against it.

    Parameters
    ----------
    scored : all questions
    standings : forecasters over the questions that all answered
    own : ours over all it answered, if those are more
    difference : to the base rate over several cases, None for one
    """
    answered = [s for s in scored if s.probability is not None]
    outside = len(scored) - len(answered)
    by_name = {s.forecaster: s for s in standings}
    ours, base = by_name[OURS], by_name[BASE_RATE]
    count = ours.questions
    hindsight = (
        "Nothing later than each day entered its forecasts, but the parameters were judged by people who knew how it "
        "went."
    )
    if count == 0:
        nothing = "No question was answered by every forecaster, so there is nothing to compare"
        if not answered:
            return f"{nothing}: the model answers none of them.", ()
        alone = next(s.brier.value for s in own)
        over = _counted(len(answered), "question")
        return f"{nothing}; over the {over} that the model answers its Brier score is {alone:.3f}.", (hindsight,)
    beats = [n for n in (BASE_RATE, NO_CHANGE, COIN) if ours.brier.value < by_name[n].brier.value]
    loses = [n for n in (BASE_RATE, NO_CHANGE, COIN) if n not in beats]
    better = f"better than {_listed(beats)}" if beats else ""
    worse = f"no better than {_listed(loses)}" if loses else ""
    headline = (
        f"Over {_counted(count, 'question')} the model's Brier score is {ours.brier.value:.3f}: "
        f"{' and '.join(x for x in (better, worse) if x)} (base rate {base.brier.value:.3f})."
    )
    sure = (
        f"the interval of the score runs from {ours.brier.low:.3f} to {ours.brier.high:.3f}"
        if count > 1
        else "one question has no interval"
    )
    many = f"{_counted(count, 'question')} of {_counted(len({s.case for s in scored}), 'case')}"
    details = [f"With {many} this proves little: {sure}."]
    if difference is not None and difference.cases > 1:
        told = f"Set beside the base rate question by question, our score is {compared(difference)}."
        details.append(f"{told} {more}." if (more := luck(difference)) else told)
    details.append(hindsight)
    behind = [s for s in answered if _loses(s)]
    if behind:
        rated = sum(any(b.name == BASE_RATE for b in s.benchmarks) for s in answered)
        details.append(f"The base rate did better on {len(behind)} of {rated}.")
    if outside:
        lie, are = ("lies", "is") if outside == 1 else ("lie", "are")
        details.append(
            f"{_counted(outside, 'question')} {lie} outside the model and {are} scored for the naive forecasters only."
        )
    return headline, tuple(details)


def _loses(s: Scored) -> bool:
    base = next((b.probability for b in s.benchmarks if b.name == BASE_RATE), None)
    truth = float(s.outcome)
    return base is not None and s.probability is not None and abs(s.probability - truth) > abs(base - truth)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    full = [{BASE_RATE: "the base rate", NO_CHANGE: "no change", COIN: "a coin"}[n] for n in names]
    return full[0] if len(full) == 1 else f"{', '.join(full[:-1])} and {full[-1]}"
