"""A diagnosis made by hand for the fake run: causes, remedies and limits, plausible but not computed."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from servanda.diagnosis.answers import (
    Access,
    AccessPoint,
    BondPoint,
    ClaimFinding,
    Cooperation,
    Design,
    Designs,
    Diagnosis,
    DraftOverlap,
    Flip,
    Flips,
    FrictionLattice,
    FrictionShare,
    IssueOverlap,
    Mirage,
    Repair,
    SideBond,
    SideGain,
    Trust,
    Window,
    Windows,
)
from servanda.diagnosis.shapley import alone, interactions, last, log_odds, members, minimal_repairs, shapley, subsets
from tests.report.invented_case import DRAFTS

FRICTIONS = (
    ("time", "Hard-to-reverse steps against relief that can be dropped at once", 1.2),
    ("waiver", "Waivers that lapse, and the investment that does not come", 2.0),
    ("snapback", "Snapback for one side, knowledge for the other", 0.7),
    ("guarantee", "No commitment beyond the administration", 1.6),
    ("linkage", "Linkage to the region and scope creep", 0.5),
    ("veto", "Successors and vetoes at home", 1.9),
    ("show", "Talking for its own sake", -0.4),
    ("verification", "What inspection must see and sovereignty must hide", 0.6),
    ("plan_b_iran", "Resilience under sanctions", 0.3),
    ("plan_b_us", "Deterrence and covert action instead of a deal", 0.0),
    ("spoilers", "Those who are no party and can wreck it", 0.8),
    ("order", "Who moves first", -1.1),
)
SIDES = ("us", "iran")
SIDE_TITLES = {"us": "United States", "iran": "Iran"}


def make_lattice(
    count: int = 12,
    *,
    level: float = -5.2,
    steps: tuple[float, ...] | None = None,
    threshold: float = 0.5,
    unsettled: tuple[int, ...] = (5, 4095),
) -> FrictionLattice:
    """Logistic in the sum of the steps of what is off, so that single removals do little and several much."""
    chosen = FRICTIONS[:count]
    weights = np.array(steps if steps is not None else [w for *_, w in chosen])
    masks = subsets(count)
    off = (masks[:, None] >> np.arange(count)) & 1
    drive = level + off @ weights
    if count > 3:
        drive = drive + 0.9 * off[:, 1] * off[:, 3] - 0.5 * off[:, 0] * off[:, 2]
    value = 1.0 / (1.0 + np.exp(-drive))
    odds = log_odds(value)
    life = 1.0 + 11.0 * value
    parts = zip(shapley(value), shapley(odds), alone(value), last(value), chosen, strict=True)
    names = tuple(n for n, *_ in chosen)
    titles = tuple(t for _, t, _ in chosen)
    repairs = tuple(
        Repair(tuple(names[i] for i in members(m)), tuple(titles[i] for i in members(m)), float(value[m]))
        for m in minimal_repairs(value, threshold)
    )
    pairs = interactions(value)
    return FrictionLattice(
        draft="gradual",
        title=DRAFTS["gradual"][0],
        outcome="signed, ratified and kept",
        unit="probability",
        threshold=threshold,
        frictions=names,
        titles=titles,
        values=tuple(float(v) for v in value),
        settled=tuple(int(m) not in unsettled for m in masks),
        headlines=(
            ("sign", tuple(float(v) for v in value**0.4)),
            ("ratify", tuple(float(v) for v in value**0.2)),
            ("keep", tuple(float(v) for v in value**0.4)),
            ("ever_war", tuple(float(v) for v in 0.4 - 0.3 * value)),
            ("mean_life", tuple(float(v) for v in life)),
            ("exports (kb/d)", tuple(float(v) for v in 100.0 * life)),
        ),
        none_off=float(value[0]),
        all_off=float(value[-1]),
        shares=tuple(
            FrictionShare(n, t, f"How {t.lower()} works.", float(s), float(o), float(a), float(b))
            for s, o, a, b, (n, t, _) in parts
        ),
        interactions=tuple(tuple(float(x) for x in row) for row in pairs),
        repairs=repairs,
        searched=count,
        unused=("plan_b_us",) if count == 12 else (),
        permutations=0,
        games=len(masks),
        seconds=41.0,
    )


def make_sampled() -> FrictionLattice:
    """Sixteen frictions with sampled permutations: no lattice, standard errors, repairs up to size three."""
    names = tuple(f"f{k}" for k in range(16))
    titles = tuple(f"Mechanism number {k} with a title of some length" for k in range(16))
    parts = [0.3 / (k + 1.5) * (-1 if k == 4 else 1) for k in range(16)]
    return FrictionLattice(
        "gradual", DRAFTS["gradual"][0], "signed, ratified and kept", "probability", 0.5, names, titles, (), (), (),
        0.01, 0.01 + sum(parts),
        tuple(
            FrictionShare(n, t, "", p, 4 * p, p / 5, p * 1.5, 0.004 + 0.001 * k)
            for k, (n, t, p) in enumerate(zip(names, titles, parts, strict=True))
        ),
        (), (), 3, (), 200, 2950, 300.0,
    )  # fmt: skip


def make_flips() -> Flips:
    """Two assumptions turn the verdict, three move it."""
    rows = (
        ("friction", "guarantee", "No commitment beyond the administration", "off", "on", 0.57, "gradual", ""),
        ("parameter", "payback", "Payback of an upstream project", "6 years", "9 years", 0.53, "gradual", "B"),
        ("parameter", "oil_price", "Brent crude, mean", "110 USD a barrel", "82 USD a barrel", 0.31, "gradual", "A"),
        ("parameter", "turnover_us", "Odds that the office changes hands in the US", "0.1", "0.5", 0.22, "narrow", ""),
        ("friction", "order", "Who moves first", "off", "on", 0.02, "gradual", "J:B"),
    )
    flips = tuple(Flip(*row) for row in rows)
    return Flips(0.045, 0.5, 118, flips[:2], flips[2:], "Two of 118 single assumptions turn the verdict.")


def make_cooperation() -> tuple[Cooperation, ...]:
    """Gains of every draft; one side loses from one of them, and gets nothing at all from another."""
    found = []
    for k, (draft, (title, *_)) in enumerate(DRAFTS.items()):
        gains = []
        for side, scale in (("us", 18.0 - 5 * k), ("iran", 40.0 + 9 * k)):
            bound = scale
            in_force = bound * (0.35 + 0.05 * k) if bound > 0 else bound - 2.0
            gains.append(
                SideGain(
                    side, SIDE_TITLES[side], f"{side}_leader", f"{SIDE_TITLES[side]}, leader", -310.0,
                    in_force * 0.15, in_force, bound, 1 - in_force / bound if bound > 0 else None,
                )
            )  # fmt: skip
        found.append(Cooperation(draft, title, tuple(gains)))
    return tuple(found)


def _point(a: float, b: float) -> BondPoint:
    keep = 1 / (1 + math.exp(-(-1.9 + 0.055 * a + 0.02 * b)))
    return BondPoint((a, b), keep, max(0.02, 0.33 - 0.002 * (a + b)), 0.52)


def make_trust(*, suffices: bool = True) -> Trust:
    """Bonds that suffice on either side, or none that does."""
    grid = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
    if not suffices:
        flat = tuple(
            SideBond(
                side, SIDE_TITLES[side], None, None, None,
                f"Even at 640 points others end it: a bond of {SIDE_TITLES[side]} binds only its own side.",
                tuple(BondPoint((b, 0.0) if k == 0 else (0.0, b), 0.12 + 0.1 * b / (b + 60), 0.3, 0.5) for b in grid),
            )
            for k, side in enumerate(SIDES)
        )  # fmt: skip
        return Trust(
            "gradual", DRAFTS["gradual"][0], 0.5, SIDES, BondPoint((0.0, 0.0), 0.12, 0.3, 0.5), flat, (), None, (), (),
            None, (), "With both bonds at 640 points third parties still end it with 61 %.",
        )  # fmt: skip
    each = (
        SideBond("us", "United States", 34.5, 1.9, 1.73, "", tuple(_point(b, 0.0) for b in grid)),
        SideBond("iran", "Iran", 95.0, 1.17, 5.7, "", tuple(_point(0.0, b) for b in grid)),
    )
    frontier = tuple(_point(a, (1.9 - 0.055 * a) / 0.02) for a in np.linspace(34.5, 0.0, 9).tolist())
    return Trust(
        "gradual", DRAFTS["gradual"][0], 0.5, SIDES, _point(0.0, 0.0), each, frontier, frontier[3], (1.2, 0.37),
        (1.1, 1.7), False, ("A bond of Iran between 20 and 40 points lowers the chance by 0.3 points.",), "",
    )  # fmt: skip


def make_designs(*, passing: bool = True, sides: tuple[str, ...] = SIDES) -> Designs:
    """Forty designs of three drafts on and off the frontier."""
    designs = []
    for k in range(40):
        draft = ("gradual", "guaranteed", "freeze")[k % 3]
        keep = 0.9 - 0.019 * k
        designs.append(
            Design(
                draft, DRAFTS[draft][0],
                (("Escrowed relief", ("none", "half")[k % 2]), ("Sunset", f"{5 + k % 4} years")),
                (("weight_3", 0.5 * (k % 2)), ("sunset", 5.0 + k % 4)),
                (0.95 if passing else 0.4) - 0.006 * k, 0.9, keep,
                (20 * math.cos(k / 9) - 4, 40 * math.sin(k / 9) - 3)[: len(sides)], 2 + 9 * keep, 1.5 * (k % 4),
                ("keep", "sign")[k % 2], k < 14, None if k >= 8 else 0.9 - 0.1 * k,
                (("Escrowed relief", "half"), ("Sunset", f"{5 + k % 4} years")) if k % 2 else (),
            )
        )  # fmt: skip
    designs.sort(key=lambda d: -d.holds)
    verdict = "draft" if passing else "structure"
    change = "" if passing else "The opponent in the White House would have to gain 4.1 points more from keeping it."
    return Designs(sides, 0.5, tuple(designs), 288, 96, True, 12.5, verdict, designs[0], change, 64)


def make_mirage() -> Mirage:
    """Two drafts overlap apparently, none enforceably."""
    drafts = tuple(
        DraftOverlap(d, title, (0.8 - 0.1 * k, 0.45 + 0.08 * k), k in (1, 2), 0.2 + 0.1 * k, sign * ratify * keep)
        for k, (d, (title, _, sign, ratify, keep)) in enumerate(DRAFTS.items())
    )
    issues = (
        IssueOverlap("us", "United States", "enrichment cap", (0.9, 0.8, 0.5, 0.4, None, 0.2), 0.8, None),
        IssueOverlap("us", "United States", "missiles", (None, None, None, 0.7, None, None), None, None),
        IssueOverlap("iran", "Iran", "guarantee beyond this administration", (0.0, 0.7, 1.0, 0.3, 0.1, 0.6), 1.0, None),
    )
    return Mirage(SIDES, drafts, issues, "Two of six drafts lie within reach of what was said; none can be kept.")


def make_windows(*, never: bool = False) -> Windows:
    """Six drafts and a design over nine years; one passes until 2026."""
    dates = tuple(date(2022 + t, 9, 1) for t in range(9))
    windows = []
    for k, (draft, (title, _, sign, ratify, _)) in enumerate(DRAFTS.items()):
        keep = tuple(0.2 + 0.06 * k + 0.02 * math.sin(t + k) for t in range(9))
        windows.append(Window(draft, title, tuple(sign * 0.97**t for t in range(9)), (ratify,) * 9, keep))
    best = tuple((0.4 if never else 0.9) * 0.9**t for t in range(9))
    label = "Sequence with escrowed relief: escrow half, sunset 8 years"
    windows.append(Window("gradual", label, best, (0.95,) * 9, best))
    office = tuple(0.9 if t < 3 else 0.5 for t in range(9))
    return Windows(
        dates, 4.0, 6.0, 0.5, tuple(windows), SIDES,
        (tuple(-310.0 + 4 * t for t in range(9)), tuple(-120.0 + 9 * math.sin(t) for t in range(9))),
        (
            ("White House", "US administration, engager", office),
            ("White House", "US administration, opponent", tuple(1 - p for p in office)),
            ("Presidency of Iran", "Iranian president, pragmatist", (0.1,) * 9),
            ("Presidency of Iran", "Iranian president, principalist", (0.9,) * 9),
        ),
        None if never else date(2025, 9, 1), never,
    )  # fmt: skip


def make_access() -> tuple[Access, ...]:
    """Two drafts: a range of depth that both sides keep, and none."""
    found = []
    for draft, shift in (("gradual", 0.0), ("freeze", -0.45)):
        points = []
        for j in range(9):
            x = j / 8
            us, iran = min(1.0, 0.4 + 0.6 * x + shift / 2), max(0.0, 0.95 - 0.6 * x + shift / 2)
            points.append(AccessPoint(x, 0.8 - 0.5 * x, 0.9, us * iran, 2 + 6 * us * iran, (us, iran)))
        both = (0.17, 0.75) if draft == "gradual" else None
        found.append(
            Access(
                draft, DRAFTS[draft][0], "Depth of inspection", "access_depth", "", 0.35, 0.5, SIDES, tuple(points),
                both, None,
            )
        )  # fmt: skip
    return tuple(found)


def make_claims() -> tuple[ClaimFinding, ...]:
    """One claim of each kind."""
    return (
        ClaimFinding("waivers", "Waiver volatility does more harm than any other friction.",
                     "third of twelve by Shapley value: +7.1 percentage points", "no", 0.83, "64 parameter draws"),
        ClaimFinding("combination", "No single friction's removal lets a deal hold.",
                     "the smallest repair has 3 frictions", "yes", 1.0, "64 parameter draws"),
        ClaimFinding("iran_gains", "Both sides would gain from the sequence.",
                     "United States −7.0 points, Iran +85.0 points", "partly", None, ""),
    )  # fmt: skip


def make_diagnosis() -> Diagnosis:
    """Every part, with twelve frictions."""
    return Diagnosis(
        make_lattice(), make_flips(), make_cooperation(), make_trust(), make_designs(), make_mirage(), make_windows(),
        make_access(), make_claims(),
    )  # fmt: skip


FREE_TEXTS = {"title", "titles", "mechanism", "sentence", "text", "found", "label", "reason", "change", "central"}
FREE_TEXTS |= {"setting", "settings", "moved", "issue", "lever", "side_title", "actor_title", "reversals", "offices"}


def with_text(found: Diagnosis, text: str) -> Diagnosis:
    """The same diagnosis with a text in the place of every free text."""

    def changed(value: Any, free: bool) -> Any:
        if isinstance(value, str):
            return text if free else value
        if isinstance(value, tuple):
            return tuple(changed(part, free) for part in value)
        if is_dataclass(value) and not isinstance(value, type):
            parts = {f.name: changed(getattr(value, f.name), f.name in FREE_TEXTS) for f in fields(value)}
            return replace(value, **parts)
        return value

    made: Diagnosis = changed(found, free=False)
    return made


def awkward() -> dict[str, Diagnosis]:
    """Diagnoses at the edges: few or many frictions, nothing that helps, nothing that passes, one party."""
    full, trust = make_diagnosis(), make_trust()
    alone = BondPoint((34.5,), 0.5, 0.3, 0.5)
    return {
        "one friction": replace(
            full, lattice=make_lattice(1, level=0.4, unsettled=(1,)), trust=make_trust(suffices=False),
            designs=make_designs(passing=False), windows=make_windows(never=True),
            flips=Flips(0.1, 0.5, 30, (), ()),
        ),
        "frictions that help": Diagnosis(
            lattice=make_lattice(3, level=1.0, steps=(-1.0, -2.0, 0.0), unsettled=()),
            designs=make_designs(sides=("us",)),
            trust=replace(
                trust, sides=("us",), each=trust.each[:1], frontier=(alone,), cheapest=alone, shares=(None,),
                yearly=(1.7,), pays=None,
            ),
        ),
        "no repair": Diagnosis(
            lattice=make_lattice(4, level=-12.0, unsettled=()),
            designs=Designs(("us",), 0.5, (), 0, 0, True, 0.0, "structure", None, "", 0),
        ),
        "sampled": Diagnosis(lattice=make_sampled()),
        "in points": Diagnosis(
            lattice=replace(make_lattice(4), unit="points", outcome="gain of Iran", threshold=0.0)
        ),
        "nothing touches it": Diagnosis(
            lattice=replace(make_lattice(2, steps=(0.0, 0.0), unsettled=()), unused=("time", "waiver"))
        ),
        "no bond needed": Diagnosis(
            trust=replace(trust, without=replace(trust.without, keep=0.9), frontier=trust.frontier[:1], pays=True)
        ),
    }  # fmt: skip
