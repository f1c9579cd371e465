"""A server as users run it, shared by the tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import processes
from tests.support.client import Client


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def url(home: Path) -> Iterator[str]:
    with processes.serving(home) as server:
        yield server.url


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as client:
        yield client


@pytest.fixture
def bucket(client: Client, request: pytest.FixtureRequest) -> str:
    """A bucket named after the test."""
    name: str = request.node.name.replace("_", "-").lower()[-60:].strip("-[]")
    client.make_bucket(name)
    return name
