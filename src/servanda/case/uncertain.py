"""Numbers that may be uncertain: the distribution texts of the case language and their inverse distribution functions.

Low-discrepancy draws need quantiles, so a distribution here is nothing but its quantile function, its central value
and the text it came from.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from servanda.case.document import clip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Kind = Literal["certain", "triangular", "uniform", "normal", "lognormal", "beta", "choice", "ranked"]

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
NUMBER = re.compile(_NUMBER)
_RANGE = re.compile(rf"\s*({_NUMBER})\s+to\s+({_NUMBER})\s*")
# what people write for a range: 0.4-0.7, 0.4..0.7, 40 to 70 %
_ALMOST = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:-|–|\.\.|to)\s*(\d+(?:\.\d+)?)\s*(%|per\s*cent)?\s*")
_CALL = re.compile(r"\s*([A-Za-z]+)\s*\((.*)\)\s*", re.DOTALL)
_CHOICE = re.compile(r"\s*one\s+of\s*\{(.*)\}\s*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

FORMS = "a number, `2 to 5`, uniform(a, b), normal(mean, sd), lognormal(median, sigma), beta(a, b), \
triangular(low, mode, high) or `one of {name: weight, …}`"


class DistributionError(ValueError):
    """A distribution text that says nothing possible; `hint` is one way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class UncertainNumber:
    """A number with its distribution.

    Parameters
    ----------
    kind
        Family of the distribution; `certain` has one argument, its value.
    arguments
        certain (value,); triangular (low, mode, high); uniform (low, high); normal (mean, sd);
        lognormal (median, sigma of the logarithm); beta (a, b); choice (); ranked (a, b, low, high), a beta (a, b)
        over [low, high], which only a ranking gives.
    choices
        For `choice`: (name, value, weight) in the order of the file; weights sum to one.
    central
        The value used where one number is wanted.
    text
        The distribution as written.
    """

    kind: Kind
    arguments: tuple[float, ...]
    choices: tuple[tuple[str, float, float], ...]
    central: float
    text: str

    @property
    def certain(self) -> bool:
        """Whether the number has one value only."""
        return self.kind == "certain"

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest possible value, perhaps infinite."""
        match self.kind:
            case "certain" | "triangular" | "uniform":
                return self.arguments[0], self.arguments[-1]
            case "normal":
                return -math.inf, math.inf
            case "lognormal":
                return 0.0, math.inf
            case "beta":
                return 0.0, 1.0
            case "ranked":
                return self.arguments[2], self.arguments[3]
            case "choice":
                values = [value for _, value, _ in self.choices]
                return min(values), max(values)

    @property
    def neighbours(self) -> tuple[float, float]:
        """Of a ranked number, the central values next to its own: it leaves its place beyond them; else the support."""
        if self.kind != "ranked":
            return self.support
        a, b, low, high = self.arguments
        step = (high - low) / (a + b)
        return self.central - step, self.central + step

    def quantile(self, u: ArrayLike) -> NDArray[np.float64]:
        """Inverse distribution function, elementwise, for `u` in [0, 1].

        >>> parse_uncertain("uniform(2, 4)").quantile([0.0, 0.25, 1.0]).tolist()
        [2.0, 2.5, 4.0]
        """
        import numpy as np

        at = np.asarray(u, dtype=np.float64)
        match self.kind:
            case "certain":
                return np.full_like(at, self.arguments[0])
            case "uniform":
                low, high = self.arguments
                return np.asarray(low + (high - low) * at)
            case "triangular":
                return _triangular_quantile(self.arguments, at)
            case "choice":
                values = np.array([value for _, value, _ in self.choices])
                upper = np.cumsum([weight for _, _, weight in self.choices])
                return np.asarray(values[np.minimum(np.searchsorted(upper, at, side="left"), len(values) - 1)])
            case "normal" | "lognormal" | "beta":
                return _smooth_quantile(self.kind, self.arguments, at)
            case "ranked":
                a, b, low, high = self.arguments
                return np.asarray(low + (high - low) * _smooth_quantile("beta", (a, b), at))


def _triangular_quantile(arguments: tuple[float, ...], at: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    low, mode, high = arguments
    width = high - low
    rising = low + np.sqrt(at * width * (mode - low))
    falling = high - np.sqrt((1.0 - at) * width * (high - mode))
    return np.where(at * width < mode - low, rising, falling)


def _smooth_quantile(
    kind: Literal["normal", "lognormal", "beta"], arguments: tuple[float, ...], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    import numpy as np
    from scipy import special

    first, second = arguments
    if kind == "beta":
        return np.asarray(special.betaincinv(first, second, at))
    standard = special.ndtri(at)
    if kind == "normal":
        return np.asarray(first + second * standard)
    return np.asarray(first * np.exp(second * standard))


def certain(value: float, text: str = "") -> UncertainNumber:
    """A number without uncertainty.

    >>> certain(3.0).central
    3.0
    """
    return UncertainNumber("certain", (value,), (), value, text or repr(value))


def parse_uncertain(
    text: str, central: float | None = None, choices: dict[str, float] | None = None
) -> UncertainNumber:
    """Read a distribution text; `central` overrides the central value (and is the mode of `low to high`).

    Raises
    ------
    DistributionError
        If the text is none of the known forms or its numbers are impossible.

    Examples
    --------
    >>> parse_uncertain("2 to 5").central
    3.5
    >>> parse_uncertain("one of {low: 1, high: 3}", choices={"low": 10, "high": 20}).central
    20.0
    """
    number = _parse(text, central, choices)
    low, high = number.support
    if central is None:
        return number
    if not low <= central <= high:
        raise DistributionError(
            f"the central value {central:g} lies outside {low:g} to {high:g}",
            "give a central value that the distribution can take",
        )
    return UncertainNumber(number.kind, number.arguments, number.choices, central, number.text)


def _parse(text: str, central: float | None, choices: dict[str, float] | None) -> UncertainNumber:
    if found := _CHOICE.fullmatch(text):
        return _parse_choice(text, found[1], choices or {})
    if choices:
        raise DistributionError("`choices` belong to `one of {…}` only", "drop `choices`, or write `one of {…}`")
    if NUMBER.fullmatch(text.strip()):
        value = _finite(text.strip())
        return UncertainNumber("certain", (value,), (), value, text)
    if found := _RANGE.fullmatch(text):
        low, high = _finite(found[1]), _finite(found[2])
        _increasing(text, low, high)
        mode = (low + high) / 2 if central is None else min(max(central, low), high)
        return UncertainNumber("triangular", (low, mode, high), (), mode, text)
    if found := _CALL.fullmatch(text):
        return _parse_call(text, found[1], found[2])
    if found := _ALMOST.fullmatch(text):
        low, high = (float(each) / (100 if found[3] else 1) for each in (found[1], found[2]))
        raise DistributionError(f"`{clip(text)}` is not how a range is written", f"write `{low:g} to {high:g}`")
    raise DistributionError(f"`{clip(text)}` is neither a number nor a distribution", f"write {FORMS}")


_ARITY = {"uniform": 2, "normal": 2, "lognormal": 2, "beta": 2, "triangular": 3}


def _parse_call(text: str, name: str, inside: str) -> UncertainNumber:
    arity = _ARITY.get(name)
    if arity is None:
        raise DistributionError(f"no distribution is called `{clip(name)}`", f"write {FORMS}")
    parts = [part.strip() for part in inside.split(",")]
    if len(parts) != arity or not all(NUMBER.fullmatch(part) for part in parts):
        raise DistributionError(f"`{name}` takes {arity} numbers", f"write {FORMS}")
    values = tuple(_finite(part) for part in parts)
    match name:
        case "uniform":
            _increasing(text, *values)
            return UncertainNumber("uniform", values, (), (values[0] + values[1]) / 2, text)
        case "triangular":
            low, mode, high = values
            _increasing(text, low, high)
            if not low <= mode <= high:
                raise DistributionError(
                    f"the mode {mode:g} lies outside {low:g} to {high:g}", "order them: triangular(low, mode, high)"
                )
            return UncertainNumber("triangular", values, (), mode, text)
        case "normal":
            _positive("the standard deviation", values[1])
            return UncertainNumber("normal", values, (), values[0], text)
        case "lognormal":
            _positive("the median", values[0])
            _positive("sigma", values[1])
            return UncertainNumber("lognormal", values, (), values[0], text)
        case _:
            _positive("a", values[0])
            _positive("b", values[1])
            return UncertainNumber("beta", values, (), _beta_median(*values), text)


def _beta_median(a: float, b: float) -> float:
    from scipy import special

    return float(special.betaincinv(a, b, 0.5))


def _parse_choice(text: str, inside: str, numbers: dict[str, float]) -> UncertainNumber:
    weighed = _parse_weighed(inside)
    total = math.fsum(weighed.values())
    if strange := [name for name in numbers if name not in weighed]:
        raise DistributionError(f"`choices` gives a number for `{strange[0]}`, which has no weight", "add its weight")
    choices = tuple((name, _choice_value(name, numbers), weight / total) for name, weight in weighed.items())
    heaviest = max(choices, key=lambda choice: choice[2])
    return UncertainNumber("choice", (), choices, heaviest[1], text)


def _parse_weighed(inside: str) -> dict[str, float]:
    weighed: dict[str, float] = {}
    for entry in inside.split(","):
        name, colon, weight = (part.strip() for part in entry.partition(":"))
        if not colon or not NUMBER.fullmatch(weight) or not (_NAME.fullmatch(name) or NUMBER.fullmatch(name)):
            raise DistributionError(
                f"`{clip(entry.strip())}` is not `name: weight`", "write `one of {low: 1, high: 2}`"
            )
        if name in weighed:
            raise DistributionError(f"`{clip(name)}` stands twice", "give every choice once")
        weighed[name] = _finite(weight)
    if math.fsum(weighed.values()) <= 0 or min(weighed.values()) < 0:
        raise DistributionError("the weights must be zero or more, and one of them positive", "give weights such as 1")
    return weighed


def parse_weights(text: str) -> tuple[tuple[str, float], ...]:
    """Names with weights that sum to 1, of ``one of {a: 3, b: 1}`` or of a single name.

    Raises
    ------
    DistributionError
        If the text is neither, or its weights are impossible.

    Examples
    --------
    >>> parse_weights("one of {stationary: 3, settled: 1}"), parse_weights("drawn")
    ((('stationary', 0.75), ('settled', 0.25)), (('drawn', 1.0),))
    """
    if _NAME.fullmatch(text.strip()):
        return ((text.strip(), 1.0),)
    if (found := _CHOICE.fullmatch(text)) is None:
        raise DistributionError(f"`{clip(text)}` is no choice", "write a name, or `one of {name: weight, …}`")
    weighed = _parse_weighed(found[1])
    total = math.fsum(weighed.values())
    # weights that were normalised before stay as they are to the last bit
    scale = 1.0 if abs(total - 1.0) < 1e-12 else total
    return tuple((name, weight / scale) for name, weight in weighed.items())


def _choice_value(name: str, numbers: dict[str, float]) -> float:
    if name in numbers:
        return float(numbers[name])
    if NUMBER.fullmatch(name):
        return _finite(name)
    raise DistributionError(f"the choice `{clip(name)}` has no number", "add it under `choices: {NAME: NUMBER}`")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise DistributionError(f"{clip(text)} is too large a number", "give a number below 1e300")
    return value


def _increasing(text: str, low: float, high: float) -> None:
    if not low < high:
        raise DistributionError(
            f"`{clip(text.strip())}` runs from {low:g} to {high:g}", "put the smaller number first, or write one number"
        )


def _positive(what: str, value: float) -> None:
    if value <= 0:
        raise DistributionError(f"{what} must be greater than 0, not {value:g}", "give a positive number")
