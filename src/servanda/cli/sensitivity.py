"""`servanda sensitivity`: what drives an answer, and where in the space of parameters it comes out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed
from servanda.cli.keeping import Keeping, kept, newly_made, text_of
from servanda.cli.run import stages
from servanda.cli.sweep import INTERRUPTED, SWEEPS

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.ensemble import Ensemble
    from servanda.outlook.forecasting import Settings
    from servanda.outlook.readings import Read
    from servanda.store import NewRun
    from servanda.uncertainty.answers import Box, Sensitivity
    from servanda.uncertainty.discovery import Discovery

DEFAULT = "outcome.ever_deal"
_GATE = re.compile(r"gate\.(\w+)\.(\w+)")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_CONDITION = re.compile(rf"\s*([A-Za-z_][\w.\-]*?)\s*(>=|<=|>|<)\s*({_NUMBER})\s*(%?)\s*")
_WORDS = {">": "is above", "<": "is below", ">=": "is at least", "<=": "is at most"}


@click.command("sensitivity", short_help="What drives an answer, and where in the parameters it comes out.")
@click.argument("case", metavar="CASE")
@click.option(
    "--of",
    "quantity",
    default=DEFAULT,
    show_default=True,
    metavar="QUANTITY",
    help="What is explained: question.NAME, outcome.deal, outcome.ever_deal, outcome.ever_war, or gate.DRAFT.sign, "
    ".ratify, .keep, .holds.",
)
@click.option("-n", "--draws", type=click.IntRange(min=16), default=256, show_default=True, help="Number of draws.")
@click.option(
    "--box",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Look for the parameters under which this holds, such as 'question.any_deal > 0.5'; may be repeated. "
    "[default: QUANTITY > 0.5]",
)
@click.option("--before", is_flag=True, help="Before the evidence: all draws count alike.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes. [default: one a core]")
@click.option("--cluster", metavar="ADDRESS", help="Solve on a Dask cluster: its address or its scheduler file.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where sweeps are kept. [default: ./servanda-sweeps/<case>]",
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of the draws. [default: the program's own]")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the sentences.")
@kept
def command(
    case: str,
    quantity: str,
    draws: int,
    conditions: tuple[str, ...],
    before: bool,
    workers: int | None,
    cluster: str | None,
    out: Path | None,
    seed: int | None,
    as_json: bool,
    quiet: bool,
    keeping: Keeping,
) -> None:
    """Say which parameters drive an answer of CASE, and look for the range of them in which it comes out.

    Solves the draws that are missing (see `servanda sweep`; those there are get used), then prints the mean of the
    answer with each parameter low and high, shares of its variance with intervals, and boxes in words.

    Examples: `servanda sensitivity us-iran -n 1024`, `servanda sensitivity us-iran --box 'outcome.ever_war > 20 %'`.
    """
    with answering(as_json=as_json):
        from servanda.case import find, load

        file = find(case)
        read, text, begun = load(file).require(), text_of(file), time.perf_counter()
        from servanda.outlook.forecasting import Settings, provenance_of_study
        from servanda.uncertainty.draws import SEED

        folder = out or SWEEPS / read.name
        how = Settings(
            draws=draws, seed=SEED if seed is None else seed, workers=workers, cluster=cluster, folder=folder
        )  # fmt: skip
        try:
            with stages(shown=not (quiet or as_json)) as progress:
                found = explain(read, quantity, conditions, how, progress, before=before)
        except KeyboardInterrupt:
            click.echo(
                f"Interrupted; what was solved is kept in {folder}. The same command goes on from there.", err=True
            )
            raise click.exceptions.Exit(INTERRUPTED) from None
        rows, seconds = found.rows, time.perf_counter() - begun
        weighing = "Before the evidence: all draws count alike." if before else rows.weighing.sentence

        def made() -> NewRun:
            from servanda.report.outlook_frames import sensitivity_rows

            return newly_made(
                "sensitivity", [(text, read)], headline=found.driven.sentence, result=found.as_json, seconds=seconds,
                provenance=provenance_of_study(found.study, rows, how),
                rows=sensitivity_rows([found.driven], found.boxes),
                options={
                    "quantity": quantity, "conditions": list(conditions), "before": before, "draws": draws,
                    "seed": how.seed,
                },
            )  # fmt: skip

        if as_json:
            told = {"draws": str(rows.swept.path), "counts": _counts(rows), "kept": keeping.keep(made)}
            succeed({**found.as_json, **told})
            return
        if quiet:
            for line in (found.driven.sentence, *(box.sentence for box in found.boxes), *found.reasons):
                click.echo(line)
            keeping.keep_and_say(made, quiet=True)
            return
        from rich.console import Console

        from servanda.report.terminal import WIDTH
        from servanda.report.terminal_outlook import print_sensitivity

        console = Console()
        console = console if console.is_terminal else Console(width=WIDTH)
        print_sensitivity(console, found.driven, found.boxes)
        for line in (*found.reasons, weighing, rows.swept.sentence):
            console.print(line, markup=False, highlight=False)
        console.print(f"Rows: {rows.swept.path}", markup=False, highlight=False, soft_wrap=True)
        keeping.keep_and_say(made)


@dataclass(frozen=True)
class Explained:
    """What drives an answer, the boxes found, why others were not, and the draws behind both."""

    driven: Sensitivity
    boxes: list[Box]
    reasons: list[str]
    rows: Read
    study: Ensemble
    before: bool

    @property
    def as_json(self) -> dict[str, object]:
        """The answer as JSON carries it."""
        from servanda.report.tables import plain_data

        told = None if self.before else plain_data(self.rows.weighing)
        answer = {"sensitivity": plain_data(self.driven), "boxes": plain_data(self.boxes), "reasons": self.reasons}
        return {**answer, "weighing": told}


def explain(
    case: ResolvedCase,
    quantity: str,
    conditions: Sequence[str],
    how: Settings,
    progress: Callable[[str, float], None],
    *,
    before: bool,
) -> Explained:
    """Solve the draws that are missing, and say what drives an answer and where it comes out.

    Raises
    ------
    CaseError
        For a quantity that does not exist, or a condition that cannot be read.
    """
    from servanda.outlook.forecasting import swept

    asked = [_condition(text) for text in conditions] or [(quantity, ">", 0.5)]
    names = list(dict.fromkeys([quantity, *(name for name, _, _ in asked)]))
    study = _study(case, names, how.seed)
    titles = _titles(case, study)
    _known(names, titles)
    rows = swept(study, how, lambda share: progress("draws", share))
    found = [_box(rows, condition, titles[condition[0]], before=before) for condition in asked]
    return Explained(
        driven=_driven(rows, quantity, titles[quantity], before=before),
        boxes=[one.box for one in found if one.box is not None],
        reasons=[one.reason for one in found if one.box is None],
        rows=rows, study=study, before=before,
    )  # fmt: skip


def _condition(text: str) -> tuple[str, str, float]:
    """Read a condition such as `question.any_deal > 0.5`; a percentage may be written with its sign."""
    from servanda.errors import CaseError, Issue

    found = _CONDITION.fullmatch(text)
    if found is None:
        hint = "write QUANTITY > NUMBER, such as 'outcome.deal > 0.5'"
        issue = Issue("error", "bad-condition", f"`{text}` is no condition", hint)
        raise CaseError("a condition that cannot be read", issues=(issue,))
    name, sign, value, percent = found.groups()
    return name, sign, float(value) / (100.0 if percent else 1.0)


def _study(case: ResolvedCase, names: Sequence[str], seed: int) -> Ensemble:
    """The ensemble; the gates of a draft are worked out only where they are asked for."""
    from servanda.ensemble import Ensemble

    drafts = {draft.name for draft in case.drafts}
    found = [match[1] for name in names if (match := _GATE.fullmatch(name)) and match[1] in drafts]
    return Ensemble.of(case, seed=seed, gates=tuple(dict.fromkeys(found)))


def _titles(case: ResolvedCase, study: Ensemble) -> dict[str, str]:
    """Every quantity that can be asked for, with what it is in words."""
    from servanda.forecast.quantities import quantity_titles

    titles = quantity_titles(case, case.questions)
    answered = {asked.name for asked in study.frame.questions}
    return {name: title for name, title in titles.items() if name in answered or name.startswith("gate.")}


def _known(names: Sequence[str], titles: dict[str, str]) -> None:
    from servanda.case.messages import did_you_mean
    from servanda.errors import CaseError, Issue

    strange = [name for name in names if name not in titles]
    if strange:
        issues = tuple(
            Issue("error", "unknown-quantity", f"no quantity is called `{name}`", did_you_mean(name, titles))
            for name in strange
        )
        raise CaseError("quantities that do not exist", issues=issues)


def _column(rows: Read, name: str, *, before: bool) -> str:
    early = f"before.{name}"
    return early if before and early in rows.swept else name


def _driven(rows: Read, name: str, title: str, *, before: bool) -> Sensitivity:
    from servanda.uncertainty.sensitivity import sensitivity

    y = rows.swept[_column(rows, name, before=before)]
    return sensitivity(
        rows.factors, rows.x, y, rows.before if before else rows.after, quantity=name, title=title
    )  # fmt: skip


def _box(rows: Read, condition: tuple[str, str, float], title: str, *, before: bool) -> Discovery:
    import numpy as np

    from servanda.uncertainty.discovery import find_box

    name, sign, value = condition
    y = rows.swept[_column(rows, name, before=before)]
    weights = np.where(np.isfinite(y), rows.before if before else rows.after, 0.0)
    compare = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}[sign]
    words, truth = _words(sign, value, name), compare(y, value)
    return find_box(rows.factors, rows.x, truth, weights, quantity=name, title=title, condition=words)


def _words(sign: str, value: float, name: str) -> str:
    if name.endswith(".mean_life"):
        return f"{_WORDS[sign]} {value:g} years"
    if value == 0.5 and sign == ">":
        return "is likelier than not"
    return f"{_WORDS[sign]} {100.0 * value:g} %"


def _counts(rows: Read) -> dict[str, int]:
    swept = rows.swept
    return {"draws": swept.draws, "failed": swept.failed, "unsettled": swept.unsettled, "resumed": swept.resumed}
