"""Commitment problems and war: Fearon's sudden shift of power, Powell's gradual one, weapons under way."""

from __future__ import annotations

from dataclasses import dataclass

from tests.reference.turns import CHANCE, END, Option, Turns, then


@dataclass(frozen=True)
class Shift:
    """Fearon (1995): A wins with odds p1 in the first period and p2 for ever after; war costs cA and cB once."""

    p1: float
    p2: float
    cA: float  # noqa: N815 (the names of the source)
    cB: float  # noqa: N815
    delta: float

    @property
    def war(self) -> bool:
        """War at once iff δ p2 - p1 > cB (1 - δ)^2, where B would rather fight later than give all."""
        return self.delta * self.p2 - self.p1 > self.cB * (1 - self.delta) ** 2

    @property
    def threshold(self) -> float:
        """The p2 above which there is war."""
        return (self.p1 + self.cB * (1 - self.delta) ** 2) / self.delta


def fearon_war(shift: Shift, steps: int = 200, rounds: int = 150) -> bool:
    """Whether the first round ends in war: A demands a share on a grid, B accepts or fights."""
    game = Turns(2)
    for period, p in enumerate((shift.p1, shift.p2)):
        later = ("demand", 1)
        war = (p / (1 - shift.delta) - shift.cA, (1 - p) / (1 - shift.delta) - shift.cB)
        game.at(("demand", period), 0, *(then(f"{j}", ("answer", period, j)) for j in range(steps + 1)))
        for j in range(steps + 1):
            share = j / steps
            game.at(("answer", period, j), 1, then("accept", later, share, 1 - share), then("fight", END, *war))
    play = game.over_calendar(("demand", 0), (shift.delta**0.5,) * 2, 2 * rounds)
    return play.path(2)[1][1] == "fight"


@dataclass(frozen=True)
class Decline:
    """Powell: the rising side's odds go from `before` to `after` in equal steps; war destroys a share d of the pie."""

    d: float
    before: float
    after: float
    delta: float
    steps: int = 1

    def _worth(self) -> tuple[float, list[float], list[float]]:
        pie = 1 / (1 - self.delta)
        odds = [self.before + (self.after - self.before) * min(1.0, t / self.steps) for t in range(self.steps + 1)]
        return pie, [(1 - self.d) * (1 - p) * pie for p in odds], [(1 - self.d) * p * pie for p in odds]

    @property
    def excess(self) -> float:
        """War iff positive: the most, over t < s, of δ^(s-t) M2(s) + M1(t) - B."""
        pie, declining, rising = self._worth()
        return max(
            self.delta ** (s - t) * rising[s] + declining[t] - pie
            for t in range(self.steps + 1)
            for s in range(t + 1, self.steps + 1)
        )

    @property
    def neighbours(self) -> bool:
        """Powell's condition on neighbouring periods: enough for war, not needed."""
        pie, declining, rising = self._worth()
        return any(self.delta * rising[t + 1] + declining[t] > pie for t in range(self.steps))

    @property
    def values(self) -> dict[str, float]:
        """The parameters as the case file `commitment-war` names them."""
        return {
            "destroyed": self.d, "p_before": self.before, "p_after": self.after, "delta": self.delta,
            "steps": self.steps,
        }  # fmt: skip


def after_threshold(d: float, before: float, delta: float) -> float:
    """The p_after above which a sudden shift means war: (1 - d)(δ p_after - before) > d."""
    return (d / (1 - d) + before) / delta


def attacks(p: float, after: float, cost_both: float, success: float, delta: float) -> bool:
    """Whether D strikes a programme that succeeds with some odds per period, or waits (TILI offers at war value)."""
    game = Turns(2)
    attack = (1 - p - cost_both / 2) / (1 - delta), (p - cost_both / 2) / (1 - delta)
    waiting = (1 - p + cost_both / 2, p - cost_both / 2)
    wait = Option("wait", ((success, "armed"), (1 - success, "programme")), waiting)
    game.at("programme", 0, wait, then("attack", END, *attack))
    game.at("armed", CHANCE, then("live with it", "armed", 1 - after + cost_both / 2, after - cost_both / 2))
    return game.for_ever("programme", (delta, delta)).choice("programme").label == "attack"


def attack_threshold(p: float, after: float, cost_both: float, delta: float) -> float:
    """The odds of success above which D strikes: (1 - δ) C / (δ (p' - p - C))."""
    return (1 - delta) * cost_both / (delta * (after - p - cost_both))
