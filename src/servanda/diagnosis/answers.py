"""What the diagnosis says about causes, remedies and limits: frozen records of frictions, trust, designs and windows.

Probabilities lie in [0, 1]; gains, bonds and prices are points of present value of the actor they belong to; dates are
the first day of a period. A gate *passes* where its probability is at least `threshold` (one half, unless asked).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class FrictionShare:
    """One friction's part in an outcome: v(F) is the outcome with the set F of frictions switched off.

    `shapley` and `log_odds` are Shapley values of the outcome and of its log-odds (0 for outcomes in points); `alone`
    is v({it}) - v(none), `last` is v(all) - v(all but it); `error` is the standard error of `shapley` (0 where exact).
    """

    friction: str
    title: str
    mechanism: str
    shapley: float
    log_odds: float
    alone: float
    last: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Repair:
    """A smallest set of frictions whose removal lifts the outcome to the threshold: no proper subset does."""

    frictions: tuple[str, ...]
    titles: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class FrictionLattice:
    """An outcome under every subset of the frictions, and what follows from it.

    `values[mask]` with bit i set where friction i is off (empty where subsets were sampled); `headlines` holds the
    other headline numbers by name in the same order; `settled[mask]` is False where play beyond the horizon did not
    become stationary. `interactions[i][j]`: Shapley interaction index, positive where two removals help each other.
    `unused`: frictions that change no number of this game. `searched`: size of sets up to which repairs are complete.
    """

    draft: str
    title: str
    outcome: str
    unit: str
    threshold: float
    frictions: tuple[str, ...]
    titles: tuple[str, ...]
    values: tuple[float, ...]
    settled: tuple[bool, ...]
    headlines: tuple[tuple[str, tuple[float, ...]], ...]
    none_off: float
    all_off: float
    shares: tuple[FrictionShare, ...]
    interactions: tuple[tuple[float, ...], ...]
    repairs: tuple[Repair, ...]
    searched: int
    unused: tuple[str, ...]
    permutations: int
    games: int
    seconds: float
    sentence: str = ""

    @property
    def exact(self) -> bool:
        """Whether every subset was solved."""
        return self.permutations == 0


@dataclass(frozen=True, slots=True)
class Flip:
    """A single assumption and what the verdict becomes with it at one end of its range, or with a friction off.

    kind: parameter or friction; `probability` that the best draft (`draft`) then passes all gates.
    """

    kind: str
    name: str
    title: str
    setting: str
    central: str
    probability: float
    draft: str
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Flips:
    """Which single assumptions turn the verdict; `movers` are the largest changes among those that do not."""

    probability: float
    threshold: float
    tried: int
    flips: tuple[Flip, ...]
    movers: tuple[Flip, ...]
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class SideGain:
    """What cooperation is worth to a side, in points of present value of the actor who leads it at the start.

    `no_deal` is its value in a world where no draft can be tabled; gains are over that: `offered` with the draft on the
    table and everybody free, `in_force` with the draft in force at the start and everybody free, `bound` with the draft
    in force and nobody able to break or leave it. `lost` is the share of a positive `bound` that mistrust costs:
    1 - in_force / bound (None where bound brings nothing).
    """

    side: str
    title: str
    actor: str
    actor_title: str
    no_deal: float
    offered: float
    in_force: float
    bound: float
    lost: float | None


@dataclass(frozen=True, slots=True)
class Cooperation:
    """The benefit of cooperation under one draft, side by side."""

    draft: str
    title: str
    gains: tuple[SideGain, ...]
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class BondPoint:
    """Bonds (points, in the order of `Trust.sides`) and what they achieve with full feedback.

    `settled` is False where play beyond the horizon did not become stationary, so that the numbers are rough.
    """

    bonds: tuple[float, ...]
    keep: float
    sign: float
    ratify: float
    settled: bool = True

    @property
    def holds(self) -> float:
        """Probability that the draft is signed, ratified and kept with these bonds."""
        return self.sign * self.ratify * self.keep


@dataclass(frozen=True, slots=True)
class SideBond:
    """The least bond one side must post if the other posts nothing; None where no bond suffices, with the reason.

    `share` of the side's own gain (`SideGain.bound`, None where that is not positive); `yearly` carrying cost: discount
    rate of its leader times the bond; `curve` of points at rising bonds of this side alone.
    """

    side: str
    title: str
    least: float | None
    share: float | None
    yearly: float | None
    reason: str
    curve: tuple[BondPoint, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """The cost of trust for one draft: least bonds with which it is kept with probability `target`.

    `frontier` runs from the first side posting most to the second posting most; along it no bond can be cut by 1 %
    without missing the target. `cheapest` is the point of the frontier with the least sum of the shares of the sides'
    gains (of points, where a gain is not positive). `pays`: with the bonds of the cheapest point posted and the draft
    in force, every side gains more over no deal than carrying its bond costs at present, until the draft's own sunset
    or for ever. `reversals` name the places where a higher bond lowered the chance of being kept.
    """

    draft: str
    title: str
    target: float
    sides: tuple[str, ...]
    without: BondPoint
    each: tuple[SideBond, ...]
    frontier: tuple[BondPoint, ...]
    cheapest: BondPoint | None
    shares: tuple[float | None, ...]
    yearly: tuple[float, ...]
    pays: bool | None
    reversals: tuple[str, ...]
    reason: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Design:
    """One combination of levers for one draft.

    `settings`: (lever title, choice) for every lever that matters to the draft; `gains` per party in `Designs.sides`
    order; `life` mean life in years; `price` of the levers; `robust` is the share of parameter draws in which it passes
    every gate (None where not examined); `binding` the gate with the least probability; `moved`: those of the settings
    that differ from the case; `settled`: play beyond the horizon became stationary.
    """

    draft: str
    title: str
    settings: tuple[tuple[str, str], ...]
    overrides: tuple[tuple[str, float], ...]
    sign: float
    ratify: float
    keep: float
    gains: tuple[float, ...]
    life: float
    price: float
    binding: str
    frontier: bool
    robust: float | None = None
    moved: tuple[tuple[str, str], ...] = ()
    settled: bool = True

    @property
    def holds(self) -> float:
        """Probability that the design passes all gates."""
        return self.sign * self.ratify * self.keep

    @property
    def label(self) -> str:
        """The draft and what was moved from where the case has it."""
        return f"{self.title}: {', '.join(f'{k} {v}' for k, v in self.moved)}" if self.moved else self.title


@dataclass(frozen=True, slots=True)
class Designs:
    """The declared space of designs searched.

    `designs` in order of falling `holds`, each a game of its own; those with `frontier` are undominated in the parties'
    gains, life and price, among the designs that pass if any does. `space`: combinations declared; `games`: distinct
    ones solved; `exhaustive`: all of them were (`method` says how). `verdict` is `holds` (the best draft as written
    passes), `draft` (it does not, but some design does) or `structure` (no design passes). `nearest`: the design
    likeliest to hold; `change`: what would have to change, in words. `idle`: (draft, levers that change nothing in it),
    by title. `islands`: sentences on levers of which more first mends, then breaks (or the reverse, more than once).
    """

    sides: tuple[str, ...]
    threshold: float
    designs: tuple[Design, ...]
    space: int
    games: int
    exhaustive: bool
    seconds: float
    verdict: str
    nearest: Design | None
    change: str
    draws: int
    sentence: str = ""
    method: str = ""
    idle: tuple[tuple[str, tuple[str, ...]], ...] = ()
    islands: tuple[str, ...] = ()

    @property
    def passing(self) -> tuple[Design, ...]:
        """The designs that pass all gates."""
        return tuple(d for d in self.designs if d.holds >= self.threshold)


@dataclass(frozen=True, slots=True)
class DraftOverlap:
    """Stated and enforceable agreement on one draft.

    `stated`: mean stated position of each party (0 to 1); `apparent` where all are at least one half; `believed`:
    probability that it is signed and ratified if nobody could break it; `enforceable`: probability that it is signed,
    ratified and kept as things are.
    """

    draft: str
    title: str
    stated: tuple[float, ...]
    apparent: bool
    believed: float
    enforceable: float


@dataclass(frozen=True, slots=True)
class IssueOverlap:
    """One issue: the best stated position a side gets in any draft that overlaps apparently, and in any enforceable."""

    side: str
    side_title: str
    issue: str
    by_draft: tuple[float | None, ...]
    apparent: float | None
    enforceable: float | None


@dataclass(frozen=True, slots=True)
class Mirage:
    """Apparent against enforceable overlap, draft by draft and issue by issue."""

    sides: tuple[str, ...]
    drafts: tuple[DraftOverlap, ...]
    issues: tuple[IssueOverlap, ...]
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """One draft or design by the date at which the negotiation begins.

    sign[j], ratify[j], keep[j] at `Windows.dates[j]`, the world having run without a deal until then; signing gets the
    same number of years, and keeping the same, at every date.
    """

    draft: str
    label: str
    sign: tuple[float, ...]
    ratify: tuple[float, ...]
    keep: tuple[float, ...]

    @property
    def holds(self) -> tuple[float, ...]:
        """Probability of passing all gates by date of beginning."""
        return tuple(a * b * c for a, b, c in zip(self.sign, self.ratify, self.keep, strict=True))


@dataclass(frozen=True, slots=True)
class Windows:
    """How the chance of a deal moves with the date at which it is sought.

    `no_deal[side][j]`: value of the party's leader at the start of the case (its own payoffs) at date j in a world
    without a deal; `offices`: (office title, holder title, probability by date); `closes`: the first date from which on
    nothing shown passes all gates (None while something still passes at the last date), `never` if nothing ever passes.
    """

    dates: tuple[date, ...]
    sign_years: float
    keep_years: float
    threshold: float
    windows: tuple[Window, ...]
    sides: tuple[str, ...]
    no_deal: tuple[tuple[float, ...], ...]
    offices: tuple[tuple[str, str, tuple[float, ...]], ...]
    closes: date | None
    never: bool
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A depth of access: the gates, mean life, and the probability that each party itself does not end the draft."""

    depth: float
    sign: float
    ratify: float
    keep: float
    life: float
    kept_by: tuple[float, ...]

    @property
    def holds(self) -> float:
        """Probability of passing all gates at this depth."""
        return self.sign * self.ratify * self.keep


@dataclass(frozen=True, slots=True)
class Access:
    """Durability and willingness to sign by the depth of verification access, for one draft.

    `both`: the depths between which every party keeps the deal with probability `threshold` or more (None: nowhere);
    `passes`: the depths between which all gates together pass.
    """

    draft: str
    title: str
    lever: str
    parameter: str
    unit: str
    central: float
    threshold: float
    sides: tuple[str, ...]
    points: tuple[AccessPoint, ...]
    both: tuple[float, float] | None
    passes: tuple[float, float] | None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class ClaimFinding:
    """One hypothesis of the analysis beside what the model finds.

    `agrees`: yes, no or partly; `found`: the numbers, in words; `robust`: share of variations examined in which the
    same answer comes out (None where not examined), and over what in `examined`.
    """

    claim: str
    text: str
    found: str
    agrees: str
    robust: float | None
    examined: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything found about causes, remedies and limits; None or empty where the case does not ask for it."""

    lattice: FrictionLattice | None = None
    flips: Flips | None = None
    cooperation: tuple[Cooperation, ...] = ()
    trust: Trust | None = None
    designs: Designs | None = None
    mirage: Mirage | None = None
    windows: Windows | None = None
    access: tuple[Access, ...] = ()
    claims: tuple[ClaimFinding, ...] = ()
