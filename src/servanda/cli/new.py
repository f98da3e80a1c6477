"""`servanda new`: a first case file to make one's own."""

from __future__ import annotations

import os
import shlex
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, fail, succeed
from servanda.errors import CaseError, Issue, Location

if TYPE_CHECKING:
    from servanda.case.beginning import Beginning

BAD_INPUT = 2
LONGEST_TEXT = 500

# Question on a terminal, by option; the answer of an empty line is the default of `Beginning`.
_QUESTIONS = (
    ("title", "Title of the case"),
    ("side_a", "Side A, where elections can change who governs"),
    ("side_b", "Side B"),
    ("a_gives", "What A gives, and can take back in a day"),
    ("b_gives", "What B gives, and can hardly get back"),
    ("ratifier", "Who on side A must ratify (leave empty if nobody must)"),
)


@click.command("new", short_help="Write a commented case file that runs at once, to make your own.")
@click.argument("name", metavar="NAME", required=False)
@click.option("--title", metavar="TEXT", help="Title of the case.")
@click.option("--side-a", metavar="TEXT", help="The side where elections can change who governs.")
@click.option("--side-b", metavar="TEXT", help="The other side.")
@click.option("--a-gives", metavar="TEXT", help="What A gives, and can take back in a day.")
@click.option("--b-gives", metavar="TEXT", help="What B gives, and can hardly get back.")
@click.option("--ratifier", metavar="TEXT", help="Who on side A must ratify. [default: nobody]")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="First day played. [default: the first of this month]",
)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write it. [default: NAME/case.yaml]",
)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing: what is not given stays a placeholder.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON; asks nothing.")
def command(
    name: str | None,
    title: str | None,
    side_a: str | None,
    side_b: str | None,
    a_gives: str | None,
    b_gives: str | None,
    ratifier: str | None,
    start: datetime | None,
    file: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a commented case called NAME that runs at once, to make your own.

    On a terminal it asks for what is not given. The case has two sides, a government that can change at elections, one
    draft, one step that is hard to undo and one that is easily undone, and a placeholder for every number. A file that
    exists is never overwritten.

    Example: `servanda new fishing-dispute --side-a Ruritania --side-b Freedonia`.
    """
    given = {
        "title": title,
        "side_a": side_a,
        "side_b": side_b,
        "a_gives": a_gives,
        "b_gives": b_gives,
        "ratifier": ratifier,
    }
    asking = not yes and not as_json and sys.stdin.isatty()
    if name is None and not asking:
        raise click.UsageError("Missing argument 'NAME': write `servanda new my-case`.")
    with answering(as_json=as_json):
        _check_texts(given)
        named = _named(title) if name is None else name
        _check_name(named, as_json=as_json)
        target = file or Path(named) / "case.yaml"
        _check_free(target)
        beginning = _beginning(named, given, start, asking=asking)
        warnings = _write(beginning, target)
        if as_json:
            succeed({"case": named, "file": str(target), "warnings": warnings})
            return
        shown = _shown(target)
        click.echo(f"Wrote {target}: it runs as it stands, and every number in it is a placeholder.")
        click.echo(f"  servanda run {shown}        the verdict, and a report")
        click.echo(f"  servanda check {shown}      every mistake, with its line, while you make it yours")


def _named(title: str | None) -> str:
    from servanda.case.beginning import suggestion

    return str(click.prompt("Name of the case (small letters, digits, dashes)", default=suggestion(title or "")))


def _issue(code: str, message: str, hint: str, file: str = "") -> CaseError:
    return CaseError(message, issues=(Issue("error", code, message, hint, Location(file)),))


def _check_name(name: str, *, as_json: bool) -> None:
    from servanda.case.beginning import legal, suggestion
    from servanda.case.loading import known_as

    if not legal(name):
        hint = f"use small letters, digits and dashes: `servanda new {suggestion(name)}`"
        fail((Issue("error", "bad-name", f"`{name[:80]}` is not a case name", hint),), BAD_INPUT, as_json=as_json)
    if name in known_as():
        hint = f"take another name: `servanda new my-{name}`"
        fail((Issue("error", "name-taken", f"`{name}` is a shipped case", hint),), BAD_INPUT, as_json=as_json)


def _check_texts(given: dict[str, str | None]) -> None:
    for option, text in given.items():
        if text is not None and (wrong := _wrong(text, empty=option == "ratifier")):
            raise _issue("bad-text", f"--{option.replace('_', '-')} {wrong}", "write one line of text")


def _wrong(text: str, *, empty: bool = False) -> str:
    """What makes a text none that a case file can hold, nothing if it can."""
    if not text.strip() and not empty:
        return "is empty"
    if len(text) > LONGEST_TEXT:
        return f"has {len(text):,} letters, more than {LONGEST_TEXT}"
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 or letter in "\u2028\u2029\ufeff" for letter in text):
        return "holds a line break or another control character"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "holds letters that are no Unicode text"
    return ""


def _check_free(target: Path) -> None:
    if os.path.lexists(target):
        hint = "nothing was written: take another name, or say where with `--file FILE`"
        raise _issue("file-exists", f"{target} exists", hint, str(target))


def _beginning(name: str, given: dict[str, str | None], start: datetime | None, *, asking: bool) -> Beginning:
    from servanda.case.beginning import Beginning, first_of_month

    default = Beginning(name)
    texts = {}
    for option, question in _QUESTIONS:
        text = given[option]
        if text is None and asking:
            text = _asked(question, getattr(default, option), empty=option == "ratifier")
        texts[option] = getattr(default, option) if text is None else text.strip()
    day = first_of_month(date.today()) if start is None else start.date()
    return Beginning(name, start=day, **texts)


def _asked(question: str, default: str, *, empty: bool) -> str:
    while True:
        text = str(click.prompt(question, default=default, show_default=bool(default)))
        if not (wrong := _wrong(text, empty=empty)):
            return text
        click.echo(f"That {wrong}; write one line of text.", err=True)


def _write(beginning: Beginning, target: Path) -> int:
    """Write the file whole or not at all; returns how many warnings the case has."""
    from servanda.case import load_text
    from servanda.case.beginning import compose

    try:
        text = compose(beginning, _shown(target))
        loaded = load_text(text, str(target))
    except (OverflowError, ValueError):
        hint = "write a day between 1900-01-01 and 9900-01-01"
        raise _issue("bad-date", f"no calendar holds the twelve years from {beginning.start}", hint) from None
    loaded.require()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as out:
            try:
                out.write(text)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
    except (FileExistsError, NotADirectoryError) as error:
        blocked = str(error.filename or target)
        hint = "nothing was written: take another name, or say where with `--file FILE`"
        raise _issue("file-exists", f"{blocked} exists", hint, blocked) from None
    return sum(issue.severity == "warning" for issue in loaded.issues)


def _shown(target: Path) -> str:
    """The word by which the command line finds the file."""
    word = shlex.quote(str(target.parent if target.name == "case.yaml" and target.parent != Path() else target))
    return word if word.isprintable() else "FILE"
