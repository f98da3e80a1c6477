"""One draft alone on the table, judged in a wound-up game: three masses pushed in one pass give its three gates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from servanda.compile import Compiled
from servanda.diagnosis.findings import Gate, GateKind
from servanda.diagnosis.gates import SIGNED, needs_approval, sign_window
from servanda.diagnosis.trials import MarkedFlow, Trials
from servanda.equilibrium import Settings
from servanda.equilibrium.reel import Reel, Singles, Watch
from servanda.game import Numbers
from servanda.kernels.calendar import MARKED
from servanda.live.answers import LiveDraft
from servanda.verdict import draft_sentence

_SIGN, _VOTE, _KEEP = range(3)


class Alone:
    """A draft alone on the table, wound up."""

    def __init__(self, compiled: Compiled, draft: int) -> None:
        self.compiled = compiled
        self.draft = draft
        self.reel = Reel(compiled.game)
        self._latest: tuple[bytes, LiveDraft] | None = None

    @cached_property
    def _trials(self) -> Trials:
        return Trials(self.compiled, self.draft, sign_window(self.compiled.case))

    @cached_property
    def _watch(self) -> Watch:
        trials = self._trials
        flows: list[MarkedFlow] = [trials.signing, trials.voting, trials.ending]
        mark = np.zeros((sum(len(s.outcome_state) for s in self.compiled.game.stages), MARKED), dtype=np.int8)
        for lane, flow in enumerate(flows):
            mark[:, lane] = np.concatenate([np.zeros(0, np.int32), *flow.mark])
        absorbs = np.array([True, False, True, False])
        nothing = np.full((self.reel.periods, MARKED), -1, dtype=np.int32)
        cause = np.zeros((0, len(self.compiled.game.stages)), dtype=np.uint8)
        return Watch(mark, absorbs, max(f.kinds for f in flows), nothing, (), cause)

    @cached_property
    def _masses(self) -> tuple[Singles, float]:
        """The masses at the start by lane, and the probability that this draft is signed then."""
        game = self.compiled.game
        mass = np.zeros((game.states, MARKED), dtype=np.float32)
        mass[:, _SIGN] = np.where(self._trials.stages(SIGNED, None), 0.0, game.start)
        mass[:, _VOTE] = game.start
        mass[self.compiled.start_with_deal(self.draft), _KEEP] = 1.0
        return mass, float(game.start[self._trials.stages(SIGNED, self.draft)].sum())

    def answer(self, values: Mapping[str, float], how: Settings) -> LiveDraft:
        """The gates of the draft under these values; the last answer again, if nothing it hangs on has moved."""
        numbers = self.compiled.numbers([values])
        key = _digest(numbers)
        if self._latest is not None and self._latest[0] == key:
            return self._latest[1]
        found = self._judged(numbers, how)
        self._latest = key, found
        return found

    def _judged(self, numbers: Numbers, how: Settings) -> LiveDraft:
        compiled, draft = self.compiled, self.compiled.case.drafts[self.draft]
        wound = self.reel.play(numbers, how)
        mass, begun = self._masses
        pushed = self.reel.push(mass, self._watch)
        window = self._trials.window
        sign = min(1.0, begun + float(pushed.taken[:window, _SIGN, 0].sum()))
        approved, rejected = pushed.taken[:, _VOTE, :2].sum(axis=0)
        ratify = float(approved / (approved + rejected)) if approved > 0.0 else 0.0
        if not needs_approval(compiled, self.draft):
            ratify = 1.0
        ended = pushed.taken[:, _KEEP].sum(axis=0)
        curve = pushed.total[:, _KEEP]
        keep = min(1.0, float(curve[-1] + ended[0]))
        titles = ["its own end", "nobody in particular", *(s.title for s in compiled.case.sides)]
        endings = [(title, float(p)) for title, p in zip(titles, ended, strict=True) if p > 0.0]
        gates = (_gate("sign", sign), _gate("ratify", ratify), _gate("keep", keep))
        return LiveDraft(
            draft=draft.name,
            title=draft.title,
            sign=sign,
            ratify=ratify,
            keep=keep,
            mean_life=float((curve[:-1] + curve[1:]).sum() / 2.0 * compiled.game.period_years),
            dates=compiled.dates[: len(curve)],
            survival=tuple(curve.tolist()),
            ended_by=tuple(sorted(endings, key=lambda x: -x[1])),
            sentence=draft_sentence(gates),
            settled=wound.settled,
        )


def _gate(kind: GateKind, probability: float) -> Gate:
    return Gate(kind, probability, None, None, "")


def _digest(numbers: Numbers) -> bytes:
    parts = (numbers.coefficient, numbers.dated_value, numbers.discount, numbers.precision)
    return b"".join(part.tobytes() for part in parts)
