"""The mathematics of a finite dynamic game with turn-taking: frozen arrays with labels. Knows no case files."""

from servanda.game.game import Game, Labels, Numbers, Schedule, Stage, Term
from servanda.game.tables import game_from_tables

__all__ = ["Game", "Labels", "Numbers", "Schedule", "Stage", "Term", "game_from_tables"]
