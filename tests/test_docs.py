"""The documentation is held to what it says: links lead somewhere, words have one meaning, examples run."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
GLOSSARY = re.compile(r"^```\{glossary\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
CITATION = re.compile(r"\{cite:\w+\}`([^`]+)`")
ENTRY = re.compile(r"^@\w+\{(\w+),", re.MULTILINE)


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Heading anchors as GitHub and MyST form them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(prose(page))}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    return broken


def glossary_terms(text: str) -> list[str]:
    blocks = "\n".join(GLOSSARY.findall(text))
    return [line.strip() for line in blocks.splitlines() if line and not line.startswith(" ")]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading, here\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](there.md#a-heading-here) [c](gone.md) [d](there.md#gone) [e](https://example.org)\n"
    )
    assert broken_links(page) == ["gone.md", "there.md#gone"]


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        waiting += [
            (page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(page)) if ".md" in link
        ]
        if ":glob:" in page.read_text(encoding="utf-8"):
            waiting += page.parent.glob("*.md")
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_a_term_has_one_meaning() -> None:
    counts = Counter(term.lower() for term in glossary_terms((DOCS / "glossary.md").read_text(encoding="utf-8")))
    assert [term for term, times in counts.items() if times > 1] == []
    assert len(counts) >= 60


def test_a_repeated_term_is_seen() -> None:
    assert glossary_terms("```{glossary}\ndeal\n  One.\n\ndeal\n  Two.\n```\n") == ["deal", "deal"]


def test_every_term_has_a_definition() -> None:
    for block in GLOSSARY.findall((DOCS / "glossary.md").read_text(encoding="utf-8")):
        for entry in block.strip().split("\n\n"):
            term, *definition = entry.splitlines()
            assert definition, f"{term}: no definition"
            assert all(line.startswith("  ") for line in definition), f"{term}: definition not indented"
            assert definition[-1].endswith("."), f"{term}: definition is not a sentence"


def test_works_cited_are_in_the_bibliography() -> None:
    entries = ENTRY.findall((DOCS / "references.bib").read_text(encoding="utf-8"))
    assert len(entries) == len(set(entries))
    cited = {
        key for page in PAGES for keys in CITATION.findall(page.read_text(encoding="utf-8")) for key in keys.split(",")
    }
    assert {"mckelvey1998", "fearon1995"} <= cited
    assert cited - set(entries) == set()


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_examples_run(page: Path) -> None:
    document = Sybil(parsers=[PythonCodeBlockParser()]).parse(page)
    for example in document.examples():
        example.evaluate()
