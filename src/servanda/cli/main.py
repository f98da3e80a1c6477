"""The `servanda` command: subcommands are imported when asked for, so that help and version come at once.

Exit codes: 0 done, 1 any other error, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
COMMANDS = (
    "run", "forecast", "frictions", "design", "compare", "sweep", "sensitivity", "backtest", "equilibria", "enforce",
    "fit", "simulate", "conflict", "check", "test", "new", "cases", "serve", "runs", "rerun", "export", "store",
    "export-game", "solve-game",
)  # fmt: skip


class LazyCommands(click.Group):
    """A group whose commands live in modules of their own name beside this one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """The commands in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command, None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"servanda.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of a line, with the nearest name where there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else f" Commands: {', '.join(COMMANDS)}."
            ctx.fail(f"no command is called `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 any other error, 2 bad input, 130 interrupted.",
)
@click.version_option(package_name="servanda", prog_name="servanda")
def cli() -> None:
    """Say whether a negotiated agreement can be kept, what would break it, and what happens without it.

    A CASE is the name of a shipped case, a case file, or a folder that holds `case.yaml`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(answer(arguments))


def answer(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Parameters
    ----------
    arguments
        The words after the program's name; those of the process if None.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter gets a question mark, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = cli.main(list(arguments) if arguments is not None else None, "servanda", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        error.show()
        return BAD_INPUT
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was written.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has gone: leave quietly, and let no later flush complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code if isinstance(code, int) else OK


if __name__ == "__main__":
    main()
