"""What a reader of a fit must be told."""

from __future__ import annotations

from collections.abc import Sequence

from servanda.case.resolved import Parameter
from servanda.estimation.answers import Direction, Estimate, Posterior, Search
from servanda.estimation.likelihood import Likelihood


def _combination(direction: Direction) -> str:
    """The direction in words.

    >>> _combination(Direction((("cost", 0.9), ("gain", -0.4)), None, flat=True))
    'cost up with gain down'
    """
    first, *rest = direction.parts
    if not rest:
        return f"`{first[0]}`"
    return " with ".join([f"{first[0]} up", *(f"{name} {'up' if share > 0 else 'down'}" for name, share in rest)])


def warnings_of(
    likelihood: Likelihood,
    asked: Sequence[Parameter],
    estimates: Sequence[Estimate],
    directions: Sequence[Direction],
    search: Search,
    posterior: Posterior | None,
    cold: float,
    warm: float,
) -> tuple[str, ...]:
    """Everything about a fit that calls for care, in sentences; `cold` and `warm`: its log-likelihood by two routes."""
    found = []
    episodes = len(likelihood.panel.episodes)
    if not search.converged:
        found.append(f"The search did not come to rest: a further step would gain {search.left:.2g} in log-likelihood.")
    for direction in directions:
        words = _combination(direction)
        single = len(direction.parts) == 1
        if direction.flat:
            what = f"`{direction.parts[0][0]}` does not move the odds of any choice" if single else (
                f"moving {words} leaves the odds of all choices as they are"
            )  # fmt: skip
            hold = "it" if single else "one of them"
            found.append(f"Not identified: {what}. Hold {hold} with --set, or find choices that tell.")
        else:
            found.append(
                f"Hardly identified: {words} has a standard error of {direction.spread:.1f} in units of the declared "
                "distribution; the panel says less than was assumed before."
            )
    for parameter, estimate in zip(asked, estimates, strict=True):
        low, high = parameter.number.support
        if not low <= estimate.value <= high:
            found.append(f"The estimate of `{parameter.name}` lies outside the declared range {parameter.number.text}.")
    if search.others:
        found.append(
            f"There are other tops of the likelihood, the next {cold - search.others[0]:.2f} lower: try more starts."
        )
    if abs(cold - warm) > 1e-3 * max(1.0, len(estimates)):
        found.append(
            f"Play at the estimates depends on where the solver starts (log-likelihood {cold:.3f} or {warm:.3f}): "
            "beyond the horizon there is more than one stationary play."
        )
    if not likelihood.settles({e.name: e.value for e in estimates}):
        found.append(
            "Play beyond the horizon does not become stationary at the estimates: take the likelihood as rough."
        )
    if likelihood.paths.unexplained:
        found.append(
            f"In {likelihood.paths.unexplained:,} episode-periods a side that had to decide has no row: all orders of "
            "movers that agree with the rows were taken as equally likely."
        )
    if posterior is not None and "rough" in posterior.sentence:
        found.append(f"Posterior: {posterior.sentence}")
    if episodes < 10 * len(estimates):
        found.append(f"{episodes} episodes are few for {len(estimates)} parameters: errors are rough.")
    return tuple(found)
