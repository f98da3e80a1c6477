"""Rankings, resolved: every ranked name becomes a parameter."""

from __future__ import annotations

from servanda.case import models
from servanda.case.binding import Binding
from servanda.case.document import TreePath, clip
from servanda.case.messages import did_you_mean
from servanda.case.resolved import Parameter
from servanda.case.resolved_rankings import Ranking
from servanda.case.uncertain import UncertainNumber, certain


def resolve_rankings(binding: Binding) -> tuple[tuple[Ranking, ...], tuple[Parameter, ...]]:
    """All rankings, and a parameter for each ranked name; what is wrong is noted in `binding.issues`."""
    seen: dict[str, str] = {}
    rankings, parameters = [], []
    for name, written in binding.written.rankings.items():
        path: TreePath = ("rankings", name)
        ranking = Ranking(
            name,
            written.title or name,
            tuple(tuple(place) for place in written.order),
            written.scale,
            tuple(written.fixed.items()),
            written.gaps,
            written.unit or "",
            tuple((each, written.titles.get(each, each)) for place in written.order for each in place),
            binding.citation(written, path),
            binding.document.place(path, key=True),
        )
        fresh = _named_once(binding, ranking, seen)
        known = _names_known(binding, ranking, written, path)
        ordered = _in_order(binding, ranking, path)
        sound = len(fresh) == len(ranking.names) and known and ordered
        titles = dict(ranking.titles)
        for each, position, place in fresh:
            # What cannot be drawn has a number too: it may be read elsewhere, which is no second error.
            number: UncertainNumber = ranking.number_of(position) if sound else certain(0.0)
            where = binding.document.place(place)
            parameters.append(Parameter(each, titles[each], number, ranking.unit, ranking.citation, where))
        rankings.append(ranking)
    return tuple(rankings), tuple(parameters)


def _named_once(binding: Binding, ranking: Ranking, seen: dict[str, str]) -> list[tuple[str, int, TreePath]]:
    """Names that stand in no ranking before, each with its position and its place in the file."""
    found = []
    for position, place in enumerate(ranking.places):
        for at, name in enumerate(place):
            path: TreePath = ("rankings", ranking.name, "order", position)
            if not isinstance(binding.document.node(path), str):
                path = (*path, at)
            if name in seen:
                where = "this ranking" if seen[name] == ranking.name else f"the ranking `{clip(seen[name])}`"
                hint = "keep one of the two; what two actors rank differently needs two names"
                binding.error("ranked-twice", f"`{name}` stands already in {where}", hint, path)
                continue
            seen[name] = ranking.name
            found.append((name, position, path))
    return found


def _names_known(binding: Binding, ranking: Ranking, written: models.Ranking, path: TreePath) -> bool:
    sound = True
    for key, names in (("fixed", written.fixed), ("titles", written.titles)):
        for name in names:
            if name not in ranking.names:
                message = f"`{clip(name)}` does not stand in the order of this ranking"
                hint = did_you_mean(name, ranking.names)
                binding.error("unknown-ranked", message, hint, (*path, key, name), key=True)
                sound = False
    return sound


def _in_order(binding: Binding, ranking: Ranking, path: TreePath) -> bool:
    if (clash := ranking.clash()) is None:
        return True
    place = (*path, "fixed", clash.name) if clash.name else (*path, "scale")
    binding.error(clash.code, clash.message, clash.hint, place)
    return False
