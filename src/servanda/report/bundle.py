"""The JavaScript that draws the charts: Vega, Vega-Lite and vega-embed in one text, from the wheel, not from a network.

Making the text takes more than a second, so it is kept in the user's cache folder under the version that made it.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import version
from pathlib import Path

SNIPPET = "window.servandaEmbed = vegaEmbed;"
CLOSING = "window.servandaEmbed="


def cache_folder() -> Path:
    """The user's cache folder for this program (`XDG_CACHE_HOME`, else `~/.cache`)."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "servanda"


def atomic_write(path: Path, text: str) -> None:
    """Write a whole text file or nothing: to a neighbour first, then renamed over `path`.

    Raises
    ------
    OSError
        If the folder cannot be made or written; no part of the file is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _whole(text: str) -> bool:
    return len(text) > 100_000 and CLOSING in text[-200:] and "</script" not in text.lower() and "\r" not in text


@cache
def chart_script() -> str:
    """The text of one script that defines `window.servandaEmbed`, fit for a `<script>` element.

    Raises
    ------
    RuntimeError
        If the bundle of the installed `vl-convert-python` cannot stand inside a page.
    """
    kept = cache_folder() / f"vega-embed-{version('vl-convert-python')}.js"
    try:
        text = kept.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    if _whole(text):
        return text
    import vl_convert

    text = vl_convert.javascript_bundle(SNIPPET)
    if not _whole(text):
        raise RuntimeError("the chart bundle of vl-convert-python is not fit for a page")
    try:
        atomic_write(kept, text)
    except OSError:
        # A cache is a convenience: where the folder cannot be written, the next report takes a second longer.
        return text
    return text
