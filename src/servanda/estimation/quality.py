"""How well a fit accounts for the choices: against blind guesses, against the case as declared, option by option."""

from __future__ import annotations

import math

import numpy as np

from servanda.estimation.answers import Bin, OptionCount, Quality
from servanda.estimation.likelihood import Likelihood

_BINS = 10


def quality_of(
    likelihood: Likelihood, values: dict[str, float], parameters: int, fit: float, central: float | None
) -> Quality:
    """Judge a fit by its predictions under `values`."""
    panel = likelihood.panel
    predicted = likelihood.predictions(values)
    widths = np.array([len(odds) for odds in predicted])
    uniform = float(-np.log(widths).sum())
    hits, blind = 0.0, 0.0
    for odds, chosen in zip(predicted, panel.chosen.tolist(), strict=True):
        likeliest = odds >= odds.max() - 1e-12
        hits += float(likeliest[chosen]) / float(likeliest.sum())
        blind += 1.0 / len(odds)
    return Quality(
        log_likelihood=fit,
        central=central,
        uniform=uniform,
        pseudo_r2=1.0 - fit / uniform if uniform else 0.0,
        hits=hits / panel.choices,
        hits_uniform=blind / panel.choices,
        aic=2.0 * parameters - 2.0 * fit,
        bic=parameters * math.log(panel.choices) - 2.0 * fit,
        bins=_bins(predicted, panel.chosen.tolist()),
        options=_options(likelihood, predicted),
    )


def _bins(predicted: list[np.ndarray], chosen: list[int]) -> tuple[Bin, ...]:
    """Predicted odds of all options beside the shares that were chosen."""
    odds = np.concatenate(predicted)
    taken = np.concatenate([np.arange(len(p)) == c for p, c in zip(predicted, chosen, strict=True)])
    place = np.minimum((odds * _BINS).astype(int), _BINS - 1)
    found = []
    for k in range(_BINS):
        mine = place == k
        if mine.any():
            found.append(
                Bin(k / _BINS, (k + 1) / _BINS, int(mine.sum()), float(odds[mine].mean()), float(taken[mine].mean()))
            )
    return tuple(found)


def _options(likelihood: Likelihood, predicted: list[np.ndarray]) -> tuple[OptionCount, ...]:
    panel = likelihood.panel
    names = {stage: name for name, stage in panel.points.stages.items()}
    counts: dict[tuple[int, str], list[float]] = {}
    for k, odds in enumerate(predicted):
        stage = int(panel.stage[k])
        for at, option in enumerate(panel.points.options(stage, int(panel.row[k]))):
            tally = counts.setdefault((stage, option), [0, 0.0])
            tally[0] += int(panel.chosen[k]) == at
            tally[1] += float(odds[at])
    order = sorted(counts.items(), key=lambda item: item[0][0])
    return tuple(OptionCount(names[s], option, int(seen), expected) for (s, option), (seen, expected) in order)
