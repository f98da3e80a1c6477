"""Ordinal conflicts in the graph model: reads them, and says which states are stable, alone and against coalitions."""

from servanda.conflicts.answers import Answer, Departure, analyse
from servanda.conflicts.coalitions import CoalitionStability, coalition_stability
from servanda.conflicts.model import Conflict, Maker, Option, State, conflict_of
from servanda.conflicts.reading import LoadedConflict, dump, find, load, load_text, parse_text, read
from servanda.conflicts.stability import CONCEPTS, Stability, stability

__all__ = [
    "CONCEPTS",
    "Answer",
    "CoalitionStability",
    "Conflict",
    "Departure",
    "LoadedConflict",
    "Maker",
    "Option",
    "Stability",
    "State",
    "analyse",
    "coalition_stability",
    "conflict_of",
    "dump",
    "find",
    "load",
    "load_text",
    "parse_text",
    "read",
    "stability",
]
