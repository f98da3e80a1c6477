"""What the routes of the workbench share: the store, the solver processes and the jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fastapi import Request

if TYPE_CHECKING:
    from servanda.store import Store
    from servanda.web.jobs import Jobs
    from servanda.web.solvers import Solvers


@dataclass(frozen=True)
class State:
    """What one running workbench holds; routes reach it through the three functions below."""

    store: Store
    solvers: Solvers
    jobs: Jobs


def state(request: Request) -> State:
    """The state of the application a request came to."""
    return cast("State", request.app.state.servanda)


def store(request: Request) -> Store:
    """The store, for `Depends(store)`; its methods block, so that routes that are not `async` call it."""
    return state(request).store


def solvers(request: Request) -> Solvers:
    """The solver processes, for `Depends(solvers)`."""
    return state(request).solvers


def jobs(request: Request) -> Jobs:
    """The jobs, for `Depends(jobs)`."""
    return state(request).jobs
