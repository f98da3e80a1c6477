"""Solve a game, say how it ended, and certify the answer with code that did not find it."""

from servanda.equilibrium.certificate import certify
from servanda.equilibrium.outcome import Certificate, Selection, Spread, Status
from servanda.equilibrium.period import Period, Slot
from servanda.equilibrium.solve import Settings, Solution, Terminal, solve

__all__ = [
    "Certificate", "Period", "Selection", "Settings", "Slot", "Solution", "Spread", "Status", "Terminal", "certify",
    "solve",
]  # fmt: skip
