"""The JavaScript that draws the charts: Vega, Vega-Lite and vega-embed in one text, from the wheel, not from a network.

Making the text takes more than a second, so it is kept in the user's cache folder under the version that made it.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from servanda.ledger import cache_folder
from servanda.writing import atomic_write

SNIPPET = "window.servandaEmbed = vegaEmbed;"
CLOSING = "window.servandaEmbed="


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
