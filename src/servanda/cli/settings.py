"""Parameter values given on the command line, checked against the case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from servanda.errors import CaseError, Issue

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase


def overrides(case: ResolvedCase, settings: Sequence[str]) -> dict[str, float]:
    """Read `PARAM=VALUE` words; a VALUE is a number, or the name of a choice of a parameter that has choices.

    Raises
    ------
    CaseError
        With every word that is no setting, names no parameter or gives no possible value.
    """
    from servanda.case.messages import did_you_mean

    known = {parameter.name: parameter for parameter in case.parameters}
    found: dict[str, float] = {}
    issues = []
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not equals or not name or not text:
            issues.append(Issue("error", "bad-setting", f"`{setting}` sets nothing", "write --set PARAM=VALUE"))
            continue
        if name not in known:
            issues.append(
                Issue("error", "unknown-parameter", f"no parameter is called `{name}`", did_you_mean(name, known))
            )
            continue
        choices = {choice: value for choice, value, _ in known[name].number.choices}
        try:
            value = choices[text] if text in choices else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            hint = f"choices: {', '.join(choices)}" if choices else "write a number such as 0.25"
            issues.append(Issue("error", "bad-setting", f"`{text}` is no value for `{name}`", hint))
            continue
        low, high = known[name].number.support
        if known[name].number.kind == "beta" and not low <= value <= high:
            issues.append(
                Issue("error", "bad-setting", f"`{name}` lies between 0 and 1, not at {text}", "set it inside")
            )
            continue
        found[name] = value
    if issues:
        raise CaseError("settings that cannot be used", issues=tuple(issues))
    return found
