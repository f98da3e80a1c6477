"""The deal machine and the states as graphs, and what GraphML and DOT say of them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from servanda.case import read
from servanda.compile import compile_case
from servanda.equilibrium import solve
from servanda.export.graph import Graph, deal_graph, dot, graphml, state_graph
from tests.export.chained import chained
from tests.sketches import Sketch

ODD = Graph(
    'a "b"',
    ({"label": "x < y & z", "live": True, "weight": 0.1}, {"label": 'say "no"\\', "live": False, "weight": 1e-300}),
    ((0, 1, {"option": "→ on", "passed": 0.5, "times": 3}), (1, 0, {"option": "back"})),
)


def test_what_enters_a_node_leaves_it_or_stays() -> None:
    case = chained(Sketch(years=3).case)
    for graph in (deal_graph(case.compiled, case.solution), state_graph(case.compiled, case.solution)):
        began = np.array([float(n["start"]) for n in graph.nodes])
        net = np.zeros(len(graph.nodes))
        for i, j, edge in graph.edges:
            assert i != j
            net[i] -= float(edge["passed"])
            net[j] += float(edge["passed"])
        ended = case.flow.at_start[-1]
        stands = ended if len(graph.nodes) == len(ended) else None
        if stands is None:
            _, group = np.unique(case.compiled.deal_level, return_inverse=True)
            stands = np.bincount(group, ended)
        assert began + net == pytest.approx(stands, abs=1e-12)
        assert sum(float(n["occupied"]) for n in graph.nodes) == pytest.approx(case.solution.periods)


def test_the_deal_machine_says_who_takes_it_where() -> None:
    compiled = compile_case(read("theory/pledge"))
    graph = deal_graph(compiled, solve(compiled.game, compiled.numbers()))
    labels = [n["label"] for n in graph.nodes]
    assert labels[:3] == ["none", "talks", "ended"]
    ways = {(labels[i], labels[j], e["option"], e["mover"]) for i, j, e in graph.edges}
    assert ("none", "talks", "seek talks", "host") in ways
    assert ("tabled contract by abroad", "in force contract", "accept", "host") in ways
    assert [n["label"] for n in graph.nodes if n["live"]] == ["in force contract"]


def test_graphml_is_read_back() -> None:
    root = ET.fromstring(graphml(ODD).encode())
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    keys = {k.get("id"): (k.get("for"), k.get("attr.name"), k.get("attr.type")) for k in root.findall("g:key", space)}
    assert ("node", "live", "boolean") in keys.values()
    nodes = [
        {keys[d.get("key")][1]: d.text for d in node.findall("g:data", space)}
        for node in root.findall("g:graph/g:node", space)
    ]
    assert nodes[0] == {"label": "x < y & z", "live": "true", "weight": "0.1"}
    assert nodes[1]["weight"] == "1e-300"
    edges = root.findall("g:graph/g:edge", space)
    assert [(e.get("source"), e.get("target")) for e in edges] == [("0", "1"), ("1", "0")]


def test_dot_quotes_what_must_be_quoted() -> None:
    text = dot(ODD)
    assert text.startswith('digraph "a \\"b\\"" {\n')
    assert '1 [label="say \\"no\\"\\\\", live="false", weight="1e-300"];' in text
    assert '0 -> 1 [label="→ on", option="→ on", passed="0.5", times="3"];' in text
    assert len(re.findall(r" -> ", text)) == 2
