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
    from servanda.backtesting import backtest
    from servanda.case import load, parse_text, read
    from servanda.comparison import compare
    from servanda.compile import compile_case
    from servanda.diagnosis.design import search_designs
    from servanda.diagnosis.trust import cost_of_trust
    from servanda.ensemble import Ensemble
    from servanda.equilibrium import solve
    from servanda.estimation import fit_case as fit
    from servanda.estimation import simulate
    from servanda.inquiry import explain_frictions
    from servanda.multiplicity import multiplicity
    from servanda.outlook.forecasting import look
    from servanda.report.charts import figures
    from servanda.report.frames import frames
    from servanda.report.page import write as write_report
    from servanda.uncertainty.sweep import sweep

__all__ = [
    "Ensemble",
    "Settings",
    "backtest",
    "compare",
    "compile_case",
    "cost_of_trust",
    "explain_frictions",
    "figures",
    "fit",
    "frames",
    "load",
    "look",
    "multiplicity",
    "parse_text",
    "read",
    "run",
    "search_designs",
    "simulate",
    "solve",
    "sweep",
    "write_report",
]

_HOME = {
    "Ensemble": ("servanda.ensemble", "Ensemble"),
    "Settings": ("servanda.analysis", "Settings"),
    "backtest": ("servanda.backtesting", "backtest"),
    "compare": ("servanda.comparison", "compare"),
    "compile_case": ("servanda.compile", "compile_case"),
    "cost_of_trust": ("servanda.diagnosis.trust", "cost_of_trust"),
    "explain_frictions": ("servanda.inquiry", "explain_frictions"),
    "figures": ("servanda.report.charts", "figures"),
    "fit": ("servanda.estimation", "fit_case"),
    "frames": ("servanda.report.frames", "frames"),
    "load": ("servanda.case", "load"),
    "look": ("servanda.outlook.forecasting", "look"),
    "multiplicity": ("servanda.multiplicity", "multiplicity"),
    "parse_text": ("servanda.case", "parse_text"),
    "read": ("servanda.case", "read"),
    "run": ("servanda.analysis", "run"),
    "search_designs": ("servanda.diagnosis.design", "search_designs"),
    "simulate": ("servanda.estimation", "simulate"),
    "solve": ("servanda.equilibrium", "solve"),
    "sweep": ("servanda.uncertainty.sweep", "sweep"),
    "write_report": ("servanda.report.page", "write"),
}


def __getattr__(name: str) -> Any:
    # numerical libraries take a second to import; `servanda --help` must not pay for them
    if name in _HOME:
        module, attribute = _HOME[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'servanda' has no attribute {name!r}")
