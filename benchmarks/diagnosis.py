"""The friction lattice of a case: seconds, solves a second, and how far its numbers are from those of tight solves."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from servanda.case import find, load
from servanda.diagnosis.gates import sign_window
from servanda.diagnosis.lattice import friction_lattice, frictions_of
from servanda.diagnosis.trials import Trials
from servanda.inquiry import likeliest

Row = tuple[str, str, str]


def measure_diagnosis(name: str) -> list[Row]:
    """All subsets of the frictions of the likeliest draft, nothing kept from before; then 24 of them solved tightly."""
    case = load(find(name)).require()
    if not case.frictions or not case.drafts:
        return [("friction lattice", "-", "the case names no frictions or no drafts")]
    window = sign_window(case)
    best = next(iter(likeliest(case, window, {}, None)))
    begun = time.perf_counter()
    trials = Trials.of(case, best, window)
    trials.run([{}])
    ready = time.perf_counter() - begun
    lattice = friction_lattice(case, best, window=window, trials=trials)
    assert lattice is not None
    k, seconds = len(lattice.frictions), lattice.seconds
    masks = np.random.default_rng(0).choice(1 << k, 24, replace=False)
    settled = [m for m in masks if lattice.settled[m]]
    tight = replace(trials, settings=replace(trials.settings, tail_tolerance=1e-8, tail_steps=2000))
    under = frictions_of(tight, {})
    exact = under.headlines(np.array(settled)).holds
    error = float(np.abs(exact - np.array(lattice.values)[settled]).max())
    closes = sum(s.shapley for s in lattice.shares) - (lattice.all_off - lattice.none_off)
    return [
        ("draft", best, f"{trials.compiled.game.states:,} states with it alone on the table; ready in {ready:.1f} s"),
        ("subsets", f"{1 << k:,}", f"{k} frictions, {len(lattice.unused)} unused; {lattice.games:,} different games"),
        ("all subsets, all headline numbers", f"{seconds:.1f} s", f"{lattice.games / seconds:.1f} games a second"),
        ("unsettled", f"{sum(not s for s in lattice.settled):,}", "subsets whose far future did not become stationary"),
        ("largest error of the probability", f"{error:.1e}", f"{len(settled)} settled subsets solved to 1e-8"),
        ("Shapley values miss the difference by", f"{abs(closes):.0e}", "must be rounding"),
    ]
