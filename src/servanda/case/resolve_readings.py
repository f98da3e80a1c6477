"""Indicators, questions and expectations, resolved."""

from __future__ import annotations

import re

from servanda.case import models as written_forms
from servanda.case.binding import Binding
from servanda.case.dates import parse_date
from servanda.case.document import TreePath, clip
from servanda.case.expression import NEVER
from servanda.case.resolved import Expectation, Indicator, Question, QuestionBenchmark

QUANTITY = re.compile(r"(P|sign|ratify|keep)\((.+)\)|outcome\(\s*(deal|war|none)\s*,\s*(\d{4}-\d{2}-\d{2})\s*\)")


def resolve_indicators(binding: Binding) -> tuple[Indicator, ...]:
    """All indicators."""
    return tuple(
        Indicator(
            name,
            written.title or name,
            binding.expression(written.value, ("indicators", name, "value")),
            written.unit or "",
            binding.citation(written, ("indicators", name)),
            binding.document.place(("indicators", name), key=True),
        )
        for name, written in binding.written.indicators.items()
    )


def resolve_questions(binding: Binding) -> tuple[Question, ...]:
    """All questions."""
    found = []
    for name, written in binding.written.questions.items():
        path: TreePath = ("questions", name)
        if (written.at is None) == (written.by is None):
            message = f"the question `{name}` needs one date"
            binding.error("question-timing", message, "write `at: DATE` or `by: DATE`", path, key=True)
        if (written.holds is None) == (written.outside is None):
            message = f"the question `{name}` is answered by `holds`, or `outside` says why it is not"
            binding.error("question-unclear", message, "write one of the two", path, key=True)
        holds = NEVER
        if written.holds is not None:
            holds = binding.expression(written.holds, (*path, "holds"), wanted="condition")
        found.append(
            Question(
                name,
                written.text,
                holds,
                "at" if written.at is not None else "by",
                written.at or written.by or binding.written.start,
                written.outcome,
                binding.citation(written, path),
                binding.document.place(path, key=True),
                written.asked,
                written.outside or "",
                _benchmark(binding, written.benchmark, (*path, "benchmark")),
            )
        )
    return tuple(found)


def _benchmark(binding: Binding, written: written_forms.Benchmark | None, path: TreePath) -> QuestionBenchmark | None:
    if written is None:
        return None
    if not 0 <= written.probability <= 1:
        message = f"{written.probability:g} is no probability"
        binding.error("probability-out-of-range", message, "give a number between 0 and 1", (*path, "probability"))
    return QuestionBenchmark(written.probability, binding.citation(written, path))


def resolve_expectations(binding: Binding) -> tuple[Expectation, ...]:
    """All expected results."""
    found = []
    for position, written in enumerate(binding.written.expect):
        path: TreePath = ("expect", position)
        _check_quantity(binding, written.quantity.strip(), (*path, "quantity"))
        low, high = written.between
        found.append(Expectation(written.quantity.strip(), low, high, binding.document.place(path)))
    return tuple(found)


def _check_quantity(binding: Binding, text: str, path: TreePath) -> None:
    parsed = QUANTITY.fullmatch(text)
    if parsed is None or (parsed[4] and parse_date(parsed[4]) is None):
        message = f"`{clip(text)}` is not a quantity"
        hint = "write P(QUESTION), outcome(deal|war|none, DATE), sign(DRAFT), ratify(DRAFT) or keep(DRAFT)"
        binding.error("bad-quantity", message, hint, path)
    elif parsed[1] == "P" and parsed[2].strip() not in binding.written.questions:
        binding.unknown("question", parsed[2].strip(), binding.written.questions, path)
    elif parsed[1] not in (None, "P") and parsed[2].strip() not in binding.written.drafts:
        binding.unknown("draft", parsed[2].strip(), binding.written.drafts, path)
