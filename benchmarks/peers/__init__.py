"""Time and accuracy beside other programs in the same run; they live in an environment of their own (`make peers`)."""

from __future__ import annotations

from benchmarks.peers.dynamic_programs import measure_programs
from benchmarks.peers.environment import MISSING, Peers
from benchmarks.peers.equilibria import measure_equilibria
from benchmarks.peers.payoff_sets import measure_recorded, measure_repeated
from benchmarks.peers.trees import measure_trees
from benchmarks.tables import Table


def measure_peers(*, long: bool = False) -> list[Table]:
    """All comparisons; where the peers are not installed, our side alone and a sentence that says how to get them."""
    peers = Peers.find()
    limit = 600.0 if long else 60.0
    says = MISSING if peers is None else f"{peers.versions()}. A peer is given up after {limit:g} s of processor time."
    return [
        Table("Beside other programs", says, (), ()),
        *measure_equilibria(peers, limit=limit),
        measure_programs(peers, limit=limit),
        measure_trees(peers, limit=limit),
        measure_repeated(peers, limit=limit),
        measure_recorded(),
    ]
