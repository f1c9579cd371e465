"""One exchange over HTTP with a service that keeps keys."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from trug.ports.stores import Unavailable

SECONDS = 10.0
LARGEST_ANSWER = 1 << 20


class Address(NamedTuple):
    """Where a service is: scheme, host, port (None: the scheme's own) and the path it is mounted under."""

    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def of(cls, url: str) -> Address:
        """ValueError for what is no http or https URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError("a key service is an http or https URL without query and without user")
        return cls(parts.scheme, parts.hostname, parts.port, parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """What stands in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


async def post(address: Address, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of the answer, empty where it has none. Unavailable when none comes within 10 s, or the
    service says that it cannot answer now."""
    try:
        status, answer = await asyncio.to_thread(_post, address, path, headers, body)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"the key service {address.host} does not answer: {error}") from error
    if status >= 500 or status == 429:
        raise Unavailable(f"the key service {address.host} answers {status}")
    return status, _object(answer)


def _post(address: Address, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    if address.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            address.host, address.port, timeout=SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=SECONDS)
    try:
        connection.request("POST", address.path + path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(LARGEST_ANSWER)
    finally:
        connection.close()


def _object(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
