"""Designs: every one solved once, dominance and prices as defined, islands found, searches near the whole truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from threading import Event

import numpy as np
import pytest

from servanda.analysis import Settings as RunSettings
from servanda.analysis import run
from servanda.case import load_text, read
from servanda.case.resolved import Lever, ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis import design_search as search
from servanda.diagnosis.answers import Design, Designs
from servanda.diagnosis.cooperation import cooperation
from servanda.diagnosis.design import search_designs
from servanda.diagnosis.design_search import AS_WRITTEN, Axis, Combination, Scores, axes_of
from servanda.diagnosis.design_words import described, islands_of
from servanda.diagnosis.trials import Trials, remembering
from servanda.equilibrium import Settings
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.errors import CaseError
from tests.reference.sources import FOLDER
from tests.sketches import Sketch

LEVERS = """\
levers:
  pledge:
    title: Pledge
    sets: bond
    choices: {none: 0, some: 8, much: 30}
    price: {north: {fund: bond / 4}}
    source: judgement
  trade: {title: Trade, sets: gain, range: [20, 60], price: {dove: 1, hawk: 3, council: 2}, source: judgement}
  hint: {title: Hint, sets: shock_rate, choices: {low: 0.1, high: 0.9}, source: judgement}
"""
SKETCH = Sketch(drafts=2, ratifiers=1, office=False, hidden=True, detection=0.8, gain=40.0, pain=40.0, exit_price=30.0)


@pytest.fixture(autouse=True, scope="module")
def _kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Searches of the same games are read after the first."""
    with remembering(tmp_path_factory.mktemp("trials")):
        yield


@cache
def sketch() -> ResolvedCase:
    """Two drafts, a lever with a price, one cut from a range, and one that moves nothing."""
    return load_text(SKETCH.text + LEVERS, "sketch.yaml").require()


@cache
def found() -> Designs:
    return search_designs(sketch())


@cache
def island(points: int = 21) -> Designs:
    return search_designs(read("theory/durability-island"), points=points)


def pick(designs: Designs, draft: str, **values: float) -> Design:
    (one,) = [d for d in designs.designs if d.draft == draft and dict(d.overrides) == values]
    return one


def test_every_combination_is_there_once_and_levers_that_move_nothing_are_not() -> None:
    all_of_them = found()
    assert all_of_them.space == 2 * 3 * 3 * 2
    assert all_of_them.games == len(all_of_them.designs) == 2 * 3 * 3
    assert all_of_them.exhaustive
    assert all_of_them.method == search.EVERY
    assert dict(all_of_them.idle) == {"draft0": ("Hint",), "draft1": ("Hint",)}
    assert {d.draft for d in all_of_them.designs} == {"draft0", "draft1"}
    assert all([x for x, _ in d.settings] == ["Pledge", "Trade"] for d in all_of_them.designs)
    assert [d.holds for d in all_of_them.designs] == sorted((d.holds for d in all_of_them.designs), reverse=True)


def test_gates_are_those_of_a_run_and_gains_those_of_cooperation() -> None:
    design = pick(found(), "draft1", bond=8.0, gain=20.0)
    whole = run(sketch(), RunSettings(overrides=dict(design.overrides), select=False, frictions=False))
    verdict = next(v for v in whole.drafts if v.draft == "draft1")
    gates = [gate.probability for gate in verdict.gates]
    assert [design.sign, design.ratify, design.keep] == pytest.approx(gates, abs=1e-4)
    assert design.life == pytest.approx(verdict.survival.mean_life_years, abs=1e-3)
    assert design.binding == ("sign", "ratify", "keep")[int(np.argmin(gates))]
    (gains,) = cooperation(sketch(), ["draft1"], dict(design.overrides))
    assert list(design.gains) == pytest.approx([g.offered for g in gains.gains], abs=1e-3)


def test_what_is_moved_has_a_price_and_what_is_left_has_none() -> None:
    plain = pick(found(), "draft0", bond=0.0, gain=40.0)
    assert (plain.moved, plain.price) == ((), 0.0)
    pledged = pick(found(), "draft0", bond=8.0, gain=40.0)
    assert pledged.moved == (("Pledge", "some"),)
    # a side pays once, whatever the number of its actors
    assert pledged.price == pytest.approx(2.0)
    both = pick(found(), "draft0", bond=30.0, gain=60.0)
    assert both.price == pytest.approx(30.0 / 4 + 3.0 + 2.0)
    assert described(both) == "draft0 (Pledge: much; Trade: 60)"


def test_a_value_the_levers_do_not_offer_is_tried_as_written() -> None:
    designs = search_designs(sketch(), drafts=["draft0"], levers=["pledge"], overrides={"bond": 3.0})
    assert len(designs.designs) == designs.games == 4
    (plain,) = [d for d in designs.designs if not d.moved]
    assert plain.settings == (("Pledge", "as written"),)
    assert plain.overrides == (("bond", 3.0),)


def dominates(a: Design, b: Design) -> bool:
    one, other = ([*(round(g, 1) for g in d.gains), round(d.life, 2), -round(d.price, 2)] for d in (a, b))
    return all(x >= y for x, y in zip(one, other, strict=True)) and one != other


@pytest.mark.parametrize("threshold", [0.01, 0.999999])
def test_the_frontier_is_what_nothing_dominates(threshold: float) -> None:
    designs = search_designs(sketch(), threshold=threshold)
    eligible = designs.passing or designs.designs
    assert bool(designs.passing) == (threshold < 0.5)
    assert any(d.frontier for d in designs.designs)
    for design in designs.designs:
        beaten = any(dominates(other, design) for other in eligible)
        if design.frontier:
            assert design in eligible
            assert not beaten
        elif design in eligible and not beaten:
            twins = [d for d in eligible if d.frontier and not dominates(d, design) and d.holds >= design.holds]
            assert any([round(x, 1) for x in d.gains] == [round(x, 1) for x in design.gains] for d in twins)


def test_the_verdict_says_draft_or_structure() -> None:
    best = found().designs[0]
    plain = max((d for d in found().designs if not d.moved), key=lambda d: d.holds)
    assert plain.holds < 0.95 * best.holds
    holds = search_designs(sketch(), threshold=0.9 * plain.holds)
    assert (holds.verdict, holds.change) == ("holds", "")
    assert holds.sentence.startswith(f"{plain.title} passes all gates as written")
    middle = search_designs(sketch(), threshold=(plain.holds + best.holds) / 2)
    assert middle.verdict == "draft"
    fewest = min(middle.passing, key=lambda d: (len(d.moved), d.price))
    assert described(fewest) in middle.change
    assert middle.sentence.startswith("It is the draft, not the structure")
    hopeless = search_designs(sketch(), threshold=0.999999)
    assert hopeless.verdict == "structure"
    assert hopeless.nearest == hopeless.designs[0]
    assert hopeless.sentence.startswith("It is the structure, not the draft: none of 18 different designs")


def test_where_nothing_passes_the_binding_actor_and_the_points_are_named() -> None:
    poor = load_text(Sketch(years=3, gain=2.0, audience=30.0).text, "poor.yaml").require()
    designs = search_designs(poor)
    (only,) = designs.designs
    whole = run(poor, RunSettings(select=False, frictions=False)).drafts[0]
    gate = min(whole.gates, key=lambda gate: gate.probability)
    assert designs.verdict == "structure"
    assert only.binding == gate.kind
    assert gate.tightest is not None
    assert gate.tightest.margin < 0.0
    assert f"{gate.tightest.actor_title} prefers “{gate.tightest.alternative}”" in designs.change
    assert f"by {-gate.tightest.margin:.1f} points" in designs.change


def test_levers_keep_their_value_in_every_draw_and_so_does_what_was_set() -> None:
    threshold = found().designs[3].holds
    wild = [{"bond": 500.0, "gain": 0.0, "pain": 999.0}]
    designs = search_designs(sketch(), threshold=threshold, draws=wild, overrides={"pain": SKETCH.pain})
    examined = [d for d in designs.designs if d.robust is not None]
    assert examined[0] == designs.nearest
    assert len(examined) <= 8
    assert {d.robust for d in examined} == {1.0}
    assert all(d.frontier or d is designs.designs[0] for d in examined)
    assert designs.draws == 1


def test_draws_that_are_no_game_are_left_out_of_the_share() -> None:
    draws = [{"detection": 7.0}, {"detection": 0.5}, {"detection": -3.0}]
    designs = search_designs(sketch(), levers=["pledge"], threshold=0.999999, draws=draws)
    assert designs.draws == 1
    # nothing passes: the likeliest to hold of each draft is looked at
    assert {d.draft: d.robust for d in designs.designs if d.robust is not None} == {"draft0": 0.0, "draft1": 0.0}


def test_unknown_names_are_refused_together() -> None:
    with pytest.raises(CaseError) as error:
        search_designs(sketch(), drafts=["draft7"], levers=["pledges"])
    assert [(i.code, "did you mean `pledge`?" in i.hint) for i in error.value.issues] == [
        ("unknown-draft", False), ("unknown-lever", True)
    ]  # fmt: skip
    with pytest.raises(CaseError) as error:
        search_designs(read("theory/holdup-bond"))
    assert [i.code for i in error.value.issues] == ["no-drafts"]


def test_it_stops_when_told_and_tells_how_far_it_is() -> None:
    stop = Event()
    told: list[tuple[int, int]] = []

    def listen(done: int, of: int) -> None:
        told.append((done, of))
        if len(told) == 3:
            stop.set()

    with pytest.raises(InterruptedSolveError):
        search_designs(sketch(), settings=Settings(stop=stop), progress=listen)
    told.clear()
    search_designs(sketch(), progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(done <= of for done, of in told)


# ------------------------------------------------------------------------------------------------------ the island


def keeping(designs: Designs) -> list[tuple[float, float]]:
    return sorted((dict(d.overrides)["durability"], d.keep) for d in designs.designs)


def test_self_enforcement_is_not_monotone_in_durability() -> None:
    """The formulas of the case: below (1 - t / K) / delta an empty deal is kept, above it with odds d^n."""
    number = {p.name: p.number.central for p in read("theory/durability-island").parameters}
    pays = (1.0 - number["tribute"] / number["arming_cost"]) / number["delta"]
    kept = keeping(island())
    for d, keep in kept:
        if d < pays - 0.1:
            assert keep > 0.97
        elif d > pays + 0.1:
            assert keep == pytest.approx(d**8, abs=0.012)
    values = [keep for _, keep in kept]
    lowest = int(np.argmin(values))
    assert 0 < lowest < len(values) - 1
    # far beyond what the solver leaves open (1e-6 of the range of values)
    assert min(values[0], values[-1]) - values[lowest] > 0.9
    falling, rising = np.diff(values[: lowest + 1]), np.diff(values[lowest:])
    assert (falling < 1e-6).all()
    assert (rising > 0.0).all()


def test_the_search_finds_both_islands() -> None:
    designs = island()
    low = tuple(round(0.05 * k, 2) for k in range(12))
    passing = sorted(round(dict(d.overrides)["durability"], 2) for d in designs.passing)
    assert tuple(passing) == (*low, 0.95, 1.0)
    assert designs.verdict == "draft"
    assert designs.islands == (
        "Restraint for a reward passes with Durability at 0 to 0.55 and at 0.95 to 1, and fails in between.",
    )
    assert all(d.settled for d in designs.designs)


def test_three_points_see_no_trough() -> None:
    coarse = island(3)
    assert {dict(d.overrides)["durability"] for d in coarse.passing} == {0.0, 0.5, 1.0}
    # the case as written lies in the trough, and is tried too
    assert [dict(d.overrides)["durability"] for d in coarse.designs if d.holds < 0.5] == [0.8]


RENEGOTIATION = FOLDER / "renegotiation" / "arms_race.json"


@pytest.mark.skipif(not RENEGOTIATION.is_file(), reason="the reference answers are not here")
def test_the_shape_is_that_of_the_arms_race_with_transfers() -> None:
    """Goldlücke and Kranz, swept over the odds of renegotiation, and ours over 1 - durability."""
    said = json.loads(RENEGOTIATION.read_text(encoding="utf-8"))["rerun_here"]["rho_sweep_initial_state"]
    theirs = ["b" not in said[rho].split("(")[0] for rho in sorted(said, key=float)]
    kept = {round(1.0 - d, 2): keep >= 0.5 for d, keep in keeping(island())}
    ours = [kept[rho] for rho in sorted(kept)]
    assert [peaceful for peaceful, _ in groupby(theirs)] == [True, False, True]
    assert [peaceful for peaceful, _ in groupby(ours)] == [True, False, True]
    # both are peaceful at either end of the sweep
    assert (theirs[0], theirs[-1]) == (ours[0], ours[-1]) == (True, True)


def test_islands_are_told_lever_by_lever() -> None:
    def design(a: float, b: float, keep: float) -> Design:
        return Design(
            "pact", "The pact", (("A", f"a{a:g}"), ("B", f"b{b:g}")), (("a", a), ("b", b)), 1.0, 1.0, keep, (0.0, 0.0),
            1.0, 0.0, "keep", frontier=False,
        )  # fmt: skip

    grid = {(0, 0): 0.9, (1, 0): 0.1, (2, 0): 0.8, (0, 1): 0.9, (1, 1): 0.9, (2, 1): 0.1}
    text = islands_of([design(a, b, keep) for (a, b), keep in grid.items()], 0.5)
    assert text == ("The pact passes with A at a0 and at a2, and fails in between.",)


# --------------------------------------------------------------------------------------------------- large spaces


def axes(*sizes: int) -> tuple[Axis, ...]:
    def lever(k: int, size: int) -> Lever:
        return Lever(f"l{k}", f"L{k}", f"p{k}", choices=tuple((f"c{i}", float(i)) for i in range(size)))

    return axes_of([lever(k, size) for k, size in enumerate(sizes)], lambda _: 0.0, 3)


def test_levers_of_the_same_parameter_share_an_axis() -> None:
    levers = [
        Lever("a", "A", "x", choices=(("none", 0.0), ("one", 1.0))),
        Lever("b", "B", "x", range=(0.0, 2.0)),
        Lever("c", "C", "y", range=(0.0, 0.3)),
    ]
    first, second = axes_of(levers, {"x": 5.0, "y": 0.1 + 0.2}.__getitem__, 3)
    assert [(o.lever.name, o.value) for o in first.options] == [("a", 0.0), ("a", 1.0), ("b", 2.0)]
    assert (first.at_rest, first.value(AS_WRITTEN), first.setting(AS_WRITTEN)) == (AS_WRITTEN, 5.0, ("A", "as written"))
    # the end of a range is the case's own value, to rounding
    assert (second.at_rest, second.options[2].value) == (2, 0.1 + 0.2)
    with pytest.raises(ValueError, match="at least two points"):
        axes_of(levers, lambda _: 0.0, 1)


def test_a_lever_that_only_works_with_another_matters() -> None:
    def keys(asked: Sequence[Combination]) -> list[bytes]:
        return [str(a * b).encode() for a, b, _ in asked]

    assert search.mattering(axes(3, 4, 5), keys) == (True, True, False)
    assert search.mattering((), keys) == ()


class Hill:
    """A space with one narrow best place, and a count of what was asked."""

    def __init__(self, top: Combination) -> None:
        self.top, self.seen = top, set[Combination]()

    def spent(self) -> int:
        return len(self.seen)

    def score(self, asked: Sequence[Combination]) -> Scores:
        self.seen |= set(asked)
        away = np.array([sum(abs(a - b) for a, b in zip(c, self.top, strict=True)) for c in asked], dtype=np.float64)
        return Scores(np.vstack([-away, np.array([c[0] for c in asked])]).T, away - 0.5)


@pytest.mark.parametrize("seek", [search.evolve, search.sample_and_climb])
def test_searches_climb_to_the_top_within_their_budget(seek: object) -> None:
    assert callable(seek)
    hills = [Hill((5, 2, 6, 4)), Hill((5, 2, 6, 4))]
    for hill in hills:
        seek(axes(8, 8, 8, 8), hill.score, hill.spent, 300)
        assert hill.top in hill.seen
        assert len(hill.seen) <= 300
    assert hills[0].seen == hills[1].seen


@pytest.mark.parametrize(("installed", "method"), [(True, search.EVOLVED), (False, search.SAMPLED)])
def test_a_search_of_a_large_space_comes_near_the_best(
    monkeypatch: pytest.MonkeyPatch, *, installed: bool, method: str
) -> None:
    monkeypatch.setattr(search, "optimiser_installed", lambda: installed)
    case = load_text(
        SKETCH.text + LEVERS.replace("choices: {none: 0, some: 8, much: 30}", "range: [0, 30]"), "sketch.yaml"
    ).require()
    whole = search_designs(case, drafts=["draft0"], points=7)
    assert (whole.exhaustive, whole.games) == (True, 49)
    part = search_designs(case, drafts=["draft0"], points=7, limit=16)
    assert (part.exhaustive, part.method) == (False, method)
    assert part.games <= 16
    assert part.designs[0].holds > 0.9 * whole.designs[0].holds
    assert {(d.overrides, round(d.holds, 12)) for d in part.designs} <= {
        (d.overrides, round(d.holds, 12)) for d in whole.designs
    }
    assert any(not d.moved for d in part.designs)
    assert "of the" in part.sentence


def test_a_space_with_few_games_is_gone_through_however_many_combinations_it_has() -> None:
    case = load_text(SKETCH.text + LEVERS, "sketch.yaml").require()
    names = [d.name for d in case.drafts]
    compiled = compile_case(case, menu=["draft0"])
    trials = Trials(compiled, names.index("draft0"), 4)
    assert len(set(trials.keys([{"shock_rate": x} for x in (0.1, 0.9)]))) == 1
    assert search_designs(case, drafts=["draft0"], limit=9).exhaustive
