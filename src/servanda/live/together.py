"""Every draft on the table in a wound-up game: outcomes by date and dated questions from one pass of sixteen masses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.resolved import Question
from servanda.compile import Compiled
from servanda.compile.evaluation import is_dated
from servanda.equilibrium import Settings
from servanda.equilibrium.reel import Reel, Watch
from servanda.forecast.projections import Answer, Forecast, OutcomePath
from servanda.forecast.propagation import interpolate, outcome_conditions
from servanda.forecast.vocabulary import words
from servanda.kernels.calendar import MARKED
from servanda.kernels.lanes import LANES

Floats = NDArray[np.float64]


class Together:
    """Play with every draft on the table, wound up."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.reel = Reel(compiled.game)
        case = compiled.case
        self._deal, self._war = outcome_conditions(case)
        self._by: list[Question] = [q for q in case.answerable if q.timing == "by"]

    @cached_property
    def _watches(self) -> tuple[tuple[list[int], Watch], ...]:
        """The events of each pass by number (0 deal, 1 war, then the questions "by"), fifteen at a time."""
        nodes = [self._deal, self._war, *(q.holds.node for q in self._by)]
        numbers = list(range(len(nodes)))
        size = LANES - 1
        groups = [numbers[i : i + size] for i in range(0, len(nodes), size)]
        return tuple((group, self._watch([nodes[i] for i in group])) for group in groups)

    def _watch(self, nodes: Sequence[syntax.Node]) -> Watch:
        compiled, game = self.compiled, self.compiled.game
        informed = sum(d <= compiled.case.as_of for d in compiled.dates[: self.reel.periods]) - 1
        event_of = np.full((self.reel.periods, 1 + len(nodes)), -1, dtype=np.int32)
        states, causes = [], []
        for lane, node in enumerate(nodes, start=1):
            for t in range(max(0, informed), self.reel.periods):
                if t == max(0, informed) or is_dated(node, compiled.case.drafts):
                    inside = compiled.truth(node, t) != 0.0
                    states.append(np.flatnonzero(inside).astype(np.int32))
                    causes.append(
                        [bool((inside[s.outcome_state] & ~inside[s.source_of_outcome]).any()) for s in game.stages]
                    )
                event_of[t, lane] = len(states) - 1
        outcomes = sum(len(s.outcome_state) for s in game.stages)
        cause = np.array(causes, dtype=np.uint8).reshape(len(states), len(game.stages))
        return Watch(
            np.zeros((outcomes, MARKED), dtype=np.int8), np.zeros(MARKED, dtype=np.bool_), 1, event_of, tuple(states),
            cause,
        )  # fmt: skip

    @cached_property
    def _truths(self) -> Floats:
        """What is read at every start, truth[thing, period, state]: deal, war, each draft's deal, questions "at"."""
        compiled = self.compiled
        rows = []
        deal = self._everywhere(self._deal)
        rows.append(deal)
        rows.append(self._everywhere(self._war))
        rows += [deal * (compiled.draft == i) for i in range(len(compiled.case.drafts))]
        rows += [self._everywhere(q.holds.node) for q in compiled.case.answerable if q.timing != "by"]
        return np.stack(rows)

    def _everywhere(self, node: syntax.Node) -> NDArray[np.float32]:
        compiled, periods = self.compiled, self.reel.periods + 1
        if not is_dated(node, compiled.case.drafts):
            return np.broadcast_to(compiled.truth(node, 0).astype(np.float32), (periods, compiled.game.states))
        return np.stack([compiled.truth(node, t).astype(np.float32) for t in range(periods)])

    def answer(self, values: Mapping[str, float], how: Settings) -> tuple[Forecast, bool]:
        """Outcomes and answers under these values, and whether play beyond the horizon settled."""
        compiled, case = self.compiled, self.compiled.case
        settled = self.reel.play(compiled.numbers([values]), how).settled
        caught = np.zeros((self.reel.periods + 1, 2 + len(self._by)))
        starts = np.zeros((0, compiled.game.states), dtype=np.float32)
        for number, (group, watch) in enumerate(self._watches):
            mass = np.repeat(compiled.game.start[:, None].astype(np.float32), 1 + len(group), axis=1)
            pushed = self.reel.push(mass, watch, keep=number == 0)
            caught[:, group] = np.cumsum(pushed.caught[:, 1 : 1 + len(group)], axis=0)
            if number == 0:
                starts = pushed.starts
        read = np.einsum("ts,kts->kt", starts, self._truths, dtype=np.float64)
        drafts = len(case.drafts)
        deal, war, shares, asked = read[0], read[1], read[2 : 2 + drafts], read[2 + drafts :]
        path = OutcomePath(
            compiled.dates[: len(deal)],
            tuple(np.maximum(0.0, 1.0 - deal - war).tolist()),
            tuple(deal.tolist()),
            tuple(war.tolist()),
            tuple((d.name, tuple(share.tolist())) for d, share in zip(case.drafts, shares, strict=True)),
            tuple(caught[:, 0].tolist()),
            tuple(caught[:, 1].tolist()),
        )
        at, by = iter(asked), iter(caught[:, 2:].T)
        answers = []
        for q in case.answerable:
            p = min(1.0, max(0.0, interpolate(compiled, next(by) if q.timing == "by" else next(at), q.date)))
            answers.append(Answer(q.name, q.text, q.timing, q.date, p, p, p, words(p), q.outcome))
        return Forecast(path, tuple(answers), (), (), ()), settled
