"""Envelope encryption: each body has a key of its own, which is kept wrapped under SSE-S3's, a KMS or a customer's key.

Follows "Protecting data with encryption" in the Amazon S3 User Guide. Whatever changes about the outer key (rotation,
a copy under another one) wraps the body's key anew, and never touches the bytes.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from trug.domain.bounded import Bounded
from trug.domain.encryption import (
    ARN_CONTEXT,
    AWS_MANAGED,
    KEY_SIZE,
    KMS_KINDS,
    OPAQUE,
    OWN_KEY,
    SSE_C,
    CustomerKey,
    Encryption,
    Managed,
    Protection,
    canonical_context,
    layers_of,
)
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.wrapping import Unopened, is_recognised, unwrap, unwrap_for_customer, wrap, wrap_for_customer
from trug.engine.ciphers import BodyKey
from trug.ports.key_management import Context, DisabledKey, KeyManagement, RefusedKey, UnknownKey
from trug.ports.keys import Clock
from trug.ports.rows import Bucket
from trug.ports.stores import Damaged

BUCKET_KEY_LASTS = 300_000_000
"""For how many µs a bucket key wraps the keys of new bodies: as long, a key service is not asked."""
MOST_BUCKET_KEYS = 1024


class Envelope(NamedTuple):
    """The key of a new body, and what is kept of it."""

    key: BodyKey
    encryption: Encryption

    def around(self, blob_key: bytes) -> Encryption:
        """What the version of a body of one blob keeps."""
        return self.encryption._replace(blob_key=blob_key)


class BucketKey(NamedTuple):
    """A key between a KMS key and the bodies of a bucket: plain, wrapped, and until when it is used (µs)."""

    plain: bytes
    wrapped: bytes
    until: int


class Envelopes:
    """Makes and opens envelopes. ``own`` keeps SSE-S3's key, ``kms`` those of KMS; ``default_key`` names the one that
    is meant where a client names none."""

    def __init__(self, own: KeyManagement, kms: KeyManagement, clock: Clock, *, default_key: str = "") -> None:
        self._own = own
        self._kms = kms
        self._clock = clock
        self._default_key = default_key
        self._bucket_keys: dict[tuple[int, str], BucketKey] = {}
        self._opened: Bounded[bytes, bytes] = Bounded(MOST_BUCKET_KEYS)

    async def make(self, bucket: Bucket, key: str, asked: Protection) -> Envelope:
        """A key for a new body. S3Error when the KMS key cannot be used, Unavailable when nobody answers for it."""
        secret = secrets.token_bytes(KEY_SIZE)
        return Envelope(BodyKey(secret, layers_of(asked.kind)), await self._wrapped(secret, bucket, key, asked))

    async def open(self, encryption: Encryption, customer: CustomerKey | None) -> BodyKey:
        """The key of a body. Errors of ``check_customer_key``; S3Error when the KMS key cannot be used; Damaged."""
        check_customer_key(encryption, customer)
        return BodyKey(await self._unwrapped(encryption, customer), layers_of(encryption.kind))

    async def rewrapped(
        self, body_key: BodyKey, encryption: Encryption, bucket: Bucket, key: str, asked: Protection
    ) -> Encryption:
        """The same body under what ``asked`` says, for an object of another name or another key of the same layers."""
        made = await self._wrapped(body_key.plain, bucket, key, asked)
        return made._replace(blob_key=encryption.blob_key)

    async def renewed(self, encryption: Encryption) -> Encryption | None:
        """The same, wrapped under the newest version of its key; None where it is already, or a customer has the key.
        Errors as ``open``."""
        if encryption.kind == SSE_C:
            return None
        keys, name, context = self._keys_of(encryption), _name_of(encryption), _context_of(encryption)
        outer = encryption.bucket_key or encryption.wrapped
        with _refusals(encryption.key):
            if keys.is_newest(name, outer):
                return None
            again = await keys.wrap(name, await keys.unwrap(name, outer, context), context)
        return encryption._replace(bucket_key=again) if encryption.bucket_key else encryption._replace(wrapped=again)

    async def _wrapped(self, secret: bytes, bucket: Bucket, key: str, asked: Protection) -> Encryption:
        if isinstance(asked, CustomerKey):
            return Encryption(SSE_C, wrap_for_customer(asked, secret))
        if asked.kind not in KMS_KINDS:
            return Encryption(asked.kind, await self._own.wrap(OWN_KEY, secret, {}))
        name = asked.key or self._default_key or _managed_arn(bucket)
        if asked.bucket_key:
            return await self._wrapped_by_bucket(secret, bucket, name, asked)
        context = {ARN_CONTEXT: f"arn:aws:s3:::{bucket.name}/{key}", **asked.context}
        with _refusals(name):
            wrapped = await self._kms.wrap(name, secret, context)
        return Encryption(asked.kind, wrapped, key=name, context=canonical_context(context))

    async def _wrapped_by_bucket(self, secret: bytes, bucket: Bucket, name: str, asked: Managed) -> Encryption:
        context = {ARN_CONTEXT: f"arn:aws:s3:::{bucket.name}"}
        held = self._bucket_keys.get((bucket.id, name))
        if held is None or held.until < self._clock.now():
            held = await self._new_bucket_key(bucket, name, context)
        text = canonical_context(context)
        return Encryption(asked.kind, wrap(held.plain, secret, text.encode()), b"", name, text, held.wrapped)

    async def _new_bucket_key(self, bucket: Bucket, name: str, context: Context) -> BucketKey:
        plain = secrets.token_bytes(KEY_SIZE)
        with _refusals(name):
            wrapped = await self._kms.wrap(name, plain, context)
        held = BucketKey(plain, wrapped, self._clock.now() + BUCKET_KEY_LASTS)
        if len(self._bucket_keys) >= MOST_BUCKET_KEYS:
            self._bucket_keys.clear()
        self._bucket_keys[bucket.id, name] = held
        return held

    async def _unwrapped(self, encryption: Encryption, customer: CustomerKey | None) -> bytes:
        try:
            if customer is not None:
                return unwrap_for_customer(customer, encryption.wrapped)
            if encryption.bucket_key:
                outer = await self._bucket_key(encryption)
                return unwrap(outer, encryption.wrapped, encryption.context.encode())
        except Unopened as error:
            raise Damaged("the key of a body does not open") from error
        with _refusals(encryption.key):
            return await self._keys_of(encryption).unwrap(
                _name_of(encryption), encryption.wrapped, _context_of(encryption)
            )

    async def _bucket_key(self, encryption: Encryption) -> bytes:
        wrapped = encryption.bucket_key
        plain = self._opened.get(wrapped)
        if plain is None:
            with _refusals(encryption.key):
                plain = await self._kms.unwrap(encryption.key, wrapped, _context_of(encryption))
            self._opened.keep(wrapped, plain)
        return plain

    def _keys_of(self, encryption: Encryption) -> KeyManagement:
        return self._kms if encryption.kind in KMS_KINDS else self._own


class _NoKeys:
    """Where nobody keeps keys, nothing is encrypted."""

    async def wrap(self, name: str, secret: bytes, context: Context) -> bytes:
        raise S3Error(ErrorCode.NotImplemented, "This server has no keys to encrypt with.")

    async def unwrap(self, name: str, wrapped: bytes, context: Context) -> bytes:
        raise UnknownKey(name)

    def is_newest(self, name: str, wrapped: bytes) -> bool:
        raise UnknownKey(name)


NO_KEYS: KeyManagement = _NoKeys()


def new_etag() -> str:
    """The bare ETag of what is encrypted so that its MD5 is nobody's business: of the same form, and random."""
    return secrets.token_hex(16)


def hides_digest(encryption: Encryption | None) -> bool:
    """Whether the ETag is no MD5 ("Object" in the Amazon S3 API reference: SSE-C and SSE-KMS)."""
    return encryption is not None and encryption.kind in OPAQUE


def check_customer_key(encryption: Encryption | None, customer: CustomerKey | None) -> None:
    """Whether a request that reads this brings the right key: InvalidRequest when it brings none or one for nothing,
    AccessDenied when it is another."""
    if encryption is None or encryption.kind != SSE_C:
        if customer is not None:
            raise S3Error(ErrorCode.InvalidRequest, "The encryption parameters are not applicable to this object.")
        return
    if customer is None:
        raise S3Error(
            ErrorCode.InvalidRequest,
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object.",
        )
    if not is_recognised(customer, encryption.wrapped):
        raise S3Error(
            ErrorCode.AccessDenied,
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret "
            "key.",
        )


def check_upload_key(encryption: Encryption | None, customer: CustomerKey | None) -> None:
    """Whether an upload's part brings the key that the upload was begun with (InvalidRequest)."""
    is_wanted = encryption is not None and encryption.kind == SSE_C
    if is_wanted != (customer is not None):
        raise S3Error(
            ErrorCode.InvalidRequest,
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
            "encryption parameters.",
        )
    if encryption is not None and customer is not None and not is_recognised(customer, encryption.wrapped):
        raise S3Error(
            ErrorCode.InvalidRequest, "The provided encryption parameters did not match the ones used originally."
        )


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """What a KMS key answers, in S3's words; SSE-S3's own key (no name) has to be there."""
    try:
        yield
    except (UnknownKey, DisabledKey, RefusedKey) as refusal:
        if not name:
            raise Damaged("the key of SSE-S3 is not in the key ring") from refusal
        raise S3Error(*_refusal(refusal, name)) from refusal


def _refusal(refusal: Exception, name: str) -> tuple[ErrorCode, str | None]:
    if isinstance(refusal, UnknownKey):
        return ErrorCode["KMS.NotFoundException"], f"Key '{name}' does not exist"
    if isinstance(refusal, DisabledKey):
        return ErrorCode["KMS.DisabledException"], f"{name} is disabled."
    return ErrorCode.AccessDenied, None


def _name_of(encryption: Encryption) -> str:
    return encryption.key or OWN_KEY


def _context_of(encryption: Encryption) -> Context:
    context: dict[str, str] = json.loads(encryption.context) if encryption.context else {}
    return context


def _managed_arn(bucket: Bucket) -> str:
    """The key that SSE-KMS uses where none is named, of the account that owns the bucket."""
    return f"arn:aws:kms:{bucket.region}:{bucket.account}:{AWS_MANAGED}"
