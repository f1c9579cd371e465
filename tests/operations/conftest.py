"""One server for all tests of a worker; each test has buckets of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.server import Server, serving

from trug.domain.versioning import Versioning


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def private() -> Iterator[Server]:
    """A server that takes customers' keys over HTTP."""
    with serving(trusts_http=True) as running:
        yield running


@pytest.fixture(scope="session")
def s3(server: Server) -> Any:
    return server.client()


@pytest.fixture(scope="session")
def time() -> HandClock:
    """The clock of ``timed``'s store."""
    return HandClock(1_700_000_000_000_000)


@pytest.fixture(scope="session")
def timed(time: HandClock) -> Iterator[Server]:
    """A server whose store's clock is set by hand: forward only, for it is one for many tests."""
    with serving(time=time) as running:
        yield running


@pytest.fixture
def bucket(server: Server) -> str:
    return server.make_bucket()


@pytest.fixture
def versioned(server: Server) -> str:
    return server.make_bucket(Versioning.ENABLED)


@pytest.fixture
def lockable(timed: Server) -> str:
    """A bucket of ``timed`` with Object Lock."""
    return timed.make_bucket(locks=True)
