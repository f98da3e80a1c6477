"""Payoff sets: what any threats, however harsh, could make two sides keep."""

from servanda.bounds.automaton import Automaton, Certificate, certify_sets
from servanda.bounds.knife_edge import KnifeEdge, distance_between, knife_edge
from servanda.bounds.negotiation import (
    NegotiatedSets,
    NegotiatedTransfers,
    Negotiation,
    negotiated_sets,
    negotiated_transfers,
)
from servanda.bounds.patience import (
    Patience,
    better_than,
    critical_patience,
    payoff_kept,
    profile_kept,
    with_patience,
)
from servanda.bounds.payoff_sets import Bound, PayoffSets, Settings, payoff_sets
from servanda.bounds.projections import PayoffBox, Projections, pair_projections, payoff_box
from servanda.bounds.transfers import TransferSets, transfer_sets

__all__ = [
    "Automaton",
    "Bound",
    "Certificate",
    "KnifeEdge",
    "NegotiatedSets",
    "NegotiatedTransfers",
    "Negotiation",
    "Patience",
    "PayoffBox",
    "PayoffSets",
    "Projections",
    "Settings",
    "TransferSets",
    "better_than",
    "certify_sets",
    "critical_patience",
    "distance_between",
    "knife_edge",
    "negotiated_sets",
    "negotiated_transfers",
    "pair_projections",
    "payoff_box",
    "payoff_kept",
    "payoff_sets",
    "profile_kept",
    "transfer_sets",
    "with_patience",
]
