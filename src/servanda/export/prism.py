"""Play of a solved case for the model checkers PRISM and Storm, with the labels and rewards of the case.

Labels: `deal` (a deal is live), `live_DRAFT`, `war` and `asked_QUESTION` as far as the case has them, all from the date
of information on, besides `start` and `tail` of every chain. Rewards: `flow_ACTOR`, what the state pays that actor, and
`indicator_NAME`; both are quantities of a state (per year), to be read at a step, not summed over steps.
Names keep letters, digits and `_`.

Storm's explicit format is written by `servanda.export.explicit`. PRISM's, written here, has files of states,
transitions, labels and state rewards: https://www.prismmodelchecker.org/manual/Appendices/ExplicitModelFiles
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from servanda.case import expression as syntax
from servanda.compile import Compiled
from servanda.equilibrium import Solution
from servanda.export.explicit import Chain, explicit_chain
from servanda.game.game import flow_payoffs


def case_chain(compiled: Compiled, solution: Solution, *, draw: int = 0, tail: bool = True) -> Chain:
    """The Markov chain of a solved case with the labels and rewards of the case.

    >>> from servanda.case import read
    >>> from servanda.compile import compile_case
    >>> from servanda.equilibrium import solve
    >>> compiled = compile_case(read("theory/pledge"))
    >>> chain = case_chain(compiled, solve(compiled.game, compiled.numbers()))
    >>> [name for name in chain.labels if name.startswith("live")]
    ['live_contract']
    """
    case = compiled.case
    events: dict[str, syntax.Node] = {}
    if case.drafts:
        events["deal"] = syntax.Is("deal", ("phase", "in_force"))
    if case.war is not None:
        events["war"] = case.war.node
    for plain, question in zip(_plain(q.name for q in case.questions), case.questions, strict=True):
        events[f"asked_{plain}"] = question.holds.node
    indicators = {
        f"indicator_{plain}": indicator.value.node
        for plain, indicator in zip(_plain(i.name for i in case.indicators), case.indicators, strict=True)
    }
    chain = explicit_chain(compiled, solution, events, indicators, draw=draw, tail=tail)
    informed = sum(d <= case.as_of for d in compiled.dates[: solution.periods]) - 1
    inside = (chain.state >= 0) & (chain.period >= informed)
    live = {
        f"live_{plain}": inside & compiled.live[chain.state] & (compiled.draft[chain.state] == k)
        for k, plain in enumerate(_plain(d.name for d in case.drafts))
    }
    flows = np.zeros((chain.nodes, len(case.actors)))
    numbers = solution.draw(draw).numbers
    for t in range(solution.periods + 1):
        here = chain.period == t
        points = flow_payoffs(compiled.game, numbers.at(min(t, len(numbers.dated_value) - 1)))[:, :, 0]
        flows[here] = points[compiled.game.payoff_class[chain.state[here]]]
    names = _plain(a.name for a in case.actors)
    paid = {f"flow_{plain}": np.ascontiguousarray(flows[:, k]) for k, plain in enumerate(names)}
    return replace(chain, labels={**chain.labels, **live}, rewards={**paid, **chain.rewards})


def write_prism(chain: Chain, stem: Path) -> tuple[Path, ...]:
    """Write `stem.sta`, `stem.tra`, `stem.lab` and a `stem.NAME.srew` for every reward, replacing what is there.

    PRISM reads them with `-importmodel stem.tra,sta,lab -dtmc` and `-importstaterewards`.
    """
    states = zip(chain.period.tolist(), chain.place.tolist(), chain.state.tolist(), strict=True)
    made = [_lines(stem, "sta", "(period,place,state)", (f"{k}:({t},{p},{s})" for k, (t, p, s) in enumerate(states)))]
    entries = chain.moves.tocoo()
    order = np.lexsort((entries.col, entries.row))
    triples = zip(*(x[order].tolist() for x in (entries.row, entries.col, entries.data)), strict=True)
    made.append(_lines(stem, "tra", f"{chain.nodes} {entries.nnz}", (f"{i} {j} {p!r}" for i, j, p in triples)))
    names = list(chain.labels)
    marks = np.column_stack([chain.labels[n] for n in names])
    head = " ".join(f'{k}="{name}"' for k, name in enumerate(["init", "deadlock", *names]))
    made.append(
        _lines(
            stem, "lab", head,
            (
                f"{i}: " + " ".join(map(str, ([0] if i == 0 else []) + (np.flatnonzero(marks[i]) + 2).tolist()))
                for i in range(chain.nodes)
                if i == 0 or marks[i].any()
            ),
        )
    )  # fmt: skip
    for name, values in chain.rewards.items():
        earned = np.flatnonzero(values).tolist()
        opening = f'# Reward structure "{name}"\n# State rewards\n{chain.nodes} {len(earned)}'
        made.append(_lines(stem, f"{name}.srew", opening, (f"{i} {float(values[i])!r}" for i in earned)))
    return tuple(made)


def _lines(stem: Path, ending: str, head: str, lines: Iterable[str]) -> Path:
    path = stem.with_name(f"{stem.name}.{ending}")
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(head + "\n")
        file.writelines(line + "\n" for line in lines)
    return path


def _plain(names: Iterable[str]) -> Iterator[str]:
    """Names of letters, digits and underscores; one that is taken gets a number."""
    taken: set[str] = set()
    for name in names:
        plain = candidate = re.sub(r"\W", "_", name, flags=re.ASCII)
        number = 2
        while candidate in taken:
            candidate, number = f"{plain}_{number}", number + 1
        taken.add(candidate)
        yield candidate
