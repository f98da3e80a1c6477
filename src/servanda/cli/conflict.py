"""`servanda conflict`: which states of an ordinal conflict are stable, alone and against coalitions."""

from __future__ import annotations

import click

from servanda.cli.answers import answering, succeed


@click.command("conflict", short_help="Find the stable states of an ordinal conflict (graph model).")
@click.argument("conflict", metavar="FILE")
@click.option("--as-yaml", is_flag=True, help="Print the conflict state by state, with its moves and rankings.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(conflict: str, as_yaml: bool, as_json: bool) -> None:
    """Find the equilibria of a conflict in the graph model: Nash, GMR, SMR and SEQ, alone and against coalitions.

    FILE is our own YAML, a file of gmcr-py, or the name of a shipped conflict such as `elmira`. A conflict is no
    case: it has states, moves and rankings, and neither time nor odds.
    """
    with answering(as_json=as_json):
        from servanda.conflicts.answers import analyse
        from servanda.conflicts.reading import dump, read
        from servanda.conflicts.words import lines, plain

        found = read(conflict)
        if as_yaml and not as_json:
            click.echo(dump(found), nl=False)
            return
        answer = analyse(found)
        if as_json:
            succeed(plain(answer) | ({"yaml": dump(found)} if as_yaml else {}))
        else:
            click.echo("\n".join(lines(answer)))
