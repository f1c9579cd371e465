"""One server to attack for all tests of a worker, and what must hold of it after each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.stand import GROWTH, Stand, eventually, standing


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("stand")) as running:
        yield running


@pytest.fixture
def stand(attacked: Stand) -> Iterator[Stand]:
    """The server; after the test it lives, is quick, has let go of everything and told nobody's secret."""
    attacked.answers.clear()
    attacked.kept()
    sockets, memory = attacked.sockets(), attacked.memory()
    yield attacked
    attacked.check_alive()
    attacked.check_answers()
    attacked.check_released(sockets)
    assert attacked.memory() - memory < GROWTH


@pytest.fixture
def bucket(stand: Stand) -> str:
    """Of Alice."""
    return stand.make_bucket()


@pytest.fixture
def empty(stand: Stand) -> Iterator[str]:
    """A bucket of Alice in which nothing may ever be."""
    before = stand.blobs()
    name = stand.make_bucket()
    yield name
    assert eventually(lambda: stand.holds(name) == ([], []))
    stand.check_no_new_blobs(before)


@pytest.fixture
def versioned(stand: Stand) -> str:
    return stand.make_bucket(is_versioned=True)
