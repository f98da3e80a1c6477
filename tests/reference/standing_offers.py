"""Spaniel's butter for bombs, with a deterrer that can bind itself to a standing offer.

In the published game the deal rests on an exact indifference: the rising state keeps the current offer while it builds,
so today's offer alone never stops it, and backward induction finds the other equilibrium, building at once (the case
file `nonproliferation-window` tests that one). Once an offer stands for ever, the same comparisons decide by strict
inequalities: the deterrer offers the least share that stops building and fighting, if that is worth it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.reference.turns import CHANCE, END, Turns, then

BUTTER, PEACE, BUILD = "butter-for-bombs", "cheap peace", "build"


@dataclass(frozen=True)
class Programme:
    """p_R, p_R', costs of war per period, price k of building, discount factor d."""

    pr: float
    pr2: float
    cD: float  # noqa: N815 (the names of the source)
    cR: float  # noqa: N815
    k: float
    d: float

    @property
    def gain(self) -> float:
        """What building brings to a side held to its war value: δ(p' - p) / (1 - δ)."""
        return self.d * (self.pr2 - self.pr) / (1 - self.d)

    @property
    def butter(self) -> float:
        """x* = p' - c_R - k (1 - δ) / δ."""
        return self.pr2 - self.cR - self.k * (1 - self.d) / self.d

    @property
    def prevented(self) -> bool:
        """Whether the deterrer would strike at the war-value offer: δ(p' - p) > c_D + c_R."""
        return self.d * (self.pr2 - self.pr) > self.cD + self.cR

    @property
    def bought_threat(self) -> float:
        """The offer at which a strike becomes credible; above 1 no offer makes it so."""
        return (self.pr + self.cD - self.d * self.pr2 + self.d * self.cR) / (1 - self.d)

    @property
    def outcome(self) -> tuple[str, float | None]:
        """The published outcome and offer (None where the state builds)."""
        if self.prevented or self.k >= self.gain:
            return PEACE, self.pr - self.cR
        if self.k < self.d * (self.pr2 - self.cR):
            return BUILD, None
        return BUTTER, self.butter

    @property
    def values(self) -> dict[str, float]:
        """The parameters as the case file `nonproliferation-window` names them."""
        return {
            "p_before": self.pr, "p_after": self.pr2, "cost_deterrer": self.cD, "cost_rising": self.cR,
            "price": self.k, "delta": self.d,
        }  # fmt: skip


def standing_offer(it: Programme, steps: int = 1_000) -> tuple[str, float | None]:
    """Outcome and offer on the path when the deterrer binds itself once to a share on a grid; a period is two moves."""
    game = Turns(2)
    game.at("bind", 0, *(then(f"{j}", ("standing", j)) for j in range(steps + 1)))
    war = ((1 - it.pr - it.cD) / (1 - it.d), (it.pr - it.cR) / (1 - it.d))
    armed = ((1 - it.pr2 + it.cR) / (1 - it.d), (it.pr2 - it.cR) / (1 - it.d))
    for j in range(steps + 1):
        share = j / steps
        game.at(
            ("standing", j), 1,
            then("accept", ("year", j)), then("fight", "war"), then("build", ("built", j)),
        )  # fmt: skip
        game.at(("year", j), CHANCE, then("share", ("standing", j), 1 - share, share))
        game.at(
            ("built", j), 0,
            then("stand by", "last year of peace", 1 - share, share - it.k),
            then("strike", END, war[0], war[1] - it.k),
        )  # fmt: skip
    game.at("war", CHANCE, then("war", END, *war))
    game.at("last year of peace", CHANCE, then("pass", "armed"))
    game.at("armed", CHANCE, then("live with it", END, *armed))
    play = game.for_ever("bind", (it.d**0.5,) * 2)
    bound = play.choice("bind")
    share = int(bound.label) / steps
    if play.choice(bound.to[0][1]).label == "build":
        return BUILD, None
    return (BUTTER if share > it.pr - it.cR + 1.5 / steps else PEACE), share
