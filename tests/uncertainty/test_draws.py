"""Draws of uncertain parameters: inside their distributions, evenly spread, the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.case import load_text, read
from servanda.uncertainty import parameter_draws
from tests.sketches import Sketch


def test_every_uncertain_parameter_is_drawn_and_no_certain_one() -> None:
    case = read("us-iran")
    draws = parameter_draws(case, 64)
    uncertain = {p.name: p.number for p in case.parameters if not p.number.certain}
    assert len(draws) == 64
    assert all(draw.keys() == uncertain.keys() for draw in draws)
    for name, number in uncertain.items():
        low, high = number.support
        values = np.array([draw[name] for draw in draws])
        assert np.isfinite(values).all()
        assert ((values >= low) & (values <= high)).all()
        # a balanced sequence: half of the draws on either side of the median
        below = int((values < number.quantile(0.5)).sum())
        assert number.kind == "choice" or below == 32, name


def test_fewer_draws_are_the_first_of_more_and_another_seed_gives_others() -> None:
    case = read("us-iran")
    assert parameter_draws(case, 5) == parameter_draws(case, 16)[:5]
    assert parameter_draws(case, 5, seed=1) != parameter_draws(case, 5)


def test_without_uncertainty_there_is_nothing_to_draw() -> None:
    case = load_text(Sketch().text, "sketch.yaml").require()
    assert parameter_draws(case, 8) == ()
    assert parameter_draws(read("us-iran"), 0) == ()
    with pytest.raises(ValueError, match="cannot make -1 draws"):
        parameter_draws(case, -1)
