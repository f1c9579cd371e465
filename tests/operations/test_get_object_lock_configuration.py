"""GetObjectLockConfiguration where nobody may ask."""

from __future__ import annotations

from tests.support.locks import refused
from tests.support.server import STRANGER, Server


def test_strangers(timed: Server, lockable: str) -> None:
    client = timed.client(STRANGER)
    assert refused(client.get_object_lock_configuration, Bucket=lockable) == (403, "AccessDenied")
