"""Names of a written case, and the translation of what occurs everywhere: expressions, prices, effects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

from servanda.case.dates import parse_period
from servanda.case.document import Document, TreePath, clip
from servanda.case.expression import Expression, Number
from servanda.case.grammar import Names, Scope, VariableNames, Wanted, parse
from servanda.case.messages import did_you_mean
from servanda.case.models import Case
from servanda.case.models_world import UNNAMED, NamedCondition, Office, Stock
from servanda.case.models_world import Outcome as WrittenOutcome
from servanda.case.resolved import Change, Citation, Outcome, Price
from servanda.case.rules import RULES
from servanda.case.scalars import Cited
from servanda.errors import Issue

NOT_READ = Number(float("nan"))
"""Stands in for an expression that could not be read; never part of a case without errors."""

MOST_ISSUES = 1_000

_STEP = re.compile(r"(up|down)(?:\s+([1-9]\d{0,2}))?")
_DEAL_EFFECTS = ("ended", "suspended", "none")


class TooManyIssuesError(Exception):
    """More is wrong than anybody reads: what was found stands in the issues of the binding."""


class Binding:
    """Names of one case, and the issues found while they are used."""

    def __init__(self, document: Document, written: Case, unreadable: Collection[str], *, complete: bool) -> None:
        self.document = document
        self.written = written
        self.unreadable = unreadable
        self.complete = complete
        self.issues: list[Issue] = []
        self.members: dict[str, list[str]] = {side: [] for side in written.sides}
        for name, actor in written.actors.items():
            self.members.setdefault(actor.side, []).append(name)
        self.variables = {name: _names_of(variable) for name, variable in written.variables.items()}
        self.offices = {name: variable for name, variable in written.variables.items() if isinstance(variable, Office)}
        self.names = Names(
            parameters=dict.fromkeys((*written.parameters, *written.ranked)),
            variables=self.variables,
            drafts=tuple(written.drafts),
            terms=tuple(dict.fromkeys(term for draft in written.drafts.values() for term in draft.terms)),
            unreadable=unreadable,
        )
        self.parties = tuple(name for name, side in written.sides.items() if side.party)
        self.leaders = {name: self._leader(name) for name in written.sides}
        self.period_months = parse_period(written.period) or 12

    @property
    def period_years(self) -> float:
        """Length of a period in years."""
        return self.period_months / 12

    def _leader(self, side: str) -> str:
        written = self.written.sides[side]
        if written.led_by is not None:
            return written.led_by
        members = self.members[side]
        return members[0] if len(members) == 1 and not written.party else ""

    def error(self, code: str, message: str, hint: str, path: TreePath, *, key: bool = False) -> None:
        """Note an error at a node; in half a case only what is wrong by itself."""
        if self.complete or RULES[code].local:
            self._note(self.document.issue(code, message, hint, path=path, key=key))

    def _note(self, issue: Issue) -> None:
        self.issues.append(issue)
        if len(self.issues) >= MOST_ISSUES:
            raise TooManyIssuesError

    def unknown(
        self, kind: str, name: str, known: Iterable[str], path: TreePath, *, key: bool = False, article: str = "no"
    ) -> None:
        """Note that a name of some kind is not declared, unless its declaration could not be read."""
        if name not in self.unreadable:
            message = f"{article} {kind.replace('-', ' ')} is called `{clip(name)}`"
            self.error(f"unknown-{kind}", message, did_you_mean(name, known), path, key=key)

    def expression(
        self, text: str, path: TreePath, *, wanted: Wanted = "number", scope: Scope = "anything"
    ) -> Expression:
        """Parse and bind the expression at `path`; faults become issues at their characters."""
        node, faults = parse(text, self.names, wanted=wanted, scope=scope)
        if node is not None:
            return Expression(text, node, self.document.place(path))
        for fault in faults:
            where = self.document.place_within(path, fault.offset)
            self._note(self.document.issue(fault.code, fault.message, fault.hint, path=path, where=where))
        return Expression(text, NOT_READ, self.document.place(path))

    def condition(self, text: str | None, path: TreePath, *, structural: bool = True) -> Expression | None:
        """The condition at `path`, if there is one."""
        if text is None:
            return None
        return self.expression(text, path, wanted="condition", scope="structural" if structural else "anything")

    def citation(self, written: Cited, path: TreePath) -> Citation:
        """Sources, grade and note of a node; the grade of the best source where none is given."""
        sources = tuple(written.source)
        for position, name in enumerate(sources):
            if name != "judgement" and name not in self.written.sources:
                single = isinstance(self.document.node((*path, "source")), str)
                place = (*path, "source") if single else (*path, "source", position)
                self.unknown("source", name, (*self.written.sources, "judgement"), place)
        grade = written.grade or ""
        if "judgement" in sources and grade and not grade.startswith("J"):
            message = f"a judgement cannot have grade {grade}"
            self.error("bad-grade", message, "write J, or J:A… for a judgement resting on sources", (*path, "grade"))
        if not grade and "judgement" in sources:
            grade = "J"
        if not grade:
            known = [self.written.sources[name].grade for name in sources if name in self.written.sources]
            grade = min(known, key="ABCM".index, default="")
        return Citation(sources, grade, written.note or "")

    def known_actor(self, name: str, path: TreePath, *, key: bool = False) -> bool:
        """Whether the actor exists; an error if not."""
        if name in self.written.actors:
            return True
        self.unknown("actor", name, self.written.actors, path, key=key)
        return False

    def known_side(self, name: str, path: TreePath, *, key: bool = False) -> bool:
        """Whether the side exists; an error if not."""
        if name in self.written.sides:
            return True
        self.unknown("side", name, self.written.sides, path, key=key)
        return False

    def mover(self, name: str, path: TreePath) -> str:
        """The actor or office that moves where an actor, office or side is named."""
        if name in self.written.actors or name in self.offices:
            return name
        if name in self.written.sides:
            leader = self.leaders[name]
            if not leader:
                message = f"nobody leads the side `{name}`"
                self.error("side-without-leader", message, f"give `{name}` a `led_by`", path)
            return leader or name
        if name in self.variables:
            message = f"`{name}` is not an office"
            self.error("unknown-actor", message, "name an actor, an office or a side", path)
            return name
        known = (*self.written.actors, *self.offices, *self.written.sides)
        if name not in self.unreadable:
            message = f"no actor, office or side is called `{clip(name)}`"
            self.error("unknown-actor", message, did_you_mean(name, known), path)
        return name

    def side_of(self, mover: str) -> str:
        """Side of an actor or office, "" if unknown."""
        if mover in self.written.actors:
            return self.written.actors[mover].side
        return self.offices[mover].side if mover in self.offices else ""

    def prices(self, written: dict[str, dict[str, str]], path: TreePath, term: str) -> tuple[Price, ...]:
        """Prices by actor; sides are replaced by their actors, prices without a name get `term`."""
        found: dict[str, dict[str, Price]] = {name: {} for name in self.written.actors}
        for who, terms in written.items():
            if who in self.written.actors:
                actors = [who]
            elif who in self.written.sides:
                actors = self.members[who]
            else:
                self.unknown(
                    "actor", who, (*self.written.actors, *self.written.sides), (*path, who), key=True, article="no"
                )
                continue
            for name, text in terms.items():
                place = (*path, who) if name == UNNAMED else (*path, who, name)
                worth = self.expression(text, place)
                label = term if name == UNNAMED else name
                for actor in actors:
                    if label in found[actor]:
                        message = f"`{actor}` pays `{label}` twice"
                        self.error("price-twice", message, "name the actor or its side, not both", place, key=True)
                    found[actor][label] = Price(actor, label, worth)
        return tuple(price for terms in found.values() for price in terms.values())

    def changes(self, effects: dict[str, str], path: TreePath) -> tuple[Change, ...]:
        """Effects as changes of variables and of the deal."""
        return tuple(
            change
            for variable, value in effects.items()
            if (change := self._change(variable, value.strip(), (*path, variable))) is not None
        )

    def _change(self, name: str, value: str, path: TreePath) -> Change | None:
        if name == "deal":
            if value in _DEAL_EFFECTS:
                return Change("deal", value)
            hint = "write ended, suspended or none"
            self.error("unknown-level", f"an effect cannot make the deal `{clip(value)}`", hint, path)
            return None
        variable = self.variables.get(name)
        if variable is None:
            self.unknown("variable", name, (*self.variables, "deal"), path, key=True)
            return None
        if value in variable.levels:
            return Change(name, value)
        if step := _STEP.fullmatch(value):
            if variable.kind != "stock":
                self.error("step-on-non-stock", f"`{name}` is no stock and has no steps", "name a level", path)
                return None
            size = int(step[2] or 1)
            return Change(name, "", size if step[1] == "up" else -size)
        if value not in self.unreadable:
            message = f"`{name}` has no level `{clip(value)}`"
            steps = ("up", "down") if variable.kind == "stock" else ()
            self.error("unknown-level", message, did_you_mean(value, (*variable.levels, *steps)), path)
        return None

    def outcomes(
        self, effects: dict[str, str] | None, outcomes: list[WrittenOutcome] | None, path: TreePath
    ) -> tuple[Outcome, ...]:
        """Outcomes of a node that has `effects`, `outcomes` or neither."""
        if effects is not None and outcomes is not None:
            message = f"`{path[-1]}` has both `effects` and `outcomes`"
            hint = "keep one: effects happen surely, outcomes have odds"
            self.error("effects-and-outcomes", message, hint, (*path, "outcomes"), key=True)
        if outcomes is None:
            place = self.document.place((*path, "effects"))
            return (Outcome(None, self.changes(effects or {}, (*path, "effects")), place),)
        resolved = []
        for position, outcome in enumerate(outcomes):
            place_of = (*path, "outcomes", position)
            odds = None if outcome.odds is None else self.expression(outcome.odds, (*place_of, "odds"))
            changes = self.changes(outcome.effects, (*place_of, "effects"))
            resolved.append(Outcome(odds, changes, self.document.place(place_of)))
        return tuple(resolved)


def _names_of(variable: Office | Stock | NamedCondition) -> VariableNames:
    kind: Literal["office", "stock", "condition"] = variable.kind
    if isinstance(variable, Office):
        return VariableNames(kind, tuple(variable.holders))
    levels = variable.levels if isinstance(variable, Stock) else variable.values
    return VariableNames(kind, tuple(levels))
