"""Uncertain parameters: draws of all of them at once, and what results do over the draws."""

from servanda.uncertainty.draws import parameter_draws

__all__ = ["parameter_draws"]
