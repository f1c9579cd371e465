"""Encryption at rest: what may be asked for, what is kept of it, and where the segments of a ciphertext lie.

A stored blob is its plaintext in segments, each sealed by itself: a segment with its tags fills one block of stored
bytes (domain.blocks), the last may be shorter. So a range of the plaintext is a range of blocks, and both are found by
arithmetic.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

import msgspec

from trug.domain.blocks import BLOCK
from trug.domain.frozen import frozen

SSE_S3 = "AES256"
SSE_KMS = "aws:kms"
DSSE_KMS = "aws:kms:dsse"
SSE_C = "SSE-C"

KMS_KINDS = frozenset({SSE_KMS, DSSE_KMS})
KINDS = frozenset({SSE_S3}) | KMS_KINDS
"""What ``x-amz-server-side-encryption`` may say here; a customer's key has headers of its own."""
OPAQUE = KMS_KINDS | {SSE_C}
"""Kinds whose ETag is not an MD5 of the plaintext ("Object", section ETag, in the Amazon S3 API reference)."""

KEY_SIZE = 32
TAG_SIZE = 16
_LAYERS = {DSSE_KMS: 2}

AWS_MANAGED = "alias/aws/s3"
"""The KMS key that AWS would make and manage: what SSE-KMS uses where none is named."""
OWN_KEY = "sse-s3"
"""The name of SSE-S3's own key in the key ring."""
ARN_CONTEXT = "aws:s3:arn"


# What is asked for, and what is kept


@frozen
class Managed:
    """Encryption under a key that the server, or a service it calls, keeps.

    ``kind`` is one of KINDS, ``key`` the KMS key as the client named it (empty: the default one), ``context`` its
    encryption context, ``bucket_key`` whether to use a bucket key, None where the client did not say.
    """

    kind: str
    key: str = ""
    context: dict[str, str] = field(default_factory=dict)
    bucket_key: bool | None = None


@frozen
class CustomerKey:
    """Encryption under a key of 32 bytes that the client brings each time; ``md5`` is its MD5 in base64."""

    key: bytes = field(repr=False)
    md5: str

    @property
    def kind(self) -> str:
        return SSE_C


Protection = Managed | CustomerKey


@frozen
class BucketEncryption:
    """What PutBucketEncryption sets: how new objects that ask for nothing are encrypted (None: not at all), and
    ``blocked``, the kinds that nobody may ask for (None where the document did not say)."""

    default: Managed | None = None
    blocked: tuple[str, ...] | None = None


def pack_bucket_encryption(configuration: BucketEncryption) -> bytes:
    """As it is stored."""
    return msgspec.msgpack.encode(configuration)


def unpack_bucket_encryption(document: bytes) -> BucketEncryption:
    """What ``pack_bucket_encryption`` packed."""
    return msgspec.msgpack.decode(document, type=BucketEncryption)


class Encryption(NamedTuple):
    """How the bytes of an object or upload are encrypted.

    ``wrapped`` is the body's key, wrapped under the key ``key`` of its kind with ``context`` (JSON), under a bucket key
    where ``bucket_key`` (that key, wrapped so) is not empty, or under the customer's. ``blob_key`` is the key of the
    one blob, wrapped under the body's; the blobs of a multipart body have theirs in their extents.
    """

    kind: str
    wrapped: bytes
    blob_key: bytes = b""
    key: str = ""
    context: str = ""
    bucket_key: bytes = b""


def kind_of(encryption: Encryption | Protection | None) -> str:
    """One of the kinds, "" for what is not encrypted. Only bodies of one kind are shared."""
    return "" if encryption is None else encryption.kind


def layers_of(kind: str) -> int:
    """How many times the bytes are encrypted, each time under another key."""
    return _LAYERS.get(kind, 1)


# Segments


def room(layers: int) -> int:
    """How many bytes of plaintext a whole segment holds."""
    return BLOCK - TAG_SIZE * layers


def segment_count(size: int, layers: int) -> int:
    """How many segments ``size`` bytes of plaintext fill."""
    return -(-size // room(layers))


def stored_size(size: int, layers: int) -> int:
    """How many bytes are stored of ``size`` bytes of plaintext."""
    return size + TAG_SIZE * layers * segment_count(size, layers)


def size_on_disk(size: int, encryption: Encryption | None) -> int:
    """How many bytes are stored of an object of ``size`` bytes that is encrypted so, or not at all."""
    return size if encryption is None else stored_size(size, layers_of(encryption.kind))


class Span(NamedTuple):
    """Segments ``first`` to before ``end``, of which ``skip`` bytes of plaintext at the beginning are not wanted."""

    first: int
    end: int
    skip: int

    @classmethod
    def of(cls, start: int, stop: int, layers: int) -> Span:
        """What holds the plaintext from ``start`` to before ``stop``, which is more than nothing."""
        size = room(layers)
        return cls(start // size, -(-stop // size), start % size)


# The names of KMS keys

KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.-]{0,127}\Z")
ARN = re.compile(r"arn:aws[a-z-]*:kms:(?:[a-z0-9-]*:[0-9A-Za-z_$-]*:)?(?:(?:key|alias)/)?(?P<name>[^:]+)\Z")
FULL_KEY_ARN = re.compile(r"arn:aws[-a-z0-9]*:kms:[-a-z0-9]*:[0-9A-Za-z_$-]{1,128}:key/.+\Z")
"""As UpdateObjectEncryption wants it. (AWS's accounts have 12 digits; ours may have other names.)"""


def key_name(text: str) -> str:
    """The bare name in a key id, alias or ARN, as a key ring has it."""
    found = ARN.match(text)
    return (found["name"] if found else text).removeprefix("alias/")


# The encryption context

MOST_CONTEXT = 8192
"""Bytes of an encryption context as JSON ("Encryption context" in the AWS KMS Developer Guide)."""


def canonical_context(context: Mapping[str, str]) -> str:
    """One text for one context, whatever the order its pairs came in."""
    return json.dumps(dict(sorted(context.items())), ensure_ascii=False, separators=(",", ":"))
