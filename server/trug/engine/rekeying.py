"""The keys of stored bodies wrapped anew, under another key or a newer version of it: no byte of them is touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.encryption import KMS_KINDS, OWN_KEY, SSE_C, SSE_KMS, SSE_S3, Encryption, Managed, key_name
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.retention import is_protected
from trug.engine.envelopes import Envelopes
from trug.engine.refusals import Moved
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, PutCurrent, PutHistory, PutUpload
from trug.ports.reads import Current, RowsOf, UploadWithId, WithVersionId
from trug.ports.rows import Bucket, Upload, Version
from trug.ports.stores import MetadataStore

PAGE = 250
PLAIN_SOURCE = (
    "The UpdateObjectEncryption operation doesn't supported unencrypted source objects. Only source objects encrypted "
    "with SSE-S3 or SSE-KMS are supported."
)
OTHER_SOURCE = (
    "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. "
    "Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
)
LOCKED_SOURCE = (
    "The encryption type for the specified object can't be updated because that object is protected by S3 Object "
    "Lock. If the object has a governance-mode retention period or a legal hold, you must first remove the Object Lock "
    "status on the object before you issue your UpdateObjectEncryption request. You can't use the "
    "UpdateObjectEncryption operation with objects that have an Object Lock compliance mode retention period applied "
    "to them."
)


@frozen
class RewrapVersion:
    """Replace what is kept of the key of a version, read before: Moved when it is not there as it was.

    Rejected with AccessDenied for a version that a lock protects, unless it ``ignores_lock``.
    """

    version: Version
    encryption: Encryption
    ignores_lock: bool = False
    blobs: tuple[int, ...] = ()

    @property
    def _reads(self) -> tuple[Current, WithVersionId]:
        version = self.version
        return Current(version.bucket, version.key), WithVersionId(version.bucket, version.key, version.version_id)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self._reads

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        current, found = (rows.of(read) for read in self._reads)
        if found is None or found.id != self.version.id or found.record.encryption != self.version.record.encryption:
            return Rejected(Moved())
        if not self.ignores_lock and is_protected(found.record.lock, moment.lock_time):
            return Rejected(S3Error(ErrorCode.AccessDenied, LOCKED_SOURCE))
        version = found._replace(record=replace(found.record, encryption=self.encryption))
        is_current = current is not None and current.sequence == found.sequence
        put: Effect = PutCurrent(version) if is_current else PutHistory(version)
        listing = version.listing
        event = Announce(
            "ObjectEncryption", version.bucket, version.key, version.version_id, listing.size, listing.etag
        )
        return Decided(None, (put, event))


@frozen
class RewrapUpload:
    """Replace what is kept of the key of an upload, read before, if it is there as it was."""

    upload: Upload
    encryption: Encryption
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (UploadWithId(self.upload.upload_id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        found = rows.of(UploadWithId(self.upload.upload_id))
        if found is None or found.record.encryption != self.upload.record.encryption:
            return Decided(None)
        return Decided(None, (PutUpload(found._replace(record=replace(found.record, encryption=self.encryption))),))


class Rekeying:
    """Wraps keys anew: of one object on request, of all there are after a rotation."""

    def __init__(self, metadata: MetadataStore, envelopes: Envelopes) -> None:
        self._metadata = metadata
        self._envelopes = envelopes

    async def update(self, bucket: Bucket, version: Version, asked: Managed) -> None:
        """Put a version encrypted with SSE-S3 or SSE-KMS under another KMS key ("UpdateObjectEncryption").

        InvalidRequest for any other; AccessDenied for one that is locked; S3Error when the key cannot be used;
        OperationAborted when the object changes meanwhile.
        """
        encryption = version.record.encryption
        if encryption is None:
            raise S3Error(ErrorCode.InvalidRequest, PLAIN_SOURCE)
        if encryption.kind not in (SSE_S3, SSE_KMS):
            raise S3Error(ErrorCode.InvalidRequest, OTHER_SOURCE)
        key = await self._envelopes.open(encryption, None)
        renewed = await self._envelopes.rewrapped(key, encryption, bucket, version.key, asked)
        try:
            await self._metadata.commit(RewrapVersion(version, renewed))
        except Moved:
            raise S3Error(ErrorCode.OperationAborted) from None

    async def renew(self, name: str) -> int:
        """Wrap whatever is under an older version of the key ``name`` under its newest; how many that were.

        Page by page, so that it may run beside requests, and be run again. What cannot be opened raises.
        """
        count = 0
        for table in ("current", "history", "uploads"):
            after: Any = None
            while page := await self._page(table, after):
                after = page[-1][0]
                for _, row in page:
                    count += row is not None and await self._renewed(name, row)
        return count

    async def _page(self, table: str, after: Any) -> list[tuple[Any, Any]]:
        return await self._metadata.view(lambda reader: reader.fetch(RowsOf(table, after, PAGE)))

    async def _renewed(self, name: str, row: Version | Upload) -> bool:
        encryption = row.record.encryption
        if encryption is None or not _is_under(encryption, name):
            return False
        renewed = await self._envelopes.renewed(encryption)
        if renewed is None:
            return False
        try:
            if isinstance(row, Version):
                await self._metadata.commit(RewrapVersion(row, renewed, ignores_lock=True))
            else:
                await self._metadata.commit(RewrapUpload(row, renewed))
        except Moved:
            return False
        return True


def _is_under(encryption: Encryption, name: str) -> bool:
    if encryption.kind == SSE_C:
        return False
    return key_name(encryption.key) == name if encryption.kind in KMS_KINDS else name == OWN_KEY
