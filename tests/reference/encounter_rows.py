"""Rows of the table of theory for simultaneous moves, monitoring, trust and estimated dyads; see `theory_rows`.

Tolerances: 0 for yes or no; the step of a grid; the distance of logit play from mixed play, which is known to first
order (`mixed_inspections_error`); 1e-7 where a solution is published to eight digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import exp
from typing import Any

from scipy.optimize import brentq

from tests.reference import encounters, escalation, plans, stopping
from tests.reference.rows import Row, cases_of, cited
from tests.reference.sources import published

SIDES = (-1e-3, 1e-3)
CASES = "cases/theory/"


def rows() -> tuple[Row, ...]:
    """Everything of this file."""
    return (
        *doubts(), *dynamic_contract(), *inspections(), *detection(), *appeasement(), *fear(), *attrition(),
        *monitoring(), *dilemmas(), *plans_of_others(), *dyads(),
    )  # fmt: skip


def doubts() -> list[Row]:
    """Debs and Monteiro: a hidden programme and a strike at what may not be there."""
    family, quantity, route = "nonproliferation", "odds of a programme, of a strike without a sign", "preventive-doubt"
    found = []
    for case, p, says in cases_of(family, "debs"):
        values = {"C": p["C"], "E": p["E"], "seen": p["ps"], "k": p["k"]}
        found.append(
            cited(family, case, quantity, [says["invest_prob"], says["strike_prob"]],
                  1.01 * encounters.mixed_doubts_error(**values), lambda v=values: encounters.doubts([v]),
                  route=CASES + route)
        )  # fmt: skip
    grid = [
        dict(zip(("C", "E", "seen", "k"), x, strict=True))
        for x in product((0.1, 0.2), (0.36, 0.6), (0.1, 0.3), (0.05, 0.2, 0.5))
    ]
    found.append(
        cited(
            family, "grid", quantity, [x for v in grid for x in encounters.mixed_doubts(**v)],
            1.01 * max(encounters.mixed_doubts_error(**v) for v in grid), lambda: encounters.doubts(grid),
            route=CASES + route, like="debs_monteiro_C0.2_E0.36_ps0.2",
        )
    )  # fmt: skip
    return found


def dynamic_contract() -> list[Row]:
    """Thomas and Worrall: investment that rises because the host's reward lies ahead."""
    family, found = "holdup", []
    for case, p, says in cases_of(family, "tw_dynamic"):
        rising = says["periods_to_efficiency"]
        path = says["investment_path"][:rising]
        step = 1 / 40
        # Each year's investment falls short by up to a step, which costs what its last unit would have earned.
        loss = sum(p["delta"] ** t * (x**-0.5 - 1) * step for t, x in enumerate(path))
        # A step of the transfer that is promised after these years, in V_0; V_t is V_0 / δ^t, and I_t = (V_t / 2)^2.
        promise = p["delta"] ** rising / (1 - p["delta"]) / 50
        free = step + max(x**0.5 * promise / p["delta"] ** t for t, x in enumerate(path))
        terms = (p["alpha"], p["A"], p["delta"])
        found += [
            cited(family, case, "years until investment is efficient", [rising], 0.0,
                  lambda terms=terms: [stopping.back_loaded(*terms).years]),
            cited(family, case, "investor's profit", [says["investor_profit"]], loss,
                  lambda terms=terms: [stopping.back_loaded(*terms).profit]),
            cited(family, case, "investment while it rises", path, free,
                  lambda terms=terms, n=rising: stopping.back_loaded(*terms).investment[:n]),
        ]  # fmt: skip
    return found


def inspections() -> list[Row]:
    """One encounter, a sequence of them, an inspector who announces what it does."""
    family, found = "inspection", []
    quantity, route = "odds of an inspection, of a violation", CASES + "inspection-game"
    for case, p, says in cases_of(family, "costly"):
        values = {"penalty": p["b"], "gain": p["d"], "cost": p["c"], "loss": p["L"]}
        found.append(
            cited(family, case, quantity, [says["p_inspect"], says["q_violate"]],
                  1.01 * encounters.mixed_inspections_error(**values),
                  lambda v=values: encounters.inspections([v]), route=route)
        )  # fmt: skip
    grid = [
        dict(zip(("penalty", "gain", "cost", "loss"), x, strict=True))
        for x in product((2.0, 9.0), (1.0, 3.0), (1.0, 2.0), (5.0, 8.0))
    ]
    found.append(
        cited(
            family, "grid", quantity, [x for v in grid for x in encounters.mixed_inspections(**v)],
            1.01 * max(encounters.mixed_inspections_error(**v) for v in grid), lambda: encounters.inspections(grid),
            route=route, like="costly_b9_d1_c1_L5",
        )
    )  # fmt: skip
    quantity, route = "value to the inspectee", CASES + "inspection-sequence"
    # Values fall short of the mixed ones by the square of the decisiveness (`test_the_steeper_the_nearer`).
    near = 2 * encounters.STEEP**2
    for case, p, says in cases_of(family, "stengel"):
        left = encounters.Rounds(p["n"], p["m"], p["k"], float(p["b"]))
        found.append(
            cited(family, case, quantity, [says["value_to_inspectee"]], near,
                  lambda left=left: [encounters.sequence_values(left.b)[left]], route=route)
        )  # fmt: skip
    every = [left for b in (1.0, 2.0, 3.0) for left in encounters.all_rounds(b)]
    found.append(
        cited(family, "grid", quantity, [left.value for left in every], near,
              lambda: [encounters.sequence_values(left.b)[left] for left in every], route=route,
              like="stengel_n6_m2_k2_b1")
    )  # fmt: skip
    quantity, route = "odds of detection announced", CASES + "inspection-leader"
    tests = [(i, _leader(p), says["min_detection"]) for i, p, says in cases_of(family, "avz")]
    tests += [
        ("grid", _leader({"b": b, "d": d, "f": f, "alpha": a}), 1 - (b - f * a) / (b + d))
        for b, d, f, a in product((2, 5, 9), (1, 6), (0, 1), (0.05, 0.2))
    ]
    for case in dict.fromkeys(i for i, _, _ in tests):
        draws, expected = [], []
        for values, least in ((v, q) for i, v, q in tests if i == case):
            for by in SIDES:
                # Tests come in steps of 0.05: one of them lies just below the least one, or just above.
                draws.append({**values, "finer": (least + by) % 0.05})
                expected.append(least + by if by > 0 else least + by + 0.05)
        found.append(
            cited(family, case, quantity, expected, 1e-9, lambda draws=draws: encounters.announced(draws), route=route,
                  like="avz_b9_d1_f1_a0.05" if case == "grid" else "")
        )  # fmt: skip
    return found


def _leader(p: dict[str, Any]) -> dict[str, float]:
    return {"penalty": p["b"], "gain": p["d"], "alarm": p["f"], "alpha": p["alpha"]}


def detection() -> list[Row]:
    """A treaty under detection, and under monitoring that lays the monitored state open."""
    family, route, found = "inspection", CASES + "monitored-treaty", []
    quantity = "cheats just below, keeps just above the least detection"

    def plain(keeping: float, cheating: float, collapse: float, delta: float) -> list[dict[str, float]]:
        least = encounters.least_detection(keeping, cheating, collapse, delta)
        same = {"keeping": keeping, "cheating": cheating, "collapse": collapse, "delta": delta, "exposure": 0.0}
        return [{**same, "monitoring": least + by} for by in SIDES]

    for case, p, _ in cases_of(family, "repeated_q"):
        draws = plain(p["vC"], p["vD"], p["vR"], p["delta"])
        found.append(
            cited(family, case, quantity, [0, 1], 0.0, lambda draws=draws: encounters.complies(draws), route=route)
        )
    grid = [
        plain(k, k + g, c, d)
        for k, g, c, d in product((2.0, 3.0), (1.0, 2.0), (0.5, 1.5), (0.7, 0.8, 0.9, 0.95))
        if encounters.least_detection(k, k + g, c, d) < 0.99
    ]
    found.append(
        cited(family, "grid", quantity, [0, 1] * len(grid), 0.0,
              lambda: encounters.complies([x for pair in grid for x in pair]), route=route, like="repeated_q_3_1_5_0.9")
    )  # fmt: skip
    quantity = "keeps the treaty at this depth of monitoring"
    for case, p, says in cases_of(family, "coe_vaynman"):
        low_high = says["m_interval"]
        depths = [x + by for x in low_high for by in SIDES if x < 1] or [i / 50 for i in range(51)]
        found.append(_monitored(case, [(_coe_vaynman(p), m, _inside(m, p)) for m in [*depths, 1.0]]))
        assert bool(low_high) == says["deal"]
    wide = []
    for surplus, exposure, delta, reach in product((1.0, 2.0), (0.5, 1.0, 2.0), (0.8, 0.9, 0.95), (0.6, 1.0)):
        p = {"vC": 1 + surplus, "vR": 1.0, "vD": 2 + surplus, "delta": delta, "qbar": reach, "sigma": exposure}
        wide += [(_coe_vaynman(p), m, _inside(m, p)) for m in _edges(p)]
    found.append(_monitored("grid", wide))
    return found


def _monitored(case: str, points: Sequence[tuple[dict[str, float], float, bool]]) -> Row:
    draws = [{**values, "monitoring": m} for values, m, _ in points]
    return cited(
        "inspection", case, "keeps the treaty at this depth of monitoring", [yes for _, _, yes in points], 0.0,
        lambda: encounters.complies(draws), route=CASES + "monitored-treaty",
        like="coe_vaynman_rf_3_1_5_0.9_1.0_1.0" if case == "grid" else "",
    )  # fmt: skip


def _coe_vaynman(p: dict[str, Any]) -> dict[str, float]:
    names = {"keeping": "vC", "cheating": "vD", "collapse": "vR", "delta": "delta", "reach": "qbar"}
    return {**{ours: p[theirs] for ours, theirs in names.items()}, "exposure": p["sigma"]}


def _inside(m: float, p: dict[str, Any]) -> bool:
    """m (S - σm) >= (1 - δ) G / (δ q)."""
    needed = (1 - p["delta"]) * (p["vD"] - p["vC"]) / (p["delta"] * p["qbar"])
    return bool(m * (p["vC"] - p["vR"] - p["sigma"] * m) >= needed)


def _edges(p: dict[str, Any]) -> list[float]:
    """Depths just below and just above both ends of the interval, or some depths where there is none."""
    surplus, needed = p["vC"] - p["vR"], (1 - p["delta"]) * (p["vD"] - p["vC"]) / (p["delta"] * p["qbar"])
    under = surplus**2 - 4 * p["sigma"] * needed
    if under < 0:
        return [0.1, 0.3, 0.5, 0.7, 0.9]
    ends = [(surplus + sign * under**0.5) / (2 * p["sigma"]) for sign in (-1, 1)]
    return [x + by for x in ends for by in SIDES if 0 <= x + by <= 1]


def appeasement() -> list[Row]:
    """A stream of tribute keeps the peace, a lump sum does not."""
    family, route, found = "appeasement", CASES + "appeasement", []
    quantity = "peace for twenty years with a tribute just inside, outside what keeps it"

    def tributes(gain: float, loss: float, delta: float) -> list[tuple[dict[str, float], bool]]:
        least, most = (1 - delta) * gain, (1 - delta) * loss
        sizes = [x + by for x in (least, most) for by in SIDES]
        return [({"gain": gain, "loss": loss, "delta": delta, "stream": x}, least <= x <= most) for x in sizes]

    def row(case: str, points: list[tuple[dict[str, float], bool]], words: str) -> Row:
        draws = [values for values, _ in points]
        return cited(family, case, words, [yes for _, yes in points], 0.0, lambda: encounters.peaceful(draws),
                     route=route, like="schwarz_sonin_w2.0_L5.0" if case == "grid" else "")  # fmt: skip

    lump = "peace for twenty years after a lump sum"
    for case, p, says in cases_of(family, "schwarz"):
        points = tributes(p["w"], p["L"], p["delta"])
        assert points[1][0]["stream"] == says["x_min"] + SIDES[1]
        sums = [x * p["L"] / 4 for x in range(9)]
        same = {"gain": p["w"], "loss": p["L"], "delta": p["delta"], "stream": 0.0}
        found += [row(case, points, quantity), row(case, [({**same, "lump": x}, False) for x in sums], lump)]
    grid = [x for terms in product((0.5, 2.0, 5.0), (1.0, 4.0, 10.0), (0.5, 0.8, 0.9)) for x in tributes(*terms)]
    return [*found, row("grid", grid, quantity)]


def fear() -> list[Row]:
    """Baliga and Sjöström: fear of those who arm in any case spreads to all, or stops."""
    family, route, found = "arms_race", CASES + "fear-of-arms", []
    for case, p, says in cases_of(family, "baliga"):
        values = {"d": p["d"], "highest": p["c_bar"], "eps": p["eps"]}
        found.append(
            cited(family, case, "odds that a state arms", [says["build_prob"]], 1e-9,
                  lambda v=values: encounters.armed([v]), route=route)
        )  # fmt: skip
    terms = product((0.5, 0.7, 0.9, 0.97, 1.06, 1.2, 2.0), (0.01, 0.05, 0.2), (1.0, 2.0))
    grid = [{"d": d * top, "eps": eps, "highest": top} for d, eps, top in terms]
    found.append(
        cited(family, "grid", "all arm", [v["d"] > v["highest"] for v in grid], 0.0,
              lambda: [x > 0.99 for x in encounters.armed(grid)], route=route, like="baliga_sjostrom_d1.2")
    )  # fmt: skip
    calm = [v for v in grid if v["d"] < 0.6 * v["highest"]]
    found.append(
        cited(family, "grid", "odds that a state arms below the threshold",
              [encounters.armed_exact(**v) for v in calm], max(encounters.armed_grid_error(**v) for v in calm),
              lambda: encounters.armed(calm), route=route, like="baliga_sjostrom_d1.2")
    )  # fmt: skip
    return found


def attrition() -> list[Row]:
    """Fearon (1998): how long the two haggle over a deal, and whether it is kept."""
    family, route, found = "bargaining_enforcement", CASES + "attrition-and-enforcement", []
    # What is left of the length of the period after extrapolation from 0.1 and 0.05 years is of its square: rates of
    # up to 0.6 a year leave (0.6 * 0.1)^2 / 2, relative to the answer.
    names = ("rate of giving in", "mean delay, years", "mean discount until a deal", "value of a side")
    points = [(i, {k: p[k] for k in ("r", "z_low", "z_high", "c")}) for i, p, _ in cases_of(family, "fearon98")]
    points += [("grid", {"r": 0.2, "z_low": 0.4, "z_high": 0.8, "c": 0.1})]
    for case, p in points:
        exact = encounters.attrition_exact(**p)
        for k, name in enumerate(names):
            found.append(
                cited(family, case, name, [exact[k]], 2e-3 * exact[k],
                      lambda p=p, k=k: [encounters.in_the_limit(**p)[k]], route=route,
                      like="fearon98_r0.1_zl0.4" if case == "grid" else "")
            )  # fmt: skip

    quantity = "deal cheated on just below, kept just above the least flow"

    def deals(r: float, a: float, lag: float) -> list[dict[str, float]]:
        least = a * (1 - exp(-r * lag))
        return [{"r": r, "a": a, "step": lag / 10, "z_low": least + by, "z_high": least + 0.5} for by in SIDES]

    for case, p, says in cases_of(family, "fearon98"):
        pair = deals(p["r"], p["a"], p["Delta"])
        there = {"r": p["r"], "a": p["a"], "step": p["Delta"] / 10, "z_low": p["z_low"], "z_high": p["z_high"]}
        found.append(
            cited(family, case, quantity, [0, 1, says["enforceable"]], 0.0,
                  lambda draws=(*pair, there): encounters.enforced(draws), route=route)
        )  # fmt: skip
    grid = [x for terms in product((0.05, 0.1, 0.3), (1.0, 2.0), (0.5, 1.0, 2.0)) for x in deals(*terms)]
    found.append(
        cited(family, "grid", quantity, [0, 1] * (len(grid) // 2), 0.0, lambda: encounters.enforced(grid), route=route,
              like="fearon98_r0.1_zl0.4")
    )  # fmt: skip
    return found


def monitoring() -> list[Row]:
    """Abreu, Milgrom and Pearce: what cooperation under noise is worth at best."""
    family, quantity, route = "monitoring", "best mean year of a partner (0: none)", CASES + "noisy-monitoring"
    names = ("pi", "gain", "p_bad_coop", "p_bad_cheat", "delta")
    points = [(i, encounters.Noise(*(p[k] for k in names)), says["v"]) for i, p, says in cases_of(family, "")]
    wide = [encounters.Noise(*x) for x in product((1.0, 2.0), (0.2, 0.5), (0.05, 0.1), (0.2, 0.4), (0.7, 0.95))]
    # Where the least severity is about one, a grid of severities cannot tell.
    points += [("grid", it, it.best) for it in wide[::2] + wide[1::4] if abs(it.severity - 1) > 0.02]
    found = []
    for case in dict.fromkeys(i for i, _, _ in points):
        these = [(it, v) for i, it, v in points if i == case]
        found.append(
            cited(family, case, quantity, [v for _, v in these], max(it.grid_error() for it, _ in these),
                  lambda these=these: [encounters.partnership(it.values) for it, _ in these], route=route,
                  like="amp_pi1_g0.5_p0.1_q0.4" if case == "grid" else "")
        )  # fmt: skip
    return found


def dilemmas() -> list[Row]:
    """Trust that a defection ends, for ever or for some years; firms of a cartel; tit for tat."""
    family, route, found = "repeated_pd", CASES + "repeated-dilemma", []
    broken_and_kept = "trust ends just below, lasts just above the least discount factor"
    breaks_and_holds = "punishment fails just below, holds just above the least discount factor"

    def across(least: float, **values: float) -> list[dict[str, float]]:
        return [{**values, "delta": (least + by) / (1 - values.get("hazard", 0.0))} for by in SIDES]

    def row(case: str, draws: Iterable[dict[str, float]], words: str, like: str = "") -> Row:
        points = list(draws)
        found: Callable[[], Sequence[float]] = lambda: encounters.trusting(points)  # noqa: E731
        if words == breaks_and_holds:
            found = lambda: plans.holds("repeated-dilemma", points, plans.dilemma)  # noqa: E731
        return cited(family, case, words, [0, 1] * (len(points) // 2), 0.0, found, route=route, like=like)

    for case, p, says in cases_of(family, "grim"):
        found.append(row(case, across(says["min_delta"], **p), broken_and_kept))
    for case, p, says in cases_of(family, "turnover"):
        same = {k: p[k] for k in "TRPS"}
        least = p["delta"] * (1 - says["h_max"])
        given = {**same, "delta": p["delta"]}
        hazards = [{**given, "hazard": says["h_max"] - by} for by in SIDES]
        found.append(row(case, [*hazards, *across(least, **same, hazard=p["hazard"])], broken_and_kept))
    games = list(product((4.0, 5.0), (3.0, 3.5), (0.5, 1.0), (-1.0, 0.0), (0.0, 0.1, 0.25)))
    grid = [
        x for T, R, P, S, h in games for x in across((T - R) / (T - P), T=T, R=R, P=P, S=S, hazard=h)
    ]  # fmt: skip
    found.append(row("grid", grid, broken_and_kept, "grim_T5R3P1S0"))
    for case, p, says in [x for x in cases_of(family, "") if "period" in x[0]]:
        values = {**{k: p[k] for k in "TRPS"}, "years": p["k"]}
        found.append(row(case, across(says["min_delta"], **values), breaks_and_holds))
    spans = [
        (T, R, P, k)
        for T, R, P, k in product((4.0, 5.0), (3.0, 3.5), (0.5, 1.0), (1, 2, 3, 4, 5))
        if k * (R - P) > 1.05 * (T - R)
    ]
    found.append(
        row("grid", [x for T, R, P, k in spans for x in across(least_for(T, R, P, k), T=T, R=R, P=P, S=0.0, years=k)],
            breaks_and_holds, "2period_T5R3P1")
    )  # fmt: skip
    for case, p, says in cases_of(family, "bertrand"):
        found.append(row(case, across(says["min_delta"], T=1, R=1 / p["n"], P=0, S=0), breaks_and_holds))
    firms = [x for n in range(2, 13) for x in across(1 - 1 / n, T=1.0, R=1 / n, P=0.0, S=0.0)]
    found.append(row("grid of cartels", firms, breaks_and_holds, "bertrand_n5"))
    return found


def least_for(T: float, R: float, P: float, years: int) -> float:  # noqa: N803 (the names of the source)
    """The least δ with δ (1 - δ^k) / (1 - δ) >= (T - R) / (R - P)."""
    return float(brentq(lambda d: sum(d**t for t in range(1, years + 1)) - (T - R) / (R - P), 1e-9, 1 - 1e-9))


def plans_of_others() -> list[Row]:
    """Taking turns, tit for tat, the stick and the carrot."""
    family, found = "repeated_pd", []
    words = "agreement fails just below, holds just above the least discount factor"
    games = list(product((4.0, 5.0), (2.5, 3.0), (0.5, 1.0), (-1.0, 0.0)))
    swaps = [(i, p, says["min_delta"]) for i, p, says in cases_of(family, "alternation")]
    swaps += [("grid of turns", dict(zip("TRPS", x, strict=True)), (x[2] - x[3]) / (x[0] - x[2])) for x in games]
    for case in dict.fromkeys(i for i, _, _ in swaps):
        draws = [{**p, "delta": d + by} for i, p, d in swaps if i == case for by in SIDES]
        found.append(
            cited(family, case, words, [0, 1] * (len(draws) // 2), 0.0,
                  lambda draws=draws: plans.holds("taking-turns", draws, plans.turns), route=CASES + "taking-turns",
                  like="alternation_T5R3P1S0" if case.startswith("grid") else "")
        )  # fmt: skip
    answers = [(i, p, says["min_w"]) for i, p, says in cases_of(family, "axelrod")]
    rivals = [dict(zip("TRPS", x, strict=True)) for x in games]
    least = [max((g["T"] - g["R"]) / (g["T"] - g["P"]), (g["T"] - g["R"]) / (g["R"] - g["S"])) for g in rivals]
    answers += [("grid of answers", g, d) for g, d in zip(rivals, least, strict=True) if d < 0.99]
    for case in dict.fromkeys(i for i, _, _ in answers):
        draws = [{**p, "delta": d + by} for i, p, d in answers if i == case for by in SIDES]
        found.append(
            cited(family, case, "exploits just below, cooperates just above the least discount factor",
                  [0, 1] * (len(draws) // 2), 0.0, lambda draws=draws: encounters.reciprocates(draws),
                  route=CASES + "tit-for-tat", like="axelrod_tft_T5R3P1S0" if case.startswith("grid") else "")
        )  # fmt: skip
    # A stick of 24ths (even, so that the best deviation lies on the grid) with the quota of a quarter.
    best = round(24 * published(family)["cournot_stick_carrot"]["parameters"]["x_star"])
    for case, floods in (("cournot_stick_carrot", [best]), ("grid of sticks", [10, 12])):
        pairs = [(flood, {"flood": flood, "delta": least_with_stick(flood) + by}) for flood in floods for by in SIDES]
        found.append(
            cited(family, case, words, [0, 1] * len(floods), 0.0,
                  lambda pairs=pairs: [
                      plans.holds("stick-and-carrot", [values], plans.stick(6, flood))[0] for flood, values in pairs
                  ], route=CASES + "stick-and-carrot", like="cournot_stick_carrot")
        )  # fmt: skip
    return found


def least_with_stick(flood: int) -> float:
    """The least δ at which a quarter each and a stick of so many 24ths hold: larger gain over lost profit."""
    carrot, stick = 1 / 4, flood / 24
    gains = max((1 - 3 * q) ** 2 / 4 for q in (carrot, stick))
    return gains / (carrot * (1 - 2 * carrot) - stick * (1 - 2 * stick))


def dyads() -> list[Row]:
    """Estimated dyads: the published odds are an equilibrium of the case, and the search finds it among others."""
    family, route, found = escalation.FAMILY, CASES + escalation.CASE, []
    for case in published(family):
        odds = escalation.answer(case).ravel().tolist()
        found += [
            cited(family, case, "published odds answered by the odds they imply", odds, 1e-7,
                  lambda case=case: escalation.implied(case).ravel().tolist(), route=route),
            cited(family, case, "odds of choices, among the equilibria found from many starts", odds, 1e-7,
                  lambda case=case: escalation.nearest(case).ravel().tolist(), route=route),
        ]  # fmt: skip
    return found
