"""One server with the query APIs for all tests of a worker; each test has people of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.iam import IamServer, serving_iam

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[IamServer]:
    with serving_iam() as running:
        yield running


@pytest.fixture(scope="session")
def iam(server: IamServer) -> Any:
    return server.query_client("iam")


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"n{next(NUMBERS)}"
