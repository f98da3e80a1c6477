"""The standard words of intelligence analysis for a probability (ICD 203), and the numbers beside them.

The bounds are those of the standard; a probability on a bound takes the words of the range farther from even.
Below 1 % and above 99 % the outermost words stay, since the standard has none beyond them; callers add the number.
"""

from __future__ import annotations

# Below this distance from 0 or 1 a percentage with one decimal says nothing.
TINY = 0.001

SCALE: tuple[tuple[str, float, float], ...] = (
    ("almost no chance", 0.0, 0.05),
    ("very unlikely", 0.05, 0.20),
    ("unlikely", 0.20, 0.45),
    ("roughly even chance", 0.45, 0.55),
    ("likely", 0.55, 0.80),
    ("very likely", 0.80, 0.95),
    ("almost certain", 0.95, 1.0),
)


def words(probability: float) -> str:
    """The standard words for a probability in [0, 1].

    Raises
    ------
    ValueError
        If `probability` is not in [0, 1] (a rounding excess up to 1e-9 is forgiven).

    Examples
    --------
    >>> [words(p) for p in (0.002, 0.05, 0.31, 0.5, 0.8, 0.999)]
    ['almost no chance', 'almost no chance', 'unlikely', 'roughly even chance', 'very likely', 'almost certain']
    """
    if not -1e-9 <= probability <= 1.0 + 1e-9:
        raise ValueError(f"not a probability: {probability}")
    if probability < 0.5:
        return next(name for name, _, high in SCALE if probability <= high)
    return next(name for name, low, _ in reversed(SCALE) if probability >= low)


def percent(probability: float) -> str:
    """A probability in per cent: whole numbers in the middle, one decimal within 1 % of an end, bounds beyond 0.1 %.

    >>> [percent(p) for p in (0.0, 0.00004, 0.0042, 0.031, 0.5, 0.996, 0.99999, 1.0)]
    ['0 %', '<0.1 %', '0.4 %', '3 %', '50 %', '99.6 %', '>99.9 %', '100 %']
    """
    if probability <= 0.0:
        return "0 %"
    if probability >= 1.0:
        return "100 %"
    if probability < TINY:
        return "<0.1 %"
    if probability > 1.0 - TINY:
        return ">99.9 %"
    if probability < 0.0095 or probability > 0.9905:
        return f"{100 * probability:.1f} %"
    return f"{100 * probability:.0f} %"


def likelihood(probability: float) -> str:
    """Words first, then the number: what a sentence says about a probability.

    >>> likelihood(0.31), likelihood(0.004), likelihood(0.9999)
    ('unlikely (31 %)', 'almost no chance (less than 1 %)', 'almost certain (more than 99 %)')
    """
    if probability < 0.0095:
        return f"{words(probability)} (less than 1 %)"
    if probability > 0.9905:
        return f"{words(probability)} (more than 99 %)"
    return f"{words(probability)} ({percent(probability)})"
