"""Written case to resolved case: shorthand written out, defaults filled, every name and expression bound.

References are checked where they are followed; what needs the whole case is in `servanda.case.check`.
"""

from __future__ import annotations

from datetime import date

from servanda.case.binding import Binding
from servanda.case.dates import parse_date, parse_duration, parse_period, shifted
from servanda.case.document import TreePath, clip
from servanda.case.expression import NEVER, Expression
from servanda.case.resolve_claims import resolve_claims
from servanda.case.resolve_drafts import resolve_drafts, resolve_protocol
from servanda.case.resolve_evidence import resolve_evidence
from servanda.case.resolve_rankings import resolve_rankings
from servanda.case.resolve_readings import resolve_expectations, resolve_indicators, resolve_questions
from servanda.case.resolve_simultaneous import resolve_simultaneous
from servanda.case.resolve_uncertain import resolve_correlations, resolve_modelling
from servanda.case.resolve_world import (
    resolve_actors,
    resolve_chance,
    resolve_decisions,
    resolve_payoffs,
    resolve_sides,
    resolve_variables,
)
from servanda.case.resolved import Friction, Lever, Parameter, ResolvedCase, Source
from servanda.case.uncertain import DistributionError, UncertainNumber, certain, parse_uncertain

MOST_PERIODS = 1_200


def resolve(binding: Binding) -> ResolvedCase:
    """Resolve a written case; what is wrong is noted in `binding.issues` and the result is then no legal case."""
    written, document = binding.written, binding.document
    start = written.start
    as_of = written.as_of or start
    periods = _periods(binding)
    rankings, ranked = resolve_rankings(binding)
    parameters = (*_parameters(binding), *ranked)
    return ResolvedCase(
        name=written.case,
        title=written.title,
        description=written.description or "",
        notes=written.notes or "",
        start=start,
        as_of=as_of,
        period_months=binding.period_months,
        periods=periods,
        values=written.values,
        sources=tuple(
            Source(name, source.title, source.url or "", source.grade) for name, source in written.sources.items()
        ),
        sides=resolve_sides(binding),
        actors=resolve_actors(binding),
        variables=resolve_variables(binding),
        chance=resolve_chance(binding, shifted(start, binding.period_months * periods)),
        decisions=resolve_decisions(binding),
        protocol=resolve_protocol(binding),
        drafts=resolve_drafts(binding),
        payoffs=resolve_payoffs(binding),
        parameters=parameters,
        frictions=_frictions(binding),
        levers=_levers(binding),
        war=_war(binding),
        indicators=resolve_indicators(binding),
        questions=resolve_questions(binding),
        evidence=resolve_evidence(binding),
        expect=resolve_expectations(binding),
        claims=resolve_claims(binding),
        file=document.file,
        learn_from=_learn_from(binding),
        rankings=rankings,
        correlations=resolve_correlations(binding, parameters),
        modelling=resolve_modelling(binding),
        simultaneous=resolve_simultaneous(binding),
    )


def _war(binding: Binding) -> Expression | None:
    told, path = binding.written.outcomes.war, ("outcomes", "war")
    if told is not None and told.strip() == "never":
        return Expression("never", NEVER.node, binding.document.place(path))
    return binding.condition(told, path)


def _learn_from(binding: Binding) -> date:
    start, months, path = binding.written.start, binding.period_months, ("learn_from",)
    day = binding.written.learn_from
    if day is None:
        return start
    if day > start:
        message = f"{day} lies after the start, {start}"
        binding.error("learn-from-after-start", message, "begin to learn at the start, or earlier", path)
        return start
    periods = ((start.year - day.year) * 12 + start.month - day.month) // months
    near = [shifted(start, -months * count) for count in range(periods - 1, periods + 2) if count >= 0]
    if day not in near:
        before = max((each for each in near if each < day), default=None)
        after = min((each for each in near if each > day), default=start)
        fitting = f"{after}" if before is None else f"{before} or {after}"
        message = f"{day} is not a whole number of periods of {months} months before the start, {start}"
        binding.error("learn-from-between-periods", message, f"write {fitting}", path)
    return day


def _periods(binding: Binding) -> int:
    written, months = binding.written, binding.period_months
    if parse_period(written.period) is None:
        message = f"`{clip(written.period)}` is not a period"
        binding.error("bad-period", message, "write month, quarter, half-year, year or `N months`", ("period",))
    path: TreePath = ("horizon",)
    if (last := parse_date(written.horizon)) is not None:
        whole = (last.year - written.start.year) * 12 + last.month - written.start.month
        whole += last.day > written.start.day
        periods, rest = -(-whole // months), 0.0
    elif (years := parse_duration(written.horizon)) is not None:
        exact = years * 12 / months
        periods = round(exact) if exact < 1e9 else MOST_PERIODS + 1
        rest = abs(exact - periods)
    else:
        message = f"`{clip(written.horizon)}` is not a horizon"
        binding.error("bad-horizon", message, "write `4 years`, `18 months` or a date", path)
        return 1
    if not 1 <= periods <= MOST_PERIODS:
        message = f"the horizon holds {periods:,} periods"
        binding.error("bad-horizon", message, f"between 1 and {MOST_PERIODS:,} periods can be modelled", path)
        return 1
    if rest > 1e-6:
        message = f"`{written.horizon}` is not a whole number of periods of {months} months"
        binding.error("bad-horizon", message, "lengthen it to a whole number of periods", path)
    return periods


def _parameters(binding: Binding) -> tuple[Parameter, ...]:
    found = []
    for name, written in binding.written.parameters.items():
        path: TreePath = ("parameters", name)
        number: UncertainNumber = certain(0.0)
        try:
            number = parse_uncertain(written.value.strip(), written.central, written.choices)
        except DistributionError as failure:
            place = (*path, "value") if (*path, "value") in binding.document.values else path
            binding.error("distribution-bad", str(failure), failure.hint, place)
        citation = binding.citation(written, path)
        where = binding.document.place(path, key=True)
        found.append(Parameter(name, written.title or name, number, written.unit or "", citation, where))
    return tuple(found)


def _frictions(binding: Binding) -> tuple[Friction, ...]:
    found = []
    for name, written in binding.written.frictions.items():
        path: TreePath = ("frictions", name)
        off = []
        for parameter, text in written.off.items():
            place = (*path, "off", parameter)
            if parameter not in binding.names.parameters and parameter not in binding.unreadable:
                message = f"`{clip(parameter)}` is not a parameter"
                hint = "a friction is switched off by parameters: declare one and use it in the mechanism"
                binding.error("friction-unknown-parameter", message, hint, place, key=True)
            off.append((parameter, binding.expression(text, place, scope="constant")))
        found.append(
            Friction(
                name,
                written.title or name,
                written.mechanism or "",
                tuple(off),
                binding.citation(written, path),
                binding.document.place(path, key=True),
            )
        )
    return tuple(found)


def _levers(binding: Binding) -> tuple[Lever, ...]:
    found = []
    for name, written in binding.written.levers.items():
        path: TreePath = ("levers", name)
        if written.sets not in binding.names.parameters:
            binding.unknown("parameter", written.sets, binding.names.parameters, (*path, "sets"))
        if bool(written.choices) == (written.range is not None):
            has = "both `choices` and `range`" if written.choices else "neither `choices` nor a `range`"
            hint = "give `choices: {label: number}` or `range: [low, high]`"
            binding.error("lever-without-choices", f"the lever `{name}` has {has}", hint, path, key=True)
        if written.access is not None:
            _check_access(binding, name, written.access, (*path, "access"))
        found.append(
            Lever(
                name,
                written.title or name,
                written.sets,
                tuple(written.choices.items()),
                written.range,
                written.access,
                binding.prices(written.price, (*path, "price"), f"price of {name}"),
                binding.citation(written, path),
                binding.document.place(path, key=True),
            )
        )
    return tuple(found)


def _check_access(binding: Binding, lever: str, access: tuple[float, float], path: TreePath) -> None:
    if access[0] == access[1]:
        message = f"from {access[0]:g} to {access[1]:g} nothing changes"
        binding.error("access-range-empty", message, "give the range over which access is deepened", path)
    first = next(name for name, written in binding.written.levers.items() if written.access is not None)
    if lever != first:
        message = f"the depth of access is already the lever `{first}`"
        binding.error("access-twice", message, "keep `access` at one of the two", path, key=True)
