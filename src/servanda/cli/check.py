"""`servanda check`: read a case and show every issue with its line."""

from __future__ import annotations

import click

from servanda.cli.answers import answering, fail, succeed

BAD_INPUT = 2


@click.command("check", short_help="Read a case and show every issue, with its line.")
@click.argument("case", metavar="CASE")
@click.option("--resolved", is_flag=True, help="Print the case with nothing implied, as a legal case file.")
@click.option("--json", "as_json", is_flag=True, help="Print the issues (and the resolved case) as JSON.")
def command(case: str, resolved: bool, as_json: bool) -> None:
    """Read CASE and show every issue with its place, the line and a way out.

    Warnings do not stop a run; errors do, and then the exit code is 2.
    """
    with answering(as_json=as_json):
        from servanda.case import dump, find, load
        from servanda.case.messages import json_of, summary, texts_of

        file = find(case)
        loaded = load(file)
        if loaded.case is None:
            fail(loaded.issues, BAD_INPUT, as_json=as_json)
        assert loaded.case is not None
        text = dump(loaded.case) if resolved else None
        if as_json:
            answer: dict[str, object] = {
                "case": loaded.case.name,
                "file": str(file),
                "issues": [json_of(issue) for issue in loaded.issues],
            }
            succeed(answer | ({"resolved": text} if text is not None else {}))
            return
        if loaded.issues:
            click.echo(texts_of(loaded.issues) + "\n", err=True)
        if text is not None:
            click.echo(text, nl=not text.endswith("\n"))
        else:
            counts = (
                (len(loaded.case.actors), "actor"),
                (len(loaded.case.variables), "variable"),
                (len(loaded.case.decisions), "decision"),
                (len(loaded.case.drafts), "draft"),
                (len(loaded.case.parameters), "parameter"),
                (len(loaded.case.questions), "question"),
            )
            holds = ", ".join(f"{count} {noun}{'s' if count != 1 else ''}" for count, noun in counts)
            click.echo(f"{file}: {summary(loaded.issues)}; {holds}.")
