"""`servanda cases`: the shipped cases."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed

if TYPE_CHECKING:
    from servanda.case.heads import Head

FOUNDING = "us-iran"
THEORY = "theory/"
_GROUPS = {"founding": "The founding case", "historic": "Historic cases", "theory": "Cases whose answer is published"}


@click.command("cases", short_help="List the shipped cases.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(as_json: bool) -> None:
    """List the shipped cases in one line each: name, title, date of information, what the case is about.

    Of a name such as `theory/pledge` the last part, `pledge`, is enough. On a terminal long lines are cut.
    """
    with answering(as_json=as_json):
        found = _grouped()
        if as_json:
            rows = [{"name": head.name, "group": group, **_told(head)} for group, heads in found for head in heads]
            succeed({"cases": rows})
            return
        if not any(heads for _, heads in found):
            click.echo("No cases are shipped with this installation.", err=True)
        width = max((len(head.name) for _, heads in found for head in heads), default=0)
        room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        gap = ""
        for group, heads in found:
            if heads:
                click.echo(gap + _GROUPS[group])
                gap = "\n"
            for head in heads:
                # The calendar of a theory case stands for no real date.
                date = f" ({head.as_of})" if head.as_of and group != "theory" else ""
                line = f"  {head.name:<{width}}  {head.title}{date}  {head.shows}".rstrip()
                click.echo(line if room is None or len(line) <= room else line[: room - 1] + "…")


def _grouped() -> list[tuple[str, list[Head]]]:
    """Cases by group, history in the order of its dates and theory by name."""
    from servanda.case.heads import heads

    found: dict[str, list[Head]] = {group: [] for group in _GROUPS}
    for head in heads():
        group = "founding" if head.name == FOUNDING else "theory" if head.name.startswith(THEORY) else "historic"
        found[group].append(head)
    found["historic"].sort(key=lambda head: (str(head.as_of), head.name))
    return list(found.items())


def _told(head: Head) -> dict[str, object]:
    as_of = head.as_of.isoformat() if head.as_of else None
    return {"title": head.title, "as_of": as_of, "shows": head.shows, "file": str(head.file)}
