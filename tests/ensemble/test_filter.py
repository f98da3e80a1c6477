"""The filter against every history of play: likelihoods of all variants, where play stands, what follows from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import pytest
from hypothesis import given

from servanda.case import load_text
from servanda.case.resolved import ResolvedCase
from servanda.ensemble import Ensemble
from servanda.ensemble.filter import Filtered, filtered
from servanda.ensemble.frame import Frame
from servanda.ensemble.observations import fits, stacked
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.kernels.lanes import LANES
from tests.ensemble.border import border
from tests.ensemble.histories import Levels, Told, Tree
from tests.ensemble.rows import Rows, parameters
from tests.sketches import Sketch, sketches
from tests.strategies import few as examples

# likelihoods and answers in single precision, after two periods of some ten stages each
CLOSE = 2e-5
DRAWS = (0, 7, 15)


def crisis(levels: Levels) -> bool:
    return levels["tension"] == "crisis"


def arms(level: str) -> Callable[[Levels], bool]:
    return lambda levels: levels["arms"] == level


def burden(low: float, high: float, scale: float) -> Callable[[Levels], bool]:
    return lambda levels: low <= scale * int(levels["arms"][1]) + crisis(levels) <= high


# evidence, and what it says by hand: the period at whose start, or during which, it speaks
Pieces = Mapping[str, Callable[[Mapping[str, float]], Told]]
PIECES: Pieces = {
    "date: 2022-01-01, variable: arms, level: l1, reliability: 0.7": lambda _: Told(0, 0.7, arms("l1")),
    "date: 2022-01-01, indicator: burden, value: [1.5, 2.5], reliability: 0.8": lambda d: Told(
        0, 0.8, burden(1.5, 2.5, d["scale"])
    ),
    "date: 2022-04-10, variable: tension, level: crisis, reliability: 0.75": lambda _: Told(1, 0.75, crisis),
    "date: 2022-05-01, decision: arming, option: reduce, reliability: 0.9": lambda _: Told(
        0, 0.9, None, "arming", "reduce"
    ),
    "date: 2022-06-30, decision: patrolling, option: push, reliability: 0.85": lambda _: Told(
        0, 0.85, None, "patrolling", "push"
    ),
    "date: 2022-06-30, variable: arms, level: l2, reliability: 0.95": lambda _: Told(1, 0.95, arms("l2")),
    "date: 2022-07-01, indicator: burden, value: [2, 4], reliability: 0.9": lambda d: Told(
        1, 0.9, burden(2.0, 4.0, d["scale"])
    ),
    "date: 2022-07-01, decision: arming, option: build, reliability: 0.8": lambda _: Told(
        1, 0.8, None, "arming", "build"
    ),
    "date: 2022-12-31, decision: arming, option: wait, reliability: 0.7": lambda _: Told(
        1, 0.7, None, "arming", "wait"
    ),
    "date: 2022-11-01, indicator: late burden, value: 0, reliability: 0.99": lambda _: Told(2, 0.99, lambda _: True),
    "date: 2023-02-10, variable: tension, level: calm, reliability: 0.8": lambda _: Told(
        2, 0.8, lambda levels: not crisis(levels)
    ),
}
MEDIATED: Pieces = {
    "date: 2022-03-01, decision: mediating, option: mediate, reliability: 0.9": lambda _: Told(
        0, 0.9, None, "mediating", "mediate"
    ),
    "date: 2022-08-01, decision: mediating, option: watch, reliability: 0.9": lambda _: Told(
        1, 0.9, None, "mediating", "watch"
    ),
    "date: 2022-08-01, decision: patrolling, option: stay, reliability: 0.8": lambda _: Told(
        1, 0.8, None, "patrolling", "stay"
    ),
    "date: 2022-07-02, variable: arms, level: l1, reliability: 0.7": lambda _: Told(2, 0.7, arms("l1")),
}


def compared(case: ResolvedCase, pieces: Pieces) -> None:
    """Rows of the ensemble beside those of all histories."""
    study = Ensemble.of(case)
    rows, frame = study.solve(0, LANES), study.frame
    assert frame.informed == 2
    assert frame.overtaken == ()
    assert [s.evidence.date for s in frame.seen] == sorted(date.fromisoformat(e[6:16]) for e in pieces)
    found, trees = exactly(frame, rows)
    place = [[e.citation and e.where for e in case.evidence].index(s.evidence.where) for s in frame.seen]
    for draw, tree in trees.items():
        values = parameters(rows, draw)
        reports = [list(pieces.values())[k](values) for k in place]
        likelihood, share = tree.filtered(reports, frame.informed)
        np.testing.assert_allclose(rows["likelihood"][draw], np.log(likelihood[0]), atol=CLOSE)
        np.testing.assert_allclose(rows["likelihood.without"][draw], np.log(likelihood[2:]), atol=CLOSE)
        np.testing.assert_allclose(found.likelihood[:, draw], np.log(likelihood), atol=CLOSE)
        expected = np.zeros_like(found.mass[:, :, draw])
        for state, shares in share.items():
            expected[state] = shares
        np.testing.assert_allclose(found.mass[:, :, draw], expected, atol=CLOSE)
        for variant in range(2 + len(reports)):
            prefix = ("", "before.", "without.")[min(variant, 2)]
            mass = {s: float(m[variant]) for s, m in share.items()}
            for name, answer in answers(tree, mass, frame.informed).items():
                told = rows[f"{prefix}question.{name}"][draw]
                told = told[variant - 2] if variant > 1 else told
                assert told == pytest.approx(answer, abs=CLOSE), (name, variant)


def exactly(frame: Frame, rows: Rows) -> tuple[Filtered, dict[int, Tree]]:
    """The filter under odds of a solve in double precision (of some draws; of draw 0 in the other lanes)."""
    trees = {draw: Tree.of(frame.compiled, parameters(rows, draw)) for draw in DRAWS}
    of_lane = [trees.get(lane, trees[0]) for lane in range(LANES)]
    values = [parameters(rows, lane if lane in trees else 0) for lane in range(LANES)]
    period = SixteenPeriod(frame.compiled.game, frame.compiled.numbers(values))
    odds = [np.stack([t.odds(k) for t in of_lane], axis=1).astype(np.float32) for k in range(frame.informed)]
    found = filtered(
        frame.compiled, period, odds, frame.seen, frame.informed, stacked(frame.compiled, values)
    )  # fmt: skip
    return found, trees


def answers(tree: Tree, mass: Mapping[int, float], informed: int) -> dict[str, float]:
    """Some questions of the border case by hand."""
    then = tree.at(lambda levels, _: crisis(levels), mass, informed)
    armed = tree.by(lambda levels, _: crisis(levels) and levels["arms"] == "l2", mass, informed)
    late = tree.by(lambda levels, day: day > 2023.416 and levels["arms"] == "l2", mass, informed)
    early = tree.by(lambda levels, day: day < 2023.416 and levels["arms"] == "l2", mass, informed)
    disarmed = tree.by(lambda levels, _: crisis(levels) and levels["arms"] == "l0", mass, informed)

    def between(series: list[float], day: date) -> float:
        days = [date(2023, 1, 1), date(2023, 7, 1), date(2024, 1, 1)]
        return float(np.interp(day.toordinal(), [d.toordinal() for d in days], series))

    return {
        "crisis then": between(then, date(2023, 8, 20)),
        "crisis first": between(then, date(2023, 2, 10)),
        "crisis on a start": then[1],
        "crisis last": between(then, date(2023, 12, 31)),
        "arms by": between(armed, date(2023, 9, 10)),
        "arms by start": disarmed[1],
        "arms by last": between(disarmed, date(2023, 12, 31)),
        "late arms": between(late, date(2023, 9, 10)),
        "early arms": between(early, date(2023, 9, 10)),
        "late crisis": between([0.0, then[1], then[2]], date(2023, 5, 5)),
    }


@pytest.mark.parametrize("order", ["", "fixed"])
def test_evidence_of_every_kind(order: str) -> None:
    compared(border(*PIECES, order=order), PIECES)


def test_evidence_under_three_drawn_blocks() -> None:
    pieces = {**PIECES, **MEDIATED}
    compared(border(*pieces, west=True), pieces)


def negotiated(sketch: Sketch, *evidence: str, as_of: str = "2023-01-01") -> ResolvedCase:
    """A sketch with a date of information, evidence, and a parameter that is uncertain."""
    text = sketch.text.split("questions:\n")[0]
    for old, new in (
        ("period: half-year\n", f"period: half-year\nas_of: {as_of}\nlearn_from: 2022-01-01\n"),
        (f"gain: {{value: {sketch.gain},", "gain: {value: 5 to 30,"),
        (f"detection: {{value: {sketch.detection},", "detection: {value: 0.2 to 0.9,"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    text += "questions:\n  live by: {text: A deal?, holds: deal is live, by: 2023-10-15}\n"
    text += "  live at: {text: A deal?, holds: deal is live, at: 2023-10-15}\n"
    text += "modelling: {terminal: settled, source: judgement}\n"
    text += "evidence:\n" + "".join(f"  - {{{e}, source: judgement}}\n" for e in evidence)
    return load_text(text, "sketch.yaml").require()


def stage(*names: str, draft: str = "") -> Callable[[Levels], bool]:
    return lambda levels: levels["deal"] in names and (not draft or levels["draft"] == draft)


NEGOTIATIONS: list[tuple[Sketch, dict[str, Told]]] = [
    (
        Sketch(levels=2, office=False, drafts=1, ratifiers=1),
        {
            "date: 2022-02-01, decision: sanctioning, option: ease, reliability: 0.8": Told(
                0, 0.8, None, "sanctioning", "ease"
            ),
            "date: 2022-06-10, deal: ratifying, draft: draft0, reliability: 0.7": Told(1, 0.7, stage("ratifying")),
            "date: 2022-12-01, deal: in_force, draft: draft0, reliability: 0.9": Told(
                2, 0.9, stage("in_force", "expiring")
            ),
        },
    ),
    (
        # an office changes hands, breaches are hidden, two drafts with two phases each
        Sketch(levels=2, drafts=2, phases=2, hidden=True, leads_to="suspension", shock="suspended"),
        {
            "date: 2022-07-01, deal: talks, reliability: 0.8": Told(1, 0.8, stage("talks", "tabled")),
            "date: 2022-08-01, decision: arming, option: build, reliability: 0.7": Told(
                1, 0.7, None, "arming", "build"
            ),
            "date: 2023-01-01, deal: phase, draft: draft1, phase: p0, reliability: 0.9": Told(
                2, 0.9, stage("phase", draft="draft1")
            ),
            "date: 2023-01-01, variable: presidency, level: dove, reliability: 0.75": Told(
                2, 0.75, lambda levels: levels["presidency"] == "dove"
            ),
        },
    ),
]


@pytest.mark.parametrize(("sketch", "pieces"), NEGOTIATIONS)
def test_evidence_of_a_negotiation(sketch: Sketch, pieces: dict[str, Told]) -> None:
    study = Ensemble.of(negotiated(sketch, *pieces))
    rows, frame = study.solve(0, LANES), study.frame
    reports = list(pieces.values())
    assert len(frame.seen) == len(reports)
    for draw in (0, 11):
        tree = Tree.of(frame.compiled, parameters(rows, draw))
        likelihood, share = tree.filtered(reports, frame.informed)
        np.testing.assert_allclose(rows["likelihood"][draw], np.log(likelihood[0]), atol=CLOSE)
        np.testing.assert_allclose(rows["likelihood.without"][draw], np.log(likelihood[2:]), atol=CLOSE)
        for variant, prefix in enumerate(("", "before.")):
            mass = {s: float(m[variant]) for s, m in share.items()}
            by = tree.by(lambda levels, _: levels["deal"] in ("phase", "in_force"), mass, 2)
            at = tree.at(lambda levels, _: levels["deal"] in ("phase", "in_force"), mass, 2)
            part = 106 / 184
            assert rows[f"{prefix}question.live by"][draw] == pytest.approx(
                (1.0 - part) * by[1] + part * by[2], abs=CLOSE
            )
            assert rows[f"{prefix}question.live at"][draw] == pytest.approx(
                (1.0 - part) * at[1] + part * at[2], abs=CLOSE
            )


@given(sketches())
@examples(6)
def test_evidence_in_any_negotiation(sketch: Sketch) -> None:
    pieces = {
        "date: 2022-03-01, decision: arming, option: build, reliability: 0.7": Told(0, 0.7, None, "arming", "build"),
        "date: 2022-06-01, deal: none, reliability: 0.8": Told(1, 0.8, stage("none")),
        "date: 2022-07-01, variable: arms, level: l1, reliability: 0.9": Told(
            1, 0.9, lambda levels: levels["arms"] == "l1"
        ),
    }
    study = Ensemble.of(negotiated(sketch, *pieces, as_of="2022-07-01"), paths=False)
    rows, frame = study.solve(0, LANES), study.frame
    assert (frame.informed, len(frame.seen)) == (1, 3)
    tree = Tree.of(frame.compiled, parameters(rows, 5))
    likelihood, share = tree.filtered(list(pieces.values()), 1)
    np.testing.assert_allclose(rows["likelihood"][5], np.log(likelihood[0]), atol=CLOSE)
    np.testing.assert_allclose(rows["likelihood.without"][5], np.log(likelihood[2:]), atol=CLOSE)
    mass = {s: float(m[0]) for s, m in share.items()}
    at = tree.at(lambda levels, _: levels["deal"] in ("phase", "in_force"), mass, 1)
    part = 106 / 184
    assert rows["question.live at"][5] == pytest.approx((1.0 - part) * at[2] + part * at[3], abs=CLOSE)


def test_what_cannot_be_is_told_and_not_answered() -> None:
    """Arms cannot have fallen to nothing and then risen by two levels at once."""
    impossible = (
        "date: 2022-07-01, variable: arms, level: l0, reliability: 1",
        "date: 2023-01-01, variable: arms, level: l2, reliability: 1",
    )
    rows = Ensemble.of(border(*impossible)).solve(0, LANES)
    assert set(rows["failure"].tolist()) == {""}
    assert np.isneginf(rows["likelihood"]).all()
    assert np.isfinite(rows["likelihood.without"]).all()
    assert np.isnan(rows["question.crisis then"]).all()
    assert np.isnan(rows["outcome.ever_war"]).all()
    for name, column in rows.items():
        if name.startswith(("path.", "event.", "indicator.", "spread.")):
            assert np.isnan(column).all(), name
        if name.startswith(("before.", "without.")):
            assert np.isfinite(column).all(), name


def test_evidence_that_some_draws_cannot_bring_about() -> None:
    """The burden tells of the scale: draws that cannot have it are out, and disturb none beside them."""
    rows = Ensemble.of(
        border("date: 2022-07-01, indicator: burden, value: [3.9, 4.4], reliability: 1")
    ).solve(0, 2 * LANES)  # fmt: skip
    scale = rows["parameter.scale"]
    reach = np.array([[arms * s + more for arms in range(3) for more in (0, 1)] for s in scale])
    possible = ((reach >= 3.9) & (reach <= 4.4)).any(axis=1)
    assert 0 < possible.sum() < len(possible)
    np.testing.assert_array_equal(np.isfinite(rows["likelihood"]), possible)
    np.testing.assert_array_equal(np.isfinite(rows["question.arms by"]), possible)
    np.testing.assert_array_equal(np.isfinite(rows["path.war"]).all(axis=1), possible)


def test_an_option_that_nobody_had() -> None:
    """In a calm nobody mediates: the report is wrong wherever there is no crisis, and impossible if it is sure."""
    calm = "date: 2022-03-01, variable: tension, level: crisis, reliability: 1"
    seen = "date: 2022-03-01, decision: mediating, option: mediate, reliability: {}"
    quiet = (
        ("incident: {rate: rate, effects:", "incident: {dates: [2023-08-01], effects:"),
        ("{odds: 0.6, effects: {tension: crisis}}", "{odds: 0, effects: {tension: crisis}}"),
    )
    for told, expected in ((calm, -np.inf), (seen.format(1), -np.inf), (seen.format(0.875), np.log(0.125))):
        rows = Ensemble.of(border(told, west=True, more=quiet)).solve(0, LANES)
        np.testing.assert_allclose(rows["likelihood"], expected, rtol=1e-6)


def test_later_options_are_not_weighed() -> None:
    """The period of the date of information has not been played."""
    later = "date: 2023-01-01, decision: arming, option: build, reliability: 0.9"
    study = Ensemble.of(border(later))
    assert study.frame.seen == ()
    assert [e.what for e in study.frame.overtaken] == ["build"]
    rows = study.solve(0, LANES)
    np.testing.assert_allclose(rows["likelihood"], 0.0, atol=2e-6)
    assert "likelihood.without" not in rows


def test_of_several_reports_of_one_thing_the_last_counts() -> None:
    """Where they are held against the same day; of one date the one that stands later in the file."""
    told = "date: {}, {}, reliability: 0.8"
    first = told.format("2022-07-02", "variable: tension, level: crisis")
    second = told.format("2022-12-31", "variable: tension, level: calm")
    third = told.format("2022-12-31", "variable: tension, level: crisis")
    other = told.format("2022-08-01", "variable: arms, level: l2")
    study, alone = Ensemble.of(border(first, other, second, third)), Ensemble.of(border(other, third))
    assert [(e.name, e.what) for e in study.frame.overtaken] == [("tension", "crisis"), ("tension", "calm")]
    rows, expected = study.solve(0, LANES), alone.solve(0, LANES)
    for name, column in expected.items():
        if column.dtype.kind == "f" and not name.startswith(("without.", "likelihood.without")):
            np.testing.assert_allclose(rows[name], column, atol=CLOSE, err_msg=name)


def test_pieces_need_not_be_left_out() -> None:
    case = border(*PIECES)
    whole, lean = Ensemble.of(case), Ensemble.of(case, leave_out=False, paths=False)
    assert whole.digest != lean.digest
    some, few = whole.solve(0, LANES), lean.solve(0, LANES)
    more = ("likelihood.without", "without.", "spread.")
    more += tuple(f"{when}{what}." for when in ("", "before.") for what in ("path", "event", "indicator"))
    kept = {n for n in some if not n.startswith(more)}
    assert few.keys() == kept
    for name in few:
        np.testing.assert_array_equal(few[name], some[name], err_msg=name)


@pytest.mark.parametrize(
    ("told", "stages", "draft"),
    [
        ("deal: none", {"none"}, ""),
        ("deal: talks", {"talks", "tabled"}, ""),
        ("deal: ended", {"ended"}, ""),
        ("deal: ratifying, draft: draft1", {"ratifying"}, "draft1"),
        ("deal: phase, draft: draft0, phase: p0", {"phase"}, "draft0"),
        ("deal: in_force, draft: draft1", {"in_force", "expiring"}, "draft1"),
        ("deal: suspended, draft: draft0", {"suspended"}, "draft0"),
    ],
)
def test_what_a_report_of_the_deal_means(told: str, stages: set[str], draft: str) -> None:
    """A text on the table is talks, a deal waiting for its renewal is in force; every position is reached."""
    sketch = Sketch(
        drafts=2, phases=2, ratifiers=1, leads_to="suspension", sunset="{mean: 18 months}", renewal=True, levels=2
    )  # fmt: skip
    frame = Ensemble.of(negotiated(sketch, f"date: 2022-07-01, {told}, reliability: 0.75")).frame
    compiled = frame.compiled
    rows = np.arange(compiled.game.states)
    odds = fits(compiled, frame.seen[0], rows, stacked(compiled, [{}]))[:, 0]
    tree = Tree.of(compiled, {})
    levels = [tree.levels(s) for s in rows]
    assert stages <= {x["deal"] for x in levels}
    expected = [x["deal"] in stages and (not draft or x["draft"] == draft) for x in levels]
    np.testing.assert_allclose(odds, np.where(expected, 0.75, 0.25), rtol=1e-12)
