"""Says whether a negotiated agreement can be kept.

>>> import servanda as sv
>>> case = sv.read("us-iran")
>>> case.title != ""
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servanda.analysis import Settings, run
    from servanda.case import load, parse_text, read
    from servanda.compile import compile_case
    from servanda.equilibrium import solve

__all__ = ["Settings", "compile_case", "load", "parse_text", "read", "run", "solve"]

_HOME = {
    "Settings": "servanda.analysis",
    "run": "servanda.analysis",
    "load": "servanda.case",
    "parse_text": "servanda.case",
    "read": "servanda.case",
    "compile_case": "servanda.compile",
    "solve": "servanda.equilibrium",
}


def __getattr__(name: str) -> Any:
    # numerical libraries take a second to import; `servanda --help` must not pay for them
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'servanda' has no attribute {name!r}")
