"""Reachable states: breadth-first from the start through all stages of the period, many states at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from servanda.compile.layout import Codes
from servanda.compile.rules import Rule
from servanda.errors import CaseError, Issue


@dataclass(frozen=True)
class Plan:
    """Order of rules in a period: indices into `rules`, as in `servanda.game.Schedule`."""

    rules: tuple[Rule, ...]
    opening: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...]
    closing: tuple[int, ...]
    simultaneous: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Reached:
    """All states reached anywhere (sorted codes), and those that can stand before each rule."""

    codes: Codes
    before: tuple[Codes, ...]


def explore(plan: Plan, roots: Sequence[int], limit: int) -> Reached:
    """Find every state that can occur at any point of a period.

    Raises
    ------
    CaseError
        `too-many-states` if more than `limit` are found.
    """
    seen: dict[tuple[int, int, int], Codes] = {}
    ends: Codes = np.zeros(0, np.int64)
    frontier = distinct(np.array(roots, dtype=np.int64))
    started = frontier
    full = (1 << len(plan.blocks)) - 1

    def fresh(node: tuple[int, int, int], states: Codes) -> Codes:
        known = seen.get(node, np.zeros(0, np.int64))
        new = _without(distinct(states), known)
        seen[node] = _merged(known, new)
        if len(seen[node]) > limit:
            raise CaseError(
                "the case has too many reachable states",
                issues=(
                    Issue(
                        "error", "too-many-states", f"more than {limit:,} states can be reached",
                        "use fewer variables, fewer levels or fewer drafts, or raise the limit",
                    ),
                ),
            )  # fmt: skip
        return new

    def through(states: Codes, rules: Sequence[int], remaining: int, block: int) -> Codes:
        for place, index in enumerate(rules):
            new = fresh((remaining, block, place), states)
            states = _image(plan.rules[index], new)
        return states

    while len(frontier):
        states = through(frontier, plan.opening, 0, -1)
        if full:
            at: dict[int, list[Codes]] = {full: [states]}
            for remaining in sorted(range(1, full + 1), key=int.bit_count, reverse=True):
                here = distinct(np.concatenate(at.get(remaining, [np.zeros(0, np.int64)])))
                for block, rules in enumerate(plan.blocks):
                    if remaining >> block & 1:
                        at.setdefault(remaining ^ (1 << block), []).append(through(here, rules, remaining, block))
            states = distinct(np.concatenate(at[0]))
        states = through(states, plan.closing, 0, -2)
        ends = distinct(np.concatenate([ends, states]))
        frontier = _without(distinct(states), started)
        started = _merged(started, frontier)
    before: list[list[Codes]] = [[] for _ in plan.rules]
    for (remaining, block, place), states in seen.items():
        rules = plan.opening if block == -1 else plan.closing if block == -2 else plan.blocks[block]
        before[rules[place]].append(states)
        _ = remaining
    joined = tuple(distinct(np.concatenate(x)) if x else np.zeros(0, np.int64) for x in before)
    return Reached(distinct(np.concatenate([started, ends, *joined])), joined)


def _image(rule: Rule, states: Codes) -> Codes:
    """States after a stage: successors where it acts, the same states elsewhere or where a date may pass by."""
    if not len(states):
        return states
    applied = rule.apply(states)
    untouched = np.ones(len(states), dtype=bool)
    parts = []
    for a in applied:
        untouched[a.rows] = False
        parts += [codes for _, codes in a.outcomes]
    parts.append(states if rule.dates is not None else states[untouched])
    return distinct(np.concatenate(parts))


def distinct(codes: Codes) -> Codes:
    """Every code once, in order.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    # codes come in long ordered runs, which a stable sort merges: on a million states twenty times faster than hashing
    ordered = np.sort(codes, kind="stable")
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _without(codes: Codes, known: Codes) -> Codes:
    """Distinct codes less those of another distinct set, both in order."""
    if not len(known):
        return codes
    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    fresh: Codes = codes[known[place] != codes]
    return fresh


def _merged(codes: Codes, others: Codes) -> Codes:
    """Two sets without a code in common, in order."""
    return np.sort(np.concatenate([codes, others]), kind="stable")
