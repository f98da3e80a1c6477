"""Indicators, questions, evidence and expectations, resolved."""

from __future__ import annotations

import re

from servanda.case import models as written_forms
from servanda.case.binding import Binding
from servanda.case.dates import parse_date
from servanda.case.document import TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.case.resolved import Evidence, Expectation, Indicator, Question

_QUANTITY = re.compile(r"(P|sign|ratify|keep)\((.+)\)|outcome\(\s*(deal|war|none)\s*,\s*(\d{4}-\d{2}-\d{2})\s*\)")


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
        found.append(
            Question(
                name,
                written.text,
                binding.expression(written.holds, (*path, "holds"), wanted="condition"),
                "at" if written.at is not None else "by",
                written.at or written.by or binding.written.start,
                written.outcome,
                binding.citation(written, path),
                binding.document.place(path, key=True),
            )
        )
    return tuple(found)


def resolve_evidence(binding: Binding) -> tuple[Evidence, ...]:
    """All observations, in the order of the file."""
    return tuple(_observation(binding, written, at) for at, written in enumerate(binding.written.evidence))


def _observation(binding: Binding, written: written_forms.Evidence, position: int) -> Evidence:
    path: TreePath = ("evidence", position)
    where = binding.document.place(path)
    citation = binding.citation(written, path)
    pairs = {
        "variable": (written.variable, written.level),
        "decision": (written.decision, written.option),
        "indicator": (written.indicator, written.value),
    }
    given = [kind for kind, pair in pairs.items() if pair != (None, None)]
    if len(given) != 1 or None in pairs[given[0]]:
        message = "an observation is of one variable, decision or indicator"
        hint = "write `variable:` and `level:`, `decision:` and `option:`, or `indicator:` and `value:`"
        binding.error("evidence-unclear", message, hint, path)
    if written.variable is not None:
        _check_level(binding, written.variable, written.level, path)
        return Evidence(
            written.date_, "variable", written.variable, written.level or "", citation=citation, where=where
        )
    if written.decision is not None:
        _check_option(binding, written.decision, written.option, path)
        return Evidence(
            written.date_, "decision", written.decision, written.option or "", citation=citation, where=where
        )
    name = written.indicator or ""
    if name and name not in binding.written.indicators:
        binding.unknown("indicator", name, binding.written.indicators, (*path, "indicator"))
    low, high = written.value or (0.0, 0.0)
    return Evidence(written.date_, "indicator", name, "", low, high, citation, where)


def _check_level(binding: Binding, variable: str, level: str | None, path: TreePath) -> None:
    if variable not in binding.variables:
        binding.unknown("variable", variable, binding.variables, (*path, "variable"))
        return
    levels = binding.variables[variable].levels
    if level is not None and level not in levels and level not in binding.unreadable:
        message = f"`{variable}` has no level `{clip(level)}`"
        binding.error("unknown-level", message, did_you_mean(level, levels), (*path, "level"))


def _check_option(binding: Binding, decision: str, option: str | None, path: TreePath) -> None:
    written = binding.written.decisions.get(decision)
    if written is None:
        binding.unknown("decision", decision, binding.written.decisions, (*path, "decision"))
    elif option is not None and option not in written.options and option not in binding.unreadable:
        message = f"`{decision}` has no option `{clip(option)}`"
        binding.error("unknown-option", message, did_you_mean(option, written.options), (*path, "option"))


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
    parsed = _QUANTITY.fullmatch(text)
    if parsed is None or (parsed[4] and parse_date(parsed[4]) is None):
        message = f"`{clip(text)}` is not a quantity"
        hint = "write P(QUESTION), outcome(deal|war|none, DATE), sign(DRAFT), ratify(DRAFT) or keep(DRAFT)"
        binding.error("bad-quantity", message, hint, path)
    elif parsed[1] == "P" and parsed[2].strip() not in binding.written.questions:
        binding.unknown("question", parsed[2].strip(), binding.written.questions, path)
    elif parsed[1] not in (None, "P") and parsed[2].strip() not in binding.written.drafts:
        binding.unknown("draft", parsed[2].strip(), binding.written.drafts, path)
