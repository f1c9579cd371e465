"""Servers as users run them, of one process and of several, shared by the tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support import processes
from tests.support.client import Client


@pytest.fixture(scope="session", params=["1", "2", "4"], ids="workers {}".format)
def url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    with processes.serving(tmp_path_factory.mktemp("server"), ["--workers", request.param]) as server:
        yield server.url


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as client:
        yield client


@pytest.fixture
def bucket(client: Client, request: pytest.FixtureRequest) -> str:
    """A bucket named after the test."""
    name: str = request.function.__name__.replace("_", "-").lower()[-60:].strip("-")
    client.make_bucket(name)
    return name
