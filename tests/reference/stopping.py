"""One side decides when, or whether: investment under reversal, hostages, contracts that enforce themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp, sqrt

import numpy as np

from tests.reference.turns import CHANCE, END, Name, Option, Turns, then


def enters(excess: float, rho: float, pi: float, theta: float, eps: float) -> bool:
    """Rodrik (1991): whether capital enters at this excess return, year by year, with exact integrals within a year.

    Entry costs θ at once; the reform is reversed at the Poisson rate π, and exit then costs ε.
    """
    decay = rho + pi
    year = (1 - exp(-decay)) / decay
    within = excess * year - eps * pi * year
    game = Turns(1)
    lives = ((exp(-pi), "inside"), (1 - exp(-pi), END))
    game.at("outside", 0, then("stay out", END), Option("enter", lives, (within - theta,)))
    game.at("inside", CHANCE, Option("year", lives, (within,)))
    return game.for_ever("outside", (exp(-rho),)).choice("outside").label == "enter"


def required_premium(rho: float, pi: float, theta: float, eps: float) -> float:
    """Least excess return at which capital enters, by halving an interval around the engine's yes and no."""
    low, high = 0.0, 4.0
    for _ in range(30):
        middle = (low + high) / 2
        if enters(middle, rho, pi, theta, eps):
            high = middle
        else:
            low = middle
    return high


def option_threshold(r: float, delta: float, sigma: float, lam: float, step: float = 0.02) -> float:
    """Dixit and Pindyck: project value per unit of cost at which it is taken, on a binomial lattice of log values."""
    span = sigma * sqrt(step)
    up = (exp((r - delta) * step) - exp(-span)) / (exp(span) - exp(-span))
    reach = int(2.0 / span)
    game = Turns(1)
    for i in range(-reach, reach + 1):
        value = exp(i * span)
        moves = ((up, min(i + 1, reach)), (1 - up, max(i - 1, -reach)))
        game.at(i, 0, Option("wait", moves), then("take", END, value - 1.0))
    play = game.for_ever(0, (exp(-(r + lam) * step),))
    taken = [i for i in range(-reach, reach + 1) if play.choice(i).label == "take"]
    return exp((taken[0] - 0.5) * span)


def option_threshold_exact(r: float, delta: float, sigma: float, lam: float) -> float:
    """V*/I = β / (β - 1), β the positive root of σ²β(β - 1)/2 + (r - δ)β - (r + λ) = 0."""
    half = sigma**2 / 2
    root = (half - r + delta + sqrt((r - delta - half) ** 2 + 4 * half * (r + lam))) / (2 * half)
    return root / (root - 1)


def self_enforcing_investment(alpha: float, scale: float, delta: float, steps: int = 400) -> float:
    """Largest-surplus stationary investment that a host with the whole surplus does not grab (Thomas and Worrall).

    A planner (actor 0, paid the surplus) chooses I once on a grid up to 1.5 times the first best; each period the host
    keeps its transfer f(I) - I or grabs f(I), after which nothing is invested.
    """
    first_best = (alpha * scale) ** (1 / (1 - alpha))
    game = Turns(2)
    plans = [1.5 * first_best * j / steps for j in range(steps + 1)]
    game.at("plan", 0, *(then(f"{j}", ("host", j)) for j in range(steps + 1)))
    for j, plan in enumerate(plans):
        output = scale * plan**alpha
        surplus = output - plan
        game.at(("host", j), 1, then("keep", ("host", j), surplus, surplus), then("grab", END, -plan, output))
    return plans[int(game.for_ever("plan", (delta, delta)).choice("plan").label)]


def self_enforcing_investment_exact(alpha: float, scale: float, delta: float) -> float:
    """The first best (αA)^{1/(1-α)} if δ >= α, else (δA)^{1/(1-α)}."""
    return (min(alpha, delta) * scale) ** (1 / (1 - alpha))


@dataclass(frozen=True)
class Contract:
    """A contract that enforces itself: investment year by year, years until it is efficient, the investor's profit."""

    investment: tuple[float, ...]
    years: int
    profit: float


@cache
def back_loaded(alpha: float, scale: float, delta: float, steps: int = 40, transfers: int = 50) -> Contract:
    """The investor's best contract (Thomas and Worrall): nothing for the host for some years, then a transfer for ever.

    The investor binds itself to the years without transfers (0 to 4) and to the transfer, on a grid up to the efficient
    surplus, and chooses each year's investment on a grid up to the efficient one; the host keeps the contract or grabs
    the output, after which nothing is invested. Play is solved from the hope that the contract will be kept: without it
    nobody invests and nothing is lost by grabbing.
    """
    first_best = (alpha * scale) ** (1 / (1 - alpha))
    surplus = scale * first_best**alpha - first_best
    plans = [first_best * j / steps for j in range(1, steps + 1)]
    half, most = delta**0.5, surplus / (1 - delta)
    game, hoped = Turns(2), dict[Name, tuple[float, float]]()
    terms = [(wait, surplus * k / transfers) for wait in range(5) for k in range(1, transfers + 1)]
    game.at("offer", 0, *(then(f"{i}", ("invest", *term)) for i, term in enumerate(terms)))
    for wait, transfer in terms:
        worth = delta**wait * transfer / (1 - delta)
        now = transfer if wait == 0 else 0.0
        here = ("invest", wait, transfer)
        options = [then("nothing", END), *(then(f"{j}", ("host", wait, transfer, j)) for j in range(steps))]
        game.at(here, 0, *options)
        hoped[here] = (half * most, half * worth)
        for j, plan in enumerate(plans):
            output = scale * plan**alpha
            keep = then("keep", ("invest", max(0, wait - 1), transfer), output - plan - now, now)
            game.at(("host", wait, transfer, j), 1, keep, then("grab", END, -plan, output))
            hoped["host", wait, transfer, j] = (most, worth)
    play = game.for_ever("offer", (half, half), hoped=hoped)
    wait, transfer = terms[int(play.choice("offer").label)]
    path = []
    for _ in range(5):
        path.append(plans[int(play.choice(("invest", wait, transfer)).label)])
        wait = max(0, wait - 1)
    efficient = next(t for t, plan in enumerate(path) if plan >= first_best - 1e-9)
    return Contract(tuple(path), efficient, play.value("offer", 0) / delta)


def hostage(p: float, v2: float, k: float, alpha: float, steps: int = 1_000) -> tuple[float, float]:
    """Williamson (1983): odds that a buyer with the hostage h = p - v2 cancels, and the producer's profit.

    The buyer's value is uniform on [0, 1]; a buyer that cancels loses h, of which the producer has the use αh.
    """
    h = p - v2
    game = Turns(2)
    values = (np.arange(steps) + 0.5) / steps
    game.at("order", CHANCE, Option("value", tuple((1 / steps, ("buyer", i)) for i in range(steps)), (0.0, -k)))
    for i, value in enumerate(values):
        game.at(("buyer", i), 0, then("take", END, value - p, p - v2), then("cancel", END, -h, alpha * h))
    # Two moves: what the buyer does is discounted once, and that is undone.
    discount = 0.999
    play = game.over_calendar("order", (discount, discount), 2)
    cancelled = sum(play.choice(("buyer", i), 1).label == "cancel" for i in range(steps)) / steps
    return cancelled, (play.value("order", 1) + k) / discount - k


def payback(r: float, h: float) -> float:
    """Longest acceptable payback in years: (1 - h) / (r + h)."""
    return (1 - h) / (r + h)


def least_bond(gain: float, surplus: float, delta: float, hazard: float = 0.0) -> float:
    """max(0, g - δ s / (1 - δ)) with δ times the odds that the relation goes on."""
    lasting = delta * (1 - hazard)
    return max(0.0, gain - lasting * surplus / (1 - lasting))
