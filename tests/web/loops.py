"""An event loop for a test, in a thread of its own: Playwright keeps one running in the main thread of its worker."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Found = TypeVar("Found")


def awaited(coroutine: Coroutine[Any, Any, Found]) -> Found:
    """What a coroutine returns.

    >>> awaited(asyncio.sleep(0, "done"))
    'done'
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
