"""Two runs side by side: two cases, two drafts, or two sets of parameter values; what differs in input and outcome.

A difference is always b minus a. Equal inputs give differences of exactly zero, since a run draws nothing at random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from servanda.analysis import Settings, run
from servanda.case.resolved import Friction, ResolvedCase
from servanda.case.written import dump, number_text
from servanda.compile import compile_case
from servanda.contrasts import (
    Contrast,
    DraftContrast,
    chance,
    change,
    drafts_by_name,
    one_pair,
    outcomes_at_the_end,
    shared_questions,
)
from servanda.diagnosis.frictions import switched_off
from servanda.differences import InputDifference, case_differences, draft_differences
from servanda.equilibrium.outcome import Status
from servanda.errors import CaseError, Issue
from servanda.forecast.vocabulary import percent, words
from servanda.runs import Run

Drafts = tuple[str | None, str | None]

EVERY_FRICTION = "all"
_MINUS = "\N{MINUS SIGN}"
_SHOWN_IN_A_NOTEBOOK = 30


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison; headline and probability are the named draft's, or else those of the whole run."""

    label: str
    case: str
    title: str
    draft: str
    headline: str
    probability: float
    words: str
    status: Status
    horizon: date


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    `input` lists what differs in what was given, empty if nothing does; `headline` is None where the headlines speak of
    different things; `drafts` and `questions` are sorted by the size of the difference, what only one side has last;
    `outcomes` are those with every draft on the table.
    """

    a: Side
    b: Side
    input: tuple[InputDifference, ...]
    headline: Contrast | None
    drafts: tuple[DraftContrast, ...]
    outcomes: tuple[Contrast, ...]
    questions: tuple[Contrast, ...]

    def _repr_html_(self) -> str:
        """What differs in the input, and the numbers side by side, as a notebook shows them."""
        head = f"<tr><th></th><th>{escape(self.a.label)}</th><th>{escape(self.b.label)}</th>"
        told = [d for d in self.input if not d.wording][:_SHOWN_IN_A_NOTEBOOK]
        given = "".join(
            f"<tr><th scope='row'>{escape(d.what)}</th><td>{escape(d.a)}</td><td>{escape(d.b)}</td></tr>" for d in told
        )
        if given:
            more = len(self.input) - len(told)
            given = f"<table><thead>{head}</tr></thead><tbody>{given}</tbody></table>" + (
                f"<p>… and {more} more.</p>" if more else ""
            )
        else:
            given = (
                "<p>Only wording differs in the input.</p>" if self.input else "<p>Nothing differs in the input.</p>"
            )
        rows = [_html_row(self.headline)] if self.headline else []
        for draft in self.drafts:
            name = " | ".join(dict.fromkeys(t for t in (draft.title_a, draft.title_b) if t))
            rows.append(f"<tr><th colspan='4' scope='rowgroup'>{escape(name)}</th></tr>")
            rows += [_html_row(n) for n in draft.numbers]
        rows += [_html_row(n) for n in (*self.outcomes, *self.questions)]
        found = f"<table><thead>{head}<th>B {_MINUS} A</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        headlines = "".join(f"<p><b>{escape(s.label)}</b>: {escape(s.headline)}</p>" for s in (self.a, self.b))
        return headlines + given + found


def compare(a: Run, b: Run, drafts: Drafts = (None, None), labels: tuple[str, str] = ("", "")) -> Comparison:
    """Set two runs side by side.

    Parameters
    ----------
    drafts : the draft of each run to compare; one name alone is looked for in both runs; every draft if both are None,
        matched by name
    labels : what to call the sides; the name of the case, of the draft and the values set, if empty

    Raises
    ------
    CaseError
        If a draft is named that a case does not have.

    Examples
    --------
    >>> from servanda.analysis import Settings, run
    >>> from servanda.case import read
    >>> case = read("theory/holdup-bond")
    >>> bare = Settings(select=False, frictions=False)
    >>> found = compare(run(case, bare), run(case, Settings(select=False, frictions=False, overrides={"bond": 2.0})))
    >>> [(d.what, d.a, d.b) for d in found.input]
    [('parameters.bond', '7', '2, set (central 7)')]
    >>> [(q.what, round(q.a, 3), round(q.b, 3)) for q in found.questions]
    [('questions.kept', 1.0, 0.0)]
    """
    named = paired_drafts(a.case, b.case, drafts)
    sides = tuple(_side(r, d, label) for r, d, label in zip((a, b), named, labels, strict=True))
    same = sides[0].draft == sides[1].draft
    found = list(_settings(a, b))
    found += case_differences(a.case, b.case, _set(a), _set(b))
    if not same and named[0] is not None and named[1] is not None:
        found = [*draft_differences(a.case, named[0], b.case, named[1]), *found]
    alike = named[0] is not None or _subject(a) == _subject(b)
    one, other = (next((v for v in r.drafts if v.draft == d), None) for r, d in zip((a, b), named, strict=True))
    return Comparison(
        a=sides[0],
        b=sides[1],
        input=tuple(sorted(found, key=lambda d: d.wording)),
        headline=chance("headline", "The headline", *(side.probability for side in sides)) if alike else None,
        drafts=drafts_by_name(a, b) if named[0] is None else (one_pair(one, other),),
        outcomes=outcomes_at_the_end(a, b),
        questions=shared_questions(a, b),
    )


def paired_drafts(a: ResolvedCase, b: ResolvedCase, drafts: Drafts) -> Drafts:
    """The draft meant on each side: a name given for one side only is looked for in both cases.

    Raises
    ------
    CaseError
        With every draft that a case does not have.
    """
    named = (drafts[0] or drafts[1], drafts[1] or drafts[0])
    issues = []
    for side, case, name in zip("AB", (a, b), named, strict=True):
        known = [d.name for d in case.drafts]
        if name is not None and name not in known:
            hint = f"its drafts: {', '.join(known)}" if known else "it has no drafts"
            issues.append(Issue("error", "unknown-draft", f"{side}: no draft of {case.name} is called `{name}`", hint))
    if issues:
        raise CaseError("a draft that is not there", issues=tuple(issues))
    return named


def named_frictions(case: ResolvedCase, names: Sequence[str]) -> tuple[Friction, ...]:
    """The frictions of these names in the order of the case; `all` means every one.

    Raises
    ------
    CaseError
        With every name that is no friction of the case.

    Examples
    --------
    >>> from servanda.case import read
    >>> named_frictions(read("theory/holdup-bond"), ["turnover"])
    Traceback (most recent call last):
    ...
    servanda.errors.CaseError: no friction of holdup-bond is called `turnover`: it names no friction
    """
    known = {f.name: f for f in case.frictions}
    hint = f"its frictions: {', '.join(known)}; or `{EVERY_FRICTION}`" if known else "it names no friction"
    issues = tuple(
        Issue("error", "unknown-friction", f"no friction of {case.name} is called `{name}`", hint)
        for name in names
        if name not in known and not (known and name == EVERY_FRICTION)
    )
    if issues:
        raise CaseError(f"{issues[0].message}: {hint}", issues=issues)
    return tuple(f for name, f in known.items() if EVERY_FRICTION in names or name in names)


def without(case: ResolvedCase, frictions: Sequence[str], overrides: Mapping[str, float]) -> dict[str, float]:
    """Parameter values with these frictions switched off, on top of values already set; `all` means every one.

    Raises
    ------
    CaseError
        With every name that is no friction of the case.

    Examples
    --------
    >>> from servanda.case import read
    >>> without(read("theory/holdup-bond"), [], {"bond": 2.0})
    {'bond': 2.0}
    """
    values = dict(overrides)
    off = named_frictions(case, frictions)
    if off:
        compiled = compile_case(case)
        for friction in off:
            values |= switched_off(compiled, friction, overrides)
    return values


def run_both(
    a: ResolvedCase,
    b: ResolvedCase,
    set_a: Mapping[str, float],
    set_b: Mapping[str, float],
    progress: Callable[[str, float], None] | None = None,
) -> tuple[Run, Run]:
    """Run two cases without selection certificate and frictions; once only, if both are the same with the same values.

    Raises
    ------
    CaseError
        If a case makes no sense as a game.
    """

    def made(case: ResolvedCase, values: Mapping[str, float], begin: float, share: float) -> Run:
        def tell(stage: str, done: float) -> None:
            if progress is not None:
                progress(stage, begin + share * done)

        return run(case, Settings(select=False, frictions=False, overrides=dict(values)), progress=tell)

    if dump(a) == dump(b) and _in_use(a, set_a) == _in_use(b, set_b):
        once = made(a, set_a, 0.0, 1.0)
        return once, once
    return made(a, set_a, 0.0, 0.5), made(b, set_b, 0.5, 0.5)


def _in_use(case: ResolvedCase, values: Mapping[str, float]) -> dict[str, float]:
    return {**{p.name: p.number.central for p in case.parameters}, **values}


def _set(run: Run) -> dict[str, float]:
    # NumPy spells its own scalars out in full
    return {
        key.removeprefix("set "): float(text.removeprefix("np.float64(").removesuffix(")"))
        for key, text in run.provenance.settings
        if key.startswith("set ")
    }


def _settings(a: Run, b: Run) -> Iterable[InputDifference]:
    """Settings and versions that differ; values set and the convention of values are compared with the cases."""
    for kind in ("settings", "versions"):
        one, other = dict(getattr(a.provenance, kind)), dict(getattr(b.provenance, kind))
        for name in dict.fromkeys((*one, *other)):
            of_case = kind == "settings" and (name.startswith("set ") or name == "values")
            if not of_case and one.get(name) != other.get(name):
                yield InputDifference(f"{kind}.{name}", one.get(name, ""), other.get(name, ""))


def _side(run: Run, draft: str | None, label: str) -> Side:
    values = [f"{name} = {number_text(value)}" for name, value in _set(run).items()]
    shown = label or "; ".join((f"{run.case.name}{f':{draft}' if draft else ''}", *values))
    headline, probability = run.verdict.headline, run.verdict.probability
    if draft is not None:
        own = next(d for d in run.drafts if d.draft == draft)
        headline, probability = f"“{own.title}”: {own.sentence}", own.holds
    return Side(
        shown, run.case.name, run.case.title, draft or "", headline, probability, words(probability), run.status,
        run.forecast.outcomes.dates[-1],
    )  # fmt: skip


def _subject(run: Run) -> str:
    """What the headline of a run speaks of: its drafts, or without any a question or war."""
    if run.drafts:
        return "drafts"
    war = run.verdict.probability == run.forecast.outcomes.ever_war[-1]
    return "war" if war or not run.forecast.answers else f"question {run.forecast.answers[0].question}"


def _html_row(contrast: Contrast) -> str:
    cells = (
        "–" if value is None else f"{value:.1f} years" if contrast.unit == "years" else f"{said}<br>{percent(value)}"
        for value, said in ((contrast.a, contrast.words_a), (contrast.b, contrast.words_b))
    )
    row = "".join(f"<td>{cell}</td>" for cell in (*cells, change(contrast)))
    return f"<tr><th scope='row'>{escape(contrast.title)}</th>{row}</tr>"
