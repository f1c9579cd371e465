"""One place to run servers below the shim, for all tests of a worker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.crash.shim import find_compiler
from tests.crash.stand import Stand


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    if find_compiler() is None:
        assert os.environ.get("CI") != "true", "the crash tests need a C compiler"
        pytest.skip("the crash tests need a C compiler")
    stand = Stand(tmp_path_factory.mktemp("stand"))
    yield stand
    stand.close()
