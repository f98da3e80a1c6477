"""A search of designs for the terminal and as plain data: the answer, the drafts, and what is undominated.

A design is told by what it changes in the case; levers that stay as written are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from servanda.diagnosis.answers import Design, Designs
from servanda.diagnosis.design_words import described
from servanda.forecast.vocabulary import words
from servanda.report.tables import plain_data
from servanda.report.terminal import writers
from servanda.report.words import (
    GATE_TITLES,
    TINY,
    capital,
    counted,
    fine_percent,
    listed,
    log_odds,
    number,
    percent,
    points,
    signed,
    years,
)

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 12
SHOWN_IF_NONE_PASSES = 4


def to_dict(designs: Designs, *, whole: bool) -> dict[str, Any]:
    """Everything in a search as nested dicts, lists, texts, numbers and None; keys are the records' fields.

    Every design carries `label` and `holds` as well.

    Parameters
    ----------
    whole
        All designs; otherwise the undominated ones, the nearest and the drafts as written.
    """
    kept = [d for d in designs.designs if whole or d.frontier or not d.moved or d == designs.nearest]
    data: dict[str, Any] = plain_data(replace(designs, designs=()))
    data["designs"] = [_design(d) for d in kept]
    data["nearest"] = None if designs.nearest is None else _design(designs.nearest)
    data["found"] = len(designs.designs)
    data["passing"] = len(designs.passing)
    return data


def _design(design: Design) -> dict[str, Any]:
    return {"label": described(design), "holds": design.holds, **plain_data(design)}


def brief(designs: Designs) -> list[str]:
    """The answer, what would have to change, and how the space was searched."""
    return [text for text in (designs.sentence, designs.change, searched(designs)) if text]


def searched(designs: Designs) -> str:
    """How much of the declared space was solved, and how."""
    text = f"{counted(designs.space, 'combination')} of levers and drafts, {counted(designs.games, 'game')} solved"
    return f"{text}: {designs.method}; {designs.seconds:.0f} s."


def show(designs: Designs, console: Console, *, sides: Mapping[str, str], whole: bool = False) -> None:
    """Print a search to a rich console, at most 100 columns wide.

    Parameters
    ----------
    designs
        What was found.
    console
        Where to print; its width is used up to 100 columns.
    sides
        Title of every side by its name.
    whole
        Print every design, dominated ones too.
    """
    put, head = writers(console)

    put(Text(designs.sentence, style="bold"))
    for text in (designs.change, *designs.islands):
        if text:
            put(Text(text))
    head("Each draft, as written and at its likeliest to hold")
    put(_by_draft(designs))
    for text in idle_levers(designs):
        put(Text(text))
    passing = bool(designs.passing)
    parties = [sides.get(side, side) for side in designs.sides]
    if whole:
        head(f"Every design, the likeliest to hold first (undominated marked *); {_terms(designs)}")
        put(_table(designs, designs.designs, parties))
    else:
        best = [d for d in designs.designs if d.frontier]
        kind = "Undominated designs that pass" if passing else "Undominated designs, though none passes"
        head(f"{kind}, the likeliest to hold first; {_terms(designs)}")
        shown = best[: SHOWN if passing else SHOWN_IF_NONE_PASSES]
        put(_table(designs, shown, parties))
        rest = [f"{len(best) - len(shown):,} undominated more"] if len(best) > len(shown) else []
        rest += [f"{len(designs.designs) - len(best):,} dominated"] if len(designs.designs) > len(best) else []
        if rest:
            put(Text(f"Not shown: {' and '.join(rest)}; `--all` shows every design."))
    put(Text())
    put(Text(capital(searched(designs))))
    for text in _cautions(designs):
        put(Text(text))


def _terms(designs: Designs) -> str:
    return f"gains over no deal in points{', price in points' if _priced(designs.designs) else ''}"


def _priced(designs: Sequence[Design]) -> bool:
    return any(d.price != 0.0 for d in designs)


def _by_draft(designs: Designs) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("Draft", ratio=4)
    table.add_column("As written", ratio=3)
    table.add_column("At its best", ratio=3)
    table.add_column("Weakest gate", ratio=3)
    tried = any(d.robust is not None for d in designs.designs)
    if tried:
        table.add_column("Robust", justify="right", ratio=2)
    table.add_column("What its best changes", ratio=6)
    for name in dict.fromkeys(d.draft for d in designs.designs):
        mine = [d for d in designs.designs if d.draft == name]
        best, plain = mine[0], next(d for d in mine if not d.moved)
        gate = f"{GATE_TITLES[best.binding]}: {fine_percent(getattr(best, best.binding))}"
        robust = [_robust(best)] if tried else []
        table.add_row(Text(best.title), _holds(plain), _holds(best), Text(gate), *robust, Text(_changes(best)))
    return table


def _table(designs: Designs, shown: Sequence[Design], parties: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    priced, tried = _priced(designs.designs), any(d.robust is not None for d in shown)
    marked = any(d.frontier for d in shown) and not all(d.frontier for d in shown)
    table.add_column("Design", ratio=8)
    table.add_column("All gates", ratio=3)
    for party in parties:
        table.add_column(f"Gain: {party}", justify="right", ratio=2)
    table.add_column("Mean life", justify="right", ratio=2)
    if priced:
        table.add_column("Price", justify="right", ratio=2)
    if tried:
        table.add_column("Robust", justify="right", ratio=2)
    for d in shown:
        name = Text("* " if marked and d.frontier else "")
        name.append(d.title, style="bold")
        name.append(f"\n{_changes(d)}", style="not bold")
        cells: list[str | Text] = [name, _holds(d), *(points(g) for g in d.gains), years(d.life)]
        cells += [number(round(d.price, 2))] if priced else []
        cells += [_robust(d)] if tried else []
        table.add_row(*cells)
    return table


def _holds(design: Design) -> Text:
    text = Text(words(min(1.0, design.holds)), style="bold")
    text.append(f"\n{fine_percent(design.holds)}", style="not bold")
    if 0.0 < design.holds < TINY:
        text.append(f"\nlog-odds {signed(log_odds(design.holds))}", style="not bold")
    return text


def _robust(design: Design) -> str:
    return "–" if design.robust is None else percent(design.robust)


def _changes(design: Design) -> str:
    return "; ".join(f"{lever}: {choice}" for lever, choice in design.moved) or "as written"


def idle_levers(designs: Designs) -> list[str]:
    """Which levers change only some drafts, or none; those that change the same drafts together, the idlest first."""
    drafts = dict.fromkeys(d.title for d in designs.designs)
    without: dict[str, set[str]] = {}
    for draft, levers in designs.idle:
        for lever in levers:
            without.setdefault(lever, set()).add(draft)
    groups: dict[tuple[str, ...], list[str]] = {}
    for lever, left_out in without.items():
        groups.setdefault(tuple(d for d in drafts if d not in left_out), []).append(f"“{lever}”")
    found = []
    for changed, named in sorted(groups.items(), key=lambda group: len(group[0])):
        verb = "changes" if len(named) == 1 else "change"
        found.append(f"{listed(named)} {verb} {f'only {listed(changed)}' if changed else 'nothing'}.")
    return found


def _cautions(designs: Designs) -> list[str]:
    """What a reader must know before using the numbers."""
    found = []
    unsettled = sum(not d.settled for d in designs.designs)
    if unsettled:
        found.append(f"{counted(unsettled, 'design')}: play beyond the horizon did not become stationary.")
    if designs.draws:
        found.append(
            f"Robust: share of {counted(designs.draws, 'draw')} of all uncertain parameters in which the design passes "
            "with its levers held."
        )
    return found
