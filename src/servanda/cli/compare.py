"""`servanda compare`: two cases, two drafts, or two sets of parameter values side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import Keeping, kept, newly_made, text_of, together
from servanda.cli.run import stages
from servanda.errors import CaseError, Issue

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.store import NewRun

T = TypeVar("T")
Words = tuple[str, ...]

AGAIN = "may be repeated"


@dataclass(frozen=True)
class Asked:
    """What the command line says of one side: case, draft, parameter values, frictions to switch off."""

    letter: str
    case: str
    draft: str | None
    settings: tuple[str, ...]
    off: tuple[str, ...]

    @property
    def label(self) -> str:
        """The side as the terminal names it."""
        named = f"{self.case}:{self.draft}" if self.draft else self.case
        values = [" = ".join(part.strip() for part in setting.split("=", 1)) for setting in self.settings]
        off = [f"without {'any friction' if friction == 'all' else friction}" for friction in self.off]
        return "; ".join([named, *values, *off])


@click.command("compare", short_help="Set two cases, drafts or parameter sets side by side.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--set-a", multiple=True, metavar="PARAM=VALUE", help=f"Use this value of a parameter in A; {AGAIN}.")
@click.option("--set-b", multiple=True, metavar="PARAM=VALUE", help=f"Use this value of a parameter in B; {AGAIN}.")
@click.option("--off-a", multiple=True, metavar="FRICTION", help=f"Switch a friction off in A, or `all`; {AGAIN}.")
@click.option("--off-b", multiple=True, metavar="FRICTION", help=f"Switch a friction off in B, or `all`; {AGAIN}.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only both headlines and how far their probabilities differ.")
@kept
def command(
    a: str,
    b: str,
    set_a: tuple[str, ...],
    set_b: tuple[str, ...],
    off_a: tuple[str, ...],
    off_b: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    keeping: Keeping,
) -> None:
    """Set A and B side by side: what differs in the input, and in the outcome.

    A and B are cases, or drafts of cases written CASE:DRAFT; `:DRAFT` as B is another draft of the same case. Drafts
    and questions are matched by name. Differences are B minus A.

    Examples: `servanda compare us-iran my-variant.yaml`, `servanda compare us-iran us-iran --set-b oil_relief=2`,
    `servanda compare us-iran:freeze :narrow`, `servanda compare us-iran us-iran --off-b all`.
    """
    with answering(as_json=as_json):
        from servanda.case import find, load

        sides = _asked(a, b, (set_a, set_b), (off_a, off_b))
        files = _each([partial(find, side.case) for side in sides])
        loaded, texts = [load(file) for file in files], [text_of(file) for file in files]
        first, second = _each([one.require for one in loaded])
        from servanda.comparison import compare, named_frictions, paired_drafts, run_both, without
        from servanda.report.compared import brief, show, to_dict

        named = (sides[0].draft, sides[1].draft)
        both = list(zip((first, second), sides, strict=True))
        checks: list[Callable[[], object]] = [partial(paired_drafts, first, second, named)]
        checks += [partial(named_frictions, case, side.off) for case, side in both]
        checks += [partial(_chosen, case, side) for case, side in both]
        _each(checks)
        values = [without(case, side.off, _chosen(case, side)) for case, side in both]
        with stages(shown=not (quiet or as_json)) as progress:
            runs = run_both(first, second, values[0], values[1], progress=progress)
        labels = (sides[0].label, sides[1].label)
        found = compare(*runs, named, labels)

        def made() -> NewRun:
            given = list(zip(values, named, labels, strict=True))
            return newly_made(
                "compare", list(zip(texts, (first, second), strict=True)), headline=" ".join(brief(found)),
                result=to_dict(found), provenance=together([run.provenance for run in runs]),
                seconds=sum(t.seconds for run in runs for t in run.timings),
                options={"sides": [{"set": v, "draft": d, "label": label} for v, d, label in given]},
            )  # fmt: skip

        if as_json:
            succeed({"kept": keeping.keep(made), "comparison": to_dict(found)})
        elif quiet:
            click.echo("\n".join(brief(found)))
        else:
            from rich.console import Console

            from servanda.report.terminal import WIDTH

            console = Console()
            show(found, console if console.is_terminal else Console(width=WIDTH))
        if not as_json:
            keeping.keep_and_say(made, quiet=quiet)
        if not (as_json or quiet):
            for case, one in {side.case: one for side, one in zip(sides, loaded, strict=True)}.items():
                if count := sum(issue.severity == "warning" for issue in one.issues):
                    warnings = f"{count} warning{'s' if count != 1 else ''}"
                    click.echo(f"{warnings} about {case}: `servanda check {case}` shows them.", err=True)


def _asked(a: str, b: str, settings: tuple[Words, Words], off: tuple[Words, Words]) -> tuple[Asked, Asked]:
    """Both sides as asked for; a case that B leaves out is that of A."""
    case_a, draft_a = _case_and_draft(a)
    case_b, draft_b = _case_and_draft(b)
    if not case_a:
        raise click.UsageError("A names no case: write CASE or CASE:DRAFT")
    if "" in (draft_a, draft_b):
        raise click.UsageError("a draft is named after the colon: write CASE:DRAFT")
    return Asked("A", case_a, draft_a, settings[0], off[0]), Asked("B", case_b or case_a, draft_b, settings[1], off[1])


def _case_and_draft(word: str) -> tuple[str, str | None]:
    """A case and perhaps its draft; a word that is a path is no draft, colon or not."""
    if ":" not in word or Path(word).exists():
        return word, None
    case, _, draft = word.rpartition(":")
    return case, draft.strip()


def _chosen(case: ResolvedCase, side: Asked) -> dict[str, float]:
    """The parameter values of one side, its letter in every complaint and the parameters in a hint."""
    from servanda.cli.settings import overrides

    try:
        return overrides(case, side.settings)
    except CaseError as error:
        names = ", ".join(parameter.name for parameter in case.parameters) or "none"
        issues = []
        for issue in error.issues:
            hint = issue.hint.replace("--set ", f"--set-{side.letter.lower()} ")
            if issue.code == "unknown-parameter" and "`" not in hint:
                hint = f"its parameters: {names}"
            issues.append(replace(issue, message=f"{side.letter}: {issue.message}", hint=hint))
        raise CaseError(error.message, issues=tuple(issues)) from error


def _each(steps: Sequence[Callable[[], T]]) -> list[T]:
    """The answers of all steps, or one error with the issues of all.

    Raises
    ------
    CaseError
        If any step fails so.
    """
    found: list[T] = []
    issues: list[Issue] = []
    for step in steps:
        try:
            found.append(step())
        except CaseError as error:
            issues += error.issues or (Issue("error", "bad-case", error.message),)
    if issues:
        raise CaseError("what cannot be compared", issues=tuple(issues))
    return found
