"""The words and tables of the diagnosis that are not charts, and all of it in short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from servanda.case.resolved import ResolvedCase
from servanda.diagnosis.answers import (
    ClaimFinding,
    Designs,
    Diagnosis,
    Flip,
    Flips,
    FrictionLattice,
    Mirage,
    Repair,
    Trust,
    Windows,
)
from servanda.forecast.vocabulary import likelihood
from servanda.report.charts.designs import described, frontier
from servanda.report.charts.figure import Table
from servanda.report.charts.shares import ranked
from servanda.report.charts.windows import closing
from servanda.report.measures import Measure
from servanda.report.switchboard import used
from servanda.report.words import GATE_TITLES, counted, listed, number, percent, points, years
from servanda.runs import Run

LEADING = 3
LISTED = 8
AGREES = {"yes": "borne out", "no": "not borne out", "partly": "borne out in part", "not examined": "not examined"}
DESIGN_VERDICTS = {
    "holds": "The best draft passes all gates as it is written.",
    "draft": "It is the draft: none passes as written, another design does.",
    "structure": "It is the structure: no design in the declared space passes.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in short: what it is about, what was found, and the section of the report that shows it."""

    head: str
    text: str
    section: str


def brief(found: Diagnosis) -> tuple[Line, ...]:
    """The diagnosis in one line a part, only those parts that were asked for."""
    lines: list[Line] = []
    if found.lattice is not None and ranked(found.lattice):
        lines.append(Line("Frictions", leading(found.lattice), "frictions"))
        lines.append(Line("Smallest repair", smallest_repair(found.lattice), "frictions"))
    if found.flips is not None and found.flips.tried:
        lines.append(Line("What flips it", flips_sentence(found.flips), "frictions"))
    if found.trust is not None:
        lines.append(Line("Cost of trust", trust_sentence(found.trust), "remedies"))
    if found.designs is not None:
        lines.append(Line("Draft or structure", designs_sentence(found.designs), "remedies"))
    if found.mirage is not None and found.mirage.sentence:
        lines.append(Line("The mirage", found.mirage.sentence, "mirage"))
    if found.windows is not None:
        lines.append(Line("When", windows_sentence(found.windows), "windows"))
    if found.claims:
        lines.append(Line("Claims tested", claims_sentence(found.claims), "claims"))
    return tuple(lines)


def rooms(run: Run) -> tuple[tuple[str, str], ...]:
    """The sections of the report that the run fills with its diagnosis, as (anchor, title in the contents)."""
    found = run.diagnosis
    asked_for = (
        ("frictions", "What stands in the way", found.lattice or (found.flips and found.flips.tried) or run.frictions),
        ("remedies", "What it would take", found.trust or found.cooperation or found.designs),
        ("mirage", "The mirage", found.mirage),
        ("windows", "When", found.windows),
        ("access", "Access", found.access),
        ("claims", "Claims tested", found.claims),
    )
    return tuple((name, title) for name, title, part in asked_for if part)


def friction_title(name: str, case: ResolvedCase) -> str:
    """The title of a friction of the case, its name if it has none.

    >>> from servanda.case import read
    >>> friction_title("domestic veto", read("us-iran"))
    'Successors and vetoes at home'
    """
    return next((friction.title for friction in case.frictions if friction.name == name and friction.title), name)


def leading(lattice: FrictionLattice, most: int = LEADING) -> str:
    """The frictions with the largest shares, and the outcome with all on and all off."""
    measure = Measure(lattice.unit)
    shares = ranked(lattice)
    decimals = measure.decimals(share.shapley for share in shares)
    # what helps comes first: that is what stands in the way
    helps = [s for s in shares if s.shapley > 0.0][:most]
    hurts = [s for s in shares if s.shapley < 0.0][: max(1, most - len(helps))]
    named = [f"“{s.title}” {measure.change(s.shapley, decimals)}" for s in (*helps, *hurts)]
    if named:
        first = (helps or hurts)[0]
        named[0] = f"“{first.title}” brings {measure.change(first.shapley, decimals)} {measure.steps}"
    ends = f"{measure.level(lattice.none_off)} with all frictions on, {measure.level(lattice.all_off)} with all off"
    if lattice.title:
        ends = f"“{lattice.title}” {ends}"
    if not named:
        return f"none has a share in the outcome ({ends})."
    return f"removing {listed(named)} (Shapley values; {ends})."


def smallest_repair(lattice: FrictionLattice) -> str:
    """The smallest set of frictions whose removal reaches the threshold, and how many more there are."""
    measure = Measure(lattice.unit)
    bound = measure.level(lattice.threshold)
    if not lattice.repairs:
        if lattice.searched >= len(lattice.frictions):
            return f"none: with whatever frictions off, the outcome stays below {bound}."
        return f"none found among sets of up to {counted(lattice.searched, 'friction')} (threshold {bound})."
    first = lattice.repairs[0]
    if not first.frictions:
        return f"none is needed: {measure.worded(first.value)} as things are."
    size = len(first.frictions)
    others = sum(len(repair.frictions) == size for repair in lattice.repairs) - 1
    text = f"without {listed([f'“{title}”' for title in first.titles])}: {measure.worded(first.value)}"
    if others:
        text += f"; {counted(others, 'other set')} of {size} would do as well" if size > 1 else ""
        text += f"; {counted(others, 'other')} alone would do as well" if size == 1 else ""
    return f"{text}."


def repairs(lattice: FrictionLattice) -> list[tuple[Repair, int, str]]:
    """Every smallest repair with the mask of its switches on the page and what the outcome then is, in words."""
    bits = {lattice.frictions[bit]: 1 << place for place, bit in enumerate(used(lattice))}
    measure = Measure(lattice.unit)
    return [(r, sum(bits.get(name, 0) for name in r.frictions), measure.worded(r.value)) for r in lattice.repairs]


def repairs_caption(lattice: FrictionLattice) -> str:
    """What the table of repairs holds, and up to which size it is complete."""
    bound = Measure(lattice.unit).level(lattice.threshold)
    whole = lattice.searched >= len(lattice.frictions)
    rest = "" if whole else f"; complete up to sets of {lattice.searched}"
    return f"Smallest sets of frictions whose removal lifts the outcome to {bound}: no part of any would do{rest}"


def flips_sentence(flips: Flips) -> str:
    """How many single assumptions turn the verdict."""
    if flips.sentence:
        return flips.sentence
    if not flips.flips:
        return f"None of {counted(flips.tried, 'single assumption')} turns the verdict ({percent(flips.probability)})."
    titles = [f"“{flip.title}” ({flip.setting})" for flip in flips.flips[:LEADING]]
    verb = "turns" if len(flips.flips) == 1 else "turn"
    return f"{len(flips.flips)} of {counted(flips.tried, 'single assumption')} {verb} the verdict: {listed(titles)}."


def flips_table(rows: Sequence[Flip], caption: str, drafts: Mapping[str, str]) -> Table:
    """Assumptions with their setting and the probability of the headline then."""
    return Table(
        caption,
        ("Assumption", "As it stands", "Set to", "The best draft then", "All three gates", "Grade"),
        tuple(
            (
                f.title or f.name, f.central, f.setting, drafts.get(f.draft, f.draft), likelihood(f.probability),
                f.grade or "–",
            )
            for f in rows
        ),
        (False,) * 6,
    )  # fmt: skip


def trust_sentence(trust: Trust) -> str:
    """What the draft would need in bonds, and whether that pays."""
    if trust.sentence:
        return trust.sentence
    target = percent(trust.target)
    if needless(trust):
        return f"“{trust.title}” needs no bond to be kept with {target}: {likelihood(trust.without.keep)}."
    if trust.cheapest is None:
        return f"No bond makes “{trust.title}” be kept with {target}. {trust.reason}".strip()
    titles = {side.side: side.title for side in trust.each}
    posted = zip(trust.sides, trust.cheapest.bonds, strict=True)
    bonds = listed([f"{titles.get(side, side)} {number(round(bond, 1))} points" for side, bond in posted])
    text = f"“{trust.title}” is kept with {target} if these are lost on breach: {bonds}."
    if trust.pays is not None:
        text += " Every side still gains." if trust.pays else " Carrying them costs a side more than it gains."
    return text


def needless(trust: Trust) -> bool:
    """Whether the draft is kept with the wanted probability without any bond."""
    return trust.without.keep >= trust.target


def first_draft(run: Run) -> str:
    """The draft that is spoken of first: the likeliest to pass all gates."""
    return max(run.drafts, key=lambda verdict: verdict.holds).draft if run.drafts else ""


def trust_table(trust: Trust) -> Table:
    """Each side's least bond alone, and its bond where the burden is least, as shares of its gain and a yearly cost."""
    rows = []
    for k, side in enumerate(trust.each):
        bond = "none suffices" if side.least is None else f"{number(round(side.least, 2))} points"
        rows.append((side.title, "posting alone", bond, _share(side.share), _yearly(side.yearly)))
        if trust.cheapest is not None:
            index = trust.sides.index(side.side) if side.side in trust.sides else k
            bond = f"{number(round(trust.cheapest.bonds[index], 2))} points"
            rows.append(
                (
                    side.title, "together, where the burden is least", bond,
                    _share(trust.shares[index] if index < len(trust.shares) else None),
                    _yearly(trust.yearly[index] if index < len(trust.yearly) else None),
                )
            )  # fmt: skip
    return Table(
        f"Least bonds with which “{trust.title}” is kept with {percent(trust.target)}, in each side's own points",
        ("Side", "When", "Bond", "Share of its gain", "Carrying it, a year"),
        tuple(rows),
        (False, False, True, True, True),
    )


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _yearly(cost: float | None) -> str:
    return "–" if cost is None else f"{number(round(cost, 2))} points"


def designs_sentence(designs: Designs) -> str:
    """Whether it is the draft that fails or the structure, and what would have to change."""
    verdict = DESIGN_VERDICTS.get(designs.verdict, "")
    if designs.verdict == "structure" and not designs.exhaustive:
        verdict = "It is the structure, as far as was searched: no design found passes."
    parts = [designs.sentence or verdict]
    if not designs.sentence and designs.nearest is not None:
        text = f"Likeliest to hold: {described(designs.nearest)}, {likelihood(designs.nearest.holds)}"
        if designs.nearest.holds < designs.threshold:
            text += f", held back at “{GATE_TITLES.get(designs.nearest.binding, designs.nearest.binding)}”"
        parts.append(f"{text}.")
    if designs.change and designs.change not in designs.sentence:
        parts.append(designs.change)
    return " ".join(parts)


def design_space(designs: Designs) -> str:
    """How the declared space was searched."""
    how = "all solved" if designs.exhaustive else designs.method or "searched, not exhausted"
    text = f"{counted(designs.space, 'combination')} of levers and drafts declared; "
    text += f"{counted(designs.games, 'distinct game')} {how}, in {designs.seconds:.0f} s."
    if designs.draws:
        text += (
            f" Robust: the share of {counted(designs.draws, 'draw')} of all uncertain parameters in which it passes."
        )
    return text


def designs_table(designs: Designs, sides: Mapping[str, str]) -> Table:
    """The undominated designs likeliest to hold, with gains, life, price and robustness."""
    best = frontier(designs)
    caption = "Undominated designs, the likeliest to hold first; gains over no deal in each side's own points"
    if len(best) > LISTED:
        caption += f"; the first {LISTED} of {len(best):,}, more in the table of the figure"
    return Table(
        caption,
        ("Design", "All three gates", "Held back at", *(f"Gain: {sides.get(s, s)}" for s in designs.sides), "Mean life",
         "Price", "Robust"),
        tuple(
            (
                described(d), likelihood(d.holds), GATE_TITLES.get(d.binding, d.binding), *(points(g) for g in d.gains),
                years(d.life), number(d.price), "–" if d.robust is None else percent(d.robust),
            )
            for d in best[:LISTED]
        ),
        (False, False, False, *(True for _ in designs.sides), True, True, True),
    )  # fmt: skip


def windows_sentence(windows: Windows) -> str:
    """When a deal could be sought, and until when."""
    if windows.sentence:
        return windows.sentence
    best = max(
        ((p, w.label, day) for w in windows.windows for day, p in zip(windows.dates, w.holds, strict=True)),
        key=lambda found: found[0],
        default=None,
    )
    if best is None:
        return closing(windows)
    return f"{closing(windows)} Best: {best[1]}, begun in {best[2]:%B %Y}: {likelihood(best[0])}."


def issues_table(mirage: Mirage, drafts: Mapping[str, str]) -> Table:
    """Every issue by draft, and the best a side gets where positions overlap apparently and where that can be kept."""

    def stated(value: float | None) -> str:
        return "–" if value is None else number(round(value, 2))

    heads = [drafts.get(one.draft, one.title) for one in mirage.drafts]
    return Table(
        "How far each draft meets each side's public demands, issue by issue (1: wholly)",
        ("Issue", "Side", *heads, "Best within reach of what was said", "Best that can be kept"),
        tuple(
            (i.issue, i.side_title, *map(stated, i.by_draft), stated(i.apparent), stated(i.enforceable))
            for i in mirage.issues
        ),
        (False, False, *(True for _ in heads), True, True),
    )


def claims_sentence(claims: Sequence[ClaimFinding]) -> str:
    """How many claims agree with what the model finds."""
    count = {kind: sum(claim.agrees == kind for claim in claims) for kind in AGREES}
    parts = [f"{n} {word}" for kind, word in AGREES.items() if (n := count[kind])]
    return f"{counted(len(claims), 'claim')} of the analysis held against the results: {', '.join(parts)}."


def robustness(claim: ClaimFinding) -> str:
    """In which share of what was examined the same answer comes out."""
    if claim.robust is None:
        return "not examined"
    over = f" of {claim.examined}" if claim.examined else ""
    return f"the same in {percent(claim.robust)}{over}"
