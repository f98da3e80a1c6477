"""The one success and the one error shape of a command, as JSON or as text.

Success: ``{"ok": true, …}`` on standard output. Error: ``{"ok": false, "issues": [{severity, code, message, hint, file,
line, column, path, shown}]}`` on standard output, or the same issues as text on standard error; the exit code says
which kind of error it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import click

from servanda.errors import CaseError, Issue, Location, ServandaError

FAILED = 1


def succeed(answer: Mapping[str, object]) -> None:
    """Print the JSON of a success."""
    click.echo(json.dumps({"ok": True, **answer}, indent=2, ensure_ascii=False, allow_nan=False))


def fail(issues: Iterable[Issue], exit_code: int, *, as_json: bool) -> None:
    """Print the issues and leave the command.

    Raises
    ------
    click.exceptions.Exit
        Always, with `exit_code`.
    """
    from servanda.case.messages import in_order, json_of, summary, texts_of

    found = in_order(issues)
    if as_json:
        answer = {"ok": False, "issues": [json_of(issue) for issue in found]}
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        click.echo(texts_of(found), err=True)
        if len(found) > 1:
            click.echo(f"\n{summary(found)}", err=True)
    raise click.exceptions.Exit(exit_code)


@contextmanager
def answering(*, as_json: bool) -> Iterator[None]:
    """Turn the errors a user can cause into the error shape and an exit code."""
    try:
        yield
    except CaseError as error:
        fail(error.issues or (Issue("error", "bad-case", error.message),), error.exit_code, as_json=as_json)
    except ServandaError as error:
        fail((Issue("error", "failed", error.message),), error.exit_code, as_json=as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        where = Location(str(error.filename)) if error.filename else Location()
        reason = error.strerror or str(error)
        issue = Issue("error", "file-error", f"cannot be read or written: {reason}", "check the path", where)
        fail((issue,), FAILED, as_json=as_json)
