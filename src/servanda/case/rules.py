"""Every rule of the case language: its code, its severity and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from servanda.errors import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; `local` ones are as true of half a case as of a whole one, and checked even if part is unreadable."""

    code: str
    meaning: str
    severity: Severity = "error"
    local: bool = False


def _warning(code: str, meaning: str) -> Rule:
    return Rule(code, meaning, "warning")


def _local(code: str, meaning: str) -> Rule:
    return Rule(code, meaning, local=True)


_FILE = (
    Rule("unknown-case", "A case is named by a path or by the name of a shipped case."),
    Rule("unreadable-file", "The file exists, is a file and may be read."),
    Rule("file-too-large", "A case file holds at most 2 MB."),
    Rule("not-utf8", "A case file is UTF-8 text."),
    Rule("control-character", "No control characters stand in the text."),
    Rule("yaml-syntax", "The text is one YAML document."),
    Rule("duplicate-key", "A key stands once in its mapping."),
    Rule("alias-or-anchor", "No YAML anchors and aliases: repeated parts are written out."),
    Rule("tag", "No YAML tags."),
    Rule("null-value", "Every key has a value."),
    Rule("too-deep", "Nodes are nested at most 30 deep."),
    Rule("too-many-nodes", "A file holds at most 200,000 nodes."),
)
_SHAPE = (
    Rule("not-a-mapping", "A case is a mapping of keys."),
    Rule("missing-key", "Required keys are there."),
    Rule("unknown-key", "Only keys of the language stand in a mapping."),
    Rule("unknown-kind", "A variable is an office, a stock or a condition."),
    Rule("wrong-type", "A value has the type that its key wants."),
    Rule("too-few", "A list or mapping has as many entries as it needs."),
    Rule("bad-name", "Names are identifiers; labels are one printable line; the case is named with dashes."),
    Rule("reserved-name", "Words of the language are not names (levels and options may be none, yes, no, live)."),
    _local("bad-date", "Dates are YYYY-MM-DD and exist."),
    Rule("bad-duration", "Durations are `N months` or `N years`."),
    _local("bad-period", "A period is month, quarter, half-year, year or `N months`."),
    _local("bad-horizon", "The horizon is a whole number of periods, between 1 and 1,200."),
    Rule("bad-grade", "Grades are A, B, C, M, J, J:A, J:B, J:C, J:M; a judgement has a J."),
    Rule("interval-reversed", "The smaller end of an interval stands first."),
    _local("distribution-bad", "A distribution text is one of the known forms, with possible numbers."),
)
_REFERENCE = (
    _local("unknown-actor", "The actor (or office, or side) is declared."),
    _local("unknown-side", "The side is declared."),
    _local("unknown-variable", "The variable is declared."),
    _local("unknown-level", "The variable, or the deal, has that level."),
    _local("unknown-decision", "The decision is declared."),
    _local("unknown-option", "The decision has that option."),
    _local("unknown-draft", "The draft is declared."),
    _local("unknown-phase", "The draft has that phase."),
    _local("unknown-form", "The legal form is declared."),
    _local("unknown-term", "Some draft has that term."),
    _local("unknown-parameter", "The parameter, or the name in an expression, is declared."),
    _local("unknown-source", "The source is declared, or is `judgement`."),
    _local("unknown-indicator", "The indicator is declared."),
    _local("unknown-question", "The question is declared."),
    _local("unknown-friction", "The friction is declared."),
    Rule("friction-unknown-parameter", "A friction is switched off by parameters that are declared."),
    Rule("name-twice", "Actors, variables, parameters and sides share one space of names."),
    Rule("level-twice", "A variable has each level once."),
)
_EXPRESSION = (
    _local("bad-expression", "The text follows the grammar of expressions."),
    _local("expression-too-long", "An expression has at most 2,000 characters."),
    _local("expression-too-deep", "An expression is nested at most 40 deep."),
    _local("type-mismatch", "Numbers stand where numbers are wanted, conditions where conditions are."),
    _local(
        "non-structural-condition",
        "What decides which states and options exist, or counts as war, reads variables and the deal only.",
    ),
    _local("state-in-constant", "Constants are made of numbers and parameters only."),
    Rule("not-finite", "A constant expression has a finite value."),
)
_WORLD = (
    Rule("party-without-leader", "A party has an actor or office that speaks for it."),
    Rule("leader-of-other-side", "A side is led by one of its own."),
    Rule("side-without-leader", "A side that decides, or whose gain is asked for, is led by somebody."),
    Rule("office-nobody-holds", "An office is held by actors of its own side."),
    Rule("start-level-impossible", "A variable starts at one of its levels."),
    Rule("values-and-levels-differ", "A stock has one value for each level."),
    Rule("ratchet-decay", "A ratchet does not decay."),
    _local("step-on-non-stock", "Only stocks go up and down by steps."),
    Rule("two-timings", "A chance event has one timing."),
    Rule("effects-and-outcomes", "A node has effects, or outcomes, or holders."),
    Rule("no-effects", "A chance event, or a profile of choices, does something."),
    Rule("holders-without-office", "`holders` stand beside `variable: OFFICE`."),
    Rule("no-options", "A decision has options."),
    Rule("simultaneous-alone", "Two or more decisions are taken at the same time."),
    Rule("simultaneous-twice", "A decision is part of one simultaneous decision point."),
    Rule("simultaneous-same-mover", "Decisions at the same time are those of different actors."),
    Rule("simultaneous-too-large", "The choices at a simultaneous decision point combine in at most 512 ways."),
    Rule("actor-without-payoffs", "Every actor has payoffs."),
    Rule("price-twice", "An actor pays one price of one name once."),
    Rule("picks-out-of-range", "The better option is picked more than half the time and less than always."),
    Rule("precision-not-positive", "Decisiveness is greater than 0."),
    Rule("discount-out-of-range", "Discount rates lie between 0 and 10 per year."),
    Rule("probability-out-of-range", "Odds and probabilities lie between 0 and 1."),
    Rule("odds-do-not-add-up", "The odds of outcomes sum to 1, or to less beside a remainder."),
    Rule("two-remainders", "At most one outcome omits its odds."),
    Rule("negative-rate", "Rates are 0 or more."),
)
_UNCERTAIN = (
    Rule("correlation-out-of-range", "A correlation lies between -1 and 1."),
    Rule("correlation-of-certain", "Only uncertain parameters are correlated."),
    Rule("correlated-twice", "Two parameters have one correlation."),
    Rule("correlations-impossible", "Parameters can have all their correlations at once."),
    Rule("unknown-modelling", "A choice of the model is one of those it offers."),
    Rule("ranked-twice", "A name stands at one place of one ranking."),
    Rule("unknown-ranked", "What a ranking fixes or gives a title stands in its order."),
    Rule("anchor-outside-scale", "What a ranking fixes lies on its scale."),
    Rule("anchors-against-order", "What a ranking fixes keeps its order."),
    Rule("ranking-without-room", "A ranking leaves room for what is not fixed."),
    Rule("correlation-of-ranked", "What is ranked goes together by its ranking alone."),
)
_NEGOTIATION = (
    Rule("not-two-parties", "Where there are drafts, exactly two sides are parties."),
    Rule("not-a-party", "Only parties propose, break and leave deals."),
    Rule("obligation-of-non-party", "Only parties owe something."),
    Rule("decision-of-other-side", "A side owes only what it decides itself."),
    Rule("duty-unclear", "What is owed is `must` or `must_not`."),
    Rule("draft-permits-nothing", "A draft leaves some option permitted and available."),
    Rule("last-phase-moves-on", "The last phase is in force: it neither lasts nor advances."),
    Rule("deal-unclear", "Where the deal stands names a draft (and a phase) exactly where there is one."),
    Rule("sunset-unclear", "A sunset is a date or a mean duration."),
    Rule("sunset-before-start", "A sunset lies after the start."),
    Rule("renewal-without-sunset", "Only a draft with a sunset can be renewed."),
)
_READING = (
    Rule("as-of-outside", "The date of information lies in the periods modelled."),
    Rule("question-timing", "A question has one date, `at` or `by`."),
    Rule("question-past-horizon", "A question is answered before the horizon."),
    Rule("question-before-as-of", "A question is not older than the date of information."),
    Rule("question-unclear", "A question has a condition, or says why the model has no answer."),
    Rule("asked-after-as-of", "A question is put on the date of information, or earlier."),
    Rule("evidence-unclear", "An observation is of one variable, decision or indicator, or of the deal."),
    Rule("reliability-out-of-range", "A reliability lies above 0.5 and is at most 1."),
    Rule("learn-from-after-start", "Learning begins at the start, or earlier."),
    Rule("learn-from-between-periods", "Learning begins a whole number of periods before the start."),
    Rule("day-not-known", "A case is frozen between the first day it knows and its date of information."),
    Rule("lever-without-choices", "A lever has choices or a range."),
    Rule("access-range-empty", "The range of access is more than one depth."),
    Rule("access-twice", "At most one lever is the depth of access."),
    _local("bad-quantity", "An expected quantity is P(…), outcome(…), sign(…), ratify(…) or keep(…)."),
)
_CLAIMS = (
    Rule("claim-unclear", "A test of a claim is of exactly one quantity."),
    Rule("claim-without-bound", "A test has `at_least`, `at_most` or `rank`."),
    Rule("rank-without-friction", "Only frictions have a rank."),
    Rule("bound-out-of-range", "The bounds of a test lie where its quantity can."),
    Rule("claim-without-drafts", "What is asked about the best draft needs a draft."),
    Rule("overlap-without-positions", "Both parties have stated positions on a draft whose overlap is asked for."),
)
_WARNINGS = (
    _warning("too-many-issues", "At most 200 issues are shown."),
    _warning("unsourced", "A number other than 0 and 1 says where it comes from."),
    _warning("unused-parameter", "Some expression reads the parameter."),
    _warning("war-undeclared", "Some state counts as war."),
    _warning("odds-may-leave-range", "All draws of a parameter used as odds lie between 0 and 1."),
    _warning("ratchet-falls", "No effect lowers a ratchet."),
    _warning("date-outside-horizon", "A dated event falls into a period."),
    _warning("evidence-after-as-of", "Evidence is not younger than the date of information."),
    _warning("not-asked-here", "Claims and expectations are of drafts and questions of the date of information."),
    _warning("decision-never-open", "A decision has an available option in some state."),
    _warning("phase-never-reached", "Some state of the world leads from each phase to the next."),
    _warning("draft-owes-nothing", "A draft asks something of somebody."),
)

GROUPS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("The file", _FILE),
    ("Shape of the case", _SHAPE),
    ("Names", _REFERENCE),
    ("Expressions", _EXPRESSION),
    ("The world", _WORLD),
    ("What is uncertain", _UNCERTAIN),
    ("Negotiation", _NEGOTIATION),
    ("Dates, questions, evidence", _READING),
    ("Claims", _CLAIMS),
    ("Warnings", _WARNINGS),
)
RULES = {rule.code: rule for _, rules in GROUPS for rule in rules}
