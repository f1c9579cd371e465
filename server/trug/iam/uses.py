"""When keys and roles were last used: noted beside the requests, and at most once an hour of each."""

from __future__ import annotations

import asyncio

from trug.iam.keys import Keys, LastUsed
from trug.ports.keys import Clock

HOUR = 3_600_000_000
"""In µs."""
MOST_WAITING = 10_000
AT_ONCE = 64
"""Changes that share a commit."""


class Uses:
    """What was used and is not written yet. ``region`` is the server's own.

    Whoever looks up a key that is not at hand tells; as long as it is at hand its uses cost nothing and are not seen,
    so what is at hand is dropped once an hour (``Credentials.renew``).
    """

    def __init__(self, keys: Keys, clock: Clock, region: str) -> None:
        self._keys = keys
        self._clock = clock
        self._region = region
        self._waiting: dict[tuple[str, str], LastUsed] = {}

    def saw_key(self, access_key: str, service: str = "s3") -> None:
        """A key was used for a service."""
        self._saw(("", access_key), service)

    def saw_role(self, account: str, role: str, service: str = "s3") -> None:
        """A session of a role was used for a service."""
        self._saw((account, role), service)

    def _saw(self, place: tuple[str, str], service: str) -> None:
        if len(self._waiting) < MOST_WAITING:
            self._waiting[place] = LastUsed(self._clock.now(), service, self._region)

    async def write(self) -> int:
        """Write what is waiting, but for what was written within the hour; how many were."""
        waiting, self._waiting = list(self._waiting.items()), {}
        written = 0
        for start in range(0, len(waiting), AT_ONCE):
            done = [self._write(place, used) for place, used in waiting[start : start + AT_ONCE]]
            written += sum(await asyncio.gather(*done))
        return written

    async def _write(self, place: tuple[str, str], used: LastUsed) -> bool:
        account, name = place
        before = await (self._keys.role_last_used(account, name) if account else self._keys.last_used(name))
        if before is not None and used.time - before.time < HOUR:
            return False
        await (self._keys.note_role_use(account, name, used) if account else self._keys.note_use(name, used))
        return True
