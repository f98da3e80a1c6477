"""Records of a solve: status with its sentence, certificates, selection spread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """How a solve ended. The value is the sentence a user reads."""

    SOLVED = (
        "Solved: the continuation beyond the horizon is stationary and the recomputed residual is within tolerance."
    )
    STEP_LIMIT = (
        "Step limit: the continuation beyond the horizon was still moving when its steps ran out; "
        "raise the limit or read the selection spread."
    )
    STALLED = (
        "Stalled: the continuation beyond the horizon stopped settling, so what lies beyond is not stationary play; "
        "read the selection spread, or try less sharp choice (more points of decisiveness)."
    )
    UNCERTIFIED = "Uncertified: independently recomputed values disagree with the solution beyond tolerance."
    NOT_FINITE = "Not finite: a probability, price or payoff evaluated to no finite number."


@dataclass(frozen=True, slots=True)
class Certificate:
    """What other code found when it recomputed the values of the solution.

    value_error: largest difference between the solver's values and those of the independent linear solve (points).
    choice_error: largest difference between the odds used and those implied by the recomputed values.
    regret: largest expected loss, over reached nodes, that an actor could avoid by one change of move (points) (the
    price of noise in logit play, the one-shot deviation gain in sharp play). regret_actor, regret_place say where.
    tail_steps, tail_change: steps of the continuation beyond the calendar and its last change (relative to the value
    range).
    """

    value_error: float
    choice_error: float
    regret: float
    regret_actor: str
    regret_place: str
    tail_steps: int
    tail_change: float
    rule: str


@dataclass(frozen=True, slots=True)
class Spread:
    """One headline number across the branches of the selection certificate."""

    quantity: str
    value: float
    low: float
    high: float
    dependent: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Solved again with the horizon one period longer and from bounding terminal values; `branches` names them.

    `by_branch[k]` are the headline numbers of branch k, in the order of `spreads`.
    """

    tolerance: float
    branches: tuple[str, ...]
    spreads: tuple[Spread, ...]
    by_branch: tuple[tuple[float, ...], ...]

    @property
    def dependent(self) -> bool:
        """Whether any headline number moves by more than the tolerance."""
        return any(s.dependent for s in self.spreads)
