"""The mirage: arithmetic of stated positions, and agreement in a world where nobody can break it."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case.resolved import ResolvedCase
from servanda.compile import compile_case
from servanda.compile.bonds import bound_parameter
from servanda.diagnosis.mirage import believed, mirage
from servanda.diagnosis.trials import SETTINGS, Trials
from servanda.equilibrium import Settings
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.errors import CaseError
from tests.sketches import Sketch, sketches
from tests.strategies import few

Positions = dict[str, dict[str, float]]
NEAR: Positions = {"north": {"arms": 1.0, "trade": 0.2}, "south": {"sanctions": 0.5, "arms": 0.5}}
FAR: Positions = {"north": {"arms": 1.0, "trade": 1.0}, "south": {"sanctions": 0.1, "honour": 0.8}}


def stating(*positions: Positions) -> ResolvedCase:
    """A sketch whose drafts meet demands as given."""
    case = Sketch(drafts=2).case
    written = [tuple((side, tuple(issues.items())) for side, issues in p.items()) for p in positions]
    written += [()] * (len(case.drafts) - len(written))
    drafts = zip(case.drafts, written, strict=True)
    return replace(
        case, drafts=tuple(replace(d, positions=p, title=f"Text {k}") for k, (d, p) in enumerate(drafts, start=1))
    )


def test_overlap_on_paper_is_told_apart_from_overlap_that_holds() -> None:
    found = mirage(stating(NEAR, FAR), {"draft0": 0.3, "draft1": 0.6}, {"draft0": 0.9, "draft1": 0.8})
    assert found is not None
    assert found.sides == ("north", "south")
    first, second = found.drafts
    assert (first.stated, first.apparent, first.believed, first.enforceable) == ((0.6, 0.5), True, 0.9, 0.3)
    assert (second.stated, second.apparent) == ((1.0, pytest.approx(0.45)), False)
    assert found.sentence == (
        "On paper 1 of 2 drafts lies within reach: the text meets every side at least half-way. If nobody could break "
        "it, “Text 1” would be signed and ratified with at least 50 %. As things are, “Text 2” can be signed, ratified "
        "and kept."
    )


def test_an_issue_belongs_to_a_side() -> None:
    found = mirage(stating(NEAR, FAR), {"draft0": 0.3, "draft1": 0.6}, {"draft0": 0.9, "draft1": 0.8})
    assert found is not None
    rows = {(i.side, i.issue): (i.by_draft, i.apparent, i.enforceable) for i in found.issues}
    assert rows == {
        ("north", "arms"): ((1.0, 1.0), 1.0, 1.0),
        ("north", "trade"): ((0.2, 1.0), 0.2, 1.0),
        ("south", "sanctions"): ((0.5, 0.1), 0.5, 0.1),
        ("south", "arms"): ((0.5, None), 0.5, None),
        ("south", "honour"): ((None, 0.8), None, 0.8),
    }


def test_a_case_without_stated_positions_has_no_mirage() -> None:
    assert mirage(stating(), {}, {}) is None
    assert mirage(stating({"north": {"arms": 1.0}}), {}, {}) is None
    # a draft on which a party is silent is left out
    found = mirage(stating({"north": {"arms": 1.0}, "south": {}}, FAR), {"draft1": 0.0}, {"draft1": 0.0})
    assert found is not None
    assert [d.draft for d in found.drafts] == ["draft1"]
    assert found.sentence == (
        "On paper no draft lies within reach: none meets every side half-way. As things are, nothing can be signed, "
        "ratified and kept, or comes near it."
    )


def test_a_number_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="draft1"):
        mirage(stating(NEAR, FAR), {"draft0": 0.3, "draft1": 0.6}, {"draft0": 0.9})


def test_bars_move_with_the_threshold() -> None:
    numbers = {"draft0": 0.3, "draft1": 0.2}
    low = mirage(stating(NEAR, NEAR), numbers, numbers, threshold=0.25)
    high = mirage(stating(NEAR, NEAR), numbers, numbers)
    assert low is not None
    assert high is not None
    assert [i.enforceable for i in low.issues] == [1.0, 0.2, 0.5, 0.5]
    assert [i.enforceable for i in high.issues] == [None] * 4
    assert "On paper all 2 drafts lie within reach" in low.sentence
    assert "“Text 1” can be signed, ratified and kept." in low.sentence
    assert high.sentence.endswith(
        "Even if nobody could break it, none of that would be signed and ratified (“Text 1” comes nearest, 30 %). As "
        "things are, nothing can be signed, ratified and kept (“Text 1” comes nearest, 30 %)."
    )


shares = st.dictionaries(st.sampled_from(["arms", "trade", "honour"]), st.floats(0, 1), min_size=1)


@given(north=shares, south=shares, odds=st.floats(0, 1), threshold=st.floats(0.01, 1))
@few(40)
def test_overlap_follows_its_definition(
    north: dict[str, float], south: dict[str, float], odds: float, threshold: float
) -> None:
    one = stating({"north": north, "south": south})
    found = mirage(one, {"draft0": odds}, {"draft0": odds}, threshold=threshold)
    assert found is not None
    (draft,) = found.drafts
    assert draft.stated == (fmean(north.values()), fmean(south.values()))
    assert draft.apparent == (min(draft.stated) >= 0.5)
    for issue in found.issues:
        position = {"north": north, "south": south}[issue.side][issue.issue]
        assert issue.by_draft == (position,)
        assert issue.apparent == (position if draft.apparent else None)
        assert issue.enforceable == (position if odds >= threshold else None)


@given(sketches())
@few(6)
def test_belief_is_play_with_both_sides_bound(sketch: Sketch) -> None:
    found = believed(sketch.case, ["draft0"], window=3)
    compiled = compile_case(sketch.case, menu=["draft0"], bonds=True)
    bound = {bound_parameter(side): 1e9 for side in ("north", "south")}
    precise = replace(SETTINGS, tail_tolerance=1e-7, tail_steps=1000)
    numbers = Trials(compiled, 0, 3, precise).run([bound])
    assert found["draft0"] == pytest.approx(float(numbers.sign[0] * numbers.ratify[0]), abs=1e-4)
    assert 0.0 <= found["draft0"] <= 1.0


def test_who_could_not_break_it_anyway_believes_what_is() -> None:
    """With prohibitive prices of breach and exit, being unable to break adds nothing."""
    sketch = Sketch(years=3, exit_price=5000.0, bond=5000.0, gain=60.0, pain=60.0, audience=0.0)
    compiled = compile_case(sketch.case, menu=["draft0"])
    free = Trials(compiled, 0, 6).run([{}])
    assert 0.1 < free.sign[0] < 0.9
    assert believed(sketch.case, ["draft0"], window=6)["draft0"] == pytest.approx(float(free.sign[0]), abs=1e-4)


def test_drafts_with_positions_are_asked_for_and_mistakes_are_said() -> None:
    seen: list[tuple[int, int]] = []
    found = believed(stating(NEAR), window=2, progress=lambda *x: seen.append(x))
    assert list(found) == ["draft0"]
    assert seen == [(1, 1)]
    assert believed(stating(), window=2) == {}
    with pytest.raises(CaseError, match="no draft is called pact"):
        believed(stating(NEAR), ["pact"], window=2)
    stop = Event()
    stop.set()
    with pytest.raises(InterruptedSolveError):
        believed(stating(NEAR), window=2, settings=Settings(stop=stop))
