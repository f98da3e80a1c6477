"""Simultaneous decision points, resolved."""

from __future__ import annotations

from math import prod

from servanda.case import models_world as written_forms
from servanda.case.binding import Binding
from servanda.case.document import TreePath, clip
from servanda.case.resolved import Profile, Simultaneous

MOST_PROFILES = 512


def resolve_simultaneous(binding: Binding) -> tuple[Simultaneous, ...]:
    """All simultaneous decision points, with what follows from combinations of choices."""
    found = []
    taken: set[str] = set()
    for name, written in binding.written.simultaneous.items():
        path: TreePath = ("simultaneous", name)
        _check_decisions(binding, written, taken, path)
        taken |= set(written.decisions)
        profiles = (
            _profile(binding, name, written, profile, (*path, "profiles", position))
            for position, profile in enumerate(written.profiles)
        )
        where = binding.document.place(path, key=True)
        found.append(Simultaneous(name, written.title or name, tuple(written.decisions), tuple(profiles), where))
    return tuple(found)


def _check_decisions(binding: Binding, written: written_forms.Simultaneous, taken: set[str], path: TreePath) -> None:
    known = binding.written.decisions
    movers: dict[str, str] = {}
    before: set[str] = set()
    if len(written.decisions) < 2:
        message = f"`{path[-1]}` holds {len(written.decisions)} decision(s); two or more are taken at the same time"
        binding.error("simultaneous-alone", message, "add another decision, or delete the point", path, key=True)
    for position, decision in enumerate(written.decisions):
        place = (*path, "decisions", position)
        if decision not in known:
            binding.unknown("decision", decision, known, place)
            continue
        if decision in taken or decision in before:
            message = f"`{decision}` is already part of a simultaneous decision point"
            binding.error("simultaneous-twice", message, "name it in one place only", place)
        before.add(decision)
        for mover in _movers(binding, known[decision].by):
            if movers.setdefault(mover, decision) != decision:
                message = f"`{mover}` takes both `{movers[mover]}` and `{decision}`"
                hint = "decisions at the same time are those of different actors: put one before the other"
                binding.error("simultaneous-same-mover", message, hint, place)
                break
    size = prod(len(known[d].options) + 1 for d in before)
    if size > MOST_PROFILES:
        message = f"the choices at `{path[-1]}` combine in {size:,} ways"
        hint = f"at most {MOST_PROFILES} can be: use fewer options, or let one decision come before the others"
        binding.error("simultaneous-too-large", message, hint, path, key=True)


def _movers(binding: Binding, by: str) -> tuple[str, ...]:
    """The actors who may take a decision."""
    leader = binding.leaders.get(by) or by
    office = binding.offices.get(leader)
    return (leader,) if office is None else tuple(office.holders)


def _profile(
    binding: Binding, name: str, point: written_forms.Simultaneous, written: written_forms.Profile, path: TreePath
) -> Profile:
    chosen = []
    for decision, options in written.chosen.items():
        place = (*path, "chosen", decision)
        if decision not in point.decisions:
            binding.unknown("decision", decision, point.decisions, place, key=True)
            continue
        known = binding.written.decisions.get(decision)
        for position, option in enumerate(options):
            if known is not None and option not in known.options and option not in binding.unreadable:
                at = (*place, position) if (*place, position) in binding.document.values else place
                binding.unknown("option", option, known.options, at)
        chosen.append((decision, tuple(options)))
    if written.effects is None and written.outcomes is None and not written.price:
        hint = "add `price:`, `effects:` or `outcomes:`"
        binding.error("no-effects", f"nothing follows from {clip(_told(chosen))}", hint, path)
    return Profile(
        tuple(chosen),
        binding.condition(written.when, (*path, "when")),
        binding.prices(written.price, (*path, "price"), f"price of {name}"),
        binding.outcomes(written.effects, written.outcomes, path),
        binding.citation(written, path),
        binding.document.place(path),
    )


def _told(chosen: list[tuple[str, tuple[str, ...]]]) -> str:
    return ", ".join(f"{decision}: {' or '.join(options)}" for decision, options in chosen) or "this profile"
