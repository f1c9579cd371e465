"""A signer for requests that no SDK would make: Signature Version 4 from AWS's documentation, each step replaceable."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

from tests.support.raw import Header

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
ALGORITHM = "AWS4-HMAC-SHA256"
BLANKS = re.compile("[ \t]+")


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class Keys:
    """An access key and its secret."""

    access_key: str
    secret: str


@dataclass(frozen=True)
class Signer:
    """Signs requests of one key. ``lag`` is how old the requests it signs look; ``day`` stands in the scope instead of
    the request's own when it is not empty."""

    keys: Keys
    region: str = "us-east-1"
    service: str = "s3"
    terminator: str = "aws4_request"
    day: str = ""
    lag: timedelta = field(default=timedelta())

    def stamp(self) -> str:
        return (datetime.now(UTC) - self.lag).strftime("%Y%m%dT%H%M%SZ")

    def scope(self, stamp: str) -> str:
        return f"{self.day or stamp[:8]}/{self.region}/{self.service}/{self.terminator}"

    def header(
        self,
        method: str,
        target: str,
        headers: Iterable[Header],
        payload: str,
        *,
        stamp: str | None = None,
        unsigned: Iterable[str] = (),
        signed: str | None = None,
        has_payload: bool = True,
        has_stamp: bool = True,
    ) -> list[Header]:
        """``headers`` (with Host) and what the signature adds. ``unsigned`` names headers that are left out of it,
        ``signed`` replaces the whole of SignedHeaders as it is sent and signed."""
        stamp = self.stamp() if stamp is None else stamp
        own = [("x-amz-content-sha256", payload)] if has_payload else []
        sent = [*headers, *own, *([("x-amz-date", stamp)] if has_stamp else [])]
        names = sorted({name.lower() for name, _ in sent} - {name.lower() for name in unsigned})
        text = ";".join(names) if signed is None else signed
        signature = self.signature(method, target, sent, text, payload, stamp)
        credential = f"{self.keys.access_key}/{self.scope(stamp)}"
        value = f"{ALGORITHM} Credential={credential}, SignedHeaders={text}, Signature={signature}"
        return [*sent, ("Authorization", value)]

    def url(
        self,
        method: str,
        target: str,
        headers: Iterable[Header],
        *,
        expires: str = "900",
        payload: str = UNSIGNED,
        stamp: str | None = None,
        unsigned: Iterable[str] = (),
    ) -> str:
        """The presigned target; ``headers`` (with Host) are those that will be sent."""
        stamp = self.stamp() if stamp is None else stamp
        names = sorted({name.lower() for name, _ in headers} - set(unsigned))
        parameters = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.keys.access_key}/{self.scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": expires,
            "X-Amz-SignedHeaders": ";".join(names),
        }
        added = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in parameters.items())
        unsigned_target = f"{target}{'&' if '?' in target else '?'}{added}"
        signature = self.signature(method, unsigned_target, list(headers), ";".join(names), payload, stamp)
        return f"{unsigned_target}&X-Amz-Signature={signature}"

    def signature(self, method: str, target: str, headers: list[Header], signed: str, payload: str, stamp: str) -> str:
        canonical = canonical_request(method, target, headers, signed, payload)
        return self.sign(f"{ALGORITHM}\n{stamp}\n{self.scope(stamp)}\n{sha256_of(canonical.encode('latin-1'))}", stamp)

    def sign(self, text: str, stamp: str) -> str:
        key = f"AWS4{self.keys.secret}".encode()
        for step in self.scope(stamp).split("/"):
            key = hmac.digest(key, step.encode(), "sha256")
        return hmac.new(key, text.encode("latin-1"), "sha256").hexdigest()

    def chain(self, stamp: str, seed: str) -> Chain:
        """The chunk signatures that follow a request's own."""
        return Chain(self, stamp, seed)


@dataclass
class Chain:
    """Chunk signatures, each over the one before."""

    signer: Signer
    stamp: str
    previous: str

    def chunk(self, data: bytes) -> str:
        return self._next("AWS4-HMAC-SHA256-PAYLOAD", EMPTY_SHA256, sha256_of(data))

    def trailer(self, text: bytes) -> str:
        return self._next("AWS4-HMAC-SHA256-TRAILER", sha256_of(text))

    def _next(self, kind: str, *hashes: str) -> str:
        text = "\n".join([kind, self.stamp, self.signer.scope(self.stamp), self.previous, *hashes])
        self.previous = self.signer.sign(text, self.stamp)
        return self.previous


def canonical_request(method: str, target: str, headers: list[Header], signed: str, payload: str) -> str:
    path, _, query = target.partition("?")
    lines = "".join(f"{name}:{_value(headers, name)}\n" for name in signed.split(";"))
    canonical_path = quote(unquote_to_bytes(path.encode("latin-1")), safe="/-_.~")
    return f"{method}\n{canonical_path}\n{_canonical_query(query)}\n{lines}\n{signed}\n{payload}"


def _value(headers: list[Header], name: str) -> str:
    return ",".join(BLANKS.sub(" ", value.strip(" \t")) for each, value in headers if each.lower() == name.lower())


def _canonical_query(query: str) -> str:
    pairs = [piece.partition("=") for piece in query.split("&") if piece]
    return "&".join(sorted_pairs([(_encoded(name), _encoded(value)) for name, _, value in pairs]))


def sorted_pairs(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(pairs)]


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ").encode("latin-1")), safe="-_.~")
