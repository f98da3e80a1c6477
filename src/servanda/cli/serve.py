"""`servanda serve`: the workbench, a web application on this machine."""

from __future__ import annotations

import os
import sys

import click

from servanda.cli.answers import answering


@click.command("serve", short_help="Open the workbench in a browser.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="Port to listen on; 0 for any."
)
@click.option("--store", metavar="URL", help="Where cases and runs are kept. [default: SERVANDA_STORE, else your own]")
@click.option(
    "--token",
    metavar="TOKEN",
    envvar="SERVANDA_TOKEN",
    help="What a browser must know to get in. [default: none on this machine, else a new one]",
)
@click.option("--allow-host", multiple=True, metavar="NAME", help="Another host name that leads here; repeatable.")
@click.option("--open/--no-open", "opening", default=None, help="Open a browser. [default: on a desktop]")
@click.option(
    "--workers", type=click.IntRange(0, 16), default=1, show_default=True, help="Long jobs at once; with 0 they wait."
)
def command(
    host: str,
    port: int,
    store: str | None,
    token: str | None,
    allow_host: tuple[str, ...],
    opening: bool | None,
    workers: int,
) -> None:
    """Open the workbench: sliders and switches that re-solve at once, drafts side by side, jobs that last.

    It listens on this machine alone unless told otherwise; on any other address it asks for a token. Ctrl-C ends it;
    a job that runs then goes on, and its result is there when the workbench is opened again.
    """
    with answering(as_json=False):
        from dataclasses import replace

        from servanda.web.serving import Serving, serve, token_for

        serving = Serving(host, port, store, "", workers, allow_host)
        serving = replace(serving, token=token_for(serving, token))
        shown = serving.token if token is None else ""

        def ready(address: str) -> None:
            click.echo(f"Servanda workbench: {address}")
            if shown:
                click.echo(f"Token: {shown}")
            if not serving.local:
                click.echo("Others can reach this server, and what they send is not encrypted.")
            click.echo("Press Ctrl-C to end it.")
            sys.stdout.flush()
            if _desktop() if opening is None else opening:
                _open(address)

        serve(serving, ready)
        click.echo("Ended.")


def _desktop() -> bool:
    """Whether somebody sits before a screen; a browser in a terminal would take the terminal away."""
    if not sys.stdout.isatty() or os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(address: str) -> None:
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True, name="browser").start()
