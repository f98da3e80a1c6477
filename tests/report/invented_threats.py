"""Answers about threats that nothing computed: one draft that threats could keep, one that they could not."""

from __future__ import annotations

from dataclasses import replace

from servanda.bounds.answers import Enforcement, Standing
from servanda.runs import Threats

FEASIBLE = ((-20.0, -10.0), (60.0, -10.0), (60.0, 10.0), (-20.0, 50.0))
SUPPORTED = ((0.0, 0.0), (50.0, 0.0), (0.0, 40.0))
KEPT = ((10.0, 5.0), (45.0, 4.0), (10.0, 30.0))
REFUSED = "the game has 6,391 states after reduction, and payoff sets are computed for 3,000 at most"


def standing(place: str, *, kept: bool = True, turnover: bool = True) -> Standing:
    """What is within reach from a place."""
    return Standing(
        place, FEASIBLE, SUPPORTED, None if place == "at the start" else KEPT if kept else (), (4.0, 3.0),
        (-2.0, 1.0) if turnover else None, (50.0, 40.0), (30.0, 16.0), 0.8, None if place == "at the start" else
        0.75 if kept else 0.0, 0.12, -0.04 if turnover else None,
    )  # fmt: skip


def make_enforcement(draft: str = "narrow", title: str = "Nuclear only", *, kept: bool = True) -> Enforcement:
    """An answer with everything asked for."""
    return Enforcement(
        case="us-iran", draft=draft, title=title, sides=("United States", "Iran"), leaders=("Engager", "Pragmatist"),
        no_deal=(-100.0, -80.0), standings=(standing("at the start"), standing("in force", kept=kept)), empty=False,
        keepable=kept, outer=False, breaker=None if kept else "Iran", status="Found: the payoff sets have stopped.",
        nodes=1200, states=500, gain=3e-12, hair=False, patience=0.71, patience_asked=True, settled=True,
    )  # fmt: skip


def make_threats() -> tuple[Threats, ...]:
    """Three drafts: kept by threats, by none, and too large to say."""
    lost = replace(make_enforcement("broad", "Broad", kept=False), gain=None, hair=None, settled=False, outer=True)
    return (
        Threats("narrow", "Nuclear only", make_enforcement(), ""),
        Threats("broad", "Broad", lost, ""),
        Threats("freeze", "Freeze", None, REFUSED),
        Threats("treaty", "Treaty", None, REFUSED),
    )
