"""The likelihood of a panel against play worked out by hand, and what must leave it as it is."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from servanda.estimation.likelihood import Likelihood
from servanda.estimation.panel import read_panel
from servanda.estimation.simulation import simulate
from tests.estimation.quarrels import TRUTH, compiled, play_by_hand, written


def likelihood(
    folder: Path, rows: list[str], columns: str = "episode,period,land,decision,option", **kinds: object
) -> Likelihood:
    return Likelihood(read_panel(written(folder, rows, columns), compiled(**kinds)))


def test_it_is_the_product_of_the_odds_worked_out_by_hand(tmp_path: Path) -> None:
    rows = ["a,0,shared,grab,wait", "a,0,shared,seize,take", "a,1,west_has,grab,take", "b,3,shared,seize,wait"]
    found = likelihood(tmp_path, rows)
    for values in (TRUTH, {"cost": 1.0, "gain": 9.0, "sharp": 12.0}):
        odds = play_by_hand(values, "fixed", 4)
        wanted = [
            log(1.0 - odds[0]["grab", True]["shared"]), log(odds[0]["seize", False]["shared"]),
            log(odds[1]["grab", True]["west_has"]), log(1.0 - odds[3]["seize", False]["shared"]),
        ]  # fmt: skip
        assert found.total([values]) == pytest.approx([sum(wanted)], abs=1e-9)
        assert found.predictions(values)[1][1] == pytest.approx(odds[0]["seize", False]["shared"], abs=1e-10)


@pytest.mark.parametrize(
    ("rows", "orders"),
    [
        # (decision, other side still to come, state, taken) of every order that fits
        (["a,1,shared,grab,wait", "a,1,shared,seize,wait"],
         [[("grab", True, "shared", False), ("seize", False, "shared", False)]]),
        (["a,1,shared,seize,take", "a,1,west_has,grab,wait"],
         [[("seize", True, "shared", True), ("grab", False, "west_has", False)]]),
        # she has the land and so nothing to decide, before him or after him
        (["a,1,east_has,seize,wait"],
         [[("seize", True, "east_has", False)], [("seize", False, "east_has", False)]]),
        # after him she would have had to decide, and the panel has no row of hers
        (["a,1,east_has,seize,take"], [[("seize", False, "east_has", True)]]),
    ],
)  # fmt: skip
def test_orders_that_nature_draws_are_averaged_over(
    tmp_path: Path, rows: list[str], orders: list[list[tuple[str, bool, str, bool]]]
) -> None:
    found = likelihood(tmp_path, rows, order="drawn")
    odds = play_by_hand(TRUTH, "drawn", 4)[1]
    share = [
        np.prod([odds[d, first][s] if taken else 1.0 - odds[d, first][s] for d, first, s, taken in order])
        for order in orders
    ]
    assert found.total([TRUTH]) == pytest.approx([log(np.mean(share))], abs=1e-9)
    assert found.paths.unexplained == 0


def test_a_panel_of_one_side_only_is_taken_with_all_orders_and_counted(tmp_path: Path) -> None:
    found = likelihood(tmp_path, ["a,1,shared,seize,wait"], order="drawn")
    odds = play_by_hand(TRUTH, "drawn", 4)[1]
    share = [1.0 - odds["seize", first]["shared"] for first in (True, False)]
    assert found.total([TRUTH]) == pytest.approx([log(np.mean(share))], abs=1e-9)
    assert found.paths.unexplained == 1


def test_columns_with_known_parameters_give_each_episode_its_own_game(tmp_path: Path) -> None:
    columns = "episode,period,land,decision,option,cost"
    rows = ["a,0,shared,grab,take,2", "b,0,shared,grab,take,5.5", "c,1,shared,seize,wait,2"]
    found = likelihood(tmp_path, rows, columns)
    assert found.panel.groups == 2
    cheap, dear = ({**TRUTH, "cost": cost} for cost in (2.0, 5.5))
    wanted = log(play_by_hand(cheap, "fixed", 4)[0]["grab", True]["shared"])
    wanted += log(play_by_hand(dear, "fixed", 4)[0]["grab", True]["shared"])
    wanted += log(1.0 - play_by_hand(cheap, "fixed", 4)[1]["seize", False]["shared"])
    others = {name: TRUTH[name] for name in ("gain", "sharp")}
    assert found.total([others]) == pytest.approx([wanted], abs=1e-9)


def test_warm_starts_and_company_change_nothing(tmp_path: Path) -> None:
    found = likelihood(tmp_path, ["a,0,shared,grab,take", "a,1,east_has,seize,take"])
    alone = found.total([TRUTH])
    found.anchor({"cost": 5.0, "gain": 3.0, "sharp": 7.0})
    assert found.total([TRUTH]) == pytest.approx(alone, abs=1e-8)
    assert found.total([TRUTH, {"cost": 1.0}] * 80)[-2] == pytest.approx(alone[0], abs=1e-8)


def test_numbers_that_make_no_game_are_impossible_and_spare_the_others(tmp_path: Path) -> None:
    found = likelihood(tmp_path, ["a,0,shared,grab,take"])
    total = found.total([TRUTH, {"sharp": -1.0}, TRUTH])
    assert total[1] == -np.inf
    assert total[0] == total[2] > -np.inf


@pytest.mark.parametrize("order", ["fixed", "drawn"])
def test_simulated_choices_have_the_odds_of_play(order: str, tmp_path: Path) -> None:
    game = compiled(order=order)
    made = simulate(game, 4000, 3, values=TRUTH, periods=1)
    first = {row[0]: row for row in reversed(made.rows)}
    takes = np.array([row[-1] == "take" for row in first.values()])
    odds = play_by_hand(TRUTH, order, 4)[0]
    expected = odds["grab", True]["shared"]
    if order == "drawn":
        expected = 0.5 * (expected + odds["seize", True]["shared"])
    assert abs(takes.mean() - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / len(takes))
    assert simulate(game, 3, 3, values=TRUTH, periods=1).rows == tuple(r for r in made.rows if int(r[0]) <= 3)
    path = tmp_path / "panel.parquet"
    made.write(path)
    assert Likelihood(read_panel(path, game)).total([TRUTH])[0] < 0.0
    assert read_panel(path, game).remarks[0].startswith("simulated play of quarrel: 4000 episodes of 1 periods, seed 3")
