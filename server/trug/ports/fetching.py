"""Documents that others publish on the web."""

from __future__ import annotations

from typing import Protocol


class Fetcher(Protocol):
    """Gets documents over HTTPS; over plain HTTP from this machine alone."""

    async def fetch(self, url: str, *, most: int) -> bytes:
        """The document of at most ``most`` bytes. Unavailable (ports.stores) for whatever reason there is none: what
        is no such URL, no answer in time, another status than 200 (redirects are not followed), more bytes."""
        ...
