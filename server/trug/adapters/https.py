"""Documents over HTTPS: one GET, within a time and a size, no redirects."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools

from trug.ports.stores import Unavailable

SECONDS = 5.0
"""For all of it: name, connection, handshake, answer."""
CHUNK = 65_536
HEAD = 65_536
"""Bytes that an answer may have besides its document."""
PORTS = {"https": 443, "http": 80}


class Place(NamedTuple):
    """Where a document is: ``authority`` as the Host header has it, ``target`` as the request line."""

    host: str
    port: int
    is_secure: bool
    authority: str
    target: str

    @classmethod
    def of(cls, url: str) -> Place:
        """ValueError for what is no https URL, nor an http URL of this machine."""
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not parts.hostname or not port or parts.username is not None or not (url.isascii() and url.isprintable()):
            raise ValueError("no URL of a document")
        if " " in url or (parts.scheme == "http" and not is_loopback(parts.hostname)):
            raise ValueError("documents are fetched over https")
        return cls(parts.hostname, port, parts.scheme == "https", parts.netloc, target)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its address or as ``localhost``; names are not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class HttpsFetcher:
    """Implements ``ports.fetching.Fetcher``. The system's certificate authorities are trusted (``SSL_CERT_FILE`` names
    others)."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds

    async def fetch(self, url: str, *, most: int) -> bytes:
        try:
            place = Place.of(url)
            # In a task of its own: requests begin outside of any, where nothing can be timed.
            return await asyncio.get_running_loop().create_task(self._timed(place, most))
        except TimeoutError as error:
            raise Unavailable(f"{url} does not answer within {self._seconds:g} s") from error
        except (OSError, ValueError, httptools.HttpParserError) as error:
            raise Unavailable(f"{url} cannot be fetched: {error}") from error

    async def _timed(self, place: Place, most: int) -> bytes:
        async with asyncio.timeout(self._seconds):
            return await self._exchange(place, most)

    async def _exchange(self, place: Place, most: int) -> bytes:
        context = self._tls if place.is_secure else None
        reader, writer = await asyncio.open_connection(place.host, place.port, ssl=context)
        try:
            writer.write(_request(place))
            return await _document(reader, most)
        finally:
            writer.transport.abort()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _request(place: Place) -> bytes:
    lines = (
        f"GET {place.target} HTTP/1.1",
        f"Host: {place.authority}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "User-Agent: trug",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode()


class _Answer:
    """What a parser reports of an answer."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.is_complete = False
        self.is_framed = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.is_framed |= name.lower() in (b"content-length", b"transfer-encoding")

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.is_complete = True


async def _document(reader: asyncio.StreamReader, most: int) -> bytes:
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    received = 0
    while not answer.is_complete:
        piece = await reader.read(CHUNK)
        if not piece:
            break
        received += len(piece)
        parser.feed_data(piece)
        if len(answer.body) > most or received > most + HEAD:
            raise ValueError(f"the document has more than {most} bytes")
    if not received or parser.get_status_code() != 200:
        raise ValueError(f"the answer is {parser.get_status_code() if received else 'empty'}")
    if answer.is_framed and not answer.is_complete:
        raise ValueError("the answer breaks off")
    return bytes(answer.body)
