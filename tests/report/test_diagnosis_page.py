"""The report of a full diagnosis: sections where there is something to show, and the lattice one click away."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files

import pytest

from servanda.diagnosis.answers import Diagnosis
from servanda.forecast.vocabulary import likelihood
from servanda.report import diagnosed, page, switchboard
from servanda.report.measures import Measure, measure_of
from servanda.report.words import log_odds, signed
from servanda.runs import Run
from tests.report.browsing import Reader
from tests.report.fixtures import make_run
from tests.report.invented_diagnosis import (
    awkward,
    make_claims,
    make_designs,
    make_diagnosis,
    make_lattice,
    make_sampled,
    make_trust,
    with_text,
)

BAD = "<script>alert('x')</script></textarea><img src=x onerror=alert(1)> {{7*7}} \u2028 </style>"


def bare(diagnosis: Diagnosis) -> Run:
    """A run with this diagnosis and little else, so that its page is quickly made."""
    run = make_run()
    outcomes = replace(run.forecast.outcomes, drafts=())
    forecast = replace(run.forecast, outcomes=outcomes, answers=(), indicators=(), variables=(), calendar=())
    return replace(run, drafts=(), frictions=(), forecast=forecast, diagnosis=diagnosis)


@pytest.fixture(scope="module")
def text() -> str:
    return page.html(replace(make_run(), diagnosis=make_diagnosis()))


@pytest.fixture(scope="module")
def read(text: str) -> Reader:
    return Reader(text)


def whole(read: Reader) -> None:
    """What every page must be, whatever it shows."""
    assert read.unbalanced == []
    assert read.open == []
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(later <= earlier + 1 for earlier, later in zip(read.headings, read.headings[1:], strict=False))
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in read.all("a") if a["href"].startswith("#")} <= set(ids)
    assert {a[name] for _, a in read.elements for name in ("aria-labelledby", "for") if name in a} <= set(ids)


def test_the_page_is_whole_and_no_monster(read: Reader, text: str) -> None:
    whole(read)
    assert len(text.encode()) < 1_900_000


def test_sections_come_in_the_order_of_the_argument(read: Reader) -> None:
    order = [a["id"] for a in read.all("section")]
    assert order[order.index("why") :] == [
        *("why", "frictions", "remedies", "threats", "mirage", "windows", "access", "claims"),
        *("forecast", "quantities", "assumptions", "method"),
    ]
    linked = [a["href"][1:] for a in read.all("a") if a["href"].startswith("#") and a["href"][1:] in order]
    assert linked[1 : linked.index("method") + 1] == order  # the first leads past the contents
    words = "".join(read.text).replace("\N{NO-BREAK SPACE}", " ")
    for part in (
        "The smallest repairs",
        "Switch frictions off yourself",
        "What flips the verdict",
        "The cost of trust",
        "The benefit of cooperation",
        "Draft or structure?",
        "Claims tested",
    ):
        assert part in words


@pytest.mark.parametrize("name", awkward())
def test_the_edges_have_whole_pages(name: str) -> None:
    whole(Reader(page.html(bare(awkward()[name]))))


def test_without_a_diagnosis_there_are_no_empty_sections() -> None:
    read = Reader(page.html(bare(Diagnosis())))
    whole(read)
    assert not {"frictions", "remedies", "mirage", "windows", "access", "claims"} & {
        a["id"] for a in read.all("section")
    }


def test_text_of_a_diagnosis_never_becomes_markup(read: Reader) -> None:
    hostile = Reader(page.html(bare(with_text(make_diagnosis(), BAD))))
    whole(hostile)
    assert hostile.scripts[1:] == read.scripts[1:]
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)
    assert "{{7*7}}" in "".join(hostile.text)
    assert "<" not in hostile.scripts[0]


def test_the_switchboard_can_be_used_without_eyes_or_mouse(read: Reader) -> None:
    boxes = [a for a in read.all("input") if a.get("type") == "checkbox"]
    assert sorted(int(a["data-bit"]) for a in boxes) == list(range(11))
    assert len(read.all("label")) >= len(boxes)
    (answer,) = [a for a in read.all("p") if a.get("id") == "switched"]
    assert (answer["role"], answer["aria-live"]) == ("status", "polite")
    assert len(read.all("fieldset")) == len(read.all("legend")) == 1
    masks = [int(a["data-mask"]) for a in read.all("button") if "data-mask" in a]
    assert masks[-2:] == [0, 2**11 - 1]
    assert len(masks) == page.MOST_REPAIRS + 2


def test_every_number_of_the_lattice_is_embedded_once(read: Reader) -> None:
    lattice = make_lattice()
    held = json.loads(read.scripts[0])["lattice"]
    assert held == json.loads(json.dumps(switchboard.data(lattice)))
    assert [len(column["values"]) for column in held["columns"]] == [2**11] * 7
    unused = lattice.frictions.index("plan_b_us")
    low = (1 << unused) - 1
    for mask in (0, 1, 517, 1 << unused, 2**11 - 1):
        whole_mask = (mask & low) | (mask & ~low) << 1
        assert held["columns"][0]["values"][mask] == pytest.approx(lattice.values[whole_mask], rel=6e-5)
    assert held["unsettled"] == [5]
    assert len(json.dumps(held)) < 170_000


def test_a_repair_switches_its_own_frictions_off() -> None:
    lattice = make_lattice()
    held = switchboard.data(lattice)
    assert held is not None
    for repair, mask, then in diagnosed.repairs(lattice):
        value = held["columns"][0]["values"][mask]
        assert value == pytest.approx(repair.value, rel=6e-5)
        assert then == likelihood(repair.value)


def test_without_scripts_the_table_of_singles_and_pairs_stands(read: Reader) -> None:
    table = switchboard.singles_and_pairs(make_lattice())
    assert len(table.rows) == 1 + 11 + 55 + 1
    assert table.rows[0][0] == "none"
    assert table.rows[-1][0] == "all"
    assert table.columns[1:4] == ("The outcome", "signed in time", "ratified, once signed")
    assert table.rows[12][0] == f"{make_lattice().titles[0]} + {make_lattice().titles[1]}"
    assert "Table: each friction and each pair switched off" in "".join(read.text)
    assert "(far future unsettled)" in "".join(row[0] for row in table.rows)


def test_sampled_lattices_have_no_switchboard() -> None:
    assert switchboard.switchboard(make_sampled()) is None
    text = page.html(bare(Diagnosis(lattice=make_sampled())))
    assert 'id="switchboard"' not in text
    assert "there are too many subsets to solve: 2,950 were, along 200 orders" in text


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the script of the page")
def test_the_script_writes_numbers_as_the_page_does() -> None:
    lattice = make_lattice(6, level=-9.0, unsettled=(3,))
    extremes = (0.0, 1.0, 0.0004, 0.0042, 0.0096, 0.0312, 0.0994, 0.0996, 0.31, 0.5, 0.9904, 0.996, 0.99995)
    lattice = replace(lattice, values=(*extremes, *lattice.values[len(extremes) :]))
    held = switchboard.data(lattice)
    script = files("servanda.report").joinpath("templates", "lattice.js").read_text(encoding="utf-8")
    script += f"""
    const texts = latticeTexts({json.dumps(held)});
    const rows = [];
    for (let m = 0; m < 64; m++) {{
      const levels = [...Array(7).keys()].map((c) => texts.level(c, m));
      rows.push([levels, texts.odds(m), texts.sentence(m, 6)]);
    }}
    console.log(JSON.stringify(rows));
    """
    node = shutil.which("node") or "node"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True, timeout=60)
    named = [Measure(lattice.unit), *(measure_of(name)[1] for name, _ in lattice.headlines)]
    columns = [lattice.values, *(values for _, values in lattice.headlines)]
    for mask, (levels, odds, sentence) in enumerate(json.loads(done.stdout.replace("\N{NO-BREAK SPACE}", " "))):
        rounded = [float(f"{column[mask]:.5g}") for column in columns]
        assert levels == [measure.level(value) for measure, value in zip(named, rounded, strict=True)]
        assert odds == signed(log_odds(rounded[0]))
        count = mask.bit_count()
        head = {0: "Every friction on", 1: "1 friction off", 6: "Every friction off"}.get(
            count, f"{count} frictions off"
        )
        tail = " (far future unsettled)" if mask == 3 else ""
        assert sentence == f"{head}: {likelihood(rounded[0])}{tail}"


def test_in_short_says_what_was_asked_for_and_nothing_else() -> None:
    heads = [line.head for line in diagnosed.brief(make_diagnosis())]
    assert heads == [
        *("Frictions", "Smallest repair", "What flips it", "Cost of trust", "Draft or structure", "The mirage"),
        *("When", "Claims tested"),
    ]
    assert diagnosed.brief(Diagnosis()) == ()


def test_repairs_in_words() -> None:
    assert diagnosed.smallest_repair(make_lattice()).endswith("likely (77 %); 3 other sets of 3 would do as well.")
    assert diagnosed.smallest_repair(make_lattice(1, level=0.4)).startswith("none is needed: likely (60 %)")
    assert diagnosed.smallest_repair(make_lattice(4, level=-12.0)).startswith("none: with whatever frictions off")
    assert diagnosed.smallest_repair(make_sampled()) == "none found among sets of up to 3 frictions (threshold 50 %)."
    one = make_lattice(2, level=-1.0, steps=(1.5, 2.0))
    assert diagnosed.smallest_repair(one).endswith("likely (73 %); 1 other alone would do as well.")


def test_trust_and_designs_in_words_where_nobody_wrote_any() -> None:
    assert diagnosed.trust_sentence(make_trust()) == (
        "“Sequence with escrowed relief” is kept with 50 % if these are lost on breach: United States 21.6 points and "
        "Iran 35.7 points. Carrying them costs a side more than it gains."
    )
    assert diagnosed.trust_table(make_trust()).rows[0] == (
        "United States",
        "posting alone",
        "34.5 points",
        "190 %",
        "1.73 points",
    )
    assert diagnosed.trust_sentence(make_trust(suffices=False)).startswith("No bond makes “Sequence")
    structure = diagnosed.designs_sentence(make_designs(passing=False))
    assert structure.startswith("It is the structure: no design in the declared space passes.")
    assert structure.endswith("4.1 points more from keeping it.")
    searched = replace(make_designs(passing=False), exhaustive=False)
    assert "as far as was searched" in diagnosed.designs_sentence(searched)


def test_claims_are_counted_by_what_came_out() -> None:
    assert diagnosed.claims_sentence(make_claims()) == (
        "3 claims of the analysis held against the results: 1 borne out, 1 not borne out, 1 borne out in part."
    )
    assert [diagnosed.robustness(claim) for claim in make_claims()] == [
        "the same in 83 % of 64 parameter draws",
        "the same in 100 % of 64 parameter draws",
        "not examined",
    ]
