"""Single assumptions that turn the verdict: every end of every range tried, and what is said about them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from servanda.case.resolved import Parameter
from servanda.case.uncertain import parse_uncertain
from servanda.diagnosis.answers import Flip, Flips
from servanda.diagnosis.flips import MOVERS_SHOWN, ends_of, find_flips
from servanda.diagnosis.trials import Trials
from tests.diagnosis.frictional import friction, parameter
from tests.diagnosis.tried import counted, said
from tests.sketches import Sketch

BASE = Sketch(office=False, pain=60.0, gain=5.0, exit_price=30.0)


def toll(text: str, **more: object) -> tuple[tuple[str, str], ...]:
    """An uncertain price that the council pays for a deal as long as it lives."""
    written = "".join(f", {k}: {v}" for k, v in more.items())
    return parameter("toll", text, written), ("  council", "    toll: {worth: -toll, when: deal is live}")


def uncertain(*parts: tuple[str, str], **changes: object) -> Sketch:
    return replace(BASE, also=parts, **changes)


@cache
def passing(sketch: Sketch) -> dict[str, float]:
    drafts = [f"draft{d}" for d in range(sketch.drafts)]
    return {d: float(Trials.of(sketch.case, d, 4).run([{}]).holds[0]) for d in drafts}


def flips_of(sketch: Sketch, **how: object) -> Flips:
    found = find_flips(sketch.case, passing(sketch), window=4, **how)
    assert found is not None
    return found


def holds(sketch: Sketch, draft: str = "draft0", **changes: float) -> float:
    return float(Trials.of(sketch.case, draft, 4).run([changes]).holds[0])


# Ends


@pytest.mark.parametrize(
    ("text", "central", "ends"),
    [
        ("3", None, []),
        ("2 to 5", None, [("2", 2.0), ("5", 5.0)]),
        ("2 to 5", 2.0, [("5", 5.0)]),
        ("uniform(0.25, 1)", None, [("0.25", 0.25), ("1", 1.0)]),
        ("triangular(1, 2, 4)", None, [("1", 1.0), ("4", 4.0)]),
        ("triangular(1, 4, 4)", None, [("1", 1.0)]),
        ("beta(2, 2)", None, [("0", 0.0), ("1", 1.0)]),
        ("normal(10, 2)", None, [("6.71", 10.0 - 1.6448536 * 2), ("13.29", 10.0 + 1.6448536 * 2)]),
        ("lognormal(1, 0.5)", None, [("0.4394", 0.4393641), ("2.276", 2.2760166)]),
    ],
)
def test_ends_of_a_range(text: str, central: float | None, ends: list[tuple[str, float]]) -> None:
    found = ends_of(Parameter("x", "x", parse_uncertain(text, central)))
    assert [written for written, _ in found] == [written for written, _ in ends]
    assert [value for _, value in found] == pytest.approx([value for _, value in ends], rel=1e-6)


def test_every_choice_but_the_central_one_is_an_end() -> None:
    choice = parse_uncertain("one of {low: 1, middle: 3, high: 1}", choices={"low": 1, "middle": 2, "high": 9})
    assert ends_of(Parameter("x", "x", choice)) == (("low", 1.0), ("high", 9.0))
    assert ends_of(Parameter("x", "x", parse_uncertain("one of {1: 1, 2: 1, 4: 1}"))) == (("2", 2.0), ("4", 4.0))


# What turns the verdict


def test_an_end_that_turns_the_verdict_is_found() -> None:
    sketch = uncertain(*toll("0 to 30", central=2, unit="points", title="Toll on deals"), parameter("dust", "1 to 2"))
    low, high = holds(sketch, toll=0.0), holds(sketch, toll=30.0)
    base = passing(sketch)["draft0"]
    threshold = (base + high) / 2
    assert high < threshold < base <= low
    found = flips_of(sketch, threshold=threshold)
    assert found.flips == (Flip("parameter", "toll", "Toll on deals", "30 points", "2 points", high, "draft0", "J"),)
    assert (found.probability, found.threshold, found.tried) == (base, threshold, 4)
    assert (found.movers[0].name, found.movers[0].setting) == ("toll", "0 points")
    assert {f.probability for f in found.movers if f.name == "dust"} == {base}
    assert said(found.sentence) == (
        f"The best draft passes ({base:.0%}). One assumption of those tried can turn that alone: Toll on deals."
    )


def test_the_verdict_turns_the_other_way_too() -> None:
    sketch = uncertain(*toll("0 to 30", central=25))
    low, base = holds(sketch, toll=0.0), passing(sketch)["draft0"]
    found = flips_of(sketch, threshold=(low + base) / 2)
    assert [(f.setting, f.probability) for f in found.flips] == [("0", low)]
    assert found.sentence.startswith("The best draft does not pass (")
    assert found.sentence.endswith("One assumption of those tried can turn that alone: toll.")


def test_on_the_threshold_it_passes() -> None:
    sketch = uncertain(*toll("0 to 30", central=2))
    base = passing(sketch)["draft0"]
    at = flips_of(sketch, threshold=base)
    assert said(at.sentence).startswith("The best draft passes")
    assert [f.setting for f in at.flips] == ["30"]


def test_a_friction_that_turns_the_verdict_is_found() -> None:
    sketch = uncertain(*toll("25"), friction("heavy toll", "toll: 0"), friction("idle", "shock_rate: 0"))
    off, base = holds(sketch, toll=0.0), passing(sketch)["draft0"]
    found = flips_of(sketch, threshold=(off + base) / 2)
    assert found.flips == (
        Flip("friction", "heavy toll", "Heavy Toll", "switched off", "in place", off, "draft0", "J"),
    )
    assert [(f.name, f.probability) for f in found.movers] == [("idle", base)]
    assert found.tried == 2
    assert "can turn that alone: Heavy Toll." in found.sentence


def test_several_are_counted_once_each() -> None:
    """Both ends of one number count as one assumption; the largest change comes first."""
    sketch = uncertain(
        *toll("one of {none: 1, some: 1, much: 3}", choices="{none: 0, some: 5, much: 25}"),
        friction("heavy toll", "toll: 0"), friction("free exit", "exit_price: 90"), friction("ease", "pain: 150"),
    )  # fmt: skip
    base = passing(sketch)["draft0"]
    found = flips_of(sketch, threshold=base + 1e-6)
    assert found.tried == 5
    assert {("toll", "none"), ("toll", "some"), ("heavy toll", "switched off")} <= {
        (f.name, f.setting) for f in found.flips
    }
    titles = list(dict.fromkeys(f.title for f in found.flips))
    assert f"{len(titles)} single assumptions of those tried can turn that alone: " in found.sentence
    assert all(title in found.sentence for title in titles[:3])
    assert said(found.sentence).endswith("; …." if len(titles) > 3 else f"{titles[-1]}.")
    for group in (found.flips, found.movers):
        sizes = [abs(f.probability - base) for f in group]
        assert sizes == sorted(sizes, reverse=True)


def test_where_nothing_turns_it_the_nearest_is_named() -> None:
    sketch = uncertain(*toll("0 to 30", central=2), parameter("dust", "1 to 2"))
    base = passing(sketch)["draft0"]
    low, high = holds(sketch, toll=0.0), holds(sketch, toll=30.0)
    above = flips_of(sketch, threshold=0.999)
    assert above.flips == ()
    assert said(above.sentence) == (
        f"The best draft does not pass ({base:.0%}). None of 4 single changes of one assumption turns that; the one "
        f"that comes nearest is toll (0): {low:.0%}."
    )
    below = flips_of(sketch, threshold=0.0)
    assert below.flips == ()
    assert said(below.sentence).endswith(f"the one that comes nearest is toll (30): {high:.0%}.")


def crowded() -> Sketch:
    """Eight numbers that can make things much worse, and one that can make them better."""
    fees = tuple(parameter(f"fee_{i}", "0 to 40", ", central: 1") for i in range(MOVERS_SHOWN))
    costs = tuple(("  council", f"    fee {i}: {{worth: -fee_{i}, when: deal is live}}") for i in range(MOVERS_SHOWN))
    help_ = (parameter("boon", "1 to 3", ", central: 1"), ("  council", "    boon: {worth: boon, when: deal is live}"))
    return uncertain(*fees, *costs, *help_)


def test_the_largest_changes_are_shown() -> None:
    found = flips_of(crowded(), threshold=0.9999)
    assert found.flips == ()
    assert {(f.name, f.setting) for f in found.movers} == {(f"fee_{i}", "40") for i in range(MOVERS_SHOWN)}


def test_the_nearest_is_looked_for_among_all() -> None:
    """Also among the changes too small to be shown."""
    sketch = crowded()
    best, base = holds(sketch, boon=3.0), passing(sketch)["draft0"]
    assert best > max(base, holds(sketch, fee_0=0.0))
    found = flips_of(sketch, threshold=0.9999)
    assert said(found.sentence).endswith(f"boon (3): {best:.0%}.")


def test_overrides_hold_a_number_fixed() -> None:
    sketch = uncertain(*toll("0 to 30", central=2), friction("ease", "pain: pain * 2"))
    found = flips_of(sketch, overrides={"toll": 12.0, "pain": 40.0})
    assert found.tried == 1
    assert found.probability == pytest.approx(holds(sketch, toll=12.0, pain=40.0), abs=1e-12)
    (only,) = (*found.flips, *found.movers)
    assert (only.kind, only.name) == ("friction", "ease")
    assert only.probability == pytest.approx(holds(sketch, toll=12.0, pain=80.0), abs=1e-12)


# Which drafts


def test_the_best_draft_of_each_trial_counts() -> None:
    """With two drafts the verdict is that of the better one, whichever it is then."""
    boon = ("  council", "    boon: {worth: boon, per: draft.worth, when: deal is live}")
    sketch = uncertain(parameter("boon", "0 to 30", ", central: 5"), boon, drafts=2, pain=30.0)
    found = flips_of(sketch, threshold=0.0)
    by_draft = [
        dict(
            zip(
                (0.0, 5.0, 30.0), Trials.of(sketch.case, d, 4).run([{"boon": x} for x in (0, 5, 30)]).holds, strict=True
            )
        )
        for d in ("draft0", "draft1")
    ]
    assert found.probability == max(b[5.0] for b in by_draft)
    for flip in found.movers:
        chances = [b[float(flip.setting)] for b in by_draft]
        assert flip.probability == max(chances)
        assert flip.draft == f"draft{chances.index(max(chances))}"
    assert {flip.draft for flip in found.movers} == {"draft0", "draft1"}


def test_a_draft_without_prospects_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    sketch = uncertain(*toll("0 to 30", central=2), drafts=2)
    ready = {d: Trials.of(sketch.case, d, 4) for d in ("draft0", "draft1")}
    for trials in ready.values():
        trials.run([{}])
    games = counted(monkeypatch)
    for chances, tried in (((0.5, 0.01), 1), ((0.5, 0.03), 2), ((0.01, 0.001), 1)):
        games.clear()
        told: list[tuple[int, int]] = []
        find_flips(
            sketch.case, dict(zip(("draft0", "draft1"), chances, strict=True)), window=4, trials=ready,
            progress=lambda done, of, told=told: told.append((done, of)),
        )  # fmt: skip
        assert sum(games) == 3 * tried
        assert told[0] == (0, 3 * tried)
        assert told[-1] == (3 * tried, 3 * tried)
        assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_case_without_drafts_has_no_flips() -> None:
    assert find_flips(replace(BASE, drafts=0).case, {}, window=4) is None


def test_where_all_is_certain_nothing_is_tried() -> None:
    found = flips_of(BASE)
    assert (found.tried, found.flips, found.movers) == (0, (), ())
    assert found.probability == passing(BASE)["draft0"]
    assert said(found.sentence) == "No number of the case is uncertain and no friction is named."
