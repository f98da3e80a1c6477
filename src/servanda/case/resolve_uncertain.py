"""What is uncertain beside single parameters, resolved: correlations, and choices of the model itself."""

from __future__ import annotations

from itertools import combinations
from typing import Literal

from servanda.case.binding import Binding
from servanda.case.document import TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.case.resolved import Correlation, Modelling, Parameter
from servanda.case.uncertain import DistributionError, parse_weights

TERMINALS = ("stationary", "settled")
ORDERS = ("drawn", "fixed")


def resolve_correlations(binding: Binding, parameters: tuple[Parameter, ...]) -> tuple[Correlation, ...]:
    """All groups of correlated parameters."""
    known = {parameter.name: parameter.number for parameter in parameters}
    ranked = frozenset(binding.written.ranked)
    seen: set[frozenset[str]] = set()
    found = []
    for position, written in enumerate(binding.written.correlations):
        path: TreePath = ("correlations", position)
        if not -1 < written.correlation < 1:
            message = f"a correlation of {written.correlation:g} does not lie between -1 and 1"
            hint = "give a number inside; of parameters that always go together make one"
            binding.error("correlation-out-of-range", message, hint, (*path, "correlation"))
        for at, name in enumerate(written.between):
            place = (*path, "between", at)
            if name not in known:
                binding.unknown("parameter", name, known, place)
            elif name in ranked:
                message = f"`{name}` goes together with the others by its ranking"
                hint = "drop it here, or declare it under `parameters` instead"
                binding.error("correlation-of-ranked", message, hint, place)
            elif known[name].certain:
                message = f"`{name}` is certain, so nothing goes together with it"
                binding.error("correlation-of-certain", message, "give it a distribution, or drop it here", place)
        for one, other in combinations(written.between, 2):
            pair = frozenset((one, other))
            if one == other or pair in seen:
                message = f"`{one}` and `{other}` are correlated twice" if one != other else f"`{one}` stands twice"
                binding.error("correlated-twice", message, "keep one of the two", (*path, "between"))
            seen.add(pair)
        citation, where = binding.citation(written, path), binding.document.place(path)
        found.append(Correlation(tuple(written.between), written.correlation, citation, where))
    return tuple(found)


def resolve_modelling(binding: Binding) -> Modelling:
    """Choices of the model, each with weights that sum to 1."""
    written = binding.written.modelling
    order = binding.written.protocol.order
    return Modelling(
        _weights(binding, "terminal", written.terminal or TERMINALS[0], TERMINALS),
        _weights(binding, "order", written.order or order, ORDERS),
        binding.citation(written, ("modelling",)),
    )


def _weights(
    binding: Binding, key: Literal["terminal", "order"], text: str, known: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    path: TreePath = ("modelling", key)
    try:
        weights = parse_weights(text)
    except DistributionError as failure:
        binding.error("distribution-bad", str(failure), failure.hint, path)
        return ((known[0], 1.0),)
    for name, _ in weights:
        if name not in known:
            message = f"`{clip(name)}` is no choice of {key}"
            binding.error("unknown-modelling", message, did_you_mean(name, known), path)
    return weights
