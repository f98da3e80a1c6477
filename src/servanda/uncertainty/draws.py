"""Low-discrepancy draws of all uncertain parameters of a case.

Points of a scrambled Sobol sequence (Owen 1998), one dimension a parameter, go through each parameter's inverse
distribution function. Parameters are drawn independently.
"""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from scipy.stats import qmc

from servanda.case.resolved import ResolvedCase

SEED = 20220901
# quantiles of unbounded distributions are finite inside
_EDGE = 2.0**-40


def parameter_draws(case: ResolvedCase, count: int, *, seed: int = SEED) -> tuple[dict[str, float], ...]:
    """Values of every uncertain parameter, one mapping a draw; none where a case has no uncertain parameter.

    The same case, count and seed give the same draws; fewer draws are the first ones of more.

    Raises
    ------
    ValueError
        If `count` is negative.

    Examples
    --------
    >>> from servanda.case import read
    >>> draws = parameter_draws(read("us-iran"), 8)
    >>> len(draws), draws == parameter_draws(read("us-iran"), 16)[:8]
    (8, True)
    """
    if count < 0:
        raise ValueError(f"cannot make {count} draws")
    uncertain = [parameter for parameter in case.parameters if not parameter.number.certain]
    if not uncertain or count == 0:
        return ()
    # a whole power of two keeps the sequence balanced
    points = qmc.Sobol(len(uncertain), rng=np.random.default_rng(seed)).random_base2(ceil(log2(count)))[:count]
    inside = np.clip(points, _EDGE, 1.0 - _EDGE)
    values = np.stack([parameter.number.quantile(u) for parameter, u in zip(uncertain, inside.T, strict=True)], axis=1)
    return tuple({p.name: float(x) for p, x in zip(uncertain, row, strict=True)} for row in values)
