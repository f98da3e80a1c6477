"""Graphs of a case for programs that draw or measure them: the deal machine, and all states, as GraphML and DOT.

An edge says that a decision or chance event can lead from one node to another; it carries who moves, at which decision
or event, by which option, and how often play is expected to pass it in the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from servanda.compile import Compiled
from servanda.compile.layout import DealLevel
from servanda.equilibrium import Period, Slot, Solution
from servanda.errors import ServandaError

Floats = NDArray[np.float64]
Value = str | float | int | bool
EDGE_LIMIT = 200_000
_KINDS = {str: "string", float: "double", int: "long", bool: "boolean"}


@dataclass(frozen=True)
class Graph:
    """A directed graph: nodes[k] and edges are attributes by name; each edge begins with its two nodes."""

    name: str
    nodes: tuple[Mapping[str, Value], ...]
    edges: tuple[tuple[int, int, Mapping[str, Value]], ...]


def deal_graph(compiled: Compiled, solution: Solution, *, draw: int = 0) -> Graph:
    """The deal machine: its positions, and what takes the deal from one to another.

    Nodes: label, stage, draft, live, start, occupied (expected number of periods of the calendar that begin there).
    Edges: decision, option, mover, passed (expected number of times in the calendar).

    >>> from servanda.case import read
    >>> from servanda.compile import compile_case
    >>> from servanda.equilibrium import solve
    >>> compiled = compile_case(read("theory/pledge"))
    >>> graph = deal_graph(compiled, solve(compiled.game, compiled.numbers()))
    >>> [str(n["label"]) for n in graph.nodes if n["start"]]
    ['none']
    """
    level = compiled.deal_level
    used, group = np.unique(level, return_inverse=True)
    marks = []
    for k in used.tolist():
        position = compiled.layout.levels[k]
        marks.append({
            "label": _position(compiled, position),
            "stage": position.stage,
            "draft": compiled.case.drafts[position.draft].name if position.draft >= 0 else "",
            "live": position.stage in ("phase", "in_force"),
        })  # fmt: skip
    return _graph(f"{compiled.case.name}: deal", compiled, solution.draw(draw), group, marks)


def state_graph(compiled: Compiled, solution: Solution, *, draw: int = 0) -> Graph:
    """All states and every way from one to another. Nodes also have a value for every variable of the case.

    Raises
    ------
    ServandaError
        If there are too many edges to draw or measure.
    """
    case, layout = compiled.case, compiled.layout
    digits = {v.name: layout.digit(compiled.codes, v.name) for v in case.variables}
    marks: list[dict[str, Value]] = []
    for s in range(compiled.game.states):
        position = layout.levels[int(compiled.deal_level[s])]
        marks.append({
            "label": compiled.game.labels.state(s),
            "stage": position.stage,
            "draft": case.drafts[position.draft].name if position.draft >= 0 else "",
            "live": bool(compiled.live[s]),
            **{v.name: str(v.levels[int(digits[v.name][s])]) for v in case.variables},
        })  # fmt: skip
    every = np.arange(compiled.game.states)
    return _graph(f"{case.name}: states", compiled, solution.draw(draw), every, marks)


def _position(compiled: Compiled, level: DealLevel) -> str:
    case, parts = compiled.case, [level.stage.replace("_", " ")]
    if level.draft >= 0:
        draft = case.drafts[level.draft]
        parts.append(draft.name)
        if level.stage == "phase":
            parts.append(f"phase {level.phase + 1}")
        if level.ratifier >= 0:
            form = next(f for f in case.protocol.forms if f.name == draft.form)
            parts.append(f"before {form.ratifiers[level.ratifier]}")
    if level.side >= 0:
        parts.append(f"by {case.sides[level.side].name}")
    return " ".join(parts)


def _graph(
    name: str, compiled: Compiled, solution: Solution, group: NDArray[np.intp], marks: list[dict[str, Value]],
) -> Graph:  # fmt: skip
    """Stages as edges between groups of states, with what play is expected to pass over them."""
    game, period = compiled.game, Period(compiled.game, solution.numbers)
    passed: dict[tuple[int, int, int, int, int], float] = {}
    occupied = np.zeros(game.states)
    mass = game.start[:, None].copy()
    for t, advantage in enumerate(solution.advantage):
        occupied += mass[:, 0]
        odds, table = period.odds(np.ascontiguousarray(advantage[:, :1])), period.table(t)[:, 0]

        def count(slot: Slot, before: Floats, t: int = t, odds: Floats = odds, table: Floats = table) -> None:
            stage = game.stages[slot.stage]
            if stage.rows == 0 or not (weight := period.weight(slot, t)):
                return
            of = stage.option_of_outcome
            acts = np.where(stage.mover < 0, weight, 1.0)[stage.row_of_option[of]]
            source = stage.source_of_outcome
            share = before[source, 0] * acts * odds[slot.options, 0][of] * table[stage.outcome_coefficient]
            a, b = group[source], group[stage.outcome_state]
            keep = a != b
            keys = np.stack([a, b, stage.mover[stage.row_of_option[of]], stage.label[of]])[:, keep]
            found, place = np.unique(keys, axis=1, return_inverse=True)
            sums = np.bincount(place.ravel(), share[keep], minlength=found.shape[1])
            for (i, j, mover, label), total in zip(found.T.tolist(), sums.tolist(), strict=True):
                key = (i, j, slot.stage, mover, label)
                passed[key] = passed.get(key, 0.0) + total
            if len(passed) > EDGE_LIMIT:
                raise ServandaError(
                    f"the graph has more than {EDGE_LIMIT:,} edges; draw the deal machine, or name one draft"
                )

        mass = period.forward(mass, t, odds, before=count)
    start = np.bincount(group, game.start, minlength=len(marks)) > 0.0
    stood = np.bincount(group, occupied, minlength=len(marks))
    nodes = tuple({**m, "start": bool(s), "occupied": float(o)} for m, s, o in zip(marks, start, stood, strict=True))
    edges: tuple[tuple[int, int, Mapping[str, Value]], ...] = tuple(
        (i, j, {
            "decision": game.stages[stage].name,
            "option": game.labels.options[label],
            "mover": game.labels.actors[mover] if mover >= 0 else "chance",
            "passed": total,
        })
        for (i, j, stage, mover, label), total in sorted(passed.items())
    )  # fmt: skip
    return Graph(name, nodes, edges)


def graphml(graph: Graph) -> str:
    """The graph as GraphML, one `key` per attribute.

    >>> print(graphml(Graph("g", ({"label": "a<b"},), ((0, 0, {"passed": 0.5}),))).splitlines()[4].strip())
    <graph id="G" edgedefault="directed">
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">']
    keys: dict[tuple[str, str], str] = {}
    for of, rows in (("node", graph.nodes), ("edge", tuple(e[2] for e in graph.edges))):
        for row in rows:
            for name, value in row.items():
                if (of, name) not in keys:
                    keys[of, name] = f"{of[0]}{len(keys)}"
                    kind = _KINDS[type(value)]
                    lines.append(
                        f'  <key id="{keys[of, name]}" for="{of}" attr.name="{_xml(name)}" attr.type="{kind}"/>'
                    )
    lines.append('  <graph id="G" edgedefault="directed">')
    for k, row in enumerate(graph.nodes):
        lines.append(f'    <node id="{k}">{_data("node", row, keys)}</node>')
    for i, j, row in graph.edges:
        lines.append(f'    <edge source="{i}" target="{j}">{_data("edge", row, keys)}</edge>')
    return "\n".join([*lines, "  </graph>", "</graphml>"]) + "\n"


def dot(graph: Graph) -> str:
    """The graph in Graphviz's language.

    >>> print(dot(Graph("g", ({"label": "a"},), ((0, 0, {"passed": 0.5}),))), end="")
    digraph "g" {
      0 [label="a"];
      0 -> 0 [passed="0.5"];
    }
    """
    lines = [f"digraph {_dotted(graph.name)} {{"]
    lines += [f"  {k} [{_attributes(row)}];" for k, row in enumerate(graph.nodes)]
    for i, j, row in graph.edges:
        said = {"label": row["option"], **row} if "option" in row else row
        lines.append(f"  {i} -> {j} [{_attributes(said)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _xml(text: str) -> str:
    # XML has no way to write most control characters
    return escape("".join(c for c in text if c >= " " or c in "\t\n"))


def _said(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


def _data(of: str, row: Mapping[str, Value], keys: Mapping[tuple[str, str], str]) -> str:
    return "".join(f'<data key="{keys[of, name]}">{_xml(_said(value))}</data>' for name, value in row.items())


def _dotted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _attributes(row: Mapping[str, Value]) -> str:
    names = (name if name.isascii() and name.isidentifier() else _dotted(name) for name in row)
    return ", ".join(f"{name}={_dotted(_said(value))}" for name, value in zip(names, row.values(), strict=True))
