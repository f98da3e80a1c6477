"""Every row of the table of theory: what is compared, with which source, over which parameter values.

Rows with a case id take parameters and answer from the reference files; rows called `grid` take the same formula over
other parameter values, thresholds always from both sides. Points where a grid of offers could change the answer (closer
to a threshold than a step of the grid is worth) are left out, and so is the band in which Spaniel's deterrer can buy
credibility for a strike by offering more (`Programme.bought_threat`), which the published regions do not describe.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.reference import alternating_offers as offers
from tests.reference import case_files, encounter_rows, power_shifts, standing_offers, stopping
from tests.reference.rows import Row
from tests.reference.rows import cases_of as _cases
from tests.reference.rows import cited as _row
from tests.reference.sources import published

BOUND = "moves in Python, our variant: the offer binds"
FINE = 1e-9


def rows() -> tuple[Row, ...]:
    """The whole table."""
    return (
        *bargaining(), *two_level(), *commitment_war(), *nonproliferation(), *investment(), *holdup(),
        *encounter_rows.rows(),
    )  # fmt: skip


def bargaining() -> list[Row]:
    """Rubinstein's alternating offers."""
    found = [
        _row(
            "bargaining", case, "share of the first proposer", [says["share1"]],
            offers.rubinstein_grid_error(p["delta1"], p["delta2"]),
            lambda p=p: [offers.rubinstein(p["delta1"], p["delta2"])],
        )
        for case, p, says in _cases("bargaining", "rubinstein")
    ]  # fmt: skip
    grid = list(product((0.5, 0.7, 0.9), repeat=2))
    found.append(
        _row(
            "bargaining", "grid", "share of the first proposer", [offers.rubinstein_share(*d) for d in grid],
            offers.rubinstein_grid_error(0.9, 0.9, 1_000), lambda: [offers.rubinstein(*d, steps=1_000) for d in grid],
            like="rubinstein_0.9_0.9",
        )
    )  # fmt: skip
    return found


def two_level() -> list[Row]:
    """Ratification: Schelling's constraint, overlap of win-sets, the setter's treaty, the pivotal vote."""
    family, found = "two_level", []
    needs = [(i, (p["k"], 0.0, p["delta"]), says["share1"]) for i, p, says in _cases(family, "schelling")]
    needs += [(i, (p["k1"], p["k2"], p["delta"]), says["share1"]) for i, p, says in _cases(family, "two_sided")]
    for case, need, share in needs:
        tolerance = offers.rubinstein_grid_error(need[2], need[2], 1_000)
        if share is not None:
            found.append(
                _row(family, case, "share of side 1 under ratification", [share], tolerance,
                     lambda need=need: [offers.ratified(*need) or 0.0], provenance="P3")
            )  # fmt: skip
        if case.startswith("two_sided"):
            found.append(
                _row(family, case, "agreement", [share is not None], 0.0,
                     lambda need=need: [offers.ratified(*need) is not None], provenance="P2")
            )  # fmt: skip
    grid = [n for n in product((0.2, 0.55, 0.75), (0.1, 0.35, 0.5), (0.7,)) if abs(n[0] + n[1] - 1) > 0.01]
    shares = [offers.ratified_share(*n) for n in grid]
    found.append(
        _row(
            family, "grid", "share of side 1 under ratification (0 without agreement)", [s or 0.0 for s in shares],
            offers.rubinstein_grid_error(0.7, 0.7, 250),
            lambda: [offers.ratified(*n, steps=250) or 0.0 for n in grid],
            like="two_sided_0.6_0.3", provenance="P3",
        )
    )  # fmt: skip
    step = 1 / 20 + FINE
    for case, p, says in _cases(family, "romer"):
        found.append(
            _row(family, case, "policy after the setter's treaty", [says["outcome"]], step,
                 lambda p=p: case_files.policy([p]), route="cases/theory/two-level-ratification")
        )  # fmt: skip
    lines = [
        {"s": s, "m": m, "q": q} for s, m, q in product((0.06, 0.31, 0.66, 0.94), (0.4, 0.55), (0.11, 0.37, 0.62, 0.83))
    ]
    ends = [sorted((x["q"], 2 * x["m"] - x["q"])) for x in lines]
    found.append(
        _row(
            family, "grid", "policy after the setter's treaty",
            [min(max(x["s"], low), high) for x, (low, high) in zip(lines, ends, strict=True)], step,
            lambda: case_files.policy(lines), like="romer_rosenthal_s0.9_m0.5_q0.2",
            route="cases/theory/two-level-ratification",
        )
    )  # fmt: skip
    most = published(family)["pivot_67"]["prediction"]["x_max"]
    found.append(
        _row(
            family, "pivot_67", "treaty passes just below, fails just above", [1.0, 0.0], 0.0,
            lambda: [offers.roll_call(offers.even_chamber(), 67, most + by) for by in (-0.001, 0.001)],
        )
    )  # fmt: skip
    chambers = list(product((11, 30), (0.5, 0.6, 0.75)))

    def small_chambers() -> list[float]:
        passed = []
        for members, share in chambers:
            ideals, votes = offers.even_chamber(members), int(members * share) + 1
            limit = 2 * ideals[members - votes]
            passed += [float(offers.roll_call(ideals, votes, limit + by)) for by in (-0.001, 0.001)]
        return passed

    found.append(
        _row(family, "grid", "treaty passes just below, fails just above", [1.0, 0.0] * len(chambers), 0.0,
             small_chambers, like="pivot_67")
    )  # fmt: skip
    return found


def commitment_war() -> list[Row]:
    """Preventive war: sudden and gradual shifts of power."""
    family, route = "commitment_war", "cases/theory/commitment-war"
    found = [
        _row(family, case, "war at once", [says["war"]], 0.0,
             lambda p=p: [power_shifts.fearon_war(power_shifts.Shift(**p))])
        for case, p, says in _cases(family, "fearon95")
    ]  # fmt: skip
    shifts = []
    for p1, cost, delta in product((0.1, 0.3, 0.5), (0.3, 1.0, 2.0), (0.8, 0.9)):
        edge = power_shifts.Shift(p1, 0.0, 0.2, cost, delta).threshold
        # The formula lets B fight later: its later war value must not be negative.
        if 1 - edge - 0.01 > cost * (1 - delta):
            shifts += [power_shifts.Shift(p1, edge + by, 0.2, cost, delta) for by in (-0.01, 0.01)]
    found.append(
        _row(family, "grid", "war at once", [s.war for s in shifts], 0.0,
             lambda: [power_shifts.fearon_war(s) for s in shifts], like="fearon95_0.3_0.6_0.5_0.9")
    )  # fmt: skip
    for case, p, says in _cases(family, "powell"):
        decline = (
            power_shifts.Decline(p["d"], 0.2, 0.8, p["delta"], p["steps"])
            if "steps" in p
            else power_shifts.Decline(p["d"], p["p_t"], p["p_next"], p["delta"])
        )
        found.append(
            _row(family, case, "war while power shifts", [says["war"]], 0.0,
                 lambda decline=decline: case_files.fought([decline.values]), route=route)
        )  # fmt: skip
    sudden = []
    for d, before, delta in product((0.05, 0.1, 0.2, 0.3), (0.2, 0.4), (0.9, 0.97)):
        edge = power_shifts.after_threshold(d, before, delta)
        if edge < 0.98:
            sudden += [power_shifts.Decline(d, before, edge + by, delta) for by in (-0.01, 0.01)]
    found.append(
        _row(family, "grid", "war when power shifts at once", [s.excess > 0 for s in sudden], 0.0,
             lambda: case_files.fought([s.values for s in sudden]), route=route, like="powell_0.2_0.3_0.6_0.9")
    )  # fmt: skip
    slow = [s for s in gradual_shifts() if abs(s.excess) > 0.05]
    found.append(
        _row(family, "grid", "war while power shifts", [s.excess > 0 for s in slow], 0.0,
             lambda: case_files.fought([s.values for s in slow]), route=route, like="powell_gradual_k6")
    )  # fmt: skip
    return found


def gradual_shifts() -> list[power_shifts.Decline]:
    """Shifts from .2 to .8 in one to thirty steps: many of them war although neighbouring periods say peace."""
    return [
        power_shifts.Decline(d, 0.2, 0.8, delta, steps)
        for d, delta, steps in product((0.1, 0.2), (0.95, 0.97), (1, 2, 3, 4, 6, 8, 10, 12, 15, 20, 25, 30))
    ]


def nonproliferation() -> list[Row]:
    """Butter for bombs, the closing window, prevention under way."""
    family, found = "nonproliferation", []
    programmes = [(i, standing_offers.Programme(**p), says["x"]) for i, p, says in _cases(family, "spaniel")]
    schedule = published(family)["sunk_cost_schedule"]
    fixed = {k: v for k, v in schedule["parameters"].items() if k != "k_remaining"}
    programmes += [
        ("sunk_cost_schedule", standing_offers.Programme(k=k, **fixed), x)
        for k, _, x in schedule["prediction"]["schedule"]
    ]
    for case in dict.fromkeys(i for i, _, _ in programmes):
        these = [(it, x) for i, it, x in programmes if i == case]
        found.append(
            _row(
                family, case, "least standing offer that stops building (0: builds)", [x or 0.0 for _, x in these],
                1 / 1_000 + FINE,
                lambda these=these: [standing_offers.standing_offer(it)[1] or 0.0 for it, _ in these], route=BOUND,
            )
        )  # fmt: skip
    grid = [
        standing_offers.Programme(0.3, pr2, cost, 0.1, k, d)
        for pr2, cost, k, d in product((0.4, 0.5), (0.15, 0.3), (0.1, 0.9, 2.2), (0.9,))
    ]
    grid = [it for it in grid if abs(it.gain - it.k) > 0.02 and _plain(it)]
    found.append(
        _row(
            family, "grid", "least standing offer that stops building (0: builds)",
            [it.outcome[1] or 0.0 for it in grid], 1 / 400 + FINE,
            lambda: [standing_offers.standing_offer(it, 400)[1] or 0.0 for it in grid],
            like="spaniel_0.3_0.5_0.15_0.1_1.2_0.9", route=BOUND,
        )
    )  # fmt: skip
    route = "cases/theory/nonproliferation-window"
    for case, p, says in _cases(family, "closing_window"):
        # Backward induction builds in the last open period exactly if it builds in the first.
        draw = {**standing_offers.Programme(**{k: v for k, v in p.items() if k != "n"}).values, "closes": 2000 + p["n"]}
        last = {**draw, "closes": 2001}
        found.append(
            _row(family, case, "builds at once; builds in the last open year",
                 [says["last_period_action"] == "build"] * 2, 0.0,
                 lambda draw=draw, last=last: case_files.builds([draw, last]), route=route)
        )  # fmt: skip
    windows = [
        (standing_offers.Programme(pr, pr + rise, cost, 0.1, times * 9 * rise, 0.9), years)
        for pr, rise, cost, times, years in product(
            (0.2, 0.3), (0.1, 0.2, 0.4), (0.2, 0.3), (0.5, 0.95, 1.05, 1.5), (1, 5)
        )
    ]
    windows = [(it, years) for it, years in windows if _plain(it)]
    draws = [{**it.values, "closes": 2000.0 + years} for it, years in windows]
    kept = [draw for (it, _), draw in zip(windows, draws, strict=True) if it.prevented or it.k >= it.gain]
    found += [
        _row(family, "grid", "builds before the window closes",
             [it.k < it.gain and not it.prevented for it, _ in windows], 0.0, lambda: case_files.builds(draws),
             route=route, like="closing_window_k0.6_n5"),
        _row(family, "grid", "offer where building is deterred or does not pay",
             [d["p_before"] - d["cost_rising"] for d in kept], 1 / 40 + FINE, lambda: case_files.first_offer(kept),
             route=route, like="closing_window_k1.9_n1"),
    ]  # fmt: skip
    found += [
        _row(family, case, "attack", [says["attack"]], 0.0,
             lambda p=p: [power_shifts.attacks(p["p"], p["p2"], p["cD"] + p["cP"], p["lam"], p["d"])])
        for case, p, says in _cases(family, "preventive")
    ]  # fmt: skip
    strikes = []
    for after, cost, delta in product((0.5, 0.7, 0.9), (0.1, 0.2, 0.3), (0.8, 0.9, 0.95)):
        if after - 0.3 > cost and (edge := power_shifts.attack_threshold(0.3, after, cost, delta)) < 0.99:
            strikes += [((0.3, after, cost, edge + by, delta), by > 0) for by in (-0.001, 0.001)]
    found.append(
        _row(family, "grid", "attack", [yes for _, yes in strikes], 0.0,
             lambda: [power_shifts.attacks(*s) for s, _ in strikes], like="preventive_lam0.2")
    )  # fmt: skip
    return found


def _plain(it: standing_offers.Programme) -> bool:
    """Far from every threshold, and no offer above the war value makes a strike credible."""
    margin = it.d * (it.pr2 - it.pr) - it.cD - it.cR
    return abs(margin) > 0.01 and (it.prevented or it.bought_threat > 1)


def investment() -> list[Row]:
    """Payback under reversal, Rodrik's premium, the value of waiting."""
    family, found = "investment", []
    step, most = 0.005, 2_400

    def longest(p: dict[str, Any]) -> list[float]:
        tried = [step * (i + 0.5) for i in range(most)]
        taken = case_files.invests([{"r": p["r"], "h": p["h"], "N": n} for n in tried])
        return [max(n for n, yes in zip(tried, taken, strict=True) if yes > 0.5)]

    route = "cases/theory/investment-reversal"
    for case, p, says in _cases(family, "payback"):
        found.append(
            _row(family, case, "longest payback, years", [says["N_max_discrete"]], step, lambda p=p: longest(p),
                 route=route)
        )  # fmt: skip
    hazards = list(product((0.03, 0.05, 0.1, 0.2), (0.0, 0.02, 0.1, 0.3)))
    sides = [{"r": r, "h": h, "N": stopping.payback(r, h) * by} for r, h in hazards for by in (0.999, 1.001)]
    found.append(
        _row(family, "grid", "invests just below, not just above the longest payback", [1.0, 0.0] * len(hazards), 0.0,
             lambda: case_files.invests(sides), route=route, like="payback_r0.1_h0.125")
    )  # fmt: skip
    for case, p, says in _cases(family, "rodrik"):
        found.append(
            _row(family, case, "required excess return", [says["required_premium"]], 1e-6,
                 lambda p=p: [stopping.required_premium(**p)])
        )  # fmt: skip
    taxes = list(product((0.05, 0.1), (0.05, 0.3), (0.5,), (0.0, 0.4)))
    found.append(
        _row(
            family, "grid", "required excess return", [(r + pi) * th + pi * e for r, pi, th, e in taxes], 1e-6,
            lambda: [stopping.required_premium(*t) for t in taxes], like="rodrik_rho0.1_pi0.2_th0.75_e0.25",
        )
    )  # fmt: skip
    for case, p, says in _cases(family, "dixit"):
        found.append(
            _row(family, case, "value at which the option is taken", [says["V_star"]], 0.06,
                 lambda p=p: [stopping.option_threshold(**p)])
        )  # fmt: skip
    projects = [(0.04, 0.04, 0.2, 0.02), (0.04, 0.04, 0.2, 0.1), (0.06, 0.04, 0.25, 0.05)]
    found.append(
        _row(
            family, "grid", "value at which the option is taken",
            [stopping.option_threshold_exact(*p) for p in projects], 0.06,
            lambda: [stopping.option_threshold(*p) for p in projects], like="dixit_pindyck_0.04_0.04_0.2_0.05",
        )
    )  # fmt: skip
    return found


def holdup() -> list[Row]:
    """Bonds, hostages and the investment that a host does not grab."""
    family, found, route = "holdup", [], "cases/theory/holdup-bond"
    step = 0.01

    def least(p: dict[str, Any]) -> list[float]:
        tried = [step * i for i in range(1_000)]
        same = {"gain": p["temptation"], "surplus": p["surplus"], "delta": p["delta"]}
        kept = case_files.keeps([{**same, "bond": b} for b in tried])
        return [min(b for b, yes in zip(tried, kept, strict=True) if yes > 0.5)]

    for case, p, says in _cases(family, "escrow"):
        found.append(
            _row(family, case, "least bond", [says["min_bond"]], step + FINE, lambda p=p: least(p), route=route)
        )  # fmt: skip
    promises = list(product((5.0, 10.0), (0.2, 0.5), (0.8, 0.9), (0.0, 0.1, 0.25)))
    sides = [
        {"gain": g, "surplus": s, "delta": d, "hazard": h, "bond": stopping.least_bond(g, s, d, h) + by}
        for g, s, d, h in promises
        for by in (-0.001, 0.001)
    ]
    found.append(
        _row(family, "grid", "breaks just below, keeps just above the least bond", [0.0, 1.0] * len(promises), 0.0,
             lambda: case_files.keeps(sides), route=route, like="escrow_g10_s0.5_d0.9")
    )  # fmt: skip
    for case, p, says in _cases(family, "thomas_worrall"):
        found.append(
            _row(
                family, case, "stationary investment", [says["I"]], 1.5 * says["I_first_best"] / 400 + FINE,
                lambda p=p: [stopping.self_enforcing_investment(p["alpha"], p["A"], p["delta"])],
            )
        )  # fmt: skip
    contracts = list(product((0.3, 0.5), (1.5, 2.0), (0.2, 0.4, 0.8)))
    found.append(
        _row(
            family, "grid", "stationary investment",
            [stopping.self_enforcing_investment_exact(*c) for c in contracts], 1.5 / 400 + FINE,
            lambda: [stopping.self_enforcing_investment(*c) for c in contracts],
            like="thomas_worrall_al0.3_A2.0_d0.9",
        )
    )  # fmt: skip
    for case, p, says in _cases(family, "williamson"):
        found.append(
            _row(family, case, "odds of cancelling; producer's profit", [says["cancel_prob"], says["producer_profit"]],
                 1e-6, lambda p=p: stopping.hostage(**p))
        )  # fmt: skip
    return found
