"""Labels and rewards of the exported chain, and PRISM's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from servanda.equilibrium import Period
from servanda.export.explicit import Chain, write
from servanda.export.prism import case_chain, write_prism
from tests.export.chained import Chained, chained
from tests.sketches import Sketch
from tests.strategies import Floats

BUSY = Sketch(phases=2, ratifiers=1, leads_to="suspension", hidden=True, shock="ended", spoiler="suspended", dated=True)


def at_step(chain: Chain, step: int) -> Floats:
    mass = np.zeros(chain.nodes)
    mass[0] = 1.0
    for _ in range(step):
        mass = chain.moves.T @ mass
    return mass


def both() -> tuple[Chained, Chain]:
    case = chained(BUSY.case)
    return case, case_chain(case.compiled, case.solution)


def test_labels_and_rewards_are_those_of_the_case() -> None:
    case, chain = both()
    compiled, actors = case.compiled, case.compiled.case.actors
    live = [name for name in chain.labels if name.startswith("live_")]
    assert len(live) == len(compiled.case.drafts)
    assert (np.logical_or.reduce([chain.labels[n] for n in live]) == chain.labels["deal"]).all()
    assert len([n for n in chain.labels if n.startswith("asked_")]) == len(compiled.case.questions)
    period = Period(compiled.game, case.solution.numbers)
    for t, step in enumerate(chain.starts[:-1]):
        mass = at_step(chain, step)
        points = period.flow(t)[compiled.game.payoff_class] / compiled.game.period_years
        for k, actor in enumerate(actors):
            told = mass @ chain.rewards[f"flow_{actor.name}"]
            assert abs(told - case.flow.at_start[t] @ points[:, k]) < 1e-9
    assert len([n for n in chain.rewards if n.startswith("indicator_")]) == len(compiled.case.indicators)


def test_the_files_of_prism_hold_the_chain(tmp_path: Path) -> None:
    _, chain = both()
    files = {path.name: path.read_text() for path in write_prism(chain, tmp_path / "play.of")}
    assert list(files)[:3] == ["play.of.sta", "play.of.tra", "play.of.lab"]
    head, *lines = files["play.of.tra"].splitlines()
    assert head == f"{chain.nodes} {chain.moves.nnz}"
    rows = [line.split() for line in lines]
    found = np.zeros(chain.nodes)
    for i, j, p in rows:
        assert chain.moves[int(i), int(j)] == float(p)
        found[int(i)] += float(p)
    assert np.allclose(found, 1.0, atol=1e-12)
    head, *states = files["play.of.sta"].splitlines()
    assert head == "(period,place,state)"
    assert states[0] == "0:(-1,-1,-1)"
    assert len(states) == chain.nodes
    head, *marked = files["play.of.lab"].splitlines()
    names = [word.split("=")[1].strip('"') for word in head.split()]
    assert names[:2] == ["init", "deadlock"]
    assert marked[0].split()[:2] == ["0:", "0"]
    told = {name: np.zeros(chain.nodes, dtype=bool) for name in names}
    for line in marked:
        node, numbers = line.split(":")
        for number in numbers.split():
            told[names[int(number)]][int(node)] = True
    assert all((told[name] == chain.labels[name]).all() for name in chain.labels)
    for name, values in chain.rewards.items():
        title, kind, counts, *paid = files[f"play.of.{name}.srew"].splitlines()
        assert (title, kind) == (f'# Reward structure "{name}"', "# State rewards")
        assert counts == f"{chain.nodes} {np.count_nonzero(values)}"
        assert all(values[int(i)] == float(x) for i, x in (line.split() for line in paid))


def test_storm_takes_the_same_chain(tmp_path: Path) -> None:
    _, chain = both()
    made = write(chain, tmp_path / "play")
    assert set(made.rewards) == set(chain.rewards)
    assert made.labels.read_text().splitlines()[1] == f"init {' '.join(chain.labels)}"
