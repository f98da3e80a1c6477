"""How a state is written as one integer: mixed radix over the deal and the variables of the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servanda.case.outcomes import all_outcomes, outcomes_of_choices
from servanda.case.resolved import Change, ResolvedCase, Simultaneous, Variable
from servanda.compile.evaluation import STAGES, Scope

Codes = NDArray[np.int64]
# digit of what has been chosen at a simultaneous decision point; no variable can have the name
CHOICES = "choices made"


@dataclass(frozen=True, slots=True)
class DealLevel:
    """One position of the deal machine.

    draft: index or -1; phase: index or -1; side: who tabled (tabled), who offers renewal (expiring, -1: nobody yet),
    whose breach suspended the deal (suspended, -1: nobody's); ratifier: index or -1.
    """

    stage: str
    draft: int = -1
    phase: int = -1
    side: int = -1
    ratifier: int = -1


def deal_levels(case: ResolvedCase) -> tuple[DealLevel, ...]:
    """Every position the deal machine of a case can take, `none` first."""
    levels = [DealLevel("none")]
    if not case.drafts:
        return tuple(levels)
    levels += [DealLevel("talks"), DealLevel("ended")]
    parties = [i for i, side in enumerate(case.sides) if side.party]
    forms = {f.name: f for f in case.protocol.forms}
    for d, draft in enumerate(case.drafts):
        levels += [DealLevel("tabled", d, side=p) for p in parties if case.sides[p].name in draft.proposers]
        levels += [DealLevel("ratifying", d, ratifier=k) for k in range(len(forms[draft.form].ratifiers))]
        last = len(draft.phases) - 1
        levels += [DealLevel("in_force" if k == last else "phase", d, phase=k) for k in range(last + 1)]
        levels += [
            DealLevel("suspended", d, side=i)
            for b in draft.breaches
            if b.leads_to == "suspension"
            for i in parties
            if case.sides[i].name == b.side
        ]
        begun = case.protocol.start
        if (
            any(x.leads_to == "suspension" for x in draft.linkage)
            or _suspends(case)
            or (begun.stage, begun.draft) == ("suspended", draft.name)
        ):
            levels.append(DealLevel("suspended", d))
        if draft.renewal:
            levels += [DealLevel("expiring", d), *[DealLevel("expiring", d, side=p) for p in parties]]
    return tuple(levels)


def _suspends(case: ResolvedCase) -> bool:
    effects = (c for outcomes, _ in all_outcomes(case) for o in outcomes for c in o.effects)
    return any(c.variable == "deal" and c.to == "suspended" for c in effects)


@dataclass(frozen=True)
class Layout:
    """Digits of a state code: names in the order of weight (the last changes fastest), radix and stride of each."""

    case: ResolvedCase
    levels: tuple[DealLevel, ...]
    names: tuple[str, ...]
    radix: tuple[int, ...]

    @cached_property
    def stride(self) -> dict[str, int]:
        """What one level of a digit adds to the code."""
        strides: dict[str, int] = {}
        step = 1
        for name, size in zip(reversed(self.names), reversed(self.radix), strict=True):
            strides[name] = step
            step *= size
        return strides

    @cached_property
    def size(self) -> dict[str, int]:
        """Number of levels of a digit."""
        return dict(zip(self.names, self.radix, strict=True))

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The case's variables by name."""
        return {v.name: v for v in self.case.variables}

    @cached_property
    def _stage_of(self) -> Codes:
        return np.array([STAGES.index(x.stage) for x in self.levels])

    @cached_property
    def _draft_of(self) -> Codes:
        return np.array([x.draft for x in self.levels])

    @cached_property
    def _phase_of(self) -> Codes:
        return np.array([x.phase + 1 for x in self.levels])

    @cached_property
    def position(self) -> dict[DealLevel, int]:
        """Index of each deal level."""
        return {level: i for i, level in enumerate(self.levels)}

    def digit(self, codes: Codes, name: str) -> Codes:
        """The level of one variable (or `deal`) in each state."""
        return codes // self.stride[name] % self.size[name]

    def scope(self, codes: Codes, **more: object) -> Scope:
        """Names of states for evaluation, arrays of shape [state, 1]."""
        column = codes[:, None]
        deal = self.digit(column, "deal")
        return Scope(
            variables=self.variables,
            digits=_Digits(self, column),
            drafts=self.case.drafts,
            deal_stage=self._stage_of[deal],
            draft=self._draft_of[deal],
            phase=self._phase_of[deal],
            **more,  # type: ignore[arg-type]
        )

    def code(self, levels: Mapping[str, int]) -> int:
        """The code of one state from its digits."""
        return sum(self.stride[name] * levels[name] for name in self.names)

    @cached_property
    def start(self) -> int:
        """The state at the start of the case."""
        digits = {v.name: v.levels.index(v.start) for v in self.case.variables}
        return self.code({**dict.fromkeys(self.names, 0), **digits, "deal": self.position[self._stand]})

    @cached_property
    def _stand(self) -> DealLevel:
        """Where the deal machine stands at the start: the first position that fits what the case says."""
        begun = self.case.protocol.start
        if not begun.draft:
            return DealLevel(begun.stage)
        draft = next(i for i, d in enumerate(self.case.drafts) if d.name == begun.draft)
        phases = [p.name for p in self.case.drafts[draft].phases]
        phase = phases.index(begun.phase) if begun.phase else len(phases) - 1
        fitting = [x for x in self.levels if (x.stage, x.draft) == (begun.stage, draft) and x.phase in (-1, phase)]
        return fitting[0]

    def with_deal(self, codes: Codes, level: DealLevel) -> Codes:
        """The same worlds with the deal at another position."""
        return codes + (self.position[level] - self.digit(codes, "deal")) * self.stride["deal"]

    def with_choices(self, codes: Codes, made: Codes | int) -> Codes:
        """The same worlds with other choices made at a simultaneous decision point."""
        return codes + (made - self.digit(codes, CHOICES)) * self.stride[CHOICES]

    def move_deal(self, codes: Codes, target: str) -> Codes:
        """Apply an effect on the deal: `ended`, `suspended` or `none`, where it makes sense."""
        table = np.arange(len(self.levels))
        for i, level in enumerate(self.levels):
            if target == "suspended":
                if level.stage in ("phase", "in_force"):
                    table[i] = self.position[DealLevel("suspended", level.draft)]
            elif level.stage not in ("none", "ended"):
                table[i] = self.position[DealLevel(target)]
        deal = self.digit(codes, "deal")
        return codes + (table[deal] - deal) * self.stride["deal"]

    def apply(self, codes: Codes, effects: Sequence[Change]) -> Codes:
        """States after the effects of one outcome, in order."""
        for change in effects:
            if change.variable == "deal":
                codes = self.move_deal(codes, change.to) if self.case.drafts else codes
                continue
            variable = self.variables[change.variable]
            old = self.digit(codes, change.variable)
            if change.to:
                new = np.full_like(old, variable.levels.index(change.to))
            else:
                new = np.clip(old + change.step, 0, len(variable.levels) - 1)
            if variable.ratchet:
                new = np.maximum(new, old)
            codes = codes + (new - old) * self.stride[change.variable]
        return codes

    def describe(self, code: int, *, full: bool = False) -> str:
        """A state in words: the deal and what differs from the start (or everything)."""
        parts = []
        one = np.array([code])
        level = self.levels[int(self.digit(one, "deal")[0])]
        if self.case.drafts:
            draft = f" {self.case.drafts[level.draft].title}" if level.draft >= 0 else ""
            parts.append(f"deal {level.stage.replace('_', ' ')}{draft}")
        actors = {a.name: a.title for a in self.case.actors}
        for v in self.case.variables:
            now = v.levels[int(self.digit(one, v.name)[0])]
            if full or now != v.start:
                parts.append(f"{v.title}: {actors.get(now, now.replace('_', ' '))}")
        return "; ".join(parts) if parts else "as at the start"


class _Digits(Mapping[str, Codes]):
    """Digits of states by variable name, computed when asked for."""

    def __init__(self, layout: Layout, column: Codes) -> None:
        self._layout = layout
        self._column = column
        self._kept: dict[str, Codes] = {}

    def __getitem__(self, name: str) -> Codes:
        if name not in self._kept:
            self._kept[name] = self._layout.digit(self._column, name)
        return self._kept[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._layout.names)

    def __len__(self) -> int:
        return len(self._layout.names)


def layout_of(case: ResolvedCase) -> Layout:
    """Choose the digits' order: what no decision moves first, the deal and what changes with it last.

    Stage operators read successors that differ in one or two digits; keeping the fast digits least significant keeps
    them near in memory. Decisions make most of the work, so that with what only chance moves in front the successors of
    a decision lie within a part of the states that fits the cache.
    """
    levels = deal_levels(case)
    moved = {c.variable for outcomes, _ in outcomes_of_choices(case) for o in outcomes for c in o.effects}

    def restless(variable: Variable) -> tuple[bool, int]:
        kind = {"office": 0, "stock": 1, "condition": 2}[variable.kind] - (1 if variable.ratchet else 0)
        return variable.name in moved, kind

    ordered = sorted(case.variables, key=restless)
    names = (*(v.name for v in ordered), "deal")
    radix = (*(len(v.levels) for v in ordered), len(levels))
    if case.simultaneous:
        widest = max(choices_made(case, point)[-1] for point in case.simultaneous)
        names, radix = (*names, CHOICES), (*radix, widest)
    return Layout(case, levels, names, radix)


def choices_made(case: ResolvedCase, point: Simultaneous) -> tuple[int, ...]:
    """How the digit of choices counts at a simultaneous decision point: 0 nobody has chosen yet; then the offsets of
    what one, two, … have chosen, and the number of its levels.

    What `k` have chosen is offset[k] + (((a * n2) + b) * n3 + c)…, where n is the number of options plus one for not
    moving at all, which comes last.

    >>> from servanda.case.resolved import Simultaneous
    >>> choices_made(None, Simultaneous("nobody", "nobody", ()))
    (1,)
    """
    sizes = [len(next(d for d in case.decisions if d.name == name).options) + 1 for name in point.decisions]
    offsets, width = [1], 1
    for size in sizes:
        width *= size
        offsets.append(offsets[-1] + width)
    return tuple(offsets)
