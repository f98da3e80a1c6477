"""Claims, resolved: one quantity for each test, sides and offices replaced by their actors."""

from __future__ import annotations

from collections.abc import Collection

from servanda.case.binding import Binding
from servanda.case.document import Document, TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.case.models_claims import ClaimTest as WrittenTest
from servanda.case.models_claims import End
from servanda.case.resolved import Claim
from servanda.case.resolved_claims import RANGES, ClaimQuantity, ClaimTest


def resolve_claims(binding: Binding) -> tuple[Claim, ...]:
    """All claims."""
    found = []
    for name, written in binding.written.claims.items():
        path: TreePath = ("claims", name)
        tests = tuple(
            _test(binding, test, path_of_test(binding.document, name, position))
            for position, test in enumerate(written.finds)
        )
        where = binding.document.place(path, key=True)
        found.append(Claim(name, written.text, tests, binding.citation(written, path), where))
    return tuple(found)


def path_of_test(document: Document, claim: str, position: int) -> TreePath:
    """Where a test stands in the file: a single test needs no list."""
    path: TreePath = ("claims", claim, "finds")
    return (*path, position) if isinstance(document.node(path), list) else path


def _test(binding: Binding, written: WrittenTest, path: TreePath) -> ClaimTest:
    asked = [quantity for quantity in RANGES if getattr(written, quantity) not in (None, False)]
    if len(asked) != 1:
        message = f"a test is of one quantity, and this one is of {len(asked) or 'none'}"
        hint = f"write one of {', '.join(RANGES)}" if not asked else "make it several tests, in a list"
        binding.error("claim-unclear", message, hint, path)
    quantity = asked[0] if asked else "smallest_repair"
    _check_bounds(binding, written, quantity, path)
    subject = _subject(binding, written, quantity, path)
    where = binding.document.place(path)
    return ClaimTest(quantity, subject, written.at_least, written.at_most, written.rank, where)


def _check_bounds(binding: Binding, written: WrittenTest, quantity: ClaimQuantity, path: TreePath) -> None:
    low, high = written.at_least, written.at_most
    if written.rank is not None and quantity != "friction":
        message = f"`rank` orders frictions, and this test is of `{quantity}`"
        binding.error("rank-without-friction", message, "use `at_least` or `at_most`", (*path, "rank"), key=True)
    if low is None and high is None and written.rank is None:
        hint = "add `at_least` or `at_most` (or `rank`, of a friction)"
        binding.error("claim-without-bound", "without a bound this test cannot come out false", hint, path)
    if low is not None and high is not None and low > high:
        message = f"{low:g} is greater than {high:g}"
        binding.error("interval-reversed", message, "put the smaller number into `at_least`", (*path, "at_least"))


def _subject(binding: Binding, written: WrittenTest, quantity: ClaimQuantity, path: TreePath) -> tuple[str, ...]:
    if written.gate is not None and quantity == "gate":
        _known(binding, "draft", written.gate.draft, (*path, "gate", "draft"))
        return (written.gate.draft, written.gate.gate)
    if written.ends is not None and quantity == "ends":
        _known(binding, "draft", written.ends.draft, (*path, "ends", "draft"))
        return (written.ends.draft, *_enders(binding, written.ends, (*path, "ends", "by")))
    if quantity == "smallest_repair":
        return ()
    name: str = getattr(written, quantity)
    if quantity in _KINDS:
        _known(binding, _KINDS[quantity], name, (*path, quantity))
    unled = [side for side, leader in binding.leaders.items() if not leader and side not in binding.parties]
    if quantity == "gain" and name in unled:
        message = f"nobody leads the side `{name}`, so there is nobody to gain"
        binding.error("side-without-leader", message, f"give `{name}` a `led_by`", (*path, quantity))
    return (name,)


_KINDS: dict[ClaimQuantity, str] = {
    "friction": "friction",
    "friction_alone": "friction",
    "friction_log_odds": "friction",
    "question": "question",
    "overlap": "draft",
    "gain": "side",
}


def _known(binding: Binding, kind: str, name: str, path: TreePath) -> None:
    written = binding.written
    names: dict[str, Collection[str]] = {
        "draft": written.drafts,
        "friction": written.frictions,
        "question": written.questions,
        "side": written.sides,
    }
    if name not in names[kind]:
        binding.unknown(kind, name, names[kind], path)


def _enders(binding: Binding, written: End, path: TreePath) -> tuple[str, ...]:
    """The actors meant, each once."""
    found: dict[str, None] = {}
    single = isinstance(binding.document.node(path), str)
    for position, name in enumerate(written.by):
        place = path if single else (*path, position)
        actors = _actors(binding, name, place)
        for actor in actors:
            side = binding.side_of(actor)
            if side in binding.written.sides and side not in binding.parties:
                message = f"`{actor}` belongs to no party and can neither break nor leave a draft"
                hint = f"name an actor of {', '.join(binding.parties) or 'the parties'}"
                binding.error("not-a-party", message, hint, place)
        found.update(dict.fromkeys(actors))
    return tuple(found)


def _actors(binding: Binding, name: str, path: TreePath) -> tuple[str, ...]:
    if name in binding.written.actors:
        return (name,)
    if name in binding.offices:
        return tuple(binding.offices[name].holders)
    if name in binding.written.sides:
        if not (members := tuple(binding.members[name])):
            message = f"the side `{name}` has no actors"
            binding.error("unknown-actor", message, "name an actor, or a side that has some", path)
        return members
    if name not in binding.unreadable:
        message = f"no actor, office or side is called `{clip(name)}`"
        known = (*binding.written.actors, *binding.offices, *binding.written.sides)
        binding.error("unknown-actor", message, did_you_mean(name, known), path)
    return (name,)
