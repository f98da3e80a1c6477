"""A case as it stood on a day: the drafts then on the table, the state as then last observed, nothing later."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from servanda.case.dates import shifted
from servanda.case.resolve_readings import QUANTITY
from servanda.case.resolved import (
    ChanceEvent,
    Claim,
    DealStage,
    DealStart,
    Draft,
    Evidence,
    Expectation,
    Question,
    ResolvedCase,
    Variable,
)
from servanda.case.rewriting import without_drafts
from servanda.errors import CaseError, Issue, Location

_OF_DRAFTS = ("gate", "ends", "overlap")


@dataclass(frozen=True, slots=True)
class Frozen:
    """A case as it stood on a day.

    `assumed` names the variables of which nothing had been observed by its start, so that the start that the whole case
    declares was taken: it may be hindsight. `state` are (title of the variable, level) at its start, the deal last.
    """

    case: ResolvedCase
    assumed: tuple[str, ...]
    state: tuple[tuple[str, str], ...]


def freeze(case: ResolvedCase, day: date, *, learn_from: date | None = None) -> Frozen:
    """The case with `day` as its date of information; what is dated later is not in it.

    It starts on `day` (on its own date of information: where it starts anyway), or with `learn_from` on the first date
    that is not earlier and from which a whole number of periods leads there. Its horizon lies as many periods ahead.
    The whole case is found again in the `history` of the result, so that it can be frozen once more.

    Raises
    ------
    CaseError
        If the day lies before the first that the case knows or after its date of information, if `learn_from` lies
        before the first or after `day`, or if a question asked on the day lies past the horizon.

    Examples
    --------
    >>> from servanda.case import read
    >>> case = read("theory/pledge")
    >>> freeze(case, case.as_of).case == case
    True
    """
    whole = case.history or case
    own = day == whole.as_of
    _check_days(whole, day, learn_from)
    if own and learn_from is None and not _is_historical(whole):
        return Frozen(whole, (), _state(whole))
    anchor = whole.start if own else day
    ahead = _periods_back(anchor, learn_from, whole.period_months) if learn_from is not None else 0
    start = shifted(anchor, -ahead * whole.period_months)
    past = 0 if own else _periods_past(whole.start, whole.as_of, whole.period_months)
    periods = whole.periods - past + ahead
    end = shifted(start, whole.period_months * periods)
    stand = _stand(whole, start)
    drafts = tuple(draft for draft in whole.drafts if draft.name == stand.draft or was_on_table(draft, start, day))
    gone = {draft.name for draft in whole.drafts} - {draft.name for draft in drafts}
    stand = stand if drafts else DealStart()
    variables, assumed = _variables(whole, start)
    questions = _questions(whole, day, end, own=own)
    kept_questions = {question.name for question in questions}
    frozen = replace(
        whole,
        start=start,
        as_of=day,
        periods=periods,
        learn_from=whole.learn_from if own and learn_from is None else start,
        variables=variables,
        chance=tuple(_events(whole.chance, start, end)),
        protocol=replace(whole.protocol, start=stand),
        drafts=drafts,
        questions=questions,
        evidence=tuple(_evidence(whole, day, start, gone, as_read=own and learn_from is None)),
        claims=tuple(_claims(whole.claims, gone, kept_questions)) if own else (),
        expect=tuple(_expectations(whole.expect, gone, kept_questions)) if own else (),
        history=None,
    )
    if gone:
        terms = {term for draft in drafts for term, _ in draft.terms}
        frozen = without_drafts(frozen, gone, terms)
    return Frozen(replace(frozen, history=whole), assumed, _state(frozen))


def first_known(case: ResolvedCase) -> date:
    """The first day of which the case, or its history, says anything."""
    whole = case.history or case
    asked = [question.asked for question in whole.questions if question.asked is not None]
    return min(whole.start, whole.learn_from, *(observation.date for observation in whole.evidence), *asked)


def was_on_table(draft: Draft, start: date, day: date) -> bool:
    """Whether a draft could be tabled on some date from `start` to `day`."""
    first, last = draft.on_table
    return (first is None or first <= day) and (last is None or last > start)


def own_end(case: ResolvedCase, day: date) -> date:
    """The first day past the horizon of the case frozen on `day`."""
    if day == case.as_of:
        return shifted(case.start, case.period_months * case.periods)
    gone = _periods_past(case.start, case.as_of, case.period_months)
    return shifted(day, case.period_months * (case.periods - gone))


def _is_historical(whole: ResolvedCase) -> bool:
    """Whether anything in the case is not part of it on its own date of information."""
    return (
        whole.learn_from < whole.start
        or any(draft.on_table != (None, None) for draft in whole.drafts)
        or any(question.asked is not None for question in whole.questions)
        or any(not whole.start <= observation.date <= whole.as_of for observation in whole.evidence)
    )


def _check_days(whole: ResolvedCase, day: date, learn_from: date | None) -> None:
    first = first_known(whole)
    if not first <= day <= whole.as_of:
        raise _error(
            whole,
            "day-not-known",
            f"`{whole.name}` cannot be frozen on {day}: it knows {first} to {whole.as_of}",
            "name a day between the two",
        )
    if learn_from is not None and not first <= learn_from <= day:
        raise _error(
            whole,
            "day-not-known",
            f"nothing can be learnt from {learn_from} to {day}: the case knows {first} to {whole.as_of}",
            "learn from a day between the first day known and the day of freezing",
        )


def _error(whole: ResolvedCase, code: str, message: str, hint: str, where: Location | None = None) -> CaseError:
    issue = Issue("error", code, message, hint, where or Location(whole.file))
    return CaseError(f"{whole.file or whole.name}: {message}", issues=(issue,))


def _periods_back(anchor: date, day: date, months: int) -> int:
    """Largest number of periods before `anchor` that leads to `day` or later; `day` is not after `anchor`."""
    count = ((anchor.year - day.year) * 12 + anchor.month - day.month) // months + 1
    while shifted(anchor, -count * months) < day:
        count -= 1
    return count


def _periods_past(start: date, day: date, months: int) -> int:
    """Number of whole periods from `start` to `day`."""
    count = ((day.year - start.year) * 12 + day.month - start.month) // months
    return count if shifted(start, count * months) <= day else count - 1


def _last(observations: Iterable[Evidence], start: date) -> Evidence | None:
    """The latest observation up to the start; of two on one day the one that stands later in the file."""
    found = None
    for observation in observations:
        if observation.date <= start and (found is None or observation.date >= found.date):
            found = observation
    return found


def _stand(whole: ResolvedCase, start: date) -> DealStart:
    if start == whole.start:
        return whole.protocol.start
    seen = _last((each for each in whole.evidence if each.kind == "deal"), start)
    return DealStart() if seen is None else DealStart(cast("DealStage", seen.name), seen.what, seen.phase)


def _variables(whole: ResolvedCase, start: date) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    if start == whole.start:
        return whole.variables, ()
    found, assumed = [], []
    for variable in whole.variables:
        of_it = (each for each in whole.evidence if each.kind == "variable" and each.name == variable.name)
        seen = _last(of_it, start)
        found.append(variable if seen is None else replace(variable, start=seen.what))
        if seen is None:
            assumed.append(variable.name)
    return tuple(found), tuple(assumed)


def _state(case: ResolvedCase) -> tuple[tuple[str, str], ...]:
    stand = case.protocol.start
    deal = " ".join(word for word in (stand.stage, stand.draft, stand.phase) if word)
    return (*((variable.title, variable.start) for variable in case.variables), ("deal", deal))


def _events(events: Iterable[ChanceEvent], start: date, end: date) -> Iterable[ChanceEvent]:
    """The events with their dates in [start, end); one that has none left cannot happen and is no part of the case."""
    for event in events:
        dates = tuple(day for day in event.timing.dates if start <= day < end)
        if event.timing.kind != "dates" or dates == event.timing.dates:
            yield event
        elif dates:
            yield replace(event, timing=replace(event.timing, dates=dates))


def _evidence(
    whole: ResolvedCase, day: date, start: date, gone: Collection[str], *, as_read: bool
) -> Iterable[Evidence]:
    """What was seen from the start on; not the levels seen on the start itself, which have become the state."""
    later = as_read or start == day
    some_draft = len(gone) < len(whole.drafts)
    for observation in whole.evidence:
        possible = observation.kind != "deal" or (some_draft and observation.what not in gone)
        spent = observation.date == start and not later and observation.kind in ("variable", "deal")
        if possible and not spent and start <= observation.date <= day:
            yield observation


def _questions(whole: ResolvedCase, day: date, end: date, *, own: bool) -> tuple[Question, ...]:
    found = tuple(each for each in whole.questions if each.asked == day or (own and each.asked is None))
    for question in found:
        if question.date >= end:
            message = f"`{question.name}` asks of {question.date}, past the horizon of the case frozen on {day}, {end}"
            raise _error(whole, "question-past-horizon", message, "lengthen `horizon`, or ask earlier", question.where)
    return found


def _claims(claims: Iterable[Claim], gone: Collection[str], questions: Collection[str]) -> Iterable[Claim]:
    for claim in claims:
        drafts = {test.subject[0] for test in claim.tests if test.quantity in _OF_DRAFTS}
        asked = {test.subject[0] for test in claim.tests if test.quantity == "question"}
        if drafts.isdisjoint(gone) and asked <= set(questions):
            yield claim


def _expectations(
    expected: Iterable[Expectation], gone: Collection[str], questions: Collection[str]
) -> Iterable[Expectation]:
    for expectation in expected:
        parsed = QUANTITY.fullmatch(expectation.quantity)
        word, subject = (parsed[1], (parsed[2] or "").strip()) if parsed else (None, "")
        if subject in questions if word == "P" else subject not in gone:
            yield expectation
