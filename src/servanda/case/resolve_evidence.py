"""Evidence, resolved: what was observed, how surely, and how to name it to people."""

from __future__ import annotations

from typing import Any

from servanda.case import models as written_forms
from servanda.case.binding import Binding
from servanda.case.citation import reliability_of
from servanda.case.document import TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.case.resolve_deal import resolve_stand
from servanda.case.resolved import Evidence

_NOT_OF_THE_DEAL = ("draft", "phase")


def resolve_evidence(binding: Binding) -> tuple[Evidence, ...]:
    """All observations, in the order of the file."""
    named = [written.name for written in binding.written.evidence]
    taken = {name for name in named if name is not None}
    found = []
    for at, written in enumerate(binding.written.evidence):
        if written.name is not None and written.name in named[:at]:
            message = f"two observations are called `{clip(written.name)}`"
            binding.error("name-twice", message, "rename one", ("evidence", at, "name"))
        found.append(_observation(binding, written, at, taken))
        taken.add(found[-1].key)
    return tuple(found)


def _observation(binding: Binding, written: written_forms.Evidence, at: int, taken: set[str]) -> Evidence:
    path: TreePath = ("evidence", at)
    _check_kind(binding, written, path)
    citation = binding.citation(written, path)
    what = _content(binding, written, path)
    reliability = reliability_of(citation.grade) if written.reliability is None else written.reliability
    if not 0.5 < reliability <= 1:
        message = f"a reliability of {reliability:g} is not above 0.5 and up to 1"
        hint = "give the probability that the observation is right; leave out what is no better than a coin"
        binding.error("reliability-out-of-range", message, hint, (*path, "reliability"))
    words = [what["name"] or "", what.get("what", ""), what.get("phase", "")]
    plain = " ".join([written.date_.isoformat(), *("deal",) * (what["kind"] == "deal"), *filter(None, words)])
    return Evidence(
        written.date_,
        **what,
        citation=citation,
        where=binding.document.place(path),
        reliability=reliability,
        key=written.name or _free(plain, taken),
        title=f"{written.date_}: {_title(binding, what)}",
    )


def _free(name: str, taken: set[str]) -> str:
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name} ({count})"
    return found


def _check_kind(binding: Binding, written: written_forms.Evidence, path: TreePath) -> None:
    pairs = {
        "variable": (written.variable, written.level),
        "decision": (written.decision, written.option),
        "indicator": (written.indicator, written.value),
        "deal": (written.deal, written.deal),
    }
    given = [kind for kind, pair in pairs.items() if pair != (None, None)]
    astray = [word for word in _NOT_OF_THE_DEAL if getattr(written, word) is not None and written.deal is None]
    if len(given) != 1 or None in pairs[given[0]] or astray:
        message = "an observation is of one variable, decision, indicator or of the deal"
        hint = "write `variable:` and `level:`, `decision:` and `option:`, `indicator:` and `value:`, or `deal:`"
        binding.error("evidence-unclear", message, hint, path)


def _content(binding: Binding, written: written_forms.Evidence, path: TreePath) -> dict[str, Any]:
    """What is observed, as arguments of `Evidence`."""
    if written.variable is not None:
        _check_level(binding, written.variable, written.level, path)
        return {"kind": "variable", "name": written.variable, "what": written.level or ""}
    if written.decision is not None:
        _check_option(binding, written.decision, written.option, path)
        return {"kind": "decision", "name": written.decision, "what": written.option or ""}
    if written.deal is not None:
        stand = resolve_stand(binding, written.deal, written.draft, written.phase, path)
        return {"kind": "deal", "name": stand.stage, "what": stand.draft, "phase": stand.phase}
    name = written.indicator or ""
    if name and name not in binding.written.indicators:
        binding.unknown("indicator", name, binding.written.indicators, (*path, "indicator"))
    low, high = written.value or (0.0, 0.0)
    return {"kind": "indicator", "name": name, "low": low, "high": high}


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


def _title(binding: Binding, what: dict[str, Any]) -> str:
    case, name, of = binding.written, what["name"], what.get("what", "")
    match what["kind"]:
        case "variable":
            variable = case.variables.get(name)
            level = case.actors[of].title if name in binding.offices and of in case.actors else None
            return f"{(variable and variable.title) or _spaced(name)} is {level or _spaced(of)}"
        case "decision":
            decision = case.decisions.get(name)
            option = decision.options.get(of) if decision else None
            chosen = (option and option.title) or _spaced(of)
            return f"{(decision and decision.title) or _spaced(name)}: {chosen}"
        case "deal":
            draft = case.drafts.get(of)
            phases = {phase.name: phase.title or _spaced(phase.name) for phase in draft.phases} if draft else {}
            stage = phases.get(what["phase"]) or _spaced(name)
            return f"the deal is {stage}: {draft.title or _spaced(of)}" if draft else f"the deal is {_DEAL[name]}"
        case _:
            indicator = case.indicators.get(name)
            unit = f" {indicator.unit}" if indicator and indicator.unit else ""
            low, high = what["low"], what["high"]
            value = f"{low:g}" if low == high else f"between {low:g} and {high:g}"
            return f"{(indicator and indicator.title) or name} is {value}{unit}"


_DEAL = {"none": "none", "talks": "in talks", "ended": "ended"}


def _spaced(name: str) -> str:
    return name.replace("_", " ")
