"""Play of a solved case as a plain Markov chain, in the explicit files of the probabilistic model checker Storm.

Under given odds of all moves a case is a finite Markov chain. A node of it is a state together with the place in the
calendar: the period, and which chance event or decision comes next. So nothing that happens inside a period is hidden,
and "by a date" means the same to a model checker as to our own forecasts. Where nature draws who moves first, a node of
its own tosses. Beyond the calendar the chain runs on in the average period of the stationary continuation for ever.

All ways through a period take equally many steps, so that dates are numbers of steps: period t starts at step
`Chain.starts[t]` (the first step tosses the state at the start).

The formats are Storm's: https://www.stormchecker.org/documentation/background/languages.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from servanda.case import expression as syntax
from servanda.compile import Compiled
from servanda.equilibrium import Period, Slot, Solution
from servanda.errors import ServandaError

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
START, TAIL = "start", "tail"
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class ExportError(ServandaError):
    """The chain cannot be written as asked."""


@dataclass(frozen=True)
class Chain:
    """A Markov chain whose node 0 comes before everything.

    moves[node, node] are probabilities; labels[name][node] and rewards[name][node] what was asked for, and two labels
    of every chain: `start` on the starts of periods, `tail` beyond the calendar. period[node] (the number of periods of
    the calendar in the tail), place[node] (index into `places`) and state[node] say what a node is; -1 at node 0.
    starts[t] is the step at which period t starts, the last one the tail, whose periods take `lap` steps each (0 where
    the chain stands still there).
    """

    moves: sparse.csr_array
    labels: Mapping[str, Truth]
    rewards: Mapping[str, Floats]
    period: NDArray[np.int64]
    place: NDArray[np.int64]
    state: NDArray[np.int64]
    places: tuple[str, ...]
    starts: tuple[int, ...]
    lap: int

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.state)


@dataclass(frozen=True, slots=True)
class Files:
    """What was written: transitions, labels, and state rewards by name."""

    transitions: Path
    labels: Path
    rewards: Mapping[str, Path]


def explicit_chain(
    compiled: Compiled,
    solution: Solution,
    events: Mapping[str, syntax.Node],
    rewards: Mapping[str, syntax.Node] | None = None,
    *,
    draw: int = 0,
    tail: bool = True,
) -> Chain:
    """The Markov chain of one draw of a solved case.

    Parameters
    ----------
    events : name -> condition, labelled from the date of information on (as forecasts catch them)
    rewards : name -> quantity, such as an indicator
    tail : False lets the chain stand still at the end of the calendar, instead of running on in the continuation

    Raises
    ------
    ExportError
        For a name that is no identifier or is taken, or a solution whose continuation is not play.

    >>> from servanda.case import read
    >>> from servanda.compile import compile_case
    >>> from servanda.equilibrium import solve
    >>> compiled = compile_case(read("theory/investment-reversal"))
    >>> solution = solve(compiled.game, compiled.numbers())
    >>> chain = explicit_chain(compiled, solution, {})
    >>> len(chain.starts) == compiled.case.periods + 1, bool(np.allclose(chain.moves.sum(axis=1), 1.0))
    (True, True)
    """
    quantities = dict(rewards or {})
    for name in [*events, *quantities]:
        if not _NAME.fullmatch(name) or name in {START, TAIL, "init", "deadlock"}:
            raise ExportError(f"{name!r} cannot name a label: letters, digits and underscores only, and not our own")
    if tail and solution.tail_advantage is None:
        raise ExportError("this solution has no play beyond its calendar; leave the tail out")
    walk = _Walk(compiled, solution.draw(draw), tail)
    pieces, starts = walk.pieces, walk.starts
    offset = np.cumsum([1, *(len(p.states) for p in pieces)])
    period = np.concatenate([[-1], *(np.full(len(p.states), p.period) for p in pieces)])
    state = np.concatenate([[-1], *(p.states for p in pieces)])
    names = tuple(dict.fromkeys(p.place for p in pieces))
    place = np.concatenate([[-1], *(np.full(len(p.states), names.index(p.place)) for p in pieces)])
    rows, columns, odds = _entries(compiled, pieces, offset)
    moves = sparse.csr_array((odds, (rows, columns)), shape=(len(state), len(state)))
    first = np.zeros(len(state), dtype=bool)
    for k, p in enumerate(pieces):
        first[offset[k] : offset[k + 1]] = p.first
    labels = {START: first, TAIL: period == solution.periods}
    informed = sum(d <= compiled.case.as_of for d in compiled.dates[: solution.periods]) - 1
    labels |= {name: _values(compiled, node, period, state, informed) != 0.0 for name, node in events.items()}
    worths = {name: _values(compiled, node, period, state, 0) for name, node in quantities.items()}
    return Chain(moves, labels, worths, period, place, state, names, starts, walk.lap)


def write(chain: Chain, stem: Path) -> Files:
    """Write `stem.tra`, `stem.lab` and a `stem.NAME.rew` for every reward, replacing what is there.

    In Python, Storm reads them with `stormpy.build_model_from_explicit`.
    """
    made = Files(
        stem.with_name(stem.name + ".tra"),
        stem.with_name(stem.name + ".lab"),
        {name: stem.with_name(f"{stem.name}.{name}.rew") for name in chain.rewards},
    )
    entries = chain.moves.tocoo()
    order = np.lexsort((entries.col, entries.row))
    _lines(
        made.transitions,
        "dtmc\n",
        (
            f"{i} {j} {p!r}\n"
            for i, j, p in zip(*(x[order].tolist() for x in (entries.row, entries.col, entries.data)), strict=True)
        ),
    )
    names = list(chain.labels)
    marks = np.column_stack([chain.labels[n] for n in names])
    marked = np.flatnonzero(marks.any(axis=1)).tolist()
    _lines(
        made.labels,
        f"#DECLARATION\ninit {' '.join(names)}\n#END\n0 init\n",
        (" ".join([str(i), *(n for n, m in zip(names, marks[i], strict=True) if m)]) + "\n" for i in marked),
    )
    for name, values in chain.rewards.items():
        earned = np.flatnonzero(values).tolist()
        _lines(made.rewards[name], "", (f"{i} {float(values[i])!r}\n" for i in earned))
    return made


def _lines(path: Path, opening: str, lines: Iterator[str]) -> None:
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(opening)
        file.writelines(lines)


@dataclass
class _Piece:
    """All nodes at one place of one period: `ways` lead on, each with a share, a matrix over states and a piece."""

    period: int
    place: str
    first: bool
    ways: list[tuple[float, sparse.csr_array | None, int]] = field(default_factory=list)
    reached: Truth = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def states(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.reached)


class _Walk:
    """Places of all periods in the order in which time passes them, and the states in which each can be reached."""

    def __init__(self, compiled: Compiled, solution: Solution, tail: bool) -> None:
        self._period = Period(compiled.game, solution.numbers)
        self._states = compiled.game.states
        self.pieces: list[_Piece] = []
        starts = [1]
        for t, advantage in enumerate(solution.advantage):
            starts.append(starts[-1] + self._lay(t, t, advantage, cycle=False))
        end, self.lap = len(self.pieces), 0
        if tail and solution.tail_advantage is not None:
            self.lap = self._lay(solution.periods, -1, solution.tail_advantage, cycle=True)
        else:
            self.pieces.append(_Piece(solution.periods, "the end", True, [(1.0, None, end)]))
        self.starts = tuple(starts)
        self._reach(compiled.game.start > 0.0)

    def _lay(self, period: int, calendar: int, advantage: Floats, *, cycle: bool) -> int:
        """Add the places of a period (`calendar` -1: an average one) and return the steps that it takes."""
        game, base = self._period.game, len(self.pieces)
        odds = self._period.odds(np.ascontiguousarray(advantage[:, :1]))
        table = self._period.table(calendar)[:, 0]
        acting = [s for s in self._period.slots if self._period.weight(s, calendar) and game.stages[s.stage].rows]
        by: dict[tuple[int, int], list[Slot]] = {}
        for slot in acting:
            by.setdefault((slot.remaining, slot.block), []).append(slot)
        full = (1 << len(game.schedule.blocks)) - 1

        def chain(slots: list[Slot], then: str) -> None:
            for k, slot in enumerate(slots):
                after = _key(slots[k + 1]) if k + 1 < len(slots) else then
                moved = _matrix(game.states, self._period, slot, table, odds, self._period.weight(slot, calendar))
                plan[_key(slot)] = (game.stages[slot.stage].name, [(1.0, moved, after)])

        def begin(slots: list[Slot], otherwise: str) -> str:
            return _key(slots[0]) if slots else otherwise

        plan: dict[str, tuple[str, list[tuple[float, sparse.csr_array | None, str]]]] = {}
        opening, closing = by.get((0, -1), []), by.get((0, -2), [])
        last = begin(closing, "next")

        def enter(remaining: int) -> str:
            """Where the drawn blocks still to move begin: with a toss, if there is a choice."""
            if remaining.bit_count() > 1:
                return f"toss {remaining}"
            return begin(by.get((remaining, remaining.bit_length() - 1), []), last) if remaining else last

        chain(opening, enter(full))
        for remaining in sorted(range(1, full + 1), key=int.bit_count, reverse=True):
            blocks = [b for b in range(len(game.schedule.blocks)) if remaining >> b & 1]
            afterwards = {b: enter(remaining ^ (1 << b)) for b in blocks}
            if len(blocks) > 1:
                first = [begin(by.get((remaining, b), []), afterwards[b]) for b in blocks]
                plan[enter(remaining)] = ("who is next", [(1.0 / len(blocks), None, where) for where in first])
            for b in blocks:
                chain(by.get((remaining, b), []), afterwards[b])
        chain(closing, "next")
        if not plan:
            plan["idle"] = ("nothing", [(1.0, None, "next")])
        at = {key: base + k for k, key in enumerate(plan)}
        at["next"] = base if cycle else base + len(plan)
        for key, (name, ways) in plan.items():
            self.pieces.append(_Piece(period, name, at[key] == base, [(w, m, at[k]) for w, m, k in ways]))
        return self._length(base, base + len(plan))

    def _length(self, base: int, end: int) -> int:
        steps, at = 0, base
        while steps == 0 or base < at < end:
            steps, at = steps + 1, self.pieces[at].ways[0][2]
        return steps

    def _reach(self, start: Truth) -> None:
        fresh = [np.zeros(self._states, dtype=bool) for _ in self.pieces]
        for piece in self.pieces:
            piece.reached = np.zeros(self._states, dtype=bool)
        fresh[0] = start.copy()
        waiting = True
        while waiting:
            waiting = False
            for k, piece in enumerate(self.pieces):
                new = fresh[k] & ~piece.reached
                if not new.any():
                    continue
                piece.reached |= new
                fresh[k] = np.zeros(self._states, dtype=bool)
                for _, matrix, then in piece.ways:
                    fresh[then] |= new if matrix is None else (new.astype(np.float64) @ matrix) > 0.0
                    waiting = waiting or then <= k


def _key(slot: Slot) -> str:
    return f"{slot.stage} {slot.remaining} {slot.block}"


def _matrix(states: int, period: Period, slot: Slot, table: Floats, odds: Floats, weight: float) -> sparse.csr_array:
    """One stage as probabilities [state, state]; states in which it does nothing stay as they are."""
    stage = period.game.stages[slot.stage]
    acts = np.where(stage.mover < 0, weight, 1.0)
    stay = np.ones(states)
    stay[stage.state] -= acts
    share = acts[stage.row_of_option] * odds[slot.options, 0]
    moved = share[stage.option_of_outcome] * table[stage.outcome_coefficient]
    every = np.arange(states)
    matrix = sparse.csr_array(
        (
            np.concatenate([stay, moved]),
            (np.concatenate([every, stage.source_of_outcome]), np.concatenate([every, stage.outcome_state])),
        ),
        shape=(states, states),
    )
    matrix.eliminate_zeros()
    return matrix


def _entries(
    compiled: Compiled, pieces: list[_Piece], offset: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    start = np.flatnonzero(compiled.game.start > 0.0)
    rank = [np.cumsum(p.reached) - 1 for p in pieces]
    rows, columns, odds = [np.zeros(len(start), np.int64)], [1 + rank[0][start]], [compiled.game.start[start]]
    for k, piece in enumerate(pieces):
        states = piece.states
        for share, matrix, then in piece.ways:
            part = (sparse.eye_array(piece.reached.size, format="csr") if matrix is None else matrix)[states].tocoo()
            rows.append(offset[k] + part.row)
            columns.append(offset[then] + rank[then][part.col])
            odds.append(share * part.data)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(odds)


def _values(
    compiled: Compiled, node: syntax.Node, period: NDArray[np.int64], state: NDArray[np.int64], since: int
) -> Floats:
    """A quantity at every node, 0 before the period `since` and at node 0."""
    found = np.zeros(len(state))
    for t in range(max(since, 0), int(period.max()) + 1):
        here = period == t
        found[here] = compiled.truth(node, t)[state[here]]
    return found
