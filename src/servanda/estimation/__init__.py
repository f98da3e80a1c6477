"""Estimation of declared parameters from panels of observed play, and panels made by a case itself."""

from servanda.estimation.answers import Estimate, Fit
from servanda.estimation.fitting import Settings, fit, fit_case
from servanda.estimation.panel import Panel, read_panel
from servanda.estimation.simulation import Simulated, simulate

__all__ = ["Estimate", "Fit", "Panel", "Settings", "Simulated", "fit", "fit_case", "read_panel", "simulate"]
