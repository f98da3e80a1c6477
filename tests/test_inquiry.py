"""The whole diagnosis of small cases: every part, what is left out, what is kept, and the claims it is tested by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from servanda.analysis import Settings, run
from servanda.case import load_text
from servanda.diagnosis.trials import Trials
from servanda.errors import CaseError
from servanda.inquiry import CLAIM_DRAWS, EVERYTHING, PARTS, QUICK, explain_frictions, likeliest, sign_window
from servanda.runs import Run
from tests.sketches import Sketch

FRICTIONS = (
    ("frictions", "  hardship: {title: Hardship, off: {pain: 60}}"),
    ("frictions", "  dread: {title: Dread, off: {gain: 0}}"),
)
LEVERS = (
    ("levers", "  depth: {title: Depth of access, sets: detection, choices: {low: 0.2, high: 0.9}, access: [0, 1]}"),
)


def claims(*lines: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        ("claims", f"  claim{i}: {{text: Claim {i}., {line}, source: judgement}}") for i, line in enumerate(lines)
    )


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def deep(sketch: Sketch, parts: tuple[str, ...] = tuple(EVERYTHING), **settings: object) -> Run:
    return run(sketch.case, Settings(diagnosis=parts, **settings))  # type: ignore[arg-type]


def test_every_part_is_there_and_agrees_with_the_verdict() -> None:
    sketch = Sketch(hidden=True, also=(*FRICTIONS, *LEVERS, *claims("finds: {friction: dread, at_least: 0}")))
    found = deep(sketch, tuple(EVERYTHING - {"trust"}))
    whole, verdict = found.diagnosis, found.drafts[0]
    assert whole.lattice is not None
    assert whole.lattice.none_off == pytest.approx(verdict.holds, abs=1e-4)
    assert sum(s.shapley for s in whole.lattice.shares) == pytest.approx(
        whole.lattice.all_off - whole.lattice.none_off, abs=1e-9
    )
    assert whole.flips is not None
    assert whole.flips.probability == pytest.approx(verdict.holds, abs=1e-4)
    assert [g.side for g in whole.cooperation[0].gains] == ["north", "south"]
    assert whole.designs is not None
    assert {d.overrides for d in whole.designs.designs} >= {(("detection", 0.2),), (("detection", 0.9),)}
    assert whole.windows is not None
    assert len(whole.access) == 1
    assert whole.mirage is None  # the sketch states no positions
    assert [c.claim for c in whole.claims] == ["claim0"]


def test_a_plain_run_leaves_out_what_takes_long_and_nothing_else() -> None:
    quick = run(Sketch(also=(*FRICTIONS, *LEVERS)).case, Settings()).diagnosis
    assert QUICK < EVERYTHING == frozenset(PARTS)
    assert (quick.lattice, quick.flips, quick.trust, quick.designs, quick.access) == (None, None, None, None, ())
    assert quick.cooperation
    assert quick.windows is not None


def test_a_case_without_drafts_frictions_levers_or_claims_has_an_empty_diagnosis() -> None:
    text = Sketch(drafts=0).text
    found = run(load_text(text, "x.yaml").require(), Settings(diagnosis=EVERYTHING)).diagnosis
    assert found == type(found)()


def test_overrides_reach_every_part() -> None:
    sketch = Sketch(also=FRICTIONS)
    moved = deep(sketch, ("frictions", "flips"), overrides={"pain": 0.0})
    assert moved.diagnosis.lattice is not None
    assert moved.diagnosis.lattice.none_off == pytest.approx(moved.drafts[0].holds, abs=1e-4)
    assert moved.diagnosis.flips is not None
    assert all(f.name != "pain" for f in moved.diagnosis.flips.flips + moved.diagnosis.flips.movers)


def test_what_was_solved_is_kept_and_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Sketch(also=FRICTIONS).case
    first, _ = explain_frictions(case)

    def never(*_: object) -> None:
        raise AssertionError("solved again")

    with monkeypatch.context() as patched:
        patched.setattr(Trials, "solve_four", never)
        second, _ = explain_frictions(case)
        with pytest.raises(AssertionError, match="solved again"):
            explain_frictions(case, fresh=True)
    assert (second.values, second.shares, second.repairs) == (first.values, first.shares, first.repairs)


def test_the_likeliest_draft_comes_first() -> None:
    found = likeliest(Sketch(drafts=2).case, 2, {}, None)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert sign_window(Sketch(years=6).case) == 8
    assert sign_window(Sketch(years=2).case) == 4


@pytest.mark.parametrize(
    ("sketch", "asked", "code"),
    [
        (Sketch(), {}, "no-frictions"),
        (Sketch(also=FRICTIONS), {"draft": "draft9"}, "unknown-draft"),
        (Sketch(also=FRICTIONS), {"outcome": "bliss"}, "unknown-outcome"),
    ],
)
def test_what_cannot_be_explained_is_an_error_with_a_code(sketch: Sketch, asked: dict[str, str], code: str) -> None:
    with pytest.raises(CaseError) as caught:
        explain_frictions(sketch.case, asked.pop("draft", None), **asked)  # type: ignore[arg-type]
    assert [i.code for i in caught.value.issues] == [code]


def test_claims_agree_partly_or_not_at_all_and_say_how_robust_that_is() -> None:
    firm = Sketch(office=False, also=FRICTIONS)
    base = run(firm.case, Settings(diagnosis=())).drafts[0]
    sign = base.gates[0].probability
    sketch = replace(
        firm,
        also=(
            *FRICTIONS,
            *claims(
                f"finds: {{gate: {{draft: draft0, gate: sign}}, at_least: {sign - 0.01:.6f}}}",
                f"finds: {{gate: {{draft: draft0, gate: sign}}, at_least: {sign + 0.01:.6f}}}",
                "finds: [{friction: dread, at_least: -1}, {friction: dread, at_most: -1}]",
                "finds: {smallest_repair: yes, at_least: 0}",
                "finds: {gain: north, at_least: -1000}",
                "finds: {ever: war, at_most: 1}",
                "finds: {friction: dread, rank: 1}",
            ),
        ),
    )
    found = deep(sketch, ("frictions", "cooperation", "claims"))
    by_name = {c.claim: c for c in found.diagnosis.claims}
    assert [by_name[f"claim{i}"].agrees for i in range(6)] == ["yes", "no", "partly", "yes", "yes", "yes"]
    assert found.diagnosis.lattice is not None
    shares = {s.friction: s.shapley for s in found.diagnosis.lattice.shares}
    first = shares["dread"] > max(shares.values()) - 5e-5  # what no shown digit tells apart is a tie
    assert by_name["claim6"].agrees == ("yes" if first else "no")
    assert "place" in by_name["claim6"].found
    assert f"{100 * sign:.1f} %" in by_name["claim0"].found
    assert by_name["claim5"].robust == 1.0
    assert "continuations" in by_name["claim5"].examined


def test_the_draws_behind_a_claim_are_those_of_the_gate_itself() -> None:
    """A bound in the middle of the draws of a gate: the share of draws on the same side is counted by hand."""
    from servanda.uncertainty.draws import parameter_draws

    spread = (("parameters", "  doubt: {value: 0.2 to 5, central: 1, source: judgement}"),)
    text = Sketch(also=spread).text.replace("per: arms, source: judgement", "per: arms * doubt, source: judgement", 1)
    case = load_text(text, "x.yaml").require()
    drawn = parameter_draws(case, CLAIM_DRAWS)
    keeps = Trials.of(case, "draft0", sign_window(case)).run(drawn).keep
    bound = float(np.median(keeps)) + 1e-6
    finds = f"{{gate: {{draft: draft0, gate: keep}}, at_least: {bound:.9f}}}"
    claimed = f"{text}claims:\n  c: {{text: A claim., finds: {finds}, source: judgement}}\n"
    (finding,) = run(load_text(claimed, "x.yaml").require(), Settings(diagnosis=("claims",))).diagnosis.claims
    came_out = finding.agrees == "yes"
    assert finding.robust == pytest.approx(np.mean((keeps >= bound) == came_out))
    assert finding.examined == f"{CLAIM_DRAWS} parameter draws"
