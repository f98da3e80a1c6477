"""The standard words of intelligence analysis for a probability (ICD 203), one word for every probability.

The bounds are those of the standard; a probability on a bound takes the words of the range farther from even.
Below 1 % and above 99 % the outermost words stay, since the standard has none beyond them; callers add the number.
"""

from __future__ import annotations

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
