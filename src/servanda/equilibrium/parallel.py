"""Independent solves side by side: threads of one process, one a core."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

Result = TypeVar("Result")


def side_by_side(task: Callable[[int], Result], items: Sequence[int], stop: Event | None) -> list[Result]:
    """Run a task for every item in threads, one a core (the kernels release the interpreter's lock).

    If one fails, or the caller is interrupted, `stop` is set so that the others end at their next period.

    >>> side_by_side(lambda k: k * k, [1, 2, 3], None)
    [1, 4, 9]
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="servanda-solve") as pool:
        try:
            return list(pool.map(task, items))
        except BaseException:
            # leaving the pool waits for its threads: tell their solves to end, so that Ctrl-C is obeyed at once
            if stop is not None:
                stop.set()
            raise
