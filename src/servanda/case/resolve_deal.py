"""Where the deal stands, as a case says it of its start and evidence says it of later dates."""

from __future__ import annotations

from servanda.case.binding import Binding
from servanda.case.document import TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.case.models_drafts import Stage
from servanda.case.resolved import DealStart

_OF_A_DRAFT = ("ratifying", "phase", "in_force", "suspended")
_IN_A_PHASE = ("phase", "in_force")


def resolve_stand(binding: Binding, stage: Stage, draft: str | None, phase: str | None, path: TreePath) -> DealStart:
    """The stage, its draft and its phase; whether a deal is in a phase or in force follows from the phase named."""
    if draft is not None and draft not in binding.written.drafts:
        binding.unknown("draft", draft, binding.written.drafts, (*path, "draft"))
        return DealStart()
    if stage != "none" and not binding.written.drafts:
        _unclear(binding, f"the deal cannot be `{stage}` where there are no drafts", "add `drafts:`", (*path, "deal"))
        return DealStart()
    if stage not in _OF_A_DRAFT:
        if draft is not None or phase is not None:
            word = "draft" if draft is not None else "phase"
            _unclear(binding, f"`deal: {stage}` has no {word}", f"drop `{word}:`", (*path, word))
        return DealStart(stage)
    if draft is None:
        _unclear(binding, f"`deal: {stage}` is of some draft", "add `draft: NAME`", (*path, "deal"))
        return DealStart()
    written = binding.written.drafts[draft]
    if stage not in _IN_A_PHASE:
        if phase is not None:
            _unclear(binding, f"`deal: {stage}` has no phase", "drop `phase:`", (*path, "phase"))
        form = binding.written.protocol.forms.get(written.form)
        if stage == "ratifying" and form is not None and not form.ratifiers:
            hint = "write `deal: in_force`, or give its form `ratifiers:`"
            _unclear(binding, f"nobody ratifies `{draft}`", hint, (*path, "deal"))
        return DealStart(stage, draft)
    phases = [each.name for each in written.phases]
    if phase is not None and phase not in phases:
        if phase not in binding.unreadable:
            message = f"`{draft}` has no phase `{clip(phase)}`"
            binding.error("unknown-phase", message, did_you_mean(phase, phases), (*path, "phase"))
        return DealStart()
    named = phase or (phases[-1] if stage == "in_force" else phases[0])
    return DealStart("in_force", draft) if named == phases[-1] else DealStart("phase", draft, named)


def _unclear(binding: Binding, message: str, hint: str, path: TreePath) -> None:
    binding.error("deal-unclear", message, hint, path)
