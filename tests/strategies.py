"""Random stages and games for property tests: sizes are drawn by hypothesis, the numbers by a seeded generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from servanda.game import Game, Labels, Numbers, Schedule, Stage, Term

Floats = NDArray[np.float64]
Random = np.random.Generator
seeds = st.integers(0, 2**32 - 1)


def few(examples: int) -> settings:
    """That many examples in daily work, in proportion more when a profile asks for a search."""
    return settings(max_examples=max(1, examples * settings.default.max_examples // 50))


@dataclass(frozen=True)
class Shape:
    """Size of a random game; `blocks` are the numbers of stages in each drawn block."""

    states: int = 4
    actors: int = 2
    draws: int = 1
    opening: int = 1
    blocks: tuple[int, ...] = (1, 1)
    closing: int = 0
    periods: int = 3
    dated: bool = False
    most_options: int = 3
    most_precision: float = 1.0


class Table:
    """A coefficient table that grows row by row; row 0 is zero. Every other row is used in one place only."""

    def __init__(self, draws: int) -> None:
        self.draws = draws
        self.rows: list[Floats] = [np.zeros(draws)]

    def add(self, values: Floats) -> int:
        self.rows.append(np.broadcast_to(np.asarray(values, dtype=np.float64), (self.draws,)))
        return len(self.rows) - 1

    @property
    def array(self) -> Floats:
        return np.ascontiguousarray(np.stack(self.rows))


def ints(values: object) -> NDArray[np.int32]:
    return np.ascontiguousarray(values, dtype=np.int32)


def random_stage(
    random: Random,
    shape: Shape,
    table: Table,
    *,
    chance: bool | None = None,
    name: str = "move",
    all_rows: bool = False,
) -> Stage:
    """A stage on some of the states; `chance` fixes whether rows are nature's (None: some are)."""
    rows = shape.states if all_rows else int(random.integers(1, shape.states + 1))
    state = np.sort(random.permutation(shape.states)[:rows])
    mover, label, option_start, price_start, outcome_start = [], [], [0], [0], [0]
    price_actor: list[int] = []
    price: list[int] = []
    successor: list[int] = []
    odds: list[int] = []
    for _ in range(rows):
        nature = bool(random.integers(2)) if chance is None else chance
        mover.append(-1 if nature else int(random.integers(shape.actors)))
        for option in range(1 if nature else int(random.integers(1, shape.most_options + 1))):
            label.append(option)
            for actor in np.flatnonzero(random.random(shape.actors) < 0.5):
                price_actor.append(int(actor))
                price.append(table.add(random.normal(0.0, 3.0, shape.draws)))
            price_start.append(len(price))
            width = int(random.integers(1, min(3, shape.states) + 1))
            chances = random.dirichlet(np.ones(width), shape.draws)
            for k, target in enumerate(random.permutation(shape.states)[:width]):
                successor.append(int(target))
                odds.append(table.add(chances[:, k]))
            outcome_start.append(len(successor))
        option_start.append(len(label))
    return Stage(
        name, ints(state), ints(mover), ints(option_start), ints(label), ints(price_start), ints(price_actor),
        ints(price_actor), ints(price), ints(outcome_start), ints(successor), ints(odds),
    )  # fmt: skip


def random_game(random: Random, shape: Shape) -> tuple[Game, Numbers]:
    """A game with chance rows, prices, drawn blocks, a dated event and dated payoffs if the shape asks for them."""
    table = Table(shape.draws)
    kinds = [*(None for _ in range(shape.opening)), *(False for _ in range(sum(shape.blocks) + shape.closing))]
    stages = tuple(random_stage(random, shape, table, chance=k, name=f"stage {i}") for i, k in enumerate(kinds))
    classes = int(random.integers(1, shape.states + 1))
    terms = tuple(Term(a, name) for a in range(shape.actors) for name in ("peace", "pride"))
    flow = [[table.add(random.normal(0.0, 5.0, shape.draws)) for _ in terms] for _ in range(classes)]
    payoff_class = np.append(np.arange(classes), random.integers(classes, size=shape.states - classes))
    places = iter(range(len(stages)))
    opening = tuple(next(places) for _ in range(shape.opening))
    blocks = tuple(tuple(next(places) for _ in range(n)) for n in shape.blocks)
    applies, tail = np.ones((shape.periods + 1, len(stages))), np.ones(len(stages))
    if shape.dated and opening:
        applies[:, 0] = random.integers(2, size=shape.periods + 1)
        tail[0] = random.uniform(0.05, 1.0)
    coefficient = table.array
    dated = ints(flow[0][:2]) if shape.dated else ints([])
    start = random.dirichlet(np.ones(shape.states))
    game = Game(
        shape.states, stages, Schedule(opening, blocks, tuple(places), applies, tail), start, ints(payoff_class),
        ints(np.arange(classes + 1) * len(terms)), ints(np.tile(np.arange(len(terms)), classes)),
        ints(np.array(flow).reshape(-1)), terms,
        Labels(tuple(f"actor {a}" for a in range(shape.actors)), tuple(f"option {k}" for k in range(9))),
        float(random.choice([0.5, 1.0])),
    )  # fmt: skip
    numbers = Numbers(
        coefficient, dated, random.normal(0.0, 5.0, (shape.periods + 2, len(dated), shape.draws)),
        random.uniform(0.5, 0.95, (shape.actors, shape.draws)),
        shape.most_precision * random.uniform(0.05, 1.0, (shape.actors, shape.draws)),
    )  # fmt: skip
    return game, numbers


@st.composite
def shapes(draw: st.DrawFn, draws: int = 1, *, dated: bool | None = None) -> Shape:
    """Sizes of small games; at most `draws` draws."""
    return Shape(
        states=draw(st.integers(2, 6)),
        actors=draw(st.integers(1, 3)),
        draws=draw(st.integers(1, draws)),
        opening=draw(st.integers(0, 2)),
        blocks=draw(st.sampled_from([(), (1,), (1, 1), (2, 1), (1, 1, 1)])),
        closing=draw(st.integers(1, 2)),
        periods=draw(st.integers(1, 4)),
        dated=draw(st.booleans()) if dated is None else dated,
    )


@st.composite
def games(draw: st.DrawFn, draws: int = 1) -> tuple[Game, Numbers]:
    """Random games of moderate precision, where the stationary continuation is found surely."""
    return random_game(np.random.default_rng(draw(seeds)), draw(shapes(draws)))
