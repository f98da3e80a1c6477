"""Games of other programs: Gambit's files read, written and solved."""

from servanda.bridges.efg import read_efg, write_efg
from servanda.bridges.files import read_game
from servanda.bridges.nfg import Strategic, read_nfg, strategic, write_nfg
from servanda.bridges.play import TreePlay, backward_induction, logit
from servanda.bridges.pure import PureEquilibria, PureEquilibrium, logit_profile, pure_equilibria
from servanda.bridges.strategic_form import strategic_form
from servanda.bridges.tree import GameError, GameFileError, InformationSet, Node, Outcome, Tree

__all__ = [
    "GameError", "GameFileError", "InformationSet", "Node", "Outcome", "PureEquilibria", "PureEquilibrium", "Strategic",
    "Tree", "TreePlay", "backward_induction", "logit", "logit_profile", "pure_equilibria", "read_efg", "read_game",
    "read_nfg",
    "strategic", "strategic_form", "write_efg", "write_nfg",
]  # fmt: skip
