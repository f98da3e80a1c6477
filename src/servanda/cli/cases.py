"""`servanda cases`: the shipped cases."""

from __future__ import annotations

import click

from servanda.cli.answers import answering, succeed


@click.command("cases", short_help="List the shipped cases.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(as_json: bool) -> None:
    """List the shipped cases, each with its title and its date of information."""
    with answering(as_json=as_json):
        from servanda.case import load
        from servanda.case.loading import shipped

        rows = []
        for name, file in shipped().items():
            case = load(file).case
            rows.append(
                {
                    "name": name,
                    "title": case.title if case else "(has errors)",
                    "as_of": case.as_of.isoformat() if case else None,
                    "file": str(file),
                }
            )
        if as_json:
            succeed({"cases": rows})
            return
        if not rows:
            click.echo("No cases are shipped with this installation.", err=True)
        width = max((len(str(row["name"])) for row in rows), default=0)
        for row in rows:
            date = f" (as of {row['as_of']})" if row["as_of"] else ""
            click.echo(f"{row['name']:<{width}}  {row['title']}{date}")
