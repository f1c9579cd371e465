"""Raw HTTP/1.1 requests, signed as boto3 signs them: payload hash, and a CRC32 of what is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import zlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

REGION = "us-east-1"
NOTHING_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"


class Request(NamedTuple):
    """What goes over the wire: the head, then the body ``repeats`` times (a body larger than memory is one block
    said often). ``answer`` is the Content-Length that has to come back, None where nobody can tell."""

    head: bytes
    body: bytes = b""
    repeats: int = 1
    answer: int | None = None

    @property
    def method(self) -> bytes:
        return self.head[: self.head.index(b" ")]


class Payload(NamedTuple):
    """A body and the digests that go with it, computed once."""

    content: bytes
    sha256: str
    crc32: str

    @classmethod
    def of(cls, content: bytes) -> Payload:
        crc32 = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
        return cls(content, hashlib.sha256(content).hexdigest(), crc32)


class Endpoint(NamedTuple):
    """An S3 server: where it listens and who we are to it."""

    name: str
    host: str
    port: int
    access_key: str = "minioadmin"
    secret_key: str = "minioadmin"

    @classmethod
    def at(cls, name: str, url: str) -> Endpoint:
        """From ``http://[access:secret@]host:port``. ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or not parts.port:
            raise ValueError(f"not http://[access:secret@]host:port: {url}")
        pair = (parts.username, parts.password) if parts.username and parts.password else ()
        return cls(name, parts.hostname, parts.port, *pair)

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port


class Signer:
    """Signs for one endpoint; a signature holds for 15 minutes."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._host = f"{endpoint.host}:{endpoint.port}"
        self._day = ""
        self._key = b""

    def get(self, path: str, query: Mapping[str, str] | None = None, *, size: int | None = None) -> Request:
        return self.request("GET", path, query=query)._replace(answer=size)

    def head(self, path: str, *, size: int | None = None) -> Request:
        return self.request("HEAD", path)._replace(answer=size)

    def delete(self, path: str) -> Request:
        return self.request("DELETE", path)._replace(answer=0)

    def put(self, path: str, payload: Payload, query: Mapping[str, str] | None = None) -> Request:
        """SHA-256 of the payload signed, CRC32 beside it."""
        headers = {"x-amz-checksum-crc32": payload.crc32}
        request = self.request("PUT", path, query=query, headers=headers, sha256=payload.sha256, body=payload.content)
        return request._replace(answer=0)

    def stream(self, path: str, block: bytes, repeats: int) -> Request:
        """A PUT whose payload is not signed and bears no digest."""
        return self.request("PUT", path, sha256=UNSIGNED, body=block, repeats=repeats)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        sha256: str = NOTHING_SHA256,
        body: bytes = b"",
        repeats: int = 1,
    ) -> Request:
        """Signature Version 4 in the header. ``path`` holds only characters that need no escape."""
        now = time.gmtime()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", now)
        text = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted((query or {}).items())
        )
        lines = {"host": self._host, "x-amz-content-sha256": sha256, "x-amz-date": stamp, **(headers or {})}
        signed = ";".join(sorted(lines))
        listed = "".join(f"{name}:{lines[name]}\n" for name in sorted(lines))
        canonical = f"{method}\n{path}\n{text}\n{listed}\n{signed}\n{sha256}"
        scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key_of(stamp[:8]), to_sign.encode(), "sha256").hex()
        credential = f"{self._endpoint.access_key}/{scope}"
        lines["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
        )
        lines["user-agent"] = "trug-bench/1"
        if body or method in ("PUT", "POST"):
            lines["content-length"] = str(len(body) * repeats)
        target = f"{path}?{text}" if text else path
        block = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return Request(f"{method} {target} HTTP/1.1\r\n{block}\r\n".encode(), body, repeats)

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            key = b"AWS4" + self._endpoint.secret_key.encode()
            for text in (day, REGION, "s3", "aws4_request"):
                key = hmac.digest(key, text.encode(), "sha256")
            self._day, self._key = day, key
        return self._key


def plain(path: str, *, size: int | None = None) -> Request:
    """A GET without signature, for servers that want none."""
    return Request(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode(), answer=size)
