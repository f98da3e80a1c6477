"""The historic cases of the library are written by their conventions, and all shipped cases meet their expectations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from servanda.analysis import Settings, run
from servanda.case import expression as syntax
from servanda.case import read
from servanda.case.citation import Citation
from servanda.case.loading import load, shipped
from servanda.case.resolved import Price, ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.compile.evaluation import STAGES, evaluate
from servanda.expectations import expectations_of
from servanda.game.game import flow_payoffs

T = TypeVar("T")
FOUNDING = "us-iran"
FILES = shipped()
HISTORIC = sorted(name for name in FILES if name != FOUNDING and not name.startswith("theory/"))
CONVENTIONS = FILES[HISTORIC[0]].parent.parent / "CONVENTIONS.md"
TODAY = date(2026, 11, 22)
YEARS = (1, 3, 5, 10)
CENTRAL, RANGE = re.compile(r"([\d.]+)(?: \(.*\))?"), re.compile(r"([\d.]+) to ([\d.]+)")
# discount a year and decisiveness of elected leaders, rulers, bodies that stay, movements
KINDS = {(0.10, 10.0), (0.08, 10.0), (0.06, 12.0), (0.06, 14.0)}
# Years that the texts and calendars of the day named, though they were still to come.
NAMED_AHEAD = {"agreed-framework-1994": {2002, 2003}, "budapest-1994": {1996}, "paris-us": {2020}}
WORLD = (
    "title", "description", "sides", "actors", "variables", "chance", "decisions", "protocol", "drafts", "payoffs",
    "frictions", "levers", "indicators",
)  # fmt: skip
each = pytest.mark.parametrize("name", HISTORIC)


@dataclass(frozen=True)
class Conventions:
    """What the page says: numbers shared by all cases, base rates by class, and the row of every case."""

    numbers: Mapping[str, tuple[float, float, float]]
    base_rates: Mapping[str, tuple[float, ...]]
    cases: Mapping[str, tuple[str, ...]]


def conventions(text: str) -> Conventions:
    """Read the tables of the page."""
    numbers: dict[str, tuple[float, float, float]] = {}
    base_rates: dict[str, tuple[float, ...]] = {}
    cases: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        first = cells[0].strip("`")
        if first in FILES:
            cases[first] = tuple(cells[1:])
        elif all(re.fullmatch(r"[\d.]+", cell) for cell in cells[1:5]):
            base_rates[first] = tuple(float(cell) for cell in cells[1:5])
        else:
            parameter, central = "", ""
            for cell in cells:
                if named := re.fullmatch(r"`(\w+)`", cell):
                    parameter = named[1]
                elif bounds := RANGE.fullmatch(cell):
                    numbers[parameter] = (float(bounds[1]), float(central), float(bounds[2]))
                elif number := CENTRAL.fullmatch(cell):
                    central = number[1]
    return Conventions(numbers, base_rates, cases)


PAGE = conventions(CONVENTIONS.read_text(encoding="utf-8"))


@cache
def compiled(name: str) -> Compiled:
    return compile_case(read(name))


def holds(of: Compiled, node: syntax.Node, at: float = 0.0) -> NDArray[np.float64]:
    """The value of an expression in every state, at the central values."""
    parameters = {k: np.array([[v]]) for k, v in of.central.items()}
    scope = of.layout.scope(of.codes, parameters=parameters, period_years=of.game.period_years, date=at)
    return np.broadcast_to(evaluate(node, scope), (of.game.states, 1))[:, 0]


def inside(tree: object, kind: type[T]) -> Iterator[T]:
    """Everything of a kind in a tree of frozen dataclasses and tuples."""
    if isinstance(tree, kind):
        yield tree
    parts: Iterable[object] = tree if isinstance(tree, tuple) else ()
    if names := getattr(tree, "__dataclass_fields__", ()):
        parts = (getattr(tree, name) for name in names if name not in ("where", "file", "history"))
    for part in parts:
        yield from inside(part, kind)


def later_years(case: ResolvedCase) -> set[int]:
    """Years after that of the date of information which the world of a case speaks of."""
    own = tuple(p for p in case.parameters if p.name not in PAGE.numbers)
    parts = (*(getattr(case, part) for part in WORLD), own)
    said = {int(year) for text in inside(parts, str) for year in re.findall(r"\b(?:1[89]|20)\d\d\b", text)}
    return {year for year in said if year > case.as_of.year}


def unlike_the_page(case: ResolvedCase, page: Conventions = PAGE) -> list[str]:
    """Parameters that bear a name of the page and not its numbers."""
    shared = [p for p in case.parameters if p.name in page.numbers]
    return [p.name for p in shared if (p.number.kind, p.number.arguments) != ("triangular", page.numbers[p.name])]


def in_years(day: date, years: int) -> date:
    return day.replace(year=day.year + years)


def test_the_page_is_read_whole() -> None:
    assert PAGE.numbers["slight"] == (2.0, 5.0, 8.0)
    assert PAGE.numbers["ruinous"] == (60.0, 80.0, 120.0)
    assert PAGE.numbers["exit_locked"] == (15.0, 30.0, 50.0)
    assert PAGE.numbers["cabinet_exit"] == (0.1, 0.2, 0.3)
    assert len(PAGE.numbers) == 9 + 4 + 1 + 4 + 3 + 1
    assert PAGE.base_rates["political"] == (0.873, 0.665, 0.507, 0.257)
    assert set(PAGE.base_rates) == {"treaty", "peace", "political"}


def test_the_page_lists_the_historic_cases() -> None:
    assert sorted(PAGE.cases) == HISTORIC
    assert len(HISTORIC) == 12


@each
def test_it_loads_and_warns_of_nothing_but_war_left_out(name: str) -> None:
    loaded = load(FILES[name])
    assert loaded.require().name == name
    codes = {issue.code for issue in loaded.issues}
    said = "# No state counts as war" in FILES[name].read_text(encoding="utf-8")
    assert codes == ({"war-undeclared"} if said else set())


@each
def test_its_numbers_are_those_of_the_page(name: str) -> None:
    case = read(name)
    assert unlike_the_page(case) == []
    own = {p.name for p in case.parameters} - PAGE.numbers.keys()
    assert own == set(re.findall(r"`(\w+)`", PAGE.cases[name][1]))


@each
def test_years_are_half_years_from_the_day_it_begins(name: str) -> None:
    case = read(name)
    assert (case.period_months, case.periods) == (6, 24)
    assert case.start == case.as_of


@each
def test_best_and_worst_year_lie_a_hundred_points_apart(name: str) -> None:
    of = compiled(name)
    flow = flow_payoffs(of.game, of.numbers().at(0))[:, :, 0][of.game.payoff_class]
    war = holds(of, of.case.war.node) > 0 if of.case.war else np.zeros(of.game.states, bool)
    spans = np.ptp(flow[~(war & of.live)], axis=0)
    found = dict(zip((a.name for a in of.case.actors), spans.tolist(), strict=True))
    assert {actor: span for actor, span in found.items() if not 80 <= span <= 120} == {}


@each
def test_precision_and_patience_go_by_the_kind_of_actor(name: str) -> None:
    of = compiled(name)
    for clarity in (1.0, 1.5):
        numbers = of.numbers([{"clarity": clarity}])
        rates = np.asarray(numbers.discount)[:, 0] ** (-1 / of.game.period_years) - 1
        widths = np.log(9.0) / np.asarray(numbers.precision)[:, 0] / clarity
        kinds = {(round(float(r), 9), round(float(w), 9)) for r, w in zip(rates, widths, strict=True)}
        assert kinds <= KINDS


@each
def test_it_remembers_who_left_first(name: str) -> None:
    case = read(name)
    (kept,) = (v for v in case.variables if v.name == "broken_by")
    parties = [s.name for s in case.sides if s.party]
    assert (kept.kind, kept.levels, kept.start) == ("condition", ("nobody", *parties), "nobody")
    for draft in case.drafts:
        asks = next(f for f in case.protocol.forms if f.name == draft.form).ratifiers
        assert {c.side for c in draft.withdrawals} == (set(parties) if asks else set())
        for follows in (*draft.breaches, *draft.exits, *draft.withdrawals):
            set_to = {c.to for o in follows.outcomes for c in o.effects if c.variable == "broken_by"}
            assert set_to == {follows.side}, (draft.name, follows.side)
    (breach,) = {c.leads_to for d in case.drafts for c in d.breaches}
    assert PAGE.cases[name][2] == {"collapse": "ends it", "suspension": "suspends it"}[breach]


@each
def test_breach_is_never_the_cheap_way_out(name: str) -> None:
    of = compiled(name)
    side = {a.name: a.side for a in of.case.actors}

    def paid(prices: tuple[Price, ...], by: str, at: float) -> float:
        one = next(a for a in side if side[a] == by)
        return float(sum(holds(of, p.worth.node, at)[0] for p in prices if p.actor == one))

    for draft in of.case.drafts:
        form = next(f for f in of.case.protocol.forms if f.name == draft.form)
        for breach, leave in zip(draft.breaches, draft.exits, strict=True):
            for at in (of.middles[0], of.middles[-1]):
                left = paid((*form.exit_prices, *leave.prices), leave.side, at)
                assert left >= 3
                assert paid(breach.prices, breach.side, at) == left
        for withdrawn in draft.withdrawals:
            assert paid(withdrawn.prices, withdrawn.side, of.middles[0]) == PAGE.numbers["exit_political"][1]


@each
def test_talks_once_it_was_left_are_as_the_page_says(name: str) -> None:
    of = compiled(name)
    left = of.layout.digit(of.codes, "broken_by") > 0
    talks = np.isin(of.deal_stage, [STAGES.index(stage) for stage in ("talks", "tabled")])
    said = re.match(r"\w+", PAGE.cases[name][3])
    assert said
    assert said[0] == ("yes" if np.any(left & talks) else "no")


@each
def test_questions_are_put_on_the_first_day_and_settled_once_their_day_has_come(name: str) -> None:
    case = read(name)
    assert {q.asked for q in case.questions} == {case.as_of}
    for question in case.questions:
        assert (question.outcome == "unknown") == (question.date > TODAY), question.name
        if question.outcome != "unknown":
            assert question.citation.grade, question.name


@each
def test_survival_is_asked_by_the_page(name: str) -> None:
    of = compiled(name)
    case, found = of.case, {q.name: q for q in of.case.questions}
    parties = [s.name for s in case.sides if s.party]
    survival = {n for n in found if re.fullmatch(r"alive-\d+y|.+-left-\d+y", n)}
    if PAGE.cases[name][0] == "its own":
        assert survival == set()
        assert [n for n, q in found.items() if q.benchmark] == ["signed-1y", "signed-3y", "signed-5y"]
        return
    rates = PAGE.base_rates[PAGE.cases[name][0].strip("`")]
    assert survival == {f"alive-{n}y" for n in YEARS} | {f"{party}-left-10y" for party in parties}
    dead = np.isin(of.deal_stage, [STAGES.index(stage) for stage in ("none", "talks", "tabled", "ended")])
    for years, rate in zip(YEARS, rates, strict=True):
        question = found[f"alive-{years}y"]
        assert (question.timing, question.date) == ("at", in_years(case.start, years))
        assert question.benchmark
        assert question.benchmark.probability == rate
        alive = holds(of, question.holds.node) > 0
        nobody = of.layout.digit(of.codes, "broken_by") == 0
        assert not np.any(alive & dead)
        assert np.all(alive[of.live & nobody])
    for number, party in enumerate(parties, start=1):
        question = found[f"{party}-left-10y"]
        assert (question.timing, question.date) == ("by", in_years(case.start, 10))
        assert question.benchmark
        assert question.benchmark.probability == pytest.approx((1 - rates[-1]) / 2, abs=1e-12)
        left = holds(of, question.holds.node) > 0
        assert np.any(left)
        assert set(of.layout.digit(of.codes[left], "broken_by").tolist()) == {number}


@each
def test_sources_have_addresses_and_judgements_say_so(name: str) -> None:
    case = read(name)
    grades = {s.name: s.grade for s in case.sources}
    assert [s.name for s in case.sources if s.grade in "ABC" and not re.match(r"https?://", s.url)] == []
    for cited in inside(case, Citation):
        documents = [grades[source] for source in cited.sources if source in grades]
        if "judgement" in cited.sources:
            assert cited.grade.startswith("J")
        elif documents:
            # an author may rate his evidence lower than its best document, never higher
            assert "ABCM".index(cited.grade.removeprefix("J:")[0]) >= min(map("ABCM".index, documents)), cited
    assert [t.actor for t in case.payoffs if not t.citation.grade.startswith("J")] == []


@each
def test_nothing_is_known_that_came_later(name: str) -> None:
    case = read(name)
    assert later_years(case) <= NAMED_AHEAD.get(name, set())
    assert [e.date for e in case.evidence if e.date > case.as_of] == []
    assert [d.name for d in case.drafts if d.on_table[0] and d.on_table[0] > case.as_of] == []


def test_a_broken_convention_is_seen(tmp_path: Path) -> None:
    text = FILES["cuba-opening"].read_text(encoding="utf-8")
    file = tmp_path / "case.yaml"
    file.write_text(text.replace("cost: {value: 6 to 15, central: 10", "cost: {value: 6 to 15, central: 12"), "utf-8")
    assert unlike_the_page(read(str(file))) == ["cost"]
    file.write_text(text.replace("title: US relief (travel,", "title: US relief of 2015 (travel,"), "utf-8")
    assert later_years(read(str(file))) == {2015}


@each
def test_a_historic_case_meets_its_expectations(name: str) -> None:
    """Cases of theory are held against theirs, more strictly, in `tests/reference/test_theory.py`."""
    case = read(name)
    done = run(case, Settings(select=False, frictions=False, diagnosis=()))
    met = expectations_of(done)
    assert met
    assert [(m.expected.quantity, m.found) for m in met if not m.holds] == []
    found = {a.question: a.probability for a in done.forecast.answers}
    fates = [p for q, p in found.items() if q == "alive-10y" or q.endswith("-left-10y")]
    assert sum(fates) <= 1 + 1e-9
