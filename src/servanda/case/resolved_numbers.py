"""Numbers of a resolved case: parameters, how they go together, frictions made of them, choices of the model."""

from __future__ import annotations

from dataclasses import dataclass

from servanda.case.citation import UNCITED, Citation
from servanda.case.expression import Expression
from servanda.case.uncertain import UncertainNumber
from servanda.errors import NOWHERE, Location


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named number, certain or uncertain."""

    name: str
    title: str
    number: UncertainNumber
    unit: str = ""
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Correlation:
    """Rank correlation (Spearman) of every pair of these uncertain parameters, by a Gaussian copula."""

    parameters: tuple[str, ...]
    value: float
    citation: Citation = UNCITED
    where: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Modelling:
    """Uncertain choices of the model itself, each with its weights, which sum to 1.

    `terminal`: what follows the horizon, `stationary` or `settled`; `order`: of the movers, `drawn` or `fixed`.
    """

    terminal: tuple[tuple[str, float], ...] = (("stationary", 1.0),)
    order: tuple[tuple[str, float], ...] = (("drawn", 1.0),)
    citation: Citation = UNCITED


AS_DECLARED = Modelling()


@dataclass(frozen=True, slots=True)
class Friction:
    """A mechanism that can be switched off by giving parameters other values."""

    name: str
    title: str
    mechanism: str
    off: tuple[tuple[str, Expression], ...]
    citation: Citation = UNCITED
    where: Location = NOWHERE
