"""The mirage: positions that overlap on paper beside agreement that can be kept.

A draft overlaps *apparently* where its text meets what every party has demanded in public at least half-way, taking the
mean over the party's own issues. Beside that stands how likely it is to be signed and ratified by parties who believe
that it cannot be broken, and how likely to be signed, ratified and kept as things are. An issue belongs to a side: what
two sides call the same question is often not the same demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from servanda.case.resolved import ResolvedCase
from servanda.compile import compile_case
from servanda.compile.bonds import bound_parameter
from servanda.compile.deal_rules import OFF_THE_TABLE
from servanda.diagnosis.answers import DraftOverlap, IssueOverlap, Mirage
from servanda.diagnosis.beginnings import Beginnings, gates_by_date
from servanda.diagnosis.cooperation import draft_index, side_title
from servanda.diagnosis.play import Play
from servanda.equilibrium import Settings, solve
from servanda.equilibrium.parallel import side_by_side

# A text that meets a side's demands half-way lies within reach of it.
HALF_WAY = 0.5


def mirage(
    case: ResolvedCase, enforceable: Mapping[str, float], believed: Mapping[str, float], *, threshold: float = 0.5
) -> Mirage | None:
    """Apparent and enforceable overlap of every draft on which all parties have stated positions; None without one.

    Parameters
    ----------
    enforceable : probability by draft that it is signed, ratified and kept as things are
    believed : probability by draft that it is signed and ratified where nobody can break it (see `believed`)
    threshold : probability from which a draft counts as enforceable

    Raises
    ------
    KeyError
        If a draft with positions has no number in one of the two.

    >>> from servanda.case import find, load
    >>> case = load(find("us-iran")).require()
    >>> names = [d.name for d in case.drafts]
    >>> found = mirage(case, dict.fromkeys(names, 0.1), dict.fromkeys(names, 0.8))
    >>> [d.draft for d in found.drafts if d.apparent]
    ['narrow', 'guaranteed', 'treaty', 'freeze', 'gradual']
    """
    parties = [s.name for s in case.sides if s.party]
    stated = {d.name: {side: dict(issues) for side, issues in d.positions if issues} for d in case.drafts}
    shown = [d for d in case.drafts if all(p in stated[d.name] for p in parties)]
    if not shown or not parties:
        return None
    drafts = []
    for d in shown:
        means = tuple(fmean(stated[d.name][p].values()) for p in parties)
        reach = all(m >= HALF_WAY for m in means)
        drafts.append(DraftOverlap(d.name, d.title, means, reach, float(believed[d.name]), float(enforceable[d.name])))
    issues = []
    for party in parties:
        for issue in dict.fromkeys(i for d in shown for i in stated[d.name][party]):
            by_draft = tuple(stated[d.name][party].get(issue) for d in shown)
            apparent = [x for x, d in zip(by_draft, drafts, strict=True) if d.apparent and x is not None]
            kept = [x for x, d in zip(by_draft, drafts, strict=True) if d.enforceable >= threshold and x is not None]
            best = (max(apparent, default=None), max(kept, default=None))
            issues.append(IssueOverlap(party, side_title(case, party), issue, by_draft, *best))
    found = Mirage(tuple(parties), tuple(drafts), tuple(issues))
    return replace(found, sentence=_sentence(found, threshold))


def believed(
    case: ResolvedCase,
    drafts: Sequence[str] | None = None,
    *,
    overrides: Mapping[str, float] | None = None,
    window: int,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Probability by draft that it is signed and ratified, alone on the table, where no party can break or leave it.

    Parameters
    ----------
    drafts : names of drafts (all that have positions, without them)
    overrides : parameter values that hold throughout
    window : periods within which a draft must be signed
    settings : of the solver; continuations are found to a millionth of the range of values at best
    progress : told how many drafts are done, of how many

    Raises
    ------
    CaseError
        Unknown draft or parameter.
    """
    names = [d.name for d in case.drafts if d.positions] if drafts is None else list(drafts)
    index = [draft_index(case, name) for name in names]
    how = settings or Settings()
    how = replace(how, block_threads=False, tail_tolerance=max(how.tail_tolerance, 1e-6))
    when = Beginnings((0,), window, case.periods)
    done: list[str] = []

    def both_gates(k: int) -> float:
        compiled = compile_case(case, menu=[names[k]], bonds=True)
        never = {bound_parameter(side): OFF_THE_TABLE for side in compiled.bonded}
        numbers = compiled.numbers([{**(overrides or {}), **never}])
        play = Play(compiled, solve(compiled.game, numbers, how))
        gates = gates_by_date(play, index[k], compiled.game.start[:, None], when)
        done.append(names[k])
        if progress is not None:
            progress(len(done), len(names))
        return float(gates.sign[0] * gates.ratify[0])

    return dict(zip(names, side_by_side(both_gates, range(len(names)), how.stop), strict=True))


def _sentence(found: Mirage, threshold: float) -> str:
    count, bar = len(found.drafts), f"{100 * threshold:.0f} %"
    near = [d for d in found.drafts if d.apparent]
    trusted = [d for d in near if d.believed >= threshold]
    held = [d for d in found.drafts if d.enforceable >= threshold]
    parts = ["On paper no draft lies within reach: none meets every side half-way."]
    if near:
        parts = [f"On paper {_of(len(near), count)} within reach: the text meets every side at least half-way."]
        best = max(near, key=lambda d: d.believed)
        if trusted:
            names = _named([d.title for d in trusted])
            parts.append(f"If nobody could break it, {names} would be signed and ratified with at least {bar}.")
        else:
            nearest = f"“{best.title}” comes nearest, {100 * best.believed:.0f} %"
            parts.append(f"Even if nobody could break it, none of that would be signed and ratified ({nearest}).")
    best = max(found.drafts, key=lambda d: d.enforceable)
    if held:
        parts.append(f"As things are, {_named([d.title for d in held])} can be signed, ratified and kept.")
    elif best.enforceable < 0.005:
        parts.append("As things are, nothing can be signed, ratified and kept, or comes near it.")
    else:
        nearest = f"“{best.title}” comes nearest, {100 * best.enforceable:.0f} %"
        parts.append(f"As things are, nothing can be signed, ratified and kept ({nearest}).")
    return " ".join(parts)


def _of(some: int, count: int) -> str:
    if count == 1:
        return "the draft lies"
    return f"all {count} drafts lie" if some == count else f"{some} of {count} drafts {'lies' if some == 1 else 'lie'}"


def _named(titles: Sequence[str]) -> str:
    quoted = [f"“{t}”" for t in titles]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
