"""HTTP as bytes on a socket: what is sent is what the test wrote, and what is answered is read strictly."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import NamedTuple, Self
from urllib.parse import urlsplit
from xml.etree import ElementTree

SECONDS = 10.0
Header = tuple[str, str]


class Answer(NamedTuple):
    """A whole answer; headers in their order with lower-case names, the statuses of interim answers before it."""

    status: int
    headers: tuple[Header, ...]
    body: bytes
    interim: tuple[int, ...] = ()

    def header(self, name: str) -> str | None:
        """The value of the only header of this name; AssertionError when there are several."""
        values = [value for each, value in self.headers if each == name]
        assert len(values) < 2, self
        return values[0] if values else None

    @property
    def is_xml(self) -> bool:
        return self.header("content-type") == "application/xml"

    @property
    def root(self) -> ElementTree.Element:
        """The document, without namespaces."""
        document = ElementTree.fromstring(self.body)
        for element in document.iter():
            element.tag = element.tag.rpartition("}")[2]
        return document

    @property
    def code(self) -> str:
        """The ``<Code>`` of an error, empty where there is none."""
        if self.status < 300 or not self.body or not self.is_xml:
            return ""
        return self.root.findtext("Code") or ""

    def text(self, name: str) -> str:
        """The text of the first element of this name, empty where there is none."""
        return next((element.text or "" for element in self.root.iter(name)), "")

    def texts(self, name: str) -> list[str]:
        return [element.text or "" for element in self.root.iter(name)]


class Cut(Exception):
    """The server closed the connection before an answer was whole; the message holds what came."""


class Connection:
    """One connection to ``url``."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname or "", address.port or 80), timeout=seconds)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all of it; a server that has hung up already is no error here: the answer tells."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def end(self) -> None:
        """Send nothing more."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def receive(self, method: str = "GET") -> Answer:
        """The next answer, to a request of this method. Cut when the connection ends first."""
        interim: list[int] = []
        while True:
            status, headers = self._head()
            if status >= 200:
                return Answer(status, headers, self._body(method, status, dict(headers)), tuple(interim))
            interim.append(status)

    def is_closed(self) -> bool:
        """Whether the server says nothing more and hangs up, within the time of this connection."""
        try:
            return not self._rest and not self.socket.recv(1)
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def _head(self) -> tuple[int, tuple[Header, ...]]:
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ")
        assert version == "HTTP/1.1", first
        pairs = [line.partition(":") for line in lines]
        assert all(colon for _, colon, _ in pairs), head
        return int(status), tuple((name.lower(), value.strip(" \t")) for name, _, value in pairs)

    def _body(self, method: str, status: int, headers: dict[str, str]) -> bytes:
        if method == "HEAD" or status in (204, 304):
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return self._chunks()
        if "content-length" in headers:
            return self._take(int(headers["content-length"]))
        return self._to_the_end()

    def _chunks(self) -> bytes:
        pieces = []
        while True:
            while b"\r\n" not in self._rest:
                self._more()
            line, _, self._rest = self._rest.partition(b"\r\n")
            size = int(line, 16)
            pieces.append(self._take(size))
            assert self._take(2) == b"\r\n"
            if not size:
                return b"".join(pieces)

    def _take(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._more()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def _to_the_end(self) -> bytes:
        with suppress(Cut):
            while True:
                self._more()
        taken, self._rest = self._rest, b""
        return taken

    def _more(self) -> None:
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Cut(self._rest[:2000])
        self._rest += data


def request_bytes(method: str, target: str, headers: tuple[Header, ...] | list[Header], body: bytes = b"") -> bytes:
    """A request as spelled: Latin-1, nothing added, nothing checked."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body
