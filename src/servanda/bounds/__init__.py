"""Payoff sets: what any threats, however harsh, could make two sides keep."""

from servanda.bounds.automaton import Automaton, Certificate, certify_sets
from servanda.bounds.knife_edge import KnifeEdge, distance_between, knife_edge
from servanda.bounds.patience import (
    Patience,
    better_than,
    critical_patience,
    payoff_kept,
    profile_kept,
    with_patience,
)
from servanda.bounds.payoff_sets import Bound, PayoffSets, Settings, payoff_sets

__all__ = [
    "Automaton",
    "Bound",
    "Certificate",
    "KnifeEdge",
    "Patience",
    "PayoffSets",
    "Settings",
    "better_than",
    "certify_sets",
    "critical_patience",
    "distance_between",
    "knife_edge",
    "payoff_kept",
    "payoff_sets",
    "profile_kept",
    "with_patience",
]
