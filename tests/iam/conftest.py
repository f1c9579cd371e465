"""One server with the query APIs for all tests of a worker; each test has people of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
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


@pytest.fixture
def user(iam: Any, name: str) -> str:
    iam.create_user(UserName=name)
    return name


@pytest.fixture
def refused() -> Callable[..., str]:
    """Calls, and gives the code of the refusal."""

    def code_of(call: Callable[..., Any], **parameters: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        return str(caught.value.response["Error"]["Code"])

    return code_of
