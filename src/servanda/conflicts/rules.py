"""Every rule of the files of conflicts, beside those of any file: its code and what it asks for."""

from __future__ import annotations

RULES = {
    "not-a-mapping": "A conflict is a mapping of keys.",
    "missing-key": "Required keys are there.",
    "unknown-key": "Only keys of the format stand in a mapping.",
    "wrong-type": "A value is a text, a list or a mapping, as its key wants.",
    "too-few": "A list or mapping has as many entries as it needs.",
    "bad-name": "Names are identifiers, no words of statements; the conflict is named with small letters and dashes.",
    "name-taken": "Every option and every decision maker has a name of its own.",
    "clashing-keys": "States are given by patterns, by what is infeasible, or by names with moves: one of the three.",
    "too-many": "At most 20 options, 2,000 states and 4,096 combinations of options.",
    "no-states": "At least one combination of options is feasible.",
    "bad-pattern": "A pattern has a Y, N or - for every option, in order.",
    "states-overlap": "No combination of options belongs to two states.",
    "statement-syntax": "Statements join options by and, or, not, if, iff and brackets.",
    "statement-undecided": "A statement that ranks is either true or false of a state.",
    "unknown-option": "The option is declared.",
    "unknown-state": "The state exists.",
    "unknown-maker": "The decision maker is declared.",
    "ranked-twice": "A state stands once in a ranking.",
    "not-ranked": "A ranking holds every state.",
    "unknown-conflict": "A conflict is named by a path or by the name of a shipped one.",
}
