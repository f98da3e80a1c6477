"""A resolved case with what many rules ask of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cached_property

from servanda.case.dates import add_months
from servanda.case.document import Document, TreePath
from servanda.case.expression import Expression, Number
from servanda.case.outcomes import Outcomes, all_outcomes
from servanda.case.resolved import ResolvedCase, Variable
from servanda.errors import Issue, Location, Severity


@dataclass(frozen=True)
class Facts:
    """A resolved case and the document it came from."""

    case: ResolvedCase
    document: Document
    dated: bool = True
    """Whether start, period and horizon could be read."""

    @cached_property
    def central(self) -> dict[str, float]:
        """Central values of the parameters."""
        return {parameter.name: parameter.number.central for parameter in self.case.parameters}

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """Variables by name."""
        return {variable.name: variable for variable in self.case.variables}

    @cached_property
    def end(self) -> date:
        """First day after the last period; the last of all days where the horizon is not known."""
        if not self.dated:
            return date.max
        try:
            return add_months(self.case.start, self.case.period_months * self.case.periods)
        except OverflowError:
            return date.max

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """Every expression of the case."""
        return tuple(_expressions(self.case))

    @cached_property
    def all_read(self) -> bool:
        """Whether every expression could be read."""
        return not any(
            isinstance(expression.node, Number) and math.isnan(expression.node.value) for expression in self.expressions
        )

    @cached_property
    def outcome_lists(self) -> tuple[Outcomes, ...]:
        """Every list of outcomes, with the place of what leads to it."""
        return all_outcomes(self.case)

    def issue(
        self,
        code: str,
        message: str,
        hint: str,
        *,
        path: TreePath = (),
        where: Location | None = None,
        key: bool = False,
        severity: Severity = "error",
    ) -> Issue:
        """An issue at a node of the file, or at a place."""
        return self.document.issue(code, message, hint, path=path, where=where, key=key, severity=severity)


def _expressions(part: object) -> list[Expression]:
    if isinstance(part, Expression):
        return [part]
    if isinstance(part, tuple):
        return [found for each in part for found in _expressions(each)]
    if is_dataclass(part):
        # the history is no part of what a case says
        said = (field.name for field in fields(part) if field.compare)
        return [found for name in said for found in _expressions(getattr(part, name))]
    return []
