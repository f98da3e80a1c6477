"""Every draft judged alone on the table: the three gates, what ends it, who is tempted, and why.

The game is compiled anew with that draft alone, which reaches a fraction of the states and plays as if the others were
priced off the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from servanda.compile import compile_case
from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.findings import DraftVerdict, GateKind
from servanda.diagnosis.gates import first_live, first_signed, gates_of, running_at_horizon, signing_of, voting_of
from servanda.diagnosis.margins import Point
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.diagnosis.why import explain
from servanda.equilibrium import Settings, solve
from servanda.equilibrium.parallel import side_by_side


def judge_drafts(
    play: Play,
    overrides: Mapping[str, float],
    settings: Settings,
    window: int,
    progress: Callable[[float], None] | None = None,
) -> tuple[tuple[DraftVerdict, Play], ...]:
    """The three gates of every draft alone on the table, with survival, credibility and reasons; and its play.

    The solutions behind the plays come without the shortfalls of each period, which are large.

    Parameters
    ----------
    play : play with every draft on the table
    overrides : parameter values that hold throughout, as in `play`
    window : periods within which a draft must be signed to pass the first gate
    progress : told the share of drafts done
    """
    compiled, case = play.compiled, play.compiled.case
    if not case.drafts:
        return ()
    together, ever, running = first_signed(play), first_live(play), running_at_horizon(play)
    # a millionth of the range of values moves no reported digit; the reasons add up all the same
    solver = replace(settings, block_threads=False, tail_tolerance=max(settings.tail_tolerance, 1e-6))
    done: list[int] = []

    def judged(d: int) -> tuple[DraftVerdict, Play]:
        alone = compile_case(case, menu=[case.drafts[d].name])
        warm = play.solution.terminal[compiled.states_of(alone)]
        one = Play(alone, solve(alone.game, alone.numbers([overrides]), solver, warm=warm))
        found = verdict(d, one), Play(alone, replace(one.solution, advantage=()))
        done.append(d)
        if progress is not None:
            progress(len(done) / len(case.drafts))
        return found

    def verdict(d: int, one: Play) -> DraftVerdict:
        draft = case.drafts[d]
        signing, voting = signing_of(one, d, window), voting_of(one, d)
        life, temptation = survival_of(one, d), temptation_of(one, d)
        gates = gates_of(one, d, signing, voting, life, temptation, window)
        points: list[tuple[GateKind, Point]] = [("sign", p) for p in signing.pair or ()]
        if voting.tightest is not None:
            points.append(("ratify", voting.tightest))
        if temptation.tightest is not None:
            points.append(("keep", temptation.tightest))
        return DraftVerdict(
            draft=draft.name,
            title=draft.title,
            form=draft.form,
            gates=gates,
            survival=life,
            credibility=temptation.gaps,
            why=explain(one, points),
            signed=float(together[d]),
            in_force=float(ever[d]),
            running_at_horizon=float(running[d]),
            alone_signed=float(signing.caught[:, d].sum()),
            alone_running=float(voting.running[d]),
        )

    return tuple(side_by_side(judged, range(len(case.drafts)), settings.stop))
