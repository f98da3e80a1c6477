"""The benchmarks at tiny sizes: that every comparison runs and that its accuracy holds; no times are asserted."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import tables
from benchmarks.__main__ import main, parts_of
from benchmarks.memory import large_case, measure_memory
from benchmarks.peers import environment
from benchmarks.peers.dynamic_programs import PERIODS, asked, measure_programs
from benchmarks.peers.environment import MISSING, Patience, Peers
from benchmarks.peers.equilibria import followed, iterated, measure_equilibria, odds_error, seated
from benchmarks.peers.payoff_sets import hausdorff, measure_recorded, measure_repeated, repeated_game
from benchmarks.peers.trees import grown, measure_trees, unfolded
from benchmarks.random_games import Shape, simultaneous_arrays, staged_game, turn_arrays
from benchmarks.scaling import KernelClock, least_bytes, measure_growth, reader, share_of, sixteen_pass
from benchmarks.tables import Table, exponent, processor_time, seconds, times
from servanda.bridges import logit
from servanda.case import load_text
from servanda.compile import compile_case
from servanda.equilibrium import Period, period, solve
from servanda.kernels.lanes import LANES, aligned


@pytest.fixture(scope="module")
def peers() -> Peers:
    found = Peers.find()
    if found is None:
        pytest.skip(MISSING)
    return found


def column(table: Table, name: str) -> list[float]:
    return [float(row[table.columns.index(name)]) for row in table.rows]


def test_a_table_prints_and_stands_in_markdown() -> None:
    table = Table("Sizes", "Two of them.", ("what", "how many"), (("a", "1"), ("b | c", "22")))
    assert table.text == "Sizes\nTwo of them.\n  what   how many\n  a      1\n  b | c  22"
    assert table.markdown.splitlines()[-2:] == ["| a | 1 |", "| b \\| c | 22 |"]
    assert Table("Only", "Words.", (), ()).markdown == "## Only\n\nWords."


def test_figures_show_two_or_three_digits() -> None:
    assert [seconds(x) for x in (123.4, 1.26, 0.0123, 4.2e-6)] == ["123 s", "1.3 s", "12 ms", "4.2 µs"]
    assert [times(2.0, 1e-3), times(1.0, 4.0)] == ["2,000 ×", "0.25 ×"]
    assert exponent((1, 10, 100), (2.0, 20.0, 200.0)) == pytest.approx(1.0)


def test_the_least_of_several_calls_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MEASURABLE", 0.0)
    calls: list[int] = []
    taken, result = processor_time(lambda: (calls.append(1), len(calls))[1], most=3)
    assert (len(calls), result) == (3, 3)
    assert taken >= 0.0


def test_what_is_too_short_for_the_clock_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.001, 1.0, 1.5])
    monkeypatch.setattr(tables.time, "process_time", lambda: next(clock))
    calls: list[int] = []
    taken, _ = processor_time(lambda: calls.append(1) or 1, budget=0.1)
    assert len(calls) == 1 + 21
    assert taken == pytest.approx(0.5 / 21)


def test_where_the_peers_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SERVANDA_PEERS", str(tmp_path / "python"))
    assert Peers.find() is None
    monkeypatch.setenv("SERVANDA_PEERS", sys.executable)
    assert Peers.find() == Peers(Path(sys.executable))
    assert Patience(None, 1.0).ask("versions", {}) == "not installed"


def test_a_peer_that_fails_says_why_and_one_that_takes_too_long_is_asked_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Peers(Path(sys.executable))  # our own environment holds none of the peers
    with pytest.raises(RuntimeError, match="sgamesolver"):
        here.ask("versions", {}, 60.0)
    monkeypatch.setattr(environment, "START", 0.0)
    patience = Patience(here, 0.001)
    assert patience.ask("versions", {}) == "more than 0.001 s"
    assert patience.ask("versions", {}) == "not tried"


def test_the_engines_are_measured_on_the_same_equilibria() -> None:
    arrays = turn_arrays(6)
    (_, _, one, values), (_, _, other, same) = iterated(arrays), followed(arrays)
    assert one == pytest.approx(other, abs=1e-9)
    assert values == pytest.approx(same, abs=1e-9)
    assert odds_error(arrays, one, values) < 1e-9
    arrays = simultaneous_arrays(4)
    (_, _, one, values), (_, _, other, same) = seated(arrays), followed(arrays)
    assert one == pytest.approx(other, abs=1e-9)
    assert values == pytest.approx(same, abs=1e-9)
    assert max(odds_error(arrays, one, values), odds_error(arrays, other, same)) < 1e-9


def test_a_random_staged_game_is_the_problem_that_is_asked() -> None:
    game, numbers = staged_game(Shape(7, actors=1), sharp=True)
    question = asked(game, numbers)
    plain = np.zeros(7)
    values = np.zeros((7, 1))
    one = Period(game, numbers)
    for _ in range(PERIODS):
        ahead = np.einsum("sok,sok->so", question["p"], plain[question["idx"]])
        plain = (question["u"] + question["discount"] * ahead).max(axis=1)
        one.backward(values, 0)
    assert values[:, 0] == pytest.approx(plain, abs=1e-12)


def test_trees_have_the_information_they_claim() -> None:
    seen, hidden = grown(4), grown(4, hidden=True)
    assert (seen.size, seen.perfect, len(seen.decisions)) == (31, True, 15)
    assert (hidden.size, hidden.perfect, hidden.recall, len(hidden.decisions)) == (31, False, True, 10)
    assert logit(hidden, 1.0).certificate.odds_error < 1e-9
    assert unfolded("theory/pledge", 1).perfect


def test_our_side_runs_without_the_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor_time, "__defaults__", (0.0, 1))
    found = [
        *measure_equilibria(None, sizes=(3,)),
        measure_programs(None, sizes=(20,)),
        measure_trees(None, depths=(2,), cases=()),
        measure_repeated(None, sizes=(2,)),
    ]
    for table in found:
        assert all(len(row) == len(table.columns) and "not installed" in row for row in table.rows)
    assert max(column(found[0], "our error")) < 1e-9
    assert max(column(found[3], "our error")) < 1e-9
    assert max(column(found[4], "certificate")) < 1e-8


def test_distances_of_polygons() -> None:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert hausdorff(square, np.vstack([square, [[0.5, 0.5]]])) == 0.0
    assert hausdorff(square, square[:3]) == pytest.approx(0.5**0.5)


def test_the_stage_game_has_an_equilibrium_in_its_first_profile() -> None:
    one, two = repeated_game(5)
    assert one[0, 0] == one[:, 0].max()
    assert two[0, 0] == two[0].max()


def test_recorded_times_stand_beside_live_accuracy(tmp_path: Path) -> None:
    table = measure_recorded(tmp_path)
    assert table.rows == ()
    assert "not beside the project" in table.says


def test_memory_is_measured_on_cases_of_a_known_size() -> None:
    assert compile_case(load_text(large_case((2,)), "large.yaml").require()).game.states == 1000


@pytest.mark.verify
def test_memory_in_a_process_of_its_own() -> None:
    (row,) = measure_memory(((2,),)).rows
    assert row[0] == "1,000"
    assert row[-1] == "solved"


def test_least_traffic_counts_every_array_once() -> None:
    shape = Shape(10, options=2, successors=3, actors=2)
    # rows: state, mover, first option; options: two starts, prices and outcomes; values in and out, shortfalls
    assert least_bytes(shape, 8) == 10 * 12 + 20 * 8 + 40 * 8 + 60 * 8 + 8 * (2 * 20 + 20)


def test_growth_is_measured_on_small_games(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor_time, "__defaults__", (0.0, 1))
    table = measure_growth(Shape(50), largest=10_000)
    assert [row[0] for row in table.rows][:5] == ["states", "options", "successors", "actors", "draws"]
    sixteen_pass(Shape(50))()


@pytest.mark.parametrize(("number", "size"), [(np.float64, 1), (np.float32, LANES)])
def test_reads_alone_read_every_value_where_it_stands(number: type, size: int) -> None:
    random = np.random.default_rng(1)
    places = random.integers(0, 30, 40).astype(np.int32)
    values = aligned((30, 3 * size)) if number is np.float32 else np.empty((30, 3))
    values[:] = random.integers(0, 9, values.shape)
    total = np.zeros(4 * 3 * size, number)
    reader(3, number)(places, values.reshape(-1), total)
    assert total.reshape(4, -1).sum(axis=0).tolist() == values[places].sum(axis=0).tolist()


def test_kernels_are_timed_and_put_back() -> None:
    game, numbers = staged_game(Shape(200))
    solve(game, numbers)
    before = period.backward_single
    total, inside, calls = share_of(lambda: solve(game, numbers))
    assert 0.0 < inside <= total * 1.01
    assert calls > 10
    assert period.backward_single is before
    with KernelClock().running():
        assert period.backward_single is not before


def test_parts_are_chosen_and_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert parts_of("peers, memory") == ["peers", "memory"]
    monkeypatch.setattr(
        "benchmarks.__main__.measured", lambda part, case, *, long: [Table(part, "", ("a",), (("b",),))]
    )
    target = tmp_path / "found.md"
    main(["--only", "peers,memory", "--output", str(target)])
    written = target.read_text(encoding="utf-8")
    assert written.startswith("# Benchmarks\n")
    assert "## peers\n\n| a |\n| --- |\n| b |\n" in written
    with pytest.raises(SystemExit):
        main(["--only", "everything"])


@pytest.mark.verify
def test_markov_equilibria_beside_the_homotopy(peers: Peers) -> None:
    finite, steep = measure_equilibria(peers, sizes=(4,), limit=120.0)
    for table, near in ((finite, 1e-6), (steep, 1e-3)):
        assert max(column(table, "odds differ by")) < near
        assert max(column(table, "our error")) < near
        assert max(column(table, "its error")) < near


@pytest.mark.verify
def test_one_player_beside_quantecon(peers: Peers) -> None:
    assert max(column(measure_programs(peers, sizes=(50,), limit=120.0), "values differ by")) < 1e-7


@pytest.mark.verify
def test_trees_beside_gambit(peers: Peers) -> None:
    assert max(column(measure_trees(peers, depths=(2, 3), limit=120.0), "odds differ by")) < 1e-8


@pytest.mark.verify
def test_payoff_sets_beside_quantecon(peers: Peers) -> None:
    table = measure_repeated(peers, sizes=(2, 4), limit=120.0)
    assert max(column(table, "distance")) < 1e-7
    assert max(column(table, "certificate")) < 1e-8
