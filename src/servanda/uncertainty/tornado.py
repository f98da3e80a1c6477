"""Bars of a tornado chart: the mean of a quantity where a parameter is low and where it is high."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from servanda.uncertainty.answers import TornadoBar
from servanda.uncertainty.factors import Factor, Floats, midranks
from servanda.uncertainty.weights import quantiles

FIFTH = 0.2


def tornado_bars(factors: Sequence[Factor], x: Floats, y: Floats, weights: Floats) -> tuple[TornadoBar, ...]:
    """The mean of a quantity over the draws in which each parameter is in its lowest and its highest fifth.

    The longest bar comes first. `low_value` and `high_value` are the medians of those fifths. For a parameter with
    choices the two choices are compared whose means lie furthest apart; the one with the smaller number is the low one.

    Parameters
    ----------
    x
        Values drawn, [draw, factor].
    y
        The quantity, [draw], finite.
    weights
        Weight of each draw.

    Examples
    --------
    >>> from servanda.case.uncertain import parse_uncertain
    >>> a = Factor("a", "A", parse_uncertain("uniform(0, 1)"))
    >>> x = np.linspace(0.0, 1.0, 11)[:, None]
    >>> (bar,) = tornado_bars([a], x, 10.0 * x[:, 0], np.ones(11))
    >>> round(bar.at_low, 2), round(bar.at_high, 2), round(bar.low_value, 2), round(bar.high_value, 2)
    (0.5, 9.5, 0.05, 0.95)
    """
    counting = weights > 0.0
    x, y, w = x[counting], y[counting], weights[counting] / weights[counting].sum()
    ranks = midranks(x, w)
    found = []
    for column, factor in enumerate(factors):
        values = x[:, column]
        if factor.choices:
            drawn = np.unique(values)
            means = [float(w[values == v] @ y[values == v] / w[values == v].sum()) for v in drawn]
            low, high = sorted((int(np.argmin(means)), int(np.argmax(means))))
            ends = (means[low], means[high], float(drawn[low]), float(drawn[high]))
        else:
            sides = [ranks[:, column] <= FIFTH, ranks[:, column] >= 1.0 - FIFTH]
            # values that many draws share can leave a fifth empty: the extreme value then stands for it
            sides = [
                side if side.any() else values == end
                for side, end in zip(sides, (values.min(), values.max()), strict=True)
            ]
            low_mean, high_mean = (float(w[side] @ y[side] / w[side].sum()) for side in sides)
            low_value, high_value = (float(quantiles(values[side], w[side], 0.5)[0]) for side in sides)
            ends = (low_mean, high_mean, low_value, high_value)
        found.append((-abs(ends[1] - ends[0]), column, TornadoBar(factor.name, factor.title, factor.unit, *ends)))
    return tuple(bar for _, _, bar in sorted(found, key=lambda entry: entry[:2]))
