"""A case that answers at once: structure compiled and wound up, every headline number for any values of its parameters.

>>> from servanda.case import read
>>> answer = Bench.of(read("theory/pledge")).answer({})
>>> len(answer.drafts), answer.settled
(1, True)
"""

from servanda.live.answers import Live, LiveDraft
from servanda.live.bench import Bench

__all__ = ["Bench", "Live", "LiveDraft"]
