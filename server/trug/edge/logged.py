"""Notes of a request → lines for the access logs of buckets."""

from __future__ import annotations

from asyncio import BaseTransport
from collections.abc import Iterator
from typing import NamedTuple

from trug.domain.access_log import Record, line_of, operation_name
from trug.domain.configurations import HAS_LOGGING, HAS_REQUEST_PAYMENT
from trug.domain.identity import ANONYMOUS, Identity, canonical_id_of
from trug.observe import Trace, redacted
from trug.operations.noting import NOTED, Note
from trug.ports.rows import Bucket
from trug.wire.reply import Reply
from trug.wire.request import WireRequest

NOTICED = NOTED | HAS_REQUEST_PAYMENT
"""What a request must be looked at for: its bucket has a log, metrics or analyses, or requesters pay for it."""

READING = frozenset({"GetObject", "HeadObject"})
WRITING = frozenset({"PutObject", "UploadPart"})


class Line(NamedTuple):
    """A line for the log of ``bucket``, about a request that came in at ``time`` (µs since 1970)."""

    bucket: Bucket
    time: int
    text: str


def noted(bucket: Bucket, wire: WireRequest, identity: Identity = ANONYMOUS) -> list[Note] | None:
    """The first note of a request: None where its bucket has no log and no metrics."""
    if not bucket.configured & NOTED:
        return None
    version_id = wire.parameters.get("versionId")
    return [Note(bucket, identity, wire, key=wire.target.key, version_id=version_id)]


def object_size(operation: str, wire: WireRequest, reply: Reply) -> int | None:
    """The size of the object that an answer is about, where it says so."""
    if operation in WRITING:
        return _number(wire.headers.get("x-amz-decoded-content-length") or wire.headers.get("content-length"))
    if operation not in READING or reply.status not in (200, 206):
        return None
    whole = reply.headers.get("content-range", "").rpartition("/")[2]
    return _number(whole or reply.headers.get("content-length")) or reply.length or _length(reply)


def _length(reply: Reply) -> int | None:
    return len(reply.body) if isinstance(reply.body, bytes | memoryview) else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


class Tls(NamedTuple):
    """The version of TLS and the cipher of a connection, both empty where there is no TLS."""

    version: str = ""
    cipher: str = ""


NO_TLS = Tls()


def tls_of(transport: BaseTransport | None) -> Tls:
    """What a connection is secured with."""
    found = None if transport is None else transport.get_extra_info("ssl_object")
    if found is None:
        return NO_TLS
    cipher = found.cipher()
    return Tls(found.version() or "", cipher[0] if cipher else "")


def lines_of(trace: Trace, notes: list[Note], host_id: str, tls: Tls) -> Iterator[Line]:
    """What the logs tell of a request that was answered."""
    for note in notes:
        if note.bucket.configured & HAS_LOGGING:
            yield Line(note.bucket, note.wire.received, line_of(_record(trace, note, host_id, tls)))


def _record(trace: Trace, note: Note, host_id: str, tls: Tls) -> Record:
    wire, headers, own = note.wire, note.wire.headers, not note.operation
    asked = f"{trace.path}?{redacted(trace.query)}" if trace.query else trace.path
    signature, authentication = _signed(wire)
    return Record(
        owner=_owner(note),
        bucket=note.bucket.name,
        time=wire.received,
        client=trace.client,
        requester=_requester(note.identity),
        request_id=trace.request_id,
        operation=note.operation or operation_name(trace.operation, wire.method, has_key=wire.target.key is not None),
        key=note.key,
        uri=f"{wire.method} {asked} HTTP/1.1" if note.stands_alone else "",
        status=note.status or trace.status,
        error=note.error or (trace.error if own else ""),
        sent=trace.bytes_out if own else 0,
        size=note.size,
        total=round(trace.ms) if own else None,
        turn_around=None if note.turn_around is None else note.turn_around // 1000,
        referer=headers.get("referer", ""),
        user_agent=headers.get("user-agent", ""),
        version_id=note.version_id,
        host_id=host_id,
        signature=signature,
        cipher=tls.cipher,
        authentication=authentication,
        host=headers.get("host", ""),
        tls=tls.version,
    )


def _owner(note: Note) -> str:
    account = note.identity.account
    if account is not None and account.id == note.bucket.account:
        return account.canonical_id
    return canonical_id_of(note.bucket.account)


def _requester(identity: Identity) -> str:
    """The canonical id of an account's root, the ARN of a user; "" for nobody."""
    if identity.account is None:
        return ""
    return identity.arn if identity.user else identity.account.canonical_id


def _signed(wire: WireRequest) -> tuple[str, str]:
    """Signature version and authentication type."""
    authorization = wire.headers.get("authorization", "")
    if authorization:
        return ("SigV2" if authorization.startswith("AWS ") else "SigV4"), "AuthHeader"
    if "X-Amz-Signature" in wire.parameters:
        return "SigV4", "QueryString"
    return ("SigV2", "QueryString") if "Signature" in wire.parameters else ("", "")
