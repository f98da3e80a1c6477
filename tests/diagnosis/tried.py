"""Headline numbers from the functions that judge one draw, and what it takes to compare trials."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import numpy as np
import pytest

from servanda.diagnosis.gates import running_at_horizon, signing_of, voting_of
from servanda.diagnosis.headlines import Headlines
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.diagnosis.trials import SETTINGS, Trials
from servanda.equilibrium import Settings
from servanda.forecast.propagation import forecast
from servanda.game import Numbers

EXACT = Settings(tail_tolerance=1e-11, tail_steps=1000)
TIGHT = replace(SETTINGS, tail_tolerance=1e-11, tail_steps=1000)


def judged(play: Play, draft: int, window: int) -> Headlines:
    """Gates, survival, forecast and values of one draft, as the headline numbers of one trial."""
    compiled, game, solution = play.compiled, play.compiled.game, play.solution
    signing, voting, life = signing_of(play, draft, window), voting_of(play, draft), survival_of(play, draft)
    approved = voting.approved / voting.decided if voting.decided > 0.0 else 0.0
    form = compiled.case.drafts[draft].form
    ratifiers = next(f.ratifiers for f in compiled.case.protocol.forms if f.name == form)
    side_of = {a.name: a.side for a in compiled.case.actors}
    ended = [
        sum(e.probability for e in life.endings if e.kind != "expiry" and e.actor and side_of[e.actor] == s.name)
        for s in compiled.case.sides
    ]
    found = (
        min(1.0, float(signing.caught[:window, draft].sum())),
        approved if ratifiers else 1.0,
        life.kept,
        float(running_at_horizon(play).sum()),
        forecast(compiled, solution, details=False).outcomes.ever_war[-1],
        life.mean_life_years,
        game.start @ solution.values,
        solution.values[compiled.start_with_deal(draft)],
        np.array(ended),
        True,
    )
    return Headlines(*(np.asarray(x)[..., None] for x in found))


def assert_near(found: Headlines, true: Headlines, tolerance: float, scale: float = 1.0) -> None:
    """Probabilities and years within the tolerance, values within five times that share of `scale`."""
    for f in fields(Headlines):
        if f.name == "settled":
            continue
        # a value carries what the last step of its continuation left undone over all the years that follow
        unit = 5.0 * scale if f.name.startswith("value") else 1.0
        np.testing.assert_allclose(
            getattr(found, f.name), getattr(true, f.name), rtol=0.0, atol=tolerance * unit, err_msg=f.name
        )


def assert_same(found: Headlines, other: Headlines) -> None:
    """Equal to the last bit."""
    for f in fields(Headlines):
        np.testing.assert_array_equal(getattr(found, f.name), getattr(other, f.name), err_msg=f.name)


def said(sentence: str) -> str:
    """A sentence with its percentages written without the space, narrow or not."""
    return re.sub(r"[\s\u00a0\u202f]+%", "%", sentence)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by the number of distinct games whenever four trials are solved."""
    games: list[int] = []
    solve_four = Trials.solve_four

    def counting(self: Trials, numbers: Numbers) -> Headlines:
        found = solve_four(self, numbers)
        games.append(len({row.tobytes() for row in found.rows()}))
        return found

    monkeypatch.setattr(Trials, "solve_four", counting)
    return games
