"""A workbench in one process: a fresh store, solvers without processes, a client that speaks as the pages do."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from servanda.store import Store
from servanda.web.application import application
from servanda.web.jobs import Jobs
from servanda.web.state import State
from tests.web import small as small_case
from tests.web.inline import InlineSolvers

with warnings.catch_warnings():
    # Which of two HTTP libraries drives the tests is no matter of ours.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

HEADERS = {"X-Servanda": "1"}
HERE = "http://localhost:8765"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A fresh store."""
    with Store.open(str(tmp_path / "store.db")) as store:
        yield store


@pytest.fixture
def solvers() -> InlineSolvers:
    """Solvers that answer in this process."""
    return InlineSolvers()


@pytest.fixture
def app(kept: Store, solvers: InlineSolvers) -> FastAPI:
    """The whole application; jobs are put into the store and wait there."""
    return application(State(kept, solvers, Jobs(kept, workers=0)))  # type: ignore[arg-type]


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client with the header that pages send."""
    with TestClient(app, base_url=HERE, headers=HEADERS) as found:
        yield found


@pytest.fixture
def small(kept: Store) -> str:
    """The name of a small saved case."""
    return kept.create_case(small_case.NAME, small_case.text(), "A small dispute").name
