"""Names that a case text declares, read from its outline, and those that may stand at a place of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from servanda.case.document import Tree, TreePath

_MOVES = ("seek", "walk_out", "table", "accept", "refuse", "exit", "sign", "approve", "reject")
PRICES = frozenset(("price", *(f"{move}_price" for move in _MOVES)))
_LEVELS = {"office": "holders", "stock": "levels", "condition": "values"}


@dataclass(frozen=True, slots=True)
class Named:
    """A name, and what it is in a few words."""

    name: str
    about: str = ""


@dataclass(frozen=True)
class Declared:
    """The names in the tree of a case, however unfinished.

    >>> Declared({"actors": {"envoy": {"title": "The envoy"}}}).actors
    (Named(name='envoy', about='actor: The envoy'),)
    """

    tree: dict[str, Tree]

    def node(self, path: TreePath) -> Tree:
        """The part of the tree at a path, an empty text where there is none."""
        here: Tree = self.tree
        for step in path:
            if isinstance(here, dict) and isinstance(step, str):
                here = here.get(step, "")
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return ""
        return here

    def text(self, *path: str | int) -> str:
        """The text at a path, empty where none stands."""
        found = self.node(path)
        return found if isinstance(found, str) else ""

    def names(self, *path: str | int, what: str = "") -> tuple[Named, ...]:
        """Keys of the mapping at a path, with their titles."""
        node = self.node(path)
        if not isinstance(node, dict):
            return ()
        return tuple(Named(name, _about(what, inner)) for name, inner in node.items() if name)

    def listed(self, *path: str | int, what: str = "") -> tuple[Named, ...]:
        """Texts of the list at a path."""
        node = self.node(path)
        entries = node if isinstance(node, list) else [node]
        return tuple(Named(entry, what) for entry in entries if isinstance(entry, str) and entry)

    @cached_property
    def actors(self) -> tuple[Named, ...]:
        """Everybody who decides."""
        return self.names("actors", what="actor")

    @cached_property
    def sides(self) -> tuple[Named, ...]:
        """All sides."""
        return self.names("sides", what="side")

    @cached_property
    def parties(self) -> tuple[Named, ...]:
        """Sides that negotiate; all of them where none says so."""
        found = tuple(side for side in self.sides if self.text("sides", side.name, "party") in ("yes", "true"))
        return found or self.sides

    @cached_property
    def variables(self) -> tuple[Named, ...]:
        """All variables."""
        return self.names("variables", what="variable")

    @cached_property
    def offices(self) -> tuple[Named, ...]:
        """Variables that say who holds power."""
        return tuple(named for named in self.variables if self.text("variables", named.name, "kind") == "office")

    @cached_property
    def ranked(self) -> tuple[Named, ...]:
        """Names that stand in rankings."""
        return tuple(named for ranking in self.names("rankings") for named in self.places("rankings", ranking.name))

    def places(self, *ranking: str | int) -> tuple[Named, ...]:
        """Names that stand in one ranking."""
        order = self.node((*ranking, "order"))
        entries = order if isinstance(order, list) else [order]
        flat = [name for entry in entries for name in (entry if isinstance(entry, list) else [entry])]
        return tuple(Named(name, "ranked") for name in flat if isinstance(name, str) and name)

    @cached_property
    def parameters(self) -> tuple[Named, ...]:
        """Named numbers, ranked ones too."""
        return (*self.names("parameters", what="parameter"), *self.ranked)

    @cached_property
    def terms(self) -> tuple[Named, ...]:
        """Terms of drafts, as expressions read them."""
        found = [term.name for draft in self.names("drafts") for term in self.names("drafts", draft.name, "terms")]
        return tuple(Named(f"draft.{term}", "term of a draft") for term in dict.fromkeys(found))

    def options(self, decision: str) -> tuple[Named, ...]:
        """Options of a decision."""
        return self.names("decisions", decision, "options", what="option")

    def phases(self, draft: str) -> tuple[Named, ...]:
        """Phases of a draft."""
        node = self.node(("drafts", draft, "phases"))
        count = len(node) if isinstance(node, list) else 0
        found = (self.text("drafts", draft, "phases", k, "name") for k in range(count))
        return tuple(Named(name, f"phase of {draft}") for name in found if name)


def _about(what: str, inner: Tree) -> str:
    title = inner.get("title", "") if isinstance(inner, dict) else ""
    if isinstance(title, str) and title:
        return f"{what}: {title}" if what else title
    return what


def levels_of(variable: str, declared: Declared) -> tuple[Named, ...]:
    """Levels of a variable, of the deal or of the draft; none if nothing is called so."""
    if variable == "deal":
        words = "none talks tabled ratifying phase in_force live suspended expiring ended"
        return tuple(Named(word, "stage of the deal") for word in words.split())
    if variable == "draft":
        return (Named("none", "no draft"), *declared.names("drafts", what="draft"))
    word = _LEVELS.get(declared.text("variables", variable, "kind"), "")
    return declared.listed("variables", variable, word, what=f"level of {variable}") if word else ()


def names_at(path: TreePath, declared: Declared, *, keys: bool) -> tuple[Named, ...]:
    """Names that may stand at a path: as keys of the mapping whose path ends in ``*``, or as the value there."""
    texts = tuple("#" if isinstance(step, int) else step for step in path)
    rules = _KEYS if keys else _VALUES
    found: list[Named] = []
    for pattern, give in rules:
        if _fits(texts, pattern):
            found += give(declared, path)
            break
    return tuple(dict.fromkeys(found))


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path ends as the pattern says; a pattern that begins with ``/`` speaks of the whole path."""
    if pattern[0] == "/":
        return len(path) == len(pattern) - 1 and _fits(path, pattern[1:])
    tail = path[-len(pattern) :]
    return len(tail) == len(pattern) and all(
        want in ("?", step) or (want == "PRICE" and step in PRICES) for want, step in zip(pattern, tail, strict=True)
    )


_Give = Callable[[Declared, TreePath], Iterable[Named]]
_Rule = tuple[tuple[str, ...], _Give]


def _deciders(declared: Declared, _: TreePath) -> Iterable[Named]:
    return (*declared.actors, *declared.offices, *declared.sides)


def _payers(declared: Declared, _: TreePath) -> Iterable[Named]:
    return (*declared.actors, *declared.sides)


def _sources(declared: Declared, _: TreePath) -> Iterable[Named]:
    return (Named("judgement", "no source: a judgement"), *declared.names("sources", what="source"))


def _effect_levels(declared: Declared, path: TreePath) -> Iterable[Named]:
    variable = str(path[-1])
    if variable == "deal":
        return (Named("ended"), Named("suspended"), Named("none"))
    steps = (Named("up", "one level up"), Named("down", "one level down"))
    return (*levels_of(variable, declared), *(steps if declared.text("variables", variable, "kind") == "stock" else ()))


def _affected(declared: Declared, _: TreePath) -> Iterable[Named]:
    return (*declared.variables, Named("deal", "the agreement"))


def _duty_options(declared: Declared, path: TreePath) -> Iterable[Named]:
    steps = path[:-1] if isinstance(path[-1], int) else path
    return declared.options(str(steps[-2]))


def _own_levels(declared: Declared, path: TreePath) -> Iterable[Named]:
    return levels_of(str(path[1]), declared)


def _holders(declared: Declared, path: TreePath) -> Iterable[Named]:
    return levels_of(declared.text(*path[:2], "variable"), declared)


def _leaders(declared: Declared, path: TreePath) -> Iterable[Named]:
    found = (*declared.actors, *declared.offices)
    sides = {
        n.name: declared.text("actors", n.name, "side") or declared.text("variables", n.name, "side") for n in found
    }
    own = [named for named in found if sides[named.name] == path[1]]
    return own or found


def _side_actors(declared: Declared, path: TreePath) -> Iterable[Named]:
    side = declared.text(*path[:2], "side")
    own = [actor for actor in declared.actors if declared.text("actors", actor.name, "side") == side]
    return own or declared.actors


def _beside(key: str, give: Callable[[Declared, str], Iterable[Named]]) -> _Give:
    """Names that go by the word under a key of the same mapping."""
    return lambda declared, path: give(declared, declared.text(*path[:-1], key))


def _quantities(declared: Declared, _: TreePath) -> Iterator[Named]:
    for gate in ("sign", "ratify", "keep"):
        yield from (Named(f"{gate}({draft.name})", "a gate") for draft in declared.names("drafts"))
    yield from (Named(f"P({question.name})", "a question") for question in declared.names("questions"))
    yield from (Named(f"outcome({word}, ", "an outcome at a date") for word in ("deal", "war", "none"))


def _drafts(declared: Declared, _: TreePath) -> Iterable[Named]:
    return declared.names("drafts", what="draft")


def _parameters(declared: Declared, _: TreePath) -> Iterable[Named]:
    return declared.parameters


def _own_places(declared: Declared, path: TreePath) -> Iterable[Named]:
    return declared.places(*path[:2])


_KEYS: tuple[_Rule, ...] = (
    (("/", "payoffs", "*"), lambda declared, _: declared.actors),
    (("PRICE", "*"), _payers),
    (("effects", "*"), _affected),
    (("owes", "*"), lambda declared, _: declared.parties),
    (("owes", "?", "*"), lambda declared, _: declared.names("decisions", what="decision")),
    (("/", "drafts", "?", "breach", "*"), lambda declared, _: declared.parties),
    (("/", "drafts", "?", "exit", "*"), lambda declared, _: declared.parties),
    (("/", "drafts", "?", "withdrawal", "*"), lambda declared, _: declared.parties),
    (("/", "drafts", "?", "positions", "*"), lambda declared, _: declared.parties),
    (("/", "frictions", "?", "off", "*"), _parameters),
    (("/", "chance", "?", "holders", "*"), _holders),
    (("chosen", "*"), lambda declared, _: declared.names("decisions", what="decision")),
    (("/", "rankings", "?", "fixed", "*"), _own_places),
    (("/", "rankings", "?", "titles", "*"), _own_places),
)

_VALUES: tuple[_Rule, ...] = (
    (("source",), _sources),
    (("source", "#"), _sources),
    (("effects", "?"), _effect_levels),
    (("/", "sides", "?", "led_by"), _leaders),
    (("side",), lambda declared, _: declared.sides),
    (("/", "variables", "?", "holders", "#"), _side_actors),
    (("/", "variables", "?", "start"), _own_levels),
    (("/", "chance", "?", "variable"), lambda declared, _: declared.offices),
    (("/", "decisions", "?", "by"), _deciders),
    (("ratifiers", "#", "by"), _deciders),
    (("/", "claims", "?", "finds", "ends", "by"), _deciders),
    (("finds", "#", "ends", "by"), _deciders),
    (("proposers", "#"), lambda declared, _: declared.parties),
    (("/", "drafts", "?", "form"), lambda declared, _: declared.names("protocol", "forms", what="form")),
    (("must", "#"), _duty_options),
    (("must_not", "#"), _duty_options),
    (("chosen", "?"), lambda declared, path: declared.options(str(path[-1]))),
    (("chosen", "?", "#"), lambda declared, path: declared.options(str(path[-2]))),
    (("/", "simultaneous", "?", "decisions", "#"), lambda declared, _: declared.names("decisions", what="decision")),
    (("/", "levers", "?", "sets"), _parameters),
    (("between", "#"), _parameters),
    (("/", "evidence", "#", "variable"), lambda declared, _: declared.variables),
    (("/", "evidence", "#", "level"), _beside("variable", lambda declared, name: levels_of(name, declared))),
    (("/", "evidence", "#", "decision"), lambda declared, _: declared.names("decisions", what="decision")),
    (("/", "evidence", "#", "option"), _beside("decision", lambda declared, name: declared.options(name))),
    (("/", "evidence", "#", "indicator"), lambda declared, _: declared.names("indicators", what="indicator")),
    (("phase",), _beside("draft", lambda declared, name: declared.phases(name))),
    (("draft",), _drafts),
    (("friction",), lambda declared, _: declared.names("frictions", what="friction")),
    (("friction_alone",), lambda declared, _: declared.names("frictions", what="friction")),
    (("friction_log_odds",), lambda declared, _: declared.names("frictions", what="friction")),
    (("finds", "question"), lambda declared, _: declared.names("questions", what="question")),
    (("finds", "#", "question"), lambda declared, _: declared.names("questions", what="question")),
    (("overlap",), _drafts),
    (("gain",), lambda declared, _: declared.sides),
    (("quantity",), _quantities),
)
