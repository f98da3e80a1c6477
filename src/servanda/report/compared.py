"""A comparison for the terminal and as plain data: what differs in the input, then the numbers side by side.

Words stand before numbers; a difference is B minus A, probabilities in percentage points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from servanda.comparison import Comparison
from servanda.contrasts import NOT_NEEDED, PLACE_IN_PLAY, Contrast, DraftContrast, MainEnding, change
from servanda.differences import InputDifference
from servanda.equilibrium.outcome import Status
from servanda.report.tables import plain_data
from servanda.report.terminal import WIDTH
from servanda.report.words import (
    ENDING_TITLES,
    TINY,
    counted,
    fine_percent,
    full_date,
    log_odds,
    percent,
    signed,
    years,
)

if TYPE_CHECKING:
    from rich.console import Console

INPUT_SHOWN = 40
LONGEST_TEXT = 160
CHANGE = "B \N{MINUS SIGN} A"


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """Everything in a comparison as nested dicts, lists, texts, numbers and None; keys are the records' fields."""
    data: dict[str, Any] = plain_data(comparison)
    for key, side in (("a", comparison.a), ("b", comparison.b)):
        data[key]["status"] = {"name": side.status.name.lower().replace("_", "-"), "sentence": side.status.value}
    return data


def brief(comparison: Comparison) -> list[str]:
    """The headline of each side, and the difference of their probabilities."""
    a, b = comparison.a, comparison.b
    return [f"A: {a.headline}", f"B: {b.headline}", _headline_change(comparison.headline)]


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison to a rich console, at most 100 columns wide."""
    width = min(console.width, WIDTH)
    # a narrow column would part a number from its sign of per cent
    between = ", " if width == WIDTH else "\n"

    def put(item: Text | Table) -> None:
        console.print(item, width=width)

    def head(title: str) -> None:
        put(Text())
        put(Text(title, style="bold underline"))

    for name, side in (("A", comparison.a), ("B", comparison.b)):
        put(Text.assemble((f"{name}  {side.label}", "bold"), f"  ({side.title})"))
    head("What differs in the input")
    put(_input(comparison.input))
    head("Verdict")
    first, second, change_ = brief(comparison)
    put(Text(first, style="bold"))
    put(Text(second, style="bold"))
    put(Text(change_))
    if comparison.drafts:
        head("Drafts: gates and life with the draft alone on the table; difference in percentage points")
        put(_drafts(comparison.drafts, whole=bool(comparison.a.draft), between=between))
    same_play = all(n.difference == 0.0 for n in (*comparison.outcomes, *comparison.questions))
    if same_play and comparison.a.draft != comparison.b.draft:
        put(Text())
        put(Text("Play with every draft on the table, and so every dated question, is the same on both sides."))
    else:
        head(f"With every draft on the table; {_horizons(comparison)}")
        put(_numbers("Outcome", comparison.outcomes, between=between))
        if comparison.questions:
            head("Dated questions, the largest difference first")
            put(_numbers("Question", comparison.questions, between=between))
    for name, side in (("A", comparison.a), ("B", comparison.b)):
        if side.status is not Status.SOLVED:
            put(Text(f"{name}: {side.status.value}", style="bold red"))


def _headline_change(headline: Contrast | None) -> str:
    if headline is None:
        return f"{CHANGE}: the headlines speak of different things"
    if headline.difference == 0.0:
        return f"{CHANGE}: no difference"
    odds = _log_odds_change(headline)
    return f"{CHANGE}: {change(headline)} percentage points" + (f" ({odds})" if odds else "")


def _log_odds_change(contrast: Contrast) -> str:
    """The change of the log-odds where percentages hide it: both probabilities beside the same end of the scale."""
    if contrast.unit != "probability" or contrast.a is None or contrast.b is None or contrast.difference == 0.0:
        return ""
    if not all(0.0 < p < 1.0 for p in (contrast.a, contrast.b)) or not (
        max(contrast.a, contrast.b) < TINY or min(contrast.a, contrast.b) > 1.0 - TINY
    ):
        return ""
    return f"log-odds {signed(log_odds(contrast.b) - log_odds(contrast.a))}"


def _horizons(comparison: Comparison) -> str:
    ends = dict.fromkeys(full_date(side.horizon) for side in (comparison.a, comparison.b))
    return f"horizon {' and '.join(ends)}"


def _input(differences: tuple[InputDifference, ...]) -> Text | Table:
    if not differences:
        return Text("Nothing differs in the input.")
    moving = [d for d in differences if not d.wording]
    hidden = len(differences) - len(moving)
    wording = f"{counted(hidden, 'difference')} of titles, notes, sources or grades" if hidden else ""
    if not moving:
        return Text(f"Nothing that moves a result: {wording} only.")
    table = _table()
    table.add_column("Where", ratio=4)
    table.add_column("A", ratio=3)
    table.add_column("B", ratio=3)
    table.expand = True
    for d in moving[:INPUT_SHOWN]:
        table.add_row(Text(d.what), *(Text(_clipped(side) or "–") for side in (d.a, d.b)))
    more = len(moving) - INPUT_SHOWN
    rest = [f"{more:,} more; `--json` lists all"] if more > 0 else []
    rest += [wording] if wording else []
    if rest:
        table.caption = Text(f"… and {' and '.join(rest)}.")
        table.caption_justify = "left"
    return table


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _side_by_side(what: str) -> Table:
    table = _table()
    table.add_column(what, ratio=5)
    table.add_column("A", ratio=5)
    table.add_column("B", ratio=5)
    table.add_column(CHANGE, justify="right", no_wrap=True)
    table.expand = True
    return table


def _numbers(what: str, contrasts: tuple[Contrast, ...], *, between: str) -> Table:
    table = _side_by_side(what)
    for contrast in contrasts:
        _add(table, contrast, between)
    return table


def _drafts(drafts: tuple[DraftContrast, ...], *, whole: bool, between: str) -> Table:
    """Gates, life and main ending of every pair; `whole` adds each draft's place in play."""
    table = _side_by_side("Draft")
    for draft in drafts:
        titles = dict.fromkeys(title for title in (draft.title_a, draft.title_b) if title)
        if len(titles) == 2:
            table.add_row("", *(Text(title, style="bold") for title in titles), "")
        else:
            table.add_row(Text("".join(titles), style="bold"), "", "", "")
        for contrast in draft.numbers[: None if whole else -len(PLACE_IN_PLAY)]:
            _add(table, contrast, between)
        table.add_row("Ended most by", *(_ending(e) for e in (draft.ends_a, draft.ends_b)), "", end_section=True)
    return table


def _add(table: Table, contrast: Contrast, between: str) -> None:
    sides = ((contrast.a, contrast.words_a), (contrast.b, contrast.words_b))
    cells = (_cell(contrast, value, words, between) for value, words in sides)
    odds = _log_odds_change(contrast)
    table.add_row(Text(contrast.title), *cells, change(contrast) + (f"\n{odds}" if odds else ""))


def _cell(contrast: Contrast, value: float | None, words: str, between: str) -> Text:
    if value is None:
        return Text("–")
    if contrast.unit == "years":
        return Text(years(value))
    text = Text(words, style="bold")
    if words == NOT_NEEDED:
        return text
    text.append(f"{between}{fine_percent(value)}", style="not bold")
    if 0.0 < value < TINY or 1.0 - TINY < value < 1.0:
        text.append(f"\nlog-odds {signed(log_odds(value))}", style="not bold")
    return text


def _ending(ending: MainEnding | None) -> Text:
    if ending is None:
        return Text("–")
    kind = ENDING_TITLES[ending.kind]
    label = ending.label if kind.split()[0][:5] in ending.label.lower() else f"{ending.label} ({kind})"
    return Text(f"{label}: {percent(ending.probability)}")
