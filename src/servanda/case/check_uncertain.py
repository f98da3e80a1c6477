"""Rules on what goes together."""

from __future__ import annotations

from collections.abc import Iterator

from servanda.case.facts import Facts
from servanda.case.resolved import Correlation
from servanda.errors import Issue

# A matrix nearer to a singular one than this cannot be factored safely.
LEAST_EIGENVALUE = 1e-9


def check_correlations(facts: Facts) -> Iterator[Issue]:
    """correlations-impossible: the matrix of the Gaussian copula of correlated parameters is positive definite."""
    known = {parameter.name for parameter in facts.case.parameters}
    sound = [
        (position, group)
        for position, group in enumerate(facts.case.correlations)
        if -1 < group.value < 1 and len(known.intersection(group.parameters)) == len(group.parameters)
    ]
    for members in _connected([group for _, group in sound]):
        names = tuple(dict.fromkeys(name for group in members for name in group.parameters))
        if _least_eigenvalue(members, names) < LEAST_EIGENVALUE:
            position = max(position for position, group in sound if group in members)
            message = f"{', '.join(f'`{name}`' for name in names)} cannot have all these correlations at once"
            hint = "bring them nearer to 0, or correlate the pairs that are left out too"
            yield facts.issue("correlations-impossible", message, hint, path=("correlations", position))


def _connected(groups: list[Correlation]) -> list[list[Correlation]]:
    """Groups that share parameters, directly or through others, put together."""
    found: list[list[Correlation]] = []
    for group in groups:
        joined = [group]
        apart = []
        for members in found:
            shares = any(set(group.parameters) & set(member.parameters) for member in members)
            if shares:
                joined = [*members, *joined]
            else:
                apart.append(members)
        found = [*apart, joined]
    return found


def _least_eigenvalue(groups: list[Correlation], names: tuple[str, ...]) -> float:
    """Of the normal correlations 2 sin(pi r / 6) that give the rank correlations r (Pearson 1907)."""
    import numpy as np

    matrix = np.eye(len(names))
    for group in groups:
        rows = [names.index(name) for name in group.parameters]
        for at, row in enumerate(rows):
            for column in rows[:at]:
                matrix[row, column] = matrix[column, row] = 2 * np.sin(np.pi * group.value / 6)
    return float(np.linalg.eigvalsh(matrix)[0])
