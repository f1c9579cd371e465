"""Rows as they lie on disk: packed values, and the checksums that tie them to the other columns of their row.

Every checksum is a CRC32C. Of a whole row it is taken over the msgpack array of its columns, so it covers their types
and lengths too; where it ends a packed value, such an array, checksum included, always has the same CRC32C, which makes
checking a row one encoding, one CRC and one comparison. What lists show of a version has checksums of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from operator import add, itemgetter, neg
from struct import Struct
from struct import error as StructError  # noqa: N812 - a class
from typing import Any, NamedTuple

from awscrt.checksums import crc32c
from msgspec.msgpack import Decoder, Encoder

from trug.domain import blocks, lines
from trug.domain.acl import pack_acl, unpack_acl
from trug.domain.encryption import Encryption
from trug.domain.identity import Account
from trug.domain.objects import EMPTY_RECORD, Checksum, Listing, Record
from trug.domain.restoration import Restoration
from trug.domain.retention import Lock
from trug.domain.versioning import Versioning
from trug.ports.rows import (
    AccessKey,
    Annotation,
    Bucket,
    Completed,
    Dropped,
    Epoch,
    Extent,
    Item,
    Listed,
    Part,
    Upload,
    Version,
)
from trug.ports.stores import Damaged

Row = tuple[Any, ...]

encode = Encoder().encode

# What CRC32C gives for any bytes that end with their own CRC32C, little-endian.
RESIDUE = 0x48674BC7
ROOM = bytes(4)
CRC = Struct("<I")


# Checksums


def checksum(columns: Row) -> int:
    """The checksum column of a row with these other columns."""
    value: int = crc32c(encode(columns))
    return value


def checked(table: str, row: Row) -> Row:
    """The row without its checksum, which comes last; Damaged when it does not match."""
    columns = row[:-1]
    if crc32c(encode(columns)) != row[-1]:
        raise damage(table, columns[:2])
    return columns


def damage(table: str, place: Sequence[Any]) -> Damaged:
    return Damaged(f"the row {tuple(place)!r} of {table} does not match its checksum")


def checked_content(inline: int, checks: bytes, content: bytes) -> bytes:
    """Inline bytes as they were written, or Damaged."""
    if type(content) is not bytes or blocks.checks(inline, content) != checks:
        raise damage("inline", (inline,))
    return content


# The listing value: the version's line (domain.lines), a CRC32C over what only lists of versions show (version id,
# sequence, kind), and a CRC32C over key and value. The last is masked so that the values of a bucket form a chain: the
# checksum of a whole page, its rows between separators, is one number, and to check a thousand rows costs one call. (A
# call alone takes 1,900 instructions, and to fetch a row with all its plain columns 11,000.)

SEPARATOR = b"\5\5\5\5\6"
"""Stands between the rows of a page."""

CHECKS = 8
without_checks = itemgetter(slice(None, -CHECKS))


class Chain(NamedTuple):
    """Seals contents so that any of them, sealed and joined by SEPARATOR, have the checksum ``end``."""

    mask: int
    seed: int
    end: int

    @classmethod
    def of(cls, mask: int) -> Chain:
        end = crc32c(CRC.pack(mask))
        return cls(mask, crc32c(SEPARATOR, end), end)

    def seal(self, content: bytes) -> bytes:
        """The four bytes that go behind this content."""
        return CRC.pack(crc32c(content, self.seed) ^ self.mask)

    def holds(self, page: bytes) -> bool:
        """Whether each of the contents joined in ``page`` is as it was sealed."""
        found: int = crc32c(page, self.seed)
        return found == self.end


@lru_cache(1024)
def chain_of(bucket: int) -> Chain:
    return Chain.of(crc32c(BUCKET.pack(bucket)))


BUCKET = Struct("<q")
IDENTITIES = Chain.of(0)


IDENTITY = Struct("<qB")


def pack_listing(
    bucket: int, key: str, sequence: int, version_id: str, kind: int, listing: Listing, owner: str
) -> bytes:
    name = key.encode()
    identity = version_id.encode() + IDENTITY.pack(sequence, kind)
    mask, seed, _ = chain_of(bucket)
    value = lines.line_of(key, listing, owner) + CRC.pack(crc32c(identity, IDENTITIES.seed))
    return value + CRC.pack(crc32c(name + value, seed) ^ mask)


def rows_of(bucket: int, count: int, page: bytes | None) -> list[bytes]:
    """The rows (domain.lines) of a page, which is ``count`` keys with their listing values, joined by SEPARATOR.

    Damaged when any is not as it was written.
    """
    if page is None:
        return []
    if not chain_of(bucket).holds(page):
        raise damage("current", (bucket, *_first_damaged(bucket, page)))
    rows = page.split(SEPARATOR)
    return list(map(without_checks, rows if len(rows) == count else _mended(bucket, rows)))


def _mended(bucket: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Rows that were split where a key or a checksum has a SEPARATOR of its own."""
    begun = b""
    for piece in pieces:
        begun += piece
        if lines.KEY_END in begun and chain_of(bucket).holds(begun):
            yield begun
            begun = b""
        else:
            begun += SEPARATOR


def _first_damaged(bucket: int, page: bytes) -> Row:
    chain = chain_of(bucket)
    damaged = (row for row in page.split(SEPARATOR) if not chain.holds(row))
    return tuple(row.partition(lines.KEY_END)[0] for row in islice(damaged, 1))


def listed_of(bucket: int, rows: Sequence[Row]) -> list[Listed]:
    """What lists of versions show, from rows of key, age, version id, kind and listing value. Damaged as in rows_of."""
    if not rows:
        return []
    keys, ages, version_ids, kinds, values = zip(*rows, strict=True)
    try:
        keyed = list(map(add, map(str.encode, keys), values))
        sequences = list(map(neg, ages))
        identities = map(add, map(str.encode, version_ids), map(IDENTITY.pack, sequences, kinds))
        sealed = map(add, identities, map(identity_seal, values))
        is_whole = chain_of(bucket).holds(SEPARATOR.join(keyed)) and IDENTITIES.holds(SEPARATOR.join(sealed))
    except (TypeError, StructError):  # a column of another type
        is_whole = False
    if not is_whole:
        raise damage("current or history", (bucket, rows[0][0], "or a later one"))
    columns = map(without_checks, keyed), version_ids, sequences, map(bool, kinds)
    return list(map(partial(make, Listed), zip(*columns, strict=True)))


identity_seal = itemgetter(slice(-CHECKS, -4))


# The record value: a msgpack array of the fields, cut where only defaults follow; that of a version begins with the
# time of its last change in µs, of which its line says the seconds.


class PackedRecord(NamedTuple):
    headers: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    checksum: Checksum | None = None
    parts: int = 0
    encryption: Encryption | None = None
    lock: Lock | None = None
    restoration: Restoration | None = None
    annotations: int = 0
    owner: str = ""
    filename: str = ""
    acl: str | None = None


class PackedVersion(NamedTuple):
    modified: int
    headers: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    checksum: Checksum | None = None
    parts: int = 0
    encryption: Encryption | None = None
    lock: Lock | None = None
    restoration: Restoration | None = None
    annotations: int = 0
    owner: str = ""
    filename: str = ""
    acl: str | None = None


RECORD = b"\x01"
EMPTY = RECORD + encode(())
decode_record = Decoder(PackedRecord).decode
decode_version = Decoder(PackedVersion).decode
make = tuple.__new__


def pack_record(record: Record) -> bytes:
    return EMPTY if record == EMPTY_RECORD else RECORD + encode(packed_fields(record))


def packed_fields(record: Record) -> Row:
    fields: Row = (record.headers, record.metadata, record.tags, record.checksum, record.parts)
    acl = record.acl
    rare = (record.encryption, record.lock, record.restoration, record.annotations, record.owner, record.filename)
    if any(rare) or acl:
        fields = (*fields, *rare, acl and pack_acl(acl))
    while fields and not fields[-1]:
        fields = fields[:-1]
    return fields


def unpack_record(value: bytes) -> Record:
    """From a value without checksum."""
    if value == EMPTY:
        return EMPTY_RECORD
    headers, metadata, tags, *rest, acl = decode_record(record_fields(value))
    return Record(headers or {}, metadata or {}, tags or {}, *rest, acl and unpack_acl(acl))  # type: ignore


def record_fields(value: bytes) -> bytes:
    """The array in a record value; Damaged when its format is not known."""
    if value[:1] != RECORD:
        raise Damaged(f"a record value has format {value[:1]!r}, which this version does not know")
    return value[1:]


# Versions. The plain columns are key, sequence, id, version id, inline, blob, body and noncurrent since. The record
# value ends with a checksum over them, the listing value and itself, so that a point read checks one; bucket and kind
# are its seed. The listing value goes in without the checksum at its end: with it, any two that are whole have the same
# effect on a checksum around them.

PLACE = Struct("<qB")
WIDTH = 11


@lru_cache(1024)
def seed_of(bucket: int, kind: int) -> int:
    seed: int = crc32c(PLACE.pack(bucket, kind))
    return seed


def version_row(version: Version) -> Row:
    """The plain columns of a version, its listing value and its record value."""
    return (*version[1:5], *version[8:], *packed_values(version))


def plain_row(version: Version) -> Row:
    """The row of a version in ``current`` that has no blob, no body and never was noncurrent: bucket, the other columns
    and the packed values. The driver takes a bytearray as it is, but sends bytes and None through its adapters: 3,500
    instructions each, of 17,000 for the whole insert."""
    shown, value = packed_values(version)
    return (*version[:5], version[8], bytearray(shown), bytearray(value))


def packed_values(version: Version) -> tuple[bytes, bytes]:
    bucket, key, sequence, number, version_id, listing, record, marker, inline, blob, body, noncurrent_since = version
    shown = pack_listing(bucket, key, sequence, version_id, marker, listing, record.owner)
    value = RECORD + encode((listing[2], *packed_fields(record)))
    covered = encode(
        (key, sequence, number, version_id, inline, blob, body, noncurrent_since, shown[:-4], value + ROOM)
    )
    return shown, value + CRC.pack(crc32c(covered[:-4], seed_of(bucket, marker)))


def version_of(bucket: int, row: Row) -> Version:
    """From kind, plain columns, listing and record (more may follow); Damaged when they do not match the checksum."""
    kind, key, sequence, number, version_id, inline, blob, body, noncurrent_since, shown, value = row[:WIDTH]
    covered = (key, sequence, number, version_id, inline, blob, body, noncurrent_since, shown[:-4], value)
    if crc32c(encode(covered), seed_of(bucket, kind == 1)) != RESIDUE:
        raise damage("current or history", (bucket, key, sequence))
    modified, headers, metadata, tags, *rest, acl = decode_version(record_fields(value[:-4]))
    return make(
        Version,
        (
            bucket,
            key,
            sequence,
            number,
            version_id,
            lines.listing_of(shown[:-CHECKS], modified),
            Record(headers or {}, metadata or {}, tags or {}, *rest, acl and unpack_acl(acl)),  # type: ignore
            kind == 1,
            inline,
            blob,
            body,
            noncurrent_since,
        ),
    )


def whole_version_of(bucket: int, row: Row) -> Version:
    """As version_of; Damaged also when lists would show it otherwise."""
    version = version_of(bucket, row)
    place = (bucket, version.key, version.sequence, version.version_id, row[0])
    if row[9] != pack_listing(*place, version.listing, version.record.owner):
        raise damage("current or history", (bucket, *row[1:3]))
    return version


# Multipart


class PackedUpload(NamedTuple):
    initiator: str
    storage_class: str
    checksum_algorithm: str
    checksum_type: str
    record: bytes


class PackedPart(NamedTuple):
    etag: str
    size: int
    modified: int
    extents: tuple[Extent, ...]
    checksum: Checksum | None


class PackedAnnotation(NamedTuple):
    etag: str
    size: int
    modified: int
    inline: int
    checksum: Checksum | None


DOCUMENT = b"\x01"

decode_upload = Decoder(PackedUpload).decode
decode_completed = Decoder(Completed).decode
decode_part = Decoder(PackedPart).decode
decode_annotation = Decoder(PackedAnnotation).decode


def document(value: tuple[Any, ...]) -> bytes:
    """A packed document: its format byte, then a msgpack array of the fields."""
    return DOCUMENT + encode(value)


def fields(value: bytes) -> bytes:
    """The array in a packed document; Damaged when its format is not known."""
    if value[:1] != DOCUMENT:
        raise Damaged(f"a document has format {value[:1]!r}, which this version does not know")
    return value[1:]


def upload_row(upload: Upload) -> Row:
    """id, upload id, bucket, key, open, initiated, changed and its checksum, document, completed, checksum."""
    packed = PackedUpload(
        upload.initiator,
        upload.storage_class,
        upload.checksum_algorithm,
        upload.checksum_type,
        pack_record(upload.record),
    )
    completed = None if upload.completed is None else document(upload.completed)
    place = (upload.id, upload.upload_id, upload.bucket, upload.key, int(completed is None), upload.initiated)
    values = (document(packed), completed)
    return (*place, upload.changed, change_check(upload.id, upload.changed), *values, checksum((*place, *values)))


def change_check(upload: int, changed: int) -> int:
    """The checksum of ``changed`` alone, which each UploadPart moves without reading the row."""
    return checksum((upload, changed))


def upload_of(row: Row) -> Upload:
    number, upload_id, bucket, key, _, initiated = checked("uploads", (*row[:6], *row[8:]))[:6]
    if change_check(number, row[6]) != row[7]:
        raise damage("uploads", (number, upload_id))
    packed = decode_upload(fields(row[8]))
    return Upload(
        id=number,
        upload_id=upload_id,
        bucket=bucket,
        key=key,
        initiated=initiated,
        changed=row[6],
        initiator=packed.initiator,
        storage_class=packed.storage_class,
        checksum_algorithm=packed.checksum_algorithm,
        checksum_type=packed.checksum_type,
        record=unpack_record(packed.record),
        completed=None if row[9] is None else decode_completed(fields(row[9])),
    )


def part_row(part: Part) -> Row:
    """upload, number, document, checksum."""
    columns = (part.upload, part.number, document(part[2:]))
    return (*columns, checksum(columns))


def part_of(row: Row) -> Part:
    upload, number, packed = checked("parts", row)
    return Part(upload, number, *decode_part(fields(packed)))


def annotation_row(annotation: Annotation) -> Row:
    """version, name, document, checksum."""
    columns = (annotation.version, annotation.name, document(annotation[2:]))
    return (*columns, checksum(columns))


def annotation_of(row: Row) -> Annotation:
    version, name, packed = checked("annotations", row)
    return Annotation(version, name, *decode_annotation(fields(packed)))


# The other rows: their fields, then the checksum.


def bucket_row(bucket: Bucket) -> Row:
    columns = (*bucket[:5], bucket.versioning.value, bucket.configured)
    return (*columns, checksum(columns))


VERSIONINGS = {versioning.value: versioning for versioning in Versioning}


def bucket_of(row: Row) -> Bucket:
    number, name, account, region, created, versioning, configured = checked("buckets", row)
    return Bucket(number, name, account, region, created, VERSIONINGS[versioning], configured)


def account_row(account: Account) -> Row:
    columns = (account.id, account.canonical_id, account.display_name, account.email)
    return (*columns, checksum(columns))


def account_of(row: Row) -> Account:
    return Account(*checked("accounts", row))


def key_row(key: AccessKey) -> Row:
    columns = (*key[:5], int(key.active))
    return (*columns, checksum(columns))


def key_of(row: Row) -> AccessKey:
    access_key, account, user, secret, created, active = checked("access_keys", row)
    return AccessKey(access_key, account, user, secret, created, active == 1)


def named_row(*columns: int | str | bytes) -> Row:
    """A row that is only its columns and their checksum."""
    return (*columns, checksum(columns))


def named_of(table: str, row: Row) -> Any:
    """The last column of such a row: all that it says about the others."""
    return checked(table, row)[-1]


def inline_row(number: int, content: bytes | bytearray | memoryview) -> Row:
    """id, checks, bytes."""
    return number, bytearray(blocks.checks(number, content)), bytearray(content)


def count_of(kind: str, number: int, count: int | None, check: int | None) -> int:
    """How many rows refer to bytes, from what is counted of them; 1 where nothing is."""
    return 1 if count is None else named_of("reference_counts", (kind, number, count, check))


def blob_of(row: Row) -> int:
    blob: int = named_of("files", row)
    return blob


def epoch_of(row: Row) -> Epoch:
    number, sealed = checked("epochs", row)
    return Epoch(number, sealed == 1)


def item_row(item: Item) -> Row:
    """All columns but the number."""
    return (*item, checksum(item))


def item_of(row: Row) -> Item:
    return Item(*checked("items", row[1:]))


def dropped_of(row: Row) -> Dropped:
    """``id`` is drawn by the database as the row is written, so the checksum does not cover it."""
    return Dropped(row[0], *checked("dropped", row[1:]))
