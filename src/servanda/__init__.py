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
    from servanda.report.charts import figures
    from servanda.report.frames import frames
    from servanda.report.page import write as write_report

__all__ = [
    "Settings",
    "compile_case",
    "figures",
    "frames",
    "load",
    "parse_text",
    "read",
    "run",
    "solve",
    "write_report",
]

_HOME = {
    "Settings": ("servanda.analysis", "Settings"),
    "compile_case": ("servanda.compile", "compile_case"),
    "figures": ("servanda.report.charts", "figures"),
    "frames": ("servanda.report.frames", "frames"),
    "load": ("servanda.case", "load"),
    "parse_text": ("servanda.case", "parse_text"),
    "read": ("servanda.case", "read"),
    "run": ("servanda.analysis", "run"),
    "solve": ("servanda.equilibrium", "solve"),
    "write_report": ("servanda.report.page", "write"),
}


def __getattr__(name: str) -> Any:
    # numerical libraries take a second to import; `servanda --help` must not pay for them
    if name in _HOME:
        module, attribute = _HOME[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'servanda' has no attribute {name!r}")
