"""The audit trail: what a record says, and the chain that ties each record to the one before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from struct import Struct
from typing import Any, NamedTuple

import msgspec

KIND, HEAD, ANCHOR = "audit", "head", "anchor"
"""Under which documents the store keeps where the chain ends, and after which record it begins."""

ENDS = Struct(">Q32s")
NUMBERS = Struct(">QQ")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

LOCAL = "local"
"""The address of whoever has the data directory at hand."""

LONGEST_VALUE = 32 * 1024
"""In bytes. Of what is longer, a record has the length and the SHA-256."""


class Actor(NamedTuple):
    """On whose behalf something is done: who (ARN, access key), from which address, and by which action.

    ``action`` is ``s3:PutBucketPolicy``, ``iam:CreateUser``, ``trug:user/add`` …
    """

    action: str
    arn: str = ""
    access_key: str = ""
    address: str = ""
    request_id: str = ""


ITSELF = Actor("trug")
"""What nobody asked for: the store's own work."""


class Touched(NamedTuple):
    """A thing that a change touches: what it is, the bucket it belongs to if any, what it was and what it is now.

    ``before`` and ``after`` are values of JSON without secrets; None where there is nothing.
    """

    resource: str
    before: Any
    after: Any
    bucket: str = ""


class AuditRecord(NamedTuple):
    """A record: the sequence of its change, its time (µs since 1970), JSON, and the hash that chains it."""

    sequence: int
    time: int
    document: bytes
    hash: bytes


class ChainEnd(NamedTuple):
    """An end of the chain: its last record, or the one before its first."""

    sequence: int = 0
    hash: bytes = bytes(32)

    def followed_by(self, sequence: int, time: int, document: bytes) -> AuditRecord:
        """The record that comes next."""
        return AuditRecord(sequence, time, document, chained(self.hash, sequence, time, document))

    def after(self, record: AuditRecord) -> ChainEnd:
        return ChainEnd(record.sequence, record.hash)

    def packed(self) -> bytes:
        return ENDS.pack(*self)


BEGINNING = ChainEnd()


def end_of(document: bytes | None) -> ChainEnd:
    """What ``packed`` wrote; the beginning where nothing is kept. struct.error for anything else."""
    return BEGINNING if document is None else ChainEnd(*ENDS.unpack(document))


def chained(previous: bytes, sequence: int, time: int, document: bytes) -> bytes:
    """SHA-256 over the hash of the record before (32 zero bytes before the first) and all that this one says."""
    return sha256(previous + NUMBERS.pack(sequence, time) + document).digest()


def written(actor: Actor, touched: Sequence[Touched]) -> bytes:
    """The JSON of a record."""
    changes: dict[str, dict[str, Any]] = {}
    for thing in touched:
        if thing.resource in changes:
            changes[thing.resource]["after"] = thing.after
        else:
            changes[thing.resource] = {"resource": thing.resource, "before": thing.before, "after": thing.after}
    return msgspec.json.encode(
        {
            "actor": actor.arn,
            "access_key": actor.access_key,
            "address": actor.address,
            "action": actor.action,
            "request_id": actor.request_id,
            "bucket": next((thing.bucket for thing in touched if thing.bucket), ""),
            "changes": list(changes.values()),
        }
    )


def shown_document(document: bytes | None) -> Any:
    """A stored document as a value of JSON: its text, or what it was packed from."""
    if document is None:
        return None
    if len(document) > LONGEST_VALUE:
        return _summary(document)
    text = _text_of(document)
    if text is not None:
        return text
    for packed in (document, document[1:]):
        try:
            return _plain(msgspec.msgpack.decode(packed))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return _summary(document)


def _summary(document: bytes) -> dict[str, Any]:
    return {"bytes": len(document), "sha256": sha256(document).hexdigest()}


def _text_of(document: bytes) -> str | None:
    try:
        text = document.decode()
    except UnicodeDecodeError:
        return None
    return None if UNPRINTABLE.search(text) else text


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return value


class Walk:
    """Follows the chain from the end of what was cut off, record by record."""

    def __init__(self, anchor: ChainEnd) -> None:
        self._end = anchor

    def find_break(self, record: AuditRecord) -> str | None:
        """What is wrong with the next record; the walk goes on from it as it is."""
        expected = self._end.followed_by(*record[:3])
        before, self._end = self._end, self._end.after(record)
        if expected.hash == record.hash:
            return None
        return (
            f"record {record.sequence} does not follow from record {before.sequence}: one of them was changed, "
            "or there was another between them"
        )

    def find_loss(self, head: ChainEnd) -> str | None:
        """Whether the chain goes as far as the store says that it does."""
        if self._end == head:
            return None
        return f"the chain ends at record {self._end.sequence}, and should at record {head.sequence}"
