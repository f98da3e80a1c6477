"""Text of an expression to a syntax tree bound to the names of its case.

`servanda.case.parts` reads the text by `grammar.lark`; here every name gets its meaning and every part its type.
All faults of one expression are reported at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from servanda.case.dates import decimal_year, parse_date
from servanda.case.document import clip
from servanda.case.expression import (
    Binary,
    BinaryOperator,
    Call,
    Choice,
    Clock,
    DraftTerm,
    FunctionName,
    Is,
    Node,
    Number,
    Parameter,
    Rank,
    StockValue,
    Unary,
)
from servanda.case.messages import did_you_mean
from servanda.case.parts import Fault, Part, read_parts

DEAL_STATES = ("none", "talks", "tabled", "ratifying", "phase", "in_force", "suspended", "expiring", "ended")
LIVE = ("phase", "in_force")
KEYWORDS = frozenset(["and", "or", "not", "is", "in", "if", "then", "else", "min", "max", "abs", "exp", "log", "sqrt"])

Wanted = Literal["number", "condition"]
Scope = Literal["anything", "structural", "constant"]


@dataclass(frozen=True, slots=True)
class VariableNames:
    """What an expression may say of a variable."""

    kind: Literal["office", "stock", "condition"]
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """Everything an expression can refer to.

    `unreadable` holds names whose declaration is itself wrong: using them is no second error.
    """

    parameters: Collection[str] = ()
    variables: Mapping[str, VariableNames] = field(default_factory=dict)
    drafts: Collection[str] = ()
    terms: Collection[str] = ()
    unreadable: Collection[str] = ()


def parse(
    text: str, names: Names, *, wanted: Wanted = "number", scope: Scope = "anything"
) -> tuple[Node | None, tuple[Fault, ...]]:
    """Parse and bind one expression; the tree is None exactly if there are faults or unreadable names.

    >>> parse("2 * a", Names(parameters={"a"}))[0]
    Binary(operator='*', left=Number(value=2.0), right=Parameter(name='a'))
    >>> parse("2 * b", Names(parameters={"a"}))[1][0].code
    'unknown-parameter'
    """
    part = read_parts(text)
    if isinstance(part, Fault):
        return None, (part,)
    binder = Binder(names, scope)
    node = binder.bind(part, wanted)
    faults = tuple(sorted(set(binder.faults), key=lambda fault: fault.offset))
    return (None if faults or binder.unreadable else node), faults


class Binder:
    """Gives names their meaning and checks types; collects faults instead of raising."""

    def __init__(self, names: Names, scope: Scope) -> None:
        self.names = names
        self.scope = scope
        self.faults: list[Fault] = []
        self.unreadable = False

    def bind(self, part: Part, wanted: Wanted) -> Node | None:
        """The bound tree of a part that must be a number or a condition; None after a fault."""
        gives: Wanted = "condition" if part.rule in _CONDITIONS else "number"
        if part.rule == "if_then_else":
            return self._choice(part, wanted)
        node = _RULES[part.rule](self, part)
        if gives == wanted or node is None:
            return node
        if wanted == "number":
            return self._fault("type-mismatch", part, "a number is wanted here, not a condition", _AS_NUMBER)
        return self._fault("type-mismatch", part, "a condition is wanted here, not a number", self._as_condition(part))

    def _fault(self, code: str, part: Part, message: str, hint: str) -> Node | None:
        self.faults.append(Fault(code, message, hint, part.start))
        return None

    def _as_condition(self, part: Part) -> str:
        if part.rule == "name" and part.text in self.names.variables:
            return f"compare it: `{part.text} is …`"
        return "compare it, like `x > 0`"

    def _choice(self, part: Part, wanted: Wanted) -> Node | None:
        condition = self.bind(part.parts[0], "condition")
        yes, no = self.bind(part.parts[1], wanted), self.bind(part.parts[2], wanted)
        return None if condition is None or yes is None or no is None else Choice(condition, yes, no)

    def _number(self, part: Part) -> Node | None:
        value = float(part.text)
        if value > 1e300:
            return self._fault(
                "bad-expression", part, f"{clip(part.text)} is too large a number", "write one below 1e300"
            )
        return Number(value)

    def _date(self, part: Part) -> Node | None:
        if (day := parse_date(part.text)) is None:
            return self._fault("bad-date", part, f"{part.text} is not a date", "write YYYY-MM-DD")
        return Number(decimal_year(day))

    def _name(self, part: Part) -> Node | None:
        name = part.text
        if name in ("date", "period_years", "phase"):
            if name != "phase":
                self._forbid(part, f"`{name}`")
            elif self.scope == "constant":
                self._forbid(part, "`phase`")
            return Clock(cast("Literal['date', 'period_years', 'phase']", name))
        if (variable := self.names.variables.get(name)) is not None:
            if self.scope == "constant":
                self._forbid(part, f"the variable `{name}`")
            if variable.kind == "stock":
                return StockValue(name)
            hint = f"compare it: `{name} is {variable.levels[0] if variable.levels else '…'}`"
            return self._fault("type-mismatch", part, f"`{name}` is {_ARTICLE[variable.kind]}, not a number", hint)
        if name in self.names.parameters:
            if self.scope == "structural":
                self._forbid(part, f"the parameter `{name}`")
            return Parameter(name)
        return self._unknown_name(part)

    def _unknown_name(self, part: Part) -> Node | None:
        name = part.text
        if name in self.names.unreadable:
            self.unreadable = True
            return None
        if name in ("deal", "draft"):
            return self._fault("type-mismatch", part, f"`{name}` is not a number", f"compare it: `{name} is …`")
        if name in KEYWORDS:
            return self._fault("bad-expression", part, f"the word `{name}` cannot stand here", "see the grammar")
        owners = [owner for owner, variable in self.names.variables.items() if name in variable.levels]
        if owners:
            hint = f"write `{owners[0]} is {name}`, or `{owners[0]} in (…, {name})`"
            return self._fault("unknown-parameter", part, f"`{name}` is a level, not a number or condition", hint)
        known = (*self.names.parameters, *self.names.variables, "date", "phase", "period_years", "deal", "draft")
        hint = did_you_mean(name, known)
        return self._fault("unknown-parameter", part, f"no parameter or variable is called `{clip(name)}`", hint)

    def _draft_term(self, part: Part) -> Node | None:
        term = part.text.partition(".")[2]
        self._forbid(part, f"`{clip(part.text)}`")
        if term in self.names.terms:
            return DraftTerm(term)
        if term in self.names.unreadable:
            self.unreadable = True
            return None
        hint = did_you_mean(term, self.names.terms, "declare it under `terms` of a draft")
        return self._fault("unknown-term", part, f"no draft has a term `{clip(term)}`", hint)

    def _forbid(self, part: Part, what: str) -> None:
        if self.scope == "structural":
            self._fault(
                "non-structural-condition",
                part,
                f"{what} cannot decide which states and options exist",
                "use variables, deal, draft and phase only",
            )
        elif self.scope == "constant":
            self._fault("state-in-constant", part, f"{what} is not constant", "use numbers and parameters only")

    def _minus(self, part: Part) -> Node | None:
        operand = self.bind(part.parts[0], "number")
        return None if operand is None else Unary("-", operand)

    def _negated(self, part: Part) -> Node | None:
        operand = self.bind(part.parts[0], "condition")
        return None if operand is None else Unary("not", operand)

    def _two(self, operator: str, left: Part, right: Part, wanted: Wanted) -> Node | None:
        first, second = self.bind(left, wanted), self.bind(right, wanted)
        return None if first is None or second is None else Binary(cast("BinaryOperator", operator), first, second)

    def _arithmetic(self, part: Part) -> Node | None:
        left, operator, right = part.parts
        return self._two(operator.text, left, right, "number")

    def _either(self, part: Part) -> Node | None:
        return self._two("or", part.parts[0], part.parts[1], "condition")

    def _both(self, part: Part) -> Node | None:
        return self._two("and", part.parts[0], part.parts[1], "condition")

    def _call(self, part: Part) -> Node | None:
        function, *arguments = part.parts
        if function.text in ("abs", "exp", "log", "sqrt") and len(arguments) != 1:
            return self._fault(
                "bad-expression", part, f"`{function.text}` takes one argument, not {len(arguments)}", "drop the others"
            )
        bound = [self.bind(argument, "number") for argument in arguments]
        nodes = tuple(node for node in bound if node is not None)
        return Call(cast("FunctionName", function.text), nodes) if len(nodes) == len(bound) else None

    def _compared(self, part: Part) -> Node | None:
        left, operator, right = part.parts
        for stock, level, sign in ((left, right, operator.text), (right, left, _MIRROR[operator.text])):
            variable = self.names.variables.get(stock.text) if stock.rule == "name" else None
            if variable is None or level.rule != "name":
                continue
            if variable.kind != "stock" and level.text in variable.levels:
                hint = f"write `{stock.text} is {level.text}`"
                return self._fault("type-mismatch", part, f"`{stock.text}` has no order", hint)
            if level.text in variable.levels:
                return Rank(stock.text, cast("Literal['<', '<=', '>', '>=', '==', '!=']", sign), level.text)
        return self._two(operator.text, left, right, "number")

    def _has_level(self, part: Part) -> Node | None:
        return self._levels(part.parts[0], part.parts[1:])

    def _lacks_level(self, part: Part) -> Node | None:
        node = self._levels(part.parts[0], part.parts[1:])
        return None if node is None else Unary("not", node)

    def _levels(self, subject: Part, levels: tuple[Part, ...]) -> Node | None:
        known = self._levels_of(subject)
        if known is None:
            return None
        if self.scope == "constant":
            self._forbid(subject, f"`{subject.text}`")
        bound: list[str] = []
        for level in levels:
            if subject.text == "deal" and level.text == "live":
                bound.extend(LIVE)
            elif level.text in known:
                bound.append(level.text)
            elif level.text in self.names.unreadable:
                self.unreadable = True
            else:
                code = "unknown-draft" if subject.text == "draft" else "unknown-level"
                message = f"`{subject.text}` has no level `{clip(level.text)}`"
                if subject.text == "draft":
                    message = f"no draft is called `{clip(level.text)}`"
                self._fault(code, level, message, did_you_mean(level.text, known))
        return Is(subject.text, tuple(dict.fromkeys(bound)))

    def _levels_of(self, subject: Part) -> tuple[str, ...] | None:
        if subject.rule != "name":
            message = "`is` and `in` ask for the level of a variable"
            self._fault("type-mismatch", subject, message, "write `VARIABLE is LEVEL`")
            return None
        if subject.text == "deal":
            return (*DEAL_STATES, "live")
        if subject.text == "draft":
            return ("none", *self.names.drafts)
        if (variable := self.names.variables.get(subject.text)) is not None:
            return variable.levels
        if subject.text in self.names.unreadable:
            self.unreadable = True
        elif subject.text in self.names.parameters or subject.text in ("date", "phase", "period_years"):
            message = f"`{subject.text}` is a number and has no levels"
            self._fault("type-mismatch", subject, message, "compare it with <, > or ==")
        else:
            hint = did_you_mean(subject.text, (*self.names.variables, "deal", "draft"))
            self._fault("unknown-variable", subject, f"no variable is called `{clip(subject.text)}`", hint)
        return None


_AS_NUMBER = "write `if … then 1 else 0` to make a number of a condition"
_ARTICLE = {"office": "an office", "condition": "a condition", "stock": "a stock"}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_CONDITIONS = frozenset({"either", "both", "negated", "compared", "has_level", "lacks_level", "has_one_of"})
_RULES: Mapping[str, Callable[[Binder, Part], Node | None]] = {
    "number": Binder._number,
    "date": Binder._date,
    "name": Binder._name,
    "draft_term": Binder._draft_term,
    "minus": Binder._minus,
    "negated": Binder._negated,
    "arithmetic": Binder._arithmetic,
    "either": Binder._either,
    "both": Binder._both,
    "call": Binder._call,
    "compared": Binder._compared,
    "has_level": Binder._has_level,
    "has_one_of": Binder._has_level,
    "lacks_level": Binder._lacks_level,
}
