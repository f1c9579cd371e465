"""How new objects of a bucket are encrypted: as the request asks, else as the bucket's configuration says, else not."""

from __future__ import annotations

from trug.domain.configurations import ENCRYPTION, HAS_ENCRYPTION
from trug.domain.encryption import (
    KMS_KINDS,
    SSE_C,
    BucketEncryption,
    Managed,
    Protection,
    pack_bucket_encryption,
    unpack_bucket_encryption,
)
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.engine.configurations import BucketConfigurations
from trug.engine.envelopes import Envelope, Envelopes
from trug.ports.rows import Bucket

BLOCKED = (
    "This bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). "
    "Please specify a different server-side encryption type"
)


class Protections:
    """Default encryption of buckets. A bucket without a configuration keeps plain what nobody asks to encrypt."""

    def __init__(self, configurations: BucketConfigurations, envelopes: Envelopes) -> None:
        self._configurations = configurations
        self._envelopes = envelopes

    async def find(self, bucket: Bucket) -> BucketEncryption | None:
        """The bucket's configuration."""
        document = await self._configurations.find(bucket, ENCRYPTION)
        return None if document is None else unpack_bucket_encryption(document)

    async def store(self, bucket: Bucket, configuration: BucketEncryption | None) -> None:
        """Set the bucket's configuration; None removes it."""
        document = None if configuration is None else pack_bucket_encryption(configuration)
        await self._configurations.store(bucket, ENCRYPTION, document)

    async def choose(self, bucket: Bucket, asked: Protection | None) -> Protection | None:
        """What a new object is encrypted with; None: it is kept plain. AccessDenied for what the bucket blocks."""
        if not bucket.configured & HAS_ENCRYPTION:
            return asked
        configuration = await self.find(bucket) or BucketEncryption()
        if asked is None:
            return configuration.default
        if asked.kind == SSE_C and SSE_C in (configuration.blocked or ()):
            raise S3Error(ErrorCode.AccessDenied, BLOCKED)
        return _with_bucket_key(asked, configuration.default)

    async def envelope(self, bucket: Bucket, key: str, asked: Protection | None) -> Envelope | None:
        """A key for the body of a new object, None where it is kept plain. Errors of ``choose`` and
        ``Envelopes.make``."""
        chosen = await self.choose(bucket, asked)
        return None if chosen is None else await self._envelopes.make(bucket, key, chosen)


def _with_bucket_key(asked: Protection, default: Managed | None) -> Protection:
    """The bucket says whether to use a bucket key where the request does not ("Configuring an S3 Bucket Key")."""
    if default is None or not isinstance(asked, Managed) or asked.kind not in KMS_KINDS or asked.bucket_key is not None:
        return asked
    return replace(asked, bucket_key=bool(default.bucket_key) and asked.kind == default.kind)
